//! Who listens: strategies, files, whatever reads what a step published.
//!
//! A [`Subscriber`] is given the notices its [`Pattern`] asks for, in order, each with a [`View`] as of the step. One that fails or
//! panics ends the run or is removed, as [`OnSubscriberError`] says; the others go on.

use std::error::Error;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use barloom_core::error::panic_message;
use barloom_core::notice::{Notice, Notices, StepEvents, Tally};
use barloom_core::outputs::Outputs;
use barloom_core::store::View;
use barloom_core::{Interval, SymbolId, Symbols, Timestamp};

use crate::config::OnSubscriberError;
use crate::engine::Reject;
use crate::overrun::OverrunError;

/// What a subscriber fails with.
pub type SubscriberError = Box<dyn Error + Send + Sync>;

/// Which notices a subscriber is given; each condition that is set must hold.
///
/// ```
/// use barloom::analysis::Pattern;
/// let entries = Pattern::indicator("rsi_14").of("AAPL").on("5m".parse()?);
/// let everything = Pattern::all();
/// # Ok::<(), barloom::core::IntervalError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    symbol: Option<String>,
    interval: Option<Interval>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    All,
    Bars,
    Rows,
    Indicator(String),
    Warnings,
}

impl Pattern {
    const fn of_kind(kind: Kind) -> Self {
        Self { symbol: None, interval: None, kind }
    }

    /// Everything.
    pub const fn all() -> Self {
        Self::of_kind(Kind::All)
    }

    /// Closed bars.
    pub const fn bars() -> Self {
        Self::of_kind(Kind::Bars)
    }

    /// Closed bars, each with the values of its indicators, and warnings: the rows of tables.
    pub const fn rows() -> Self {
        Self::of_kind(Kind::Rows)
    }

    /// What the indicator of that canonical name says, like `rsi_14`.
    pub fn indicator(name: &str) -> Self {
        Self::of_kind(Kind::Indicator(name.to_owned()))
    }

    /// Warnings.
    pub const fn warnings() -> Self {
        Self::of_kind(Kind::Warnings)
    }

    /// Of one symbol alone.
    #[must_use]
    pub fn of(mut self, symbol: &str) -> Self {
        self.symbol = Some(symbol.to_owned());
        self
    }

    /// On one interval alone.
    #[must_use]
    pub const fn on(mut self, interval: Interval) -> Self {
        self.interval = Some(interval);
        self
    }

    /// The interval it names.
    pub const fn interval(&self) -> Option<Interval> {
        self.interval
    }

    /// The indicator it names.
    pub fn indicator_name(&self) -> Option<&str> {
        if let Kind::Indicator(name) = &self.kind { Some(name) } else { None }
    }
}

/// Takes what a run tells, in order.
pub trait Subscriber {
    /// A notice of the step that `view` is as of.
    ///
    /// # Errors
    /// What it fails with; it is not asked again then.
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError>;

    /// A row was refused; its warning follows with its step.
    fn refused(&mut self, _: &Reject<'_>, _: &Symbols) {}

    /// A clock-driven run is late: some part had not finished the steps before the one that follows.
    fn overrun(&mut self, _: &OverrunError) {}

    /// The run's state after all that was told so far is being saved, as its checkpoint of that number, from 1. A run that goes on from there tells
    /// what follows and nothing before it: whoever keeps what it was told makes sure of it now.
    ///
    /// # Errors
    /// What it fails with; it is not asked again then.
    fn checkpoint(&mut self, _: u64) -> Result<(), SubscriberError> {
        Ok(())
    }

    /// Everything of the step is told; whether to go on.
    fn step_done(&mut self, _: &View<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(&Notice<'_>, &View<'_>) -> Result<(), SubscriberError>> Subscriber for F {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        self(notice, view)
    }
}

/// A subscriber that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("subscriber `{name}` failed at {at}: {reason}")]
pub struct SubscriberFailure {
    /// Its name.
    pub name: String,
    /// The step's instant.
    pub at: barloom_core::Timestamp,
    /// What it said, or panicked with.
    pub reason: String,
}

/// How a subscriber on a thread of its own keeps up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attendance {
    /// It is waited for: nothing goes on before it has seen a step.
    #[default]
    Lockstep,
    /// It may lag some steps, and is waited for only then, which counts as backpressure; for files and screens.
    Follow,
}

/// What is told at a step: of each shard its notices, one shard behind the other.
#[derive(Debug)]
pub struct Told<'a, N> {
    /// What the shards tell of the input.
    pub shards: &'a [N],
    /// Which of it is the step's, by shard.
    pub steps: &'a [StepEvents],
    /// The outputs of the plan that computed it.
    pub outputs: &'a Outputs,
}

