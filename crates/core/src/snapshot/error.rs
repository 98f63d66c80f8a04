//! Why saved state can't be written or read.

use jiff::civil::Date;

use super::{MAGIC, Tag, VERSION};
use crate::bar::InvalidBar;
use crate::calendar::CalendarError;
use crate::interval::Interval;
use crate::symbol::SymbolError;
use crate::time::Timestamp;

/// Why saved state can't be written or read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes end too early: they were cut short, or a length is damaged.
    #[error("the saved state ends early: {wanted} bytes wanted, {left} left")]
    Short {
        /// Bytes that were to be read.
        wanted: usize,
        /// Bytes left.
        left: usize,
    },
    /// Bytes follow where the state should end.
    #[error("the saved state goes on where it should end: {left} bytes are left")]
    Long {
        /// How many.
        left: usize,
    },
    /// A value that no state has.
    #[error("the saved state holds {field} {got}; allowed is {allowed}")]
    Value {
        /// What the value is.
        field: &'static str,
        /// What was read.
        got: u64,
        /// What could stand there.
        allowed: String,
    },
    /// The bytes begin as no snapshot does.
    #[error("is not a snapshot: it begins with `{}` where a snapshot has `{}`", .found.escape_ascii(), MAGIC.escape_ascii())]
    NotASnapshot {
        /// The first bytes.
        found: [u8; 8],
    },
    /// A Barloom that this one does not know wrote the snapshot.
    #[error("is a snapshot of version {found}; this Barloom reads versions 1 to {VERSION}")]
    Version {
        /// The snapshot's version.
        found: u32,
    },
    /// The bytes are not those that were written.
    #[error("{part} is damaged: its checksum is {found:08x}, stored is {stored:08x}")]
    Checksum {
        /// Whose checksum it is.
        part: SnapshotPart,
        /// The checksum in the snapshot.
        stored: u32,
        /// The checksum of the bytes.
        found: u32,
    },
    /// The snapshot is of a run that was configured otherwise.
    #[error(
        "is a snapshot of another configuration: its fingerprint is {found:016x}, this one's {expected:016x}"
    )]
    OtherConfiguration {
        /// The snapshot's fingerprint.
        found: u64,
        /// That of the configuration in force.
        expected: u64,
    },
    /// A part that is asked for is not there.
    #[error("the snapshot has no {0}")]
    Missing(SnapshotPart),
    /// A part is there twice.
    #[error("the snapshot has {0} twice")]
    Twice(SnapshotPart),
    /// What is wrong lies within a section.
    #[error("{part}: {error}")]
    In {
        /// The section.
        part: SnapshotPart,
        /// What is wrong in it.
        error: Box<SnapshotError>,
    },
    /// What was saved is of something else than what is to take it over.
    #[error("{what} is {saved} in the saved state and {own} here")]
    Differs {
        /// What differs.
        what: &'static str,
        /// What was saved.
        saved: String,
        /// What it should be.
        own: String,
    },
    /// A text that is not UTF-8.
    #[error("the saved state holds a {field} that is not UTF-8")]
    Text {
        /// What the text is.
        field: &'static str,
    },
    /// A name that no symbol has.
    #[error(transparent)]
    Symbol(SymbolError),
    /// A symbol that is there twice.
    #[error("the saved state has the symbol {symbol} twice")]
    SymbolTwice {
        /// Its name.
        symbol: String,
    },
    /// Values that make no bar.
    #[error("the saved bar at {time}: {error}")]
    Bar {
        /// When it opens.
        time: Timestamp,
        /// Why they make none.
        error: InvalidBar,
    },
    /// The calendar does not know a date of the saved state.
    #[error(transparent)]
    Calendar(CalendarError),
    /// The calendar has no session on a date that had one when the state was saved.
    #[error("the saved state has a session of {date}; the calendar has none")]
    NoSession {
        /// The date.
        date: Date,
    },
    /// The calendar has no such bar, or not behind the one before it.
    #[error(
        "the saved state has a bar of {interval} at {time}; the calendar has none there, or not behind the one before it"
    )]
    OutOfPlace {
        /// Its interval.
        interval: Interval,
        /// When it opens.
        time: Timestamp,
    },
    /// An indicator's state can't be saved or restored.
    #[error("{spec}@{interval} of {symbol}: {error}")]
    Indicator {
        /// The indicator.
        spec: String,
        /// Its interval.
        interval: Interval,
        /// The symbol.
        symbol: String,
        /// What is wrong.
        error: Box<SnapshotError>,
    },
    /// State that can't be written down, or not be made again of what was: that of an indicator of one's own.
    #[error("its state can't be saved or restored: {reason}")]
    Unsaved {
        /// Why not.
        reason: String,
    },
}

/// A part of a snapshot, as errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SnapshotPart {
    /// What comes before the sections.
    Header,
    /// A section.
    Section {
        /// What it holds.
        tag: Tag,
        /// Whose it is of several.
        number: u32,
    },
}

impl std::fmt::Display for SnapshotPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => f.write_str("the header"),
            Self::Section { tag, number } => write!(f, "section {tag} {number}"),
        }
    }
}

impl SnapshotError {
    /// `got` can't stand where `field` is; `allowed` can.
    #[cold]
    pub fn value(field: &'static str, got: impl Into<u64>, allowed: impl Into<String>) -> Self {
        Self::Value { field, got: got.into(), allowed: allowed.into() }
    }
}
