//! Mean and spread of the last n values, whatever came before: merged blocks of (mean, M2) in a two-stack window.
//!
//! A block of j values grows, and two blocks merge, without subtracting squares (Chan, Golub and LeVeque, *Updating
//! Formulae and a Pairwise Algorithm for Computing Sample Variances*, 1979): with δ the distance of the newer mean from the
//! older, mean = m₁ + δ·n₂/n, M2 = M2₁ + M2₂ + δ²·n₁·n₂/n. The factors come from a table.
//!
//! Values count from an anchor that is in the window as long as the block is: the block that grows from its first value,
//! the suffixes of the one before from its last. So what is merged is as small as the values are apart, and the spread of a
//! tenth of a tick at a price of a billion is as exact as any. Equal values are at no distance, and a print that has left
//! the window has left no trace.

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
    /// `[..at]` the current block's values (as means), `[at..]` suffixes of the block before, from `last`.
    cells: Box<[Block]>,
    at: u32,
    seen: u32,
    /// From `first`.
    running: Block,
    /// The anchor of the block that grows: its first value.
    first: f64,
    /// The anchor of the block before: its last value.
    last: f64,
    /// By count; shared by clones.
    weights: Arc<[Weight]>,
}

impl Spread {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: u32) -> Self {
        let n = n.max(1) as usize;
        let cells = vec![Block::default(); n].into_boxed_slice();
        Self {
            cells,
            at: 0,
            seen: 0,
            running: Block::default(),
            first: 0.0,
            last: 0.0,
            weights: Weight::table(n),
        }
    }

    /// How many values it spans.
    pub fn span(&self) -> u32 {
        self.cells.len() as u32
    }

    /// The anchor of the block that grows, with `value` the next.
    #[inline(always)]
    fn anchor(&self, value: f64) -> f64 {
        if self.at == 0 { value } else { self.first }
    }

    /// The moments when `running`, counted from `first`, is of the newest `count` values.
    #[inline(always)]
    fn whole(&self, running: Block, first: f64, count: usize) -> Moments {
        let n = self.cells.len() as f64;
        match self.cells.get(count) {
            Some(older) => {
                let newer = Block { mean: running.mean + (first - self.last), ..running };
                let whole = older.merge(newer, self.weights[count].block);
                Moments { n, mean: self.last + whole.mean, m2: whole.m2 }
            }
            None => Moments { n, mean: first + running.mean, m2: running.m2 },
        }
    }

    /// Takes a value and gives the moments of the last n, once there are n.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<Moments> {
        let at = self.at as usize;
        self.first = self.anchor(value);
        self.cells[at].mean = value;
        self.running = self.running.with(value - self.first, &self.weights[at + 1]);
        self.at += 1;
        self.seen += u32::from(self.seen < self.span());
        let whole = self.whole(self.running, self.first, at + 1);
        if self.at == self.span() {
            self.last = value;
            Self::turn(&mut self.cells, value, &self.weights);
            (self.at, self.running) = (0, Block::default());
        }
        (self.seen == self.span()).then_some(whole)
    }

    /// The block is full: its values become suffixes, from its last one.
    fn turn(cells: &mut [Block], last: f64, weights: &[Weight]) {
        let mut suffix = Block::default();
        for (cell, weight) in cells.iter_mut().rev().zip(&weights[1..]) {
            suffix = suffix.with(cell.mean - last, weight);
            *cell = suffix;
        }
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn peek(&self, value: f64) -> Option<Moments> {
        let count = self.at as usize + 1;
        let first = self.anchor(value);
        let running = self.running.with(value - first, &self.weights[count]);
        (self.seen + 1 >= self.span()).then(|| self.whole(running, first, count))
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(Block::default());
        (self.at, self.seen, self.running) = (0, 0, Block::default());
        (self.first, self.last) = (0.0, 0.0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at);
        to.u32(self.seen);
        to.f64s(&[self.running.mean, self.running.m2, self.first, self.last]);
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
        (self.first, self.last) = (from.f64()?, from.f64()?);
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
                    prop_assert!((moments.variance() - exact).abs() <= 1e-12 * exact, "{} {exact}", moments.variance());
                    prop_assert!((moments.mean() - mean).abs() <= 1e-13 * mean);
                }
            }
        }
    }

    #[test]
    fn a_small_spread_far_from_zero_is_exact() {
        let values = [1e9, 1e9 + 0.25, 1e9 - 0.5, 1e9 + 0.125, 1e9];
        let mut spread = Spread::new(4);
        let moments = values.map(|x| spread.push(x))[4].unwrap();
        // 0.25, -0.5, 0.125, 0: mean -1/32; squares (81 + 225 + 25 + 1)/1024.
        assert!((moments.variance() - 332.0 / 4096.0).abs() < 1e-16, "{}", moments.variance());
    }

    #[test]
    fn equal_values_are_not_spread() {
        let mut spread = Spread::new(7);
        let moments = [0.1; 40].map(|x| spread.push(x))[39].unwrap();
        assert_eq!((moments.mean(), moments.variance()), (0.1, 0.0));
    }
}
