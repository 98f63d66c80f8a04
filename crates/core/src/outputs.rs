//! What the indicators of a plan are called and where their values lie: what it takes to read a notice, on any thread.

use std::ops::Range;

use crate::interval::Interval;

/// The outputs of every interval of a plan.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    pub(crate) intervals: Vec<IntervalOutputs>,
}

/// The outputs of one interval.
#[derive(Debug, Clone)]
pub(crate) struct IntervalOutputs {
    pub(crate) interval: Interval,
    /// Whether its bars are told; if not, they are stored alone.
    pub(crate) is_told: bool,
    /// The names of its values in tables.
    pub(crate) columns: Vec<String>,
    /// By indicator, its canonical name and its place among the values.
    pub(crate) indicators: Vec<(String, Range<usize>)>,
}

/// What one indicator says of a bar.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The indicator's canonical name.
    pub name: &'a str,
    /// The names of its outputs in tables.
    pub columns: &'a [String],
    /// Their values; [`NULL`](crate::indicators::NULL) where there is none.
    pub values: &'a [f64],
}

impl Outputs {
    /// Whether bars of the interval at `place` are told.
    #[inline]
    pub fn is_told(&self, place: usize) -> bool {
        self.intervals.get(place).is_some_and(|outputs| outputs.is_told)
    }

    /// How many outputs the interval at `place` has.
    #[inline]
    pub fn width(&self, place: usize) -> usize {
        self.intervals.get(place).map_or(0, |outputs| outputs.columns.len())
    }

    /// How many indicators the interval at `place` has.
    #[inline]
    pub fn indicators(&self, place: usize) -> usize {
        self.intervals.get(place).map_or(0, |outputs| outputs.indicators.len())
    }

    /// The canonical name of the indicator numbered `lane` of the interval at `place`, and the names of its outputs.
    #[inline]
    pub fn indicator(&self, place: usize, lane: usize) -> Option<(&str, &[String])> {
        let outputs = self.intervals.get(place)?;
        let (name, at) = outputs.indicators.get(lane)?;
        Some((name, &outputs.columns[at.clone()]))
    }

    /// The names of an interval's outputs, in the order of its values.
    pub fn columns(&self, interval: Interval) -> &[String] {
        let own = self.intervals.iter().find(|outputs| outputs.interval == interval);
        own.map_or(&[], |outputs| &outputs.columns)
    }

    /// What the indicator numbered `lane` of the interval at `place` says in `values`, which are of all its outputs; `None` where
    /// there is none.
    #[inline]
    pub fn reading<'a>(&'a self, place: usize, lane: usize, values: &'a [f64]) -> Option<Reading<'a>> {
        let outputs = self.intervals.get(place)?;
        let (name, at) = outputs.indicators.get(lane)?;
        Some(Reading { name, columns: &outputs.columns[at.clone()], values: &values[at.clone()] })
    }
}
