//! Momentum: how far the value has come in n bars.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// x − x₀, x₀ the value n before.
#[derive(Debug, Clone)]
pub struct Momentum {
    lag: Lag,
}

impl Momentum {
    /// Over `n` steps, at least 1.
    pub fn new(n: u32) -> Self {
        Self { lag: Lag::new(n as usize) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "momentum",
    title: "momentum: the change over n bars",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 10), Param::SOURCE],
    outputs: &[""],
    formula: "x - x[n bars ago]",
    conventions: "first value at row n",
    reference: "TA-Lib MOM",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Momentum::new(args.count("period"))),
};

impl Filter for Momentum {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.lag.push(value).map(|before| value - before)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.lag.before().map(|before| value - before)
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
    fn the_change_is_over_n_bars() {
        let mut momentum = Momentum::new(2);
        assert_eq!([1.0, 4.0, 6.0, 3.0].map(|x| momentum.push(x)), [None, None, Some(5.0), Some(-1.0)]);
    }
}
