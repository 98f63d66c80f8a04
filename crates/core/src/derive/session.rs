//! A session that is still open for one symbol: its slots, and where each interval stands in it.

use std::ops::Range;
use std::sync::Arc;

use super::aggregate::Fold;
use super::plan::{Bucket, SessionPlan};
use super::slots::Slots;
use crate::bar::Bar;
use crate::calendar::Hours;
use crate::time::Timestamp;

/// What a minute is to one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The interval has no bucket there.
    Outside,
    /// Its bucket was emitted, skipped or passed.
    Closed,
    /// Its bucket takes bars.
    Open,
}

/// Where one interval stands within one session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    /// Buckets below are emitted, skipped or passed.
    pub(crate) closed: u32,
    /// The cursor: the bucket of the last row that was taken.
    pub(crate) at: u32,
    /// Its slots while it is open; none once it is closed.
    first: u32,
    length: u32,
    /// How many of them are not filled.
    missing: u32,
    /// Deadline of the first open bucket that holds a bar; never, if none does.
    pub(crate) due: Timestamp,
    /// The cursor's bucket, folded as its bars came, in minute order, up to a slot.
    fold: Fold,
    /// That slot; [`STALE`] where bars did not come in minute order, or were replaced.
    folded_to: u32,
}

/// No slot comes after it: what was folded is not what the bucket holds.
const STALE: u32 = u32::MAX;

impl Lane {
    /// Nothing seen: the cursor holds no slot and its successor is bucket 0.
    const NEW: Self = Self {
        closed: 0,
        at: u32::MAX,
        first: 0,
        length: 0,
        missing: 0,
        due: Timestamp::MAX,
        fold: Fold::EMPTY,
        folded_to: 0,
    };

    /// Whether `slot` is in the cursor's bucket, and that is open.
    #[inline]
    pub(crate) fn holds(&self, slot: u32) -> bool {
        slot.wrapping_sub(self.first) < self.length
    }

    /// One more base bar of the cursor's bucket is there.
    #[inline]
    pub(crate) fn fill(&mut self, slot: u32, bar: &Bar) {
        self.missing -= 1;
        if slot >= self.folded_to {
            self.fold.add(bar);
            self.folded_to = slot + 1;
        } else {
            self.folded_to = STALE;
        }
    }

    /// The base bars of the slots from `slot` on are there, which were empty and lie in the cursor's bucket; folded they are `fold`.
    #[inline]
    fn fill_all(&mut self, slot: u32, bars: &[Bar], fold: &Fold) {
        self.missing -= bars.len() as u32;
        if slot >= self.folded_to {
            self.fold.append(fold, bars);
            self.folded_to = slot + bars.len() as u32;
        }
    }

    /// Moves the cursor to the bucket at `at`, which holds `count` bars; they are not folded.
    #[inline]
    fn enter(&mut self, at: u32, bucket: &Bucket, count: u32) {
        (self.at, self.first, self.length) = (at, bucket.first, bucket.expected());
        self.missing = self.length - count;
        (self.fold, self.folded_to) = (Fold::EMPTY, if count == 0 { bucket.first } else { STALE });
    }

    /// How many slots the cursor's bucket has from `slot` on.
    #[inline]
    pub(crate) fn left(&self, slot: u32) -> u32 {
        self.first + self.length - slot
    }

    /// A bar of the cursor's bucket was replaced.
    pub(crate) fn spoil(&mut self) {
        self.folded_to = STALE;
    }

    /// What the bucket at `at` holds, if it was folded on the way.
    #[inline]
    fn folded(&self, at: u32) -> Option<&Fold> {
        (self.at == at && self.folded_to != STALE).then_some(&self.fold)
    }

    /// Whether the cursor's bucket got its first bar just now.
    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        self.missing + 1 == self.length
    }

    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Buckets below `to` are closed; the cursor lets go of its own if it is one of them.
    #[inline]
    pub(crate) fn close(&mut self, to: u32) {
        self.closed = self.closed.max(to);
        if self.at < self.closed {
            self.length = 0;
        }
    }
}

