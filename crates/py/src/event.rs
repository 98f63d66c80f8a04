//! What a step tells, as Python's objects. Until one is asked for, events are rows of numbers.

use std::sync::Arc;

use barloom_core::Timestamp;
use barloom_core::derive::{ClosedBar, SessionLabel, Warning};
use barloom_core::notice::Notice;
use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::catalogue::Catalogue;

/// A closed bar's numbers. [`ClosedBar`] itself asks for more alignment than Python's allocator gives.
#[derive(Debug, Clone, Copy)]
struct Closed {
    place: usize,
    session: SessionLabel,
    prices: [f64; 4],
    volume: Option<f64>,
    vwap: Option<f64>,
    trade_count: Option<i64>,
    n_base: u32,
    n_expected: u32,
    revision: u16,
}

impl From<&ClosedBar> for Closed {
    fn from(closed: &ClosedBar) -> Self {
        let bar = &closed.bar;
        Self {
            place: usize::from(closed.place),
            session: closed.session,
            prices: [bar.open(), bar.high(), bar.low(), bar.close()],
            volume: bar.volume(),
            vwap: bar.vwap(),
            trade_count: bar.trade_count(),
            n_base: closed.n_base,
            n_expected: closed.n_expected,
            revision: closed.revision,
        }
    }
}

/// Where Python's allocator puts objects.
pub(crate) const PYTHON_ALIGNMENT: usize = 16;
const _: () =
    assert!(align_of::<BarEvent>() <= PYTHON_ALIGNMENT && align_of::<IndicatorEvent>() <= PYTHON_ALIGNMENT);
const _: () =
    assert!(align_of::<WarningEvent>() <= PYTHON_ALIGNMENT && align_of::<Events>() <= PYTHON_ALIGNMENT);

/// A closed bar: what a step tells of an interval.
#[pyclass(frozen, module = "barloom")]
#[derive(Debug)]
pub(crate) struct BarEvent {
    /// The instrument.
    #[pyo3(get)]
    symbol: Option<Py<PyString>>,
    /// The interval, like "5m".
    #[pyo3(get)]
    interval: Option<Py<PyString>>,
    /// When the bar opens, in ns UTC since 1970.
    #[pyo3(get)]
    open_time: i64,
    /// When the bar closes and may be seen, in ns UTC since 1970.
    #[pyo3(get)]
    close_time: i64,
    closed: Closed,
    values: Box<[f64]>,
    catalogue: Arc<Catalogue>,
}

/// What an indicator says of a closed bar, from its first value on.
#[pyclass(frozen, module = "barloom")]
#[derive(Debug)]
pub(crate) struct IndicatorEvent {
    /// The instrument.
    #[pyo3(get)]
    symbol: Option<Py<PyString>>,
    /// The interval, like "5m".
    #[pyo3(get)]
    interval: Option<Py<PyString>>,
    /// When the bar opens, in ns UTC since 1970.
    #[pyo3(get)]
    open_time: i64,
    /// When the bar closes and may be seen, in ns UTC since 1970.
    #[pyo3(get)]
    close_time: i64,
    closed: Closed,
    lane: usize,
    values: Box<[f64]>,
    catalogue: Arc<Catalogue>,
}

/// Something to know about an interval: a bar that was skipped or not finished, a late, corrected or refused row.
#[pyclass(frozen, module = "barloom")]
#[derive(Debug)]
pub(crate) struct WarningEvent {
    /// The instrument; None of a row that names none.
    #[pyo3(get)]
    symbol: Option<Py<PyString>>,
    warning: Warning,
}

