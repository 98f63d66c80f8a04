//! A session's indicators once more, from where it opened: for bars that changed after they closed (P9, `late = "revise"`).
//!
//! Before the first bar of a session the state of an interval's indicators is kept. A [`Revision`] brings the session's bars as they stand
//! now: from the kept state they are computed as they were and as they are, and what differs is a row with a revision more.

use super::{IntervalPlan, Plan};
use crate::columns::BarColumns;
use crate::derive::{ClosedBar, Revision, SessionLabel};
use crate::indicators::{NULL, Reset, Slot};
use crate::outputs::Reading;
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::time::Timestamp;

/// A symbol's indicators on an interval as they were before its current session.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    /// The current session.
    label: Option<SessionLabel>,
    /// The session of the last regular bar.
    session: Option<SessionLabel>,
    /// By indicator, whether it had had a value.
    begun: Vec<bool>,
    lanes: Bytes,
    /// The rows of the session that were given more than once, by their open times, and how often they were given again.
    revisions: Vec<(Timestamp, u16)>,
}

/// The rows of a session after one of them was revised.
#[derive(Debug, Clone, Default)]
pub struct Revised {
    /// In time order, with their revisions.
    pub(crate) bars: Vec<ClosedBar>,
    /// All outputs of each, bar by bar.
    pub(crate) values: Vec<f64>,
    width: usize,
    /// Which rows are to be told, from the first that can be.
    changed: Vec<usize>,
    /// By row, which indicators have begun.
    begun: Vec<bool>,
    lanes: usize,
}

impl Revised {
    /// The values of the outputs of the bar at `row`.
    pub(crate) fn values(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// The indicators that have not begun by the bar at `row`.
    pub(crate) fn hidden(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let begun = &self.begun[row * self.lanes..][..self.lanes];
        (0..).zip(begun).filter(|(_, begun)| !**begun).map(|(lane, _)| lane)
    }

    /// The places of the rows that changed, or are new.
    pub(crate) fn changed(&self) -> &[usize] {
        &self.changed
    }

    /// The rows that changed, or are new, in time order.
    pub fn rows(&self) -> impl Iterator<Item = RevisedRow<'_>> {
        self.changed.iter().map(|&row| RevisedRow {
            bar: &self.bars[row],
            values: self.values(row),
            begun: &self.begun[row * self.lanes..][..self.lanes],
        })
    }
}

/// A row that is told again, or for the first time, after younger ones.
#[derive(Debug, Clone, Copy)]
pub struct RevisedRow<'a> {
    /// The bar; its `revision` says how often the row was told before.
    pub bar: &'a ClosedBar,
    /// The values of its interval's outputs.
    pub values: &'a [f64],
    /// By indicator, whether it has begun.
    begun: &'a [bool],
}

impl<'a> RevisedRow<'a> {
    /// What each indicator of `plan`, which revised it, says of the bar: those that have had a value by then.
    pub fn readings(self, plan: &'a Plan) -> impl Iterator<Item = Reading<'a>> {
        let place = plan.place(self.bar.interval).unwrap_or_default();
        let begun = self.begun.iter().enumerate().filter(|(_, begun)| **begun);
        begun.filter_map(move |(lane, _)| plan.outputs.reading(place, lane, self.values))
    }
}

impl Plan {
    /// Keeps from here on what [`Plan::revise`] needs: the state of each session before its first bar. Of a plan that has seen no bar.
    pub fn keep_opened(&mut self) {
        self.intervals.iter_mut().for_each(|plan| plan.opened = Some(Vec::new()));
    }

    /// Computes a session's bars once more, one of which changed or came late, after [`Plan::keep_opened`]: its indicators are then as
    /// if the bars had come so from the start.
    pub fn revise(&mut self, revision: &Revision) -> Revised {
        let first = revision.bars.first();
        let plan =
            first.and_then(|first| self.intervals.iter_mut().find(|plan| plan.interval == first.interval));
        plan.map(|plan| plan.revise(revision)).unwrap_or_default()
    }
}

impl IntervalPlan {
    /// Keeps the state of a symbol's indicators, if `closed` is the first bar of its session.
    #[inline]
    pub(super) fn keep_opened(&mut self, closed: &ClosedBar) {
        if self.opened.is_some() {
            self.open_session(closed);
        }
    }

    /// Whether `closed` is the first bar of another session than the one whose opening is kept.
    #[inline]
    pub(super) fn opens_session(&self, closed: &ClosedBar) -> bool {
        let opened = self.opened.as_ref().and_then(|all| all.get(closed.symbol.slot()));
        opened.is_some_and(|opened| opened.label != Some(closed.session))
    }

    fn open_session(&mut self, closed: &ClosedBar) {
        let symbol = closed.symbol.slot();
        let Some(all) = &mut self.opened else { return };
        if all.len() <= symbol {
            all.resize_with(symbol + 1, Opened::default);
        }
        let opened = &mut all[symbol];
        if opened.label == Some(closed.session) {
            return;
        }
        opened.label = Some(closed.session);
        opened.session = self.sessions[symbol];
        opened.revisions.clear();
        opened.begun.clear();
        opened.begun.extend(self.lanes.iter().map(|lane| lane.begun[symbol]));
        opened.lanes.clear();
        let slot = Slot(symbol as u32);
        for lane in &self.lanes {
            // Behind an error, which ends the run where it can come, nothing is kept: what is revised then starts over.
            if opened.lanes.framed(|to| lane.lane.save(slot, to)).is_err() {
                opened.lanes.clear();
                return;
            }
        }
    }

