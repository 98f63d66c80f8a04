"""Barloom: one-minute bars in, every timeframe and every indicator out.

A closed bar is the only bar you can see, and any number can be reproduced bit for bit. This package is the engine of the
command line and of Rust; no rule is made here.

>>> import barloom as bl
>>> out = bl.derive("bars.parquet", intervals=["1m", "5m", "1h"], indicators=["rsi:14@5m"], calendar="XNYS")  # doctest: +SKIP
>>> out["5m"].to_polars()  # doctest: +SKIP
>>> out.align("1m").to_pandas()  # doctest: +SKIP
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ._barloom import (
    Bar,
    BarEvent,
    DataError,
    Events,
    Indicator,
    IndicatorEvent,
    Output,
    OverrunError,
    Replay,
    SeriesBars,
    Table,
    View,
    WarningEvent,
    __version__,
    _Engine,
    _saved_session,
    _Session,
)
from ._barloom import derive as _derive

__all__ = [
    "Bar",
    "BarEvent",
    "DataError",
    "Engine",
    "Events",
    "Indicator",
    "IndicatorEvent",
    "Output",
    "OverrunError",
    "Own",
    "Replay",
    "SeriesBars",
    "Session",
    "Table",
    "View",
    "WarningEvent",
    "__version__",
    "derive",
]


@dataclass(frozen=True)
class Own:
    """An indicator of one's own, for ``indicators``. Slow: each bar of its intervals is a call into Python.

    ``make()`` gives a new one for each symbol: an object with ``update(bar: Bar)``, which takes closed bars in their order and
    returns a number, None where there is no value, or a sequence with one of those for each of ``outputs``.

    >>> import barloom as bl
    >>> class Spread:
    ...     def update(self, bar: bl.Bar) -> float:
    ...         return bar.high - bar.low
    >>> session = bl.Session("5m", ["rsi:14", bl.Own("spread", Spread)])

    Its columns are called ``name``, or ``name.output``. ``interval`` is the one that it is on; all where it is None. ``first`` is the
    number of the bar with its first value, ``settled`` that from which its start does not matter, None where it always does. What
    ``update`` raises ends what it is part of, and comes out there.
    """

    name: str
    make: Callable[[], Any]
    interval: str | None = None
    outputs: Sequence[str] = ()
    first: int = 1
    settled: int | None = None


_Specs = str | Own | Sequence[str | Own]
_Callback = TypeVar("_Callback", bound=Callable[[Any], object])


def derive(
    data: Any,
    intervals: str | Sequence[str],
    indicators: _Specs = (),
    *,
    calendar: str | None = None,
    overlay: str | os.PathLike[str] | None = None,
    hours: str = "regular",
    align: str = "session",
    policy: str | Sequence[str] = (),
    min_coverage: float | str | Sequence[float | str] = (),
    stub: str = "emit",
    stamp: str | None = None,
    tz: str | None = None,
    late: str = "drop",
    grace: str = "0s",
    flush_on_stop: bool = False,
    base: str | None = None,
    on_invalid: str = "reject",
    symbol: str | None = None,
    publisher: int | None = None,
    adjustments: str | os.PathLike[str] | None = None,
    sort: bool = False,
) -> Output:
    """Derive longer bars, and indicators on them, from base bars: ``barloom derive`` on tables in memory or files.

    ``data`` is a table with the Arrow PyCapsule interface (polars, pyarrow, pandas 3, DuckDB), a path, folder or pattern,
    or a sequence of those, read in this order. Its columns go by name as in a file: ``timestamp`` or its kin, ``open``,
    ``high``, ``low``, ``close``, and where they are there ``symbol``, ``volume``, ``vwap``, ``trade_count``; times are of
    any unit, and without a zone ask for ``tz``. Columns of float64 and nanoseconds are read where they lie.

    The other arguments are the command line's flags with their meanings and defaults. What the data does not say of itself
    is asked for, never guessed: ``stamp`` ("open" or "close"), ``tz``, ``symbol``.

    Returns the tables by interval, ``out["5m"]``, with ``out.warnings``, ``out.rejects`` and ``out.summary``.

    Raises ValueError for arguments that do not hold together or something that must be stated; DataError, a ValueError, for
    rows that no run can read; OSError for files; TypeError for data that is no table.
    """
    fields, own = _fields(
        intervals,
        indicators,
        calendar=calendar,
        overlay=overlay,
        hours=hours,
        align=align,
        policy=policy,
        min_coverage=min_coverage,
        stub=stub,
        stamp=stamp,
        tz=tz,
        late=late,
        grace=grace,
        flush_on_stop=flush_on_stop,
        base=base,
        on_invalid=on_invalid,
        symbol=symbol,
        publisher=publisher,
        adjustments=adjustments,
    )
    return _derive(_sources(data), fields, own, sort)


class Session(_Session):
    """Bars as they come, and what each step tells: ``barloom stream`` without the text.

    >>> import barloom as bl
    >>> session = bl.Session(["1m", "5m"], ["rsi:14@5m"], calendar="XNYS")
    >>> opens = 1_732_631_400_000_000_000  # 2024-11-26T14:30:00Z
    >>> for minute in range(5):
    ...     events = session.push("AAPL", opens + minute * 60_000_000_000, 100.0, 101.0, 99.0, 100.5, 10.0)
    >>> [event.interval for event in events]
    ['1m', '5m']
    >>> session.bars("AAPL", "1m").close.tolist()
    [100.5, 100.5, 100.5, 100.5, 100.5]

    The arguments are those of :func:`derive`; ``stamp`` is "open" where it is not stated. ``clock`` says what moves the clock, and so
    closes bars whose minutes did not all come: "bars", as over files, a later bar moves it to the close of those before; "advance",
    :meth:`advance` alone, as a live feed has it.

    Raises ValueError for arguments that do not hold together.
    """

    def __new__(
        cls,
        intervals: str | Sequence[str],
        indicators: _Specs = (),
        *,
        clock: str = "bars",
        calendar: str | None = None,
        overlay: str | os.PathLike[str] | None = None,
        hours: str = "regular",
        align: str = "session",
        policy: str | Sequence[str] = (),
        min_coverage: float | str | Sequence[float | str] = (),
        stub: str = "emit",
        stamp: str | None = None,
        tz: str | None = None,
        late: str = "drop",
        grace: str = "0s",
        flush_on_stop: bool = False,
        base: str | None = None,
        on_invalid: str = "reject",
        symbol: str | None = None,
        adjustments: str | os.PathLike[str] | None = None,
    ) -> Session:
        """A session without bars."""
        fields, own = _fields(
            intervals,
            indicators,
            calendar=calendar,
            overlay=overlay,
            hours=hours,
            align=align,
            policy=policy,
            min_coverage=min_coverage,
            stub=stub,
            stamp=stamp,
            tz=tz,
            late=late,
            grace=grace,
            flush_on_stop=flush_on_stop,
            base=base,
            on_invalid=on_invalid,
            symbol=symbol,
            adjustments=adjustments,
        )
        return super().__new__(cls, fields, own, clock)

    def on(
        self, interval: str, indicator: str | None = None, *, symbol: str | None = None
    ) -> Callable[[_Callback], _Callback]:
        """Call what this decorates with every bar of ``interval``, or with what ``indicator`` says of it.

        >>> import barloom as bl
        >>> session = bl.Session("5m", "rsi:14")
        >>> @session.on("5m", "rsi_14")
        ... def oversold(event: bl.IndicatorEvent) -> None:
        ...     print(event.symbol, event.value)

        What it raises comes out of the push that told it; the step is computed and published all the same. Inside, read with
        :meth:`bars`; pushing there is a RuntimeError. With callbacks, pushes return warnings alone.

        Raises KeyError or ValueError for an interval or indicator that the session does not have.
        """

        def register(callback: _Callback) -> _Callback:
            self.subscribe(interval, indicator, symbol, callback)
            return callback

        return register

    @classmethod
    def restore(cls, saved: bytes, indicators: Own | Sequence[Own] = ()) -> Session:
        """The session that :meth:`save` gave the bytes of: it goes on bit for bit, here or on another machine.

        >>> import barloom as bl
        >>> session = bl.Session("5m", "rsi:14", calendar="XNYS")
        >>> again = bl.Session.restore(session.save())

        Its arguments are in the bytes, but for indicators in Python, which are given once more in ``indicators``: their state is read by pickle,
        so restore such sessions only from those whom you trust. Callbacks are registered anew. An overlay or adjustments are read from their
        files again.

        Raises DataError for bytes that are damaged, of a newer version, or of other indicators.
        """
        fields, clock = _saved_session(saved)
        own = [indicators] if isinstance(indicators, Own) else list(indicators)
        session = super().__new__(cls, fields, own, clock)
        session._take(saved)
        return session

    def push_table(self, data: Any) -> Events:
        """Push the rows of a table, a path, or several of them in their order; see :func:`derive` for what a table is."""
        return super().push_table(_sources(data))

    def replay(self, data: Any) -> Replay:
        """The events of ``data`` one by one: ``for event in session.replay(table)``, or ``async for``. The input ends behind it."""
        return super().replay(_sources(data))


class Engine(_Engine):
    """A run with strategies on the real engine: ``barloom run`` on tables in memory or files.

    >>> import barloom as bl
    >>> engine = bl.Engine(["5m", "1h"], ["rsi:14@5m"], calendar="XNYS")
    >>> @engine.on("5m", "rsi_14")
    ... def oversold(event: bl.IndicatorEvent, view: bl.View) -> None:
    ...     if event.value is not None and event.value < 30 and len(view.bars(event.symbol, "1h")):
    ...         print(event.symbol, view.bars(event.symbol, "1h").close[-1])
    >>> out = engine.run("bars.parquet")  # doctest: +SKIP

    The arguments are those of :func:`derive` and further fields of a session file: ``start`` and ``end`` of what is told,
    ``origin`` ("run", or "sessions:5"), ``speed`` (trading time over wall time; 0 is as fast as it goes), ``on_overrun`` ("warn", or
    "error"), ``runtime``, ``workers``.

    Raises ValueError for arguments that do not hold together.
    """

    def __new__(
        cls,
        intervals: str | Sequence[str],
        indicators: _Specs = (),
        *,
        start: str | None = None,
        end: str | None = None,
        origin: str = "run",
        speed: float = 0,
        on_overrun: str = "warn",
        runtime: str = "auto",
        workers: int | None = None,
        calendar: str | None = None,
        overlay: str | os.PathLike[str] | None = None,
        hours: str = "regular",
        align: str = "session",
        policy: str | Sequence[str] = (),
        min_coverage: float | str | Sequence[float | str] = (),
        stub: str = "emit",
        stamp: str | None = None,
        tz: str | None = None,
        late: str = "drop",
        grace: str = "0s",
        flush_on_stop: bool = False,
        base: str | None = None,
        on_invalid: str = "reject",
        symbol: str | None = None,
        publisher: int | None = None,
        adjustments: str | os.PathLike[str] | None = None,
    ) -> Engine:
        """An engine without strategies."""
        fields, own = _fields(
            intervals,
            indicators,
            start=start,
            end=end,
            origin=origin,
            speed=speed,
            on_overrun=on_overrun,
            runtime=runtime,
            workers=workers,
            calendar=calendar,
            overlay=overlay,
            hours=hours,
            align=align,
            policy=policy,
            min_coverage=min_coverage,
            stub=stub,
            stamp=stamp,
            tz=tz,
            late=late,
            grace=grace,
            flush_on_stop=flush_on_stop,
            base=base,
            on_invalid=on_invalid,
            symbol=symbol,
            publisher=publisher,
            adjustments=adjustments,
        )
        return super().__new__(cls, fields, own)

    def on(
        self, interval: str, indicator: str | None = None, *, symbol: str | None = None
    ) -> Callable[[_Callback], _Callback]:
        """Call what this decorates as ``callback(event, view)`` with every bar of ``interval``, or with what ``indicator`` says of it.

        ``view`` shows closed bars as of the event's step and nothing after it. The engine waits for the callback; with a ``speed``, who
        is not done when the next step is due is an overrun: counted in ``out.summary["overruns"]``, listed in ``out.overruns``, and with
        on_overrun="error" an OverrunError. What it raises ends the run and comes out of :meth:`run`.

        Raises KeyError or ValueError for an interval or indicator that the engine does not have.
        """

        def register(callback: _Callback) -> _Callback:
            self.subscribe(interval, indicator, symbol, callback)
            return callback

        return register

    def run(self, data: Any) -> Output:
        """Run over ``data``, several sources merged by time under one clock; see :func:`derive` for what they can be.

        Returns the tables, as :func:`derive` does, with ``out.metrics`` by stage. Raises DataError for rows that no run can read,
        OverrunError, KeyboardInterrupt, and whatever a callback raises.
        """
        return super().run(_sources(data))


def _fields(intervals: Any, indicators: Any, **others: Any) -> tuple[str, list[Own]]:
    """The arguments as a session file in JSON, where what is not stated is left out; and indicators of one's own."""
    specs = [indicators] if isinstance(indicators, Own) else _listed(indicators)
    fields = {
        "derived_intervals": _listed(intervals),
        "realtime_indicators": [spec for spec in specs if not isinstance(spec, Own)],
        **others,
    }
    for name in ("policy", "min_coverage"):
        fields[name] = _listed(fields[name])
    for name in ("overlay", "adjustments"):
        fields[name] = _path(fields[name])
    given = {name: value for name, value in fields.items() if value is not None and value != []}
    return json.dumps(given), [spec for spec in specs if isinstance(spec, Own)]


def _listed(values: Any) -> list[Any]:
    """One value or several, as a list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _sources(data: Any) -> list[Any]:
    """What rows are read from; a table is iterable itself, so only lists and tuples are several."""
    return list(data) if isinstance(data, (list, tuple)) else [data]
