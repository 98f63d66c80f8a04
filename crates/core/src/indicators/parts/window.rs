//! Aggregates over the last n values that never subtract: the two-stack window.
//!
//! Values lie in blocks of n. While a block fills, its running aggregate grows; the block before it is kept as suffix
//! aggregates. The window is one suffix combined with the running aggregate, so a value that has left the window has left
//! no trace: a sum is within n·2⁻⁵³·Σ|x| of exact whatever came before (the bound of n additions, Higham, *Accuracy and
//! Stability of Numerical Algorithms*, §4.2). O(1) a value amortised; one pass over n values at the end of a block.

use std::fmt;
use std::marker::PhantomData;

use crate::snapshot::{Bytes, Read, SnapshotError};

/// How two aggregates become one; associative up to rounding, with an identity.
pub trait Combine: Copy + Clone + Send + fmt::Debug + 'static {
    /// The aggregate of nothing.
    const IDENTITY: f64;
    /// The aggregate of older and newer values.
    fn combine(older: f64, newer: f64) -> f64;
}

/// Σx.
#[derive(Debug, Clone, Copy)]
pub struct Sum;
/// The largest, by comparison.
#[derive(Debug, Clone, Copy)]
pub struct Max;
/// The smallest, by comparison.
#[derive(Debug, Clone, Copy)]
pub struct Min;

impl Combine for Sum {
    const IDENTITY: f64 = 0.0;
    #[inline(always)]
    fn combine(older: f64, newer: f64) -> f64 {
        older + newer
    }
}

impl Combine for Max {
    const IDENTITY: f64 = f64::NEG_INFINITY;
    #[inline(always)]
    fn combine(older: f64, newer: f64) -> f64 {
        if newer > older { newer } else { older }
    }
}

impl Combine for Min {
    const IDENTITY: f64 = f64::INFINITY;
    #[inline(always)]
    fn combine(older: f64, newer: f64) -> f64 {
        if newer < older { newer } else { older }
    }
}

/// The aggregate of the last n values.
#[derive(Debug, Clone)]
pub struct Window<C> {
    /// `[..at]` the current block's values, `[at..]` suffix aggregates of the block before.
    cells: Box<[f64]>,
    at: u32,
    /// Values seen, up to n.
    seen: u32,
    running: f64,
    combine: PhantomData<C>,
}

impl<C: Combine> Window<C> {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: usize) -> Self {
        let cells = vec![C::IDENTITY; n.max(1)].into_boxed_slice();
        Self { cells, at: 0, running: C::IDENTITY, seen: 0, combine: PhantomData }
    }

    /// How many values the window spans.
    pub fn span(&self) -> usize {
        self.cells.len()
    }

    /// How many values it holds, up to its span.
    pub fn seen(&self) -> usize {
        self.seen as usize
    }

    /// Whether it holds as many values as it spans.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.seen as usize == self.cells.len()
    }

    /// Takes a value and gives the aggregate of the last n, or of all when fewer were seen.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> f64 {
        let at = self.at as usize;
        self.cells[at] = value;
        self.at += 1;
        self.running = C::combine(self.running, value);
        self.seen += u32::from(!self.is_full());
        if let Some(&suffix) = self.cells.get(at + 1) {
            return C::combine(suffix, self.running);
        }
        let whole = self.running;
        Self::turn(&mut self.cells);
        (self.at, self.running) = (0, C::IDENTITY);
        whole
    }

    /// The block is full: its values become suffix aggregates.
    fn turn(cells: &mut [f64]) {
        let mut suffix = C::IDENTITY;
        for cell in cells.iter_mut().rev() {
            suffix = C::combine(*cell, suffix);
            *cell = suffix;
        }
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn peek(&self, value: f64) -> f64 {
        let running = C::combine(self.running, value);
        match self.cells.get(self.at as usize + 1) {
            Some(&suffix) => C::combine(suffix, running),
            None => running,
        }
    }

    /// Whether the window would be full with one value more.
    #[inline(always)]
    pub fn would_be_full(&self) -> bool {
        self.seen as usize + 1 >= self.cells.len()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(C::IDENTITY);
        (self.at, self.running, self.seen) = (0, C::IDENTITY, 0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at);
        to.u32(self.seen);
        to.f64(self.running);
        to.f64s(&self.cells);
    }

    /// Reads the state of a window of the same span.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.at = from.at_most("window place", self.cells.len() - 1)? as u32;
        self.seen = from.at_most("window count", self.cells.len())? as u32;
        self.running = from.f64()?;
        from.f64s(&mut self.cells)
    }
}

#[cfg(test)]
mod tests {
    const TWO_60: f64 = (1_u64 << 60) as f64;

    use super::*;
    use proptest::prelude::*;

    fn windows(values: &[f64], n: usize) -> impl Iterator<Item = (usize, &[f64])> {
        (0..values.len()).map(move |i| (i, &values[(i + 1).saturating_sub(n)..=i]))
    }

    proptest! {
        #[test]
        fn extremes_are_those_of_the_window(values in prop::collection::vec(-1e6..1e6, 1..200), n in 1_usize..40) {
            let (mut max, mut min) = (Window::<Max>::new(n), Window::<Min>::new(n));
            for (i, window) in windows(&values, n) {
                let peeked = (max.peek(values[i]), min.peek(values[i]));
                let pushed = (max.push(values[i]), min.push(values[i]));
                prop_assert_eq!(peeked, pushed);
                prop_assert_eq!(pushed.0, window.iter().copied().fold(f64::MIN, f64::max));
                prop_assert_eq!(pushed.1, window.iter().copied().fold(f64::MAX, f64::min));
            }
        }

        #[test]
        fn a_sum_is_within_the_bound_whatever_came_before(
            values in prop::collection::vec(prop_oneof![-1e3..1e3, Just(1e15), Just(-1e12)], 1..200),
            n in 1_usize..40,
        ) {
            let mut sum = Window::<Sum>::new(n);
            for (i, window) in windows(&values, n) {
                let peeked = sum.peek(values[i]);
                let pushed = sum.push(values[i]);
                prop_assert_eq!(peeked.to_bits(), pushed.to_bits());
                // Exact in 128-bit fixed point: values below 2^50 with 2^-53 steps.
                let exact: i128 = window.iter().map(|x| (x * TWO_60) as i128).sum();
                let error = ((pushed * TWO_60) as i128 - exact).unsigned_abs() as f64 / TWO_60;
                let size: f64 = window.iter().map(|x| x.abs()).sum();
                prop_assert!(error <= n as f64 * f64::EPSILON / 2.0 * size + 4.0 / TWO_60, "{error} of {size}");
            }
        }

        #[test]
        fn saving_and_restoring_continues_bit_for_bit(values in prop::collection::vec(-1e6..1e6, 1..100), n in 1_usize..20, cut in 0_usize..100) {
            let (mut whole, mut again) = (Window::<Sum>::new(n), Window::<Sum>::new(n));
            for (i, &value) in values.iter().enumerate() {
                if i == cut {
                    let mut bytes = Bytes::new();
                    whole.save(&mut bytes);
                    again.restore(&mut Read::new(bytes.as_slice())).unwrap();
                }
                let expected = whole.push(value);
                if i >= cut {
                    prop_assert_eq!(again.push(value).to_bits(), expected.to_bits());
                }
            }
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut window = Window::<Sum>::new(3);
        let mut bytes = Bytes::new();
        bytes.u32(3);
        assert!(window.restore(&mut Read::new(bytes.as_slice())).is_err());
        assert!(window.restore(&mut Read::new(&[0, 0])).is_err());
    }
}
