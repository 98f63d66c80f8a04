//! Commodity channel index: how many mean deviations the typical price is from its mean.
//!
//! The mean deviation is about the current mean, so every bar looks at the whole window: O(n) a bar.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{Filter, Lag, OfSource};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// (x − mean)/(0.015·mean deviation) over the last n values.
#[derive(Debug, Clone)]
pub struct Cci {
    /// The window without its newest value.
    older: Lag,
}

impl Cci {
    /// Over `n` values, at least 2.
    pub fn new(n: u32) -> Self {
        Self { older: Lag::new(n.max(2) as usize - 1) }
    }
}

/// Σ of `term` over values, in four interleaved sums, which a processor adds at once.
#[inline]
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        for (sum, &value) in sums.iter_mut().zip(four) {
            *sum += term(value);
        }
    }
    let rest: f64 = rest.iter().fold(0.0, |sum, &value| sum + term(value));
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The index of `value` after `older` ones.
///
/// All is measured from `value`: its lead over the mean, and each value's distance from the mean by that lead. So what
/// rounding costs is counted in distances, not in prices, and equal values are at no distance.
#[inline]
fn index(older: &[f64], value: f64) -> f64 {
    let n = (older.len() + 1) as f64;
    let lead = sum(older, |x| value - x) / n;
    let deviation = (sum(older, |x| (lead - (value - x)).abs()) + lead.abs()) / n;
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
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfSource::new(Source::Hlc3, Cci::new(args.count("period"))))),
};

impl Filter for Cci {
    #[inline]
    fn push(&mut self, value: f64) -> Option<f64> {
        let given = self.peek(value);
        self.older.push(value);
        given
    }

    #[inline]
    fn peek(&self, value: f64) -> Option<f64> {
        self.older.before().map(|_| index(self.older.cells(), value))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.older.cells().len() as u32)
    }

    fn reset(&mut self) {
        self.older.reset();
    }

    fn save(&self, to: &mut Bytes) {
        self.older.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.older.restore(from)
    }
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
