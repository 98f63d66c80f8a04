//! One series: segments of rows, and the one who appends.

mod saved;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::column::{ColumnReader, ColumnWriter};
use super::latest::Latest;
use super::revise::Since;
use super::{AsOf, StoreConfig};
use crate::bar::{Bar, NULL, NULL_COUNT};
use crate::calendar::{Segment as TradingSegment, SessionIndex};
use crate::columns::Bars;
use crate::derive::{ClosedBar, DeriveRules, SessionLabel, traded};
use crate::interval::Interval;
use crate::time::Timestamp;

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

/// The rows of a session, or, of 1d and longer, of a year; a revised one has generations.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) columns: ColumnReader,
    pub(super) has_extra: bool,
    /// The number of its first row in the series.
    pub(super) first: u64,
    /// The step at which it began.
    pub(super) began: u32,
    /// Where its outputs lie, if they have no columns.
    pub(super) latest: Option<Arc<Latest>>,
    /// From when on this generation is the one that is seen; `None` of the first.
    pub(super) since: Option<Since>,
    /// The generation before, for those that stand there.
    pub(super) before: Option<Arc<Segment>>,
}

impl Segment {
    /// The step at which a row was published.
    #[inline]
    fn step(&self, row: usize) -> Option<u32> {
        self.columns.word(col::META, row).map(|meta| meta as u32)
    }

