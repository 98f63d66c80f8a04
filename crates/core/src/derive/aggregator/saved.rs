//! One symbol's open buckets as bytes and back.
//!
//! Little is written: bars in their slots, which buckets are closed, and weeks and months with what left the slots. Cursors and what is
//! due follow from that, and so does what a bucket was folded to, as its bars are there.

use super::{Aggregator, OpenPeriod, OpenSession, Shared};
use crate::bar::{Bar, Label, NULL, Record};
use crate::derive::aggregate::Fold;
use crate::derive::empty::Spans;
use crate::derive::plan::Period;
use crate::derive::saved::{put_session, read_session};
use crate::interval::Interval;
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// The fewest bytes of a week or month: date, bars, bars that are folded.
const LEAST_PERIOD: usize = 4 + 4 + 4;

impl Aggregator {
    /// The fewest bytes of a symbol: its clock, how many sessions are open, and what each interval has given and held.
    pub(crate) fn least_bytes(shared: &Shared) -> usize {
        8 + 4 + shared.rules.intervals.len() * (8 + 1)
    }

    /// Writes its state once the run is counted. `clock` is that of all symbols: this one's moves to it before its next row.
    pub(crate) fn save(&mut self, clock: Timestamp, shared: &Shared, to: &mut Bytes) {
        self.settle(shared);
        // A symbol that its clock was never moved for still has to close what that passed.
        let is_overdue = self.next_due(shared) <= clock;
        to.time(if is_overdue { self.clock } else { self.clock.max(clock) });
        self.given_to.iter().for_each(|&given| to.time(given));
        self.spans.save(&shared.rules, to);
        to.count(self.sessions.len());
        for session in &self.sessions {
            put_open_session(session, to);
        }
        for (periods, rule) in self.periods.iter().zip(&shared.rules.intervals) {
            if !has_periods(rule.interval) {
                continue;
            }
            to.count(periods.len());
            periods.iter().for_each(|open| put_period(open, shared, to));
        }
        if shared.revises() {
            for given in &self.given_period {
                to.flag(given.is_some());
                given.iter().for_each(|given| put_period(given, shared, to));
            }
        }
    }

    /// The state that was saved; of which symbol its next row says.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state, or the calendar has no place for it.
    pub(crate) fn restore(shared: &mut Shared, from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let mut own = Self::new(SymbolId::UNKNOWN, &shared.rules);
        own.clock = from.time()?;
        for given in &mut own.given_to {
            *given = from.time()?;
        }
        own.spans = Spans::restore(&shared.rules, from)?;
        let lanes = shared.rules.intervals.len();
        for _ in 0..from.count("open sessions", 4 + 1 + 4 * lanes + 4)? {
            let session = read_open_session(&own, shared, from)?;
            if own.sessions.last().is_some_and(|last| last.plan.index >= session.plan.index) {
                let (interval, time) = (shared.rules.base, session.plan.start);
                return Err(SnapshotError::OutOfPlace { interval, time });
            }
            own.sessions.push(session);
        }
        for lane in 0..lanes {
            if !has_periods(shared.interval(lane)) {
                continue;
            }
            for _ in 0..from.count("open weeks or months", LEAST_PERIOD)? {
                let open = read_period(lane, shared, from)?;
                if open.is_whole() {
                    let allowed = format!("1 to {}", open.period.expected.saturating_sub(1));
                    return Err(SnapshotError::value("bars of an open week or month", open.n_base, allowed));
                }
                if own.periods[lane].back().is_some_and(|last| last.period.from >= open.period.from) {
                    let time = open.period.open;
                    return Err(SnapshotError::OutOfPlace { interval: shared.interval(lane), time });
                }
                own.periods[lane].push_back(open);
            }
        }
        let revisable = if shared.revises() { lanes } else { 0 };
        for lane in 0..revisable {
            if from.flag("whether a week or month was given")? {
                own.given_period[lane] = Some(read_period(lane, shared, from)?);
            }
        }
        own.due = own.next_due(shared);
        // What the clock has passed is closed, so that closing what is due comes to an end.
        if own.due <= own.clock && own.due < Timestamp::MAX {
            let allowed = format!("one before {}", own.due);
            let (field, got) = ("a symbol's clock", own.clock.as_nanos() as u64);
            return Err(SnapshotError::value(field, got, allowed));
        }
        Ok(own)
    }
}

/// Whether the interval is longer than a session.
fn has_periods(interval: Interval) -> bool {
    interval > Interval::DAY
}

