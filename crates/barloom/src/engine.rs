//! One run on one thread: inputs → processor → subscribers, step by step.
//!
//! The engine owns the parts and moves nothing between them but numbers of steps. An input's rows are taken and the clock
//! moves to its instant; what that closes is published instant by instant, each a step; then its notices are told, with a view
//! as of the step. Rows before the run's start are history: they go the same way and are not told.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use barloom_core::derive::{ClosedStretch, Counts, DeriveRules, FileError, FileTrial, Warning, WarningKind};
use barloom_core::indicators::Spec;
use barloom_core::notice::{Notices, Tally};
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig, View};
use barloom_core::{CalendarError, Interval, SymbolId, Timestamp};

use crate::analysis::{AnalysisEngine, Pattern, Subscriber, SubscriberFailure};
use crate::config::{Historical, OnSubscriberError, Origin, RulesError, SessionConfig};
use crate::coordinator::{Inputs, Next};
use crate::history::History;
use crate::journal::{JournalError, JournalWriter, RefusedRow};
use crate::metrics::{PerformanceMetrics, Stage};
use crate::session::Sessions;

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
    /// The row's number in the source.
    pub number: u64,
    /// Its symbol, as far as it names one.
    pub symbol: Option<SymbolId>,
    /// Its open time, as far as it has one.
    pub time: Option<Timestamp>,
    /// Why.
    pub reason: &'a str,
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
    #[error("{source_name}, line {number}: {error}")]
    Calendar {
        /// The source.
        source_name: String,
        /// The row.
        number: u64,
        /// What the calendar says.
        error: CalendarError,
    },
    /// A row was rejected and [`OnInvalid::Stop`] was asked for.
    #[error("{source_name}, line {number}: {reason}")]
    Invalid {
        /// The source.
        source_name: String,
        /// The row.
        number: u64,
        /// Why it was rejected.
        reason: String,
    },
    /// A subscriber failed and [`OnSubscriberError::Stop`] was asked for.
    #[error(transparent)]
    Subscriber(#[from] SubscriberFailure),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
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
    /// Indicators that had too little history before the start: what to know, in a line.
    pub unsettled: Option<String>,
}

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

    /// A bar was told.
    pub fn bar(&mut self, interval: Interval) {
        self.intervals.entry(interval).or_default().bars += 1;
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
    pub fn close(&mut self, deriver: &barloom_core::derive::Deriver, trial: Option<&FileTrial>) {
        self.counts = *deriver.counts();
        self.unfinished = deriver.unfinished();
        self.closed_stretch = trial.and_then(FileTrial::closed_stretch);
        for (rule, &empty) in deriver.rules().intervals.iter().zip(deriver.empty()) {
            if let Some(interval) = self.intervals.get_mut(&rule.interval) {
                interval.empty = empty;
            }
        }
    }
}

/// What decides a run besides its inputs and subscribers.
#[derive(Debug)]
pub struct EngineConfig {
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