    /// How many rows were published at the step that a reader sees, or before. A writer is few rows ahead, so the search is from the
    /// end. `close` says when the bar that opens at an instant is due.
    #[inline]
    pub(super) fn rows_at(&self, as_of: AsOf, due: impl Fn(Timestamp) -> Option<Timestamp>) -> usize {
        let mut rows = self.columns.len();
        while rows > 0 && self.step(rows - 1).is_none_or(|published| published > as_of.step) {
            rows -= 1;
        }
        // Of the step itself only what was due.
        while as_of.by < Timestamp::MAX && rows > 0 && self.step(rows - 1) == Some(as_of.step) {
            let open =
                self.columns.word(col::OPEN_TIME, rows - 1).map(|nanos| Timestamp::from_nanos(nanos as i64));
            if open.and_then(&due).is_some_and(|due| due <= as_of.by) {
                break;
            }
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

/// Whether a bar has values that most input has not.
#[inline]
pub(super) fn has_extra(bar: &Bar) -> bool {
    !bar.vwap.is_nan() || bar.trade_count != NULL_COUNT
}

/// The words of a row that every bar has, from [`col::OPEN_TIME`] on.
#[inline]
pub(super) fn bar_words(closed: &ClosedBar, step: u32) -> [u64; 8] {
    let bar = &closed.bar;
    [
        bar.open_time.as_nanos() as u64,
        bar.open.to_bits(),
        bar.high.to_bits(),
        bar.low.to_bits(),
        bar.close.to_bits(),
        bar.volume.to_bits(),
        u64::from(closed.n_base) | u64::from(closed.n_expected) << 32,
        u64::from(step) | u64::from(closed.revision) << 32 | (closed.hours as u64) << 48,
    ]
}

/// How many words a row has before its outputs.
pub(super) fn first_output(has_extra: bool) -> usize {
    if has_extra { col::TRADE_COUNT + 1 } else { col::META + 1 }
}

/// What readers see of a series.
#[derive(Debug)]
pub(super) struct Series {
    /// Oldest first.
    pub(super) segments: ArcSwap<Vec<Arc<Segment>>>,
    /// How many rows there are by when every output has started.
    pub(super) ready: AtomicU64,
}

impl Series {
    pub(super) fn new(width: usize) -> Self {
        let ready = AtomicU64::new(if width == 0 { 0 } else { u64::MAX });
        Self { segments: ArcSwap::default(), ready }
    }
}

/// The one who appends to a series: what each row needs.
#[derive(Debug)]
pub(super) struct SeriesWriter {
    pub(super) current: Option<ColumnWriter>,
    /// Rows in the current segment.
    pub(super) rows: u32,
    /// Outputs that have had no value.
    pub(super) waiting: u32,
    /// Rows in all segments.
    pub(super) number: u64,
    pub(super) label: SessionLabel,
    pub(super) has_extra: bool,
    /// Where outputs lie that have no columns beside the bars.
    pub(super) latest: Option<Arc<Latest>>,
    pub(super) rest: Box<Rest>,
}

/// What a series' writer needs at the beginning of a segment, and until every output has started.
#[derive(Debug)]
pub(super) struct Rest {
    /// Of the symbol's intervals.
    series: Arc<[Series]>,
    pub(super) place: usize,
    /// The number of the row with each output's first value, if it has had one.
    pub(super) started: Box<[Option<u64>]>,
    /// The writers of retained segments, oldest first: their memory is used again.
    past: VecDeque<ColumnWriter>,
}

impl Rest {
    pub(super) fn series(&self) -> &Series {
        &self.series[self.place]
    }
}

impl SeriesWriter {
    pub(super) fn new(series: Arc<[Series]>, place: usize, width: usize, config: &StoreConfig) -> Self {
        let latest = match config.keep {
            Keep::Session => None,
            Keep::Last(n) => Some(Arc::new(Latest::new(width, n, config.rows_ahead(place)))),
        };
        Self {
            current: None,
            rows: 0,
            waiting: width as u32,
            number: 0,
            label: SessionLabel::Date(jiff::civil::Date::MIN),
            has_extra: false,
            latest,
            rest: Box::new(Rest { series, place, started: vec![None; width].into(), past: VecDeque::new() }),
        }
    }

    /// Writes a bar and the values of its outputs as the next row, and publishes it.
    // Every bar comes here; that revisions do, too, must not make it a call.
    #[inline(always)]
    pub(super) fn put(&mut self, closed: &ClosedBar, values: &[f64], step: u32, config: &StoreConfig) {
        let bar = &closed.bar;
        let has_extra = has_extra(bar);
        let has_room = self.current.as_ref().is_some_and(|current| (self.rows as usize) < current.capacity());
        if !(has_room && (self.has_extra || !has_extra) && is_same_segment(self.label, closed)) {
            self.make_room(closed, has_extra, step, config);
        }
        // Invariant: room was made.
        let Some(current) = &mut self.current else { return };
        let row = self.rows as usize;
        current.write(col::OPEN_TIME, row, &bar_words(closed, step));
        if self.has_extra {
            current.write(col::VWAP, row, &[bar.vwap.to_bits(), bar.trade_count as u64]);
        }
        match &self.latest {
            Some(latest) => latest.write(self.number, values),
            None => current.write(first_output(self.has_extra), row, values),
        }
        // Before the row can be seen, so that whoever sees it sees that its outputs have started.
        if self.waiting > 0 {
            self.note_started(values);
        }
        (self.rows, self.number) = (self.rows + 1, self.number + 1);
        if let Some(current) = &mut self.current {
            current.publish(row + 1);
        }
    }

    /// The current memory has no place for the bar: its session begins, or has more than was foreseen.
    #[cold]
    fn make_room(&mut self, closed: &ClosedBar, has_extra: bool, step: u32, config: &StoreConfig) {
        let has_extra = self.has_extra || has_extra;
        if is_same_segment(self.label, closed) {
            self.widen(has_extra);
        } else {
            self.begin_segment(closed, has_extra, step, config);
        }
    }

    /// The segment's rows move into larger memory, so that a session stays one piece where a vwap or count comes first in its
    /// middle. Views that are held keep the old one.
    fn widen(&mut self, has_extra: bool) {
        let Some(old) = self.current.take() else { return };
        let (reader, rows) = (old.reader(), self.rows as usize);
        let capacity = if rows < old.capacity() { old.capacity() } else { 2 * rows };
        let (from, to) = (first_output(self.has_extra), first_output(has_extra));
        let outputs = from..old.columns();
        let mut writer = ColumnWriter::new(to + outputs.len(), capacity);
        copy_rows(&reader, rows, from, to, outputs.len(), &mut writer);
        writer.publish(rows);
        let series = self.rest.series();
        let mut segments = Vec::clone(&series.segments.load());
        if let Some(current) = segments.last_mut() {
            let first = self.number - u64::from(self.rows);
            *current =
                Arc::new(Segment { columns: writer.reader(), has_extra, first, ..Segment::clone(current) });
        }
        series.segments.store(Arc::new(segments));
        self.has_extra = has_extra;
        self.current = Some(writer);
    }

    /// A session, or a year, begins: its rows come into memory of their own, that of the oldest if nobody reads it.
    fn begin_segment(&mut self, closed: &ClosedBar, has_extra: bool, step: u32, config: &StoreConfig) {
        self.has_extra = has_extra;
        let Rest { series, place, started, past } = &mut *self.rest;
        let series = &series[*place];
        let index = config.rules.calendar.at_or_after(closed.bar.open_time);
        let capacity = index.map_or(1, |index| room(&config.rules, closed.interval, index));
        let kept = if self.latest.is_none() { started.len() } else { 0 };
        let columns = first_output(self.has_extra) + kept;
        past.extend(self.current.take());
        let mut segments = Vec::clone(&series.segments.load());
        // A reader may stand where the oldest open step begins; it sees as many sessions before its own.
        let oldest = u64::from(step) + 1 - u64::from(config.ahead).min(u64::from(step) + 1);
        let is_over = |segment: &&Arc<Segment>| config.ahead == 0 || u64::from(segment.began) < oldest;
        let seen = segments.iter().take_while(is_over).count();
        let drop_from = if config.ahead == 0 { seen } else { seen.saturating_sub(1) }
            .saturating_sub(config.retain.max(1));
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
            has_extra: self.has_extra,
            first: self.number,
            began: step,
            latest: self.latest.clone(),
            since: None,
            before: None,
        }));
        series.segments.store(Arc::new(segments));
        (self.label, self.rows) = (closed.session, 0);
        self.current = Some(writer);
    }

