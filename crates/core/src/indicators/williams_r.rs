//! Williams' %R: how far the close is below the highest high, in percent of the range.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Max, Min, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// −100·(highest − close)/(highest − lowest) over the last n bars.
#[derive(Debug, Clone)]
pub struct WilliamsR {
    highest: Window<Max>,
    lowest: Window<Min>,
}

impl WilliamsR {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self { highest: Window::new(n as usize), lowest: Window::new(n as usize) }
    }
}

#[inline]
fn percent(highest: f64, lowest: f64, close: f64) -> f64 {
    let range = highest - lowest;
    if range > 0.0 { 100.0 * ((close - highest) / range) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "williams_r",
    title: "Williams' %R",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 14)],
    outputs: &[""],
    formula: "-100·(H - close)/(H - L), H the highest high and L the lowest low of the last n bars",
    conventions: "first value at row n-1; from -100 to 0; a flat window gives 0",
    reference: "TA-Lib WILLR; L. Williams, How I Made One Million Dollars, 1973",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(WilliamsR::new(args.count("period")))),
};

impl Indicator for WilliamsR {
    const OUTPUTS: &'static [&'static str] = &[""];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let (highest, lowest) = (self.highest.push(closed.high), self.lowest.push(closed.low));
        out[0] = if self.highest.is_full() { percent(highest, lowest, closed.close) } else { NULL };
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        let (highest, lowest) = (self.highest.peek(forming.high), self.lowest.peek(forming.low));
        out[0] = if self.highest.would_be_full() { percent(highest, lowest, forming.close) } else { NULL };
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.highest.span() as u32 - 1)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.highest.reset();
            self.lowest.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.highest.save(to);
        self.lowest.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.highest.restore(from)?;
        self.lowest.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_the_range_is_zero_and_never_minus_zero() {
        assert_eq!(percent(12.0, 8.0, 9.0), -75.0);
        assert_eq!(percent(12.0, 8.0, 12.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(percent(8.0, 8.0, 8.0).to_bits(), 0.0_f64.to_bits());
    }
}
