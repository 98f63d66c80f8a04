//! The laws of indicators but one: a lane against itself, fed in other ways.

use std::ops::Range;

use barloom_core::BarColumns;
use barloom_core::indicators::{Lane, NULL, Reset, Rows, Slot};
use barloom_core::snapshot::{Bytes, Read, SnapshotError};

use super::found::{Broken, Found, points};
use super::market::Series;
use super::report::Shown;
use super::subject::{Known, Subject};

/// One indicator on one interval, and what it gives bar by bar.
pub(super) struct Trial<'a> {
    subject: &'a Subject,
    pub(super) series: &'a [Series],
    /// By symbol, how many bars it has.
    ends: Vec<usize>,
    /// The outputs' names in tables.
    pub(super) columns: Vec<String>,
    /// On which bar it says that values begin.
    pub(super) first: u32,
    /// From which bar on it says that its start is not felt; `None`: never.
    pub(super) settled: Option<u32>,
    /// By symbol, every output bar by bar: what the laws hold everything else against.
    pub(super) whole: Vec<Vec<f64>>,
}

/// Bars a chunk, in turn, as history is loaded in pieces.
const CHUNKS: [usize; 5] = [1, 64, 7, 170, 500];

impl<'a> Trial<'a> {
    /// Steps through every symbol, each in a lane of its own.
    pub(super) fn new(subject: &'a Subject, series: &'a [Series]) -> Self {
        let ends: Vec<usize> = series.iter().map(Series::len).collect();
        let mut trial =
            Self { subject, series, ends, columns: Vec::new(), first: 0, settled: None, whole: Vec::new() };
        let name = &subject.name;
        let column =
            |output: &&str| if output.is_empty() { name.clone() } else { format!("{name}.{output}") };
        let lane = trial.lane();
        trial.columns = lane.outputs().iter().map(column).collect();
        let warm_up = lane.warm_up();
        (trial.first, trial.settled) = (warm_up.first, warm_up.settled);
        trial.whole = series
            .iter()
            .map(|series| {
                let (mut lane, mut values) = (trial.lane(), trial.nulls(series.len()));
                trial.step_rows(&mut *lane, Slot(0), series, 0..series.len(), &mut values);
                values
            })
            .collect();
        trial
    }

    /// A lane as new, with room for two, that knows all bars.
    pub(super) fn lane(&self) -> Box<dyn Lane> {
        self.lane_for(2, &self.ends)
    }

    /// A lane as new, with room for every symbol and one more, that knows the first `ends` bars of each.
    fn lane_for_all(&self, ends: &[usize]) -> Box<dyn Lane> {
        self.lane_for(self.series.len() + 1, ends)
    }

    fn lane_for(&self, slots: usize, ends: &[usize]) -> Box<dyn Lane> {
        let mut lane = self.subject.lane(&Known { series: self.series, ends });
        lane.resize(slots);
        lane
    }

    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn nulls(&self, rows: usize) -> Vec<f64> {
        vec![NULL; rows * self.width()]
    }

    /// Nothing found yet, by symbol.
    fn fresh(&self) -> Vec<Found> {
        self.series.iter().map(|_| Found::default()).collect()
    }

    /// Steps through `rows`, their outputs side by side into `values`.
    fn step_rows(
        &self,
        lane: &mut dyn Lane,
        slot: Slot,
        series: &Series,
        rows: Range<usize>,
        values: &mut [f64],
    ) {
        let bars = series.columns.bars().rows(rows.clone());
        for ((row, bar), out) in rows.zip(bars.iter()).zip(values.chunks_exact_mut(self.width().max(1))) {
            if series.enters(row) {
                lane.reset(slot, Reset::SessionStart);
            }
            lane.step(slot, &bar, out);
        }
    }

