//! `barloom.Session`: bars one by one or in tables, and what each step tells at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use barloom::engine::{OnInvalid, RunSummary};
use barloom_core::derive::Refusal;
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::{Notice, Notices};
use barloom_core::processor::Processor;
use barloom_core::source::{Source, SourceRow, Unreadable};
use barloom_core::store::{AsOf, Keep, PublishedRows, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Record, Stamp, SymbolId, Symbols, Timestamp};
use barloom_io::FileSource;
use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::catalogue::Catalogue;
use crate::errors::{bad_data, unread, wrong};
use crate::event::{Events, Gathered, Lanes, PYTHON_ALIGNMENT, Room, bar_event};
use crate::lend::lent;
use crate::output::counts_of;
use crate::settings::Settings;
use crate::source::opened;

/// Derives bars and indicators as base bars come.
#[pyclass(frozen, subclass, module = "barloom", name = "_Session")]
pub(crate) struct Session {
    inner: Mutex<Inner>,
    data: SessionData,
    catalogue: Arc<Catalogue>,
    /// The input that was computed last: what readers see.
    seen: AtomicU32,
}

const _: () = assert!(align_of::<Session>() <= PYTHON_ALIGNMENT && align_of::<Replay>() <= PYTHON_ALIGNMENT);

/// What takes bars.
pub(crate) struct Inner {
    pub(crate) processor: Processor,
    pub(crate) writer: SessionWriter,
    notices: Notices,
    pub(crate) symbols: Symbols,
    pub(crate) settings: Settings,
    /// What was asked for, as JSON.
    pub(crate) fields: String,
    /// Whether bars move the clock, by those before them.
    pub(crate) by_bars: bool,
    /// The newest close seen, and where the clock stands.
    pub(crate) newest: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) number: u32,
    subscribers: Vec<Subscription>,
    /// What the call before told.
    room: Room,
    has_ended: bool,
}

/// A callback and what it is for.
struct Subscription {
    place: usize,
    indicator: Option<String>,
    symbol: Option<String>,
    callback: Py<PyAny>,
}

impl Subscription {
    fn wants(
        &self,
        py: Python<'_>,
        place: usize,
        indicator: Option<&str>,
        symbol: SymbolId,
        catalogue: &Catalogue,
    ) -> bool {
        self.place == place
            && self.indicator.as_deref() == indicator
            && self
                .symbol
                .as_deref()
                .is_none_or(|own| catalogue.symbol(py, symbol).is_some_and(|name| name.bind(py) == own))
    }
}

/// Tells the events of a step: bars and indicators to callbacks where there are any, all else into what is returned.
fn tell(
    py: Python<'_>,
    notices: &Notices,
    subscribers: &[Subscription],
    gathered: &mut Gathered,
    catalogue: &Arc<Catalogue>,
) -> PyResult<()> {
    let mut lanes = Lanes::default();
    for notice in notices.iter(&notices.step(), &catalogue.outputs) {
        let lane = lanes.of(&notice, catalogue);
        if subscribers.is_empty() || matches!(notice, Notice::Warning(_)) {
            gathered.take(&notice, lane);
            continue;
        }
        let (bar, values, indicator, at) = match notice {
            Notice::Bar(bar, values) => (bar, values, None, None),
            Notice::Indicator(bar, reading) => (bar, reading.values, Some(reading.name), Some(lane)),
            Notice::Warning(_) => continue,
        };
        let mut event = None;
        for subscriber in subscribers {
            if subscriber.wants(py, usize::from(bar.place), indicator, bar.symbol, catalogue) {
                let event = match &event {
                    Some(event) => event,
                    None => event.insert(bar_event(py, bar, values, at, catalogue)?),
                };
                subscriber.callback.call1(py, (event,))?;
            }
        }
    }
    Ok(())
}

impl Inner {
    /// Takes an input; all its steps are computed, and told until a callback raises.
    fn input(
        &mut self,
        py: Python<'_>,
        input: Input<'_>,
        to: (&mut Gathered, &Arc<Catalogue>, &AtomicU32),
    ) -> PyResult<()> {
        let (gathered, catalogue, seen) = to;
        let Self { processor, writer, notices, symbols, subscribers, settings, number, .. } = self;
        *number += 1;
        seen.store(*number, Ordering::Release);
        processor.take(input, symbols, notices).map_err(|(_, error)| bad_data(error))?;
        let mut done = Ok(());
        while processor.step(*number, writer, notices).is_some() {
            if done.is_ok() {
                done = tell(py, notices, subscribers, gathered, catalogue);
            }
        }
        done.and_then(|()| settings.raised.check())
    }

