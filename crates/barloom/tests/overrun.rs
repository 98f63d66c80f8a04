//! Clock-driven runs under a clock that the test moves: who is late, when, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::clock::Timer;
use barloom::config::OnOverrun;
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig, RunSummary, Threads};
use barloom::metrics::{PerformanceMetrics, Stage};
use barloom::overrun::OverrunError;
use barloom_core::notice::Notice;
use barloom_core::store::View;
use barloom_core::{Calendar, Symbol, Timestamp};
use common::{File, MINUTE, Rows, config, market, run_to_end, within};

/// Trading time over wall time: a minute in a second.
const SPEED: f64 = 60.0;
const SECOND: i64 = 1_000_000_000;

fn started() -> Timestamp {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

/// How many steps the slow subscriber may finish; it waits for more.
#[derive(Default)]
struct Allowance {
    steps: Mutex<usize>,
    changed: Condvar,
}

impl Allowance {
    fn of(steps: usize) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps), ..Self::default() })
    }

    fn allow(&self, steps: usize) {
        *self.steps.lock().unwrap() = steps;
        self.changed.notify_all();
    }

    /// Waits until the step numbered `step` is allowed; fails after a time that no run takes.
    fn wait(&self, step: usize) {
        let steps = self.steps.lock().unwrap();
        let minute = Duration::from_secs(60);
        let steps = self.changed.wait_timeout_while(steps, minute, |steps| *steps < step).unwrap().0;
        assert!(*steps >= step, "nobody came");
    }
}

/// Whether all of a stage have finished `step`.
fn has_finished(metrics: &PerformanceMetrics, stage: Stage, step: usize) -> bool {
    metrics.finished(stage) >= step as u64
}

/// A clock that goes to where it is waited for, as soon as the run is as far as the test says.
struct Script {
    now: Timestamp,
    /// The step that is waited for.
    step: usize,
    is_time: Box<dyn FnMut(usize) -> bool + Send>,
}

impl Timer for Script {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn wait(&mut self, until: Timestamp) {
        if (self.is_time)(self.step) {
            // Held up at one step, it finds two due.
            let held_up = if self.step == HELD_UP { 3 * SECOND / 2 } else { 0 };
            self.step += 1 + usize::from(held_up > 0);
            self.now = until.saturating_add(held_up);
        } else {
            std::thread::yield_now();
        }
    }
}

/// The step at which the machine stands still for a step and a half.
const HELD_UP: usize = 35;

/// Notes what it is told, and waits at each step until it may go on.
struct Slow {
    allowance: Arc<Allowance>,
    steps: usize,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    notices: Vec<String>,
    overruns: Vec<OverrunError>,
}

impl Subscriber for Slow {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        let line = match notice {
            Notice::Bar(bar, _) => format!("{} {:?}", bar.interval, bar.bar),
            Notice::Indicator(bar, reading) => {
                format!("{} {} {:?}", bar.interval, reading.name, reading.values)
            }
            Notice::Warning(warning) => format!("{} {}", warning.interval, warning.kind),
        };
        self.told.lock().unwrap().notices.push(format!("{} {line}", view.now()));
        Ok(())
    }

    fn overrun(&mut self, overrun: &OverrunError) {
        self.told.lock().unwrap().overruns.push(overrun.clone());
    }

    fn step_done(&mut self, _: &View<'_>) -> ControlFlow<()> {
        self.steps += 1;
        self.allowance.wait(self.steps);
        ControlFlow::Continue(())
    }
}

/// A symbol's minutes from the open on, all of them there.
fn minutes(symbol: &'static str, count: usize) -> Rows {
    let mut rows =
        market(&Calendar::named("XNYS").unwrap(), "2024-11-26T00:00:00Z", 1, &[symbol], 1).remove(0);
    let open: Timestamp = "2024-11-26T14:30:00Z".parse().unwrap();
    let row = rows.swap_remove(0).1;
    let minute = |n: usize| {
        let label = barloom_core::Label::Open(open.saturating_add(n as i64 * MINUTE));
        (symbol, barloom_core::Record { label, ..row })
    };
    (0..count).map(minute).collect()
}

fn at(minute: i64) -> Timestamp {
    "2024-11-26T14:30:00Z".parse::<Timestamp>().unwrap().saturating_add(minute * MINUTE)
}

fn due(step: u64) -> Timestamp {
    started().saturating_add(step as i64 * SECOND)
}

