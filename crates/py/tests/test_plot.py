"""Charts: what is in the figure, and that a page is whole and asks the network for nothing.

How a chart looks no test says: look at one in a browser, light and dark, after a change.
"""

from __future__ import annotations

import base64
import gzip
import html
import itertools
import json
import math
import pathlib
import re
import sys
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from barloom import _plot

offline = pytest.importorskip("plotly.offline")


NO_PRICES = {"percent_b", "bandwidth", "slope", "angle", "trend"}


@dataclass
class Ind:
    name: str
    outputs: list[str]
    prices: list[str]


@dataclass
class Bars:
    interval: str
    symbols: list[str]
    columns: dict[str, npt.NDArray[Any]]
    indicators: list[Ind] = field(default_factory=list)

    @property
    def column_names(self) -> list[str]:
        return list(self.columns)

    def __len__(self) -> int:
        return len(self.columns["close"])

    def to_numpy(self, name: str, /) -> npt.NDArray[Any]:
        return self.columns[name]

    def add(self, name: str, on_price: bool, **outputs: npt.NDArray[Any]) -> Bars:
        """An indicator; the output `value` goes by the indicator's name."""
        named = {name if o == "value" else f"{name}.{o}": v for o, v in outputs.items()}
        self.columns |= named
        prices = [column for column in named if on_price and column.rpartition(".")[2] not in NO_PRICES]
        self.indicators.append(Ind(name, list(named), prices))
        return self


def bars(days: int = 3, a_day: int = 40, symbols: tuple[str, ...] = ("AAA",)) -> Bars:
    """5m bars of sessions that open at 14:30 UTC, each symbol's prices 100 above those of the one before."""
    n = days * a_day
    day = np.repeat(np.arange(days), a_day)
    minute = np.tile(np.arange(a_day) * 5, days)
    since = day * np.timedelta64(1, "D") + minute * np.timedelta64(1, "m")
    opens = np.datetime64("2024-11-25T14:30", "ns") + since
    wave = np.round(100.0 + 5.0 * np.sin(np.arange(n) / 9.0), 2)
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    for k, symbol in enumerate(symbols):
        close = wave + 100.0 * k
        first = np.concatenate([close[:1], close[:-1]])
        part = {
            "symbol": np.full(n, symbol, dtype=object),
            "interval": np.full(n, "5m", dtype=object),
            "session": np.array([f"2024-11-{25 + d}" for d in day], dtype=object),
            "open_time": opens,
            "close_time": opens + np.timedelta64(5, "m"),
            "open": first,
            "high": np.maximum(first, close) + 0.25,
            "low": np.minimum(first, close) - 0.25,
            "close": close,
            "volume": 1000.0 + np.arange(n),
            "vwap": close,
            "trade_count": np.full(n, np.nan),
            "n_base": np.where(np.arange(n) == n - 1, 4, 5),
            "n_expected": np.full(n, 5),
        }
        for name, values in part.items():
            parts.setdefault(name, []).append(values)
    return Bars("5m", list(symbols), {name: np.concatenate(v) for name, v in parts.items()})


def full() -> Bars:
    """Bars with overlays and three oscillators, each with a warm-up."""
    table = bars()
    n, close = len(table), table.columns["close"]
    warm = np.where(np.arange(n) < 20, np.nan, 1.0)
    histogram = warm * np.sin(np.arange(n) / 5.0)
    return (
        table.add("ema_20", True, value=warm * close)
        .add(
            "bbands_20_2",
            True,
            upper=warm * (close + 2.0),
            middle=warm * close,
            lower=warm * (close - 2.0),
            percent_b=warm * 0.5,
        )
        .add("rsi_14", False, value=warm * (50.0 + 30.0 * np.sin(np.arange(n) / 7.0)))
        .add("macd_12_26_9", False, macd=warm * 0.5, signal=warm * -0.25, histogram=histogram)
        .add("stochastic_14_3_3", False, k=warm * 40.0, d=warm * 60.0)
    )


def traces(plot: _plot.Plot, kind: str | None = None) -> list[Any]:
    return [t for t in plot.figure.data if kind is None or t.type == kind]


def named(plot: _plot.Plot, name: str) -> Any:
    (trace,) = (t for t in plot.figure.data if t.name == name)
    return trace


def band(plot: _plot.Plot) -> Any:
    (trace,) = (t for t in traces(plot, "scatter") if t.fill)
    return trace


