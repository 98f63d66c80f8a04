//! Zero-lag EMA: the EMA of the value and of what it has gained over half a window.

use super::contract::WarmUp;
use super::parts::{Average, Filter, Lag, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// EMA(n) of x + (x − x₀), x₀ the value (n − 1)/2 before.
#[derive(Debug, Clone)]
pub struct Zlema {
    /// None of a window so short that nothing lies before.
    lag: Option<Lag>,
    average: Average,
}

impl Zlema {
    /// Over `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        let lag = n.saturating_sub(1) / 2;
        Self { lag: (lag > 0).then(|| Lag::new(lag as usize)), average: Average::exponential(n) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "zlema",
    title: "zero-lag exponential moving average",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 20), Param::SOURCE],
    outputs: &[""],
    formula: "EMA of 2x - x[(n-1)/2 bars ago], k = 2/(n+1)",
    conventions: "seeded with the mean of the first n of those; first value at row (n-1)/2 + n-1",
    reference: "TA-Lib ZLEMA; J. Ehlers, R. Way, Zero Lag, 2010",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Zlema::new(args.count("period"))),
};

impl Filter for Zlema {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let before = match &mut self.lag {
            Some(lag) => lag.push(value)?,
            None => value,
        };
        self.average.push(2.0 * value - before)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let before = match &self.lag {
            Some(lag) => lag.before()?,
            None => value,
        };
        self.average.peek(2.0 * value - before)
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().after(self.lag.as_ref().map_or(0, |lag| lag.span() as u32))
    }

    fn reset(&mut self) {
        self.lag.iter_mut().for_each(Lag::reset);
        self.average.reset();
    }

    fn save(&self, to: &mut Bytes) {
        self.lag.iter().for_each(|lag| lag.save(to));
        self.average.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.lag.iter_mut().try_for_each(|lag| lag.restore(from))?;
        self.average.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_followed_closely() {
        let mut zlema = Zlema::new(3);
        // 2x - x[1]: 3, 4, 5, 6; their mean, then halfway.
        let given = [1.0, 2.0, 3.0, 4.0, 5.0].map(|x| zlema.push(x));
        assert_eq!(given, [None, None, None, Some(4.0), Some(5.0)]);
        assert_eq!(Zlema::new(1).push(7.0), Some(7.0));
    }
}