    /// Moves the clock to `to`, if that is later.
    fn advance(
        &mut self,
        py: Python<'_>,
        to: Timestamp,
        out: (&mut Gathered, &Arc<Catalogue>, &AtomicU32),
    ) -> PyResult<()> {
        if to <= self.now {
            return Ok(());
        }
        self.now = to;
        // Also where nothing is due: what has passed is late for symbols that come after.
        self.input(py, Input::Clock(to), out)
    }

    /// Takes a row, as a source gives it or a call spells it.
    fn row(
        &mut self,
        py: Python<'_>,
        row: Result<(SymbolId, Record), Unreadable>,
        out: (&mut Gathered, &Arc<Catalogue>, &AtomicU32),
    ) -> PyResult<()> {
        let (gathered, catalogue, seen) = out;
        let refused = match row {
            Ok((symbol, record)) => {
                let record = match &mut self.settings.adjuster {
                    Some(adjuster) => adjuster.adjusted(symbol, &self.symbols, &record),
                    None => record,
                };
                match self.processor.deriver().check(&record) {
                    Ok(minute) => {
                        if self.by_bars && minute.close > self.newest {
                            let before = self.newest;
                            self.advance(py, before, (gathered, catalogue, seen))?;
                            self.newest = minute.close;
                        }
                        let rows = [InputRow::Bar { symbol, bar: minute.bar }];
                        return self.input(
                            py,
                            Input::Bars { at: self.now, rows: &rows },
                            (gathered, catalogue, seen),
                        );
                    }
                    Err(Refusal::Calendar(error)) => return Err(bad_data(error)),
                    Err(Refusal::Invalid(reason)) => {
                        let time = self.processor.deriver().open_time(record.label);
                        Unreadable { symbol: Some(symbol), time, reason: reason.to_string() }
                    }
                }
            }
            Err(unreadable) => unreadable,
        };
        let rows = [InputRow::Refused { symbol: refused.symbol, time: refused.time }];
        self.input(py, Input::Bars { at: self.now, rows: &rows }, (gathered, catalogue, seen))?;
        match self.settings.config.on_invalid {
            OnInvalid::Reject => Ok(()),
            OnInvalid::Stop => Err(bad_data(refused.reason)),
        }
    }
}

impl Session {
    /// The part that takes bars. A callback that comes back here, or another thread, is refused.
    pub(crate) fn open(&self) -> PyResult<MutexGuard<'_, Inner>> {
        let inner = self.inner.try_lock().map_err(|_| {
            PyRuntimeError::new_err(
                "the session is taking bars already: in another thread, or in the callback that called this",
            )
        })?;
        if inner.has_ended {
            return Err(PyValueError::new_err("the session is finished; begin another"));
        }
        Ok(inner)
    }

    /// Runs `take` with the means to tell, and gives back what it told.
    fn told(
        &self,
        inner: &mut Inner,
        take: impl FnOnce(&mut Inner, (&mut Gathered, &Arc<Catalogue>, &AtomicU32)) -> PyResult<()>,
    ) -> PyResult<Events> {
        // A minute tells as much as the one before, more or less.
        let mut gathered = Gathered::with_room(inner.room);
        take(inner, (&mut gathered, &self.catalogue, &self.seen))?;
        inner.room = gathered.room();
        Ok(Events::new(gathered, Arc::clone(&self.catalogue)))
    }

    /// `inner` is another session's from now on.
    pub(crate) fn restored_to(&self, py: Python<'_>, inner: &Inner) {
        self.catalogue.learn(py, &inner.symbols);
        self.seen.store(inner.number, Ordering::Release);
    }

    /// What is visible of a series now.
    fn rows(&self, py: Python<'_>, symbol: &str, place: usize) -> Option<PublishedRows> {
        let symbol = self.catalogue.named(py, symbol)?;
        self.data.series(symbol, place, AsOf::step(self.seen.load(Ordering::Acquire)))?.rows()
    }
}