def told(plot: _plot.Plot, i: int) -> str:
    """What hovering tells of bar `i`, without markup."""
    (hover,) = (t for t in plot.figure.data if t.hoverinfo != "skip")
    text = re.sub(r"%\{customdata\[(\d+)\]\}", lambda m: hover.customdata[i][int(m[1])], hover.hovertemplate)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()


def panes(plot: _plot.Plot) -> dict[str, tuple[float, float]]:
    """Value axes that have a place of their own: (lower end, upper end)."""
    layout = plot.figure.layout.to_plotly_json()
    axes = {k: v for k, v in layout.items() if k.startswith("yaxis") and "overlaying" not in v}
    return {k: tuple(v["domain"]) for k, v in axes.items()}


def test_one_candlestick_trace_with_the_bars() -> None:
    table = bars()
    (candles,) = traces(_plot.plot(table), "candlestick")
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(candles, name), table.columns[name])
    assert candles.x[0] == "2024-11-25 14:30 UTC"


def test_overlays_lie_on_the_price_axis_and_every_oscillator_has_a_pane() -> None:
    plot = _plot.plot(full())
    on = {t.name: t.yaxis for t in traces(plot, "scatter") if t.hoverinfo == "skip"}
    assert on["ema_20"] == on["bbands_20_2"] == "y"
    assert on["rsi_14"] == "y3"
    assert on["macd_12_26_9.macd"] == on["signal"] == "y4"
    assert on["stochastic_14_3_3.k"] == on["d"] == "y5"
    # Price, volume, three oscillators, from the top, none over another.
    places = panes(plot)
    assert list(places) == ["yaxis", "yaxis2", "yaxis3", "yaxis4", "yaxis5"]
    for above, below in itertools.pairwise(places.values()):
        assert below[0] < below[1] < above[0] < above[1]


def test_bars_stand_side_by_side_over_closed_hours() -> None:
    plot = _plot.plot(bars(days=3, a_day=40))
    axis = plot.figure.layout.xaxis
    assert axis.type == "category"
    # The last bar of a session and the first of the next are neighbours; one axis serves all panes.
    assert axis.categoryarray[39:41] == ("2024-11-25 17:45 UTC", "2024-11-26 14:30 UTC")
    assert len(axis.categoryarray) == 120
    assert not [k for k in plot.figure.layout.to_plotly_json() if re.match(r"xaxis\d", k)]
    lines = [s.x0 for s in plot.figure.layout.shapes if s.xref == "x"]
    assert lines == [39.5, 79.5]


def test_labels_name_sessions_and_round_times() -> None:
    ticks = _plot._ticks(bars().columns["open_time"], bars().columns["session"].tolist())
    assert ticks["names"][40] == "<b>Tue 26 Nov</b>"
    assert ticks["names"][46] == "15:00"
    assert ticks["bar"] == 300.0
    # No nearer than asked, sessions first, then one step of time.
    assert [ticks["names"][i] for i in _plot._spaced(ticks, 0, 80, 12.0)] == [
        "<b>Mon 25 Nov 2024</b>",
        "16:00",
        "<b>Tue 26 Nov</b>",
        "16:00",
        "17:00",
    ]
    assert _plot._spaced(ticks, 0, 80, 35.0) == [0, 40]


def test_labels_of_overnight_sessions_name_the_session() -> None:
    times = np.array(["2013-02-27T21:45", "2013-02-27T22:00", "2013-02-28T00:00"], "datetime64[ns]")
    ticks = _plot._ticks(times, ["2013-02-27", "2013-02-28", "2013-02-28"])
    assert ticks["names"][1:] == ["<b>Thu 28 Feb</b>", "00:00"]


def test_labels_of_days_weeks_and_months() -> None:
    times = np.array(["2024-11-29", "2024-12-02", "2025-01-02"], "datetime64[ns]")
    assert _plot._ticks(times, ["2024-11-29", "2024-12-02", "2025-01-02"])["names"] == [
        "<b>29 Nov 2024</b>",
        "<b>Dec</b>",
        "<b>2025</b>",
    ]
    # A week goes by its Monday.
    weeks = _plot._ticks(times, ["2024-W48", "2024-W49", "2025-W01"])
    assert weeks["names"][1:] == ["<b>Dec</b>", "30 Dec"]
    for sessions in (["2024-11", "2024-12", "2025-01"], ["a", "b", "c"]):
        assert _plot._ticks(times, sessions)["names"][1:] == ["<b>Dec</b>", "<b>2025</b>"]


