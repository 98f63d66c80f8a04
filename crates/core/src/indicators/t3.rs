//! T3: six EMAs in a row, weighed so that they lag less than one.

use super::contract::WarmUp;
use super::parts::{Filter, Repeated, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// Weights of the third to the sixth EMA, by the volume factor.
#[derive(Debug, Clone)]
pub struct T3 {
    averages: Repeated<6>,
    weights: [f64; 4],
}

impl T3 {
    /// Over `n` values, at least 1, with the factor `v`, 0 for three EMAs in a row, 1 for the least lag.
    pub fn new(n: u32, v: f64) -> Self {
        let (square, cube) = (v * v, v * v * v);
        let weights = [
            1.0 + 3.0 * v + cube + 3.0 * square,
            -6.0 * square - 3.0 * (v + cube),
            3.0 * (square + cube),
            -cube,
        ];
        Self { averages: Repeated::exponential(n), weights }
    }

    #[inline(always)]
    fn weigh(&self, [_, _, e3, e4, e5, e6]: [f64; 6]) -> f64 {
        let [w3, w4, w5, w6] = self.weights;
        w6 * e6 + w5 * e5 + w4 * e4 + w3 * e3
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "t3",
    title: "T3 moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 5), Param::real("vfactor", 0.0, 1.0, 0.7), Param::SOURCE],
    outputs: &[""],
    formula: "-v³·e6 + 3(v²+v³)·e5 - (6v²+3(v+v³))·e4 + (1+3v+v³+3v²)·e3, e1 the EMA of n bars, e2 the EMA of e1 …",
    conventions: "each EMA seeded with the mean of its own first n inputs; first value at row 6(n-1)",
    reference: "TA-Lib T3; T. Tillson, Better Moving Averages, 1998",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), T3::new(args.count("period"), args.real("vfactor"))),
};

impl Filter for T3 {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let averages = self.averages.push(value)?;
        Some(self.weigh(averages))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.weigh(self.averages.peek(value)?))
    }

    fn warm_up(&self) -> WarmUp {
        self.averages.warm_up()
    }

    made_of!(averages);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_sum_to_one() {
        for v in [0.0, 0.5, 0.7, 1.0] {
            assert!((T3::new(5, v).weights.iter().sum::<f64>() - 1.0).abs() < 1e-14, "{v}");
        }
        // Without a factor it is the EMA of the EMA of the EMA.
        assert_eq!(T3::new(5, 0.0).weights, [1.0, 0.0, 0.0, 0.0]);
    }
}
