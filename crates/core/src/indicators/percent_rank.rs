//! Percent rank: how many of the n values before are below the newest. O(log n) a bar.

use super::contract::WarmUp;
use super::parts::{Filter, Ranks, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// 100·(values below)/n among the n values before.
#[derive(Debug, Clone)]
pub struct PercentRank {
    before: Ranks,
}

impl PercentRank {
    /// Among `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { before: Ranks::new(n as usize) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "percent_rank",
    title: "percent rank",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 100), Param::SOURCE],
    outputs: &[""],
    formula: "100·(how many of the n bars before are below the current one) / n",
    conventions: "first value at row n; equal values are not below; O(log n) a bar",
    reference: "TA-Lib PERCENTRANK; L. Connors, 2012",
    peers: "wickra-core ranks the bar among the last n with itself, equal ones counting half",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), PercentRank::new(args.count("period"))),
};

impl Filter for PercentRank {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let rank = self.peek(value);
        self.before.push(value);
        rank
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let rank = || self.before.below(value) as f64 / self.before.span() as f64 * 100.0;
        self.before.is_full().then(rank)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.before.span() as u32)
    }

    made_of!(before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_not_below() {
        let mut rank = PercentRank::new(4);
        let given = [1.0, 2.0, 3.0, 3.0, 3.0, 9.0].map(|x| rank.push(x));
        assert_eq!(given, [None, None, None, None, Some(50.0), Some(100.0)]);
    }
}
