//! What a journal does to a run's steps: the time of each input, from the moment it is handed to the engine until all of it is told.
//!
//! `cargo run --release --bin journal [ROUNDS [SYMBOLS [DAYS [MICROSECONDS [thread|worker]]]]]` in `benches/`, on two idle cores; journals go to a folder
//! of their own below the system's temporary one (`TMPDIR`), which should be on a disk.
//!
//! A source in memory hands over a market's minutes; the engine brings 1m, 5m, 15m, 30m and 1h with SMA20, EMA20, RSI14, MACD, ATR14 and
//! BBANDS20 on each up to date and tells a closure every closed bar: on one thread, then data-driven with one worker. Each run is made
//! without a journal, once more without one (what differs there is noise), with each `journal_sync`, and with checkpoints. An input's
//! time begins when it was merged and ends when the next one is asked for, so writing it down and saving a checkpoint are in it.
//! MICROSECONDS is the least time from one input to the next, as of a live feed; 0, the default, is as fast as it goes.
//!
//! The contestants take turns, each round begins with another one; the least of each percentile counts.

use std::convert::Infallible;
use std::fs;
use std::hint::{black_box, spin_loop};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use barloom::analysis::{Pattern, SubscriberError};
use barloom::checkpoint::fingerprint;
use barloom::coordinator::{Inputs, Next, Refused, SessionCoordinator};
use barloom::core::derive::{DeriveConfig, DeriveRules, FileTrial};
use barloom::core::indicators::Spec;
use barloom::core::input::InputRow;
use barloom::core::notice::Notice;
use barloom::core::plan::Plan;
use barloom::core::store::View;
use barloom::core::{Calendar, Interval, Record, SymbolId, Symbols, Timestamp};
use barloom::engine::{Engine, EngineConfig, Threads};
use barloom::journal::{ConfigKind, JournalConfig, JournalSync, JournalWriter};
use barloom::source::{Source, SourceRow};
use barloom_benches::{INTERVALS, SPECS, Walk};

/// Rows that lie in memory, minute by minute.
struct Market<'a> {
    rows: &'a [Record],
    next: usize,
    count: usize,
    symbols: Vec<SymbolId>,
}

impl Source for Market<'_> {
    type Error = Infallible;

    fn name(&self) -> &str {
        "memory"
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Infallible> {
        if self.symbols.is_empty() {
            let id = |n| symbols.intern(&format!("S{n:04}")).expect("a symbol");
            self.symbols = (0..self.count).map(id).collect();
        }
        let row = self.rows.get(self.next).copied();
        let symbol = self.symbols[self.next % self.count];
        self.next += 1;
        Ok(row.map(|row| SourceRow { number: self.next as u64, content: Ok((symbol, row)) }))
    }
}

/// Inputs whose time is taken.
struct Timed<I> {
    inputs: I,
    /// The least time from one to the next.
    pace: Duration,
    handed: Option<Instant>,
    /// Nanoseconds of each, until the next was asked for.
    times: Vec<u64>,
}

impl<I: Inputs> Inputs for Timed<I> {
    type Error = I::Error;

    fn advance(&mut self) -> Result<Next, I::Error> {
        let taken = self.handed.map(|handed| (handed, handed.elapsed()));
        self.times.extend(taken.map(|(_, time)| time.as_nanos() as u64));
        let next = self.inputs.advance();
        // A thread that sleeps would measure how it wakes up.
        while taken.is_some_and(|(handed, _)| handed.elapsed() < self.pace) {
            spin_loop();
        }
        self.handed = Some(Instant::now());
        next
    }

    fn rows(&self) -> &[InputRow] {
        self.inputs.rows()
    }

    fn refused(&self) -> &[Refused] {
        self.inputs.refused()
    }

    fn origin(&self, row: usize) -> (usize, u64) {
        self.inputs.origin(row)
    }

    fn source(&self, place: usize) -> &str {
        self.inputs.source(place)
    }

    fn unit(&self, place: usize) -> &'static str {
        self.inputs.unit(place)
    }

    fn symbols(&self) -> &Symbols {
        self.inputs.symbols()
    }

    fn trial(&self) -> Option<&FileTrial> {
        self.inputs.trial()
    }

    fn is_recorded(&self) -> bool {
        self.inputs.is_recorded()
    }

    fn before(&self) -> u64 {
        self.inputs.before()
    }

    fn following(&self) -> Option<Timestamp> {
        self.inputs.following()
    }
}

/// How a run keeps its inputs.
#[derive(Clone, Copy)]
enum Keeps {
    Nothing,
    Journal(JournalSync),
    Checkpoints(JournalSync),
}

