//! TRIX: the change of a triple EMA in a bar, in percent.

use super::contract::WarmUp;
use super::parts::{Filter, Repeated, lane_of};
use super::roc::percent;
use super::spec::{Entry, Inputs, Param, anything};

/// 100·(EEE/EEE₋₁ − 1), EEE the EMA of the EMA of the EMA.
#[derive(Debug, Clone)]
pub struct Trix(Repeated<3>);

impl Trix {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Repeated::exponential(n))
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "trix",
    title: "TRIX: the change of a triple EMA",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 15), Param::SOURCE],
    outputs: &[""],
    formula: "100·(EEE / EEE[1 bar ago] - 1), EEE the EMA of the EMA of the EMA of n bars",
    conventions: "each EMA seeded with the mean of its own first n inputs; first value at row 3(n-1)+1; a zero before gives 0",
    reference: "TA-Lib TRIX; J. Hutson, 1983",
    peers: "wickra-core is up to 4e-9 of it apart where the average hardly moves",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Trix::new(args.count("period"))),
};

impl Filter for Trix {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let before = self.0.value();
        let [.., now] = self.0.push(value)?;
        before.map(|before| percent(now, before))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let [.., now] = self.0.peek(value)?;
        self.0.value().map(|before| percent(now, before))
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up().after(1)
    }

    made_of!(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_bar_it_is_the_rate_of_change() {
        let mut trix = Trix::new(1);
        assert_eq!(
            [4.0, 5.0, 5.0, 0.0, 7.0].map(|x| trix.push(x)),
            [None, Some(25.0), Some(0.0), Some(-100.0), Some(0.0)]
        );
    }
}
