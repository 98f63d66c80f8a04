//! One session laid out for one set of rules: which slot a minute is, which buckets a slot falls into.
//!
//! Slots number the base bars that the calendar has in the session, from 0, without holes at breaks. A plan
//! depends on the session and the rules alone, so all symbols share it.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::rules::{Align, DeriveRules, Stub, TradingHours};
use crate::calendar::{Calendar, CalendarError, Hours, Segment, Session, SessionIndex};
use crate::interval::Interval;
use crate::time::{NANOS_PER_SECOND, Timestamp};

const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// The session a derived bar belongs to: `2024-11-29`, of a week `2024-W48`, of a month `2024-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionLabel {
    /// A session's date.
    Date(Date),
    /// An ISO week of session dates.
    Week {
        /// ISO year.
        year: i16,
        /// ISO week, from 1.
        week: i8,
    },
    /// A calendar month of session dates.
    Month {
        /// Year.
        year: i16,
        /// Month, from 1.
        month: i8,
    },
}

impl SessionLabel {
    fn of(date: Date, interval: Interval) -> Self {
        match interval {
            Interval::WEEK => {
                let iso = date.iso_week_date();
                Self::Week { year: iso.year(), week: iso.week() }
            }
            Interval::MONTH => Self::Month { year: date.year(), month: date.month() },
            _ => Self::Date(date),
        }
    }
}

impl fmt::Display for SessionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => fmt::Display::fmt(date, f),
            Self::Week { year, week } => write!(f, "{year:04}-W{week:02}"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
        }
    }
}

/// A derived interval cut to its segment: slots `first..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) first: u32,
    pub(crate) end: u32,
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
    pub(crate) hours: Hours,
    /// Cut short, by its segment or by the midnight grid, where the rules drop stubs: takes its minutes, gives no bar.
    pub(crate) dropped: bool,
}

impl Bucket {
    pub(crate) fn expected(&self) -> u32 {
        self.end - self.first
    }
}

/// The sessions of a `1w` or `1M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) label: SessionLabel,
    /// Its first session: orders periods and counts those between two.
    pub(crate) from: SessionIndex,
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
    pub(crate) expected: u32,
}

/// What one interval makes of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct LanePlan {
    /// Buckets in time order, of an intraday interval or `1d`.
    pub(crate) buckets: Vec<Bucket>,
    /// The longer bar that the session is part of, of `1w` and `1M`.
    pub(crate) period: Option<Period>,
}

#[derive(Debug, Clone, Copy)]
struct SlotSegment {
    segment: Segment,
    first: u32,
}

/// One session laid out.
#[derive(Debug, Clone)]
pub(crate) struct SessionPlan {
    pub(crate) index: SessionIndex,
    pub(crate) date: Date,
    segments: Vec<SlotSegment>,
    pub(crate) slots: u32,
    /// Slots of the regular hours.
    pub(crate) regular: std::ops::Range<u32>,
    pub(crate) regular_close: Timestamp,
    /// The first traded segment's open.
    pub(crate) start: Timestamp,
    /// The last traded segment's close.
    pub(crate) end: Timestamp,
    pub(crate) lanes: Vec<LanePlan>,
}

impl SessionPlan {
    fn new(index: SessionIndex, session: &Session) -> Self {
        Self {
            index,
            date: session.date(),
            segments: Vec::new(),
            slots: 0,
            regular: 0..0,
            regular_close: session.close(),
            start: session.open(),
            end: session.close(),
            lanes: Vec::new(),
        }
    }

    /// Lays out the session at `index`, reusing this plan's memory.
    fn rebuild(&mut self, rules: &DeriveRules, index: SessionIndex) -> Result<(), CalendarError> {
        let session = rules.calendar.session(index);
        let traded = traded(session, rules.hours);
        self.index = index;
        self.date = session.date();
        self.regular_close = session.close();
        self.start = traded.first().map_or(session.open(), |segment| segment.open);
        self.segments.clear();
        self.slots = 0;
        self.regular = 0..0;
        for segment in traded {
            let first = self.slots;
            self.slots += slots_of(segment, rules.base);
            if segment.hours == Hours::Regular {
                let begin = if self.regular.is_empty() { first } else { self.regular.start };
                self.regular = begin..self.slots;
            }
            self.end = segment.close;
            self.segments.push(SlotSegment { segment: *segment, first });
        }
        if rules.base == Interval::DAY {
            (self.slots, self.regular) = (1, 0..1);
        }
        self.lanes.resize_with(rules.intervals.len(), LanePlan::default);
        for (lane, rule) in rules.intervals.iter().enumerate() {
            self.lanes[lane].buckets.clear();
            match (rule.interval.nanos(), rule.interval) {
                // A base bar needs no bucket.
                (Some(_), interval) if interval == rules.base => {}
                (Some(nanos), _) => self.lay_buckets(lane, rules, nanos),
                (None, Interval::DAY) => self.lanes[lane].buckets.push(Bucket {
                    first: self.regular.start,
                    end: self.regular.end,
                    open: session.open(),
                    close: session.close(),
                    hours: Hours::Regular,
                    dropped: false,
                }),
                (None, interval) => self.lanes[lane].period = Some(period(rules, index, interval)?),
            }
        }
        Ok(())
    }

