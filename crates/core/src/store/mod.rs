//! What a run has published: bars and indicator values by series, one writer, any number of readers, nothing copied.
//!
//! A *series* is the closed bars of one symbol on one interval and the values of its indicators. Its rows lie in columns,
//! one allocation a session ([`column`](self)); 1d, 1w and 1M take a year. The [`SessionWriter`] appends rows and publishes
//! them; a [`SessionData`] reads them, as of a step: [`View`]. Rows are ordered by time within a series, so a late minute
//! that a longer bucket still takes is not among the base rows.
//!
//! Walk one bar: [`SessionWriter::put`] writes its words behind the last row and its values beside them, and makes both visible to
//! views of its step or later.

mod column;
mod forming;
mod latest;
mod series;
mod size;
mod sync;
mod view;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

pub use forming::FormingBar;
pub use series::Keep;
pub use size::SeriesSize;
pub use view::{SeriesView, View};

use crate::derive::{ClosedBar, DeriveRules};
use crate::indicators::NULL;
use crate::interval::Interval;
use crate::symbol::SymbolId;
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
    /// How many sessions before the one being written stay readable; one at least does.
    pub retain: usize,
    /// The names of the historical values.
    pub historical: Vec<String>,
}

/// Values that are constant through a session, from a step on.
#[derive(Debug, Default)]
struct Historical {
    from: u32,
    /// Symbol by symbol, in the order of their numbers; a name each.
    values: Vec<f64>,
    before: Option<Arc<Historical>>,
}

/// What readers and the writer share.
#[derive(Debug)]
struct Store {
    config: StoreConfig,
    symbols: ArcSwap<Table>,
    historical: ArcSwap<Historical>,
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
pub struct SessionData(Arc<Store>);

/// Appends and publishes. There is one; it can't be cloned.
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
        let store = Arc::new(Store {
            config,
            symbols: ArcSwap::from_pointee(Table::with_room(64)),
            historical: ArcSwap::default(),
        });
        let intervals = store.config.rules.intervals.len();
        (Self { store: Arc::clone(&store), series: Vec::new(), intervals }, SessionData(store))
    }

    /// Makes room for `symbol` and all before it.
    #[inline]
    fn reserve(&mut self, symbol: SymbolId) {
        while self.series.len() <= symbol.index() * self.intervals {
            self.add();
        }
    }

    #[cold]
    fn add(&mut self) {
        let place = self.series.len() / self.intervals;
        let width = |interval: usize| self.store.config.outputs.get(interval).map_or(0, Vec::len);
        let keep = self.store.config.keep;
        let series: Arc<[Series]> = (0..self.intervals).map(|i| Series::new(width(i), keep)).collect();
        for interval in 0..self.intervals {
            self.series.push(SeriesWriter::new(Arc::clone(&series), interval, width(interval)));
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
        self.series[bar.symbol.index() * self.intervals + place].put(bar, values, step, &self.store.config);
    }

    /// Publishes the historical values of a session that begins at `step`: symbol by symbol, a value for each name.
    pub fn publish_historical(&mut self, step: u32, values: Vec<f64>) {
        let now = self.store.historical.load_full();
        let before = Historical { from: now.from, values: now.values.clone(), before: None };
        self.store.historical.store(Arc::new(Historical {
            from: step,
            values,
            before: Some(Arc::new(before)),
        }));
    }
}

impl SessionData {
    /// The place of `interval` among the store's.
    pub fn place(&self, interval: Interval) -> Option<usize> {
        self.0.config.rules.index_of(interval)
    }

    /// The rules of derivation, with the intervals.
    pub fn rules(&self) -> &DeriveRules {
        &self.0.config.rules
    }

    /// The names of an interval's outputs.
    pub fn outputs(&self, place: usize) -> &[String] {
        self.0.config.outputs.get(place).map_or(&[], Vec::as_slice)
    }

    /// A symbol's series as of `step`, empty while no bar of it is visible; `None` for an interval that there is not, or a symbol
    /// that has not been met.
    #[inline]
    pub fn series(&self, symbol: SymbolId, place: usize, step: u32) -> Option<SeriesView<'_>> {
        let table = self.0.symbols.load();
        let series = Arc::clone(table.0.get(symbol.index())?.get()?);
        SeriesView::new(&self.0.config, symbol, place, series, step)
    }

    /// A historical value of `symbol` as of `step`: by its name's place.
    pub fn historical(&self, symbol: SymbolId, name: &str, step: u32) -> Option<f64> {
        let names = &self.0.config.historical;
        let place = names.iter().position(|known| known == name)?;
        let mut table = self.0.historical.load_full();
        while table.from > step {
            table = Arc::clone(table.before.as_ref()?);
        }
        let value = table.values.get(symbol.index() * names.len() + place).copied().unwrap_or(NULL);
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
