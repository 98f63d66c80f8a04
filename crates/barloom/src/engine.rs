//! One run on one thread: coordinator → deriver → sink, step by step.
//!
//! At a step the clock still stands at the step before while its rows are taken; then the clock moves to the step,
//! closing what lies between. Only then is anything of the step told: symbols in name order, within a symbol
//! intervals ascending.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use barloom_core::derive::{
    ClosedBar, ClosedStretch, Counts, DeriveRules, Deriver, FileError, FileTrial, Refusal, Sink, Warning,
    WarningKind,
};
use barloom_core::{CalendarError, Interval, SymbolId, Symbols, Timestamp};

use crate::coordinator::{CoordinatorError, SessionCoordinator, StepRow};
use crate::source::Source;

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

/// Takes what a run tells, in order. The engine drives; after [`ControlFlow::Break`] nothing more is told.
pub trait Subscriber {
    /// A bar closed.
    fn bar(&mut self, bar: &ClosedBar, symbols: &Symbols);
    /// Something to know.
    fn warning(&mut self, warning: &Warning, symbols: &Symbols);
    /// A row was rejected; its warning follows with its step.
    fn rejected(&mut self, reject: &Reject<'_>, symbols: &Symbols);
    /// The step at `now` is told; whether to go on.
    fn step_done(&mut self, now: Timestamp) -> ControlFlow<()>;
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// The sources can't be followed.
    #[error(transparent)]
    Coordinator(#[from] CoordinatorError<E>),
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
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunSummary {
    /// Where every row went.
    pub counts: Counts,
    /// Buckets left open at the end.
    pub unfinished: u64,
    /// Instants at which rows came.
    pub steps: u64,
    /// What each interval gave.
    pub intervals: BTreeMap<Interval, IntervalSummary>,
    /// Warnings by kind.
    pub warnings: BTreeMap<WarningKind, u64>,
    /// A part of the day in which a market under `24/7` never traded.
    pub closed_stretch: Option<ClosedStretch>,
    /// Whether a subscriber ended the run.
    pub stopped: bool,
}

/// What one interval gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IntervalSummary {
    /// Bars out.
    pub bars: u64,
    /// Buckets without a base bar (P7).
    pub empty: u64,
}

impl RunSummary {
    /// The summary of a run under `rules` that did nothing yet.
    pub fn new(rules: &DeriveRules) -> Self {
        let intervals =
            rules.intervals.iter().map(|rule| (rule.interval, IntervalSummary::default())).collect();
        Self { intervals, ..Self::default() }
    }

    /// A bar was told.
    pub fn bar(&mut self, bar: &ClosedBar) {
        self.intervals.entry(bar.interval).or_default().bars += 1;
    }

    /// A warning was told.
    pub fn warning(&mut self, warning: &Warning) {
        *self.warnings.entry(warning.kind).or_default() += 1;
    }

    /// Takes over what was counted on the way.
    pub fn close(&mut self, deriver: &Deriver, trial: &FileTrial) {
        self.counts = *deriver.counts();
        self.unfinished = deriver.unfinished();
        self.closed_stretch = trial.closed_stretch();
        for (rule, &empty) in deriver.rules().intervals.iter().zip(deriver.empty()) {
            self.intervals.entry(rule.interval).or_default().empty = empty;
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Notice {
    Bar(ClosedBar),
    Warning(Warning),
}

impl Notice {
    /// Instants ascend: a bucket that a younger one's last row closed was due earlier than its step. At one instant
    /// symbols are in name order; a warning about an unreadable row, which names none, comes first. Within an interval
    /// the bar comes before warnings.
    fn key<'s>(&self, order: &Order<'s>) -> (Timestamp, Option<&'s str>, Interval, bool) {
        let (due, symbol, interval) = match self {
            Self::Bar(bar) => (bar.close_time.saturating_add(order.grace), Some(bar.symbol), bar.interval),
            Self::Warning(warning) => (order.now, warning.symbol, warning.interval),
        };
        let is_warning = matches!(self, Self::Warning(_));
        (due.min(order.now), symbol.map(|id| order.symbols.name(id).as_str()), interval, is_warning)
    }
}

/// What the order of notices depends on.
struct Order<'s> {
    symbols: &'s Symbols,
    grace: i64,
    now: Timestamp,
}

/// The notices of one step, each with its place among them.
#[derive(Debug, Default)]
struct Notices(Vec<(usize, Notice)>);

impl Notices {
    fn push(&mut self, notice: Notice) {
        self.0.push((self.0.len(), notice));
    }

    /// Tells them in their order. Sorting by place too needs no memory to be stable.
    fn tell(&mut self, order: &Order<'_>, summary: &mut RunSummary, subscriber: &mut impl Subscriber) {
        self.0.sort_unstable_by(|(i, a), (j, b)| a.key(order).cmp(&b.key(order)).then(i.cmp(j)));
        for (_, notice) in self.0.drain(..) {
            match notice {
                Notice::Bar(bar) => {
                    summary.bar(&bar);
                    subscriber.bar(&bar, order.symbols);
                }
                Notice::Warning(warning) => {
                    summary.warning(&warning);
                    subscriber.warning(&warning, order.symbols);
                }
            }
        }
    }
}

impl Sink for Notices {
    fn bar(&mut self, bar: &ClosedBar) {
        self.push(Notice::Bar(*bar));
    }
    fn warning(&mut self, warning: &Warning) {
        self.push(Notice::Warning(*warning));
    }
}

/// Runs the sources through derivation, on the calling thread.
#[derive(Debug)]
pub struct Engine<S> {
    coordinator: SessionCoordinator<S>,
    deriver: Deriver,
    on_invalid: OnInvalid,
    trial: FileTrial,
    /// Of the step at hand.
    notices: Notices,
    /// Of an instant between two steps.
    between: Notices,
    summary: RunSummary,
}

impl<S: Source> Engine<S> {
    /// An engine over `sources` under `rules`.
    pub fn new(rules: DeriveRules, on_invalid: OnInvalid, sources: Vec<S>) -> Self {
        let (summary, trial) = (RunSummary::new(&rules), FileTrial::new(&rules));
        Self {
            coordinator: SessionCoordinator::new(sources),
            deriver: Deriver::new(rules),
            on_invalid,
            trial,
            notices: Notices::default(),
            between: Notices::default(),
            summary,
        }
    }

    /// Runs to the end of the sources, or until the subscriber breaks; also gives the symbols that were met.
    ///
    /// # Errors
    /// [`RunError`]; what was told before stands.
    pub fn run(
        mut self,
        subscriber: &mut impl Subscriber,
    ) -> Result<(RunSummary, Symbols), RunError<S::Error>> {
        self.coordinator.start(&self.deriver)?;
        while let Some(now) = self.coordinator.next_step(&self.deriver)? {
            self.take_rows(subscriber)?;
            self.move_clock(now, subscriber);
            self.summary.steps += 1;
            if subscriber.step_done(now).is_break() {
                self.summary.stopped = true;
                return Ok(self.summarised());
            }
        }
        let symbols = self.coordinator.symbols();
        self.deriver.finish(symbols.by_name(), &mut self.notices);
        let order = Order { symbols, grace: self.deriver.rules().grace, now: Timestamp::MAX };
        self.notices.tell(&order, &mut self.summary, subscriber);
        self.trial.end(self.deriver.counts()).map_err(RunError::Input)?;
        Ok(self.summarised())
    }

    fn summarised(mut self) -> (RunSummary, Symbols) {
        self.summary.close(&self.deriver, &self.trial);
        (self.summary, self.coordinator.into_symbols())
    }

    fn take_rows(&mut self, subscriber: &mut impl Subscriber) -> Result<(), RunError<S::Error>> {
        let Self { coordinator, deriver, notices, trial, on_invalid, .. } = self;
        for row in coordinator.rows() {
            let source = coordinator.source_name(row.source);
            let refused = |symbol, time, reason: &str, subscriber: &mut _| {
                refuse(
                    *on_invalid,
                    &Reject { source, number: row.number, symbol, time, reason },
                    coordinator.symbols(),
                    subscriber,
                )
            };
            let (symbol, record) = match &row.content {
                Ok(content) => content,
                Err(unreadable) => {
                    trial.unreadable(&unreadable.reason);
                    deriver.refuse(unreadable.symbol, unreadable.time, notices);
                    refused(unreadable.symbol, unreadable.time, &unreadable.reason, subscriber)?;
                    continue;
                }
            };
            let minute = match deriver.check(record) {
                Ok(minute) => minute,
                Err(Refusal::Calendar(error)) => return Err(out_of_range(source, row, error)),
                Err(Refusal::Invalid(reason)) => {
                    let (base, time) = (deriver.rules().base, deriver.open_time(record.label));
                    deriver.refuse(Some(*symbol), time, notices);
                    refused(Some(*symbol), time, &reason.to_string(), subscriber)?;
                    trial.invalid(&reason, base).map_err(RunError::Input)?;
                    continue;
                }
            };
            trial.sound(minute.bar.open_time());
            deriver.take(*symbol, &minute.bar, notices).map_err(|error| out_of_range(source, row, error))?;
        }
        Ok(())
    }

    /// Closes, instant by instant, what lies between the last step and `now`; what the rows closed belongs to `now`.
    fn move_clock(&mut self, now: Timestamp, subscriber: &mut impl Subscriber) {
        let Self { coordinator, deriver, notices, between, summary, .. } = self;
        let symbols = coordinator.symbols();
        let grace = deriver.rules().grace;
        let order = |now| Order { symbols, grace, now };
        while deriver.due() < now {
            let due = deriver.due();
            deriver.advance_all(due, symbols.by_name(), between);
            between.tell(&order(due), summary, subscriber);
        }
        deriver.advance_all(now, symbols.by_name(), notices);
        notices.tell(&order(now), summary, subscriber);
    }
}

fn out_of_range<E>(source: &str, row: &StepRow, error: CalendarError) -> RunError<E> {
    RunError::Calendar { source_name: source.to_owned(), number: row.number, error }
}

fn refuse<E>(
    on_invalid: OnInvalid,
    reject: &Reject<'_>,
    symbols: &Symbols,
    subscriber: &mut impl Subscriber,
) -> Result<(), RunError<E>> {
    subscriber.rejected(reject, symbols);
    match on_invalid {
        OnInvalid::Reject => Ok(()),
        OnInvalid::Stop => Err(RunError::Invalid {
            source_name: reject.source.to_owned(),
            number: reject.number,
            reason: reject.reason.to_owned(),
        }),
    }
}
