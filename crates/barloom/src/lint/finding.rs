//! What can be found, and the first few of each.

use std::fmt;

use barloom_core::{InvalidBar, Timestamp};

/// Findings of a kind that are kept; all are counted.
pub const LISTED: usize = 5;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A row that can't be read.
    Unreadable,
    /// A time that is not on the base's grid, or a day where bars are shorter.
    OffGrid,
    /// A value that is NaN or infinite.
    NotFinite,
    /// Prices that contradict each other.
    Ohlc,
    /// A volume or count below zero.
    Negative,
    /// A price of zero or less: sound, and rarely meant.
    NotPositive,
    /// A row that opens before one of its symbol that came earlier.
    OutOfOrder,
    /// A symbol that begins where its file's time was long ago: `run` refuses a file that is grouped by symbol.
    Grouped,
    /// A row that says again what its minute already says.
    Duplicate,
    /// A row with other values for a minute that was there.
    Corrected,
    /// A row outside the traded hours.
    OutOfSession,
    /// Minutes of a session without a bar.
    Gap,
    /// Sessions without a bar.
    MissingSession,
    /// A jump between two sessions that looks like a split.
    PossibleSplit,
    /// Times that look like the other end of their bars.
    Stamp,
    /// Times that look like another zone's.
    Zone,
    /// A part of the day without bars under a calendar that never closes.
    ClosedStretch,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 17] = [
        Self::Unreadable,
        Self::OffGrid,
        Self::NotFinite,
        Self::Ohlc,
        Self::Negative,
        Self::NotPositive,
        Self::OutOfOrder,
        Self::Grouped,
        Self::Duplicate,
        Self::Corrected,
        Self::OutOfSession,
        Self::Gap,
        Self::MissingSession,
        Self::PossibleSplit,
        Self::Stamp,
        Self::Zone,
        Self::ClosedStretch,
    ];

    /// The name in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::OffGrid => "off_grid",
            Self::NotFinite => "not_finite",
            Self::Ohlc => "ohlc",
            Self::Negative => "negative",
            Self::NotPositive => "not_positive",
            Self::OutOfOrder => "out_of_order",
            Self::Grouped => "grouped",
            Self::Duplicate => "duplicate",
            Self::Corrected => "corrected",
            Self::OutOfSession => "out_of_session",
            Self::Gap => "gap",
            Self::MissingSession => "missing_session",
            Self::PossibleSplit => "possible_split",
            Self::Stamp => "stamp",
            Self::Zone => "zone",
            Self::ClosedStretch => "closed_stretch",
        }
    }

    pub(super) fn of_invalid(reason: &InvalidBar) -> Self {
        match reason {
            InvalidBar::OffGrid { .. } | InvalidBar::DateOnly { .. } => Self::OffGrid,
            InvalidBar::NotFinite { .. } => Self::NotFinite,
            InvalidBar::Negative { .. } => Self::Negative,
            InvalidBar::HighBelowLow { .. }
            | InvalidBar::OutsideRange { .. }
            | InvalidBar::TooWide { .. } => Self::Ohlc,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is odd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    /// The symbol, where it is one's.
    pub symbol: Option<String>,
    /// The file, where a row shows it.
    pub file: Option<String>,
    /// The row that shows it, as its file counts.
    pub row: Option<u64>,
    /// The minute, or the first one that is missing.
    pub time: Option<Timestamp>,
    /// What it is.
    pub text: String,
}

impl Finding {
    pub(super) fn new(file: &str, row: u64, text: String) -> Self {
        Self { file: Some(file.to_owned()), row: Some(row), ..Self::of_all(text) }
    }

    /// One that no row shows.
    pub(super) fn of_all(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

/// What was found of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: u64,
    /// The first [`LISTED`] of them.
    pub first: Vec<Finding>,
}

/// Counts and keeps.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// By the place in [`Kind::ALL`].
    found: [(u64, Vec<Finding>); Kind::ALL.len()],
}

impl Findings {
    pub(super) fn add(&mut self, kind: Kind, finding: impl FnOnce() -> Finding) {
        let (count, first) = &mut self.found[kind as usize];
        *count += 1;
        if first.len() < LISTED {
            first.push(finding());
        }
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        let kinds = Kind::ALL.into_iter().zip(self.found);
        let found = kinds.map(|(kind, (count, first))| Found { kind, count, first });
        found.filter(|found| found.count > 0).collect()
    }
}
