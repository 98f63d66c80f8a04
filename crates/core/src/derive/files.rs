//! Rows from files: the clock is moved by the rows themselves (§2.2).
//!
//! Before a row is taken, the clock moves to the newest close of *earlier* rows, if the row's own close is later.
//! So rows that close together see the same clock, and a row out of order moves nothing. Rows out of session move
//! the clock too, invalid ones do not.

use super::event::{Counts, Outcome, Sink};
use super::rules::DeriveRules;
use super::stretch::{ClosedStretch, DayPattern};
use super::{Deriver, Minute, Refusal};
use crate::bar::{InvalidBar, Record};
use crate::calendar::CalendarError;
use crate::interval::Interval;
use crate::source::Unreadable;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// Whose clock the rows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// Each symbol has its own, so a file sorted by symbol works as one sorted by time.
    PerSymbol,
    /// One for all.
    Shared,
}

/// Why a file as a whole can't be right (P13).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FileError {
    /// Its first rows are all off the base grid.
    #[error(
        "the first {rows} rows are all off the {base} grid, the first at {first}; likely cause: the rows are of another interval than the base (state it with --base), or their times are not bar times"
    )]
    OffGrid {
        /// How many rows were looked at.
        rows: u64,
        /// The base.
        base: Interval,
        /// The first row's open time.
        first: Timestamp,
    },
    /// Its first rows carry dates alone.
    #[error(
        "the first {rows} rows carry dates without a time; likely cause: daily rows, which need --base 1d, not {base}"
    )]
    DatesOnly {
        /// How many rows were looked at.
        rows: u64,
        /// The base.
        base: Interval,
    },
    /// The input ended and no row was accepted.
    #[error("none of {} rows was accepted ({}); likely cause: {}", .counts.rows(), tally(.counts), cause(.counts, .first_invalid.as_deref()))]
    NothingAccepted {
        /// Where the rows went.
        counts: Counts,
        /// Why the first invalid row was refused.
        first_invalid: Option<String>,
    },
    /// A row's date is not in the calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

fn tally(counts: &Counts) -> String {
    let Counts { duplicate, late, invalid, out_of_session, .. } = counts;
    format!("{out_of_session} out of session, {invalid} invalid, {late} late, {duplicate} duplicate")
}

fn cause(counts: &Counts, first_invalid: Option<&str>) -> String {
    if counts.rows() == 0 {
        return "the input holds no rows".to_owned();
    }
    match first_invalid {
        Some(reason) if counts.invalid >= counts.out_of_session => {
            format!("the first was refused with {reason}")
        }
        _ => "the calendar is not this market's, or the times are in another zone than stated".to_owned(),
    }
}

/// How many rows may be off the grid from the start before the file is given up.
const TRIAL_ROWS: u64 = 100;

/// Watches a file's rows for what makes the file as a whole wrong.
#[derive(Debug, Clone)]
pub struct FileTrial {
    /// Kept under a calendar that never closes.
    day: Option<DayPattern>,
    rows: u64,
    off_grid: u64,
    first_off_grid: Option<InvalidBar>,
    first_invalid: Option<String>,
}

impl FileTrial {
    /// A trial that has seen nothing, of input for `rules`.
    pub fn new(rules: &DeriveRules) -> Self {
        let day = (rules.calendar.id() == "24/7" && rules.base != Interval::DAY).then(DayPattern::new);
        Self { day, rows: 0, off_grid: 0, first_off_grid: None, first_invalid: None }
    }

    /// A row was sound; its bar opens at `open`.
    #[inline]
    pub fn sound(&mut self, open: Timestamp) {
        self.rows += 1;
        if let Some(day) = &mut self.day {
            day.see(open);
        }
    }

    /// A part of the day in which a market under `24/7` never trades: the calendar is likely not its own.
    pub fn closed_stretch(&self) -> Option<ClosedStretch> {
        self.day.as_ref()?.closed_stretch()
    }

