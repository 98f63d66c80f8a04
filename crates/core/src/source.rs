//! Where rows come from: anything that hands them over one by one, in its own order.

use std::fmt;

use crate::bar::Record;
use crate::symbol::{SymbolId, Symbols};
use crate::time::Timestamp;

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

/// Where a row stands, as a user would look it up.
///
/// ```
/// use barloom_core::source::RowPlace;
/// assert_eq!(RowPlace::new("bars.csv", "line", 7).to_string(), "bars.csv, line 7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPlace {
    /// The source's name.
    pub source: String,
    /// What its rows' numbers count: `line`, `row`.
    pub unit: &'static str,
    /// The row's number.
    pub number: u64,
}

impl RowPlace {
    /// A row of `source`, by its number.
    pub fn new(source: &str, unit: &'static str, number: u64) -> Self {
        Self { source: source.to_owned(), unit, number }
    }
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} {}", self.source, self.unit, self.number)
    }
}

/// Whether rows come symbol by symbol, each symbol's in one go.
///
/// ```
/// use barloom_core::{Symbols, source::Grouping};
/// let (mut symbols, mut grouping) = (Symbols::new(), Grouping::default());
/// let (a, b) = (symbols.intern("A")?, symbols.intern("B")?);
/// assert_eq!([a, a, b, a].map(|symbol| grouping.comes_back(symbol)), [false, false, false, true]);
/// # Ok::<(), barloom_core::SymbolError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Grouping {
    /// The symbol of the row before.
    current: Option<SymbolId>,
    /// How many symbols had a row; they are numbered as they are met.
    met: usize,
}

impl Grouping {
    /// Takes the symbol of the next row: whether it had one before that of another symbol.
    #[inline]
    pub fn comes_back(&mut self, symbol: SymbolId) -> bool {
        if self.current == Some(symbol) {
            return false;
        }
        self.current = Some(symbol);
        let comes_back = symbol.index() < self.met;
        self.met = self.met.max(symbol.index() + 1);
        comes_back
    }
}

/// Hands over rows in its own order. The coordinator pulls; after an error or the end it does not pull again.
pub trait Source {
    /// What can make it fail in the middle.
    type Error;

    /// The name in messages, a file's path.
    fn name(&self) -> &str;

    /// What its rows' numbers count.
    fn unit(&self) -> &'static str {
        "row"
    }

    /// The next row, its symbol numbered by `symbols`; `None` at the end.
    ///
    /// # Errors
    /// When the source can't go on; rows given before stand.
    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Self::Error>;
}
