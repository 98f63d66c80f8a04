//! Coppock curve: two rates of change together, smoothed by a weighted average.

use super::contract::WarmUp;
use super::parts::{Filter, lane_of};
use super::roc::Roc;
use super::spec::{Entry, Inputs, Param, anything};
use super::wma::Wma;

/// WMA of the sum of two rates of change.
#[derive(Debug, Clone)]
pub struct Coppock {
    one: Roc,
    other: Roc,
    smooth: Wma,
}

impl Coppock {
    /// A weighted average over `n` sums of the rates of change over `one` and `other` values, each at least 1.
    pub fn new(n: u32, one: u32, other: u32) -> Self {
        Self { one: Roc::new(one), other: Roc::new(other), smooth: Wma::new(n) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "coppock",
    title: "Coppock curve",
    inputs: Inputs::Source,
    params: &[
        Param::count("period", 1, 10),
        Param::count("roc1", 1, 11),
        Param::count("roc2", 1, 14),
        Param::SOURCE,
    ],
    outputs: &[""],
    formula: "WMA over n bars of roc(roc1) + roc(roc2), roc in percent",
    conventions: "first value at row max(roc1, roc2) + n-1; a zero base gives a rate of 0; the sum of both rates, not their mean",
    reference: "TA-Lib COPPOCK; E. S. C. Coppock, Barron's, 1965",
    peers: "wickra-core's WMA keeps the rounding of a bad print",
    has_gaps: false,
    check: anything,
    build: |args| {
        let coppock = Coppock::new(args.count("period"), args.count("roc1"), args.count("roc2"));
        lane_of(args.source("source"), coppock)
    },
};

impl Filter for Coppock {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (one, other) = (self.one.push(value), self.other.push(value));
        self.smooth.push(one? + other?)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.smooth.peek(self.one.peek(value)? + self.other.peek(value)?)
    }

    fn warm_up(&self) -> WarmUp {
        self.smooth.warm_up().on(self.one.warm_up().and(self.other.warm_up()))
    }

    made_of!(one, other, smooth);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rates_are_summed_and_weighed() {
        let mut coppock = Coppock::new(2, 1, 2);
        // Rates: 100 + 300 and 100 + 300, weighed 1 and 2.
        let given = [1.0, 2.0, 4.0, 8.0].map(|x| coppock.push(x));
        assert_eq!(given, [None, None, None, Some(400.0)]);
    }
}
