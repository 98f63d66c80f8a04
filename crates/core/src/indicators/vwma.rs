//! Volume-weighted moving average: the mean close of what was traded over the last n bars.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// Σ(close·volume)/Σvolume over the last n bars.
#[derive(Debug, Clone)]
pub struct Vwma {
    money: Window<Sum>,
    volume: Window<Sum>,
}

impl Vwma {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self { money: Window::new(n as usize), volume: Window::new(n as usize) }
    }
}

#[inline]
fn mean(money: f64, volume: f64) -> Option<f64> {
    (volume > 0.0).then(|| money / volume)
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "vwma",
    title: "volume-weighted moving average",
    inputs: Inputs::Columns("CV"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "Σ(close·volume) / Σvolume over the last n bars",
    conventions: "first value at row n-1; no volume at all gives no value; window sums that never subtract; a bar without a \
                  volume gives none and is passed over",
    reference: "TA-Lib VWMA",
    peers: "wickra-core gives the close's mean where there is no volume; ta-lib keeps the rounding of large \
            volumes (2e-7)",
    has_gaps: true,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Vwma::new(args.count("period"))))),
};

impl BarFilter for Vwma {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        let (money, volume) = (self.money.push(bar.close * bar.volume), self.volume.push(bar.volume));
        if self.money.is_full() { mean(money, volume) } else { None }
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() || !self.money.would_be_full() {
            return None;
        }
        mean(self.money.peek(bar.close * bar.volume), self.volume.peek(bar.volume))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.money.span() as u32 - 1)
    }

    made_of!(money, volume);
}
