//! The ring of step slots: where what the coordinator opens and what the shards tell of it lies, used again and again.
//!
//! Walk one step: the coordinator [fills](StepRing::fill) the slot of step *k* and opens *k* for every shard. Each shard reads the
//! input, writes what it tells into its own place of the slot, and [finishes](StepRing::finish); the last one to do so opens *k* for
//! the readers, who [read](StepRing::told) the shards one after the other: that is the order of §1.1. Once every reader is
//! ready with *k*, the slot is free for *k* + the number of slots.
//!
//! A queue of a shard or reader is the [subscription](crate::subscription) it waits on: it holds numbers of steps alone.

use super::sync::{AtomicU32, FINISH, Ordering, Padded, Reading, TurnCell, Writing};

/// Slots for inputs `I` and for what `shards` tell of them, `T` each.
pub(crate) struct StepRing<I, T> {
    slots: Box<[StepSlot<I, T>]>,
}

struct StepSlot<I, T> {
    input: TurnCell<I>,
    told: Box<[Padded<TurnCell<T>>]>,
    /// Shards that have not finished the step.
    left: Padded<AtomicU32>,
}

impl<I: Default, T: Default> StepRing<I, T> {
    /// A ring of `slots` slots for `shards` shards, one at least of each.
    pub(crate) fn new(slots: usize, shards: usize) -> Self {
        let slot = |_| StepSlot {
            input: TurnCell::new(I::default()),
            told: (0..shards.max(1)).map(|_| Padded(TurnCell::new(T::default()))).collect(),
            left: Padded(AtomicU32::new(0)),
        };
        Self { slots: (0..slots.max(1)).map(slot).collect() }
    }

    /// How many steps there is room for.
    pub(crate) fn slots(&self) -> u64 {
        self.slots.len() as u64
    }

    /// How many shards there are.
    pub(crate) fn shards(&self) -> usize {
        self.slots[0].told.len()
    }

    fn slot(&self, step: u64) -> &StepSlot<I, T> {
        &self.slots[(step % self.slots()) as usize]
    }

    /// The coordinator's, before it opens `step`: every reader is ready with the step that used the slot before.
    pub(crate) fn fill(&self, step: u64) -> Writing<'_, I> {
        let slot = self.slot(step);
        // Relaxed: opening the step publishes it with the input.
        slot.left.0.store(slot.told.len() as u32, Ordering::Relaxed);
        slot.input.write()
    }

    /// What was opened as `step`, while it is.
    pub(crate) fn input(&self, step: u64) -> Reading<'_, I> {
        self.slot(step).input.read()
    }

    /// A shard's place to write to, until it finishes `step`.
    pub(crate) fn tell(&self, step: u64, shard: usize) -> Writing<'_, T> {
        self.slot(step).told[shard].0.write()
    }

    /// What a shard told, once all have finished `step` and until this reader is ready with it.
    pub(crate) fn told(&self, step: u64, shard: usize) -> Reading<'_, T> {
        self.slot(step).told[shard].0.read()
    }

    /// One shard has finished `step`; whether it was the last one, to whom all that the others wrote is visible.
    #[must_use]
    pub(crate) fn finish(&self, step: u64) -> bool {
        self.slot(step).left.0.fetch_sub(1, FINISH) == 1
    }
}
