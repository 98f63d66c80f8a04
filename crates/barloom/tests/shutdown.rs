//! How a run on several threads ends: by itself, by a stop, by a part that dies; and what does not end it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::clock::{Stopwatch, Timer};
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig, RunError, Threads};
use barloom::journal::{ConfigKind, JournalConfig, JournalReader, JournalWriter};
use barloom::metrics::Stage;
use barloom::subscription::{Ended, Stopper, StreamSubscription, Wait};
use barloom::worker::{JoinError, Worker};
use barloom_core::indicators::{Each, Indicator, Lane, Reset, Rows, Slot, WarmUp};
use barloom_core::notice::Notice;
use barloom_core::snapshot::{Bytes, Read, SnapshotError};
use barloom_core::store::View;
use barloom_core::{Bar, Bars, Calendar, Interval, Timestamp};
use common::{File, config, market, run_to_end, within};

/// What no run takes.
const EVER: Duration = Duration::from_secs(60);

/// In which a wait must be over.
const SOON: Duration = Duration::from_millis(100);

/// Runs `attempt` until it took no longer than it may, a few times: a machine that has other things to do may need more once, but not
/// always.
fn soon(attempt: impl Fn() -> Duration + Send + Clone + 'static) {
    let tries = (0..5).map(|_| within(EVER, attempt.clone()));
    let took: Vec<Duration> = tries.take_while(|took| *took > SOON).collect();
    assert!(took.len() < 5, "each time it took longer: {took:?}");
}

fn engine<'s>(config: EngineConfig, symbols: &[&'static str]) -> Engine<'s, SessionCoordinator<File>> {
    let files = market(&Calendar::named("XNYS").unwrap(), "2024-11-25T00:00:00Z", 1, symbols, 4);
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    Engine::new(config, coordinator)
}

fn with(threads: Threads) -> EngineConfig {
    EngineConfig { threads: Some(threads), ..config("XNYS") }
}

/// A place where two meet, or go on alone after a while.
#[derive(Default)]
struct Rendezvous {
    here: Mutex<usize>,
    came: Condvar,
    met: AtomicUsize,
}

impl Rendezvous {
    fn meet(&self) {
        let mut here = self.here.lock().unwrap();
        *here += 1;
        let round = here.div_ceil(2);
        self.came.notify_all();
        let mut here = self.came.wait_timeout_while(here, 10 * SOON, |here| *here < 2 * round).unwrap().0;
        if *here >= 2 * round {
            self.met.fetch_add(1, Ordering::Relaxed);
        } else {
            *here -= 1;
        }
    }
}

/// Meets another one at its first bar.
#[derive(Clone)]
struct Meeting(Arc<Rendezvous>, bool);

