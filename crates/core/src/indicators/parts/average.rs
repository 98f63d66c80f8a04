//! Averages that remember for ever and forget exponentially: the EMA and Wilder's.
//!
//! Both are seeded with the mean of their first n values and then take y += (x − y)·k: k = 2/(n+1) for the EMA, 1/n for
//! Wilder's, whose y = (y·(n−1) + x)/n is the same in another order. In this one equal values stay what they are.

use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::Filter;

/// A recursive average seeded with the mean of its first n values.
#[derive(Debug, Clone)]
pub struct Average {
    n: u32,
    /// Values seen, up to n.
    seen: u32,
    /// The sum of what was seen; from n values on the average.
    value: f64,
    k: f64,
}

impl Average {
    /// The exponential moving average of `n` values, at least 1, that has seen none: k = 2/(n+1).
    pub fn exponential(n: u32) -> Self {
        let n = n.max(1);
        Self { n, seen: 0, value: 0.0, k: 2.0 / (f64::from(n) + 1.0) }
    }

    /// Wilder's moving average of `n` values, at least 1, that has seen none: k = 1/n.
    pub fn wilder(n: u32) -> Self {
        let n = n.max(1);
        Self { n, seen: 0, value: 0.0, k: 1.0 / f64::from(n) }
    }

    #[inline(always)]
    fn is_seeded(&self) -> bool {
        self.seen == self.n
    }

    /// The average, once n values were taken.
    #[inline(always)]
    pub fn value(&self) -> Option<f64> {
        self.is_seeded().then_some(self.value)
    }

    #[inline(always)]
    fn next(&self, value: f64) -> f64 {
        (value - self.value) * self.k + self.value
    }
}

impl Filter for Average {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        if self.is_seeded() {
            self.value = self.next(value);
            return Some(self.value);
        }
        self.value += value;
        self.seen += 1;
        if self.is_seeded() {
            self.value /= f64::from(self.n);
        }
        self.value()
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        if self.is_seeded() {
            return Some(self.next(value));
        }
        (self.seen + 1 == self.n).then(|| (self.value + value) / f64::from(self.n))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::fading(self.n - 1, 1.0 - self.k)
    }

    fn reset(&mut self) {
        (self.seen, self.value) = (0, 0.0);
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.f64(self.value);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("seed count", self.n as usize)? as u32;
        self.value = from.f64()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_with_the_mean_then_a_share_of_each_distance() {
        let mut ema = Average::exponential(3);
        assert_eq!([1.0, 2.0, 6.0, 5.0].map(|x| ema.push(x)), [None, None, Some(3.0), Some(4.0)]);
        let mut wilder = Average::wilder(4);
        assert_eq!([4.0, 4.0, 4.0, 8.0, 9.0].map(|x| wilder.push(x))[3..], [Some(5.0), Some(6.0)]);
    }

    #[test]
    fn equal_values_stay_what_they_are() {
        let mut wilder = Average::wilder(14);
        wilder.value = 0.1;
        wilder.seen = 14;
        assert_eq!([0.1; 50].map(|x| wilder.push(x))[49], Some(0.1));
    }
}
