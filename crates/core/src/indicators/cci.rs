//! Commodity channel index: how many mean deviations the typical price is from its mean.
//!
//! The mean deviation is about the current mean, so every bar looks at the whole window: O(n) a bar.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, lane_of};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// (x − mean)/(0.015·mean deviation) over the last n values.
#[derive(Debug, Clone)]
pub struct Cci(Lag);

impl Cci {
    /// Over `n` values, at least 2.
    pub fn new(n: u32) -> Self {
        Self(Lag::new(n.max(2) as usize))
    }
}

/// Σ of `term` over `n` values that are `at` their places: a sum for each quarter, which a processor adds at once, and one
/// for the rest. Neighbours go to the same sum, as reading them together would wait for the newest to be stored.
#[inline(always)]
fn sum(n: usize, at: impl Fn(usize) -> f64, term: impl Fn(f64) -> f64) -> f64 {
    let (quarter, mut sums) = (n / 4, [0.0; 4]);
    for i in 0..quarter {
        let terms = [0, 1, 2, 3].map(|part| term(at(part * quarter + i)));
        sums = [sums[0] + terms[0], sums[1] + terms[1], sums[2] + terms[2], sums[3] + terms[3]];
    }
    let rest = (4 * quarter..n).fold(0.0, |sum, i| sum + term(at(i)));
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The index of `value`, the newest of `n` values that are `at` their places.
///
/// All is measured from `value`: its lead over the mean, and each value's distance from the mean by that lead. So what
/// rounding costs is counted in distances, not in prices, and equal values are at no distance.
#[inline(always)]
fn index(value: f64, n: usize, at: impl Fn(usize) -> f64) -> f64 {
    let share = 1.0 / n as f64;
    let lead = sum(n, &at, |x| value - x) * share;
    let deviation = sum(n, &at, |x| (lead - (value - x)).abs()) * share;
    if deviation > 0.0 { lead / (0.015 * deviation) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "cci",
    title: "commodity channel index",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 2, 20)],
    outputs: &[""],
    formula: "(p - m)/(0.015·d), p = (high+low+close)/3, m its mean and d = Σ|p - m|/n over the last n bars",
    conventions: "first value at row n-1; d about the current mean; no deviation gives 0",
    reference: "TA-Lib CCI; D. Lambert, Commodity Channel Index, 1980",
    peers: "in a window of equal prices wickra-core and quantedge-ta may divide rounding by rounding (66.7 \
            for 0)",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(Source::Hlc3, Cci::new(args.count("period"))),
};

impl Filter for Cci {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.0.push(value);
        let window = self.0.cells()?;
        Some(index(value, window.len(), |i| window[i]))
    }

    fn peek(&self, value: f64) -> Option<f64> {
        let (window, place) = self.0.cells_with_next()?;
        Some(index(value, window.len(), |i| if i == place { value } else { window[i] }))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.0.span() as u32 - 1)
    }

    made_of!(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_counted_in_mean_deviations() {
        // 1, 2, 6: mean 3, deviations 2, 1, 3: mean deviation 2.
        let mut cci = Cci::new(3);
        let given = [1.0, 2.0, 6.0].map(|x| cci.push(x));
        assert_eq!(given[..2], [None, None]);
        assert!((given[2].unwrap() - 3.0 / (0.015 * 2.0)).abs() < 1e-12);
    }

    #[test]
    fn equal_values_are_at_no_distance() {
        let mut cci = Cci::new(7);
        assert_eq!([0.1; 9].map(|x| cci.push(x)).last(), Some(&Some(0.0)));
    }
}
