//! The one-shot handshake between two parts.
//!
//! The producer **opens** a step; the consumer takes it as a [`Step`], works, and says **ready**, which uses it up: a step is
//! finished once. `Ready → Pending(k) → Ready`. Dropped unfinished, because its thread died, it leaves the subscription
//! **abandoned**, and whoever waits gets an error, never an endless wait. No data goes this way: what a step is about lies in
//! [`SessionData`](barloom_core::store::SessionData) and in the step's slot.
//!
//! Steps are numbered from 1 and finished in their order. Data-driven, the producer waits for each
//! ([`StreamSubscription::wait`]); clock-driven it never waits: it asks how many are
//! [pending](StreamSubscription::pending), and several being so is an overrun.
//!
//! The orderings are modelled in `tests/loom.rs`.

use std::fmt;

use super::sync::{
    Arc, AtomicU32, AtomicU64, Mutex, Ordering, PUBLISH, Padded, Thread, park, wake, yield_now,
};

/// How a thread waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// It sleeps until it is woken: no core is busy, and each hand-over takes a wake-up.
    Park,
    /// It looks for a few microseconds, then sleeps.
    #[default]
    SpinThenPark,
    /// It looks until there is something, and leaves its core to others between looks.
    Spin,
}

/// Looks before a thread that spins gives way, and times that it gives way before it sleeps.
const LOOKS: u32 = 64;
const YIELDS: u32 = 8;

impl Wait {
    /// Waits until `is_over`. Whoever makes it so [wakes](wake) this thread afterwards.
    fn until(self, is_over: impl Fn() -> bool) {
        let mut looks = 0;
        while !is_over() {
            looks += 1;
            match self {
                Self::Park => park(),
                Self::SpinThenPark if looks > LOOKS + YIELDS => park(),
                Self::SpinThenPark | Self::Spin if looks > LOOKS => yield_now(),
                Self::SpinThenPark | Self::Spin => std::hint::spin_loop(),
            }
        }
    }
}

/// Why a wait is over though nothing came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// A stop was asked for.
    #[error("the run was stopped")]
    Stopped,
    /// A part died over a step.
    #[error("{part} died over step {step}")]
    Abandoned {
        /// The part.
        part: String,
        /// The step that it left unfinished; 0 when it was between steps.
        step: u64,
    },
}

/// Ends the waits of a run from outside: on a stop that is asked for, or when a part dies. Clones end the same run.
#[derive(Clone, Default)]
pub struct Stopper(Arc<Ending>);

#[derive(Default)]
struct Ending {
    state: AtomicU32,
    /// Those that wait.
    threads: Mutex<Vec<Thread>>,
    abandoned: Mutex<Option<Ended>>,
}

const STOPPED: u32 = 1;
const ABANDONED: u32 = 2;

impl Stopper {
    /// One that nothing has stopped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop: producers open no more, and what was opened is finished. Returns at once.
    pub fn stop(&self) {
        self.end(STOPPED);
    }

    /// Whether a stop was asked for, or a part died.
    pub fn is_ended(&self) -> bool {
        self.state() != 0
    }

    fn is_abandoned(&self) -> bool {
        self.state() & ABANDONED != 0
    }

    fn state(&self) -> u32 {
        self.0.state.load(Ordering::Acquire)
    }

    /// `thread` waits, and is to be woken at the end.
    pub(crate) fn watch(&self, thread: Thread) {
        if let Ok(mut threads) = self.0.threads.lock() {
            threads.push(thread);
        }
    }

    fn abandon(&self, part: &str, step: u64) {
        if let Ok(mut abandoned) = self.0.abandoned.lock() {
            abandoned.get_or_insert_with(|| Ended::Abandoned { part: part.to_owned(), step });
        }
        self.end(ABANDONED);
    }

    fn end(&self, why: u32) {
        self.0.state.fetch_or(why, Ordering::AcqRel);
        let threads = self.0.threads.lock().map(|threads| threads.clone());
        threads.iter().flatten().for_each(wake);
    }

    /// # Errors
    /// [`Ended`] where the run is.
    pub(crate) fn check(&self) -> Result<(), Ended> {
        match self.state() {
            0 => Ok(()),
            STOPPED => Err(Ended::Stopped),
            _ => Err(self.abandoned()),
        }
    }

    fn abandoned(&self) -> Ended {
        let told = self.0.abandoned.lock().ok().and_then(|abandoned| abandoned.clone());
        // Invariant: it is written before the state that says so.
        told.unwrap_or(Ended::Stopped)
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopper").field(&self.state()).finish()
    }
}

struct Handshake {
    /// Steps up to here were opened; those up to `done` are finished.
    opened: Padded<AtomicU64>,
    done: Padded<AtomicU64>,
    /// The last step that there will be.
    last: AtomicU64,
    /// The producer where it waits, and the consumer.
    producer: Option<Thread>,
    consumer: Thread,
    ending: Stopper,
    wait: Wait,
}

/// The producer's end.
pub struct StreamSubscription(Arc<Handshake>);

/// Opens steps of a subscription for those who produce together; the last one of a step opens it.
#[derive(Clone)]
pub(crate) struct Opener(Arc<Handshake>);

/// The consumer's end.
pub struct StepReceiver {
    shared: Arc<Handshake>,
    part: String,
    /// The last step that was taken.
    taken: u64,
}

/// A step that was opened and is not finished.
#[must_use = "a step that is dropped unfinished abandons its subscription"]
pub struct Step<'a> {
    receiver: &'a mut StepReceiver,
}

