//! An indicator written in Python: slow, as each bar is a call, and usable wherever a built-in one is.

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};

use barloom_core::indicators::{Lane, NULL, Reset, Rows, Slot, WarmUp};
use barloom_core::snapshot::{Bytes, Read, SnapshotError};
use barloom_core::{Bar as CoreBar, Bars, Interval};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::wrong;

/// What an indicator in Python raised first; it ends what it is part of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps what came first.
    pub(crate) fn keep(&self, error: PyErr) {
        if let Ok(mut first) = self.0.lock() {
            first.get_or_insert(error);
        }
    }

    /// Whether something was.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.lock().is_ok_and(|first| first.is_some())
    }

    /// # Errors
    /// What was kept.
    pub(crate) fn check(&self) -> PyResult<()> {
        self.0.lock().ok().and_then(|mut first| first.take()).map_or(Ok(()), Err)
    }
}

/// A closed bar as an indicator in Python takes it.
#[pyclass(frozen, module = "barloom")]
pub(crate) struct Bar {
    /// When it opens, in ns UTC since 1970.
    #[pyo3(get)]
    open_time: i64,
    /// First price.
    #[pyo3(get)]
    open: f64,
    /// Highest price.
    #[pyo3(get)]
    high: f64,
    /// Lowest price.
    #[pyo3(get)]
    low: f64,
    /// Last price.
    #[pyo3(get)]
    close: f64,
    /// Traded volume; None where there is none.
    #[pyo3(get)]
    volume: Option<f64>,
    /// Volume-weighted average price; None where there is none.
    #[pyo3(get)]
    vwap: Option<f64>,
    /// Number of trades; None where there is none.
    #[pyo3(get)]
    trade_count: Option<i64>,
}

impl Bar {
    fn of(bar: &CoreBar) -> Self {
        Self {
            open_time: bar.open_time().as_nanos(),
            open: bar.open(),
            high: bar.high(),
            low: bar.low(),
            close: bar.close(),
            volume: bar.volume(),
            vwap: bar.vwap(),
            trade_count: bar.trade_count(),
        }
    }
}

/// An indicator of one's own, as it was asked for.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) name: String,
    /// The intervals that it is on; all where there is none.
    pub(crate) interval: Option<Interval>,
    make: Py<PyAny>,
    outputs: &'static [&'static str],
    warm_up: WarmUp,
    raised: Raised,
}

impl Own {
    /// Of a `barloom.Own`.
    pub(crate) fn of(own: &Bound<'_, PyAny>, raised: &Raised) -> PyResult<Self> {
        let name: String = own.getattr("name")?.extract()?;
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let interval: Option<String> = own.getattr("interval")?.extract()?;
        let outputs: Vec<String> = own.getattr("outputs")?.extract()?;
        for name in std::iter::once(&name).chain(&outputs) {
            if !is_name(name) {
                return Err(wrong(format!(
                    "name `{name}` is not allowed; allowed are letters, digits and _"
                )));
            }
        }
        let first: u32 = own.getattr("first")?.extract()?;
        Ok(Self {
            name,
            interval: interval.map(|interval| interval.parse()).transpose().map_err(wrong)?,
            make: own.getattr("make")?.unbind(),
            outputs: kept(&outputs),
            warm_up: WarmUp { first: first.max(1), settled: own.getattr("settled")?.extract()? },
            raised: raised.clone(),
        })
    }

    /// A lane of it.
    pub(crate) fn lane(&self, py: Python<'_>) -> Box<dyn Lane> {
        let (make, outputs, warm_up) = (self.make.clone_ref(py), self.outputs, self.warm_up);
        Box::new(OwnLane { make, outputs, warm_up, raised: self.raised.clone(), of: Vec::new() })
    }
}

/// Names for as long as the process lives, each list once.
fn kept(outputs: &[String]) -> &'static [&'static str] {
    static KEPT: OnceLock<Mutex<Vec<&'static [&'static str]>>> = OnceLock::new();
    let names: Vec<&str> =
        if outputs.is_empty() { vec![""] } else { outputs.iter().map(Deref::deref).collect() };
    let Ok(mut kept) = KEPT.get_or_init(Mutex::default).lock() else { return &[""] };
    if let Some(own) = kept.iter().find(|own| ***own == names) {
        return own;
    }
    let own: Vec<&'static str> = names.iter().map(|name| &*Box::leak(Box::<str>::from(*name))).collect();
    kept.push(Box::leak(own.into_boxed_slice()));
    kept[kept.len() - 1]
}