#[pymethods]
impl Session {
    #[new]
    fn new(py: Python<'_>, fields: &str, own: Vec<Bound<'_, PyAny>>, clock: &str) -> PyResult<Self> {
        let by_bars = match clock {
            "bars" => true,
            "advance" => false,
            _ => return Err(wrong(format!("clock `{clock}` is not allowed; allowed are bars, advance"))),
        };
        let mut settings = Settings::read(fields, &own, &[])?;
        // As of `barloom stream`: what is pushed, unlike a file, has a default.
        settings.options.stamp.get_or_insert(Stamp::Open);
        let mut plan = settings.plan(py)?;
        let catalogue = Catalogue::of(py, &settings.rules, &mut plan);
        let rules = catalogue.rules.clone();
        let store = StoreConfig {
            outputs: rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect(),
            rules: rules.clone(),
            keep: Keep::Session,
            retain: 1,
            ahead: 0,
            historical: Vec::new(),
        };
        let (writer, data) = SessionWriter::new(store);
        let inner = Inner {
            processor: Processor::new(rules, plan),
            writer,
            notices: Notices::default(),
            symbols: Symbols::new(),
            settings,
            fields: fields.to_owned(),
            by_bars,
            newest: Timestamp::MIN,
            now: Timestamp::MIN,
            number: 0,
            subscribers: Vec::new(),
            room: Room::default(),
            has_ended: false,
        };
        Ok(Self { inner: Mutex::new(inner), data, catalogue, seen: AtomicU32::new(0) })
    }

    /// Takes a base bar and returns the events of its step. `ts` is its open in ns UTC since 1970, or a time that knows its zone (its close, where
    /// the session's stamp is "close").
    ///
    /// A bar that is refused is counted, and its warning told; with on_invalid="stop" DataError says why.
    #[pyo3(signature = (symbol, ts, open, high, low, close, volume=None, vwap=None, trade_count=None))]
    #[expect(clippy::too_many_arguments, reason = "a bar has as many values")]
    fn push(
        &self,
        py: Python<'_>,
        symbol: &str,
        ts: &Bound<'_, PyAny>,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: Option<f64>,
        vwap: Option<f64>,
        trade_count: Option<i64>,
    ) -> PyResult<Events> {
        let mut inner = self.open()?;
        let known = inner.symbols.len();
        let symbol = inner.symbols.intern(symbol).map_err(wrong)?;
        if inner.symbols.len() != known {
            self.catalogue.learn(py, &inner.symbols);
        }
        let label = inner.settings.options.stamp.unwrap_or(Stamp::Open).label(instant(ts)?);
        let record = Record { label, open, high, low, close, volume, vwap, trade_count };
        self.told(&mut inner, |inner, out| inner.row(py, Ok((symbol, record)), out))
    }