/// A value, or none.
fn there(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

#[pymethods]
impl BarEvent {
    /// What it is: "bar".
    #[classattr]
    const KIND: &'static str = "bar";

    /// The session, week or month it is of, like "2024-11-26".
    #[getter]
    fn session(&self) -> String {
        self.closed.session.to_string()
    }
    /// 0 when first told.
    #[getter]
    fn revision(&self) -> u16 {
        self.closed.revision
    }

    /// First price.
    #[getter]
    fn open(&self) -> f64 {
        self.closed.prices[0]
    }
    /// Highest price.
    #[getter]
    fn high(&self) -> f64 {
        self.closed.prices[1]
    }
    /// Lowest price.
    #[getter]
    fn low(&self) -> f64 {
        self.closed.prices[2]
    }
    /// Last price.
    #[getter]
    fn close(&self) -> f64 {
        self.closed.prices[3]
    }
    /// Traded volume; None where a base bar has none.
    #[getter]
    fn volume(&self) -> Option<f64> {
        self.closed.volume
    }
    /// Volume-weighted average price; None where there is none.
    #[getter]
    fn vwap(&self) -> Option<f64> {
        self.closed.vwap
    }
    /// Number of trades; None where a base bar has none.
    #[getter]
    fn trade_count(&self) -> Option<i64> {
        self.closed.trade_count
    }
    /// Base bars in it.
    #[getter]
    fn n_base(&self) -> u32 {
        self.closed.n_base
    }
    /// Base bars that the calendar has in it.
    #[getter]
    fn n_expected(&self) -> u32 {
        self.closed.n_expected
    }

    /// The value of an indicator's output at this bar, like `event["rsi_14"]`; None before its first. Raises KeyError for a name that its
    /// interval does not have.
    fn __getitem__(&self, output: &str) -> PyResult<Option<f64>> {
        let columns = self.catalogue.columns(self.closed.place);
        let at = columns.iter().position(|column| column == output);
        let value = at.and_then(|at| self.values.get(at));
        let none = || PyKeyError::new_err(format!("no output `{output}`; there are {}", columns.join(", ")));
        value.map(|value| there(*value)).ok_or_else(none)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let [open, high, low, close] = self.closed.prices;
        let (symbol, interval) = (shown(py, self.symbol.as_ref()), shown(py, self.interval.as_ref()));
        let at = Timestamp::from_nanos(self.open_time);
        format!("BarEvent({symbol} {interval} {at} open={open} high={high} low={low} close={close})")
    }
}

#[pymethods]
impl IndicatorEvent {
    /// What it is: "indicator".
    #[classattr]
    const KIND: &'static str = "indicator";

    /// The session, week or month it is of, like "2024-11-26".
    #[getter]
    fn session(&self) -> String {
        self.closed.session.to_string()
    }
    /// 0 when first told.
    #[getter]
    fn revision(&self) -> u16 {
        self.closed.revision
    }

    /// The indicator's name, like "macd_12_26_9".
    #[getter]
    fn name(&self) -> &str {
        self.own().map_or("", |(name, _)| name)
    }

    /// The value of its first output; None where that has none.
    #[getter]
    fn value(&self) -> Option<f64> {
        self.values.first().and_then(|value| there(*value))
    }

    /// Its outputs' values by their names, None where one has none.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for (name, value) in self.own().map_or(&[][..], |(_, columns)| columns).iter().zip(&self.values) {
            values.set_item(name, there(*value))?;
        }
        Ok(values)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let (symbol, interval) = (shown(py, self.symbol.as_ref()), shown(py, self.interval.as_ref()));
        let (at, name) = (Timestamp::from_nanos(self.open_time), self.name());
        let value = self.value().map_or_else(|| "None".to_owned(), |value| value.to_string());
        format!("IndicatorEvent({symbol} {interval} {at} {name}={value})")
    }
}

impl IndicatorEvent {
    /// Its name and those of its outputs.
    fn own(&self) -> Option<(&str, &[String])> {
        self.catalogue.outputs.indicator(self.closed.place, self.lane)
    }
}

#[pymethods]
impl WarningEvent {
    /// What it is: "warning".
    #[classattr]
    const KIND: &'static str = "warning";

