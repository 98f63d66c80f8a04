//! An EMA, the EMA of that, and so on.

use super::average::Average;
use super::filter::Filter;
use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// N averages, each of what the one before it gives; all of them once the last has begun.
#[derive(Debug, Clone)]
pub struct Repeated<const N: usize>([Average; N]);

impl<const N: usize> Repeated<N> {
    /// Exponential averages over `n` values each, at least 1, seeded with the means of their own first n.
    pub fn exponential(n: u32) -> Self {
        Self([n; N].map(Average::exponential))
    }

    /// What the last one has given; `None` before it has begun.
    #[inline(always)]
    pub fn value(&self) -> Option<f64> {
        self.0.last()?.value()
    }
}

impl<const N: usize> Filter for Repeated<N> {
    type Value = [f64; N];

    #[inline(always)]
    fn push(&mut self, mut value: f64) -> Option<[f64; N]> {
        let mut each = [0.0; N];
        for (average, given) in self.0.iter_mut().zip(&mut each) {
            value = average.push(value)?;
            *given = value;
        }
        Some(each)
    }

    #[inline(always)]
    fn peek(&self, mut value: f64) -> Option<[f64; N]> {
        let mut each = [0.0; N];
        for (average, given) in self.0.iter().zip(&mut each) {
            value = average.peek(value)?;
            *given = value;
        }
        Some(each)
    }

    fn warm_up(&self) -> WarmUp {
        self.0.iter().fold(WarmUp::exact(0), |inner, average| average.warm_up().on(inner))
    }

    fn reset(&mut self) {
        self.0.iter_mut().for_each(Average::reset);
    }

    fn save(&self, to: &mut Bytes) {
        self.0.iter().for_each(|average| average.save(to));
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0.iter_mut().try_for_each(|average| average.restore(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_the_average_of_the_one_before() {
        let mut repeated = Repeated::<2>::exponential(3);
        let [mut once, mut twice] = [3; 2].map(Average::exponential);
        for value in [1.0, 2.0, 4.0, 8.0, 16.0, 3.0, 5.0] {
            let peeked = repeated.peek(value);
            let first = once.push(value);
            let second = first.and_then(|first| twice.push(first));
            let given = repeated.push(value);
            assert_eq!(given, first.zip(second).map(<[f64; 2]>::from));
            assert_eq!((given, repeated.value()), (peeked, second));
        }
        assert_eq!(repeated.warm_up().first, 4);
    }
}
