"""Tables are the command line's files: the same columns, rows, order and values, to the bit."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import barloom as bl
from support import EQUITY, INDICATORS, INTERVALS, REPO, derived, read_csv, same

XNYS = {"calendar": "XNYS"}
CASES = {
    "coverage": XNYS,
    "extended": XNYS | {"hours": "extended"},
    "strict": XNYS | {"policy": "strict"},
    "strict of one interval": XNYS | {"policy": ["coverage", "strict@1h"], "min_coverage": "0.9@30m"},
    "by open time": XNYS | {"sort": True},
    "midnight, stubs dropped": XNYS | {"align": "midnight", "stub": "drop", "flush_on_stop": True},
    "no calendar": {},
}


def compare(folder: Path, data: list[Path], intervals: list[str], indicators: list[str], **settings: object) -> bl.Output:
    """One run of both, as CSV and as Parquet; gives Python's."""
    out = bl.derive([str(path) for path in data], intervals, indicators, **settings)  # type: ignore[arg-type]
    for to in ("csv", "parquet"):
        files = derived(folder / to, data, intervals, indicators, to, **settings)
        for interval in out:
            own = out[interval].to_polars()
            same(own, read_csv(files[interval], own.schema) if to == "csv" else pl.read_parquet(files[interval]))
        for name, own in (("warnings", out.warnings.to_polars()), ("rejects", out.rejects.to_polars())):
            same(own, read_csv(files[name], own.schema))
    return out


@pytest.mark.parametrize("name", CASES)
def test_the_sample_market(name: str, tmp_path: Path) -> None:
    out = compare(tmp_path, [EQUITY], INTERVALS, INDICATORS, **CASES[name])
    assert len(out["5m"]) > 1_000
    assert len(out.warnings) > 0


@pytest.mark.parametrize("sort", [False, True])
def test_a_market_with_faults_by_time_and_by_symbol(market: Path, grouped: Path, tmp_path: Path, sort: bool) -> None:
    by_time = compare(tmp_path / "time", [market], INTERVALS, INDICATORS, sort=sort, **XNYS)
    by_symbol = compare(tmp_path / "symbol", [grouped], INTERVALS, INDICATORS, sort=sort, **XNYS)
    assert by_time.summary["duplicate"] > 0
    assert by_time.summary["corrected"] > 0
    assert by_time.summary["late"] > 0
    first = {out["5m"].to_polars()["symbol"].head(4).n_unique() for out in (by_time, by_symbol)}
    assert first == ({3} if sort else {3, 1}), "an input grouped by symbol stays grouped"


def test_what_comes_late_is_revised(market: Path, grouped: Path, tmp_path: Path) -> None:
    for data in (market, grouped):
        out = compare(tmp_path / data.stem, [data], INTERVALS, INDICATORS, late="revise", **XNYS)
        dropped = bl.derive(data, INTERVALS, INDICATORS, **XNYS)
        assert not out["1m"].to_polars().equals(dropped["1m"].to_polars()), "something was put right"
    engine = bl.Engine(INTERVALS, INDICATORS, late="revise", **XNYS).run(market)
    by_symbol = [table.to_polars().sort("symbol", "open_time") for table in (engine["1m"], out["1m"])]
    same(*by_symbol)
    # Each time that a row is told counts; it is in the table once.
    assert engine.summary["intervals"]["1m"]["bars"] > len(engine["1m"])


class Bars:
    """Counts; an indicator in Python has the others computed bar by bar too."""

    def __init__(self) -> None:
        self.n = 0.0

    def update(self, bar: bl.Bar) -> float:
        self.n += 1
        return self.n


def test_many_bars_at_a_time_are_bar_by_bar(market: Path, grouped: Path) -> None:
    for data in (market, grouped, EQUITY):
        together = bl.derive(data, INTERVALS, INDICATORS, **XNYS)
        in_turn = bl.derive(data, INTERVALS, [*INDICATORS, bl.Own("own", Bars)], **XNYS)
        for name in INTERVALS:
            table = in_turn[name].to_polars()
            assert table["own"].max() == max(len(bars) for _, bars in table.group_by("symbol"))
            same(together[name].to_polars(), table.drop("own"))
            counts = [out.summary["intervals"][name] for out in (together, in_turn)]
            assert counts[0]["values"] + counts[0]["bars"] == counts[1]["values"]


def test_rejected_rows(broken: Path, tmp_path: Path) -> None:
    out = compare(tmp_path, [broken], ["5m", "1h"], ["ema:9"], hours="extended", **XNYS)
    assert out.rejects.to_polars()["row"].to_list() == [101, 102, 103]
    assert out.summary["invalid"] == 3


def test_several_files_in_their_order(market: Path, tmp_path: Path) -> None:
    lines = market.read_text().splitlines(keepends=True)
    halves = [tmp_path / "b.csv", tmp_path / "a.csv"]
    middle = len(lines) // 2
    halves[0].write_text("".join(lines[:middle]))
    halves[1].write_text(lines[0] + "".join(lines[middle:]))
    out = compare(tmp_path, halves, ["5m", "1d"], ["rsi:14"], **XNYS)
    whole = bl.derive(market, ["5m", "1d"], ["rsi:14"], **XNYS)
    same(out["5m"].to_polars(), whole["5m"].to_polars())


def test_adjusted_and_overlaid(market: Path, tmp_path: Path) -> None:
    splits, overlay = tmp_path / "splits.csv", tmp_path / "overlay.toml"
    splits.write_text("symbol,session,price_factor,volume_factor\nS00001,2024-11-25,0.5,2\n")
    overlay.write_text('calendar = "XNYS"\n[[closed]]\ndate = "2024-11-26"\nreason = "test"\n')
    plain = bl.derive(market, ["1d"], **XNYS)
    out = compare(tmp_path, [market], ["5m", "1d"], [], adjustments=splits, overlay=overlay, **XNYS)
    assert len(out["1d"]) < len(plain["1d"])
    first = [table.to_polars().filter(symbol="S00001")["open"][0] for table in (plain["1d"], out["1d"])]
    assert first[1] == first[0] / 2


ZONE = {"tz": "America/New_York", "symbol": "AAA"}
STATED = {"stamp": "open", "symbol": "AAA"}
LAYOUTS = {
    "alpaca.csv": {"symbol": "AAA"},
    "alpaca.json": {"symbol": "AAA"},
    "alpaca_symbols.json": {},
    "binance_header.csv": {"symbol": "AAA"},
    "binance_ms.csv": {"symbol": "AAA"},
    "binance_us.csv": {"symbol": "AAA"},
    "databento_decimal.csv": {},
    "databento_fixed.csv": {},
    "databento_publishers.csv": {"publisher": 2},
    "generic.csv": {},
    "generic_date_time.csv": ZONE | STATED,
    "histdata.csv": {"symbol": "AAA", "tz": "-05:00"},
    "kibot.txt": ZONE,
    "polygon.csv": {},
}


def test_all_layouts_are_here() -> None:
    samples = {path.name for path in (REPO / "testdata/layouts").iterdir()} - {"make.py"}
    assert samples == LAYOUTS.keys()


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts_of_vendors(name: str, tmp_path: Path) -> None:
    out = compare(tmp_path, [REPO / "testdata/layouts" / name], ["5m", "1h"], ["ema:5"], **XNYS, **LAYOUTS[name])
    assert len(out["5m"]) == 40
