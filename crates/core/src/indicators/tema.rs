//! Triple exponential moving average: an EMA with the lag of its first two repetitions taken out.

use super::parts::{Filter, Repeated, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// 3·E − 3·EE + EEE, each the EMA of the one before.
#[derive(Debug, Clone)]
pub struct Tema(Repeated<3>);

impl Tema {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Repeated::exponential(n))
    }
}

#[inline]
fn tema([once, twice, thrice]: [f64; 3]) -> f64 {
    3.0 * once - 3.0 * twice + thrice
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "tema",
    title: "triple exponential moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "3·E - 3·EE + EEE, E the EMA of n bars, EE that of E, EEE that of EE",
    conventions: "each EMA seeded with the mean of its own first n inputs; first value at row 3(n-1)",
    reference: "TA-Lib TEMA; P. Mulloy, Smoothing Data with Faster Moving Averages, 1994",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Tema::new(args.count("period"))),
};

impl Filter for Tema {
    told_by!(tema);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_followed_without_lag() {
        let mut tema = Tema::new(3);
        let given = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0].map(|x| tema.push(x));
        assert_eq!(given[5..], [None, Some(7.0), Some(8.0)]);
    }
}
