//! Where rows come from: anything that hands them over one by one, in its own order.

use barloom_core::{Record, SymbolId, Symbols, Timestamp};

/// One row of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// Its number in the source, as a user would look it up.
    pub number: u64,
    /// What it says, or why it can't be read.
    pub content: Result<(SymbolId, Record), Unreadable>,
}

/// A row that can't be read, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its symbol, as far as it names one.
    pub symbol: Option<SymbolId>,
    /// Its open time, as far as it has one.
    pub time: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// Hands over rows in its own order. The coordinator pulls; after an error or the end it does not pull again.
pub trait Source {
    /// What can make it fail in the middle.
    type Error;

    /// The name in messages, a file's path.
    fn name(&self) -> &str;

    /// The next row, its symbol numbered by `symbols`; `None` at the end.
    ///
    /// # Errors
    /// When the source can't go on; rows given before stand.
    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Self::Error>;
}
