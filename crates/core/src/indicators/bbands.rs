//! Bollinger bands: the mean of the last n values, and k standard deviations on either side.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Moments, Spread};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Mean ± k·σ over the last n values, σ of the population.
#[derive(Debug, Clone)]
pub struct Bbands {
    source: Source,
    spread: Spread,
    n: u32,
    k: f64,
}

impl Bbands {
    /// Over `n` values of `source`, at least 1, and `k` deviations wide.
    pub fn new(source: Source, n: u32, k: f64) -> Self {
        Self { source, spread: Spread::new(n as usize), n: n.max(1), k }
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
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(Bbands::new(args.source("source"), args.count("period"), args.real("k"))))
    },
};

impl Indicator for Bbands {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower", "percent_b", "bandwidth"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let value = self.source.of(closed);
        let mut bands = [NULL; 5];
        if !value.is_nan() {
            let moments = self.spread.push(value);
            if self.spread.is_full() {
                bands = self.bands(value, moments);
            }
        }
        out.copy_from_slice(&bands);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        let value = self.source.of(forming);
        let mut bands = [NULL; 5];
        if !value.is_nan() && self.spread.would_be_full() {
            bands = self.bands(value, self.spread.peek(value));
        }
        out.copy_from_slice(&bands);
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.n - 1)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.spread.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.spread.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.spread.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_by_hand() {
        let mut bands = Bbands::new(Source::Close, 2, 1.0);
        bands.spread.push(1.0);
        let moments = bands.spread.push(3.0);
        assert_eq!(bands.bands(3.0, moments), [3.0, 2.0, 1.0, 1.0, 1.0]);
        let moments = bands.spread.push(3.0);
        assert_eq!(bands.bands(3.0, moments), [3.0, 3.0, 3.0, 0.5, 0.0]);
    }
}
