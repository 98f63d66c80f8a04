//! The mean of the last n values by a running sum, as TA-Lib averages.
//!
//! What leaves is subtracted, so the sum keeps the rounding of all that ever passed: fit for values that are bounded, like
//! percentages, and for nothing else. Ten million values between 0 and 100 leave it within 1e-7; a price takes a
//! [`Window`](super::Window).

use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::Filter;
use super::lag::Lag;

/// The mean of the last n values, which are bounded.
#[derive(Debug, Clone)]
pub struct RunningMean {
    /// The sum of the window without its oldest value.
    sum: f64,
    values: Lag,
    n: f64,
}

impl RunningMean {
    /// Of `n` values, at least 1.
    pub fn new(n: u32) -> Self {
        let n = n.max(1);
        Self { sum: 0.0, values: Lag::new(n as usize), n: n.into() }
    }
}

impl Filter for RunningMean {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        self.values.push(value);
        let sum = self.sum + value;
        let oldest = self.values.before();
        self.sum = oldest.map_or(sum, |oldest| sum - oldest);
        oldest.map(|_| sum / self.n)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        self.values.is_full_with_next().then(|| (self.sum + value) / self.n)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.values.span() as u32 - 1)
    }

    fn reset(&mut self) {
        self.sum = 0.0;
        self.values.reset();
    }

    fn save(&self, to: &mut Bytes) {
        to.f64(self.sum);
        self.values.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.sum = from.f64()?;
        self.values.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_last_three() {
        let mut mean = RunningMean::new(3);
        let given = [3.0, 6.0, 9.0, 0.0, 3.0].map(|x| (mean.peek(x), mean.push(x)));
        assert_eq!(given.map(|(_, pushed)| pushed), [None, None, Some(6.0), Some(5.0), Some(4.0)]);
        assert!(given.iter().all(|(peeked, pushed)| peeked == pushed));
    }
}
