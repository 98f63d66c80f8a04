//! Times from cells: ISO 8601 text or a count since 1970, never a guess.
//!
//! A time with an offset is what it says. One without needs the stated zone, and a local time that its zone
//! skips or repeats is refused. A count's unit is decided by the first one's magnitude and kept.

use std::fmt;

use barloom_core::time::NANOS_PER_SECOND;
use barloom_core::{Label, Stamp, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::fault::shown;

const NANOS_PER_HOUR: i64 = 3600 * NANOS_PER_SECOND;

/// What a count since 1970 counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds: magnitudes below 1e11 (the year 5138).
    Seconds,
    /// Milliseconds: below 1e14.
    Millis,
    /// Microseconds: below 1e17.
    Micros,
    /// Nanoseconds: from 1e17 on.
    Nanos,
}

impl Unit {
    /// The unit that `count` must be in to lie in our centuries.
    pub const fn of(count: i64) -> Self {
        match count.unsigned_abs() {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Millis,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Micros,
            _ => Self::Nanos,
        }
    }

    /// Nanoseconds in one.
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => NANOS_PER_SECOND,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "µs",
            Self::Nanos => "ns",
        })
    }
}

/// How an input writes its times, as its first row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// ISO 8601 with an offset.
    Offset,
    /// ISO 8601 without offset, read in the stated zone.
    Local,
    /// A bare date.
    Date,
    /// A count since 1970-01-01T00:00:00Z.
    Count(Unit),
}

/// What a time cell says: an instant or a whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Instant(Timestamp),
    Date(Date),
}

impl Moment {
    /// The label of a row that carries this time.
    #[inline]
    pub(crate) fn label(self, stamp: Stamp) -> Label {
        match (self, stamp) {
            (Self::Instant(at), Stamp::Open) => Label::Open(at),
            (Self::Instant(at), Stamp::Close) => Label::Close(at),
            (Self::Date(date), _) => Label::Date(date),
        }
    }
}

/// Why a cell is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// The cell is empty.
    #[error("missing_value: the time is empty")]
    Empty,
    /// Not ISO 8601 and no integer.
    #[error(
        "unreadable_time: `{text}` is not a time; write it like 2024-11-26T14:30:00Z or 2024-11-26 09:30:00-05:00, or count s, ms, µs or ns since 1970"
    )]
    Unreadable {
        /// What was read.
        text: String,
    },
    /// An instant that no timestamp holds.
    #[error("time_out_of_range: `{text}` is outside the years 1677 to 2262")]
    OutOfRange {
        /// What was read.
        text: String,
    },
    /// A time without offset, and no zone is stated.
    #[error(
        "`{text}` has no offset and its zone is not stated; state it, for example `--tz America/New_York` or `--tz UTC`"
    )]
    NoZone {
        /// What was read.
        text: String,
    },
    /// A local time that happens twice when clocks go back.
    #[error("ambiguous_time: `{text}` happens twice in {zone} ({first} and {second}); give it an offset")]
    Twice {
        /// What was read.
        text: String,
        /// The zone.
        zone: String,
        /// Its offset before the change.
        first: Offset,
        /// Its offset after the change.
        second: Offset,
    },
    /// A local time that is skipped when clocks go forward.
    #[error("nonexistent_time: `{text}` does not exist in {zone}, whose clocks skip it; give it an offset")]
    Never {
        /// What was read.
        text: String,
        /// The zone.
        zone: String,
    },
    /// A count whose magnitude is another unit's.
    #[error("other_time_unit: `{text}` looks like {looks}, but the input counts in {unit}")]
    OtherUnit {
        /// What was read.
        text: String,
        /// The unit its magnitude suggests.
        looks: Unit,
        /// The unit of the first row.
        unit: Unit,
    },
    /// Digits that are a date to people and a count to programs.
    #[error("ambiguous_time: `{text}` may be a date or a count since 1970; write a date like 2024-11-26")]
    DateOrCount {
        /// What was read.
        text: String,
    },
}