/// One object a symbol.
struct OwnLane {
    make: Py<PyAny>,
    outputs: &'static [&'static str],
    warm_up: WarmUp,
    raised: Raised,
    /// By slot; made with its first bar.
    of: Vec<Option<Py<PyAny>>>,
}

impl OwnLane {
    /// Calls `update` and writes what it returns.
    fn call(&self, indicator: &Bound<'_, PyAny>, bar: &CoreBar, out: &mut [f64]) -> PyResult<()> {
        let value = indicator.call_method1("update", (Bar::of(bar),))?;
        out.fill(NULL);
        if value.is_none() {
            return Ok(());
        }
        if let ([out], Ok(value)) = (&mut *out, value.extract::<f64>()) {
            *out = value;
            return Ok(());
        }
        let values: Vec<Option<f64>> = value.extract().map_err(|_| {
            let kind = value.get_type().qualname().map(|name| name.to_string()).unwrap_or_default();
            PyTypeError::new_err(format!(
                "update returned {kind}; allowed are None, a number, or one for each output"
            ))
        })?;
        if values.len() != out.len() {
            let text = format!("update returned {} values for {} outputs", values.len(), out.len());
            return Err(PyValueError::new_err(text));
        }
        out.iter_mut().zip(values).for_each(|(out, value)| *out = value.unwrap_or(NULL));
        Ok(())
    }
}

impl Lane for OwnLane {
    fn outputs(&self) -> &'static [&'static str] {
        self.outputs
    }

    fn warm_up(&self) -> WarmUp {
        self.warm_up
    }

    fn fresh(&self) -> Box<dyn Lane> {
        Python::attach(|py| {
            let (make, raised) = (self.make.clone_ref(py), self.raised.clone());
            Box::new(Self { make, raised, of: Vec::new(), outputs: self.outputs, warm_up: self.warm_up })
        })
    }

    fn resize(&mut self, slots: usize) {
        self.of.resize_with(slots, || None);
    }

    fn step(&mut self, slot: Slot, bar: &CoreBar, out: &mut [f64]) {
        let done = Python::attach(|py| {
            let own = match &self.of[slot.index()] {
                Some(own) => own.bind(py).clone(),
                None => {
                    let own = self.make.call0(py)?;
                    self.of[slot.index()].insert(own).bind(py).clone()
                }
            };
            self.call(&own, bar, out)
        });
        if let Err(error) = done {
            out.fill(NULL);
            self.raised.keep(error);
        }
    }

    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Rows<'_>) {
        bars.iter().zip(out.iter(self.outputs.len())).for_each(|(bar, out)| self.step(slot, &bar, out));
    }

    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Rows<'_>) {
        let rows = out.iter(self.outputs.len());
        slots.iter().zip(bars.iter()).zip(rows).for_each(|((&slot, bar), out)| self.step(slot, &bar, out));
    }

    fn peek(&self, slot: Slot, forming: &CoreBar, out: &mut [f64]) {
        let done = Python::attach(|py| {
            let own = match &self.of[slot.index()] {
                // What it sees of a forming bar must change nothing.
                Some(own) => py.import("copy")?.call_method1("deepcopy", (own,))?,
                None => self.make.call0(py)?.into_bound(py),
            };
            self.call(&own, forming, out)
        });
        if let Err(error) = done {
            out.fill(NULL);
            self.raised.keep(error);
        }
    }

    fn reset(&mut self, slot: Slot, why: Reset) {
        if why == Reset::Start {
            self.of[slot.index()] = None;
        }
    }

    fn save(&self, slot: Slot, to: &mut Bytes) -> Result<(), SnapshotError> {
        let pickled = Python::attach(|py| match &self.of[slot.index()] {
            Some(own) => py.import("pickle")?.call_method1("dumps", (own,))?.extract::<Vec<u8>>().map(Some),
            None => Ok(None),
        });
        let bytes = pickled.map_err(|error| self.unsaved(error))?;
        to.bytes(&bytes.unwrap_or_default());
        Ok(())
    }

    fn restore(&mut self, slot: Slot, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        let bytes = from.bytes()?;
        let own = Python::attach(|py| {
            let own = if bytes.is_empty() {
                None
            } else {
                Some(py.import("pickle")?.call_method1("loads", (bytes,))?)
            };
            Ok::<_, PyErr>(own.map(Bound::unbind))
        });
        self.of[slot.index()] = own.map_err(|error| self.unsaved(error))?;
        Ok(())
    }
}

impl OwnLane {
    /// What pickle raised of an indicator: it ends what that is part of, as there is no going on without its state.
    fn unsaved(&self, error: PyErr) -> SnapshotError {
        let reason = error.to_string();
        self.raised.keep(error);
        SnapshotError::Unsaved { reason }
    }
}
