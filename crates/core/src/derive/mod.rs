//! Longer bars from base bars: the rules P1 to P16 of the design, without files, threads or a clock of its own.
//!
//! Walk one row. [`Deriver::check`] resolves its label to an open time on the base grid and checks its values;
//! [`Deriver::take`] puts its bar into the slot of its session and tells every interval, ascending. A bucket
//! whose last base bar arrived is given to the [`Sink`] at once; [`Deriver::advance`] moves a clock and closes what
//! it passes; [`Deriver::finish`] reports what stayed open. Rows from files come through [`FileFeed`], which moves
//! the clock by the rows themselves.
//!
//! ```
//! use barloom_core::derive::*;
//! use barloom_core::{Calendar, Label, Record, Symbols, Timestamp};
//!
//! #[derive(Default)]
//! struct Print(Vec<String>);
//! impl Sink for Print {
//!     fn bar(&mut self, b: &ClosedBar) {
//!         self.0.push(format!("{} {} close {} of {}/{}", b.interval, b.bar.open_time(), b.bar.close(), b.n_base, b.n_expected));
//!     }
//!     // Not under the default `late = "drop"`.
//!     fn revised(&mut self, _: Revision) {}
//!     fn warning(&mut self, w: &Warning) {
//!         self.0.push(w.kind.to_string());
//!     }
//! }
//!
//! let config = DeriveConfig::new(Calendar::named("XNYS")?, &["5m".parse()?]);
//! let mut deriver = Deriver::new(DeriveRules::new(config)?);
//! let (mut out, aaa) = (Print::default(), Symbols::new().intern("AAA")?);
//! for (minute, close) in [("14:30", 100.5), ("14:31", 101.0), ("14:33", 101.5)] {
//!     let at: Timestamp = format!("2024-11-26T{minute}:00Z").parse()?;
//!     let row = Record { label: Label::Open(at), open: 100.0, high: 102.0, low: 99.0, close,
//!                        volume: None, vwap: None, trade_count: None };
//!     let minute = deriver.check(&row)?;
//!     deriver.take(aaa, &minute.bar, &mut out)?;
//! }
//! deriver.advance_all("2024-11-26T14:35:00Z".parse()?, &[aaa], &mut out);
//! assert_eq!(out.0, ["5m 2024-11-26T14:30:00Z close 101.5 of 3/5"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod aggregator;
mod empty;
mod event;
mod files;
mod plan;
mod rules;
mod saved;
mod session;
mod slots;
mod stretch;

pub(crate) use aggregate::Fold;
pub use event::{ClosedBar, Counts, Outcome, Revision, Sink, Warning, WarningKind};
pub use files::{Clocks, FileError, FileFeed, FileTrial};
pub use plan::SessionLabel;
pub(crate) use plan::{BucketAt, bucket_at, traded};
pub use rules::{
    Align, DeriveConfig, DeriveRules, DeriveRulesError, IntervalRule, LONGEST_GRACE, Late, Policy, Stub,
    TradingHours,
};
pub use stretch::ClosedStretch;

use crate::bar::{Bar, InvalidBar, Label, Record};
use crate::calendar::CalendarError;
use crate::interval::Interval;
use crate::symbol::SymbolId;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use aggregator::{Aggregator, Shared};

/// A row found sound: its bar, and when that closes.
#[derive(Debug, Clone, Copy)]
pub struct Minute {
    /// The base bar.
    pub bar: Bar,
    /// When it closes: what moves a clock over files (§2.2).
    pub close: Timestamp,
}

