//! Average true range: Wilder's average of how far prices went.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{Average, BarFilter, Filter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use super::true_range::TrueRange;
use crate::bar::Bar;

/// Wilder's average of the true range.
#[derive(Debug, Clone)]
pub struct Atr {
    range: TrueRange,
    average: Average,
}

impl Atr {
    /// Over `n` true ranges, at least 1.
    pub fn new(n: u32) -> Self {
        Self { range: TrueRange::default(), average: Average::wilder(n) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "atr",
    title: "average true range",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 14)],
    outputs: &[""],
    formula: "y = (y·(n-1) + tr)/n, tr the true range",
    conventions: "seeded with the mean of the first n true ranges, at row n; the first bar has none",
    reference: "TA-Lib ATR; J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    peers: "wickra-core and quantedge-ta count high - low of the first bar, so they begin at row n-1: 8 % \
            apart at row n, equal after 260 bars",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Atr::new(args.count("period"))))),
};

impl BarFilter for Atr {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        self.average.push(self.range.push(bar)?)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        self.average.peek(self.range.peek(bar)?)
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().on(self.range.warm_up())
    }

    made_of!(range, average);
}
