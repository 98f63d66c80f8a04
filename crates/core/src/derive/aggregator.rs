//! One symbol's derived bars: which buckets are open, when each closes, what a row changes (P5 to P10).
//!
//! A row finds its session and slot; then each interval, ascending, says what the row is to it: new to an open
//! bucket, a correction of it, or late. A bucket closes when its last base bar arrives or when the clock reaches its
//! close plus grace. Within an interval bars come in time order: giving one closes every older bucket first.
//! A row in or next to the bucket of the row before costs O(1); memory is the sessions that are still open.
//!
//! Most rows follow the one before, minute by minute, into the buckets that are open or come next. Such a run puts its rows into
//! their slots and gives their base bars, no more; its last row, or whatever comes in its place, counts them for the longer intervals.

mod saved;

use std::collections::VecDeque;

use super::aggregate::Fold;
use super::empty::Spans;
use super::event::{ClosedBar, Outcome, Revision, Sink, Warning, WarningKind};
use super::plan::{Period, Plans, SessionLabel, SessionPlan, traded};
use super::rules::{DeriveRules, Late};
use super::session::{Lane, OpenSession, Standing};
use crate::bar::{Bar, NULL};
use crate::calendar::{CalendarError, Hours, SessionIndex};
use crate::interval::Interval;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// What all symbols share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) rules: DeriveRules,
    pub(crate) plans: Plans,
    /// Buckets without a base bar between a symbol's first and last, by interval (P7).
    pub(crate) empty: Vec<u64>,
    /// Buckets left open at the end of the input (P15).
    pub(crate) unfinished: u64,
    /// Nanoseconds of an intraday base; 0 of a daily one.
    base: i64,
    /// Whether the first interval is the base itself, of an intraday base.
    has_base: bool,
}

impl Shared {
    pub(crate) fn new(rules: DeriveRules) -> Self {
        Self {
            plans: Plans::default(),
            empty: vec![0; rules.intervals.len()],
            unfinished: 0,
            base: rules.base.nanos().unwrap_or(0),
            has_base: rules.has_base(),
            rules,
        }
    }

    /// When a bucket that ends at `close` stops taking bars.
    #[inline]
    fn deadline(&self, close: Timestamp) -> Timestamp {
        close.saturating_add(self.rules.grace)
    }

    /// When a session is counted into its weeks and months: once its regular hours are over, or, where it may be revised, all of it.
    fn counted_at(&self, plan: &SessionPlan) -> Timestamp {
        if self.revises() { plan.end } else { plan.regular_close }
    }

    /// Whether closed buckets of the current session are given again.
    #[inline]
    fn revises(&self) -> bool {
        self.rules.late == Late::Revise
    }

    /// When the base bar that opens at `open` closes.
    #[inline]
    fn base_close(&self, open: Timestamp) -> Timestamp {
        open.saturating_add(self.base)
    }

    /// The first interval that has buckets.
    #[inline]
    fn first_lane(&self) -> usize {
        usize::from(self.has_base)
    }

    fn interval(&self, lane: usize) -> Interval {
        self.rules.intervals[lane].interval
    }
}

/// A week or month that holds a bar and is not emitted.
#[derive(Debug, Clone, Copy)]
struct OpenPeriod {
    period: Period,
    /// The finished sessions.
    fold: Fold,
    /// Base bars, those of open sessions included.
    n_base: u32,
}

impl OpenPeriod {
    fn is_whole(&self) -> bool {
        self.n_base == self.period.expected
    }
}

/// More sessions open at once than a clock that moves leaves open.
const MANY_SESSIONS: usize = 4;

/// Where the session of a row stands.
enum Entered {
    /// It is open, at this place, and the row has this slot.
    Open(usize, u32),
    /// The clock has passed it.
    Finished(Hours),
    /// The market is closed at the row's minute.
    OutOfSession,
}

/// Rows of the newest session that follow one another, up to the end of a bucket.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// When the next one opens, and its slot; where there is no run, a minute that never comes.
    next: Timestamp,
    slot: u32,
    /// When its last one opens: that one ends a bucket or the segment.
    last: Timestamp,
}

impl Run {
    const NONE: Self = Self { next: Timestamp::MAX, slot: 0, last: Timestamp::MAX };
}

/// One symbol's open buckets.
#[derive(Debug)]
pub(crate) struct Aggregator {
    pub(super) symbol: SymbolId,
    run: Run,
    clock: Timestamp,
    /// The earliest deadline of anything held.
    due: Timestamp,
    /// In time order; usually one.
    sessions: Vec<OpenSession>,
    /// Tables of finished sessions, to be used again.
    spare: Vec<OpenSession>,
    /// By interval, in time order; empty for intervals within a session.
    periods: Vec<VecDeque<OpenPeriod>>,
    /// By interval, the week or month that was given last, without its open sessions: it may be revised.
    given_period: Vec<Option<OpenPeriod>>,
    /// By interval, the close of the newest bucket given: nothing older can follow it.
    given_to: Vec<Timestamp>,
    spans: Spans,
}

