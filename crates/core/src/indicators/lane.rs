//! What the engine calls: one spec on one interval, for all symbols at once.
//!
//! [`Each`] makes a lane of any [`Indicator`]: static inside, one virtual call a batch.

use super::contract::{Indicator, Reset, WarmUp};
use crate::bar::Bar;
use crate::columns::Bars;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// A symbol's place in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl Slot {
    /// The place, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a batch's outputs go: row by row, a bar's outputs side by side.
#[derive(Debug)]
pub struct Rows<'a> {
    values: &'a mut [f64],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `stride` numbers in `values`, the last one perhaps shorter; a lane writes the first of each.
    pub fn new(values: &'a mut [f64], stride: usize) -> Self {
        Self { values, stride: stride.max(1) }
    }

    /// The first `width` numbers of each row.
    #[inline(always)]
    pub fn iter(self, width: usize) -> impl ExactSizeIterator<Item = &'a mut [f64]> {
        self.values.chunks_mut(self.stride).map(move |row| &mut row[..width])
    }
}

/// One spec on one interval, all symbols of a shard.
///
/// `step`, `run` and `sweep` give the same bits for the same bars. Each panics when a slot is not below the count given
/// to [`Lane::resize`], or when `out` has not a row for each bar with room for every output.
pub trait Lane: Send {
    /// The outputs' names.
    fn outputs(&self) -> &'static [&'static str];

    /// When values begin.
    fn warm_up(&self) -> WarmUp;

    /// The same lane as new, with room for one symbol.
    fn fresh(&self) -> Box<dyn Lane>;

    /// What went wrong for a symbol, whose outputs are null since; `None` where nothing can, or did.
    fn failure(&self, _: Slot) -> Option<&str> {
        None
    }

    /// Makes room for `slots` symbols; new ones start as new.
    fn resize(&mut self, slots: usize);

    /// A live bar.
    fn step(&mut self, slot: Slot, bar: &Bar, out: &mut [f64]);

    /// A chunk of history of one symbol.
    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Rows<'_>);

    /// A market minute: bar `i` is the next one of `slots[i]`.
    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Rows<'_>);

    /// What `step` would write for a forming bar.
    fn peek(&self, slot: Slot, forming: &Bar, out: &mut [f64]);

    /// Starts a symbol over, or enters its session.
    fn reset(&mut self, slot: Slot, why: Reset);

    /// Writes a symbol's state.
    ///
    /// # Errors
    /// [`SnapshotError::Unsaved`] when it can't be written down; of an [`Indicator`] it always can.
    fn save(&self, slot: Slot, to: &mut Bytes) -> Result<(), SnapshotError>;

    /// Reads a symbol's state.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no state of this lane; the symbol must be reset then.
    fn restore(&mut self, slot: Slot, from: &mut Read<'_>) -> Result<(), SnapshotError>;
}

/// A lane of any indicator: one of them a symbol.
#[derive(Debug, Clone)]
pub struct Each<I> {
    fresh: I,
    of: Vec<I>,
    /// Stands in while `run` works on one by value; as new.
    spare: Option<I>,
}

impl<I: Indicator> Each<I> {
    /// A lane of copies of `fresh`, which has seen no bar, with room for one symbol.
    pub fn new(fresh: I) -> Self {
        Self { of: vec![fresh.clone()], spare: None, fresh }
    }
}

impl<I: Indicator> Lane for Each<I> {
    fn outputs(&self) -> &'static [&'static str] {
        I::OUTPUTS
    }

    fn warm_up(&self) -> WarmUp {
        self.fresh.warm_up()
    }

    fn fresh(&self) -> Box<dyn Lane> {
        Box::new(Self::new(self.fresh.clone()))
    }

    fn resize(&mut self, slots: usize) {
        self.of.resize(slots, self.fresh.clone());
    }

    fn step(&mut self, slot: Slot, bar: &Bar, out: &mut [f64]) {
        self.of[slot.index()].update(bar, out);
    }

    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Rows<'_>) {
        let rows = out.iter(I::OUTPUTS.len());
        assert_eq!(rows.len(), bars.len(), "a row for each bar");
        // By value the state stays in registers; behind a reference each bar would wait for the one before to be stored.
        let spare = self.spare.take().unwrap_or_else(|| self.fresh.clone());
        let mut indicator = std::mem::replace(&mut self.of[slot.index()], spare);
        for (bar, out) in bars.iter().zip(rows) {
            indicator.update(&bar, out);
        }
        self.spare = Some(std::mem::replace(&mut self.of[slot.index()], indicator));
    }

    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Rows<'_>) {
        assert_eq!(slots.len(), bars.len(), "a bar for each slot");
        let rows = out.iter(I::OUTPUTS.len());
        assert_eq!(rows.len(), bars.len(), "a row for each bar");
        for ((slot, bar), out) in slots.iter().zip(bars.iter()).zip(rows) {
            self.of[slot.index()].update(&bar, out);
        }
    }

    fn peek(&self, slot: Slot, forming: &Bar, out: &mut [f64]) {
        self.of[slot.index()].peek(forming, out);
    }

    fn reset(&mut self, slot: Slot, why: Reset) {
        self.of[slot.index()].reset(why);
    }

    fn save(&self, slot: Slot, to: &mut Bytes) -> Result<(), SnapshotError> {
        self.of[slot.index()].save(to);
        Ok(())
    }

    fn restore(&mut self, slot: Slot, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.of[slot.index()].restore(from)
    }
}
