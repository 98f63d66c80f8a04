//! What threads cost and bring: the hand-over of a step beside a channel's, and two workers beside one.
//!
//! `cargo run --release --bin threads [RUNS [MINUTES [hand-over|workers]]]` in `benches/`, on two idle cores.
//!
//! Hand-over: a step is opened, taken, finished and waited for, which is there and back; beside it a message there and one back
//! over two `crossbeam-channel`s. Then three parts in a circle, as coordinator, processor and analysis engine are, beside three
//! channels. The contestants take turns in blocks; times of all blocks are put together.
//!
//! Workers: 1,000 symbols, of which every minute has a bar, through the whole engine, data-driven, to 5m, 15m, 30m and 1h with SMA20, EMA20,
//! RSI14, MACD, ATR14 and BBANDS20 on each: 30 indicators, in wall time. The processor stage is what a worker takes for its part of a minute.

use std::convert::Infallible;
use std::hint::black_box;
use std::thread;
use std::time::Instant;

use barloom::coordinator::SessionCoordinator;
use barloom::core::derive::{DeriveConfig, DeriveRules};
use barloom::core::indicators::Spec;
use barloom::core::plan::Plan;
use barloom::core::store::Keep;
use barloom::core::{Calendar, Interval, Record, SymbolId, Symbols};
use barloom::engine::{Engine, EngineConfig, Threads};
use barloom::metrics::Stage;
use barloom::source::{Source, SourceRow};
use barloom::subscription::{Stopper, StreamSubscription, Wait};
use barloom::worker::Worker;
use barloom_benches::{INTERVALS, SPECS, Walk};
use crossbeam_channel::{Receiver, Sender, bounded};

const SYMBOLS: usize = 1_000;
const BLOCK: u64 = 20_000;

/// Nanoseconds of each of a block's rounds, behind those that are there.
fn rounds(into: &mut Vec<u64>, mut round: impl FnMut(u64)) {
    for n in 1..=BLOCK {
        let start = Instant::now();
        round(n);
        into.push(start.elapsed().as_nanos() as u64);
    }
}

/// What a part does once it is ready with a step.
type Then = Box<dyn Fn(u64) + Send>;

/// A part that is ready with each step as soon as it is told `then`.
fn part(
    stopper: &Stopper,
    producer: Option<thread::Thread>,
    wait: Wait,
) -> (StreamSubscription, impl FnOnce(Then) + use<>) {
    let mut worker = Worker::spawn("part").expect("a thread");
    let (subscription, mut steps) =
        StreamSubscription::new("part", producer, worker.thread().clone(), stopper.clone(), wait);
    let start = move |then: Then| {
        worker.start(move || {
            while let Ok(Some(step)) = steps.take() {
                let number = step.number();
                then(number);
                step.ready();
            }
        });
    };
    (subscription, start)
}

/// There and back, by steps.
fn steps(into: &mut Vec<u64>, wait: Wait) {
    let (subscription, start) = part(&Stopper::new(), Some(thread::current()), wait);
    start(Box::new(|_| ()));
    rounds(into, |step| {
        subscription.open(step);
        subscription.wait(step).expect("a part that lives");
    });
}

/// There, on, and back, by steps.
fn circle_of_steps(into: &mut Vec<u64>, wait: Wait) {
    let stopper = Stopper::new();
    let (last, start_last) = part(&stopper, Some(thread::current()), wait);
    let (first, start_first) = part(&stopper, None, wait);
    let last = std::sync::Arc::new(last);
    let on = std::sync::Arc::clone(&last);
    start_last(Box::new(|_| ()));
    start_first(Box::new(move |step| on.open(step)));
    rounds(into, |step| {
        first.open(step);
        last.wait(step).expect("parts that live");
    });
    first.close(BLOCK);
    last.close(BLOCK);
}

/// Passes on what comes.
fn pass(from: Receiver<u64>, to: Sender<u64>) {
    thread::spawn(move || from.into_iter().try_for_each(|n| to.send(n)));
}

/// There and back over as many channels.
fn channels(into: &mut Vec<u64>, hops: usize) {
    let (there, mut end) = bounded(1);
    for _ in 1..hops {
        let (to, next) = bounded(1);
        pass(std::mem::replace(&mut end, next), to);
    }
    rounds(into, |n| {
        there.send(n).expect("a thread that lives");
        black_box(end.recv().expect("a thread that lives"));
    });
}