    /// As `config` has it, under its rules and plan.
    ///
    /// # Errors
    /// [`RulesError`] when the calendar does not know the date of the start or the end.
    pub fn of(config: &SessionConfig, rules: DeriveRules, plan: Plan) -> Result<Self, RulesError> {
        Ok(Self {
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

/// Runs inputs through the processor, on the calling thread.
#[derive(Debug)]
pub struct Engine<'s, I> {
    inputs: I,
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    notices: Notices,
    sessions: Sessions,
    /// Until the first step is told, where there is a start.
    history: Option<History>,
    analysis: AnalysisEngine<'s>,
    journal: Option<JournalWriter>,
    metrics: PerformanceMetrics,
    summary: RunSummary,
    tally: Tally,
    on_invalid: OnInvalid,
    start: Option<Timestamp>,
    step: u32,
}

impl<'s, I: Inputs> Engine<'s, I> {
    /// An engine over `inputs`.
    pub fn new(config: EngineConfig, inputs: I) -> Self {
        let EngineConfig { rules, mut plan, origin, .. } = config;
        let rules = rules.with_base();
        if let Some(base) = rules.intervals.first().filter(|rule| !rule.is_asked) {
            plan.add_untold(base.interval);
        }
        let sessions = Sessions::new(&rules, origin, &config.historical);
        let history = History::new(&rules, origin, &config.settling, &config.historical);
        let store = StoreConfig {
            outputs: rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect(),
            rules: rules.clone(),
            keep: config.keep,
            retain: config.retain,
            historical: sessions.names().to_vec(),
        };
        let (writer, data) = SessionWriter::new(store);
        let mut notices = Notices::default();
        if sessions.primes() {
            notices.keep_sessions();
        }
        Self {
            inputs,
            writer,
            data,
            notices,
            sessions,
            history: config.start.map(|_| history),
            analysis: AnalysisEngine::new(config.on_subscriber_error),
            journal: None,
            metrics: PerformanceMetrics::default(),
            summary: RunSummary::new(&rules),
            tally: Tally::default(),
            processor: Processor::new(rules, plan),
            on_invalid: config.on_invalid,
            start: config.start,
            step: 0,
        }
    }

    /// Subscribes `subscriber`, called `name` where it fails, to what `pattern` asks for.
    pub fn subscribe(&mut self, name: &str, pattern: Pattern, subscriber: impl Subscriber + 's) {
        self.analysis.subscribe(name, pattern, subscriber);
    }

    /// Writes every input to `journal`.
    pub fn keep_journal(&mut self, journal: JournalWriter) {
        self.journal = Some(journal);
    }

    /// What was and will be published; readers can go to other threads.
    pub fn data(&self) -> &SessionData {
        &self.data
    }

    /// Runs to the end of the inputs, or until a subscriber breaks.
    ///
    /// # Errors
    /// [`RunError`]; what was told before stands.
    pub fn run(mut self) -> Result<Finished<I>, RunError<I::Error>> {
        loop {
            let watch = self.metrics.start(Stage::Coordinator);
            let next = self.inputs.advance().map_err(RunError::Inputs)?;
            self.metrics.stop(Stage::Coordinator, watch);
            if self.take(next)?.is_break() {
                self.summary.stopped = true;
                break;
            }
            if next == Next::End {
                let trial = self.inputs.trial();
                let counts = self.processor.deriver().counts();
                trial.map_or(Ok(()), |trial| trial.end(counts)).map_err(RunError::Input)?;
                break;
            }
        }
        if let Some(journal) = self.journal.take() {
            journal.finish()?;
        }
        self.summary.told(&self.tally, self.processor.deriver().rules());
        self.summary.close(self.processor.deriver(), self.inputs.trial());
        self.summary.failures = self.analysis.failures().to_vec();
        Ok(Finished { summary: self.summary, metrics: self.metrics, inputs: self.inputs })
    }

    /// Takes the next input, writes it down, and tells what it closes.
    fn take(&mut self, next: Next) -> Result<ControlFlow<()>, RunError<I::Error>> {
        if let (Some(journal), Some(input)) = (&mut self.journal, next.input(&self.inputs)) {
            let refused = self.inputs.refused().iter().map(|refused| RefusedRow {
                source: refused.source as u32,
                number: refused.number,
                reason: &refused.why.reason,
            });
            journal.append(input, refused, self.inputs.symbols())?;
        }
        self.refuse()?;
        self.process(next)
    }

    /// Primes indicators and publishes historical values of the session that begins.
    fn open_session(&mut self) -> Result<(), RunError<I::Error>> {
        let Self { sessions, history, processor, writer, data, inputs, step, .. } = self;
        history.iter_mut().for_each(History::open);
        let opened = sessions.open(processor, writer, data, inputs.symbols(), *step);
        opened.map_err(|error| out_of_range(inputs, 0, error))
    }

    /// Takes an input and tells all its steps; a subscriber that breaks ends the run behind it, so that a journal's inputs are whole.
    fn process(&mut self, next: Next) -> Result<ControlFlow<()>, RunError<I::Error>> {
        let Self { inputs, processor, notices, metrics, sessions, .. } = self;
        let Some(input) = next.input(inputs) else { return Ok(ControlFlow::Break(())) };
        let mut watch = metrics.start(Stage::Processor);
        let taken = processor.take(input, inputs.symbols(), notices);
        taken.map_err(|(row, error)| out_of_range(inputs, row, error))?;
        sessions.keep(notices.sessions_over());
        let mut flow = ControlFlow::Continue(());
        if self.notices.following().is_none() {
            self.metrics.stop(Stage::Processor, watch.take());
            // Nothing closed; whoever wants to stop still can.
            flow = self.ask(next)?;
        }
        while let Some(at) = self.notices.following() {
            if self.sessions.enters(at) {
                self.open_session()?;
            }
            self.processor.step(self.step, &mut self.writer, &mut self.notices);
            self.metrics.stop(Stage::Processor, watch.take());
            if self.tell(at)?.is_break() {
                flow = ControlFlow::Break(());
            }
            self.step += 1;
        }
        Ok(flow)
    }

    /// Asks the subscribers whether to go on, though nothing is told.
    fn ask(&mut self, next: Next) -> Result<ControlFlow<()>, RunError<I::Error>> {
        let now = if let Next::Bars(at) | Next::Clock(at) = next { at } else { Timestamp::MAX };
        let view = View::new(&self.data, self.inputs.symbols(), self.step, now);
        Ok(self.analysis.tell(None, &view)?)
    }

    /// Tells the step at `at`, unless it is history.
    fn tell(&mut self, at: Timestamp) -> Result<ControlFlow<()>, RunError<I::Error>> {
        let Self {
            notices,
            processor,
            sessions,
            history,
            analysis,
            metrics,
            summary,
            tally,
            inputs,
            data,
            ..
        } = self;
        let plan = processor.plan();
        sessions.see(notices.iter(plan));
        if let Some(history) = history {
            history.see(notices.iter(plan));
        }
        if self.start.is_some_and(|start| at <= start) {
            return self.ask(Next::Clock(at));
        }
        if let Some(history) = history.take() {
            summary.unsettled = history.shortage(inputs.symbols());
        }
        notices.count(plan, tally);
        summary.steps += 1;
        if analysis.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let watch = metrics.start(Stage::Analysis);
        let view = View::new(data, inputs.symbols(), self.step, at);
        let flow = analysis.tell(Some((notices, plan)), &view)?;
        metrics.stop(Stage::Analysis, watch);
        Ok(flow)
    }

    /// Tells the input's refused rows.
    fn refuse(&mut self) -> Result<(), RunError<I::Error>> {
        for refused in self.inputs.refused() {
            let (source, number) = self.inputs.origin(refused.row);
            let crate::source::Unreadable { symbol, time, reason } = &refused.why;
            let reject = Reject { source, number, symbol: *symbol, time: *time, reason };
            self.analysis.refused(&reject, self.inputs.symbols());
            if self.on_invalid == OnInvalid::Stop {
                let (source_name, reason) = (source.to_owned(), reason.clone());
                return Err(RunError::Invalid { source_name, number, reason });
            }
        }
        Ok(())
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
}

fn out_of_range<I: Inputs>(inputs: &I, row: usize, error: CalendarError) -> RunError<I::Error> {
    let (source, number) = inputs.origin(row);
    RunError::Calendar { source_name: source.to_owned(), number, error }
}