    /// Runs through `rows` as history, a session at a time.
    fn run_rows(
        &self,
        lane: &mut dyn Lane,
        slot: Slot,
        series: &Series,
        rows: Range<usize>,
        values: &mut [f64],
    ) {
        let (bars, width, mut from) = (series.columns.bars(), self.width(), rows.start);
        while from < rows.end {
            if series.enters(from) {
                lane.reset(slot, Reset::SessionStart);
            }
            let to = (from + 1..rows.end).find(|&row| series.enters(row)).unwrap_or(rows.end);
            let out = &mut values[(from - rows.start) * width..(to - rows.start) * width];
            lane.run(slot, bars.rows(from..to), Rows::new(out, width));
            from = to;
        }
    }

    /// Holds the outputs of a symbol's bars from `row` on against those of bar by bar.
    fn hold(&self, found: &mut Found, symbol: usize, row: usize, got: &[f64], how: impl Fn() -> String) {
        let expected = &self.whole[symbol][row * self.width()..];
        self.hold_to(expected, found, symbol, row, got, how);
    }

    fn hold_to(
        &self,
        expected: &[f64],
        found: &mut Found,
        symbol: usize,
        row: usize,
        got: &[f64],
        how: impl Fn() -> String,
    ) {
        for (at, (&expected, &got)) in expected.iter().zip(got).enumerate() {
            found.compared += u64::from(!expected.is_nan() || !got.is_nan());
            if expected.to_bits() != got.to_bits() {
                found.break_with(|| self.broken(symbol, row * self.width() + at, expected, got, how()));
                return;
            }
        }
    }

    /// What the value at `at`, of all outputs of all bars of a symbol, breaks.
    pub(super) fn broken(&self, symbol: usize, at: usize, expected: f64, got: f64, how: String) -> Broken {
        let width = self.width().max(1);
        Broken {
            open_time: self.series[symbol].open_time(at / width),
            output: self.columns[at % width].clone(),
            expected: Shown::Number(expected),
            got: Shown::Number(got),
            how,
        }
    }

    /// [`Law::Ways`](super::Law::Ways): as history at once, in chunks with steps between, and in market minutes.
    pub(super) fn ways(&self) -> Vec<Found> {
        let mut all = self.fresh();
        let mut lane = self.lane_for_all(&self.ends);
        for (symbol, series) in self.series.iter().enumerate() {
            let mut values = self.nulls(series.len());
            self.run_rows(&mut *lane, Slot(symbol as u32), series, 0..series.len(), &mut values);
            self.hold(&mut all[symbol], symbol, 0, &values, || "history at once".to_owned());
        }
        self.chunks(&mut all);
        self.minutes(&mut all);
        all
    }

    /// The symbols in turn, a chunk each and a step behind it.
    fn chunks(&self, all: &mut [Found]) {
        let (mut lane, mut done) = (self.lane_for_all(&self.ends), vec![0; self.series.len()]);
        let mut sizes = CHUNKS.into_iter().cycle();
        let mut values = self.nulls(CHUNKS.into_iter().max().unwrap_or(1));
        while let Some(size) = sizes.next().filter(|_| done != self.ends) {
            for (symbol, series) in self.series.iter().enumerate() {
                let (slot, from) = (Slot(symbol as u32), done[symbol]);
                let to = (from + size).min(series.len());
                let chunk = &mut values[..(to - from) * self.width()];
                chunk.fill(NULL);
                self.run_rows(&mut *lane, slot, series, from..to, chunk);
                self.hold(&mut all[symbol], symbol, from, chunk, || {
                    format!("history in chunks, one of {size}")
                });
                let next = to..(to + 1).min(series.len());
                let one = &mut values[..next.len() * self.width()];
                one.fill(NULL);
                self.step_rows(&mut *lane, slot, series, next.clone(), one);
                self.hold(&mut all[symbol], symbol, to, one, || "a step behind a chunk".to_owned());
                done[symbol] = next.end;
            }
        }
    }