def test_no_value_is_never_drawn_as_0() -> None:
    table = full()
    for name in ("open", "high", "low", "close", "volume"):
        table.columns[name] = table.columns[name].copy()
        table.columns[name][60] = np.nan
    plot = _plot.plot(table)
    (candles,) = traces(plot, "candlestick")
    assert all(math.isnan(getattr(candles, name)[60]) for name in ("open", "high", "low", "close"))
    assert math.isnan(named(plot, "volume").y[60])
    for name in ("ema_20", "rsi_14", "histogram", "macd_12_26_9.macd"):
        trace = named(plot, name)
        assert np.all(np.isnan(trace.y[:20])) and np.all(np.isfinite(trace.y[20:]))
        assert trace.type == "bar" or trace.connectgaps is False
    # The band begins with its lines.
    assert band(plot).x[0] == candles.x[20] and 0.0 not in band(plot).y
    assert told(plot, 60).replace("\N{EN DASH}", "-").startswith("O - H - L - C - change - % volume - vwap")
    assert "rsi_14 \N{EN DASH}" in told(plot, 19)
    # And the page hands it over as no value.
    page = content(plot)
    (volume,) = (t for t in page["data"] if t["name"] == "volume")
    values = np.frombuffer(base64.b64decode(volume["y"]["bdata"]), volume["y"]["dtype"])
    assert math.isnan(values[60]) and values[61] == 1061.0


def test_a_band_is_broken_where_its_lines_are() -> None:
    table = bars()
    hole = np.where(np.arange(len(table)) == 50, np.nan, 1.0)
    table.add("keltner_20", True, upper=hole * 110.0, lower=hole * 90.0)
    assert [i for i, x in enumerate(band(_plot.plot(table)).x) if x is None] == [100, 239]


def test_hovering_tells_every_value_of_the_bar() -> None:
    plot = _plot.plot(full())
    assert plot.figure.layout.hovermode == "x unified"
    assert plot.figure.layout.hoversubplots == "axis"
    # One trace tells: others would tell of the nearest bar that has a value, which may be another.
    assert [t.hoverinfo for t in traces(plot)].count("skip") == len(traces(plot)) - 1
    table = full()
    o, h, low, c = (f"{table.columns[name][119]:.2f}" for name in ("open", "high", "low", "close"))
    change, rsi = 100.0 * (float(c) / float(o) - 1.0), table.columns["rsi_14"][119]
    expected = (
        f"O {o} H {h} L {low} C {c} change {change:.2f} % volume 1,119 vwap {c} ema_20 {c} "
        f"bbands_20_2 upper {float(c) + 2.0:.2f} middle {c} lower {float(c) - 2.0:.2f} percent_b 0.5000 "
        f"rsi_14 {rsi:.2f} macd_12_26_9 macd 0.5000 signal -0.2500 histogram {math.sin(119 / 5):.4f} "
        "stochastic_14_3_3 k 40.00 d 60.00 4 of 5 base bars"
    )
    assert told(plot, 119) == expected.replace("-", "\N{MINUS SIGN}")


def test_the_change_of_the_first_bar_drawn_is_to_the_one_before_it() -> None:
    table = bars()
    close = table.columns["close"]
    text = told(_plot.plot(table, last=10), 0)
    change = f"{100 * (close[110] / close[109] - 1):.2f}".replace("-", "\N{MINUS SIGN}")
    assert f"change {change} %" in text


def test_a_session_of_another_date_is_told() -> None:
    table = bars()
    table.columns["session"][:] = "2024-11-30"
    assert told(_plot.plot(table), 0).endswith("session 2024-11-30")


def test_outputs_that_are_no_prices_are_told_and_drawn_when_named() -> None:
    assert not [t for t in traces(_plot.plot(full())) if t.name == "bbands_20_2.percent_b"]
    plot = _plot.plot(full(), indicators=["bbands_20_2", "bbands_20_2.percent_b"])
    assert named(plot, "bbands_20_2.percent_b").yaxis == "y3"
    plot = _plot.plot(full(), indicators=["bbands_20_2.upper"])
    assert [t.name for t in traces(plot) if t.name.startswith("bbands")] == ["bbands_20_2"]
    assert "upper" in told(plot, 50) and "middle" not in told(plot, 50)


