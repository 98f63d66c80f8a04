//! Force index: an average of how far the close went, times the volume that took it there.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{Average, BarFilter, Filter, Last, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// EMA of (close − close before)·volume.
#[derive(Debug, Clone)]
pub struct ForceIndex {
    before: Last,
    average: Average,
}

impl ForceIndex {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        Self { before: Last::default(), average: Average::exponential(n) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "force_index",
    title: "Elder's force index",
    inputs: Inputs::Columns("CV"),
    params: &[Param::count("period", 1, 13)],
    outputs: &[""],
    formula: "EMA over n of (close - close[1 bar ago])·volume",
    conventions: "seeded with the mean of the first n of those, at row n; a bar without a volume gives none and is passed over",
    reference: "TA-Lib EFI; A. Elder, Trading for a Living, 1993",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(ForceIndex::new(args.count("period"))))),
};

impl BarFilter for ForceIndex {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        let before = self.before.push(bar.close)?;
        self.average.push((bar.close - before) * bar.volume)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        self.average.peek((bar.close - self.before.value()?) * bar.volume)
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().after(1)
    }

    made_of!(before, average);
}
