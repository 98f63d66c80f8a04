//! Writing: inputs become frames, frames are gathered and handed to the system whole.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use barloom_core::input::{Input, InputRow};
use barloom_core::{SymbolId, Symbols, Timestamp};

use super::behind::Behind;
use super::error::{FrameFault, JournalError, JournalFault};
use super::reader::JournalReader;
use super::row::{put_bar, put_refused};
use super::wire::{put_text, put_time, put_varint};
use super::{
    CLOCK, ConfigKind, END, FILE_NAME, FRAME_HEADER, JournalConfig, JournalSync, LONGEST_PAYLOAD, MAGIC,
    NAMES, NANOS, RefusedRow, VERSION,
};
use crate::checkpoint;

/// Bytes gathered before the system is asked to write.
const GATHER: usize = 1 << 16;

/// Writes a journal. Dropped unfinished, it hands over what it gathered and does not say whether that went well.
#[derive(Debug)]
pub struct JournalWriter {
    file: Behind,
    path: PathBuf,
    sync: JournalSync,
    /// Whole frames that are not handed over.
    gathered: Vec<u8>,
    /// Bytes that are.
    handed: u64,
    /// After a failed write nobody knows where the file ends.
    failed: Option<ErrorKind>,
    sources: usize,
    /// What times are written against, and how many names are written.
    last: Timestamp,
    names: usize,
    /// Inputs appended, by the run and by those that it goes on from.
    inputs: u64,
}

/// A place in a journal between two inputs, from where it can be read without what lies before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalMark {
    /// How many inputs lie before it.
    pub inputs: u64,
    /// The instant of the last of them that has one.
    pub last: Timestamp,
    /// Its place in the file, in bytes.
    pub(crate) offset: u64,
}

/// Where it is told that a journal is on disk up to a [`JournalMark`].
#[derive(Debug)]
pub(crate) struct OnDisk(Receiver<()>);

impl OnDisk {
    /// Waits for it; whether it is.
    pub(crate) fn wait(self) -> bool {
        self.0.recv().is_ok()
    }
}

/// What a journal that is gone on with holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// How many inputs.
    pub inputs: u64,
    /// The instant of the last one; the earliest there is, where none has one.
    pub last: Timestamp,
    /// Whether the last one is the end: the run came to it.
    pub has_ended: bool,
    /// Whether a part of a frame was cut off.
    pub was_cut: bool,
}

impl Default for Recovered {
    fn default() -> Self {
        Self { inputs: 0, last: Timestamp::MIN, has_ended: false, was_cut: false }
    }
}

/// Keeps others from writing while the file is open; systems that can't are trusted.
fn lock(file: &File) -> Result<(), JournalFault> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(JournalFault::InUse),
        _ => Ok(()),
    }
}

impl JournalWriter {
    /// Begins a journal in the folder `dir`, which is made if it is not there; checkpoints of an earlier one are removed. The configuration is handed over at once.
    ///
    /// # Errors
    /// [`JournalFault::Exists`] when the folder holds a journal, [`JournalFault::Io`] when it can't be written to,
    /// [`JournalFault::TooLong`] for a configuration beyond [`LONGEST_PAYLOAD`].
    pub fn create(dir: &Path, config: &JournalConfig) -> Result<Self, JournalError> {
        let path = dir.join(FILE_NAME);
        let mut gathered = Vec::with_capacity(2 * GATHER);
        gathered.extend_from_slice(&MAGIC);
        gathered.extend_from_slice(&VERSION.to_le_bytes());
        frame(&mut gathered, 0, |into| {
            put_config(into, config);
            Ok(())
        })
        .map_err(|fault| fault.of(&path))?;
        let opened = fs::create_dir_all(dir)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
            .map_err(|error| match error.kind() {
                // A file where the folder should be is not a journal.
                ErrorKind::AlreadyExists if path.exists() => JournalFault::Exists,
                _ => JournalFault::io("created")(error),
            });
        let file = opened.and_then(|file| lock(&file).map(|()| file)).map_err(|fault| fault.of(&path))?;
        // Those of an earlier journal are states of other inputs.
        checkpoint::remove_all(dir).map_err(|error| JournalFault::io("begun")(error).of(&path))?;
        let mut writer = Self::of(file, path, gathered, config.sources.len())?;
        writer.flush()?;
        Ok(writer)
    }

