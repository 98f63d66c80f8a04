//! True strength index: an average of an average of changes, in percent of that of their sizes.

use super::contract::WarmUp;
use super::parts::{Average, Filter, Last, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// An EMA of an EMA.
#[derive(Debug, Clone)]
struct Twice {
    inner: Average,
    outer: Average,
}

impl Filter for Twice {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.outer.push(self.inner.push(value)?)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.outer.peek(self.inner.peek(value)?)
    }

    fn warm_up(&self) -> WarmUp {
        self.outer.warm_up().on(self.inner.warm_up())
    }

    made_of!(inner, outer);
}

/// 100·EE(change)/EE(|change|).
#[derive(Debug, Clone)]
pub struct Tsi {
    before: Last,
    change: Twice,
    size: Twice,
}

impl Tsi {
    /// An EMA over `long` changes, and one over `short` of its values, each at least 1.
    pub fn new(long: u32, short: u32) -> Self {
        let twice = || Twice { inner: Average::exponential(long), outer: Average::exponential(short) };
        Self { before: Last::default(), change: twice(), size: twice() }
    }
}

#[inline]
fn index(change: f64, size: f64) -> f64 {
    if size > 0.0 { 100.0 * (change / size) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "tsi",
    title: "true strength index",
    inputs: Inputs::Source,
    params: &[Param::count("long", 1, 25), Param::count("short", 1, 13), Param::SOURCE],
    outputs: &[""],
    formula: "100·EMA(EMA(Δ, long), short) / EMA(EMA(|Δ|, long), short), Δ = x - x[1 bar ago]",
    conventions: "each EMA seeded with the mean of its own first inputs; first value at row long + short-1; no movement gives 0",
    reference: "TA-Lib TSI; W. Blau, 1991",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Tsi::new(args.count("long"), args.count("short"))),
};

impl Filter for Tsi {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let change = value - self.before.push(value)?;
        let (change, size) = (self.change.push(change), self.size.push(change.abs()));
        Some(index(change?, size?))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let change = value - self.before.value()?;
        Some(index(self.change.peek(change)?, self.size.peek(change.abs())?))
    }

    fn warm_up(&self) -> WarmUp {
        self.change.warm_up().after(1)
    }

    made_of!(before, change, size);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_is_100_and_no_way_0() {
        let last = |values: [f64; 5]| {
            let mut tsi = Tsi::new(2, 2);
            values.map(|x| tsi.push(x))[4]
        };
        assert_eq!(last([1.0, 2.0, 4.0, 5.0, 9.0]), Some(100.0));
        assert_eq!(last([9.0, 8.0, 4.0, 2.0, 1.0]), Some(-100.0));
        assert_eq!(last([3.0; 5]), Some(0.0));
    }
}
