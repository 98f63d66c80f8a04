//! The order of time: many sources, one sequence of steps.
//!
//! A row travels at its own close, or, out of order, at the close of its predecessor in the source (§2.2). A step is
//! all rows that travel at one instant; steps ascend.

use barloom_core::derive::{Deriver, Refusal};
use barloom_core::{CalendarError, Record, SymbolId, Symbols, Timestamp};

use crate::source::{Source, SourceRow, Unreadable};

/// A row within a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// The place of its source among the sources.
    pub source: usize,
    /// Its number in the source.
    pub number: u64,
    /// What it says, or why it can't be read.
    pub content: Result<(SymbolId, Record), Unreadable>,
}

/// Why the sources can't be brought into the order of time.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError<E> {
    /// A source failed.
    #[error(transparent)]
    Source(E),
    /// A daily row's date is not in the calendar.
    #[error("{source_name}, line {number}: {error}")]
    Calendar {
        /// The source.
        source_name: String,
        /// The row.
        number: u64,
        /// What the calendar says.
        error: CalendarError,
    },
    /// A symbol begins where the source's time was long ago: the source is grouped by symbol.
    #[error(
        "{source_name}, line {number}: {symbol} begins at {begins}, but the rows before it have reached {reached}: the file is grouped by symbol. `run` merges sources by time; give it one file a symbol, or a file sorted by time (`derive` takes grouped files)"
    )]
    Grouped {
        /// The source.
        source_name: String,
        /// The row.
        number: u64,
        /// The symbol.
        symbol: String,
        /// The open time of its first row.
        begins: Timestamp,
        /// The newest close before.
        reached: Timestamp,
    },
}

/// How many base bars back a symbol's first row may lie and still be a row out of order.
const OUT_OF_ORDER_BARS: i64 = 10;

/// Nanoseconds of a daily bar, for that.
const DAY: i64 = 24 * 3600 * barloom_core::time::NANOS_PER_SECOND;

#[derive(Debug)]
struct Feed<S> {
    source: S,
    head: Option<(Timestamp, SourceRow)>,
    /// The newest close among the rows so far.
    newest: Timestamp,
    /// Which symbols it has named.
    met: Vec<bool>,
}

/// Merges sources by time.
#[derive(Debug)]
pub struct SessionCoordinator<S> {
    feeds: Vec<Feed<S>>,
    symbols: Symbols,
    step: Vec<StepRow>,
}

impl<S: Source> SessionCoordinator<S> {
    /// A coordinator of `sources`; nothing is pulled yet.
    pub fn new(sources: Vec<S>) -> Self {
        let feed = |source| Feed { source, head: None, newest: Timestamp::MIN, met: Vec::new() };
        Self { feeds: sources.into_iter().map(feed).collect(), symbols: Symbols::new(), step: Vec::new() }
    }

    /// Pulls the first row of every source. Call once, before the first step.
    ///
    /// # Errors
    /// As [`SessionCoordinator::next_step`].
    pub fn start(&mut self, deriver: &Deriver) -> Result<(), CoordinatorError<S::Error>> {
        self.feeds.iter_mut().try_for_each(|feed| feed.pull(&mut self.symbols, deriver))
    }

    /// Gathers the next step: its instant; its rows are [`SessionCoordinator::rows`]. `None` when all sources ended.
    ///
    /// # Errors
    /// [`CoordinatorError`] when a source fails or its order can't be followed.
    pub fn next_step(&mut self, deriver: &Deriver) -> Result<Option<Timestamp>, CoordinatorError<S::Error>> {
        self.step.clear();
        let heads = self.feeds.iter().filter_map(|feed| feed.head.as_ref().map(|(at, _)| *at));
        let Some(now) = heads.min() else { return Ok(None) };
        for (place, feed) in self.feeds.iter_mut().enumerate() {
            while let Some((_, SourceRow { number, content })) = feed.head.take_if(|(at, _)| *at == now) {
                self.step.push(StepRow { source: place, number, content });
                feed.pull(&mut self.symbols, deriver)?;
            }
        }
        Ok(Some(now))
    }

    /// The rows of the step: source by source, in each source's order.
    pub fn rows(&self) -> &[StepRow] {
        &self.step
    }

    /// The symbols met so far.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The symbols met, when the run is over.
    pub fn into_symbols(self) -> Symbols {
        self.symbols
    }

    /// The name of the source at `place`.
    pub fn source_name(&self, place: usize) -> &str {
        self.feeds[place].source.name()
    }
}

impl<S: Source> Feed<S> {
    fn pull(&mut self, symbols: &mut Symbols, deriver: &Deriver) -> Result<(), CoordinatorError<S::Error>> {
        let Some(row) = self.source.next_row(symbols).map_err(CoordinatorError::Source)? else {
            return Ok(());
        };
        let base = deriver.rules().base.nanos().unwrap_or(DAY);
        if let Ok((symbol, record)) = &row.content {
            match deriver.check(record) {
                Ok(minute) => {
                    if self.is_new(*symbol)
                        && minute.close.saturating_add(OUT_OF_ORDER_BARS * base) < self.newest
                    {
                        return Err(CoordinatorError::Grouped {
                            source_name: self.source.name().to_owned(),
                            number: row.number,
                            symbol: symbols.name(*symbol).to_string(),
                            begins: minute.bar.open_time(),
                            reached: self.newest,
                        });
                    }
                    self.newest = self.newest.max(minute.close);
                }
                // An invalid row has no close of its own; it travels with its predecessor.
                Err(Refusal::Invalid(_)) => {}
                Err(Refusal::Calendar(error)) => {
                    let (source_name, number) = (self.source.name().to_owned(), row.number);
                    return Err(CoordinatorError::Calendar { source_name, number, error });
                }
            }
        }
        self.head = Some((self.newest, row));
        Ok(())
    }

    /// Whether the source names the symbol for the first time.
    fn is_new(&mut self, symbol: SymbolId) -> bool {
        if self.met.len() <= symbol.index() {
            self.met.resize(symbol.index() + 1, false);
        }
        !std::mem::replace(&mut self.met[symbol.index()], true)
    }
}
