//! One run: inputs → processor → subscribers, step by step.
//!
//! The engine owns the parts and moves nothing between them but numbers of steps. An input's rows are taken and the clock
//! moves to its instant; what that closes is published instant by instant, each a step; then its notices are told, with a view
//! as of the step. Rows before the run's start are history: they go the same way and are not told.
//!
//! All of it happens on the calling thread, or, with [`Threads`], on several: the [`worker`](crate::worker)s derive, each its range
//! of symbols; the coordinator opens steps; the subscribers are told on the calling thread or on threads of their own. What is
//! told, published and written down is the same, byte for byte.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use barloom_core::derive::{
    ClosedStretch, Counts, DeriveRules, Deriver, FileError, FileTrial, Warning, WarningKind,
};
use barloom_core::indicators::Spec;
use barloom_core::notice::Tally;
use barloom_core::outputs::Outputs;
use barloom_core::plan::{IndicatorFailure, Plan};
use barloom_core::processor::Processor;
use barloom_core::snapshot::Fingerprint;
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig};
use barloom_core::{CalendarError, Interval, SymbolId, Symbols, Timestamp};

use crate::analysis::{AnalysisEngine, Attendance, Pattern, Subscriber, SubscriberFailure};
use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointWriter, CheckpointsLost, Due, Saving};
use crate::clock::{Timer, WallTimer};
use crate::config::{Historical, OnOverrun, OnSubscriberError, Origin, RulesError, SessionConfig};
use crate::coordinator::{Inputs, Next, Refused};
use crate::history::History;
use crate::journal::{JournalError, JournalLost, JournalWriter, Kept, RefusedRow};
use crate::metrics::{PerformanceMetrics, Recorder, Stage};
use crate::overrun::OverrunError;
use crate::session::{Entrance, Sessions};
use crate::shard::Shard;
use crate::source::RowPlace;
use crate::subscription::{Ended, Stopper, Wait};
use crate::telling::{Books, Telling};
use crate::worker::JoinError;
use crate::{inline, threads};

/// What a rejected row does to a run (P13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInvalid {
    /// It is counted and told.
    #[default]
    Reject,
    /// It ends the run.
    Stop,
}

/// A rejected row.
#[derive(Debug, Clone, Copy)]
pub struct Reject<'a> {
    /// The source's name.
    pub source: &'a str,
    /// What its rows' numbers count: `line`, `row`.
    pub unit: &'static str,
    /// The row's number in the source.
    pub number: u64,
    /// Its symbol, as far as it names one.
    pub symbol: Option<SymbolId>,
    /// Its open time, as far as it has one.
    pub time: Option<Timestamp>,
    /// Why.
    pub reason: &'a str,
}

