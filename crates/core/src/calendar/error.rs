//! What can go wrong when a calendar is asked or an overlay is read.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::did_you_mean;
use crate::time::Timestamp;

/// Why a calendar has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No calendar has this name.
    #[error("`{got}` is no calendar; there are {}", list(.known, *.nearest))]
    Unknown {
        /// What was asked for.
        got: String,
        /// The ids that exist.
        known: &'static [&'static str],
        /// The one it was perhaps meant to be.
        nearest: Option<&'static str>,
    },
    /// The answer lies outside the dates the rules are known for.
    #[error("{}", out_of_range(.calendar, .asked, (*.valid_from, *.valid_to)))]
    OutOfRange {
        /// The calendar's id.
        calendar: &'static str,
        /// What was asked for.
        asked: Asked,
        /// First session date it knows.
        valid_from: Date,
        /// Last session date it knows.
        valid_to: Date,
    },
    /// An overlay that can't be read or doesn't fit.
    #[error(transparent)]
    Overlay(#[from] OverlayError),
}

/// What a calendar was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A session date.
    Date(Date),
    /// The session at or after an instant.
    Instant(Timestamp),
    /// The session after that of a date.
    After(Date),
    /// The session before that of a date.
    Before(Date),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{date}"),
            Self::Instant(at) => write!(f, "the session at or after {at}"),
            Self::After(date) => write!(f, "the session after {date}"),
            Self::Before(date) => write!(f, "the session before {date}"),
        }
    }
}

/// `a, b, c; did you mean `b`?`
fn list(known: &[&str], nearest: Option<&str>) -> String {
    known.join(", ") + &did_you_mean(nearest)
}

fn out_of_range(calendar: &str, asked: &Asked, (from, to): (Date, Date)) -> String {
    let before = match *asked {
        Asked::Date(date) => date < from,
        // A day of slack: the zone is not at hand here, and no calendar is valid for so short a time.
        Asked::Instant(at) => TimeZone::UTC.to_datetime(at.to_jiff()).date() <= from.saturating_add(1.day()),
        Asked::After(_) => false,
        Asked::Before(_) => true,
    };
    if before {
        return format!("{calendar} is known from {from}, not for {asked}");
    }
    let remedy = if to < super::LATEST { "; an overlay can extend it (`valid_to`)" } else { "" };
    format!("{calendar} is known to {to}, not for {asked}{remedy}")
}

impl OverlayError {
    /// The line it is about, from 1; `None` where the overlay as a whole does not fit.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. }
            | Self::UnknownField { line, .. }
            | Self::MissingField { line, .. }
            | Self::BadValue { line, .. }
            | Self::UnknownCalendar { line, .. }
            | Self::CloseNotAfterOpen { line, .. }
            | Self::Twice { line, .. }
            | Self::OutOfRange { line, .. }
            | Self::NothingToClose { line, .. }
            | Self::NothingLeft { line, .. }
            | Self::Overlap { line, .. } => Some(*line),
            Self::OtherCalendar { .. } => None,
        }
    }

    /// The word on that line that is wrong, where it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::UnknownField { field, .. } => Some(field),
            Self::BadValue { got, .. } => Some(got.trim_matches('"')),
            Self::UnknownCalendar { got, .. } => Some(got),
            _ => None,
        }
    }
}

/// What is wrong in an overlay. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverlayError {
    /// The text is no TOML.
    #[error("line {line}: not TOML: {reason}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the TOML reader says.
        reason: String,
    },
    /// A field that means nothing here.
    #[error("line {line}: `{field}` is no field of {table}; there are {}", list(.known, *.nearest))]
    UnknownField {
        /// Where.
        line: usize,
        /// The table it stands in.
        table: &'static str,
        /// What was read.
        field: String,
        /// The fields there are.
        known: &'static [&'static str],
        /// The one it was perhaps meant to be.
        nearest: Option<&'static str>,
    },
    /// A field that must be there.
    #[error("line {line}: {table} needs `{field}`")]
    MissingField {
        /// Where its table begins.
        line: usize,
        /// The table.
        table: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A value of the wrong kind, or one that can't be read.
    #[error("line {line}: `{field}` is {got}; write {allowed}")]
    BadValue {
        /// Where.
        line: usize,
        /// The field.
        field: &'static str,
        /// What was read.
        got: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// The overlay is for a calendar that does not exist.
    #[error("line {line}: `{got}` is no calendar; there are {}", list(.known, *.nearest))]
    UnknownCalendar {
        /// Where.
        line: usize,
        /// What was read.
        got: String,
        /// The ids that exist.
        known: &'static [&'static str],
        /// The one it was perhaps meant to be.
        nearest: Option<&'static str>,
    },
    /// A session that would close before it opens.
    #[error("line {line}: the session of {date} would close at {close}, not after its open at {open}")]
    CloseNotAfterOpen {
        /// Where the entry begins.
        line: usize,
        /// Its date.
        date: Date,
        /// The open that was given.
        open: String,
        /// The close that was given.
        close: String,
    },
    /// Two entries for one date.
    #[error("line {line}: {date} has an entry in line {first} already; one date takes one entry")]
    Twice {
        /// Where the second begins.
        line: usize,
        /// The date.
        date: Date,
        /// Where the first begins.
        first: usize,
    },
    /// The overlay is for another calendar than the one it was given to.
    #[error("the overlay is for {overlay}, not for {calendar}")]
    OtherCalendar {
        /// The overlay's calendar.
        overlay: &'static str,
        /// The calendar it was given to.
        calendar: &'static str,
    },
    /// An entry for a date that the calendar, as extended, does not know.
    #[error(
        "line {line}: {date} lies outside {calendar}, which is known from {valid_from} to {valid_to}; \
         `valid_to` in the overlay extends it"
    )]
    OutOfRange {
        /// Where the entry begins.
        line: usize,
        /// Its date.
        date: Date,
        /// The calendar's id.
        calendar: &'static str,
        /// First session date it knows.
        valid_from: Date,
        /// Last session date it knows.
        valid_to: Date,
    },
    /// A closure on a weekday without sessions: most likely a slip in the date.
    #[error("line {line}: {date} is a {weekday}, and {calendar} has no session to close then")]
    NothingToClose {
        /// Where the entry begins.
        line: usize,
        /// Its date.
        date: Date,
        /// That date's weekday.
        weekday: &'static str,
        /// The calendar's id.
        calendar: &'static str,
    },
    /// Hours that leave no trading.
    #[error("line {line}: with these hours nothing is left of the session of {date}")]
    NothingLeft {
        /// Where the entry begins.
        line: usize,
        /// Its date.
        date: Date,
    },
    /// Hours that reach into a neighbouring session.
    #[error("line {line}: the session of {date} would overlap that of {other}")]
    Overlap {
        /// Where the entry begins.
        line: usize,
        /// Its date.
        date: Date,
        /// The session it runs into.
        other: Date,
    },
}
