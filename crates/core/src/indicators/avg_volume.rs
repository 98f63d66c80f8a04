//! Average volume of the days before: `volume_sma` under its historical name.

use super::parts::lane_of;
use super::sma::Sma;
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// The catalogue's entry. The formula is that of [`Sma`].
pub static ENTRY: Entry = Entry {
    name: "avg_volume",
    title: "average volume of days",
    inputs: Inputs::Columns("V"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "Σvolume / n over the last n bars",
    conventions: "as `volume_sma`; historical: on closed days of prior sessions",
    reference: "TA-Lib SMA of the volume, exact",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(Source::Volume, Sma::new(args.count("period"))),
};
