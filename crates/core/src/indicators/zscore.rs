//! Z-score: how many standard deviations the value is from the mean of the last n.

use super::contract::WarmUp;
use super::parts::{Filter, Moments, Spread, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// (x − mean)/σ over the last n values, σ of the population.
#[derive(Debug, Clone)]
pub struct Zscore {
    spread: Spread,
}

impl Zscore {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { spread: Spread::new(n) }
    }
}

#[inline]
fn score(value: f64, moments: Moments) -> f64 {
    let deviation = moments.variance().sqrt();
    if deviation > 0.0 { (value - moments.mean()) / deviation } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "zscore",
    title: "z-score",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "(x - m)/σ, m the mean and σ the population's deviation of the last n bars",
    conventions: "first value at row n-1; no deviation gives 0",
    reference: "the textbook's standard score",
    peers: "wickra-core loses small spreads for a while after a jump of level (0 for 0.92)",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Zscore::new(args.count("period"))),
};

impl Filter for Zscore {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.spread.push(value).map(|moments| score(value, moments))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.spread.peek(value).map(|moments| score(value, moments))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.spread.span() - 1)
    }

    made_of!(spread);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_by_hand() {
        let mut zscore = Zscore::new(2);
        assert_eq!([1.0, 3.0, 3.0].map(|x| zscore.push(x)), [None, Some(1.0), Some(0.0)]);
    }
}
