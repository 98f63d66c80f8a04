//! From an input's notices to its subscribers: step by step, the shards one behind the other.
//!
//! There is one on each thread that tells. Each goes the same way, so steps have the same numbers everywhere; one of them keeps the
//! books of the run.

use std::ops::ControlFlow;

use barloom_core::notice::{Notices, StepEvents, Tally};
use barloom_core::outputs::Outputs;
use barloom_core::snapshot::{Bytes, Read, SnapshotError, SnapshotWriter};
use barloom_core::store::{AsOf, SessionData, View};
use barloom_core::{Symbols, Timestamp};

use crate::analysis::{AnalysisEngine, SubscriberFailure, Told};
use crate::checkpoint::{CheckpointError, CheckpointWriter, CheckpointsLost, Due};
use crate::history::History;
use crate::metrics::Recorder;
use crate::session::Entrance;

/// Tells inputs to the subscribers of one thread.
pub(crate) struct Telling<'s> {
    pub(crate) analysis: AnalysisEngine<'s>,
    data: SessionData,
    outputs: Outputs,
    /// Steps up to this instant are history.
    start: Option<Timestamp>,
    pub(crate) books: Option<Books>,
    recorder: Recorder,
    /// The number of the step that follows.
    step: u32,
    /// By shard, what of an input is told at a step.
    steps: Vec<StepEvents>,
}

/// What is known of all that was told.
pub(crate) struct Books {
    /// Until the first step is told, where there is a start.
    history: Option<History>,
    entrance: Entrance,
    pub(crate) tally: Tally,
    pub(crate) steps: u64,
    /// Indicators that had too little history before the start.
    pub(crate) unsettled: Option<String>,
    /// Who writes checkpoints, where they are asked for.
    pub(crate) writer: Option<CheckpointWriter>,
    pub(crate) lost: Option<CheckpointsLost>,
    /// Where it is set, a run goes on without checkpoints that can't be written.
    pub(crate) on_lost: Option<OnLost>,
}

/// Who is told that checkpoints are lost.
pub(crate) type OnLost = Box<dyn FnMut(&CheckpointsLost) + Send>;

/// The most steps, and inputs, before a checkpoint, so that those that follow have numbers.
pub(crate) const MOST_STEPS: usize = u32::MAX as usize / 2;

/// What a checkpoint keeps of what was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    /// The number of the step that follows.
    pub(crate) step: u32,
    steps: u64,
    tally: Tally,
    unsettled: Option<String>,
}

impl Ledger {
    pub(crate) fn save(&self, to: &mut Bytes) {
        to.u32(self.step);
        to.u64(self.steps);
        to.count(self.tally.by_interval.len());
        for &(bars, values) in &self.tally.by_interval {
            to.u64(bars);
            to.u64(values);
        }
        to.count(self.tally.warnings.len());
        self.tally.warnings.iter().for_each(|&count| to.u64(count));
        to.flag(self.unsettled.is_some());
        self.unsettled.iter().for_each(|text| to.text(text));
    }

    /// # Errors
    /// [`SnapshotError`] when the bytes are none's.
    pub(crate) fn read(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let (step, steps) = (from.at_most("a step's number", MOST_STEPS)? as u32, from.tally("steps")?);
        let mut tally = Tally::default();
        for _ in 0..from.count("intervals", 16)? {
            tally.by_interval.push((from.tally("bars")?, from.tally("values")?));
        }
        for place in 0..from.at_most("kinds of warnings", tally.warnings.len())? {
            tally.warnings[place] = from.tally("warnings")?;
        }
        let has_text = from.flag("whether history was short")?;
        let unsettled =
            has_text.then(|| from.text("what to know of history").map(str::to_owned)).transpose()?;
        Ok(Self { step, steps, tally, unsettled })
    }
}

impl Books {
    pub(crate) fn new(history: Option<History>, entrance: Entrance) -> Self {
        Self {
            history,
            entrance,
            tally: Tally::default(),
            steps: 0,
            unsettled: None,
            writer: None,
            lost: None,
            on_lost: None,
        }
    }

    /// Ends the checkpoints: waits until all are written.
    ///
    /// # Errors
    /// Why one was not, where the run does not go on without.
    pub(crate) fn finish(&mut self) -> Result<(), CheckpointError> {
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        writer.finish().or_else(|error| self.without(error, Timestamp::MAX))
    }

    /// A checkpoint that was due at the instant `at`, or one before it, can't be written.
    #[cold]
    fn without(&mut self, error: CheckpointError, at: Timestamp) -> Result<(), CheckpointError> {
        let Some(on_lost) = &mut self.on_lost else { return Err(error) };
        self.writer = None;
        on_lost(self.lost.insert(CheckpointsLost { reason: error.to_string(), at, count: 1 }));
        Ok(())
    }

    /// Takes over what was told before; something was, so history is over.
    pub(crate) fn restore(&mut self, ledger: &Ledger) {
        let Ledger { steps, tally, unsettled, .. } = ledger.clone();
        (self.history, self.steps, self.tally, self.unsettled) = (None, steps, tally, unsettled);
    }

    /// A step, of history or not.
    fn see<N: AsRef<Notices>>(&mut self, at: Timestamp, told: Told<'_, N>) {
        if let Some(history) = &mut self.history {
            if self.entrance.enters(at) {
                history.open();
            }
            history.see(told.iter());
        }
    }

