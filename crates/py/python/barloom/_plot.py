"""A table of bars as an interactive chart, offline: `out["5m"].plot()`.

Candles with what is measured in prices on top of them, volume below, and a pane for every other indicator.
Bars stand side by side: closed hours take no room. The figure is plotly's and complete without more; the page
that `Plot` writes around it adds what plotly has no option for: value axes that follow the bars in view, time
labels that follow the zoom, a crosshair over all panes, and a theme that follows the reader's.

Every page carries plotly's JavaScript, compressed, and asks the network for nothing.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import html
import itertools
import math
import operator
import os
import pathlib
import re
import tempfile
import webbrowser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from ._page import Theme, _FONT, _INSTALL, _STEPS, _least_height, _page, _plotly
from ._palette import _DARK, _LIGHT, _Palette

try:
    import numpy as np
    import numpy.typing as npt
except ImportError as missing:
    raise ImportError(_INSTALL) from missing

__all__ = ["Indicator", "Plot", "Table", "plot"]

_Floats: TypeAlias = "npt.NDArray[np.float64]"
_THEMES = ("auto", "light", "dark")


class Indicator(Protocol):
    """An indicator of a table."""

    @property
    def name(self) -> str:
        """As in `macd_12_26_9`."""

    @property
    def outputs(self) -> Sequence[str]:
        """Its columns, as in `macd_12_26_9.signal`; for an indicator of one output its own name."""

    @property
    def prices(self) -> Sequence[str]:
        """Those of its columns that are prices, which are drawn over the candles."""


class Table(Protocol):
    """What is drawn: bars of one interval and their indicators, the rows of a symbol in order of time."""

    @property
    def interval(self) -> str:
        """As in `5m`."""

    @property
    def symbols(self) -> Sequence[str]:
        """Every symbol of the table."""

    @property
    def column_names(self) -> Sequence[str]:
        """Bar columns, then indicator outputs."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """In the order in which they were asked for."""

    def __len__(self) -> int:
        """Rows."""

    def to_numpy(self, name: str, /) -> npt.NDArray[Any]:
        """A column of `len(self)` values: float64, NaN where null; times as datetime64[ns], UTC."""


# What the catalogue says of a scale and custom says of its levels: (lowest, highest, levels). Nothing is
# guessed for others.
_SCALES: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "rsi": (0.0, 100.0, (30.0, 70.0)),
    "mfi": (0.0, 100.0, (20.0, 80.0)),
    "stochastic": (0.0, 100.0, (20.0, 80.0)),
    "stochastic_fast": (0.0, 100.0, (20.0, 80.0)),
    "stoch_rsi": (0.0, 100.0, (20.0, 80.0)),
    "stoch_rsi_talib": (0.0, 100.0, (20.0, 80.0)),
    "ultimate": (0.0, 100.0, (30.0, 70.0)),
    "williams_r": (-100.0, 0.0, (-80.0, -20.0)),
}

_DASHES = ("solid", "dot", "dash", "dashdot", "longdash")

# Bars in view at first: about seven pixels each on a wide screen, so that a candle is one.
_IN_VIEW = 180
# Above the price pane, of what hovering tells; no other axis comes near this number.
_HOVER_AXIS = "y999"
# Sizes in pixels of the figure as made; a page stretches them.
_TOP, _PRICE, _VOLUME, _PANE, _GAP, _BOTTOM = 64, 400, 64, 118, 32, 36


def plot(
    table: Table,
    *,
    symbol: str | None = None,
    last: int = 1000,
    theme: Theme = "auto",
    indicators: Iterable[str] | None = None,
    volume: bool = True,
    title: str | None = None,
) -> Plot:
    """The newest bars of a symbol as a chart.

    Args:
        table: bars of one interval.
        symbol: which to draw; needed only where the table has several.
        last: at most so many bars, the newest ones, are put into the chart, so that a table of millions of
            rows is drawn as fast as a small one. A browser draws all of them anew after every move: with many
            thousands it is slow. The newest 180 are in view at first; the others come by dragging and
            zooming.
        theme: `"light"`, `"dark"`, or `"auto"`: what the notebook or the reader's browser is set to, also
            when that changes. `Plot.figure` is light with `"auto"`.
        indicators: names of indicators (`"macd_12_26_9"`) or of outputs (`"bbands_20_2.upper"`) to draw; none
            with `[]`. Without it all are drawn, except outputs that are no prices of indicators that are:
            `percent_b` of Bollinger bands is told when hovering, and drawn when named.
        volume: whether volume is drawn, where there is any.
        title: a line above the chart, plain text; the symbol and the interval if not given.

    Raises:
        ValueError: an unknown symbol, indicator or theme, no symbol where there are several, `last` below 1,
            no bars, or two bars of the symbol with one open time.
        ImportError: plotly is not installed.
    """
    go = _plotly("plotly.graph_objects")
    if theme not in _THEMES:
        raise ValueError(_unknown("theme", theme, _THEMES))
    last = operator.index(last)
    if last < 1:
        raise ValueError(f"last is {last}; at least 1 bar must be drawn")
    bars = _Bars.read(table, _symbol(table, symbol), last)
    chosen = _chosen(table.indicators, indicators)
    palette = _DARK if theme == "dark" else _LIGHT
    figure = go.Figure(_Chart(table, bars, palette).draw(chosen, volume, title))
    label = f"{bars.symbol} {table.interval}, {len(bars)} of {bars.total} bars".strip()
    return Plot(figure, theme, label)


class Plot:
    """A chart. In Jupyter it shows itself; elsewhere see `show` and `write_html`.

    Dragging moves it through time, the wheel zooms, a double click goes back, a click on a name hides its
    line.
    """

    figure: Any
    """The `plotly.graph_objects.Figure`, to be changed at will: pages show the changes.

    Bars stand at 0, 1, 2 … on the x axis and are named by their open times (`"2024-11-25 14:30 UTC"`).
    """

    def __init__(self, figure: Any, theme: Theme, label: str) -> None:
        self.figure = figure
        self._theme = theme
        self._label = label

    def __repr__(self) -> str:
        return f"Plot({self._label})"

    def to_html(self) -> str:
        """The chart as one page, some 2 MB, that needs no network: plotly's JavaScript is inside."""
        return _page(self.figure, self._theme, self._label)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Writes `to_html` to `path`, in UTF-8; what was there is replaced.

        Raises:
            OSError: the file can't be written.
        """
        pathlib.Path(path).write_text(self.to_html(), encoding="utf-8")

    def show(self) -> None:
        """Opens the chart in the browser, from a file that it leaves in the folder for temporary files.

        Raises:
            OSError: the file can't be written.
            RuntimeError: no browser could be started; the message names the file.
        """
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="barloom-", suffix=".html", delete=False
        ) as file:
            file.write(self.to_html())
        if not webbrowser.open(pathlib.Path(file.name).as_uri()):
            raise RuntimeError(f"no browser could be started; the chart is in {file.name}")

    def _repr_html_(self) -> str:
        # A frame keeps plotly and the page's styles away from the notebook's, and needs no extension:
        # JupyterLab, Notebook 7 and VS Code all run it. The document is an attribute, so that nothing is
        # fetched.
        height = _least_height(self.figure)
        return (
            f'<iframe srcdoc="{html.escape(self.to_html())}" title="{html.escape(self._label)}" '
            f'style="display:block;width:100%;height:{height}px;border:0"></iframe>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # No application/vnd.plotly.v1+json: a front end would prefer it, draw with whichever plotly it has
        # and leave out what the page adds.
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


@dataclass
class _Bars:
    """The rows that are drawn, oldest first: arrays of one length, prices in price units, NaN where null."""

    symbol: str
    total: int
    rows: npt.NDArray[np.intp]
    times: npt.NDArray[np.datetime64]
    labels: list[str]
    sessions: list[str]
    open: _Floats
    high: _Floats
    low: _Floats
    close: _Floats
    before: float

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def read(cls, table: Table, symbol: str, last: int) -> _Bars:
        """The newest `last` rows of `symbol`. Raises ValueError if there are none or two of one open time."""
        if len(table.symbols) > 1:
            every = np.flatnonzero(np.asarray(table.to_numpy("symbol")) == symbol)
        else:
            every = np.arange(len(table), dtype=np.intp)
        of = f" of {symbol}" if symbol else ""
        if not len(every):
            raise ValueError(f"no bars to draw: the table {table.interval} has no rows{of}")
        times = np.asarray(table.to_numpy("open_time")).astype("datetime64[ns]")[every]
        if np.any(times[1:] < times[:-1]):
            order = np.argsort(times, kind="stable")
            every, times = every[order], times[order]
        rows, times = every[-last:], times[-last:]
        twice = np.flatnonzero(times[1:] == times[:-1])
        labels = _labels(times)
        if len(twice):
            raise ValueError(f"two bars{of} open at {labels[int(twice[0])]}; a chart has room for one")
        column = functools.partial(_floats, table)
        close = column("close", every[-last - 1 :])
        return cls(
            symbol=symbol,
            total=len(every),
            rows=rows,
            times=times,
            labels=labels,
            sessions=[str(s) for s in np.asarray(table.to_numpy("session"))[rows]],
            open=column("open", rows),
            high=column("high", rows),
            low=column("low", rows),
            close=close[-len(rows) :],
            before=float(close[0]) if len(close) > len(rows) else math.nan,
        )


@dataclass(frozen=True)
class _Chosen:
    """Outputs of one indicator, drawn on a scale of their own, over the candles, or told only."""

    name: str
    pane: tuple[str, ...]
    overlay: tuple[str, ...]
    told: tuple[str, ...]


def _chosen(have: Sequence[Indicator], names: Iterable[str] | None) -> list[_Chosen]:
    """What is drawn of `have`. Raises ValueError for a name that is neither an indicator nor an output."""
    wanted: set[str] | None = None
    if names is not None:
        wanted = {names} if isinstance(names, str) else set(names)
        known = [i.name for i in have] + [o for i in have for o in i.outputs if o != i.name]
        for name in sorted(wanted):
            if name not in known:
                raise ValueError(_unknown("indicator", name, known))
    chosen = []
    for indicator in have:
        whole = wanted is None or indicator.name in wanted
        named = {o for o in indicator.outputs if wanted is not None and o in wanted and o != indicator.name}
        shown = [o for o in indicator.outputs if whole or o in named]
        if not shown:
            continue
        # A ratio over the candles would flatten them.
        other = [o for o in shown if o not in indicator.prices]
        told = [o for o in other if indicator.prices and o not in named]
        chosen.append(
            _Chosen(
                indicator.name,
                pane=tuple(o for o in other if o not in told),
                overlay=tuple(o for o in shown if o not in other),
                told=tuple(told),
            )
        )
    return chosen


def _symbol(table: Table, symbol: str | None) -> str:
    """The symbol to draw, "" where the table names none."""
    have = list(table.symbols)
    if symbol is not None:
        if symbol not in have:
            raise ValueError(_unknown("symbol", symbol, have))
        return symbol
    if len(have) > 1:
        # The first would be a chart of what nobody asked for.
        raise ValueError(f"the table has {len(have)} symbols, choose one with symbol=: {_listed(have)}")
    return have[0] if have else ""


class _Chart:
    """A figure in the making, as plain data: plotly checks it when it is done."""

    def __init__(self, table: Table, bars: _Bars, palette: _Palette) -> None:
        self.table = table
        self.bars = bars
        self.palette = palette
        self.traces: list[dict[str, Any]] = []
        self.shapes: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {}
        # Axes by plotly's name: what a page needs to let them follow the bars in view.
        self.follow: dict[str, dict[str, Any]] = {}
        first = max(0, len(bars) - _IN_VIEW)
        self.in_view = slice(first, len(bars))
        self.decimals = _decimals(np.concatenate([bars.open, bars.high, bars.low, bars.close]))
        # Beside the axis; prices that were adjusted have more decimals than there is room for.
        self.digits = min(self.decimals, max(2, _significant(bars.high) + 1))

    def draw(self, chosen: Sequence[_Chosen], volume: bool, title: str | None) -> dict[str, Any]:
        """The figure."""
        amounts = self.column("volume")
        volume = volume and bool(np.any(amounts > 0.0))
        oscillators = [c for c in chosen if c.pane]
        heights = [_PRICE] + [_VOLUME] * volume + [_PANE] * len(oscillators)
        domains = _domains(heights)
        self.price_pane(chosen, domains[0])
        if volume:
            self.volume_pane(amounts, domains[1])
        for k, indicator in enumerate(oscillators, start=1 + volume):
            self.pane(indicator, f"{k + 1}", domains[k])
        self.hover(chosen, amounts)
        self.sessions()
        height = _TOP + sum(heights) + _GAP * (len(heights) - 1) + _BOTTOM
        self.frame(title, height)
        layout = self.layout | {"shapes": self.shapes, "annotations": self.annotations}
        return {"data": self.traces, "layout": layout}

    def column(self, name: str) -> _Floats:
        """A column at the bars that are drawn; all NaN if the table does not have it."""
        if name not in self.table.column_names:
            return np.full(len(self.bars), np.nan)
        return _floats(self.table, name, self.bars.rows)

    def price_pane(self, chosen: Sequence[_Chosen], domain: tuple[float, float]) -> None:
        """Bands, then candles, then lines on top of them."""
        bars, palette = self.bars, self.palette
        lines: list[dict[str, Any]] = []
        drawn: list[_Floats] = []
        for k, indicator in enumerate(c for c in chosen if c.overlay):
            values = {o: self.column(o) for o in indicator.overlay}
            upper, lower = (values.get(f"{indicator.name}.{side}") for side in ("upper", "lower"))
            if upper is not None and lower is not None:
                self.traces.append(self.band(indicator.name, upper, lower, palette.fill(k)))
            for j, (output, y) in enumerate(values.items()):
                drawn.append(y)
                line = self.series(output, y)
                style = {"color": palette.line(k), "width": 1.4, "dash": "solid"}
                if upper is not None and lower is not None:
                    edge = output.endswith((".upper", ".lower"))
                    style |= {"width": 1.0} if edge else {"dash": "dot"}
                else:
                    style |= {"dash": _DASHES[j % len(_DASHES)]}
                if output.startswith("pivot_points"):
                    style |= {"shape": "hv"}
                line |= {
                    "line": style,
                    "marker": {"color": palette.line(k), "size": 4},
                    "name": indicator.name,
                    "legendgroup": indicator.name,
                    "showlegend": j == 0,
                }
                lines.append(line)
        self.traces.append(self.candles())
        self.traces += lines
        bounds = _range(drawn, self.in_view, 0.06, core=[bars.high, bars.low])
        self.axis("yaxis", domain, bounds, nticks=9, tickformat=f",.{self.digits}f")
        self.follow["yaxis"] = {"pad": 0.06}
        self.legend("legend", domain[1])
        self.last_price()

    def candles(self) -> dict[str, Any]:
        """The bars."""
        bars, palette = self.bars, self.palette
        return {
            "type": "candlestick",
            "name": bars.symbol or "price",
            "x": bars.labels,
            "open": bars.open,
            "high": bars.high,
            "low": bars.low,
            "close": bars.close,
            "increasing": {"line": {"color": palette.up, "width": 1}, "fillcolor": palette.up},
            "decreasing": {"line": {"color": palette.down, "width": 1}, "fillcolor": palette.down},
            "whiskerwidth": 0,
            "hoverinfo": "skip",
            "showlegend": False,
            "yaxis": "y",
        }

    def hover(self, chosen: Sequence[_Chosen], amounts: _Floats) -> None:
        """One unseen point above every bar that tells all of it, whichever pane the pointer is in.

        Left to themselves the traces would each tell of the nearest bar at which they have a value, and where
        one has none that is another bar's.
        """
        bars, palette, d = self.bars, self.palette, self.decimals
        texts: list[list[str]] = []

        def value(values: _Floats, decimals: int, colour: str = "") -> str:
            texts.append(_written(values, decimals))
            text = f"<b>%{{customdata[{len(texts) - 1}]}}</b>"
            return f'<span style="color:{colour}">{text}</span>' if colour else text

        before = np.concatenate([[bars.before], bars.close[:-1]])
        change = 100.0 * (bars.close / np.where(before == 0.0, np.nan, before) - 1.0)
        prices = (("O", bars.open), ("H", bars.high), ("L", bars.low), ("C", bars.close))
        lines = ["   ".join(f"{name} {value(v, d)}" for name, v in prices), f"change {value(change, 2)} %"]
        for name, values, decimals in (
            ("volume", amounts, _decimals(amounts, most=4)),
            ("vwap", self.column("vwap"), max(d, 2)),
            ("trades", self.column("trade_count"), 0),
        ):
            if np.any(np.isfinite(values)):
                lines.append(f"{name} {value(values, decimals)}")
        over = 0
        for indicator in chosen:
            pairs = []
            for output in (*indicator.overlay, *indicator.told, *indicator.pane):
                values = self.column(output)
                if output in indicator.overlay:
                    colour, decimals = palette.line(over), max(d, 2)
                else:
                    drawn = output in indicator.pane and not _is_histogram(indicator.name, output)
                    colour = palette.line(indicator.pane.index(output)) if drawn else ""
                    decimals = _significant(values)
                short = output.removeprefix(f"{indicator.name}.") if output != indicator.name else ""
                pairs.append(f"{html.escape(short)} {value(values, decimals, colour)}".strip())
            over += bool(indicator.overlay)
            # Pairs of many outputs go below each other, three a line.
            rows = ["   ".join(pairs[k : k + 3]) for k in range(0, len(pairs), 3)]
            name = html.escape(indicator.name)
            lines.append(f"{name}   {rows[0]}" if len(pairs) < 3 else "<br>   ".join([name, *rows]))
        texts.append(self.remarks())
        falling = bars.close < bars.open
        self.traces.append(
            {
                "type": "scatter",
                "name": "",
                "x": bars.labels,
                # Beyond the top of its axis, which puts the box at the top of the pane and the point out of
                # sight.
                "y": [2] * len(bars),
                "mode": "markers",
                "marker": {
                    "size": 10,
                    "symbol": "square",
                    "color": [palette.down if down else palette.up for down in falling],
                },
                "customdata": [list(row) for row in zip(*texts, strict=True)],
                "hovertemplate": "<br>".join(lines) + f"%{{customdata[{len(texts) - 1}]}}<extra></extra>",
                "showlegend": False,
                "yaxis": _HOVER_AXIS,
            }
        )
        self.layout[_HOVER_AXIS.replace("y", "yaxis")] = {
            "overlaying": "y",
            "range": [0, 1],
            "fixedrange": True,
            "visible": False,
        }

    def remarks(self) -> list[str]:
        """For each bar what is unusual: base bars that are missing, a session of another date."""
        bars = self.bars
        base, expected = self.column("n_base"), self.column("n_expected")
        remarks = []
        for i, session in enumerate(bars.sessions):
            lines = [f"<br>{base[i]:.0f} of {expected[i]:.0f} base bars"] if base[i] < expected[i] else []
            if session != bars.labels[i][:10]:
                lines.append(f"<br>session {html.escape(session)}")
            remarks.append("".join(lines))
        return remarks

    def last_price(self) -> None:
        """The newest close, across the pane and beside the axis."""
        bars, palette = self.bars, self.palette
        known = np.flatnonzero(np.isfinite(bars.close))
        if not len(known):
            return
        value = float(bars.close[known[-1]])
        colour = palette.down if value < bars.open[known[-1]] else palette.up
        self.shapes.append(_line(colour, x0=0, x1=1, xref="paper", y0=value, y1=value, yref="y", dash="dot"))
        self.annotations.append(
            {
                "text": f"<b>{value:,.{self.digits}f}</b>",
                "x": 1,
                "xref": "paper",
                "xanchor": "left",
                "y": value,
                "yref": "y",
                "yanchor": "middle",
                "showarrow": False,
                "bgcolor": colour,
                "bordercolor": colour,
                "borderpad": 3,
                "xshift": 3,
                "font": {"color": palette.on_candle, "size": 11},
            }
        )

    def volume_pane(self, amounts: _Floats, domain: tuple[float, float]) -> None:
        """Faint bars in the colours of the candles."""
        rising = self.bars.close >= self.bars.open
        colours = [self.palette.up_faint if up else self.palette.down_faint for up in rising]
        trace = self.bar("volume", amounts, colours, "y2")
        self.traces.append(trace | {"showlegend": False})
        low, high = _range([amounts], self.in_view, 0.08, floor=0.0)
        self.axis("yaxis2", domain, (low, high), nticks=3)
        self.follow["yaxis2"] = {"pad": 0.08, "floor": 0}
        self.annotations.append(
            {
                "text": "volume",
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": domain[1],
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"color": self.palette.muted, "size": 11},
            }
        )

    def pane(self, indicator: _Chosen, number: str, domain: tuple[float, float]) -> None:
        """An indicator on its own scale."""
        palette, axis = self.palette, f"yaxis{number}"
        values = {o: self.column(o) for o in indicator.pane}
        every = list(values.values())
        # Bars first, so that lines lie on top of them; colours by place, so that a line keeps its own.
        for output in sorted(values, key=lambda o: not _is_histogram(indicator.name, o)):
            y = values[output]
            if _is_histogram(indicator.name, output):
                colours = [palette.down if v < 0.0 else palette.up for v in y]
                trace = self.bar(output, y, colours, f"y{number}")
            else:
                colour = palette.line(indicator.pane.index(output))
                trace = self.series(output, y) | {
                    "line": {"color": colour, "width": 1.4},
                    "marker": {"color": colour, "size": 4},
                    "yaxis": f"y{number}",
                }
            place = indicator.pane.index(output)
            self.traces.append(
                trace
                | {
                    # The indicator is named once.
                    "name": output.rpartition(".")[2] if place else output,
                    "legend": f"legend{number}",
                    "legendrank": 1000 + place,
                    "showlegend": True,
                }
            )
        self.legend(f"legend{number}", domain[1])
        scale = _scale(indicator.name, every)
        if scale is not None:
            low, high, levels = scale
            self.axis(axis, domain, (low, high), tickvals=[*levels], showgrid=False)
            self.shapes += [self.level(number, v) for v in levels]
            return
        bars = [y for o, y in values.items() if _is_histogram(indicator.name, o)]
        self.axis(axis, domain, _range([*every, *(b * 0.0 for b in bars)], self.in_view, 0.08), nticks=4)
        self.follow[axis] = {"pad": 0.08}
        known = np.concatenate(every)
        if np.any(known < 0.0) and np.any(known > 0.0):
            self.shapes.append(self.level(number, 0.0))

    def series(self, output: str, y: _Floats) -> dict[str, Any]:
        """A line, broken where there is no value; dots where values stand alone: a line would hide them."""
        known = np.isfinite(y)
        beside = np.zeros_like(known)
        beside[1:] |= known[:-1]
        beside[:-1] |= known[1:]
        alone = bool(np.any(known)) and np.count_nonzero(known & ~beside) * 2 > np.count_nonzero(known)
        return {
            "type": "scatter",
            "x": self.bars.labels,
            "y": y,
            "mode": "markers" if alone or _base(output, ("sar",)) else "lines",
            "connectgaps": False,
            "hoverinfo": "skip",
            "yaxis": "y",
        }

    def bar(self, output: str, y: _Floats, colours: list[str], axis: str) -> dict[str, Any]:
        """Bars from 0, a colour each; none where there is no value."""
        return {
            "type": "bar",
            "name": output,
            "x": self.bars.labels,
            "y": y,
            "marker": {"color": colours, "line": {"width": 0}},
            "hoverinfo": "skip",
            "yaxis": axis,
        }

    def band(self, name: str, upper: _Floats, lower: _Floats, colour: str) -> dict[str, Any]:
        """The area between two lines, a piece for each stretch in which both have values."""
        labels = self.bars.labels
        x: list[str | None] = []
        y: list[float | None] = []
        for start, end in _stretches(np.isfinite(upper) & np.isfinite(lower)):
            x += [*labels[start:end], *reversed(labels[start:end]), None]
            y += [*upper[start:end].tolist(), *reversed(lower[start:end].tolist()), None]
        return {
            "type": "scatter",
            "name": name,
            "legendgroup": name,
            "showlegend": False,
            "x": x,
            "y": y,
            "mode": "lines",
            "line": {"width": 0},
            "fill": "toself",
            "fillcolor": colour,
            "hoverinfo": "skip",
            "yaxis": "y",
        }

    def level(self, number: str, value: float) -> dict[str, Any]:
        """A line of reference across a pane."""
        return _line(
            self.palette.guide, x0=0, x1=1, xref="paper", y0=value, y1=value, yref=f"y{number}", dash="dash"
        )

    def sessions(self) -> None:
        """A line before the first bar of every session, where sessions are stretches of bars and not bars."""
        sessions = self.bars.sessions
        starts = [i for i in range(1, len(sessions)) if sessions[i] != sessions[i - 1]]
        if len(starts) * 6 > len(sessions):
            return
        colour = self.palette.session
        # Far back the lines would stand as close as bars, and each costs the browser time.
        for i in starts[-200:]:
            self.shapes.append(
                _line(colour, x0=i - 0.5, x1=i - 0.5, xref="x", y0=0, y1=1, yref="paper", dash="dot")
            )

    def axis(self, name: str, domain: tuple[float, float], bounds: tuple[float, float], **more: Any) -> None:
        """A value axis, to the right, of the pane at `domain`."""
        palette = self.palette
        self.layout[name] = {
            "domain": list(domain),
            "range": list(bounds),
            "side": "right",
            "anchor": "x",
            "separatethousands": True,
            "exponentformat": "B",
            "gridcolor": palette.grid,
            "zeroline": False,
            "showline": False,
            "ticks": "",
            "tickfont": {"color": palette.muted, "size": 11},
        } | more

    def legend(self, name: str, y: float) -> None:
        """Names above a pane, outside of it, so that they never cover a bar."""
        self.layout[name] = {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": y,
            "yanchor": "bottom",
            "yref": "paper",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"color": self.palette.muted, "size": 11},
            # "grouped", which groups bring about, would leave gaps between the lines of the hover too.
            "traceorder": "normal",
            "itemwidth": 30,
        }

    def frame(self, title: str | None, height: int) -> None:
        """Everything that is not a pane."""
        bars, palette, n = self.bars, self.palette, len(self.bars)
        ticks = _ticks(bars.times, bars.sessions)
        # A few bars would otherwise be as wide as the screen; some room is left to the right of the newest.
        shown = max(self.in_view.stop - self.in_view.start, 30)
        right = n - 0.5 + max(2.0, shown * 0.02)
        left = n - 0.5 - shown
        room = max(5.0, n * 0.05)
        apart = shown / 12.0
        if shown >= n:
            # All are in view: room for the label of the first.
            left -= apart * 0.5
        labelled = _spaced(ticks, max(0, math.ceil(left + apart * 0.4)), n, apart)
        head = title if title is not None else f"{bars.symbol} · {self.table.interval}".removeprefix(" · ")
        count = f"{n:,} of {bars.total:,}" if n < bars.total else f"{n:,}"
        note = f"{count} bar{'s' * (bars.total != 1)} · UTC"
        small = f'<span style="font-size:11px;color:{palette.muted}">{note}</span>'
        self.layout |= {
            "template": {"layout": {}},
            "height": height,
            "paper_bgcolor": palette.background,
            "plot_bgcolor": palette.background,
            "font": {"family": _FONT, "size": 12, "color": palette.text},
            "margin": {"l": 14, "r": 74, "t": _TOP, "b": _BOTTOM, "pad": 0},
            "title": {
                "text": f"<b>{html.escape(head)}</b>   {small}",
                "font": {"size": 16, "color": palette.text},
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 12, "l": 2},
            },
            "xaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": bars.labels,
                "range": [left, right],
                "minallowed": min(left, -0.5) - room,
                "maxallowed": n - 0.5 + max(5.0, shown * 0.15),
                # All panes share this one axis: that is what lets one hover tell of all of them.
                "anchor": "free",
                "position": 0,
                "tickmode": "array",
                "tickvals": labelled,
                "ticktext": [ticks["names"][i] for i in labelled],
                "tickangle": 0,
                "ticks": "outside",
                "ticklen": 4,
                "tickcolor": palette.session,
                "tickfont": {"color": palette.muted, "size": 11},
                "showline": True,
                "linecolor": palette.session,
                "showgrid": True,
                "gridcolor": palette.grid,
                "zeroline": False,
                "rangeslider": {"visible": False},
                # Without it a bar with a label below would be called by that, as in "06:00".
                "unifiedhovertitle": {"text": "<b>%{x}</b>"},
            },
            "bargap": 0.25,
            # Bars of one pane at one place, not beside each other.
            "barmode": "overlay",
            "dragmode": "pan",
            "hovermode": "x unified",
            "hoversubplots": "axis",
            "hoverdistance": -1,
            "hoverlabel": {
                "bgcolor": palette.panel,
                "bordercolor": palette.border,
                "font": {"color": palette.text, "size": 11, "family": _FONT},
                "align": "left",
                "namelength": -1,
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": palette.muted,
                "activecolor": palette.text,
                "orientation": "h",
            },
            "showlegend": True,
            "uirevision": "barloom",
            "meta": {"barloom": {"ticks": ticks, "follow": self.follow}},
        }


def _floats(table: Table, name: str, rows: npt.NDArray[np.intp]) -> _Floats:
    """A column at `rows` as float64; what is infinite is no value to draw either."""
    values = np.asarray(table.to_numpy(name))[rows].astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _labels(times: npt.NDArray[np.datetime64]) -> list[str]:
    """Open times as a reader writes them, seconds only where some bar has them."""
    whole = bool(np.all(times == times.astype("datetime64[m]")))
    texts = np.datetime_as_string(times, unit="m" if whole else "s")
    return [f"{t.replace('T', ' ')} UTC" for t in texts.tolist()]


def _ticks(times: npt.NDArray[np.datetime64], sessions: Sequence[str]) -> dict[str, Any]:
    """What labels below the bars are made of, at any zoom.

    `names`: a label for each bar; `ranks`: 4 for the first bar of a year, 3 of a month, 2 of a week, 1 of a
    session, 0 within; `seconds`: open times since 1970; `bar`: the usual seconds from one to the next.
    """
    seconds: list[int] = times.astype("datetime64[s]").astype(np.int64).tolist()
    moments = [dt.datetime.fromtimestamp(s, dt.UTC) for s in seconds]
    days = [_day(session, moment) for session, moment in zip(sessions, moments, strict=True)]
    intraday = any(a == b for a, b in itertools.pairwise(sessions))
    ranks, names = [], []
    for i, (day, moment) in enumerate(zip(days, moments, strict=True)):
        previous = days[i - 1] if i else None
        name = f"{day:%a} {day.day} {day:%b}" if intraday else f"{day.day} {day:%b}"
        if previous is None or day.year != previous.year:
            rank, name = 4, f"{name} {day.year}" if intraday or previous is None else f"{day.year}"
        elif day.month != previous.month:
            rank, name = 3, name if intraday else f"{day:%b}"
        elif sessions[i] != sessions[i - 1] or not intraday:
            rank = 2 if day.isocalendar()[1] != previous.isocalendar()[1] else 1
        else:
            rank, name = 0, f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
        ranks.append(rank)
        names.append(f"<b>{name}</b>" if rank >= (1 if intraday else 3) else name)
    bar = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 60.0
    return {"names": names, "ranks": ranks, "seconds": seconds, "bar": bar}


def _day(session: str, moment: dt.datetime) -> dt.date:
    """The date that names a session (of a week its Monday), overnight not the UTC date at which it opens."""
    try:
        return dt.date.fromisoformat(f"{session}-01" if re.fullmatch(r"\d{4}-\d\d", session) else session)
    except ValueError:
        return moment.date()


def _spaced(ticks: dict[str, Any], start: int, end: int, apart: float) -> list[int]:
    """Bars of `start..end` to label, no two nearer than `apart` bars: high ranks first, then round times.

    The page's `spaced` is the same.
    """
    ranks, seconds = ticks["ranks"], ticks["seconds"]
    step = next((s for s in _STEPS if s >= apart * ticks["bar"]), math.inf)
    taken: list[int] = []
    for i in sorted(range(start, end), key=lambda i: (-ranks[i], i)):
        # A boundary counts where it is crossed: a bar need not open on it.
        marked = ranks[i] or seconds[i] // step != seconds[i - 1] // step
        if marked and all(abs(i - other) >= apart for other in taken):
            taken.append(i)
    return sorted(taken)


def _domains(heights: Sequence[int]) -> list[tuple[float, float]]:
    """Panes of these heights, in pixels, from the top of the plot: (lower end, upper end) as shares of it."""
    whole = sum(heights) + _GAP * (len(heights) - 1)
    domains, top = [], float(whole)
    for height in heights:
        domains.append(((top - height) / whole, top / whole))
        top -= height + _GAP
    return [(max(0.0, low), high) for low, high in domains]


def _range(
    values: Sequence[_Floats],
    in_view: slice,
    pad: float,
    *,
    floor: float | None = None,
    core: Sequence[_Floats] = (),
) -> tuple[float, float]:
    """The values in view with `pad` of their span to spare, from `floor` if given.

    Of values far from the `core` only so much is shown that the core keeps a third of the axis: a line that
    runs far away would flatten the candles. The page's `span` is the same.
    """

    def ends(some: Sequence[_Floats]) -> tuple[float, float] | None:
        seen = np.concatenate([v[in_view] for v in some])
        seen = seen[np.isfinite(seen)]
        return (float(seen.min()), float(seen.max())) if len(seen) else None

    both = ends([*values, *core])
    if both is None:
        return (0.0, 1.0)
    low, high = (both[0] if floor is None else floor), both[1]
    kept = ends(core) if core else None
    if kept is not None and kept[1] > kept[0]:
        span = kept[1] - kept[0]
        low, high = max(low, kept[0] - span), min(high, kept[1] + span)
    spare = (high - low) * pad or abs(high) * 0.01 or 1.0
    return (low - spare if floor is None else floor, high + spare)


def _stretches(known: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches of True, as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _written(values: _Floats, decimals: int) -> list[str]:
    """Values to read, a dash for none."""
    texts = (f"{v:,.{decimals}f}" if math.isfinite(v) else "\N{EN DASH}" for v in values.tolist())
    return [t.replace("-", "\N{MINUS SIGN}") for t in texts]


def _decimals(values: _Floats, most: int = 8) -> int:
    """How many decimals the values are written with."""
    known = values[np.isfinite(values)]
    for d in range(most):
        if np.allclose(np.round(known, d), known, rtol=1e-12, atol=10.0 ** -(most + 2)):
            return d
    return most


def _significant(values: _Floats) -> int:
    """Decimals for four digits of the largest value, and two at least where it is not large."""
    known = np.abs(values[np.isfinite(values)])
    largest = float(known.max()) if len(known) else 0.0
    if largest <= 0.0:
        return 2
    return min(max(3 - math.floor(math.log10(largest)), 2 if largest < 1e5 else 0), 10)


def _base(name: str, known: Iterable[str]) -> str | None:
    """Which of the catalogue's names `known` an indicator goes by: `rsi` for `rsi_14`."""
    return max((k for k in known if name == k or re.match(rf"{k}[_.]\d", name)), key=len, default=None)


def _is_histogram(indicator: str, output: str) -> bool:
    """Whether an output is drawn as bars by custom."""
    return output.endswith(".histogram") or _base(indicator, ("awesome",)) is not None


def _scale(name: str, values: Sequence[_Floats]) -> tuple[float, float, tuple[float, ...]] | None:
    """The scale of an oscillator that has one, unless a value lies outside: then the name means another."""
    base = _base(name, _SCALES)
    if base is None:
        return None
    low, high, levels = _SCALES[base]
    slack = 1e-9 * (high - low)
    outside = any(bool(np.any((v < low - slack) | (v > high + slack))) for v in values)
    return None if outside else (low, high, levels)


def _line(colour: str, *, dash: str, **place: Any) -> dict[str, Any]:
    return {"type": "line", "layer": "below", "line": {"color": colour, "width": 1, "dash": dash}, **place}


def _unknown(what: str, got: object, allowed: Sequence[str]) -> str:
    """What was got, what is allowed, and the nearest word."""
    near = difflib.get_close_matches(str(got), allowed, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f'unknown {what} "{got}", there is {_listed(allowed)}{hint}'


def _listed(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + rest
