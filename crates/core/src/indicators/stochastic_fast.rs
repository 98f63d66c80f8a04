//! Fast stochastic oscillator: [`Stochastic`] without smoothing.

use super::lane::Each;
use super::parts::OfBar;
use super::spec::{Entry, Inputs, Param, anything};
use super::stochastic::Stochastic;

/// The catalogue's entry. The formula is [`Stochastic`]'s, %K averaged over one value.
pub static ENTRY: Entry = Entry {
    name: "stochastic_fast",
    title: "fast stochastic oscillator",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("k", 1, 14), Param::count("d", 1, 3)],
    outputs: &["k", "d"],
    formula: "k = 100·(close - L)/(H - L), H the highest high and L the lowest low of the last n bars; d = SMA of k",
    conventions: "both begin at row k-1 + d-1; a flat window counts as 0; d is averaged by a \
                  running sum as TA-Lib does",
    reference: "TA-Lib STOCHF, the average simple; G. Lane",
    peers: "wickra-core gives 50 in a flat window",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Stochastic::new(args.count("k"), 1, args.count("d"))))),
};
