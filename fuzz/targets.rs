//! Every parser as a plain function of bytes: it reads them or refuses them, and never panics or hangs.
//!
//! Driven on stable by the tests of the command line (a corpus and its mutations), and by cargo-fuzz through the
//! wrappers in `fuzz_targets/`.

use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use barloom::analysis::{Pattern, Subscriber, SubscriberError};
use barloom::checkpoint::{self, Checkpoint, PartReader, PartWriter, Told};
use barloom::config::{ConfigError, Historical, Origin, SessionConfig};
use barloom::coordinator::{Inputs, Next, Refused};
use barloom::engine::{Engine, EngineConfig, Reject};
use barloom::journal::{ConfigKind, JournalConfig, JournalReader, JournalWriter};
use barloom_core::derive::{DeriveConfig, DeriveRules, FileTrial};
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::{Notice, Notices};
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotError, SnapshotWriter};
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig, View};
use barloom_core::{
    Bar, Calendar, Interval, Label, Overlay, Record, Stamp, Symbol, SymbolId, Symbols, Timestamp,
};
use barloom_io::{
    AlpacaDecoder, BarColumns, BarRow, BatchTable, ColumnFormat, CsvDecoder, Decoded, Facts, LineDecoder,
    Options, RowReader,
};

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

/// Reads the bytes as a file of any format and as a pipe, which Parquet and Arrow files can't come through.
pub(crate) fn columns(bytes: &[u8]) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // A number of its own, since tests run side by side.
    let name = format!("barloom-fuzz-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).expect("a temporary file");
    for options in [options(), Options::default()] {
        let facts = Facts::of_file(&path);
        let _ = (facts.stamp(), facts.base(), facts.input_base());
        let pipe = RowReader::new("fuzz", std::io::Cursor::new(bytes.to_vec()), options.clone());
        for reader in [RowReader::open(&path, options), pipe] {
            let Ok(mut reader) = reader else { continue };
            while let Ok(Some(decoded)) = reader.next_row() {
                if let Decoded::Reject(reject) = decoded {
                    assert!(!reject.reason.to_string().is_empty());
                }
            }
        }
    }
    let _ = std::fs::remove_file(&path);
}

/// Sound tables of columns, one of each format.
pub(crate) fn tables() -> &'static [&'static [u8]] {
    static ALL: OnceLock<Vec<&[u8]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let formats = [ColumnFormat::Parquet, ColumnFormat::ArrowFile, ColumnFormat::ArrowStream];
        formats.map(|format| &*Vec::leak(table(format))).to_vec()
    })
}

fn table(format: ColumnFormat) -> Vec<u8> {
    let from: Timestamp = "2024-11-26T14:30:00Z".parse().expect("an instant");
    let at = |minute: i64| from.saturating_add(minute * 60_000_000_000);
    let facts = Facts::default().with("stamp", "open").with("base", "1m");
    let columns = BarColumns::new(&["rsi_14"], true, &facts);
    let mut table = BatchTable::new(Vec::new(), format, columns).expect("memory");
    for minute in 0..5 {
        let row = BarRow {
            symbol: if minute % 2 == 0 { "AAA" } else { "B" },
            interval: Interval::MINUTE,
            session: "2024-11-26",
            open_time: at(minute),
            close_time: at(minute + 1),
            open: 100.0,
            high: 102.0,
            low: 99.0,
            close: 101.0,
            volume: (minute != 3).then_some(10.0),
            vwap: (minute == 2).then_some(100.5),
            trade_count: (minute == 1).then_some(7),
            n_base: 1,
            n_expected: 1,
            hours: Some("regular"),
        };
        table.write(&row, &[f64::NAN]).expect("memory");
    }
    table.finish().expect("memory")
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

/// Reads the bytes as a journal: as they are, with every checksum made right, and as an input of a sound one. What can be read is run.
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

/// How many inputs can be read, and run.
fn read_journal(bytes: &[u8]) -> usize {
    let (mut reader, _) = match JournalReader::new("fuzz".into(), bytes) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz: "));
            return 0;
        }
    };
    let (mut symbols, mut inputs) = (Symbols::new(), 0);
    let mut run = Run::new(Symbols::new());
    let mut has_ended = false;
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
        // Behind the end nothing is run, nor behind a date that the calendar does not know.
        has_ended = has_ended || run.input(inputs as u32, recorded.input, &symbols).is_err();
        has_ended |= matches!(recorded.input, Input::End);
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

