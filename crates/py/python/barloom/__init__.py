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
from collections.abc import Iterable, Sequence
from typing import Any

from ._barloom import DataError, Indicator, Output, Table, __version__
from ._barloom import derive as _derive

__all__ = ["DataError", "Indicator", "Output", "Table", "__version__", "derive"]


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
    fields = {
        "derived_intervals": _listed(intervals),
        "realtime_indicators": _listed(indicators),
        "calendar": calendar,
        "overlay": _path(overlay),
        "hours": hours,
        "align": align,
        "policy": _listed(policy),
        "min_coverage": _listed(min_coverage),
        "stub": stub,
        "stamp": stamp,
        "tz": tz,
        "late": late,
        "grace": grace,
        "flush_on_stop": flush_on_stop,
        "base": base,
        "on_invalid": on_invalid,
        "symbol": symbol,
        "publisher": publisher,
        "adjustments": _path(adjustments),
    }
    given = {name: value for name, value in fields.items() if value not in (None, [])}
    return _derive(_sources(data), json.dumps(given), sort)


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