    /// All symbols by time, and in a slot of its own the longest of them again, behind itself: so one symbol alone has company too.
    fn minutes(&self, all: &mut [Found]) {
        let Some((longest, &most)) = self.ends.iter().enumerate().max_by_key(|(_, end)| **end) else {
            return;
        };
        let (echo, lag) = (Slot(self.series.len() as u32), 1 + most / 7);
        let mut rows: Vec<(i64, Slot, u32)> = Vec::new();
        for (symbol, series) in self.series.iter().enumerate() {
            let times = series.columns.bars().open_time().iter().zip(0..);
            rows.extend(times.map(|(&time, row)| (time, Slot(symbol as u32), row)));
        }
        let times = self.series[longest].columns.bars().open_time();
        rows.extend(times.iter().skip(lag).zip(0..).map(|(&time, row)| (time, echo, row)));
        rows.sort_unstable();
        let (mut slots, mut bars) = (Vec::new(), BarColumns::default());
        let mut lane = self.lane_for_all(&self.ends);
        let mut values = self.nulls(self.series.len() + 1);
        for (n, minute) in rows.chunk_by_mut(|a, b| a.0 == b.0).enumerate() {
            if n % 2 == 1 {
                minute.reverse();
            }
            slots.clear();
            bars.clear();
            for &(_, slot, row) in &*minute {
                let symbol = if slot == echo { longest } else { slot.index() };
                let series = &self.series[symbol];
                if series.enters(row as usize) {
                    lane.reset(slot, Reset::SessionStart);
                }
                slots.push(slot);
                series.columns.bars().at(row as usize).iter().for_each(|bar| bars.push(bar));
            }
            let values = &mut values[..slots.len() * self.width()];
            values.fill(NULL);
            lane.sweep(&slots, bars.bars(), Rows::new(values, self.width()));
            for (&(_, slot, row), got) in minute.iter().zip(values.chunks_exact(self.width())) {
                let symbol = if slot == echo { longest } else { slot.index() };
                let of = slots.len();
                self.hold(&mut all[symbol], symbol, row as usize, got, || {
                    let echo = if slot == echo { ", fed again behind itself" } else { "" };
                    format!("in a sweep of {of}{echo}")
                });
            }
        }
    }

    /// [`Law::Peek`](super::Law::Peek).
    pub(super) fn peeks(&self) -> Vec<Found> {
        let mut all = self.fresh();
        let [mut other, mut peeked, mut stepped] = [(); 3].map(|()| self.nulls(1));
        for (symbol, (series, found)) in self.series.iter().zip(&mut all).enumerate() {
            let (mut lane, bars) = (self.lane(), series.columns.bars());
            for (row, bar) in bars.iter().enumerate() {
                if series.enters(row) {
                    lane.reset(Slot(0), Reset::SessionStart);
                }
                [&mut other, &mut peeked, &mut stepped].into_iter().for_each(|out| out.fill(NULL));
                // A forming bar changes before it closes.
                if let Some(forming) = bars.at(row / 2) {
                    lane.peek(Slot(0), &forming, &mut other);
                }
                lane.peek(Slot(0), &bar, &mut peeked);
                lane.step(Slot(0), &bar, &mut stepped);
                self.hold(found, symbol, row, &peeked, || "peeked".to_owned());
                self.hold(found, symbol, row, &stepped, || "stepped after peeks".to_owned());
                if found.broken.is_some() {
                    break;
                }
            }
        }
        all
    }

    /// [`Law::Restore`](super::Law::Restore): state goes from lane to lane at every point, and all that follows is compared.
    pub(super) fn restores(&self) -> Vec<Found> {
        let mut all = self.fresh();
        for (symbol, (series, found)) in self.series.iter().zip(&mut all).enumerate() {
            let cuts = points(series.len());
            let mut lane = self.lane();
            let mut slot = Slot(0);
            let mut values = self.nulls(cuts.first().copied().unwrap_or(0));
            self.step_rows(&mut *lane, slot, series, 0..cuts.first().copied().unwrap_or(0), &mut values);
            for (n, &cut) in cuts.iter().enumerate() {
                let mut restored = self.lane();
                // Now in one slot, now in another: state knows no slot.
                let other = Slot(if n % 2 == 0 { 1 } else { 0 });
                if let Err((expected, got)) = carry(&*lane, slot, &mut *restored, other) {
                    found.break_with(|| Broken {
                        open_time: series.open_time(cut),
                        output: String::new(),
                        expected: Shown::Words(expected),
                        got: Shown::Words(got),
                        how: "restored before this bar".to_owned(),
                    });
                    break;
                }
                (lane, slot) = (restored, other);
                let to = cuts.get(n + 1).copied().unwrap_or(series.len());
                let mut values = self.nulls(to - cut);
                self.step_rows(&mut *lane, slot, series, cut..to, &mut values);
                self.hold(found, symbol, cut, &values, || {
                    let at = series.open_time(cut).map(|time| time.to_string()).unwrap_or_default();
                    format!("restored before {at}")
                });
            }
        }
        all
    }

