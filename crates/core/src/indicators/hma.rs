//! Hull moving average: a short weighted average doubled, the long one taken off, smoothed once more.

use super::contract::WarmUp;
use super::parts::{Filter, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use super::wma::Wma;

/// The WMA over √n of 2·WMA(n/2) − WMA(n).
#[derive(Debug, Clone)]
pub struct Hma {
    half: Wma,
    full: Wma,
    smooth: Wma,
}

impl Hma {
    /// Over `n` values, at least 2; half and root are rounded down.
    pub fn new(n: u32) -> Self {
        Self { half: Wma::new(n / 2), full: Wma::new(n), smooth: Wma::new(n.isqrt()) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "hma",
    title: "Hull moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 2, 16), Param::SOURCE],
    outputs: &[""],
    formula: "WMA over √n of 2·WMA(n/2) - WMA(n)",
    conventions: "n/2 and √n rounded down; first value at row n-1 + √n-1; window sums that never subtract",
    reference: "TA-Lib HMA; A. Hull, 2005",
    peers: "ta-lib (7e-7) and wickra-core (5e-5) keep the rounding of a bad print",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Hma::new(args.count("period"))),
};

impl Filter for Hma {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (half, full) = (self.half.push(value), self.full.push(value));
        self.smooth.push(2.0 * half? - full?)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let (half, full) = (self.half.peek(value)?, self.full.peek(value)?);
        self.smooth.peek(2.0 * half - full)
    }

    fn warm_up(&self) -> WarmUp {
        self.smooth.warm_up().on(self.half.warm_up().and(self.full.warm_up()))
    }

    made_of!(half, full, smooth);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_root_are_rounded_down() {
        // n = 3: half 1, root 1, so 2·x − WMA(3).
        let mut hma = Hma::new(3);
        assert_eq!([1.0, 2.0, 6.0].map(|x| hma.push(x)), [None, None, Some(2.0 * 6.0 - 23.0 / 6.0)]);
        assert_eq!(Hma::new(16).warm_up(), WarmUp::exact(18));
    }
}
