//! Average range, high − low, of the last n bars.

use super::lane::Each;
use super::parts::{OfBar, OfRange};
use super::sma::Sma;
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is that of [`Sma`].
pub static ENTRY: Entry = Entry {
    name: "avg_range",
    title: "average range",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 10)],
    outputs: &[""],
    formula: "Σ(high - low) / n over the last n bars",
    conventions: "first value at row n-1; historical: on closed days of prior sessions",
    reference: "TA-Lib SMA of high - low, exact",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(OfRange(Sma::new(args.count("period")))))),
};
