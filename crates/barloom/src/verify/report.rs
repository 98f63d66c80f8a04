//! What a verification comes to: a verdict for each law and row, and what broke the laws that failed.

use std::fmt;

use barloom_core::{Interval, Timestamp};

/// What must hold of bars and indicators, whatever the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// Bar by bar, history in chunks and across symbols give equal bits.
    Ways,
    /// A peek at a bar is what taking it gives, and changes nothing.
    Peek,
    /// State that was saved and restored goes on bit for bit, and is saved as the same bytes.
    Restore,
    /// A lane that was reset, or a fresh one of a used lane, is as new.
    Reset,
    /// With the input cut anywhere, all that came out before is the same, bit for bit.
    NoLookAhead,
    /// A run that began later agrees from `settled` on, to 1e-6 of the output's scale.
    StartedLater,
    /// An interval derived alone equals it among the others (P11).
    Alone,
}

impl Law {
    /// Every law, in the order of tables.
    pub const ALL: [Self; 7] = [
        Self::Ways,
        Self::Peek,
        Self::Restore,
        Self::Reset,
        Self::NoLookAhead,
        Self::StartedLater,
        Self::Alone,
    ];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ways => "step=run=sweep",
            Self::Peek => "peek=update",
            Self::Restore => "save/restore",
            Self::Reset => "reset=new",
            Self::NoLookAhead => "no look-ahead",
            Self::StartedLater => "started later",
            Self::Alone => "alone=among",
        }
    }

    /// Its name in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ways => "step_run_sweep",
            Self::Peek => "peek_update",
            Self::Restore => "save_restore",
            Self::Reset => "reset_new",
            Self::NoLookAhead => "no_look_ahead",
            Self::StartedLater => "started_later",
            Self::Alone => "alone_among",
        }
    }

    /// Whether it is a law of indicators; bars have rows and laws of their own.
    pub const fn is_of_indicators(self) -> bool {
        !matches!(self, Self::Alone)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a law on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It held for every value that was compared, and there was one.
    Held,
    /// It was broken; [`Report::failures`] says where.
    Failed,
    /// The data has too few bars for a value to be compared.
    TooShort,
    /// The indicator depends on its start for ever, so starting later says nothing of it.
    Endless,
    /// The law is not one of such a row.
    NotApplied,
}

impl Verdict {
    /// Its word in tables and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "FAILED",
            Self::TooShort => "too short",
            Self::Endless => "endless",
            Self::NotApplied => "-",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The bars of an interval, or an indicator on it, with a verdict for each law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The indicator's name, or `bars`.
    pub spec: String,
    /// The interval.
    pub interval: Interval,
    /// Bars of the interval, of all symbols.
    pub bars: u64,
    /// By law, in the order of [`Law::ALL`].
    pub verdicts: [Verdict; Law::ALL.len()],
}

impl Row {
    /// The verdict of a law.
    pub fn verdict(&self, law: Law) -> Verdict {
        self.verdicts[law as usize]
    }
}

/// Something that was compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A number; NaN where there is no value.
    Number(f64),
    /// What is no number.
    Words(String),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) if number.is_nan() => f.write_str("null"),
            // The shortest text that reads back to the same bits.
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

/// The first bar of a symbol on which a row breaks a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The indicator's name, or `bars`.
    pub spec: String,
    /// The interval.
    pub interval: Interval,
    /// The law.
    pub law: Law,
    /// The symbol; empty where the lane failed before it had one.
    pub symbol: String,
    /// When the bar opens, where one is to blame.
    pub open_time: Option<Timestamp>,
    /// The output's name in tables, or the field of the bar; empty where it is neither.
    pub output: String,
    /// What the law demands.
    pub expected: Shown,
    /// What came.
    pub got: Shown,
    /// In which way it was looked at.
    pub how: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spec, interval, law, symbol, open_time, output, expected, got, how } = self;
        write!(f, "{spec}@{interval}, {law}:")?;
        let time = open_time.map(|time| time.to_string()).unwrap_or_default();
        for word in [symbol, &time, output].into_iter().filter(|word| !word.is_empty()) {
            write!(f, " {word}")?;
        }
        write!(f, ": expected {expected}, got {got} ({how})")
    }
}

/// Something to know about a row that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caveat {
    /// The indicator's name, or `bars`.
    pub spec: String,
    /// The interval.
    pub interval: Interval,
    /// The laws that it is about.
    pub laws: Vec<Law>,
    /// What there is to know.
    pub text: String,
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spec, interval, laws, text } = self;
        let laws: Vec<&str> = laws.iter().map(|law| law.name()).collect();
        write!(f, "{spec}@{interval}, {}: {text}", laws.join(", "))
    }
}

/// A finished verification.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Intervals ascending; on each its bars, then the indicators in the order in which they were asked for.
    pub rows: Vec<Row>,
    /// What failed, a symbol each, in the order of rows and laws.
    pub failures: Vec<Failure>,
    /// What was too short, and what was left out of a comparison.
    pub caveats: Vec<Caveat>,
}

impl Report {
    /// How many verdicts are `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().flat_map(|row| row.verdicts).filter(|own| *own == verdict).count()
    }

    /// Whether no law was broken.
    pub fn is_sound(&self) -> bool {
        self.failures.is_empty()
    }
}
