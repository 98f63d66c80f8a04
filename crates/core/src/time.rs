//! Instants and spans: nanoseconds, UTC, no leap seconds.
//!
//! A [`Timestamp`] is the only notion of "when" in core. Calendars turn dates and exchange hours into
//! timestamps; everything after that is arithmetic on integers, so daylight saving moves nothing.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp as JiffTimestamp;

/// Nanoseconds in a second, the unit every span is counted in.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, UTC, from 1677 to 2262.
///
/// It prints as ISO 8601 with `Z` and reads any ISO 8601 text that states its offset.
///
/// ```
/// use barloom_core::Timestamp;
/// let open: Timestamp = "2024-11-29T09:30:00-05:00".parse()?;
/// assert_eq!(open.to_string(), "2024-11-29T14:30:00Z");
/// assert_eq!(open.as_nanos(), 1_732_890_600_000_000_000);
/// # Ok::<(), barloom_core::TimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an instant, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time ({reason}); write it like 2024-11-29T14:30:00Z or 2024-11-29T09:30:00-05:00")]
pub struct TimestampError {
    /// What was read.
    pub text: String,
    /// Why it is refused.
    pub reason: String,
}

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant; as a due time it means never.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `nanos` nanoseconds after 1970-01-01T00:00:00Z.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// This instant moved by `span` nanoseconds, held at [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[must_use]
    pub const fn saturating_add(self, span: i64) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// Nanoseconds from `earlier` to this instant, held at the ends of `i64`.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant as jiff's type, for zones and dates.
    pub fn to_jiff(self) -> JiffTimestamp {
        // Invariant: jiff's range (years -9999 to 9999) holds every i64 of nanoseconds.
        JiffTimestamp::from_nanosecond(i128::from(self.0)).unwrap_or(JiffTimestamp::UNIX_EPOCH)
    }

    /// The instant of a jiff timestamp; `None` outside 1677 to 2262.
    pub fn from_jiff(at: JiffTimestamp) -> Option<Self> {
        i64::try_from(at.as_nanosecond()).ok().map(Self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_jiff(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let refuse = |reason: String| TimestampError { text: text.to_owned(), reason };
        let at: JiffTimestamp = text.parse().map_err(|e: jiff::Error| refuse(e.to_string()))?;
        Self::from_jiff(at).ok_or_else(|| refuse("outside the years 1677 to 2262".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn printing_and_reading_return_the_same_instant(nanos: i64) {
            let at = Timestamp::from_nanos(nanos);
            prop_assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,40}") {
            let _ = text.parse::<Timestamp>();
        }
    }

    #[test]
    fn a_time_without_offset_is_refused() {
        let error = "2024-11-29T14:30:00".parse::<Timestamp>().unwrap_err();
        assert_eq!(error.text, "2024-11-29T14:30:00");
    }

    #[test]
    fn the_ends_of_the_range_saturate() {
        assert_eq!(Timestamp::MAX.saturating_add(1), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.saturating_add(-1), Timestamp::MIN);
        assert_eq!(Timestamp::MAX.since(Timestamp::MIN), i64::MAX);
    }
}
