//! Chaikin money flow: the share of volume that came in, by where in their ranges bars closed.

use super::ad::flow;
use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// Σflow/Σvolume over the last n bars.
#[derive(Debug, Clone)]
pub struct Cmf {
    flow: Window<Sum>,
    volume: Window<Sum>,
}

impl Cmf {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self { flow: Window::new(n as usize), volume: Window::new(n as usize) }
    }
}

#[inline]
fn share(flow: f64, volume: f64) -> f64 {
    if volume > 0.0 { flow / volume } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "cmf",
    title: "Chaikin money flow",
    inputs: Inputs::Columns("HLCV"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "Σ(clv·volume)/Σvolume over the last n bars, clv = ((close - low) - (high - close))/(high - low)",
    conventions: "first value at row n-1; a bar without range has clv 0; no volume at all gives 0; window sums that never \
                  subtract; a bar without a volume gives none and is passed over",
    reference: "M. Chaikin; TA-Lib CMF",
    peers: "ta-lib and wickra-core subtract what leaves: up to 2e-8 apart where volumes changed by 1e9",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Cmf::new(args.count("period"))))),
};

impl BarFilter for Cmf {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        let (flow, volume) = (self.flow.push(flow(bar)), self.volume.push(bar.volume));
        self.flow.is_full().then(|| share(flow, volume))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() || !self.flow.would_be_full() {
            return None;
        }
        Some(share(self.flow.peek(flow(bar)), self.volume.peek(bar.volume)))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.flow.span() as u32 - 1)
    }

    made_of!(flow, volume);
}
