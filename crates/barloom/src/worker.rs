//! The thread of one shard: it takes the steps that the coordinator opens, one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, Thread};
use std::time::Duration;

use barloom_core::error::panic_message;

/// A thread that can be waited for no longer than one likes.
///
/// It works as soon as it is [started](Worker::start), and ends by itself when there is nothing more to come; it is never
/// waited for when it is dropped.
///
/// ```
/// use barloom::worker::Worker;
/// use std::time::Duration;
/// let mut worker = Worker::spawn("adder")?;
/// worker.start(|| 1 + 1);
/// assert_eq!(worker.join(Duration::from_secs(9)), Ok(2));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Worker<T> {
    name: String,
    thread: Thread,
    start: Option<Sender<Work<T>>>,
    done: Receiver<Result<T, String>>,
}

type Work<T> = Box<dyn FnOnce() -> T + Send>;

/// Why there is no result of a [`Worker`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It goes on.
    #[error("{name} has not ended within {waited:?}")]
    Timeout {
        /// The worker.
        name: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It panicked.
    #[error("{name} panicked: {reason}")]
    Panicked {
        /// The worker.
        name: String,
        /// What it panicked with.
        reason: String,
    },
    /// It was never started.
    #[error("{name} was never started")]
    NeverStarted {
        /// The worker.
        name: String,
    },
}

impl<T: Send + 'static> Worker<T> {
    /// A thread called `name` that waits for its [start](Worker::start).
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn spawn(name: &str) -> std::io::Result<Self> {
        let (start, work) = channel::<Work<T>>();
        let (tell, done) = channel();
        let spawned = Builder::new().name(name.to_owned()).spawn(move || {
            // Nothing comes where the worker was dropped before.
            let Ok(work) = work.recv() else { return };
            // What the panic leaves half done goes with it.
            let result =
                catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panic_message(&*panic).to_owned());
            // Nobody may listen any more.
            let _ = tell.send(result);
        })?;
        let (name, thread) = (name.to_owned(), spawned.thread().clone());
        Ok(Self { name, thread, start: Some(start), done })
    }

    /// The thread, to wake it.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Starts `work`. Only the first call does.
    pub fn start(&mut self, work: impl FnOnce() -> T + Send + 'static) {
        if let Some(start) = self.start.take() {
            // The thread waits for it.
            let _ = start.send(Box::new(work));
        }
    }

    /// Waits for its end, `timeout` at the most.
    ///
    /// # Errors
    /// [`JoinError`] when it goes on, panicked, or was never started.
    pub fn join(mut self, timeout: Duration) -> Result<T, JoinError> {
        let name = std::mem::take(&mut self.name);
        if self.start.is_some() {
            return Err(JoinError::NeverStarted { name });
        }
        match self.done.recv_timeout(timeout) {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(reason)) => Err(JoinError::Panicked { name, reason }),
            Err(RecvTimeoutError::Timeout) => Err(JoinError::Timeout { name, waited: timeout }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(JoinError::Panicked { name, reason: "its result was lost".to_owned() })
            }
        }
    }
}