    /// [`Law::Reset`](super::Law::Reset): of a lane that saw the second half of the data.
    pub(super) fn resets(&self) -> Vec<Found> {
        let mut all = self.fresh();
        for (symbol, (series, found)) in self.series.iter().zip(&mut all).enumerate() {
            let (half, n) = (series.len() / 2, series.len());
            let (mut lane, mut values) = (self.lane(), self.nulls(n));
            self.step_rows(&mut *lane, Slot(0), series, half..n, &mut values);
            let mut fresh = lane.fresh();
            lane.reset(Slot(0), Reset::Start);
            for (lane, how) in [(&mut lane, "after a reset"), (&mut fresh, "a fresh lane of a used one")] {
                values.fill(NULL);
                self.step_rows(&mut **lane, Slot(0), series, 0..n, &mut values);
                self.hold(found, symbol, 0, &values, || how.to_owned());
            }
        }
        all
    }

    /// [`Law::NoLookAhead`](super::Law::NoLookAhead): as history at once, of the bars that had come out at each cut, against that of
    /// all bars. `cuts` are by point, by symbol.
    pub(super) fn look_aheads<'c>(&self, cuts: impl Iterator<Item = &'c [usize]> + Clone) -> Vec<Found> {
        let mut all = self.fresh();
        let mut at_once: Vec<Vec<f64>> = self.series.iter().map(|series| self.nulls(series.len())).collect();
        let mut lane = self.lane_for_all(&self.ends);
        for (symbol, (series, values)) in self.series.iter().zip(&mut at_once).enumerate() {
            self.run_rows(&mut *lane, Slot(symbol as u32), series, 0..series.len(), values);
        }
        for ends in cuts {
            let mut lane = self.lane_for_all(ends);
            for (symbol, (series, &end)) in self.series.iter().zip(ends).enumerate() {
                let found = &mut all[symbol];
                if end == 0 || end >= series.len() || found.broken.is_some() {
                    continue;
                }
                let mut values = self.nulls(end);
                self.run_rows(&mut *lane, Slot(symbol as u32), series, 0..end, &mut values);
                self.hold_to(&at_once[symbol], found, symbol, 0, &values, || {
                    let at = series.open_time(end).map(|time| time.to_string()).unwrap_or_default();
                    format!("input cut before the bar of {at}")
                });
            }
        }
        all
    }
}

/// Saves the state in one lane's slot and restores it in another's; what was expected and what came where that fails.
fn carry(from: &dyn Lane, slot: Slot, to: &mut dyn Lane, other: Slot) -> Result<(), (String, String)> {
    let (mut saved, mut again) = (Bytes::new(), Bytes::new());
    let unsaved = |error: SnapshotError| Err(("a state that can be saved".to_owned(), error.to_string()));
    if let Err(error) = from.save(slot, &mut saved) {
        return unsaved(error);
    }
    let mut read = Read::new(saved.as_slice());
    if let Err(error) = to.restore(other, &mut read) {
        return Err(("the state that was saved".to_owned(), error.to_string()));
    }
    if read.left() > 0 {
        return Err((
            format!("all of {} bytes read", saved.as_slice().len()),
            format!("{} left", read.left()),
        ));
    }
    if let Err(error) = to.save(other, &mut again) {
        return unsaved(error);
    }
    if saved != again {
        return Err(("the same bytes saved again".to_owned(), "others".to_owned()));
    }
    Ok(())
}