    /// Takes the rows of a table, or of files, in their order, and returns all events. With callbacks these are told of bars and indicators, and the warnings are returned.
    fn push_table(&self, py: Python<'_>, data: Vec<Bound<'_, PyAny>>) -> PyResult<Events> {
        let mut inner = self.open()?;
        let sources = opened(&data, &inner.settings.options)?;
        self.told(&mut inner, |inner, (gathered, catalogue, seen)| {
            for mut source in sources {
                while let Some(row) = next_row(py, &mut source, inner, catalogue)? {
                    inner.row(py, row.content, (gathered, catalogue, seen))?;
                    if source.reader().rows().is_multiple_of(1 << 12) {
                        py.check_signals()?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Moves the clock to `ts`, ns UTC or a time that knows its zone, and returns the events of what that closes. A clock does not go back.
    fn advance(&self, py: Python<'_>, ts: &Bound<'_, PyAny>) -> PyResult<Events> {
        let (mut inner, to) = (self.open()?, instant(ts)?);
        inner.newest = inner.newest.max(to);
        self.told(&mut inner, |inner, out| inner.advance(py, to, out))
    }

    /// Ends the input: bars still open are told with flush_on_stop, else a warning of each. What was published stays readable.
    fn finish(&self, py: Python<'_>) -> PyResult<Events> {
        let mut inner = self.open()?;
        let told = self.told(&mut inner, |inner, (gathered, catalogue, seen)| {
            let newest = inner.newest;
            if inner.by_bars {
                inner.advance(py, newest, (gathered, catalogue, seen))?;
            }
            inner.input(py, Input::End, (gathered, catalogue, seen))
        });
        inner.has_ended = true;
        told
    }

    /// The events of `data` one by one, as an iterator; the input is ended behind it.
    fn replay(slf: Bound<'_, Self>, data: Vec<Bound<'_, PyAny>>) -> PyResult<Replay> {
        let sources = opened(&data, &slf.get().open()?.settings.options)?;
        let state =
            ReplayState { sources: sources.into_iter().rev().collect(), told: None, at: 0, has_ended: false };
        Ok(Replay { session: slf.unbind(), state: Mutex::new(state) })
    }

    /// Calls `callback` with every bar of `interval`, or with what `indicator` says of it, of one symbol or of all.
    fn subscribe(
        &self,
        interval: &str,
        indicator: Option<String>,
        symbol: Option<String>,
        callback: Py<PyAny>,
    ) -> PyResult<()> {
        let place = self.catalogue.place(interval)?;
        if !self.catalogue.rules.intervals[place].is_asked {
            return Err(wrong(format!("bars of {interval} are not told; add it to the intervals")));
        }
        if let Some(name) = &indicator {
            self.catalogue.lane(place, name)?;
        }
        self.open()?.subscribers.push(Subscription { place, indicator, symbol, callback });
        Ok(())
    }

    /// The closed bars of the current session of a symbol's interval (of 1d and longer: of the year), with their indicators: arrays over the store's own
    /// memory. Raises KeyError for an interval that the session does not have; a symbol that was not met has no bars.
    fn bars(&self, py: Python<'_>, symbol: &str, interval: &str) -> PyResult<SeriesBars> {
        let place = self.catalogue.place(interval)?;
        Ok(SeriesBars::new(self.rows(py, symbol, place), place, &self.catalogue))
    }

    /// The session as bytes, for `Session.restore`: everything but its callbacks. They have a version and checksums, and mean the same on any
    /// machine. Indicators in Python are saved by pickle, and what that raises comes out.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.saved()?))
    }

    #[pyo3(name = "_take")]
    fn take(&self, py: Python<'_>, saved: &[u8]) -> PyResult<()> {
        self.take_saved(py, saved)
    }

    /// The symbols met so far.
    #[getter]
    fn symbols(&self, py: Python<'_>) -> Vec<Py<PyString>> {
        self.catalogue.symbols(py)
    }

    /// Where each row went, and buckets left open.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let inner =
            self.inner.try_lock().map_err(|_| PyRuntimeError::new_err("the session is taking bars"))?;
        let mut summary = RunSummary::new(&self.catalogue.rules);
        summary.close(inner.processor.deriver(), None);
        counts_of(py, &summary)
    }
}

/// The next row, its symbol learnt.
fn next_row(
    py: Python<'_>,
    source: &mut FileSource,
    inner: &mut Inner,
    catalogue: &Catalogue,
) -> PyResult<Option<SourceRow>> {
    let known = inner.symbols.len();
    let row = source.next_row(&mut inner.symbols).map_err(|error| unread(&error))?;
    if inner.symbols.len() != known {
        catalogue.learn(py, &inner.symbols);
    }
    Ok(row)
}

/// An instant: ns since 1970, text with an offset, a datetime that knows its zone, or one of NumPy or pandas in UTC.
fn instant(ts: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    if let Ok(nanos) = ts.extract::<i64>() {
        return Ok(Timestamp::from_nanos(nanos));
    }
    if let Ok(text) = ts.extract::<&str>() {
        return text.parse().map_err(wrong);
    }
    // pandas keeps nanoseconds that a datetime has no room for.
    if let (Ok(value), true) = (ts.getattr("value"), ts.hasattr("tz_convert")?) {
        if ts.getattr("tzinfo")?.is_none() {
            return Err(zoneless(ts));
        }
        return Ok(Timestamp::from_nanos(
            ts.call_method1("as_unit", ("ns",))?.getattr("value").unwrap_or(value).extract()?,
        ));
    }
    if ts.hasattr("tzinfo")? {
        if ts.getattr("tzinfo")?.is_none() {
            return Err(zoneless(ts));
        }
        let seconds: f64 = ts.call_method0("timestamp")?.extract()?;
        // A datetime has whole microseconds, which a float of these magnitudes tells apart.
        let micros = (seconds * 1e6).round();
        return Ok(Timestamp::from_nanos((micros as i64).saturating_mul(1000)));
    }
    if ts.hasattr("astype")? {
        let nanos = ts.call_method1("astype", ("datetime64[ns]",))?.call_method1("astype", ("int64",))?;
        return Ok(Timestamp::from_nanos(nanos.extract()?));
    }
    let kind = ts.get_type().qualname()?;
    Err(PyTypeError::new_err(format!(
        "ts is of type {kind}; allowed are ns since 1970, ISO text with an offset, and datetimes with a zone"
    )))
}

fn zoneless(ts: &Bound<'_, PyAny>) -> PyErr {
    PyValueError::new_err(format!(
        "ts {ts} has no zone; give it one, as in datetime(..., tzinfo=timezone.utc)"
    ))
}

/// Events one by one.
#[pyclass(frozen, module = "barloom")]
pub(crate) struct Replay {
    session: Py<Session>,
    state: Mutex<ReplayState>,
}

struct ReplayState {
    /// The next one last.
    sources: Vec<FileSource>,
    told: Option<Events>,
    at: usize,
    has_ended: bool,
}

#[pymethods]
impl Replay {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut state =
            self.state.try_lock().map_err(|_| PyRuntimeError::new_err("the replay is being read already"))?;
        let session = self.session.get();
        loop {
            if let Some(event) = state.told.as_ref().map(|told| told.at(py, state.at)).transpose()?.flatten()
            {
                state.at += 1;
                return Ok(Some(event));
            }
            (state.told, state.at) = (None, 0);
            if state.has_ended {
                return Ok(None);
            }
            let mut inner = session.open()?;
            let row = match state.sources.last_mut() {
                Some(source) => next_row(py, source, &mut inner, &session.catalogue)?,
                None => {
                    drop(inner);
                    state.has_ended = true;
                    state.told = Some(session.finish(py)?);
                    continue;
                }
            };
            match row {
                Some(row) => {
                    let told = session.told(&mut inner, |inner, out| inner.row(py, row.content, out))?;
                    if !told.is_none() {
                        state.told = Some(told);
                    }
                }
                None => drop(state.sources.pop()),
            }
        }
    }

    /// The same in a coroutine: others get their turn between events.
    fn __aiter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, PyAny>> {
        slf.py().import("barloom._async")?.call_method1("events", (slf,))
    }
}

/// Closed bars of one series, oldest first: read-only NumPy arrays over the store's memory. They do not grow; ask again after a step.
#[pyclass(frozen, module = "barloom", name = "SeriesBars")]
pub(crate) struct SeriesBars {
    rows: Option<PublishedRows>,
    place: usize,
    catalogue: Arc<Catalogue>,
}

impl SeriesBars {
    pub(crate) fn new(rows: Option<PublishedRows>, place: usize, catalogue: &Arc<Catalogue>) -> Self {
        Self { rows, place, catalogue: Arc::clone(catalogue) }
    }

    fn column<'py>(
        &self,
        py: Python<'py>,
        column: impl for<'r> Fn(&'r PublishedRows) -> &'r [f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.rows {
            Some(rows) => lent(py, rows, column),
            None => Ok(numpy::PyArray1::<f64>::zeros(py, 0, false).into_any()),
        }
    }
}