impl<N> Clone for Told<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Told<'_, N> {}

impl<'a, N: AsRef<Notices>> Told<'a, N> {
    /// By shard, its notices, which of them are the step's, and the outputs to read them by.
    fn by_shard(self) -> impl Iterator<Item = (&'a Notices, &'a StepEvents, &'a Outputs)> {
        self.shards.iter().zip(self.steps).map(move |(shard, step)| (shard.as_ref(), step, self.outputs))
    }

    /// All notices of the step, in their order.
    pub fn iter(self) -> impl Iterator<Item = Notice<'a>> {
        self.by_shard().flat_map(|(notices, step, outputs)| notices.iter(step, outputs))
    }

    /// Counts them.
    pub fn count(self, tally: &mut Tally) {
        self.by_shard().for_each(|(notices, step, outputs)| notices.count(step, outputs, tally));
    }
}

struct Subscription<'s> {
    name: String,
    pattern: Pattern,
    /// The symbol of the pattern, once it was met.
    symbol: Option<SymbolId>,
    subscriber: Box<dyn Subscriber + 's>,
}

/// The subscribers of a run.
#[derive(Default)]
pub struct AnalysisEngine<'s> {
    subscriptions: Vec<Subscription<'s>>,
    policy: OnSubscriberError,
    /// Those that were removed.
    failures: Vec<SubscriberFailure>,
}

impl<'s> AnalysisEngine<'s> {
    /// Without subscribers.
    pub fn new(policy: OnSubscriberError) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Subscribes `subscriber`, called `name` where it fails, to what `pattern` asks for.
    pub fn subscribe(&mut self, name: &str, pattern: Pattern, subscriber: impl Subscriber + 's) {
        self.subscribe_boxed(name, pattern, Box::new(subscriber));
    }

    pub(crate) fn subscribe_boxed(
        &mut self,
        name: &str,
        pattern: Pattern,
        subscriber: Box<dyn Subscriber + 's>,
    ) {
        let name = name.to_owned();
        self.subscriptions.push(Subscription { name, pattern, symbol: None, subscriber });
    }