impl Reject<'_> {
    /// Where the row stands.
    pub fn place(&self) -> RowPlace {
        RowPlace::new(self.source, self.unit, self.number)
    }
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// The inputs can't be followed.
    #[error(transparent)]
    Inputs(E),
    /// The input as a whole can't be right.
    #[error("{0}")]
    Input(FileError),
    /// The calendar does not know a row's date.
    #[error("{place}: {error}")]
    Calendar {
        /// The row.
        place: Box<RowPlace>,
        /// What the calendar says.
        error: CalendarError,
    },
    /// A row was rejected and [`OnInvalid::Stop`] was asked for.
    #[error("{place}: {reason}")]
    Invalid {
        /// The row.
        place: Box<RowPlace>,
        /// Why it was rejected.
        reason: String,
    },
    /// A subscriber failed and [`OnSubscriberError::Stop`] was asked for.
    #[error(transparent)]
    Subscriber(#[from] SubscriberFailure),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A checkpoint can't be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A part of the run died.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// A thread did not end as it should.
    #[error(transparent)]
    Worker(#[from] JoinError),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunSummary {
    /// Where every row went.
    pub counts: Counts,
    /// Buckets left open at the end.
    pub unfinished: u64,
    /// Instants at which something was told.
    pub steps: u64,
    /// What each interval gave.
    pub intervals: BTreeMap<Interval, IntervalSummary>,
    /// Warnings by kind.
    pub warnings: BTreeMap<WarningKind, u64>,
    /// A part of the day in which a market under `24/7` never traded.
    pub closed_stretch: Option<ClosedStretch>,
    /// Whether a subscriber ended the run.
    pub stopped: bool,
    /// Subscribers that failed and were removed.
    pub failures: Vec<SubscriberFailure>,
    /// The journal, where the run went on [without it](Engine::go_on_without_journal).
    pub journal_lost: Option<JournalLost>,
    /// Checkpoints that it went on without.
    pub checkpoints_lost: Option<CheckpointsLost>,
    /// Indicators that had too little history before the start: what to know, in a line.
    pub unsettled: Option<String>,
    /// Indicators of one's own that panicked, once for each symbol.
    pub indicator_failures: Vec<IndicatorFailure>,
    /// The first [`OVERRUNS_LISTED`] overruns of a clock-driven run; all are counted.
    pub overruns: Vec<OverrunError>,
    /// How many there were.
    pub overrun_count: u64,
    /// Whether one ended the run, by [`OnOverrun::Error`].
    pub overran: bool,
}

/// How many overruns are listed in a summary.
pub const OVERRUNS_LISTED: usize = 1000;

/// What one interval gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IntervalSummary {
    /// Bars out.
    pub bars: u64,
    /// Indicators' values out: readings of those that have begun.
    pub values: u64,
    /// Buckets without a base bar (P7).
    pub empty: u64,
}

impl RunSummary {
    /// The summary of a run under `rules` that did nothing yet.
    pub fn new(rules: &DeriveRules) -> Self {
        let asked = rules.intervals.iter().filter(|rule| rule.is_asked);
        let intervals = asked.map(|rule| (rule.interval, IntervalSummary::default())).collect();
        Self { intervals, ..Self::default() }
    }

    /// Bars were told, and indicators said something of them `values` times.
    pub fn bars(&mut self, interval: Interval, bars: u64, values: u64) {
        let own = self.intervals.entry(interval).or_default();
        (own.bars, own.values) = (own.bars + bars, own.values + values);
    }

    /// A warning was told.
    pub fn warning(&mut self, warning: &Warning) {
        *self.warnings.entry(warning.kind).or_default() += 1;
    }

    /// Takes over what was told under `rules`.
    fn told(&mut self, tally: &Tally, rules: &DeriveRules) {
        for (rule, &(bars, values)) in rules.intervals.iter().zip(&tally.by_interval) {
            if let Some(interval) = self.intervals.get_mut(&rule.interval) {
                (interval.bars, interval.values) = (bars, values);
            }
        }
        let counted = WarningKind::ALL.into_iter().zip(tally.warnings);
        self.warnings = counted.filter(|(_, count)| *count > 0).collect();
    }

    /// Takes over what was counted on the way.
    pub fn close(&mut self, deriver: &Deriver, trial: Option<&FileTrial>) {
        self.closed_stretch = trial.and_then(FileTrial::closed_stretch);
        self.add(deriver);
    }

    /// Adds what one deriver counted.
    fn add(&mut self, deriver: &Deriver) {
        self.counts.merge(deriver.counts());
        self.unfinished += deriver.unfinished();
        for (rule, &empty) in deriver.rules().intervals.iter().zip(deriver.empty()) {
            if let Some(interval) = self.intervals.get_mut(&rule.interval) {
                interval.empty += empty;
            }
        }
    }
}

/// How a run goes on several threads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threads {
    /// How many threads derive, each a range of symbols; at least 1, at most [`MOST_WORKERS`].
    pub workers: usize,
    /// Trading time over wall time; 0: data-driven, as fast as it goes, every step waited for.
    pub speed: f64,
    /// What an overrun does.
    pub on_overrun: OnOverrun,
    /// How threads wait for each other.
    pub wait: Wait,
    /// How many steps a subscriber that [follows](Attendance::Follow) may lag. Data-driven it is waited for then; clock-driven
    /// it counts as backpressure.
    pub lag: u32,
}

