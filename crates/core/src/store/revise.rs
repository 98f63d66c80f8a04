//! A session's rows as another generation: what was published stays as it is for the views that saw it, later ones see the new rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::column::ColumnWriter;
use super::latest::{Latest, latest_rows};
use super::series::{
    Segment, SeriesWriter, bar_words, col, copy_rows, first_output, has_extra, is_same_segment,
};
use super::{AsOf, Keep, SessionWriter, StoreConfig};
use crate::bar::NULL;
use crate::plan::Revised;
use crate::time::Timestamp;

/// The step at which a generation took its segment's place, and the instant of it.
pub(super) type Since = (u32, Timestamp);

impl SessionWriter {
    /// Publishes the rows of a session of the interval at `place` once more, some of which were revised at `step`, whose instant is `at`:
    /// views from there on see them, those before see what was.
    pub fn revise(&mut self, place: usize, revised: &Revised, step: u32, at: Timestamp) {
        let Some(symbol) = revised.bars.first().map(|bar| bar.symbol) else { return };
        self.reserve(symbol);
        let series = &mut self.series[symbol.slot() * self.intervals + place];
        series.revise(revised, (step, at), &self.store.config);
    }
}

impl Segment {
    /// Whether a reader as of `as_of` sees this generation.
    #[inline]
    fn is_visible(&self, as_of: AsOf) -> bool {
        self.since.is_none_or(|(step, at)| as_of.step > step || as_of.step == step && as_of.by >= at)
    }

    /// The generation that a reader as of `as_of` sees; `None` where it is gone.
    #[inline]
    pub(super) fn generation(self: &Arc<Self>, as_of: AsOf) -> Option<&Arc<Self>> {
        let mut own = self;
        while !own.is_visible(as_of) {
            own = own.before.as_ref()?;
        }
        Some(own)
    }

    /// Whether a reader as of `as_of` has seen rows of the segment.
    pub(super) fn has_begun(&self, as_of: AsOf) -> bool {
        self.began <= as_of.step
    }
}

impl SeriesWriter {
    /// Writes the rows of the current session as another generation. They are the last of the segment's.
    #[cold]
    pub(super) fn revise(&mut self, revised: &Revised, since: Since, config: &StoreConfig) {
        let [first, ..] = revised.bars.as_slice() else { return };
        let is_current = self.current.is_some() && is_same_segment(self.label, first);
        let Some(old) = self.current.take_if(|_| is_current) else {
            // The session's first rows: nobody has seen one.
            for (row, bar) in revised.bars.iter().enumerate() {
                self.put(bar, revised.values(row), since.0, config);
            }
            return;
        };
        let reader = old.reader();
        let open = first.bar.open_time.as_nanos();
        let kept = reader.i64s(col::OPEN_TIME, self.rows as usize).partition_point(|&own| own < open);
        let rows = kept + revised.bars.len();
        let width = self.rest.started.len();
        let had_extra = self.has_extra;
        self.has_extra |= revised.bars.iter().any(|closed| has_extra(&closed.bar));
        let (from, to) = (first_output(had_extra), first_output(self.has_extra));
        let outputs = if self.latest.is_none() { width } else { 0 };
        let mut writer = ColumnWriter::new(to + outputs, old.capacity().max(rows));
        copy_rows(&reader, kept, from, to, outputs, &mut writer);
        let mut changed = revised.changed().iter().copied().peekable();
        for (at, closed) in revised.bars.iter().enumerate() {
            let (row, bar) = (kept + at, &closed.bar);
            // A row that did not change was published when it was, however many came before it since.
            let step = match changed.next_if_eq(&at) {
                Some(_) => since.0,
                None => {
                    let open = bar.open_time.as_nanos();
                    let times = reader.i64s(col::OPEN_TIME, self.rows as usize);
                    let own = times.partition_point(|&own| own < open);
                    reader.word(col::META, own).unwrap_or_default() as u32
                }
            };
            writer.write(col::OPEN_TIME, row, &bar_words(closed, step));
            if self.has_extra {
                writer.write(col::VWAP, row, &[bar.vwap.to_bits(), bar.trade_count as u64]);
            }
            if self.latest.is_none() {
                writer.write(to, row, revised.values(at));
            }
        }
        writer.publish(rows);
        let first_row = self.number - u64::from(self.rows);
        self.latest = self.latest.take().map(|old| self.latest_again(&old, revised, first_row, kept, config));
        (self.rows, self.number) = (rows as u32, first_row + rows as u64);
        self.start_again(revised, first_row + kept as u64);
        self.publish_generation(&writer, first_row, since, config);
        self.current = Some(writer);
    }

    /// The ring of the latest values, those of the session's rows written anew behind what came before.
    fn latest_again(
        &self,
        old: &Latest,
        revised: &Revised,
        first_row: u64,
        kept: usize,
        config: &StoreConfig,
    ) -> Arc<Latest> {
        let width = self.rest.started.len();
        let keep = match config.keep {
            Keep::Last(count) => count,
            Keep::Session => 0,
        };
        let ahead = config.rows_ahead(self.rest.place);
        let latest = Latest::new(width, keep, ahead);
        let first = first_row + kept as u64;
        let end = first + revised.bars.len() as u64;
        for number in end.saturating_sub(latest_rows(keep, ahead) as u64)..end {
            match number.checked_sub(first) {
                Some(row) => latest.write(number, revised.values(row as usize)),
                None => {
                    let values: Vec<f64> =
                        (0..width).map(|output| old.read(number, output).unwrap_or(NULL)).collect();
                    latest.write(number, &values);
                }
            }
        }
        Arc::new(latest)
    }

    /// Notes anew which outputs started among the session's rows, of which the first has the number `first`.
    fn start_again(&mut self, revised: &Revised, first: u64) {
        for (output, started) in self.rest.started.iter_mut().enumerate() {
            if started.is_some_and(|number| number < first) {
                continue;
            }
            let begins = |&row: &usize| revised.values(row).get(output).is_some_and(|value| !value.is_nan());
            *started = (0..revised.bars.len()).find(begins).map(|row| first + row as u64);
        }
        self.waiting = self.rest.started.iter().filter(|started| started.is_none()).count() as u32;
        let ready = match self.rest.started.iter().flatten().max() {
            _ if self.waiting > 0 => u64::MAX,
            Some(last) => last + 1,
            None => 0,
        };
        self.rest.series().ready.store(ready, Ordering::Release);
    }

    fn publish_generation(&self, writer: &ColumnWriter, first: u64, since: Since, config: &StoreConfig) {
        let series = self.rest.series();
        let mut segments = Vec::clone(&series.segments.load());
        if let Some(current) = segments.last_mut() {
            // Who reads an open step may stand before the generation that is there now; further back nobody is waited for.
            let oldest = since.0.saturating_sub(config.ahead);
            let is_needed = current.since.is_some_and(|(step, _)| step > oldest);
            let before = if is_needed { current.before.clone() } else { None };
            let was = Segment { before, ..Segment::clone(current) };
            *current = Arc::new(Segment {
                columns: writer.reader(),
                has_extra: self.has_extra,
                first,
                began: current.began,
                latest: self.latest.clone(),
                since: Some(since),
                before: Some(Arc::new(was)),
            });
        }
        series.segments.store(Arc::new(segments));
    }
}