/// The configuration of snapshots here.
const OF: Fingerprint = Fingerprint(7);
/// Bytes of a snapshot before its sections, and of a section before its payload.
const SNAPSHOT_HEADER: usize = 28;
const SECTION_HEADER: usize = 20;

/// Reads the bytes as a snapshot: as they are, with every checksum made right, and as each section of a sound one. What can be restored
/// goes on.
pub(crate) fn snapshot(bytes: &[u8]) {
    go_on(bytes);
    let mut mended = bytes.to_vec();
    if let Some(header) = mended.get_mut(..SNAPSHOT_HEADER) {
        header[..12].copy_from_slice(b"BLOOMSNP\x01\0\0\0");
        header[12..20].copy_from_slice(&OF.0.to_le_bytes());
        let checksum = crc32(&header[..SNAPSHOT_HEADER - 4]);
        header[SNAPSHOT_HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        mend_sections(&mut mended);
    }
    go_on(&mended);
    let sound = sound_snapshot();
    // A snapshot within a section is no state of anything.
    let payloads = if bytes.starts_with(b"BLOOMSNP") { Vec::new() } else { sections(sound) };
    for own in payloads {
        let mut other = sound[..own.start].to_vec();
        let header = other.len() - SECTION_HEADER;
        other[header + 8..header + 16].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        other.extend_from_slice(bytes);
        other.extend_from_slice(&sound[own.end..]);
        mend_sections(&mut other);
        go_on(&other);
    }
}

/// A sound snapshot, and the payload of each of its sections.
pub(crate) fn snapshots() -> &'static [&'static [u8]] {
    static ALL: OnceLock<Vec<&[u8]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let sound = sound_snapshot();
        std::iter::once(sound).chain(sections(sound).into_iter().map(|own| &sound[own])).collect()
    })
}

/// Where the payloads of the sections lie that are whole.
fn sections(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut from, mut all) = (SNAPSHOT_HEADER, Vec::new());
    while let Some(length) = bytes.get(from..).and_then(|rest| rest.get(8..)).and_then(<[u8]>::first_chunk) {
        let start = from + SECTION_HEADER;
        let Some(end) =
            usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| start.checked_add(length))
        else {
            break;
        };
        if end > bytes.len() {
            break;
        }
        all.push(start..end);
        from = end;
    }
    all
}

fn mend_sections(bytes: &mut [u8]) {
    for own in sections(bytes) {
        let header = own.start - SECTION_HEADER;
        let checked = [&bytes[header..header + 16], &bytes[own.clone()]].concat();
        bytes[header + 16..own.start].copy_from_slice(&crc32(&checked).to_le_bytes());
    }
}

/// A run of a few minutes of two symbols.
struct Run {
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    symbols: Symbols,
}

impl Run {
    fn new(symbols: Symbols) -> Self {
        // Once: a calendar lays its years out when it is first asked for them.
        static RULES: OnceLock<DeriveRules> = OnceLock::new();
        let intervals = ["1m", "5m", "1w"].map(|text| text.parse().expect("an interval"));
        let rules = RULES.get_or_init(|| {
            let calendar = Calendar::named("XNYS").expect("a calendar");
            DeriveRules::new(DeriveConfig::new(calendar, &intervals)).expect("sound rules")
        });
        let specs = ["sma:2", "macd:2,3,2", "vwap@5m"].map(|text| text.parse().expect("a spec"));
        let plan = Plan::new(&specs, &intervals).expect("a sound plan");
        let outputs = intervals.iter().map(|&interval| plan.columns(interval).to_vec()).collect();
        let (historical, keep) = (vec!["gap".to_owned()], Keep::Session);
        let config = StoreConfig { rules: rules.clone(), outputs, keep, retain: 1, ahead: 0, historical };
        let (writer, data) = SessionWriter::new(config);
        Self { processor: Processor::new(rules.clone(), plan), writer, data, symbols }
    }

