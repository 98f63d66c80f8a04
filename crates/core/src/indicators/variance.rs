//! Variance of the last n values.

use super::parts::lane_of;
use super::spec::{Entry, Inputs, Param};
use super::stddev::{Stddev, Told, sample_has_two};

/// The catalogue's entry. The formula is that of [`Stddev`], squared.
pub static ENTRY: Entry = Entry {
    name: "variance",
    title: "variance",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE, Param::flag("sample")],
    outputs: &[""],
    formula: "Σ(x - m)²/n, m the mean of the last n bars; with sample=true over n-1",
    conventions: "first value at row n-1; of the population",
    reference: "TA-Lib VAR; exact where TA-Lib keeps the rounding of a bad print",
    peers: "",
    has_gaps: false,
    check: sample_has_two,
    build: |args| lane_of(args.source("source"), Stddev::of(args, Told::Variance)),
};
