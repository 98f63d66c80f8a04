//! Every parser as a plain function of bytes: it reads them or refuses them, and never panics or hangs.
//!
//! Driven on stable by the tests of the command line (a corpus and its mutations), and by cargo-fuzz through the
//! wrappers in `fuzz_targets/`.

use barloom::config::{ConfigError, SessionConfig};
use barloom_core::{Calendar, Interval, Overlay, Stamp, Symbol, Timestamp};
use barloom_io::{CsvDecoder, Decoded, LineDecoder, Options, RowReader};

fn options() -> Options {
    let tz = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").ok();
    Options { stamp: Some(Stamp::Close), tz, symbol: Symbol::new("X").ok(), base: Interval::MINUTE }
}

/// Reads the bytes as they are, as a file, and under every set of options that leads elsewhere.
pub(crate) fn csv(bytes: &[u8]) {
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
