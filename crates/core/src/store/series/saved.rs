//! One series as bytes and back: its segments column by column, and where its outputs stand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Segment, Series, SeriesWriter, col, first_output, room};
use crate::derive::bucket_at;
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::store::StoreConfig;
use crate::store::column::ColumnWriter;
use crate::time::Timestamp;

/// The fewest bytes of a segment: the step at which it began, whether it has vwaps, how many rows, and a row.
const LEAST_SEGMENT: usize = 4 + 1 + 4 + 64;

impl SeriesWriter {
    /// Writes the retained rows. Of an interval without one a single byte.
    pub(in crate::store) fn save(&self, to: &mut Bytes) {
        let series = self.rest.series();
        let segments = series.segments.load();
        let Some(oldest) = segments.first() else { return to.flag(false) };
        to.flag(true);
        for started in &self.rest.started {
            to.flag(started.is_some());
            started.iter().for_each(|number| to.u64(*number));
        }
        to.u64(series.ready.load(Ordering::Relaxed));
        to.u64(oldest.first);
        to.count(segments.len());
        for segment in &**segments {
            // There is no writer but this one, so all of its rows are published.
            let rows = segment.columns.len();
            let outputs = if self.latest.is_none() { self.rest.started.len() } else { 0 };
            to.u32(segment.began);
            to.flag(segment.has_extra);
            to.count(rows);
            for column in 0..segment.first_output() + outputs {
                segment.columns.i64s(column, rows).iter().for_each(|&word| to.u64(word as u64));
            }
        }
        if let Some(latest) = &self.latest {
            let width = self.rest.started.len();
            let is_held = |back: &u64| latest.read(self.number - 1 - back, 0).is_some();
            let held = (0..self.number).take_while(is_held).count();
            to.count(held);
            for number in self.number - held as u64..self.number {
                (0..width).for_each(|output| to.f64(latest.read(number, output).unwrap_or(crate::bar::NULL)));
            }
        }
    }

    /// The writer of what was saved, which is put into `series`.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such series, or the calendar has no place for its rows.
    pub(in crate::store) fn restore(
        series: Arc<[Series]>,
        place: usize,
        width: usize,
        config: &StoreConfig,
        from: &mut Read<'_>,
    ) -> Result<Self, SnapshotError> {
        let mut own = Self::new(series, place, width, config);
        if !from.flag("whether a series has rows")? {
            return Ok(own);
        }
        for started in &mut own.rest.started {
            if from.flag("whether an output has started")? {
                *started = Some(from.tally("the number of a row")?);
                own.waiting -= 1;
            }
        }
        own.rest.series().ready.store(from.u64()?, Ordering::Relaxed);
        own.number = from.tally("the number of a row")?;
        let interval = config.rules.intervals.get(place).map_or(config.rules.base, |rule| rule.interval);
        let kept = if own.latest.is_none() { width } else { 0 };
        let count = from.count("segments", LEAST_SEGMENT)?;
        let (mut segments, mut writers) = (Vec::new(), VecDeque::new());
        for left in (0..count).rev() {
            let (began, has_extra) = (from.u32()?, from.flag("whether a segment has vwaps")?);
            let columns = first_output(has_extra) + kept;
            let rows = from.count("rows", 8 * columns)?;
            let words = from.part(8 * (columns * rows) as u64)?;
            let (first, last) = ends(&words, rows)?;
            let fits = |open| {
                let bucket = bucket_at(&config.rules, interval, open);
                // A base bar opens where its row says.
                let bucket = bucket.filter(|bucket| bucket.open == open || interval == config.rules.base);
                bucket.ok_or(SnapshotError::OutOfPlace { interval, time: open })
            };
            let (label, _) = (fits(first)?.label, fits(last)?);
            // Only the newest gets more rows.
            let index = config.rules.calendar.at_or_after(first).map_err(SnapshotError::Calendar)?;
            let capacity = if left == 0 { room(&config.rules, interval, index).max(rows) } else { rows };
            let writer = read_columns(words, columns, rows, capacity)?;
            let columns = writer.reader();
            let (first, latest) = (own.number, own.latest.clone());
            let (since, before) = (None, None);
            segments.push(Arc::new(Segment { columns, has_extra, first, began, latest, since, before }));
            writers.push_back(writer);
            own.number += rows as u64;
            (own.rows, own.label, own.has_extra) = (rows as u32, label, has_extra);
        }
        if count == 0 {
            return Err(SnapshotError::value("segments", 0_u32, "1 and more"));
        }
        own.current = writers.pop_back();
        own.rest.past = writers;
        own.rest.series().segments.store(Arc::new(segments));
        if let Some(latest) = &own.latest {
            let held = from.count("latest values", 8 * width)? as u64;
            let oldest = own.number.checked_sub(held);
            let allowed = || SnapshotError::value("latest values", held, format!("0 to {}", own.number));
            let oldest = oldest.ok_or_else(allowed)?;
            let mut values = vec![0.0; width];
            for number in oldest..own.number {
                from.f64s(&mut values)?;
                latest.write(number, &values);
            }
        }
        Ok(own)
    }
}

/// When the first and the last row open, of which there is one at least: times are the first column.
fn ends(words: &Read<'_>, rows: usize) -> Result<(Timestamp, Timestamp), SnapshotError> {
    const { assert!(col::OPEN_TIME == 0) };
    let behind = rows.checked_sub(1).ok_or_else(|| SnapshotError::value("rows", 0_u32, "1 and more"))?;
    let (mut first, mut last) = (words.clone(), words.clone());
    last.part(8 * behind as u64)?;
    Ok((first.time()?, last.time()?))
}

/// Memory of `capacity` rows that holds `rows` of them, which lie in `words` column by column.
fn read_columns(
    mut words: Read<'_>,
    columns: usize,
    rows: usize,
    capacity: usize,
) -> Result<ColumnWriter, SnapshotError> {
    let mut writer = ColumnWriter::new(columns, capacity);
    for column in 0..columns {
        for row in 0..rows {
            writer.write(column, row, &[words.u64()?]);
        }
    }
    writer.publish(rows);
    Ok(writer)
}
