//! What a subscriber sees: the series as of a step, and nothing of what was published later.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::Guard;

use super::forming::FormingBar;
use super::series::{Keep, Segment, Series, col};
use super::{AsOf, SessionData, StoreConfig};
use crate::calendar::Hours;
use crate::columns::Bars;
use crate::derive::{BucketAt, ClosedBar, bucket_at};
use crate::interval::Interval;
use crate::symbol::{SymbolId, Symbols};
use crate::time::Timestamp;

/// Everything that was published up to a step.
///
/// No bar in it closes after [`View::now`], and everything that closed at it is there.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    data: &'a SessionData,
    symbols: &'a Symbols,
    as_of: AsOf,
    step: u32,
    now: Timestamp,
}

impl<'a> View<'a> {
    /// The view of `data` as of `step`, which is at `now`.
    pub fn new(data: &'a SessionData, symbols: &'a Symbols, step: u32, now: Timestamp) -> Self {
        Self { data, symbols, as_of: step.into(), step, now }
    }

    /// The same, of a store whose rows are numbered otherwise than steps are.
    #[must_use]
    pub fn as_of(self, as_of: AsOf) -> Self {
        Self { as_of, ..self }
    }

    /// Which rows are visible.
    pub fn visible(&self) -> AsOf {
        self.as_of
    }

    /// What is viewed.
    pub fn data(&self) -> &'a SessionData {
        self.data
    }

    /// The step's number, from 0.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// The step's instant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The symbols by name and number.
    pub fn symbols(&self) -> &'a Symbols {
        self.symbols
    }

    /// The series of a symbol's `interval`; `None` where there is none.
    #[inline]
    pub fn series(&self, symbol: SymbolId, interval: Interval) -> Option<SeriesView<'a>> {
        self.data.series(symbol, self.data.place(interval)?, self.as_of)
    }

    /// The series of the symbol named `symbol`.
    pub fn named(&self, symbol: &str, interval: Interval) -> Option<SeriesView<'a>> {
        self.series(self.symbols.id(symbol)?, interval)
    }

    /// The latest value of an output, by its name in tables: `rsi_14`, `macd_12_26_9.signal`.
    pub fn latest(&self, symbol: SymbolId, interval: Interval, output: &str) -> Option<f64> {
        let series = self.series(symbol, interval)?;
        series.latest_value(series.output(output)?)
    }

    /// The bar of `interval` that is not closed yet, from the base bars up to now; `None` while it has none.
    ///
    /// Of intervals within a session and of 1d; a late minute that only the longer bar takes is not in it.
    pub fn forming(&self, symbol: SymbolId, interval: Interval) -> Option<FormingBar> {
        FormingBar::of(self, symbol, interval)
    }

    /// A historical value of the symbol, constant through its session: `avg_volume_20`.
    pub fn historical(&self, symbol: SymbolId, name: &str) -> Option<f64> {
        self.data.historical(symbol, name, self.now)
    }
}

/// Published rows of a series, with the memory that they lie in: they never change, and are there as long as this is, whatever becomes of
/// the store.
#[derive(Debug, Clone)]
pub struct PublishedRows {
    segment: Arc<Segment>,
    rows: usize,
    /// How many outputs are kept beside the bars.
    outputs: usize,
}

impl PublishedRows {
    /// The bars, contiguous, oldest first.
    pub fn bars(&self) -> Bars<'_> {
        self.segment.bars(self.rows)
    }

    /// An output's values beside the bars; empty where it is not kept.
    pub fn values(&self, output: usize) -> &[f64] {
        if output >= self.outputs {
            return &[];
        }
        self.segment.columns.f64s(self.segment.first_output() + output, self.rows)
    }
}

/// A series as of a step.
#[derive(Debug)]
pub struct SeriesView<'a> {
    config: &'a StoreConfig,
    symbol: SymbolId,
    place: usize,
    /// The symbol's.
    series: Arc<[Series]>,
    segments: Guard<Arc<Vec<Arc<Segment>>>>,
    as_of: AsOf,
    /// The place of the newest segment that has a row, and how many are visible.
    current: usize,
    rows: usize,
}