    fn take(&mut self, minutes: Range<i64>) {
        let Self { processor, writer, data, symbols } = self;
        let from: Timestamp = "2024-11-26T14:30:00Z".parse().expect("an instant");
        let at = |minute: i64| from.saturating_add(minute * 60_000_000_000);
        let ids: Vec<SymbolId> = ["B", "A"].iter().filter_map(|name| symbols.intern(name).ok()).collect();
        let mut notices = Notices::default();
        for minute in minutes {
            let row = |(number, &symbol): (usize, &SymbolId)| {
                let (open, number) = (100.0 + minute as f64, number as i64);
                let (high, low, close) = (open + 2.0, open - 1.0, open + 1.0);
                let (vwap, trade_count) = ((minute % 4 == number).then_some(open), Some(minute));
                let label = Label::Open(at(minute));
                let record = Record { label, open, high, low, close, volume: Some(5.0), vwap, trade_count };
                Bar::new(at(minute), &record).ok().map(|bar| InputRow::Bar { symbol, bar })
            };
            let rows: Vec<InputRow> = ids.iter().enumerate().filter_map(row).collect();
            let _ = processor.take(Input::Bars { at: at(minute + 1), rows: &rows }, symbols, &mut notices);
            while let Some(now) = processor.step(minute as u32, writer, &mut notices) {
                let view = View::new(data, symbols, minute as u32, now);
                for (&symbol, rule) in ids.iter().zip(&data.rules().intervals) {
                    let series = view.series(symbol, rule.interval);
                    series.map(|series| (series.newest(), series.last(9).count(), series.latest_value(0)));
                    let _ = (view.forming(symbol, rule.interval), view.historical(symbol, "gap"));
                }
            }
        }
    }

    /// Takes an input, and publishes what it closes.
    fn input(&mut self, number: u32, input: Input<'_>, symbols: &Symbols) -> Result<(), ()> {
        let mut notices = Notices::default();
        self.processor.take(input, symbols, &mut notices).map_err(drop)?;
        while self.processor.step(number, &mut self.writer, &mut notices).is_some() {}
        Ok(())
    }

    fn save(&mut self) -> Vec<u8> {
        let mut to = SnapshotWriter::new(OF);
        self.processor.save(&self.symbols, &self.writer, &mut to).expect("indicators that can be saved");
        to.finish()
    }
}

fn sound_snapshot() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let mut run = Run::new(Symbols::new());
        run.writer.publish_historical(Timestamp::MIN, vec![1.0, 2.0], 0);
        run.take(2..7);
        run.save()
    })
}

