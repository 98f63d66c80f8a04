//! From when to when a run tells: instants, or dates that a calendar makes instants of.

use std::fmt;
use std::str::FromStr;

use barloom_core::{Calendar, CalendarError, SessionIndex, Timestamp};
use jiff::civil::Date;

/// An instant, or a session by its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant.
    Time(Timestamp),
    /// A session's date.
    Date(Date),
}

/// The part of the input that is told; `None` leaves its side open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first instant.
    pub start: Option<Timestamp>,
    /// The first instant behind it.
    pub end: Option<Timestamp>,
}

impl When {
    /// The instant; of a date its session's start, pre-market included, or that of the first session after it.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a date that the calendar does not know.
    pub fn start_in(self, calendar: &Calendar) -> Result<Timestamp, CalendarError> {
        match self {
            Self::Time(at) => Ok(at),
            Self::Date(date) => {
                let index = session(calendar, date, Date::tomorrow)?;
                Ok(calendar.session(index).starts())
            }
        }
    }

    /// The instant; of a date its session's end, post-market included, or that of the last session before it.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a date that the calendar does not know.
    pub fn end_in(self, calendar: &Calendar) -> Result<Timestamp, CalendarError> {
        match self {
            Self::Time(at) => Ok(at),
            Self::Date(date) => {
                let index = session(calendar, date, Date::yesterday)?;
                Ok(calendar.session(index).ends())
            }
        }
    }
}

/// The session of `date` or of the nearest date that has one, `next` by `next`.
fn session(
    calendar: &Calendar,
    mut date: Date,
    next: fn(Date) -> Result<Date, jiff::Error>,
) -> Result<SessionIndex, CalendarError> {
    loop {
        if let Some(index) = calendar.on(date)? {
            return Ok(index);
        }
        // A calendar knows no date at the ends of what a date can be.
        date = next(date).unwrap_or(Date::MIN);
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(at) => fmt::Display::fmt(at, f),
            Self::Date(date) => fmt::Display::fmt(date, f),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // jiff reads a date out of a time too; a date alone has no more than its digits and hyphens.
        let is_date = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let when =
            if is_date { text.parse().ok().map(Self::Date) } else { text.parse().ok().map(Self::Time) };
        when.ok_or_else(|| {
            format!(
                "`{text}` is neither a time with its offset, like 2024-11-29T09:30:00-05:00, nor a session's date, \
                 like 2024-11-29"
            )
        })
    }
}
