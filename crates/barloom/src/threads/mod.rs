//! A run on several threads.
//!
//! Walk one minute. The [coordinator] fills the slot of step *k* with the input's rows, each shard's apart, and opens *k*. Every
//! [worker](processing) takes it, computes and publishes what its symbols close, and writes its notices into the slot; the last one to be
//! ready opens *k* for those who tell. Each of [them](gate) walks the shards one behind the other, instant by instant, and is ready.
//! Data-driven, the coordinator waits for those in lockstep before it opens *k* + 1; clock-driven it opens each step when it is
//! due, and says who is late.
//!
//! A step here is an input: what comes at one instant. It may close bars at several instants, each of which is told as a step of
//! its own.

mod coordinator;
mod gate;
mod processing;
mod slot;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::analysis::{AnalysisEngine, Attendance};
use crate::coordinator::Inputs;
use crate::engine::{Apart, Done, Engine, Finished, RunError, Threads};
use crate::metrics::Stage;
use crate::queue::StepRing;
use crate::subscription::{Ended, StepReceiver, StreamSubscription};
use crate::worker::Worker;
use coordinator::{Coordinated, Coordinator, Gates};
use gate::{Fault, Gate};
use slot::{ShardTold, StepInput};

type Ring = Arc<StepRing<StepInput, ShardTold>>;

/// How long a worker is waited for once there is nothing more for it to do.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// Runs `engine` to its end.
///
/// # Errors
/// [`RunError`]; what was told before stands.
pub(crate) fn run<I>(engine: Engine<'_, I>, threads: Threads) -> Result<Finished<I>, RunError<I::Error>>
where
    I: Inputs<Error: Send> + Send,
{
    let Engine { intake, shards, analysis, apart, books, timer, shared, .. } = engine;
    let ring: Ring = Arc::new(StepRing::new(threads.slots() as usize, shards.len()));
    let mut workers = Vec::new();
    for shard in &shards {
        workers.push(Worker::spawn(&format!("processor {}", shard.number()))?);
    }
    let (stopper, metrics) = (&shared.stopper, &shared.metrics);
    // Each thread waits for its part of the hand-over, which is made of the threads.
    thread::scope(|scope| {
        let (start, started) = channel::<Start>();
        let (intake, mut telling) = (intake, shared.telling(analysis));
        telling.books = Some(books);
        let (ring_of, shared_of) = (Arc::clone(&ring), &shared);
        let coordinating =
            thread::Builder::new().name("coordinator".to_owned()).spawn_scoped(scope, move || {
                let Ok(Start { workers, gates }) = started.recv() else { return None };
                Some(Coordinator::new(intake, threads, timer, workers, gates, ring_of, shared_of).run())
            })?;
        let coordinator = coordinating.thread().clone();

        let subscription = |part: &str, producer, consumer| {
            StreamSubscription::new(part, producer, consumer, stopper.clone(), threads.wait)
        };
        let mut gates = Gates::default();
        let (here, steps) = subscription("analysis", Some(coordinator.clone()), thread::current());
        metrics.watch(Stage::Analysis, here.opener());
        gates.lockstep.push(here);
        let mut telling_apart = Vec::new();
        for Apart { name, pattern, attendance, subscriber } in apart {
            let (start, started) = channel::<StepReceiver>();
            let (ring, shared) = (Arc::clone(&ring), &shared);
            let recorder = metrics.recorder(Stage::ToAnalysis);
            let spawned = thread::Builder::new().name(name.clone()).spawn_scoped(scope, {
                let name = name.clone();
                move || {
                    let Ok(steps) = started.recv() else { return None };
                    let mut analysis = AnalysisEngine::new(shared.on_subscriber_error);
                    analysis.subscribe_boxed(&name, pattern, subscriber);
                    Some(Gate::new(shared.telling(analysis), ring, recorder, shared).run(steps))
                }
            })?;
            let thread = spawned.thread().clone();
            let (own, steps) = subscription(&name, Some(coordinator.clone()), thread);
            match attendance {
                Attendance::Lockstep => {
                    metrics.watch(Stage::Analysis, own.opener());
                    gates.lockstep.push(own);
                }
                Attendance::Follow => gates.following.push(own),
            }
            // The thread waits for it.
            let _ = start.send(steps);
            telling_apart.push(spawned);
        }
        let mut processors = Vec::new();
        for (worker, shard) in workers.iter_mut().zip(shards) {
            let name = format!("processor {}", shard.number());
            let thread = worker.thread().clone();
            // Nobody waits for it but those who tell, and they for all of them.
            let (own, steps) = subscription(&name, None, thread);
            metrics.watch(Stage::Processor, own.opener());
            processors.push(own);
            let processing = processing::Processing {
                shard,
                ring: Arc::clone(&ring),
                gates: gates.openers(),
                recorders: [Stage::ToProcessor, Stage::Processor].map(|stage| metrics.recorder(stage)),
                counts: metrics.shard(),
            };
            worker.start(move || processing.run(steps));
        }
        // The thread waits for it.
        let _ = start.send(Start { workers: processors, gates });

        let recorder = metrics.recorder(Stage::ToAnalysis);
        let mut told = vec![Gate::new(telling, Arc::clone(&ring), recorder, &shared).run(steps)];
        let mut died = None;
        for gate in telling_apart {
            match gate.join() {
                Ok(gate) => told.extend(gate),
                Err(_) => died = Some("a subscriber's thread"),
            }
        }
        let Ok(Some(coordinated)) = coordinating.join() else { return Err(died_over_nothing("coordinator")) };
        let Coordinated { intake, symbols, overruns, outcome } = coordinated;
        let mut failures = Vec::new();
        let mut error = None;
        for gate in &mut told {
            failures.append(&mut gate.failures);
            error = error.or(gate.fault.take().map(|fault| match fault {
                Fault::Calendar(origin, why) => intake.out_of_range(origin, why),
                Fault::Subscriber(failure) => failure.into(),
                Fault::Checkpoint(error) => error.into(),
                Fault::Ended(ended) => ended.into(),
            }));
        }
        let outcome = error.map_or(outcome, Err)?;
        if let Some(part) = died {
            return Err(died_over_nothing(part));
        }
        let joined = workers.into_iter().map(|worker| worker.join(LONG_ENOUGH));
        let shards = joined.collect::<Result<_, _>>()?;
        // The first one keeps the books.
        let books = told.swap_remove(0).books;
        Done { intake, shards, symbols, books, failures, outcome, overruns, shared: &shared }.finish()
    })
}

fn died_over_nothing<E>(part: &str) -> RunError<E> {
    Ended::Abandoned { part: part.to_owned(), step: 0 }.into()
}

/// What the coordinator's thread starts with.
struct Start {
    workers: Vec<StreamSubscription>,
    gates: Gates,
}
