//! A run on several threads tells, publishes and writes down what a run on one does, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::config::{Historical, OnSubscriberError, Origin};
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig, OnInvalid, Reject, RunSummary, Threads};
use barloom::journal::{ConfigKind, JournalConfig, JournalWriter};
use barloom::source::{Source, SourceRow, Unreadable};
use barloom::subscription::Wait;
use barloom_core::derive::{DeriveConfig, DeriveRules};
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::store::{Keep, View};
use barloom_core::{Calendar, Interval, Label, Record, Symbols};
use common::{File, Given, INTERVALS, Rows, config_with_grace, market, run_to_end, within};
use proptest::prelude::*;

/// Writes down every notice and what the view shows beside it.
#[derive(Default)]
struct Transcript {
    text: String,
    /// Every so many notices, all series are looked at.
    looks: usize,
    notices: usize,
    /// It stops for a while now and then, so that others go ahead.
    lags: bool,
}

impl Transcript {
    fn new(looks: usize) -> Self {
        Self { looks, ..Self::default() }
    }

    fn look(&mut self, view: &View<'_>) {
        for &symbol in view.symbols().by_name() {
            for interval in INTERVALS.map(|text| text.parse().unwrap()) {
                let Some(series) = view.series(symbol, interval) else {
                    continue;
                };
                let pieces: Vec<usize> = series.last(usize::MAX).map(|bars| bars.len()).collect();
                let values: Vec<_> = (0..9).map(|output| series.value(output, 0).map(f64::to_bits)).collect();
                let newest =
                    series.newest().map(|bar| (bar.bar.open_time(), bar.bar.close().to_bits(), bar.n_base));
                let forming =
                    view.forming(symbol, interval).map(|bar| (bar.bar.high().to_bits(), bar.n_base));
                let historical = view.historical(symbol, "avg_range_2").map(f64::to_bits);
                let shown = (
                    pieces,
                    series.sessions(2).count(),
                    series.is_ready(),
                    values,
                    newest,
                    forming,
                    historical,
                );
                let _ = writeln!(self.text, "  {} {interval} {shown:x?}", view.symbols().name(symbol));
            }
        }
    }
}

impl Subscriber for &mut Transcript {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        let name = |symbol| view.symbols().name(symbol).as_str();
        let (step, now) = (view.step(), view.now());
        let _ = match notice {
            Notice::Bar(bar, values) => {
                let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                let (symbol, interval, close) = (name(bar.symbol), bar.interval, bar.close_time);
                writeln!(
                    self.text,
                    "{step} {now} {symbol} {interval} {close} {:?} {} {bits:x?}",
                    bar.bar, bar.n_base
                )
            }
            Notice::Indicator(bar, reading) => {
                writeln!(
                    self.text,
                    "{step} {} {} {} {:?}",
                    name(bar.symbol),
                    bar.interval,
                    reading.name,
                    reading.values
                )
            }
            Notice::Warning(warning) => {
                let symbol = warning.symbol.map(name);
                writeln!(
                    self.text,
                    "{step} {symbol:?} {} {} {:?}",
                    warning.interval, warning.kind, warning.time
                )
            }
        };
        self.notices += 1;
        let half_hour = "30m".parse().unwrap();
        let is_half_hour = matches!(notice, Notice::Bar(bar, _) if bar.interval == half_hour);
        if is_half_hour && self.lags {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        if is_half_hour || self.notices.is_multiple_of(self.looks) {
            self.look(view);
        }
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, symbols: &Symbols) {
        let symbol = reject.symbol.map(|symbol| symbols.name(symbol).as_str());
        let _ =
            writeln!(self.text, "refused {} {} {symbol:?} {}", reject.source, reject.number, reject.reason);
    }
}

/// A file in which one row in 83 can't be read, and does not even name its symbol.
struct Spoilt(File, u64);

impl Source for Spoilt {
    type Error = Infallible;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Infallible> {
        self.1 += 1;
        if !self.1.is_multiple_of(83) {
            return self.0.next_row(symbols);
        }
        let why = Unreadable { symbol: None, time: None, reason: "ink on it".to_owned() };
        Ok(Some(SourceRow { number: self.1, content: Err(why) }))
    }
}

impl Given for Spoilt {
    fn given(&self) -> u64 {
        self.0.given() + self.1 / 83
    }
}

/// What a run came to.
#[derive(PartialEq)]
struct Outcome {
    summary: RunSummary,
    journal: Vec<u8>,
    told: [String; 3],
}

/// All files of a folder, one behind the other.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
}