def test_a_histogram_is_bars_coloured_by_sign() -> None:
    plot = _plot.plot(full(), theme="light")
    trace = named(plot, "histogram")
    assert trace.type == "bar"
    for value, colour in zip(trace.y[20:], trace.marker.color[20:], strict=True):
        assert colour == (_plot._LIGHT.down if value < 0.0 else _plot._LIGHT.up)
    low, high = plot.figure.layout.yaxis4.range
    assert low < -1.0 and high > 0.99


def levels(plot: _plot.Plot, axis: str) -> list[float]:
    return [s.y0 for s in plot.figure.layout.shapes if s.yref == axis]


def test_levels_only_where_name_and_values_say_so() -> None:
    plot = _plot.plot(full())
    assert levels(plot, "y3") == [30.0, 70.0]
    assert list(plot.figure.layout.yaxis3.range) == [0.0, 100.0]
    # On both sides of 0.
    assert levels(plot, "y4") == [0.0]
    beyond = bars().add("rsi_14", False, value=np.full(120, 101.0))
    assert levels(_plot.plot(beyond), "y3") == []
    other = bars().add("rsi_of_mine", False, value=np.full(120, 50.0))
    assert levels(_plot.plot(other), "y3") == []
    stoch = bars().add("stoch_rsi_14_14_3_3", False, k=np.full(120, 50.0), d=np.full(120, 50.0))
    assert levels(_plot.plot(stoch), "y3") == [20.0, 80.0]


def test_values_that_stand_alone_are_dots() -> None:
    alone = np.where(np.arange(120) % 10 == 0, 100.0, np.nan)
    table = bars().add("swing_high_5", True, value=alone).add("sar_0.02_0.2", True, value=np.full(120, 99.0))
    plot = _plot.plot(table)
    assert named(plot, "swing_high_5").mode == named(plot, "sar_0.02_0.2").mode == "markers"
    assert named(_plot.plot(full()), "ema_20").mode == "lines"


def test_axes_fit_the_bars_in_view() -> None:
    table = bars(days=5, a_day=100)
    table.columns["high"] = table.columns["high"].copy()
    table.columns["high"][10] = 900.0
    figure = _plot.plot(table).figure
    left, right = figure.layout.xaxis.range
    assert (left, right) == (500 - 0.5 - 180, 500 - 0.5 + 3.6)
    low, high = figure.layout.yaxis.range
    assert 90.0 < low < table.columns["low"][320:].min() and table.columns["high"][320:].max() < high < 110.0
    assert figure.layout.yaxis2.range[0] == 0.0
    # A page can't leave the bars behind.
    assert figure.layout.xaxis.minallowed < -0.5 and figure.layout.xaxis.maxallowed < 600.0


def test_a_line_far_away_does_not_flatten_the_candles() -> None:
    table = bars()
    high, low = table.columns["high"].max(), table.columns["low"].min()
    near = _plot.plot(table.add("sma_20", True, value=np.full(120, high + 0.5 * (high - low))))
    assert high + 0.5 * (high - low) < near.figure.layout.yaxis.range[1] < high + 0.7 * (high - low)
    far = _plot.plot(table.add("sma_200", True, value=np.full(120, 5000.0)))
    bottom, top = far.figure.layout.yaxis.range
    assert (high - low) / (top - bottom) > 0.3


def test_few_bars_are_not_stretched() -> None:
    figure = _plot.plot(bars(days=1, a_day=1)).figure
    left, right = figure.layout.xaxis.range
    assert right - left > 30.0


def test_last_bounds_the_chart_and_takes_the_newest() -> None:
    table = bars(days=20, a_day=100)
    plot = _plot.plot(table, last=300)
    (candles,) = traces(plot, "candlestick")
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(candles, name), table.columns[name][-300:])
    assert candles.x[-1] == "2024-12-14 22:45 UTC"
    assert all(len(t.x) == 300 for t in traces(plot))
    assert "300 of 2,000 bars" in plot.figure.layout.title.text
    assert len(traces(_plot.plot(table), "candlestick")[0].x) == 1000
    assert len(traces(_plot.plot(table, last=10**9), "candlestick")[0].x) == 2000


def test_rows_out_of_order_are_put_in_order() -> None:
    table = bars()
    table.columns = {name: v[::-1] for name, v in table.columns.items()}
    (candles,) = traces(_plot.plot(table), "candlestick")
    np.testing.assert_array_equal(candles.close, bars().columns["close"])


