//! What a worker does with a step: it derives, computes and publishes what its shard's symbols close.

use std::sync::{Arc, Mutex};

use barloom_core::CalendarError;
use barloom_core::notice::Notices;

use super::Ring;
use super::slot::{Saved, StepInput};
use crate::clock::Stopwatch;
use crate::metrics::{Recorder, ShardCounts};
use crate::shard::Shard;
use crate::subscription::{Opener, StepReceiver};

/// A shard and where its steps come from and go.
pub(super) struct Processing {
    pub(super) shard: Shard,
    pub(super) ring: Ring,
    /// Those who tell.
    pub(super) gates: Vec<Opener>,
    /// Of the way to here, and of the work.
    pub(super) recorders: [Recorder; 2],
    pub(super) counts: Arc<ShardCounts>,
}

impl Processing {
    /// Takes steps until there are no more; the shard as it is then.
    pub(super) fn run(mut self, mut steps: StepReceiver) -> Shard {
        let ring = Arc::clone(&self.ring);
        // Where another part died there is nothing more to do.
        while let Ok(Some(step)) = steps.take() {
            let (number, own) = (step.number(), self.shard.number());
            let [way, work] = &mut self.recorders;
            let input = ring.input(number);
            let mut told = ring.tell(number, own);
            way.record(input.opened);
            let watch = work.start();
            told.fault = take(&mut self.shard, &input, &mut told.notices).err();
            if let Some(Saved { of, .. }) = &input.saved {
                told.saved = Mutex::new(Some(self.shard.save(&input.symbols, *of)));
            }
            if watch.is_some() {
                self.counts.set(self.shard.processor().deriver().counts());
            }
            work.stop(watch);
            told.finished = input.opened.map(|_| Stopwatch::start());
            drop((input, told));
            step.ready();
            if ring.finish(number) {
                self.gates.iter().for_each(|gate| gate.open(number));
            }
        }
        self.counts.set(self.shard.processor().deriver().counts());
        self.shard
    }
}

/// Computes and publishes all steps of an input.
///
/// # Errors
/// The place of the row whose date the calendar does not know.
fn take(shard: &mut Shard, input: &StepInput, notices: &mut Notices) -> Result<(), (usize, CalendarError)> {
    let (own, number, symbols) = (shard.number(), input.number, &*input.symbols);
    let Some(rows) = input.input(own) else { return Ok(()) };
    shard.take(rows, symbols, notices).map_err(|(row, error)| (input.place(own, row), error))?;
    let of_session = |error| (0, error);
    while shard.step(number, symbols, notices).map_err(of_session)?.is_some() {}
    shard.enter(input.at, number, symbols).map_err(of_session)
}