/// A session some of whose buckets may be open.
#[derive(Debug)]
pub(crate) struct OpenSession {
    pub(crate) plan: Arc<SessionPlan>,
    pub(crate) slots: Slots,
    pub(crate) lanes: Vec<Lane>,
    /// It is counted into weeks and months.
    pub(crate) folded: bool,
    /// From when on it is: its regular hours are over, or, where it may be revised, all of it.
    pub(crate) counted_at: Timestamp,
    /// The row expected next; makes finding its slot one comparison.
    next_time: Timestamp,
    next_slot: u32,
    segment_close: Timestamp,
    hours: Hours,
}

impl OpenSession {
    pub(crate) fn new(plan: Arc<SessionPlan>) -> Self {
        let (slots, lanes) = (Slots::default(), Vec::new());
        let never = Timestamp::MIN;
        Self {
            plan,
            slots,
            lanes,
            folded: false,
            counted_at: never,
            next_time: never,
            next_slot: 0,
            segment_close: never,
            hours: Hours::Regular,
        }
    }

    /// Opens `plan` in this table. Buckets up to `given_to`, by interval, are passed.
    pub(crate) fn reset(&mut self, plan: Arc<SessionPlan>, counted_at: Timestamp, given_to: &[Timestamp]) {
        self.slots.reset(plan.slots);
        self.lanes.clear();
        self.lanes.extend(given_to.iter().zip(&plan.lanes).map(|(&to, lane)| Lane {
            closed: lane.buckets.partition_point(|b| b.close <= to) as u32,
            ..Lane::NEW
        }));
        (self.folded, self.counted_at) = (false, counted_at);
        (self.next_time, self.segment_close) = (Timestamp::MIN, Timestamp::MIN);
        self.plan = plan;
    }

    /// Where the session is counted into weeks and months, or, once it is, where it ends.
    #[inline]
    pub(crate) fn next_end(&self) -> Timestamp {
        if self.folded { self.plan.end } else { self.counted_at }
    }

    /// The slot of the base bar that opens at `at`, if the session trades then.
    #[inline]
    pub(crate) fn find(&mut self, at: Timestamp, base_nanos: Option<i64>) -> Option<u32> {
        let slot = if at == self.next_time && at < self.segment_close {
            self.next_slot
        } else {
            let (slot, segment) = self.plan.slot(at, base_nanos)?;
            (self.segment_close, self.hours) = (segment.close, segment.hours);
            slot
        };
        self.next_time = at.saturating_add(base_nanos.unwrap_or(i64::MAX));
        self.next_slot = slot + 1;
        Some(slot)
    }

    /// The part of the day of the row found last.
    #[inline]
    pub(crate) fn hours(&self) -> Hours {
        self.hours
    }

    /// The usual row falls into the cursor's bucket and does not complete it: counts the new bar of `slot` for the
    /// intervals from `lane` on for which it is usual, up to the first for which it is not, and gives that one's place.
    #[inline]
    pub(crate) fn fill_usual(&mut self, mut lane: usize, slot: u32, bar: &Bar) -> usize {
        while let Some(state) =
            self.lanes.get_mut(lane).filter(|state| state.holds(slot) && state.missing > 1)
        {
            state.fill(slot, bar);
            lane += 1;
        }
        lane
    }

    /// Moves the interval's cursor to the bucket that follows, if that begins with `slot`, which is empty as all behind it are: its
    /// close. Until a row of the run comes, [`OpenSession::leave_empty`] must undo it.
    #[inline]
    pub(crate) fn enter_next(&mut self, lane: usize, slot: u32) -> Option<Timestamp> {
        let state = &mut self.lanes[lane];
        let at = state.at.wrapping_add(1);
        let bucket = self.plan.lanes[lane].buckets.get(at as usize)?;
        if bucket.first != slot || at < state.closed {
            return None;
        }
        state.enter(at, bucket, 0);
        Some(bucket.close)
    }

    /// The cursors let go of buckets that hold nothing.
    pub(crate) fn leave_empty(&mut self) {
        for state in self.lanes.iter_mut().filter(|state| state.missing == state.length) {
            state.length = 0;
        }
    }

    /// The row expected next: its open time and slot; and where its segment ends.
    #[inline]
    pub(crate) fn expected(&self) -> (Timestamp, u32, Timestamp) {
        (self.next_time, self.next_slot, self.segment_close)
    }