impl Threads {
    /// How many steps can be open at once: [`StoreConfig::ahead`]; those that are due later wait. Data-driven and without lag it is
    /// one, which stays in the cache.
    pub fn slots(&self) -> u32 {
        self.lag.max(if self.speed > 0.0 { PACED_SLOTS } else { 1 })
    }
}

/// How many steps can be open at once in a clock-driven run, at the least.
const PACED_SLOTS: u32 = 16;

/// The most workers of a run.
pub const MOST_WORKERS: usize = 64;

impl Default for Threads {
    /// One worker, data-driven.
    fn default() -> Self {
        Self { workers: 1, speed: 0.0, on_overrun: OnOverrun::Warn, wait: Wait::default(), lag: 0 }
    }
}

/// What decides a run besides its inputs and subscribers.
#[derive(Debug)]
pub struct EngineConfig {
    /// The threads that it goes on; `None`: on that which calls [`Engine::run`].
    pub threads: Option<Threads>,
    /// The rules of derivation; the base is added where it is not among the intervals, and not told.
    pub rules: DeriveRules,
    /// The indicators of those intervals.
    pub plan: Plan,
    /// How much of the outputs' history stays readable.
    pub keep: Keep,
    /// How many sessions before the current one stay readable.
    pub retain: usize,
    /// Where indicators start from.
    pub origin: Origin,
    /// Steps up to this instant are history.
    pub start: Option<Timestamp>,
    /// The historical indicators.
    pub historical: Vec<Historical>,
    /// The indicators of the plan that a start must leave enough history for: if not, [`RunSummary::unsettled`] says so.
    pub settling: Vec<Spec>,
    /// What a rejected row does.
    pub on_invalid: OnInvalid,
    /// What a failing subscriber does.
    pub on_subscriber_error: OnSubscriberError,
}

impl EngineConfig {
    /// The defaults of every option.
    pub fn new(rules: DeriveRules, plan: Plan) -> Self {
        Self {
            rules,
            plan,
            threads: None,
            keep: Keep::Session,
            retain: 1,
            origin: Origin::Run,
            start: None,
            historical: Vec::new(),
            settling: Vec::new(),
            on_invalid: OnInvalid::Reject,
            on_subscriber_error: OnSubscriberError::Stop,
        }
    }

    /// The same, with as many shards as `checkpoint` has: on as many threads, or on one.
    #[must_use]
    pub fn from_checkpoint(mut self, checkpoint: &Checkpoint) -> Self {
        let workers = checkpoint.shards();
        self.threads = match self.threads {
            None if workers == 1 => None,
            threads => Some(Threads { workers, ..threads.unwrap_or_default() }),
        };
        self
    }

    /// As `config` has it, under its rules and plan.
    ///
    /// # Errors
    /// [`RulesError`] when the calendar does not know the date of the start or the end.
    pub fn of(config: &SessionConfig, rules: DeriveRules, plan: Plan) -> Result<Self, RulesError> {
        Ok(Self {
            threads: config.threads(),
            keep: config.keep,
            retain: config.retain_sessions as usize,
            origin: config.origin,
            start: config.window(&rules.calendar)?.start,
            historical: config.historical.clone(),
            settling: config.realtime_indicators.clone(),
            on_invalid: config.on_invalid,
            on_subscriber_error: config.on_subscriber_error,
            rules,
            plan,
        })
    }
}

/// The inputs of a run, written down as they come.
pub(crate) struct Intake<I> {
    pub(crate) inputs: I,
    journal: Kept,
    saving: Option<Saving>,
    recorder: Recorder,
    on_invalid: OnInvalid,
}

