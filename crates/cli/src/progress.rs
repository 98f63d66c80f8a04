//! How far a run is: one line on stderr while it runs, for people at a terminal.
//!
//! The line is looked at once in [`EVERY`] inputs and drawn ten times a second at most; any other line on stderr clears it.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use barloom::clock::Stopwatch;
use barloom::coordinator::{Inputs, Next, Refused};
use barloom_core::derive::FileTrial;
use barloom_core::input::InputRow;
use barloom_core::{Symbols, Timestamp};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::summary::grouped;
use crate::tell;

/// Inputs from one look at the line to the next.
const EVERY: u64 = 1024;

/// The least time from one drawing to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// The line that stands on stderr.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Clears the line; it does not come back.
pub(crate) fn clear() {
    if let Some(bar) = SHOWN.lock().ok().and_then(|mut shown| shown.take()) {
        bar.finish_and_clear();
    }
}

/// Whether a line can stand on this terminal.
pub(crate) fn can_be_shown() -> bool {
    tell::is_terminal() && is_able(std::env::var_os("TERM").as_deref())
}

/// Whether a terminal of that kind can draw a line anew.
fn is_able(term: Option<&OsStr>) -> bool {
    term.is_none_or(|term| term != "dumb")
}

/// Inputs that are read from something of known length.
pub(crate) trait Extent {
    /// Its bytes, where they are known.
    fn size(&self) -> Option<u64>;

    /// How many of them were read.
    fn position(&self) -> u64;
}

/// Inputs, and the line that says how far they are.
pub(crate) struct Watched<I> {
    inputs: I,
    progress: Option<Progress>,
}

/// The line.
pub(crate) struct Progress {
    bar: ProgressBar,
    size: Option<u64>,
    watch: Stopwatch,
    drawn: Duration,
    inputs: u64,
    rows: u64,
}

impl<I: Inputs + Extent> Watched<I> {
    /// Watches `inputs`, where it `is_shown`.
    pub(crate) fn new(inputs: I, is_shown: bool) -> Self {
        let progress = is_shown.then(|| Progress::new(inputs.size()));
        Self { inputs, progress }
    }
}

impl Progress {
    fn new(size: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
        let template = if size.is_some() { "[{bar:20}] {msg}" } else { "{msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        clear();
        if let Ok(mut shown) = SHOWN.lock() {
            *shown = Some(bar.clone());
        }
        Self { bar, size, watch: Stopwatch::start(), drawn: Duration::ZERO, inputs: 0, rows: 0 }
    }

    /// The line of rows that are read from the files at `paths`, where one can stand.
    pub(crate) fn of_files<'a>(mut paths: impl Iterator<Item = &'a Path>) -> Option<Self> {
        let length = |path: &Path| {
            std::fs::metadata(path).ok().filter(|found| found.is_file()).map(|found| found.len())
        };
        can_be_shown().then(|| Self::new(paths.try_fold(0, |size, path| Some(size + length(path)?))))
    }

    /// A row was read, of the instant `at`, where that could be.
    #[inline]
    pub(crate) fn row(&mut self, at: Option<Timestamp>, position: impl FnOnce() -> u64) {
        self.rows += 1;
        if let Some(at) = at.filter(|_| self.rows.is_multiple_of(EVERY)) {
            self.draw(at, position());
        }
    }

    fn draw(&mut self, at: Timestamp, position: u64) {
        let elapsed = self.watch.elapsed();
        if elapsed < self.drawn + PAUSE {
            return;
        }
        self.drawn = elapsed;
        let bytes = self.size.map(|size| (position, size));
        self.bar.set_message(Far { rows: self.rows, elapsed, at, bytes }.to_string());
        self.bar.set_position(position);
    }
}

/// How far a run is, in words.
struct Far {
    rows: u64,
    elapsed: Duration,
    at: Timestamp,
    /// Read, and in all, where that is known.
    bytes: Option<(u64, u64)>,
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let rate = grouped((self.rows as f64 / seconds.max(1e-9)) as u64);
        let at = self.at.to_string();
        let date = at.split('T').next().unwrap_or_default();
        write!(f, "{} rows, {rate} a second, at {date}", grouped(self.rows))?;
        let Some((read, size)) = self.bytes.filter(|&(read, _)| read > 0) else { return Ok(()) };
        let left = (seconds * size.saturating_sub(read) as f64 / read as f64) as u64;
        match (left / 3600, left / 60 % 60, left % 60) {
            (0, 0, seconds) => write!(f, ", {seconds} s left"),
            (0, minutes, seconds) => write!(f, ", {minutes} min {seconds} s left"),
            (hours, minutes, _) => write!(f, ", {hours} h {minutes} min left"),
        }
    }
}

impl<I: Inputs + Extent> Inputs for Watched<I> {
    type Error = I::Error;

    fn advance(&mut self) -> Result<Next, Self::Error> {
        let next = self.inputs.advance()?;
        if let Some(progress) = &mut self.progress {
            progress.inputs += 1;
            progress.rows += self.inputs.rows().len() as u64;
            if let Next::Bars(at) = next
                && progress.inputs.is_multiple_of(EVERY)
            {
                progress.draw(at, self.inputs.position());
            }
        }
        Ok(next)
    }

    fn rows(&self) -> &[InputRow] {
        self.inputs.rows()
    }

    fn refused(&self) -> &[Refused] {
        self.inputs.refused()
    }

    fn origin(&self, row: usize) -> (usize, u64) {
        self.inputs.origin(row)
    }

    fn source(&self, place: usize) -> &str {
        self.inputs.source(place)
    }

    fn unit(&self, place: usize) -> &'static str {
        self.inputs.unit(place)
    }

    fn symbols(&self) -> &Symbols {
        self.inputs.symbols()
    }

    fn trial(&self) -> Option<&FileTrial> {
        self.inputs.trial()
    }

    fn is_recorded(&self) -> bool {
        self.inputs.is_recorded()
    }

    fn before(&self) -> u64 {
        self.inputs.before()
    }

    fn following(&self) -> Option<Timestamp> {
        self.inputs.following()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(seconds: u64, bytes: Option<(u64, u64)>) -> String {
        let at = "2024-11-29T14:31:00Z".parse().unwrap();
        Far { rows: 1_500_000, elapsed: Duration::from_secs(seconds), at, bytes }.to_string()
    }

    #[test]
    fn the_line_says_rows_rate_date_and_what_is_left() {
        assert_eq!(far(3, None), "1,500,000 rows, 500,000 a second, at 2024-11-29");
        assert_eq!(far(3, Some((0, 100))), far(3, None), "nothing was read to judge by");
        let left = |seconds, bytes| far(seconds, Some(bytes)).split(", ").last().unwrap().to_owned();
        assert_eq!(left(3, (25, 100)), "9 s left");
        assert_eq!(left(100, (50, 100)), "1 min 40 s left");
        assert_eq!(left(100, (1, 100)), "2 h 45 min left");
        // A file that grew since is as good as read.
        assert_eq!(left(3, (101, 100)), "0 s left");
    }

    #[test]
    fn a_dumb_terminal_gets_none() {
        assert!(!is_able(Some("dumb".as_ref())));
        assert!(is_able(Some("xterm-256color".as_ref())) && is_able(None));
    }
}
