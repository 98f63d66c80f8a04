//! True range: how far prices went, the way from the close before included.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Last, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;

/// max(high, close before) − min(low, close before).
#[derive(Debug, Clone, Default)]
pub struct TrueRange {
    before: Last,
}

/// From the close `before` over the bar.
#[inline(always)]
pub(super) fn range(before: f64, bar: &Bar) -> f64 {
    let top = if before > bar.high { before } else { bar.high };
    let bottom = if before < bar.low { before } else { bar.low };
    top - bottom
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "true_range",
    title: "true range",
    inputs: Inputs::Columns("HLC"),
    params: &[],
    outputs: &[""],
    formula: "max(high, close before) - min(low, close before)",
    conventions: "first value at row 1",
    reference: "TA-Lib TRANGE; J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    peers: "wickra-core gives high - low on the first bar",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(TrueRange::default()))),
};

impl BarFilter for TrueRange {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        Some(range(self.before.push(bar.close)?, bar))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        Some(range(self.before.value()?, bar))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(1)
    }

    made_of!(before);
}
