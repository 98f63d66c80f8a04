//! The highest high and the lowest low of the last n bars.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Max, Min, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

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

    /// Takes a bar and gives the extremes once n were taken.
    #[inline]
    pub(super) fn extremes(&mut self, bar: &Bar) -> Option<(f64, f64)> {
        let (high, low) = (self.high.push(bar.high), self.low.push(bar.low));
        self.high.is_full().then_some((high, low))
    }

    /// What `extremes` would give.
    #[inline]
    pub(super) fn peek_extremes(&self, bar: &Bar) -> Option<(f64, f64)> {
        self.high.would_be_full().then(|| (self.high.peek(bar.high), self.low.peek(bar.low)))
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
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(HighLow::new(args.count("period")))),
};

#[inline]
fn write(extremes: Option<(f64, f64)>, out: &mut [f64]) {
    let (high, low) = extremes.unwrap_or((NULL, NULL));
    out.copy_from_slice(&[high, low]);
}

impl Indicator for HighLow {
    const OUTPUTS: &'static [&'static str] = &["high", "low"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        write(self.extremes(closed), out);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        write(self.peek_extremes(forming), out);
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.high.span() as u32 - 1)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.high.reset();
            self.low.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.high.save(to);
        self.low.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.high.restore(from)?;
        self.low.restore(from)
    }
}
