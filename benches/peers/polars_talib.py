"""What people run today in place of the processor: 5m, 15m, 30m and 1h by Polars' group_by_dynamic, and TA-Lib in batch on each of
the five intervals: SMA20, EMA20, RSI14, MACD, ATR14, BBANDS20. The bars are those of the Rust bench in number, not in value.

It has no sessions, no order of arrival, no store and nobody to tell. One thread, as the Rust bench:
    POLARS_MAX_THREADS=1 python polars_talib.py [RUNS]
"""

import sys
import time
from datetime import datetime, timedelta

import polars as pl
import talib

ROWS = 1_440 * 700
runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7

start = datetime(2000, 1, 3)
walk = pl.select(
    ts=pl.datetime_range(start, start + timedelta(minutes=ROWS - 1), "1m", time_unit="ns"),
).with_columns(
    open=100 + (pl.int_range(ROWS) % 977) / 100 + (pl.int_range(ROWS) % 31) / 50,
    volume=(pl.int_range(ROWS) % 10_000).cast(pl.Float64),
)
bars = walk.with_columns(close=pl.col("open") + 0.01, high=pl.col("open") + 0.03, low=pl.col("open") - 0.02)


def derive(every):
    return bars.group_by_dynamic("ts", every=every, closed="left", label="left").agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )


def indicators(table):
    high, low, close = (table[name].to_numpy() for name in ("high", "low", "close"))
    return (
        talib.SMA(close, 20),
        talib.EMA(close, 20),
        talib.RSI(close, 14),
        talib.MACD(close, 12, 26, 9),
        talib.ATR(high, low, close, 14),
        talib.BBANDS(close, 20, 2.0, 2.0),
    )


seconds = []
for _ in range(runs):
    begin = time.perf_counter()
    kept = [indicators(table) for table in (bars, *(derive(every) for every in ("5m", "15m", "30m", "1h")))]
    seconds.append(time.perf_counter() - begin)
seconds.sort()
ns = lambda s: s / ROWS * 1e9
print(
    f"polars {pl.__version__}, TA-Lib {talib.__ta_version__.decode().split()[0]} ({talib.__version__}), "
    f"{ROWS} rows, {runs} runs: best {ns(seconds[0]):.1f}, median {ns(seconds[runs // 2]):.1f} ns a base bar"
)
