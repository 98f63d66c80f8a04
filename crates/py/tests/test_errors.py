"""Failures: the type that Python has for them, and the command line's text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import barloom as bl
from support import EQUITY, cli, flags

XNYS: dict[str, Any] = {"calendar": "XNYS"}


def said_by_the_command_line(tmp_path: Path, *args: object) -> str:
    """The first line of its error, without what only a terminal needs."""
    done = cli("derive", *args, "--out", tmp_path / "out", ok=False)
    assert done.returncode in (3, 4), done.stderr
    first = re.search(r"error: (.*)", done.stderr)
    assert first, done.stderr
    return first[1].removesuffix("; nothing was written")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"calendar": "XNYZ"}, ["XNYZ", "XNYS"]),
        ({"hours": "extnded"}, ["extnded", "extended"]),
        ({"policy": "strickt"}, ["strickt", "strict"]),
        ({"tz": "America/New_Yrk"}, ["America/New_Yrk"]),
        ({"stamp": "opn"}, ["opn", "open"]),
        ({"late": "revize"}, ["revize", "revise"]),
        ({"min_coverage": 1.5}, ["1.5"]),
        ({"grace": "2 parsecs"}, ["2 parsecs"]),
        ({"base": "7m"}, ["7m"]),
    ],
)
def test_a_setting_that_is_wrong(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        bl.derive(EQUITY, ["5m"], **XNYS | settings)
    assert not isinstance(caught.value, bl.DataError)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("intervals", "indicators", "words"),
    [
        (["5x"], [], ["5x"]),
        (["5m"], ["rsii:14"], ["rsii", "rsi"]),
        (["5m"], ["rsi:0"], ["rsi", "0"]),
        (["5m"], ["rsi:14,16"], ["rsi"]),
        ([], [], ["intervals", '["5m", "1h"]']),
    ],
)
def test_an_interval_or_indicator_that_is_wrong(intervals: list[str], indicators: list[str], words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        bl.derive(EQUITY, intervals, indicators, **XNYS)
    for word in words:
        assert word in str(caught.value)


def test_what_must_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    for header, time, more, word in (
        ("timestamp", "2024-01-02T00:00:00Z", {"symbol": "X"}, "--stamp open"),
        ("open_time", "2024-01-02T00:00:00", {"symbol": "X"}, "--tz"),
        ("open_time", "2024-01-02T00:00:00Z", {}, "--symbol"),
    ):
        path.write_text(f"{header},open,high,low,close\n{time},1,1,1,1\n")
        text = said_by_the_command_line(tmp_path, path, "-i", "5m", *flags(**more))
        with pytest.raises(ValueError) as caught:
            bl.derive(path, "5m", **more)  # type: ignore[arg-type]
        assert not isinstance(caught.value, bl.DataError)
        assert str(caught.value) == text, word
        assert word.split()[0] in text


def test_data_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    for text in ("open_time,open,high,low\n", "open_time,open,high,low,close\n2024-01-02T00:00:00Z,x,1,1,1\n"):
        path.write_text(text)
        words = said_by_the_command_line(tmp_path, path, "-i", "5m", "--symbol", "X", "--on-invalid", "stop")
        with pytest.raises(bl.DataError) as caught:
            bl.derive(path, "5m", symbol="X", on_invalid="stop")
        assert str(caught.value) == words
    assert issubclass(bl.DataError, ValueError)


def test_an_invalid_row_ends_a_run_that_asks_for_it(broken: Path, tmp_path: Path) -> None:
    text = said_by_the_command_line(tmp_path, broken, "-i", "5m", "--calendar", "XNYS", "--on-invalid", "stop")
    with pytest.raises(bl.DataError) as caught:
        bl.derive(broken, "5m", on_invalid="stop", **XNYS)
    assert str(caught.value) == text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", f"{tmp_path}/*.parquet"):
        text = said_by_the_command_line(tmp_path, path, "-i", "5m")
        with pytest.raises(FileNotFoundError) as caught:
            bl.derive(path, "5m")
        assert str(caught.value) == text
    with pytest.raises(OSError):
        bl.derive(EQUITY, "5m", overlay=tmp_path / "none.toml", **XNYS)


@pytest.mark.parametrize("data", [42, None, {"open": [1.0]}, object(), [1, 2]])
def test_what_is_no_table(data: Any) -> None:
    with pytest.raises(TypeError, match="polars, pyarrow, pandas 3, DuckDB"):
        bl.derive(data, "5m")


def test_a_keyword_that_is_misspelt() -> None:
    with pytest.raises(TypeError, match="calender"):
        bl.derive(EQUITY, "5m", calender="XNYS")  # type: ignore[call-arg]


def test_a_table_without_a_column(bars: pl.DataFrame) -> None:
    with pytest.raises(bl.DataError, match="close"):
        bl.derive(bars.drop("close"), "5m")


def test_what_is_not_in_an_output() -> None:
    out = bl.derive(EQUITY, ["5m", "15m"], ["rsi:14"], **XNYS)
    with pytest.raises(KeyError, match="no interval `15mn`; there are 5m, 15m; did you mean `15m`"):
        out["15mn"]
    with pytest.raises(KeyError, match="did you mean `rsi_14`"):
        out["5m"].to_numpy("rsi14")
    with pytest.raises(ValueError, match="derive their interval too"):
        out.align("1m")
    assert "5m" in out and "1m" not in out and list(out) == ["5m", "15m"] and len(out) == 2


def test_nothing_can_be_changed() -> None:
    table = bl.derive(EQUITY, "5m", **XNYS)["5m"]
    with pytest.raises(AttributeError):
        table.interval = "1m"  # type: ignore[misc]
