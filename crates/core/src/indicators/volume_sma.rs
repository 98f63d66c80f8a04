//! Average volume of the last n bars.

use super::parts::lane_of;
use super::sma::Sma;
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is that of [`Sma`].
pub static ENTRY: Entry = Entry {
    name: "volume_sma",
    title: "average volume",
    inputs: Inputs::Columns("V"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "Σvolume / n over the last n bars",
    conventions: "first value at row n-1; a bar without a volume gives none and is not counted",
    reference: "TA-Lib SMA of the volume, exact",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(Source::Volume, Sma::new(args.count("period"))),
};
