//! Splits, dividends and rolls: history before a session, rescaled (P17).
//!
//! Walk one row. Its session is found; every [`Adjustment`] of its symbol that takes effect with a later session multiplies its prices
//! by one factor and its volume by another. Rows are adjusted as they are read, before anything else sees them, so a bar, an
//! indicator and a journal know adjusted rows alone.
//!
//! ```
//! use barloom_core::adjust::{Adjustment, Adjustments};
//! use barloom_core::Symbol;
//!
//! // Two shares for one, from 2024-06-10 on.
//! let split = Adjustment { symbol: Symbol::new("NVDA")?, session: "2024-06-10".parse()?, price_factor: 0.5, volume_factor: 2.0 };
//! let adjustments = Adjustments::new([split])?;
//! let before = adjustments.factors("NVDA", "2024-06-07".parse()?);
//! assert_eq!((before.price, before.volume), (0.5, 2.0));
//! assert!(adjustments.factors("NVDA", "2024-06-10".parse()?).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::bar::{Label, Record};
use crate::calendar::Calendar;
use crate::interval::Interval;
use crate::symbol::{Symbol, SymbolId, Symbols};
use crate::time::Timestamp;

/// One rescaling of a symbol's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// The symbol.
    pub symbol: Symbol,
    /// The first session that is not rescaled.
    pub session: Date,
    /// What prices and vwap before it are multiplied by: above 0.
    pub price_factor: f64,
    /// What volume before it is multiplied by: above 0.
    pub volume_factor: f64,
}

/// A factor that rescales nothing.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{what} {got} is not allowed; allowed is a finite number above 0")]
pub struct FactorError {
    /// `price_factor` or `volume_factor`.
    pub what: &'static str,
    /// What was given.
    pub got: f64,
}

impl Adjustment {
    /// That both factors can be multiplied by.
    ///
    /// # Errors
    /// [`FactorError`] names the first that can't.
    pub fn check(&self) -> Result<(), FactorError> {
        let factors = [("price_factor", self.price_factor), ("volume_factor", self.volume_factor)];
        let wrong = factors.into_iter().find(|(_, factor)| !(factor.is_finite() && *factor > 0.0));
        wrong.map_or(Ok(()), |(what, got)| Err(FactorError { what, got }))
    }
}

/// What a row is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    /// Prices and vwap.
    pub price: f64,
    /// Volume.
    pub volume: f64,
}

impl Factors {
    /// Those that leave a row as it is.
    pub const NONE: Self = Self { price: 1.0, volume: 1.0 };

    /// Whether they leave a row as it is.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// `row`, rescaled. Its count of trades stays, and so does a missing value.
    #[inline]
    #[must_use]
    pub fn applied(self, row: &Record) -> Record {
        if self.is_none() {
            return *row;
        }
        Record {
            label: row.label,
            open: row.open * self.price,
            high: row.high * self.price,
            low: row.low * self.price,
            close: row.close * self.price,
            volume: row.volume.map(|volume| volume * self.volume),
            vwap: row.vwap.map(|vwap| vwap * self.price),
            trade_count: row.trade_count,
        }
    }
}

/// A symbol's history from one adjustment back to the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    /// Sessions before this one, and not before an earlier step's, have the factors.
    session: Date,
    before: Factors,
}

/// The adjustments of all symbols. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Adjustments(Arc<BTreeMap<Symbol, Vec<Step>>>);

impl Adjustments {
    /// All of `adjustments`, in any order; several of one session are multiplied.
    ///
    /// # Errors
    /// [`FactorError`] of the first that has a factor of 0, below, or not finite.
    pub fn new(adjustments: impl IntoIterator<Item = Adjustment>) -> Result<Self, FactorError> {
        let mut by_symbol: BTreeMap<Symbol, Vec<Step>> = BTreeMap::new();
        for adjustment in adjustments {
            adjustment.check()?;
            let Adjustment { symbol, session, price_factor: price, volume_factor: volume } = adjustment;
            by_symbol.entry(symbol).or_default().push(Step { session, before: Factors { price, volume } });
        }
        for steps in by_symbol.values_mut() {
            // Stable, and factors are multiplied from the newest back: the bits are those of the file.
            steps.sort_by_key(|step| step.session);
            let mut after = Factors::NONE;
            for step in steps.iter_mut().rev() {
                after = Factors {
                    price: after.price * step.before.price,
                    volume: after.volume * step.before.volume,
                };
                step.before = after;
            }
        }
        Ok(Self(Arc::new(by_symbol)))
    }

