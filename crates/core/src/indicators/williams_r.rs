//! Williams' %R: how far the close is below the highest high, in percent of the range.

use super::contract::WarmUp;
use super::high_low::HighLow;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// −100·(highest − close)/(highest − lowest) over the last n bars.
#[derive(Debug, Clone)]
pub struct WilliamsR(HighLow);

impl WilliamsR {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self(HighLow::new(n))
    }
}

#[inline]
fn percent([highest, lowest]: [f64; 2], close: f64) -> f64 {
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
    peers: "wickra-core and quantedge-ta give -50 in a flat window",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(WilliamsR::new(args.count("period"))))),
};

impl BarFilter for WilliamsR {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        Some(percent(self.0.push(bar)?, bar.close))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        Some(percent(self.0.peek(bar)?, bar.close))
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    made_of!(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_the_range_is_zero_and_never_minus_zero() {
        assert_eq!(percent([12.0, 8.0], 9.0), -75.0);
        assert_eq!(percent([12.0, 8.0], 12.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(percent([8.0, 8.0], 8.0).to_bits(), 0.0_f64.to_bits());
    }
}
