//! Balance of power: how much of its range a bar has kept.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// (close − open)/(high − low).
#[derive(Debug, Clone, Copy)]
pub struct Bop;

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "bop",
    title: "balance of power",
    inputs: Inputs::Columns("OHLC"),
    params: &[],
    outputs: &[""],
    formula: "(close - open)/(high - low)",
    conventions: "first value at row 0; from -1 to 1; a bar without range gives 0",
    reference: "TA-Lib BOP; I. Livshin, 2001",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(Bop))),
};

impl BarFilter for Bop {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        self.peek(bar)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let range = bar.high - bar.low;
        Some(if range > 0.0 { (bar.close - bar.open) / range } else { 0.0 })
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(0)
    }

    fn reset(&mut self) {}

    fn save(&self, _: &mut Bytes) {}

    fn restore(&mut self, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}