    /// A step that is told.
    fn enter<N: AsRef<Notices>>(&mut self, told: Told<'_, N>, symbols: &Symbols) {
        if let Some(history) = self.history.take() {
            self.unsettled = history.shortage(symbols);
        }
        told.count(&mut self.tally);
        self.steps += 1;
    }
}

impl<'s> Telling<'s> {
    pub(crate) fn new(
        analysis: AnalysisEngine<'s>,
        data: SessionData,
        outputs: Outputs,
        start: Option<Timestamp>,
        recorder: Recorder,
        step: u32,
    ) -> Self {
        Self { analysis, data, outputs, start, books: None, recorder, step, steps: Vec::new() }
    }

    /// Has the state of the `shards` written as the checkpoint that is `due`, where this one keeps the books.
    ///
    /// # Errors
    /// [`CheckpointError`] when it, or one before it, can't be.
    #[cold]
    pub(crate) fn save(
        &mut self,
        due: Due,
        symbols: &Symbols,
        shards: Result<Vec<SnapshotWriter>, SnapshotError>,
    ) -> Result<(), CheckpointError> {
        let Some(books) = &mut self.books else { return Ok(()) };
        books.lost.iter_mut().for_each(|lost| lost.count += 1);
        let Books { tally, steps, unsettled, writer: Some(writer), history: None, .. } = books else {
            // Of a run of which nothing was told there is nothing to go on from.
            return Ok(());
        };
        let (tally, unsettled) = (tally.clone(), unsettled.clone());
        let (ledger, at) = (Ledger { step: self.step, steps: *steps, tally, unsettled }, due.mark.last);
        let written = shards
            .map_err(CheckpointError::unsaved)
            .and_then(|shards| writer.write(due, &ledger, symbols, shards));
        written.or_else(|error| books.without(error, at))
    }

    /// Tells all steps of the input numbered `number`, at `at`, which the shards have computed. A subscriber that breaks ends the
    /// run behind it.
    ///
    /// # Errors
    /// [`SubscriberFailure`] where one failed and the policy is to stop.
    pub(crate) fn tell_input<N: AsRef<Notices>>(
        &mut self,
        number: u32,
        at: Timestamp,
        shards: &[N],
        symbols: &Symbols,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        let mut steps = std::mem::take(&mut self.steps);
        steps.clear();
        steps.resize(shards.len(), StepEvents::NONE);
        let (mut flow, mut is_told) = (ControlFlow::Continue(()), false);
        while let Some(now) = next_step(shards, &mut steps) {
            // Shards have published what is of later instants, too.
            let as_of = if now < at { AsOf::within(number, now) } else { AsOf::step(number) };
            if self.tell(now, as_of, shards, &steps, symbols)?.is_break() {
                flow = ControlFlow::Break(());
            }
            is_told = true;
        }
        self.steps = steps;
        if is_told { Ok(flow) } else { self.ask(number, at, symbols) }
    }

    /// Tells the step at hand of one shard's `notices`, at `at`.
    ///
    /// # Errors
    /// As [`Telling::tell_input`].
    #[inline]
    pub(crate) fn tell_step(
        &mut self,
        number: u32,
        at: Timestamp,
        notices: &Notices,
        symbols: &Symbols,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        self.tell(at, AsOf::step(number), &[notices], &[notices.step()], symbols)
    }

    #[inline]
    fn tell<N: AsRef<Notices>>(
        &mut self,
        now: Timestamp,
        as_of: AsOf,
        shards: &[N],
        steps: &[StepEvents],
        symbols: &Symbols,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        let Self { analysis, data, outputs, start, books, recorder, step: next, .. } = self;
        let (told, step) = (Told { shards, steps, outputs }, *next);
        *next += 1;
        if let Some(books) = books {
            books.see(now, told);
        }
        let view = || View::new(data, symbols, step, now).as_of(as_of);
        if start.is_some_and(|start| now <= start) {
            return analysis.tell::<N>(None, &view());
        }
        if let Some(books) = books {
            books.enter(told, symbols);
        }
        if analysis.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let watch = recorder.start();
        let flow = analysis.tell(Some(told), &view());
        recorder.stop(watch);
        flow
    }

    /// Asks the subscribers whether to go on, though the input numbered `number` tells nothing.
    ///
    /// # Errors
    /// As [`Telling::tell_input`].
    pub(crate) fn ask(
        &mut self,
        number: u32,
        at: Timestamp,
        symbols: &Symbols,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        let view = View::new(&self.data, symbols, self.step, at).as_of(AsOf::step(number));
        self.analysis.tell::<&Notices>(None, &view)
    }
}

/// Goes on to the earliest instant at which a shard tells something.
fn next_step<N: AsRef<Notices>>(shards: &[N], steps: &mut [StepEvents]) -> Option<Timestamp> {
    let after = |(shard, step): (&N, &StepEvents)| shard.as_ref().step_after(step);
    let now = shards.iter().zip(&*steps).filter_map(after).map(|(at, _)| at).min()?;
    for (shard, step) in shards.iter().zip(steps) {
        *step = match shard.as_ref().step_after(step) {
            Some((at, next)) if at == now => next,
            _ => step.nothing_after(),
        };
    }
    Some(now)
}
