//! Relative volume: a bar's volume against the mean of the n bars before it.

use super::contract::WarmUp;
use super::parts::{Filter, Last, lane_of};
use super::sma::Sma;
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// A value over the mean of the n before it.
#[derive(Debug, Clone)]
pub struct RelativeVolume {
    average: Sma,
    /// The mean of the n values before the next.
    mean: Last,
}

impl RelativeVolume {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self { average: Sma::new(n), mean: Last::default() }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "rvol",
    title: "relative volume",
    inputs: Inputs::Columns("V"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "volume / (Σvolume / n), the n bars before the current one",
    conventions: "first value at row n; no volume before gives no value; a bar without a volume gives none and is passed over",
    reference: "TA-Lib RVOL",
    peers: "ta-lib gives infinity or NaN where no volume was before",
    has_gaps: true,
    check: anything,
    build: |args| lane_of(Source::Volume, RelativeVolume::new(args.count("period"))),
};

impl Filter for RelativeVolume {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let given = self.peek(value);
        if let Some(mean) = self.average.push(value) {
            self.mean.push(mean);
        }
        given
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.mean.value().filter(|mean| *mean > 0.0).map(|mean| value / mean)
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().after(1)
    }

    made_of!(average, mean);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_bars_before() {
        let mut volume = RelativeVolume::new(2);
        let given = [1.0, 3.0, 6.0, 0.0, 0.0, 5.0].map(|x| volume.push(x));
        assert_eq!(given, [None, None, Some(3.0), Some(0.0), Some(0.0), None]);
    }
}
