//! The vocabulary calendars are written in: a [`Venue`] is hours by date range plus [`Rule`]s.
//!
//! A rule says *when* (a fixed date, the nth weekday of a month, days from Easter, listed dates), where it
//! goes if that is a weekend, in which years it holds, what it does to the day, and who says so. On one date
//! a closure outranks an early close, so exceptions are added and nothing is edited.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// Minutes from midnight of the session's date on the venue's clock: negative is the evening before, 1440 the
/// midnight that ends the date.
pub(super) type Minute = i16;

/// Minutes in a civil day.
pub(super) const DAY: Minute = 24 * 60;

/// A time of the session's date.
pub(super) const fn at(hour: i16, minute: i16) -> Minute {
    hour * 60 + minute
}

/// A time of the evening before the session's date.
pub(super) const fn evening(hour: i16, minute: i16) -> Minute {
    at(hour, minute) - DAY
}

/// An unbroken stretch of regular trading: `open` inclusive, `close` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) open: Minute,
    pub(super) close: Minute,
}

/// Shorthand for a [`Stretch`].
pub(super) const fn stretch(open: Minute, close: Minute) -> Stretch {
    Stretch { open, close }
}

/// The regular hours from a date on, until the next period.
#[derive(Debug)]
pub(super) struct Period {
    /// First date, as the number YYYYMMDD.
    pub(super) from: u32,
    /// One to three stretches in time order.
    pub(super) stretches: &'static [Stretch],
}

/// Trading outside regular hours.
#[derive(Debug)]
pub(super) struct Extended {
    /// The pre-market runs from here to the regular open.
    pub(super) pre_open: Minute,
    /// The post-market runs from the regular close to here.
    pub(super) post_close: Minute,
    /// Its end after an early close.
    pub(super) post_close_early: Minute,
}

/// A market: everything its calendar is made from.
#[derive(Debug)]
pub(super) struct Venue {
    pub(super) id: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// Names people try that are no aliases: they lead to a "did you mean".
    pub(super) hints: &'static [&'static str],
    pub(super) description: &'static str,
    /// IANA name.
    pub(super) zone: &'static str,
    /// First and last date the rules are checked for, as YYYYMMDD.
    pub(super) valid: (u32, u32),
    /// The weekdays that carry a session date.
    pub(super) week: &'static [Weekday],
    /// In date order; the first covers `valid` from its start.
    pub(super) hours: &'static [Period],
    pub(super) extended: Option<Extended>,
    pub(super) rules: &'static [Rule],
}

/// Monday to Friday.
pub(super) const WORKING_WEEK: &[Weekday] =
    &[Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

/// Which day of a year a rule means.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// Month and day.
    Fixed(i8, i8),
    /// Month and day, in years when it is one of these weekdays.
    FixedOn(i8, i8, &'static [Weekday]),
    /// The nth weekday of a month; -1 is the last. Month, weekday, n.
    Nth(i8, Weekday, i8),
    /// The day after the nth weekday of a month.
    DayAfterNth(i8, Weekday, i8),
    /// Days from Easter Sunday (Western).
    Easter(i32),
    /// The day the sun crosses the equator northward, Tokyo date; right from 1980 to 2099.
    VernalEquinox,
    /// The day it crosses southward, Tokyo date; right from 1980 to 2099.
    AutumnalEquinox,
    /// Listed dates as YYYYMMDD, in order: for what follows the moon, the weather or a decree.
    Dates(&'static [u32]),
}

/// Where a holiday goes that falls on a weekend: days from a Saturday and from a Sunday. Left on the weekend
/// (0) it closes nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    saturday: i32,
    sunday: i32,
}

impl Observed {
    /// Not made up.
    pub(super) const AS_IT_FALLS: Self = Self { saturday: 0, sunday: 0 };
    /// Saturday on Friday, Sunday on Monday.
    pub(super) const NEAREST: Self = Self { saturday: -1, sunday: 1 };
    /// Sunday on Monday; a Saturday is not made up.
    pub(super) const SUNDAY_ON_MONDAY: Self = Self { saturday: 0, sunday: 1 };
    /// Both on Monday.
    pub(super) const ON_MONDAY: Self = Self { saturday: 2, sunday: 1 };
    /// Saturday on Monday, Sunday on Tuesday: for the first and second of two holidays in a row.
    pub(super) const TWO_LATER: Self = Self { saturday: 2, sunday: 2 };
    /// Sunday on Tuesday, when the Monday is a holiday itself; a Saturday is not made up.
    pub(super) const SUNDAY_ON_TUESDAY: Self = Self { saturday: 0, sunday: 2 };
    /// Both on the Friday before: the last working day.
    pub(super) const FRIDAY_BEFORE: Self = Self { saturday: -1, sunday: -2 };

    fn apply(self, day: Date) -> Date {
        match day.weekday() {
            Weekday::Saturday => day.saturating_add(self.saturday.days()),
            Weekday::Sunday => day.saturating_add(self.sunday.days()),
            _ => day,
        }
    }
}

/// What a rule does to its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// No session.
    Closed,
    /// Regular trading ends here.
    Close(Minute),
}

/// A holiday, early close or one-off: see the module's page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    /// Who says so, and what it was checked against.
    pub(super) source: &'static str,
    when: When,
    observed: Observed,
    first_year: i16,
    last_year: i16,
    except: &'static [i16],
}