impl<'a> SeriesView<'a> {
    #[inline]
    pub(super) fn new(
        config: &'a StoreConfig,
        symbol: SymbolId,
        place: usize,
        series: Arc<[Series]>,
        as_of: AsOf,
    ) -> Option<Self> {
        let segments = series.get(place)?.segments.load();
        let due = |open| {
            let rules = &config.rules;
            let bucket = bucket_at(rules, rules.intervals.get(place)?.interval, open)?;
            Some(bucket.close.saturating_add(rules.grace))
        };
        let mut current = segments.len();
        let mut rows = 0;
        while rows == 0 && current > 0 {
            current -= 1;
            match segments[current].generation(as_of) {
                Some(segment) => rows = segment.rows_at(as_of, due),
                // What it saw is gone, and it must see nothing later.
                None if segments[current].has_begun(as_of) => break,
                None => {}
            }
        }
        Some(Self { config, symbol, place, series, segments, as_of, current, rows })
    }

    /// The segment at `place` as it is seen from here.
    #[inline]
    fn seen(&self, place: usize) -> Option<&Arc<Segment>> {
        self.segments.get(place)?.generation(self.as_of)
    }

    fn own(&self) -> &Series {
        &self.series[self.place]
    }

    fn segment(&self) -> Option<&Segment> {
        self.seen(self.current).map(|segment| &**segment)
    }

