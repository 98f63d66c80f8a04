//! Exponential moving average.

use super::parts::{Average, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is the part [`Average`].
pub static ENTRY: Entry = Entry {
    name: "ema",
    title: "exponential moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "y += (x - y)·k, k = 2/(n+1)",
    conventions: "seeded with the mean of the first n bars, at row n-1",
    reference: "TA-Lib EMA",
    peers: "pandas ewm(adjust=False) starts with the first value at row 0; those that were run agree",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Average::exponential(args.count("period"))),
};
