//! Arnaud Legoux moving average: the last n values under a bell that stands near the newest.
//!
//! Every value of the window has a weight of its own, so every bar looks at the whole window: O(n) a bar.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// Σw·x of the last n values, Σw = 1.
#[derive(Debug, Clone)]
pub struct Alma {
    /// Of the oldest first.
    weights: Box<[f64]>,
    values: Lag,
}

impl Alma {
    /// Over `n` values, at least 1; the bell stands at the share `offset` of the window and is n/`sigma` wide.
    pub fn new(n: u32, offset: f64, sigma: f64) -> Self {
        let n = n.max(1);
        let (centre, width) = (offset * f64::from(n - 1), f64::from(n) / sigma);
        let bell = |i: u32| {
            let distance = f64::from(i) - centre;
            libm::exp(-(distance * distance) / (2.0 * width * width))
        };
        let sum: f64 = (0..n).map(bell).sum();
        Self { weights: (0..n).map(|i| bell(i) / sum).collect(), values: Lag::new(n as usize) }
    }

    #[inline(always)]
    fn weigh(&self, values: impl Iterator<Item = f64>) -> f64 {
        self.weights.iter().zip(values).fold(0.0, |sum, (weight, value)| sum + weight * value)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "alma",
    title: "Arnaud Legoux moving average",
    inputs: Inputs::Source,
    params: &[
        Param::count("period", 1, 9),
        Param::real("offset", 0.0, 1.0, 0.85),
        Param::real("sigma", 0.5, 100.0, 6.0),
        Param::SOURCE,
    ],
    outputs: &[""],
    formula: "Σw·x / Σw over the last n bars, w = exp(-(i - offset·(n-1))² / (2·(n/sigma)²)), i from 0 at the oldest",
    conventions: "first value at row n-1; O(n) a bar",
    reference: "A. Legoux, D. Kouzis-Loukas, 2009; TA-Lib ALMA",
    peers: "ta-lib rounds the weights' centre offset·(n-1) down to a whole bar: 0.2 % apart; wickra-core \
            agrees",
    has_gaps: false,
    check: anything,
    build: |args| {
        let alma = Alma::new(args.count("period"), args.real("offset"), args.real("sigma"));
        lane_of(args.source("source"), alma)
    },
};

impl Filter for Alma {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.values.push(value);
        self.values.before().map(|_| self.weigh(self.values.values()))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let window = self.values.values().skip(1).chain([value]);
        self.values.is_full_with_next().then(|| self.weigh(window))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.weights.len() as u32 - 1)
    }

    made_of!(values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_stands_where_the_offset_says() {
        let last = |offset| {
            let mut alma = Alma::new(3, offset, 6.0);
            [1.0, 10.0, 100.0].map(|x| alma.push(x))[2].unwrap()
        };
        // A bell half a bar wide: a neighbour weighs e⁻² of the centre.
        let (near, far) = (libm::exp(-2.0), libm::exp(-8.0));
        assert!((last(0.5) - (10.0 + near * 101.0) / (1.0 + 2.0 * near)).abs() < 1e-12);
        assert!((last(1.0) - (100.0 + near * 10.0 + far) / (1.0 + near + far)).abs() < 1e-12);
    }
}
