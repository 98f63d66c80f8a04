//! From one number to one number: what most indicators on a source are.

use crate::bar::Bar;
use crate::indicators::contract::{Indicator, NULL, Reset, WarmUp};
use crate::indicators::source::Source;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Takes numbers one by one and gives one for each, once it has seen enough.
pub trait Filter: Clone + Send + 'static {
    /// Takes the next value.
    fn push(&mut self, value: f64) -> Option<f64>;
    /// What `push` would give, without changing anything.
    fn peek(&self, value: f64) -> Option<f64>;
    /// When values begin.
    fn warm_up(&self) -> WarmUp;
    /// Forgets everything.
    fn reset(&mut self);
    /// Writes the state.
    fn save(&self, to: &mut Bytes);
    /// Reads the state of a filter of the same parameters.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError>;
}

/// A filter of a bar's price. A missing volume gives no value and changes nothing.
#[derive(Debug, Clone)]
pub struct OfSource<F> {
    source: Source,
    filter: F,
}

impl<F: Filter> OfSource<F> {
    /// `filter` of `source`.
    pub fn new(source: Source, filter: F) -> Self {
        Self { source, filter }
    }
}

impl<F: Filter> Indicator for OfSource<F> {
    const OUTPUTS: &'static [&'static str] = &[""];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let value = self.source.of(closed);
        let given = if value.is_nan() { None } else { self.filter.push(value) };
        out[0] = given.unwrap_or(NULL);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        let value = self.source.of(forming);
        let given = if value.is_nan() { None } else { self.filter.peek(value) };
        out[0] = given.unwrap_or(NULL);
    }

    fn warm_up(&self) -> WarmUp {
        self.filter.warm_up()
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.filter.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.filter.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.filter.restore(from)
    }
}