    /// Goes on with the journal in the folder `dir`, whose run was cut short: what of a frame its end has is cut off. Also gives its
    /// configuration, and what it holds.
    ///
    /// # Errors
    /// As [`JournalReader::open`] and [`JournalReader::next`], but for a cut behind the configuration; [`JournalFault::InUse`] while another
    /// run writes it.
    pub fn resume(dir: &Path) -> Result<(Self, JournalConfig, Recovered), JournalError> {
        Self::resume_from(dir, None)
    }

    /// As [`JournalWriter::resume`], from a checkpoint on, whose run had met `symbols`: what lies before its mark is not read.
    ///
    /// # Errors
    /// Those of [`JournalWriter::resume`]; [`JournalFault::Behind`] when the journal ends before the mark.
    pub fn resume_from(
        dir: &Path,
        from: Option<(&JournalMark, &Symbols)>,
    ) -> Result<(Self, JournalConfig, Recovered), JournalError> {
        let path = dir.join(FILE_NAME);
        let io = |action| {
            let path = path.clone();
            move |error| JournalFault::io(action)(error).of(&path)
        };
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(io("opened"))?;
        lock(&file).map_err(|fault| fault.of(&path))?;
        let (mut reader, config) = JournalReader::open(dir)?;
        let (mut symbols, mut found) = (Symbols::new(), Recovered::default());
        if let Some((mark, met)) = from {
            (found.inputs, found.last) = (mark.inputs, mark.last);
            symbols = reader.go_to(mark, met)?;
        }
        loop {
            match reader.next(&mut symbols) {
                Ok(Some(recorded)) => {
                    found.inputs += 1;
                    match recorded.input {
                        Input::Bars { at, .. } | Input::Clock(at) => found.last = at,
                        Input::End => found.has_ended = true,
                    }
                }
                Ok(None) => break,
                Err(JournalError { fault: JournalFault::Cut { .. }, .. }) => {
                    found.was_cut = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        let (end, (last, names)) = (reader.position(), reader.state());
        file.set_len(end).map_err(io("written"))?;
        file.seek(SeekFrom::Start(end)).map_err(io("written"))?;
        let gathered = Vec::with_capacity(2 * GATHER);
        let mut writer = Self::of(file, path.clone(), gathered, config.sources.len())?;
        (writer.handed, writer.last, writer.names) = (end, last, names);
        writer.inputs = found.inputs;
        Ok((writer, config, found))
    }

    fn of(file: File, path: PathBuf, gathered: Vec<u8>, sources: usize) -> Result<Self, JournalError> {
        let file =
            Behind::new(file, 2 * GATHER).map_err(|error| JournalFault::io("written")(error).of(&path))?;
        let (sync, last) = (JournalSync::default(), Timestamp::from_nanos(0));
        Ok(Self { file, path, sync, gathered, handed: 0, failed: None, sources, last, names: 0, inputs: 0 })
    }

    /// How many inputs the journal has; before this writer's first, those that it had.
    pub(super) fn inputs(&self) -> u64 {
        self.inputs
    }

    /// The same, whose inputs are written when `sync` says.
    ///
    /// # Errors
    /// [`JournalFault::Io`] when the system can't write.
    pub fn with_sync(mut self, sync: JournalSync) -> Result<Self, JournalError> {
        self.sync = sync;
        let told = self.file.wait_for_disk(sync == JournalSync::Disk);
        self.noted(told)?;
        Ok(self)
    }

    /// Appends an input: `refused` tells of its refused rows, in their order, and `symbols` is the one table of the run, as
    /// the core sees it with this input. Does not allocate, unless the table has grown or this is the longest input so far.
    ///
    /// # Errors
    /// [`JournalFault::Refused`] when `refused` are not as many as the input's refused rows, [`JournalFault::Frame`] for a
    /// symbol or source that has no name, [`JournalFault::TooLong`] for an input beyond [`LONGEST_PAYLOAD`]: the journal is
    /// then as before. [`JournalFault::Io`] when the system can't write: then the journal takes nothing more.
    pub fn append<'r>(
        &mut self,
        input: Input<'_>,
        refused: impl IntoIterator<Item = RefusedRow<'r>>,
        symbols: &Symbols,
    ) -> Result<(), JournalError> {
        if self.failed.is_some() {
            return self.hand_over();
        }
        let (handed, last, names, sources) = (self.handed, self.last, self.names, self.sources);
        let offset = handed + self.gathered.len() as u64;
        let context = Context { offset, last, names, sources, symbols };
        let put = frame(&mut self.gathered, handed, |into| context.put_input(into, input, refused));
        self.last = put.map_err(|fault| fault.of(&self.path))?;
        self.names = self.names.max(symbols.len());
        self.inputs += 1;
        let is_due = self.sync != JournalSync::Chunk || self.gathered.len() >= GATHER;
        if is_due { self.hand_over() } else { Ok(()) }
    }

    /// The place behind the last input, and where it is told that all before it is on disk; nothing is waited for.
    pub(crate) fn mark(&mut self) -> Result<(JournalMark, OnDisk), JournalError> {
        self.hand_over()?;
        let told = self.file.tell(true);
        let told = told.map_err(|error| self.failed_with(error))?;
        Ok((JournalMark { inputs: self.inputs, last: self.last, offset: self.handed }, OnDisk(told)))
    }

    /// Has what was gathered written.
    fn hand_over(&mut self) -> Result<(), JournalError> {
        if self.gathered.is_empty() && self.failed.is_none() {
            return Ok(());
        }
        let handed = self.gathered.len() as u64;
        let written = match self.failed {
            Some(kind) => Err(kind.into()),
            None => self.file.write(&mut self.gathered),
        };
        self.handed += handed;
        self.gathered.clear();
        self.noted(written)
    }

    fn noted(&mut self, written: io::Result<()>) -> Result<(), JournalError> {
        written.map_err(|error| self.failed_with(error))
    }

    fn failed_with(&mut self, error: io::Error) -> JournalError {
        self.failed = Some(error.kind());
        JournalFault::io("written")(error).of(&self.path)
    }

    /// Waits until the system has what was gathered, so that only a machine that goes down can lose it.
    ///
    /// # Errors
    /// [`JournalFault::Io`] when the system can't write: then the journal takes nothing more.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.hand_over()?;
        let written = self.file.flush();
        self.noted(written)
    }

    /// Ends the journal: hands over what was gathered and waits until the file is on disk.
    ///
    /// # Errors
    /// [`JournalFault::Io`] when the system can't write.
    pub fn finish(mut self) -> Result<(), JournalError> {
        self.hand_over()?;
        let written = self.file.end().and_then(|file| file.sync_all());
        self.noted(written)?;
        // The name is on disk when its folder is; systems that can't sync a folder do so on their own.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        // A run that ended by an error has that to tell.
        let _ = self.hand_over();
        let _ = self.file.end();
    }
}

/// Appends a frame whose payload `put` writes; on an error nothing is appended. `before` bytes come before `into`.
fn frame<T>(
    into: &mut Vec<u8>,
    before: u64,
    put: impl FnOnce(&mut Vec<u8>) -> Result<T, JournalFault>,
) -> Result<T, JournalFault> {
    let start = into.len();
    into.extend_from_slice(&[0; FRAME_HEADER]);
    let done = put(into).and_then(|value| {
        let (header, payload) = into[start..].split_at_mut(FRAME_HEADER);
        if payload.len() > LONGEST_PAYLOAD {
            let length = payload.len() as u64;
            return Err(JournalFault::TooLong { offset: before + start as u64, length });
        }
        let (length, checksum) = header.split_at_mut(4);
        length.copy_from_slice(&(payload.len() as u32).to_le_bytes());
        checksum.copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        Ok(value)
    });
    if done.is_err() {
        into.truncate(start);
    }
    done
}

fn put_config(into: &mut Vec<u8>, config: &JournalConfig) {
    into.push(match config.kind {
        ConfigKind::Toml => 0,
        ConfigKind::Json => 1,
    });
    put_text(into, &config.text);
    into.push(config.overlay.is_some().into());
    config.overlay.iter().for_each(|text| put_text(into, text));
    put_varint(into, config.sources.len() as u64);
    config.sources.iter().for_each(|name| put_text(into, name));
}

/// What an input is written against.
struct Context<'s> {
    offset: u64,
    last: Timestamp,
    names: usize,
    sources: usize,
    symbols: &'s Symbols,
}