impl StreamSubscription {
    /// A subscription of `part`, which runs on the thread `consumer`. `producer` is woken when a step is ready, where it waits for
    /// that. Both are woken when `ending` ends the run.
    ///
    /// ```
    /// use barloom::subscription::{StreamSubscription, Stopper, Wait};
    /// let here = std::thread::current();
    /// let (subscription, mut steps) =
    ///     StreamSubscription::new("writer", Some(here.clone()), here, Stopper::new(), Wait::default());
    /// subscription.open(1);
    /// assert_eq!(subscription.pending(), 1);
    /// let step = steps.take()?.expect("step 1 was opened");
    /// step.ready();
    /// subscription.wait(1)?;
    /// subscription.close(1);
    /// assert!(steps.take()?.is_none());
    /// # Ok::<(), barloom::subscription::Ended>(())
    /// ```
    pub fn new(
        part: &str,
        producer: Option<Thread>,
        consumer: Thread,
        ending: Stopper,
        wait: Wait,
    ) -> (Self, StepReceiver) {
        producer.iter().chain([&consumer]).for_each(|thread| ending.watch(thread.clone()));
        let (opened, done, last) = (Padded::default(), Padded::default(), AtomicU64::new(u64::MAX));
        let shared = Arc::new(Handshake { opened, done, last, producer, consumer, ending, wait });
        let receiver = StepReceiver { shared: Arc::clone(&shared), part: part.to_owned(), taken: 0 };
        (Self(shared), receiver)
    }

    /// Opens `step`, the one after that opened last.
    pub fn open(&self, step: u64) {
        self.0.open(step);
    }

    /// Another one who can open steps, or look at what is done.
    pub(crate) fn opener(&self) -> Opener {
        Opener(Arc::clone(&self.0))
    }

    /// No step after `last` will be opened.
    pub fn close(&self, last: u64) {
        self.0.last.store(last, PUBLISH);
        wake(&self.0.consumer);
    }

    /// The last step that is finished.
    #[inline]
    pub fn done(&self) -> u64 {
        self.0.done.0.load(Ordering::Acquire)
    }

    /// How many steps were opened and are not finished.
    pub fn pending(&self) -> u64 {
        // What is finished was opened before.
        let done = self.done();
        self.0.opened.0.load(Ordering::Acquire) - done
    }

    /// Waits as [`StreamSubscription::wait`] does, also after a stop was asked for.
    ///
    /// # Errors
    /// [`Ended::Abandoned`] when a part dies before.
    pub fn drain(&self, step: u64) -> Result<(), Ended> {
        self.wait_unless(step, Stopper::is_abandoned)
    }

    /// Waits until `step` is finished.
    ///
    /// # Errors
    /// [`Ended`] when the run is stopped or abandoned before.
    pub fn wait(&self, step: u64) -> Result<(), Ended> {
        self.wait_unless(step, Stopper::is_ended)
    }

    fn wait_unless(&self, step: u64, is_over: impl Fn(&Stopper) -> bool) -> Result<(), Ended> {
        let Handshake { wait, ending, .. } = &*self.0;
        wait.until(|| self.done() >= step || is_over(ending));
        if self.done() >= step { Ok(()) } else { ending.check() }
    }
}

impl Drop for StreamSubscription {
    /// A producer that is gone opens nothing more.
    fn drop(&mut self) {
        let last = self.0.opened.0.load(Ordering::Acquire);
        let _ = self.0.last.compare_exchange(u64::MAX, last, Ordering::AcqRel, Ordering::Acquire);
        wake(&self.0.consumer);
    }
}

impl Opener {
    /// As [`StreamSubscription::done`].
    pub(crate) fn done(&self) -> u64 {
        self.0.done.0.load(Ordering::Acquire)
    }

    pub(crate) fn open(&self, step: u64) {
        self.0.open(step);
    }
}

impl Handshake {
    fn open(&self, step: u64) {
        self.opened.0.store(step, PUBLISH);
        wake(&self.consumer);
    }
}

impl StepReceiver {
    /// Waits for the next step; `None` after the last one.
    ///
    /// # Errors
    /// [`Ended::Abandoned`] when a part died and no step is open.
    pub fn take(&mut self) -> Result<Option<Step<'_>>, Ended> {
        let (step, shared) = (self.taken + 1, &*self.shared);
        let is_open = || shared.opened.0.load(Ordering::Acquire) >= step;
        let is_last = || shared.last.load(Ordering::Acquire) < step;
        shared.wait.until(|| is_open() || is_last() || shared.ending.is_abandoned());
        if is_open() {
            self.taken = step;
            return Ok(Some(Step { receiver: self }));
        }
        if is_last() { Ok(None) } else { Err(shared.ending.abandoned()) }
    }

    /// Whether nothing will come.
    fn is_over(&self) -> bool {
        self.shared.last.load(Ordering::Acquire) <= self.taken
    }
}

impl Drop for StepReceiver {
    /// A consumer that is gone finishes nothing more.
    fn drop(&mut self) {
        if !self.is_over() && self.shared.done.0.load(Ordering::Acquire) == self.taken {
            self.shared.ending.abandon(&self.part, 0);
        }
    }
}

impl Step<'_> {
    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.receiver.taken
    }

    /// It is finished.
    pub fn ready(self) {
        let shared = &*self.receiver.shared;
        shared.done.0.store(self.receiver.taken, PUBLISH);
        shared.producer.iter().for_each(wake);
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        let StepReceiver { shared, part, taken } = &*self.receiver;
        // `ready` has said otherwise.
        if shared.done.0.load(Ordering::Acquire) < *taken {
            shared.ending.abandon(part, *taken);
        }
    }
}

impl fmt::Debug for StreamSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamSubscription({} pending after {})", self.pending(), self.done())
    }
}

impl fmt::Debug for StepReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepReceiver({}, step {})", self.part, self.taken)
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({})", self.number())
    }
}
