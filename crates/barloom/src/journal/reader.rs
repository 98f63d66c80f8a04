//! Reading: frames become inputs again, each checked before it is given out.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use barloom_core::input::Input;
use barloom_core::{SymbolId, Symbols, Timestamp};

use super::error::{FrameFault, JournalError, JournalFault};
use super::row::{Rows, StoredRefusal, check_flags};
use super::wire::Payload;
use super::writer::JournalMark;
use super::{
    CLOCK, ConfigKind, END, FILE_NAME, FRAME_HEADER, JournalConfig, KIND, LONGEST_PAYLOAD, MAGIC, NAMES,
    NANOS, RefusedRow, VERSION,
};

/// Bytes asked of the system at a time.
const BUFFER: usize = 1 << 16;

/// Reads a journal, input by input.
#[derive(Debug)]
pub struct JournalReader<R = BufReader<File>> {
    from: R,
    path: PathBuf,
    /// Where the next frame begins.
    offset: u64,
    payload: Vec<u8>,
    sources: usize,
    symbols: Vec<SymbolId>,
    /// What times are read against.
    last: Timestamp,
    rows: Rows,
    ended: bool,
}

/// An input as it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// The input, as the core saw it.
    pub input: Input<'a>,
    refused: &'a [StoredRefusal],
    reasons: &'a str,
}

impl<'a> Recorded<'a> {
    /// What was told of the input's refused rows, in their order.
    pub fn refused(&self) -> RefusedRows<'a> {
        RefusedRows { refused: self.refused.iter(), reasons: self.reasons }
    }
}

/// Walks the refused rows of an input.
#[derive(Debug, Clone)]
pub struct RefusedRows<'a> {
    refused: std::slice::Iter<'a, StoredRefusal>,
    reasons: &'a str,
}

impl<'a> Iterator for RefusedRows<'a> {
    type Item = RefusedRow<'a>;

    fn next(&mut self) -> Option<RefusedRow<'a>> {
        let &StoredRefusal { source, number, ref reason } = self.refused.next()?;
        Some(RefusedRow { source, number, reason: &self.reasons[reason.clone()] })
    }
}

impl JournalReader {
    /// Opens the journal in the folder `dir`; also gives its configuration.
    ///
    /// # Errors
    /// [`JournalError`] when there is none, another version wrote it, or its first frame is not whole.
    pub fn open(dir: &Path) -> Result<(Self, JournalConfig), JournalError> {
        let path = dir.join(FILE_NAME);
        let file = File::open(&path).map_err(|error| JournalFault::io("opened")(error).of(&path))?;
        Self::new(path, BufReader::with_capacity(BUFFER, file))
    }

    /// Goes to a mark, up to which `met` were met; gives them as the table that [`JournalReader::next`] goes on with.
    ///
    /// # Errors
    /// [`JournalFault::Behind`] when the journal ends before it.
    pub(super) fn go_to(&mut self, mark: &JournalMark, met: &Symbols) -> Result<Symbols, JournalError> {
        let ends = self.size().unwrap_or(u64::MAX);
        if ends < mark.offset {
            return Err(JournalFault::Behind { mark: mark.offset, ends }.of(&self.path));
        }
        let went = self.from.seek(SeekFrom::Start(mark.offset));
        went.map_err(|error| JournalFault::io("read")(error).of(&self.path))?;
        // In a journal they are not divided.
        let mut symbols = Symbols::new();
        symbols.catch_up(met);
        self.symbols = (0..symbols.len()).filter_map(|number| symbols.nth(number)).collect();
        (self.offset, self.last) = (mark.offset, mark.last);
        Ok(symbols)
    }

    /// How many bytes the file has, where the system tells.
    pub fn size(&self) -> Option<u64> {
        self.from.get_ref().metadata().ok().map(|found| found.len())
    }
}

impl<R: Read> JournalReader<R> {
    /// Reads the journal that `from` gives; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`JournalReader::open`].
    pub fn new(path: PathBuf, from: R) -> Result<(Self, JournalConfig), JournalError> {
        let mut reader = Self {
            from,
            path,
            offset: 0,
            payload: Vec::new(),
            sources: 0,
            symbols: Vec::new(),
            last: Timestamp::from_nanos(0),
            rows: Rows::default(),
            ended: false,
        };
        let config = reader.begin().map_err(|fault| fault.of(&reader.path))?;
        Ok((reader, config))
    }

    /// What a writer that goes on writes against: the time that was read last, and how many names.
    pub(super) fn state(&self) -> (Timestamp, usize) {
        (self.last, self.symbols.len())
    }

    /// How many bytes were read, up to the end of a frame.
    pub fn position(&self) -> u64 {
        self.offset
    }

