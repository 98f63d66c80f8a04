//! A run that goes on where a journal ends: the inputs that were recorded, then those that come.

use barloom_core::derive::FileTrial;
use barloom_core::input::InputRow;
use barloom_core::{Symbol, SymbolId, Symbols, Timestamp};

use super::error::JournalError;
use super::recording::Recording;
use super::writer::{JournalMark, Recovered};
use crate::coordinator::{CoordinatorError, Inputs, Next, Refused, SessionCoordinator};
use crate::source::Source;

/// Inputs of a run that was cut short, from its first on.
///
/// Sources that can be read again are: their inputs must be those that were recorded, bit for bit, and the run then goes on with what
/// comes after. What came through a pipe is gone from there, and comes from the journal.
#[derive(Debug)]
pub struct Resumed<S> {
    live: SessionCoordinator<S>,
    recording: Recording,
    /// How many inputs are recorded, how many of them lie before the checkpoint that the run goes on from, and how many were given or passed
    /// over.
    recorded: u64,
    before: u64,
    given: u64,
    is_read_again: bool,
    /// The instant of the last input that was recorded.
    last: Timestamp,
    /// How many symbols are known to be the same.
    names: usize,
    /// What is told of a gap.
    tell: fn(Gap),
    has_gap: bool,
    /// Whether the input at hand is the journal's.
    is_recorded: bool,
    has_ended: bool,
}

/// What may be missing between a journal's end and what came through a pipe after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The instant of the last input that was recorded.
    pub from: Timestamp,
    /// The instant of the first one that came then.
    pub to: Timestamp,
}

/// Why a run can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError<E> {
    /// The sources can't be followed.
    #[error(transparent)]
    Inputs(CoordinatorError<E>),
    /// The journal can't be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A source does not say what was recorded of it.
    #[error(
        "input {input} of the journal, at {at}, is not what the inputs say now: they changed since they were recorded; run without --resume, with another journal"
    )]
    Differs {
        /// Its number, from 1.
        input: u64,
        /// Its instant in the journal; the last there is, of one without.
        at: Timestamp,
    },
}

impl<S: Source> Resumed<S> {
    /// The inputs of `live`, whose sources begin anew, of which `recording` has the first.
    pub fn again(live: SessionCoordinator<S>, recording: Recording, found: &Recovered) -> Self {
        Self {
            live,
            recording,
            recorded: found.inputs,
            before: 0,
            given: 0,
            is_read_again: true,
            last: found.last,
            names: 0,
            tell: |_| {},
            has_gap: false,
            is_recorded: false,
            has_ended: false,
        }
    }

    /// The inputs of `recording`, then those of `live`, whose sources go on: `tell` is told what may be missing between them, with the
    /// first input that comes.
    pub fn going_on(
        live: SessionCoordinator<S>,
        recording: Recording,
        found: &Recovered,
        tell: fn(Gap),
    ) -> Self {
        Self { is_read_again: false, is_recorded: true, tell, ..Self::again(live, recording, found) }
    }

    /// The same, from a checkpoint on: what lies before its mark is given no more. Of sources that are read again it is still read, and must be
    /// what was recorded; a recording of those that go on begins at the mark: [`Recording::open_from`].
    #[must_use]
    pub fn from_mark(mut self, mark: &JournalMark) -> Self {
        self.before = mark.inputs;
        if !self.is_read_again {
            self.given = mark.inputs;
        }
        self
    }

    /// The sources.
    pub fn sources(&self) -> impl Iterator<Item = &S> {
        self.live.sources()
    }

    /// Whether the input at hand comes from the journal, and not from the sources.
    fn is_from_journal(&self) -> bool {
        self.is_recorded && !self.is_read_again
    }

    /// The next input, which was recorded, from the sources.
    fn read_again(&mut self) -> Result<Next, ResumeError<S::Error>> {
        let recorded = self.recording.advance()?;
        let next = self.live.advance().map_err(ResumeError::Inputs)?;
        let (own, other) = (self.live.symbols(), self.recording.symbols());
        let is_same_row = |a: &InputRow, b: &InputRow| match (a, b) {
            (InputRow::Bar { symbol: a, bar: one }, InputRow::Bar { symbol: b, bar: two }) => {
                a.index() == b.index() && one.is_same(two) && one.open_time() == two.open_time()
            }
            (InputRow::Refused { symbol: a, time: one }, InputRow::Refused { symbol: b, time: two }) => {
                a.map(SymbolId::index) == b.map(SymbolId::index) && one == two
            }
            _ => false,
        };
        let (rows, kept) = (self.live.rows(), self.recording.rows());
        let is_same = next == recorded
            && rows.len() == kept.len()
            && rows.iter().zip(kept).all(|(a, b)| is_same_row(a, b))
            && own.len() == other.len()
            && (own.len() == self.names || names(own).eq(names(other)));
        self.names = own.len();
        if is_same {
            Ok(next)
        } else {
            Err(ResumeError::Differs { input: self.given + 1, at: recorded.at() })
        }
    }
}

/// The names of symbols by rank, with their numbers.
fn names(symbols: &Symbols) -> impl Iterator<Item = (usize, &Symbol)> {
    symbols.by_name().iter().map(|&id| (id.index(), symbols.name(id)))
}

impl<S: Source> Inputs for Resumed<S> {
    type Error = ResumeError<S::Error>;

    fn advance(&mut self) -> Result<Next, Self::Error> {
        if self.has_ended {
            return Ok(Next::End);
        }
        while self.is_read_again && self.given < self.before.min(self.recorded) {
            self.is_recorded = true;
            let next = self.read_again()?;
            self.given += 1;
            self.has_ended = next == Next::End;
        }
        if self.given < self.recorded {
            self.is_recorded = true;
            let next = if self.is_read_again { self.read_again()? } else { self.recording.advance()? };
            self.given += 1;
            self.has_ended = next == Next::End;
            return Ok(next);
        }
        if std::mem::take(&mut self.is_recorded) && !self.is_read_again {
            self.live.go_on(self.recording.take_symbols(), self.last);
        }
        let next = self.live.advance().map_err(ResumeError::Inputs)?;
        if let (Next::Bars(to), false, false) = (next, self.is_read_again, self.has_gap) {
            self.has_gap = true;
            (self.tell)(Gap { from: self.last, to });
        }
        Ok(next)
    }

    fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    fn before(&self) -> u64 {
        self.before
    }

    fn following(&self) -> Option<Timestamp> {
        if self.given < self.recorded { None } else { self.live.following() }
    }

    fn rows(&self) -> &[InputRow] {
        if self.is_from_journal() { self.recording.rows() } else { self.live.rows() }
    }

    fn refused(&self) -> &[Refused] {
        if self.is_from_journal() { self.recording.refused() } else { self.live.refused() }
    }

    fn origin(&self, row: usize) -> (usize, u64) {
        if self.is_from_journal() { self.recording.origin(row) } else { self.live.origin(row) }
    }

    fn source(&self, place: usize) -> &str {
        self.live.source(place)
    }

    fn unit(&self, place: usize) -> &'static str {
        self.live.unit(place)
    }

    fn symbols(&self) -> &Symbols {
        if self.is_from_journal() { self.recording.symbols() } else { self.live.symbols() }
    }

    /// Of all rows where they are read again; else of those that come.
    fn trial(&self) -> Option<&FileTrial> {
        self.live.trial()
    }
}