    /// A row could not even be read.
    #[cold]
    pub fn unreadable(&mut self, reason: &str) {
        self.rows += 1;
        self.first_invalid.get_or_insert_with(|| reason.to_owned());
    }

    /// A row was invalid under a base of `base`.
    ///
    /// # Errors
    /// [`FileError::OffGrid`] or [`FileError::DatesOnly`] when the first hundred rows all are off the grid.
    #[cold]
    pub fn invalid(&mut self, reason: &InvalidBar, base: Interval) -> Result<(), FileError> {
        self.rows += 1;
        self.first_invalid.get_or_insert_with(|| reason.to_string());
        if matches!(reason, InvalidBar::OffGrid { .. } | InvalidBar::DateOnly { .. }) {
            self.off_grid += 1;
            self.first_off_grid.get_or_insert(*reason);
        }
        match (self.off_grid, self.first_off_grid) {
            (TRIAL_ROWS, Some(first)) if self.rows == TRIAL_ROWS => Err(match first {
                InvalidBar::OffGrid { time: first, .. } => {
                    FileError::OffGrid { rows: TRIAL_ROWS, base, first }
                }
                _ => FileError::DatesOnly { rows: TRIAL_ROWS, base },
            }),
            _ => Ok(()),
        }
    }

    /// The input ended with `counts`.
    ///
    /// # Errors
    /// [`FileError::NothingAccepted`] when no row was.
    pub fn end(&self, counts: &Counts) -> Result<(), FileError> {
        if counts.accepted > 0 {
            return Ok(());
        }
        Err(FileError::NothingAccepted { counts: *counts, first_invalid: self.first_invalid.clone() })
    }
}

/// Feeds rows to a [`Deriver`], moving the clock by them.
#[derive(Debug)]
pub struct FileFeed {
    clocks: Clocks,
    /// The newest close seen: one, or one a symbol.
    newest: Vec<Timestamp>,
    trial: FileTrial,
}

impl FileFeed {
    /// A feed for a deriver under `rules`.
    pub fn new(clocks: Clocks, rules: &DeriveRules) -> Self {
        Self { clocks, newest: Vec::new(), trial: FileTrial::new(rules) }
    }

    /// What was noticed about the rows as a whole.
    pub fn trial(&self) -> &FileTrial {
        &self.trial
    }

    /// Takes the next row of `symbol`; `by_name` names every symbol met, in the order of their names.
    /// An invalid row is counted and warned about; its reason is returned.
    ///
    /// # Errors
    /// As [`FileTrial::invalid`], and [`FileError::Calendar`] for a date that the calendar does not know.
    #[inline]
    pub fn row(
        &mut self,
        deriver: &mut Deriver,
        symbol: SymbolId,
        by_name: &[SymbolId],
        row: &Record,
        sink: &mut impl Sink,
    ) -> Result<Result<Outcome, InvalidBar>, FileError> {
        let minute = match deriver.check(row) {
            Ok(minute) => minute,
            Err(refusal) => return self.refused(deriver, symbol, row, refusal, sink).map(Err),
        };
        self.trial.sound(minute.bar.open_time);
        Ok(Ok(self.minute(deriver, symbol, by_name, &minute, sink)?))
    }

    /// Takes the next row as its source gave it; what comes back is why it was refused, if it was.
    ///
    /// # Errors
    /// As [`FileFeed::row`].
    #[inline]
    pub fn source_row(
        &mut self,
        deriver: &mut Deriver,
        by_name: &[SymbolId],
        row: Result<&(SymbolId, Record), &Unreadable>,
        sink: &mut impl Sink,
    ) -> Result<Option<Unreadable>, FileError> {
        match row {
            Ok((symbol, record)) => {
                let refused = self.row(deriver, *symbol, by_name, record, sink)?.err();
                Ok(refused.map(|reason| Unreadable {
                    symbol: Some(*symbol),
                    time: deriver.open_time(record.label),
                    reason: reason.to_string(),
                }))
            }
            Err(unreadable) => {
                self.unreadable(deriver, unreadable.symbol, unreadable.time, &unreadable.reason, sink);
                Ok(Some(unreadable.clone()))
            }
        }
    }