    /// What is subscribed to.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.subscriptions.iter().map(|subscription| &subscription.pattern)
    }

    /// The subscribers that failed and were removed.
    pub fn failures(&self) -> &[SubscriberFailure] {
        &self.failures
    }

    /// Whether nobody is subscribed.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// A row was refused, of the input at `at`.
    ///
    /// # Errors
    /// As [`AnalysisEngine::tell`].
    pub fn refused(
        &mut self,
        reject: &Reject<'_>,
        symbols: &Symbols,
        at: Timestamp,
    ) -> Result<(), SubscriberFailure> {
        self.say(at, |subscriber| {
            subscriber.refused(reject, symbols);
            Ok(())
        })
    }

    /// A clock-driven run is late with the input at `at`.
    ///
    /// # Errors
    /// As [`AnalysisEngine::tell`].
    pub fn overrun(&mut self, overrun: &OverrunError, at: Timestamp) -> Result<(), SubscriberFailure> {
        self.say(at, |subscriber| {
            subscriber.overrun(overrun);
            Ok(())
        })
    }

    /// The state of the run at the instant `at` is saved as its checkpoint `number`.
    ///
    /// # Errors
    /// As [`AnalysisEngine::tell`].
    pub fn checkpoint(&mut self, number: u64, at: Timestamp) -> Result<(), SubscriberFailure> {
        self.say(at, |subscriber| subscriber.checkpoint(number))
    }

    /// Says something beside the steps to every subscriber.
    fn say(
        &mut self,
        at: Timestamp,
        say: impl Fn(&mut (dyn Subscriber + 's)) -> Result<(), SubscriberError>,
    ) -> Result<(), SubscriberFailure> {
        let said = self.each(at, |subscription| {
            guarded(|| say(&mut *subscription.subscriber).map(ControlFlow::Continue))
        });
        said.map(|_| ())
    }

    /// Tells a step: every subscriber what it asks for, in order; whether to go on. Without a step the subscribers are only asked
    /// that.
    ///
    /// # Errors
    /// [`SubscriberFailure`] where one failed and the policy is to stop.
    pub fn tell<N: AsRef<Notices>>(
        &mut self,
        told: Option<Told<'_, N>>,
        view: &View<'_>,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        self.each(view.now(), |subscription| subscription.tell(told, view))
    }

    /// Calls every subscriber at the instant `at`; one that fails ends the run or is removed.
    #[inline]
    fn each(
        &mut self,
        at: Timestamp,
        call: impl Fn(&mut Subscription<'s>) -> Result<ControlFlow<()>, String>,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        let (mut flow, mut place) = (ControlFlow::Continue(()), 0);
        while let Some(subscription) = self.subscriptions.get_mut(place) {
            match call(subscription) {
                Ok(own) => {
                    if own.is_break() {
                        flow = own;
                    }
                    place += 1;
                }
                Err(reason) => {
                    let name = subscription.name.clone();
                    let failure = SubscriberFailure { name, at, reason };
                    if self.policy == OnSubscriberError::Stop {
                        return Err(failure);
                    }
                    self.failures.push(failure);
                    self.subscriptions.remove(place);
                }
            }
        }
        Ok(flow)
    }
}

impl Subscription<'_> {
    fn tell<N: AsRef<Notices>>(
        &mut self,
        told: Option<Told<'_, N>>,
        view: &View<'_>,
    ) -> Result<ControlFlow<()>, String> {
        if self.symbol.is_none() {
            self.symbol = self.pattern.symbol.as_deref().and_then(|name| view.symbols().id(name));
        }
        let Self { pattern, symbol, subscriber, .. } = self;
        guarded(|| {
            for (notices, step, outputs) in told.into_iter().flat_map(Told::by_shard) {
                if pattern.kind == Kind::Bars {
                    for (bar, values) in notices.bars(step, outputs) {
                        if pattern.is_on(*symbol, Some(bar.symbol), bar.interval) {
                            subscriber.notice(&Notice::Bar(bar, values), view)?;
                        }
                    }
                } else {
                    let asked = |notice: &Notice<'_>| pattern.asks_for(*symbol, notice);
                    let has_readings = pattern.kind != Kind::Rows;
                    let told =
                        if has_readings { notices.iter(step, outputs) } else { notices.rows(step, outputs) };
                    for notice in told.filter(asked) {
                        subscriber.notice(&notice, view)?;
                    }
                }
            }
            Ok(subscriber.step_done(view))
        })
    }
}

/// Calls a subscriber. What it leaves half done is its own: it is not asked again after a panic.
#[inline]
fn guarded(
    call: impl FnOnce() -> Result<ControlFlow<()>, SubscriberError>,
) -> Result<ControlFlow<()>, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("it panicked: {}", panic_message(&*panic))),
    }
}

impl Pattern {
    #[inline]
    fn asks_for(&self, symbol: Option<SymbolId>, notice: &Notice<'_>) -> bool {
        let (of, on) = match notice {
            Notice::Bar(bar, _) | Notice::Indicator(bar, _) => (Some(bar.symbol), bar.interval),
            Notice::Warning(warning) => (warning.symbol, warning.interval),
        };
        let is_kind = match (&self.kind, notice) {
            (Kind::All | Kind::Rows, _)
            | (Kind::Bars, Notice::Bar(..))
            | (Kind::Warnings, Notice::Warning(_)) => true,
            (Kind::Indicator(name), Notice::Indicator(_, reading)) => reading.name == name,
            _ => false,
        };
        is_kind && self.is_on(symbol, of, on)
    }

    /// Whether something of the symbol `of` on the interval `on` is asked for; `symbol` is the pattern's, once it was met.
    #[inline]
    fn is_on(&self, symbol: Option<SymbolId>, of: Option<SymbolId>, on: Interval) -> bool {
        self.interval.is_none_or(|interval| interval == on)
            && (self.symbol.is_none() || (symbol.is_some() && of == symbol))
    }
}

impl std::fmt::Debug for AnalysisEngine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.subscriptions.iter().map(|subscription| (&subscription.name, &subscription.pattern));
        f.debug_map().entries(names).finish()
    }
}