type Run = (RunSummary, Told, PerformanceMetrics);

/// Minutes of a run; with its end it has one step more.
const MINUTES: usize = 40;
const STEPS: u64 = MINUTES as u64 + 1;

/// Runs minutes of two symbols with a slow subscriber. `is_time` says of a step whose due time is waited for whether it has
/// come; all before it were published then.
fn run(
    threads: Threads,
    attendance: Attendance,
    allowance: Arc<Allowance>,
    mut is_time: impl FnMut(usize, &PerformanceMetrics) -> bool + Send + 'static,
) -> Run {
    within(Duration::from_secs(60), move || {
        let config = EngineConfig { threads: Some(threads), ..config("XNYS") };
        let files = ["BB", "AA"].map(|symbol| File::new(minutes(symbol, MINUTES)));
        let coordinator = SessionCoordinator::new(&config.rules, files.into());
        let told = Arc::new(Mutex::new(Told::default()));
        let mut engine = Engine::new(config, coordinator);
        let metrics = engine.metrics();
        let seen = engine.metrics();
        let is_time = move |step| is_time(step, &seen);
        engine.keep_time_by(Script { now: started(), step: 1, is_time: Box::new(is_time) });
        engine.subscribe_apart(
            "slow",
            Pattern::all(),
            attendance,
            Slow { allowance, steps: 0, told: Arc::clone(&told) },
        );
        let summary = run_to_end(engine).summary;
        let told = std::mem::take(&mut *told.lock().unwrap());
        (summary, told, metrics)
    })
}

fn threads(workers: usize) -> Threads {
    Threads { workers, speed: SPEED, ..Threads::default() }
}

/// What nobody is late for.
fn prompt(threads: Threads) -> Run {
    let is_time =
        |step: usize, metrics: &PerformanceMetrics| has_finished(metrics, Stage::Analysis, step - 1);
    run(threads, Attendance::Lockstep, Allowance::of(usize::MAX), is_time)
}

/// The subscriber stands at step 4 until 7 was published, and at 7 until 8 was.
fn standing(on_overrun: OnOverrun, attendance: Attendance, workers: usize) -> Run {
    let allowance = Allowance::of(3);
    let own = Arc::clone(&allowance);
    let is_time = move |step: usize, metrics: &PerformanceMetrics| {
        own.allow(match step {
            1..=7 => 3,
            8 => 6,
            _ => usize::MAX,
        });
        let told = match step {
            5..=7 => 3,
            8 => 6,
            _ => step - 1,
        };
        has_finished(metrics, Stage::Processor, step - 1) && has_finished(metrics, Stage::Analysis, told)
    };
    let end = Arc::clone(&allowance);
    // A run that ends early waits for the subscriber, and for the clock no more.
    let release = std::thread::spawn(move || {
        if on_overrun == OnOverrun::Error {
            std::thread::park_timeout(Duration::from_millis(300));
            end.allow(usize::MAX);
        }
    });
    let run = run(Threads { on_overrun, ..threads(workers) }, attendance, allowance, is_time);
    release.join().unwrap();
    run
}

fn late(step: u64, oldest: u64) -> OverrunError {
    OverrunError {
        stage: Stage::Analysis,
        step,
        symbol: Some(Symbol::new("AA").unwrap()),
        interval: "1m".parse().unwrap(),
        time: at(oldest as i64),
        due: due(oldest),
        lateness: (step - oldest) as i64 * SECOND,
        pending: step - oldest,
    }
}

#[test]
fn nobody_is_late_who_is_done_before_the_next_step_is_due() {
    for workers in 1..=3 {
        let (summary, told, metrics) = prompt(threads(workers));
        assert_eq!((summary.overrun_count, summary.overran, summary.steps), (0, false, STEPS));
        assert!(told.overruns.is_empty() && !told.notices.is_empty());
        assert_eq!((metrics.overruns(), metrics.backpressure(), metrics.queue_depth()), (0, 0, 0));
        // The end is due with the last minute.
        assert!(metrics.counts() == summary.counts && metrics.deepest_queue() <= 2);
        // Every step is timed: the minutes and the end.
        let timed = |stage| (metrics.summary(stage).count, metrics.summary(stage).timed);
        let workers = workers as u64;
        assert_eq!(
            (timed(Stage::Processor), timed(Stage::Coordinator)),
            ((STEPS * workers, STEPS * workers), (STEPS, STEPS))
        );
        assert_eq!(
            (timed(Stage::ToProcessor), timed(Stage::ToAnalysis)),
            ((STEPS * workers, STEPS * workers), (2 * STEPS, 2 * STEPS))
        );
        assert_eq!(timed(Stage::Analysis), (STEPS, STEPS));
    }
}

