//! Standard deviation of the last n values.

use super::contract::WarmUp;
use super::parts::{Filter, Moments, Spread, lane_of};
use super::spec::{Args, Entry, Inputs, Param};

/// What of the spread of a window is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// σ.
    Deviation,
    /// σ².
    Variance,
}

/// The deviation of the last n values, or its square: of the population, or estimated from a sample.
#[derive(Debug, Clone)]
pub struct Stddev {
    spread: Spread,
    told: Told,
    is_sample: bool,
}

impl Stddev {
    /// Over `n` values, at least 1, of a sample at least 2.
    pub fn new(told: Told, n: u32, is_sample: bool) -> Self {
        Self { spread: Spread::new(n.max(1 + u32::from(is_sample))), told, is_sample }
    }

    /// As the parameters `period`, `source` and `sample` say.
    pub(super) fn of(args: &Args<'_>, told: Told) -> Self {
        Self::new(told, args.count("period"), args.flag("sample"))
    }

    #[inline]
    fn tell(&self, moments: Moments) -> f64 {
        let variance = if self.is_sample { moments.sample_variance() } else { moments.variance() };
        match self.told {
            Told::Deviation => variance.sqrt(),
            Told::Variance => variance,
        }
    }
}

/// That a sample has more than one value.
///
/// # Errors
/// The period, when it is too small.
pub(super) fn sample_has_two(args: &Args<'_>) -> Result<(), String> {
    let period = args.count("period");
    if args.flag("sample") && period < 2 {
        return Err(format!("period `{period}` with sample=true must be at least 2"));
    }
    Ok(())
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "stddev",
    title: "standard deviation",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE, Param::flag("sample")],
    outputs: &[""],
    formula: "√(Σ(x - m)²/n), m the mean of the last n bars; with sample=true over n-1",
    conventions: "first value at row n-1; of the population; merged blocks, so a bad print that left the window left no trace",
    reference: "TA-Lib STDDEV; T. F. Chan, G. H. Golub, R. J. LeVeque, 1983, for the blocks",
    peers: "wickra-core leaves residues where nothing moves (7e-10 for 0); ta-lib agrees",
    has_gaps: false,
    check: sample_has_two,
    build: |args| lane_of(args.source("source"), Stddev::of(args, Told::Deviation)),
};

impl Filter for Stddev {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let moments = self.spread.push(value)?;
        Some(self.tell(moments))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        Some(self.tell(self.spread.peek(value)?))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.spread.span() - 1)
    }

    made_of!(spread);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Spec;

    #[test]
    fn population_and_sample_by_hand() {
        // 1, 2, 6: mean 3, squares 4 + 1 + 9.
        let last = |told, is_sample| {
            let mut stddev = Stddev::new(told, 3, is_sample);
            [1.0, 2.0, 6.0].map(|x| stddev.push(x))[2].unwrap()
        };
        assert!((last(Told::Variance, false) - 14.0 / 3.0).abs() < 1e-15);
        assert_eq!((last(Told::Variance, true), last(Told::Deviation, true)), (7.0, 7.0_f64.sqrt()));
    }

    #[test]
    fn one_value_is_no_sample() {
        let told = "stddev:1,sample=true".parse::<Spec>().unwrap_err().to_string();
        assert_eq!(told, "stddev: period `1` with sample=true must be at least 2");
        assert!("variance:1,sample=true".parse::<Spec>().is_err() && "stddev:1".parse::<Spec>().is_ok());
    }
}
