//! Inputs that are no files: read on a thread of their own, so that a signal is heard while nothing comes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Blocks that are read ahead of the one at hand.
pub(crate) const READ_AHEAD: usize = 4;
/// Bytes asked of the system at once.
const BLOCK: usize = 1 << 16;

/// Who is to be woken by a signal.
static READERS: Mutex<Vec<SyncSender<Message>>> = Mutex::new(Vec::new());

/// What the reading thread, or a signal, says.
pub(crate) enum Message {
    /// Some bytes; none at the end.
    Block(io::Result<Vec<u8>>),
    /// A signal came.
    Wake,
}

/// Ends what waits for a pipe: it reads as if it were at its end.
pub(crate) fn wake_all() {
    if let Ok(readers) = READERS.lock() {
        // A full channel needs no waking: who reads it looks for himself.
        readers.iter().for_each(|reader| drop(reader.try_send(Message::Wake)));
    }
}

/// Whether what lies at `path` is read as it comes, and once.
pub(crate) fn is_pipe(path: &Path) -> bool {
    // What is not there is found out when it is opened.
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// A pipe or device, as it comes; of text whole lines, so that a signal never leaves half of one.
pub(crate) struct Pipe {
    messages: Receiver<Message>,
    block: Vec<u8>,
    /// How much of the block is taken, and how much may be.
    taken: usize,
    whole: usize,
    /// Whether it is text; unknown before its first byte.
    is_text: Option<bool>,
    has_ended: bool,
}

impl Pipe {
    /// Begins to read what lies at `path`; it is opened on the way, which waits for whoever writes.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let (to, messages) = sync_channel(READ_AHEAD);
        if let Ok(mut readers) = READERS.lock() {
            readers.push(to.clone());
        }
        let path: PathBuf = path.to_owned();
        // It ends with the pipe, when nobody takes what it read, or with the process.
        std::thread::Builder::new().name("pipe".to_owned()).spawn(move || read(&path, &to))?;
        Ok(Self { messages, block: Vec::new(), taken: 0, whole: 0, is_text: None, has_ended: false })
    }

    /// Waits for more than is taken; there is none at the end.
    fn pull(&mut self) -> io::Result<()> {
        while self.taken == self.whole && !self.has_ended {
            self.block.drain(..std::mem::take(&mut self.taken));
            match self.messages.recv() {
                Ok(Message::Block(block)) => {
                    let block = block?;
                    self.has_ended = block.is_empty();
                    self.block.extend_from_slice(&block);
                    self.whole = if self.has_ended { self.block.len() } else { self.whole_lines() };
                }
                // The thread is gone, which it is only after it said so.
                Ok(Message::Wake) | Err(_) => (self.has_ended, self.whole) = (true, 0),
            }
        }
        Ok(())
    }

    /// How many bytes can be handed over: of text, up to the end of a line. A line that is longer than any row is not waited for.
    fn whole_lines(&mut self) -> usize {
        // Packed and binary tables begin with bytes that no text does.
        let is_text =
            *self.is_text.get_or_insert(self.block.first().is_some_and(|first| {
                first.is_ascii_graphic() || first.is_ascii_whitespace() || *first == 0xEF
            }));
        if !is_text || self.block.len() > barloom_io::LONGEST_ROW {
            return self.block.len();
        }
        self.block.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)
    }
}

fn read(path: &Path, to: &SyncSender<Message>) {
    match File::open(path) {
        Ok(file) => hand_over(file, to),
        Err(error) => drop(to.send(Message::Block(Err(error)))),
    }
}

/// Hands `from` over block by block, to its end or until nobody takes them.
pub(crate) fn hand_over(mut from: impl Read, to: &SyncSender<Message>) {
    loop {
        let mut block = vec![0; BLOCK];
        let read = from.read(&mut block);
        if matches!(&read, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
            continue;
        }
        let read = read.map(|count| {
            block.truncate(count);
            block
        });
        let is_last = read.as_ref().map_or(true, Vec::is_empty);
        if to.send(Message::Block(read)).is_err() || is_last {
            return;
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.pull()?;
        let left = &self.block[self.taken..self.whole];
        let count = left.len().min(to.len());
        to[..count].copy_from_slice(&left[..count]);
        self.taken += count;
        Ok(count)
    }
}
