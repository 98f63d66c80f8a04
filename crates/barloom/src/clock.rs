//! Time: in which session a run is, and the wall clock, which this file alone reads.
//!
//! Nothing read from the wall clock reaches a number that Barloom publishes: it times runs and says what day it is to people.

use std::time::{Duration, Instant};

use barloom_core::{Calendar, Timestamp};

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    // Invariant: the clock of a working machine is within 1677 to 2262.
    Timestamp::from_jiff(jiff::Timestamp::now()).unwrap_or(Timestamp::MAX)
}

/// Which session a run is in, as what is replayed moves on.
///
/// ```
/// use barloom::clock::TimeManager;
/// use barloom::core::Calendar;
/// let mut time = TimeManager::replay(Calendar::named("XNYS")?);
/// assert!(time.enters("2024-11-29T14:30:00Z".parse()?).is_some());
/// assert!(time.enters("2024-11-29T17:59:00Z".parse()?).is_none());
/// let sealed = time.enters("2024-12-02T14:30:00Z".parse()?);
/// assert_eq!(sealed, Some("2024-11-29T22:00:00Z".parse()?));
/// assert_eq!(time.session_starts(), "2024-12-02T09:00:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TimeManager {
    calendar: Calendar,
    starts: Timestamp,
    ends: Timestamp,
}

impl TimeManager {
    /// Before everything, to be moved by what is replayed.
    pub fn replay(calendar: Calendar) -> Self {
        let never = Timestamp::MIN;
        Self { calendar, starts: never, ends: never }
    }

    /// The calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Whether a session was entered.
    pub fn has_entered(&self) -> bool {
        self.ends > Timestamp::MIN
    }

    /// The first instant after the session at hand, post-market included.
    pub fn session_ends(&self) -> Timestamp {
        self.ends
    }

    /// The first instant of the session at hand, pre-market included.
    pub fn session_starts(&self) -> Timestamp {
        self.starts
    }

    /// Enters the session that trades at `at` if it is a later one than that at hand, whose end is given then.
    pub fn enters(&mut self, at: Timestamp) -> Option<Timestamp> {
        if at < self.ends {
            return None;
        }
        let session = self.calendar.at_or_after(at).ok().map(|index| self.calendar.session(index))?;
        // A row between sessions enters none.
        if at < session.starts() {
            return None;
        }
        self.starts = session.starts();
        Some(std::mem::replace(&mut self.ends, session.ends()))
    }
}

/// The wall clock of a clock-driven run, and how its coordinator waits for it. A test puts another one in its place.
pub trait Timer: Send {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits until `until`, or until the thread is unparked, whichever comes first; may return early.
    fn wait(&mut self, until: Timestamp);
}

/// The wall clock as it stood at the start, and what has passed since: it never jumps.
#[derive(Debug)]
pub struct WallTimer {
    started: Timestamp,
    watch: Stopwatch,
}

impl Default for WallTimer {
    fn default() -> Self {
        Self { started: now(), watch: Stopwatch::start() }
    }
}

impl Timer for WallTimer {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.watch.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.started.saturating_add(passed)
    }

    fn wait(&mut self, until: Timestamp) {
        let left = until.since(self.now());
        if left > 0 {
            std::thread::park_timeout(Duration::from_nanos(left as u64));
        }
    }
}

/// Measures how long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
