//! An indicator of one's own: a struct and a few methods. `cargo run -p barloom --example own_indicator`
use barloom::core::indicators::{Each, Indicator, Lane, Reset, Slot, WarmUp};
use barloom::core::snapshot::{Bytes, Read, SnapshotError};
use barloom::core::{Bar, Label, Record, Timestamp};

/// How many bars in a row closed higher than they opened.
#[derive(Clone, Default)]
struct Streak(u32);

impl Indicator for Streak {
    const OUTPUTS: &'static [&'static str] = &[""];
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        self.0 = if closed.close() > closed.open() { self.0 + 1 } else { 0 };
        out[0] = f64::from(self.0);
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn reset(&mut self, why: Reset) {
        self.0 = if why == Reset::Start { 0 } else { self.0 };
    }
    fn save(&self, to: &mut Bytes) {
        to.u32(self.0);
    }
    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        from.u32().map(|streak| self.0 = streak)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut lane, mut out, at) = (Each::new(Streak::default()), [0.0], Timestamp::from_nanos(0));
    for (close, streak) in [(2.0, 1.0), (3.0, 2.0), (0.5, 0.0)] {
        let (label, open, high, low) = (Label::Open(at), 1.0, 5.0, 0.0);
        let row = Record { label, open, high, low, close, volume: None, vwap: None, trade_count: None };
        lane.step(Slot(0), &Bar::new(at, &row)?, &mut out);
        assert_eq!(out, [streak]);
    }
    Ok(())
}
