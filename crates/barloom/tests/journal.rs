//! What was recorded comes back bit for bit; what is damaged is refused, after the whole inputs before it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use std::fs;
use std::path::Path;

use barloom::journal::{
    ConfigKind, FrameFault, JournalConfig, JournalError, JournalFault, JournalReader, JournalWriter,
    RefusedRow,
};
use barloom_core::input::{Input, InputRow};
use barloom_core::{Bar, Label, Record, Symbols, Timestamp};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000_000;

/// A row as it is compared: names for symbols, bits for numbers.
#[derive(Debug, Clone, PartialEq)]
enum Row {
    Bar { symbol: String, open_time: i64, bits: [u64; 6], count: Option<i64>, nulls: [bool; 2] },
    Refused { symbol: Option<String>, time: Option<i64>, source: u32, number: u64, reason: String },
}

/// An input, and names that the table gained before it without a row: a coordinator reads ahead.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Bars { at: i64, rows: Vec<Row>, ahead: Vec<String> },
    Clock(i64),
    End,
}

fn config() -> JournalConfig {
    let sources = vec!["a.csv".to_owned(), "b.csv".to_owned()];
    JournalConfig {
        kind: ConfigKind::Json,
        text: "{\"calendar\": \"XNYS\"}".to_owned(),
        overlay: None,
        sources,
    }
}

fn bar(open_time: i64, bits: [u64; 6], count: Option<i64>, nulls: [bool; 2]) -> Bar {
    let [open, high, low, close, volume, vwap] = bits.map(f64::from_bits);
    let open_time = Timestamp::from_nanos(open_time);
    let [volume, vwap] = [(volume, nulls[0]), (vwap, nulls[1])].map(|(v, null)| (!null).then_some(v));
    let record =
        Record { label: Label::Open(open_time), open, high, low, close, volume, vwap, trade_count: count };
    Bar::new(open_time, &record).unwrap()
}

fn write(dir: &Path, config: &JournalConfig, inputs: &[Told]) {
    let mut symbols = Symbols::new();
    let mut writer = JournalWriter::create(dir, config).unwrap();
    for input in inputs {
        let (mut core, mut refused) = (Vec::new(), Vec::new());
        let input = match input {
            Told::Bars { at, rows, ahead } => {
                for row in rows {
                    core.push(match row {
                        Row::Bar { symbol, open_time, bits, count, nulls } => InputRow::Bar {
                            symbol: symbols.intern(symbol).unwrap(),
                            bar: bar(*open_time, *bits, *count, *nulls),
                        },
                        Row::Refused { symbol, time, source, number, reason } => {
                            refused.push(RefusedRow { source: *source, number: *number, reason });
                            let symbol = symbol.as_ref().map(|name| symbols.intern(name).unwrap());
                            InputRow::Refused { symbol, time: time.map(Timestamp::from_nanos) }
                        }
                    });
                }
                for name in ahead {
                    symbols.intern(name).unwrap();
                }
                Input::Bars { at: Timestamp::from_nanos(*at), rows: &core }
            }
            Told::Clock(at) => Input::Clock(Timestamp::from_nanos(*at)),
            Told::End => Input::End,
        };
        writer.append(input, refused, &symbols).unwrap();
    }
    writer.finish().unwrap();
}

