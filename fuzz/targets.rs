//! Every parser as a plain function of bytes: it reads them or refuses them, and never panics or hangs.
//!
//! Driven on stable by the tests of the command line (a corpus and its mutations), and by cargo-fuzz through the
//! wrappers in `fuzz_targets/`.

use barloom::config::{ConfigError, SessionConfig};
use barloom::journal::JournalReader;
use barloom_core::input::{Input, InputRow};
use barloom_core::{Calendar, Interval, Overlay, Stamp, Symbol, Symbols, Timestamp};
use barloom_io::{AlpacaDecoder, CsvDecoder, Decoded, LineDecoder, Options, RowReader};

fn options() -> Options {
    let tz = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").ok();
    Options {
        stamp: Some(Stamp::Close),
        tz,
        symbol: Symbol::new("X").ok(),
        base: Interval::MINUTE,
        publisher: None,
    }
}

/// Reads all of the bytes with a decoder: whatever comes is a row, a reject or an error.
macro_rules! drain {
    ($decoder:ident, $bytes:expr) => {
        let (mut input, mut at_end) = ($bytes, false);
        loop {
            at_end |= input.is_empty();
            match if at_end { $decoder.finish() } else { $decoder.decode(&mut input) } {
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
    };
}

/// Reads the bytes as they are, as a file, and under every set of options that leads elsewhere.
pub(crate) fn csv(bytes: &[u8]) {
    let plain = Options::default();
    let daily = Options { base: Interval::DAY, tz: None, stamp: None, ..options() };
    for options in [options(), plain, daily] {
        let mut decoder = CsvDecoder::new(options.clone());
        drain!(decoder, bytes);
        let _ = decoder.resolved().map(|resolved| resolved.to_string());
        let source = std::io::Cursor::new(bytes.to_vec());
        if let Ok(mut reader) = RowReader::new("fuzz", source, options) {
            while let Ok(Some(_)) = reader.next_row() {}
        }
    }
}

/// Reads the bytes as Alpaca's pages, as they are and as a file.
pub(crate) fn alpaca(bytes: &[u8]) {
    for options in [options(), Options::default()] {
        let Ok(mut decoder) = AlpacaDecoder::new(options.clone()) else { continue };
        drain!(decoder, bytes);
        let source = std::io::Cursor::new([b"{", bytes].concat());
        if let Ok(mut reader) = RowReader::new("fuzz", source, options) {
            while let Ok(Some(_)) = reader.next_row() {}
        }
    }
}

/// Reads the bytes as lines of `stream`.
pub(crate) fn ndjson(bytes: &[u8]) {
    for options in [options(), Options::default()] {
        let mut decoder = LineDecoder::new(&options);
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if let Err(error) = decoder.decode(line) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// Reads the bytes as a table of adjustments.
pub(crate) fn adjustments(bytes: &[u8]) {
    if let Err(error) = barloom_io::adjustments("fuzz", &String::from_utf8_lossy(bytes)) {
        assert!(error.to_string().starts_with("fuzz"));
    }
}

/// Text prints as it reads: an interval or instant that was read comes back the same from its own print.
pub(crate) fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(interval) = text.parse::<Interval>() {
        assert_eq!(interval.to_string().parse(), Ok(interval));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        assert_eq!(at.to_string().parse(), Ok(at));
    }
    if let Ok(symbol) = Symbol::new(&text) {
        assert_eq!(symbol.as_str(), text);
    }
}

/// Reads the bytes as an overlay, and applies it to its calendar.
pub(crate) fn overlay(bytes: &[u8]) {
    if let Ok(overlay) = Overlay::parse(&String::from_utf8_lossy(bytes)) {
        let calendar = Calendar::named(overlay.calendar()).expect("an overlay names a calendar that exists");
        if let Err(error) = calendar.with_overlay(&overlay) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// Reads the bytes as a session file in TOML, and makes its rules.
pub(crate) fn config(bytes: &[u8]) {
    session(bytes, SessionConfig::from_toml);
}

/// Reads the bytes as a session file in JSON, and makes its rules.
pub(crate) fn config_json(bytes: &[u8]) {
    session(bytes, SessionConfig::from_json);
}

fn session(bytes: &[u8], read: fn(&str) -> Result<SessionConfig, ConfigError>) {
    let text = String::from_utf8_lossy(bytes);
    match read(&text) {
        Ok(config) => drop(Calendar::named("24/7").map(|calendar| config.rules(calendar))),
        Err(error) => {
            assert!(error.line > 0 && !error.message.is_empty());
            assert!(text.get(error.span.clone()).is_some(), "{error:?}");
        }
    }
}

/// Reads the bytes as a journal: as they are, with every checksum made right, and as an input of a sound one.
pub(crate) fn journal(bytes: &[u8]) {
    read_journal(bytes);
    let mut mended = bytes.to_vec();
    let mut from = 12;
    while let Some(length) = mended.get(from..).and_then(<[u8]>::first_chunk::<4>) {
        let length = u32::from_le_bytes(*length) as usize;
        let Some(frame) = mended.get_mut(from..).and_then(|rest| rest.get_mut(..8 + length)) else { break };
        let checksum = crc32(&frame[8..]);
        frame[4..8].copy_from_slice(&checksum.to_le_bytes());
        from += 8 + length;
    }
    read_journal(&mended);
    let mut sound = b"BLOOMJNL\x01\0\0\0".to_vec();
    // A configuration with one source; a clock input with one name.
    for payload in [&b"\0\0\0\x01\x01s"[..], b"\x05\0\x01\x01A", bytes] {
        sound.extend((payload.len() as u32).to_le_bytes());
        sound.extend(crc32(payload).to_le_bytes());
        sound.extend(payload);
    }
    assert!(read_journal(&sound) > 0);
}

/// How many inputs can be read.
fn read_journal(bytes: &[u8]) -> usize {
    let (mut reader, _) = match JournalReader::new("fuzz".into(), bytes) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz: "));
            return 0;
        }
    };
    let (mut symbols, mut inputs) = (Symbols::new(), 0);
    loop {
        let recorded = match reader.next(&mut symbols) {
            Ok(Some(recorded)) => recorded,
            Ok(None) => return inputs,
            Err(error) => {
                assert!(error.to_string().starts_with("fuzz: "));
                return inputs;
            }
        };
        inputs += 1;
        let rows = if let Input::Bars { rows, .. } = recorded.input { rows } else { &[] };
        let refused = rows.iter().filter(|row| matches!(row, InputRow::Refused { .. })).count();
        assert_eq!(recorded.refused().count(), refused);
        for row in rows {
            match *row {
                InputRow::Bar { symbol, bar } => {
                    assert!(symbol.index() < symbols.len() && bar.low() <= bar.high());
                }
                InputRow::Refused { symbol, .. } => {
                    assert!(symbol.is_none_or(|symbol| symbol.index() < symbols.len()));
                }
            }
        }
    }
}

/// CRC-32 bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), shift))
}
