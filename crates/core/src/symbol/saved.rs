//! The table as bytes and back: bounds of shards, then names in the order of their numbers.

use super::{SLOT_BITS, Symbol, Symbols};
use crate::snapshot::{Bytes, Read, Snapshot, SnapshotError, SnapshotWriter, Tag};

/// The fewest bytes of a name: its length, and one.
const LEAST_NAME: usize = 8 + 1;

impl Symbols {
    /// Writes the table into a snapshot; [`Processor::save`](crate::processor::Processor::save) does.
    ///
    /// # Errors
    /// [`SnapshotError::Twice`] when the snapshot has one.
    pub fn save(&self, to: &mut SnapshotWriter) -> Result<(), SnapshotError> {
        to.section(Tag::SYMBOLS, 0, |to| {
            self.put(to);
            Ok(())
        })
    }

    /// The table of a snapshot: every symbol has the number, shard and slot that it had.
    ///
    /// # Errors
    /// [`SnapshotError`] when it has none, or what is there is no table.
    pub fn restored(from: &Snapshot<'_>) -> Result<Self, SnapshotError> {
        from.section(Tag::SYMBOLS, 0, Self::read)
    }

    fn put(&self, to: &mut Bytes) {
        for names in [&self.bounds, &self.names] {
            to.count(names.len());
            names.iter().for_each(|name| to.text(name.as_str()));
        }
    }

    fn read(from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        let symbol = |from: &mut Read<'_>| Symbol::new(from.text("symbol")?).map_err(SnapshotError::Symbol);
        let mut symbols = Self::default();
        for _ in 0..from.count("shards after the first", LEAST_NAME)? {
            let first = symbol(from)?;
            if symbols.bounds.last().is_some_and(|last| *last >= first) {
                let allowed = "names that ascend".to_owned();
                let got = symbols.bounds.len() as u64 + 1;
                return Err(SnapshotError::Value { field: "the beginning of shard", got, allowed });
            }
            symbols.bounds.push(first);
        }
        let (shards, most) = (symbols.bounds.len() + 1, 1_usize << (u32::BITS - SLOT_BITS));
        if shards > most {
            return Err(SnapshotError::value("shards", shards as u64, format!("1 to {most}")));
        }
        symbols.begins = vec![0; symbols.bounds.len()];
        let count = from.count("symbols", LEAST_NAME)?;
        if count > 1 << SLOT_BITS {
            return Err(SnapshotError::value("symbols", count as u64, format!("0 to {}", 1 << SLOT_BITS)));
        }
        for _ in 0..count {
            let symbol = symbol(from)?;
            if symbols.ids.contains_key(&symbol) {
                return Err(SnapshotError::SymbolTwice { symbol: symbol.to_string() });
            }
            symbols.add(symbol);
        }
        Ok(symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Fingerprint;

    fn table() -> Symbols {
        let mut met = Symbols::new();
        for name in ["K", "C", "S", "Ä"] {
            met.intern(name).unwrap();
        }
        let mut divided = Symbols::divided(&met, 3);
        for name in ["S", "C", "AA", "Ä", "K"] {
            divided.intern(name).unwrap();
        }
        divided
    }

    fn read(bytes: &[u8]) -> Result<Symbols, SnapshotError> {
        let mut from = Read::new(bytes);
        Symbols::read(&mut from).and_then(|symbols| from.end().map(|()| symbols))
    }

    #[test]
    fn every_symbol_has_its_number_shard_and_slot_again() {
        let table = table();
        let mut writer = SnapshotWriter::new(Fingerprint(1));
        table.save(&mut writer).unwrap();
        assert!(matches!(table.save(&mut writer), Err(SnapshotError::Twice(_))));
        let bytes = writer.finish();
        let mut again = Symbols::restored(&Snapshot::read(&bytes, Fingerprint(1)).unwrap()).unwrap();
        let mut table = table;
        for name in ["B", "K", "Z"] {
            let (old, new) = (table.intern(name).unwrap(), again.intern(name).unwrap());
            assert_eq!((old.index(), old.shard(), old.slot()), (new.index(), new.shard(), new.slot()));
        }
        let places = |table: &Symbols| {
            let place =
                |&id| (table.name(id).to_string(), crate::SymbolId::shard(id), crate::SymbolId::slot(id));
            table.by_name().iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(places(&table), places(&again));
        assert_eq!((0..4).map(|shard| table.by_name_in(shard).len()).collect::<Vec<_>>(), [3, 1, 3, 0]);
        assert_eq!((0..4).map(|shard| again.by_name_in(shard).len()).collect::<Vec<_>>(), [3, 1, 3, 0]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let bytes = |bounds: &[&str], names: &[&str]| {
            let mut to = Bytes::new();
            for list in [bounds, names] {
                to.count(list.len());
                list.iter().for_each(|name| to.text(name));
            }
            to.into_vec()
        };
        assert!(read(&bytes(&["B"], &["A", "C"])).is_ok());
        assert!(matches!(read(&bytes(&["B", "B"], &[])), Err(SnapshotError::Value { .. })));
        assert!(matches!(read(&bytes(&[], &["A", "A"])), Err(SnapshotError::SymbolTwice { .. })));
        assert!(matches!(read(&bytes(&[], &[" A"])), Err(SnapshotError::Symbol(_))));
        let many: Vec<String> = (0..256).map(|n| format!("{n:03}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(matches!(read(&bytes(&many, &[])), Err(SnapshotError::Value { field: "shards", .. })));
        let mut huge = bytes(&[], &["A"]);
        huge[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(read(&huge), Err(SnapshotError::Value { field: "symbols", .. })));
    }
}