/// Reads all that can be read, and how that ended.
fn read(bytes: &[u8]) -> (Option<JournalConfig>, Vec<Told>, Result<(), JournalError>) {
    let (mut reader, config) = match JournalReader::new("journal".into(), bytes) {
        Ok(opened) => opened,
        Err(error) => return (None, Vec::new(), Err(error)),
    };
    let (mut symbols, mut inputs) = (Symbols::new(), Vec::new());
    loop {
        let met = symbols.len();
        let recorded = match reader.next(&mut symbols) {
            Ok(Some(recorded)) => recorded,
            Ok(None) => return (Some(config), inputs, Ok(())),
            Err(error) => {
                assert!(matches!(reader.next(&mut symbols), Ok(None)));
                return (Some(config), inputs, Err(error));
            }
        };
        let mut refused = recorded.refused();
        let told = match recorded.input {
            Input::Clock(at) => Told::Clock(at.as_nanos()),
            Input::End => Told::End,
            Input::Bars { at, rows } => {
                let mut named = vec![false; symbols.len()];
                let mut name = |symbol: barloom_core::SymbolId| {
                    named[symbol.index()] = true;
                    symbols.name(symbol).to_string()
                };
                let flat = rows.iter().map(|row| match *row {
                    InputRow::Bar { symbol, bar } => Row::Bar {
                        symbol: name(symbol),
                        open_time: bar.open_time().as_nanos(),
                        bits: [
                            bar.open().to_bits(),
                            bar.high().to_bits(),
                            bar.low().to_bits(),
                            bar.close().to_bits(),
                            bar.volume().map_or(0, f64::to_bits),
                            bar.vwap().map_or(0, f64::to_bits),
                        ],
                        count: bar.trade_count(),
                        nulls: [bar.volume().is_none(), bar.vwap().is_none()],
                    },
                    InputRow::Refused { symbol, time } => {
                        let RefusedRow { source, number, reason } = refused.next().unwrap();
                        let (symbol, time) = (symbol.map(&mut name), time.map(Timestamp::as_nanos));
                        Row::Refused { symbol, time, source, number, reason: reason.to_owned() }
                    }
                });
                let rows = flat.collect();
                let mut ahead: Vec<_> =
                    symbols.by_name().iter().filter(|id| id.index() >= met && !named[id.index()]).collect();
                ahead.sort_unstable();
                let ahead = ahead.into_iter().map(|id| symbols.name(*id).to_string()).collect();
                Told::Bars { at: at.as_nanos(), rows, ahead }
            }
        };
        assert!(refused.next().is_none());
        inputs.push(told);
    }
}

fn price() -> impl Strategy<Value = f64> {
    let extreme = vec![0.0, -0.0, f64::MIN_POSITIVE, 5e-324, -5e-324, f64::MAX / 2.0, f64::MIN / 2.0];
    let any = any::<f64>().prop_filter("no range", |v| v.abs() <= f64::MAX / 2.0);
    prop_oneof![3 => 0.01..1000.0, 1 => prop::sample::select(extreme), 1 => any]
}

fn volume() -> impl Strategy<Value = f64> {
    let power = (1_u64 << 49) as f64;
    let extreme = vec![0.0, -0.0, 0.5, power - 1.0, power, power + 1.0, 16.0 * power, 1e300, f64::MAX];
    prop_oneof![(0_u32..).prop_map(f64::from), prop::sample::select(extreme), 0.0..1e6]
}

fn instant() -> impl Strategy<Value = i64> {
    let minutes = (0_i64..2_000_000).prop_map(|minute| 1_600_000_000_000_000_000 + minute * MINUTE);
    prop_oneof![6 => minutes, 1 => any::<i64>(), 1 => prop::sample::select(vec![i64::MIN, -1, 0, 1, i64::MAX])]
}

fn row(at: i64) -> impl Strategy<Value = Row> {
    let symbol =
        || prop::sample::select(vec!["AAA", "BBB", "C", "BTC/USDT:USDT", "Ä"]).prop_map(str::to_owned);
    let time =
        || prop_oneof![3 => Just(at.wrapping_sub(MINUTE)), 1 => instant(), 1 => Just(at.wrapping_sub(1))];
    let count = prop_oneof![Just(None), (0_i64..=i64::MAX).prop_map(Some), Just(Some(7))];
    let values = (prop::array::uniform4(price()), volume(), price(), count, any::<[bool; 2]>());
    let bar = (symbol(), time(), values).prop_map(
        |(symbol, open_time, (mut prices, volume, vwap, count, nulls))| {
            prices.sort_by(f64::total_cmp);
            let [low, open, close, high] = prices;
            let [volume, vwap] = [(volume, nulls[0]), (vwap, nulls[1])].map(|(v, n)| if n { 0.0 } else { v });
            let bits = [open, high, low, close, volume, vwap].map(f64::to_bits);
            Row::Bar { symbol, open_time, bits, count, nulls }
        },
    );
    let refused = (prop::option::of(symbol()), prop::option::of(time()), 0_u32..2, any::<u64>(), ".{0,40}");
    let refused = refused.prop_map(|(symbol, time, source, number, reason)| Row::Refused {
        symbol,
        time,
        source,
        number,
        reason,
    });
    prop_oneof![4 => bar, 1 => refused]
}

