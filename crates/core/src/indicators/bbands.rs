//! Bollinger bands: the mean of the last n values, and k standard deviations on either side.

use super::contract::WarmUp;
use super::parts::{Filter, Moments, Spread, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// Mean ± k·σ over the last n values, σ of the population.
#[derive(Debug, Clone)]
pub struct Bbands {
    spread: Spread,
    k: f64,
}

impl Bbands {
    /// Over `n` values, at least 1, and `k` deviations wide.
    pub fn new(n: u32, k: f64) -> Self {
        Self { spread: Spread::new(n), k }
    }

    #[inline]
    fn bands(&self, value: f64, moments: Moments) -> [f64; 5] {
        let (middle, width) = (moments.mean(), self.k * moments.variance().sqrt());
        let (upper, lower) = (middle + width, middle - width);
        let span = upper - lower;
        let percent_b = if span == 0.0 { 0.5 } else { (value - lower) / span };
        let bandwidth = if middle == 0.0 { 0.0 } else { span / middle };
        [upper, middle, lower, percent_b, bandwidth]
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "bbands",
    title: "Bollinger bands",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::real("k", 0.0, 100.0, 2.0), Param::SOURCE],
    outputs: Bbands::OUTPUTS,
    formula: "middle = Σx/n, upper and lower = middle ± k·σ, σ² = Σ(x - middle)²/n; percent_b = (x - \
              lower)/(upper - lower); bandwidth = (upper - lower)/middle",
    conventions: "first value at row n-1; population σ; bands of no width give percent_b 0.5; a middle \
                  of 0 gives bandwidth 0",
    reference: "TA-Lib BBANDS; exact where TA-Lib keeps the rounding of a bad print",
    peers: "ta-lib and quantedge-ta keep the rounding of a bad print, 30 % of the middle where prices of 1e-8 \
            follow, quantedge-ta's σ too; ta-lib's BBW is in percent",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Bbands::new(args.count("period"), args.real("k"))),
};

impl Filter for Bbands {
    type Value = [f64; 5];
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower", "percent_b", "bandwidth"];

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<[f64; 5]> {
        let moments = self.spread.push(value)?;
        Some(self.bands(value, moments))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<[f64; 5]> {
        Some(self.bands(value, self.spread.peek(value)?))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.spread.span() - 1)
    }

    made_of!(spread);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_by_hand() {
        let mut bands = Bbands::new(2, 1.0);
        let given = [1.0, 3.0, 3.0].map(|x| bands.push(x));
        assert_eq!(given, [None, Some([3.0, 2.0, 1.0, 1.0, 1.0]), Some([3.0, 3.0, 3.0, 0.5, 0.0])]);
    }
}
