//! Detrended price oscillator: the value of half a window ago less the window's mean.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, Spread, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// x₀ − SMA(n), x₀ the value n/2 + 1 before. The mean is that of merged blocks, so a flat market gives 0.
#[derive(Debug, Clone)]
pub struct Dpo {
    lag: Lag,
    window: Spread,
}

impl Dpo {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { lag: Lag::new(n as usize / 2 + 1), window: Spread::new(n) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "dpo",
    title: "detrended price oscillator",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "x[n/2 + 1 bars ago] - Σx/n over the last n bars",
    conventions: "first value at row n-1, of n below 3 at row n/2 + 1; not shifted: a chart may show it n/2 + 1 bars earlier",
    reference: "the usual form of charting programs, unshifted",
    peers: "ta-lib subtracts what leaves: the rounding of a bad print stays",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Dpo::new(args.count("period"))),
};

impl Filter for Dpo {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (before, moments) = (self.lag.push(value), self.window.push(value));
        Some(before? - moments?.mean())
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.lag.before()? - self.window.peek(value)?.mean())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact((self.lag.span() as u32).max(self.window.span() - 1))
    }

    made_of!(lag, window);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_window_ago_less_the_mean() {
        let mut dpo = Dpo::new(4);
        // Three before: 1; mean of 1, 2, 6, 3.
        assert_eq!([1.0, 2.0, 6.0, 3.0].map(|x| dpo.push(x))[3], Some(1.0 - 3.0));
    }
}
