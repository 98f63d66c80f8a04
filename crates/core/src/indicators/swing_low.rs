//! Swing lows: bars that no neighbour on either side undercuts.

use super::parts::{Min, lane_of};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use super::swing_high::Swing;

/// The catalogue's entry. The formula is that of [`Swing`].
pub static ENTRY: Entry = Entry {
    name: "swing_low",
    title: "swing low",
    inputs: Inputs::Columns("L"),
    params: &[Param::count("k", 1, 5)],
    outputs: &[""],
    formula: "low[k] where it is the lowest of the last 2k+1 lows",
    conventions: "reported k bars after it happened, first at row 2k; ties count; no value on bars that \
                  confirm none",
    reference: "exact",
    peers: "wickra-core's WilliamsFractals is k = 2, and an equal neighbour confirms none",
    has_gaps: true,
    check: anything,
    build: |args| lane_of(Source::Low, Swing::<Min>::new(args.count("k"))),
};
