//! Rate of change: how far the value has come in n bars, in percent.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// 100·(x/x₀ − 1), x₀ the value n before.
#[derive(Debug, Clone)]
pub struct Roc {
    lag: Lag,
}

impl Roc {
    /// Over `n` steps, at least 1.
    pub fn new(n: u32) -> Self {
        Self { lag: Lag::new(n as usize) }
    }
}

/// How far `value` is from the one `before`, in percent; from 0 none.
#[inline]
pub(super) fn percent(value: f64, before: f64) -> f64 {
    if before == 0.0 { 0.0 } else { (value / before - 1.0) * 100.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "roc",
    title: "rate of change, percent",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 10), Param::SOURCE],
    outputs: &[""],
    formula: "100·(x / x[n bars ago] - 1)",
    conventions: "first value at row n; a zero n bars ago gives 0",
    reference: "TA-Lib ROC",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Roc::new(args.count("period"))),
};

impl Filter for Roc {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.lag.push(value).map(|before| percent(value, before))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.lag.before().map(|before| percent(value, before))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.lag.span() as u32)
    }

    made_of!(lag);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_base_gives_zero() {
        let mut roc = Roc::new(2);
        assert_eq!([0.0, 4.0, 5.0, 6.0].map(|x| roc.push(x)), [None, None, Some(0.0), Some(50.0)]);
    }
}
