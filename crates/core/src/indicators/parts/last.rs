//! The value before.

use crate::snapshot::{Bytes, Read, SnapshotError};

/// The value before the next one; none at the start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Last(Option<f64>);

impl Last {
    /// Takes a value and gives the one before.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        self.0.replace(value)
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn value(&self) -> Option<f64> {
        self.0
    }

    /// Forgets it.
    pub fn reset(&mut self) {
        self.0 = None;
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.option(self.0);
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.0 = from.option()?;
        Ok(())
    }
}
