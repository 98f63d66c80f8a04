//! From numbers to one number or some together: what most indicators on a source are.

use crate::bar::Bar;
use crate::indicators::contract::{Indicator, NULL, Reset, WarmUp};
use crate::indicators::lane::{Each, Lane};
use crate::indicators::source::Source;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// What a filter gives for a bar: one number, or some together.
pub trait Given: Copy {
    /// Writes what was given to the outputs, [`NULL`] to all where nothing was.
    fn write(given: Option<Self>, out: &mut [f64]);
}

impl Given for f64 {
    #[inline(always)]
    fn write(given: Option<Self>, out: &mut [f64]) {
        out[0] = given.unwrap_or(NULL);
    }
}

impl<const N: usize> Given for [f64; N] {
    #[inline(always)]
    fn write(given: Option<Self>, out: &mut [f64]) {
        out.copy_from_slice(&given.unwrap_or([NULL; N]));
    }
}

/// Takes numbers one by one and gives its values for each, once it has seen enough.
pub trait Filter: Clone + Send + 'static {
    /// What it gives: as many numbers as it has outputs.
    type Value: Given;
    /// The outputs' names, as [`Indicator::OUTPUTS`].
    const OUTPUTS: &'static [&'static str] = &[""];

    /// Takes the next value.
    fn push(&mut self, value: f64) -> Option<Self::Value>;
    /// What `push` would give, without changing anything.
    fn peek(&self, value: f64) -> Option<Self::Value>;
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

/// Which price of a bar a filter takes.
pub trait Price: Copy + Send + std::fmt::Debug + 'static {
    /// The price of `bar`; NaN where the bar has none.
    fn of(self, bar: &Bar) -> f64;
}

impl Price for Source {
    #[inline]
    fn of(self, bar: &Bar) -> f64 {
        self.of(bar)
    }
}

/// The close, known when compiled: what most indicators are asked for, and no choice a bar.
#[derive(Debug, Clone, Copy)]
pub struct Close;

impl Price for Close {
    #[inline]
    fn of(self, bar: &Bar) -> f64 {
        bar.close
    }
}

/// A filter of a bar's price. A missing volume gives no value and changes nothing.
#[derive(Debug, Clone)]
pub struct OfSource<P, F> {
    price: P,
    filter: F,
}

impl<P: Price, F: Filter> OfSource<P, F> {
    /// `filter` of `price`.
    pub fn new(price: P, filter: F) -> Self {
        Self { price, filter }
    }
}

/// A lane of `filter` on `source`.
pub fn lane_of<F: Filter>(source: Source, filter: F) -> Box<dyn Lane> {
    match source {
        Source::Close => Box::new(Each::new(OfSource::new(Close, filter))),
        source => Box::new(Each::new(OfSource::new(source, filter))),
    }
}

impl<P: Price, F: Filter> Indicator for OfSource<P, F> {
    const OUTPUTS: &'static [&'static str] = F::OUTPUTS;

    #[inline(always)]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let value = self.price.of(closed);
        let given = if value.is_nan() { None } else { self.filter.push(value) };
        F::Value::write(given, out);
    }

    #[inline(always)]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        let value = self.price.of(forming);
        let given = if value.is_nan() { None } else { self.filter.peek(value) };
        F::Value::write(given, out);
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
