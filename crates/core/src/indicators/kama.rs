//! Kaufman's adaptive moving average: fast where prices go somewhere, slow where they go nowhere.

use super::contract::{NULL, WarmUp};
use super::efficiency_ratio::Efficiency;
use super::parts::{Filter, lane_of};
use super::spec::{Args, Entry, Inputs, Param};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// y += (x − y)·c², c between the EMA's factors of `slow` and `fast` by the efficiency ratio.
#[derive(Debug, Clone)]
pub struct Kama {
    efficiency: Efficiency,
    slow: f64,
    /// The fast factor less the slow one.
    gain: f64,
    /// The average, before it begins the last value.
    value: f64,
}

impl Kama {
    /// An efficiency ratio over `n` changes, at least 1, of a way that is `is_exact` or as TA-Lib's.
    pub fn new(n: u32, fast: u32, slow: u32, is_exact: bool) -> Self {
        let [fast, slow] = [fast, slow].map(|n| 2.0 / (f64::from(n) + 1.0));
        Self { efficiency: Efficiency::new(n, is_exact), slow, gain: fast - slow, value: NULL }
    }

    #[inline(always)]
    fn next(&self, value: f64, efficiency: f64) -> f64 {
        let factor = efficiency * self.gain + self.slow;
        (value - self.value) * (factor * factor) + self.value
    }
}

fn fast_not_above_slow(args: &Args<'_>) -> Result<(), String> {
    let (fast, slow) = (args.count("fast"), args.count("slow"));
    if fast <= slow { Ok(()) } else { Err(format!("fast `{fast}` must not be above slow `{slow}`")) }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "kama",
    title: "Kaufman's adaptive moving average",
    inputs: Inputs::Source,
    params: &[
        Param::count("period", 2, 10),
        Param::count("fast", 1, 2),
        Param::count("slow", 1, 30),
        Param::SOURCE,
        Param::flag("exact"),
    ],
    outputs: &[""],
    formula: "y += (x - y)·c², c = er·(2/(fast+1) - 2/(slow+1)) + 2/(slow+1), er the efficiency ratio of n bars",
    conventions: "starts from the value of row n-1; first value at row n; the way below er is TA-Lib's running sum, in which a \
                  bad print leaves its rounding behind until n bars in a row did not move: with exact=true it is summed so \
                  that nothing stays",
    reference: "TA-Lib KAMA; P. Kaufman, Smarter Trading, 1995",
    peers: "wickra-core starts from the value of row 0, counts no movement as 0, and sums anew: 0.1 % apart \
            at row n, equal after 140 bars; ta-lib agrees, with exact=true until a bad print",
    has_gaps: false,
    check: fast_not_above_slow,
    build: |args| {
        let [n, fast, slow] = ["period", "fast", "slow"].map(|name| args.count(name));
        lane_of(args.source("source"), Kama::new(n, fast, slow, args.flag("exact")))
    },
};

impl Filter for Kama {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let Some(efficiency) = self.efficiency.push(value) else {
            self.value = value;
            return None;
        };
        self.value = self.next(value, efficiency);
        Some(self.value)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.next(value, self.efficiency.peek(value)?))
    }

    /// Where prices go nowhere, a bar keeps the most of what was.
    fn warm_up(&self) -> WarmUp {
        WarmUp::fading(0, 1.0 - self.slow * self.slow).on(self.efficiency.warm_up())
    }

    fn reset(&mut self) {
        self.efficiency.reset();
        self.value = NULL;
    }

    fn save(&self, to: &mut Bytes) {
        self.efficiency.save(to);
        to.f64(self.value);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.efficiency.restore(from)?;
        self.value = from.f64()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_way_is_followed_fast_and_none_slowly() {
        let (fast, slow) = (4.0 / 9.0, 4.0 / 961.0);
        let mut kama = Kama::new(2, 2, 30, true);
        let given = [1.0, 2.0, 3.0, 2.0].map(|x| kama.push(x));
        let straight = (3.0 - 2.0) * fast + 2.0;
        assert_eq!(given[..2], [None, None]);
        assert!((given[2].unwrap() - straight).abs() < 1e-15);
        assert!((given[3].unwrap() - (straight + (2.0 - straight) * slow)).abs() < 1e-15);
    }
}
