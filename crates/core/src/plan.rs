//! Which indicators run on which interval, and their values bar by bar.
//!
//! A [`Plan`] holds a lane for each spec and interval. Given a closed bar, or a batch of one interval's, it enters the
//! session where one begins, steps the interval's lanes in the order in which they were asked for, and shows their values.

mod revise;
mod saved;

use crate::calendar::Hours;
use crate::columns::Bars;
use crate::derive::{ClosedBar, SessionLabel};
use crate::indicators::{Guarded, Lane, NULL, Reset, Rows, Slot, Spec};
use crate::interval::Interval;
use crate::notice::Batch;
use crate::outputs::{IntervalOutputs, Outputs, Reading};
use crate::symbol::{SymbolId, Symbols};
use revise::Opened;

pub use revise::{Revised, RevisedRow};

/// The indicators of a run.
pub struct Plan {
    intervals: Vec<IntervalPlan>,
    outputs: Outputs,
}

struct IntervalPlan {
    interval: Interval,
    lanes: Vec<PlannedLane>,
    /// How many outputs they have.
    width: usize,
    values: Vec<f64>,
    /// By symbol, the session of its last regular bar.
    sessions: Vec<Option<SessionLabel>>,
    /// By symbol, how many indicators have not begun.
    waiting: Vec<u32>,
    /// By symbol, what sessions are revised from, if they are.
    opened: Option<Vec<Opened>>,
}

struct PlannedLane {
    needs_volume: bool,
    lane: Box<dyn Lane>,
    /// Its outputs' place among the interval's values.
    outputs: std::ops::Range<usize>,
    /// By symbol, whether it has had a value.
    begun: Vec<bool>,
}

/// Why indicators can't be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An indicator is for an interval that is not derived.
    #[error("{spec}@{interval}: the interval is not derived")]
    NotDerived {
        /// The indicator.
        spec: String,
        /// Its interval.
        interval: Interval,
    },
    /// An indicator is asked for twice on an interval.
    #[error("{spec} is asked for twice on {interval}")]
    Twice {
        /// The indicator.
        spec: String,
        /// The interval.
        interval: Interval,
    },
}

/// An indicator that panicked: from then on it has no value for that symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{spec}@{interval} failed for {symbol} and has no value from there on: {reason}")]
pub struct IndicatorFailure {
    /// The indicator.
    pub spec: String,
    /// Its interval.
    pub interval: Interval,
    /// The symbol.
    pub symbol: String,
    /// What it panicked with.
    pub reason: String,
}

impl Plan {
    /// Plans `specs` on `intervals`; one without an interval of its own runs on each of them.
    ///
    /// # Errors
    /// [`PlanError`] names the indicator and the interval.
    pub fn new(specs: &[Spec], intervals: &[Interval]) -> Result<Self, PlanError> {
        let stray = |spec: &&Spec| spec.interval().is_some_and(|interval| !intervals.contains(&interval));
        if let Some((spec, interval)) =
            specs.iter().find(stray).and_then(|spec| Some((spec, spec.interval()?)))
        {
            return Err(PlanError::NotDerived { spec: spec.to_string(), interval });
        }
        let mut plan = Self { intervals: Vec::new(), outputs: Outputs::default() };
        for &interval in intervals {
            let place = plan.push(interval, true);
            for spec in specs.iter().filter(|spec| spec.interval().is_none_or(|own| own == interval)) {
                plan.put(place, spec.to_string(), spec.columns(), spec.needs_volume(), spec.lane())?;
            }
        }
        Ok(plan)
    }

