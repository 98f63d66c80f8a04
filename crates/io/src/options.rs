//! What the user states about an input that the input does not say itself.

use barloom_core::{Interval, Stamp, Symbol};
use jiff::tz::TimeZone;

/// The facts a file may leave open; what is stated here is used, never guessed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether rows are labelled by open or close (`--stamp`); wins over what the time column's name says.
    pub stamp: Option<Stamp>,
    /// The zone of times without an offset (`--tz`); a time with an offset keeps it.
    pub tz: Option<TimeZone>,
    /// The instrument of an input without a symbol column (`--symbol`).
    pub symbol: Option<Symbol>,
    /// The interval of the input's rows (`--base`).
    pub base: Interval,
    /// Which of a Databento file's publishers is read (`--publisher`); rows of others are passed over.
    pub publisher: Option<u16>,
}

impl Options {
    /// Whether rows are sessions or longer, labelled by date: then no stamp is needed.
    pub(crate) fn is_daily(&self) -> bool {
        self.base.seconds().is_none()
    }
}

impl Default for Options {
    /// Rows of one minute, nothing else stated.
    fn default() -> Self {
        Self { stamp: None, tz: None, symbol: None, base: Interval::MINUTE, publisher: None }
    }
}
