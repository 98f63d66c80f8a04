//! What a step tells, in the order of §1.1, and the buffers it lies in.
//!
//! [`Notices`] are filled from one input, read step by step, and used again: nothing is allocated once they are large enough.
//! A notice is a place among the input's closed bars; its bar, indicators and values are looked up there.

use std::ops::Range;

use crate::bar::Bar;
use crate::columns::BarColumns;
use crate::derive::{ClosedBar, DeriveRules, Revision, Sink, Warning, WarningKind};
use crate::indicators::{NULL, Slot};
use crate::outputs::{Outputs, Reading};
use crate::symbol::{SymbolId, Symbols};
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
pub(crate) struct Event {
    /// The instant of its step.
    at: Timestamp,
    /// Its symbol's rank among the names, from 1, 0 for a warning that names none; its interval's place; whether it is a warning.
    order: u64,
    /// Among the closed bars or the warnings.
    pub(crate) index: u32,
    /// Of a bar: its row in its interval's batch, once it is there; before, the number of the revision that it is of, from 1, or 0.
    pub(crate) row: u32,
}

/// In place of a bar's row: revised, it turned out to be what it was, and is not told.
pub(crate) const UNTOLD: u32 = u32::MAX;

impl Event {
    fn new(at: Timestamp, rank: u32, place: u16, is_warning: bool, index: usize) -> Self {
        let order = u64::from(rank) << 32 | u64::from(place) << 1 | u64::from(is_warning);
        Self { at, order, index: index as u32, row: 0 }
    }

    /// Instants ascend; at one instant symbols are in name order, within a symbol intervals ascend, within an interval the bar
    /// comes before warnings.
    #[inline]
    fn is_before(&self, next: &Self) -> bool {
        self.at < next.at || self.at == next.at && self.order <= next.order
    }

    /// The whole order: what is alike in it came in turn.
    #[inline]
    fn key(&self) -> (Timestamp, u64, u32) {
        (self.at, self.order, self.index)
    }

    /// Its symbol's.
    #[inline]
    pub(crate) fn rank(&self) -> u32 {
        (self.order >> 32) as u32
    }

    #[inline]
    pub(crate) fn place(&self) -> usize {
        usize::from((self.order >> 1) as u16)
    }

    #[inline]
    pub(crate) fn is_warning(&self) -> bool {
        self.order & 1 == 1
    }

    /// Whether it is a bar that is told, once it was computed.
    #[inline]
    fn is_bar(&self) -> bool {
        !self.is_warning() && self.row != UNTOLD
    }
}

/// A closed bar on its way through an interval's batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchRow {
    /// Its symbol.
    pub(crate) slot: Slot,
    /// Where it lies among the closed bars.
    pub(crate) index: u32,
}

/// What one interval's bars of an input come to.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<BatchRow>,
    /// Their outputs, bar by bar; what lies beyond is of inputs before.
    pub(crate) values: Vec<f64>,
    /// Indicators that have not begun: bar and indicator, ascending.
    pub(crate) hidden: Vec<(u32, u32)>,
    /// The bars from here on are not computed.
    pub(crate) done: usize,
    /// The input that they are of.
    input: u64,
    /// Scratch: symbols and bars side by side.
    pub(crate) slots: Vec<Slot>,
    pub(crate) columns: BarColumns,
}

/// How many bars of an interval are computed together: what they touch stays in the first-level cache.
const BATCH: usize = 64;

impl Batch {
    /// The rows that are not computed.
    #[inline]
    pub(crate) fn open_rows(&self) -> &[BatchRow] {
        &self.rows[self.done..]
    }

    /// Whether the indicator at `lane` has begun by the bar at `row`.
    #[inline]
    fn shows(&self, row: u32, lane: u32) -> bool {
        self.hidden.is_empty() || self.hidden.binary_search(&(row, lane)).is_err()
    }

