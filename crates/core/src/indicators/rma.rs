//! Wilder's moving average.

use super::parts::{Average, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is the part [`Average`].
pub static ENTRY: Entry = Entry {
    name: "rma",
    title: "Wilder's moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 14), Param::SOURCE],
    outputs: &[""],
    formula: "y += (x - y)/n",
    conventions: "seeded with the mean of the first n bars, at row n-1",
    reference: "J. W. Wilder, New Concepts in Technical Trading Systems, 1978; what RSI and ATR are smoothed with",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Average::wilder(args.count("period"))),
};
