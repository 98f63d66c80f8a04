//! What a step tells, in the order of §1.1, and the buffers it lies in.
//!
//! [`Notices`] are filled from one input, read step by step, and used again: nothing is allocated once they are large enough.
//! A notice is a place among the input's closed bars; its bar, indicators and values are looked up there.

use std::ops::Range;

use crate::bar::Bar;
use crate::columns::BarColumns;
use crate::derive::{ClosedBar, DeriveRules, Sink, Warning, WarningKind};
use crate::indicators::Slot;
use crate::plan::{Plan, Reading};
use crate::store::Row;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// Something that a step tells.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'a> {
    /// A bar closed: (symbol, interval, "bars"); with it the values of all outputs of its interval.
    Bar(&'a ClosedBar, &'a [f64]),
    /// What an indicator says of a closed bar: (symbol, indicator, "indicator"). From its first value on.
    Indicator(&'a ClosedBar, Reading<'a>),
    /// Something to know about an interval.
    Warning(&'a Warning),
}

/// A notice's place in the order, and where it lies.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// The instant of its step.
    at: Timestamp,
    /// Of its symbol's name; 0 for a warning that names none.
    rank: u32,
    place: u16,
    is_warning: bool,
    /// Among the closed bars or the warnings.
    index: u32,
}

impl Event {
    /// Instants ascend; at one instant symbols are in name order, within a symbol intervals ascend, within an interval the bar
    /// comes before warnings.
    fn key(&self) -> (Timestamp, u32, u16, bool, u32) {
        (self.at, self.rank, self.place, self.is_warning, self.index)
    }
}

/// A closed bar on its way through an interval's batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchRow {
    /// Its symbol.
    pub(crate) slot: Slot,
    /// Where it lies among the closed bars.
    pub(crate) index: u32,
    /// Where it lies in the store.
    pub(crate) row: Row,
}

/// What one interval's bars of an input come to.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<BatchRow>,
    /// Their outputs, bar by bar.
    pub(crate) values: Vec<f64>,
    /// Indicators that have not begun: bar and indicator, ascending.
    pub(crate) hidden: Vec<(u32, u32)>,
    /// The bars from here on are not computed.
    pub(crate) done: usize,
    /// Scratch: symbols and bars side by side.
    pub(crate) slots: Vec<Slot>,
    pub(crate) columns: BarColumns,
}

impl Batch {
    fn clear(&mut self) {
        self.rows.clear();
        self.values.clear();
        self.hidden.clear();
        self.done = 0;
    }
}

/// How much was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the intervals' places: bars, and what indicators said of them.
    pub by_interval: Vec<(u64, u64)>,
    /// By [`WarningKind`], in the order of [`WarningKind::ALL`].
    pub warnings: [u64; WarningKind::ALL.len()],
}

/// What an input tells, step by step.
#[derive(Debug)]
pub struct Notices {
    pub(crate) closed: Vec<ClosedBar>,
    /// By closed bar, its place in its interval's batch.
    pub(crate) batch_row: Vec<u32>,
    warnings: Vec<Warning>,
    events: Vec<Event>,
    pub(crate) batches: Vec<Batch>,
    /// The events of the step at hand.
    step: Range<usize>,
    /// While events come: the earliest instant of what comes, and the grace after a close.
    now: Timestamp,
    grace: i64,
    keeps_sessions: bool,
    over: Vec<(SymbolId, BarColumns)>,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            closed: Vec::new(),
            batch_row: Vec::new(),
            warnings: Vec::new(),
            events: Vec::new(),
            batches: Vec::new(),
            step: 0..0,
            now: Timestamp::MAX,
            grace: 0,
            keeps_sessions: false,
            over: Vec::new(),
        }
    }
}

impl Notices {
    /// Forgets the input before.
    pub(crate) fn begin(&mut self, rules: &DeriveRules) {
        self.closed.clear();
        self.batch_row.clear();
        self.warnings.clear();
        self.events.clear();
        self.batches.resize_with(rules.intervals.len(), Batch::default);
        self.batches.iter_mut().filter(|batch| !batch.rows.is_empty()).for_each(Batch::clear);
        self.step = 0..0;
        self.grace = rules.grace;
    }

    /// What comes from now on is told at `now` at the latest.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Brings the events into their order.
    pub(crate) fn sort(&mut self, ranks: &[u32], rules: &DeriveRules) {
        for event in &mut self.events {
            let index = event.index as usize;
            let (symbol, interval) = if event.is_warning {
                (self.warnings[index].symbol, self.warnings[index].interval)
            } else {
                (Some(self.closed[index].symbol), self.closed[index].interval)
            };
            event.rank = symbol.map_or(0, |symbol| ranks[symbol.index()] + 1);
            event.place = rules.index_of(interval).unwrap_or(0) as u16;
        }
        if !self.events.is_sorted_by_key(Event::key) {
            self.events.sort_unstable_by_key(Event::key);
        }
        self.batch_row.resize(self.closed.len(), 0);
    }

