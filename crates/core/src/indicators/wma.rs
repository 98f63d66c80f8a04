//! Weighted moving average: the newest of n values weighs n, the oldest 1.

use super::contract::WarmUp;
use super::parts::{Filter, Weighted, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// Σi·x / Σi over the last n values.
#[derive(Debug, Clone)]
pub struct Wma {
    window: Weighted,
    weights: f64,
}

impl Wma {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        let weights = f64::from(n.max(1));
        Self { window: Weighted::new(n as usize), weights: weights * (weights + 1.0) / 2.0 }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "wma",
    title: "weighted moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "Σi·x / (n(n+1)/2) over the last n bars, i from 1 at the oldest to n at the newest",
    conventions: "first value at row n-1; a window sum that never subtracts, so a bad print that left it left no trace",
    reference: "TA-Lib WMA; exact where TA-Lib keeps the rounding of a bad print",
    peers: "ta-lib (6e-5) and wickra-core (1e-5) keep the rounding of a bad print",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Wma::new(args.count("period"))),
};

impl Filter for Wma {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.window.push(value).map(|sum| sum / self.weights)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.window.peek(value).map(|sum| sum / self.weights)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.window.span() as u32 - 1)
    }

    made_of!(window);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_weighs_most() {
        let mut wma = Wma::new(3);
        assert_eq!(
            [1.0, 2.0, 6.0, 0.0].map(|x| wma.push(x)),
            [None, None, Some(23.0 / 6.0), Some(14.0 / 6.0)]
        );
    }
}
