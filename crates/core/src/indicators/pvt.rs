//! Price volume trend: volume added by the share that the close moved.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Endless, Last, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;

/// Σ(close/close before − 1)·volume.
#[derive(Debug, Clone, Default)]
pub struct Pvt {
    before: Last,
    sum: Endless,
}

impl Pvt {
    #[inline(always)]
    fn after(&self, before: Option<f64>, bar: &Bar) -> Endless {
        let moved = match before {
            Some(before) if before != 0.0 => (bar.close - before) / before * bar.volume,
            _ => 0.0,
        };
        self.sum.plus(moved)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "pvt",
    title: "price volume trend",
    inputs: Inputs::Columns("CV"),
    params: &[],
    outputs: &[""],
    formula: "y += (close - close[1 bar ago])/close[1 bar ago]·volume",
    conventions: "0 at row 0; a close of 0 before adds nothing; a compensated sum; a bar without a volume gives none and is \
                  passed over",
    reference: "TA-Lib PVT",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(Pvt::default()))),
};

impl BarFilter for Pvt {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        let before = self.before.push(bar.close);
        self.sum = self.after(before, bar);
        Some(self.sum.value())
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        (!bar.volume.is_nan()).then(|| self.after(self.before.value(), bar).value())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }

    made_of!(before, sum);
}