    /// Goes on to the next step; its instant, and the closed bars it tells with their intervals' places.
    pub(crate) fn next_step(&mut self) -> Option<Timestamp> {
        let from = self.step.end;
        let at = self.events.get(from)?.at;
        let count = self.events[from..].iter().take_while(|event| event.at == at).count();
        self.step = from..from + count;
        Some(at)
    }

    /// The instant of the step that follows, if the input has one more.
    pub fn following(&self) -> Option<Timestamp> {
        self.events.get(self.step.end).map(|event| event.at)
    }

    /// Keeps the base bars of sessions that an input ends, for [`Notices::sessions_over`].
    pub fn keep_sessions(&mut self) {
        self.keeps_sessions = true;
    }

    /// Takes the sessions that the input ended: symbol and base bars, late ones and corrections in their places.
    pub fn sessions_over(&mut self) -> impl Iterator<Item = (SymbolId, BarColumns)> + '_ {
        self.over.drain(..)
    }

    /// The events of the step at hand.
    pub(crate) fn events_of_step(&self) -> Range<usize> {
        self.step.clone()
    }

    /// The bar of an event, if it is of one: its interval's place, and where it lies among the closed ones.
    #[inline]
    pub(crate) fn bar_of(&self, event: usize) -> Option<(usize, usize)> {
        let event = self.events.get(event).filter(|event| !event.is_warning)?;
        Some((usize::from(event.place), event.index as usize))
    }

    /// Whether the step at hand tells nothing.
    pub fn is_empty(&self) -> bool {
        self.step.is_empty()
    }

    /// The notices of the step at hand, in their order; `plan` is the one that computed them.
    pub fn iter<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = Notice<'a>> + Clone + 'a {
        self.events[self.step.clone()].iter().flat_map(move |event| {
            let (index, place) = (event.index as usize, usize::from(event.place));
            let is_told = plan.is_told(place);
            let warning = self.warnings.get(index).filter(|_| event.is_warning);
            let warning = warning.filter(|warning| is_told || warning.kind == WarningKind::InvalidBar);
            let bar = self.closed.get(index).filter(|_| is_told && !event.is_warning);
            let of_bar = bar.into_iter().flat_map(move |bar| self.of_bar(plan, place, index, bar));
            warning.map(Notice::Warning).into_iter().chain(of_bar)
        })
    }

    /// Counts what the step at hand tells.
    pub fn count(&self, plan: &Plan, tally: &mut Tally) {
        tally.by_interval.resize(self.batches.len(), (0, 0));
        for event in &self.events[self.step.clone()] {
            let (index, place) = (event.index as usize, usize::from(event.place));
            let is_told = plan.is_told(place);
            if event.is_warning {
                let kind = self.warnings[index].kind;
                tally.warnings[kind as usize] += u64::from(is_told || kind == WarningKind::InvalidBar);
            } else if is_told {
                let batch = &self.batches[place];
                let row = self.batch_row[index];
                let hidden = if batch.hidden.is_empty() {
                    0
                } else {
                    batch.hidden.iter().filter(|(hidden, _)| *hidden == row).count()
                };
                let (bars, values) = &mut tally.by_interval[place];
                *bars += 1;
                *values += (plan.indicators(place) - hidden) as u64;
            }
        }
    }

    /// What a closed bar gives to tell: itself, and its indicators that have begun.
    fn of_bar<'a>(
        &'a self,
        plan: &'a Plan,
        place: usize,
        index: usize,
        bar: &'a ClosedBar,
    ) -> impl Iterator<Item = Notice<'a>> + Clone {
        let (batch, row) = (&self.batches[place], self.batch_row[index]);
        let width = plan.width(place);
        let values = &batch.values[row as usize * width..][..width];
        let readings = plan.readings_of(place, values).enumerate().filter_map(move |(lane, reading)| {
            let is_hidden = batch.hidden.binary_search(&(row, lane as u32)).is_ok();
            (!is_hidden).then_some(Notice::Indicator(bar, reading))
        });
        std::iter::once(Notice::Bar(bar, values)).chain(readings)
    }
}

impl Sink for Notices {
    #[inline]
    fn bar(&mut self, bar: &ClosedBar) {
        // A bucket that a younger one's last row closed was due before its input: its step is its own.
        let at = bar.close_time.saturating_add(self.grace).min(self.now);
        let index = self.closed.len() as u32;
        self.closed.push(*bar);
        self.events.push(Event { at, rank: 0, place: 0, is_warning: false, index });
    }

    fn session_over(&mut self, symbol: SymbolId, bars: &mut dyn Iterator<Item = &Bar>) {
        if self.keeps_sessions {
            self.over.push((symbol, bars.collect()));
        }
    }

    fn warning(&mut self, warning: &Warning) {
        let index = self.warnings.len() as u32;
        self.warnings.push(*warning);
        self.events.push(Event { at: self.now, rank: 0, place: 0, is_warning: true, index });
    }
}
