"""Type hints are what is there: a user's script checks, a wrong one does not, and the stubs are the module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RIGHT = """
import polars as pl
import pyarrow as pa
from pathlib import Path

import barloom as bl

frame = pl.DataFrame({"open_time": [0]})
out: bl.Output = bl.derive(frame, ["1m", "5m"], "rsi:14@5m", calendar="XNYS", policy=["coverage", "strict@1h"])
bl.derive([Path("a.csv"), "b.csv", frame], "5m", min_coverage=0.9, adjustments=Path("splits.csv"), sort=True)
table: bl.Table = out["5m"]
names: list[str] = [*table.symbols, *table.column_names, *out.keys(), *out]
rows: int = len(table) + len(out)
for indicator in table.indicators:
    outputs: list[str] = indicator.outputs
    prices: list[str] = indicator.prices
kept = bl.derive(table, "1h")
mean: float = float(table.to_numpy("close").mean())
whole: bl.Table = out.align("5m")
interval: str | None = whole.interval
if "5m" in out and out.warnings and out.rejects:
    print(out.summary["rows"], names, rows, mean, interval, pl.DataFrame(table), bl.__version__)
try:
    bl.derive("bars.csv", "5m")
except bl.DataError as error:
    wrong: ValueError = error
"""
WRONG = """
import barloom as bl
bl.derive(42, "5m")
bl.derive("a.csv", "5m", calender="XNYS")
bl.derive("a.csv", "5m", sort="yes")
text: str = bl.derive("a.csv", "5m")["5m"].to_numpy("close")
"""


def checked(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "script.py"
    path.write_text(program)
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--follow-imports=silent"]
    cache = ["--cache-dir", os.environ.get("MYPY_CACHE_DIR", str(tmp_path / "cache"))]
    return subprocess.run([*command, *cache, path], capture_output=True, text=True, cwd=tmp_path)


def test_scripts_check(tmp_path: Path) -> None:
    done = checked(tmp_path, RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    done = checked(tmp_path, WRONG)
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == {3, 4, 5, 6}, done.stdout


def test_stubs_are_the_module(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    # The compiled module and others with an underscore have no stubs of their own.
    allowed.write_text("barloom\\._.*\n")
    command = [sys.executable, "-m", "mypy.stubtest", "barloom", "--ignore-missing-stub", "--concise", "--ignore-unused-allowlist"]
    done = subprocess.run([*command, "--allowlist", allowed], capture_output=True, text=True, cwd=tmp_path)
    # That classes of Rust can't be derived from, and take what an operator gets by place, is no news to a user.
    known = ("isn't marked with @final", "isn't marked with @disjoint_base", "should be positional-only")
    found = [line for line in done.stdout.splitlines() if not any(words in line for words in known)]
    assert not found, done.stdout
    assert not done.stderr, done.stderr