    /// "incomplete_bar", "unfinished_bar", "late_bar", "corrected_bar" or "invalid_bar".
    #[getter]
    fn warning(&self) -> &'static str {
        self.warning.kind.as_str()
    }
    /// The interval, like "5m".
    #[getter]
    fn interval(&self) -> String {
        self.warning.interval.to_string()
    }
    /// The minute, or the bucket's open, in ns UTC since 1970; None where a row's time can't be read.
    #[getter]
    fn time(&self) -> Option<i64> {
        self.warning.time.map(|at| at.as_nanos())
    }
    /// Base bars present, of incomplete and unfinished bars.
    #[getter]
    fn n_base(&self) -> Option<u32> {
        self.warning.counts.map(|counts| counts.0)
    }
    /// Base bars expected, of incomplete and unfinished bars.
    #[getter]
    fn n_expected(&self) -> Option<u32> {
        self.warning.counts.map(|counts| counts.1)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("WarningEvent({} {} {})", shown(py, self.symbol.as_ref()), self.interval(), self.warning())
    }
}

fn shown(py: Python<'_>, name: Option<&Py<PyString>>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| name.bind(py).to_string())
}

/// An event as it is gathered.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// A closed bar, by its place.
    Bar(u32),
    /// What an indicator, by its place on its interval, says of a bar.
    Indicator(u32, u32),
    /// A warning, by its place.
    Warning(u32),
}

/// The events of one or several steps, in their order: a sequence whose items are made when they are asked for.
#[pyclass(frozen, sequence, module = "barloom")]
#[derive(Debug)]
pub(crate) struct Events {
    gathered: Gathered,
    catalogue: Arc<Catalogue>,
}

/// How much room events take.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Room {
    told: usize,
    bars: usize,
    values: usize,
}

/// Events that no one has asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    told: Vec<Told>,
    /// Closed bars, and where the values of each begin.
    bars: Vec<(ClosedBar, usize)>,
    values: Vec<f64>,
    warnings: Vec<Warning>,
}

impl Gathered {
    /// None yet, with that much room.
    pub(crate) fn with_room(room: Room) -> Self {
        let Room { told, bars, values } = room;
        let (told, bars) = (Vec::with_capacity(told), Vec::with_capacity(bars));
        Self { told, bars, values: Vec::with_capacity(values), warnings: Vec::new() }
    }