impl Context<'_> {
    /// Writes an input; gives the instant that the next one is written against.
    fn put_input<'r>(
        &self,
        into: &mut Vec<u8>,
        input: Input<'_>,
        refused: impl IntoIterator<Item = RefusedRow<'r>>,
    ) -> Result<Timestamp, JournalFault> {
        let start = into.len();
        let (kind, at, rows): (u8, Option<Timestamp>, &[InputRow]) = match input {
            Input::Bars { at, rows } => (0, Some(at), rows),
            Input::Clock(at) => (CLOCK, Some(at), &[]),
            Input::End => (END, None, &[]),
        };
        let mut flags = kind;
        into.push(flags);
        if at.is_some_and(|at| put_time(into, at, self.last)) {
            flags |= NANOS;
        }
        if self.symbols.len() > self.names {
            flags |= NAMES;
            self.put_names(into);
        }
        into[start] = flags;
        let last = at.unwrap_or(self.last);
        self.put_rows(into, last, rows, refused)?;
        Ok(last)
    }

    #[cold]
    fn put_names(&self, into: &mut Vec<u8>) {
        let mut new: Vec<SymbolId> =
            self.symbols.by_name().iter().copied().filter(|id| id.index() >= self.names).collect();
        new.sort_unstable();
        put_varint(into, new.len() as u64);
        new.iter().for_each(|&id| put_text(into, self.symbols.name(id).as_str()));
    }

    fn put_rows<'r>(
        &self,
        into: &mut Vec<u8>,
        at: Timestamp,
        rows: &[InputRow],
        refused: impl IntoIterator<Item = RefusedRow<'r>>,
    ) -> Result<(), JournalFault> {
        let mut refused = refused.into_iter();
        let mut told = 0;
        let unmatched = |told| {
            let rows = rows.iter().filter(|row| matches!(row, InputRow::Refused { .. })).count();
            JournalFault::Refused { rows, told }
        };
        let known = |field, number: usize, count| match number < count {
            true => Ok(()),
            false => {
                Err(JournalFault::frame(self.offset)(FrameFault::not_below(field, number as u64, count)))
            }
        };
        for row in rows {
            match *row {
                InputRow::Bar { symbol, ref bar } => {
                    known("symbol", symbol.index(), self.symbols.len())?;
                    put_bar(into, at, symbol, bar);
                }
                InputRow::Refused { symbol, time } => {
                    let row = refused.next().ok_or_else(|| unmatched(told))?;
                    told += 1;
                    symbol.map_or(Ok(()), |symbol| known("symbol", symbol.index(), self.symbols.len()))?;
                    known("source", row.source as usize, self.sources)?;
                    put_refused(into, at, (symbol, time), &row);
                }
            }
        }
        if refused.next().is_some() { Err(unmatched(told + 1)) } else { Ok(()) }
    }
}
