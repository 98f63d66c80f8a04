//! Which indicators run on which interval, and their values bar by bar.
//!
//! A [`Plan`] holds a lane for each spec and interval. Given a closed bar it enters the session where one begins, steps
//! the interval's lanes in the order in which they were asked for, and shows their values.

use crate::calendar::Hours;
use crate::derive::{ClosedBar, SessionLabel};
use crate::indicators::{Lane, NULL, Reset, Slot, Spec};
use crate::interval::Interval;

/// The indicators of a run.
pub struct Plan {
    intervals: Vec<IntervalPlan>,
}

struct IntervalPlan {
    interval: Interval,
    lanes: Vec<PlannedLane>,
    columns: Vec<String>,
    values: Vec<f64>,
    /// By symbol, the session of its last regular bar.
    sessions: Vec<Option<SessionLabel>>,
}

struct PlannedLane {
    spec: Spec,
    lane: Box<dyn Lane>,
    /// Its outputs' place among the interval's values.
    outputs: std::ops::Range<usize>,
    /// By symbol, whether it has had a value.
    begun: Vec<bool>,
}

/// Why indicators can't be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An indicator is for an interval that is not derived.
    #[error("{spec}@{interval}: the interval is not derived")]
    NotDerived {
        /// The indicator.
        spec: String,
        /// Its interval.
        interval: Interval,
    },
    /// An indicator is asked for twice on an interval.
    #[error("{spec} is asked for twice on {interval}")]
    Twice {
        /// The indicator.
        spec: String,
        /// The interval.
        interval: Interval,
    },
}

/// What one indicator says of a bar.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The indicator.
    pub spec: &'a Spec,
    /// The names of its outputs in tables.
    pub columns: &'a [String],
    /// Their values; [`NULL`] where there is none.
    pub values: &'a [f64],
}

impl Plan {
    /// Plans `specs` on `intervals`; one without an interval of its own runs on each of them.
    ///
    /// # Errors
    /// [`PlanError`] names the indicator and the interval.
    pub fn new(specs: &[Spec], intervals: &[Interval]) -> Result<Self, PlanError> {
        let stray = |spec: &&Spec| spec.interval().is_some_and(|interval| !intervals.contains(&interval));
        if let Some((spec, interval)) =
            specs.iter().find(stray).and_then(|spec| Some((spec, spec.interval()?)))
        {
            return Err(PlanError::NotDerived { spec: spec.to_string(), interval });
        }
        let intervals = intervals.iter().map(|&interval| IntervalPlan::new(specs, interval));
        Ok(Self { intervals: intervals.collect::<Result<_, _>>()? })
    }

    /// The names of an interval's outputs, in the order of its values.
    pub fn columns(&self, interval: Interval) -> &[String] {
        self.of(interval).map_or(&[], |plan| &plan.columns)
    }

    /// Takes a closed bar: the values of its interval's outputs.
    pub fn update(&mut self, bar: &ClosedBar) -> &[f64] {
        match self.intervals.iter_mut().find(|plan| plan.interval == bar.interval) {
            Some(plan) => plan.update(bar),
            None => &[],
        }
    }

    /// What each indicator said of the bar taken last on `interval`, which was one of the symbol numbered `symbol`: those
    /// that have had a value.
    pub fn readings(&self, interval: Interval, symbol: usize) -> impl Iterator<Item = Reading<'_>> + '_ {
        let plan = self.of(interval);
        plan.into_iter().flat_map(move |plan| {
            plan.lanes.iter().filter(move |lane| lane.begun.get(symbol) == Some(&true)).map(|lane| Reading {
                spec: &lane.spec,
                columns: &plan.columns[lane.outputs.clone()],
                values: &plan.values[lane.outputs.clone()],
            })
        })
    }

    /// The first indicator that needs volume.
    pub fn needs_volume(&self) -> Option<&Spec> {
        let mut specs = self.intervals.iter().flat_map(|plan| plan.lanes.iter().map(|lane| &lane.spec));
        specs.find(|spec| spec.needs_volume())
    }

    fn of(&self, interval: Interval) -> Option<&IntervalPlan> {
        self.intervals.iter().find(|plan| plan.interval == interval)
    }
}

impl IntervalPlan {
    fn new(specs: &[Spec], interval: Interval) -> Result<Self, PlanError> {
        let (mut lanes, mut columns): (Vec<PlannedLane>, Vec<String>) = (Vec::new(), Vec::new());
        for spec in specs.iter().filter(|spec| spec.interval().is_none_or(|own| own == interval)) {
            if lanes.iter().any(|other| other.spec.to_string() == spec.to_string()) {
                return Err(PlanError::Twice { spec: spec.to_string(), interval });
            }
            let from = columns.len();
            columns.extend(spec.columns());
            let outputs = from..columns.len();
            lanes.push(PlannedLane { spec: spec.clone(), lane: spec.lane(), outputs, begun: Vec::new() });
        }
        let values = vec![NULL; columns.len()];
        Ok(Self { interval, lanes, columns, values, sessions: Vec::new() })
    }

    fn update(&mut self, closed: &ClosedBar) -> &[f64] {
        let symbol = closed.symbol.index();
        if symbol >= self.sessions.len() {
            self.sessions.resize(symbol + 1, None);
            for lane in &mut self.lanes {
                lane.lane.resize(symbol + 1);
                lane.begun.resize(symbol + 1, false);
            }
        }
        // Pre-market belongs to the date but not to the session, which begins with its regular hours.
        let enters = closed.hours == Hours::Regular && self.sessions[symbol] != Some(closed.session);
        let slot = Slot(symbol as u32);
        for PlannedLane { lane, outputs, begun, .. } in &mut self.lanes {
            if enters {
                lane.reset(slot, Reset::SessionStart);
            }
            let values = &mut self.values[outputs.clone()];
            lane.step(slot, &closed.bar, values);
            begun[symbol] = begun[symbol] || values.iter().any(|value| !value.is_nan());
        }
        if enters {
            self.sessions[symbol] = Some(closed.session);
        }
        &self.values
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.intervals.iter().map(|plan| (plan.interval, &plan.columns))).finish()
    }
}
