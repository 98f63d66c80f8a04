//! How two values move together over the last n bars: merged blocks of their means and second moments.
//!
//! With δ the distances of the newer means from the older ones, M2 = M2₁ + M2₂ + δ²·n₁·n₂/n for each, and for both together
//! δₓ·δᵧ·n₁·n₂/n (Chan, Golub and LeVeque, 1979; P. Pébay, *Formulas for Robust, One-Pass Parallel Computation of
//! Covariances*, 2008).

use crate::snapshot::{Bytes, Read, SnapshotError};

use super::merged::Aggregate;

/// Means, sums of squared distances from them, and the sum of the products of both distances.
#[derive(Debug, Clone, Copy, Default)]
pub struct Joint {
    means: [f64; 2],
    m2: [f64; 2],
    together: f64,
}

impl Joint {
    /// Pearson's correlation, from −1 to 1; 0 where one of the two does not move.
    #[inline]
    pub fn correlation(self) -> f64 {
        let [x, y] = self.m2.map(f64::sqrt);
        if x > 0.0 && y > 0.0 { (self.together / x / y).clamp(-1.0, 1.0) } else { 0.0 }
    }
}

impl Aggregate for Joint {
    type Value = [f64; 2];

    #[inline(always)]
    fn of(means: [f64; 2]) -> Self {
        Self { means, ..Self::default() }
    }

    #[inline(always)]
    fn moved(self, from: Self, to: Self) -> Self {
        let [x, y] = [0, 1].map(|i| self.means[i] + (from.means[i] - to.means[i]));
        Self { means: [x, y], ..self }
    }

    #[inline(always)]
    fn merge(self, older: f64, after: Self, newer: f64) -> Self {
        let [share, weight] = [newer / (older + newer), older * newer / (older + newer)];
        let [x, y] = [after.means[0] - self.means[0], after.means[1] - self.means[1]];
        Self {
            means: [self.means[0] + x * share, self.means[1] + y * share],
            m2: [self.m2[0] + after.m2[0] + x * x * weight, self.m2[1] + after.m2[1] + y * y * weight],
            together: self.together + after.together + x * y * weight,
        }
    }

    fn save(self, to: &mut Bytes) {
        to.f64s(&self.means);
        to.f64s(&self.m2);
        to.f64(self.together);
    }

    fn restore(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let mut read = Self::default();
        from.f64s(&mut read.means)?;
        from.f64s(&mut read.m2)?;
        read.together = from.f64()?;
        Ok(read)
    }
}