    /// Finds a row of `symbol` sound, for [`FileFeed::minute`]; an invalid one is counted and warned about.
    ///
    /// # Errors
    /// As [`FileFeed::row`].
    pub fn check(
        &mut self,
        deriver: &mut Deriver,
        symbol: SymbolId,
        row: &Record,
        sink: &mut impl Sink,
    ) -> Result<Result<Minute, InvalidBar>, FileError> {
        match deriver.check(row) {
            Ok(minute) => {
                self.trial.sound(minute.bar.open_time);
                Ok(Ok(minute))
            }
            Err(refusal) => self.refused(deriver, symbol, row, refusal, sink).map(Err),
        }
    }

    /// Counts a row that was refused; gives its reason back.
    #[cold]
    fn refused(
        &mut self,
        deriver: &mut Deriver,
        symbol: SymbolId,
        row: &Record,
        refusal: Refusal,
        sink: &mut impl Sink,
    ) -> Result<InvalidBar, FileError> {
        let reason = match refusal {
            Refusal::Calendar(error) => return Err(error.into()),
            Refusal::Invalid(reason) => reason,
        };
        let base = deriver.rules().base;
        deriver.refuse(Some(symbol), deriver.open_time(row.label), sink);
        self.trial.invalid(&reason, base)?;
        Ok(reason)
    }

    /// Takes the next row, which was found sound.
    ///
    /// # Errors
    /// When the calendar does not know the row's whole week or month.
    #[inline]
    pub fn minute(
        &mut self,
        deriver: &mut Deriver,
        symbol: SymbolId,
        by_name: &[SymbolId],
        minute: &Minute,
        sink: &mut impl Sink,
    ) -> Result<Outcome, CalendarError> {
        let place = if self.clocks == Clocks::Shared { 0 } else { symbol.index() };
        if self.newest.len() <= place {
            self.newest.resize(place + 1, Timestamp::MIN);
        }
        let newest = self.newest[place];
        let moved = minute.close > newest;
        let outcome = match self.clocks {
            Clocks::PerSymbol => {
                let clock = if moved { newest } else { Timestamp::MIN };
                deriver.take_at(clock, symbol, &minute.bar, sink)?
            }
            Clocks::Shared => {
                if moved {
                    deriver.advance_all(newest, by_name, sink);
                }
                deriver.take(symbol, &minute.bar, sink)?
            }
        };
        if moved {
            self.newest[place] = minute.close;
        }
        Ok(outcome)
    }

    /// Counts a row that could not even be read, with what is known of it.
    #[cold]
    pub fn unreadable(
        &mut self,
        deriver: &mut Deriver,
        symbol: Option<SymbolId>,
        time: Option<Timestamp>,
        reason: &str,
        sink: &mut impl Sink,
    ) {
        self.trial.unreadable(reason);
        deriver.refuse(symbol, time, sink);
    }

    /// The files ended: every clock moves to the newest close seen, then what is open is emitted or reported (P15).
    ///
    /// # Errors
    /// [`FileError::NothingAccepted`] when no row was.
    pub fn finish(
        &mut self,
        deriver: &mut Deriver,
        by_name: &[SymbolId],
        sink: &mut impl Sink,
    ) -> Result<(), FileError> {
        // Of all rows, whosever: the files reach that far for a symbol that traded last before it, too.
        let to = self.newest.iter().copied().max().unwrap_or(Timestamp::MIN);
        match self.clocks {
            Clocks::Shared => deriver.advance_all(to, by_name, sink),
            Clocks::PerSymbol => by_name.iter().for_each(|&symbol| deriver.advance(symbol, to, sink)),
        }
        deriver.finish(by_name, sink);
        self.trial.end(deriver.counts())
    }
}