/// Runs files with three subscribers, of which two may have threads of their own.
fn run(config: EngineConfig, files: &[Rows]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("journal");
    let sources = files.iter().map(|_| "rows".to_owned()).collect();
    let of_journal = JournalConfig { kind: ConfigKind::Toml, text: String::new(), overlay: None, sources };
    let journal = JournalWriter::create(&dir, &of_journal).unwrap();
    let sources = files.iter().map(|rows| Spoilt(File::new(rows.clone()), 0)).collect();
    let is_threaded = config.threads.is_some();
    let coordinator = SessionCoordinator::new(&config.rules, sources);
    let mut told = [31, 47, 53].map(Transcript::new);
    let summary = {
        let [own, lockstep, follow] = &mut told;
        follow.lags = is_threaded;
        let mut engine = Engine::new(config, coordinator);
        engine.keep_journal(journal);
        engine.subscribe("own", Pattern::all(), own);
        engine.subscribe_apart("lockstep", Pattern::all(), Attendance::Lockstep, lockstep);
        engine.subscribe_apart("follow", Pattern::all(), Attendance::Follow, follow);
        run_to_end(engine).summary
    };
    Outcome { summary, journal: bytes_of(&dir), told: told.map(|told| told.text) }
}

const NAMES: [&str; 6] = ["MM", "AA", "ZZ", "BB", "QQ", "CC"];
const WAITS: [Wait; 3] = [Wait::Park, Wait::SpinThenPark, Wait::Spin];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_runtime_tells_the_same(
        seed in 0_u64..1_000_000,
        symbols in 1..=NAMES.len(),
        calendar in prop::sample::select(vec!["XNYS", "XHKG", "24/7"]),
        grace in prop_oneof![2 => Just(0), 1 => 1..9_i64],
        sessions in prop_oneof![Just(None), (1..3_u32).prop_map(Some)],
        keep in prop_oneof![Just(Keep::Session), Just(Keep::Last(0)), (0..20_u32).prop_map(Keep::Last)],
        is_history in any::<bool>(),
        // Some symbols begin later, so that they join a shard that exists.
        later in 0..3_usize,
    ) {
        let calendar_of = Calendar::named(calendar).unwrap();
        let mut files = market(&calendar_of, "2024-11-26T00:00:00Z", 3, &NAMES[..symbols], seed);
        for rows in files.iter_mut().rev().take(later) {
            rows.drain(..rows.len() / 2);
        }
        // A market that is in one file, sorted by time, and one that is in a file a symbol.
        if seed % 2 == 0 {
            let mut rows = files.concat();
            rows.sort_by_key(|(_, record)| record.label.open_time("1m".parse().unwrap()));
            files = vec![rows];
        }
        let config = |threads| {
            let origin = sessions.filter(|_| grace == 0).map_or(Origin::Run, Origin::Sessions);
            let historical: Historical = "avg_range:2".parse().unwrap();
            let start = is_history.then(|| "2024-11-27T15:10:00Z".parse().unwrap());
            let config = config_with_grace(calendar, grace);
            EngineConfig { threads, origin, keep, start, historical: vec![historical], ..config }
        };
        let inline = run(config(None), &files);
        prop_assert!(inline.told.iter().all(|told| told.len() > 1000));
        let rows: usize = files.iter().map(|rows| rows.len() + rows.len() / 82).sum();
        prop_assert_eq!(inline.summary.counts.rows(), rows as u64);
        for workers in 1..=4 {
            let wait = WAITS[(seed as usize + workers) % 3];
            let lag = (seed % 5) as u32;
            let threads = config(Some(Threads { workers, wait, lag, ..Threads::default() }));
            let files = files.clone();
            let threaded = within(Duration::from_secs(120), move || run(threads, &files));
            for (one, many) in inline.told.iter().zip(&threaded.told) {
                let first = one.lines().zip(many.lines()).find(|(one, many)| one != many);
                prop_assert!(one == many, "{workers} workers, {wait:?}: {first:?}");
            }
            prop_assert!(inline.journal == threaded.journal, "{workers} workers: another journal");
            prop_assert_eq!(&inline.summary, &threaded.summary);
        }
    }
}

/// How a run ends that a row in ink stops, and what it told.
fn stopped(threads: Option<Threads>) -> (String, String) {
    let files = market(&Calendar::named("XNYS").unwrap(), "2024-11-26T00:00:00Z", 1, &["AA", "ZZ"], 5);
    let config = EngineConfig { threads, on_invalid: OnInvalid::Stop, ..config_with_grace("XNYS", 0) };
    let sources = files.into_iter().map(|rows| Spoilt(File::new(rows), 0)).collect();
    let coordinator = SessionCoordinator::new(&config.rules, sources);
    let mut told = Transcript::new(usize::MAX);
    let mut engine = Engine::new(config, coordinator);
    engine.subscribe("told", Pattern::all(), &mut told);
    let error = engine.run().map(|_| ()).unwrap_err().to_string();
    (error, told.text)
}