    /// The same plan for other symbols: nothing of what this one has seen is in it.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            intervals: self.intervals.iter().map(IntervalPlan::fresh).collect(),
            outputs: self.outputs.clone(),
        }
    }

    /// What its indicators are called and where their values lie.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    fn push(&mut self, interval: Interval, is_told: bool) -> usize {
        let place = self.intervals.partition_point(|plan| plan.interval <= interval);
        self.intervals.insert(place, IntervalPlan::empty(interval));
        let outputs = IntervalOutputs { interval, is_told, columns: Vec::new(), indicators: Vec::new() };
        self.outputs.intervals.insert(place, outputs);
        place
    }

    /// Adds an interval whose bars are stored and not told, and that has no indicators.
    pub fn add_untold(&mut self, interval: Interval) {
        if self.place(interval).is_none() {
            self.push(interval, false);
        }
    }

    fn place(&self, interval: Interval) -> Option<usize> {
        self.intervals.iter().position(|plan| plan.interval == interval)
    }

    /// How many outputs the interval at `place` has.
    #[inline]
    pub fn width(&self, place: usize) -> usize {
        self.intervals.get(place).map_or(0, |plan| plan.width)
    }

    /// Computes the bars of `batch` that are not, which are of the interval at `place` and of a symbol each; how many outputs each has.
    #[inline]
    pub(crate) fn compute(&mut self, place: usize, batch: &mut Batch, closed: &[ClosedBar]) -> usize {
        let Some(plan) = self.intervals.get_mut(place) else { return 0 };
        plan.compute(batch, closed);
        plan.width
    }

    /// Computes bars of one symbol and of the interval at `place`, in time order: all outputs of each into `values`, bar by bar.
    pub(crate) fn run(&mut self, place: usize, closed: &[ClosedBar], bars: Bars<'_>, values: &mut [f64]) {
        if let Some(plan) = self.intervals.get_mut(place) {
            plan.run(closed, bars, values);
        }
    }

    /// Computes bars of one symbol and of the interval at `place`, in time order, which are `closed` as a whole and `bars` by column: the
    /// values of each output are put behind those of its column. They are those of [`Plan::update`], for less. How many readings they
    /// are, as [`Plan::readings`] has them.
    ///
    /// # Panics
    /// When there are less columns than [`Plan::width`], or less `bars` than `closed`.
    pub fn run_columns(
        &mut self,
        place: usize,
        closed: &[ClosedBar],
        bars: Bars<'_>,
        columns: &mut [Vec<f64>],
    ) -> u64 {
        self.intervals.get_mut(place).map_or(0, |plan| plan.run_columns(closed, bars, columns))
    }

    /// Starts all indicators of a symbol over.
    pub(crate) fn start_over(&mut self, symbol: SymbolId) {
        for plan in &mut self.intervals {
            plan.reserve(symbol.slot());
            plan.sessions[symbol.slot()] = None;
            let slot = Slot(symbol.slot() as u32);
            for lane in &mut plan.lanes {
                lane.lane.reset(slot, Reset::Start);
                lane.begun[symbol.slot()] = false;
            }
            plan.waiting[symbol.slot()] = plan.lanes.len() as u32;
            if let Some(opened) = plan.opened.as_mut().and_then(|all| all.get_mut(symbol.slot())) {
                *opened = Opened::default();
            }
        }
    }

    /// The names of an interval's outputs, in the order of its values.
    pub fn columns(&self, interval: Interval) -> &[String] {
        self.outputs.columns(interval)
    }

    /// Takes a closed bar: the values of its interval's outputs.
    pub fn update(&mut self, bar: &ClosedBar) -> &[f64] {
        match self.intervals.iter_mut().find(|plan| plan.interval == bar.interval) {
            Some(plan) => plan.update(bar),
            None => &[],
        }
    }

    /// What each indicator said of the bar taken last on `interval`, which was one of the symbol in `slot`: those that have
    /// had a value.
    pub fn readings(&self, interval: Interval, slot: usize) -> impl Iterator<Item = Reading<'_>> + '_ {
        self.place(interval).into_iter().flat_map(move |place| {
            let plan = &self.intervals[place];
            let begun =
                plan.lanes.iter().enumerate().filter(move |(_, lane)| lane.begun.get(slot) == Some(&true));
            begun.filter_map(move |(lane, _)| self.outputs.reading(place, lane, &plan.values))
        })
    }

    /// Puts an indicator of one's own on `interval`, behind those that are there: its outputs are `name`, or
    /// `name.output` where it has several. Where it panics it has no value for that symbol from there on, and
    /// [`Plan::failures`] says so.
    ///
    /// # Errors
    /// [`PlanError`] when the interval is not derived or has an indicator of that name.
    pub fn add(&mut self, interval: Interval, name: &str, lane: Box<dyn Lane>) -> Result<(), PlanError> {
        let place = self.place(interval);
        let place = place.ok_or_else(|| PlanError::NotDerived { spec: name.to_owned(), interval })?;
        let column =
            |output: &&str| if output.is_empty() { name.to_owned() } else { format!("{name}.{output}") };
        let columns = lane.outputs().iter().map(column).collect();
        self.put(place, name.to_owned(), columns, false, Box::new(Guarded::new(lane)))
    }

    /// Puts a lane behind those of the interval at `place`.
    fn put(
        &mut self,
        place: usize,
        name: String,
        columns: Vec<String>,
        needs_volume: bool,
        mut lane: Box<dyn Lane>,
    ) -> Result<(), PlanError> {
        let (plan, own) = (&mut self.intervals[place], &mut self.outputs.intervals[place]);
        if own.indicators.iter().any(|(other, _)| *other == name) {
            return Err(PlanError::Twice { spec: name, interval: plan.interval });
        }
        let outputs = own.columns.len()..own.columns.len() + columns.len();
        own.columns.extend(columns);
        own.indicators.push((name, outputs.clone()));
        plan.width = outputs.end;
        plan.values.resize(plan.width, NULL);
        let symbols = plan.sessions.len();
        lane.resize(symbols.max(1));
        plan.waiting.iter_mut().for_each(|waiting| *waiting += 1);
        plan.lanes.push(PlannedLane { needs_volume, lane, outputs, begun: vec![false; symbols] });
        Ok(())
    }

    /// The first indicator that needs volume, by its name.
    pub fn needs_volume(&self) -> Option<&str> {
        let intervals = self.intervals.iter().zip(&self.outputs.intervals);
        let mut lanes = intervals.flat_map(|(plan, outputs)| plan.lanes.iter().zip(&outputs.indicators));
        lanes.find(|(lane, _)| lane.needs_volume).map(|(_, (name, _))| name.as_str())
    }

    /// The indicators that panicked, once for each symbol, with the places of their interval and of themselves there; `symbols` are
    /// those of the plan, in the order of their names.
    pub fn failures(&self, table: &Symbols, symbols: &[SymbolId]) -> Vec<((usize, usize), IndicatorFailure)> {
        let mut failures = Vec::new();
        for (place, (plan, outputs)) in self.intervals.iter().zip(&self.outputs.intervals).enumerate() {
            for (at, (own, (spec, _))) in plan.lanes.iter().zip(&outputs.indicators).enumerate() {
                failures.extend(symbols.iter().filter_map(|&symbol| {
                    let reason = own.lane.failure(Slot(symbol.slot() as u32))?.to_owned();
                    let (interval, symbol) = (plan.interval, table.name(symbol).to_string());
                    Some(((place, at), IndicatorFailure { spec: spec.clone(), interval, symbol, reason }))
                }));
            }
        }
        failures
    }
}

