//! The highest high and the lowest low of the last n bars.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Max, Min, OfBar, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// max high and min low of the last n bars.
#[derive(Debug, Clone)]
pub struct HighLow {
    high: Window<Max>,
    low: Window<Min>,
}

impl HighLow {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self { high: Window::new(n as usize), low: Window::new(n as usize) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "high_low",
    title: "highest high and lowest low",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 20)],
    outputs: HighLow::OUTPUTS,
    formula: "high = max high, low = min low of the last n bars with the current one",
    conventions: "first value at row n-1; also historical: on closed days of prior sessions",
    reference: "TA-Lib MAX and MIN",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(HighLow::new(args.count("period"))))),
};

impl BarFilter for HighLow {
    type Value = [f64; 2];
    const OUTPUTS: &'static [&'static str] = &["high", "low"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 2]> {
        let (high, low) = (self.high.push(bar.high), self.low.push(bar.low));
        self.high.is_full().then_some([high, low])
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 2]> {
        self.high.would_be_full().then(|| [self.high.peek(bar.high), self.low.peek(bar.low)])
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.high.span() as u32 - 1)
    }

    made_of!(high, low);
}