    fn lay_buckets(&mut self, lane: usize, rules: &DeriveRules, nanos: i64) {
        let buckets = &mut self.lanes[lane].buckets;
        let mut first = 0;
        for &SlotSegment { segment, .. } in &self.segments {
            for (open, close) in cuts(segment, nanos, rules) {
                let end = first + slots_of(&Segment { open, close, ..segment }, rules.base);
                let dropped = rules.stub == Stub::Drop && close.since(open) < nanos;
                buckets.push(Bucket { first, end, open, close, hours: segment.hours, dropped });
                first = end;
            }
        }
    }

    /// The slot of the base bar that opens at `at` and its segment, if the session trades then.
    /// A daily base has one slot a session.
    pub(crate) fn slot(&self, at: Timestamp, base_nanos: Option<i64>) -> Option<(u32, Segment)> {
        let SlotSegment { segment, first } = self.segments.iter().find(|s| s.segment.contains(at))?;
        let slot = base_nanos.map_or(0, |nanos| first + (at.since(segment.open) / nanos) as u32);
        Some((slot, *segment))
    }

    /// The part of the day of a slot.
    pub(crate) fn hours_at(&self, slot: u32) -> Hours {
        let at = self.segments.partition_point(|own| own.first <= slot);
        self.segments.get(at.saturating_sub(1)).map_or(Hours::Regular, |own| own.segment.hours)
    }
}

/// The segments of `session` that are traded.
pub(crate) fn traded(session: &Session, hours: TradingHours) -> &[Segment] {
    match hours {
        TradingHours::Regular => session.regular(),
        TradingHours::Extended => session.segments(),
    }
}

fn slots_of(segment: &Segment, base: Interval) -> u32 {
    base.nanos().map_or(0, |nanos| (segment.close.since(segment.open) / nanos) as u32)
}

/// The buckets of one segment as (open, close), in time order.
fn cuts(
    segment: Segment,
    nanos: i64,
    rules: &DeriveRules,
) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
    let mut open = segment.open;
    std::iter::from_fn(move || {
        if open >= segment.close {
            return None;
        }
        let next = match rules.align {
            Align::Session => open.saturating_add(nanos),
            Align::Midnight => next_on_wall_clock(open, nanos, &rules.calendar),
        };
        let cut = (open, next.min(segment.close));
        open = cut.1;
        Some(cut)
    })
}

/// The first instant after `at` on the grid of `nanos` that restarts at each local midnight.
fn next_on_wall_clock(at: Timestamp, nanos: i64, calendar: &Calendar) -> Timestamp {
    let local = at.to_jiff().to_zoned(calendar.zone().clone());
    let since_midnight = local.time().duration_since(jiff::civil::Time::midnight()).as_nanos() as i64;
    let next = (since_midnight / nanos + 1).saturating_mul(nanos).min(NANOS_PER_DAY);
    at.saturating_add(next - since_midnight)
}

/// The bucket of `interval` that a minute falls into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BucketAt {
    pub(crate) label: SessionLabel,
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
    pub(crate) expected: u32,
}

/// The bucket of `interval` that holds the base bar opening at `at`, if the interval trades then.
pub(crate) fn bucket_at(rules: &DeriveRules, interval: Interval, at: Timestamp) -> Option<BucketAt> {
    let index = rules.calendar.at_or_after(at).ok()?;
    let session = rules.calendar.session(index);
    let label = SessionLabel::of(session.date(), interval);
    let Some(nanos) = interval.nanos() else {
        session.regular().iter().find(|segment| segment.contains(at))?;
        if interval != Interval::DAY {
            let Period { label, open, close, expected, .. } = period(rules, index, interval).ok()?;
            return Some(BucketAt { label, open, close, expected });
        }
        let slots = || session.regular().iter().map(|segment| slots_of(segment, rules.base)).sum();
        let expected = if rules.base == Interval::DAY { 1 } else { slots() };
        return Some(BucketAt { label, open: session.open(), close: session.close(), expected });
    };
    let segment = *traded(session, rules.hours).iter().find(|segment| segment.contains(at))?;
    let (open, close) = match rules.align {
        Align::Session => {
            let open = segment.open.saturating_add(at.since(segment.open) / nanos * nanos);
            (open, open.saturating_add(nanos).min(segment.close))
        }
        Align::Midnight => cuts(segment, nanos, rules).find(|&(_, close)| at < close)?,
    };
    Some(BucketAt { label, open, close, expected: slots_of(&Segment { open, close, ..segment }, rules.base) })
}

