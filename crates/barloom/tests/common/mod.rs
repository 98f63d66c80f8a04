//! A seeded market with all that feeds do wrong, and engines over it.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::expect_used, reason = "a test that can't go on fails")]

use std::convert::Infallible;
use std::sync::mpsc::channel;
use std::time::Duration;

use barloom::analysis::{Pattern, Subscriber};
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig, Finished};
use barloom::source::{Source, SourceRow};
use barloom_core::derive::{DeriveConfig, DeriveRules};
use barloom_core::indicators::Spec;
use barloom_core::plan::Plan;
use barloom_core::{Calendar, Interval, Label, Record, Symbols, Timestamp};

pub(crate) const MINUTE: i64 = 60_000_000_000;
pub(crate) const INTERVALS: [&str; 6] = ["1m", "5m", "15m", "30m", "1h", "1d"];
pub(crate) const SPECS: [&str; 7] =
    ["sma:5", "ema:10", "rsi:14", "macd:3,6,4", "atr:7", "bbands:20,2", "vwap"];

/// Rows as they lie in a file: symbol and record.
pub(crate) type Rows = Vec<(&'static str, Record)>;

/// A seeded source of chances.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

fn record(at: Timestamp, chance: &mut Chance) -> Record {
    let [open, close] = [0, 0].map(|_| 100.0 + chance.below(1000) as f64 / 100.0);
    let (high, low) = (open.max(close) + chance.below(50) as f64 / 100.0, open.min(close) - 0.25);
    let volume = Some(chance.below(1000) as f64);
    Record { label: Label::Open(at), open, high, low, close, volume, vwap: None, trade_count: None }
}

/// The minutes of `days` sessions from `from` on, each symbol's in a file: one in nine is missing, some come late, twice, corrected
/// or invalid.
pub(crate) fn market(
    calendar: &Calendar,
    from: &str,
    days: usize,
    symbols: &[&'static str],
    seed: u64,
) -> Vec<Rows> {
    let file = |(i, &symbol): (usize, &&'static str)| {
        let mut chance = Chance::new(seed * 31 + i as u64);
        let mut rows: Rows = Vec::new();
        let mut index = calendar.at_or_after(from.parse().unwrap()).unwrap();
        for _ in 0..days {
            for segment in calendar.session(index).regular() {
                for minute in 0..segment.close.since(segment.open) / MINUTE {
                    let row = record(segment.open.saturating_add(minute * MINUTE), &mut chance);
                    match chance.below(60) {
                        0..6 => {}
                        6 => rows.extend([(symbol, row), (symbol, row)]),
                        7 => rows.extend([(symbol, row), (symbol, Record { high: row.high + 1.0, ..row })]),
                        8 => rows.extend([(symbol, Record { low: row.high + 1.0, ..row }), (symbol, row)]),
                        9 => rows
                            .insert(rows.len().saturating_sub(1 + chance.below(4) as usize), (symbol, row)),
                        _ => rows.push((symbol, row)),
                    }
                }
            }
            index = calendar.next(index).unwrap();
        }
        rows
    };
    symbols.iter().enumerate().map(file).collect()
}

pub(crate) struct File {
    rows: std::vec::IntoIter<(&'static str, Record)>,
    number: u64,
}

impl File {
    pub(crate) fn new(rows: Rows) -> Self {
        Self { rows: rows.into_iter(), number: 0 }
    }
}

impl Source for File {
    type Error = Infallible;

    fn name(&self) -> &str {
        "rows"
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Infallible> {
        let Some((symbol, record)) = self.rows.next() else { return Ok(None) };
        self.number += 1;
        let content = Ok((symbols.intern(symbol).unwrap(), record));
        Ok(Some(SourceRow { number: self.number, content }))
    }
}

/// A source that knows how many rows it gave.
pub(crate) trait Given: Source<Error = Infallible> + Send {
    fn given(&self) -> u64;
}

impl Given for File {
    fn given(&self) -> u64 {
        self.number
    }
}

/// Runs an engine to the end of its files, whose rows are counted once each.
pub(crate) fn run_to_end<S: Given>(
    engine: Engine<'_, SessionCoordinator<S>>,
) -> Finished<SessionCoordinator<S>> {
    let finished = engine.run().unwrap();
    let Finished { summary, inputs, .. } = &finished;
    if !summary.stopped && !summary.overran {
        let given = inputs.sources().map(S::given).sum::<u64>();
        assert_eq!(summary.counts.rows(), given, "rows in: {:?}", summary.counts);
    }
    finished
}

/// The intervals and indicators of these tests under a calendar.
pub(crate) fn config(calendar: &str) -> EngineConfig {
    config_with_grace(calendar, 0)
}

/// The same, with minutes of grace.
pub(crate) fn config_with_grace(calendar: &str, minutes: i64) -> EngineConfig {
    let intervals = INTERVALS.map(|text| text.parse::<Interval>().unwrap());
    let specs = SPECS.map(|text| text.parse::<Spec>().unwrap());
    let rules = DeriveConfig::new(Calendar::named(calendar).unwrap(), &intervals);
    let rules = DeriveRules::new(DeriveConfig { grace: minutes * MINUTE, ..rules }).unwrap();
    let plan = Plan::new(&specs, &intervals).unwrap();
    EngineConfig::new(rules, plan)
}

/// Runs files through an engine with one subscriber.
pub(crate) fn run(config: EngineConfig, files: Vec<Rows>, subscriber: impl Subscriber) {
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    let mut engine = Engine::new(config, coordinator);
    engine.subscribe("test", Pattern::all(), subscriber);
    run_to_end(engine);
}

/// Fails when `work` takes longer than a run ever should.
pub(crate) fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, done) = channel();
    std::thread::spawn(move || tell.send(work()));
    done.recv_timeout(limit).expect("the run hangs, or its thread failed")
}
