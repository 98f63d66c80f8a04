//! Realized volatility: the deviation of the close's logarithmic returns.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Last, Moments, OfBar, Spread};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// The sample deviation of the last n logarithmic returns.
#[derive(Debug, Clone)]
pub struct RealizedVolatility {
    before: Last,
    spread: Spread,
}

impl RealizedVolatility {
    /// Over `n` returns, at least 2.
    pub fn new(n: u32) -> Self {
        Self { before: Last::default(), spread: Spread::new(n.max(2)) }
    }
}

/// ln(close/before), where it is one.
#[inline]
fn log_return(before: f64, close: f64) -> Option<f64> {
    Some(libm::log(close / before)).filter(|change| change.is_finite())
}

#[inline]
fn deviation(moments: Moments) -> f64 {
    moments.sample_variance().sqrt()
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "realized_vol",
    title: "realized volatility",
    inputs: Inputs::Columns("C"),
    params: &[Param::count("period", 2, 20)],
    outputs: &[""],
    formula: "√(Σ(r - r̄)²/(n-1)) over the last n bars, r = ln(close / close[1 bar ago])",
    conventions: "of a bar, not annualised; a sample's; first value at row n; merged blocks, so a bad print that left the \
                  window left no trace; a close of 0 or below has no logarithm, gives no value and is passed over",
    reference: "the textbook's historical volatility",
    peers: "wickra-core's HistoricalVolatility is it in percent, annualised, with residues (2e-12) where \
            nothing moves; its RealizedVolatility does not subtract the mean",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(RealizedVolatility::new(args.count("period"))))),
};

impl BarFilter for RealizedVolatility {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.close <= 0.0 {
            return None;
        }
        let change = log_return(self.before.push(bar.close)?, bar.close)?;
        self.spread.push(change).map(deviation)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.close <= 0.0 {
            return None;
        }
        self.spread.peek(log_return(self.before.value()?, bar.close)?).map(deviation)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.spread.span())
    }

    made_of!(before, spread);
}
