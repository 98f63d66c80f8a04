//! One series: segments of rows, the values kept beside them, and the one who appends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use arc_swap::ArcSwap;

use super::StoreConfig;
use super::column::{ColumnReader, ColumnWriter};
use crate::bar::NULL_COUNT;
use crate::calendar::{Segment as TradingSegment, SessionIndex};
use crate::columns::Bars;
use crate::derive::{ClosedBar, DeriveRules, SessionLabel, traded};
use crate::interval::Interval;

/// How much of an output's history stays readable; the latest value always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Column by column, as long as the bars beside them.
    #[default]
    Session,
    /// The last so many values.
    Last(u32),
}

/// Columns of a bar row; 64 bytes.
pub(super) mod col {
    pub(in crate::store) const OPEN_TIME: usize = 0;
    pub(in crate::store) const OPEN: usize = 1;
    pub(in crate::store) const HIGH: usize = 2;
    pub(in crate::store) const LOW: usize = 3;
    pub(in crate::store) const CLOSE: usize = 4;
    pub(in crate::store) const VOLUME: usize = 5;
    /// `n_base`, and `n_expected` above it.
    pub(in crate::store) const COUNTS: usize = 6;
    /// The step, above it the revision, above that the hours.
    pub(in crate::store) const META: usize = 7;
    /// Where the input has them; so 80 bytes.
    pub(in crate::store) const VWAP: usize = 8;
    pub(in crate::store) const TRADE_COUNT: usize = 9;
}

/// Where a bar lies in its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// In its segment.
    pub(super) row: u32,
    /// In the series, from its start.
    pub(super) number: u64,
}

/// The rows of a session, or, of 1d and longer, of a year.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) columns: ColumnReader,
    /// Of its first bar.
    pub(super) label: SessionLabel,
    pub(super) has_extra: bool,
    /// The number of its first row in the series.
    pub(super) first: u64,
}

impl Segment {
    /// The step at which a row was published.
    #[inline]
    fn step(&self, row: usize) -> Option<u32> {
        self.columns.word(col::META, row).map(|meta| meta as u32)
    }

    /// How many rows were published at `step` or before. A writer is few rows ahead, so the search is from the end.
    #[inline]
    pub(super) fn rows_at(&self, step: u32) -> usize {
        let mut rows = self.columns.len();
        while rows > 0 && self.step(rows - 1).is_none_or(|published| published > step) {
            rows -= 1;
        }
        rows
    }

    /// The first `rows` bars.
    #[inline]
    pub(super) fn bars(&self, rows: usize) -> Bars<'_> {
        let extra = if self.has_extra { rows } else { 0 };
        Bars {
            open_time: self.columns.i64s(col::OPEN_TIME, rows),
            open: self.columns.f64s(col::OPEN, rows),
            high: self.columns.f64s(col::HIGH, rows),
            low: self.columns.f64s(col::LOW, rows),
            close: self.columns.f64s(col::CLOSE, rows),
            volume: self.columns.f64s(col::VOLUME, rows),
            vwap: self.columns.f64s(col::VWAP, extra),
            trade_count: self.columns.i64s(col::TRADE_COUNT, extra),
        }
    }

    /// The column where kept outputs begin.
    pub(super) fn first_output(&self) -> usize {
        first_output(self.has_extra)
    }
}

/// How many words a row has before its outputs.
pub(super) fn first_output(has_extra: bool) -> usize {
    if has_extra { col::TRADE_COUNT + 1 } else { col::META + 1 }
}

/// The last few values of each output, for series that keep no more.
///
/// Each row has the number of the bar it is of, 0 while it is written: who reads looks at it before and after (Boehm,
/// *Can Seqlocks Get Along with Programming Language Memory Models?*, 2012).
#[derive(Debug)]
pub(super) struct Latest {
    width: usize,
    /// A power of two.
    rows: usize,
    numbers: Box<[AtomicU64]>,
    values: Box<[AtomicU64]>,
}

/// How many rows the writer may be ahead of a reader of the latest values.
const AHEAD: usize = 1;

/// How many rows there are for the last `keep` values.
pub(super) fn latest_rows(keep: u32) -> usize {
    (keep.max(1) as usize + AHEAD).next_power_of_two()
}

impl Latest {
    fn new(width: usize, keep: u32) -> Self {
        let rows = latest_rows(keep);
        let zeros = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        Self { width, rows, numbers: zeros(rows), values: zeros(rows * width) }
    }

