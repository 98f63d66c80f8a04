//! What is known of the last n values when two neighbours' knowledge can be merged: the two-stack window of blocks.
//!
//! As [`Window`](super::Window), for aggregates that must know how many values they are of. A block grows by merging one
//! value to it; the window is a suffix of the block before, merged with the block that grows. Nothing is taken out again,
//! so a print that has left the window has left no trace. As in [`Spread`](super::Spread), values count from an anchor in
//! the window: the block's first one while it grows, its last one after.

use std::fmt;

use crate::snapshot::{Bytes, Read, SnapshotError};

/// What is known of some values in a row.
pub trait Aggregate: Copy + Default + Send + fmt::Debug + 'static {
    /// A value.
    type Value: Copy;

    /// Of one value.
    fn of(value: Self::Value) -> Self;
    /// The same, its values counted from that of `to` and no longer from that of `from`; the default's is 0.
    #[must_use]
    fn moved(self, from: Self, to: Self) -> Self;
    /// Of the `older` values of this and the `newer` ones in `after`, each at least one.
    #[must_use]
    fn merge(self, older: f64, after: Self, newer: f64) -> Self;
    /// Writes it.
    fn save(self, to: &mut Bytes);
    /// Reads it.
    ///
    /// # Errors
    /// [`SnapshotError`] at the end of the bytes.
    fn restore(from: &mut Read<'_>) -> Result<Self, SnapshotError>;
}

/// The aggregate of the last n values.
#[derive(Debug, Clone)]
pub struct Merged<A> {
    /// `[..at]` the current block's values, `[at..]` suffixes of the block before.
    cells: Box<[A]>,
    at: u32,
    /// Values seen, up to n.
    seen: u32,
    /// From `first`.
    running: A,
    first: A,
    /// What the suffixes count from.
    last: A,
}

impl<A: Aggregate> Merged<A> {
    /// A window of `n` values, at least 1, that has seen none.
    pub fn new(n: u32) -> Self {
        let cells = vec![A::default(); n.max(1) as usize].into_boxed_slice();
        let [running, first, last] = [A::default(); 3];
        Self { cells, at: 0, seen: 0, running, first, last }
    }

    /// How many values it spans.
    pub fn span(&self) -> u32 {
        self.cells.len() as u32
    }

    /// The block that grows, with `value`, and what it counts from.
    #[inline(always)]
    fn grown(&self, value: A::Value) -> (A, A) {
        let value = A::of(value);
        let first = if self.at == 0 { value } else { self.first };
        let one = value.moved(A::default(), first);
        (if self.at == 0 { one } else { self.running.merge(self.at.into(), one, 1.0) }, first)
    }

    /// The window when `running`, counted from `first`, is of the newest values, one more than were there.
    #[inline(always)]
    fn whole(&self, (running, first): (A, A)) -> A {
        let newer = self.at + 1;
        let Some(suffix) = self.cells.get(newer as usize) else {
            return running.moved(first, A::default());
        };
        let running = running.moved(first, self.last);
        let whole = suffix.merge((self.span() - newer).into(), running, newer.into());
        whole.moved(self.last, A::default())
    }

    /// Takes a value and gives the aggregate of the last n, once there are n.
    #[inline(always)]
    pub fn push(&mut self, value: A::Value) -> Option<A> {
        (self.running, self.first) = self.grown(value);
        let whole = self.whole((self.running, self.first));
        self.cells[self.at as usize] = A::of(value);
        self.seen += u32::from(self.seen < self.span());
        self.at += 1;
        if self.at == self.span() {
            self.turn(A::of(value));
        }
        (self.seen == self.span()).then_some(whole)
    }

    /// The block is full: its values become suffixes.
    fn turn(&mut self, last: A) {
        let mut suffix: Option<A> = None;
        for (count, cell) in (0_u32..).zip(self.cells.iter_mut().rev()) {
            let one = cell.moved(A::default(), last);
            *cell = suffix.map_or(one, |suffix| one.merge(1.0, suffix, count.into()));
            suffix = Some(*cell);
        }
        (self.at, self.last) = (0, last);
    }

    /// What `push` would give.
    #[inline(always)]
    pub fn peek(&self, value: A::Value) -> Option<A> {
        (self.seen + 1 >= self.span()).then(|| self.whole(self.grown(value)))
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        (self.at, self.seen) = (0, 0);
        [self.running, self.first, self.last] = [A::default(); 3];
        self.cells.fill(A::default());
    }

    /// Writes the state.
    pub fn save(&self, to: &mut Bytes) {
        to.u32(self.at);
        to.u32(self.seen);
        [self.running, self.first, self.last].iter().chain(&*self.cells).for_each(|cell| cell.save(to));
    }

    /// Reads the state of a window of the same span.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state.
    pub fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.at = from.at_most("window place", self.cells.len() - 1)? as u32;
        self.seen = from.at_most("window count", self.cells.len())? as u32;
        [self.running, self.first, self.last] = [A::restore(from)?, A::restore(from)?, A::restore(from)?];
        self.cells.iter_mut().try_for_each(|cell| A::restore(from).map(|read| *cell = read))
    }
}
