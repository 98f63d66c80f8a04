//! The one place where derivation, indicators, store and notices meet. No threads, no I/O, no clock of its own.
//!
//! Walk one minute. [`Processor::take`] lets the deriver take an input's rows and moves its clock; what that closed waits in
//! [`Notices`], in the order of §1.1, each at its instant. [`Processor::step`] goes on to the next instant: its bars are written
//! behind their series, every interval's indicators computed, all symbols at once, and the rows published. Then, and not
//! before, the step's notices are told.

mod saved;

use crate::calendar::CalendarError;
use crate::columns::{BarColumns, Bars};
use crate::derive::{ClosedBar, DeriveRules, Deriver, Late, Revision, Sink, Warning};
use crate::indicators::{NULL, Slot};
use crate::input::{Input, InputRow};
use crate::notice::{Batch, BatchRow, Computing, Event, Notices, UNTOLD};
use crate::plan::{Plan, Revised};
use crate::store::SessionWriter;
use crate::symbol::{SymbolId, Symbols};
use crate::time::Timestamp;

/// Derives bars and computes real-time indicators.
#[derive(Debug)]
pub struct Processor {
    deriver: Deriver,
    plan: Plan,
    /// Which symbols are its own.
    shard: usize,
    /// For history; made at its first use.
    past: Option<Past>,
}

impl Processor {
    /// A processor of `rules` and `plan`, which has an entry for each interval of the rules.
    pub fn new(rules: DeriveRules, mut plan: Plan) -> Self {
        if rules.late == Late::Revise {
            plan.keep_opened();
        }
        Self { deriver: Deriver::new(rules), plan, shard: 0, past: None }
    }

    /// The processor of the symbols of one shard.
    #[must_use]
    pub fn of_shard(self, shard: usize) -> Self {
        Self { shard, ..self }
    }

    /// The shard whose symbols are its own.
    pub fn shard(&self) -> usize {
        self.shard
    }

    /// The deriver: its rules and counts.
    pub fn deriver(&self) -> &Deriver {
        &self.deriver
    }

    /// The plan, to read notices by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes an input, of which it has the rows of its own symbols; its steps follow with [`Processor::step`], all of them before the next input.
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not know a row's whole week or month; the rows before it stand.
    pub fn take(
        &mut self,
        input: Input<'_>,
        symbols: &Symbols,
        notices: &mut Notices,
    ) -> Result<(), (usize, CalendarError)> {
        notices.begin(self.deriver.rules(), symbols);
        let own = symbols.by_name_in(self.shard);
        match input {
            Input::Bars { at, rows } => {
                notices.at(at);
                for (place, row) in rows.iter().enumerate() {
                    match *row {
                        InputRow::Bar { symbol, ref bar } => {
                            self.deriver.take(symbol, bar, notices).map_err(|error| (place, error))?;
                        }
                        InputRow::Refused { symbol, time } => self.deriver.refuse(symbol, time, notices),
                    }
                }
                self.advance(at, own, notices);
            }
            Input::Clock(at) => self.advance(at, own, notices),
            Input::End => {
                notices.at(Timestamp::MAX);
                self.deriver.finish(own, notices);
            }
        }
        notices.sort();
        Ok(())
    }

    /// Closes, instant by instant, what is due up to `at`.
    fn advance(&mut self, at: Timestamp, own: &[SymbolId], notices: &mut Notices) {
        while self.deriver.due() < at {
            let due = self.deriver.due();
            notices.at(due);
            self.deriver.advance_all(due, own, notices);
        }
        notices.at(at);
        self.deriver.advance_all(at, own, notices);
    }

    /// Goes on to the next instant of the input at which something is told, which is step `step`: computes and publishes its
    /// bars. `None` when there is none left.
    pub fn step(&mut self, step: u32, store: &mut SessionWriter, notices: &mut Notices) -> Option<Timestamp> {
        let at = notices.next_step()?;
        let plan = &mut self.plan;
        let Computing { input, events, closed, revisions, batches } = notices.step_mut();
        // Of one symbol each bar is a batch.
        let is_one_symbol = events.first().map(Event::rank) == events.last().map(Event::rank);
        let mut next = 0;
        while let Some(event) = events.get_mut(next) {
            next += 1;
            if event.is_warning() {
                continue;
            }
            let place = event.place();
            let batch = &mut batches[place];
            let slot = Slot(closed[event.index as usize].symbol.slot() as u32);
            if let Some(number) = event.row.checked_sub(1) {
                if !batch.open_rows().is_empty() {
                    Self::finish(plan, place, step, store, batch, closed);
                }
                let revised = plan.revise(&revisions[number as usize]);
                store.revise(place, &revised, step, at);
                let events = &mut events[next - 1..];
                next += Self::tell_again(&revised, input, slot, batch, events, closed) - 1;
                continue;
            }
            // A symbol has one bar of an interval in a batch; the events of its second one follow those of the first.
            if batch.is_full() || batch.waits_for(slot) {
                Self::finish(plan, place, step, store, batch, closed);
            }
            event.row = batch.push(input, BatchRow { slot, index: event.index });
            if is_one_symbol {
                Self::finish(plan, place, step, store, batch, closed);
            }
        }
        for (place, batch) in batches.iter_mut().enumerate() {
            if !batch.open_rows().is_empty() {
                Self::finish(plan, place, step, store, batch, closed);
            }
        }
        Some(at)
    }

