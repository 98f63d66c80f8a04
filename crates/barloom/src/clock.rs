//! The wall clock: the only file that reads it.
//!
//! Nothing read here reaches a number that Barloom publishes: it times runs and says what day it is to people.

use std::time::{Duration, Instant};

use barloom_core::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    // Invariant: the clock of a working machine is within 1677 to 2262.
    Timestamp::from_jiff(jiff::Timestamp::now()).unwrap_or(Timestamp::MAX)
}

/// Measures how long something took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