fn put_open_session(session: &OpenSession, to: &mut Bytes) {
    to.date(session.plan.date);
    to.flag(session.folded);
    session.lanes.iter().for_each(|lane| to.u32(lane.closed));
    to.count(session.slots.bars().count());
    session.slots.bars().for_each(|bar| bar.save(to));
}

fn read_open_session(
    own: &Aggregator,
    shared: &mut Shared,
    from: &mut Read<'_>,
) -> Result<OpenSession, SnapshotError> {
    let index = read_session(&shared.rules, from)?;
    let plan = shared.plans.plan(&shared.rules, index).map_err(SnapshotError::Calendar)?;
    let mut session = OpenSession::new(plan.clone());
    session.reset(plan.clone(), shared.counted_at(&plan), &own.given_to);
    session.folded = from.flag("whether a session is folded")?;
    for (state, laid) in session.lanes.iter_mut().zip(&plan.lanes) {
        state.closed = from.at_most("closed buckets", laid.buckets.len())? as u32;
    }
    let mut next = 0;
    for _ in 0..from.count("bars of a session", Bar::LEAST_SAVED)? {
        let bar = Bar::restore(from)?;
        let found = plan.slot(bar.open_time, shared.rules.base.nanos()).map(|(slot, _)| slot);
        let out_of_place = SnapshotError::OutOfPlace { interval: shared.rules.base, time: bar.open_time };
        let slot = found.filter(|&slot| slot >= next && slot < plan.slots).ok_or(out_of_place)?;
        session.slots.put(slot, &bar);
        next = slot + 1;
    }
    for lane in 0..session.lanes.len() {
        let held = session.next_held(lane, session.lanes[lane].closed);
        let bucket = held.map(|at| &plan.lanes[lane].buckets[at as usize]);
        session.lanes[lane].due = bucket.map_or(Timestamp::MAX, |bucket| shared.deadline(bucket.close));
    }
    Ok(session)
}

fn put_period(open: &OpenPeriod, shared: &Shared, to: &mut Bytes) {
    put_session(&shared.rules, open.period.from, to);
    to.u32(open.n_base);
    open.fold.save(to);
}

fn read_period(lane: usize, shared: &mut Shared, from: &mut Read<'_>) -> Result<OpenPeriod, SnapshotError> {
    let index = read_session(&shared.rules, from)?;
    let plan = shared.plans.plan(&shared.rules, index).map_err(SnapshotError::Calendar)?;
    let laid: Option<Period> = plan.lanes[lane].period.filter(|period| period.from == index);
    let out_of_place = SnapshotError::OutOfPlace { interval: shared.interval(lane), time: plan.start };
    let period = laid.ok_or(out_of_place)?;
    let n_base = from.u32()?;
    if !(1..=period.expected).contains(&n_base) {
        let allowed = format!("1 to {}", period.expected);
        return Err(SnapshotError::value("bars of a week or month", n_base, allowed));
    }
    Ok(OpenPeriod { period, fold: Fold::restore(n_base, period.open, from)?, n_base })
}

impl Fold {
    /// Writes what was added; nulls alike, whatever arithmetic made them.
    fn save(&self, to: &mut Bytes) {
        let Self { open, high, low, close, volume, vwap_volume, trade_count, counted, n_base } = *self;
        to.u32(n_base);
        if n_base > 0 {
            to.f64s(
                &[open, high, low, close, volume, vwap_volume].map(|x| if x.is_nan() { NULL } else { x }),
            );
            to.u64(trade_count as u64);
            to.flag(counted);
        }
    }

    /// Reads what was added, at most `most` bars from `time` on.
    fn restore(most: u32, time: Timestamp, from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let n_base = from.at_most("folded bars", most as usize)? as u32;
        if n_base == 0 {
            return Ok(Self::EMPTY);
        }
        let [open, high, low, close] = [from.f64()?, from.f64()?, from.f64()?, from.f64()?];
        let (volume, vwap_volume) = (from.f64()?, from.f64()?);
        let (trade_count, counted) = (from.u64()? as i64, from.flag("whether trades are counted")?);
        let fold = Self { open, high, low, close, volume, vwap_volume, trade_count, counted, n_base };
        let bar = fold.bar(time);
        let record = Record {
            label: Label::Open(time),
            open,
            high,
            low,
            close,
            volume: bar.volume(),
            vwap: bar.vwap(),
            trade_count: bar.trade_count(),
        };
        record.check().map_err(|error| SnapshotError::Bar { time, error })?;
        Ok(fold)
    }
}
