//! Mean and spread of the last n values, whatever came before: merged (n, mean, M2) blocks in a two-stack window.
//!
//! Two blocks merge without subtracting squares (Chan, Golub and LeVeque, *Updating Formulae and a Pairwise Algorithm for
//! Computing Sample Variances*, 1979): δ = m₂ − m₁, mean = m₁ + δ·n₂/n, M2 = M2₁ + M2₂ + δ²·n₁·n₂/n. A print that has left
//! the window has left no trace.

use crate::snapshot::{Bytes, Read, SnapshotError};

/// Count, mean, and sum of squared distances from the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// Of nothing.
    pub const NONE: Self = Self { n: 0.0, mean: 0.0, m2: 0.0 };

    /// Of one value.
    #[inline]
    pub fn one(value: f64) -> Self {
        Self { n: 1.0, mean: value, m2: 0.0 }
    }

    /// Of the values of both.
    #[inline]
    pub fn merge(self, newer: Self) -> Self {
        if self.n == 0.0 {
            return newer;
        }
        if newer.n == 0.0 {
            return self;
        }
        let (n, delta) = (self.n + newer.n, newer.mean - self.mean);
        Self {
            n,
            mean: self.mean + delta * (newer.n / n),
            m2: self.m2 + newer.m2 + delta * delta * (self.n * newer.n / n),
        }
    }

    /// The mean.
    pub fn mean(self) -> f64 {
        self.mean
    }

    /// The population variance, M2/n.
    #[inline]
    pub fn variance(self) -> f64 {
        self.m2 / self.n
    }

    /// The sample variance, M2/(n−1); 0 of one value.
    #[inline]
    pub fn sample_variance(self) -> f64 {
        if self.n > 1.0 { self.m2 / (self.n - 1.0) } else { 0.0 }
    }

    fn save(self, to: &mut Bytes) {
        to.f64s(&[self.n, self.mean, self.m2]);
    }

    fn restore(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { n: from.f64()?, mean: from.f64()?, m2: from.f64()? })
    }
}

/// The moments of the last n values.
#[derive(Debug, Clone)]
pub struct Spread {
    /// `[..at]` the current block's values, `[at..]` suffix moments of the block before.
    cells: Box<[Moments]>,
    at: usize,
    running: Moments,
    seen: usize,
}

impl Spread {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: usize) -> Self {
        let cells = vec![Moments::NONE; n.max(1)].into_boxed_slice();
        Self { cells, at: 0, running: Moments::NONE, seen: 0 }
    }

    /// Whether it holds as many values as it spans.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.seen == self.cells.len()
    }

    /// Whether it would be full with one value more.
    #[inline]
    pub fn would_be_full(&self) -> bool {
        self.seen + 1 >= self.cells.len()
    }

    /// Takes a value and gives the moments of the last n, or of all when fewer were seen.
    #[inline]
    pub fn push(&mut self, value: f64) -> Moments {
        let n = self.cells.len();
        let one = Moments::one(value);
        self.cells[self.at] = one;
        self.at += 1;
        self.running = self.running.merge(one);
        self.seen += usize::from(self.seen < n);
        if self.at < n {
            return self.cells[self.at].merge(self.running);
        }
        let whole = self.running;
        let mut suffix = Moments::NONE;
        for cell in self.cells.iter_mut().rev() {
            suffix = cell.merge(suffix);
            *cell = suffix;
        }
        (self.at, self.running) = (0, Moments::NONE);
        whole
    }

    /// What `push` would give.
    #[inline]
    pub fn peek(&self, value: f64) -> Moments {
        let running = self.running.merge(Moments::one(value));
        match self.cells.get(self.at + 1) {
            Some(&suffix) => suffix.merge(running),
            None => running,
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(Moments::NONE);
        (self.at, self.running, self.seen) = (0, Moments::NONE, 0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at as u32);
        to.u32(self.seen as u32);
        self.running.save(to);
        self.cells.iter().for_each(|cell| cell.save(to));
    }

    /// Reads the state of a window of the same span.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.at = from.at_most("window place", self.cells.len() - 1)?;
        self.seen = from.at_most("window count", self.cells.len())?;
        self.running = Moments::restore(from)?;
        for cell in &mut self.cells {
            *cell = Moments::restore(from)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_spread_is_that_of_the_window_whatever_came_before(
            values in prop::collection::vec(90.0..110.0, 45..150),
            n in 2_usize..20,
            print in prop_oneof![Just(1e12), Just(1e15), Just(100.0)],
        ) {
            let mut spread = Spread::new(n);
            spread.push(print);
            for (i, &value) in values.iter().enumerate() {
                let peeked = spread.peek(value);
                let moments = spread.push(value);
                prop_assert_eq!(peeked, moments);
                if i + 1 >= n {
                    let window = &values[i + 1 - n..=i];
                    let mean = window.iter().sum::<f64>() / n as f64;
                    let exact = window.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
                    prop_assert!((moments.variance() - exact).abs() <= 1e-11 * exact, "{} {exact}", moments.variance());
                    prop_assert!((moments.mean() - mean).abs() <= 1e-13 * mean);
                }
            }
        }
    }
}
