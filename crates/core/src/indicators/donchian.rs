//! Donchian channel: the extremes of the last n bars and their middle.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::high_low::HighLow;
use super::lane::Each;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

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
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(Donchian(HighLow::new(args.count("period"))))),
};

#[inline]
fn write(extremes: Option<(f64, f64)>, out: &mut [f64]) {
    let bands = extremes.map_or([NULL; 3], |(high, low)| [high, (high + low) / 2.0, low]);
    out.copy_from_slice(&bands);
}

impl Indicator for Donchian {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        write(self.0.extremes(closed), out);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        write(self.0.peek_extremes(forming), out);
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    fn reset(&mut self, why: Reset) {
        self.0.reset(why);
    }

    fn save(&self, to: &mut Bytes) {
        self.0.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0.restore(from)
    }
}
