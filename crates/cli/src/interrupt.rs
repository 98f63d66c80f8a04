//! Ctrl-C and termination: a flag that loops look at between rows.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Kind};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on a first signal asks to stop; a second one ends the process at once.
///
/// # Errors
/// When the system refuses a handler.
pub(crate) fn watch() -> Result<(), Failure> {
    let set = ctrlc::set_handler(|| {
        // Relaxed: the flag carries no data with it.
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(Kind::Interrupted as i32);
        }
    });
    match set {
        // A second command of the same process finds the handler in place.
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(()),
        Err(error) => Err(Failure::new(Kind::Run, error)),
    }
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