/// Why a row can't be taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Its values or time make no bar; count it with [`Deriver::refuse`] (P13).
    #[error(transparent)]
    Invalid(#[from] InvalidBar),
    /// The calendar does not know its date.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// Finds rows sound, or says why not: labels resolved to the base grid, values checked.
#[derive(Debug, Clone)]
pub struct RowCheck {
    rules: DeriveRules,
    /// The instants that the calendar surely knows.
    known: (Timestamp, Timestamp),
}

impl RowCheck {
    /// A check of rows for `rules`.
    pub fn new(rules: DeriveRules) -> Self {
        Self { known: rules.calendar.known(), rules }
    }

    /// The rules.
    pub fn rules(&self) -> &DeriveRules {
        &self.rules
    }

    /// Resolves the row's open time and checks its values. Changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the value and what is allowed; [`Refusal::Calendar`] for a date that the calendar
    /// does not know.
    #[inline]
    pub fn check(&self, row: &Record) -> Result<Minute, Refusal> {
        let rules = &self.rules;
        let (open, close) = match (rules.base.nanos(), row.label) {
            (Some(base), Label::Open(at)) => (at, at.saturating_add(base)),
            (Some(base), Label::Close(at)) => (at.saturating_add(-base), at),
            (Some(_), Label::Date(date)) => {
                return Err(InvalidBar::DateOnly { date, base: rules.base }.into());
            }
            (None, label) => self.day(label)?,
        };
        // By constants: a division by a variable would cost more than the rest of the check.
        let on_grid = match rules.base {
            Interval::SECOND => open.as_nanos() % NANOS_PER_SECOND == 0,
            Interval::MINUTE => open.as_nanos() % (60 * NANOS_PER_SECOND) == 0,
            _ => true,
        };
        if !on_grid {
            return Err(InvalidBar::OffGrid { time: open, base: rules.base }.into());
        }
        row.check()?;
        if open < self.known.0 || open >= self.known.1 {
            rules.calendar.at_or_after(open)?;
        }
        Ok(Minute { bar: Bar::of_checked(open, row), close })
    }

    /// When the row's bar opens, as far as its label says; a daily row's, when its session does.
    pub fn open_time(&self, label: Label) -> Option<Timestamp> {
        let base = self.rules.base;
        if base == Interval::DAY { self.day(label).ok().map(|(open, _)| open) } else { label.open_time(base) }
    }

    /// The open and close of the session that a daily row names. A day without a session gives its local midnights,
    /// which no segment of a daily base holds.
    fn day(&self, label: Label) -> Result<(Timestamp, Timestamp), Refusal> {
        let calendar = &self.rules.calendar;
        let date = match label {
            Label::Date(date) => Some(date),
            Label::Open(time) => Some(self.midnight(time)?),
            // The midnight that ends a day closes it.
            Label::Close(time) => self.midnight(time)?.yesterday().ok(),
        };
        let date = date.unwrap_or(jiff::civil::Date::MIN);
        if let Some(index) = calendar.on(date)? {
            let session = calendar.session(index);
            return Ok((session.open(), session.close()));
        }
        let midnight = |date: jiff::civil::Date| {
            let at = date.to_zoned(calendar.zone().clone()).ok()?;
            Timestamp::from_jiff(at.timestamp())
        };
        let open = midnight(date).unwrap_or(Timestamp::MIN);
        Ok((open, date.tomorrow().ok().and_then(midnight).unwrap_or(open)))
    }

    /// The date whose first instant `time` is, on the calendar's clock.
    fn midnight(&self, time: Timestamp) -> Result<jiff::civil::Date, InvalidBar> {
        let local = self.rules.calendar.zone().to_datetime(time.to_jiff());
        let is_midnight = local.time() == jiff::civil::Time::midnight();
        if is_midnight { Ok(local.date()) } else { Err(InvalidBar::OffGrid { time, base: Interval::DAY }) }
    }
}

/// Derives bars of any number of symbols.
#[derive(Debug)]
pub struct Deriver {
    shared: Shared,
    symbols: Vec<Aggregator>,
    counts: Counts,
    clocks_ignored: u64,
    /// The clock that all symbols share; stays at its beginning when each has its own.
    clock: Timestamp,
    /// No symbol has anything due before.
    due: Timestamp,
    check: RowCheck,
}

impl Deriver {
    /// A deriver under `rules` that has seen nothing.
    pub fn new(rules: DeriveRules) -> Self {
        Self {
            check: RowCheck::new(rules.clone()),
            shared: Shared::new(rules),
            symbols: Vec::new(),
            counts: Counts::default(),
            clocks_ignored: 0,
            clock: Timestamp::MIN,
            due: Timestamp::MAX,
        }
    }

    /// The rules.
    pub fn rules(&self) -> &DeriveRules {
        &self.shared.rules
    }

    /// Where every row went so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Buckets left open at the end of the input (P15), over all intervals.
    pub fn unfinished(&self) -> u64 {
        self.shared.unfinished
    }

    /// Buckets without a base bar (P7), by interval in the order of the rules: those between the first and the last
    /// that held one, summed over symbols.
    pub fn empty(&self) -> &[u64] {
        &self.shared.empty
    }

    /// As [`RowCheck::check`] under the deriver's rules.
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn check(&self, row: &Record) -> Result<Minute, Refusal> {
        self.check.check(row)
    }

    /// As [`RowCheck::open_time`].
    pub fn open_time(&self, label: Label) -> Option<Timestamp> {
        self.check.open_time(label)
    }

    /// Takes a row of `symbol`: counts it, tells `sink` what it completes or warns about.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] when the calendar does not know the row's whole week or month; the row is not
    /// counted then.
    #[inline]
    pub fn take(
        &mut self,
        symbol: SymbolId,
        bar: &Bar,
        sink: &mut impl Sink,
    ) -> Result<Outcome, CalendarError> {
        self.take_at(self.clock, symbol, bar, sink)
    }

    /// As [`Deriver::take`], once the symbol's clock has moved to `clock`.
    #[inline]
    pub(crate) fn take_at(
        &mut self,
        clock: Timestamp,
        symbol: SymbolId,
        bar: &Bar,
        sink: &mut impl Sink,
    ) -> Result<Outcome, CalendarError> {
        let Self { shared, symbols, .. } = self;
        let aggregator = aggregator(symbols, symbol, &shared.rules);
        aggregator.advance(clock, shared, sink);
        let outcome = aggregator.take(bar, shared, sink)?;
        self.due = self.due.min(aggregator.due());
        self.counts.add(outcome);
        Ok(outcome)
    }

    /// Counts a row that was refused and warns about it (P13); `symbol` and `time` as far as the row has them.
    #[cold]
    pub fn refuse(&mut self, symbol: Option<SymbolId>, time: Option<Timestamp>, sink: &mut impl Sink) {
        self.counts.invalid += 1;
        // The shortest interval is the only one that can be the base.
        let (interval, place, kind) = (self.shared.rules.base, 0, WarningKind::InvalidBar);
        sink.warning(&Warning { symbol, interval, place, kind, time, counts: None });
    }

    /// Forgets what is open of `symbol`: its next row is its first. Counts stay.
    pub(crate) fn forget(&mut self, symbol: SymbolId) {
        if let Some(aggregator) = self.symbols.get_mut(symbol.slot()) {
            *aggregator = Aggregator::new(symbol, &self.shared.rules);
        }
    }

    /// Moves the clock of `symbol` alone to `to`; a clock never goes back.
    #[inline]
    pub fn advance(&mut self, symbol: SymbolId, to: Timestamp, sink: &mut impl Sink) {
        let Self { shared, symbols, .. } = self;
        aggregator(symbols, symbol, &shared.rules).advance(to, shared, sink);
    }

    /// Moves the clock of all symbols to `to` and closes what it passes: instant by instant, at one instant in the
    /// order of `symbols`, which must name every symbol that was taken: one left out is not closed. A clock that would
    /// go back is counted in [`Deriver::clocks_ignored`] and changes nothing.
    pub fn advance_all(&mut self, to: Timestamp, symbols: &[SymbolId], sink: &mut impl Sink) {
        // Nothing is due at the last instant: there it means never.
        while self.due <= to && self.due < Timestamp::MAX {
            let now = self.due;
            self.due = Timestamp::MAX;
            for &symbol in symbols {
                let aggregator = aggregator(&mut self.symbols, symbol, &self.shared.rules);
                if aggregator.due() <= now {
                    aggregator.advance(now, &self.shared, sink);
                }
                self.due = self.due.min(aggregator.due());
            }
        }
        self.clocks_ignored += u64::from(to < self.clock);
        self.clock = self.clock.max(to);
    }

    /// How often the clock that all symbols share would have gone back.
    pub fn clocks_ignored(&self) -> u64 {
        self.clocks_ignored
    }

    /// The next instant at which the clock would close something; [`Timestamp::MAX`] when nothing is held.
    /// May be early, never late.
    pub fn due(&self) -> Timestamp {
        self.due
    }

    /// The input of `symbols` ended: in their order, what is still open is emitted or reported (P15). A minute taken
    /// after that begins its buckets anew.
    pub fn finish(&mut self, symbols: &[SymbolId], sink: &mut impl Sink) {
        for &symbol in symbols {
            let Self { shared, symbols, .. } = self;
            aggregator(symbols, symbol, &shared.rules).finish(shared, sink);
        }
        self.due = Timestamp::MAX;
    }
}

/// The aggregator of `symbol`, made at its first row.
#[inline]
fn aggregator<'a>(
    symbols: &'a mut Vec<Aggregator>,
    symbol: SymbolId,
    rules: &DeriveRules,
) -> &'a mut Aggregator {
    let slot = symbol.slot();
    if symbols.len() <= slot {
        add_symbols(symbols, slot, rules);
    }
    let aggregator = &mut symbols[slot];
    aggregator.symbol = symbol;
    aggregator
}

/// Makes room for the symbols up to that in `slot`.
#[cold]
fn add_symbols(symbols: &mut Vec<Aggregator>, slot: usize, rules: &DeriveRules) {
    symbols.resize_with(slot + 1, || Aggregator::new(SymbolId::UNKNOWN, rules));
}