    /// The rows of a run were put into the slots from the one expected next up to `slot`, which opens at `time`: which slots, and
    /// the rows folded.
    pub(crate) fn mark_run(&mut self, slot: u32, time: Timestamp) -> (Range<u32>, Fold) {
        let rows = self.next_slot..slot;
        self.slots.mark(rows.clone());
        (self.next_slot, self.next_time) = (slot, time);
        let mut fold = Fold::EMPTY;
        fold.add_all(self.slots.slice(rows.clone()));
        (rows, fold)
    }

    /// Counts the rows of a run for the interval; its bucket's place and close, if they are its first.
    #[inline]
    pub(crate) fn fill_run(
        &mut self,
        lane: usize,
        rows: Range<u32>,
        fold: &Fold,
    ) -> Option<(u32, Timestamp)> {
        let state = &mut self.lanes[lane];
        let is_first = state.missing == state.length && !rows.is_empty();
        state.fill_all(rows.start, self.slots.slice(rows), fold);
        is_first.then(|| (state.at, self.plan.lanes[lane].buckets[state.at as usize].close))
    }

    /// Adds the bars of the interval's bucket at `at`, `n_base` of them.
    #[inline]
    pub(crate) fn fold(&self, lane: usize, at: u32, n_base: u32) -> Fold {
        if let Some(fold) = self.lanes[lane].folded(at) {
            return *fold;
        }
        let bucket = &self.plan.lanes[lane].buckets[at as usize];
        let mut fold = Fold::EMPTY;
        self.slots.fold(bucket.first..bucket.end, n_base, &mut fold);
        fold
    }

    /// What `slot` is to the interval at `lane` when buckets that end at or before `passed` are passed.
    /// Moves the cursor to the slot's bucket if that is open.
    #[inline]
    pub(crate) fn stand(&mut self, lane: usize, slot: u32, passed: Timestamp) -> Standing {
        if self.lanes[lane].holds(slot) {
            return Standing::Open;
        }
        self.stand_elsewhere(lane, slot, passed)
    }

    fn stand_elsewhere(&mut self, lane: usize, slot: u32, passed: Timestamp) -> Standing {
        let (state, buckets) = (&mut self.lanes[lane], &self.plan.lanes[lane].buckets);
        let holds = |b: &Bucket| b.first <= slot && slot < b.end;
        let next = state.at.wrapping_add(1) as usize;
        let at = match buckets.get(next) {
            Some(bucket) if holds(bucket) => next,
            _ => buckets.partition_point(|b| b.end <= slot),
        };
        let Some(bucket) = buckets.get(at).filter(|b| holds(b)) else { return Standing::Outside };
        let at = at as u32;
        if bucket.close <= passed {
            // Empty when the clock passed it; a minute that a longer interval still takes must not revive it.
            state.close(at + 1);
        }
        if at < state.closed {
            return Standing::Closed;
        }
        let count = self.slots.count(bucket.first..bucket.end);
        state.enter(at, bucket, count);
        if let Some(bar) = self.slots.bar(slot).filter(|_| count == 1) {
            state.fold.add(bar);
            state.folded_to = slot + 1;
        }
        Standing::Open
    }

    /// The first bucket from `from` on that holds a bar.
    pub(crate) fn next_held(&self, lane: usize, from: u32) -> Option<u32> {
        let buckets = &self.plan.lanes[lane].buckets;
        let mut at = from as usize;
        // Rows in order: nothing lies beyond the bucket that was closed last.
        if !self.slots.reach(buckets.get(at)?.first) {
            return None;
        }
        loop {
            let bucket = buckets.get(at)?;
            let slot = self.slots.next_filled(bucket.first)?;
            if slot >= bucket.end {
                at += buckets[at..].partition_point(|b| b.end <= slot);
            }
            // A minute outside every bucket (pre-market to 1d) sends the search on to the next bucket.
            if buckets.get(at)?.first <= slot {
                return Some(at as u32);
            }
        }
    }

    /// How many base bars the bucket at `at` holds.
    pub(crate) fn count(&self, lane: usize, at: u32) -> u32 {
        let bucket = &self.plan.lanes[lane].buckets[at as usize];
        self.slots.count(bucket.first..bucket.end)
    }
}