    /// How many indicators have not begun by the bar at `row`.
    #[inline]
    fn hidden_at(&self, row: u32) -> usize {
        let below = |row: u32| self.hidden.partition_point(|&(hidden, _)| hidden < row);
        if self.hidden.is_empty() { 0 } else { below(row + 1) - below(row) }
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.open_rows().len() >= BATCH
    }

    /// Puts a bar of the input numbered `input` behind its others; its row.
    #[inline]
    pub(crate) fn push(&mut self, input: u64, row: BatchRow) -> u32 {
        if self.input != input {
            self.input = input;
            self.rows.clear();
            self.hidden.clear();
            self.done = 0;
        }
        self.rows.push(row);
        self.rows.len() as u32 - 1
    }

    /// Puts a bar that is computed behind the others, all of which are; `hidden` are its indicators that have not begun.
    pub(crate) fn put(
        &mut self,
        input: u64,
        row: BatchRow,
        values: &[f64],
        hidden: impl Iterator<Item = u32>,
    ) -> u32 {
        let row = self.push(input, row);
        let to = self.rows.len() * values.len();
        self.values.resize(self.values.len().max(to), NULL);
        self.values[to - values.len()..to].copy_from_slice(values);
        self.hidden.extend(hidden.map(|lane| (row, lane)));
        self.done = self.rows.len();
        row
    }

    /// Whether the bar that was put there last is of `slot` and not computed.
    #[inline]
    pub(crate) fn waits_for(&self, slot: Slot) -> bool {
        self.open_rows().last().is_some_and(|row| row.slot == slot)
    }
}

/// A step on its way.
pub(crate) struct Computing<'a> {
    /// The input's number.
    pub(crate) input: u64,
    pub(crate) events: &'a mut [Event],
    pub(crate) closed: &'a mut [ClosedBar],
    pub(crate) revisions: &'a [Revision],
    /// By interval.
    pub(crate) batches: &'a mut [Batch],
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
    closed: Vec<ClosedBar>,
    warnings: Vec<Warning>,
    events: Vec<Event>,
    /// What is given again; their events have their numbers.
    revisions: Vec<Revision>,
    /// When they are told.
    revised_at: Timestamp,
    /// Whether they came in their order.
    is_sorted: bool,
    /// By symbol, its name's rank, from 1.
    ranks: Vec<u32>,
    batches: Vec<Batch>,
    /// The input's number.
    input: u64,
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
            warnings: Vec::new(),
            events: Vec::new(),
            revisions: Vec::new(),
            revised_at: Timestamp::MIN,
            is_sorted: true,
            ranks: Vec::new(),
            batches: Vec::new(),
            input: 0,
            step: 0..0,
            now: Timestamp::MAX,
            grace: 0,
            keeps_sessions: false,
            over: Vec::new(),
        }
    }
}

impl Notices {
    /// Forgets the input before; what comes is of `symbols`.
    pub(crate) fn begin(&mut self, rules: &DeriveRules, symbols: &Symbols) {
        self.closed.clear();
        self.warnings.clear();
        self.events.clear();
        self.revisions.clear();
        self.is_sorted = true;
        if self.batches.len() != rules.intervals.len() {
            self.batches.resize_with(rules.intervals.len(), Batch::default);
        }
        self.input += 1;
        self.step = 0..0;
        self.grace = rules.grace;
        if self.ranks.len() != symbols.len() {
            self.ranks.resize(symbols.len(), 0);
            for (rank, symbol) in (1..).zip(symbols.by_name()) {
                self.ranks[symbol.index()] = rank;
            }
        }
    }

    /// What comes from now on is told at `now` at the latest.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The instant at which the input revised a bar of `symbol`; the earliest one, if it did not.
    #[inline]
    fn revised_at(&self, symbol: SymbolId) -> Timestamp {
        let is_own = |revision: &Revision| revision.bars.first().is_some_and(|bar| bar.symbol == symbol);
        if self.revisions.iter().any(is_own) { self.revised_at } else { Timestamp::MIN }
    }

