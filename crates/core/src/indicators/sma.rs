//! Simple moving average: the mean of the last n values.

use super::contract::WarmUp;
use super::parts::{Filter, Sum, Window, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// Σx/n over the last n values.
#[derive(Debug, Clone)]
pub struct Sma {
    window: Window<Sum>,
    n: f64,
}

impl Sma {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { window: Window::new(n as usize), n: f64::from(n.max(1)) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "sma",
    title: "simple moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "Σx / n over the last n bars",
    conventions: "first value at row n-1; a window sum that never subtracts, so a bad print that left it left no trace",
    reference: "TA-Lib SMA; exact where TA-Lib keeps the rounding of a bad print",
    peers: "ta-lib and quantedge-ta keep the rounding of a bad print, 30 % where prices of 1e-8 follow; \
            wickra-core is 7e-7 apart there",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Sma::new(args.count("period"))),
};

impl Filter for Sma {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let sum = self.window.push(value);
        self.window.is_full().then(|| sum / self.n)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.window.would_be_full().then(|| self.window.peek(value) / self.n)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.window.span() as u32 - 1)
    }

    made_of!(window);
}
