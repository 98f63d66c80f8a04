//! TRIX: the change of a triple EMA in a bar, in percent.

use super::contract::WarmUp;
use super::parts::{Average, Filter, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// 100·(EEE/EEE₋₁ − 1), EEE the EMA of the EMA of the EMA.
#[derive(Debug, Clone)]
pub struct Trix {
    once: Average,
    twice: Average,
    thrice: Average,
}

impl Trix {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        let [once, twice, thrice] = [n; 3].map(Average::exponential);
        Self { once, twice, thrice }
    }
}

#[inline]
fn percent(before: f64, now: f64) -> f64 {
    if before == 0.0 { 0.0 } else { (now / before - 1.0) * 100.0 }
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
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Trix::new(args.count("period"))),
};

impl Filter for Trix {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let once = self.once.push(value)?;
        let twice = self.twice.push(once)?;
        let before = self.thrice.value();
        let now = self.thrice.push(twice)?;
        before.map(|before| percent(before, now))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let once = self.once.peek(value)?;
        let twice = self.twice.peek(once)?;
        let now = self.thrice.peek(twice)?;
        self.thrice.value().map(|before| percent(before, now))
    }

    fn warm_up(&self) -> WarmUp {
        self.thrice.warm_up().on(self.twice.warm_up()).on(self.once.warm_up()).after(1)
    }

    fn reset(&mut self) {
        self.once.reset();
        self.twice.reset();
        self.thrice.reset();
    }

    fn save(&self, to: &mut Bytes) {
        self.once.save(to);
        self.twice.save(to);
        self.thrice.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.once.restore(from)?;
        self.twice.restore(from)?;
        self.thrice.restore(from)
    }
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