/// How many buckets `interval` has in `session`.
pub(crate) fn bucket_count(session: &Session, rules: &DeriveRules, interval: Interval) -> u64 {
    let Some(nanos) = interval.nanos() else { return 1 };
    let count = |segment: &Segment| match rules.align {
        Align::Session => (segment.close.since(segment.open) as u64).div_ceil(nanos as u64),
        Align::Midnight => cuts(*segment, nanos, rules).count() as u64,
    };
    traded(session, rules.hours).iter().map(count).sum()
}

/// The week or month that the session at `index` is part of.
///
/// # Errors
/// [`CalendarError::OutOfRange`] when a weekday of it lies outside what the calendar knows.
fn period(rules: &DeriveRules, index: SessionIndex, interval: Interval) -> Result<Period, CalendarError> {
    let calendar = &rules.calendar;
    let label_at = |i: SessionIndex| SessionLabel::of(calendar.session(i).date(), interval);
    let label = label_at(index);
    let mut from = index;
    while let Some(i) = neighbour(calendar, calendar.previous(from), label, interval, Edge::Begin)? {
        if label_at(i) != label {
            break;
        }
        from = i;
    }
    let (mut last, mut expected) = (from, 0);
    let mut at = Some(from);
    while let Some(i) = at.filter(|&i| label_at(i) == label) {
        let slots: u32 = calendar.session(i).regular().iter().map(|s| slots_of(s, rules.base)).sum();
        expected += if rules.base == Interval::DAY { 1 } else { slots };
        last = i;
        at = neighbour(calendar, calendar.next(i), label, interval, Edge::End)?;
    }
    let (open, close) = (calendar.session(from).open(), calendar.session(last).close());
    Ok(Period { label, from, open, close, expected })
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Begin,
    End,
}

/// The neighbouring session, or `None` at the edge of the calendar when no weekday of `label` lies beyond it.
fn neighbour(
    calendar: &Calendar,
    found: Result<SessionIndex, CalendarError>,
    label: SessionLabel,
    interval: Interval,
    edge: Edge,
) -> Result<Option<SessionIndex>, CalendarError> {
    let error = match found {
        Ok(index) => return Ok(Some(index)),
        Err(error) => error,
    };
    let (valid_from, valid_to) = calendar.valid();
    let mut date = if edge == Edge::Begin { valid_from } else { valid_to };
    loop {
        let stepped = if edge == Edge::Begin { date.yesterday() } else { date.tomorrow() };
        match stepped {
            Ok(next) if SessionLabel::of(next, interval) == label => date = next,
            _ => return Ok(None),
        }
        if date.weekday().to_monday_zero_offset() < 5 {
            return Err(error);
        }
    }
}

/// How many weeks or months lie strictly between the ones that begin at `a` and `b`.
pub(crate) fn periods_between(
    calendar: &Calendar,
    interval: Interval,
    a: SessionIndex,
    b: SessionIndex,
) -> u64 {
    let label_at = |i: SessionIndex| SessionLabel::of(calendar.session(i).date(), interval);
    let (mut at, mut label, mut changes) = (a, label_at(a), 0_u64);
    while at < b {
        let Ok(next) = calendar.next(at) else { break };
        at = next;
        if label_at(at) != label {
            label = label_at(at);
            changes += 1;
        }
    }
    changes.saturating_sub(1)
}

/// Plans of the sessions in use, with the memory of those no longer used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plans {
    recent: Vec<Arc<SessionPlan>>,
    next: usize,
}

/// Enough for the sessions that are open at once under one clock (two around a close with grace) and a late row's.
const KEPT_PLANS: usize = 4;

impl Plans {
    /// The plan of the session at `index`.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] when a week or month reaches outside what the calendar knows.
    pub(crate) fn plan(
        &mut self,
        rules: &DeriveRules,
        index: SessionIndex,
    ) -> Result<Arc<SessionPlan>, CalendarError> {
        if let Some(plan) = self.recent.iter().find(|plan| plan.index == index) {
            return Ok(Arc::clone(plan));
        }
        let place = if self.recent.len() < KEPT_PLANS { self.recent.len() } else { self.next };
        self.next = (place + 1) % KEPT_PLANS;
        let mut fresh = None;
        match self.recent.get_mut(place).and_then(Arc::get_mut) {
            // Out of use by every symbol: laid out anew in place. A failed layout must not be found again.
            Some(unused) => {
                if let Err(error) = unused.rebuild(rules, index) {
                    self.recent.remove(place);
                    return Err(error);
                }
            }
            None => {
                let mut plan = SessionPlan::new(index, rules.calendar.session(index));
                plan.rebuild(rules, index)?;
                fresh = Some(Arc::new(plan));
            }
        }
        if let Some(plan) = fresh {
            if place < self.recent.len() { self.recent[place] = plan } else { self.recent.push(plan) }
        }
        Ok(Arc::clone(&self.recent[place]))
    }
}