const CONTESTANTS: [(&str, Keeps); 6] = [
    ("no journal", Keeps::Nothing),
    ("no journal, again", Keeps::Nothing),
    ("`chunk`", Keeps::Journal(JournalSync::Chunk)),
    ("`input`", Keeps::Journal(JournalSync::Input)),
    ("`input`, checkpoints", Keeps::Checkpoints(JournalSync::Input)),
    ("`disk`", Keeps::Journal(JournalSync::Disk)),
];

/// The percentiles of a run's inputs, and the longest, in nanoseconds.
const SHARES: [f64; 4] = [0.5, 0.99, 0.999, 1.0];

struct Job<'a> {
    rows: &'a [Record],
    symbols: usize,
    pace: Duration,
    dir: PathBuf,
}

impl Job<'_> {
    fn run(&self, threads: Option<Threads>, keeps: Keeps) -> [f64; 4] {
        let intervals = INTERVALS.map(|text| text.parse::<Interval>().expect("an interval"));
        let calendar = Calendar::named("24/7").expect("a calendar");
        let rules = DeriveRules::new(DeriveConfig::new(calendar, &intervals)).expect("rules");
        let specs = SPECS.map(|text| text.parse::<Spec>().expect("a spec"));
        let plan = Plan::new(&specs, &intervals).expect("a plan");
        let source = Market { rows: self.rows, next: 0, count: self.symbols, symbols: Vec::new() };
        let times = Vec::with_capacity(self.rows.len() / self.symbols + 2);
        let inputs = SessionCoordinator::new(&rules, vec![source]);
        let inputs = Timed { inputs, pace: self.pace, handed: None, times };
        let config = EngineConfig { threads, ..EngineConfig::new(rules, plan) };
        let mut engine = Engine::new(config, inputs);
        let mut sum = 0.0;
        engine.subscribe(
            "bench",
            Pattern::bars(),
            |notice: &Notice<'_>, _: &View<'_>| -> Result<(), SubscriberError> {
                if let Notice::Bar(bar, _) = notice {
                    sum += bar.bar.close();
                }
                Ok(())
            },
        );
        if let Keeps::Journal(sync) | Keeps::Checkpoints(sync) = keeps {
            keep(&mut engine, &self.dir, sync, matches!(keeps, Keeps::Checkpoints(_)));
        }
        let mut times = engine.run().expect("a run").inputs.times;
        black_box(sum);
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).expect("a folder of its own");
        }
        times.sort_unstable();
        SHARES.map(|share| times[((times.len() - 1) as f64 * share) as usize] as f64)
    }
}

fn keep<I: Inputs>(engine: &mut Engine<'_, I>, dir: &Path, sync: JournalSync, has_checkpoints: bool) {
    let sources = vec!["memory".to_owned()];
    let config = JournalConfig { kind: ConfigKind::Toml, text: String::new(), overlay: None, sources };
    let journal = JournalWriter::create(dir, &config).expect("a journal");
    engine.keep_journal(journal.with_sync(sync).expect("a journal"));
    if has_checkpoints {
        engine.keep_checkpoints(dir, fingerprint(&config)).expect("checkpoints");
    }
}

fn main() {
    let number = |place| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let (rounds, symbols, days) = (number(1).unwrap_or(12), number(2).unwrap_or(500), number(3).unwrap_or(2));
    let pace = Duration::from_micros(number(4).unwrap_or(0) as u64);
    let mut walks: Vec<Walk> = (0..symbols).map(|n| Walk::new(n as u64 + 1)).collect();
    let mut rows = Vec::with_capacity(days * 1_440 * symbols);
    (0..days * 1_440).for_each(|_| rows.extend(walks.iter_mut().map(Walk::next_record)));
    let dir = std::env::temp_dir().join(format!("barloom-bench-{}", std::process::id()));
    let job = Job { rows: &rows, symbols, pace, dir };
    let part = std::env::args().nth(5);
    for (name, threads) in [("thread", None), ("worker", Some(Threads::default()))] {
        if part.as_ref().is_some_and(|part| part != name) {
            continue;
        }
        let mut best = [[f64::INFINITY; 4]; CONTESTANTS.len()];
        // What the system still does for the one before must not always meet the same one.
        for turn in 0..rounds * CONTESTANTS.len() {
            let place = (turn + turn / CONTESTANTS.len()) % CONTESTANTS.len();
            let own = job.run(threads, CONTESTANTS[place].1);
            best[place].iter_mut().zip(own).for_each(|(best, own)| *best = best.min(own));
        }
        println!(
            "| one {name}, {symbols} symbols: µs an input (beside none) | p50 | p99 | p99.9 | longest |"
        );
        println!("|---|---|---|---|---|");
        for ((kept, _), own) in CONTESTANTS.iter().zip(best) {
            let cell = |place: usize| format!("{:.0} ({:.2})", own[place] / 1e3, own[place] / best[0][place]);
            println!("| {kept} | {} |", [0, 1, 2, 3].map(cell).join(" | "));
        }
        println!();
    }
}
