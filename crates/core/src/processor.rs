//! The one place where derivation, indicators, store and notices meet. No threads, no I/O, no clock of its own.
//!
//! Walk one minute. [`Processor::take`] lets the deriver take an input's rows and moves its clock; what that closed waits in
//! [`Notices`], in the order of §1.1, each at its instant. [`Processor::step`] goes on to the next instant: its bars are written
//! behind their series, every interval's indicators computed, all symbols at once, and the rows published. Then, and not
//! before, the step's notices are told.

use crate::calendar::CalendarError;
use crate::columns::{BarColumns, Bars};
use crate::derive::{ClosedBar, DeriveRules, Deriver, Sink, Warning};
use crate::indicators::{NULL, Slot};
use crate::input::{Input, InputRow};
use crate::interval::Interval;
use crate::notice::{Batch, BatchRow, Notices};
use crate::plan::Plan;
use crate::store::SessionWriter;
use crate::symbol::{SymbolId, Symbols};
use crate::time::Timestamp;

/// Derives bars and computes real-time indicators.
#[derive(Debug)]
pub struct Processor {
    deriver: Deriver,
    plan: Plan,
    /// By symbol, its rank among the names.
    ranks: Vec<u32>,
    /// For history; made at its first use.
    past: Option<Past>,
}

impl Processor {
    /// A processor of `rules` and `plan`, which has an entry for each interval of the rules.
    pub fn new(rules: DeriveRules, plan: Plan) -> Self {
        Self { deriver: Deriver::new(rules), plan, ranks: Vec::new(), past: None }
    }

    /// The deriver: its rules and counts.
    pub fn deriver(&self) -> &Deriver {
        &self.deriver
    }

    /// The plan, to read notices by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes an input; its steps follow with [`Processor::step`], all of them before the next input.
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not know a row's whole week or month; the rows before it stand.
    pub fn take(
        &mut self,
        input: Input<'_>,
        symbols: &Symbols,
        notices: &mut Notices,
    ) -> Result<(), (usize, CalendarError)> {
        notices.begin(self.deriver.rules());
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
                self.advance(at, symbols, notices);
            }
            Input::Clock(at) => self.advance(at, symbols, notices),
            Input::End => {
                notices.at(Timestamp::MAX);
                self.deriver.finish(symbols.by_name(), notices);
            }
        }
        self.rank(symbols);
        notices.sort(&self.ranks, self.deriver.rules());
        Ok(())
    }

    /// Closes, instant by instant, what is due up to `at`.
    fn advance(&mut self, at: Timestamp, symbols: &Symbols, notices: &mut Notices) {
        while self.deriver.due() < at {
            let due = self.deriver.due();
            notices.at(due);
            self.deriver.advance_all(due, symbols.by_name(), notices);
        }
        notices.at(at);
        self.deriver.advance_all(at, symbols.by_name(), notices);
    }

    fn rank(&mut self, symbols: &Symbols) {
        if self.ranks.len() != symbols.len() {
            self.ranks.resize(symbols.len(), 0);
            for (rank, symbol) in symbols.by_name().iter().enumerate() {
                self.ranks[symbol.index()] = rank as u32;
            }
        }
    }

    /// Goes on to the next instant of the input at which something is told, which is step `step`: computes and publishes its
    /// bars. `None` when there is none left.
    pub fn step(&mut self, step: u32, store: &mut SessionWriter, notices: &mut Notices) -> Option<Timestamp> {
        let at = notices.next_step()?;
        let plan = &mut self.plan;
        for event in notices.events_of_step() {
            let Some((place, index)) = notices.bar_of(event) else { continue };
            let Notices { closed, batches, batch_row, .. } = &mut *notices;
            let (batch, bar) = (&mut batches[place], &closed[index]);
            let slot = Slot(bar.symbol.index() as u32);
            // A symbol has one bar of an interval in a batch; the events of its second one follow those of the first.
            if batch.done < batch.rows.len() && batch.rows.last().is_some_and(|row| row.slot == slot) {
                Self::finish(plan, place, step, store, batch, closed);
            }
            batch_row[index] = batch.rows.len() as u32;
            batch.rows.push(BatchRow { slot, index: index as u32, row: store.append(place, bar, step) });
        }
        let Notices { closed, batches, .. } = notices;
        for (place, batch) in
            batches.iter_mut().enumerate().filter(|(_, batch)| batch.done < batch.rows.len())
        {
            Self::finish(plan, place, step, store, batch, closed);
        }
        Some(at)
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
        let (from, width) = (batch.done, plan.width(place));
        plan.compute(place, batch, closed);
        for (at, &BatchRow { index, row, .. }) in batch.rows.iter().enumerate().skip(from) {
            let values = &batch.values[at * width..][..width];
            store.publish(place, closed[index as usize].symbol, row, values, step);
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
            past.closed.compute(plan, symbol, store.as_mut());
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
        let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
        let closed = intervals.iter().map(|_| Vec::new()).collect();
        Self { deriver: Deriver::new(rules), closed: PastBars { intervals, closed, ..PastBars::default() } }
    }
}

/// What a chunk of history closed, by interval.
#[derive(Debug, Default)]
struct PastBars {
    intervals: Vec<Interval>,
    closed: Vec<Vec<ClosedBar>>,
    columns: BarColumns,
    values: Vec<f64>,
}

impl PastBars {
    fn begin(&mut self) {
        self.closed.iter_mut().for_each(Vec::clear);
    }

    fn compute(
        &mut self,
        plan: &mut Plan,
        symbol: SymbolId,
        mut store: Option<&mut (&mut SessionWriter, u32)>,
    ) {
        for (place, closed) in self.closed.iter().enumerate() {
            let width = plan.width(place);
            self.columns.clear();
            closed.iter().for_each(|bar| self.columns.push(&bar.bar));
            self.values.clear();
            self.values.resize(closed.len() * width, NULL);
            plan.run(place, closed, self.columns.bars(), &mut self.values);
            if let Some((store, step)) = &mut store {
                for (row, bar) in closed.iter().enumerate() {
                    let at = store.append(place, bar, *step);
                    store.publish(place, symbol, at, &self.values[row * width..][..width], *step);
                }
            }
        }
    }
}

impl Sink for PastBars {
    #[inline]
    fn bar(&mut self, bar: &ClosedBar) {
        let place = self.intervals.iter().position(|&interval| interval == bar.interval);
        if let Some(closed) = place.and_then(|place| self.closed.get_mut(place)) {
            closed.push(*bar);
        }
    }

    /// What history lacks was told when it was the present, or never was.
    fn warning(&mut self, _: &Warning) {}
}