    /// How much room they take, up to what a minute may.
    pub(crate) fn room(&self) -> Room {
        let most = |count: usize| count.min(1024);
        Room { told: most(self.told.len()), bars: most(self.bars.len()), values: most(self.values.len()) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.told.len()
    }

    /// Takes a notice, and of an indicator the place that [`Lanes`] counted.
    #[inline]
    pub(crate) fn take(&mut self, notice: &Notice<'_>, lane: usize) {
        let last = self.bars.len();
        match notice {
            Notice::Bar(bar, values) => {
                self.told.push(Told::Bar(last as u32));
                self.bars.push((**bar, self.values.len()));
                self.values.extend_from_slice(values);
            }
            Notice::Indicator(..) => {
                self.told.push(Told::Indicator(last.saturating_sub(1) as u32, lane as u32))
            }
            Notice::Warning(warning) => {
                self.told.push(Told::Warning(self.warnings.len() as u32));
                self.warnings.push(**warning);
            }
        }
    }

    fn event(&self, py: Python<'_>, at: usize, catalogue: &Arc<Catalogue>) -> PyResult<Option<Py<PyAny>>> {
        let Some(told) = self.told.get(at) else { return Ok(None) };
        Ok(Some(match *told {
            Told::Bar(at) => self.bar(py, at as usize, None, catalogue)?,
            Told::Indicator(at, lane) => self.bar(py, at as usize, Some(lane as usize), catalogue)?,
            Told::Warning(at) => warning_event(py, &self.warnings[at as usize], catalogue)?,
        }))
    }

    fn bar(
        &self,
        py: Python<'_>,
        at: usize,
        lane: Option<usize>,
        catalogue: &Arc<Catalogue>,
    ) -> PyResult<Py<PyAny>> {
        let (closed, from) = &self.bars[at];
        let to = self.bars.get(at + 1).map_or(self.values.len(), |(_, next)| *next);
        let values = &self.values[*from..to];
        let own = lane.and_then(|lane| catalogue.outputs.reading(usize::from(closed.place), lane, values));
        bar_event(py, closed, own.map_or(values, |reading| reading.values), lane, catalogue)
    }
}

/// A closed bar with the values of its interval's outputs, or the values that the indicator at `lane` says of it.
pub(crate) fn bar_event(
    py: Python<'_>,
    closed: &ClosedBar,
    values: &[f64],
    lane: Option<usize>,
    catalogue: &Arc<Catalogue>,
) -> PyResult<Py<PyAny>> {
    let symbol = catalogue.symbol(py, closed.symbol);
    let interval = catalogue.interval(py, usize::from(closed.place));
    let (open_time, close_time) = (closed.bar.open_time().as_nanos(), closed.close_time.as_nanos());
    let (closed, values, catalogue) = (Closed::from(closed), values.into(), Arc::clone(catalogue));
    Ok(match lane {
        None => Py::new(py, BarEvent { symbol, interval, open_time, close_time, closed, values, catalogue })?
            .into_any(),
        Some(lane) => {
            let event =
                IndicatorEvent { symbol, interval, open_time, close_time, closed, lane, values, catalogue };
            Py::new(py, event)?.into_any()
        }
    })
}

/// A warning.
pub(crate) fn warning_event(py: Python<'_>, warning: &Warning, catalogue: &Catalogue) -> PyResult<Py<PyAny>> {
    let symbol = warning.symbol.and_then(|symbol| catalogue.symbol(py, symbol));
    Ok(Py::new(py, WarningEvent { symbol, warning: *warning })?.into_any())
}

impl Events {
    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        self.gathered.is_empty()
    }

    /// The event at a place, if there is one.
    pub(crate) fn at(&self, py: Python<'_>, at: usize) -> PyResult<Option<Py<PyAny>>> {
        self.gathered.event(py, at, &self.catalogue)
    }

    pub(crate) fn new(gathered: Gathered, catalogue: Arc<Catalogue>) -> Self {
        Self { gathered, catalogue }
    }
}

#[pymethods]
impl Events {
    fn __len__(&self) -> usize {
        self.gathered.len()
    }

    fn __getitem__(&self, py: Python<'_>, at: isize) -> PyResult<Py<PyAny>> {
        let place = if at < 0 { at + self.gathered.len() as isize } else { at };
        let event = usize::try_from(place).ok().map(|at| self.gathered.event(py, at, &self.catalogue));
        event
            .transpose()?
            .flatten()
            .ok_or_else(|| PyIndexError::new_err(format!("no event {at} of {}", self.gathered.len())))
    }

    fn __repr__(&self) -> String {
        format!("<barloom.Events {}>", self.gathered.len())
    }
}

/// Counts at which indicator of a bar its notices are: they come in the order of the plan, those that have begun.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    place: usize,
    next: usize,
}

impl Lanes {
    /// The place of the indicator that `notice` is of; 0 of others.
    #[inline]
    pub(crate) fn of(&mut self, notice: &Notice<'_>, catalogue: &Catalogue) -> usize {
        match notice {
            Notice::Bar(bar, _) => (self.place, self.next) = (usize::from(bar.place), 0),
            Notice::Indicator(_, reading) => {
                let count = catalogue.outputs.indicators(self.place);
                // Both lie in the catalogue, so their places tell them apart.
                let own = reading.name.as_ptr();
                let is_it = |lane: usize| {
                    catalogue
                        .outputs
                        .indicator(self.place, lane)
                        .is_some_and(|(name, _)| name.as_ptr() == own)
                };
                while self.next < count && !is_it(self.next) {
                    self.next += 1;
                }
                self.next += 1;
                return self.next - 1;
            }
            Notice::Warning(_) => {}
        }
        0
    }
}