impl Aggregator {
    pub(crate) fn new(symbol: SymbolId, rules: &DeriveRules) -> Self {
        let lanes = rules.intervals.len();
        Self {
            symbol,
            run: Run::NONE,
            clock: Timestamp::MIN,
            due: Timestamp::MAX,
            sessions: Vec::new(),
            spare: Vec::new(),
            periods: vec![VecDeque::new(); lanes],
            given_period: vec![None; lanes],
            given_to: vec![Timestamp::MIN; lanes],
            spans: Spans::new(lanes),
        }
    }

    /// When this symbol next has something to close.
    #[inline]
    pub(crate) fn due(&self) -> Timestamp {
        self.due
    }

    /// Takes a sound bar of the base. The clock must have been moved to where it stands before the row.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] when the calendar does not know the row's session, week or month.
    #[inline]
    pub(crate) fn take(
        &mut self,
        bar: &Bar,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> Result<Outcome, CalendarError> {
        if bar.open_time == self.run.next && self.follow(bar, shared, sink) {
            return Ok(Outcome::Accepted);
        }
        self.take_otherwise(bar, shared, sink)
    }

    /// Takes the next row of the run, unless the clock has passed its minute.
    #[inline]
    fn follow(&mut self, bar: &Bar, shared: &Shared, sink: &mut impl Sink) -> bool {
        let close = shared.base_close(bar.open_time);
        let Some(session) = self.sessions.last_mut().filter(|_| shared.deadline(close) > self.clock) else {
            return false;
        };
        session.slots.put_unmarked(self.run.slot, bar);
        (self.run.next, self.run.slot) = (close, self.run.slot + 1);
        if shared.has_base {
            sink.bar(&base_bar(self.symbol, session, session.hours(), bar, close, shared));
        }
        if bar.open_time == self.run.last {
            self.complete_run(shared, sink);
        }
        true
    }

    /// The run's last row is there: gives what it completes, and looks for the run that follows.
    fn complete_run(&mut self, shared: &Shared, sink: &mut impl Sink) {
        self.settle(shared);
        let place = self.sessions.len() - 1;
        for lane in shared.first_lane()..shared.rules.intervals.len() {
            let session = &self.sessions[place];
            if let Some(period) = session.plan.lanes[lane].period {
                let whole = |open: &OpenPeriod| open.period.from == period.from && open.is_whole();
                if let Some(at) = self.periods[lane].iter().position(whole) {
                    self.close_periods(lane, at + 1, shared, sink);
                }
            } else if session.lanes[lane].is_complete() {
                self.complete_bucket(place, lane, shared, sink);
            }
        }
        if place < MANY_SESSIONS {
            self.due = self.next_due(shared);
        }
        self.expect_run(place, shared);
    }

    /// The rows of the run are counted for the longer intervals; it ends here.
    #[inline]
    fn settle(&mut self, shared: &Shared) {
        if self.run.next < Timestamp::MAX {
            self.settle_run(shared);
        }
    }

    fn settle_run(&mut self, shared: &Shared) {
        let Run { next, slot, .. } = std::mem::replace(&mut self.run, Run::NONE);
        let Some(session) = self.sessions.last_mut() else { return };
        let (rows, fold) = session.mark_run(slot, next);
        let (index, first) = (session.plan.index, shared.first_lane());
        if shared.has_base && !rows.is_empty() {
            self.given_to[0] = next;
            self.spans.extend(0, (index, slot - 1));
        }
        for lane in first..session.lanes.len() {
            if let Some(period) = session.plan.lanes[lane].period {
                if let Some(open) = self.periods[lane].iter_mut().find(|open| open.period.from == period.from)
                {
                    open.n_base += rows.len() as u32;
                }
            } else if let Some((at, close)) = session.fill_run(lane, rows.clone(), &fold) {
                let due = &mut session.lanes[lane].due;
                *due = shared.deadline(close).min(*due);
                self.spans.extend(lane, (index, at));
            }
        }
        session.leave_empty();
    }

    /// The newest row was taken into the session at `place`: finds the run that may follow it.
    fn expect_run(&mut self, place: usize, shared: &Shared) {
        let (next, slot, segment_close) = self.sessions[place].expected();
        // What lies beyond may be one of its rows already.
        if place + 1 < self.sessions.len() || next >= segment_close || self.sessions[place].slots.reach(slot)
        {
            return;
        }
        let Some(rows) = self.enter_run(place, slot, shared) else {
            return self.sessions[place].leave_empty();
        };
        let last = next.saturating_add(shared.base.saturating_mul(i64::from(rows) - 1));
        self.run = Run { next, slot, last: last.min(segment_close.saturating_add(-shared.base)) };
    }

    /// How many rows a run that begins with `slot` has: every interval must take them, into the bucket that it is at or the one
    /// that follows, which is entered. `None` where there is no run.
    fn enter_run(&mut self, place: usize, slot: u32, shared: &Shared) -> Option<u32> {
        let Self { sessions, spans, periods, due, clock, .. } = self;
        let session = &mut sessions[place];
        let index = session.plan.index;
        if shared.base == 0 || shared.has_base && !spans.is_last(0, (index, slot - 1)) {
            return None;
        }
        let mut rows = u32::MAX;
        for (lane, periods) in periods.iter().enumerate().skip(shared.first_lane()) {
            if let Some(period) = session.plan.lanes[lane].period {
                let open = periods.iter().find(|open| open.period.from == period.from)?;
                rows = rows.min(if session.plan.regular.contains(&slot) {
                    open.period.expected - open.n_base
                } else {
                    0
                });
                continue;
            }
            if !session.lanes[lane].holds(slot) {
                let at = session.lanes[lane].at;
                // A bucket that the clock has passed takes none of them, and what is due is never in the past.
                let is_open = |close: &Timestamp| shared.deadline(*close) > *clock;
                let close = session.enter_next(lane, slot).filter(is_open);
                let close = close.filter(|_| spans.is_last(lane, (index, at)))?;
                // Early while the bucket is empty, never late.
                *due = shared.deadline(close).min(*due);
            }
            rows = rows.min(session.lanes[lane].left(slot));
        }
        (rows > 0).then_some(rows)
    }

    #[inline(never)]
    fn take_otherwise(
        &mut self,
        bar: &Bar,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> Result<Outcome, CalendarError> {
        self.settle(shared);
        let (place, slot) = match self.find(bar.open_time, shared) {
            Some(found) => found,
            None => match self.enter(bar.open_time, shared)? {
                Entered::Open(place, slot) => (place, slot),
                Entered::Finished(hours) => return Ok(self.late_for_all(bar.open_time, hours, shared, sink)),
                Entered::OutOfSession => return Ok(Outcome::OutOfSession),
            },
        };
        Ok(match self.sessions[place].slots.bar(slot) {
            None => self.take_new(place, slot, bar, shared, sink),
            Some(known) if known.is_same(bar) => Outcome::Duplicate,
            Some(_) => self.correct(place, slot, bar, shared, sink),
        })
    }

    /// The open session and slot of the base bar that opens at `at`.
    #[inline]
    fn find(&mut self, at: Timestamp, shared: &Shared) -> Option<(usize, u32)> {
        let base = shared.rules.base.nanos();
        let newest = self.sessions.len().checked_sub(1)?;
        if let Some(slot) = self.sessions[newest].find(at, base) {
            return Some((newest, slot));
        }
        let place = self.sessions.partition_point(|session| session.plan.end <= at);
        Some((place, self.sessions.get_mut(place)?.find(at, base)?))
    }

    /// Opens the session that holds `at`.
    #[cold]
    fn enter(&mut self, at: Timestamp, shared: &mut Shared) -> Result<Entered, CalendarError> {
        let calendar = &shared.rules.calendar;
        let hours_at = |index: SessionIndex| {
            let segments = traded(calendar.session(index), shared.rules.hours);
            segments.iter().find(|segment| segment.contains(at)).map(|segment| segment.hours)
        };
        // Bars come in time order, so the session after the newest is the usual one.
        let next = self.sessions.last().and_then(|newest| calendar.next(newest.plan.index).ok());
        let index = match next.filter(|&next| hours_at(next).is_some()) {
            Some(next) => next,
            None => calendar.at_or_after(at)?,
        };
        let Some(hours) = hours_at(index) else { return Ok(Entered::OutOfSession) };
        let end =
            traded(calendar.session(index), shared.rules.hours).last().map_or(at, |segment| segment.close);
        if shared.deadline(end) <= self.clock {
            return Ok(Entered::Finished(hours));
        }
        let plan = shared.plans.plan(&shared.rules, index)?;
        let counted_at = shared.counted_at(&plan);
        let mut session = self.spare.pop().unwrap_or_else(|| OpenSession::new(plan.clone()));
        session.reset(plan, counted_at, &self.given_to);
        session.folded = shared.deadline(counted_at) <= self.clock;
        let place = self.sessions.partition_point(|s| s.plan.index < index);
        self.due = self.due.min(shared.deadline(session.next_end()));
        self.sessions.insert(place, session);
        Ok(self.find(at, shared).map_or(Entered::OutOfSession, |(place, slot)| Entered::Open(place, slot)))
    }

    #[inline]
    fn take_new(
        &mut self,
        place: usize,
        slot: u32,
        bar: &Bar,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> Outcome {
        let (mut used, mut late, mut completed) = (false, false, false);
        self.sessions[place].slots.put(slot, bar);
        let lanes = shared.rules.intervals.len();
        let first = shared.first_lane();
        if first == 1 {
            let given = self.give_base(place, slot, bar, shared, sink);
            if shared.rules.intervals[0].is_asked {
                (used, late) = (given, !given);
            }
        }
        let mut lane = self.sessions[place].fill_usual(first, slot, bar);
        used |= lane > first;
        while lane < lanes {
            let state = &mut self.sessions[place].lanes[lane];
            if state.holds(slot) {
                // Not usual, so it is the last one missing.
                state.fill(slot, bar);
                (used, completed) = (true, true);
                self.complete_bucket(place, lane, shared, sink);
                lane = self.sessions[place].fill_usual(lane + 1, slot, bar);
                continue;
            }
            match self.stand(place, lane, slot, shared) {
                Standing::Outside => {}
                Standing::Closed if self.may_revise(place, shared) => {
                    used = true;
                    self.revise(place, lane, slot, None, shared, sink);
                }
                Standing::Closed => {
                    late = true;
                    self.warn_minute(WarningKind::LateBar, lane, bar.open_time, shared, sink);
                }
                Standing::Open => {
                    used = true;
                    completed |= match self.sessions[place].plan.lanes[lane].period {
                        None => self.enter_bucket(place, lane, shared, sink),
                        Some(period) => self.add_to_period(lane, period, shared, sink),
                    };
                }
            }
            let usual_to = self.sessions[place].fill_usual(lane + 1, slot, bar);
            used |= usual_to > lane + 1;
            lane = usual_to;
        }
        // With many sessions open, because nothing moves the clock, an early due costs less than looking for the next.
        if completed && self.sessions.len() <= MANY_SESSIONS {
            self.due = self.next_due(shared);
        }
        if used {
            self.expect_run(place, shared);
            return Outcome::Accepted;
        }
        self.sessions[place].slots.remove(slot);
        if late { Outcome::Late } else { Outcome::OutOfSession }
    }

    #[cold]
    fn correct(
        &mut self,
        place: usize,
        slot: u32,
        bar: &Bar,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> Outcome {
        let (mut used, mut closed) = (false, Vec::new());
        for lane in 0..shared.rules.intervals.len() {
            let kind = match self.stand(place, lane, slot, shared) {
                Standing::Outside => continue,
                Standing::Closed if self.may_revise(place, shared) => {
                    closed.push(lane);
                    WarningKind::CorrectedBar
                }
                Standing::Closed => WarningKind::LateBar,
                Standing::Open => WarningKind::CorrectedBar,
            };
            used |= kind == WarningKind::CorrectedBar;
            self.warn_minute(kind, lane, bar.open_time, shared, sink);
        }
        if !used {
            return Outcome::Late;
        }
        let session = &mut self.sessions[place];
        let before = session.slots.bar(slot).copied();
        session.slots.put(slot, bar);
        session.lanes.iter_mut().filter(|state| state.holds(slot)).for_each(Lane::spoil);
        for lane in closed {
            self.revise(place, lane, slot, before.as_ref(), shared, sink);
        }
        Outcome::Corrected
    }

    /// Whether closed buckets of the session at `place` may be given again: it is the current one, the newest that has a row.
    fn may_revise(&self, place: usize, shared: &Shared) -> bool {
        shared.revises() && place + 1 == self.sessions.len()
    }

    /// The bar of `slot` is another than `before`, or new, and the interval's bucket there is closed: gives the bucket again.
    #[cold]
    fn revise(
        &mut self,
        place: usize,
        lane: usize,
        slot: u32,
        before: Option<&Bar>,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) {
        let now = self.sessions[place].slots.bar(slot).copied();
        let index = self.sessions[place].plan.index;
        let Some((number, first)) = self.closed_bucket(place, lane, slot, before.is_none(), shared) else {
            return;
        };
        if first {
            shared.empty[lane] = self.spans.hold(lane, (index, number), shared.empty[lane], &shared.rules);
        }
        let slots = &mut self.sessions[place].slots;
        match before {
            Some(before) => slots.put(slot, before),
            None => slots.remove(slot),
        }
        let was = self.closed_bar(place, lane, number, shared);
        if let Some(now) = &now {
            self.sessions[place].slots.put(slot, now);
        }
        let Some(is) = self.closed_bar(place, lane, number, shared) else { return };
        if was.is_some_and(|was| was.bar.is_same(&is.bar) && was.n_base == is.n_base) {
            return;
        }
        let bars = self.given_bars(place, lane, &is, shared);
        let at = bars.partition_point(|own| own.bar.open_time < is.bar.open_time);
        sink.revised(Revision { bars, at, before: was });
    }

    /// The number of the closed bucket that holds `slot`; and whether that `is_new` and its first base bar.
    fn closed_bucket(
        &self,
        place: usize,
        lane: usize,
        slot: u32,
        is_new: bool,
        shared: &Shared,
    ) -> Option<(u32, bool)> {
        if lane == 0 && shared.has_base {
            return Some((slot, is_new));
        }
        let session = &self.sessions[place];
        if let Some(period) = session.plan.lanes[lane].period {
            let given = self.given_period[lane].is_some_and(|open| open.period.from == period.from);
            return given.then_some((0, false));
        }
        let buckets = &session.plan.lanes[lane].buckets;
        let at = buckets.partition_point(|bucket| bucket.end <= slot) as u32;
        Some((at, is_new && session.count(lane, at) == 1))
    }

    /// The bar of a closed bucket, by its number, as its slots are; `None` where it gives none.
    fn closed_bar(&self, place: usize, lane: usize, number: u32, shared: &Shared) -> Option<ClosedBar> {
        let session = &self.sessions[place];
        if lane == 0 && shared.has_base {
            let bar = session.slots.bar(number)?;
            let hours = session.plan.hours_at(number);
            return Some(base_bar(
                self.symbol,
                session,
                hours,
                bar,
                shared.base_close(bar.open_time),
                shared,
            ));
        }
        if session.plan.lanes[lane].period.is_some() {
            let OpenPeriod { period, mut fold, .. } = self.given_period[lane]?;
            for session in self.sessions.iter().filter(|session| !session.folded) {
                fold_session(session, lane, &period, &mut fold);
            }
            let Period { label, open, close, expected: n_expected, .. } = period;
            let whole = Whole { label, open, close, n_expected, hours: Hours::Regular };
            return self.bar(lane, &whole, &fold, shared);
        }
        let bucket = &session.plan.lanes[lane].buckets[number as usize];
        let n_base = session.count(lane, number);
        if bucket.dropped || n_base == 0 {
            return None;
        }
        // Not what was folded as rows came: a slot may hold another bar for the moment.
        let mut fold = Fold::EMPTY;
        session.slots.fold(bucket.first..bucket.end, n_base, &mut fold);
        let whole = Whole {
            label: SessionLabel::Date(session.plan.date),
            open: bucket.open,
            close: bucket.close,
            n_expected: bucket.expected(),
            hours: bucket.hours,
        };
        self.bar(lane, &whole, &fold, shared)
    }

    /// The bars that the interval gave of the session, in time order, as its slots are now; `bar` is one of them.
    fn given_bars(&self, place: usize, lane: usize, bar: &ClosedBar, shared: &Shared) -> Vec<ClosedBar> {
        let session = &self.sessions[place];
        if session.plan.lanes[lane].period.is_some() {
            return vec![*bar];
        }
        let numbers =
            if lane == 0 && shared.has_base { session.plan.slots } else { session.lanes[lane].closed };
        (0..numbers).filter_map(|number| self.closed_bar(place, lane, number, shared)).collect()
    }

    /// A base bar is its own bucket: complete at once, unless a younger one was given or the clock has passed it.
    #[inline]
    fn give_base(
        &mut self,
        place: usize,
        slot: u32,
        bar: &Bar,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> bool {
        if self.stand_base(bar.open_time, shared) == Standing::Closed {
            if self.may_revise(place, shared) {
                self.revise(place, 0, slot, None, shared, sink);
                return true;
            }
            self.warn_minute(WarningKind::LateBar, 0, bar.open_time, shared, sink);
            return false;
        }
        let session = &self.sessions[place];
        shared.empty[0] = self.spans.hold(0, (session.plan.index, slot), shared.empty[0], &shared.rules);
        let close_time = shared.base_close(bar.open_time);
        self.given_to[0] = close_time;
        sink.bar(&base_bar(self.symbol, session, session.hours(), bar, close_time, shared));
        true
    }

    /// What the minute that opens at `open` is to the base interval.
    #[inline]
    fn stand_base(&self, open: Timestamp, shared: &Shared) -> Standing {
        let close = shared.base_close(open);
        let is_passed = shared.deadline(close) <= self.clock;
        if close <= self.given_to[0] || is_passed { Standing::Closed } else { Standing::Open }
    }

    #[inline]
    fn stand(&mut self, place: usize, lane: usize, slot: u32, shared: &Shared) -> Standing {
        if lane == 0 && shared.has_base {
            let open = self.sessions[place].slots.bar(slot).map(|bar| bar.open_time);
            return open.map_or(Standing::Open, |open| self.stand_base(open, shared));
        }
        let session = &mut self.sessions[place];
        let Some(period) = &session.plan.lanes[lane].period else {
            return session.stand(lane, slot, self.clock.saturating_add(-shared.rules.grace));
        };
        if !session.plan.regular.contains(&slot) {
            Standing::Outside
        } else if session.folded || period.close <= self.given_to[lane] {
            Standing::Closed
        } else {
            Standing::Open
        }
    }

    /// The cursor moved to another bucket, which the new bar is in and counted; whether that completed it.
    fn enter_bucket(&mut self, place: usize, lane: usize, shared: &mut Shared, sink: &mut impl Sink) -> bool {
        let session = &mut self.sessions[place];
        let state = &mut session.lanes[lane];
        if state.is_first() {
            let (at, index) = (state.at, session.plan.index);
            let due = shared.deadline(session.plan.lanes[lane].buckets[at as usize].close);
            state.due = state.due.min(due);
            self.due = self.due.min(due);
            shared.empty[lane] = self.spans.hold(lane, (index, at), shared.empty[lane], &shared.rules);
        }
        let complete = state.is_complete();
        if complete {
            self.complete_bucket(place, lane, shared, sink);
        }
        complete
    }

    /// Gives the bucket under the cursor, all of whose base bars are there, and before it whatever is older.
    fn complete_bucket(&mut self, place: usize, lane: usize, shared: &Shared, sink: &mut impl Sink) {
        // Once for each session: what is given up to its start says that the older ones are closed.
        let start = self.sessions[place].plan.start;
        if place > 0 && self.given_to[lane] < start {
            for older in 0..place {
                self.close_buckets(older, lane, u32::MAX, shared, sink);
            }
            self.given_to[lane] = start;
        }
        let at = self.sessions[place].lanes[lane].at;
        self.close_buckets(place, lane, at, shared, sink);
        let n_base = self.sessions[place].plan.lanes[lane].buckets[at as usize].expected();
        self.conclude_bucket(place, lane, at, n_base, shared, sink);
        self.closed_buckets(place, lane, at + 1, shared);
    }

    /// Closes the interval's buckets below `to`, in order.
    fn close_buckets(&mut self, place: usize, lane: usize, to: u32, shared: &Shared, sink: &mut impl Sink) {
        let mut from = self.sessions[place].lanes[lane].closed;
        if from >= to {
            return;
        }
        while let Some(at) = self.sessions[place].next_held(lane, from).filter(|&at| at < to) {
            let n_base = self.sessions[place].count(lane, at);
            self.conclude_bucket(place, lane, at, n_base, shared, sink);
            from = at + 1;
        }
        self.closed_buckets(place, lane, to, shared);
    }

    /// The interval's buckets below `to` are closed: what is due next.
    fn closed_buckets(&mut self, place: usize, lane: usize, to: u32, shared: &Shared) {
        let session = &mut self.sessions[place];
        let to = to.min(session.plan.lanes[lane].buckets.len() as u32);
        session.lanes[lane].close(to);
        let closed = session.lanes[lane].closed;
        let held = session.next_held(lane, closed);
        let bucket = held.map(|at| &session.plan.lanes[lane].buckets[at as usize]);
        session.lanes[lane].due = bucket.map_or(Timestamp::MAX, |bucket| shared.deadline(bucket.close));
    }

    /// Gives a bucket that holds `n_base` bars, or skips it, as its rule says.
    fn conclude_bucket(
        &mut self,
        place: usize,
        lane: usize,
        at: u32,
        n_base: u32,
        shared: &Shared,
        sink: &mut impl Sink,
    ) {
        let session = &self.sessions[place];
        let bucket = &session.plan.lanes[lane].buckets[at as usize];
        self.given_to[lane] = self.given_to[lane].max(bucket.close);
        if bucket.dropped {
            return;
        }
        let n_expected = bucket.expected();
        let fold = session.fold(lane, at, n_base);
        let label = SessionLabel::Date(session.plan.date);
        let whole = Whole { label, open: bucket.open, close: bucket.close, n_expected, hours: bucket.hours };
        self.give(lane, &whole, &fold, shared, sink);
    }

    /// Counts a new bar in a week or month; whether that completed it.
    #[cold]
    fn add_to_period(
        &mut self,
        lane: usize,
        period: Period,
        shared: &mut Shared,
        sink: &mut impl Sink,
    ) -> bool {
        let periods = &mut self.periods[lane];
        let place = periods.partition_point(|open| open.period.from < period.from);
        if periods.get(place).is_none_or(|open| open.period.from != period.from) {
            periods.insert(place, OpenPeriod { period, fold: Fold::EMPTY, n_base: 0 });
            self.due = self.due.min(shared.deadline(period.close));
            shared.empty[lane] = self.spans.hold(lane, (period.from, 0), shared.empty[lane], &shared.rules);
        }
        let open = &mut self.periods[lane][place];
        open.n_base += 1;
        let complete = open.is_whole();
        if complete {
            self.close_periods(lane, place + 1, shared, sink);
        }
        complete
    }

    /// Closes the first `count` weeks or months of the interval, in order.
    fn close_periods(&mut self, lane: usize, count: usize, shared: &Shared, sink: &mut impl Sink) {
        for _ in 0..count {
            let Some(open) = self.periods[lane].pop_front() else { return };
            let OpenPeriod { period, mut fold, .. } = open;
            self.given_period[lane] = Some(open);
            self.given_to[lane] = self.given_to[lane].max(period.close);
            for session in self.sessions.iter().filter(|s| !s.folded) {
                fold_session(session, lane, &period, &mut fold);
            }
            let Period { label, open, close, expected: n_expected, .. } = period;
            self.give(
                lane,
                &Whole { label, open, close, n_expected, hours: Hours::Regular },
                &fold,
                shared,
                sink,
            );
        }
    }

    /// Counts the sessions that are over by `now`, or their regular hours, into their weeks and months.
    fn fold_sessions(&mut self, now: Timestamp, shared: &Shared) {
        for session in &mut self.sessions {
            if session.folded || shared.deadline(session.counted_at) > now {
                continue;
            }
            for (lane, periods) in self.periods.iter_mut().enumerate() {
                periods.iter_mut().for_each(|open| fold_session(session, lane, &open.period, &mut open.fold));
            }
            session.folded = true;
        }
    }

    /// Moves the clock to `to` and closes what that closes, instant by instant, intervals ascending.
    #[inline]
    pub(crate) fn advance(&mut self, to: Timestamp, shared: &Shared, sink: &mut impl Sink) {
        // Nothing is due at the last instant: there it means never.
        if self.due <= to && self.due < Timestamp::MAX {
            self.close_due(to, shared, sink);
        }
        self.clock = self.clock.max(to);
    }

    fn close_due(&mut self, to: Timestamp, shared: &Shared, sink: &mut impl Sink) {
        self.settle(shared);
        while self.due <= to && self.due < Timestamp::MAX {
            let now = self.due;
            self.fold_sessions(now, shared);
            for lane in 0..shared.rules.intervals.len() {
                for place in 0..self.sessions.len() {
                    let (state, plan) = (&self.sessions[place].lanes[lane], &self.sessions[place].plan);
                    if state.due <= now {
                        let passed = |close| shared.deadline(close) <= now;
                        let to = plan.lanes[lane].buckets.partition_point(|b| passed(b.close));
                        self.close_buckets(place, lane, to as u32, shared, sink);
                    }
                }
                let over =
                    self.periods[lane].partition_point(|open| shared.deadline(open.period.close) <= now);
                self.close_periods(lane, over, shared, sink);
            }
            let over = self.sessions.partition_point(|s| shared.deadline(s.plan.end) <= now);
            for session in &self.sessions[..over] {
                sink.session_over(self.symbol, &mut session.slots.bars());
            }
            self.spare.extend(self.sessions.drain(..over));
            self.due = self.next_due(shared);
        }
    }

    fn next_due(&self, shared: &Shared) -> Timestamp {
        let mut due = Timestamp::MAX;
        for session in &self.sessions {
            let end = shared.deadline(session.next_end());
            due = session.lanes.iter().fold(due.min(end), |due, lane| due.min(lane.due));
        }
        // Intervals ascend, so weeks and months are among the last two.
        for open in self.periods.iter().rev().take(2).flatten() {
            due = due.min(shared.deadline(open.period.close));
        }
        due
    }

    /// The input ended: what is still open is given or reported (P15).
    pub(crate) fn finish(&mut self, shared: &mut Shared, sink: &mut impl Sink) {
        self.settle(shared);
        let flush = shared.rules.flush_on_stop;
        for lane in 0..shared.rules.intervals.len() {
            for place in 0..self.sessions.len() {
                if flush {
                    self.close_buckets(place, lane, u32::MAX, shared, sink);
                }
                let session = &self.sessions[place];
                let mut from = session.lanes[lane].closed;
                while let Some(at) = session.next_held(lane, from) {
                    let bucket = session.plan.lanes[lane].buckets[at as usize];
                    if !bucket.dropped {
                        shared.unfinished += 1;
                        let counts = (session.count(lane, at), bucket.expected());
                        self.warn_bucket(WarningKind::UnfinishedBar, lane, bucket.open, counts, shared, sink);
                    }
                    from = at + 1;
                }
            }
            if flush {
                self.close_periods(lane, self.periods[lane].len(), shared, sink);
            }
            for open in &self.periods[lane] {
                shared.unfinished += 1;
                let counts = (open.n_base, open.period.expected);
                self.warn_bucket(WarningKind::UnfinishedBar, lane, open.period.open, counts, shared, sink);
            }
            self.periods[lane].clear();
        }
        self.spare.append(&mut self.sessions);
        self.due = Timestamp::MAX;
    }

    /// A minute of a session that the clock has passed.
    #[cold]
    fn late_for_all(&self, at: Timestamp, hours: Hours, shared: &Shared, sink: &mut impl Sink) -> Outcome {
        let mut outcome = Outcome::OutOfSession;
        for (lane, rule) in shared.rules.intervals.iter().enumerate().filter(|(_, rule)| rule.is_asked) {
            if hours == Hours::Regular || rule.interval < Interval::DAY {
                self.warn_minute(WarningKind::LateBar, lane, at, shared, sink);
                outcome = Outcome::Late;
            }
        }
        outcome
    }

    fn give(&self, lane: usize, whole: &Whole, fold: &Fold, shared: &Shared, sink: &mut impl Sink) {
        match self.bar(lane, whole, fold, shared) {
            Some(bar) => sink.bar(&bar),
            None => {
                let counts = (fold.n_base, whole.n_expected);
                self.warn_bucket(WarningKind::IncompleteBar, lane, whole.open, counts, shared, sink);
            }
        }
    }

    /// The bar of a bucket that holds `fold`; `None` where its rule skips it.
    #[inline]
    fn bar(&self, lane: usize, whole: &Whole, fold: &Fold, shared: &Shared) -> Option<ClosedBar> {
        let Whole { label: session, open, close: close_time, n_expected, hours } = *whole;
        let (rule, n_base) = (&shared.rules.intervals[lane], fold.n_base);
        rule.emits(n_base, n_expected).then(|| ClosedBar {
            symbol: self.symbol,
            interval: rule.interval,
            place: lane as u16,
            session,
            bar: fold.bar(open),
            close_time,
            n_base,
            n_expected,
            revision: 0,
            hours,
        })
    }

    #[cold]
    fn warn_minute(
        &self,
        kind: WarningKind,
        lane: usize,
        at: Timestamp,
        shared: &Shared,
        sink: &mut impl Sink,
    ) {
        if !shared.rules.intervals[lane].is_asked {
            return;
        }
        let (symbol, interval, place) = (Some(self.symbol), shared.interval(lane), lane as u16);
        sink.warning(&Warning { symbol, interval, place, kind, time: Some(at), counts: None });
    }

    #[cold]
    fn warn_bucket(
        &self,
        kind: WarningKind,
        lane: usize,
        open: Timestamp,
        counts: (u32, u32),
        shared: &Shared,
        sink: &mut impl Sink,
    ) {
        let (symbol, interval, place) = (Some(self.symbol), shared.interval(lane), lane as u16);
        sink.warning(&Warning { symbol, interval, place, kind, time: Some(open), counts: Some(counts) });
    }
}

/// A base bar as its own bucket.
#[inline]
fn base_bar(
    symbol: SymbolId,
    session: &OpenSession,
    hours: Hours,
    bar: &Bar,
    close_time: Timestamp,
    shared: &Shared,
) -> ClosedBar {
    // As P14 has it of every bar: no average where nothing was traded.
    let vwap = if bar.volume > 0.0 { bar.vwap } else { NULL };
    ClosedBar {
        symbol,
        interval: shared.rules.base,
        place: 0,
        session: SessionLabel::Date(session.plan.date),
        bar: Bar { vwap, ..*bar },
        close_time,
        n_base: 1,
        n_expected: 1,
        revision: 0,
        hours,
    }
}

/// What a bar says besides its values.
struct Whole {
    label: SessionLabel,
    open: Timestamp,
    close: Timestamp,
    n_expected: u32,
    hours: Hours,
}

/// Adds the session's regular hours to `fold` if it is part of `period`.
fn fold_session(session: &OpenSession, lane: usize, period: &Period, fold: &mut Fold) {
    if session.plan.lanes[lane].period.is_some_and(|own| own.from == period.from) {
        let regular = session.plan.regular.clone();
        session.slots.fold(regular.clone(), session.slots.count(regular), fold);
    }
}
