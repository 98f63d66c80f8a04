//! What a thread that tells does with a step.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use barloom_core::CalendarError;

use super::Ring;
use super::slot::{Saved, ShardTold, StepInput};
use crate::analysis::SubscriberFailure;
use crate::checkpoint::CheckpointError;
use crate::engine::Shared;
use crate::metrics::Recorder;
use crate::subscription::{Ended, StepReceiver};
use crate::sync::Reading;
use crate::telling::{Books, Telling};

/// Subscribers of one thread, and where their steps come from.
pub(super) struct Gate<'r, 's> {
    telling: Telling<'s>,
    ring: Ring,
    /// Of the way to here.
    recorder: Recorder,
    shared: &'r Shared,
}

/// What a gate comes to.
pub(super) struct Told {
    /// Subscribers that failed and were removed.
    pub(super) failures: Vec<SubscriberFailure>,
    pub(super) books: Option<Books>,
    /// Why it told no more, if it did not tell all.
    pub(super) fault: Option<Fault>,
}

/// Why a gate tells no more.
pub(super) enum Fault {
    /// The calendar does not know the date of the row from there.
    Calendar((usize, u64), CalendarError),
    /// A subscriber failed, and that is to end the run.
    Subscriber(SubscriberFailure),
    /// A checkpoint can't be written.
    Checkpoint(CheckpointError),
    /// Another part died.
    Ended(Ended),
}

impl<'r, 's> Gate<'r, 's> {
    pub(super) fn new(telling: Telling<'s>, ring: Ring, recorder: Recorder, shared: &'r Shared) -> Self {
        Self { telling, ring, recorder, shared }
    }

    /// Tells steps until there are no more. After a fault it asks the run to stop and lets what is on its way pass untold.
    pub(super) fn run(self, mut steps: StepReceiver) -> Told {
        let Self { mut telling, ring, mut recorder, shared } = self;
        let mut shards: Vec<Reading<'_, ShardTold>> = Vec::with_capacity(ring.shards());
        let mut fault = None;
        loop {
            let step = match steps.take() {
                Ok(Some(step)) => step,
                Ok(None) => break,
                Err(ended) => {
                    fault.get_or_insert(Fault::Ended(ended));
                    break;
                }
            };
            let number = step.number();
            let input = ring.input(number);
            shards.extend((0..ring.shards()).map(|shard| ring.told(number, shard)));
            recorder.record(shards.iter().filter_map(|shard| shard.finished).max());
            if fault.is_none() {
                match tell(&mut telling, &input, &shards) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => shared.stopper.stop(),
                    Err(why) => {
                        fault = Some(why);
                        shared.stopper.stop();
                    }
                }
            }
            // The slot is not read any more when the step is ready.
            shards.clear();
            drop(input);
            step.ready();
        }
        Told { failures: telling.analysis.failures().to_vec(), books: telling.books, fault }
    }
}

/// Tells an input.
fn tell(
    telling: &mut Telling<'_>,
    input: &StepInput,
    shards: &[Reading<'_, ShardTold>],
) -> Result<ControlFlow<()>, Fault> {
    let symbols = &input.symbols;
    for overrun in &input.overruns {
        telling.analysis.overrun(overrun, input.at).map_err(Fault::Subscriber)?;
    }
    for reject in &input.rejects {
        telling.analysis.refused(&reject.lend(), symbols, input.at).map_err(Fault::Subscriber)?;
    }
    if input.input(0).is_none() {
        return Ok(ControlFlow::Continue(()));
    }
    let faults = shards.iter().filter_map(|shard| shard.fault.as_ref());
    if let Some((place, error)) = faults.min_by_key(|(place, _)| *place) {
        return Err(Fault::Calendar(input.origin(*place), error.clone()));
    }
    let flow = telling.tell_input(input.number, input.at, shards, symbols).map_err(Fault::Subscriber)?;
    if let (Some(saved), ControlFlow::Continue(())) = (&input.saved, flow) {
        save(telling, saved, input, shards)?;
    }
    Ok(flow)
}

/// Has subscribers make sure of what they were told, and the state behind the input written.
#[cold]
fn save(
    telling: &mut Telling<'_>,
    saved: &Saved,
    input: &StepInput,
    shards: &[Reading<'_, ShardTold>],
) -> Result<(), Fault> {
    telling.analysis.checkpoint(saved.number, input.at).map_err(Fault::Subscriber)?;
    if telling.books.is_none() {
        return Ok(());
    }
    // Nobody panics who holds them.
    let own =
        |shard: &Reading<'_, ShardTold>| shard.saved.lock().unwrap_or_else(PoisonError::into_inner).take();
    let states = shards.iter().filter_map(own).collect::<Result<Vec<_>, _>>();
    let due = saved.due.lock().unwrap_or_else(PoisonError::into_inner).take();
    let saved = due.map_or(Ok(()), |due| telling.save(due, &input.symbols, states));
    saved.map_err(Fault::Checkpoint)
}