impl Rule {
    /// No session on that day.
    pub(super) const fn closed(name: &'static str, when: When, source: &'static str) -> Self {
        Self {
            name,
            effect: Effect::Closed,
            source,
            when,
            observed: Observed::AS_IT_FALLS,
            first_year: i16::MIN,
            last_year: i16::MAX,
            except: &[],
        }
    }

    /// Regular trading ends at `close` on that day.
    pub(super) const fn early(close: Minute, name: &'static str, when: When, source: &'static str) -> Self {
        Self { effect: Effect::Close(close), ..Self::closed(name, when, source) }
    }

    pub(super) const fn observed(self, observed: Observed) -> Self {
        Self { observed, ..self }
    }

    /// From this year on.
    pub(super) const fn since(self, first_year: i16) -> Self {
        Self { first_year, ..self }
    }

    /// Up to and with this year.
    pub(super) const fn until(self, last_year: i16) -> Self {
        Self { last_year, ..self }
    }

    pub(super) const fn except(self, except: &'static [i16]) -> Self {
        Self { except, ..self }
    }

    /// The dates of `year` the rule speaks about. Observance never leaves the year.
    pub(super) fn days_in(&self, year: i16) -> Vec<Date> {
        if year < self.first_year || self.last_year < year || self.except.contains(&year) {
            return Vec::new();
        }
        if let When::Dates(listed) = self.when {
            return listed.iter().filter_map(|&n| from_number(n)).filter(|d| d.year() == year).collect();
        }
        self.when.day_in(year).map(|day| self.observed.apply(day)).into_iter().collect()
    }
}

impl When {
    fn day_in(self, year: i16) -> Option<Date> {
        let fixed = |month, day| Date::new(year, month, day).ok();
        let nth = |month, weekday, n| fixed(month, 1)?.nth_weekday_of_month(n, weekday).ok();
        match self {
            Self::Fixed(month, day) => fixed(month, day),
            Self::FixedOn(month, day, weekdays) => {
                fixed(month, day).filter(|day| weekdays.contains(&day.weekday()))
            }
            Self::Nth(month, weekday, n) => nth(month, weekday, n),
            Self::DayAfterNth(month, weekday, n) => Some(nth(month, weekday, n)?.saturating_add(1.day())),
            Self::Easter(days) => Some(easter(year)?.saturating_add(days.days())),
            Self::VernalEquinox => fixed(3, equinox(year, 20_843_100)),
            Self::AutumnalEquinox => fixed(9, equinox(year, 23_248_800)),
            Self::Dates(_) => None,
        }
    }
}

/// The date of the number YYYYMMDD.
pub(super) fn from_number(n: u32) -> Option<Date> {
    let part = |n: u32| i8::try_from(n % 100).ok();
    Date::new(i16::try_from(n / 10_000).ok()?, part(n / 100)?, part(n)?).ok()
}

/// Easter Sunday: the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    Date::new(i16::try_from(year).ok()?, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?)
        .ok()
}

/// Day of the month of an equinox: `at_1980` (millionths of a day) drifts by a tropical year's excess over
/// 365 days, less the leap days since.
fn equinox(year: i16, at_1980: i64) -> i8 {
    let years = i64::from(year) - 1980;
    let day = (at_1980 + 242_194 * years).div_euclid(1_000_000) - years.div_euclid(4);
    i8::try_from(day).unwrap_or(0) // far outside 1980 to 2099: no such date, so no holiday
}

#[cfg(test)]
mod tests {
    use super::super::venues::VENUES;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_is_where_the_church_had_it() {
        for day in
            [date(1990, 4, 15), date(2000, 4, 23), date(2008, 3, 23), date(2011, 4, 24), date(2027, 3, 28)]
        {
            assert_eq!(easter(day.year()), Some(day));
        }
    }

    #[test]
    fn equinoxes_are_those_the_observatory_announced() {
        for (year, spring, autumn) in
            [(1997, 20, 23), (1999, 21, 23), (2012, 20, 22), (2024, 20, 22), (2027, 21, 23)]
        {
            assert_eq!((equinox(year, 20_843_100), equinox(year, 23_248_800)), (spring, autumn), "{year}");
        }
    }

    #[test]
    fn every_listed_date_exists_and_lists_are_sorted() {
        for venue in VENUES {
            for rule in venue.rules {
                if let When::Dates(listed) = rule.when {
                    assert!(listed.iter().all(|&n| from_number(n).is_some()), "{} {}", venue.id, rule.name);
                    assert!(listed.is_sorted_by(|a, b| a < b), "{} {}", venue.id, rule.name);
                }
            }
            assert!(venue.hours.is_sorted_by(|a, b| a.from < b.from), "{}", venue.id);
            assert!(venue.hours[0].from <= venue.valid.0, "{}", venue.id);
        }
    }

    #[test]
    fn every_rule_names_itself_and_its_source() {
        for rule in VENUES.iter().flat_map(|v| v.rules) {
            assert!(!rule.name.is_empty() && !rule.source.is_empty(), "{rule:?}");
        }
    }

    #[test]
    fn observance_never_leaves_the_year() {
        for rule in VENUES.iter().flat_map(|v| v.rules) {
            for year in 1900..2200 {
                assert!(rule.days_in(year).iter().all(|d| d.year() == year), "{} {year}", rule.name);
            }
        }
    }
}
