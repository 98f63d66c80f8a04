"""What documents and examples show runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import REPO, cli

EXAMPLES = REPO / "examples/python"


def python(*args: object, folder: Path) -> str:
    """What a program prints, run in `folder`; fails where it does."""
    command = [sys.executable, "-B", "-W", "error", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("document", ["README.md", "crates/py/README.md"])
def test_blocks_of_python_run(document: str, tmp_path: Path) -> None:
    for name in ("demo.parquet", "bars.parquet"):
        days = ["--from", "2024-11-25", "--to", "2024-11-29"]
        cli("synth", "--symbols", 2, *days, "--calendar", "XNYS", "--out", tmp_path / name)
    blocks = re.findall(r"^```python\n(.*?)^```", (REPO / document).read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    # One goes on where the one before ended.
    text = "\n".join(blocks)
    printed = python("-c", text, folder=tmp_path)
    assert printed.count("\n") > 20 or "print" not in text


def test_all_examples_are_here() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names >= {"quickstart", "align", "polars_example", "duckdb_example", "push", "strategy", "market"}


@pytest.mark.parametrize("name", ["quickstart", "polars_example", "duckdb_example", "push", "strategy"])
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    words = {
        "quickstart": "bars of five minutes are overbought",
        "polars_example": "close_time@1h",
        "duckdb_example": "with_rsi",
        "push": "288 bars of 5m",
        "strategy": "S1: ",
    }
    assert words[name] in python(EXAMPLES / f"{name}.py", folder=tmp_path)


def test_the_quickstart_reads_a_file(market: Path, tmp_path: Path) -> None:
    assert "<barloom.Output 5m: " in python(EXAMPLES / "quickstart.py", market, folder=tmp_path)


def test_looking_ahead_pays_and_align_does_not(tmp_path: Path) -> None:
    cli("synth", "--from", "2024-11-01", "--to", "2024-11-30", "--seed", 3, "--out", tmp_path / "made.csv")
    text = (tmp_path / "made.csv").read_text()
    # As a file that says no stamp, no zone and no symbol.
    unsaid = text.replace("symbol,open_time", "timestamp").replace("S00001,", "").replace("Z,", ",")
    (tmp_path / "unsaid.csv").write_text(unsaid)
    for args in ([], ["unsaid.csv"]):
        printed = python(EXAMPLES / "align.py", *args, folder=tmp_path)
        usual, align = (float(number) for number in re.findall(r"([+-][\d.]+) %", printed))
        assert usual > 100, printed
        # A made market has no trend to be had.
        assert abs(align) < usual / 5, printed
