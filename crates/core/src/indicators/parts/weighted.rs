//! The sum of the last n values under the weights 1..n, the newest heaviest: a two-stack window of (Σx, Σi·x).
//!
//! Older and newer values with weights 1.. of their own become one block by shifting the newer ones' weights:
//! Σ = Σ₁ + Σ₂, W = W₁ + W₂ + n₁·Σ₂. Nothing is subtracted, so a print that has left the window has left no trace.

use crate::snapshot::{Bytes, Read, SnapshotError};

/// Σx and Σi·x, i from 1 at the oldest.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    sum: f64,
    weighted: f64,
}

impl Pair {
    /// With `value` after the `count` values that this is of.
    #[inline(always)]
    fn then(self, count: usize, value: f64) -> Self {
        Self { sum: self.sum + value, weighted: self.weighted + (count + 1) as f64 * value }
    }

    /// With `value` before the values that this is of.
    #[inline]
    fn preceded(self, value: f64) -> Self {
        let sum = value + self.sum;
        Self { sum, weighted: self.weighted + sum }
    }
}

/// Σi·x over the last n values, i from 1 at the oldest to n at the newest.
#[derive(Debug, Clone)]
pub struct Weighted {
    /// `[..at]` the current block's values (as sums), `[at..]` suffix pairs of the block before.
    cells: Box<[Pair]>,
    at: usize,
    running: Pair,
    seen: usize,
}

impl Weighted {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: usize) -> Self {
        let cells = vec![Pair::default(); n.max(1)].into_boxed_slice();
        Self { cells, at: 0, running: Pair::default(), seen: 0 }
    }

    /// How many values the window spans.
    pub fn span(&self) -> usize {
        self.cells.len()
    }

    /// The weighted sum when `running` is of the newest `count` values.
    #[inline(always)]
    fn whole(&self, running: Pair, count: usize) -> f64 {
        match self.cells.get(count) {
            Some(older) => {
                older.weighted + running.weighted + (self.cells.len() - count) as f64 * running.sum
            }
            None => running.weighted,
        }
    }

    /// Takes a value and gives the weighted sum of the last n, once there are n.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let n = self.cells.len();
        self.cells[self.at].sum = value;
        self.running = self.running.then(self.at, value);
        self.at += 1;
        self.seen += usize::from(self.seen < n);
        let whole = self.whole(self.running, self.at);
        if self.at == n {
            Self::turn(&mut self.cells);
            (self.at, self.running) = (0, Pair::default());
        }
        (self.seen == n).then_some(whole)
    }

    /// The block is full: its values become suffix pairs.
    fn turn(cells: &mut [Pair]) {
        let mut suffix = Pair::default();
        for cell in cells.iter_mut().rev() {
            suffix = suffix.preceded(cell.sum);
            *cell = suffix;
        }
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn peek(&self, value: f64) -> Option<f64> {
        let running = self.running.then(self.at, value);
        (self.seen + 1 >= self.cells.len()).then(|| self.whole(running, self.at + 1))
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(Pair::default());
        (self.at, self.running, self.seen) = (0, Pair::default(), 0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at as u32);
        to.u32(self.seen as u32);
        to.f64s(&[self.running.sum, self.running.weighted]);
        self.cells.iter().for_each(|cell| to.f64s(&[cell.sum, cell.weighted]));
    }

    /// Reads the state of a window of the same span.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        let pair = |from: &mut Read<'_>| Ok(Pair { sum: from.f64()?, weighted: from.f64()? });
        self.at = from.at_most("window place", self.cells.len() - 1)?;
        self.seen = from.at_most("window count", self.cells.len())?;
        self.running = pair(from)?;
        for cell in &mut self.cells {
            *cell = pair(from)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    const TWO_60: f64 = (1_u64 << 60) as f64;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_weighs_most() {
        let mut window = Weighted::new(3);
        assert_eq!(
            [5.0, 7.0, 11.0, 13.0, 17.0].map(|x| window.push(x)),
            [
                None,
                None,
                Some(5.0 + 2.0 * 7.0 + 3.0 * 11.0),
                Some(7.0 + 2.0 * 11.0 + 3.0 * 13.0),
                Some(11.0 + 2.0 * 13.0 + 3.0 * 17.0),
            ]
        );
    }

    proptest! {
        #[test]
        fn a_print_that_has_left_left_no_trace(
            values in prop::collection::vec(90.0..110.0, 1..150),
            n in 1_usize..40,
            print in prop_oneof![Just(1e12), Just(1e15), Just(100.0)],
            cut in 0_usize..150,
        ) {
            let (mut window, mut again) = (Weighted::new(n), Weighted::new(n));
            window.push(print);
            for (i, &value) in values.iter().enumerate() {
                if i == cut {
                    let mut bytes = Bytes::new();
                    window.save(&mut bytes);
                    again.restore(&mut Read::new(bytes.as_slice())).unwrap();
                }
                let peeked = window.peek(value);
                let pushed = window.push(value);
                prop_assert_eq!(peeked, pushed);
                if i >= cut {
                    prop_assert_eq!(again.push(value), pushed);
                }
                if i + 1 >= n {
                    // Exact in fixed point: the values have steps of 2^-46 or more.
                    let exact = |(k, x): (usize, &f64)| (k + 1) as i128 * (x * TWO_60) as i128;
                    let exact: i128 = values[i + 1 - n..=i].iter().enumerate().map(exact).sum();
                    let pushed = (pushed.unwrap() * TWO_60) as i128;
                    prop_assert!((pushed - exact).unsigned_abs() as f64 <= 1e-14 * exact as f64);
                }
            }
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut bytes = Bytes::new();
        bytes.u32(3);
        assert!(Weighted::new(3).restore(&mut Read::new(bytes.as_slice())).is_err());
        assert!(Weighted::new(3).restore(&mut Read::new(&[0, 0])).is_err());
    }
}
