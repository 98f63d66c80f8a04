//! Garman and Klass' volatility: of the range and of the way from open to close.

use super::lane::Each;
use super::parkinson::{Estimate, RangeVolatility};
use super::parts::OfBar;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// ln(high/low)²/2 − (2·ln 2 − 1)·ln(close/open)².
#[derive(Debug, Clone, Copy)]
pub struct GarmanKlass;

impl Estimate for GarmanKlass {
    #[inline]
    fn of(bar: &Bar) -> f64 {
        let (range, body) = (libm::log(bar.high / bar.low), libm::log(bar.close / bar.open));
        0.5 * (range * range) - (2.0 * std::f64::consts::LN_2 - 1.0) * (body * body)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "garman_klass",
    title: "Garman and Klass' volatility",
    inputs: Inputs::Columns("OHLC"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "√(Σ(ln(high/low)²/2 - (2·ln 2 - 1)·ln(close/open)²) / n) over the last n bars",
    conventions: "of a bar, not annualised; first value at row n-1; a sum below 0 gives 0; a bar with a price of 0 or below has \
                  no logarithm, gives no value and is passed over",
    reference: "M. Garman, M. Klass, On the Estimation of Security Price Volatilities, Journal of Business 53, 1980",
    peers: "wickra-core gives percent, annualised by √trading_periods",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(RangeVolatility::<GarmanKlass>::new(args.count("period"))))),
};
