//! What derivation tells: closed bars, warnings, and where each row went.

mod saved;

use std::fmt;

use super::plan::SessionLabel;
use crate::bar::Bar;
use crate::calendar::Hours;
use crate::interval::Interval;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// A derived bar that is closed and will not change, but by a later revision.
#[derive(Debug, Clone, Copy)]
pub struct ClosedBar {
    /// The instrument.
    pub symbol: SymbolId,
    /// The interval.
    pub interval: Interval,
    /// The interval's place among the rules.
    pub place: u16,
    /// The session, week or month it belongs to.
    pub session: SessionLabel,
    /// Open time and values.
    pub bar: Bar,
    /// First instant after the bar: from here on it may be seen.
    pub close_time: Timestamp,
    /// Base bars in it.
    pub n_base: u32,
    /// Base bars that the calendar has in it.
    pub n_expected: u32,
    /// 0 when first emitted.
    pub revision: u16,
    /// The part of the trading day.
    pub hours: Hours,
}

/// What a warning is about (P16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WarningKind {
    /// A bucket was skipped because base bars are missing.
    IncompleteBar,
    /// A bucket was still open when the input ended.
    UnfinishedBar,
    /// A minute came after its bucket was emitted, skipped or passed, and was dropped.
    LateBar,
    /// A minute came again with other values and replaced the first: its bucket was open, or is given again.
    CorrectedBar,
    /// A row was rejected; its minute counts as missing.
    InvalidBar,
}

impl WarningKind {
    /// Every kind, in the order of summaries.
    pub const ALL: [Self; 5] =
        [Self::IncompleteBar, Self::UnfinishedBar, Self::LateBar, Self::CorrectedBar, Self::InvalidBar];

    /// The name in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncompleteBar => "incomplete_bar",
            Self::UnfinishedBar => "unfinished_bar",
            Self::LateBar => "late_bar",
            Self::CorrectedBar => "corrected_bar",
            Self::InvalidBar => "invalid_bar",
        }
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something a user should know about one interval of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// The instrument; `None` for an unreadable row that names none.
    pub symbol: Option<SymbolId>,
    /// The affected interval; the base for [`WarningKind::InvalidBar`].
    pub interval: Interval,
    /// The interval's place among the rules; 0 for a base that is not among them.
    pub place: u16,
    /// What happened.
    pub kind: WarningKind,
    /// The minute, or the bucket's open for incomplete and unfinished bars; `None` when a row's time can't be read.
    pub time: Option<Timestamp>,
    /// Base bars present and expected, for incomplete and unfinished bars.
    pub counts: Option<(u32, u32)>,
}

/// A closed bucket whose base bars are others now, while its session is current (P9, `late = "revise"`).
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its session's closed bars on the interval as they stand now, in time order; of 1w and 1M the bar alone. Their `revision` is 0.
    pub bars: Vec<ClosedBar>,
    /// Which of them is the bucket's.
    pub at: usize,
    /// The bucket's bar as it was given; `None` where it was skipped or passed.
    pub before: Option<ClosedBar>,
}

/// Takes what derivation tells, in order. The deriver drives; a sink can't stop it.
pub trait Sink {
    /// A bar closed.
    fn bar(&mut self, bar: &ClosedBar);
    /// A closed bar changed, or came late.
    fn revised(&mut self, revision: Revision);
    /// A symbol's session is over for every interval: its base bars as they stand, late ones and corrections in their places.
    fn session_over(&mut self, _: SymbolId, _: &mut dyn Iterator<Item = &Bar>) {}
    /// Something to know.
    fn warning(&mut self, warning: &Warning);
}

/// Where a sound row went (§2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Some interval took it as new.
    Accepted,
    /// It replaced the values of its minute for some interval.
    Corrected,
    /// It said again what its minute already says.
    Duplicate,
    /// No interval used it any more.
    Late,
    /// No traded segment holds it.
    OutOfSession,
}

/// Every input row, counted once; the fields add up to the rows in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that some interval took as new.
    pub accepted: u64,
    /// Rows that replaced a minute's values.
    pub corrected: u64,
    /// Identical re-sends.
    pub duplicate: u64,
    /// Rows that no interval used.
    pub late: u64,
    /// Rejected rows.
    pub invalid: u64,
    /// Rows outside the traded segments.
    pub out_of_session: u64,
}

impl Counts {
    /// All rows in.
    pub fn rows(&self) -> u64 {
        self.accepted + self.corrected + self.duplicate + self.late + self.invalid + self.out_of_session
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        let Self { accepted, corrected, duplicate, late, invalid, out_of_session } = *other;
        self.accepted += accepted;
        self.corrected += corrected;
        self.duplicate += duplicate;
        self.late += late;
        self.invalid += invalid;
        self.out_of_session += out_of_session;
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Corrected => &mut self.corrected,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Late => &mut self.late,
            Outcome::OutOfSession => &mut self.out_of_session,
        } += 1;
    }
}