impl<I: Inputs> Intake<I> {
    /// The next input.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Next, RunError<I::Error>> {
        let watch = self.recorder.start();
        let next = self.inputs.advance().map_err(RunError::Inputs)?;
        self.recorder.stop(watch);
        Ok(next)
    }

    /// Writes the input `next` to the journal, before anything of it is told.
    #[inline]
    pub(crate) fn write_down(&mut self, next: Next) -> Result<(), JournalError> {
        if self.journal.is_asked() { self.append(next) } else { Ok(()) }
    }

    fn append(&mut self, next: Next) -> Result<(), JournalError> {
        if let Some(input) = next.input(&self.inputs) {
            let refused = self.inputs.refused().iter().map(|refused| RefusedRow {
                source: refused.source as u32,
                number: refused.number,
                reason: &refused.why.reason,
            });
            self.journal.append(input, self.inputs.is_recorded(), refused, self.inputs.symbols())?;
        }
        Ok(())
    }

    /// What the state of the shards is saved by.
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.saving.as_ref().map(|saving| saving.of)
    }

    /// The checkpoint that is due behind the input `next`, which is written down.
    #[inline]
    pub(crate) fn checkpoint(&mut self, next: Next) -> Result<Option<Due>, JournalError> {
        if self.saving.is_some() { self.due(next) } else { Ok(None) }
    }

    fn due(&mut self, next: Next) -> Result<Option<Due>, JournalError> {
        let (Some(saving), inputs) = (&mut self.saving, &self.inputs) else { return Ok(None) };
        if !saving.is_due(next.at(), inputs.is_recorded(), inputs.following()) {
            return Ok(None);
        }
        let marked = self.journal.mark()?;
        Ok(marked.map(|(mark, on_disk)| Due { number: saving.next_number(), mark, on_disk }))
    }

    /// The input's refused rows that are told: all of them, or, where one ends the run, the first.
    pub(crate) fn rejects(&self) -> impl Iterator<Item = Reject<'_>> {
        let all = self.inputs.refused();
        let count = if self.on_invalid == OnInvalid::Stop { all.len().min(1) } else { all.len() };
        all[..count].iter().map(|Refused { source, number, why, .. }| Reject {
            source: self.inputs.source(*source),
            unit: self.inputs.unit(*source),
            number: *number,
            symbol: why.symbol,
            time: why.time,
            reason: &why.reason,
        })
    }

    /// The refused row that ends the run, where one does.
    pub(crate) fn fatal(&self) -> Option<RunError<I::Error>> {
        let reject = self.rejects().next().filter(|_| self.on_invalid == OnInvalid::Stop)?;
        Some(RunError::Invalid { place: Box::new(reject.place()), reason: reject.reason.to_owned() })
    }

    /// The calendar does not know the date of the row that comes from `origin`.
    pub(crate) fn out_of_range(&self, origin: (usize, u64), error: CalendarError) -> RunError<I::Error> {
        let (source, number) = origin;
        let place = RowPlace::new(self.inputs.source(source), self.inputs.unit(source), number);
        RunError::Calendar { place: Box::new(place), error }
    }
}

/// How the inputs of a run came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There were no more.
    Ended,
    /// The run was stopped.
    Stopped,
    /// An overrun stopped it.
    Overran,
}

/// A subscriber on a thread of its own.
pub(crate) struct Apart<'s> {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    pub(crate) attendance: Attendance,
    pub(crate) subscriber: Box<dyn Subscriber + Send + 's>,
}

/// Runs inputs through the processor and tells subscribers.
pub struct Engine<'s, I> {
    pub(crate) intake: Intake<I>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) analysis: AnalysisEngine<'s>,
    pub(crate) apart: Vec<Apart<'s>>,
    pub(crate) books: Books,
    pub(crate) timer: Box<dyn Timer>,
    pub(crate) shared: Shared,
    threads: Option<Threads>,
}

/// What every part of a run has.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) rules: DeriveRules,
    pub(crate) outputs: Outputs,
    pub(crate) data: SessionData,
    pub(crate) start: Option<Timestamp>,
    pub(crate) on_subscriber_error: OnSubscriberError,
    pub(crate) metrics: PerformanceMetrics,
    pub(crate) stopper: Stopper,
    pub(crate) begins: Begins,
}

