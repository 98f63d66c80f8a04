//! Any bytes at all: each parser gives rows or refusals and never panics or hangs, and what a table writes
//! reads back to the same bits.
//!
//! The targets are plain functions of bytes, driven here on stable by a corpus and its mutations.

use barloom_core::{Interval, Label, Stamp, Symbol, Timestamp};
use barloom_io::{BarRow, BarTable, CsvDecoder, Decoded, LineDecoder, Options, RowReader};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const CSV: &[&[u8]] = &[
    b"symbol,open_time,open,high,low,close,volume,vwap,trade_count\nAAA,2024-11-25T09:00:00Z,230,231,229,230,1461,,13\n",
    b"timestamp,open,high,low,close\n2013-02-01 00:00:00+00:00,91.715,91.715,91.653,91.653\n2013-02-01 00:01:00,1,1,1,1\n",
    b"\xef\xbb\xbft;o;h;l;c\r\n1732631400000;1,5;2;1;2\r\n\"17326\n31460000\";\"1\"\"\";2;1;2\r\n",
    b"open_time,open,high,low,close,volume,close_time,count\n1499040000000,0.0163,0.8,0.01,0.015,1e3,1499040059999,7.0",
    b"Date,Time,Open,High,Low,Close\n2024-11-26,09:30,1,2,1,2\n",
    b"ts,o,h,l,c\n2024-11-03 01:30:00,1,1,1,1\n-9223372036854775808,nan,inf,-inf,1e999\n20241126,,,,\n",
    b"\"",
    b"",
];

const NDJSON: &[&[u8]] = &[
    br#"{"bar":{"symbol":"AAA","ts":"2024-11-26T14:30:00Z","open":100,"high":102,"low":99,"close":101,"volume":10}}"#,
    br#"{"bar":{"ts":1732631400000000000,"open":1e308,"high":-0.0,"low":18446744073709551616,"close":null}}"#,
    br#"{"clock":"2024-11-26T14:35:00-05:00"}"#,
    br#"{"clock":"2024-11-03 01:30:00"}"#,
    b"[[[[{\"bar\":{\"bar\":\"\\ud800\"}}]]]]",
    b" ",
];

fn options() -> Options {
    let tz = TimeZone::get("America/New_York").ok();
    Options { stamp: Some(Stamp::Close), tz, symbol: Symbol::new("X").ok(), base: Interval::MINUTE }
}

/// Reads the bytes as they are, as a file, and under every set of options that leads elsewhere.
fn csv(bytes: &[u8]) {
    let plain = Options::default();
    let daily = Options { base: Interval::DAY, tz: None, stamp: None, ..options() };
    for options in [options(), plain, daily] {
        let mut decoder = CsvDecoder::new(options.clone());
        let (mut input, mut at_end) = (bytes, false);
        loop {
            at_end |= input.is_empty();
            match if at_end { decoder.finish() } else { decoder.decode(&mut input) } {
                Ok(Some(Decoded::Row(row))) => assert!(row.number > 0),
                Ok(Some(Decoded::Reject(reject))) => assert!(reject.reason.to_string().contains(": ")),
                Ok(None) if at_end => break,
                Ok(None) => {}
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    break;
                }
            }
        }
        let _ = decoder.resolved().map(|resolved| resolved.to_string());
        let source = std::io::Cursor::new(bytes.to_vec());
        if let Ok(mut reader) = RowReader::new("fuzz", source, options) {
            while let Ok(Some(_)) = reader.next_row() {}
        }
    }
}

fn ndjson(bytes: &[u8]) {
    for options in [options(), Options::default()] {
        let mut decoder = LineDecoder::new(&options);
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if let Err(error) = decoder.decode(line) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// One of the corpus with some bytes replaced, put in or taken out.
fn mutated(corpus: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(b",;\"\n\r\t 0123456789-+:.TZeE{}[]\\\x00\xff\xef\xbb\xbf".to_vec());
    let edit = (any::<prop::sample::Index>(), 0..3, prop_oneof![likely, any::<u8>()]);
    (prop::sample::select(corpus), prop::collection::vec(edit, 0..12)).prop_map(|(seed, edits)| {
        let mut bytes = seed.to_vec();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.extend_from_slice(seed),
            }
        }
        bytes
    })
}

#[test]
fn the_corpus_and_its_beginnings_are_read_or_refused() {
    for bytes in CSV {
        (0..=bytes.len()).for_each(|end| csv(&bytes[..end]));
    }
    for bytes in NDJSON {
        (0..=bytes.len()).for_each(|end| ndjson(&bytes[..end]));
    }
}

proptest! {
    #[test]
    fn mutated_csv_is_read_or_refused(bytes in mutated(CSV)) {
        csv(&bytes);
    }

    #[test]
    fn mutated_lines_are_read_or_refused(bytes in mutated(NDJSON)) {
        ndjson(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        csv(&bytes);
        ndjson(&bytes);
    }

    #[test]
    fn packed_bytes_that_are_damaged_are_read_or_refused(
        magic in prop::sample::select(vec![&b"\x1f\x8b\x08\x00"[..], b"\x28\xb5\x2f\xfd\x04", b"\x50\x2a\x4d\x18"]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        csv(&[magic, &bytes].concat());
    }

    #[test]
    fn a_written_table_reads_back_to_the_same_bits(
        symbol in "[A-Za-z0-9.,\"/:=]{1,12}",
        nanos: i64,
        prices: [f64; 4],
        volume: Option<f64>,
        vwap in prop::option::of(0..10_000_000_i64),
        trade_count in prop::option::of(any::<i64>()),
    ) {
        let open_time = Timestamp::from_nanos(nanos);
        let [open, high, low, close] = prices;
        let vwap = vwap.map(|ticks| ticks as f64 / 1e4);
        let bar = BarRow {
            symbol: &symbol, interval: Interval::MINUTE, session: "2024-11-26", open_time, close_time: open_time,
            open, high, low, close, volume, vwap, trade_count, n_base: 1, n_expected: 1, hours: None,
        };
        let mut table = BarTable::new(Vec::new(), &["rsi_14"], true).unwrap();
        table.write(&bar, &[None]).unwrap();
        let bytes = table.into_inner();
        let mut decoder = CsvDecoder::new(Options::default());
        let Some(Decoded::Row(row)) = decoder.decode(&mut &bytes[..]).unwrap() else { panic!("a reject") };
        let read = row.record;
        prop_assert_eq!((row.symbol, read.label), (symbol.as_str(), Label::Open(open_time)));
        let bits = |values: [f64; 4]| values.map(f64::to_bits);
        prop_assert_eq!(bits([read.open, read.high, read.low, read.close]), bits(prices));
        // NaN is how a null is written in an optional column.
        prop_assert_eq!(read.volume.map(f64::to_bits), volume.filter(|v| !v.is_nan()).map(f64::to_bits));
        prop_assert_eq!((read.vwap, read.trade_count), (vwap, trade_count));
    }
}
