//! Averages that remember for ever and forget exponentially: the EMA and Wilder's.
//!
//! Both are seeded with the mean of their first n values. EMA: y += k·(x − y), k = 2/(n+1). Wilder: y = (y·(n−1) + x)/n.
//! The order of operations is TA-Lib's.

use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::Filter;

/// The seed both share: the mean of the first n values, summed in order.
#[derive(Debug, Clone)]
struct Seed {
    n: u32,
    seen: u32,
    sum: f64,
}

impl Seed {
    fn new(n: u32) -> Self {
        Self { n: n.max(1), seen: 0, sum: 0.0 }
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.seen == self.n
    }

    /// Takes a value; the mean once n were taken.
    #[inline]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.sum += value;
        self.seen += 1;
        self.is_done().then(|| self.sum / f64::from(self.n))
    }

    #[inline]
    fn peek(&self, value: f64) -> Option<f64> {
        (self.seen + 1 == self.n).then(|| (self.sum + value) / f64::from(self.n))
    }

    fn reset(&mut self) {
        (self.seen, self.sum) = (0, 0.0);
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.f64(self.sum);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("seed count", self.n as usize)? as u32;
        self.sum = from.f64()?;
        Ok(())
    }
}

/// How an average takes its next value.
pub trait Recurrence: Copy + Send + std::fmt::Debug + 'static {
    /// The recurrence over `n` values.
    fn over(n: u32) -> Self;
    /// The share of the average that one step keeps.
    fn kept(self) -> f64;
    /// The average after `value`.
    fn next(self, average: f64, value: f64) -> f64;
}

/// y += (x − y)·k, k = 2/(n+1).
#[derive(Debug, Clone, Copy)]
pub struct Exponential(f64);

impl Recurrence for Exponential {
    fn over(n: u32) -> Self {
        Self(2.0 / (f64::from(n) + 1.0))
    }

    fn kept(self) -> f64 {
        1.0 - self.0
    }

    #[inline]
    fn next(self, average: f64, value: f64) -> f64 {
        (value - average) * self.0 + average
    }
}

/// y = (y·(n−1) + x)/n.
#[derive(Debug, Clone, Copy)]
pub struct Wilders {
    n: f64,
    before: f64,
}

impl Recurrence for Wilders {
    fn over(n: u32) -> Self {
        Self { n: f64::from(n), before: f64::from(n) - 1.0 }
    }

    fn kept(self) -> f64 {
        self.before / self.n
    }

    #[inline]
    fn next(self, average: f64, value: f64) -> f64 {
        (average * self.before + value) / self.n
    }
}

/// A recursive average seeded with the mean of its first n values.
#[derive(Debug, Clone)]
pub struct Average<R> {
    seed: Seed,
    average: f64,
    recurrence: R,
}

/// The exponential moving average.
pub type Ema = Average<Exponential>;
/// Wilder's moving average.
pub type Wilder = Average<Wilders>;

impl<R: Recurrence> Average<R> {
    /// An average over `n` values, at least 1, that has seen none.
    pub fn new(n: u32) -> Self {
        Self { seed: Seed::new(n), average: 0.0, recurrence: R::over(n.max(1)) }
    }

    /// The average, once n values were taken.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.seed.is_done().then_some(self.average)
    }
}

impl<R: Recurrence> Filter for Average<R> {
    #[inline]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.average = if self.seed.is_done() {
            self.recurrence.next(self.average, value)
        } else {
            self.seed.push(value)?
        };
        Some(self.average)
    }

    #[inline]
    fn peek(&self, value: f64) -> Option<f64> {
        if self.seed.is_done() {
            Some(self.recurrence.next(self.average, value))
        } else {
            self.seed.peek(value)
        }
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::fading(self.seed.n - 1, self.recurrence.kept())
    }

    fn reset(&mut self) {
        self.seed.reset();
        self.average = 0.0;
    }

    fn save(&self, to: &mut Bytes) {
        self.seed.save(to);
        to.f64(self.average);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seed.restore(from)?;
        self.average = from.f64()?;
        Ok(())
    }
}