/// Restores what can be, and goes on with it.
fn go_on(bytes: &[u8]) {
    let restored = || -> Result<Run, SnapshotError> {
        let snapshot = Snapshot::read(bytes, OF)?;
        let mut run = Run::new(Symbols::restored(&snapshot)?);
        run.processor.restore(&run.symbols, &mut run.writer, &snapshot)?;
        Ok(run)
    };
    match restored() {
        Ok(mut run) => {
            run.take(6..12);
            run.save();
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What checkpoints and parts here are bound to.
fn kept_config() -> JournalConfig {
    let sources = vec!["rows".to_owned()];
    JournalConfig { kind: ConfigKind::Toml, text: "fuzz".to_owned(), overlay: None, sources }
}

/// Rows of two sessions, or of the second alone, behind a checkpoint.
struct Rows {
    symbols: Symbols,
    rows: Vec<InputRow>,
    minutes: std::vec::IntoIter<Timestamp>,
    before: u64,
    next: Option<Timestamp>,
}

impl Rows {
    fn new(symbols: Symbols, days: &[&str], before: u64) -> Self {
        let minutes = days.iter().flat_map(|day| {
            let open: Timestamp = format!("{day}T14:30:00Z").parse().expect("an instant");
            (0..4).map(move |minute| open.saturating_add(minute * 60_000_000_000))
        });
        let mut minutes = minutes.collect::<Vec<_>>().into_iter();
        let next = minutes.next();
        Self { symbols, rows: Vec::new(), minutes, before, next }
    }
}

impl Inputs for Rows {
    type Error = std::convert::Infallible;

    fn advance(&mut self) -> Result<Next, Self::Error> {
        self.rows.clear();
        let Some(open) = std::mem::replace(&mut self.next, self.minutes.next()) else { return Ok(Next::End) };
        for (number, name) in ["B", "A"].into_iter().enumerate() {
            let price = 100.0 + number as f64;
            let label = Label::Open(open);
            let record = Record {
                label,
                open: price,
                high: price + 2.0,
                low: price - 1.0,
                close: price + 1.0,
                volume: Some(5.0),
                vwap: (number == 0).then_some(price),
                trade_count: Some(3),
            };
            let symbol = self.symbols.intern(name).expect("a name");
            self.rows.push(InputRow::Bar { symbol, bar: Bar::new(open, &record).expect("a bar") });
        }
        Ok(Next::Bars(open.saturating_add(60_000_000_000)))
    }

    fn rows(&self) -> &[InputRow] {
        &self.rows
    }

    fn refused(&self) -> &[Refused] {
        &[]
    }

    fn origin(&self, _: usize) -> (usize, u64) {
        (0, 1)
    }

    fn source(&self, _: usize) -> &str {
        "rows"
    }

    fn unit(&self, _: usize) -> &'static str {
        "row"
    }

    fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    fn trial(&self) -> Option<&FileTrial> {
        None
    }

    fn is_recorded(&self) -> bool {
        false
    }

    fn before(&self) -> u64 {
        self.before
    }

    fn following(&self) -> Option<Timestamp> {
        self.next.map(|open| open.saturating_add(60_000_000_000))
    }
}

fn kept_rules() -> DeriveRules {
    static RULES: OnceLock<DeriveRules> = OnceLock::new();
    let make = || {
        let intervals = ["1m", "1d"].map(|text| text.parse().expect("an interval"));
        DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS").expect("a calendar"), &intervals))
    };
    RULES.get_or_init(|| make().expect("sound rules")).clone()
}

/// A run that has something of every section.
fn kept_run() -> EngineConfig {
    let rules = kept_rules();
    let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
    let plan = Plan::new(&["sma:2".parse().expect("a spec")], &intervals).expect("a sound plan");
    let historical =
        vec![Historical { spec: "avg_range:1".parse().expect("a spec"), interval: Interval::DAY }];
    EngineConfig { origin: Origin::Sessions(1), historical, ..EngineConfig::new(rules, plan) }
}

/// A folder that is gone when `work` is done.
fn in_a_folder<T>(work: impl FnOnce(&Path) -> T) -> T {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("barloom-fuzz-dir-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).expect("a temporary folder");
    let done = work(&path);
    let _ = std::fs::remove_dir_all(&path);
    done
}

/// A sound checkpoint, and the payload of each of its sections.
pub(crate) fn checkpoints() -> &'static [&'static [u8]] {
    static ALL: OnceLock<Vec<&[u8]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let sound = in_a_folder(|dir| {
            let mut engine =
                Engine::new(kept_run(), Rows::new(Symbols::new(), &["2024-11-25", "2024-11-26"], 0));
            engine.keep_journal(JournalWriter::create(dir, &kept_config()).expect("a journal"));
            engine.keep_checkpoints(dir, checkpoint::fingerprint(&kept_config())).expect("a folder");
            engine.run().expect("a run");
            std::fs::read(dir.join("checkpoint-000001.snapshot")).expect("a checkpoint")
        });
        let sound: &[u8] = Vec::leak(sound);
        std::iter::once(sound).chain(sections(sound).into_iter().map(|own| &sound[own])).collect()
    })
}

/// Reads the bytes as a checkpoint: as they are, with every checksum made right, and as each section of a sound one. What can be restored
/// goes on.
pub(crate) fn checkpoint(bytes: &[u8]) {
    go_on_from(bytes);
    let mut mended = bytes.to_vec();
    if let Some(header) = mended.get_mut(..SNAPSHOT_HEADER) {
        header[..12].copy_from_slice(b"BLOOMSNP\x01\0\0\0");
        header[12..20].copy_from_slice(&checkpoint::fingerprint(&kept_config()).0.to_le_bytes());
        let checksum = crc32(&header[..SNAPSHOT_HEADER - 4]);
        header[SNAPSHOT_HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        mend_sections(&mut mended);
    }
    go_on_from(&mended);
    let sound = checkpoints()[0];
    let payloads = if bytes.starts_with(b"BLOOMSNP") { Vec::new() } else { sections(sound) };
    for own in payloads {
        let mut other = sound[..own.start].to_vec();
        let header = other.len() - SECTION_HEADER;
        other[header + 8..header + 16].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        other.extend_from_slice(bytes);
        other.extend_from_slice(&sound[own.end..]);
        mend_sections(&mut other);
        go_on_from(&other);
    }
}

/// Restores what can be, and goes on with it; whether it could.
fn go_on_from(bytes: &[u8]) -> bool {
    let of = checkpoint::fingerprint(&kept_config());
    let restored = || {
        let from = Checkpoint::of_bytes("fuzz".into(), bytes.to_vec(), of)?;
        let mut symbols = Symbols::new();
        symbols.catch_up(from.symbols());
        let rows = Rows::new(symbols, &["2024-11-26", "2024-11-27"], from.mark().inputs);
        let mut engine = Engine::new(kept_run().from_checkpoint(&from), rows);
        engine.restore(&from).map(|()| engine)
    };
    match restored() {
        // A date that the calendar does not know may end it.
        Ok(engine) => engine.run().map_or(true, |_| true),
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz: "));
            false
        }
    }
}

