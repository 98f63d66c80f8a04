//! A filter that lets its first values pass, so that two start on the same bar.

use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::Filter;

/// A filter that sees nothing of its first `delay` values.
#[derive(Debug, Clone)]
pub struct Delayed<F> {
    delay: u32,
    passed: u32,
    filter: F,
}

impl<F: Filter> Delayed<F> {
    /// `filter`, which sees what comes after `delay` values.
    pub fn new(delay: u32, filter: F) -> Self {
        Self { delay, passed: 0, filter }
    }
}

impl<F: Filter> Filter for Delayed<F> {
    type Value = F::Value;
    const OUTPUTS: &'static [&'static str] = F::OUTPUTS;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<F::Value> {
        if self.passed < self.delay {
            self.passed += 1;
            return None;
        }
        self.filter.push(value)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<F::Value> {
        if self.passed < self.delay { None } else { self.filter.peek(value) }
    }

    fn warm_up(&self) -> WarmUp {
        self.filter.warm_up().after(self.delay)
    }

    fn reset(&mut self) {
        self.passed = 0;
        self.filter.reset();
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.passed);
        self.filter.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.passed = from.at_most("passed values", self.delay as usize)? as u32;
        self.filter.restore(from)
    }
}
