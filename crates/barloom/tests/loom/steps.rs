//! What producers and consumers of steps do, for any way of publishing and waking.
//!
//! A thread that may be woken is joined by nobody: loom takes the wake-up for the end it waits for. Every thread ends with the model.

use loom::sync::mpsc::channel;
use loom::thread;

use super::queue::StepRing;
use super::subscription::{Ended, StepReceiver, Stopper, StreamSubscription, Wait};
use super::sync::{Arc, TurnCell};

/// A consumer on a thread of its own, and the producer's end; the producer is this thread, where it waits.
fn consumer<T: 'static>(
    stopper: &Stopper,
    producer: Option<thread::Thread>,
    work: impl FnOnce(StepReceiver) -> T + 'static,
) -> (StreamSubscription, thread::JoinHandle<T>) {
    let (start, started) = channel::<StepReceiver>();
    let consumer = thread::spawn(move || work(started.recv().unwrap()));
    let there = consumer.thread().clone();
    let (subscription, steps) = StreamSubscription::new("consumer", producer, there, stopper.clone(), Wait::Park);
    start.send(steps).unwrap();
    (subscription, consumer)
}

/// Two steps, each of which takes a number there and back.
pub(crate) fn handshake() {
    let cell = Arc::new(TurnCell::new(0_u64));
    let theirs = Arc::clone(&cell);
    let (subscription, consuming) = consumer(&Stopper::new(), Some(thread::current()), move |mut steps| {
        while let Some(step) = steps.take().unwrap() {
            let number = step.number();
            let mut cell = theirs.write();
            assert_eq!(*cell, number);
            *cell += 10;
            drop(cell);
            step.ready();
        }
    });
    for step in 1..=2 {
        *cell.write() = step;
        subscription.open(step);
        subscription.wait(step).unwrap();
        assert_eq!(*cell.read(), step + 10);
    }
    subscription.close(2);
    drop(consuming);
}

/// A consumer that dies over a step.
pub(crate) fn abandoned() {
    let (subscription, consuming) = consumer(&Stopper::new(), Some(thread::current()), |mut steps| drop(steps.take()));
    subscription.open(1);
    assert!(matches!(subscription.wait(1), Err(Ended::Abandoned { step: 1, .. })));
    drop(consuming);
}

/// A wait for a step that nobody finishes, and a stop.
pub(crate) fn stopped() {
    let stopper = Stopper::new();
    let (here, nobody) = (thread::current(), thread::current());
    let (subscription, steps) = StreamSubscription::new("nobody", Some(here), nobody, stopper.clone(), Wait::Park);
    let stopping = thread::spawn(move || stopper.stop());
    subscription.open(1);
    assert_eq!(subscription.wait(1), Err(Ended::Stopped));
    drop((stopping, steps));
}

/// A producer that opens a step and goes.
pub(crate) fn closed() {
    let (subscription, consuming) = consumer(&Stopper::new(), None, |mut steps| {
        let mut count = 0;
        while let Some(step) = steps.take().unwrap() {
            count += 1;
            step.ready();
        }
        count
    });
    subscription.open(1);
    drop(subscription);
    assert_eq!(consuming.join().unwrap(), 1);
}

/// A coordinator, two shards and a reader; one step.
pub(crate) fn shards() {
    ring::<2>(1);
}

/// A coordinator, a shard and a reader; two steps in one slot.
pub(crate) fn reuse() {
    ring::<1>(2);
}

fn ring<const SHARDS: usize>(last: u64) {
    let stopper = Stopper::new();
    let ring = Arc::new(StepRing::<u64, u64>::new(1, SHARDS));
    let reading = Arc::clone(&ring);
    let (gate, reader) = consumer(&stopper, Some(thread::current()), move |mut steps| {
        while let Some(step) = steps.take().unwrap() {
            let number = step.number();
            let told: u64 = (0..SHARDS).map(|shard| *reading.told(number, shard)).sum();
            assert_eq!((told, *reading.input(number)), (SHARDS as u64 * number, number));
            step.ready();
        }
    });
    let shards: [_; SHARDS] = std::array::from_fn(|shard| {
        let (ring, opener) = (Arc::clone(&ring), gate.opener());
        consumer(&stopper, None, move |mut steps| {
            while let Some(step) = steps.take().unwrap() {
                let number = step.number();
                *ring.tell(number, shard) = *ring.input(number);
                step.ready();
                if ring.finish(number) {
                    opener.open(number);
                }
            }
        })
    });
    for step in 1..=last {
        *ring.fill(step) = step;
        shards.iter().for_each(|(shard, _)| shard.open(step));
        gate.wait(step).unwrap();
    }
    for (shard, thread) in shards {
        shard.close(last);
        drop(thread);
    }
    gate.close(last);
    drop(reader);
}
