//! Faults on demand: what feeds do, planted in known numbers.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use barloom_core::Record;
use barloom_core::error::{did_you_mean, nearest};

use super::random::Random;

/// The words that name a fault.
const WORDS: [&str; 3] = ["duplicates", "corrections", "late"];
/// Of the base bars of a session this share takes a correction: those that end no interval of 2, 3 or 5 of them.
const INNER: f64 = 8.0 / 30.0;
/// The largest share of corrections: all that there can be.
pub(super) const MOST_CORRECTIONS: f64 = 0.25;

/// Which share of rows has a fault. A row has one at most.
///
/// ```
/// use barloom::synth::Faults;
/// let faults: Faults = "duplicates=0.001,late=0.01".parse()?;
/// assert_eq!((faults.duplicates, faults.corrections, faults.late), (0.001, 0.0, 0.01));
/// assert!("twins=0.1".parse::<Faults>().is_err());
/// # Ok::<(), barloom::synth::FaultsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// Rows sent once more, right behind.
    pub duplicates: f64,
    /// Rows that come wrong first, and right behind as they are; up to 0.25.
    pub corrections: f64,
    /// Rows that come in the next session of their symbol: too late for every interval.
    pub late: f64,
}

/// Text that says no faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is no fault; write {} as duplicates=0.001,corrections=0.001,late=0.001{}", WORDS.join(", "), did_you_mean(*.nearest))]
pub struct FaultsError {
    /// The part that is wrong.
    pub got: String,
    /// The word it was perhaps meant to be.
    pub nearest: Option<&'static str>,
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::default();
        for part in text.split(',') {
            let wrong = |nearest| FaultsError { got: part.to_owned(), nearest };
            let (word, share) = part.split_once('=').ok_or_else(|| wrong(None))?;
            let share: f64 = share.trim().parse().map_err(|_| wrong(None))?;
            match word.trim() {
                "duplicates" => faults.duplicates = share,
                "corrections" => faults.corrections = share,
                "late" => faults.late = share,
                other => {
                    let near = nearest(other, WORDS);
                    return Err(wrong(WORDS.into_iter().find(|word| Some(*word) == near)));
                }
            }
        }
        Ok(faults)
    }
}

impl Faults {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What was planted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planted {
    /// Rows in all.
    pub rows: u64,
    /// Of them sent once more.
    pub duplicates: u64,
    /// Of them corrections.
    pub corrections: u64,
    /// Of them late.
    pub late: u64,
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} duplicates, {} corrections, {} late rows", self.duplicates, self.corrections, self.late)
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Sound,
    Duplicate,
    Correction,
    Late,
}

/// The faults of one symbol. Its random numbers are its own: the market is the same with faults and without.
#[derive(Debug, Clone)]
pub(super) struct Planter {
    random: Random,
    /// Late rows, of earlier sessions first.
    withheld: VecDeque<(u32, Record)>,
    /// Rows given in this session.
    given: u32,
}

impl Planter {
    pub(super) fn new(seed: u64, number: u32) -> Self {
        let random = Random::of_stream(seed, u64::from(number) << 1 | 1);
        Self { random, withheld: VecDeque::new(), given: 0 }
    }

    /// A session begins.
    pub(super) fn open(&mut self) {
        self.given = 0;
    }

    /// What becomes of a row that `is_inner` to every interval; late only where a session follows.
    pub(super) fn fate(&mut self, faults: &Faults, is_inner: bool, has_next: bool) -> Fate {
        let dice = self.random.unit();
        let corrected = if is_inner { faults.corrections / INNER } else { 0.0 };
        if dice < faults.late {
            return if has_next { Fate::Late } else { Fate::Sound };
        }
        if dice < faults.late + faults.duplicates {
            return Fate::Duplicate;
        }
        // A second number, so that a row that can't be corrected changes no other share.
        if corrected > 0.0 && self.random.unit() < corrected { Fate::Correction } else { Fate::Sound }
    }

    /// Keeps a row of session `session` back.
    pub(super) fn withhold(&mut self, session: u32, row: Record) {
        self.withheld.push_back((session, row));
    }

    /// A row of `session` was given: a late one may follow. After two rows of a session the one before is over on
    /// every clock.
    pub(super) fn given(&mut self, session: u32) -> Option<Record> {
        self.given += 1;
        if self.given < 2 || self.withheld.front()?.0 >= session {
            return None;
        }
        self.withheld.pop_front().map(|(_, row)| row)
    }

    /// A row as it comes wrong first.
    pub(super) fn spoilt(&mut self, row: &Record) -> Record {
        let more = 1 + (self.random.bits() >> 56);
        let high = ((row.high * 100.0).round() + 1.0) / 100.0;
        Record { volume: row.volume.map(|volume| volume + more as f64), high, ..*row }
    }
}
