//! Absolute price oscillator: a fast EMA less a slow one.

use super::contract::WarmUp;
use super::macd::fast_below_slow;
use super::parts::{Average, Filter, lane_of};
use super::spec::{Args, Entry, Inputs, Param};

/// What is told of the two averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Their difference.
    Difference,
    /// Their difference in percent of the slow one.
    Percent,
}

/// EMA(fast) − EMA(slow), or that in percent of EMA(slow).
#[derive(Debug, Clone)]
pub struct Oscillator {
    told: Told,
    fast: Average,
    slow: Average,
}

impl Oscillator {
    /// Over `fast` and more than that `slow` values, each at least 1.
    pub fn new(told: Told, fast: u32, slow: u32) -> Self {
        Self { told, fast: Average::exponential(fast), slow: Average::exponential(slow) }
    }

    /// As the parameters `fast` and `slow` say.
    pub(super) fn of(args: &Args<'_>, told: Told) -> Self {
        Self::new(told, args.count("fast"), args.count("slow"))
    }

    #[inline]
    fn tell(&self, fast: f64, slow: f64) -> f64 {
        match self.told {
            Told::Difference => fast - slow,
            Told::Percent if slow == 0.0 => 0.0,
            Told::Percent => (fast - slow) / slow * 100.0,
        }
    }
}

/// The parameters of both oscillators.
pub(super) const PARAMS: &[Param] =
    &[Param::count("fast", 1, 12), Param::count("slow", 2, 26), Param::SOURCE];

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "apo",
    title: "absolute price oscillator",
    inputs: Inputs::Source,
    params: PARAMS,
    outputs: &[""],
    formula: "EMA(fast) - EMA(slow)",
    conventions: "each EMA is seeded with its own first values, other than in MACD; first value at row slow-1",
    reference: "TA-Lib APO with EMA",
    peers: "with the EMA none differs; the default average of TA-Lib's own APO is the SMA",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| lane_of(args.source("source"), Oscillator::of(args, Told::Difference)),
};

impl Filter for Oscillator {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (fast, slow) = (self.fast.push(value), self.slow.push(value));
        Some(self.tell(fast?, slow?))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.tell(self.fast.peek(value)?, self.slow.peek(value)?))
    }

    fn warm_up(&self) -> WarmUp {
        self.fast.warm_up().and(self.slow.warm_up())
    }

    made_of!(fast, slow);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_and_percent_by_hand() {
        let last = |told| {
            let mut oscillator = Oscillator::new(told, 1, 3);
            [1.0, 2.0, 6.0].map(|x| oscillator.push(x))
        };
        assert_eq!(last(Told::Difference), [None, None, Some(3.0)]);
        assert_eq!(last(Told::Percent), [None, None, Some(100.0)]);
    }
}
