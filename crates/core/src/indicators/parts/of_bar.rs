//! From bars to one number or some together: what indicators on several columns are.

use crate::bar::Bar;
use crate::indicators::contract::{Indicator, Reset, WarmUp};
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::{Filter, Given};

/// Takes bars one by one and gives its values for each, once it has seen enough.
///
/// One that reads the volume gives nothing for a bar without it and changes nothing.
pub trait BarFilter: Clone + Send + 'static {
    /// What it gives: as many numbers as it has outputs.
    type Value: Given;
    /// The outputs' names, as [`Indicator::OUTPUTS`].
    const OUTPUTS: &'static [&'static str] = &[""];

    /// Takes the next bar.
    fn push(&mut self, bar: &Bar) -> Option<Self::Value>;
    /// What `push` would give, without changing anything.
    fn peek(&self, bar: &Bar) -> Option<Self::Value>;
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

/// A filter of bars as an indicator.
#[derive(Debug, Clone)]
pub struct OfBar<F>(pub F);

impl<F: BarFilter> Indicator for OfBar<F> {
    const OUTPUTS: &'static [&'static str] = F::OUTPUTS;

    #[inline(always)]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        F::Value::write(self.0.push(closed), out);
    }

    #[inline(always)]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        F::Value::write(self.0.peek(forming), out);
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.0.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.0.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0.restore(from)
    }
}

/// A filter of the bar's range, high − low.
#[derive(Debug, Clone)]
pub struct OfRange<F>(pub F);

impl<F: Filter> BarFilter for OfRange<F> {
    type Value = F::Value;
    const OUTPUTS: &'static [&'static str] = F::OUTPUTS;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<F::Value> {
        self.0.push(bar.high - bar.low)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<F::Value> {
        self.0.peek(bar.high - bar.low)
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    made_of!(0);
}