def test_one_of_many_symbols_is_drawn_when_named() -> None:
    table = bars(symbols=("AAA", "BBB"))
    (candles,) = traces(_plot.plot(table, symbol="BBB", last=50), "candlestick")
    np.testing.assert_array_equal(candles.close, table.columns["close"][-50:])
    assert candles.name == "BBB"
    with pytest.raises(ValueError, match=r"has 2 symbols, choose one with symbol=: AAA, BBB"):
        _plot.plot(table)


def test_without_volume_there_is_no_pane_for_it() -> None:
    assert "yaxis2" not in panes(_plot.plot(bars(), volume=False))
    table = bars()
    table.columns["volume"] = np.full(120, np.nan)
    plot = _plot.plot(table)
    assert "yaxis2" not in panes(plot) and "volume" not in told(plot, 0)


def test_indicators_can_be_left_out() -> None:
    assert list(panes(_plot.plot(full(), indicators=[]))) == ["yaxis", "yaxis2"]
    plot = _plot.plot(full(), indicators="rsi_14")
    assert list(panes(plot)) == ["yaxis", "yaxis2", "yaxis3"] and "ema_20" not in told(plot, 50)


def test_errors_say_what_was_got_what_is_allowed_and_the_nearest() -> None:
    table = full()
    for wrong, message in (
        ({"symbol": "AAB"}, r'unknown symbol "AAB", there is AAA; did you mean "AAA"\?'),
        (
            {"indicators": ["rsi14"]},
            r'unknown indicator "rsi14", there is ema_20, .*; did you mean "rsi_14"\?',
        ),
        ({"theme": "drak"}, r'unknown theme "drak", there is auto, light, dark; did you mean "dark"\?'),
        ({"theme": "pink"}, r'unknown theme "pink", there is auto, light, dark$'),
    ):
        with pytest.raises(ValueError, match=message):
            _plot.plot(table, **wrong)
    with pytest.raises(ValueError, match="last is 0; at least 1"):
        _plot.plot(table, last=0)
    with pytest.raises(TypeError):
        _plot.plot(table, last=1.5)  # type: ignore[arg-type]
    table.columns = {name: v[:0] for name, v in table.columns.items()}
    with pytest.raises(ValueError, match="no bars to draw: the table 5m has no rows of AAA"):
        _plot.plot(table)


def test_two_bars_of_one_time_are_an_error() -> None:
    table = bars()
    table.columns["open_time"] = table.columns["open_time"].copy()
    table.columns["open_time"][1] = table.columns["open_time"][0]
    with pytest.raises(ValueError, match="two bars of AAA open at 2024-11-25 14:30 UTC"):
        _plot.plot(table)


def test_what_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] == "plotly"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'pip install "barloom\[plot\]"'):
        _plot.plot(bars())


# Themes


def colours(palette: _plot._Palette) -> dict[str, str]:
    return {f.name: getattr(palette, f.name) for f in fields(palette)}


def test_dark_and_light_differ_in_every_colour_and_in_nothing_else() -> None:
    light, dark = (_plot.plot(full(), theme=t).figure.to_json() for t in ("light", "dark"))
    assert light != dark
    swap: dict[str, str] = {}
    for name, colour in colours(_plot._LIGHT).items():
        # One colour for two roles would have to become one.
        assert swap.setdefault(colour, colours(_plot._DARK)[name]) == colours(_plot._DARK)[name]
        assert colour != colours(_plot._DARK)[name]
    swapped = re.sub(r"#[0-9a-f]{6}\b|rgba\([\d.,]+\)", lambda m: swap.get(m[0], m[0]), light)
    assert json.loads(swapped) == json.loads(dark)


def linear(colour: str) -> npt.NDArray[np.float64]:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """As WCAG 2.2 has it, from 1 to 21."""
    dim, bright = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (bright + 0.05) / (dim + 0.05)


# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def lab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0.0, 1.0) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])])


def apart(a: str, b: str, sight: str) -> float:
    """CIE 1976 difference; 2.3 is just seen."""
    return float(np.linalg.norm(lab(SIGHT[sight] @ linear(a)) - lab(SIGHT[sight] @ linear(b))))


