//! Midpoint of the last n values: the middle between the largest and the smallest.

use super::contract::WarmUp;
use super::parts::{Filter, Max, Min, Window, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// (max + min)/2 over the last n values.
#[derive(Debug, Clone)]
pub struct Midpoint {
    max: Window<Max>,
    min: Window<Min>,
}

impl Midpoint {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { max: Window::new(n as usize), min: Window::new(n as usize) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "midpoint",
    title: "midpoint",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 14), Param::SOURCE],
    outputs: &[""],
    formula: "(H + L)/2, H the largest and L the smallest of the last n bars",
    conventions: "first value at row n-1",
    reference: "TA-Lib MIDPOINT",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Midpoint::new(args.count("period"))),
};

impl Filter for Midpoint {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (max, min) = (self.max.push(value), self.min.push(value));
        self.max.is_full().then(|| (max + min) / 2.0)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.max.would_be_full().then(|| (self.max.peek(value) + self.min.peek(value)) / 2.0)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.max.span() as u32 - 1)
    }

    made_of!(max, min);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_extremes() {
        let mut midpoint = Midpoint::new(2);
        assert_eq!([1.0, 3.0, 9.0].map(|x| midpoint.push(x)), [None, Some(2.0), Some(6.0)]);
    }
}
