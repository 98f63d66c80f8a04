//! MACD as TradingView computes it: each EMA on its own seed.

use super::lane::Each;
use super::macd::{Macd, Start, fast_below_slow};
use super::parts::Recurrence;
use super::spec::{Entry, Inputs, Param};

/// y = k·x + (1 − k)·y, k = 2/(n+1): the EMA in TradingView's order of operations.
#[derive(Debug, Clone, Copy)]
struct Blend {
    k: f64,
    kept: f64,
}

impl Recurrence for Blend {
    fn over(n: u32) -> Self {
        let k = 2.0 / (f64::from(n) + 1.0);
        Self { k, kept: 1.0 - k }
    }

    fn kept(self) -> f64 {
        self.kept
    }

    #[inline]
    fn next(self, average: f64, value: f64) -> f64 {
        value * self.k + self.kept * average
    }
}

/// The catalogue's entry. The formula is [`Macd`]'s.
pub static ENTRY: Entry = Entry {
    name: "macd_tv",
    title: "moving average convergence/divergence, each average on its own seed",
    inputs: Inputs::Source,
    params: &[
        Param::count("fast", 1, 12),
        Param::count("slow", 2, 26),
        Param::count("signal", 1, 9),
        Param::SOURCE,
    ],
    outputs: &["macd", "signal", "histogram"],
    formula: "macd = EMA(fast) - EMA(slow); signal = EMA of macd; histogram = macd - signal; \
              EMA: y = k·x + (1-k)·y, k = 2/(n+1)",
    conventions: "each EMA seeded with the mean of its own first n values; macd begins at row slow-1, \
                  signal and histogram at row slow-1 + signal-1",
    reference: "TradingView ta.macd and ta.ema; G. Appel",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| Box::new(Each::new(Macd::<Blend>::of(args, Start::Apart))),
};
