//! What was published as bytes and back: views after a restore see the rows that they saw before it.

use std::sync::{Arc, OnceLock};

use super::series::{Series, SeriesWriter};
use super::{Historical, Keep, SessionWriter, StoreConfig, Table};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// The fewest bytes of a series: that it has no rows.
const LEAST_SERIES: usize = 1;
/// The fewest bytes of a table of historical values: instant, step and how many.
const LEAST_HISTORICAL: usize = 8 + 4 + 4;

impl SessionWriter {
    /// Writes every row that is retained, and what its series need to go on. Steps are the caller's: rows that follow must be of the
    /// same step or later ones.
    pub fn save(&self, to: &mut Bytes) {
        let config = &self.store.config;
        put_config(config, to);
        let tables = self.store.historical.load();
        to.count(tables.len());
        for table in &**tables {
            to.time(table.from);
            to.u32(table.step);
            to.count(table.values.len());
            to.f64s(&table.values);
        }
        to.count(self.series.len() / self.intervals.max(1));
        self.series.iter().for_each(|series| series.save(to));
    }

    /// Takes over the rows that a store of the same intervals and outputs saved, in place of its own; they are of `most` symbols at most.
    /// After an error it is as it was.
    ///
    /// # Errors
    /// [`SnapshotError::Differs`] when it was another store; [`SnapshotError`] when the bytes are none's, or the calendar has no place
    /// for a row.
    pub fn restore(&mut self, most: usize, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        let config = &self.store.config;
        check_config(config, from)?;
        let mut tables = Vec::new();
        for _ in 0..from.count("tables of historical values", LEAST_HISTORICAL)? {
            let (at, step) = (from.time()?, from.u32()?);
            let mut values = vec![0.0; from.count("historical values", 8)?];
            from.f64s(&mut values)?;
            tables.push(Arc::new(Historical { from: at, step, values }));
        }
        let symbols = from.count("symbols", self.intervals * LEAST_SERIES)?;
        if symbols > most {
            return Err(SnapshotError::value("symbols", symbols as u64, format!("0 to {most}")));
        }
        let mut writers = Vec::new();
        let mut published: Vec<Arc<[Series]>> = Vec::new();
        for _ in 0..symbols {
            let series = config.series();
            for place in 0..self.intervals {
                let width = config.outputs.get(place).map_or(0, Vec::len);
                writers.push(SeriesWriter::restore(Arc::clone(&series), place, width, config, from)?);
            }
            published.push(series);
        }
        let table = Table::with_room(symbols.next_power_of_two().max(64));
        for (slot, series) in table.0.iter().zip(published) {
            // Each place is filled once.
            let _: Result<(), _> = OnceLock::set(slot, series);
        }
        // Nothing that can fail may follow: readers see it.
        from.end()?;
        self.series = writers;
        self.store.historical.store(Arc::new(tables));
        self.store.symbols.store(Arc::new(table));
        Ok(())
    }
}

/// Writes what the bytes that follow are read by.
fn put_config(config: &StoreConfig, to: &mut Bytes) {
    to.count(config.rules.intervals.len());
    for (place, rule) in config.rules.intervals.iter().enumerate() {
        to.text(&rule.interval.to_string());
        to.count(config.outputs.get(place).map_or(0, Vec::len));
    }
    to.text(&kept(config.keep));
    to.count(config.historical.len());
    config.historical.iter().for_each(|name| to.text(name));
}

/// That a store of `config` can read what follows.
fn check_config(config: &StoreConfig, from: &mut Read<'_>) -> Result<(), SnapshotError> {
    from.same_count("the number of intervals", config.rules.intervals.len())?;
    for (place, rule) in config.rules.intervals.iter().enumerate() {
        from.same("an interval", &rule.interval.to_string())?;
        from.same_count("the number of outputs", config.outputs.get(place).map_or(0, Vec::len))?;
    }
    from.same("keep", &kept(config.keep))?;
    from.same_count("the number of historical values", config.historical.len())?;
    config.historical.iter().try_for_each(|name| from.same("a historical value", name))
}

fn kept(keep: Keep) -> String {
    match keep {
        Keep::Session => "session".to_owned(),
        Keep::Last(count) => count.to_string(),
    }
}
