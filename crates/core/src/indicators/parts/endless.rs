//! A sum that never ends and never drifts: a compensated accumulator.
//!
//! The rounding of each addition, exact by Knuth's two-sum (*The Art of Computer Programming* 2, §4.2.2), is kept apart and
//! added back when the sum is read (Neumaier, *Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen*, 1974).

use crate::snapshot::{Bytes, Read, SnapshotError};

/// A running sum with its rounding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Endless {
    sum: f64,
    lost: f64,
}

impl Endless {
    /// This sum and `value`.
    #[inline]
    #[must_use]
    pub fn plus(self, value: f64) -> Self {
        let sum = self.sum + value;
        let value_taken = sum - self.sum;
        let lost = (self.sum - (sum - value_taken)) + (value - value_taken);
        Self { sum, lost: self.lost + lost }
    }

    /// The sum.
    #[inline(always)]
    pub fn value(self) -> f64 {
        self.sum + self.lost
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Writes the state.
    pub fn save(self, to: &mut Bytes) {
        to.f64s(&[self.sum, self.lost]);
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`SnapshotError`] at the end of the bytes.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        (self.sum, self.lost) = (from.f64()?, from.f64()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_large_number_hides_comes_back() {
        let sum = [1.0, 1e100, 1.0, -1e100].into_iter().fold(Endless::default(), Endless::plus);
        assert_eq!(sum.value(), 2.0);
    }
}