/// Whether a bar is the first of its session, after the session of the last regular bar. Pre-market belongs to the date
/// but not to the session, which begins with its regular hours.
#[inline]
pub fn enters_session(bar: &ClosedBar, last: Option<SessionLabel>) -> bool {
    bar.hours == Hours::Regular && last != Some(bar.session)
}

impl IntervalPlan {
    fn empty(interval: Interval) -> Self {
        Self {
            interval,
            lanes: Vec::new(),
            width: 0,
            values: Vec::new(),
            sessions: Vec::new(),
            waiting: Vec::new(),
            opened: None,
        }
    }

    /// The same for other symbols.
    fn fresh(&self) -> Self {
        let lane = |own: &PlannedLane| PlannedLane {
            needs_volume: own.needs_volume,
            lane: own.lane.fresh(),
            outputs: own.outputs.clone(),
            begun: Vec::new(),
        };
        let (lanes, width) = (self.lanes.iter().map(lane).collect(), self.width);
        let opened = self.opened.as_ref().map(|_| Vec::new());
        Self { lanes, width, values: vec![NULL; width], opened, ..Self::empty(self.interval) }
    }

    fn update(&mut self, closed: &ClosedBar) -> &[f64] {
        let mut values = std::mem::take(&mut self.values);
        values.fill(NULL);
        self.step(closed, &mut values);
        let symbol = closed.symbol.slot();
        if self.waiting[symbol] > 0 {
            self.begin(symbol, |output| values[output]);
        }
        self.values = values;
        &self.values
    }