    /// The next input; `None` at the end, and after an error. Its new symbols are added to `symbols`, which is empty at the
    /// first call and the same at every other, so that they have the numbers they had.
    ///
    /// # Errors
    /// [`JournalFault::Cut`] when the file ends within a frame, which a caller may take as the end: the inputs before it are
    /// whole. Otherwise [`JournalError`] says where the journal is damaged; inputs given before stand.
    pub fn next(&mut self, symbols: &mut Symbols) -> Result<Option<Recorded<'_>>, JournalError> {
        if self.ended {
            return Ok(None);
        }
        match self.advance(symbols) {
            Ok(Some(input)) => {
                let Rows { rows, refused, reasons } = &self.rows;
                let input = match input {
                    Kind::Bars(at) => Input::Bars { at, rows },
                    Kind::Clock(at) => Input::Clock(at),
                    Kind::End => Input::End,
                };
                Ok(Some(Recorded { input, refused, reasons }))
            }
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Err(fault) => {
                self.ended = true;
                Err(fault.of(&self.path))
            }
        }
    }

    /// Reads the file's beginning and the first frame.
    fn begin(&mut self) -> Result<JournalConfig, JournalFault> {
        let mut head = [0; MAGIC.len() + 4];
        let length = self.fill(&mut head)?;
        let found = *head.first_chunk().unwrap_or(&MAGIC);
        let magic = length.min(MAGIC.len());
        if head[..magic] != MAGIC[..magic] {
            return Err(JournalFault::NotAJournal { found });
        }
        if length < head.len() {
            return Err(JournalFault::Cut { offset: 0 });
        }
        let found = u32::from_le_bytes(*head.last_chunk().unwrap_or(&[0; 4]));
        if found != VERSION {
            return Err(JournalFault::Version { found });
        }
        self.offset = length as u64;
        let offset = self.offset;
        if !self.read_frame()? {
            return Err(JournalFault::Cut { offset });
        }
        let config = config(Payload(&self.payload)).map_err(JournalFault::frame(offset))?;
        self.sources = config.sources.len();
        Ok(config)
    }

    fn advance(&mut self, symbols: &mut Symbols) -> Result<Option<Kind>, JournalFault> {
        let offset = self.offset;
        if !self.read_frame()? {
            return Ok(None);
        }
        self.take_input(symbols).map(Some).map_err(JournalFault::frame(offset))
    }

    /// Reads a frame's payload and checks it; whether there was one.
    fn read_frame(&mut self) -> Result<bool, JournalFault> {
        let (offset, mut header) = (self.offset, [0; FRAME_HEADER]);
        let got = self.fill(&mut header)?;
        if got == 0 {
            return Ok(false);
        }
        let header = u64::from_le_bytes(header);
        let (length, stored) = (header as u32 as usize, (header >> 32) as u32);
        // A machine that goes down can leave zeros where the file was to grow.
        if got < FRAME_HEADER || length == 0 {
            return Err(JournalFault::Cut { offset });
        }
        if length > LONGEST_PAYLOAD {
            return Err(JournalFault::TooLong { offset, length: length as u64 });
        }
        self.payload.clear();
        // Room is made as bytes come: a damaged length asks for none.
        let read = (&mut self.from).take(length as u64).read_to_end(&mut self.payload);
        if read.map_err(JournalFault::io("read"))? < length {
            return Err(JournalFault::Cut { offset });
        }
        let found = crc32fast::hash(&self.payload);
        if found != stored {
            return Err(JournalFault::Checksum { offset, stored, found });
        }
        self.offset += (FRAME_HEADER + length) as u64;
        Ok(true)
    }

    /// Reads as many bytes as there are, at most as `into` has room for.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, JournalFault> {
        let mut got = 0;
        while got < into.len() {
            match self.from.read(&mut into[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(JournalFault::io("read")(error)),
            }
        }
        Ok(got)
    }

    fn take_input(&mut self, symbols: &mut Symbols) -> Result<Kind, FrameFault> {
        let Self { payload, rows, last, sources, symbols: known, .. } = self;
        let mut from = Payload(payload);
        rows.clear();
        let flags = from.byte("input")?;
        check_flags(flags, KIND | NAMES | NANOS)?;
        let kind = flags & KIND;
        if kind > END {
            return Err(FrameFault::not_below("kind", kind.into(), usize::from(END) + 1));
        }
        if kind != END {
            *last = from.time("instant", flags & NANOS != 0, *last)?;
        }
        if flags & NAMES != 0 {
            take_names(&mut from, known, symbols)?;
        }
        match kind {
            CLOCK => from.end().map(|()| Kind::Clock(*last)),
            END => from.end().map(|()| Kind::End),
            _ => {
                while !from.is_empty() {
                    rows.take(&mut from, *last, known, *sources)?;
                }
                Ok(Kind::Bars(*last))
            }
        }
    }
}

/// An input whose rows are in the reader.
enum Kind {
    Bars(Timestamp),
    Clock(Timestamp),
    End,
}

#[cold]
fn take_names(
    from: &mut Payload<'_>,
    known: &mut Vec<SymbolId>,
    symbols: &mut Symbols,
) -> Result<(), FrameFault> {
    for _ in 0..from.varint("count of names")? {
        let (name, number) = (from.text("name")?, known.len());
        let symbol = symbols.intern(name)?;
        if symbol.index() != number {
            return Err(FrameFault::Number { name: name.to_owned(), got: symbol.index(), number });
        }
        known.push(symbol);
    }
    Ok(())
}

fn config(mut from: Payload<'_>) -> Result<JournalConfig, FrameFault> {
    let kind = match from.below("kind of the configuration", 2)? {
        0 => ConfigKind::Toml,
        _ => ConfigKind::Json,
    };
    let text = from.text("configuration")?.to_owned();
    let overlay = match from.below("mark of an overlay", 2)? {
        0 => None,
        _ => Some(from.text("overlay")?.to_owned()),
    };
    let mut sources = Vec::new();
    for _ in 0..from.varint("count of sources")? {
        sources.push(from.text("name of a source")?.to_owned());
    }
    from.end()?;
    Ok(JournalConfig { kind, text, overlay, sources })
}