/// Reads the times of one input.
#[derive(Debug, Clone)]
pub(crate) struct TimeReader {
    zone: Option<TimeZone>,
    /// Rows are days: a local midnight without zone names its date.
    daily: bool,
    form: Option<TimeForm>,
    unit: Option<Unit>,
    /// The last day met, since rows of one day follow each other.
    day: Day,
    /// The last local hour met that has one offset from end to end: (hours since 1970, offset).
    hour: Option<(i64, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    text: [u8; 10],
    date: Date,
    /// Its midnight as if it were UTC.
    nanos: i64,
}

/// The parts of `2024-11-26T14:30:00.123456789` that follow the date.
struct Clock {
    seconds: i64,
    fraction: i64,
}

impl TimeReader {
    pub(crate) fn new(zone: Option<TimeZone>, daily: bool) -> Self {
        let day = Day { text: *b"1970-01-01", date: Date::constant(1970, 1, 1), nanos: 0 };
        Self { zone, daily, form: None, unit: None, day, hour: None }
    }

    /// How the first time was written.
    pub(crate) fn form(&self) -> Option<TimeForm> {
        self.form
    }

    /// The zone stated for local times.
    pub(crate) fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// The moment that `text`, without outer blanks, is.
    #[inline]
    pub(crate) fn read(&mut self, text: &[u8]) -> Result<Moment, TimeFault> {
        let (moment, form) = match self.fast(text) {
            Some(read) => read?,
            None => self.slow(text)?,
        };
        self.form.get_or_insert(form);
        Ok(moment)
    }

    /// The instant that a type with a zone holds.
    #[inline]
    pub(crate) fn read_instant(&mut self, nanos: i64) -> Moment {
        self.see_instant();
        Moment::Instant(Timestamp::from_nanos(nanos))
    }

    /// Times are of a type with a zone.
    #[inline]
    pub(crate) fn see_instant(&mut self) {
        self.form.get_or_insert(TimeForm::Offset);
    }

    /// The moment that a type without a zone holds: `nanos` is what it would be in UTC.
    #[inline]
    pub(crate) fn read_local(&mut self, nanos: i64) -> Result<Moment, TimeFault> {
        let midnight = nanos - nanos.rem_euclid(24 * NANOS_PER_HOUR);
        if self.day.nanos != midnight || self.day.text != [0; 10] {
            let text = || Timestamp::from_nanos(nanos).to_string();
            let date = date_of(nanos.div_euclid(24 * NANOS_PER_HOUR));
            let date = date.ok_or_else(|| TimeFault::OutOfRange { text: text() })?;
            // No text is this one: the day of a column is not found by what is written.
            self.day = Day { text: [0; 10], date, nanos: midnight };
        }
        let read = self.local(self.day.date, nanos, b"");
        let (moment, form) = match read {
            Ok(read) => read,
            // Once more, with what messages quote.
            Err(_) => {
                let text = Timestamp::from_nanos(nanos).to_string();
                self.local(self.day.date, nanos, text.trim_end_matches('Z').as_bytes())?
            }
        };
        self.form.get_or_insert(form);
        Ok(moment)
    }

    /// The day that is `days` after 1970-01-01.
    pub(crate) fn read_day(&mut self, days: i32) -> Result<Moment, TimeFault> {
        let date = date_of(days.into()).ok_or_else(|| TimeFault::OutOfRange { text: days.to_string() })?;
        self.form.get_or_insert(TimeForm::Date);
        Ok(Moment::Date(date))
    }

    /// The instant that is `count` of the input's unit after 1970.
    #[inline]
    pub(crate) fn read_count(&mut self, count: i64) -> Result<Moment, TimeFault> {
        if let Some(unit) = self.unit.filter(|unit| *unit == Unit::of(count) && *unit != Unit::Seconds)
            && let Some(nanos) = count.checked_mul(unit.nanos())
        {
            return Ok(Moment::Instant(Timestamp::from_nanos(nanos)));
        }
        self.read(count.to_string().as_bytes())
    }

