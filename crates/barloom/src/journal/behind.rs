//! The journal's file on a thread of its own: a run hands over whole frames and goes on.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{Builder, JoinHandle};

use barloom_core::error::panic_message;

/// Chunks that are on their way; a run that is further ahead waits.
const WAITING: usize = 64;

/// What the thread is asked for.
enum Order {
    /// Write whole frames.
    Write(Vec<u8>),
    /// Say so when all before is written; on disk, where that is asked for.
    Tell(SyncSender<()>, bool),
    /// From now on wait for the disk, or don't.
    Disk(bool),
}

/// A file that is written behind the run.
#[derive(Debug)]
pub(super) struct Behind {
    /// Gone when no more will be written.
    to: Option<SyncSender<Order>>,
    /// Chunks that were written, to be filled again.
    back: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<io::Result<File>>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Write(_) => "Write",
            Self::Tell(..) => "Tell",
            Self::Disk(_) => "Disk",
        })
    }
}

impl Behind {
    /// Writes to `file` from its position on, in chunks with room for so many bytes.
    pub(super) fn new(file: File, room: usize) -> io::Result<Self> {
        let (to, orders) = sync_channel(WAITING);
        let (empty, back) = sync_channel(WAITING);
        // Memory that is not used is not resident.
        (0..WAITING).for_each(|_| drop(empty.try_send(Vec::with_capacity(room))));
        let thread = Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || written(file, &orders, &empty))?;
        Ok(Self { to: Some(to), back, thread: Some(thread) })
    }

    /// Hands `chunk` over; it is empty then, with the room of one that was written. Waits for one where all are on their way.
    pub(super) fn write(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        // The thread ends before it is told to only when it failed.
        let Ok(empty) = self.back.recv() else { return self.end().map(drop) };
        let full = std::mem::replace(chunk, empty);
        self.order(Order::Write(full))
    }

    /// Has the thread wait for the disk from now on, or not.
    pub(super) fn wait_for_disk(&mut self, is_waited_for: bool) -> io::Result<()> {
        self.order(Order::Disk(is_waited_for))
    }

    /// Waits until the system has all that was handed over.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let told = self.tell(false)?;
        if told.recv().is_err() { self.end().map(drop) } else { Ok(()) }
    }

    /// Where it will be told that all that was handed over is written, or on disk; nothing comes where that failed.
    pub(super) fn tell(&mut self, on_disk: bool) -> io::Result<Receiver<()>> {
        let (tell, told) = sync_channel(1);
        self.order(Order::Tell(tell, on_disk))?;
        Ok(told)
    }

    fn order(&mut self, order: Order) -> io::Result<()> {
        match &self.to {
            Some(to) if to.send(order).is_ok() => Ok(()),
            _ => self.end().map(drop),
        }
    }

    /// The file, when all that was handed over is written; an error comes once.
    pub(super) fn end(&mut self) -> io::Result<File> {
        self.to = None;
        let gone = || Err(io::Error::other("an error before this ended it"));
        let panicked =
            |panic: Box<dyn std::any::Any + Send>| Err(io::Error::other(panic_message(&*panic).to_owned()));
        self.thread.take().map_or_else(gone, |thread| thread.join().unwrap_or_else(panicked))
    }
}

fn written(mut file: File, orders: &Receiver<Order>, empty: &SyncSender<Vec<u8>>) -> io::Result<File> {
    let (mut is_dirty, mut waits) = (false, false);
    loop {
        let order = match orders.try_recv() {
            Ok(order) => order,
            Err(TryRecvError::Disconnected) => return Ok(file),
            Err(TryRecvError::Empty) => {
                // All that waited is written, so one wait for the disk is enough for it.
                if std::mem::take(&mut is_dirty) && waits {
                    file.sync_data()?;
                }
                let Ok(order) = orders.recv() else { return Ok(file) };
                order
            }
        };
        match order {
            Order::Write(mut chunk) => {
                file.write_all(&chunk)?;
                is_dirty = true;
                chunk.clear();
                // There is a place for each, unless nobody asks any more.
                let _ = empty.try_send(chunk);
            }
            Order::Disk(is_waited_for) => waits = is_waited_for,
            Order::Tell(tell, on_disk) => {
                if on_disk {
                    file.sync_data()?;
                }
                // Whoever asked may be gone.
                let _ = tell.try_send(());
            }
        }
    }
}