    /// What rows of `symbol` in the session dated `session` are multiplied by.
    pub fn factors(&self, symbol: &str, session: Date) -> Factors {
        let steps = self.0.get(symbol).map_or(&[][..], Vec::as_slice);
        // Of several with one session the first carries them all.
        steps
            .get(steps.partition_point(|step| step.session <= session))
            .map_or(Factors::NONE, |step| step.before)
    }

    /// The symbols that have adjustments and are not in `met`, in the order of their names.
    pub fn unknown<'a>(&'a self, met: &'a Symbols) -> impl Iterator<Item = &'a Symbol> {
        self.0.keys().filter(|symbol| met.id(symbol.as_str()).is_none())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Adjusts rows as they are read, by their sessions.
#[derive(Debug, Clone)]
pub struct Adjuster {
    adjustments: Adjustments,
    calendar: Calendar,
    base: Interval,
    /// By symbol.
    known: Vec<Known>,
}

/// Factors that hold from one instant to another.
#[derive(Debug, Clone, Copy)]
struct Known {
    from: Timestamp,
    to: Timestamp,
    factors: Factors,
}

/// Nothing is known.
const UNKNOWN: Known = Known { from: Timestamp::MAX, to: Timestamp::MIN, factors: Factors::NONE };

impl Adjuster {
    /// An adjuster of rows of `base` whose sessions are those of `calendar`.
    pub fn new(adjustments: Adjustments, calendar: Calendar, base: Interval) -> Self {
        Self { adjustments, calendar, base, known: Vec::new() }
    }

    /// The adjustments.
    pub fn adjustments(&self) -> &Adjustments {
        &self.adjustments
    }

    /// `row`, which is of `symbol` of `symbols`, adjusted. One between two sessions belongs to the later; one that the calendar
    /// does not know stays as it is, for the row check to refuse.
    #[inline]
    pub fn adjusted(&mut self, symbol: SymbolId, symbols: &Symbols, row: &Record) -> Record {
        if self.adjustments.is_empty() {
            return *row;
        }
        let factors = match (row.label, row.label.open_time(self.base)) {
            (Label::Open(_) | Label::Close(_), Some(open)) if self.base != Interval::DAY => {
                let known = self.known.get(symbol.index()).filter(|own| own.from <= open && open < own.to);
                match known {
                    Some(known) => known.factors,
                    None => self.look_up(symbol, symbols, open),
                }
            }
            (label, _) => {
                let date = self.day(label);
                self.adjustments.factors(symbols.name(symbol).as_str(), date)
            }
        };
        factors.applied(row)
    }

    /// The factors of the session at or after `open`.
    #[cold]
    fn look_up(&mut self, symbol: SymbolId, symbols: &Symbols, open: Timestamp) -> Factors {
        let Ok(index) = self.calendar.at_or_after(open) else { return Factors::NONE };
        let session = self.calendar.session(index);
        let factors = self.adjustments.factors(symbols.name(symbol).as_str(), session.date());
        if self.known.len() <= symbol.index() {
            self.known.resize(symbol.index() + 1, UNKNOWN);
        }
        // A row before the open that comes later is looked up anew.
        self.known[symbol.index()] = Known { from: open.min(session.starts()), to: session.ends(), factors };
        factors
    }

    /// The date of a daily row: a date, or the day that a midnight on the calendar's clock begins or ends.
    fn day(&self, label: Label) -> Date {
        let local = |at: Timestamp| self.calendar.zone().to_datetime(at.to_jiff()).date();
        match label {
            Label::Date(date) => date,
            Label::Open(at) => local(at),
            Label::Close(at) => local(at.saturating_add(-1)),
        }
    }
}

#[cfg(test)]
mod tests;
