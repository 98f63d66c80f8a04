//! Instruments by name ([`Symbol`]) and by number ([`SymbolId`]), and the table between them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;

/// The longest symbol in bytes.
pub const LONGEST_SYMBOL: usize = 64;

/// An instrument's name: 1 to 64 bytes, no control characters, no blank at either end.
///
/// ```
/// use barloom_core::Symbol;
/// assert_eq!(Symbol::new("BRK.B")?.as_str(), "BRK.B");
/// assert!(Symbol::new("").is_err());
/// # Ok::<(), barloom_core::SymbolError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(Box<str>);

/// Text that can't name an instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a symbol; allowed are 1 to {LONGEST_SYMBOL} bytes without control characters or outer blanks"
)]
pub struct SymbolError {
    /// What was read.
    pub text: String,
}

impl Symbol {
    /// The symbol named `text`.
    ///
    /// # Errors
    /// [`SymbolError`] when the text is empty, too long, or holds characters a name can't have.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let sound = (1..=LONGEST_SYMBOL).contains(&text.len())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if sound { Ok(Self(text.into())) } else { Err(SymbolError { text: text.escape_debug().to_string() }) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A symbol's number: its place in the [`Symbols`] table that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(u32);

impl SymbolId {
    /// The symbol at that place.
    pub(crate) const fn of(index: usize) -> Self {
        Self(index as u32)
    }

    /// The place in the table, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The symbols of a run, numbered in the order in which they were first met.
///
/// ```
/// use barloom_core::Symbols;
/// let mut symbols = Symbols::new();
/// let bbb = symbols.intern("BBB")?;
/// let aaa = symbols.intern("AAA")?;
/// assert_eq!(symbols.intern("BBB")?, bbb);
/// assert_eq!(symbols.by_name(), [aaa, bbb]);
/// # Ok::<(), barloom_core::SymbolError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    names: Vec<Symbol>,
    ids: HashMap<Symbol, SymbolId>,
    by_name: Vec<SymbolId>,
    last: Option<SymbolId>,
}

impl Symbols {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of `name`, given now if it is new. Allocates only for a new name.
    ///
    /// # Errors
    /// [`SymbolError`] when the text can't name an instrument.
    pub fn intern(&mut self, name: &str) -> Result<SymbolId, SymbolError> {
        if let Some(id) = self.last.filter(|id| self.names[id.index()].as_str() == name) {
            return Ok(id);
        }
        let id = match self.ids.get(name) {
            Some(&id) => id,
            None => self.add(Symbol::new(name)?),
        };
        self.last = Some(id);
        Ok(id)
    }

    #[cold]
    fn add(&mut self, symbol: Symbol) -> SymbolId {
        let id = SymbolId(self.names.len() as u32);
        let rank = self.by_name.partition_point(|other| self.names[other.index()] < symbol);
        self.by_name.insert(rank, id);
        self.ids.insert(symbol.clone(), id);
        self.names.push(symbol);
        id
    }

    /// The number of `name`, if it was met.
    pub fn id(&self, name: &str) -> Option<SymbolId> {
        self.ids.get(name).copied()
    }

    /// The name of `id`.
    ///
    /// # Panics
    /// When `id` comes from another table that is longer than this one.
    pub fn name(&self, id: SymbolId) -> &Symbol {
        &self.names[id.index()]
    }

    /// All numbers in the order of their names: the order of every output.
    pub fn by_name(&self) -> &[SymbolId] {
        &self.by_name
    }

    /// How many symbols were met.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none was met yet.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_instrument_has_are_refused() {
        for text in ["", " A", "A ", "A\nB", "A\u{0}", &"A".repeat(65)] {
            assert!(Symbol::new(text).is_err(), "{text:?}");
        }
        for text in ["A", "BTC/USDT:USDT", "^GSPC", "ES=F", "6E H4", "Ä"] {
            assert!(Symbol::new(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn ids_are_dense_and_ranked_by_name() {
        let mut symbols = Symbols::new();
        let ids: Vec<_> = ["C", "A", "B", "A", "C"].iter().map(|s| symbols.intern(s).unwrap()).collect();
        assert_eq!(ids.iter().map(|id| id.index()).collect::<Vec<_>>(), [0, 1, 2, 1, 0]);
        let names: Vec<_> = symbols.by_name().iter().map(|&id| symbols.name(id).as_str()).collect();
        assert_eq!(names, ["A", "B", "C"]);
    }
}
