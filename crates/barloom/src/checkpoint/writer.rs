//! When a checkpoint is due, and the thread that writes it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use barloom_core::derive::DeriveRules;
use barloom_core::error::panic_message;
use barloom_core::snapshot::{Fingerprint, SnapshotWriter};
use barloom_core::{Symbols, Timestamp};

use super::{CheckpointError, CheckpointFault, MARK, TOLD, name_of, numbers};
use crate::journal::{JournalMark, OnDisk};
use crate::session::Entrance;
use crate::telling::Ledger;

/// How many of the newest stay.
const STAY: u64 = 2;

/// Says when a checkpoint is due: behind the last input of each session.
#[derive(Debug)]
pub(crate) struct Saving {
    entrance: Entrance,
    number: u64,
    pub(crate) of: Fingerprint,
}

/// A checkpoint that is due, behind an input.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) number: u64,
    pub(crate) mark: JournalMark,
    pub(crate) on_disk: OnDisk,
}

impl Saving {
    /// Of a run under `rules` that goes on from the checkpoint `number` at an instant, or begins.
    pub(crate) fn new(rules: &DeriveRules, of: Fingerprint, after: Option<(u64, Timestamp)>) -> Self {
        let mut entrance = Entrance::new(rules);
        if let Some((_, at)) = after {
            entrance.enters(at);
        }
        Self { entrance, number: after.map_or(0, |(number, _)| number), of }
    }

    /// Whether one is due behind the input at `now`, which the journal had already or not: the rows that follow, as far as they are known, are the
    /// first of another session, or, where a run went on after a gap, those at hand are.
    pub(crate) fn is_due(&mut self, now: Timestamp, is_recorded: bool, following: Option<Timestamp>) -> bool {
        let went_on = self.entrance.has_entered() && self.entrance.enters(now) && !is_recorded;
        // The first session of all has nothing before it.
        self.entrance.enters(now);
        following.is_some_and(|at| self.entrance.enters(at)) || went_on
    }

    /// The number of the one that is due.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

/// Writes checkpoints behind the run.
#[derive(Debug)]
pub(crate) struct CheckpointWriter {
    of: Fingerprint,
    dir: PathBuf,
    /// Gone when no more will be written.
    to: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<Result<(), CheckpointError>>>,
}

#[derive(Debug)]
struct Order {
    due: Due,
    parts: Vec<SnapshotWriter>,
}

impl CheckpointWriter {
    /// Writes to the folder `dir`, in which no checkpoint stays but the one that the run goes on from, and those before it.
    pub(crate) fn new(dir: &Path, of: Fingerprint, after: Option<u64>) -> Result<Self, CheckpointError> {
        for number in numbers(dir)?.into_iter().filter(|&number| after.is_none_or(|after| number > after)) {
            remove(dir, number)?;
        }
        let (to, orders) = sync_channel(0);
        let folder = dir.to_owned();
        let thread = Builder::new().name("checkpoint".to_owned());
        let thread = thread.spawn(move || written(&folder, &orders));
        let thread = thread.map_err(|error| CheckpointFault::io("written")(error).of(dir))?;
        Ok(Self { of, dir: dir.to_owned(), to: Some(to), thread: Some(thread) })
    }

    /// Has a checkpoint written: `shards` are the states of all of them. Waits while another one is.
    ///
    /// # Errors
    /// Why an earlier one was not written; [`CheckpointFault::Snapshot`] of an indicator that can't be saved.
    pub(crate) fn write(
        &mut self,
        due: Due,
        books: &Ledger,
        symbols: &Symbols,
        shards: Vec<SnapshotWriter>,
    ) -> Result<(), CheckpointError> {
        let mut head = SnapshotWriter::new(self.of);
        let done = symbols.save(&mut head).and_then(|()| {
            head.section(MARK, 0, |to| {
                let JournalMark { inputs, last, offset } = due.mark;
                to.u64(due.number);
                to.u32(inputs as u32);
                to.time(last);
                to.u64(offset);
                to.count(shards.len());
                Ok(())
            })?;
            head.section(TOLD, 0, |to| {
                books.save(to);
                Ok(())
            })
        });
        done.map_err(|error| CheckpointFault::Snapshot(error).of(&self.dir))?;
        let parts = std::iter::once(head).chain(shards).collect();
        match &self.to {
            Some(to) if to.send(Order { due, parts }).is_ok() => Ok(()),
            // The thread ends before it is told to only when it failed.
            _ => self.finish(),
        }
    }

    /// Waits until all are written.
    ///
    /// # Errors
    /// Why one was not; it comes once.
    pub(crate) fn finish(&mut self) -> Result<(), CheckpointError> {
        self.to = None;
        let ended = self.thread.take().map(JoinHandle::join);
        ended.unwrap_or(Ok(Ok(()))).unwrap_or_else(|panic| {
            let error = std::io::Error::other(panic_message(&*panic).to_owned());
            Err(CheckpointFault::io("written")(error).of(&self.dir))
        })
    }
}

impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        // A run that ended by an error has that to tell.
        let _ = self.finish();
    }
}

fn written(dir: &Path, orders: &Receiver<Order>) -> Result<(), CheckpointError> {
    while let Ok(Order { due, mut parts }) = orders.recv() {
        let file = dir.join(name_of("checkpoint", due.number, "snapshot"));
        let Some((first, others)) = parts.split_first_mut() else { continue };
        let pieces = first.pieces(others).map_err(|error| CheckpointFault::Snapshot(error).of(&file))?;
        let temporary = dir.join("checkpoint.tmp");
        let done = File::create(&temporary).and_then(|mut to| {
            pieces.iter().try_for_each(|piece| to.write_all(piece))?;
            to.sync_all()
        });
        done.map_err(|error| CheckpointFault::io("written")(error).of(&file))?;
        if !due.on_disk.wait() {
            let _ = fs::remove_file(&temporary);
            return Err(CheckpointFault::Journal.of(&file));
        }
        in_place(&temporary, &file)?;
        for number in numbers(dir)?.into_iter().filter(|number| number + STAY <= due.number) {
            remove(dir, number)?;
        }
    }
    Ok(())
}

/// Gives a file that is on disk its name.
pub(super) fn in_place(temporary: &Path, file: &Path) -> Result<(), CheckpointError> {
    fs::rename(temporary, file).map_err(|error| CheckpointFault::io("written")(error).of(file))?;
    // The name is on disk when its folder is; systems that can't sync a folder do so on their own.
    if let Some(Ok(folder)) = file.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn remove(dir: &Path, number: u64) -> Result<(), CheckpointError> {
    let file = dir.join(name_of("checkpoint", number, "snapshot"));
    fs::remove_file(&file).map_err(|error| CheckpointFault::io("removed")(error).of(&file))
}