    /// The usual spellings; `None` leaves the cell to [`TimeReader::slow`].
    #[inline]
    fn fast(&mut self, text: &[u8]) -> Option<Result<(Moment, TimeForm), TimeFault>> {
        let (day, rest) = text.split_first_chunk::<10>()?;
        let day = self.day(day)?;
        let [b'T' | b' ', rest @ ..] = rest else {
            return rest.is_empty().then_some(Ok((Moment::Date(day.date), TimeForm::Date)));
        };
        let (clock, rest) = clock(rest)?;
        let local = day.nanos + clock.seconds * NANOS_PER_SECOND + clock.fraction;
        let offset = match rest {
            [] => return Some(self.local(day.date, local, text)),
            b"Z" | b" UTC" => 0,
            &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let seconds = hours * 3600 + minutes * 60;
                NANOS_PER_SECOND * if sign == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        Some(Ok((Moment::Instant(Timestamp::from_nanos(local - offset)), TimeForm::Offset)))
    }

    /// The day that ten bytes like `2024-11-26` are, from 1678 to 2261: its instants then fit.
    #[inline]
    fn day(&mut self, text: &[u8; 10]) -> Option<Day> {
        if self.day.text == *text {
            return Some(self.day);
        }
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
        let year = i16::try_from(two(y1, y2)? * 100 + two(y3, y4)?).ok()?;
        let (month, day) = (i8::try_from(two(m1, m2)?).ok()?, i8::try_from(two(d1, d2)?).ok()?);
        if !(1678..=2261).contains(&year) {
            return None;
        }
        let date = Date::new(year, month, day).ok()?;
        let midnight = Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()?;
        self.day = Day { text: *text, date, nanos: midnight.as_second() * NANOS_PER_SECOND };
        Some(self.day)
    }

    /// A time without offset; `local` is what its nanoseconds would be in UTC.
    fn local(&mut self, date: Date, local: i64, text: &[u8]) -> Result<(Moment, TimeForm), TimeFault> {
        let within = local.rem_euclid(24 * NANOS_PER_HOUR);
        let Some(zone) = &self.zone else { return self.without_zone(date, within == 0, text) };
        let hour = local.div_euclid(NANOS_PER_HOUR);
        let offset = match self.hour {
            Some((cached, offset)) if cached == hour => offset,
            _ => {
                let at = |nanos: i64| {
                    let time = Time::midnight().saturating_add(jiff::SignedDuration::from_nanos(nanos));
                    zone.to_ambiguous_timestamp(date.to_datetime(time)).offset()
                };
                let first = within - within % NANOS_PER_HOUR;
                let (start, end) = (at(first), at(first + NANOS_PER_HOUR - 1));
                let AmbiguousOffset::Unambiguous { offset } = at(within) else {
                    return Err(unsettled(at(within), zone, text));
                };
                let nanos = i64::from(offset.seconds()) * NANOS_PER_SECOND;
                let settled = AmbiguousOffset::Unambiguous { offset };
                self.hour = (start == settled && end == settled).then_some((hour, nanos));
                nanos
            }
        };
        Ok((Moment::Instant(Timestamp::from_nanos(local - offset)), TimeForm::Local))
    }

    /// A local time where no zone is stated: a day's own midnight names the day, anything else is unknown.
    fn without_zone(&self, date: Date, midnight: bool, text: &[u8]) -> Result<(Moment, TimeForm), TimeFault> {
        if self.daily && midnight {
            return Ok((Moment::Date(date), TimeForm::Date));
        }
        Err(TimeFault::NoZone { text: shown(text) })
    }

    /// Counts, and every other spelling of ISO 8601.
    fn slow(&mut self, text: &[u8]) -> Result<(Moment, TimeForm), TimeFault> {
        if text.is_empty() {
            return Err(TimeFault::Empty);
        }
        if let Some(digits) = integer(text) {
            return self.count(digits);
        }
        let unreadable = || TimeFault::Unreadable { text: shown(text) };
        let pieces = Pieces::parse(text).map_err(|_| unreadable())?;
        let zone =
            pieces.to_time_zone_with(&jiff::tz::TimeZoneDatabase::bundled()).map_err(|_| unreadable())?;
        let instant = |at: Option<jiff::Timestamp>| {
            let at = at.and_then(Timestamp::from_jiff);
            at.map(Moment::Instant).ok_or_else(|| TimeFault::OutOfRange { text: shown(text) })
        };
        match (pieces.time(), pieces.to_numeric_offset()) {
            (Some(time), Some(offset)) => {
                let at = offset.to_timestamp(pieces.date().to_datetime(time)).ok();
                Ok((instant(at)?, TimeForm::Offset))
            }
            (Some(time), None) => {
                let Some(zone) = zone.as_ref().or(self.zone.as_ref()) else {
                    return self.without_zone(pieces.date(), time == Time::midnight(), text);
                };
                let at = settle(pieces.date().to_datetime(time), zone, text)?;
                Ok((instant(at)?, TimeForm::Local))
            }
            (None, None) if zone.is_none() => Ok((Moment::Date(pieces.date()), TimeForm::Date)),
            (None, _) => Err(unreadable()),
        }
    }

    fn count(&mut self, digits: &[u8]) -> Result<(Moment, TimeForm), TimeFault> {
        let text = || shown(digits);
        if looks_like_a_date(digits) {
            return Err(TimeFault::DateOrCount { text: text() });
        }
        let parsed = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<i64>().ok());
        let value = parsed.ok_or_else(|| TimeFault::OutOfRange { text: text() })?;
        let looks = Unit::of(value);
        let unit = self.unit.unwrap_or(looks);
        // Zero is the same instant in every unit.
        if unit != looks && value != 0 {
            return Err(TimeFault::OtherUnit { text: text(), looks, unit });
        }
        let nanos = value.checked_mul(unit.nanos()).ok_or_else(|| TimeFault::OutOfRange { text: text() })?;
        self.unit = Some(unit);
        Ok((Moment::Instant(Timestamp::from_nanos(nanos)), TimeForm::Count(unit)))
    }
}

/// The date that is `days` after 1970-01-01.
fn date_of(days: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(days).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

fn settle(local: DateTime, zone: &TimeZone, text: &[u8]) -> Result<Option<jiff::Timestamp>, TimeFault> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(offset.to_timestamp(local).ok()),
        other => Err(unsettled(other, zone, text)),
    }
}

