"""The same work in Polars: 5m, 15m, 30m and 1h by group_by_dynamic from 10^7 one-minute bars in memory.

It has no sessions, no completeness, no order of arrival; it is what people run today. One thread, as the Rust bench:
    POLARS_MAX_THREADS=1 python polars_derive.py [RUNS]
"""

import sys
import time
from datetime import datetime, timedelta

import polars as pl

ROWS = 10_000_000
runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5

start = datetime(2000, 1, 3)
walk = pl.select(
    ts=pl.datetime_range(start, start + timedelta(minutes=ROWS - 1), "1m", time_unit="ns"),
).with_columns(
    open=100 + (pl.int_range(ROWS) % 977) / 100,
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


seconds = []
for _ in range(runs):
    begin = time.perf_counter()
    rows = [derive(every).height for every in ("5m", "15m", "30m", "1h")]
    seconds.append(time.perf_counter() - begin)
seconds.sort()
million = lambda s: ROWS / s / 1e6
print(
    f"polars {pl.__version__}, {pl.thread_pool_size()} thread(s), {ROWS} rows, {runs} runs, {rows} bars: "
    f"best {million(seconds[0]):.1f}, median {million(seconds[runs // 2]):.1f}, worst {million(seconds[-1]):.1f} "
    "million base bars a second"
)
