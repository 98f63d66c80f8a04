//! Who listens: strategies, files, whatever reads what a step published.
//!
//! A [`Subscriber`] is given the notices its [`Pattern`] asks for, in order, each with a [`View`] as of the step. One that fails or
//! panics ends the run or is removed, as [`OnSubscriberError`] says; the others go on.

use std::error::Error;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use barloom_core::notice::{Notice, Notices};
use barloom_core::plan::Plan;
use barloom_core::store::View;
use barloom_core::{Interval, SymbolId, Symbols};

use crate::config::OnSubscriberError;
use crate::engine::Reject;

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
        let (name, subscriber) = (name.to_owned(), Box::new(subscriber));
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

    /// A row was refused.
    pub fn refused(&mut self, reject: &Reject<'_>, symbols: &Symbols) {
        for subscription in &mut self.subscriptions {
            subscription.subscriber.refused(reject, symbols);
        }
    }

    /// Tells the step at hand of `notices`, which the plan computed: every subscriber what it asks for, in order; whether to go on.
    /// Without notices the subscribers are only asked that.
    ///
    /// # Errors
    /// [`SubscriberFailure`] where one failed and the policy is to stop.
    pub fn tell(
        &mut self,
        notices: Option<(&Notices, &Plan)>,
        view: &View<'_>,
    ) -> Result<ControlFlow<()>, SubscriberFailure> {
        let (mut flow, mut place) = (ControlFlow::Continue(()), 0);
        while let Some(subscription) = self.subscriptions.get_mut(place) {
            match subscription.tell(notices, view) {
                Ok(own) => {
                    if own.is_break() {
                        flow = own;
                    }
                    place += 1;
                }
                Err(reason) => {
                    let name = subscription.name.clone();
                    let failure = SubscriberFailure { name, at: view.now(), reason };
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
    fn tell(
        &mut self,
        notices: Option<(&Notices, &Plan)>,
        view: &View<'_>,
    ) -> Result<ControlFlow<()>, String> {
        if self.symbol.is_none() {
            self.symbol = self.pattern.symbol.as_deref().and_then(|name| view.symbols().id(name));
        }
        let Self { pattern, symbol, subscriber, .. } = self;
        // What a subscriber leaves half done is its own: it is not asked again after a panic.
        let told = catch_unwind(AssertUnwindSafe(|| {
            if let Some((notices, plan)) = notices {
                if pattern.kind == Kind::Bars {
                    for (bar, values) in notices.bars(plan) {
                        if pattern.is_on(*symbol, Some(bar.symbol), bar.interval) {
                            subscriber.notice(&Notice::Bar(bar, values), view)?;
                        }
                    }
                } else {
                    for notice in notices.iter(plan).filter(|notice| pattern.asks_for(*symbol, notice)) {
                        subscriber.notice(&notice, view)?;
                    }
                }
            }
            Ok::<_, SubscriberError>(subscriber.step_done(view))
        }));
        match told {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(panic) => Err(format!("it panicked: {}", message_of(&*panic))),
        }
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
            (Kind::All, _) | (Kind::Bars, Notice::Bar(..)) | (Kind::Warnings, Notice::Warning(_)) => true,
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

/// What a panic said.
fn message_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

impl std::fmt::Debug for AnalysisEngine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.subscriptions.iter().map(|subscription| (&subscription.name, &subscription.pattern));
        f.debug_map().entries(names).finish()
    }
}
