//! What a run has published: bars and indicator values by series, one writer, any number of readers, nothing copied.
//!
//! A *series* is the closed bars of one symbol on one interval and the values of its indicators. Its rows lie in columns,
//! one allocation a session ([`column`](self)); 1d, 1w and 1M take a year. The [`SessionWriter`] appends rows and publishes
//! them; a [`SessionData`] reads them, as of a step: [`View`]. Rows are ordered by time within a series, so a late minute
//! that a longer bucket still takes is not among the base rows.
//!
//! Walk one bar: [`SessionWriter::put`] writes its words behind the last row and its values beside them, and makes both visible to
//! views of its step or later.
//!
//! Symbols may be divided into shards; then each has a writer, and a [`SessionData`] reads what all of them publish.

mod column;
mod forming;
mod latest;
mod revise;
mod saved;
mod series;
mod size;
mod sync;
mod view;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

pub use forming::FormingBar;
pub use series::Keep;
pub use size::SeriesSize;
pub use view::{PublishedRows, SeriesView, View};

use crate::derive::{ClosedBar, DeriveRules};
use crate::indicators::NULL;
use crate::interval::Interval;
use crate::symbol::SymbolId;
use crate::time::Timestamp;
use series::{Series, SeriesWriter};

/// What a store holds, fixed for a run.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The rules of derivation: the intervals, and the sessions, which say how many rows a series has.
    pub rules: DeriveRules,
    /// The names of each interval's outputs, in the order of its values.
    pub outputs: Vec<Vec<String>>,
    /// How much of the outputs' history is kept.
    pub keep: Keep,
    /// How many sessions before the one being read stay readable; one at least does.
    pub retain: usize,
    /// How many steps a writer computes at once of which a reader must not miss anything: those that are open. 0 where reader and
    /// writer take turns at each instant of a step.
    pub ahead: u32,
    /// The names of the historical values.
    pub historical: Vec<String>,
}

/// Which rows a reader sees: those of steps up to one, and of that one those that closed by an instant.
///
/// A writer that is ahead of its readers numbers all it publishes of an input alike, though it may close bars at several
/// instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    step: u32,
    by: Timestamp,
}

impl AsOf {
    /// All rows of steps up to `step`.
    pub const fn step(step: u32) -> Self {
        Self { step, by: Timestamp::MAX }
    }

    /// All rows of steps before `step`, and of it those that are due by `by`, the grace after their close over.
    pub const fn within(step: u32, by: Timestamp) -> Self {
        Self { step, by }
    }
}

impl From<u32> for AsOf {
    fn from(step: u32) -> Self {
        Self::step(step)
    }
}

/// Values that are constant through a session, from an instant on.
#[derive(Debug)]
struct Historical {
    from: Timestamp,
    /// The step that was computed when it was published.
    step: u32,
    /// Symbol by symbol, in the order of their slots; a name each.
    values: Vec<f64>,
}

/// What readers and the writer share.
#[derive(Debug)]
struct Store {
    config: StoreConfig,
    symbols: ArcSwap<Table>,
    /// Oldest first: those that a reader of an open step may ask for.
    historical: ArcSwap<Vec<Arc<Historical>>>,
    /// Of a symbol that has not been met.
    nothing: Arc<[Series]>,
}

/// Every symbol's series, by the intervals; grows by doubling.
#[derive(Debug)]
struct Table(Box<[OnceLock<Arc<[Series]>>]>);

impl Table {
    fn with_room(symbols: usize) -> Self {
        Self((0..symbols).map(|_| OnceLock::new()).collect())
    }
}

/// Reads what was published. Cheap to clone; clones can go to other threads.
#[derive(Debug, Clone)]
pub struct SessionData(Arc<[Arc<Store>]>);

/// Appends and publishes. There is one a shard; it can't be cloned.
#[derive(Debug)]
pub struct SessionWriter {
    store: Arc<Store>,
    /// Symbol by symbol, each by interval: side by side, as a step goes through them.
    series: Vec<SeriesWriter>,
    intervals: usize,
}

impl SessionWriter {
    /// A store without rows, and its reader.
    pub fn new(config: StoreConfig) -> (Self, SessionData) {
        let writer = Self::of_shard(config);
        let data = SessionData([Arc::clone(&writer.store)].into());
        (writer, data)
    }

    /// A store of `shards` shards without rows, one at least: a writer for each, and the reader of all.
    pub fn sharded(config: &StoreConfig, shards: usize) -> (Vec<Self>, SessionData) {
        let writers: Vec<Self> = (0..shards.max(1)).map(|_| Self::of_shard(config.clone())).collect();
        let data = SessionData(writers.iter().map(|writer| Arc::clone(&writer.store)).collect());
        (writers, data)
    }

    fn of_shard(config: StoreConfig) -> Self {
        let intervals = config.rules.intervals.len();
        let symbols = ArcSwap::from_pointee(Table::with_room(64));
        let nothing = config.series();
        let store = Arc::new(Store { config, symbols, historical: ArcSwap::default(), nothing });
        Self { store, series: Vec::new(), intervals }
    }