    #[inline]
    fn write(&self, number: u64, values: &[f64]) {
        let row = number as usize & (self.rows - 1);
        self.numbers[row].store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        for (cell, value) in self.values[row * self.width..].iter().zip(values) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
        self.numbers[row].store(number + 1, Ordering::Release);
    }

    /// An output's value in the bar numbered `number`; `None` once it was overwritten.
    #[inline]
    pub(super) fn read(&self, number: u64, output: usize) -> Option<f64> {
        let row = number as usize & (self.rows - 1);
        if output >= self.width || self.numbers[row].load(Ordering::Acquire) != number + 1 {
            return None;
        }
        let bits = self.values[row * self.width + output].load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        (self.numbers[row].load(Ordering::Relaxed) == number + 1).then(|| f64::from_bits(bits))
    }
}

/// What readers see of a series.
#[derive(Debug)]
pub(super) struct Series {
    /// Oldest first.
    pub(super) segments: ArcSwap<Vec<Arc<Segment>>>,
    /// Where outputs lie that have no columns.
    pub(super) latest: Option<Latest>,
    /// The step from which on every output has started.
    pub(super) ready: AtomicU32,
}

impl Series {
    pub(super) fn new(width: usize, keep: Keep) -> Self {
        let latest = match keep {
            Keep::Session => None,
            Keep::Last(n) => Some(Latest::new(width, n)),
        };
        let ready = AtomicU32::new(if width == 0 { 0 } else { u32::MAX });
        Self { segments: ArcSwap::default(), latest, ready }
    }
}

/// The one who appends to a series: what each row needs.
#[derive(Debug)]
pub(super) struct SeriesWriter {
    current: Option<ColumnWriter>,
    /// Rows in the current segment.
    rows: u32,
    /// Outputs that have had no value.
    waiting: u32,
    /// Rows in all segments.
    number: u64,
    label: SessionLabel,
    has_extra: bool,
    /// Whether outputs lie in columns beside the bars.
    keeps_columns: bool,
    rest: Box<Rest>,
}

/// What a series' writer needs at the beginning of a segment, and until every output has started.
#[derive(Debug)]
struct Rest {
    /// Of the symbol's intervals.
    series: Arc<[Series]>,
    place: usize,
    /// Which outputs have had a value.
    started: Box<[bool]>,
    /// The writers of retained segments, oldest first: their memory is used again.
    past: VecDeque<ColumnWriter>,
}

impl Rest {
    fn series(&self) -> &Series {
        &self.series[self.place]
    }
}

impl SeriesWriter {
    pub(super) fn new(series: Arc<[Series]>, place: usize, width: usize) -> Self {
        Self {
            current: None,
            rows: 0,
            waiting: width as u32,
            number: 0,
            label: SessionLabel::Date(jiff::civil::Date::MIN),
            has_extra: false,
            keeps_columns: series.get(place).is_some_and(|own| own.latest.is_none()),
            rest: Box::new(Rest { series, place, started: vec![false; width].into(), past: VecDeque::new() }),
        }
    }

    #[inline]
    pub(super) fn append(&mut self, closed: &ClosedBar, step: u32, config: &StoreConfig) -> Row {
        let bar = &closed.bar;
        let has_extra = !bar.vwap.is_nan() || bar.trade_count != NULL_COUNT;
        let has_room = self.current.as_ref().is_some_and(|current| (self.rows as usize) < current.capacity());
        if !(has_room && (self.has_extra || !has_extra) && is_same_segment(self.label, closed)) {
            self.begin_segment(closed, has_extra, config);
        }
        let row = self.rows as usize;
        if let Some(current) = &mut self.current {
            let words = [
                bar.open_time.as_nanos() as u64,
                bar.open.to_bits(),
                bar.high.to_bits(),
                bar.low.to_bits(),
                bar.close.to_bits(),
                bar.volume.to_bits(),
                u64::from(closed.n_base) | u64::from(closed.n_expected) << 32,
                u64::from(step) | u64::from(closed.revision) << 32 | (closed.hours as u64) << 48,
            ];
            current.write(col::OPEN_TIME, row, words.into_iter());
            if self.has_extra {
                current.write(col::VWAP, row, [bar.vwap.to_bits(), bar.trade_count as u64].into_iter());
            }
        }
        self.rows += 1;
        self.number += 1;
        Row { row: row as u32, number: self.number - 1 }
    }

