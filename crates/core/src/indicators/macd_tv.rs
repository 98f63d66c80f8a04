//! MACD as TradingView computes it: each EMA on its own seed.

use super::macd::{Macd, Start, fast_below_slow};
use super::parts::Filter;
use super::spec::{Entry, Inputs, Param};

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
    outputs: Macd::OUTPUTS,
    formula: "macd = EMA(fast) - EMA(slow); signal = EMA of macd; histogram = macd - signal; \
              EMA: y += (x - y)·k, k = 2/(n+1)",
    conventions: "each EMA seeded with the mean of its own first n values; macd begins at row slow-1, \
                  signal and histogram at row slow-1 + signal-1",
    reference: "TradingView ta.macd and ta.ema; G. Appel",
    peers: "wickra-core shows macd from row 33 only",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| Macd::lane(args, Start::Apart),
};