    /// Makes room for `symbol` and all before it.
    #[inline]
    fn reserve(&mut self, symbol: SymbolId) {
        while self.series.len() <= symbol.slot() * self.intervals {
            self.add();
        }
    }

    #[cold]
    fn add(&mut self) {
        let place = self.series.len() / self.intervals;
        let width = |interval: usize| self.store.config.outputs.get(interval).map_or(0, Vec::len);
        let series = self.store.config.series();
        for interval in 0..self.intervals {
            let writer =
                SeriesWriter::new(Arc::clone(&series), interval, width(interval), &self.store.config);
            self.series.push(writer);
        }
        let table = self.store.symbols.load();
        match table.0.get(place) {
            // A place is filled once, by the one writer.
            Some(slot) => drop(slot.set(series)),
            None => {
                let larger = Table::with_room(2 * place.max(1));
                for (slot, old) in larger.0.iter().zip(&table.0) {
                    old.get().cloned().map(|series| slot.set(series));
                }
                let _ = larger.0[place].set(series);
                self.store.symbols.store(Arc::new(larger));
            }
        }
    }

    /// Writes a bar of the interval at `place` and the values of its outputs, all of them, as the next row of its series: one of
    /// `step`, which never falls. Then publishes the row.
    #[inline]
    pub fn put(&mut self, place: usize, bar: &ClosedBar, values: &[f64], step: u32) {
        self.reserve(bar.symbol);
        self.series[bar.symbol.slot() * self.intervals + place].put(bar, values, step, &self.store.config);
    }

    /// Publishes the historical values that hold from the instant `from` on, when `step` is computed: symbol by symbol in the order
    /// of their slots, a value for each name.
    pub fn publish_historical(&mut self, from: Timestamp, values: Vec<f64>, step: u32) {
        let mut tables = Vec::clone(&self.store.historical.load());
        // A reader may stand where the oldest open step begins.
        let oldest = (step + 1).saturating_sub(self.store.config.ahead.max(1));
        let over = tables.iter().take_while(|table| table.step < oldest).count().saturating_sub(1);
        tables.drain(..over);
        tables.push(Arc::new(Historical { from, step, values }));
        self.store.historical.store(Arc::new(tables));
    }
}

impl StoreConfig {
    /// The series of one more symbol.
    fn series(&self) -> Arc<[Series]> {
        let width = |interval: usize| self.outputs.get(interval).map_or(0, Vec::len);
        let series = |interval| Series::new(width(interval));
        (0..self.rules.intervals.len()).map(series).collect()
    }
}

impl SessionData {
    /// What all shards share.
    fn config(&self) -> &StoreConfig {
        // Invariant: there is one shard at least.
        &self.0[0].config
    }

    /// The place of `interval` among the store's.
    pub fn place(&self, interval: Interval) -> Option<usize> {
        self.config().rules.index_of(interval)
    }

    /// The rules of derivation, with the intervals.
    pub fn rules(&self) -> &DeriveRules {
        &self.config().rules
    }

    /// The names of an interval's outputs.
    pub fn outputs(&self, place: usize) -> &[String] {
        self.config().outputs.get(place).map_or(&[], Vec::as_slice)
    }

    /// A symbol's series as of a step, empty while no bar of it is visible; `None` for an interval that there is not.
    #[inline]
    pub fn series(&self, symbol: SymbolId, place: usize, as_of: impl Into<AsOf>) -> Option<SeriesView<'_>> {
        let store = self.0.get(symbol.shard())?;
        let table = store.symbols.load();
        let met = table.0.get(symbol.slot()).and_then(OnceLock::get);
        let series = Arc::clone(met.unwrap_or(&store.nothing));
        SeriesView::new(&store.config, symbol, place, series, as_of.into())
    }

    /// A historical value of `symbol` at `now`: by its name's place.
    pub fn historical(&self, symbol: SymbolId, name: &str, now: Timestamp) -> Option<f64> {
        let store = self.0.get(symbol.shard())?;
        let names = &store.config.historical;
        let place = names.iter().position(|known| known == name)?;
        let tables = store.historical.load();
        let table = tables.iter().rev().find(|table| table.from <= now)?;
        let value = table.values.get(symbol.slot() * names.len() + place).copied().unwrap_or(NULL);
        (!value.is_nan()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::column::ColumnWriter;

    #[test]
    fn a_row_is_not_there_before_it_is_published() {
        let mut writer = ColumnWriter::new(2, 3);
        let reader = writer.reader();
        writer.write(0, 0, &[1_u64, 2]);
        assert_eq!((reader.len(), reader.word(1, 0), reader.f64s(0, 3).len()), (0, None, 0));
        writer.publish(1);
        writer.write(0, 1, &[3_u64, 4]);
        assert_eq!((reader.len(), reader.word(1, 0), reader.i64s(0, 3)), (1, Some(2), &[1][..]));
    }
}
