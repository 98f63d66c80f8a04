//! Closed bars on their way into tables: the values of their indicators are computed many bars at a time, on a thread of their own
//! where there are many.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use barloom_core::derive::{ClosedBar, Revision};
use barloom_core::plan::Plan;

use crate::collect::Bars;

/// Bars of an interval that are handed over together.
const HANDED: usize = 1024;

/// Bars that are computed together: what they touch stays in the first-level cache.
const COMPUTED: usize = 256;

/// Chunks that wait between the threads.
const WAITING: usize = 4;

/// A table an interval, for closed bars to go to.
pub(crate) struct Gather {
    /// By place among the rules, bars that are to be handed over.
    pending: Vec<Vec<ClosedBar>>,
    /// How many of them at most.
    most: usize,
    tables: Arc<Mutex<Tables>>,
    away: Option<Away>,
}

/// A thread that takes chunks into tables.
struct Away {
    to: SyncSender<Vec<ClosedBar>>,
    /// Chunks that were taken, to be filled again.
    back: Receiver<Vec<ClosedBar>>,
    thread: JoinHandle<()>,
}

/// Bars with the values of their indicators.
struct Tables {
    plan: Plan,
    /// By place among the rules.
    all: Vec<Table>,
}

/// What one interval gave.
pub(crate) struct Table {
    pub(crate) bars: Bars,
    /// How many values its indicators gave.
    pub(crate) readings: u64,
}

impl Gather {
    /// Tables of `bars`, by place among the rules, with the indicators of `plan`. Where `is_in_turn`, they see each bar as soon as it closed,
    /// whatever its interval and symbol: those in Python may know of one another, and a bar may be revised at any time.
    pub(crate) fn new(plan: Plan, bars: Vec<Bars>, is_in_turn: bool) -> Self {
        let pending = vec![Vec::new(); bars.len()];
        let all = bars.into_iter().map(|bars| Table { bars, readings: 0 }).collect();
        let tables = Arc::new(Mutex::new(Tables { plan, all }));
        Self { pending, most: if is_in_turn { 1 } else { HANDED }, tables, away: None }
    }

    /// Takes a bar.
    #[inline]
    pub(crate) fn push(&mut self, closed: &ClosedBar) {
        let place = usize::from(closed.place);
        let pending = &mut self.pending[place];
        pending.push(*closed);
        if pending.len() >= self.most {
            self.hand_over(place);
        }
    }

    /// Takes what became of bars that were taken; not where chunks wait.
    pub(crate) fn revise(&mut self, revision: &Revision) {
        let mut tables = locked(&self.tables);
        let Tables { plan, all } = &mut *tables;
        for row in plan.revise(revision).rows() {
            let table = &mut all[usize::from(row.bar.place)];
            table.bars.push_bars(std::slice::from_ref(row.bar));
            table.bars.push_values(row.values);
            table.readings += row.readings(plan).count() as u64;
        }
    }

    #[inline(never)]
    fn hand_over(&mut self, place: usize) {
        if self.most > 1 && self.away.is_none() {
            // Where there is no thread to be had it is done here: the same numbers, later.
            self.away = Away::start(&self.tables).ok();
        }
        let pending = &mut self.pending[place];
        match &self.away {
            Some(away) => {
                let empty = away.back.try_recv().unwrap_or_else(|_| Vec::with_capacity(self.most));
                // Only a panic ends the thread before it is told to, and that comes out when it is joined.
                let _ = away.to.send(std::mem::replace(pending, empty));
            }
            None => {
                locked(&self.tables).take(pending);
                pending.clear();
            }
        }
    }

    /// The tables with all that was taken.
    pub(crate) fn finish(self) -> Vec<Table> {
        if let Some(Away { to, thread, .. }) = self.away {
            drop(to);
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        let mut tables = locked(&self.tables);
        self.pending.iter().for_each(|closed| tables.take(closed));
        std::mem::take(&mut tables.all)
    }
}

fn locked(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    // A panic ends the whole call.
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Away {
    fn start(tables: &Arc<Mutex<Tables>>) -> std::io::Result<Self> {
        let (to, chunks) = sync_channel::<Vec<ClosedBar>>(WAITING);
        let (empty, back) = sync_channel(WAITING);
        let tables = Arc::clone(tables);
        let take = move || {
            for mut chunk in chunks {
                locked(&tables).take(&chunk);
                chunk.clear();
                // One more than are asked for is given back to the system.
                let _ = empty.try_send(chunk);
            }
        };
        Ok(Self { to, back, thread: Builder::new().name("gather".to_owned()).spawn(take)? })
    }
}

impl Tables {
    /// Takes bars of one interval.
    fn take(&mut self, closed: &[ClosedBar]) {
        let Self { plan, all } = self;
        let Some(first) = closed.first() else { return };
        let place = usize::from(first.place);
        let table = &mut all[place];
        for closed in closed.chunks(COMPUTED) {
            table.bars.push_bars(closed);
            let (bars, columns) = table.bars.lend(closed.len());
            let mut at = 0;
            for own in closed.chunk_by(|own, next| own.symbol == next.symbol) {
                let rows = at..at + own.len();
                table.readings += plan.run_columns(place, own, bars.rows(rows.clone()), columns);
                at = rows.end;
            }
            table.bars.see_nulls(closed.len());
        }
    }
}
