//! `barloom.Engine`: a run over tables or files with strategies in Python, as `barloom run` does.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::coordinator::{CoordinatorError, SessionCoordinator};
use barloom::engine::{Engine as Run, EngineConfig, Finished, Reject, RunError};
use barloom_core::Symbols;
use barloom_core::derive::TradingHours;
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::store::{AsOf, SessionData, View as CoreView};
use barloom_io::SourceError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::catalogue::Catalogue;
use crate::collect::{Bars, Order, Rejects, Warnings};
use crate::errors::{OverrunError, bad_data, unread, wrong};
use crate::event::{PYTHON_ALIGNMENT, bar_event};
use crate::indicator::Raised;
use crate::output::{Made, Output};
use crate::session::SeriesBars;
use crate::settings::Settings;
use crate::source::opened;

/// A run that is set up: what it derives, and who is told.
#[pyclass(frozen, subclass, module = "barloom", name = "_Engine")]
pub(crate) struct Engine {
    fields: String,
    own: Vec<Py<PyAny>>,
    /// The intervals that are asked for, and their indicators.
    names: Arc<Catalogue>,
    strategies: Mutex<Vec<Strategy>>,
}

/// A callable and what it is told.
struct Strategy {
    pattern: Pattern,
    /// The place of its indicator on its interval.
    lane: Option<usize>,
    callback: Py<PyAny>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, fields: String, own: Vec<Py<PyAny>>) -> PyResult<Self> {
        // What does not hold together is said here and not when it runs.
        let settings = read(py, &fields, &own, &[])?;
        let names = Catalogue::asked(py, &settings.rules, &settings.plan(py)?);
        Ok(Self { fields, own, names, strategies: Mutex::default() })
    }

    /// Calls `callback(event, view)` with every bar of `interval`, or with what `indicator` says of it, of one symbol or of all.
    fn subscribe(
        &self,
        interval: &str,
        indicator: Option<&str>,
        symbol: Option<&str>,
        callback: Py<PyAny>,
    ) -> PyResult<()> {
        let place = self.names.place(interval)?;
        let lane = indicator.map(|name| self.names.lane(place, name)).transpose()?;
        let pattern = indicator.map_or_else(Pattern::bars, Pattern::indicator);
        let pattern = pattern.on(self.names.rules.intervals[place].interval);
        let pattern = symbol.into_iter().fold(pattern, Pattern::of);
        self.open()?.push(Strategy { pattern, lane, callback });
        Ok(())
    }

    /// Runs over `data`, merged by time under one clock. What a callback raises ends the run, and comes out of here.
    fn run(&self, py: Python<'_>, data: Vec<Bound<'_, PyAny>>) -> PyResult<Output> {
        let settings = read(py, &self.fields, &self.own, &data)?;
        let mut plan = settings.plan(py)?;
        let sources = opened(&data, &settings.options)?;
        let needs_volume = plan.needs_volume().map(str::to_owned);
        let sources = sources
            .into_iter()
            .map(|source| source.with(needs_volume.as_deref(), settings.adjuster.as_ref()))
            .collect();
        let (rules, config) = (&settings.rules, &settings.config);
        let end = config.window(&rules.calendar).map_err(wrong)?.end;
        let coordinator = SessionCoordinator::new(rules, sources).until(end);
        let catalogue = Catalogue::of(py, rules, &mut plan);
        let raised = settings.raised.clone();
        let mut collected = Collected::new(&settings, &plan, raised.clone());
        let mut ready = Vec::new();
        for strategy in self.open()?.iter() {
            let name = strategy.callback.bind(py).repr()?.to_string();
            let callback = strategy.callback.clone_ref(py);
            ready.push((name, strategy.pattern.clone(), strategy.lane, callback));
        }
        let engine = EngineConfig::of(config, rules.clone(), plan).map_err(wrong)?;
        let done = py.detach(|| {
            let mut engine = Run::new(engine, coordinator);
            engine.subscribe("outputs", Pattern::all(), &mut collected);
            for (name, pattern, lane, callback) in ready {
                let (catalogue, data, raised) =
                    (Arc::clone(&catalogue), engine.data().clone(), raised.clone());
                let told = Told { callback, lane, catalogue, data, raised, seen: None };
                engine.subscribe_apart(&name, pattern, Attendance::Lockstep, told);
            }
            engine.run()
        });
        raised.check()?;
        let Finished { summary, metrics, inputs, .. } = done.map_err(|error| failed(&error))?;
        if let Some(first) = summary.overruns.first().filter(|_| summary.overran) {
            return Err(OverrunError::new_err(first.to_string()));
        }
        let symbols = barloom::coordinator::Inputs::symbols(&inputs);
        let Collected { bars, warnings, rejects, .. } = collected;
        let specs = &config.realtime_indicators;
        let made = Made { bars, order: Order::Visible, warnings, rejects, summary, metrics: Some(metrics) };
        Output::new(rules, specs, made, symbols)
    }
}

impl Engine {
    fn open(&self) -> PyResult<std::sync::MutexGuard<'_, Vec<Strategy>>> {
        self.strategies
            .try_lock()
            .map_err(|_| PyRuntimeError::new_err("the engine is being set up in another thread"))
    }
}

fn read(py: Python<'_>, fields: &str, own: &[Py<PyAny>], data: &[Bound<'_, PyAny>]) -> PyResult<Settings> {
    let own: Vec<Bound<'_, PyAny>> = own.iter().map(|own| own.bind(py).clone()).collect();
    Settings::read(fields, &own, data)
}

