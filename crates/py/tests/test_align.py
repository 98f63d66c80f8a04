"""The law of `align`: a row sees what had closed when its own bar closed, whatever comes later."""

from __future__ import annotations

import bisect
from datetime import timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import barloom as bl
from support import EQUITY, INDICATORS, INTERVALS, same

MINUTE = 60 * 10**9
# A Friday, 09:30 in New York, so that walks cross a close, a weekend and a change of daylight saving.
START = 1_741_357_800 * 10**9
SYMBOLS = ("B", "A", "C")

steps = st.sampled_from([1] * 30 + [2, 3, 7, 30, 61, 400, 1_440])
walks = st.lists(st.tuples(steps, st.sampled_from([0] * 6 + [1] * 3 + [2]), st.integers(-3, 3)), min_size=2, max_size=220)


def table_of(walk: list[tuple[int, int, int]], is_grouped: bool) -> pl.DataFrame:
    """Rows of several symbols in the order of time, each minute of a symbol once; symbols that trade at the same time too."""
    rows, minute, price = [], 0, 100.0
    seen: set[tuple[int, int]] = set()
    # The first minute is always there and in session.
    for step, symbol, move in [(0, 0, 0), *walk]:
        minute += step - (step == 1 and symbol > 0)
        price = max(price + move, 5.0)
        if (minute, symbol) not in seen:
            seen.add((minute, symbol))
            rows.append((SYMBOLS[symbol], START + minute * MINUTE, price, price + 1, price - 1, price + move / 4, 10.0 + step))
    names = ["symbol", "open_time", "open", "high", "low", "close", "volume"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("open_time").cast(pl.Datetime("ns", "UTC")))
    frame = frame.sort("open_time", maintain_order=True)
    return frame.sort("symbol", maintain_order=True) if is_grouped else frame


def run(frame: pl.DataFrame, hours: str, intervals: list[str]) -> bl.Output:
    return bl.derive(frame, intervals, ["sma:3", "obv@15m"], calendar="XNYS", hours=hours)


def reference(out: bl.Output, onto: str) -> list[dict[str, Any]]:
    """Of every row, every bar of every other interval looked at: the last closed one of its symbol by its close."""
    rows = out[onto].to_polars().to_dicts()
    for interval in out:
        if interval == onto:
            continue
        bars = out[interval].to_polars().to_dicts()
        names = [name for name in out[interval].column_names if name not in ("symbol", "interval", "session")]
        for row in rows:
            closed = [bar for bar in bars if bar["symbol"] == row["symbol"] and bar["close_time"] <= row["close_time"]]
            last = max(closed, key=lambda bar: bar["close_time"], default=None)
            row.update({f"{name}@{interval}": last and last[name] for name in names})
    return rows


laws = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@laws
@given(walk=walks, is_grouped=st.booleans(), hours=st.sampled_from(["regular", "extended"]), onto=st.sampled_from(["1m", "5m", "1h"]))
def test_each_row_has_the_last_closed_bar(walk: list[tuple[int, int, int]], is_grouped: bool, hours: str, onto: str) -> None:
    out = run(table_of(walk, is_grouped), hours, ["1m", "5m", "15m", "1h", "1d"])
    assert out.align(onto).to_polars().to_dicts() == reference(out, onto)


@laws
@given(walk=walks, cuts=st.lists(st.floats(0, 1), min_size=1, max_size=4), onto=st.sampled_from(["1m", "5m"]), is_grouped=st.booleans())
def test_nothing_before_a_cut_changes_with_what_comes_after(
    walk: list[tuple[int, int, int]], cuts: list[float], onto: str, is_grouped: bool
) -> None:
    frame = table_of(walk, is_grouped)
    whole = run(frame, "extended", ["1m", "5m", "15m", "1h", "1d"]).align(onto).to_polars()
    times = frame["open_time"].sort()
    for share in cuts:
        cut = times[int(share * (len(times) - 1))]
        # Rows whose minute had ended by the cut are what was known then.
        known = frame.filter(pl.col("open_time") + timedelta(minutes=1) <= cut)
        if known.is_empty():
            continue
        part = run(known, "extended", ["1m", "5m", "15m", "1h", "1d"]).align(onto).to_polars()
        # A bar that an absence closed is told when the next row of its symbol shows it: rows may be missing, values never differ.
        before = whole.join(part.select("symbol", "open_time"), on=["symbol", "open_time"], how="semi", maintain_order="left")
        same(part.sort("symbol", "close_time"), before.sort("symbol", "close_time"))
        if onto == "1m":
            assert part.height == whole.filter(pl.col("close_time") <= cut).height


def test_a_usual_join_would_fail_the_law() -> None:
    # Bars labelled by their open and carried forward show an hour before it is over: the reference must tell that apart.
    out = bl.derive(EQUITY, ["5m", "1h"], calendar="XNYS")
    five, hour = out["5m"].to_polars(), out["1h"].to_polars()
    opened = hour.sort("open_time").select("symbol", "open_time", pl.col("close").alias("close@1h"))
    careless = five.sort("open_time").join_asof(opened, on="open_time", by="symbol", check_sortedness=False)
    own = out.align("5m").to_polars().sort("open_time")
    assert (careless["close@1h"] != own["close@1h"]).sum() > 100
    assert own.filter(pl.col("close_time@1h") > pl.col("close_time")).height == 0


@pytest.mark.parametrize("onto", ["1m", "5m", "1h"])
def test_the_sample_market(onto: str) -> None:
    out = bl.derive(EQUITY, INTERVALS, INDICATORS, calendar="XNYS", hours="extended")
    aligned = out.align(onto)
    assert aligned.interval == onto
    frame = aligned.to_polars()
    same(frame.select(out[onto].column_names), out[onto].to_polars())
    for interval in out:
        if interval == onto:
            continue
        bars = out[interval].to_polars()
        for symbol in aligned.symbols:
            own, rows = bars.filter(symbol=symbol).sort("close_time"), frame.filter(symbol=symbol)
            closes = own["close_time"].to_list()
            places = [bisect.bisect_right(closes, at) - 1 for at in rows["close_time"].to_list()]
            for name in ("open_time", "close", "n_base", *(name for name in own.columns if name.startswith("rsi"))):
                values = own[name].to_list()
                wanted = [values[at] if at >= 0 else None for at in places]
                assert rows[f"{name}@{interval}"].to_list() == wanted, (interval, symbol, name)


def test_an_aligned_table_is_arrow() -> None:
    table = bl.derive(EQUITY, ["5m", "1h"], ["rsi:14@1h"], calendar="XNYS").align("5m")
    arrow = pa.table(table)
    assert arrow["close@1h"].null_count == arrow["open_time@1h"].null_count > 0
    assert arrow["rsi_14@1h"].null_count > arrow["close@1h"].null_count