impl Indicator for Meeting {
    const OUTPUTS: &'static [&'static str] = &[""];
    fn update(&mut self, _: &Bar, _: &mut [f64]) {
        if !std::mem::replace(&mut self.1, true) {
            self.0.meet();
        }
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn reset(&mut self, _: Reset) {}
    fn save(&self, _: &mut Bytes) {}
    fn restore(&mut self, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

#[test]
fn workers_work_at_the_same_time() {
    let met = |workers| {
        let place = Arc::new(Rendezvous::default());
        let own = Arc::clone(&place);
        within(EVER, move || {
            let mut config = with(Threads { workers, ..Threads::default() });
            let lane = Each::new(Meeting(own, false));
            config.plan.add(Interval::MINUTE, "meeting", Box::new(lane)).unwrap();
            engine(config, &["AA", "ZZ"]).run().unwrap();
        });
        place.met.load(Ordering::Relaxed)
    };
    assert_eq!((met(1), met(2)), (0, 2), "one alone meets nobody, two meet");
}

/// Fails at its tenth bar of a price above a limit.
#[derive(Clone)]
struct Fragile(u32);

impl Indicator for Fragile {
    const OUTPUTS: &'static [&'static str] = &[""];
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        self.0 += u32::from(closed.close() > 105.0);
        assert!(self.0 < 10, "the tenth");
        out[0] = f64::from(self.0);
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn reset(&mut self, _: Reset) {}
    fn save(&self, _: &mut Bytes) {}
    fn restore(&mut self, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

#[test]
fn an_indicator_that_panics_has_no_value_from_there_on_and_the_run_goes_on() {
    let run = |threads: Option<Threads>| {
        let mut config = EngineConfig { threads, ..config("XNYS") };
        config.plan.add(Interval::MINUTE, "fragile", Box::new(Each::new(Fragile(0)))).unwrap();
        let mut told = Vec::new();
        let mut engine = engine(config, &["AA", "BB", "CC"]);
        engine.subscribe(
            "note",
            Pattern::bars().on(Interval::MINUTE),
            |notice: &Notice<'_>, view: &View<'_>| {
                if let Notice::Bar(bar, values) = notice {
                    told.push((
                        view.symbols().name(bar.symbol).to_string(),
                        bar.bar.close(),
                        *values.last().unwrap(),
                    ));
                }
                Ok(())
            },
        );
        let summary = run_to_end(engine).summary;
        (told, summary)
    };
    let (told, summary) = run(None);
    let said: Vec<String> = summary.indicator_failures.iter().map(ToString::to_string).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let line = |symbol| format!("fragile@1m failed for {symbol} and has no value from there on: the tenth");
    assert_eq!(said, ["AA", "BB", "CC"].map(line), "once for each symbol");
    for symbol in ["AA", "BB", "CC"] {
        let mut high = 0;
        for (_, close, value) in told.iter().filter(|(own, ..)| own == symbol) {
            high += u32::from(*close > 105.0);
            let expected = if high < 10 { f64::from(high) } else { f64::NAN };
            assert_eq!(value.to_bits(), expected.to_bits(), "{symbol} after {high}");
        }
        assert!(high > 20);
    }
    let bits = |told: &[(String, f64, f64)]| {
        told.iter().map(|line| (line.0.clone(), line.2.to_bits())).collect::<Vec<_>>()
    };
    for workers in [1, 3] {
        let (threaded, also) = within(EVER, move || run(Some(Threads { workers, ..Threads::default() })));
        assert!(bits(&told) == bits(&threaded) && also == summary);
    }
}

/// A lane that brings its worker down in a place that is not the user's: where it is asked for its names too often.
struct Treacherous {
    asked: Arc<AtomicUsize>,
    died: Arc<Mutex<Option<Stopwatch>>>,
}

impl Lane for Treacherous {
    fn outputs(&self) -> &'static [&'static str] {
        if self.asked.fetch_add(1, Ordering::Relaxed) == 5 {
            *self.died.lock().unwrap() = Some(Stopwatch::start());
            panic!("the engine fails here");
        }
        &[""]
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn fresh(&self) -> Box<dyn Lane> {
        Box::new(Self { asked: Arc::clone(&self.asked), died: Arc::clone(&self.died) })
    }
    fn resize(&mut self, _: usize) {}
    fn step(&mut self, _: Slot, _: &Bar, _: &mut [f64]) {}
    fn run(&mut self, _: Slot, _: Bars<'_>, _: Rows<'_>) {}
    fn sweep(&mut self, _: &[Slot], _: Bars<'_>, _: Rows<'_>) {}
    fn peek(&self, _: Slot, _: &Bar, _: &mut [f64]) {}
    fn reset(&mut self, _: Slot, _: Reset) {}
    fn save(&self, _: Slot, _: &mut Bytes) -> Result<(), SnapshotError> {
        Ok(())
    }
    fn restore(&mut self, _: Slot, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// A clock that goes to where it is waited for nine times, and then stands.
struct Jumps(Timestamp, usize);

impl Timer for Jumps {
    fn now(&self) -> Timestamp {
        self.0
    }
    fn wait(&mut self, until: Timestamp) {
        match self.1.checked_sub(1) {
            Some(left) => *self = Self(until, left),
            None => thread::park_timeout(EVER),
        }
    }
}

#[test]
fn a_worker_that_dies_ends_every_wait_with_an_error() {
    for speed in [0.0, 1.0] {
        for wait in [Wait::Park, Wait::SpinThenPark, Wait::Spin] {
            soon(move || {
                let (asked, died) = (Arc::default(), Arc::default());
                let mut config = with(Threads { workers: 2, speed, wait, ..Threads::default() });
                let lane = Treacherous { asked, died: Arc::clone(&died) };
                config.plan.add(Interval::MINUTE, "treacherous", Box::new(lane)).unwrap();
                // Symbols of a shard are computed together; that is where it is asked.
                let mut engine = engine(config, &["AA", "BB", "CC", "YY", "ZZ"]);
                engine.keep_time_by(Jumps("2030-01-01T00:00:00Z".parse().unwrap(), 9));
                let nothing = |_: &Notice<'_>, _: &View<'_>| Ok(());
                engine.subscribe_apart("follow", Pattern::all(), Attendance::Follow, nothing);
                engine.subscribe_apart("lockstep", Pattern::all(), Attendance::Lockstep, nothing);
                engine.subscribe("own", Pattern::all(), nothing);
                let error = engine.run().map(|_| ()).unwrap_err();
                let is_that = matches!(
                    &error,
                    RunError::Ended(Ended::Abandoned { part, step: 1.. }) if part.starts_with("processor")
                );
                assert!(is_that, "{error}");
                let died: Option<Stopwatch> = *died.lock().unwrap();
                died.unwrap().elapsed()
            });
        }
    }
}

/// Waits for ever, or until it is let go.
struct Standing(Arc<(Mutex<bool>, Condvar)>);

impl Subscriber for Standing {
    fn notice(&mut self, _: &Notice<'_>, _: &View<'_>) -> Result<(), SubscriberError> {
        Ok(())
    }
    fn step_done(&mut self, _: &View<'_>) -> ControlFlow<()> {
        let free = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(free, |free| !*free).unwrap());
        ControlFlow::Continue(())
    }
}

#[test]
fn a_stop_ends_the_wait_for_the_clock() {
    soon(|| {
        // The first step is due in more than an hour.
        let mut engine = engine(with(Threads { speed: 0.01, ..Threads::default() }), &["AA"]);
        let folder = tempfile::tempdir().unwrap();
        let sources = vec!["rows".to_owned()];
        let config = JournalConfig { kind: ConfigKind::Toml, text: String::new(), overlay: None, sources };
        engine.keep_journal(JournalWriter::create(folder.path(), &config).unwrap());
        let (stopper, metrics) = (engine.stopper(), engine.metrics());
        let stopping = thread::spawn(move || {
            while metrics.summary(Stage::Coordinator).count == 0 {
                thread::yield_now();
            }
            let watch = Stopwatch::start();
            stopper.stop();
            watch
        });
        let summary = engine.run().unwrap().summary;
        let took = stopping.join().unwrap().elapsed();
        assert!(summary.stopped && summary.counts.rows() == 0 && summary.steps == 0);
        // What is told to nobody is not written down.
        let (mut recorded, _) = JournalReader::open(folder.path()).unwrap();
        assert!(recorded.next(&mut barloom_core::Symbols::new()).unwrap().is_none());
        took
    });
}

#[test]
fn a_stop_is_seen_while_a_subscriber_stands_and_the_run_ends_when_it_goes_on() {
    let summary = within(EVER, || {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let mut engine = engine(with(Threads { workers: 2, ..Threads::default() }), &["AA", "BB"]);
        let (stopper, metrics) = (engine.stopper(), engine.metrics());
        engine.subscribe_apart("standing", Pattern::all(), Attendance::Lockstep, Standing(Arc::clone(&gate)));
        let stopping = thread::spawn(move || {
            while metrics.finished(Stage::Processor) == 0 {
                thread::yield_now();
            }
            stopper.stop();
            *gate.0.lock().unwrap() = true;
            gate.1.notify_all();
        });
        let summary = engine.run().unwrap().summary;
        stopping.join().unwrap();
        summary
    });
    // The step that was open is told, and no other.
    assert!(summary.stopped && summary.steps == 1, "{summary:?}");
}

#[test]
fn every_wait_of_a_subscription_ends_soon_after_a_stop_a_close_or_a_death() {
    for wait in [Wait::Park, Wait::SpinThenPark, Wait::Spin] {
        let pair = move || {
            let (worker, here) =
                (Worker::<Result<u64, Ended>>::spawn("consumer").unwrap(), thread::current());
            let stopper = Stopper::new();
            let there = worker.thread().clone();
            let (subscription, steps) =
                StreamSubscription::new("consumer", Some(here), there, stopper.clone(), wait);
            (worker, subscription, steps, stopper)
        };
        // The producer waits, a stop is asked for.
        soon(move || {
            let (_, subscription, steps, stopper) = pair();
            subscription.open(1);
            let stopping = thread::spawn(move || {
                let watch = Stopwatch::start();
                stopper.stop();
                watch
            });
            assert_eq!(subscription.wait(1), Err(Ended::Stopped));
            drop(steps);
            stopping.join().unwrap().elapsed()
        });
        // The producer waits, the consumer dies over the step or between steps.
        for over in [1, 0] {
            soon(move || {
                let (mut worker, subscription, mut steps, _) = pair();
                subscription.open(1);
                worker.start(move || {
                    if over == 1 {
                        drop(steps.take()?);
                    }
                    Ok(0)
                });
                let watch = Stopwatch::start();
                let ended = Ended::Abandoned { part: "consumer".to_owned(), step: over };
                assert_eq!((subscription.wait(1), subscription.drain(1)), (Err(ended.clone()), Err(ended)));
                watch.elapsed()
            });
        }
        // The consumer waits, the producer closes or goes.
        for closes in [true, false] {
            soon(move || {
                let (mut worker, subscription, mut steps, _) = pair();
                worker.start(move || {
                    let mut count = 0;
                    while let Some(step) = steps.take()? {
                        count = step.number();
                        step.ready();
                    }
                    Ok(count)
                });
                subscription.open(1);
                subscription.wait(1).unwrap();
                let watch = Stopwatch::start();
                if closes {
                    subscription.close(1);
                }
                drop(subscription);
                assert_eq!(worker.join(EVER), Ok(Ok(1)));
                watch.elapsed()
            });
        }
    }
}

#[test]
fn joining_takes_no_longer_than_it_may_and_dropping_never_hangs() {
    within(EVER, || {
        let busy = || {
            let (release, wait) = channel::<()>();
            let mut worker = Worker::spawn("busy").unwrap();
            worker.start(move || wait.recv().is_err());
            (worker, release)
        };
        let (worker, release) = busy();
        let timeout = JoinError::Timeout { name: "busy".to_owned(), waited: Duration::from_millis(5) };
        assert_eq!(worker.join(Duration::from_millis(5)), Err(timeout));
        drop(release);
        let (worker, release) = busy();
        drop(worker);
        drop(release);
        let worker = Worker::<()>::spawn("idle").unwrap();
        assert_eq!(worker.join(EVER), Err(JoinError::NeverStarted { name: "idle".to_owned() }));
        let mut worker = Worker::<()>::spawn("fragile").unwrap();
        worker.start(|| panic!("it fails"));
        let panicked = JoinError::Panicked { name: "fragile".to_owned(), reason: "it fails".to_owned() };
        assert_eq!(worker.join(EVER), Err(panicked));
    });
}

#[test]
fn parts_can_be_dropped_in_any_order() {
    // Which of the parts goes when: the subscription, the worker's handle, the stopper; with a step open or not.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for opened in [0, 1] {
            let count = within(EVER, move || {
                let stopper = Stopper::new();
                let mut worker = Worker::spawn("consumer").unwrap();
                let (here, there) = (thread::current(), worker.thread().clone());
                let (subscription, mut steps) =
                    StreamSubscription::new("consumer", Some(here), there, stopper.clone(), Wait::Park);
                let (tell, done) = channel();
                worker.start(move || {
                    let mut count = 0;
                    while let Ok(Some(step)) = steps.take() {
                        count += 1;
                        step.ready();
                    }
                    tell.send(count).unwrap();
                });
                if opened == 1 {
                    subscription.open(1);
                }
                let mut parts = [
                    Some(Part::Producer(subscription)),
                    Some(Part::Worker(worker)),
                    Some(Part::Stopper(stopper)),
                ];
                order.iter().for_each(|&part| drop(parts[part].take()));
                done.recv().unwrap()
            });
            assert_eq!(count, opened, "{order:?}");
        }
    }
    // An engine that never runs, with all that belongs to it.
    within(EVER, || {
        let mut idle = engine(with(Threads { workers: 3, speed: 1.0, ..Threads::default() }), &["AA"]);
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        idle.subscribe_apart("standing", Pattern::all(), Attendance::Follow, Standing(gate));
        let stopper = idle.stopper();
        drop(idle);
        stopper.stop();
    });
}

#[allow(dead_code, reason = "they are held to be dropped")]
enum Part {
    Producer(StreamSubscription),
    Worker(Worker<()>),
    Stopper(Stopper),
}
