//! The input journal: every input as the core saw it, in a folder, read back byte for byte.
//!
//! Numbers are a function of the input sequence and the configuration; the journal keeps both. A [`JournalWriter`] is handed
//! each [`Input`] as it is given to the core; a [`JournalReader`] gives the same inputs again, with the same symbol numbers,
//! the same bits in every price, and what was said of each refused row.
//!
//! ```
//! use barloom::journal::{ConfigKind, JournalConfig, JournalReader, JournalWriter};
//! use barloom_core::{Bar, Label, Record, Symbols, Timestamp, input::{Input, InputRow}};
//! let open: Timestamp = "2024-11-29T14:30:00Z".parse()?;
//! let bar = Bar::new(open, &Record { label: Label::Open(open), open: 100.0, high: 102.0, low: 99.0, close: 101.0,
//!                                    volume: Some(10.0), vwap: None, trade_count: None })?;
//! let mut symbols = Symbols::new();
//! let rows = [InputRow::Bar { symbol: symbols.intern("AAA")?, bar }];
//! let input = Input::Bars { at: open.saturating_add(60_000_000_000), rows: &rows };
//!
//! let dir = tempfile::tempdir()?;
//! let config = JournalConfig { kind: ConfigKind::Toml, text: "calendar = 'XNYS'".into(), overlay: None, sources: vec![] };
//! let mut writer = JournalWriter::create(dir.path(), &config)?;
//! writer.append(input, [], &symbols)?;
//! writer.finish()?;
//!
//! let (mut reader, kept) = JournalReader::open(dir.path())?;
//! let mut symbols = Symbols::new();
//! let Some(recorded) = reader.next(&mut symbols)? else { unreachable!() };
//! assert!(matches!(recorded.input, Input::Bars { rows: [InputRow::Bar { bar, .. }], .. } if bar.high() == 102.0));
//! assert_eq!((kept, symbols.len()), (config, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows are kept as the core saw them: after adjustments, which a replay therefore does not need.
//!
//! # What is promised
//! - A thread of its own writes, so that a run waits for no disk. Frames are handed over whole, and [`JournalSync`] says when: after about
//!   64 KiB, input by input, or input by input and on to the disk. What a process that dies loses is what was not handed over and
//!   written by then; a machine that goes down may also cut what was not on disk. What was whole before is read back, then
//!   [`JournalFault::Cut`] says where the file ends. [`JournalWriter::finish`] waits until all is on disk.
//! - A run that ended by itself has [`Input::End`] as its last input. A damaged length can look like a cut: only that last
//!   input tells a whole journal.
//! - A checksum guards each frame, the checks of [`Bar::new`](barloom_core::Bar::new) every bar.
//!
//! # The format
//! One file, `journal.bin`; integers are little-endian. The first frame is the configuration, each other one an input.
//!
//! | Part | Bytes |
//! |---|---|
//! | file | magic `BLOOMJNL`, version u32 = 1, frames |
//! | frame | length of the payload u32 (1 to 64 MiB), its CRC-32 (IEEE) u32, payload |
//! | configuration | kind u8 (0 TOML, 1 JSON), text, overlay u8 (0 none, 1 there: text), count of sources varint, their names as texts |
//! | input | flags u8: bits 0–1 kind (0 bars, 1 clock, 2 end), bit 2 names, bit 3 time in nanoseconds; time unless end; names; rows to the end of the payload |
//! | names | count varint (1 and more), texts: the symbols that the table gained since the input before, in the order of their numbers |
//! | bar | flags u8: bits 0–1 volume (0 null, 1 whole number varint, 2 f64), bit 2 vwap, bit 3 count, bit 4 time in nanoseconds; symbol varint; time; open, high, low, close f64; volume; vwap f64; count varint |
//! | refused row | flags u8: bit 7 set, bit 0 symbol, bit 1 time, bit 4 time in nanoseconds; symbol varint; time; source varint; row number varint; reason text |
//! | varint | LEB128 of a u64: seven bits a byte, the lowest first |
//! | text | length in bytes varint, UTF-8 |
//! | f64 | the eight bytes of its bits |
//! | time | varint of a zigzag difference, modulo 2^64 nanoseconds: an input's to the input before that has one (the first: to 1970-01-01T00:00:00Z), a row's to its input's; in seconds unless its flag says nanoseconds |
//!
//! A bar with neither vwap nor count takes about 36 to 44 bytes, an input around it 10.

mod behind;
mod error;
mod kept;
mod reader;
mod recording;
mod resumed;
mod row;
mod wire;
mod writer;

pub use error::{FrameFault, JournalError, JournalFault};
pub use kept::JournalLost;
pub(crate) use kept::Kept;
pub use reader::{JournalReader, Recorded, RefusedRows};
pub use recording::Recording;
pub use resumed::{Gap, ResumeError, Resumed};
pub(crate) use writer::OnDisk;
pub use writer::{JournalMark, JournalWriter, Recovered};

use barloom_core::error::{WordError, word};
#[cfg(doc)]
use barloom_core::input::Input;

/// The file's name in its folder.
pub const FILE_NAME: &str = "journal.bin";
/// What the file begins with.
pub const MAGIC: [u8; 8] = *b"BLOOMJNL";
/// The version of the format.
pub const VERSION: u32 = 1;
/// The longest payload of a frame in bytes.
pub const LONGEST_PAYLOAD: usize = 64 << 20;

/// When inputs are written, and so what a journal has when its run is cut short. Sources that are files lose nothing by it: a run that goes
/// on reads them again from where its journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalSync {
    /// By about 64 KiB: cheapest. A process that is killed loses the inputs since, a machine that goes down some seconds more.
    #[default]
    Chunk,
    /// Each input as it comes: a process that is killed loses what it took in its last moments, far less than a millisecond's where the disk keeps
    /// up; a machine that goes down loses what the system had not written, some seconds.
    Input,
    /// Each input as it comes, and the disk is waited for, behind the run: a machine that goes down loses what came while the disk
    /// wrote, some milliseconds.
    Disk,
}

impl std::str::FromStr for JournalSync {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("journal_sync", text, &[("chunk", Self::Chunk), ("input", Self::Input), ("disk", Self::Disk)])
    }
}

/// What a replay needs besides the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// The language of the session file.
    pub kind: ConfigKind,
    /// The session file's text, as it was in force. Paths in it are of the machine that ran it.
    pub text: String,
    /// The calendar overlay's TOML text.
    pub overlay: Option<String>,
    /// The sources' names, by their place.
    pub sources: Vec<String>,
}

/// The language of a session file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigKind {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// What is told of a refused row, besides its symbol and time, which the input has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedRow<'a> {
    /// The place of its source among [`JournalConfig::sources`].
    pub source: u32,
    /// Its number in the source.
    pub number: u64,
    /// Why it was refused.
    pub reason: &'a str,
}

/// Bytes of a frame before its payload.
const FRAME_HEADER: usize = 8;

/// Bits of an input's flags: its kind, of which 0 is bars.
const KIND: u8 = 0b11;
const CLOCK: u8 = 1;
const END: u8 = 2;
/// Names follow.
const NAMES: u8 = 1 << 2;
/// The instant is in nanoseconds.
const NANOS: u8 = 1 << 3;
