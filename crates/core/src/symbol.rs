//! Instruments by name ([`Symbol`]) and by number ([`SymbolId`]), and the table between them.

mod saved;

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

/// A symbol's number: its place in the [`Symbols`] table that gave it, its shard and its place there.
///
/// Two are equal when they have the same place in the table.
#[derive(Debug, Clone, Copy)]
pub struct SymbolId {
    index: u32,
    /// The slot, above it the shard.
    place: u32,
}

/// How many bits of a place are the slot's: 16 million symbols a shard.
const SLOT_BITS: u32 = 24;

impl SymbolId {
    const fn new(index: usize, shard: usize, slot: usize) -> Self {
        Self { index: index as u32, place: (shard as u32) << SLOT_BITS | slot as u32 }
    }

    /// A number that no table gave: until the first row of a slot says whose it is.
    pub(crate) const UNKNOWN: Self = Self::new(0, 0, 0);

    /// The place in the table, from 0.
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The shard that derives it, from 0.
    pub const fn shard(self) -> usize {
        (self.place >> SLOT_BITS) as usize
    }

    /// The place among the symbols of its shard, from 0, in the order in which they were first met.
    pub const fn slot(self) -> usize {
        (self.place & ((1 << SLOT_BITS) - 1)) as usize
    }
}

impl PartialEq for SymbolId {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl Eq for SymbolId {}

impl PartialOrd for SymbolId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SymbolId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}

impl std::hash::Hash for SymbolId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

/// The symbols of a run, numbered in the order in which they were first met.
///
/// They may be divided into shards, contiguous ranges of names: [`Symbols::divided`].
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
    by_index: Vec<SymbolId>,
    by_name: Vec<SymbolId>,
    last: Option<SymbolId>,
    /// By symbol, the one that came after it: itself, or as in the minute before. Guessed before names are hashed.
    after: Vec<SymbolId>,
    /// The first name of each shard after the first one.
    bounds: Vec<Symbol>,
    /// By shard after the first one, where it begins among `by_name`.
    begins: Vec<usize>,
}

impl Symbols {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table of `shards` shards, so divided that each has as many of the names of `met` as any other. A name that is
    /// not among those joins the shard in whose range it falls.
    ///
    /// ```
    /// use barloom_core::Symbols;
    /// let mut met = Symbols::new();
    /// for name in ["D", "A", "C", "B"] {
    ///     met.intern(name)?;
    /// }
    /// let mut divided = Symbols::divided(&met, 2);
    /// let shards = ["D", "A", "BB"].map(|name| divided.intern(name).map(|id| (id.index(), id.shard(), id.slot())));
    /// assert_eq!(shards, [Ok((0, 1, 0)), Ok((1, 0, 0)), Ok((2, 0, 1))]);
    /// # Ok::<(), barloom_core::SymbolError>(())
    /// ```
    pub fn divided(met: &Self, shards: usize) -> Self {
        let names = met.by_name.len();
        let first = |shard: usize| Some(met.name(*met.by_name.get(shard * names / shards)?).clone());
        let bounds: Vec<Symbol> = (1..shards).filter_map(first).collect();
        Self { begins: vec![0; bounds.len()], bounds, ..Self::default() }
    }

    /// The number of `name`, given now if it is new. Allocates only for a new name.
    ///
    /// # Errors
    /// [`SymbolError`] when the text can't name an instrument.
    pub fn intern(&mut self, name: &str) -> Result<SymbolId, SymbolError> {
        let guess = self.last.map(|last| self.after[last.index()]);
        let id = match guess.filter(|id| self.names[id.index()].as_str() == name) {
            Some(id) => id,
            None => self.find(name)?,
        };
        self.last = Some(id);
        Ok(id)
    }

    fn find(&mut self, name: &str) -> Result<SymbolId, SymbolError> {
        let id = match self.ids.get(name) {
            Some(&id) => id,
            None => self.add(Symbol::new(name)?),
        };
        if let Some(last) = self.last {
            self.after[last.index()] = id;
        }
        Ok(id)
    }

    #[cold]
    fn add(&mut self, symbol: Symbol) -> SymbolId {
        let shard = self.bounds.partition_point(|first| *first <= symbol);
        let id = SymbolId::new(self.names.len(), shard, self.by_name_in(shard).len());
        let rank = self.by_name.partition_point(|other| self.names[other.index()] < symbol);
        self.begins[shard..].iter_mut().for_each(|begin| *begin += 1);
        self.by_name.insert(rank, id);
        self.ids.insert(symbol.clone(), id);
        self.names.push(symbol);
        self.by_index.push(id);
        self.after.push(id);
        id
    }

    /// The number of `name`, if it was met.
    pub fn id(&self, name: &str) -> Option<SymbolId> {
        self.ids.get(name).copied()
    }

    /// The symbol of that number, in the order in which they were met.
    pub fn nth(&self, number: usize) -> Option<SymbolId> {
        self.by_index.get(number).copied()
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

    /// The numbers of one shard, in the order of their names.
    pub fn by_name_in(&self, shard: usize) -> &[SymbolId] {
        let begin = |shard: usize| self.begins.get(shard).copied();
        let from = shard.checked_sub(1).map_or(Some(0), begin).unwrap_or(self.by_name.len());
        &self.by_name[from..begin(shard).unwrap_or(self.by_name.len())]
    }

    /// Takes over the names of `met` that are new to it, in their order.
    pub fn catch_up(&mut self, met: &Self) {
        for name in met.names.iter().skip(self.names.len()) {
            self.add(name.clone());
        }
    }

    /// The number here of the symbol that `id`, of another table with the same names in the same order, stands for.
    ///
    /// # Panics
    /// When this table has not as many names.
    #[inline]
    pub fn same(&self, id: SymbolId) -> SymbolId {
        self.by_index[id.index()]
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

    #[test]
    fn shards_are_ranges_of_names_whatever_comes_later() {
        let mut met = Symbols::new();
        for name in ["K", "C", "S"] {
            met.intern(name).unwrap();
        }
        for shards in 1..=5 {
            let mut divided = Symbols::divided(&met, shards);
            divided.catch_up(&met);
            for name in ["A", "Z", "L", "D", "B", "T"] {
                met.intern(name).unwrap();
                divided.catch_up(&met);
            }
            let mut all = Vec::new();
            for shard in 0..shards {
                let own = divided.by_name_in(shard);
                assert!(own.iter().all(|id| id.shard() == shard));
                let mut slots: Vec<_> = own.iter().map(|id| id.slot()).collect();
                slots.sort_unstable();
                assert_eq!(slots, (0..own.len()).collect::<Vec<_>>());
                all.extend_from_slice(own);
            }
            assert_eq!(all, divided.by_name(), "one behind the other they are all names in order");
            for &id in met.by_name() {
                assert_eq!(divided.name(divided.same(id)), met.name(id));
                assert_eq!(divided.same(id), id);
            }
        }
    }

    #[test]
    fn a_table_divided_by_no_name_has_one_shard() {
        let mut divided = Symbols::divided(&Symbols::new(), 4);
        assert_eq!(divided.intern("A").unwrap().shard(), 0);
        assert!(divided.by_name_in(1).is_empty());
    }
}
