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
from typing import Any, TypeVar

from ._barloom import (
    BarEvent,
    DataError,
    Events,
    Indicator,
    IndicatorEvent,
    Output,
    Replay,
    SeriesBars,
    Table,
    WarningEvent,
    __version__,
    _Session,
)
from ._barloom import derive as _derive

__all__ = [
    "BarEvent",
    "DataError",
    "Events",
    "Indicator",
    "IndicatorEvent",
    "Output",
    "Replay",
    "SeriesBars",
    "Session",
    "Table",
    "WarningEvent",
    "__version__",
    "derive",
]


_Callback = TypeVar("_Callback", bound=Callable[[Any], object])


def derive(
    data: Any,
    intervals: str | Sequence[str],
    indicators: str | Sequence[str] = (),
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
    fields = _fields(
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
    return _derive(_sources(data), fields, sort)


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
        indicators: str | Sequence[str] = (),
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
        fields = _fields(
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
        return super().__new__(cls, fields, clock)

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

    def push_table(self, data: Any) -> Events:
        """Push the rows of a table, a path, or several of them in their order; see :func:`derive` for what a table is."""
        return super().push_table(_sources(data))

    def replay(self, data: Any) -> Replay:
        """The events of ``data`` one by one: ``for event in session.replay(table)``, or ``async for``. The input ends behind it."""
        return super().replay(_sources(data))


def _fields(intervals: Any, indicators: Any, **others: Any) -> str:
    """The arguments as a session file in JSON; what is not stated is left out."""
    fields = {"derived_intervals": _listed(intervals), "realtime_indicators": _listed(indicators), **others}
    for name in ("policy", "min_coverage"):
        fields[name] = _listed(fields[name])
    for name in ("overlay", "adjustments"):
        fields[name] = _path(fields[name])
    return json.dumps({name: value for name, value in fields.items() if value not in (None, [])})


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
