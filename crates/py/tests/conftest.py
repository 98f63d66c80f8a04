"""Markets that tests share, made once."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import polars as pl
import pytest

import barloom
from support import BIN, EQUITY, cli


def pytest_configure() -> None:
    # Nothing is kept beside the sources.
    hypothesis.settings.register_profile("fresh", database=None)
    hypothesis.settings.load_profile("fresh")
    if not BIN.is_file():
        raise pytest.UsageError(f"{BIN} is not there: cargo build, or name a binary in BARLOOM_BIN")
    # scripts/test means the wheel, never the sources beside these tests.
    if os.environ.get("BARLOOM_INSTALLED") and "site-packages" not in barloom.__file__:
        raise pytest.UsageError(f"barloom is not installed, it is {barloom.__file__}")


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three symbols of XNYS over two weeks by time, thin ones and faults among them, and a half day."""
    return _market(tmp_path_factory, "market.csv")


@pytest.fixture(scope="session")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same market symbol by symbol."""
    return _market(tmp_path_factory, "grouped.csv", "--by-symbol")


def _market(folders: pytest.TempPathFactory, name: str, *more: str) -> Path:
    path = folders.mktemp("market") / name
    days = ["--from", "2024-11-18", "--to", "2024-11-29"]
    faults = "duplicates=0.002,corrections=0.002,late=0.002"
    cli("synth", "--symbols", 3, *days, "--calendar", "XNYS", "--seed", 7, "--thin", 0.4, "--faults", faults, *more, "--out", path)
    return path


@pytest.fixture(scope="session")
def broken(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The market with rows that no run takes: a high below the low, a time off the grid, no price."""
    lines = market.read_text().splitlines()
    symbol, time, *prices = lines[100].split(",")
    lines[100:100] = [
        ",".join([symbol, time, "2", "1", "3", "2", *prices[4:]]),
        ",".join([symbol, time.replace(":00Z", ":07Z"), *prices]),
        ",".join([symbol, time, "", *prices[1:]]),
    ]
    path = tmp_path_factory.mktemp("broken") / "broken.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def bars() -> pl.DataFrame:
    """The sample market of the repository as a frame of nanoseconds UTC and float64."""
    frame = pl.read_csv(EQUITY, schema_overrides={"volume": pl.Float64, "trade_count": pl.Int64})
    return frame.with_columns(pl.col("open_time").str.to_datetime(time_unit="ns", time_zone="UTC"))
