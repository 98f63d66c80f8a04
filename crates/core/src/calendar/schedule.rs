//! From rules to sessions: what happens on one date, and all sessions of one year.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::overlay::Change;
use super::rules::{DAY, Effect, Minute, Rule, Stretch, Venue, from_number};
use super::session::{Hours, Segment, Session, Unusual};
use super::{Note, OVERLAY};
use crate::time::Timestamp;

/// A venue's rules with a user's changes, over the dates they are valid for.
#[derive(Clone)]
pub(super) struct Schedule {
    pub(super) venue: &'static Venue,
    pub(super) zone: TimeZone,
    /// First and last session date, inclusive.
    pub(super) valid: (Date, Date),
    /// A change decides its date alone; rules and weekdays are not asked.
    pub(super) changes: BTreeMap<Date, Change>,
}

/// What is to happen on a date.
enum Outcome<'a> {
    Usual,
    Weekend,
    Ruled(&'static Rule),
    Changed(&'a Change),
}

impl Schedule {
    /// The sessions dated in `year`, in time order.
    pub(super) fn year(&self, year: i16) -> Box<[Session]> {
        let (Ok(first), Ok(last)) = (Date::new(year, 1, 1), Date::new(year, 12, 31)) else {
            return Box::default();
        };
        let (first, last) = (first.max(self.valid.0), last.min(self.valid.1));
        let ruled = self.ruled_days(year);
        first
            .series(1.day())
            .take_while(|&date| date <= last)
            .filter_map(|date| self.session(date, &self.outcome(date, &ruled)))
            .collect()
    }

    /// The one session of `date`, if it has one.
    pub(super) fn day(&self, date: Date) -> Option<Session> {
        self.session(date, &self.outcome(date, &self.ruled_days(date.year())))
    }

    /// Why `date` is not an ordinary session; `None` if it is one.
    pub(super) fn note(&self, date: Date) -> Option<Note> {
        match self.outcome(date, &self.ruled_days(date.year())) {
            Outcome::Usual => None,
            Outcome::Weekend => Some(Note { name: "weekend".into(), source: self.venue.description.into() }),
            Outcome::Ruled(rule) => Some(Note { name: rule.name.into(), source: rule.source.into() }),
            Outcome::Changed(change) => {
                Some(Note { name: change.reason().to_owned().into(), source: OVERLAY.into() })
            }
        }
    }

    /// The dates of `year` that a rule speaks about, sorted, closures before early closes on the same date.
    fn ruled_days(&self, year: i16) -> Vec<(Date, &'static Rule)> {
        let days = |rule: &'static Rule| rule.days_in(year).into_iter().map(move |date| (date, rule));
        let mut ruled: Vec<_> = self.venue.rules.iter().flat_map(days).collect();
        ruled.sort_by_key(|&(date, rule)| (date, rule.effect != Effect::Closed));
        ruled
    }

    fn outcome(&self, date: Date, ruled: &[(Date, &'static Rule)]) -> Outcome<'_> {
        if let Some(change) = self.changes.get(&date) {
            return Outcome::Changed(change);
        }
        if !self.venue.week.contains(&date.weekday()) {
            return Outcome::Weekend;
        }
        let place = ruled.partition_point(|&(day, _)| day < date);
        match ruled.get(place) {
            Some(&(day, rule)) if day == date => Outcome::Ruled(rule),
            _ => Outcome::Usual,
        }
    }

    fn session(&self, date: Date, outcome: &Outcome<'_>) -> Option<Session> {
        let usual = self.usual_hours(date);
        let hours = match *outcome {
            Outcome::Usual => usual.to_vec(),
            Outcome::Weekend | Outcome::Changed(Change::Closed { .. }) => return None,
            Outcome::Ruled(rule) => match rule.effect {
                Effect::Closed => return None,
                Effect::Close(close) => clip(usual, None, Some(close)),
            },
            Outcome::Changed(&Change::Open { open, close, .. }) => clip(usual, open, close),
        };
        let (first, last, usual_first, usual_last) =
            (hours.first()?, hours.last()?, usual.first()?, usual.last()?);
        let unusual =
            Unusual { early_close: last.close < usual_last.close, late_open: first.open > usual_first.open };
        let segment = |open, close, hours| Segment {
            open: instant(&self.zone, date, open),
            close: instant(&self.zone, date, close),
            hours,
        };
        let mut segments = Vec::with_capacity(hours.len() + 2);
        segments.extend(hours.iter().map(|s| segment(s.open, s.close, Hours::Regular)));
        if let Some(extended) = &self.venue.extended {
            if extended.pre_open < first.open {
                segments.insert(0, segment(extended.pre_open, first.open, Hours::Pre));
            }
            let end = if unusual.early_close { extended.post_close_early } else { extended.post_close };
            if last.close < end {
                segments.push(segment(last.close, end, Hours::Post));
            }
        }
        Session::new(date, &segments, unusual)
    }

    /// The regular stretches usual at `date`.
    fn usual_hours(&self, date: Date) -> &'static [Stretch] {
        let begun = |from: u32| from_number(from).is_some_and(|from| from <= date);
        self.venue.hours.iter().rev().find(|period| begun(period.from)).map_or(&[], |period| period.stretches)
    }
}

/// `usual` with another first open or last close: what lies outside is cut off, a break stays a break, and an
/// open before the first or a close after the last extends that stretch. Empty when nothing is left.
fn clip(usual: &[Stretch], open: Option<Minute>, close: Option<Minute>) -> Vec<Stretch> {
    let (Some(first), Some(last)) = (usual.first(), usual.last()) else {
        return Vec::new();
    };
    let (from, to) = (open.unwrap_or(first.open), close.unwrap_or(last.close));
    if from >= last.close || to <= first.open {
        // Wholly outside the usual hours: only both ends together say what is meant.
        let both = open.is_some() && close.is_some() && from < to;
        return if both { vec![Stretch { open: from, close: to }] } else { Vec::new() };
    }
    let mut hours = usual.to_vec();
    if let Some(first) = hours.first_mut() {
        first.open = first.open.min(from);
    }
    if let Some(last) = hours.last_mut() {
        last.close = last.close.max(to);
    }
    let cut = |s: Stretch| Stretch { open: s.open.max(from), close: s.close.min(to) };
    hours.into_iter().map(cut).filter(|s| s.open < s.close).collect()
}

/// The instant of a minute of `date` on the zone's clock; in a gap or fold of daylight saving, the offset
/// before it (jiff's compatible reading).
fn instant(zone: &TimeZone, date: Date, minute: Minute) -> Timestamp {
    let day = date.saturating_add(i32::from(minute.div_euclid(DAY)).days());
    let minute = minute.rem_euclid(DAY);
    // Invariant: a minute below 1440 is a time of day, and the years 1900 to 2199 fit both clocks.
    let part = |n: Minute| i8::try_from(n).unwrap_or(0);
    let civil = day.at(part(minute / 60), part(minute % 60), 0, 0);
    let at = zone.to_ambiguous_timestamp(civil).compatible().ok();
    at.and_then(Timestamp::from_jiff).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::rules::{at, stretch};
    use super::*;

    const LUNCH: &[Stretch] = &[stretch(at(9, 30), at(12, 0)), stretch(at(13, 0), at(16, 0))];

    #[test]
    fn an_early_close_keeps_what_lies_before_it() {
        assert_eq!(clip(LUNCH, None, Some(at(15, 0))), [LUNCH[0], stretch(at(13, 0), at(15, 0))]);
        assert_eq!(clip(LUNCH, None, Some(at(12, 30))), [LUNCH[0]]);
        assert_eq!(clip(LUNCH, None, Some(at(11, 0))), [stretch(at(9, 30), at(11, 0))]);
    }

    #[test]
    fn a_late_open_keeps_what_lies_after_it() {
        assert_eq!(clip(LUNCH, Some(at(12, 30)), None), [LUNCH[1]]);
        assert_eq!(clip(LUNCH, Some(at(14, 0)), Some(at(15, 0))), [stretch(at(14, 0), at(15, 0))]);
    }

    #[test]
    fn longer_hours_extend_the_ends() {
        let longer = clip(LUNCH, Some(at(9, 0)), Some(at(17, 0)));
        assert_eq!(longer, [stretch(at(9, 0), at(12, 0)), stretch(at(13, 0), at(17, 0))]);
    }

    #[test]
    fn hours_outside_the_usual_need_both_ends() {
        assert_eq!(clip(LUNCH, Some(at(18, 0)), Some(at(19, 0))), [stretch(at(18, 0), at(19, 0))]);
        assert_eq!(clip(LUNCH, Some(at(18, 0)), None), []);
        assert_eq!(clip(LUNCH, None, Some(at(9, 0))), []);
        assert_eq!(clip(LUNCH, Some(at(12, 10)), Some(at(12, 40))), []);
    }
}
