"""`barloom derive` of a CSV to five CSVs: rows a second and peak memory, at 1,000,000 and at 4,000,000 rows. Then `barloom run` of the
same kind of file with 30 indicators: rows a second and peak memory, at 200,000 and at 2,000,000 rows.

    cargo build --release && python3 benches/csv.py target/release/barloom [RUNS]
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

binary = os.path.abspath(sys.argv[1])
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def write(path, rows):
    at, price = datetime(2015, 1, 1, tzinfo=timezone.utc), 10_000
    with open(path, "w") as f:
        f.write("symbol,open_time,open,high,low,close,volume\n")
        for i in range(rows):
            move = (i * 7919) % 21 - 10
            low, high = min(price, price + move) - 2, max(price, price + move) + 2
            f.write(
                f"AAA,{at:%Y-%m-%dT%H:%M:%SZ},{price / 100},{high / 100},{low / 100},{(price + move) / 100},{(i * 31) % 9973}\n"
            )
            at, price = at + timedelta(minutes=1), max(1_000, price + move)


def measure(path, rows, command):
    seconds, peaks = [], []
    for _ in range(runs):
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.perf_counter() - begin)
        peaks.append(usage.ru_maxrss / 1024)
        assert status == 0, status
    seconds.sort()
    median = seconds[runs // 2]
    megabytes = os.path.getsize(path) / 1e6
    print(
        f"{command[1]}, {rows:,} rows ({megabytes:.0f} MB), {runs} runs: median {median:.2f} s = {rows / median / 1e6:.2f} million "
        f"rows a second, {megabytes / median:.0f} MB/s; best {rows / seconds[0] / 1e6:.2f}; peak RSS {max(peaks):.1f} MiB"
    )


SESSION = """
inputs = ["{path}"]
calendar = "24/7"
stamp = "open"
derived_intervals = ["1m", "5m", "15m", "30m", "1h"]
realtime_indicators = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "atr:14", "bbands:20,2"]
"""

with tempfile.TemporaryDirectory() as folder:
    for rows in (1_000_000, 4_000_000):
        path, out = os.path.join(folder, f"{rows}.csv"), os.path.join(folder, "out")
        write(path, rows)
        measure(path, rows, [binary, "derive", path, "-i", "5m,15m,30m,1h,1d", "--calendar", "24/7", "--out", out, "--force"])
    for rows in (200_000, 2_000_000):
        path, session = os.path.join(folder, f"{rows}.csv"), os.path.join(folder, "session.toml")
        write(path, rows)
        with open(session, "w") as f:
            f.write(SESSION.format(path=path))
        measure(path, rows, [binary, "run", session, "--format", "json"])
