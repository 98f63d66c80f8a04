//! Median of the last n values. O(log n) a bar.

use super::contract::WarmUp;
use super::parts::{Filter, Ranks, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// The middle one of the last n values in their order, of an even number the mean of the two.
#[derive(Debug, Clone)]
pub struct Median {
    ranks: Ranks,
}

impl Median {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { ranks: Ranks::new(n as usize) }
    }

    /// The median of `n` values of which `nth` gives the k-th smallest.
    #[inline]
    fn of(n: usize, nth: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let upper = nth(n / 2)?;
        // Halves, so that no sum overflows; of equal values it is that value.
        if n % 2 == 1 { Some(upper) } else { Some(nth(n / 2 - 1)? * 0.5 + upper * 0.5) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "median",
    title: "median",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 21), Param::SOURCE],
    outputs: &[""],
    formula: "the middle one of the last n bars in their order; of an even number the mean of the two",
    conventions: "first value at row n-1; O(log n) a bar",
    reference: "the textbook's median",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Median::new(args.count("period"))),
};

impl Filter for Median {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.ranks.push(value);
        if self.ranks.is_full() { Self::of(self.ranks.span(), |k| self.ranks.nth(k)) } else { None }
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let peeked = self.ranks.peek(value);
        if self.ranks.would_be_full() { Self::of(self.ranks.span(), |k| peeked.nth(k)) } else { None }
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.ranks.span() as u32 - 1)
    }

    made_of!(ranks);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_and_even() {
        let given = |n| {
            let mut median = Median::new(n);
            [5.0, 1.0, 2.0, 9.0].map(|x| median.push(x))
        };
        assert_eq!(given(3), [None, None, Some(2.0), Some(2.0)]);
        assert_eq!(given(4), [None, None, None, Some(3.5)]);
    }
}