    /// Makes room for the symbol numbered `symbol`.
    #[inline]
    fn reserve(&mut self, symbol: usize) {
        if symbol >= self.sessions.len() {
            self.add_symbols(symbol + 1);
        }
    }

    #[cold]
    fn add_symbols(&mut self, count: usize) {
        self.sessions.resize(count, None);
        self.waiting.resize(count, self.lanes.len() as u32);
        for lane in &mut self.lanes {
            lane.lane.resize(count);
            lane.begun.resize(count, false);
        }
    }

    /// Enters the session of a bar where it is the first of it.
    #[inline]
    fn enter_session(&mut self, closed: &ClosedBar) {
        let symbol = closed.symbol.slot();
        if enters_session(closed, self.sessions[symbol]) {
            self.start_session(symbol, closed.session);
        }
    }

    #[cold]
    fn start_session(&mut self, symbol: usize, session: SessionLabel) {
        self.sessions[symbol] = Some(session);
        let slot = Slot(symbol as u32);
        self.lanes.iter_mut().for_each(|lane| lane.lane.reset(slot, Reset::SessionStart));
    }

    fn run(&mut self, closed: &[ClosedBar], bars: Bars<'_>, values: &mut [f64]) {
        let width = self.width;
        // What an indicator does not write is no value.
        values.fill(NULL);
        self.run_lanes(closed, |slot, lane, rows| {
            let values = &mut values[rows.start * width..rows.end * width];
            lane.lane.run(slot, bars.rows(rows), Rows::new(&mut values[lane.outputs.start..], width));
        });
        self.begin_within(closed, |row, output| values[row * width + output]);
    }

    fn run_columns(&mut self, closed: &[ClosedBar], bars: Bars<'_>, columns: &mut [Vec<f64>]) -> u64 {
        let before = columns.first().map_or(0, Vec::len);
        columns.iter_mut().for_each(|column| column.resize(before + closed.len(), NULL));
        let mut values = std::mem::take(&mut self.values);
        self.run_lanes(closed, |slot, lane, rows| {
            let (columns, own) = (&mut columns[lane.outputs.clone()], before + rows.start..before + rows.end);
            if let [column] = columns {
                return lane.lane.run(slot, bars.rows(rows), Rows::new(&mut column[own], 1));
            }
            let width = columns.len();
            values.clear();
            values.resize(rows.len() * width, NULL);
            lane.lane.run(slot, bars.rows(rows), Rows::new(&mut values, width));
            for (at, column) in columns.iter_mut().enumerate() {
                let values = values.iter().skip(at).step_by(width);
                column[own.clone()].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
            }
        });
        values.resize(self.width, NULL);
        self.values = values;
        self.begin_within(closed, |row, output| columns[output][before + row])
    }

