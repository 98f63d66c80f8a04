//! Rogers and Satchell's volatility: of the range, whatever the drift.

use super::lane::Each;
use super::parkinson::{Estimate, RangeVolatility};
use super::parts::OfBar;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// ln(high/close)·ln(high/open) + ln(low/close)·ln(low/open).
#[derive(Debug, Clone, Copy)]
pub struct RogersSatchell;

impl Estimate for RogersSatchell {
    #[inline]
    fn of(bar: &Bar) -> f64 {
        let above = libm::log(bar.high / bar.close) * libm::log(bar.high / bar.open);
        above + libm::log(bar.low / bar.close) * libm::log(bar.low / bar.open)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "rogers_satchell",
    title: "Rogers and Satchell's volatility",
    inputs: Inputs::Columns("OHLC"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "√(Σ(ln(high/close)·ln(high/open) + ln(low/close)·ln(low/open)) / n) over the last n bars",
    conventions: "of a bar, not annualised; first value at row n-1; a bar with a price of 0 or below has no logarithm, gives \
                  no value and is passed over",
    reference: "L. C. G. Rogers, S. E. Satchell, Estimating Variance from High, Low and Closing Prices, 1991",
    peers: "wickra-core gives percent, annualised by √trading_periods, with residues (6e-12) where there is \
            no range",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(RangeVolatility::<RogersSatchell>::new(args.count("period"))))),
};
