//! A run on one thread: each step is computed and told before the next one.

use std::ops::ControlFlow;
use std::sync::Arc;

use barloom_core::CalendarError;
use barloom_core::notice::Notices;

use crate::checkpoint::Due;
use crate::coordinator::{Inputs, Next};
use crate::engine::{Done, Engine, Finished, Intake, Outcome, RunError, Shared};
use crate::metrics::{Recorder, ShardCounts, Stage};
use crate::shard::Shard;
use crate::telling::Telling;

/// Runs `engine` to its end.
///
/// # Errors
/// [`RunError`]; what was told before stands.
pub(crate) fn run<I: Inputs>(engine: Engine<'_, I>) -> Result<Finished<I>, RunError<I::Error>> {
    let Engine { intake, mut shards, analysis, books, shared, .. } = engine;
    let mut telling = shared.telling(analysis);
    telling.books = Some(books);
    let recorder = shared.metrics.recorder(Stage::Processor);
    let counts = shared.metrics.shard();
    let shard = &mut shards[0];
    let mut run = Run {
        intake,
        shard,
        telling,
        shared: &shared,
        recorder,
        counts,
        notices: Notices::default(),
        number: shared.begins.inputs,
    };
    let outcome = run.until_end()?;
    run.counts.set(run.shard.processor().deriver().counts());
    let Run { intake, telling, .. } = run;
    let failures = telling.analysis.failures().to_vec();
    let symbols = Arc::new(intake.inputs.symbols().clone());
    let books = telling.books;
    Done { intake, shards, symbols, books, failures, outcome, overruns: Vec::new(), shared: &shared }.finish()
}

struct Run<'r, 's, I> {
    intake: Intake<I>,
    shard: &'r mut Shard,
    telling: Telling<'s>,
    shared: &'r Shared,
    recorder: Recorder,
    counts: Arc<ShardCounts>,
    notices: Notices,
    /// The input's number, from 1.
    number: u32,
}

impl<I: Inputs> Run<'_, '_, I> {
    fn until_end(&mut self) -> Result<Outcome, RunError<I::Error>> {
        loop {
            if self.shared.stopper.is_ended() {
                return Ok(Outcome::Stopped);
            }
            let next = self.intake.next()?;
            self.intake.write_down(next)?;
            self.number += 1;
            if !self.intake.inputs.refused().is_empty() {
                self.refuse(next)?;
            }
            if self.take(next)?.is_break() {
                return Ok(Outcome::Stopped);
            }
            if next == Next::End {
                return Ok(Outcome::Ended);
            }
            let is_told = self.shared.start.is_none_or(|start| next.at() > start);
            if is_told && let Some(due) = self.intake.checkpoint(next)? {
                self.save(due)?;
            }
        }
    }

    /// Saves the state behind the input at hand.
    #[cold]
    fn save(&mut self, due: Due) -> Result<(), RunError<I::Error>> {
        let Some(of) = self.intake.fingerprint() else { return Ok(()) };
        let symbols = self.intake.inputs.symbols();
        self.telling.analysis.checkpoint(due.number, due.mark.last)?;
        let saved = self.shard.save(symbols, of).map(|saved| vec![saved]);
        Ok(self.telling.save(due, symbols, saved)?)
    }

    /// Tells the input's refused rows.
    #[cold]
    fn refuse(&mut self, next: Next) -> Result<(), RunError<I::Error>> {
        for reject in self.intake.rejects() {
            self.telling.analysis.refused(&reject, self.intake.inputs.symbols(), next.at())?;
        }
        self.intake.fatal().map_or(Ok(()), Err)
    }

    /// Takes an input and tells all its steps; a subscriber that breaks ends the run behind it, so that a journal's inputs are whole.
    #[inline]
    fn take(&mut self, next: Next) -> Result<ControlFlow<()>, RunError<I::Error>> {
        let Self { intake, shard, telling, recorder, notices, number, .. } = self;
        let Some(input) = next.input(&intake.inputs) else { return Ok(ControlFlow::Break(())) };
        let symbols = intake.inputs.symbols();
        let unknown =
            |row: usize, error: CalendarError| intake.out_of_range(intake.inputs.origin(row), error);
        let mut watch = recorder.start();
        let is_timed = watch.is_some();
        shard.take(input, symbols, notices).map_err(|(row, error)| unknown(row, error))?;
        let (mut flow, mut is_told) = (ControlFlow::Continue(()), false);
        while let Some(at) = shard.step(*number, symbols, notices).map_err(|error| unknown(0, error))? {
            recorder.stop(watch.take());
            if telling.tell_step(*number, at, notices, symbols)?.is_break() {
                flow = ControlFlow::Break(());
            }
            is_told = true;
        }
        recorder.stop(watch);
        let at = next.at();
        shard.enter(at, *number, symbols).map_err(|error| unknown(0, error))?;
        if !is_told {
            // Nothing closed; whoever wants to stop still can.
            flow = telling.ask(*number, at, symbols)?;
        }
        if is_timed {
            self.counts.set(shard.processor().deriver().counts());
        }
        Ok(flow)
    }
}
