//! The value n steps ago.

use crate::snapshot::{Bytes, Read, SnapshotError};

/// Remembers the last n values.
#[derive(Debug, Clone)]
pub struct Lag {
    cells: Box<[f64]>,
    at: u32,
    seen: u32,
}

impl Lag {
    /// Of `n` steps, at least 1, that has seen no value.
    pub fn new(n: usize) -> Self {
        Self { cells: vec![0.0; n.max(1)].into_boxed_slice(), at: 0, seen: 0 }
    }

    /// How many values it remembers.
    pub fn span(&self) -> usize {
        self.cells.len()
    }

    /// Whether it will hold as many values as it remembers once the next one is there.
    #[inline]
    pub fn is_full_with_next(&self) -> bool {
        self.seen as usize + 1 >= self.cells.len()
    }

    /// Takes a value and gives the one n steps before it, once there is one.
    #[inline(always)]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let before = self.before();
        self.cells[self.at as usize] = value;
        self.at = if self.at as usize + 1 == self.cells.len() { 0 } else { self.at + 1 };
        self.seen += u32::from((self.seen as usize) < self.cells.len());
        before
    }

    /// The value n steps before the one that comes next.
    #[inline(always)]
    pub fn before(&self) -> Option<f64> {
        (self.seen as usize == self.cells.len()).then(|| self.cells[self.at as usize])
    }

    /// The remembered values where they lie, in no order of time, once there are n.
    #[inline]
    pub fn cells(&self) -> Option<&[f64]> {
        (self.seen as usize == self.cells.len()).then_some(&self.cells)
    }

    /// As [`Lag::cells`] would be with one value more, and the place where that would lie.
    #[inline]
    pub fn cells_with_next(&self) -> Option<(&[f64], usize)> {
        self.is_full_with_next().then_some((&*self.cells, self.at as usize))
    }

    /// The remembered values, oldest first, once there are n.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        let (new, old) = self.cells.split_at(self.at as usize);
        old.iter().chain(new).copied()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.cells.fill(0.0);
        (self.at, self.seen) = (0, 0);
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at);
        to.u32(self.seen);
        to.f64s(&self.cells);
    }

    /// Reads the state of a lag of as many steps.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.at = from.at_most("lag place", self.cells.len() - 1)? as u32;
        self.seen = from.at_most("lag count", self.cells.len())? as u32;
        from.f64s(&mut self.cells)
    }
}
