"""Bars one by one: the events of ``barloom stream``, callbacks, and views over the store's memory."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import barloom as bl
from support import BIN

OPEN = 1_732_631_400_000_000_000  # 2024-11-26T14:30:00Z
MINUTE = 60_000_000_000


def told(event: Any) -> dict[str, Any]:
    """An event as ``stream`` prints it."""

    def iso(ns: int | None) -> str | None:
        return None if ns is None else datetime.fromtimestamp(ns // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    common = {"type": event.KIND, "symbol": event.symbol, "interval": event.interval}
    if event.KIND == "warning":
        counts = {"n_base": event.n_base, "n_expected": event.n_expected} if event.n_base is not None else {}
        return {**common, "kind": event.warning, "time": iso(event.time), **counts}
    times = {"open_time": iso(event.open_time), "close_time": iso(event.close_time), "revision": event.revision}
    if event.KIND == "indicator":
        return {**common, **times, "name": event.name, "values": event.values}
    names = ["session", "open", "high", "low", "close", "volume", "vwap", "trade_count", "n_base", "n_expected"]
    return {**common, **times, **{name: getattr(event, name) for name in names}}


def streamed(bars: pl.DataFrame, *flags: str) -> list[dict[str, Any]]:
    """What ``barloom stream`` prints of the rows."""
    lines = []
    for row in bars.iter_rows(named=True):
        bar = {name: row[name] for name in ("symbol", "open", "high", "low", "close", "volume")}
        lines.append(json.dumps({"bar": {**bar, "ts": int(row["ns"])}}))
    command = [str(BIN), "stream", *flags]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    for event in events:
        event.pop("line", None)
    return [event for event in events if event["type"] != "summary"]


@pytest.fixture(scope="module")
def rows(market: Path) -> pl.DataFrame:
    frame = pl.read_csv(market).with_columns(pl.col("open_time").str.to_datetime(time_zone="UTC", time_unit="ns"))
    return frame.with_columns(ns=pl.col("open_time").cast(pl.Int64)).head(2000)


@pytest.mark.parametrize("clock", ["bars", "advance"])
def test_pushed_bars_tell_what_stream_tells(rows: pl.DataFrame, clock: str) -> None:
    session = bl.Session(["1m", "5m", "1h"], ["rsi:14@5m", "macd:12,26,9@1m"], calendar="XNYS", clock=clock)
    events: list[Any] = []
    for row in rows.iter_rows(named=True):
        values = [row[name] for name in ("open", "high", "low", "close", "volume")]
        events += session.push(row["symbol"], row["ns"], *values)
    events += session.finish()
    flags = ["--calendar", "XNYS", "-i", "1m,5m,1h", "--indicator", "rsi:14@5m", "--indicator", "macd:12,26,9@1m"]
    expected = streamed(rows, *flags, "--clock", "bars" if clock == "bars" else "lines")
    assert len(events) == len(expected) > 1000
    for event, wanted in zip(events, expected):
        assert told(event) == {name: value for name, value in wanted.items() if name in told(event)}


def test_who_comes_after_the_clock_is_late() -> None:
    times = [("A", minute) for minute in range(12)] + [("B", 0), ("B", 3), ("B", 10), ("B", 11), ("B", 12), ("A", 12)]
    bars = pl.DataFrame(
        [
            {"symbol": symbol, "ns": OPEN + minute * MINUTE, "open": 1.0, "high": 2.0, "low": 1.0, "close": 2.0, "volume": 3.0}
            for symbol, minute in times
        ]
    )
    session = bl.Session(["1m", "5m"], calendar="XNYS")
    events = [told(event) for event in session.push_table(bars.rename({"ns": "open_time"}))]
    events += [told(event) for event in session.finish()]
    expected = streamed(bars, "--calendar", "XNYS", "-i", "1m,5m", "--clock", "bars")
    assert [(e["type"], e["symbol"], e["interval"]) for e in events] == [(e["type"], e["symbol"], e["interval"]) for e in expected]
    # Minutes of B that had passed, with their bucket or within one that is still open.
    late = [event for event in events if event.get("kind") == "late_bar"]
    assert {event["interval"] for event in late} == {"1m", "5m"} and {event["symbol"] for event in late} == {"B"}


def test_tables_replays_and_single_bars_tell_the_same(rows: pl.DataFrame) -> None:
    def session() -> bl.Session:
        return bl.Session(["5m"], ["rsi:14"], calendar="XNYS")

    pushed, tabled, replayed = session(), session(), session()
    events: list[Any] = []
    for row in rows.iter_rows(named=True):
        values = [row[name] for name in ("open", "high", "low", "close", "volume", "vwap", "trade_count")]
        events += pushed.push(row["symbol"], row["open_time"], *values)
    frame = rows.drop("ns")
    table = list(tabled.push_table(frame))
    assert [told(event) for event in table] == [told(event) for event in events]
    every = [told(event) for event in events] + [told(event) for event in pushed.finish()]
    assert [told(event) for event in replayed.replay(frame)] == every

    async def gathered() -> list[dict[str, Any]]:
        return [told(event) async for event in session().replay(frame)]

    assert asyncio.run(gathered()) == every
    with pytest.raises(ValueError, match="is finished"):
        replayed.push("A", OPEN, 1, 1, 1, 1)


def test_callbacks_are_told_and_see_what_is_closed(rows: pl.DataFrame) -> None:
    session = bl.Session(["5m"], ["rsi:14"], calendar="XNYS")
    values: list[float | None] = []

    @session.on("5m", "rsi_14", symbol="S00001")
    def heard(event: bl.IndicatorEvent) -> None:
        series = session.bars(event.symbol, event.interval)
        assert series["rsi_14"][-1] == event.value and series.open_time[-1].astype(int) == event.open_time
        values.append(event.value)

    warnings = session.push_table(rows.drop("ns"))
    assert {event.KIND for event in warnings} <= {"warning"}
    own = bl.derive(rows.drop("ns"), "5m", "rsi:14", calendar="XNYS")["5m"].to_polars()
    own = own.filter((pl.col("symbol") == "S00001") & pl.col("rsi_14").is_not_null())
    assert values and values == own["rsi_14"].to_list()[: len(values)]


def test_what_a_callback_raises_comes_out_and_the_session_goes_on() -> None:
    session = bl.Session("1m", calendar="XNYS")

    @session.on("1m")
    def fails(event: bl.BarEvent) -> None:
        if event.open_time == OPEN:
            raise LookupError("mine")
        with pytest.raises(RuntimeError, match="taking bars already"):
            session.push("A", OPEN, 1, 1, 1, 1)

    with pytest.raises(LookupError, match="mine"):
        session.push("A", OPEN, 1, 1, 1, 1)
    session.push("A", OPEN + MINUTE, 2, 2, 2, 2)
    assert session.bars("A", "1m").close.tolist() == [1, 2]


def test_views_are_the_store_s_own_memory_and_read_only() -> None:
    session = bl.Session(["1m"], ["sma:2"], calendar="XNYS")
    for minute in range(10):
        session.push("A", OPEN + minute * MINUTE, minute, minute, minute, minute, 1.0)
    first = session.bars("A", "1m")
    again = session.bars("A", "1m")
    for name in ("open", "high", "low", "close", "volume", "open_time"):
        a, b = getattr(first, name), getattr(again, name)
        assert a.__array_interface__["data"] == b.__array_interface__["data"]
    close, average = first.close, first["sma_2"]
    with pytest.raises(ValueError, match="read-only"):
        close[0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        close.setflags(write=True)
    assert np.isnan(average[0]) and average[1:].tolist() == [minute + 0.5 for minute in range(9)]
    session.push("A", OPEN + 10 * MINUTE, 10, 10, 10, 10, 1.0)
    assert len(close) == 10 and len(session.bars("A", "1m")) == 11
    session.finish()
    del session, first, again
    gc.collect()
    assert close.tolist() == list(range(10)) and average[-1] == 8.5


def test_instants_are_what_they_say() -> None:
    at = datetime(2024, 11, 26, 14, 30, tzinfo=timezone.utc)
    ways: list[Any] = [OPEN, at, "2024-11-26T14:30:00Z", "2024-11-26T09:30:00-05:00", np.datetime64("2024-11-26T14:30")]
    for ts in ways:
        session = bl.Session("1m", calendar="XNYS")
        assert [event.open_time for event in session.push("A", ts, 1, 1, 1, 1)] == [OPEN]
    session = bl.Session("1m", calendar="XNYS", stamp="close")
    assert [event.open_time for event in session.push("A", OPEN + MINUTE, 1, 1, 1, 1)] == [OPEN]
    with pytest.raises(ValueError, match="no zone"):
        session.push("A", datetime(2024, 11, 26, 14, 30), 1, 1, 1, 1)
    with pytest.raises(TypeError, match="allowed are"):
        session.push("A", object(), 1, 1, 1, 1)


def test_refused_bars_are_counted_and_stop_if_asked_to() -> None:
    session = bl.Session("1m", calendar="XNYS")
    assert [event.warning for event in session.push("A", OPEN, 1, 0, 1, 1)] == ["invalid_bar"]
    assert session.summary["invalid"] == session.summary["rows"] == 1
    strict = bl.Session("1m", calendar="XNYS", on_invalid="stop")
    with pytest.raises(bl.DataError, match="high_below_low"):
        strict.push("A", OPEN, 1, 0, 1, 1)


def test_advance_closes_what_is_due() -> None:
    session = bl.Session("5m", calendar="XNYS", clock="advance")
    assert not session.push("A", OPEN, 1, 2, 0, 1)
    assert not session.advance(OPEN + 5 * MINUTE - 1)
    (bar,) = session.advance(OPEN + 5 * MINUTE)
    assert (bar.n_base, bar.n_expected, bar.close) == (1, 5, 1)
    assert not session.advance(OPEN)


def test_errors_name_what_there_is() -> None:
    session = bl.Session("5m", "rsi:14", calendar="XNYS")
    with pytest.raises(KeyError, match="there are 1m, 5m"):
        session.bars("A", "7m")
    with pytest.raises(KeyError, match="there are rsi_14"):
        session.bars("A", "5m")["rsi"]
    with pytest.raises(ValueError, match="did you mean `rsi_14`"):
        session.on("5m", "rsi14")(print)
    with pytest.raises(ValueError, match="allowed are bars, advance"):
        bl.Session("5m", clock="wall")
    assert len(session.bars("nobody", "5m")) == 0


def test_what_comes_late_is_revised() -> None:
    session = bl.Session("2m", ["sma:2"], calendar="XNYS", late="revise")

    def push(minute: int, price: float) -> list[tuple[str, int, float | None, int]]:
        events = session.push("A", OPEN + minute * MINUTE, price, price, price, price, 1.0)
        told = []
        for event in events:
            if isinstance(event, bl.BarEvent):
                told.append(("bar", (event.open_time - OPEN) // MINUTE, event.close, event.revision))
            elif isinstance(event, bl.IndicatorEvent):
                told.append(("sma", (event.open_time - OPEN) // MINUTE, event.value, event.revision))
        return told

    for minute in range(4):
        push(minute, 100.0 + minute)
    kept = session.bars("A", "2m")
    assert push(1, 111.0) == [("bar", 0, 111.0, 1), ("bar", 2, 103.0, 1), ("sma", 2, 107.0, 1)]
    assert kept.close.tolist() == [101.0, 103.0], "what was lent stays what it was"
    assert session.bars("A", "2m").close.tolist() == [111.0, 103.0]
    assert session.bars("A", "2m")["sma_2"].tolist()[1] == 107.0
    assert session.summary["corrected"] == 1


@pytest.mark.parametrize("late", ["drop", "revise"])
def test_a_session_that_was_saved_goes_on_bit_for_bit(rows: pl.DataFrame, late: str) -> None:
    def session() -> bl.Session:
        return bl.Session(["5m", "1h", "1d"], ["rsi:14", "vwap@5m", bl.Own("spread", Spread, "5m", outputs=("width", "count"), first=2)], calendar="XNYS", late=late)

    whole, first = session(), session()
    table = rows.drop("ns")
    cut = len(table) // 3 + 7
    for each in (whole, first):
        each.push_table(table[:cut])
    saved = first.save()
    assert saved == whole.save() == bl.Session.restore(saved, bl.Own("spread", Spread, "5m", outputs=("width", "count"), first=2)).save()
    again = bl.Session.restore(saved, [bl.Own("spread", Spread, "5m", outputs=("width", "count"), first=2)])
    seen = [[told(event) for event in [*each.push_table(table[cut:]), *each.finish()]] for each in (whole, again)]
    assert seen[0] == seen[1] and len(seen[0]) > 1_000
    assert whole.summary == again.summary
    for name in ("5m", "1d"):
        own, other = (each.bars("S00001", name) for each in (whole, again))
        assert own.close.tobytes() == other.close.tobytes() and own["rsi_14"].tobytes() == other["rsi_14"].tobytes()


def test_what_is_no_saved_session_is_refused() -> None:
    session = bl.Session("5m", "rsi:14", calendar="XNYS")
    session.push("A", OPEN, 1.0, 2.0, 1.0, 2.0, 1.0)
    saved = session.save()
    for damaged in (b"", saved[:-1], saved + b"x", saved[:40] + bytes([saved[40] ^ 1]) + saved[41:]):
        with pytest.raises(bl.DataError):
            bl.Session.restore(damaged)
    with pytest.raises(bl.DataError, match="indicator"):
        bl.Session.restore(saved, bl.Own("spread", Spread, "5m"))

    class Local:
        def update(self, bar: bl.Bar) -> float:
            return bar.close

    unsaved = bl.Session("1m", bl.Own("local", Local), calendar="XNYS")
    unsaved.push("A", OPEN, 1.0, 2.0, 1.0, 2.0, 1.0)
    with pytest.raises((AttributeError, TypeError, bl.DataError)):
        unsaved.save()


class Spread:
    """High less low, from the second bar on, and how many bars came."""

    def __init__(self) -> None:
        self.bars = 0

    def update(self, bar: bl.Bar) -> tuple[float | None, float]:
        self.bars += 1
        return (bar.high - bar.low if self.bars > 1 else None), self.bars


def test_an_indicator_of_one_s_own_is_used_as_any_other(rows: pl.DataFrame) -> None:
    own = bl.Own("spread", Spread, "5m", outputs=("width", "count"), first=2)
    out = bl.derive(rows.drop("ns"), ["5m", "1h"], ["rsi:14@5m", own], calendar="XNYS")
    table = out["5m"].to_polars()
    assert table.columns[-3:] == ["rsi_14", "spread.width", "spread.count"] and "spread.width" not in out["1h"].column_names
    for _, bars in table.group_by("symbol"):
        assert bars["spread.width"].to_list() == [None, *(bars["high"] - bars["low"]).to_list()[1:]]
        assert bars["spread.count"].to_list() == [float(n + 1) for n in range(len(bars))]
    engine = bl.Engine(["5m", "1h"], ["rsi:14@5m", own], calendar="XNYS").run(rows.drop("ns"))
    assert engine["5m"].to_polars().equals(table)
    session = bl.Session(["5m"], [own], calendar="XNYS")
    session.push_table(rows.drop("ns"))
    assert session.bars("S00001", "5m")["spread.width"][-1] > 0


def test_what_an_indicator_raises_comes_out(rows: pl.DataFrame) -> None:
    class Fails:
        def update(self, bar: bl.Bar) -> float:
            raise ArithmeticError("mine")

    class Wrong:
        def update(self, bar: bl.Bar) -> str:
            return "1"

    own = bl.Own("fails", Fails)
    frame = rows.drop("ns")
    for run in (
        lambda: bl.derive(frame, "5m", own, calendar="XNYS"),
        lambda: bl.Engine("5m", own, calendar="XNYS").run(frame),
        lambda: bl.Session("5m", own, calendar="XNYS").push_table(frame),
    ):
        with pytest.raises(ArithmeticError, match="mine"):
            run()
    with pytest.raises(TypeError, match="update returned str"):
        bl.derive(frame, "5m", bl.Own("wrong", Wrong), calendar="XNYS")
    with pytest.raises(ValueError, match="allowed are letters"):
        bl.Session("5m", bl.Own("a b", Spread))