#[test]
fn an_invalid_row_stops_every_runtime_at_the_same_place() {
    let inline = stopped(None);
    assert!(inline.0.contains("rows, row ") && inline.1.contains("refused") && inline.1.lines().count() > 5);
    // Faster than anything goes, so that steps wait for a place.
    for speed in [0.0, 1e8] {
        let threads = Threads { workers: 2, speed, ..Threads::default() };
        assert_eq!(within(Duration::from_secs(60), move || stopped(Some(threads))), inline);
    }
}

/// What a view shows of days, to a follower that stands still now and then.
fn days(threads: Option<Threads>) -> Vec<String> {
    let intervals = ["1d", "1w"].map(|text| text.parse::<Interval>().unwrap());
    let calendar = Calendar::named("XNYS").unwrap();
    let rules = DeriveConfig { base: Interval::DAY, ..DeriveConfig::new(calendar.clone(), &intervals) };
    let rules = DeriveRules::new(rules).unwrap();
    let plan = Plan::new(&["sma:3".parse().unwrap()], &intervals).unwrap();
    let historical = ["avg_range:2", "high_low:3@1w"].map(|text| text.parse().unwrap()).to_vec();
    let config = EngineConfig { threads, historical, keep: Keep::Last(2), ..EngineConfig::new(rules, plan) };
    let mut index = calendar.at_or_after("2024-01-02T15:00:00Z".parse().unwrap()).unwrap();
    let mut files = [Vec::new(), Vec::new()];
    for day in 0..120 {
        let price = 100.0 + f64::from(day % 17);
        let label = Label::Date(calendar.session(index).date());
        let (high, low, volume) = (price + f64::from(day % 5), price - 1.0, Some(10.0));
        let row =
            Record { label, open: price, high, low, close: price, volume, vwap: None, trade_count: None };
        files[0].push(("AA", row));
        // Now and then a symbol has no bar for weeks.
        if day % 40 < 25 {
            files[1].push(("ZZ", row));
        }
        index = calendar.next(index).unwrap();
    }
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    let (mut seen, lags) = (Vec::new(), threads.is_some());
    let mut engine = Engine::new(config, coordinator);
    let see = |notice: &Notice<'_>, view: &View<'_>| {
        if lags && seen.len() % 20 == 0 {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let names = ["avg_range_2", "high_low_3.high@1w", "high_low_3.low@1w"];
        for &symbol in view.symbols().by_name() {
            let past = names.map(|name| view.historical(symbol, name).map(f64::to_bits));
            let series = view.series(symbol, Interval::DAY).unwrap();
            let values = [0, 1].map(|back| series.value(0, back).map(f64::to_bits));
            let name = view.symbols().name(symbol);
            seen.push(format!(
                "{} {name} {past:?} {values:?} {}",
                view.now(),
                series.last(99).map(|bars| bars.len()).sum::<usize>()
            ));
        }
        let _ = notice;
        Ok(())
    };
    engine.subscribe_apart("days", Pattern::bars(), Attendance::Follow, see);
    run_to_end(engine);
    seen
}

#[test]
fn a_follower_that_is_sessions_behind_sees_what_was() {
    let inline = days(None);
    assert!(inline.iter().filter(|line| line.contains("[Some(")).count() > 100);
    for workers in [1, 2] {
        let threads = Threads { workers, lag: 12, ..Threads::default() };
        let threaded = within(Duration::from_secs(60), move || days(Some(threads)));
        let first = inline.iter().zip(&threaded).find(|(one, many)| one != many);
        assert!(inline == threaded, "{first:?}");
    }
}

/// Panics where it is told something beside the steps.
struct Nervous;

impl Subscriber for Nervous {
    fn notice(&mut self, _: &Notice<'_>, _: &View<'_>) -> Result<(), SubscriberError> {
        Ok(())
    }
    fn refused(&mut self, _: &Reject<'_>, _: &Symbols) {
        panic!("a row was refused");
    }
}

#[test]
fn a_subscriber_that_panics_beside_the_steps_is_removed_as_any_other() {
    for threads in [None, Some(Threads::default())] {
        let failures = within(Duration::from_secs(60), move || {
            let files = market(&Calendar::named("XNYS").unwrap(), "2024-11-26T00:00:00Z", 1, &["AA"], 5);
            let config = config_with_grace("XNYS", 0);
            let config = EngineConfig { threads, on_subscriber_error: OnSubscriberError::Remove, ..config };
            let sources = files.into_iter().map(|rows| Spoilt(File::new(rows), 0)).collect();
            let coordinator = SessionCoordinator::new(&config.rules, sources);
            let mut engine = Engine::new(config, coordinator);
            engine.subscribe("own", Pattern::all(), Nervous);
            engine.subscribe_apart("apart", Pattern::all(), Attendance::Lockstep, Nervous);
            run_to_end(engine).summary.failures
        });
        let said: Vec<_> =
            failures.iter().map(|failure| (failure.name.as_str(), failure.reason.as_str())).collect();
        let reason = "it panicked: a row was refused";
        assert_eq!(said, [("own", reason), ("apart", reason)]);
    }
}