fn hand_over(runs: usize) {
    type Contestant = (&'static str, fn(&mut Vec<u64>));
    let contestants: [Contestant; 8] = [
        ("crossbeam-channel, there and back", |times| channels(times, 2)),
        ("steps, spin then park", |times| steps(times, Wait::SpinThenPark)),
        ("steps, park", |times| steps(times, Wait::Park)),
        ("steps, spin", |times| steps(times, Wait::Spin)),
        ("crossbeam-channel, a circle of three", |times| channels(times, 3)),
        ("circle of steps, spin then park", |times| circle_of_steps(times, Wait::SpinThenPark)),
        ("circle of steps, park", |times| circle_of_steps(times, Wait::Park)),
        ("circle of steps, spin", |times| circle_of_steps(times, Wait::Spin)),
    ];
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..runs {
        for ((_, run), times) in contestants.iter().zip(&mut times) {
            run(times);
        }
    }
    let mut channel = (1, 1);
    for ((name, _), times) in contestants.iter().zip(&mut times) {
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let (p50, p99) = (at(0.5), at(0.99));
        if name.starts_with("crossbeam") {
            channel = (p50, p99);
        }
        let ratio = |own: u64, other: u64| own as f64 / other as f64;
        println!(
            "{name}: p50 {p50} ns ({:.2}), p99 {p99} ns ({:.2})",
            ratio(p50, channel.0),
            ratio(p99, channel.1)
        );
    }
}

/// Rows that lie in memory, minute by minute.
struct Market<'a> {
    rows: &'a [Record],
    next: usize,
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
            self.symbols = (0..SYMBOLS).map(id).collect();
        }
        let row = self.rows.get(self.next).copied();
        let symbol = self.symbols[self.next % SYMBOLS];
        self.next += 1;
        Ok(row.map(|row| SourceRow { number: self.next as u64, content: Ok((symbol, row)) }))
    }
}

/// Seconds of a run, and microseconds of the processor stage a minute.
fn run(rows: &[Record], threads: Option<Threads>) -> (f64, f64) {
    let intervals = INTERVALS.map(|text| text.parse::<Interval>().expect("an interval"));
    let calendar = Calendar::named("24/7").expect("a calendar");
    let rules = DeriveRules::new(DeriveConfig::new(calendar, &intervals)).expect("rules");
    let specs = SPECS.map(|text| text.parse::<Spec>().expect("a spec"));
    let plan = Plan::new(&specs, &intervals).expect("a plan");
    let source = Market { rows, next: 0, symbols: Vec::new() };
    let config = EngineConfig { threads, keep: Keep::Last(0), ..EngineConfig::new(rules.clone(), plan) };
    let engine = Engine::new(config, SessionCoordinator::new(&rules, vec![source]));
    let start = Instant::now();
    let done = engine.run().expect("a run");
    let seconds = start.elapsed().as_secs_f64();
    (seconds, done.metrics.summary(Stage::Processor).p50 as f64 / 1e3)
}

fn workers(runs: usize, minutes: usize) {
    let mut walks: Vec<Walk> = (0..SYMBOLS).map(|n| Walk::new(n as u64 + 1)).collect();
    let rows: Vec<Record> =
        (0..minutes).flat_map(|_| walks.iter_mut().map(Walk::next_record).collect::<Vec<_>>()).collect();
    let threads = |workers| Some(Threads { workers, ..Threads::default() });
    let contestants = [("one thread", None), ("one worker", threads(1)), ("two workers", threads(2))];
    let mut best = [(f64::INFINITY, f64::INFINITY); 3];
    for _ in 0..runs {
        for (best, (_, threads)) in best.iter_mut().zip(contestants) {
            let (seconds, stage) = run(&rows, threads);
            *best = (best.0.min(seconds), best.1.min(stage));
        }
    }
    let one = best[1];
    for ((name, _), (seconds, stage)) in contestants.iter().zip(best) {
        let bars = rows.len() as f64 / seconds / 1e6;
        println!(
            "1,000 symbols, {name}: {seconds:.3} s, {bars:.2} million base bars a second ({:.2} of one worker); processor stage {stage:.1} us a minute ({:.2})",
            one.0 / seconds,
            one.1 / stage
        );
    }
}

fn main() {
    let number = |place| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let (runs, minutes) = (number(1).unwrap_or(7), number(2).unwrap_or(600));
    let part = std::env::args().nth(3);
    if part.as_deref() != Some("workers") {
        hand_over(runs);
    }
    if part.as_deref() != Some("hand-over") {
        workers(runs, minutes);
    }
}