    /// Takes an event behind those that are there.
    #[inline]
    fn push(&mut self, event: Event) {
        self.is_sorted &= self.events.last().is_none_or(|last| last.is_before(&event));
        self.events.push(event);
    }

    /// Brings the events into their order.
    #[inline]
    pub(crate) fn sort(&mut self) {
        if !self.is_sorted {
            self.events.sort_unstable_by_key(Event::key);
        }
    }

    /// Goes on to the next step; its instant, and the closed bars it tells with their intervals' places.
    pub(crate) fn next_step(&mut self) -> Option<Timestamp> {
        let (at, StepEvents(step)) = self.step_after(&self.step())?;
        self.step = step;
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

    /// The step at hand, to be computed.
    #[inline]
    pub(crate) fn step_mut(&mut self) -> Computing<'_> {
        let Self { closed, events, revisions, batches, input, step, .. } = self;
        Computing { input: *input, events: &mut events[step.clone()], closed, revisions, batches }
    }

    /// Whether the step at hand tells nothing.
    pub fn is_empty(&self) -> bool {
        self.step.is_empty()
    }

    /// The step at hand.
    pub fn step(&self) -> StepEvents {
        StepEvents(self.step.clone())
    }

    /// The step of the input that follows `step`, and its instant; the first one after [`StepEvents::NONE`]. Of an input whose
    /// steps are all computed.
    pub fn step_after(&self, step: &StepEvents) -> Option<(Timestamp, StepEvents)> {
        let from = step.0.end;
        let at = self.events.get(from)?.at;
        Some((at, StepEvents(from..from + self.count_at(from, at))))
    }

    fn count_at(&self, from: usize, at: Timestamp) -> usize {
        self.events[from..].iter().take_while(|event| event.at == at).count()
    }

    /// The notices of a step, in their order; `outputs` are of the plan that computed them.
    pub fn iter<'a>(&'a self, step: &StepEvents, outputs: &'a Outputs) -> StepNotices<'a> {
        let events = self.events[step.0.clone()].iter();
        StepNotices { notices: self, outputs, events, told: None, has_readings: true }
    }

    /// The notices of a step without those of indicators, whose values the bars have: the rows of tables.
    pub fn rows<'a>(&'a self, step: &StepEvents, outputs: &'a Outputs) -> StepNotices<'a> {
        StepNotices { has_readings: false, ..self.iter(step, outputs) }
    }

    /// The closed bars that a step tells, each with the values of its interval's outputs: those of [`Notices::iter`].
    #[inline]
    pub fn bars<'a>(
        &'a self,
        step: &StepEvents,
        outputs: &'a Outputs,
    ) -> impl Iterator<Item = (&'a ClosedBar, &'a [f64])> + 'a {
        let events = self.events[step.0.clone()].iter();
        events.filter(|event| event.is_bar() && outputs.is_told(event.place())).map(move |event| {
            (&self.closed[event.index as usize], self.values_of(outputs, event.place(), event.row))
        })
    }

    /// The values of the bar at `row` of its interval's batch.
    #[inline]
    fn values_of(&self, outputs: &Outputs, place: usize, row: u32) -> &[f64] {
        let width = outputs.width(place);
        &self.batches[place].values[row as usize * width..][..width]
    }

    /// Counts what a step tells.
    pub fn count(&self, step: &StepEvents, outputs: &Outputs, tally: &mut Tally) {
        tally.by_interval.resize(self.batches.len(), (0, 0));
        for event in &self.events[step.0.clone()] {
            let (index, place) = (event.index as usize, event.place());
            let is_told = outputs.is_told(place);
            if event.is_warning() {
                let kind = self.warnings[index].kind;
                tally.warnings[kind as usize] += u64::from(is_told || kind == WarningKind::InvalidBar);
            } else if is_told && event.is_bar() {
                let batch = &self.batches[place];
                let hidden = batch.hidden_at(event.row);
                let (bars, values) = &mut tally.by_interval[place];
                *bars += 1;
                *values += (outputs.indicators(place) - hidden) as u64;
            }
        }
    }
}

