//! Normalised average true range: in percent of the close.

use super::atr::Atr;
use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// 100·atr/close.
#[derive(Debug, Clone)]
pub struct Natr(Atr);

#[inline]
fn percent(atr: f64, close: f64) -> f64 {
    if close == 0.0 { 0.0 } else { atr / close * 100.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "natr",
    title: "normalised average true range",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 14)],
    outputs: &[""],
    formula: "100·atr/close",
    conventions: "first value at row n; a close of 0 gives 0; n = 1 is in percent too, where TA-Lib \
                  gives the true range",
    reference: "TA-Lib NATR",
    peers: "wickra-core counts the first bar's range, so it begins at row n-1: 8 % apart at row n, equal \
            after 260 bars",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Natr(Atr::new(args.count("period")))))),
};

impl BarFilter for Natr {
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
