#!/usr/bin/env python3
"""`barloom derive` from Parquet to Parquet beside what people run today: Polars for the bars, TA-Lib for the indicators.

usage: parquet_pipeline.py BARLOOM [RUNS]      pip install -r requirements.txt
200 symbols x 60 sessions of XNYS from `barloom synth`, to 5m, 15m, 30m, 1h and 1d, six indicators on 5m, as whole processes that
read one file and write five; both on as many cores as there are. Each side's reading and writing alone is measured too: Barloom's by
`convert`, Polars' by reading the file and writing it again. The 5m tables are compared where both mean the same, to 1e-9.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

INDICATORS = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "atr:14", "bbands:20,2"]


def pipeline(path, out):
    import numpy as np
    import polars as pl
    import talib

    base = pl.read_parquet(path).sort("symbol", "open_time")
    bars = [
        pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("close").last(), pl.col("volume").sum(),
        pl.col("trade_count").sum(), ((pl.col("vwap") * pl.col("volume")).sum() / pl.col("volume").sum()).alias("vwap"),
        pl.len().alias("n_base"),
    ]
    for name, every, offset in [("5m", "5m", "0m"), ("15m", "15m", "0m"), ("30m", "30m", "0m"), ("1h", "1h", "30m"), ("1d", "1d", "0m")]:
        table = base.group_by_dynamic("open_time", every=every, offset=offset, group_by="symbol").agg(bars)
        if name == "5m":
            high, low, close = (table[column].to_numpy() for column in ("high", "low", "close"))
            starts = np.flatnonzero(np.r_[True, table["symbol"].to_numpy()[1:] != table["symbol"].to_numpy()[:-1]])
            columns = {key: np.full(len(table), np.nan) for key in ("sma", "ema", "rsi", "macd", "signal", "histogram", "atr", "upper", "middle", "lower")}
            for start, end in zip(starts, np.r_[starts[1:], len(table)]):
                h, l, c = high[start:end], low[start:end], close[start:end]
                own = slice(start, end)
                columns["sma"][own], columns["ema"][own], columns["rsi"][own] = talib.SMA(c, 20), talib.EMA(c, 20), talib.RSI(c, 14)
                columns["macd"][own], columns["signal"][own], columns["histogram"][own] = talib.MACD(c, 12, 26, 9)
                columns["atr"][own] = talib.ATR(h, l, c, 14)
                columns["upper"][own], columns["middle"][own], columns["lower"][own] = talib.BBANDS(c, 20, 2.0, 2.0)
            table = table.with_columns([pl.Series(key, value).fill_nan(None) for key, value in columns.items()])
        table.write_parquet(os.path.join(out, f"{name}.parquet"), compression="snappy")


def alone(path, out):
    import polars as pl

    pl.read_parquet(path).write_parquet(os.path.join(out, "copy.parquet"), compression="snappy")


def compare(ours, theirs):
    import polars as pl

    keys = ["symbol", "open_time"]
    both = pl.read_parquet(ours).join(pl.read_parquet(theirs), on=keys, suffix="_peer")
    assert len(both) == len(pl.read_parquet(theirs)), "rows differ"
    pairs = [(name, f"{name}_peer") for name in ("open", "high", "low", "close", "volume", "vwap", "trade_count", "n_base")]
    pairs += [("sma_20", "sma"), ("ema_20", "ema"), ("rsi_14", "rsi"), ("atr_14", "atr"), ("macd_12_26_9.signal", "signal"), ("bbands_20_2.upper", "upper")]
    for own, peer in pairs:
        apart = both.select(((pl.col(own) - pl.col(peer)).abs() / pl.col(peer).abs().clip(1.0)).max()).item()
        assert apart <= 1e-9, (own, apart)
        assert both[own].null_count() == both[peer].null_count(), own


def measured(command):
    """Seconds and peak MB of a child."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    if sys.argv[1] in ("--pipeline", "--alone"):
        return (pipeline if sys.argv[1] == "--pipeline" else alone)(*sys.argv[2:])
    barloom, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        data, ours, theirs = (os.path.join(folder, name) for name in ("base.parquet", "ours", "theirs"))
        os.mkdir(theirs)
        # Whole minutes alone: where a symbol skips some, both still count what is there.
        market = ["--symbols", "200", "--from", "2024-09-03", "--to", "2024-11-25", "--calendar", "XNYS", "--seed", "7"]
        subprocess.run([barloom, "synth", *market, "--out", data], check=True, stderr=subprocess.DEVNULL)
        derive = [barloom, "derive", data, "-i", "5m,15m,30m,1h,1d", "--calendar", "XNYS", "--out", ours, "--force"]
        for spec in INDICATORS:
            derive += ["--indicator", f"{spec}@5m"]
        me = [sys.executable, os.path.abspath(__file__)]
        commands = {
            "barloom derive": derive,
            "Polars + TA-Lib": [*me, "--pipeline", data, theirs],
            "barloom convert: reading and writing the rows": [barloom, "convert", data, "--out", os.path.join(folder, "copy.parquet"), "--force"],
            "Polars: reading and writing the rows": [*me, "--alone", data, theirs],
        }
        best = {}
        for _ in range(runs):
            for name, command in commands.items():
                best[name] = min(best.get(name, (1e9, 0.0)), measured(command))
        compare(os.path.join(ours, "5m.parquet"), os.path.join(theirs, "5m.parquet"))
        print(f"{os.path.getsize(data) / 1e6:.0f} MB, {os.cpu_count()} cores, best of {runs}")
        for name, (seconds, memory) in best.items():
            print(f"{name:50} {seconds:7.2f} s {memory:7.0f} MB peak")
        print(f"derive beside Polars + TA-Lib: {best['barloom derive'][0] / best['Polars + TA-Lib'][0]:.2f}")


main()