    /// A session, or a year, begins: its rows come into memory of their own, that of the oldest if nobody reads it.
    #[cold]
    fn begin_segment(&mut self, closed: &ClosedBar, has_extra: bool, config: &StoreConfig) {
        self.has_extra |= has_extra;
        let Rest { series, place, started, past } = &mut *self.rest;
        let series = &series[*place];
        let index = config.rules.calendar.at_or_after(closed.bar.open_time);
        let capacity = index.map_or(1, |index| room(&config.rules, closed.interval, index));
        let kept = if self.keeps_columns { started.len() } else { 0 };
        let columns = first_output(self.has_extra) + kept;
        past.extend(self.current.take());
        let mut segments = Vec::clone(&series.segments.load());
        let drop_from = segments.len().saturating_sub(config.retain.max(1));
        segments.drain(..drop_from);
        // The list with the oldest goes first, so that nothing but a reader holds its memory.
        series.segments.store(Arc::new(segments.clone()));
        let mut spare = None;
        for _ in 0..drop_from {
            spare = past.pop_front();
        }
        let again = spare.and_then(|mut writer| {
            let fits = writer.columns() == columns && writer.capacity() >= capacity;
            (fits && writer.recycle()).then_some(writer)
        });
        let writer = again.unwrap_or_else(|| ColumnWriter::new(columns, capacity));
        segments.push(Arc::new(Segment {
            columns: writer.reader(),
            label: closed.session,
            has_extra: self.has_extra,
            first: self.number,
        }));
        series.segments.store(Arc::new(segments));
        (self.label, self.rows) = (closed.session, 0);
        self.current = Some(writer);
    }

    /// Writes every output's value of a row that is not published.
    #[inline]
    pub(super) fn write_values(&mut self, row: Row, values: &[f64], step: u32) {
        let latest = if self.keeps_columns { None } else { self.rest.series().latest.as_ref() };
        match (latest, &mut self.current) {
            (Some(latest), _) => latest.write(row.number, values),
            (None, Some(current)) => {
                let words = values.iter().map(|value| value.to_bits());
                current.write(first_output(self.has_extra), row.row as usize, words);
            }
            (None, None) => {}
        }
        if self.waiting > 0 {
            self.note_started(values, step);
        }
    }

    /// Publishes a row and those before it.
    #[inline]
    pub(super) fn publish(&mut self, row: Row) {
        if let Some(current) = &mut self.current {
            current.publish(row.row as usize + 1);
        }
    }

    #[cold]
    fn note_started(&mut self, values: &[f64], step: u32) {
        for (started, value) in self.rest.started.iter_mut().zip(values) {
            if !*started && !value.is_nan() {
                *started = true;
                self.waiting -= 1;
            }
        }
        if self.waiting == 0 {
            self.rest.series().ready.store(step, Ordering::Release);
        }
    }
}

/// Whether a bar belongs to the segment that begins with one of `label`: the same session, of 1d and longer the same year.
#[inline]
fn is_same_segment(label: SessionLabel, closed: &ClosedBar) -> bool {
    if label == closed.session {
        return true;
    }
    match (label, closed.session) {
        (SessionLabel::Date(a), SessionLabel::Date(b)) => {
            closed.interval == Interval::DAY && a.year() == b.year()
        }
        (SessionLabel::Week { year: a, .. }, SessionLabel::Week { year: b, .. })
        | (SessionLabel::Month { year: a, .. }, SessionLabel::Month { year: b, .. }) => a == b,
        _ => false,
    }
}

/// How many rows a segment can get that begins in the session at `index`.
pub(super) fn room(rules: &DeriveRules, interval: Interval, index: SessionIndex) -> usize {
    let nanos = match interval {
        Interval::DAY => return 366,
        Interval::WEEK => return 53,
        Interval::MONTH => return 12,
        interval => interval.nanos().unwrap_or(i64::MAX).max(1),
    };
    let traded = traded(rules.calendar.session(index), rules.hours);
    traded.iter().map(|segment| buckets(segment, nanos)).sum()
}

/// The most buckets that a segment has: the midnight grid may cut it at both ends.
fn buckets(segment: &TradingSegment, nanos: i64) -> usize {
    let length = segment.close.as_nanos().saturating_sub(segment.open.as_nanos());
    (length / nanos) as usize + 2
}