/// Where a run begins: at nothing, or at a checkpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begins {
    /// Inputs before it.
    pub(crate) inputs: u32,
    /// Steps before it.
    step: u32,
    /// The symbols that were met, divided into the shards.
    pub(crate) symbols: Arc<Symbols>,
    /// The checkpoint's number and instant.
    checkpoint: Option<(u64, Timestamp)>,
}

impl Shared {
    /// Who tells the subscribers of `analysis`.
    pub(crate) fn telling<'s>(&self, analysis: AnalysisEngine<'s>) -> Telling<'s> {
        let Self { data, outputs, start, metrics, begins, .. } = self;
        let recorder = metrics.recorder(Stage::Analysis);
        Telling::new(analysis, data.clone(), outputs.clone(), *start, recorder, begins.step)
    }
}

impl<'s, I: Inputs> Engine<'s, I> {
    /// An engine over `inputs`.
    pub fn new(config: EngineConfig, inputs: I) -> Self {
        let EngineConfig { rules, mut plan, origin, start, threads, .. } = config;
        let rules = rules.with_base();
        if let Some(base) = rules.intervals.first().filter(|rule| !rule.is_asked) {
            plan.add_untold(base.interval);
        }
        let history = start.map(|_| History::new(&rules, origin, &config.settling, &config.historical));
        let sessions = || Sessions::new(&rules, origin, &config.historical);
        let store = StoreConfig {
            outputs: rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect(),
            rules: rules.clone(),
            keep: config.keep,
            retain: config.retain,
            ahead: threads.as_ref().map_or(0, Threads::slots),
            historical: sessions().names().to_vec(),
        };
        let workers = threads.map_or(1, |threads| threads.workers.clamp(1, MOST_WORKERS));
        let (writers, data) = SessionWriter::sharded(&store, workers);
        let outputs = plan.outputs().clone();
        let fresh: Vec<Plan> = (1..workers).map(|_| plan.fresh()).collect();
        let plans = std::iter::once(plan).chain(fresh);
        let shards = plans.zip(writers).enumerate().map(|(number, (plan, writer))| {
            let processor = Processor::new(rules.clone(), plan).of_shard(number);
            Shard::new(processor, writer, data.clone(), sessions())
        });
        let shards = shards.collect();
        let metrics = PerformanceMetrics::default();
        if threads.is_some_and(|threads| threads.speed > 0.0) {
            metrics.time_every();
        }
        let recorder = metrics.recorder(Stage::Coordinator);
        Self {
            intake: Intake {
                inputs,
                journal: Kept::default(),
                saving: None,
                recorder,
                on_invalid: config.on_invalid,
            },
            shards,
            analysis: AnalysisEngine::new(config.on_subscriber_error),
            apart: Vec::new(),
            books: Books::new(history, Entrance::new(&rules)),
            timer: Box::new(WallTimer::default()),
            shared: Shared {
                rules,
                outputs,
                data,
                start,
                on_subscriber_error: config.on_subscriber_error,
                metrics,
                stopper: Stopper::new(),
                begins: Begins::default(),
            },
            threads,
        }
    }

    /// Subscribes `subscriber`, called `name` where it fails, to what `pattern` asks for. It is told on the thread that calls
    /// [`Engine::run`], in lockstep, behind those that were subscribed before.
    pub fn subscribe(&mut self, name: &str, pattern: Pattern, subscriber: impl Subscriber + 's) {
        self.analysis.subscribe(name, pattern, subscriber);
    }

    /// Subscribes `subscriber` as [`Engine::subscribe`] does, to be told on a thread of its own where the run has [`Threads`].
    pub fn subscribe_apart(
        &mut self,
        name: &str,
        pattern: Pattern,
        attendance: Attendance,
        subscriber: impl Subscriber + Send + 's,
    ) {
        if self.threads.is_none() {
            return self.subscribe(name, pattern, subscriber);
        }
        let (name, subscriber) = (name.to_owned(), Box::new(subscriber));
        self.apart.push(Apart { name, pattern, attendance, subscriber });
    }