#[test]
fn a_slow_subscriber_is_late_to_the_nanosecond() {
    for workers in 1..=2 {
        let (summary, told, metrics) = standing(OnOverrun::Warn, Attendance::Lockstep, workers);
        // At step 5 it has not finished 4, at 6 and 7 neither, at 8 it has come to 7.
        assert_eq!(summary.overruns, [late(5, 4), late(6, 4), late(7, 4), late(8, 7)]);
        assert_eq!((summary.overrun_count, summary.overran, summary.stopped), (4, false, false));
        assert_eq!((told.overruns, metrics.overruns()), (summary.overruns, 4), "the subscriber was told");
        // What was published arrived, all of it, in order.
        assert_eq!(told.notices, prompt(threads(1)).1.notices);
    }
    assert_eq!(
        late(6, 4).to_string(),
        "overrun at step 6: analysis has 2 step(s) to finish, the oldest of 2024-11-26T14:34:00Z (AA 1m), 2000.000 ms after it was due"
    );
}

#[test]
fn as_an_error_an_overrun_ends_the_run_when_what_was_published_is_told() {
    let (summary, told, _) = standing(OnOverrun::Error, Attendance::Lockstep, 2);
    assert_eq!((&summary.overruns, summary.overran, summary.stopped), (&vec![late(5, 4)], true, false));
    // Step 5 was published with the overrun, and nothing after it.
    let all = prompt(threads(1)).1.notices;
    let until = |notices: &[String], last: Timestamp| {
        let is_until = |line: &&String| line.split(' ').next().unwrap().parse::<Timestamp>().unwrap() <= last;
        notices.iter().filter(is_until).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told.notices, until(&all, at(5)));
    assert!(told.notices.len() < all.len() && summary.counts.rows() == 10);
}

#[test]
fn who_follows_is_never_late_but_counts_as_backpressure_when_too_far_behind() {
    // It stands at step 4 until step 30 is due. Sixteen steps have a place: 4 to 19; the others wait for one, and nobody is late
    // with those.
    let run_with = |lag: u32| {
        let allowance = Allowance::of(3);
        let own = Arc::clone(&allowance);
        let places = lag.max(16) as usize;
        let is_time = move |step: usize, metrics: &PerformanceMetrics| {
            if step == 30 {
                own.allow(usize::MAX);
            }
            has_finished(
                metrics,
                Stage::Analysis,
                if step < 30 { (step - 1).min(3 + places) } else { step - 1 },
            )
        };
        run(Threads { lag, ..threads(1) }, Attendance::Follow, allowance, is_time)
    };
    let all = prompt(threads(1)).1.notices;
    let (summary, told, metrics) = run_with(64);
    assert_eq!((summary.overrun_count, metrics.backpressure()), (0, 0));
    assert_eq!(told.notices, all);
    for lag in [2, 16] {
        let (summary, told, metrics) = run_with(lag);
        assert_eq!((summary.overrun_count, metrics.deepest_queue()), (0, 29 - 19));
        // From the step on that is further ahead, and until it has made up for all.
        let (least, most) = (29 - (3 + u64::from(lag)), STEPS - (3 + u64::from(lag)));
        assert!((least..=most).contains(&metrics.backpressure()), "{}", metrics.backpressure());
        assert_eq!(told.notices, all);
    }
}

#[test]
fn data_driven_the_same_subscriber_is_waited_for() {
    let allowance = Allowance::of(3);
    let own = Arc::clone(&allowance);
    let release = std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_millis(50));
        own.allow(usize::MAX);
    });
    let (summary, told, metrics) =
        run(Threads { speed: 0.0, ..threads(2) }, Attendance::Lockstep, allowance, |_, _| {
            panic!("it waits for no clock")
        });
    release.join().unwrap();
    assert_eq!((summary.overrun_count, summary.overran, metrics.deepest_queue()), (0, false, 1));
    assert_eq!(told.notices, prompt(threads(1)).1.notices);
    // One step in 61 is timed: the first.
    assert_eq!(metrics.summary(Stage::Processor).timed, 2);
}
