//! The journal allocates for a new symbol and for a longer input than before, never for a row.
#![allow(clippy::unwrap_used, reason = "a test that can't prepare fails")]
#![allow(unsafe_code, reason = "a global allocator can't be written without it; it only counts and forwards")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use barloom::journal::{ConfigKind, JournalConfig, JournalReader, JournalWriter, RefusedRow};
use barloom_core::input::{Input, InputRow};
use barloom_core::{Bar, Label, Record, Symbols, Timestamp};

struct Counting;

thread_local! {
    /// Of the thread that runs: another one writes the file.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn allocations() -> u64 {
    ALLOCATIONS.get()
}

// SAFETY: every call is forwarded unchanged to the system's allocator, whose contract is the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

#[test]
fn nothing_is_allocated_for_a_row() {
    let dir = tempfile::tempdir().unwrap();
    let (kind, sources) = (ConfigKind::Toml, vec!["a".to_owned()]);
    let config = JournalConfig { kind, text: String::new(), overlay: None, sources };
    let mut symbols = Symbols::new();
    let mut rows: Vec<InputRow> = (0..50)
        .map(|n| {
            let (symbol, open) = (symbols.intern(&format!("S{n}")).unwrap(), Timestamp::from_nanos(0));
            let (label, volume, trade_count) = (Label::Open(open), Some(1.5), Some(3));
            let record = Record {
                label,
                open: 1.0,
                high: 2.0,
                low: 1.0,
                close: 2.0,
                volume,
                vwap: Some(1.5),
                trade_count,
            };
            InputRow::Bar { symbol, bar: Bar::new(open, &record).unwrap() }
        })
        .collect();
    rows.push(InputRow::Refused { symbol: None, time: None });
    let told = RefusedRow { source: 0, number: 7, reason: "not_a_number" };

    let mut writer = JournalWriter::create(dir.path(), &config).unwrap();
    let mut counts = Vec::new();
    for minute in 0..1000 {
        let at = Timestamp::from_nanos(minute * 60_000_000_000);
        let before = allocations();
        writer.append(Input::Bars { at, rows: &rows }, [told], &symbols).unwrap();
        counts.push(allocations() - before);
    }
    writer.finish().unwrap();
    assert_eq!(counts[1..].iter().sum::<u64>(), 0, "written");

    let (mut reader, _) = JournalReader::open(dir.path()).unwrap();
    let (mut symbols, mut counts, mut rows) = (Symbols::new(), Vec::new(), 0);
    loop {
        let before = allocations();
        let Some(recorded) = reader.next(&mut symbols).unwrap() else { break };
        rows += if let Input::Bars { rows, .. } = recorded.input { rows.len() } else { 0 };
        counts.push(allocations() - before);
    }
    assert_eq!(rows, 51_000);
    assert_eq!(counts[1..].iter().sum::<u64>(), 0, "read");
}
