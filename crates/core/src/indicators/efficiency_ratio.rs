//! Efficiency ratio: the distance that was covered, as a share of the way that was gone.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, Last, Path, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// |x − x₋ₙ| / Σ|change| over n changes.
#[derive(Debug, Clone)]
pub struct Efficiency {
    before: Last,
    values: Lag,
    path: Path,
}

impl Efficiency {
    /// Over `n` changes, at least 1; `is_exact` sums the way anew, otherwise it runs as TA-Lib's does.
    pub fn new(n: u32, is_exact: bool) -> Self {
        Self { before: Last::default(), values: Lag::new(n as usize), path: Path::new(n, is_exact) }
    }
}

/// From 0 to 1; where nothing moved, 1.
#[inline(always)]
fn ratio(distance: f64, path: f64) -> f64 {
    if path <= 0.0 || path <= distance { 1.0 } else { (distance / path).abs().min(1.0) }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "efficiency_ratio",
    title: "Kaufman's efficiency ratio",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 10), Param::SOURCE, Param::flag("exact")],
    outputs: &[""],
    formula: "|x - x[n bars ago]| / Σ|x - x[1 bar ago]| over the last n bars",
    conventions: "first value at row n; from 0 to 1; where nothing moved 1; the sum below is TA-Lib's running one, in which a \
                  bad print leaves its rounding behind until n bars in a row did not move: with exact=true it is summed so \
                  that nothing stays",
    reference: "TA-Lib ER; P. Kaufman, Smarter Trading, 1995",
    peers: "none that was run differs; with exact=true ta-lib does, after a bad print until n bars did not \
            move",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Efficiency::new(args.count("period"), args.flag("exact"))),
};

impl Filter for Efficiency {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (before, oldest) = (self.before.push(value), self.values.push(value));
        let path = self.path.push((value - before?).abs());
        Some(ratio(value - oldest?, path?))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let path = self.path.peek((value - self.before.value()?).abs())?;
        Some(ratio(value - self.values.before()?, path))
    }

    fn warm_up(&self) -> WarmUp {
        self.path.warm_up().after(1)
    }

    made_of!(before, values, path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_by_way() {
        let mut ratio = Efficiency::new(2, true);
        let given = [1.0, 4.0, 2.0, 0.0, 0.0, 0.0].map(|x| ratio.push(x));
        assert_eq!(given, [None, None, Some(0.2), Some(1.0), Some(1.0), Some(1.0)]);
    }
}
