//! Ctrl-C and termination.
//!
//! A command that writes only at its end is simply ended: what is pending is removed. One that tells as it goes is asked
//! to stop, and ended by a second signal.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Kind};
use crate::tell;

static ASKED: AtomicBool = AtomicBool::new(false);

/// What a first signal does.
enum OnSignal {
    /// Removes what is pending, says so, and ends the process.
    End(&'static str),
    /// Raises the flag and calls the waker, for a command that may be waiting for input.
    Ask(Box<dyn Fn() + Send>),
}

/// The command at hand; a second command of the same process replaces it.
static ON_SIGNAL: Mutex<Option<OnSignal>> = Mutex::new(None);

/// From now on a signal ends the process with exit code 130, says `what`, and leaves no pending file.
///
/// # Errors
/// When the system refuses a handler.
pub(crate) fn end_at_once(what: &'static str) -> Result<(), Failure> {
    watch(OnSignal::End(what))
}

/// From now on a first signal raises the flag that [`asked`] reads and calls `wake`; a second one ends the process.
///
/// # Errors
/// When the system refuses a handler.
pub(crate) fn ask_first(wake: impl Fn() + Send + 'static) -> Result<(), Failure> {
    watch(OnSignal::Ask(Box::new(wake)))
}

fn watch(on_signal: OnSignal) -> Result<(), Failure> {
    if let Ok(mut current) = ON_SIGNAL.lock() {
        *current = Some(on_signal);
    }
    match ctrlc::set_handler(signalled) {
        // A second command of the same process finds the handler in place.
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(()),
        Err(error) => Err(Failure::new(Kind::Run, error)),
    }
}

/// Runs on the signal thread.
fn signalled() {
    // Relaxed: the flag carries no data with it.
    let again = ASKED.swap(true, Ordering::Relaxed);
    let current = ON_SIGNAL.lock();
    let what = match current.as_deref() {
        Ok(Some(OnSignal::Ask(wake))) if !again => return wake(),
        Ok(Some(OnSignal::End(what))) => *what,
        _ => "ended at the second signal",
    };
    barloom_io::abandon_all();
    tell::line(&format!("error: interrupted; {what}"));
    std::process::exit(Kind::Interrupted as i32);
}

/// Whether a stop was asked for.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// # Errors
/// When a stop was asked for, with what became of the outputs.
pub(crate) fn check(outputs: &str) -> Result<(), Failure> {
    if asked() { Err(Failure::new(Kind::Interrupted, format!("interrupted; {outputs}"))) } else { Ok(()) }
}
