//! Average true range of the days before: `atr` under its historical name.

use super::atr::Atr;
use super::lane::Each;
use super::parts::OfBar;
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is that of [`Atr`].
pub static ENTRY: Entry = Entry {
    name: "atr_daily",
    title: "average true range of days",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 14)],
    outputs: &[""],
    formula: "y = (y·(n-1) + tr)/n, tr the true range",
    conventions: "as `atr`; historical: on closed days of prior sessions",
    reference: "TA-Lib ATR",
    peers: "as `atr`",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Atr::new(args.count("period"))))),
};
