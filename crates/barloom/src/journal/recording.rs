//! A journal as the inputs of a run: the same rows at the same instants, so the same numbers.

use std::path::Path;

use barloom_core::derive::FileTrial;
use barloom_core::input::{Input, InputRow};
use barloom_core::{Symbols, Timestamp};

use super::error::JournalError;
use super::reader::JournalReader;
use super::writer::JournalMark;
use super::{JournalConfig, RefusedRow};
use crate::coordinator::{Inputs, Next, Refused};
use crate::source::Unreadable;

/// What a journal recorded, input by input.
///
/// It ends as the run did: with its end, or where the run was stopped.
#[derive(Debug)]
pub struct Recording {
    reader: JournalReader,
    sources: Vec<String>,
    symbols: Symbols,
    rows: Vec<InputRow>,
    refused: Vec<Refused>,
}

impl Recording {
    /// Opens the journal in the folder `dir`; also gives the configuration that it was written under.
    ///
    /// # Errors
    /// As [`JournalReader::open`].
    pub fn open(dir: &Path) -> Result<(Self, JournalConfig), JournalError> {
        let (reader, config) = JournalReader::open(dir)?;
        let sources = config.sources.clone();
        let (rows, refused) = (Vec::new(), Vec::new());
        Ok((Self { reader, sources, symbols: Symbols::new(), rows, refused }, config))
    }

    /// As [`Recording::open`], from a checkpoint on, whose run had met `symbols`.
    ///
    /// # Errors
    /// As [`Recording::open`]; [`JournalFault::Behind`](super::JournalFault::Behind) when the journal ends before the mark.
    pub fn open_from(dir: &Path, mark: &JournalMark, symbols: &Symbols) -> Result<Self, JournalError> {
        let (mut own, _) = Self::open(dir)?;
        own.symbols = own.reader.go_to(mark, symbols)?;
        Ok(own)
    }

    /// How many bytes of the journal were read.
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// The symbols met so far, for whoever goes on.
    pub(super) fn take_symbols(&mut self) -> Symbols {
        std::mem::take(&mut self.symbols)
    }

    /// How many bytes the journal has, where the system tells.
    pub fn size(&self) -> Option<u64> {
        self.reader.size()
    }
}

impl Inputs for Recording {
    type Error = JournalError;

    fn advance(&mut self) -> Result<Next, JournalError> {
        self.rows.clear();
        self.refused.clear();
        let Some(recorded) = self.reader.next(&mut self.symbols)? else { return Ok(Next::Stop) };
        let next = match recorded.input {
            Input::Bars { at, rows } => {
                self.rows.extend_from_slice(rows);
                Next::Bars(at)
            }
            Input::Clock(at) => Next::Clock(at),
            Input::End => Next::End,
        };
        let places = self.rows.iter().enumerate().filter_map(|(row, content)| match *content {
            InputRow::Bar { .. } => None,
            InputRow::Refused { symbol, time } => Some((row, symbol, time)),
        });
        for ((row, symbol, time), RefusedRow { source, number, reason }) in places.zip(recorded.refused()) {
            let why = Unreadable { symbol, time, reason: reason.to_owned() };
            self.refused.push(Refused { row, source: source as usize, number, why });
        }
        Ok(next)
    }

    fn rows(&self) -> &[InputRow] {
        &self.rows
    }

    fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Of refused rows alone; where the others came from changes no number and is not recorded.
    fn origin(&self, row: usize) -> (usize, u64) {
        let refused = self.refused.iter().find(|refused| refused.row == row);
        refused.map_or((self.sources.len(), 0), |refused| (refused.source, refused.number))
    }

    fn source(&self, place: usize) -> &str {
        self.sources.get(place).map_or("journal", String::as_str)
    }

    /// The journal keeps numbers alone.
    fn unit(&self, _: usize) -> &'static str {
        "row"
    }

    fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    fn trial(&self) -> Option<&FileTrial> {
        None
    }

    /// A run that is run again keeps no journal.
    fn is_recorded(&self) -> bool {
        false
    }

    fn before(&self) -> u64 {
        0
    }

    fn following(&self) -> Option<Timestamp> {
        None
    }
}