fn input() -> impl Strategy<Value = Told> {
    let bars = instant().prop_flat_map(|at| (Just(at), prop::collection::vec(row(at), 0..6)));
    let bars = bars.prop_map(|(at, rows)| Told::Bars { at, rows, ahead: Vec::new() });
    prop_oneof![6 => bars, 1 => instant().prop_map(Told::Clock), 1 => Just(Told::End)]
}

/// A journal's bytes, and what they say.
fn journal() -> impl Strategy<Value = (Vec<u8>, Vec<Told>)> {
    prop::collection::vec(input(), 0..8).prop_map(|mut inputs| {
        // Names that no row has had yet, read ahead with every other input.
        for (place, input) in inputs.iter_mut().enumerate().step_by(2) {
            if let Told::Bars { ahead, .. } = input {
                ahead.extend([format!("Z{place}"), format!("Y{place}")]);
            }
        }
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &config(), &inputs);
        (fs::read(dir.path().join("journal.bin")).unwrap(), inputs)
    })
}

/// Where the frames begin; the last is the end.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut at = vec![12];
    while let Some(length) = bytes.get(at[at.len() - 1]..).and_then(<[u8]>::first_chunk) {
        at.push(at[at.len() - 1] + 8 + u32::from_le_bytes(*length) as usize);
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn inputs_come_back_bit_for_bit((bytes, inputs) in journal()) {
        let (kept, read, end) = read(&bytes);
        prop_assert_eq!(kept, Some(config()));
        prop_assert_eq!(read, inputs);
        prop_assert!(end.is_ok());
    }

    #[test]
    fn a_cut_journal_gives_what_is_whole((bytes, inputs) in journal()) {
        let frames = frames(&bytes);
        for end in 0..bytes.len() {
            let whole = frames.iter().filter(|&&from| from <= end).count().saturating_sub(2);
            let (kept, read, result) = read(&bytes[..end]);
            prop_assert_eq!(&read, &inputs[..whole]);
            if end >= frames[1] && frames.contains(&end) {
                prop_assert!(kept.is_some() && result.is_ok());
            } else {
                let from = frames.iter().rfind(|&&from| from < end).copied().unwrap_or(0);
                let from = if end <= 12 { if end < 12 { 0 } else { 12 } } else { from };
                let fault = result.unwrap_err().fault;
                prop_assert!(matches!(fault, JournalFault::Cut { offset } if offset == from as u64), "{fault} {from}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_found((bytes, inputs) in journal(), at: prop::sample::Index, bit in 0..8_u32) {
        let (mut bytes, at) = (bytes.clone(), at.index(bytes.len()));
        bytes[at] ^= 1_u8 << bit;
        let (_, read, result) = read(&bytes);
        prop_assert!(result.is_err());
        let before = frames(&bytes).iter().filter(|&&from| from <= at).count().saturating_sub(2);
        prop_assert_eq!(&read, &inputs[..before]);
    }
}

/// One symbol's or many symbols' minutes.
fn minutes(symbols: usize, count: i64, volume: impl Fn(i64) -> f64) -> Vec<Told> {
    let minute = |minute: i64| {
        let at = 1_732_631_400_000_000_000 + minute * MINUTE;
        let bits = [100.25, 101.5, 99.75, 100.5, volume(minute), 0.0].map(f64::to_bits);
        let open_time = at - MINUTE;
        let row = |n: usize| {
            let symbol = format!("S{n}");
            Row::Bar { symbol, open_time, bits, count: None, nulls: [false, true] }
        };
        Told::Bars { at, rows: (0..symbols).map(row).collect(), ahead: Vec::new() }
    };
    (0..count).map(minute).collect()
}

#[test]
fn a_bar_takes_at_most_48_bytes() {
    let size = |inputs: &[Told]| {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &config(), inputs);
        fs::metadata(dir.path().join("journal.bin")).unwrap().len() as f64
    };
    let shares = |minute: i64| (100 + 37 * minute) as f64;
    let coins = |minute: i64| 0.1 * (1 + minute) as f64;
    let per_bar = [
        size(&minutes(1, 10_000, shares)) / 1e4,
        size(&minutes(1000, 100, shares)) / 1e5,
        size(&minutes(1000, 100, coins)) / 1e5,
    ];
    println!("bytes a bar: {per_bar:.1?}");
    assert!(per_bar.iter().all(|&bytes| bytes <= 48.0), "{per_bar:?}");
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Row::Refused {
        symbol: None,
        time: Some(59_999_999_999),
        source: 1,
        number: 300,
        reason: "no".to_owned(),
    };
    let bits = [1.0, 2.0, 1.0, 1.5, 5.0, 1.25].map(f64::to_bits);
    let bar = Row::Bar {
        symbol: "A".to_owned(),
        open_time: 60_000_000_000,
        bits,
        count: Some(3),
        nulls: [false; 2],
    };
    let bars = Told::Bars { at: 120_000_000_000, rows: vec![bar, refused], ahead: vec!["B".to_owned()] };
    let config = JournalConfig { text: "{}".to_owned(), overlay: Some("o".to_owned()), ..config() };
    write(dir.path(), &config, &[bars, Told::Clock(119_000_000_000), Told::End]);
    let f64s = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let payloads: [Vec<u8>; 4] = [
        b"\x01\x02{}\x01\x01o\x02\x05a.csv\x05b.csv".to_vec(),
        [
            // Bars with names, 120 s after 1970; 2 names.
            &b"\x04\xf0\x01\x02\x01A\x01B"[..],
            // A whole volume, vwap and count; symbol 0, 60 s before.
            b"\x0d\x00\x77",
            &f64s(&[1.0, 2.0, 1.0, 1.5]),
            b"\x05",
            &f64s(&[1.25]),
            b"\x03",
            // Refused, with a time in nanoseconds: 60,000,000,001 before; source 1, row 300.
            b"\x92\x81\xe0\xba\x84\xbf\x03\x01\xac\x02\x02no",
        ]
        .concat(),
        b"\x01\x01".to_vec(),
        b"\x02".to_vec(),
    ];
    let mut expected = b"BLOOMJNL\x01\0\0\0".to_vec();
    for payload in payloads {
        expected.extend((payload.len() as u32).to_le_bytes());
        expected.extend(crc32fast::hash(&payload).to_le_bytes());
        expected.extend(payload);
    }
    assert_eq!(fs::read(dir.path().join("journal.bin")).unwrap(), expected);
    // CRC-32 as everybody has it: the check value of the IEEE polynomial.
    assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
}

#[test]
fn a_folder_that_holds_a_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let nested = dir.path().join("new/journal");
    write(&nested, &config(), &[Told::End]);
    let error = JournalWriter::create(&nested, &config()).unwrap_err();
    assert!(matches!(error.fault, JournalFault::Exists));
    let text =
        "journal.bin: a journal is there already; name a folder without one, or go on with it by --resume";
    assert!(error.to_string().ends_with(text));
    let (_, kept) = JournalReader::open(&nested).unwrap();
    assert_eq!(kept, config());
    fs::write(dir.path().join("file"), "").unwrap();
    let error = JournalWriter::create(&dir.path().join("file"), &config()).unwrap_err();
    assert!(matches!(error.fault, JournalFault::Io { action: "created", .. }), "{error}");
    let error = JournalReader::open(dir.path()).unwrap_err();
    assert!(matches!(error.fault, JournalFault::Io { action: "opened", .. }), "{error}");
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut symbols = Symbols::new();
    let symbol = Some(symbols.intern("A").unwrap());
    let rows = [InputRow::Refused { symbol, time: None }];
    let at = Timestamp::from_nanos(0);
    let input = Input::Bars { at, rows: &rows };
    let told = RefusedRow { source: 1, number: 1, reason: "no" };
    let mut writer = JournalWriter::create(dir.path(), &config()).unwrap();
    let mut refuse = |told: &[RefusedRow<'_>], symbols: &Symbols| {
        writer.append(input, told.iter().copied(), symbols).unwrap_err().fault
    };
    assert!(matches!(refuse(&[], &symbols), JournalFault::Refused { rows: 1, told: 0 }));
    assert!(matches!(refuse(&[told, told], &symbols), JournalFault::Refused { rows: 1, told: 2 }));
    let fault = refuse(&[RefusedRow { source: 2, ..told }], &symbols);
    assert!(fault.to_string().ends_with("source is 2; allowed is 0 to 1"), "{fault}");
    let fault = refuse(&[told], &Symbols::new());
    assert!(fault.to_string().ends_with("symbol is 0; allowed is none"), "{fault}");
    writer.append(input, [told], &symbols).unwrap();
    let long = "x".repeat(64 << 20);
    let fault = writer.append(input, [RefusedRow { reason: &long, ..told }], &symbols).unwrap_err().fault;
    assert!(matches!(fault, JournalFault::TooLong { .. }), "{fault}");
    writer.append(Input::End, [], &symbols).unwrap();
    // Dropped, it hands over what it has.
    drop(writer);
    let (_, inputs, end) = read(&fs::read(dir.path().join("journal.bin")).unwrap());
    assert_eq!(inputs.len(), 2);
    assert!(end.is_ok());
}

#[test]
fn what_is_no_journal_says_so() {
    let fault = |bytes: &[u8]| read(bytes).2.unwrap_err().fault;
    let found = fault(b"symbol,open_time\n");
    assert!(matches!(found, JournalFault::NotAJournal { found } if found == *b"symbol,o"));
    assert!(matches!(fault(b"BLOOMJNL\x02\0\0\0"), JournalFault::Version { found: 2 }));
    assert!(matches!(fault(b"BLOOM"), JournalFault::Cut { offset: 0 }));
    let long = fault(b"BLOOMJNL\x01\0\0\0\x01\0\0\x04\0\0\0\0");
    assert!(matches!(long, JournalFault::TooLong { offset: 12, length: 0x400_0001 }));
}

#[test]
fn zeros_at_the_end_are_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &config(), &[Told::Clock(1)]);
    let mut bytes = fs::read(dir.path().join("journal.bin")).unwrap();
    let whole = bytes.len() as u64;
    bytes.extend([0; 100]);
    let (_, inputs, end) = read(&bytes);
    assert_eq!(inputs, [Told::Clock(1)]);
    assert!(matches!(end.unwrap_err().fault, JournalFault::Cut { offset } if offset == whole));
}

#[test]
fn a_table_with_names_of_its_own_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &config(), &minutes(1, 1, |_| 1.0));
    let (mut reader, _) = JournalReader::open(dir.path()).unwrap();
    let mut symbols = Symbols::new();
    symbols.intern("other").unwrap();
    let fault = reader.next(&mut symbols).unwrap_err().fault;
    let JournalFault::Frame { fault, .. } = fault else { panic!("{fault}") };
    assert_eq!(fault, FrameFault::Number { name: "S0".to_owned(), got: 1, number: 0 });
}