    /// How many bars the current session has, of 1d and longer the current year.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no bar at all.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The current session's bars, of 1d and longer the current year's: contiguous, oldest first.
    #[inline]
    pub fn bars(&self) -> Bars<'_> {
        self.segment().map_or_else(Bars::default, |segment| segment.bars(self.rows))
    }

    /// The last `count` bars over all sessions that are retained, oldest first: contiguous within each.
    pub fn last(&self, count: usize) -> impl Iterator<Item = Bars<'_>> {
        self.pieces(count).map(|(segment, rows)| segment.bars(rows.end).rows(rows))
    }

    /// The places of the segments that it sees: no more than `retain` before the current one, though the writer keeps one more
    /// for those that are behind.
    fn held(&self) -> std::ops::Range<usize> {
        let held = if self.rows == 0 { 0 } else { self.current + 1 };
        self.current.saturating_sub(self.config.retain.max(1))..held
    }

    /// The bars of the last `count` sessions, as far as they are retained, oldest first; of 1d and longer, of years.
    pub fn sessions(&self, count: usize) -> impl Iterator<Item = Bars<'_>> {
        let held = self.held();
        (held.start.max(held.end.saturating_sub(count))..held.end)
            .filter_map(move |place| Some(self.seen(place)?.bars(self.visible(place))))
    }

    /// How many rows of a segment are visible.
    fn visible(&self, place: usize) -> usize {
        if place == self.current {
            self.rows
        } else {
            self.seen(place).map_or(0, |segment| segment.columns.len())
        }
    }

    /// The retained segments that the last `count` rows lie in, oldest first, and which rows.
    fn pieces(&self, count: usize) -> impl Iterator<Item = (&Segment, std::ops::Range<usize>)> {
        let std::ops::Range { start, end: held } = self.held();
        let (mut from, mut left) = (held, count);
        while from > start && left > 0 {
            from -= 1;
            left = left.saturating_sub(self.visible(from));
        }
        let total: usize = (from..held).map(|place| self.visible(place)).sum();
        let mut skip = total.saturating_sub(count);
        (from..held).filter_map(move |place| {
            let first = std::mem::take(&mut skip);
            Some((&**self.seen(place)?, first..self.visible(place)))
        })
    }

    /// The place of an output by its name in tables.
    pub fn output(&self, name: &str) -> Option<usize> {
        self.config.outputs.get(self.place)?.iter().position(|known| known == name)
    }

    /// An output's values beside [`SeriesView::bars`]; empty where only the latest are kept.
    pub fn values(&self, output: usize) -> &[f64] {
        match self.segment() {
            Some(segment) if self.is_kept(output) => {
                segment.columns.f64s(segment.first_output() + output, self.rows)
            }
            _ => &[],
        }
    }

    /// An output's values beside [`SeriesView::last`].
    pub fn last_values(&self, output: usize, count: usize) -> impl Iterator<Item = &[f64]> {
        let count = if self.is_kept(output) { count } else { 0 };
        self.pieces(count).map(move |(segment, rows)| {
            &segment.columns.f64s(segment.first_output() + output, rows.end)[rows.start..]
        })
    }

    fn is_kept(&self, output: usize) -> bool {
        self.config.keep == Keep::Session
            && self.config.outputs.get(self.place).is_some_and(|all| output < all.len())
    }

    /// An output's value `back` bars before the newest, 0 for the newest, over all sessions that are retained; `None` where it has
    /// none or is not kept.
    #[inline]
    pub fn value(&self, output: usize, back: usize) -> Option<f64> {
        let value = match self.config.keep {
            Keep::Session => {
                let (segment, row) = self.row(back)?;
                let width = self.config.outputs.get(self.place)?.len();
                let word = segment.columns.word(segment.first_output() + output, row);
                f64::from_bits(word.filter(|_| output < width)?)
            }
            Keep::Last(count) => {
                // The ring may hold more; how many depends on how far the writer is ahead.
                let segment = self.segment().filter(|_| self.rows > 0 && back < count.max(1) as usize)?;
                let number = (segment.first + self.rows as u64).checked_sub(1 + back as u64)?;
                segment.latest.as_ref()?.read(number, output)?
            }
        };
        (!value.is_nan()).then_some(value)
    }

    /// Where the bar lies that is `back` bars before the newest.
    #[inline]
    fn row(&self, mut back: usize) -> Option<(&Segment, usize)> {
        let (mut place, mut rows) = (self.current, self.rows);
        while back >= rows {
            back -= rows;
            place = place.checked_sub(1).filter(|&place| place >= self.held().start)?;
            rows = self.visible(place);
        }
        Some((&**self.seen(place)?, rows - 1 - back))
    }

    /// An output's value at the newest bar; `None` where it has none.
    pub fn latest_value(&self, output: usize) -> Option<f64> {
        self.value(output, 0)
    }

    /// The rows of [`SeriesView::bars`] as they lie in the store, for as long as they are held; `None` where there is none.
    pub fn rows(&self) -> Option<PublishedRows> {
        let segment = Arc::clone(self.seen(self.current).filter(|_| self.rows > 0)?);
        let outputs = self.config.outputs.get(self.place).filter(|_| self.config.keep == Keep::Session);
        Some(PublishedRows { segment, rows: self.rows, outputs: outputs.map_or(0, Vec::len) })
    }

    /// Whether every output has started.
    pub fn is_ready(&self) -> bool {
        let number = self.segment().map_or(0, |segment| segment.first + self.rows as u64);
        self.own().ready.load(Ordering::Acquire) <= number
    }

    /// The newest closed bar.
    pub fn newest(&self) -> Option<ClosedBar> {
        self.bar(self.rows.checked_sub(1)?)
    }

    /// The bar at `row` of [`SeriesView::bars`].
    pub fn bar(&self, row: usize) -> Option<ClosedBar> {
        let segment = self.segment().filter(|_| row < self.rows)?;
        let bar = segment.bars(row + 1).at(row)?;
        let (counts, meta) = (segment.columns.word(col::COUNTS, row)?, segment.columns.word(col::META, row)?);
        let interval = self.config.rules.intervals.get(self.place)?.interval;
        let BucketAt { label, close, .. } = bucket_at(&self.config.rules, interval, bar.open_time)?;
        Some(ClosedBar {
            symbol: self.symbol,
            interval,
            place: self.place as u16,
            session: label,
            bar,
            close_time: close,
            n_base: counts as u32,
            n_expected: (counts >> 32) as u32,
            revision: (meta >> 32) as u16,
            hours: match meta >> 48 {
                0 => Hours::Pre,
                1 => Hours::Regular,
                _ => Hours::Post,
            },
        })
    }
}
