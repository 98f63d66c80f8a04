//! A run's journal as long as it can be written, and what is known of one that could not.

use std::path::{Path, PathBuf};

use barloom_core::input::Input;
use barloom_core::{Symbols, Timestamp};

use super::{JournalError, JournalMark, JournalWriter, OnDisk, RefusedRow};

/// A journal that its run went on without, since it could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLost {
    /// Its file.
    pub file: PathBuf,
    /// What the system said, with the file.
    pub reason: String,
    /// The instant of the input at which that was found out; the earliest there is, where none has one.
    pub at: Timestamp,
    /// How many inputs of the run it lacks; 0 while the run goes on, which does not wait for them to be counted.
    pub inputs: u64,
}

/// Who is told that a journal was lost.
pub(crate) type OnLost = Box<dyn FnMut(&JournalLost) + Send>;

/// What a run's inputs are written to.
pub(crate) struct Kept {
    to: Option<JournalWriter>,
    lost: Option<JournalLost>,
    /// Where it is set, a run goes on without its journal.
    pub(crate) on_lost: Option<OnLost>,
    /// How many inputs there would be in a journal without a fault, and the instant of the last one.
    inputs: u64,
    last: Timestamp,
}

impl Default for Kept {
    /// Nothing is written.
    fn default() -> Self {
        Self { to: None, lost: None, on_lost: None, inputs: 0, last: Timestamp::MIN }
    }
}

impl Kept {
    /// Inputs are written by `to`.
    pub(crate) fn write_to(&mut self, to: JournalWriter) {
        self.inputs = to.inputs();
        self.to = Some(to);
    }

    /// Whether there is one, or was.
    pub(crate) fn is_asked(&self) -> bool {
        self.to.is_some() || self.lost.is_some()
    }

    /// The next input, which a journal that is gone on with has already where it `is_recorded`.
    ///
    /// # Errors
    /// Those of [`JournalWriter::append`], where the run does not go on without.
    pub(crate) fn append<'r>(
        &mut self,
        input: Input<'_>,
        is_recorded: bool,
        refused: impl IntoIterator<Item = RefusedRow<'r>>,
        symbols: &Symbols,
    ) -> Result<(), JournalError> {
        if let Input::Bars { at, .. } | Input::Clock(at) = input {
            self.last = at;
        }
        if is_recorded {
            return Ok(());
        }
        self.inputs += 1;
        let Some(to) = &mut self.to else { return Ok(()) };
        to.append(input, refused, symbols).or_else(|error| self.without(error))
    }

    /// The place behind the last input, and where it is told that all before it is on disk; none where there is no journal.
    ///
    /// # Errors
    /// Those of [`JournalWriter::append`], where the run does not go on without.
    pub(crate) fn mark(&mut self) -> Result<Option<(JournalMark, OnDisk)>, JournalError> {
        let marked = self.to.as_mut().map(JournalWriter::mark).transpose();
        marked.or_else(|error| self.without(error).map(|()| None))
    }

    /// Ends the journal; one that was lost ends with its last whole input.
    ///
    /// # Errors
    /// Those of [`JournalWriter::finish`], where the run does not go on without.
    pub(crate) fn finish(mut self) -> Result<Option<JournalLost>, JournalError> {
        if let Some(to) = self.to.take() {
            to.finish().or_else(|error| self.without(error))?;
        }
        let Some(lost) = self.lost else { return Ok(None) };
        // As where a run goes on: what of an input its end has is cut off. What can't be read holds none.
        let dir = lost.file.parent().unwrap_or(Path::new(""));
        let whole = JournalWriter::resume(dir).map_or(0, |(_, _, found)| found.inputs);
        Ok(Some(JournalLost { inputs: self.inputs.saturating_sub(whole), ..lost }))
    }

    #[cold]
    fn without(&mut self, error: JournalError) -> Result<(), JournalError> {
        let Some(on_lost) = &mut self.on_lost else { return Err(error) };
        self.to = None;
        let lost = JournalLost { reason: error.to_string(), file: error.file, at: self.last, inputs: 0 };
        on_lost(self.lost.insert(lost));
        Ok(())
    }
}
