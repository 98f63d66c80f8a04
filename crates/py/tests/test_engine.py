"""Strategies in Python on the real engine."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import barloom as bl

OPEN = 1_732_631_400_000_000_000  # 2024-11-26T14:30:00Z
MINUTE = 60_000_000_000


def minutes(count: int) -> pl.DataFrame:
    prices = {name: np.full(count, 100.0) for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"symbol": ["A"] * count, "timestamp": OPEN + np.arange(count) * MINUTE, **prices})


@pytest.mark.parametrize("runtime", [{}, {"workers": 2}])
def test_a_strategy_sees_each_bar_when_it_closes(market: Path, runtime: dict[str, int]) -> None:
    engine = bl.Engine(["5m", "1h"], ["rsi:14@5m"], calendar="XNYS", **runtime)  # type: ignore[arg-type]
    heard: list[tuple[str, int, float | None]] = []
    views: list[tuple[bl.View, int]] = []

    @engine.on("5m", "rsi_14")
    def strategy(event: bl.IndicatorEvent, view: bl.View) -> None:
        own, long = view.bars(event.symbol, "5m"), view.bars(event.symbol, "1h")
        assert own["rsi_14"][-1] == event.value
        # A closed bar is the only bar that it can see.
        assert view.now >= event.close_time
        assert not len(long) or long.open_time[-1].astype(int) < view.now
        heard.append((event.symbol, event.close_time, event.value))
        views.append((view, len(own)))

    out = engine.run(market)
    table = out["5m"].to_polars()
    own = table.filter(pl.col("rsi_14").is_not_null())
    expected = zip(own["symbol"], own["close_time"].cast(pl.Int64), own["rsi_14"])
    assert sorted(heard) == sorted(expected) and len(heard) > 500  # type: ignore[type-var]
    assert out.metrics["analysis"]["count"] > 0 and out.summary["overruns"] == 0
    # A view that is kept shows what it showed.
    view, rows = views[-1]
    assert len(view.bars(heard[-1][0], "5m")) == rows


def test_a_run_gives_the_tables_of_derive_where_one_clock_makes_no_difference() -> None:
    frame = minutes(300)
    engine = bl.Engine(["1m", "5m", "15m"], ["sma:3"], calendar="XNYS", stamp="open").run(frame)
    derived = bl.derive(frame, ["1m", "5m", "15m"], ["sma:3"], calendar="XNYS", stamp="open")
    assert engine.intervals == derived.intervals == ["1m", "5m", "15m"]
    for interval in engine.intervals:
        assert engine[interval].to_polars().equals(derived[interval].to_polars())


def test_what_a_strategy_raises_comes_out_with_its_traceback() -> None:
    engine = bl.Engine("1m", calendar="XNYS", stamp="open")

    @engine.on("1m")
    def strategy(event: bl.BarEvent, view: bl.View) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as raised:
        engine.run(minutes(10))
    assert any(frame.name == "strategy" for frame in traceback.extract_tb(raised.value.__traceback__))


@pytest.mark.parametrize("on_overrun", ["warn", "error"])
def test_a_slow_strategy_overruns_a_clock(on_overrun: str) -> None:
    engine = bl.Engine("1m", calendar="XNYS", stamp="open", speed=6000, on_overrun=on_overrun)

    @engine.on("1m")
    def strategy(event: bl.BarEvent, view: bl.View) -> None:
        time.sleep(0.03)

    if on_overrun == "error":
        with pytest.raises(bl.OverrunError, match="analysis has"):
            engine.run(minutes(20))
        return
    out = engine.run(minutes(20))
    assert len(out["1m"]) == 20 and out.summary["overruns"] > 0 and "analysis" in out.overruns[0]
    assert out.metrics["analysis"]["max"] >= 30_000_000


def test_errors_come_when_it_is_set_up() -> None:
    with pytest.raises(ValueError, match="speed `-1` is not allowed"):
        bl.Engine("5m", speed=-1)
    engine = bl.Engine("5m", "rsi:14")
    with pytest.raises(KeyError, match="there are 5m"):
        engine.on("6m")(print)
    with pytest.raises(ValueError, match="did you mean `rsi_14`"):
        engine.on("5m", "rsi_13")(print)
    with pytest.raises(ValueError, match="--stamp open"):
        engine.run(minutes(1).with_columns(symbol=pl.lit("A")))
