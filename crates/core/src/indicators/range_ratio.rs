//! A bar's range against the average range.

use super::lane::Each;
use super::parts::{OfBar, OfRange};
use super::spec::{Entry, Inputs, Param, anything};
use super::volume_ratio::Ratio;

/// The catalogue's entry. The formula is that of [`Ratio`].
pub static ENTRY: Entry = Entry {
    name: "range_ratio",
    title: "range against its average",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "(high - low) / (Σ(high - low) / n), the last n bars with the current one",
    conventions: "first value at row n-1; an average of 0 gives 1; historical: on closed days of prior \
                  sessions",
    reference: "exact",
    peers: "none has it",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(OfRange(Ratio::new(args.count("period")))))),
};
