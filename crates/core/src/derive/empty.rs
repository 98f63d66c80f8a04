//! Buckets without a base bar (P7): no bar, no warning, a count by interval.
//!
//! Counted between the first and the last bucket of a symbol that held a bar, so that the number does not depend
//! on how far the clock went.

use super::plan::{bucket_count, periods_between};
use super::rules::DeriveRules;
use super::saved::{put_session, read_session};
use crate::calendar::SessionIndex;
use crate::interval::Interval;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// A bucket's place: its session and its number there; the first session and 0 for a week or month.
type Place = (SessionIndex, u32);

/// By interval, the first and last place that held a bar.
#[derive(Debug, Clone)]
pub(crate) struct Spans(Vec<Option<(Place, Place)>>);

impl Spans {
    pub(crate) fn new(lanes: usize) -> Self {
        Self(vec![None; lanes])
    }

    /// The bucket at `place` got its first bar: what becomes of the count of empty ones.
    #[inline]
    pub(crate) fn hold(&mut self, lane: usize, place: Place, empty: u64, rules: &DeriveRules) -> u64 {
        match &mut self.0[lane] {
            // The usual one: the bucket after the last.
            Some((_, last)) if last.0 == place.0 && last.1 + 1 == place.1 => {
                *last = place;
                empty
            }
            _ => self.hold_elsewhere(lane, place, empty, rules),
        }
    }

    /// The buckets up to the one at `place` got their first bars, each after the one before, in a session that holds one.
    pub(crate) fn extend(&mut self, lane: usize, place: Place) {
        if let Some((_, last)) = &mut self.0[lane] {
            *last = place;
        }
    }

    /// Whether the bucket at `place` is the last that held a bar.
    #[inline]
    pub(crate) fn is_last(&self, lane: usize, place: Place) -> bool {
        self.0[lane].is_some_and(|(_, last)| last == place)
    }

    /// Writes the places, sessions by their dates.
    pub(super) fn save(&self, rules: &DeriveRules, to: &mut Bytes) {
        for span in &self.0 {
            to.flag(span.is_some());
            for (index, number) in span.iter().flat_map(|&(first, last)| [first, last]) {
                put_session(rules, index, to);
                to.u32(number);
            }
        }
    }

    /// Reads the places.
    ///
    /// # Errors
    /// [`SnapshotError`] when the calendar has no such bucket, or the last comes before the first.
    pub(super) fn restore(rules: &DeriveRules, from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let mut own = Self::new(rules.intervals.len());
        for (span, rule) in own.0.iter_mut().zip(&rules.intervals) {
            if !from.flag("whether a bucket was held")? {
                continue;
            }
            let first = read_place(rules, rule.interval, from)?;
            let last = read_place(rules, rule.interval, from)?;
            if first > last {
                return Err(SnapshotError::value("the last bucket", last.1, "one not before the first"));
            }
            *span = Some((first, last));
        }
        Ok(own)
    }

    fn hold_elsewhere(&mut self, lane: usize, place: Place, empty: u64, rules: &DeriveRules) -> u64 {
        let between = |a, b| between(a, b, rules, rules.intervals[lane].interval);
        let Some((first, last)) = &mut self.0[lane] else {
            self.0[lane] = Some((place, place));
            return empty;
        };
        if place > *last {
            let passed = between(*last, place);
            *last = place;
            empty + passed
        } else if place < *first {
            let passed = between(place, *first);
            *first = place;
            empty + passed
        } else {
            // It was counted as empty when the rows went past it.
            empty.saturating_sub(1)
        }
    }
}

fn read_place(rules: &DeriveRules, interval: Interval, from: &mut Read<'_>) -> Result<Place, SnapshotError> {
    let index = read_session(rules, from)?;
    let buckets = bucket_count(rules.calendar.session(index), rules, interval);
    Ok((index, from.at_most("the number of a bucket", buckets.saturating_sub(1) as usize)? as u32))
}

/// How many buckets lie strictly between two.
fn between(a: Place, b: Place, rules: &DeriveRules, interval: Interval) -> u64 {
    if a.0 == b.0 {
        return u64::from(b.1 - a.1 - 1);
    }
    let calendar = &rules.calendar;
    if interval > Interval::DAY {
        return periods_between(calendar, interval, a.0, b.0);
    }
    let mut count = bucket_count(calendar.session(a.0), rules, interval) - u64::from(a.1) - 1;
    let mut at = a.0;
    while let Ok(next) = calendar.next(at) {
        if next >= b.0 {
            break;
        }
        count += bucket_count(calendar.session(next), rules, interval);
        at = next;
    }
    count + u64::from(b.1)
}
