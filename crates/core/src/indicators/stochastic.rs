//! Stochastic oscillator: where the close lies in the range of the last n bars, smoothed, and its average.

use super::contract::WarmUp;
use super::high_low::HighLow;
use super::lane::Each;
use super::parts::{BarFilter, Filter, OfBar, RunningMean};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// %K, the smoothed place of the close in the range, and %D, its average; both begin with %D.
#[derive(Debug, Clone)]
pub struct Stochastic {
    range: HighLow,
    smooth: RunningMean,
    average: RunningMean,
}

impl Stochastic {
    /// The range of `n` bars, %K averaged over `smooth` values, %D over `average` of %K; each at least 1.
    pub fn new(n: u32, smooth: u32, average: u32) -> Self {
        Self { range: HighLow::new(n), smooth: RunningMean::new(smooth), average: RunningMean::new(average) }
    }
}

/// The close's place in the range, in percent.
#[inline]
pub(super) fn place([highest, lowest]: [f64; 2], close: f64) -> f64 {
    let range = highest - lowest;
    if range > 0.0 { 100.0 * ((close - lowest) / range) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "stochastic",
    title: "slow stochastic oscillator",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("k", 1, 14), Param::count("smooth", 1, 3), Param::count("d", 1, 3)],
    outputs: &["k", "d"],
    formula: "k = SMA of 100·(close - L)/(H - L), H the highest high and L the lowest low of the last n bars; \
              d = SMA of k",
    conventions: "both begin at row k-1 + smooth-1 + d-1; a flat window counts as 0; averaged by \
                  running sums as TA-Lib does, so where k has been 0 for long a residue below 1e-13 may stand for 0",
    reference: "TA-Lib STOCH, both averages simple; G. Lane",
    peers: "wickra-core and quantedge-ta give 50 in a flat window; quantedge-ta begins k at row 16 and d at \
            row 19; wickra-core's %D is k, its %K the raw one",
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(OfBar(Stochastic::new(args.count("k"), args.count("smooth"), args.count("d")))))
    },
};

impl BarFilter for Stochastic {
    type Value = [f64; 2];
    const OUTPUTS: &'static [&'static str] = &["k", "d"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 2]> {
        let range = self.range.push(bar)?;
        let k = self.smooth.push(place(range, bar.close))?;
        Some([k, self.average.push(k)?])
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 2]> {
        let range = self.range.peek(bar)?;
        let k = self.smooth.peek(place(range, bar.close))?;
        Some([k, self.average.peek(k)?])
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().on(self.smooth.warm_up()).on(self.range.warm_up())
    }

    made_of!(range, smooth, average);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_in_percent_of_the_range() {
        assert_eq!(
            [place([12.0, 8.0], 9.0), place([12.0, 8.0], 12.0), place([12.0, 8.0], 8.0)],
            [25.0, 100.0, 0.0]
        );
        assert_eq!(place([8.0, 8.0], 8.0), 0.0);
    }

    #[test]
    fn both_begin_together() {
        assert_eq!(Stochastic::new(14, 3, 3).warm_up(), WarmUp::exact(17));
        assert_eq!(Stochastic::new(14, 1, 3).warm_up(), WarmUp::exact(15));
    }
}
