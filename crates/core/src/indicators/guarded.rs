//! A lane that can panic without harm: that of an indicator which a user wrote.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::contract::{NULL, Reset, WarmUp};
use super::lane::{Lane, Rows, Slot};
use crate::bar::Bar;
use crate::columns::Bars;
use crate::error::panic_message;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Calls another lane bar by bar; one of its symbols that panics has no value from there on, the others go on.
pub(crate) struct Guarded {
    lane: Box<dyn Lane>,
    /// By symbol, what it panicked with.
    failures: Vec<Option<Box<str>>>,
}

impl Guarded {
    pub(crate) fn new(lane: Box<dyn Lane>) -> Self {
        Self { lane, failures: Vec::new() }
    }

    /// Calls the lane for a symbol, unless it has failed; whether it did not.
    fn call(&mut self, slot: Slot, call: impl FnOnce(&mut dyn Lane)) -> bool {
        let Self { lane, failures } = self;
        let Some(failure @ None) = failures.get_mut(slot.index()) else { return false };
        // What the panic leaves half done is that symbol's own state, and it is not looked at again.
        match catch_unwind(AssertUnwindSafe(|| call(&mut **lane))) {
            Ok(()) => true,
            Err(panic) => {
                *failure = Some(panic_message(&*panic).into());
                false
            }
        }
    }
}

/// Calls what a user wrote; a panic is state that can't be saved or restored.
fn caught(call: impl FnOnce() -> Result<(), SnapshotError>) -> Result<(), SnapshotError> {
    // What the panic leaves half done is thrown away: the bytes, or the lane.
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|panic| Err(SnapshotError::Unsaved { reason: panic_message(&*panic).to_owned() }))
}

impl Lane for Guarded {
    fn outputs(&self) -> &'static [&'static str] {
        self.lane.outputs()
    }

    fn warm_up(&self) -> WarmUp {
        self.lane.warm_up()
    }

    fn fresh(&self) -> Box<dyn Lane> {
        Box::new(Self::new(self.lane.fresh()))
    }

    fn failure(&self, slot: Slot) -> Option<&str> {
        self.failures.get(slot.index())?.as_deref()
    }

    fn resize(&mut self, slots: usize) {
        self.lane.resize(slots);
        self.failures.resize(slots, None);
    }

    fn step(&mut self, slot: Slot, bar: &Bar, out: &mut [f64]) {
        if !self.call(slot, |lane| lane.step(slot, bar, out)) {
            out.fill(NULL);
        }
    }

    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Rows<'_>) {
        let width = self.outputs().len();
        bars.iter().zip(out.iter(width)).for_each(|(bar, out)| self.step(slot, &bar, out));
    }

    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Rows<'_>) {
        let rows = out.iter(self.outputs().len());
        slots.iter().zip(bars.iter()).zip(rows).for_each(|((&slot, bar), out)| self.step(slot, &bar, out));
    }

    fn peek(&self, slot: Slot, forming: &Bar, out: &mut [f64]) {
        let is_sound = self.failure(slot).is_none();
        let peek = AssertUnwindSafe(|| self.lane.peek(slot, forming, out));
        if !is_sound || catch_unwind(peek).is_err() {
            out.fill(NULL);
        }
    }

    fn reset(&mut self, slot: Slot, why: Reset) {
        self.call(slot, |lane| lane.reset(slot, why));
    }

    /// Of one that has failed, what it said; its state is half done and not looked at again.
    fn save(&self, slot: Slot, to: &mut Bytes) -> Result<(), SnapshotError> {
        let failure = self.failure(slot);
        to.flag(failure.is_some());
        match failure {
            Some(reason) => {
                to.text(reason);
                Ok(())
            }
            None => caught(|| self.lane.save(slot, to)),
        }
    }

    fn restore(&mut self, slot: Slot, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        if from.flag("whether an indicator has failed")? {
            let reason = from.text("reason of a failure")?.into();
            if let Some(failure) = self.failures.get_mut(slot.index()) {
                *failure = Some(reason);
            }
            return Ok(());
        }
        caught(|| self.lane.restore(slot, from))
    }
}
