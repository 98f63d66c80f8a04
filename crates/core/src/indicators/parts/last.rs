//! The value before.

use crate::indicators::contract::NULL;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// The value before the next one, which is never NaN; the null at the start.
#[derive(Debug, Clone, Copy)]
pub struct Last(f64);

impl Default for Last {
    fn default() -> Self {
        Self(NULL)
    }
}

impl Last {
    /// Takes a value and gives the one before.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let before = self.value();
        self.0 = value;
        before
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn value(&self) -> Option<f64> {
        if self.0.is_nan() { None } else { Some(self.0) }
    }

    /// Forgets it.
    pub fn reset(&mut self) {
        self.0 = NULL;
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.f64(self.0);
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0 = from.f64()?;
        Ok(())
    }
}
