//! The symbols that one thread derives: their processor, their part of the store, and what happens to them between sessions.

use barloom_core::input::Input;
use barloom_core::notice::Notices;
use barloom_core::plan::IndicatorFailure;
use barloom_core::processor::Processor;
use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotError, SnapshotWriter, Tag};
use barloom_core::store::{SessionData, SessionWriter};
use barloom_core::{CalendarError, Symbols, Timestamp};

use crate::session::Sessions;

/// What is known of sessions: of each shard.
const SESSIONS: Tag = Tag(*b"past");

/// A range of symbols with all that computes and publishes what is theirs.
#[derive(Debug)]
pub(crate) struct Shard {
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    sessions: Sessions,
}

impl Shard {
    pub(crate) fn new(
        processor: Processor,
        writer: SessionWriter,
        data: SessionData,
        sessions: Sessions,
    ) -> Self {
        Self { processor, writer, data, sessions }
    }

    /// Its place among the shards.
    pub(crate) fn number(&self) -> usize {
        self.processor.shard()
    }

    /// The processor: its plan and counts.
    pub(crate) fn processor(&self) -> &Processor {
        &self.processor
    }

    /// Its indicators that panicked, by the places of their interval and of themselves there.
    pub(crate) fn failures(&self, symbols: &Symbols) -> Vec<((usize, usize), IndicatorFailure)> {
        self.processor.plan().failures(symbols, symbols.by_name_in(self.number()))
    }

    /// Its state between two inputs, without the symbols.
    ///
    /// # Errors
    /// [`SnapshotError`] names an indicator of one's own that can't be saved.
    pub(crate) fn save(
        &mut self,
        symbols: &Symbols,
        of: Fingerprint,
    ) -> Result<SnapshotWriter, SnapshotError> {
        let mut to = SnapshotWriter::new(of);
        self.processor.save_shard(symbols, &self.writer, &mut to)?;
        to.section(SESSIONS, self.number() as u32, |to| self.sessions.save(to))?;
        Ok(to)
    }

    /// Takes over the state of the shard of its number. After an error it is good for nothing.
    ///
    /// # Errors
    /// [`SnapshotError`] when the snapshot has none, or it is of another configuration.
    pub(crate) fn restore(&mut self, symbols: &Symbols, from: &Snapshot<'_>) -> Result<(), SnapshotError> {
        let (number, own) = (self.number(), symbols.by_name_in(self.number()).len());
        from.section(SESSIONS, number as u32, |from| self.sessions.restore(own, from))?;
        self.processor.restore(symbols, &mut self.writer, from)
    }

    /// Takes an input, of which it has the rows of its own symbols; its steps follow.
    ///
    /// # Errors
    /// The row that the calendar does not know.
    #[inline]
    pub(crate) fn take(
        &mut self,
        input: Input<'_>,
        symbols: &Symbols,
        notices: &mut Notices,
    ) -> Result<(), (usize, CalendarError)> {
        if self.sessions.primes() {
            notices.keep_sessions();
        }
        self.processor.take(input, symbols, notices)?;
        self.sessions.keep(notices.sessions_over());
        Ok(())
    }

    /// Computes and publishes the next step of the input numbered `number`; its instant, or `None` when there is none left.
    ///
    /// # Errors
    /// When the calendar does not know a date that a session is primed from.
    #[inline]
    pub(crate) fn step(
        &mut self,
        number: u32,
        symbols: &Symbols,
        notices: &mut Notices,
    ) -> Result<Option<Timestamp>, CalendarError> {
        let Some(at) = notices.following() else { return Ok(None) };
        self.enter(at, number, symbols)?;
        self.processor.step(number, &mut self.writer, notices);
        if !self.sessions.is_idle() {
            self.sessions.see(notices.iter(&notices.step(), self.processor.plan().outputs()));
        }
        Ok(Some(at))
    }

    /// Opens the sessions that begin up to the instant `at`: historical values are published, of those before it too, as other
    /// shards may tell something of them; indicators are primed for the last one.
    ///
    /// # Errors
    /// When the calendar does not know a date that a session is primed from.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        at: Timestamp,
        number: u32,
        symbols: &Symbols,
    ) -> Result<(), CalendarError> {
        if self.sessions.is_idle() { Ok(()) } else { self.enter_session(at, number, symbols) }
    }

    fn enter_session(&mut self, at: Timestamp, number: u32, symbols: &Symbols) -> Result<(), CalendarError> {
        let Self { processor, writer, data, sessions } = self;
        while sessions.enters_next(at) {
            sessions.open(processor, writer, data, symbols, number, at)?;
        }
        Ok(())
    }
}
