//! Double exponential moving average: an EMA, and what its own EMA lags behind it.

use super::parts::{Filter, Repeated, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// 2·E − EE, EE the EMA of E.
#[derive(Debug, Clone)]
pub struct Dema(Repeated<2>);

impl Dema {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Repeated::exponential(n))
    }
}

#[inline]
fn dema([once, twice]: [f64; 2]) -> f64 {
    2.0 * once - twice
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "dema",
    title: "double exponential moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "2·E - EE, E the EMA of n bars, EE the EMA of n values of E",
    conventions: "each EMA seeded with the mean of its own first n inputs; first value at row 2(n-1)",
    reference: "TA-Lib DEMA; P. Mulloy, Smoothing Data with Faster Moving Averages, 1994",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Dema::new(args.count("period"))),
};

impl Filter for Dema {
    told_by!(dema);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_added_back() {
        // n = 3: k = 1/2. E: 2, 3, 4, 7; EE: their mean 3, then 5. The last: 2·7 − 5.
        let mut dema = Dema::new(3);
        let given = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0].map(|x| dema.push(x));
        assert_eq!(given, [None, None, None, None, Some(5.0), Some(9.0)]);
    }
}
