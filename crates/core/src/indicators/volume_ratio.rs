//! Volume against its average.

use super::contract::WarmUp;
use super::parts::{Filter, lane_of};
use super::sma::Sma;
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// A value over the mean of the last n, itself included.
#[derive(Debug, Clone)]
pub struct Ratio(Sma);

impl Ratio {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Sma::new(n))
    }
}

#[inline]
fn over(value: f64, mean: f64) -> f64 {
    if mean == 0.0 { 1.0 } else { value / mean }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "volume_ratio",
    title: "volume against its average",
    inputs: Inputs::Columns("V"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "volume / (Σvolume / n), the last n bars with the current one",
    conventions: "first value at row n-1; an average of 0 gives 1; a bar without a volume gives none and \
                  is not counted",
    reference: "exact",
    peers: "none has it",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(Source::Volume, Ratio::new(args.count("period"))),
};

impl Filter for Ratio {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        Some(over(value, self.0.push(value)?))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(over(value, self.0.peek(value)?))
    }

    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }

    made_of!(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_volume_at_all_is_as_usual() {
        let mut ratio = Ratio::new(2);
        let given = [0.0, 0.0, 3.0, 1.0].map(|volume| ratio.push(volume));
        assert_eq!(given, [None, Some(1.0), Some(2.0), Some(0.5)]);
    }
}