/// A sound part, and the payload of its frame.
pub(crate) fn parts() -> &'static [&'static [u8]] {
    static ALL: OnceLock<Vec<&[u8]>> = OnceLock::new();
    ALL.get_or_init(|| {
        let sound = in_a_folder(|dir| {
            let part = PartWriter::begin(dir, 1, OF).expect("a part");
            let mut keeper = Keeper(part);
            let mut engine = Engine::new(kept_run(), Rows::new(Symbols::new(), &["2024-11-25"], 0));
            engine.subscribe("keeper", Pattern::rows(), &mut keeper);
            engine.run().expect("a run");
            let reject = Reject {
                source: "rows",
                unit: "row",
                number: 7,
                symbol: None,
                time: Some(Timestamp::from_nanos(0)),
                reason: "none",
            };
            keeper.0.refused(&reject).expect("a part");
            keeper.0.seal().expect("a part");
            std::fs::read(dir.join("part-000001.told")).expect("a part")
        });
        let sound: &[u8] = Vec::leak(sound);
        vec![sound, &sound[PART_HEADER + 8..]]
    })
}

struct Keeper(PartWriter);

impl Subscriber for &mut Keeper {
    fn notice(&mut self, notice: &Notice<'_>, _: &View<'_>) -> Result<(), SubscriberError> {
        match notice {
            Notice::Bar(bar, values) => self.0.bar(bar, values)?,
            Notice::Warning(warning) => self.0.warning(warning)?,
            Notice::Indicator(..) => {}
        }
        Ok(())
    }
}

/// Bytes of a part before its first frame.
const PART_HEADER: usize = 20;

/// Reads the bytes as a part: as they are, with every checksum made right, and as the first frame of a sound one.
pub(crate) fn part(bytes: &[u8]) {
    read_part(bytes);
    let mut mended = bytes.to_vec();
    let mut from = PART_HEADER;
    while let Some(length) = mended.get(from..).and_then(<[u8]>::first_chunk::<4>) {
        let length = u32::from_le_bytes(*length) as usize;
        let Some(frame) = mended.get_mut(from..).and_then(|rest| rest.get_mut(..8 + length)) else { break };
        let checksum = crc32(&frame[8..]);
        frame[4..8].copy_from_slice(&checksum.to_le_bytes());
        from += 8 + length;
    }
    read_part(&mended);
    let mut sound = parts()[0][..PART_HEADER].to_vec();
    sound.extend((bytes.len() as u32).to_le_bytes());
    sound.extend(crc32(bytes).to_le_bytes());
    sound.extend(bytes);
    read_part(&sound);
}

/// How many records can be read.
fn read_part(bytes: &[u8]) -> usize {
    let (rules, mut symbols) = (kept_rules(), Symbols::new());
    ["B", "A"].iter().for_each(|name| drop(symbols.intern(name)));
    let mut records = 0;
    let mut reader = match PartReader::new("fuzz".into(), bytes, OF) {
        Ok(reader) => reader,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz: "));
            return 0;
        }
    };
    loop {
        match reader.next(&rules, &symbols) {
            Ok(Some(Told::Bar(bar, _))) => assert!(bar.symbol.index() < 2),
            Ok(Some(_)) => {}
            Ok(None) => return records,
            Err(error) => {
                assert!(error.to_string().starts_with("fuzz: "));
                return records;
            }
        }
        records += 1;
    }
}

/// What is sound is read whole: how many records, and whether a run goes on from the checkpoint.
pub(crate) fn kept_is_read() -> (usize, bool) {
    (read_part(parts()[0]), go_on_from(checkpoints()[0]))
}

/// CRC-32 byte by byte.
fn crc32(bytes: &[u8]) -> u32 {
    const OF_BYTE: [u32; 256] = {
        let (mut table, mut byte) = ([0; 256], 0);
        while byte < 256 {
            let (mut crc, mut bit) = (byte as u32, 0);
            while bit < 8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &byte| (crc >> 8) ^ OF_BYTE[(crc as u8 ^ byte) as usize])
}
