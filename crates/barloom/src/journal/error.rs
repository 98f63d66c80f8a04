//! What can be wrong with a journal, and where.

use std::io;
use std::path::{Path, PathBuf};

use barloom_core::{InvalidBar, SymbolError};

use super::{LONGEST_PAYLOAD, VERSION};

/// Why a journal can't be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .file.display())]
pub struct JournalError {
    /// The journal's file.
    pub file: PathBuf,
    /// What is wrong.
    pub fault: JournalFault,
}

/// What is wrong with a journal. Offsets are bytes from the file's beginning, at which the frame begins.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// The folder to be written to holds a journal.
    #[error("a journal is there already; name a folder without one, or go on with it by --resume")]
    Exists,
    /// Another run writes it.
    #[error("another run is writing this journal")]
    InUse,
    /// The system failed.
    #[error("can't be {action}: {source}")]
    Io {
        /// What was tried: `created`, `begun`, `opened`, `written`, `read`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file begins as no journal does.
    #[error("is not a journal: it begins with `{}` where a journal has `BLOOMJNL`", .found.escape_ascii())]
    NotAJournal {
        /// The first bytes.
        found: [u8; 8],
    },
    /// Another version wrote the file.
    #[error("is a journal of version {found}; this Barloom reads version {VERSION}")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// The file ends within a frame, or before its first: the run that wrote it did not come to its end. Inputs before it
    /// are whole, so a caller can take this as the end.
    #[error("ends within the frame at byte {offset}: the writing was cut short; the frames before are whole")]
    Cut {
        /// Where the frame begins.
        offset: u64,
    },
    /// The file ends before the place at which a checkpoint was taken.
    #[error("ends at byte {ends}, before byte {mark}, at which a checkpoint was taken")]
    Behind {
        /// Where that place is.
        mark: u64,
        /// How many bytes the file has.
        ends: u64,
    },
    /// A frame's bytes are not those that were written.
    #[error("the frame at byte {offset} is damaged: its checksum is {found:08x}, stored is {stored:08x}")]
    Checksum {
        /// Where the frame begins.
        offset: u64,
        /// The checksum in the frame.
        stored: u32,
        /// The checksum of its payload.
        found: u32,
    },
    /// A payload beyond what a frame can have.
    #[error("the frame at byte {offset} would have {length} bytes; allowed are 1 to {LONGEST_PAYLOAD}")]
    TooLong {
        /// Where the frame begins.
        offset: u64,
        /// Its payload's length.
        length: u64,
    },
    /// A frame says what none can.
    #[error("the frame at byte {offset}: {fault}")]
    Frame {
        /// Where the frame begins.
        offset: u64,
        /// What it says.
        fault: FrameFault,
    },
    /// What was told of refused rows is not as many as there are.
    #[error("{told} refused rows are told of, the input has {rows}")]
    Refused {
        /// Refused rows of the input.
        rows: usize,
        /// How many were told of; counted up to one more than there are.
        told: usize,
    },
}

/// What a frame's payload says that none can.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FrameFault {
    /// It ends early.
    #[error("it ends within its {field}")]
    Short {
        /// What was to be read.
        field: &'static str,
    },
    /// Bytes follow where it should end.
    #[error("{left} bytes follow its end")]
    Long {
        /// How many.
        left: usize,
    },
    /// A value that can't stand there.
    #[error("{field} is {got}; allowed is {allowed}")]
    Value {
        /// What the value is.
        field: &'static str,
        /// What was got.
        got: u64,
        /// What could stand there.
        allowed: String,
    },
    /// A text that is not UTF-8.
    #[error("its {field} is not UTF-8")]
    Text {
        /// What the text is.
        field: &'static str,
    },
    /// A name that is no symbol.
    #[error("a name: {0}")]
    Symbol(#[from] SymbolError),
    /// A name that the table has under another number: it is given twice, or the table has names of its own.
    #[error("symbol {name} has number {got} in the table; in the journal it is {number}")]
    Number {
        /// The name.
        name: String,
        /// The number in the table.
        got: usize,
        /// The number in the journal.
        number: usize,
    },
    /// Values that make no bar.
    #[error("row {row}: {error}")]
    Bar {
        /// The row's place in the input, from 1.
        row: usize,
        /// Why they make none.
        error: InvalidBar,
    },
}

impl FrameFault {
    /// `got` can't stand where `field` is; numbers below `count` can.
    #[cold]
    pub(super) fn not_below(field: &'static str, got: u64, count: usize) -> Self {
        let allowed = if count == 0 { "none".to_owned() } else { format!("0 to {}", count - 1) };
        Self::Value { field, got, allowed }
    }
}

impl JournalFault {
    /// The fault as an error about `file`.
    #[cold]
    pub(super) fn of(self, file: &Path) -> JournalError {
        JournalError { file: file.to_owned(), fault: self }
    }

    pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }

    pub(super) fn frame(offset: u64) -> impl FnOnce(FrameFault) -> Self {
        move |fault| Self::Frame { offset, fault }
    }
}
