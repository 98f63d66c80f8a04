"""What several tests need: the command line to compare with, and markets to compare on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

import barloom as bl

REPO = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("BARLOOM_BIN", REPO / "target/debug/barloom"))
EQUITY = REPO / "testdata/us_equity_synth.csv.gz"
INTERVALS = ["1m", "5m", "15m", "30m", "1h", "1d"]
INDICATORS = ["rsi:14", "macd:12,26,9@5m", "bbands:20@15m", "vwap@5m", "sma:20,source=hl2@1h"]


def cli(*args: object, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs the command line; fails where it does and `ok` is asked for."""
    done = subprocess.run([BIN, *map(str, args)], capture_output=True, text=True)
    if ok:
        assert done.returncode == 0, done.stderr
    return done


def flags(**settings: object) -> list[str]:
    """Keyword arguments as the flags that mean the same."""
    words: list[str] = []
    for name, value in settings.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words += [flag] * value
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            words += [flag, str(one)]
    return words


def derived(folder: Path, data: list[Path], intervals: list[str], indicators: list[str], to: str, **settings: object) -> dict[str, Path]:
    """The files that `barloom derive` writes, by interval, with those of warnings and rejects."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [word for spec in indicators for word in ("--indicator", spec)]
    rejects = folder / "rejects"
    cli("derive", *data, "-i", ",".join(intervals), *words, "--out", folder / "out", "--to", to, "--rejects", rejects, *flags(**settings))
    tables = {name: folder / f"out/{name}.{to}" for name in intervals}
    return tables | {"warnings": folder / "out/warnings.csv", "rejects": rejects}


def read_csv(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """A CSV file of the command line with the types of a table that should equal it."""
    times = [name for name, kind in schema.items() if isinstance(kind, pl.Datetime)]
    texts = pl.read_csv(path, infer_schema=False)
    # Cast by name, so that a column that only one of both has is still seen.
    others = {name: kind for name, kind in schema.items() if name not in times and name in texts.columns}
    clocks = [pl.col(name).str.to_datetime(time_unit="ns", time_zone="UTC") for name in times if name in texts.columns]
    return texts.with_columns(clocks).cast(others)


def same(own: pl.DataFrame, other: pl.DataFrame) -> None:
    """That two tables are equal: columns in order, rows in order, every value to the bit, null where null."""
    assert_frame_equal(own, other, check_exact=True)


def frames(out: bl.Output) -> dict[str, pl.DataFrame]:
    """All tables of an output but what names its sources."""
    tables = {name: out[name].to_polars() for name in out}
    return tables | {"warnings": out.warnings.to_polars(), "rejects": out.rejects.to_polars().drop("file")}


def same_output(own: bl.Output, other: bl.Output) -> None:
    """That two runs gave the same, whatever their sources are called."""
    own_frames, other_frames = frames(own), frames(other)
    assert own_frames.keys() == other_frames.keys()
    for name, frame in own_frames.items():
        same(frame, other_frames[name])
    assert own.summary == other.summary
