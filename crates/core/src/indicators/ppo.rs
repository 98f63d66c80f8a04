//! Percentage price oscillator: a fast EMA less a slow one, in percent of the slow one.

use super::apo::{Oscillator, PARAMS, Told};
use super::macd::fast_below_slow;
use super::parts::lane_of;
use super::spec::{Entry, Inputs};

/// The catalogue's entry. The formula is that of [`Oscillator`].
pub static ENTRY: Entry = Entry {
    name: "ppo",
    title: "percentage price oscillator",
    inputs: Inputs::Source,
    params: PARAMS,
    outputs: &[""],
    formula: "100·(EMA(fast) - EMA(slow))/EMA(slow)",
    conventions: "each EMA is seeded with its own first values; first value at row slow-1; a slow EMA of 0 gives 0",
    reference: "TA-Lib PPO with EMA",
    peers: "with the EMA none differs; the default average of TA-Lib's own PPO is the SMA",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| lane_of(args.source("source"), Oscillator::of(args, Told::Percent)),
};
