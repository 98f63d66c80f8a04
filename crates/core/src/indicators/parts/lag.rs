//! The value n steps ago.

use crate::snapshot::{Bytes, Read, SnapshotError};

/// Remembers the last n values.
#[derive(Debug, Clone)]
pub struct Lag {
    cells: Box<[f64]>,
    at: usize,
    seen: usize,
}

impl Lag {
    /// Of `n` steps, at least 1, that has seen no value.
    pub fn new(n: usize) -> Self {
        Self { cells: vec![0.0; n.max(1)].into_boxed_slice(), at: 0, seen: 0 }
    }

    /// Takes a value and gives the one n steps before it, once there is one.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let before = self.before();
        self.cells[self.at] = value;
        self.at = if self.at + 1 == self.cells.len() { 0 } else { self.at + 1 };
        self.seen += usize::from(self.seen < self.cells.len());
        before
    }

    /// The value n steps before the one that comes next.
    #[inline]
    pub fn before(&self) -> Option<f64> {
        (self.seen == self.cells.len()).then(|| self.cells[self.at])
    }

    /// The remembered values where they lie, in no order of time, once there are n.
    #[inline]
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// The remembered values, oldest first, once there are n.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        let (new, old) = self.cells.split_at(self.at);
        old.iter().chain(new).copied()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(0.0);
        (self.at, self.seen) = (0, 0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at as u32);
        to.u32(self.seen as u32);
        to.f64s(&self.cells);
    }

    /// Reads the state of a lag of as many steps.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.at = from.at_most("lag place", self.cells.len() - 1)?;
        self.seen = from.at_most("lag count", self.cells.len())?;
        from.f64s(&mut self.cells)
    }
}