    #[cold]
    fn note_started(&mut self, values: &[f64]) {
        for (started, value) in self.rest.started.iter_mut().zip(values) {
            if started.is_none() && !value.is_nan() {
                *started = Some(self.number);
                self.waiting -= 1;
            }
        }
        if self.waiting == 0 {
            self.rest.series().ready.store(self.number + 1, Ordering::Release);
        }
    }
}

/// Copies the first `rows` rows of `reader`, whose `outputs` begin at the column `from`, into `writer`, whose begin at `to`: there may be room for
/// vwap and count that was not.
pub(super) fn copy_rows(
    reader: &ColumnReader,
    rows: usize,
    from: usize,
    to: usize,
    outputs: usize,
    writer: &mut ColumnWriter,
) {
    let words = |columns: std::ops::Range<usize>, row| {
        columns.map(|column| reader.word(column, row).unwrap_or_default()).collect::<Vec<_>>()
    };
    for row in 0..rows {
        writer.write(col::OPEN_TIME, row, &words(0..from, row));
        if from < to {
            writer.write(col::VWAP, row, &[NULL.to_bits(), NULL_COUNT as u64]);
        }
        writer.write(to, row, &words(from..from + outputs, row));
    }
}

/// Whether a bar belongs to the segment that begins with one of `label`: the same session, of 1d and longer the same year.
#[inline]
pub(super) fn is_same_segment(label: SessionLabel, closed: &ClosedBar) -> bool {
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

/// The most buckets that a segment has: the midnight grid may cut it at both ends, and overnight at midnight.
fn buckets(segment: &TradingSegment, nanos: i64) -> usize {
    let length = segment.close.as_nanos().saturating_sub(segment.open.as_nanos());
    (length / nanos) as usize + 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Calendar, Hours};
    use crate::derive::{DeriveConfig, DeriveRules};
    use crate::symbol::Symbols;

    /// Bytes of a row in the memory of a series that has got one bar.
    fn row_bytes(width: usize, keep: Keep, vwap: f64, trade_count: i64) -> usize {
        let calendar = Calendar::named("XNYS").unwrap();
        let rules = DeriveRules::new(DeriveConfig::new(calendar, &[Interval::MINUTE])).unwrap();
        let config =
            StoreConfig { rules, outputs: Vec::new(), keep, retain: 1, ahead: 0, historical: Vec::new() };
        let open_time: Timestamp = "2024-11-26T14:30:00Z".parse().unwrap();
        let (open, volume) = (1.0, 1.0);
        let closed = ClosedBar {
            symbol: Symbols::new().intern("AAA").unwrap(),
            interval: Interval::MINUTE,
            place: 0,
            session: SessionLabel::Date(jiff::civil::date(2024, 11, 26)),
            bar: Bar { open_time, open, high: open, low: open, close: open, volume, vwap, trade_count },
            close_time: open_time,
            n_base: 1,
            n_expected: 1,
            revision: 0,
            hours: Hours::Regular,
        };
        let mut writer = SeriesWriter::new([Series::new(width)].into(), 0, width, &config);
        writer.put(&closed, &vec![0.0; width], 1, &config);
        8 * writer.current.unwrap().columns()
    }

    #[test]
    fn a_row_is_64_bytes_and_80_with_vwap_or_count_and_8_a_kept_output() {
        assert_eq!(row_bytes(0, Keep::Session, NULL, NULL_COUNT), 64);
        assert_eq!(row_bytes(0, Keep::Session, 1.0, NULL_COUNT), 80);
        assert_eq!(row_bytes(0, Keep::Session, NULL, 0), 80);
        assert_eq!(row_bytes(3, Keep::Session, NULL, NULL_COUNT), 64 + 24);
        assert_eq!(row_bytes(3, Keep::Session, 1.0, 1), 80 + 24);
        assert_eq!(row_bytes(3, Keep::Last(9), 1.0, 1), 80);
    }
}
