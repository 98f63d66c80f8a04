//! Files and pipes: the shell that feeds a [`CsvDecoder`] from anything that can be read.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::compression::{Compression, Source};
use crate::csv::{CsvDecoder, CsvError};
use crate::layout::LayoutError;
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::Decoded;

/// Bytes given to the decoder at once; with the longest row the only memory that reading takes.
const CHUNK: usize = 1 << 16;

/// Reads the rows of one file, compressed or not, in memory that does not grow with it.
///
/// ```no_run
/// use barloom_core::Stamp;
/// use barloom_io::{Decoded, Options, RowReader};
///
/// let options = Options { stamp: Some(Stamp::Open), ..Options::default() };
/// let mut reader = RowReader::open("bars.csv.gz".as_ref(), options)?;
/// while let Some(decoded) = reader.next_row()? {
///     match decoded {
///         Decoded::Row(row) => drop(row.record),
///         Decoded::Reject(reject) => drop((reject.number, reject.reason.to_string())),
///     }
/// }
/// # Ok::<(), barloom_io::ReadError>(())
/// ```
pub struct RowReader {
    name: String,
    source: Source,
    decoder: CsvDecoder,
    chunk: Box<[u8]>,
    /// The part of the chunk that was not decoded yet.
    rest: std::ops::Range<usize>,
    at_end: bool,
    rows: u64,
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

/// Counts the bytes that are read.
struct Counted<R> {
    from: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(to)?;
        // Relaxed: the count carries no data with it.
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Why a file can't be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{file}: can't be read: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A compressed file ends in the middle: an interrupted download or copy.
    #[error("{file}: the compressed file ends early, after {rows} whole rows; is the copy complete?")]
    EndsEarly {
        /// The file.
        file: String,
        /// Rows and rejects read before.
        rows: u64,
    },
    /// A compressed file is damaged.
    #[error("{file}: the compressed file is damaged after {rows} whole rows: {source}")]
    Damaged {
        /// The file.
        file: String,
        /// Rows and rejects read before.
        rows: u64,
        /// What does not fit.
        source: io::Error,
    },
    /// The first bytes are another format's.
    #[error("{file}: this is {what}")]
    OtherFormat {
        /// The file.
        file: String,
        /// What it is and what to do.
        what: &'static str,
    },
    /// The text is no table of bars.
    #[error("{file}: {error}")]
    Csv {
        /// The file.
        file: String,
        /// What is wrong.
        error: CsvError,
    },
}

impl ReadError {
    /// Whether the file can be read once the user has stated what it does not say: its stamp, zone or symbol.
    pub fn is_unstated(&self) -> bool {
        let Self::Csv { error, .. } = self else { return false };
        let of_layout = |layout: &LayoutError| {
            matches!(
                layout,
                LayoutError::StampUnknown { .. }
                    | LayoutError::SymbolUnknown { .. }
                    | LayoutError::SymbolTwice { .. }
            )
        };
        match error {
            CsvError::Layout(layout) => of_layout(layout),
            CsvError::ZoneUnknown { .. } => true,
            CsvError::Empty | CsvError::RowTooLong { .. } => false,
        }
    }
}

impl RowReader {
    /// A reader of the file at `path`.
    ///
    /// # Errors
    /// [`ReadError`] when there is no such file, or its first bytes are another format's.
    pub fn open(path: &Path, options: Options) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(source) => return Err(ReadError::Io { file: name, source }),
        };
        // A pipe has no size.
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
        Ok(Self { size, ..Self::new(&name, file, options)? })
    }

    /// A reader of any source of bytes; errors call it `name`.
    ///
    /// # Errors
    /// [`ReadError`] when its first bytes can't be read or are another format's.
    pub fn new(name: &str, source: impl Read + Send + 'static, options: Options) -> Result<Self, ReadError> {
        let (name, read) = (name.to_owned(), Arc::new(AtomicU64::new(0)));
        let source = Counted { from: source, read: Arc::clone(&read) };
        let source = match Source::open(source) {
            Ok(Ok(source)) => source,
            Ok(Err(what)) => return Err(ReadError::OtherFormat { file: name, what }),
            Err(source) => return Err(ReadError::Io { file: name, source }),
        };
        let chunk = vec![0; CHUNK].into_boxed_slice();
        Ok(Self {
            name,
            source,
            decoder: CsvDecoder::new(options),
            chunk,
            rest: 0..0,
            at_end: false,
            rows: 0,
            size: None,
            read,
        })
    }

    /// The next row or reject; `None` after the last.
    ///
    /// # Errors
    /// [`ReadError`] when the file as a whole can't be read on; a row that can't is a [`Decoded::Reject`].
    pub fn next_row(&mut self) -> Result<Option<Decoded<'_>>, ReadError> {
        if !self.advance()? {
            return Ok(None);
        }
        self.rows += 1;
        Ok(Some(self.decoder.current()))
    }

    /// What the header and the first row said; `None` before the header was read.
    pub fn resolved(&self) -> Option<Resolved<'_>> {
        self.decoder.resolved()
    }

    /// How the file is compressed.
    pub fn compression(&self) -> Compression {
        self.source.kind()
    }

    /// What errors call the source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rows and rejects given so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the file, packed as it is; `None` of what is no plain file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many of its bytes were read, packed as it is.
    pub fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn advance(&mut self) -> Result<bool, ReadError> {
        while !self.at_end {
            let mut input = &self.chunk[self.rest.clone()];
            let found = self.decoder.advance(&mut input);
            self.rest.start = self.rest.end - input.len();
            if found.map_err(|error| self.refused(error))? {
                return Ok(true);
            }
            let read = self.fill().map_err(|error| self.failed(error))?;
            (self.rest, self.at_end) = (0..read, read == 0);
        }
        self.decoder.advance_to_end().map_err(|error| self.refused(error))
    }

    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    #[cold]
    fn refused(&self, error: CsvError) -> ReadError {
        ReadError::Csv { file: self.name.clone(), error }
    }

    #[cold]
    fn failed(&self, source: io::Error) -> ReadError {
        let (file, rows) = (self.name.clone(), self.rows);
        match (self.compression(), source.kind()) {
            (Compression::Plain, _) => ReadError::Io { file, source },
            (_, ErrorKind::UnexpectedEof) => ReadError::EndsEarly { file, rows },
            (_, ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
                ReadError::Damaged { file, rows, source }
            }
            _ => ReadError::Io { file, source },
        }
    }
}

impl fmt::Debug for RowReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader")
            .field("name", &self.name)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests/file.rs"]
mod tests;
