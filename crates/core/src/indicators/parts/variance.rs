//! Mean and spread of the last n values, whatever came before: merged blocks of (mean, M2) in a two-stack window.
//!
//! A block of j values grows, and two blocks merge, without subtracting squares (Chan, Golub and LeVeque, *Updating
//! Formulae and a Pairwise Algorithm for Computing Sample Variances*, 1979): with δ the distance of the newer mean from the
//! older, mean = m₁ + δ·n₂/n, M2 = M2₁ + M2₂ + δ²·n₁·n₂/n. The factors come from a table. Equal values are at no distance,
//! and a print that has left the window has left no trace.

use std::sync::Arc;

use crate::snapshot::{Bytes, Read, SnapshotError};

/// Mean of some values, and the sum of squared distances from it.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    mean: f64,
    m2: f64,
}

/// What the newest `count` values weigh beside older ones.
#[derive(Debug, Clone, Copy)]
struct Weight {
    /// 1/j and (j−1)/j: the newest of j values.
    value: [f64; 2],
    /// j/n and j·(n−j)/n: j newer values of n.
    block: [f64; 2],
}

impl Weight {
    /// By j, from 0 to n; 0 of none is not looked at.
    fn table(n: usize) -> Arc<[Self]> {
        let n = n as f64;
        let weight = |j: f64| Self { value: [1.0 / j, (j - 1.0) / j], block: [j / n, j * (n - j) / n] };
        (0..=n as u32).map(|j| weight(f64::from(j))).collect()
    }
}

impl Block {
    /// Of the older values in this and the newer ones in `newer`, weighed by `mean` and `spread`.
    #[inline(always)]
    fn merge(self, newer: Self, [mean, spread]: [f64; 2]) -> Self {
        let distance = newer.mean - self.mean;
        Self { mean: self.mean + distance * mean, m2: self.m2 + newer.m2 + distance * distance * spread }
    }

    /// With `value` added.
    #[inline(always)]
    fn with(self, value: f64, weight: &Weight) -> Self {
        self.merge(Self { mean: value, m2: 0.0 }, weight.value)
    }
}

/// Mean and spread of n values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// The mean.
    #[inline]
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
}

/// The moments of the last n values.
#[derive(Debug, Clone)]
pub struct Spread {
    /// `[..at]` the current block's values (as means), `[at..]` suffixes of the block before.
    cells: Box<[Block]>,
    at: u32,
    seen: u32,
    running: Block,
    /// By count; shared by clones.
    weights: Arc<[Weight]>,
}

impl Spread {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: u32) -> Self {
        let n = n.max(1) as usize;
        let cells = vec![Block::default(); n].into_boxed_slice();
        Self { cells, at: 0, seen: 0, running: Block::default(), weights: Weight::table(n) }
    }

    /// How many values it spans.
    pub fn span(&self) -> u32 {
        self.cells.len() as u32
    }

    /// The moments when `running` is of the newest `count` values.
    #[inline(always)]
    fn whole(&self, running: Block, count: usize) -> Moments {
        let n = self.cells.len() as f64;
        let whole = match self.cells.get(count) {
            Some(older) => older.merge(running, self.weights[count].block),
            None => running,
        };
        Moments { n, mean: whole.mean, m2: whole.m2 }
    }

    /// Takes a value and gives the moments of the last n, once there are n.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<Moments> {
        let at = self.at as usize;
        self.cells[at].mean = value;
        self.running = self.running.with(value, &self.weights[at + 1]);
        self.at += 1;
        self.seen += u32::from(self.seen < self.span());
        let whole = self.whole(self.running, at + 1);
        if self.at == self.span() {
            Self::turn(&mut self.cells, &self.weights);
            (self.at, self.running) = (0, Block::default());
        }
        (self.seen == self.span()).then_some(whole)
    }

    /// The block is full: its values become suffixes.
    fn turn(cells: &mut [Block], weights: &[Weight]) {
        let mut suffix = Block::default();
        for (cell, weight) in cells.iter_mut().rev().zip(&weights[1..]) {
            suffix = suffix.with(cell.mean, weight);
            *cell = suffix;
        }
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn peek(&self, value: f64) -> Option<Moments> {
        let count = self.at as usize + 1;
        let running = self.running.with(value, &self.weights[count]);
        (self.seen + 1 >= self.span()).then(|| self.whole(running, count))
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(Block::default());
        (self.at, self.seen, self.running) = (0, 0, Block::default());
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at);
        to.u32(self.seen);
        to.f64s(&[self.running.mean, self.running.m2]);
        self.cells.iter().for_each(|cell| to.f64s(&[cell.mean, cell.m2]));
    }

    /// Reads the state of a window of the same span.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        let block = |from: &mut Read<'_>| Ok(Block { mean: from.f64()?, m2: from.f64()? });
        self.at = from.at_most("window place", self.cells.len() - 1)? as u32;
        self.seen = from.at_most("window count", self.cells.len())? as u32;
        self.running = block(from)?;
        for cell in &mut self.cells {
            *cell = block(from)?;
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
            n in 1_u32..20,
            print in prop_oneof![Just(1e12), Just(1e15), Just(100.0)],
        ) {
            let mut spread = Spread::new(n);
            spread.push(print);
            for (i, &value) in values.iter().enumerate() {
                let peeked = spread.peek(value);
                let moments = spread.push(value);
                prop_assert_eq!(peeked, moments);
                let n = n as usize;
                prop_assert_eq!(moments.is_some(), i + 2 >= n);
                if let Some(moments) = moments.filter(|_| i + 1 >= n) {
                    let window = &values[i + 1 - n..=i];
                    let mean = window.iter().sum::<f64>() / n as f64;
                    let exact = window.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
                    prop_assert!((moments.variance() - exact).abs() <= 1e-11 * exact, "{} {exact}", moments.variance());
                    prop_assert!((moments.mean() - mean).abs() <= 1e-13 * mean);
                }
            }
        }
    }

    #[test]
    fn equal_values_are_not_spread() {
        let mut spread = Spread::new(7);
        let moments = [0.1; 40].map(|x| spread.push(x))[39].unwrap();
        assert_eq!((moments.mean(), moments.variance()), (0.1, 0.0));
    }
}
