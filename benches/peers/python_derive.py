"""`barloom.derive` on a million rows in memory beside what people write today: Polars' group_by_dynamic for the intervals, TA-Lib for
the indicators. 1m, 5m, 15m, 30m and 1h, on each SMA20, EMA20, RSI14, MACD, ATR14 and BBANDS20; both give a table an interval, which
are compared first. They take turns in one process.

    python python_derive.py [RUNS [ROWS]]           # with the wheel of `maturin build --release`

Polars takes all cores for a table unless POLARS_MAX_THREADS says otherwise; TA-Lib and Barloom take one, and another reads ahead.
"""

import statistics
import sys
import time

import numpy as np
import polars as pl
import talib

import barloom as bl

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
INTERVALS = ["1m", "5m", "15m", "30m", "1h"]
INDICATORS = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "atr:14", "bbands:20,2"]


def bars() -> pl.DataFrame:
    """A walk of minutes around the clock; whole hours, so that both have closed the same."""
    rows = ROWS - ROWS % 60
    random = np.random.default_rng(7)
    close = 100 * np.exp(random.normal(0, 0.0005, rows).cumsum())
    opens = np.concatenate([[100.0], close[:-1]])
    return pl.DataFrame({
        "open_time": np.datetime64("2000-01-03", "ns") + np.arange(rows) * np.timedelta64(60, "s"),
        "open": opens,
        "high": np.maximum(opens, close) * (1 + random.uniform(0, 0.0005, rows)),
        "low": np.minimum(opens, close) * (1 - random.uniform(0, 0.0005, rows)),
        "close": close,
        "volume": random.integers(1, 10_000, rows).astype(float),
    }).with_columns(pl.col("open_time").dt.replace_time_zone("UTC"))


def ours(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    out = bl.derive(frame, INTERVALS, INDICATORS, calendar="24/7", symbol="X")
    return {interval: pl.DataFrame(out[interval]) for interval in INTERVALS}


def theirs(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    tables = {}
    for interval in INTERVALS:
        table = frame
        if interval != "1m":
            table = frame.group_by_dynamic("open_time", every=interval, closed="left", label="left").agg(
                pl.col("open").first(),
                pl.col("high").max(),
                pl.col("low").min(),
                pl.col("close").last(),
                pl.col("volume").sum(),
            )
        high, low, close = (table[name].to_numpy() for name in ("high", "low", "close"))
        macd, signal, histogram = talib.MACD(close, 12, 26, 9)
        upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
        tables[interval] = table.with_columns(
            pl.Series("sma_20", talib.SMA(close, 20)),
            pl.Series("ema_20", talib.EMA(close, 20)),
            pl.Series("rsi_14", talib.RSI(close, 14)),
            pl.Series("macd_12_26_9.macd", macd),
            pl.Series("macd_12_26_9.signal", signal),
            pl.Series("macd_12_26_9.histogram", histogram),
            pl.Series("atr_14", talib.ATR(high, low, close, 14)),
            pl.Series("bbands_20_2.upper", upper),
            pl.Series("bbands_20_2.middle", middle),
            pl.Series("bbands_20_2.lower", lower),
        )
    return tables


def compare(own: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> float:
    """The largest difference, of an output's scale; fails where tables are not of the same rows."""
    largest = 0.0
    for interval in INTERVALS:
        assert own[interval]["open_time"].equals(other[interval]["open_time"]), interval
        for name in other[interval].columns[1:]:
            mine, peer = (table[interval][name].to_numpy() for table in (own, other))
            assert (np.isnan(mine) == np.isnan(peer)).all(), (interval, name)
            scale = np.maximum(np.abs(peer), np.nanmean(np.abs(peer)))
            largest = max(largest, float(np.nanmax(np.abs(mine - peer) / scale)))
    assert largest < 1e-9, largest
    return largest


def seconds(run, frame: pl.DataFrame) -> float:
    begin = time.perf_counter()
    kept = run(frame)
    taken = time.perf_counter() - begin
    # What a run gave is given back outside its time, on both sides.
    del kept
    return taken


frame = bars()
difference = compare(ours(frame), theirs(frame))
taken = [(seconds(ours, frame), seconds(theirs, frame)) for _ in range(RUNS)]
own, other = ([pair[side] for pair in taken] for side in (0, 1))
few = frame[:600]
least = min(seconds(ours, few) for _ in range(20))
print(
    f"barloom {bl.__version__}, polars {pl.__version__} on {pl.thread_pool_size()} threads, TA-Lib {talib.__version__}; "
    f"{frame.height} rows, {RUNS} runs in turns, largest difference {difference:.1e}"
)
for name, side in (("barloom", own), ("polars + TA-Lib", other)):
    print(f"{name:16} best {min(side) * 1e3:7.1f} ms, median {statistics.median(side) * 1e3:7.1f} ms, {min(side) / frame.height * 1e9:6.1f} ns a row")
print(f"ratio {min(own) / min(other):.2f}; of a call with {few.height} rows {least * 1e3:.2f} ms")
