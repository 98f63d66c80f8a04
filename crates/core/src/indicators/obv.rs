//! On-balance volume: volume added on rises and taken off on falls.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Endless, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Σ±volume, by the sign of the close's change.
#[derive(Debug, Clone)]
pub struct Obv {
    /// The close before; at the start what every close is above.
    before: f64,
    sum: Endless,
}

impl Default for Obv {
    fn default() -> Self {
        Self { before: f64::NEG_INFINITY, sum: Endless::default() }
    }
}

impl Obv {
    #[inline]
    fn after(&self, bar: &Bar) -> Endless {
        // Without a branch: which way a market goes can't be predicted.
        let sign = f64::from(i8::from(bar.close > self.before) - i8::from(bar.close < self.before));
        self.sum.plus(sign * bar.volume)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "obv",
    title: "on-balance volume",
    inputs: Inputs::Columns("CV"),
    params: &[],
    outputs: &[""],
    formula: "y += volume where the close rose, y -= volume where it fell",
    conventions: "starts at the first bar's volume, at row 0; an equal close leaves it; a compensated \
                  sum; a bar without a volume gives none and is passed over",
    reference: "TA-Lib OBV",
    peers: "wickra-core starts at 0: the first bar's volume less, always",
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(Obv::default()))),
};

impl BarFilter for Obv {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        self.sum = self.after(bar);
        self.before = bar.close;
        Some(self.sum.value())
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        (!bar.volume.is_nan()).then(|| self.after(bar).value())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn save(&self, to: &mut Bytes) {
        to.f64(self.before);
        self.sum.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.before = from.f64()?;
        self.sum.restore(from)
    }
}
