//! Awesome oscillator: a short mean of the bars' middles less a long one.

use super::contract::WarmUp;
use super::macd::fast_below_slow;
use super::parts::{Filter, Spread, lane_of};
use super::source::Source;
use super::spec::{Entry, Inputs, Param};

/// SMA(fast) − SMA(slow). The means are those of merged blocks, which of equal values are that value: so a flat market gives 0.
#[derive(Debug, Clone)]
pub struct Awesome {
    fast: Spread,
    slow: Spread,
}

impl Awesome {
    /// Over `fast` and more than that `slow` values, each at least 1.
    pub fn new(fast: u32, slow: u32) -> Self {
        Self { fast: Spread::new(fast), slow: Spread::new(slow) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "awesome",
    title: "awesome oscillator",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("fast", 1, 5), Param::count("slow", 2, 34)],
    outputs: &[""],
    formula: "SMA(fast) - SMA(slow) of (high + low)/2",
    conventions: "first value at row slow-1",
    reference: "B. Williams, New Trading Dimensions, 1998",
    peers: "ta-lib and wickra-core subtract what leaves: the rounding of a bad print stays",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| lane_of(Source::Hl2, Awesome::new(args.count("fast"), args.count("slow"))),
};

impl Filter for Awesome {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (fast, slow) = (self.fast.push(value), self.slow.push(value));
        Some(fast?.mean() - slow?.mean())
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.fast.peek(value)?.mean() - self.slow.peek(value)?.mean())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.fast.span().max(self.slow.span()) - 1)
    }

    made_of!(fast, slow);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_less_long() {
        let mut awesome = Awesome::new(1, 3);
        assert_eq!([1.0, 2.0, 6.0].map(|x| awesome.push(x)), [None, None, Some(3.0)]);
    }
}
