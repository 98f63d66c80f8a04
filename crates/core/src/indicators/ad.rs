//! Accumulation/distribution: volume added by where in its range a bar closed.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Endless, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;

/// Σ((c − l) − (h − c))/(h − l)·v.
#[derive(Debug, Clone, Default)]
pub struct Ad {
    sum: Endless,
}

/// The bar's volume by where it closed: all of it at the high, none of it in the middle, −all at the low.
#[inline(always)]
pub(super) fn flow(bar: &Bar) -> f64 {
    let range = bar.high - bar.low;
    if range > 0.0 { ((bar.close - bar.low) - (bar.high - bar.close)) / range * bar.volume } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "ad",
    title: "accumulation/distribution line",
    inputs: Inputs::Columns("HLCV"),
    params: &[],
    outputs: &[""],
    formula: "y += ((close - low) - (high - close))/(high - low)·volume",
    conventions: "first value at row 0; a bar without range adds nothing; a compensated sum; a bar without a volume \
                  gives none and is passed over",
    reference: "TA-Lib AD; M. Chaikin",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(Ad::default()))),
};

impl BarFilter for Ad {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        self.sum = self.sum.plus(flow(bar));
        Some(self.sum.value())
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        (!bar.volume.is_nan()).then(|| self.sum.plus(flow(bar)).value())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }

    made_of!(sum);
}