    /// Has every lane run over bars of one symbol, cut where one of them enters a session.
    fn run_lanes(
        &mut self,
        closed: &[ClosedBar],
        mut run: impl FnMut(Slot, &mut PlannedLane, std::ops::Range<usize>),
    ) {
        let Some(symbol) = closed.first().map(|first| first.symbol.slot()) else { return };
        self.reserve(symbol);
        let mut from = 0;
        while let Some(bar) = closed.get(from) {
            self.keep_opened(bar);
            self.enter_session(bar);
            // Up to the next bar that enters a session.
            let session = self.sessions[symbol];
            let enters = |bar: &ClosedBar| enters_session(bar, session) || self.opens_session(bar);
            let to = closed[from..].iter().position(enters).map_or(closed.len(), |ahead| from + ahead.max(1));
            self.lanes.iter_mut().for_each(|lane| run(Slot(symbol as u32), lane, from..to));
            from = to;
        }
    }

    /// Notes which of a symbol's indicators begin with `closed`, of which `value` gives the outputs by row; how many readings there are.
    fn begin_within(&mut self, closed: &[ClosedBar], value: impl Fn(usize, usize) -> f64) -> u64 {
        let Some(symbol) = closed.first().map(|first| first.symbol.slot()) else { return 0 };
        let mut waiting = 0;
        for row in 0..closed.len() {
            if self.waiting[symbol] == 0 {
                break;
            }
            self.begin(symbol, |output| value(row, output));
            waiting += u64::from(self.waiting[symbol]);
        }
        self.lanes.len() as u64 * closed.len() as u64 - waiting
    }