    /// Writes every input to `journal`.
    pub fn keep_journal(&mut self, journal: JournalWriter) {
        self.intake.journal.write_to(journal);
    }

    /// Has the run go on without its journal once that can't be written, instead of ending: `told` is told so at once, and
    /// [`RunSummary::journal_lost`] says in the end what it lacks. Its whole inputs are kept, as of a run that was cut short.
    pub fn go_on_without_journal(&mut self, told: impl FnMut(&JournalLost) + Send + 'static) {
        self.intake.journal.on_lost = Some(Box::new(told));
    }

    /// Has the run go on without checkpoints once one can't be written, instead of ending: `told` is told so at once, and
    /// [`RunSummary::checkpoints_lost`] says in the end how many there are not.
    pub fn go_on_without_checkpoints(&mut self, told: impl FnMut(&CheckpointsLost) + Send + 'static) {
        self.books.on_lost = Some(Box::new(told));
    }

    /// Goes on from `checkpoint`: the inputs are those that follow it, and what is told is what follows it. To be called before
    /// [`Engine::keep_checkpoints`].
    ///
    /// # Errors
    /// [`CheckpointError`] when the inputs begin elsewhere, the run has another number of shards ([`EngineConfig::from_checkpoint`] has the right one),
    /// or the checkpoint is of other intervals, indicators or calendars. The engine is then good for nothing.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let (before, inputs) = (self.intake.inputs.before(), checkpoint.mark().inputs);
        if before != inputs {
            return Err(checkpoint.unfit("inputs before it", inputs, before));
        }
        let (own, saved) = (self.shards.len(), checkpoint.shards());
        if own != saved {
            return Err(checkpoint.unfit("shards", saved as u64, own as u64));
        }
        let snapshot = checkpoint.snapshot()?;
        let symbols = checkpoint.symbols();
        let restore = |shard: &mut Shard| shard.restore(symbols, &snapshot);
        std::thread::scope(|scope| {
            let mut shards = self.shards.iter_mut();
            let first = shards.next();
            let others: Vec<_> = shards.map(|shard| scope.spawn(|| restore(shard))).collect();
            first.map_or(Ok(()), restore)?;
            // Invariant: a panic of theirs goes on here.
            others.into_iter().try_for_each(|own| own.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
        .map_err(|error| checkpoint.wrong(error))?;
        let ledger = checkpoint.books(&snapshot)?;
        self.books.restore(&ledger);
        self.shared.begins = Begins {
            inputs: inputs as u32,
            step: ledger.step,
            symbols: Arc::new(symbols.clone()),
            checkpoint: Some((checkpoint.number(), checkpoint.at())),
        };
        Ok(())
    }

    /// Writes a [checkpoint](crate::checkpoint) to the folder `dir` behind the last input of each session, where it keeps a journal, whose configuration `of`
    /// stands for. Those behind the one that it goes on from are removed, all where it begins.
    ///
    /// # Errors
    /// [`CheckpointError`] when the folder can't be read or changed.
    pub fn keep_checkpoints(&mut self, dir: &Path, of: Fingerprint) -> Result<(), CheckpointError> {
        let after = self.shared.begins.checkpoint;
        self.books.writer = Some(CheckpointWriter::new(dir, of, after.map(|(number, _)| number))?);
        self.intake.saving = Some(Saving::new(&self.shared.rules, of, after));
        Ok(())
    }

    /// Waits by `timer` instead of the wall clock, where the run is clock-driven.
    pub fn keep_time_by(&mut self, timer: impl Timer + 'static) {
        self.timer = Box::new(timer);
    }

    /// What was and will be published; readers can go to other threads. Symbols have the numbers that a
    /// [`View`](barloom_core::store::View) says, and [`Finished::symbols`].
    pub fn data(&self) -> &SessionData {
        &self.shared.data
    }

    /// What the stages of the run take; it can be read on other threads while the run goes on.
    pub fn metrics(&self) -> PerformanceMetrics {
        self.shared.metrics.clone()
    }

    /// Stops the run from another thread: what was handed over is told to all, then [`Engine::run`] returns.
    pub fn stopper(&self) -> Stopper {
        self.shared.stopper.clone()
    }
}

impl<I: Inputs<Error: Send> + Send> Engine<'_, I> {
    /// Runs to the end of the inputs, or until a subscriber breaks or a stop is asked for.
    ///
    /// # Errors
    /// [`RunError`]; what was told before stands.
    pub fn run(self) -> Result<Finished<I>, RunError<I::Error>> {
        match self.threads {
            None => inline::run(self),
            Some(threads) => threads::run(self, threads),
        }
    }
}

/// A run whose inputs came to their end.
pub(crate) struct Done<'a, I> {
    pub(crate) intake: Intake<I>,
    pub(crate) shards: Vec<Shard>,
    /// The symbols, divided into the shards.
    pub(crate) symbols: Arc<Symbols>,
    pub(crate) books: Option<Books>,
    /// Subscribers that failed and were removed.
    pub(crate) failures: Vec<SubscriberFailure>,
    pub(crate) outcome: Outcome,
    pub(crate) overruns: Vec<OverrunError>,
    pub(crate) shared: &'a Shared,
}

