//! A trading session and its unbroken stretches.

use jiff::civil::Date;

use crate::time::Timestamp;

/// Which part of the trading day a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hours {
    /// Before the regular open.
    Pre,
    /// Regular trading hours.
    Regular,
    /// After the regular close.
    Post,
}

impl Hours {
    /// The word in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Regular => "regular",
            Self::Post => "post",
        }
    }
}

/// An unbroken stretch of trading: `open` inclusive, `close` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// First instant.
    pub open: Timestamp,
    /// First instant after it.
    pub close: Timestamp,
    /// The part of the day it belongs to.
    pub hours: Hours,
}

impl Segment {
    /// Whether `at` lies in the segment.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.open <= at && at < self.close
    }
}

/// The most segments a session has: pre, three regular stretches, post.
pub const MOST_SEGMENTS: usize = 5;

/// One trading session: its date (the trade date of an overnight session) and its segments in time order.
///
/// At least one segment is [`Hours::Regular`]; segments don't overlap and lie in the order pre, regular,
/// post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    date: Date,
    early_close: bool,
    late_open: bool,
    count: u8,
    first_regular: u8,
    after_regular: u8,
    segments: [Segment; MOST_SEGMENTS],
}

/// How a session's hours differ from those usual at its date.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unusual {
    pub(super) early_close: bool,
    pub(super) late_open: bool,
}

impl Session {
    /// `None` unless 1 to [`MOST_SEGMENTS`] segments follow each other and one of them is regular.
    pub(super) fn new(date: Date, given: &[Segment], unusual: Unusual) -> Option<Self> {
        let sound = given.iter().all(|s| s.open < s.close)
            && given.is_sorted_by(|a, b| a.close <= b.open && a.hours <= b.hours);
        let first_regular = given.iter().position(|s| s.hours == Hours::Regular)?;
        let regular = given.iter().filter(|s| s.hours == Hours::Regular).count();
        if !sound || given.len() > MOST_SEGMENTS {
            return None;
        }
        // The places after `count` are never shown; equal sessions are equal in them too.
        let filler = Segment { open: Timestamp::MAX, close: Timestamp::MAX, hours: Hours::Post };
        let mut segments = [filler; MOST_SEGMENTS];
        segments[..given.len()].copy_from_slice(given);
        let small = |n: usize| u8::try_from(n).ok();
        Some(Self {
            date,
            early_close: unusual.early_close,
            late_open: unusual.late_open,
            count: small(given.len())?,
            first_regular: small(first_regular)?,
            after_regular: small(first_regular + regular)?,
            segments,
        })
    }

    /// The date that labels the session; for an overnight session the date on which it closes.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Pre-market, regular stretches, post-market, as far as the calendar has them; never empty.
    pub fn segments(&self) -> &[Segment] {
        &self.segments[..usize::from(self.count)]
    }

    /// The regular stretches: one, or one on each side of a lunch break; never empty.
    pub fn regular(&self) -> &[Segment] {
        &self.segments[usize::from(self.first_regular)..usize::from(self.after_regular)]
    }

    /// First instant of regular trading.
    pub fn open(&self) -> Timestamp {
        self.segments[usize::from(self.first_regular)].open
    }

    /// First instant after regular trading.
    pub fn close(&self) -> Timestamp {
        self.segments[usize::from(self.after_regular) - 1].close
    }

    /// First instant of all segments, the pre-market included.
    pub fn starts(&self) -> Timestamp {
        self.segments[0].open
    }

    /// First instant after all segments, the post-market included.
    pub fn ends(&self) -> Timestamp {
        self.segments[usize::from(self.count) - 1].close
    }

    /// Whether regular trading ends earlier than usual at that date.
    pub fn is_early_close(&self) -> bool {
        self.early_close
    }

    /// Whether regular trading begins later than usual at that date.
    pub fn is_late_open(&self) -> bool {
        self.late_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn segment(open: i64, close: i64, hours: Hours) -> Segment {
        Segment { open: Timestamp::from_nanos(open), close: Timestamp::from_nanos(close), hours }
    }

    #[test]
    fn regular_hours_are_the_middle_of_the_segments() {
        let given = [
            segment(0, 2, Hours::Pre),
            segment(2, 4, Hours::Regular),
            segment(5, 7, Hours::Regular),
            segment(7, 9, Hours::Post),
        ];
        let session = Session::new(date(2024, 11, 26), &given, Unusual::default()).unwrap();
        assert_eq!(session.segments(), given);
        assert_eq!(session.regular(), &given[1..3]);
        assert_eq!((session.open().as_nanos(), session.close().as_nanos()), (2, 7));
        assert_eq!((session.starts().as_nanos(), session.ends().as_nanos()), (0, 9));
    }

    #[test]
    fn no_session_without_regular_hours_or_with_an_overlap() {
        let day = date(2024, 11, 26);
        for given in [
            vec![],
            vec![segment(0, 2, Hours::Pre)],
            vec![segment(2, 2, Hours::Regular)],
            vec![segment(0, 3, Hours::Regular), segment(2, 4, Hours::Regular)],
            vec![segment(0, 3, Hours::Regular), segment(3, 4, Hours::Pre)],
        ] {
            assert_eq!(Session::new(day, &given, Unusual::default()), None);
        }
    }
}
