//! A market that closes every day, read under a calendar that never does: a likely mistake, worth a warning.

use std::fmt;

use crate::time::{NANOS_PER_SECOND, Timestamp};

const MINUTES: usize = 24 * 60;
const MINUTE: i64 = 60 * NANOS_PER_SECOND;
/// Days of data before anything is said.
const ENOUGH_DAYS: u32 = 5;
/// The shortest stretch that is called closed, in minutes: CME's daily break is 60.
const CLOSED_FOR: usize = 45;

/// The minutes of the UTC day in which bars opened.
#[derive(Debug, Clone)]
pub(crate) struct DayPattern {
    seen: [bool; MINUTES],
    newest_day: i64,
    days: u32,
    /// The minute after the last one seen, and its place in the day: most rows need no division.
    next: (Timestamp, usize),
}

/// A stretch of the day in which no bar ever opened. It prints as the warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedStretch {
    /// First minute of the UTC day without a bar, from 0.
    pub from: u16,
    /// First minute after it that has one.
    pub to: u16,
    /// Days of data looked at.
    pub days: u32,
}

impl fmt::Display for ClosedStretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |m: u16| (m / 60, m % 60);
        let ((h1, m1), (h2, m2), days) = (clock(self.from), clock(self.to), self.days);
        write!(f, "no bar between {h1:02}:{m1:02} and {h2:02}:{m2:02} UTC on any of {days} days: ")?;
        f.write_str("this market seems to close daily, but the calendar is 24/7; state its calendar")
    }
}

impl DayPattern {
    pub(crate) fn new() -> Self {
        Self { seen: [false; MINUTES], newest_day: i64::MIN, days: 0, next: (Timestamp::MIN, 0) }
    }

    #[inline]
    pub(crate) fn see(&mut self, open: Timestamp) {
        if open != self.next.0 || self.next.1 == MINUTES {
            self.find(open);
        }
        self.seen[self.next.1] = true;
        self.next = (open.saturating_add(MINUTE), self.next.1 + 1);
    }

    /// The place of `open` in its day, by division.
    fn find(&mut self, open: Timestamp) {
        let minute = open.as_nanos().div_euclid(MINUTE);
        let day = minute.div_euclid(MINUTES as i64);
        self.next.1 = minute.rem_euclid(MINUTES as i64) as usize;
        self.days += u32::from(day > self.newest_day);
        self.newest_day = self.newest_day.max(day);
    }

    /// The longest stretch without bars, if there is enough data and the rest of the day is busy.
    pub(crate) fn closed_stretch(&self) -> Option<ClosedStretch> {
        let seen = self.seen.iter().filter(|&&s| s).count();
        let first = self.seen.iter().position(|&s| s)?;
        let (mut longest, mut length) = ((0, 0), 0);
        // Around midnight and back to the first busy minute.
        for at in first..=first + MINUTES {
            if !self.seen[at % MINUTES] {
                length += 1;
                continue;
            }
            if length > longest.0 {
                longest = (length, at);
            }
            length = 0;
        }
        let (length, end) = longest;
        let busy = 10 * seen >= 6 * (MINUTES - length);
        let minute = |at: usize| (at % MINUTES) as u16;
        (self.days >= ENOUGH_DAYS && length >= CLOSED_FOR && busy).then(|| ClosedStretch {
            from: minute(end - length),
            to: minute(end),
            days: self.days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(days: i64, minutes: impl Iterator<Item = i64> + Clone) -> Option<ClosedStretch> {
        let mut pattern = DayPattern::new();
        for day in 0..days {
            for minute in minutes.clone() {
                pattern.see(Timestamp::from_nanos((day * 1440 + minute) * MINUTE));
            }
        }
        pattern.closed_stretch()
    }

    #[test]
    fn a_market_of_new_york_hours_is_noticed() {
        let stretch = pattern(6, 870..1260).unwrap();
        assert_eq!((stretch.from, stretch.to), (21 * 60, 14 * 60 + 30));
        assert!(stretch.to_string().starts_with("no bar between 21:00 and 14:30 UTC on any of 6 days"));
    }

    #[test]
    fn round_the_clock_thin_and_short_data_are_not() {
        assert_eq!(pattern(6, 0..1440), None);
        assert_eq!(pattern(4, 870..1260), None);
        assert_eq!(pattern(6, (0..1440).step_by(60)), None);
        assert_eq!(pattern(6, (0..1440).filter(|m| !(100..130).contains(m))), None);
    }
}