impl<I: Inputs> Done<'_, I> {
    /// The summary, and the end of the journal.
    pub(crate) fn finish(self) -> Result<Finished<I>, RunError<I::Error>> {
        let Self { intake, shards, symbols, books, failures, outcome, overruns, shared } = self;
        let Intake { inputs, journal, .. } = intake;
        let mut summary = RunSummary::new(&shared.rules);
        if let Some(mut books) = books {
            books.finish()?;
            let Books { tally, steps, unsettled, lost, .. } = books;
            summary.checkpoints_lost = lost;
            summary.told(&tally, &shared.rules);
            (summary.steps, summary.unsettled) = (steps, unsettled);
        }
        let trial = inputs.trial();
        summary.closed_stretch = trial.and_then(FileTrial::closed_stretch);
        for shard in &shards {
            summary.add(shard.processor().deriver());
        }
        let mut failed: Vec<_> = shards.iter().flat_map(|shard| shard.failures(&symbols)).collect();
        failed.sort_by(|(a, own), (b, other)| (a, &own.symbol).cmp(&(b, &other.symbol)));
        summary.indicator_failures = failed.into_iter().map(|(_, failure)| failure).collect();
        if let (Outcome::Ended, Some(trial)) = (outcome, trial) {
            trial.end(&summary.counts).map_err(RunError::Input)?;
        }
        summary.journal_lost = journal.finish()?;
        summary.stopped = outcome == Outcome::Stopped;
        summary.overran = outcome == Outcome::Overran;
        summary.overrun_count = shared.metrics.overruns();
        (summary.failures, summary.overruns) = (failures, overruns);
        Ok(Finished { summary, metrics: shared.metrics.clone(), inputs, symbols })
    }
}

/// A run that is over.
#[derive(Debug)]
pub struct Finished<I> {
    /// What it did.
    pub summary: RunSummary,
    /// How long its stages took.
    pub metrics: PerformanceMetrics,
    /// Its inputs, with the symbols that were met.
    pub inputs: I,
    /// The same symbols, by the numbers that [`Engine::data`] is read with.
    pub symbols: Arc<Symbols>,
}

impl<I> std::fmt::Debug for Engine<'_, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let apart: Vec<&String> = self.apart.iter().map(|apart| &apart.name).collect();
        f.debug_struct("Engine")
            .field("threads", &self.threads)
            .field("subscribers", &self.analysis)
            .field("apart", &apart)
            .finish_non_exhaustive()
    }
}
