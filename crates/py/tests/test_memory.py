"""Null where there is no value, memory that is lent and not copied, and other threads that go on."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import barloom as bl
from support import EQUITY, cli

# Rows before the first value, as `barloom indicators` lists them.
FIRST = {"rsi:14": 14, "sma:20": 19, "ema:20": 19, "atr:14": 14, "obv": 0, "williams_r:14": 13, "cci:20": 19}


def addresses(table: pa.Table) -> list[tuple[int, ...]]:
    """Of every column's buffers, those of text and validity included."""
    return [
        tuple(buffer.address if buffer else 0 for chunk in column.chunks for buffer in chunk.buffers())
        for column in table.columns
    ]


@pytest.fixture(scope="module")
def out() -> bl.Output:
    return bl.derive(EQUITY, ["5m", "1h"], [*FIRST, "macd:12,26,9"], calendar="XNYS")


def test_warm_up_is_null_and_never_nan(out: bl.Output) -> None:
    table = out["5m"].to_arrow()
    symbols = len(out["5m"].symbols)
    assert symbols == 3
    for spec, first in FIRST.items():
        column = table[spec.replace(":", "_")]
        assert column.null_count == first * symbols, spec
    for name in ("macd", "signal", "histogram"):
        assert table[f"macd_12_26_9.{name}"].null_count == 33 * symbols, name
    for name in table.column_names:
        if table.schema.field(name).type == pa.float64():
            assert not any(np.isnan(value) for value in table[name].drop_null().to_numpy()), name


def test_values_come_after_the_nulls_of_each_symbol(out: bl.Output) -> None:
    frame = out["5m"].to_polars()
    for symbol in out["5m"].symbols:
        rsi = frame.filter(symbol=symbol)["rsi_14"]
        assert rsi.head(14).null_count() == 14
        assert rsi.slice(14).null_count() == 0


def test_numpy_has_nan_where_arrow_has_null(out: bl.Output) -> None:
    values = out["5m"].to_numpy("rsi_14")
    nulls = out["5m"].to_arrow()["rsi_14"].is_null().to_numpy()
    np.testing.assert_array_equal(np.isnan(values), nulls)
    values[:] = 0.0
    assert np.isnan(out["5m"].to_numpy("rsi_14")).any(), "an array is the caller's own"


def test_tables_lend_their_memory(out: bl.Output) -> None:
    table = out["5m"]
    first, second = pa.table(table), pa.table(table)
    assert addresses(first) == addresses(second)
    assert any(buffer for column in addresses(first) for buffer in column)
    # The base interval's columns are lent to an aligned table as they are.
    aligned = pa.table(out.align("5m")).select(first.column_names)
    assert addresses(aligned) == addresses(first)


def test_polars_reads_the_same_memory(out: bl.Output) -> None:
    table = out["5m"]
    frame, arrow = pl.DataFrame(table), pa.table(table)
    for name in ("open", "close", "n_base"):
        values = frame[name].to_numpy(allow_copy=False)
        assert values.__array_interface__["data"][0] == arrow[name].chunk(0).buffers()[1].address, name
    # Where values are null, Polars lends them by Arrow.
    lent = frame.select("rsi_14").to_arrow()["rsi_14"].chunk(0).buffers()[1]
    assert lent.address == arrow["rsi_14"].chunk(0).buffers()[1].address


def test_memory_outlives_its_run() -> None:
    arrow = pa.table(bl.derive(EQUITY, ["5m"], calendar="XNYS")["5m"])
    before = arrow["close"].to_pylist()
    bl.derive(EQUITY, ["5m"], calendar="XNYS")
    assert arrow["close"].to_pylist() == before


def test_rows_are_read_where_they_lie(tmp_path: Path) -> None:
    # Peak memory of a process that derives a day from a table: the table's own, and little beside it.
    program = """
import resource, sys
import numpy as np, pyarrow as pa
import barloom as bl
rows = 3_000_000
price = np.full(rows, 100.0)
times = pa.array(np.arange(rows) * 60 * 10**9).cast(pa.timestamp("ns", "UTC"))
table = pa.table({"open_time": times, "open": price, "high": price, "low": price, "close": price, "volume": price})
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
bl.derive(table[:1000], "1d", symbol="X")
before = peak()
out = bl.derive(table, "1d", symbol="X")
print(peak() - before, table.nbytes, len(out["1d"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    more, own, days = map(int, done.stdout.split())
    assert days == rows_to_days(3_000_000)
    assert more < own / 20, f"{more} bytes more, the table has {own}"


def rows_to_days(rows: int) -> int:
    return rows // 1_440


def rows_of(count: int) -> pa.Table:
    times = pa.array(np.arange(count) * 60 * 10**9).cast(pa.timestamp("ns", "UTC"))
    price = 100.0 + np.arange(count) % 977
    return pa.table({"open_time": times, "open": price, "high": price, "low": price, "close": price})


def test_other_threads_go_on_meanwhile() -> None:
    table = rows_of(600_000)
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    bl.derive(table, ["5m", "15m", "1h"], ["rsi:14", "macd:12,26,9", "atr:14"], symbol="X")
    end = time.perf_counter()
    done.set()
    thread.join()
    meanwhile = [at for at in ticks if begin < at < end]
    # A thread that is kept waiting ticks in the first and last instant at most.
    assert len(meanwhile) > 10, f"{len(meanwhile)} ticks in {end - begin:.3f} s"
    middle = (begin + end) / 2
    assert any(abs(at - middle) < (end - begin) / 4 for at in meanwhile)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_ctrl_c_ends_a_run() -> None:
    program = """
import sys
import numpy as np, pyarrow as pa
import barloom as bl
rows = 20_000_000
price = np.full(rows, 100.0)
times = pa.array(np.arange(rows) * 60 * 10**9).cast(pa.timestamp("ns", "UTC"))
table = pa.table({"open_time": times, "open": price, "high": price, "low": price, "close": price})
print("begins", flush=True)
try:
    bl.derive(table, ["5m", "15m", "1h"], ["rsi:14", "macd", "atr:14", "bbands:20"], symbol="X")
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(7)
print("ended", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(0.3)
    begin = time.perf_counter()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (said, process.returncode) == ("interrupted\n", 7)
    # Room for a busy machine; it takes a few hundredths of a second.
    assert time.perf_counter() - begin < 5