/// Which notices of an input are a step's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepEvents(Range<usize>);

impl StepEvents {
    /// Before the first step of an input.
    pub const NONE: Self = Self(0..0);

    /// The step that tells nothing where another does, behind this one.
    #[must_use]
    pub fn nothing_after(&self) -> Self {
        Self(self.0.end..self.0.end)
    }
}

/// The notices of a step, in their order.
#[derive(Debug, Clone)]
pub struct StepNotices<'a> {
    notices: &'a Notices,
    outputs: &'a Outputs,
    events: std::slice::Iter<'a, Event>,
    told: Option<ToldBar<'a>>,
    /// Whether indicators are told, too.
    has_readings: bool,
}

/// A bar that was told; its indicators follow.
#[derive(Debug, Clone, Copy)]
struct ToldBar<'a> {
    bar: &'a ClosedBar,
    values: &'a [f64],
    place: usize,
    row: u32,
    /// The next of its indicators.
    lane: u32,
}

impl<'a> Iterator for StepNotices<'a> {
    type Item = Notice<'a>;

    fn next(&mut self) -> Option<Notice<'a>> {
        loop {
            while let Some(told) = &mut self.told {
                let Some(reading) = self.outputs.reading(told.place, told.lane as usize, told.values) else {
                    self.told = None;
                    break;
                };
                let has_begun = self.notices.batches[told.place].shows(told.row, told.lane);
                told.lane += 1;
                if has_begun {
                    return Some(Notice::Indicator(told.bar, reading));
                }
            }
            let event = self.events.next()?;
            let (index, place, row) = (event.index as usize, event.place(), event.row);
            let is_told = self.outputs.is_told(place);
            if event.is_warning() {
                let warning = &self.notices.warnings[index];
                if is_told || warning.kind == WarningKind::InvalidBar {
                    return Some(Notice::Warning(warning));
                }
            } else if is_told && event.is_bar() {
                let (bar, values) =
                    (&self.notices.closed[index], self.notices.values_of(self.outputs, place, row));
                self.told = self.has_readings.then_some(ToldBar { bar, values, place, row, lane: 0 });
                return Some(Notice::Bar(bar, values));
            }
        }
    }
}

impl AsRef<Self> for Notices {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Sink for Notices {
    // Every closed bar comes here, built in the caller: as a call it is copied once more.
    #[inline(always)]
    fn bar(&mut self, bar: &ClosedBar) {
        // A bucket that a younger one's last row closed was due before its input: its step is its own, unless its symbol was revised.
        let at = bar.close_time.saturating_add(self.grace).min(self.now).max(self.revised_at(bar.symbol));
        let rank = self.ranks[bar.symbol.index()];
        self.push(Event::new(at, rank, bar.place, false, self.closed.len()));
        self.closed.push(*bar);
    }

    fn revised(&mut self, revision: Revision) {
        let number = self.revisions.len() as u32 + 1;
        // Those before are what they were.
        for bar in &revision.bars[revision.at..] {
            let rank = self.ranks[bar.symbol.index()];
            let event = Event::new(self.now, rank, bar.place, false, self.closed.len());
            self.push(Event { row: number, ..event });
            self.closed.push(*bar);
        }
        self.revisions.push(revision);
        self.revised_at = self.now;
    }

    fn session_over(&mut self, symbol: SymbolId, bars: &mut dyn Iterator<Item = &Bar>) {
        if self.keeps_sessions {
            self.over.push((symbol, bars.collect()));
        }
    }

    fn warning(&mut self, warning: &Warning) {
        let rank = warning.symbol.map_or(0, |symbol| self.ranks[symbol.index()]);
        self.push(Event::new(self.now, rank, warning.place, true, self.warnings.len()));
        self.warnings.push(*warning);
    }
}
