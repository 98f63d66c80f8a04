import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, overload

import numpy as np
import numpy.typing as npt

__version__: str

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

_Source = str | os.PathLike[str] | _ArrowStream | _ArrowArray

class DataError(ValueError):
    """The rows are not what they must be."""

class OverrunError(RuntimeError):
    """A part of a clock-driven run had not finished a step when the next one was due."""

class Bar:
    """A closed bar as an indicator of one's own takes it; times in ns UTC since 1970."""

    @property
    def open_time(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float | None: ...
    @property
    def vwap(self) -> float | None: ...
    @property
    def trade_count(self) -> int | None: ...

@dataclass(frozen=True)
class Own:
    """An indicator of one's own, for ``indicators``."""

    name: str
    make: Callable[[], Any]
    interval: str | None = ...
    outputs: Sequence[str] = ...
    first: int = ...
    settled: int | None = ...

_Specs = str | Own | Sequence[str | Own]

class Indicator:
    """An indicator of a table: its columns, and which of them are prices."""

    @property
    def name(self) -> str: ...
    @property
    def outputs(self) -> list[str]: ...
    @property
    def prices(self) -> list[str]: ...

class Table:
    """Columns of equal length, read-only; times in nanoseconds UTC, null where there is no value."""

    @property
    def interval(self) -> str | None: ...
    @property
    def indicators(self) -> list[Indicator]: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def symbols(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def to_numpy(self, name: str) -> npt.NDArray[Any]: ...
    def to_polars(self) -> Any: ...
    def to_pandas(self) -> Any: ...
    def to_arrow(self) -> Any: ...
    def plot(self, **kwargs: Any) -> Any: ...

class Output:
    """The tables of a run by interval."""

    @property
    def intervals(self) -> list[str]: ...
    @property
    def warnings(self) -> Table: ...
    @property
    def rejects(self) -> Table: ...
    @property
    def summary(self) -> dict[str, Any]: ...
    @property
    def metrics(self) -> dict[str, dict[str, float]]: ...
    @property
    def overruns(self) -> list[str]: ...
    def __getitem__(self, interval: str) -> Table: ...
    def __contains__(self, interval: object) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def keys(self) -> list[str]: ...
    def align(self, onto: str) -> Table: ...

class BarEvent:
    """A closed bar; times in ns UTC since 1970."""

    KIND: str
    @property
    def symbol(self) -> str: ...
    @property
    def interval(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def open_time(self) -> int: ...
    @property
    def close_time(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float | None: ...
    @property
    def vwap(self) -> float | None: ...
    @property
    def trade_count(self) -> int | None: ...
    @property
    def n_base(self) -> int: ...
    @property
    def n_expected(self) -> int: ...
    @property
    def revision(self) -> int: ...
    def __getitem__(self, output: str) -> float | None: ...

class IndicatorEvent:
    """What an indicator says of a closed bar; times in ns UTC since 1970."""

    KIND: str
    @property
    def symbol(self) -> str: ...
    @property
    def interval(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def open_time(self) -> int: ...
    @property
    def close_time(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def values(self) -> dict[str, float | None]: ...
    @property
    def revision(self) -> int: ...

class WarningEvent:
    """Something to know about an interval; times in ns UTC since 1970."""

    KIND: str
    @property
    def symbol(self) -> str | None: ...
    @property
    def interval(self) -> str: ...
    @property
    def warning(self) -> str: ...
    @property
    def time(self) -> int | None: ...
    @property
    def n_base(self) -> int | None: ...
    @property
    def n_expected(self) -> int | None: ...

_Event = BarEvent | IndicatorEvent | WarningEvent
_Instant = int | str | datetime | np.datetime64

class Events(Sequence[_Event]):
    """The events of one or several steps, in their order."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, at: int) -> _Event: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[_Event]: ...

class Replay:
    """Events one by one."""

    def __iter__(self) -> Iterator[_Event]: ...
    def __next__(self) -> _Event: ...
    def __aiter__(self) -> AsyncIterator[_Event]: ...

class SeriesBars:
    """Closed bars of one series: read-only arrays over the store's memory."""

    def __len__(self) -> int: ...
    @property
    def open_time(self) -> npt.NDArray[np.datetime64]: ...
    @property
    def open(self) -> npt.NDArray[np.float64]: ...
    @property
    def high(self) -> npt.NDArray[np.float64]: ...
    @property
    def low(self) -> npt.NDArray[np.float64]: ...
    @property
    def close(self) -> npt.NDArray[np.float64]: ...
    @property
    def volume(self) -> npt.NDArray[np.float64]: ...
    @property
    def vwap(self) -> npt.NDArray[np.float64]: ...
    def __getitem__(self, output: str) -> npt.NDArray[np.float64]: ...

_Callback = TypeVar("_Callback", bound=Callable[[Any], object])

class Session:
    """Bars as they come, and what each step tells."""

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
    ) -> Session: ...
    def push(
        self,
        symbol: str,
        ts: _Instant,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float | None = None,
        vwap: float | None = None,
        trade_count: int | None = None,
    ) -> Events: ...
    def push_table(self, data: _Source | Sequence[_Source]) -> Events: ...
    def advance(self, ts: _Instant) -> Events: ...
    def finish(self) -> Events: ...
    def replay(self, data: _Source | Sequence[_Source]) -> Replay: ...
    def on(
        self, interval: str, indicator: str | None = None, *, symbol: str | None = None
    ) -> Callable[[_Callback], _Callback]: ...
    def subscribe(
        self, interval: str, indicator: str | None, symbol: str | None, callback: Callable[[Any], object]
    ) -> None: ...
    def bars(self, symbol: str, interval: str) -> SeriesBars: ...
    @property
    def symbols(self) -> list[str]: ...
    @property
    def summary(self) -> dict[str, Any]: ...

class View:
    """What is visible at a step: closed bars and their indicators, and nothing after it."""

    @property
    def now(self) -> int: ...
    @property
    def symbols(self) -> list[str]: ...
    def bars(self, symbol: str, interval: str) -> SeriesBars: ...

class Engine:
    """A run with strategies on the real engine."""

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
    ) -> Engine: ...
    def on(
        self, interval: str, indicator: str | None = None, *, symbol: str | None = None
    ) -> Callable[[_Callback], _Callback]: ...
    def subscribe(
        self, interval: str, indicator: str | None, symbol: str | None, callback: Callable[[Any, Any], object]
    ) -> None: ...
    def run(self, data: _Source | Sequence[_Source]) -> Output: ...

def derive(
    data: _Source | Sequence[_Source],
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
) -> Output: ...