    /// Puts what a revision changed into its batch; how many of `events` are its own.
    #[cold]
    fn tell_again(
        revised: &Revised,
        input: u64,
        slot: Slot,
        batch: &mut Batch,
        events: &mut [Event],
        closed: &mut [ClosedBar],
    ) -> usize {
        let number = events.first().map(|event| event.row);
        let own = events.iter().take_while(|event| Some(event.row) == number && !event.is_warning()).count();
        let first = revised.bars.len() - own;
        for (event, row) in events[..own].iter_mut().zip(first..) {
            closed[event.index as usize] = revised.bars[row];
            event.row = if revised.changed().binary_search(&row).is_ok() {
                let at = BatchRow { slot, index: event.index };
                batch.put(input, at, revised.values(row), revised.hidden(row))
            } else {
                UNTOLD
            };
        }
        own
    }

    /// Computes and publishes the bars of a batch that are not.
    #[inline]
    fn finish(
        plan: &mut Plan,
        place: usize,
        step: u32,
        store: &mut SessionWriter,
        batch: &mut Batch,
        closed: &[ClosedBar],
    ) {
        let from = batch.done;
        let width = plan.compute(place, batch, closed);
        let mut values = &batch.values[from * width..];
        for row in &batch.rows[from..] {
            let (own, others) = values.split_at(width);
            store.put(place, &closed[row.index as usize], own, step);
            values = others;
        }
    }

    /// Computes history in one go: `history` are base bars of `symbol` in time order, up to `end`. Its indicators start over and
    /// are then as if the history's closed bars had come step by step. Nothing is told; with a store, the bars are
    /// published in it, at `step`.
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not know a row's session.
    pub fn run(
        &mut self,
        symbol: SymbolId,
        history: Bars<'_>,
        end: Timestamp,
        mut store: Option<(&mut SessionWriter, u32)>,
    ) -> Result<(), CalendarError> {
        let Self { plan, past, deriver, .. } = self;
        let past = past.get_or_insert_with(|| Past::new(deriver.rules().clone()));
        past.deriver.forget(symbol);
        plan.start_over(symbol);
        let mut clock = Timestamp::MIN;
        let base = past.deriver.rules().base.nanos().unwrap_or(0);
        for from in (0..history.len()).step_by(CHUNK) {
            let rows = history.rows(from..history.len().min(from + CHUNK));
            past.closed.begin();
            for bar in rows.iter() {
                past.deriver.take_at(clock, symbol, &bar, &mut past.closed)?;
                clock = bar.open_time.saturating_add(base);
            }
            if from + rows.len() == history.len() {
                let over = end.saturating_add(past.deriver.rules().grace);
                past.deriver.advance(symbol, over, &mut past.closed);
            }
            past.closed.compute(plan, store.as_mut());
        }
        Ok(())
    }
}

/// How many base bars of history are computed together: what they close stays in the second-level cache.
const CHUNK: usize = 1024;

/// Derivation of what lies before a session.
#[derive(Debug)]
struct Past {
    deriver: Deriver,
    closed: PastBars,
}

impl Past {
    fn new(rules: DeriveRules) -> Self {
        let closed = rules.intervals.iter().map(|_| Vec::new()).collect();
        Self { deriver: Deriver::new(rules), closed: PastBars { closed, ..PastBars::default() } }
    }
}

/// What a chunk of history closed, by interval.
#[derive(Debug, Default)]
struct PastBars {
    closed: Vec<Vec<ClosedBar>>,
    columns: BarColumns,
    values: Vec<f64>,
}

impl PastBars {
    fn begin(&mut self) {
        self.closed.iter_mut().for_each(Vec::clear);
    }

    fn compute(&mut self, plan: &mut Plan, mut store: Option<&mut (&mut SessionWriter, u32)>) {
        for (place, closed) in self.closed.iter().enumerate() {
            let width = plan.width(place);
            self.columns.fill(closed.iter().map(|bar| &bar.bar));
            self.values.resize(closed.len() * width, NULL);
            plan.run(place, closed, self.columns.bars(), &mut self.values);
            if let Some((store, step)) = &mut store {
                for (row, bar) in closed.iter().enumerate() {
                    store.put(place, bar, &self.values[row * width..][..width], *step);
                }
            }
        }
    }
}

impl Sink for PastBars {
    #[inline]
    fn bar(&mut self, bar: &ClosedBar) {
        self.closed[usize::from(bar.place)].push(*bar);
    }

    /// History comes in order: nothing in it is late.
    fn revised(&mut self, _: Revision) {}

    /// What history lacks was told when it was the present, or never was.
    fn warning(&mut self, _: &Warning) {}
}