    /// Writes what is kept of a symbol's session.
    pub(super) fn save_opened(&self, symbol: usize, to: &mut Bytes) {
        let kept =
            self.opened.as_ref().and_then(|all| all.get(symbol)).filter(|opened| opened.label.is_some());
        to.flag(kept.is_some());
        let Some(Opened { label, session, begun, lanes, revisions }) = kept else { return };
        SessionLabel::save(*label, to);
        SessionLabel::save(*session, to);
        begun.iter().for_each(|begun| to.flag(*begun));
        to.bytes(lanes.as_slice());
        to.count(revisions.len());
        for (open, times) in revisions {
            to.time(*open);
            to.u32(u32::from(*times));
        }
    }

    /// Reads what was kept of a symbol's session, and whether its indicators understand it; their own state is to be read after it.
    pub(super) fn restore_opened(&mut self, symbol: usize, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        if !from.flag("whether a session's opening is kept")? {
            return Ok(());
        }
        let (label, session) = (SessionLabel::restore(from)?, SessionLabel::restore(from)?);
        let mut opened = Opened { label, session, ..Opened::default() };
        for _ in &self.lanes {
            opened.begun.push(from.flag("whether an indicator had begun")?);
        }
        let kept = from.bytes()?;
        let (slot, mut states) = (Slot(symbol as u32), Read::new(kept));
        if !kept.is_empty() {
            for lane in &mut self.lanes {
                states.framed(|from| lane.lane.restore(slot, from))?;
            }
            states.end()?;
        }
        opened.lanes.raw(kept);
        for _ in 0..from.count("revised rows", 8 + 4)? {
            let open = from.time()?;
            opened.revisions.push((open, from.at_most("revisions", usize::from(u16::MAX))? as u16));
        }
        if let Some(all) = &mut self.opened {
            all.resize_with(all.len().max(symbol + 1), Opened::default);
            all[symbol] = opened;
        }
        Ok(())
    }

    /// Brings a symbol's indicators back to where its session opened.
    fn reopen(&mut self, symbol: usize, opened: &Opened) {
        self.sessions[symbol] = opened.session;
        self.waiting[symbol] = opened.begun.iter().filter(|begun| !**begun).count() as u32;
        let (slot, mut from) = (Slot(symbol as u32), Read::new(opened.lanes.as_slice()));
        for (lane, begun) in self.lanes.iter_mut().zip(&opened.begun) {
            lane.begun[symbol] = *begun;
            // Invariant: these bytes are the lane's own. One that can't read them starts over and is not ready.
            if from.framed(|from| lane.lane.restore(slot, from)).is_err() {
                lane.lane.reset(slot, Reset::Start);
            }
        }
    }

    fn revise(&mut self, revision: &Revision) -> Revised {
        let Some(first) = revision.bars.first() else { return Revised::default() };
        let (symbol, width) = (first.symbol.slot(), self.width);
        self.reserve(symbol);
        // The session may have had no bar so far: then it opens here.
        self.keep_opened(first);
        let Some(mut opened) = self.opened.as_mut().and_then(|all| all.get_mut(symbol)).map(std::mem::take)
        else {
            return Revised::default();
        };
        let mut before = revision.bars.clone();
        match revision.before {
            Some(bar) => before[revision.at] = bar,
            None => drop(before.remove(revision.at)),
        }
        let was = self.computed(symbol, &opened, &before);
        let values = self.computed(symbol, &opened, &revision.bars);
        let mut begun = opened.begun.clone();
        let mut revised =
            Revised { bars: revision.bars.clone(), width, lanes: self.lanes.len(), ..Revised::default() };
        for (row, bar) in revised.bars.iter_mut().enumerate() {
            let own = &values[row * width..][..width];
            for (lane, begun) in self.lanes.iter().zip(&mut begun) {
                *begun |= own[lane.outputs.clone()].iter().any(|value| !value.is_nan());
            }
            revised.begun.extend(&begun);
            let is_new = revision.before.is_none() && row == revision.at;
            let old = if revision.before.is_none() && row > revision.at { row - 1 } else { row };
            let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
            let is_changed =
                row == revision.at || row > revision.at && !own.iter().zip(&was[old * width..]).all(is_same);
            let times = opened.revisions.iter_mut().find(|(open, _)| *open == bar.bar.open_time);
            match times {
                Some((_, times)) => {
                    *times = times.saturating_add(u16::from(is_changed));
                    bar.revision = *times;
                }
                None if is_changed && !is_new => {
                    opened.revisions.push((bar.bar.open_time, 1));
                    bar.revision = 1;
                }
                None => bar.revision = 0,
            }
            if is_changed {
                revised.changed.push(row);
            }
        }
        revised.values = values;
        if let Some(own) = self.opened.as_mut().and_then(|all| all.get_mut(symbol)) {
            *own = opened;
        }
        revised
    }

    /// The outputs of `bars`, from where the session opened.
    fn computed(&mut self, symbol: usize, opened: &Opened, bars: &[ClosedBar]) -> Vec<f64> {
        self.reopen(symbol, opened);
        let columns: BarColumns = bars.iter().map(|closed| &closed.bar).collect();
        let mut values = vec![NULL; bars.len() * self.width];
        self.run(bars, columns.bars(), &mut values);
        values
    }
}
