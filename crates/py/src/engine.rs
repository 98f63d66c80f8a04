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
use pyo3::exceptions::{PyKeyError, PyRuntimeError};
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
    strategies: Mutex<Vec<Strategy>>,
}

/// A callable and what it is told.
struct Strategy {
    interval: String,
    indicator: Option<String>,
    symbol: Option<String>,
    callback: Py<PyAny>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, fields: String, own: Vec<Py<PyAny>>) -> PyResult<Self> {
        let engine = Self { fields, own, strategies: Mutex::default() };
        // What does not hold together is said here and not when it runs.
        engine.settings(py, &[])?.plan(py)?;
        Ok(engine)
    }

    /// Calls `callback(event, view)` with every bar of `interval`, or with what `indicator` says of it, of one symbol or of all.
    fn subscribe(
        &self,
        py: Python<'_>,
        interval: String,
        indicator: Option<String>,
        symbol: Option<String>,
        callback: Py<PyAny>,
    ) -> PyResult<()> {
        let settings = self.settings(py, &[])?;
        let strategy = Strategy { interval, indicator, symbol, callback };
        strategy.pattern(&settings, &settings.plan(py)?)?;
        self.open()?.push(strategy);
        Ok(())
    }

    /// Runs over `data`, merged by time under one clock. What a callback raises ends the run, and comes out of here.
    fn run(&self, py: Python<'_>, data: Vec<Bound<'_, PyAny>>) -> PyResult<Output> {
        let settings = self.settings(py, &data)?;
        let plan = settings.plan(py)?;
        let sources = opened(&data, &settings.options)?;
        let needs_volume = plan.needs_volume().map(str::to_owned);
        let sources = sources
            .into_iter()
            .map(|source| source.with(needs_volume.as_deref(), settings.adjuster.as_ref()))
            .collect();
        let (rules, config) = (&settings.rules, &settings.config);
        let end = config.window(&rules.calendar).map_err(wrong)?.end;
        let coordinator = SessionCoordinator::new(rules, sources).until(end);
        // By its places among the engine's intervals, which have the base too.
        let (all, mut named) = (rules.clone().with_base(), plan.fresh());
        if let Some(base) = all.intervals.first().filter(|rule| !rule.is_asked) {
            named.add_untold(base.interval);
        }
        let catalogue = Catalogue::new(py, all, named.outputs().clone());
        let raised = settings.raised.clone();
        let mut collected = Collected::new(&settings, &plan, raised.clone());
        let mut ready = Vec::new();
        for strategy in self.open()?.iter() {
            let name = strategy.callback.bind(py).repr()?.to_string();
            ready.push((
                name,
                strategy.pattern(&settings, &plan)?,
                strategy.lane(&catalogue),
                strategy.callback.clone_ref(py),
            ));
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
    fn settings(&self, py: Python<'_>, data: &[Bound<'_, PyAny>]) -> PyResult<Settings> {
        let own: Vec<Bound<'_, PyAny>> = self.own.iter().map(|own| own.bind(py).clone()).collect();
        Settings::read(&self.fields, &own, data)
    }

    fn open(&self) -> PyResult<std::sync::MutexGuard<'_, Vec<Strategy>>> {
        self.strategies
            .try_lock()
            .map_err(|_| PyRuntimeError::new_err("the engine is being set up in another thread"))
    }
}

impl Strategy {
    /// What it asks for, as the engine knows it.
    fn pattern(&self, settings: &Settings, plan: &Plan) -> PyResult<Pattern> {
        let interval = self.interval.parse().map_err(wrong)?;
        if settings.rules.index_of(interval).is_none() {
            let names: Vec<String> =
                settings.rules.intervals.iter().map(|rule| rule.interval.to_string()).collect();
            return Err(PyKeyError::new_err(format!(
                "no interval `{interval}`; there are {}",
                names.join(", ")
            )));
        }
        let pattern = match &self.indicator {
            Some(name) => {
                let place = settings.rules.index_of(interval).unwrap_or_default();
                let names: Vec<&str> = (0..plan.outputs().indicators(place))
                    .filter_map(|lane| Some(plan.outputs().indicator(place, lane)?.0))
                    .collect();
                if !names.contains(&name.as_str()) {
                    let near = barloom_core::error::nearest(name, names.iter().copied());
                    let hint = near.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
                    let there = names.join(", ");
                    return Err(wrong(format!(
                        "no indicator `{name}` on {interval}; there are {there}{hint}"
                    )));
                }
                Pattern::indicator(name)
            }
            None => Pattern::bars(),
        };
        let pattern = pattern.on(interval);
        Ok(match &self.symbol {
            Some(symbol) => pattern.of(symbol),
            None => pattern,
        })
    }

    /// The place of its indicator on its interval.
    fn lane(&self, catalogue: &Catalogue) -> Option<usize> {
        let name = self.indicator.as_deref()?;
        let place = catalogue.rules.index_of(self.interval.parse().ok()?)?;
        let mut lanes = 0..catalogue.outputs.indicators(place);
        lanes.find(|&lane| catalogue.outputs.indicator(place, lane).is_some_and(|(own, _)| own == name))
    }
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
                    table.push(bar, values);
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