@pytest.mark.parametrize("palette", [_plot._LIGHT, _plot._DARK], ids=["light", "dark"])
def test_colours_are_told_apart_and_read(palette: _plot._Palette) -> None:
    lines = [palette.line(k) for k in range(5)]
    for sight in SIGHT:
        assert apart(palette.up, palette.down, sight) > 25.0, sight
        assert apart(palette.up_faint, palette.down_faint, sight) > 12.0, sight
        for a, b in itertools.combinations(lines, 2):
            assert apart(a, b, sight) > 15.0, (a, b, sight)
    # 4.5 for text, 3 for what is drawn.
    for background in (palette.background, palette.panel):
        assert contrast(palette.text, background) > 7.0
        assert contrast(palette.muted, background) > 4.5
        for colour in (palette.up, palette.down, *lines):
            assert contrast(colour, background) > 3.0, colour
    for colour in (palette.up, palette.down):
        assert contrast(palette.on_candle, colour) > 4.0


# Pages


def script(page: str, name: str) -> str:
    (found,) = re.findall(rf'<script id="{name}"[^>]*>(.*?)</script>', page, re.DOTALL)
    return str(found)


def content(plot: _plot.Plot) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(script(plot.to_html(), "data"))["figure"]
    return figure


def test_a_page_holds_plotly_and_asks_the_network_for_nothing() -> None:
    page = _plot.plot(full()).to_html()
    packed = script(page, "plotly")
    assert gzip.decompress(base64.b64decode(packed)).decode() == offline.get_plotlyjs()
    # Of plotly's own addresses none is used without a map or a button of its service.
    rest = page.replace(packed, "")
    fetches = r"\b(src|href|action|data)\s*=|@import|url\(|cdn|fetch\(|import\(|XMLHttpRequest"
    assert not re.search(fetches, rest, re.IGNORECASE)
    assert set(re.findall(r"https?://[^\s\"']+", rest)) == {"http://www.w3.org/2000/svg"}


def test_a_page_says_what_the_figure_says() -> None:
    plot = _plot.plot(full(), title="mine")
    page = content(plot)
    assert page["layout"]["title"]["text"].startswith("<b>mine</b>")
    assert len(page["data"]) == len(plot.figure.data)
    # Names of bars are written once.
    assert [t["type"] for t in page["data"] if "x" in t] == ["scatter"]
    # What was changed is shown.
    plot.figure.add_hline(y=123.0)
    assert any(s.get("y0") == 123.0 for s in content(plot)["layout"]["shapes"])


def test_a_name_can_not_break_out_of_a_page() -> None:
    table = bars(symbols=("</script><script>alert(1)</script>",))
    plot = _plot.plot(table, title="<img onerror=x>")
    page = plot.to_html()
    assert "alert(1)" in page and "<script>alert" not in page and "<img" not in page
    assert "&lt;img" in content(plot)["layout"]["title"]["text"]


@pytest.mark.parametrize(("theme", "swaps"), [("auto", True), ("light", False), ("dark", False)])
def test_only_auto_can_change_its_theme(theme: _plot.Theme, swaps: bool) -> None:
    plot = _plot.plot(bars(), theme=theme)
    data = json.loads(script(plot.to_html(), "data"))
    assert data["theme"] == theme and bool(data["dark"]) == swaps
    expected = _plot._DARK if theme == "dark" else _plot._LIGHT
    assert plot.figure.layout.paper_bgcolor == expected.background


def test_a_page_is_written_as_one_file(tmp_path: pathlib.Path) -> None:
    plot = _plot.plot(bars())
    plot.write_html(tmp_path / "a.html")
    plot.write_html(str(tmp_path / "b.html"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]
    for name in ("a.html", "b.html"):
        assert (tmp_path / name).read_text("utf-8") == plot.to_html()


def test_a_notebook_gets_a_frame_with_the_page_inside() -> None:
    plot = _plot.plot(full())
    bundle = plot._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == repr(plot) == "Plot(AAA 5m, 120 of 120 bars)"
    assert bundle["text/html"] == plot._repr_html_()
    (inner,) = re.findall(r'^<iframe srcdoc="([^"]*)"', bundle["text/html"])
    assert html.unescape(inner) == plot.to_html()
    assert "src=" not in bundle["text/html"]


def test_show_opens_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened: list[str] = []

    def browser(url: str) -> bool:
        opened.append(url)
        return len(opened) == 1

    monkeypatch.setattr("webbrowser.open", browser)
    plot = _plot.plot(bars())
    plot.show()
    (file,) = tmp_path.iterdir()
    assert opened == [file.as_uri()] and file.read_text("utf-8") == plot.to_html()
    with pytest.raises(RuntimeError, match=r"no browser could be started; the chart is in .*\.html"):
        plot.show()