fn failed(error: &RunError<CoordinatorError<SourceError>>) -> PyErr {
    match error {
        RunError::Inputs(CoordinatorError::Source(error)) => unread(error),
        RunError::Inputs(_) | RunError::Input(_) | RunError::Calendar { .. } | RunError::Invalid { .. } => {
            bad_data(error)
        }
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

/// Gathers what tables are made of, on the thread that runs.
struct Collected {
    bars: Vec<Bars>,
    warnings: Warnings,
    rejects: Rejects,
    raised: Raised,
    /// Steps since signals were looked at.
    steps: u32,
    /// By place among the engine's intervals, which have the base too.
    shift: usize,
}

/// Steps between two looks at whether Ctrl-C was pressed.
const LOOK: u32 = 256;

impl Collected {
    fn new(settings: &Settings, plan: &Plan, raised: Raised) -> Self {
        let rules = &settings.rules;
        let has_hours = rules.hours == TradingHours::Extended;
        let bars =
            rules.intervals.iter().map(|rule| Bars::new(plan.columns(rule.interval), has_hours)).collect();
        let shift = rules.clone().with_base().intervals.len() - rules.intervals.len();
        Self { bars, warnings: Warnings::default(), rejects: Rejects::default(), raised, steps: 0, shift }
    }
}

impl Subscriber for &mut Collected {
    fn notice(&mut self, notice: &Notice<'_>, _: &CoreView<'_>) -> Result<(), SubscriberError> {
        match notice {
            Notice::Bar(bar, values) => {
                let place = usize::from(bar.place).checked_sub(self.shift);
                if let Some(table) = place.and_then(|place| self.bars.get_mut(place)) {
                    table.push_bars(std::slice::from_ref(bar));
                    table.push_values(values);
                }
            }
            Notice::Warning(warning) => self.warnings.push(warning),
            Notice::Indicator(..) => {}
        }
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, _: &Symbols) {
        self.rejects.push(reject.source, reject.number, reject.symbol, reject.time, reject.reason);
    }

    fn step_done(&mut self, _: &CoreView<'_>) -> ControlFlow<()> {
        self.steps += 1;
        if self.raised.is_kept() {
            return ControlFlow::Break(());
        }
        if self.steps.is_multiple_of(LOOK)
            && let Err(error) = Python::attach(|py| py.check_signals())
        {
            self.raised.keep(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// A strategy on its way.
struct Told {
    callback: Py<PyAny>,
    lane: Option<usize>,
    catalogue: Arc<Catalogue>,
    data: SessionData,
    raised: Raised,
    /// The view of the step at hand, which all its events share.
    seen: Option<(AsOf, Py<View>)>,
}

/// A callback raised; what it raised is kept elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RaisedError(String);

impl Subscriber for Told {
    fn notice(&mut self, notice: &Notice<'_>, view: &CoreView<'_>) -> Result<(), SubscriberError> {
        Python::attach(|py| self.call(py, notice, view)).map_err(|error| {
            let text = error.to_string();
            self.raised.keep(error);
            Box::new(RaisedError(text)) as Box<dyn Error + Send + Sync>
        })
    }
}

impl Told {
    fn call(&mut self, py: Python<'_>, notice: &Notice<'_>, view: &CoreView<'_>) -> PyResult<()> {
        let (bar, values) = match notice {
            Notice::Bar(bar, values) => (bar, *values),
            Notice::Indicator(bar, reading) => (bar, reading.values),
            Notice::Warning(_) => return Ok(()),
        };
        self.catalogue.learn(py, view.symbols());
        let as_of = view.visible();
        let seen = match self.seen.take().filter(|(own, _)| *own == as_of) {
            Some((_, seen)) => seen,
            None => {
                let (data, catalogue) = (self.data.clone(), Arc::clone(&self.catalogue));
                Py::new(py, View { data, catalogue, as_of, now: view.now().as_nanos() })?
            }
        };
        let event = bar_event(py, bar, values, self.lane, &self.catalogue)?;
        let done = self.callback.call1(py, (event, &seen));
        self.seen = Some((as_of, seen));
        done.map(drop)
    }
}

/// What is visible at a step: closed bars and their indicators, and nothing after it. It may be kept.
#[pyclass(frozen, module = "barloom")]
pub(crate) struct View {
    data: SessionData,
    catalogue: Arc<Catalogue>,
    as_of: AsOf,
    /// The step's instant, in ns UTC since 1970.
    #[pyo3(get)]
    now: i64,
}

const _: () = assert!(align_of::<View>() <= PYTHON_ALIGNMENT && align_of::<Engine>() <= PYTHON_ALIGNMENT);

#[pymethods]
impl View {
    /// The closed bars of the current session of a symbol's interval (of 1d and longer: of the year), with their indicators: arrays over the store's own
    /// memory. Raises KeyError for an interval that the run does not have; a symbol that was not met has no bars.
    fn bars(&self, py: Python<'_>, symbol: &str, interval: &str) -> PyResult<SeriesBars> {
        let place = self.catalogue.place(interval)?;
        let series =
            self.catalogue.named(py, symbol).and_then(|symbol| self.data.series(symbol, place, self.as_of));
        Ok(SeriesBars::new(series.and_then(|series| series.rows()), place, &self.catalogue))
    }

    /// The symbols met so far.
    #[getter]
    fn symbols(&self, py: Python<'_>) -> Vec<Py<pyo3::types::PyString>> {
        self.catalogue.symbols(py)
    }
}
