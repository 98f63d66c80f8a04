//! True range: how far prices went, the way from the close before included.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// max(high, close before) − min(low, close before).
#[derive(Debug, Clone, Default)]
pub struct TrueRange {
    before: Option<f64>,
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
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(TrueRange::default()))),
};

impl BarFilter for TrueRange {
    #[inline]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let range = self.peek(bar);
        self.before = Some(bar.close);
        range
    }

    #[inline]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let before = self.before?;
        let top = if before > bar.high { before } else { bar.high };
        let bottom = if before < bar.low { before } else { bar.low };
        Some(top - bottom)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(1)
    }

    fn reset(&mut self) {
        self.before = None;
    }

    fn save(&self, to: &mut Bytes) {
        to.option(self.before);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.before = from.option()?;
        Ok(())
    }
}
