//! Donchian channel: the extremes of the last n bars and their middle.

use super::contract::WarmUp;
use super::high_low::HighLow;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// max high, min low, and half of their sum.
#[derive(Debug, Clone)]
pub struct Donchian(HighLow);

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "donchian",
    title: "Donchian channel",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 20)],
    outputs: Donchian::OUTPUTS,
    formula: "upper = max high, lower = min low of the last n bars with the current one; middle = (upper \
              + lower)/2",
    conventions: "first value at row n-1",
    reference: "TA-Lib DONCHIAN",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Donchian(HighLow::new(args.count("period")))))),
};

#[inline]
fn bands([high, low]: [f64; 2]) -> [f64; 3] {
    [high, (high + low) / 2.0, low]
}

impl BarFilter for Donchian {
    type Value = [f64; 3];
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 3]> {
        self.0.push(bar).map(bands)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 3]> {
        self.0.peek(bar).map(bands)
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    made_of!(0);
}