#[pymethods]
impl SeriesBars {
    fn __len__(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.bars().len())
    }

    /// When each bar opens: datetime64[ns], UTC.
    #[getter]
    fn open_time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let nanos = match &self.rows {
            Some(rows) => lent(py, rows, |rows| rows.bars().open_time())?,
            None => numpy::PyArray1::<i64>::zeros(py, 0, false).into_any(),
        };
        nanos.call_method1("view", ("datetime64[ns]",))
    }
    /// First prices: float64.
    #[getter]
    fn open<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().open())
    }
    /// Highest prices: float64.
    #[getter]
    fn high<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().high())
    }
    /// Lowest prices: float64.
    #[getter]
    fn low<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().low())
    }
    /// Last prices: float64.
    #[getter]
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().close())
    }
    /// Volumes: float64, NaN where there is none.
    #[getter]
    fn volume<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().volume())
    }
    /// Volume-weighted average prices: float64, NaN where there is none; empty where no bar has one.
    #[getter]
    fn vwap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |rows| rows.bars().vwap())
    }

    /// An indicator output's values beside the bars, like `bars["rsi_14"]`: float64, NaN before its first. Raises KeyError for a name that there is not.
    fn __getitem__<'py>(&self, py: Python<'py>, output: &str) -> PyResult<Bound<'py, PyAny>> {
        let columns = self.catalogue.columns(self.place);
        let at = columns.iter().position(|column| column == output).ok_or_else(|| {
            PyKeyError::new_err(format!("no output `{output}`; there are {}", columns.join(", ")))
        })?;
        self.column(py, |rows| rows.values(at))
    }

    fn __repr__(&self) -> String {
        format!("<barloom.SeriesBars {} bars>", self.__len__())
    }
}