#[cold]
fn unsettled(offset: AmbiguousOffset, zone: &TimeZone, text: &[u8]) -> TimeFault {
    let (text, zone) = (shown(text), zone.iana_name().unwrap_or("its zone").to_owned());
    match offset {
        AmbiguousOffset::Fold { before, after } => {
            TimeFault::Twice { text, zone, first: before, second: after }
        }
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => TimeFault::Never { text, zone },
    }
}

/// Two digits as a number.
#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// `14:30:00` with or without a fraction, and what follows it.
#[inline]
fn clock(text: &[u8]) -> Option<(Clock, &[u8])> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = text else { return None };
    let (hours, minutes, seconds) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60 + seconds;
    let [b'.', digits @ ..] = rest else { return Some((Clock { seconds, fraction: 0 }, rest)) };
    let places = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&places) {
        return None;
    }
    let (digits, rest) = digits.split_at(places);
    let fraction = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((Clock { seconds, fraction: fraction * 10_i64.pow(9 - places as u32) }, rest))
}

/// `text` without a zero fraction, if it is then a sign and digits.
fn integer(text: &[u8]) -> Option<&[u8]> {
    let whole = match text.iter().position(|&b| b == b'.') {
        Some(point) if point + 1 < text.len() && text[point + 1..].iter().all(|&b| b == b'0') => {
            &text[..point]
        }
        Some(_) => return None,
        None => text,
    };
    let digits = whole.strip_prefix(b"-").unwrap_or(whole);
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(whole)
}

/// `20241126` or `202411261430`, from 1900 to 2100: as counts they would be months of 1970 or 1976.
fn looks_like_a_date(digits: &[u8]) -> bool {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|d| two(d[0], d[1]));
    let within = |at, from: i64, to: i64| pair(at).is_some_and(|n| (from..=to).contains(&n));
    let date = within(0, 19, 20) && within(4, 1, 12) && within(6, 1, 31);
    match digits.len() {
        8 => date,
        12 => date && within(8, 0, 23) && within(10, 0, 59),
        _ => false,
    }
}

#[cfg(test)]
#[path = "tests/time.rs"]
mod tests;
