//! Triangular moving average: the mean of means, which weighs the middle of the window most.

use super::contract::WarmUp;
use super::parts::{Filter, lane_of};
use super::sma::Sma;
use super::spec::{Entry, Inputs, Param, anything};

/// SMA(n/2 + 1) of SMA((n + 1)/2).
#[derive(Debug, Clone)]
pub struct Trima {
    inner: Sma,
    outer: Sma,
}

impl Trima {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        let n = n.max(1);
        Self { inner: Sma::new(n.div_ceil(2)), outer: Sma::new(n / 2 + 1) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "trima",
    title: "triangular moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "the mean over n/2 + 1 bars of the mean over (n + 1)/2 bars, both divisions rounded down",
    conventions: "first value at row n-1",
    reference: "TA-Lib TRIMA",
    peers: "ta-lib keeps the rounding of a bad print, 20 % where prices of 1e-8 follow; wickra-core is 3e-7 \
            apart there",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Trima::new(args.count("period"))),
};

impl Filter for Trima {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let mean = self.inner.push(value)?;
        self.outer.push(mean)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.outer.peek(self.inner.peek(value)?)
    }

    fn warm_up(&self) -> WarmUp {
        self.outer.warm_up().on(self.inner.warm_up())
    }

    made_of!(inner, outer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_weighs_most() {
        // Weights 1, 2, 1 of three, and 1, 2, 2, 1 of four.
        let last = |n| {
            let mut trima = Trima::new(n);
            [8.0, 4.0, 2.0, 6.0].map(|x| trima.push(x))
        };
        assert_eq!(last(3), [None, None, Some(4.5), Some(3.5)]);
        assert_eq!(last(4)[..3], [None; 3]);
        assert!((last(4)[3].unwrap() - 26.0 / 6.0).abs() < 1e-15);
    }
}
