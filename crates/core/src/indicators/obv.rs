//! On-balance volume: volume added on rises and taken off on falls.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Endless, OfBar};
use super::spec::{Entry, Inputs, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Σ±volume, by the sign of the close's change.
#[derive(Debug, Clone, Default)]
pub struct Obv {
    before: Option<f64>,
    sum: Endless,
}

impl Obv {
    #[inline]
    fn after(&self, bar: &Bar) -> Endless {
        let before = self.before.unwrap_or(f64::NEG_INFINITY);
        if bar.close > before {
            self.sum.plus(bar.volume)
        } else if bar.close < before {
            self.sum.plus(-bar.volume)
        } else {
            self.sum
        }
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
    has_gaps: false,
    check: anything,
    build: |_| Box::new(Each::new(OfBar(Obv::default()))),
};

impl BarFilter for Obv {
    #[inline]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        self.sum = self.after(bar);
        self.before = Some(bar.close);
        Some(self.sum.value())
    }

    #[inline]
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
        to.option(self.before);
        self.sum.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.before = from.option()?;
        self.sum = Endless::restore(from)?;
        Ok(())
    }
}
