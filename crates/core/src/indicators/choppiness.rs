//! Choppiness index: how much longer the way was than the distance it covered.

use super::contract::WarmUp;
use super::high_low::HighLow;
use super::lane::Each;
use super::parts::{BarFilter, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use super::true_range::TrueRange;
use crate::bar::Bar;

/// 100·log(Σtr/(H − L))/log n.
#[derive(Debug, Clone)]
pub struct Choppiness {
    range: TrueRange,
    way: Window<Sum>,
    extremes: HighLow,
    /// 100/ln n.
    scale: f64,
}

impl Choppiness {
    /// Over `n` bars, at least 2.
    pub fn new(n: u32) -> Self {
        let n = n.max(2);
        Self {
            range: TrueRange::default(),
            way: Window::new(n as usize),
            extremes: HighLow::new(n),
            scale: 100.0 / libm::log(n.into()),
        }
    }

    #[inline(always)]
    fn tell(&self, way: f64, [high, low]: [f64; 2]) -> f64 {
        if high > low { self.scale * libm::log(way / (high - low)) } else { 100.0 }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "choppiness",
    title: "choppiness index",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 2, 14)],
    outputs: &[""],
    formula: "100·log(Σtr / (H - L)) / log n, tr the true ranges, H the highest high and L the lowest low of the last n bars",
    conventions: "first value at row n; no range at all gives 100",
    reference: "E. W. Dreiss, 1993; TA-Lib CHOP",
    peers: "wickra-core and quantedge-ta count the first bar's range, so they begin at row n-1, and keep the \
            rounding of a bad print",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Choppiness::new(args.count("period"))))),
};

impl BarFilter for Choppiness {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let extremes = self.extremes.push(bar);
        let way = self.way.push(self.range.push(bar)?);
        if self.way.is_full() { Some(self.tell(way, extremes?)) } else { None }
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let range = self.range.peek(bar)?;
        if !self.way.would_be_full() {
            return None;
        }
        Some(self.tell(self.way.peek(range), self.extremes.peek(bar)?))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.way.span() as u32)
    }

    made_of!(range, way, extremes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_way_is_0_and_the_longest_100() {
        let choppiness = Choppiness::new(4);
        assert_eq!(choppiness.tell(8.0, [12.0, 4.0]), 0.0);
        assert!((choppiness.tell(32.0, [12.0, 4.0]) - 100.0).abs() < 1e-12);
        assert_eq!(choppiness.tell(0.0, [4.0, 4.0]), 100.0);
    }
}
