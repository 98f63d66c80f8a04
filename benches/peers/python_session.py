"""`Session.push` bar by bar with 30 indicators, and callbacks that read each value.

    python python_session.py [RUNS [ROWS]]          # with the wheel of `maturin build --release`

Recorded elsewhere, on other machines: TA-Lib's 30 stream handles in Python about 4.5 µs a bar, talipp about 60 µs; NautilusTrader 2.0
calls 0.19 million Python callbacks a second.
"""

import sys
import time

import numpy as np
import polars as pl

import barloom as bl

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
OPEN, MINUTE = 1_732_631_400_000_000_000, 60_000_000_000
SPECS = (
    "rsi:14 ema:12 ema:26 sma:20 sma:50 macd:12,26,9 bbands:20 atr:14 adx:14 cci:20 mfi:14 obv stochastic williams_r:14 wma:20 "
    "dema:20 tema:20 trima:20 kama:10 roc:10 momentum:10 cmo:14 ppo apo trix:15 natr:14 true_range linreg:14 stddev:20 variance:20"
).split()


def bars() -> pl.DataFrame:
    """A walk of minutes around the clock."""
    random = np.random.default_rng(7)
    close = 100 * np.exp(random.normal(0, 0.0005, ROWS).cumsum())
    times = OPEN + np.arange(ROWS) * MINUTE
    prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close}
    return pl.DataFrame({"symbol": ["A"] * ROWS, "open_time": times, **prices, "volume": np.full(ROWS, 10.0)})


def pushed(rows: list[tuple[str, int, float, float, float, float, float]]) -> float:
    """Microseconds a bar."""
    push = bl.Session("1m", SPECS).push
    start = time.perf_counter()
    for row in rows:
        push(*row)
    return (time.perf_counter() - start) / len(rows) * 1e6


def called(frame: pl.DataFrame, specs: list[str]) -> float:
    """Million bars a second, each told to a callback that reads its value."""
    session = bl.Session("1m", specs)
    values = 0

    @session.on("1m", "rsi_14")
    def heard(event: bl.IndicatorEvent) -> None:
        nonlocal values
        if event.value is not None:
            values += 1

    start = time.perf_counter()
    session.push_table(frame)
    seconds = time.perf_counter() - start
    assert values == ROWS - 14
    return ROWS / seconds / 1e6


frame = bars()
rows = list(frame.iter_rows())
print(f"{ROWS} bars, best of {RUNS}")
print(f"push, {len(SPECS)} indicators   {min(pushed(rows) for _ in range(RUNS)):6.2f} µs a bar")
print(f"callbacks, rsi alone   {max(called(frame, ['rsi:14']) for _ in range(RUNS)):6.2f} million bars a second")
print(f"callbacks, {len(SPECS)} indicators {max(called(frame, SPECS) for _ in range(RUNS)):6.2f} million bars a second")