    /// Computes the bars of `batch` that are not: their values lie in its end.
    #[inline]
    fn compute(&mut self, batch: &mut Batch, closed: &[ClosedBar]) {
        let (from, to, width) = (batch.done, batch.rows.len(), self.width);
        batch.done = to;
        if batch.values.len() < to * width {
            batch.values.resize(to * width, NULL);
        }
        let Batch { rows, values, hidden, slots, columns, .. } = batch;
        let (rows, values) = (&rows[from..], &mut values[from * width..to * width]);
        // What an indicator does not write is no value, and nothing of a bar before.
        values.fill(NULL);
        if let [row] = rows {
            self.step(&closed[row.index as usize], values);
        } else if width > 0 {
            for row in rows {
                self.reserve(row.slot.index());
                self.keep_opened(&closed[row.index as usize]);
                self.enter_session(&closed[row.index as usize]);
            }
            slots.clear();
            slots.extend(rows.iter().map(|row| row.slot));
            columns.fill(rows.iter().map(|row| &closed[row.index as usize].bar));
            for lane in &mut self.lanes {
                let out = Rows::new(&mut values[lane.outputs.start..], width);
                lane.lane.sweep(slots, columns.bars(), out);
            }
        }
        if self.lanes.is_empty() {
            return;
        }
        for (at, row) in rows.iter().enumerate() {
            let symbol = row.slot.index();
            if self.waiting[symbol] > 0 {
                self.begin(symbol, |output| values[at * width + output]);
                let unbegun = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.begun[symbol]);
                hidden.extend(unbegun.map(|(lane, _)| ((from + at) as u32, lane as u32)));
            }
        }
    }

    /// Computes one bar: all its outputs into `values`.
    #[inline]
    fn step(&mut self, closed: &ClosedBar, values: &mut [f64]) {
        let symbol = closed.symbol.slot();
        self.reserve(symbol);
        self.keep_opened(closed);
        self.enter_session(closed);
        let slot = Slot(symbol as u32);
        let mut rest = values;
        for PlannedLane { lane, outputs, .. } in &mut self.lanes {
            let (own, others) = rest.split_at_mut(outputs.end - outputs.start);
            lane.step(slot, &closed.bar, own);
            rest = others;
        }
    }

    /// Notes which of a symbol's indicators begin with the bar of which `value` gives the outputs.
    #[cold]
    fn begin(&mut self, symbol: usize, value: impl Fn(usize) -> f64) {
        for lane in self.lanes.iter_mut().filter(|lane| !lane.begun[symbol]) {
            if lane.outputs.clone().any(|output| !value(output).is_nan()) {
                lane.begun[symbol] = true;
                self.waiting[symbol] -= 1;
            }
        }
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Plan").field(&self.outputs).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::{Bar, Label, Record};
    use crate::columns::BarColumns;
    use crate::derive::SessionLabel;
    use crate::indicators::{Each, Indicator, WarmUp};
    use crate::notice::BatchRow;
    use crate::snapshot::{Bytes, Read, SnapshotError};
    use crate::time::Timestamp;

    /// Counts bars; an indicator that a user would write.
    #[derive(Clone)]
    struct Count(f64);

    impl Indicator for Count {
        const OUTPUTS: &'static [&'static str] = &["bars", "twice"];
        fn update(&mut self, _: &Bar, out: &mut [f64]) {
            self.0 += 1.0;
            out.copy_from_slice(&[self.0, 2.0 * self.0]);
        }
        fn warm_up(&self) -> WarmUp {
            WarmUp::endless(0)
        }
        fn reset(&mut self, _: Reset) {
            self.0 = 0.0;
        }
        fn save(&self, to: &mut Bytes) {
            to.f64(self.0);
        }
        fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
            from.f64().map(|count| self.0 = count)
        }
    }

    /// Writes what it likes; an indicator that a user got wrong.
    #[derive(Clone)]
    struct Careless;

    impl Indicator for Careless {
        const OUTPUTS: &'static [&'static str] = &["day", "odd"];
        fn update(&mut self, closed: &Bar, out: &mut [f64]) {
            if closed.close % 2.0 == 1.0 {
                out.fill(closed.close);
            }
        }
        fn warm_up(&self) -> WarmUp {
            WarmUp::endless(0)
        }
        fn reset(&mut self, _: Reset) {}
        fn save(&self, _: &mut Bytes) {}
        fn restore(&mut self, _: &mut Read<'_>) -> Result<(), SnapshotError> {
            Ok(())
        }
    }

    #[test]
    fn what_an_indicator_does_not_write_is_no_value() {
        let mut plan = Plan::new(&[], &[Interval::MINUTE]).unwrap();
        plan.add(Interval::MINUTE, "careless", Box::new(Each::new(Careless))).unwrap();
        let days = [1, 2, 3].map(|day| closed(day, Hours::Regular));
        let alone = days.map(|bar| plan.update(&bar).to_vec());
        let mut batch = Batch::default();
        let rows = (0..3).map(|index| BatchRow { slot: Slot(index), index });
        // Twice, so that the second finds what the first has left.
        for input in [1, 2] {
            for row in rows.clone() {
                batch.push(input, row);
            }
            plan.compute(0, &mut batch, &if input == 1 { [days[0]; 3] } else { days });
        }
        for (values, alone) in batch.values.chunks_exact(2).zip(&alone) {
            assert_eq!([values[0], values[1]].map(f64::to_bits), [alone[0], alone[1]].map(f64::to_bits));
        }
        assert!(alone[1].iter().all(|value| value.is_nan()) && alone[2] == [3.0; 2]);
    }

    fn closed(day: i8, hours: Hours) -> ClosedBar {
        let at = Timestamp::from_nanos(0);
        let row = Record {
            label: Label::Open(at),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: f64::from(day),
            volume: None,
            vwap: None,
            trade_count: None,
        };
        ClosedBar {
            symbol: Symbols::new().intern("AAA").unwrap(),
            interval: Interval::MINUTE,
            place: 0,
            session: SessionLabel::Date(jiff::civil::date(2024, 11, day)),
            bar: Bar::new(at, &Record { high: 99.0, ..row }).unwrap(),
            close_time: at,
            n_base: 1,
            n_expected: 1,
            revision: 0,
            hours,
        }
    }

    #[test]
    fn an_indicator_of_ones_own_runs_beside_the_built_ins() {
        let mut plan = Plan::new(&["sma:2".parse().unwrap()], &[Interval::MINUTE]).unwrap();
        plan.add(Interval::MINUTE, "count", Box::new(Each::new(Count(0.0)))).unwrap();
        assert_eq!(plan.columns(Interval::MINUTE), ["sma_2", "count.bars", "count.twice"]);
        assert!(plan.update(&closed(1, Hours::Regular))[0].is_nan());
        assert_eq!(plan.update(&closed(1, Hours::Regular)), [1.0, 2.0, 4.0]);
        let names: Vec<&str> = plan.readings(Interval::MINUTE, 0).map(|reading| reading.name).collect();
        assert_eq!(names, ["sma_2", "count"]);
        assert!(plan.add(Interval::MINUTE, "count", Box::new(Each::new(Count(0.0)))).is_err());
        assert!(plan.add(Interval::DAY, "count", Box::new(Each::new(Count(0.0)))).is_err());
    }

    #[test]
    fn a_session_begins_with_its_regular_hours() {
        let mut plan = Plan::new(&[], &[Interval::MINUTE]).unwrap();
        plan.add(Interval::MINUTE, "count", Box::new(Each::new(Count(0.0)))).unwrap();
        let days = [
            (1, Hours::Regular),
            (1, Hours::Post),
            (2, Hours::Pre),
            (2, Hours::Regular),
            (2, Hours::Regular),
        ];
        let counts = days.map(|(day, hours)| plan.update(&closed(day, hours))[0]);
        assert_eq!(counts, [1.0, 2.0, 3.0, 1.0, 2.0]);
    }

    #[test]
    fn columns_of_many_bars_are_the_values_of_each() {
        let specs = ["sma:2", "bbands:3,2", "vwap", "ema:4"].map(|spec| spec.parse().unwrap());
        let fresh = || {
            let mut plan = Plan::new(&specs, &[Interval::MINUTE]).unwrap();
            plan.add(Interval::MINUTE, "count", Box::new(Each::new(Count(0.0)))).unwrap();
            plan
        };
        let hours = [Hours::Pre, Hours::Regular, Hours::Regular, Hours::Post];
        let bars: Vec<ClosedBar> = (1..20).map(|n| closed(1 + n / 4, hours[n as usize % 4])).collect();
        let (mut one, mut expected, mut readings) = (fresh(), Vec::new(), 0);
        for bar in &bars {
            expected.push(one.update(bar).iter().map(|value| value.to_bits()).collect::<Vec<_>>());
            readings += one.readings(Interval::MINUTE, 0).count() as u64;
        }
        for size in [1, 3, 7, 19] {
            let (mut many, mut columns, mut counted) = (fresh(), vec![Vec::new(); one.width(0)], 0);
            for closed in bars.chunks(size) {
                let own: BarColumns = closed.iter().map(|closed| &closed.bar).collect();
                counted += many.run_columns(0, closed, own.bars(), &mut columns);
            }
            let row = |at: usize| columns.iter().map(|column| column[at].to_bits()).collect::<Vec<_>>();
            assert_eq!((0..bars.len()).map(row).collect::<Vec<_>>(), expected, "{size} at a time");
            assert_eq!(counted, readings, "{size} at a time");
        }
    }

    #[test]
    fn what_can_not_be_planned_is_named() {
        let planned = |specs: &[&str]| {
            let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
            Plan::new(&specs, &[Interval::MINUTE]).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(planned(&["sma:2@5m"]), Err("sma_2@5m: the interval is not derived".to_owned()));
        assert_eq!(planned(&["sma:2", "sma:period=2@1m"]), Err("sma_2 is asked for twice on 1m".to_owned()));
    }
}
