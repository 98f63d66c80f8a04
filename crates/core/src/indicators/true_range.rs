//! True range: how far prices went, the way from the close before included.

use super::contract::{NULL, WarmUp};
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// max(high, close before) − min(low, close before).
#[derive(Debug, Clone)]
pub struct TrueRange {
    /// The close before; the null at the start.
    before: f64,
}

impl Default for TrueRange {
    fn default() -> Self {
        Self { before: NULL }
    }
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
    peers: "",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(TrueRange::default()))),
};

impl BarFilter for TrueRange {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let range = self.peek(bar);
        self.before = bar.close;
        range
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let before = self.before;
        let top = if before > bar.high { before } else { bar.high };
        let bottom = if before < bar.low { before } else { bar.low };
        (!before.is_nan()).then_some(top - bottom)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(1)
    }

    fn reset(&mut self) {
        self.before = NULL;
    }

    fn save(&self, to: &mut Bytes) {
        to.f64(self.before);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.before = from.f64()?;
        Ok(())
    }
}
