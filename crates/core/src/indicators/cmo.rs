//! Chande momentum oscillator: rises less falls, in percent of both, by Wilder's averages as TA-Lib computes it.

use super::parts::{Filter, lane_of};
use super::rsi::Moves;
use super::spec::{Entry, Inputs, Param, anything};

/// 100·(gain − loss)/(gain + loss) of the averages of rises and falls.
#[derive(Debug, Clone)]
pub struct Cmo(Moves);

impl Cmo {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Moves::new(n))
    }
}

#[inline]
fn index([gain, loss]: [f64; 2]) -> f64 {
    let all = gain + loss;
    if all > 0.0 { 100.0 * ((gain - loss) / all) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "cmo",
    title: "Chande momentum oscillator",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 14), Param::SOURCE],
    outputs: &[""],
    formula: "100·(g - l)/(g + l), g and l Wilder's averages of rises and falls: y = (y·(n-1)+x)/n",
    conventions: "seeded with the means of the first n changes, at row n; no movement at all gives 0; Chande's own sums \
                  the last n changes instead",
    reference: "TA-Lib CMO; T. Chande, S. Kroll, The New Technical Trader, 1994",
    peers: "wickra-core sums the last n changes, unsmoothed, as Chande did",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Cmo::new(args.count("period"))),
};

impl Filter for Cmo {
    told_by!(index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_less_falls_in_percent_of_both() {
        assert_eq!([index([3.0, 1.0]), index([0.0, 2.0]), index([0.0, 0.0])], [50.0, -100.0, 0.0]);
    }
}
