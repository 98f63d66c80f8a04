//! Files and pipes: the shell that reads rows from anything that can be read, whatever its format.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::RecordBatchReader;
use barloom_core::Record;

use crate::alpaca::AlpacaError;
use crate::batch::{BatchError, BatchFormat, BatchReader, Facts};
use crate::compression::{Compression, Source, head};
use crate::csv::CsvError;
use crate::excerpt::Excerpt;
use crate::layout::LayoutError;
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::Decoded;
use crate::sheet::TableFormat;
use crate::text::Text;

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
    content: Content,
    rows: u64,
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

/// What the bytes are.
enum Content {
    Text(Box<Text>),
    Columns(Box<BatchReader>),
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
    /// The columns are no table of bars, or damaged.
    #[error("{file}{}{error}", behind(error.has_row()))]
    Columns {
        /// The file.
        file: String,
        /// What is wrong.
        error: BatchError,
    },
    /// The text is no pages of bars.
    #[error("{file}{}{error}", behind(error.has_row()))]
    Json {
        /// The file.
        file: String,
        /// What is wrong.
        error: AlpacaError,
    },
    /// The text is no table of bars.
    #[error("{file}{}{error}", behind(error.has_row()))]
    Csv {
        /// The file.
        file: String,
        /// What is wrong.
        error: CsvError,
        /// The line, where it is one.
        excerpt: Option<Box<Excerpt>>,
    },
}

/// What stands between a file and what is wrong: `file, line 2: …`, `file: …`.
fn behind(has_row: bool) -> &'static str {
    if has_row { ", " } else { ": " }
}

impl ReadError {
    /// The line that is wrong, with its file, where it is one of a text.
    pub fn excerpt(&self) -> Option<(&str, &Excerpt)> {
        match self {
            Self::Csv { file, excerpt, .. } => Some((file, excerpt.as_deref()?)),
            _ => None,
        }
    }

    /// Whether nothing says what the times label.
    pub fn is_stamp_unknown(&self) -> bool {
        matches!(
            self,
            Self::Csv { error: CsvError::Layout(LayoutError::StampUnknown { .. }), .. }
                | Self::Columns { error: BatchError::Layout(LayoutError::StampUnknown { .. }), .. }
        )
    }

    /// Whether the file can be read once the user has stated what it does not say: its stamp, zone or symbol.
    pub fn is_unstated(&self) -> bool {
        let of_layout = |layout: &LayoutError| {
            matches!(
                layout,
                LayoutError::StampUnknown { .. }
                    | LayoutError::SymbolUnknown { .. }
                    | LayoutError::SymbolOfVendor { .. }
                    | LayoutError::SymbolTwice { .. }
                    | LayoutError::NoPublishers { .. }
            )
        };
        match self {
            Self::Csv { error: CsvError::Layout(layout), .. }
            | Self::Json { error: AlpacaError::Layout(layout), .. }
            | Self::Columns { error: BatchError::Layout(layout), .. } => of_layout(layout),
            Self::Csv { error: CsvError::ZoneUnknown { .. } | CsvError::Choice { .. }, .. }
            | Self::Json { error: AlpacaError::ZoneUnknown { .. }, .. }
            | Self::Columns {
                error: BatchError::ZoneUnknown { .. } | BatchError::Base { .. } | BatchError::Choice(_),
                ..
            } => true,
            _ => false,
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
        let refused = |source| ReadError::Io { file: name.clone(), source };
        let mut file = File::open(path).map_err(refused)?;
        // A pipe has no size.
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
        let head = head(&mut file).map_err(refused)?;
        if let (Some(format), Some(_)) = (BatchFormat::of(&head), size) {
            let reader = BatchReader::of_file(format, file, options);
            let content = Content::Columns(Box::new(reader.map_err(|error| of_columns(&name, error))?));
            return Ok(Self { name, content, rows: 0, size, read: Arc::default() });
        }
        Ok(Self { size, ..Self::of(&name, head, file, options)? })
    }

    /// A reader of any source of bytes; errors call it `name`.
    ///
    /// # Errors
    /// [`ReadError`] when its first bytes can't be read or are another format's.
    pub fn new(
        name: &str,
        mut source: impl Read + Send + 'static,
        options: Options,
    ) -> Result<Self, ReadError> {
        let head = head(&mut source).map_err(|source| ReadError::Io { file: name.to_owned(), source })?;
        Self::of(name, head, source, options)
    }

    /// A reader of batches in memory, as Arrow's C interface hands them over; errors call them `name`. Columns of the usual types are
    /// read where they lie.
    ///
    /// # Errors
    /// [`ReadError`] when the columns are no table of bars.
    pub fn of_batches(
        name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
        options: Options,
    ) -> Result<Self, ReadError> {
        let reader = BatchReader::of_batches(batches, options).map_err(|error| of_columns(name, error))?;
        let content = Content::Columns(Box::new(reader));
        Ok(Self { name: name.to_owned(), content, rows: 0, size: None, read: Arc::default() })
    }

    fn of(
        name: &str,
        head: Vec<u8>,
        source: impl Read + Send + 'static,
        options: Options,
    ) -> Result<Self, ReadError> {
        let (name, read) = (name.to_owned(), Arc::new(AtomicU64::new(head.len() as u64)));
        let source = Counted { from: source, read: Arc::clone(&read) };
        let content = match BatchFormat::of(&head) {
            Some(BatchFormat::ArrowStream) => {
                let bytes = BufReader::new(io::Cursor::new(head).chain(source));
                let reader = BatchReader::of_stream(bytes, options);
                Content::Columns(Box::new(reader.map_err(|error| of_columns(&name, error))?))
            }
            Some(_) => {
                let what = "read from its end, so it can't come through a pipe; name the file itself";
                return Err(ReadError::OtherFormat { file: name, what });
            }
            None => {
                let source = match Source::open(head, source) {
                    Ok(Ok(source)) => source,
                    Ok(Err(what)) => return Err(ReadError::OtherFormat { file: name, what }),
                    Err(source) => return Err(ReadError::Io { file: name, source }),
                };
                Content::Text(Box::new(Text::new(source, options)))
            }
        };
        Ok(Self { name, content, rows: 0, size: None, read })
    }

    /// Unpacks columns on a thread of their own from here on, a few batches ahead: for who reads one file after the other. Text is read as
    /// before.
    ///
    /// # Errors
    /// [`ReadError::Io`] when there is no thread to be had.
    pub fn read_ahead(&mut self) -> Result<(), ReadError> {
        match &mut self.content {
            Content::Columns(reader) => {
                reader.read_ahead().map_err(|source| ReadError::Io { file: self.name.clone(), source })
            }
            Content::Text(_) => Ok(()),
        }
    }

    /// The next row or reject; `None` after the last.
    ///
    /// # Errors
    /// [`ReadError`] when the file as a whole can't be read on; a row that can't is a [`Decoded::Reject`].
    pub fn next_row(&mut self) -> Result<Option<Decoded<'_>>, ReadError> {
        let (name, rows) = (&self.name, self.rows);
        let found = match &mut self.content {
            Content::Text(text) => text.advance(name, rows)?,
            Content::Columns(reader) => reader.advance().map_err(|error| of_columns(name, error))?,
        };
        if !found {
            return Ok(None);
        }
        self.rows += 1;
        Ok(match &self.content {
            Content::Text(text) => text.current(),
            Content::Columns(reader) => Some(reader.current()),
        })
    }

    /// Gives rows from the next one on to `take`, with their symbols, as long as nothing about them has to be looked into and `take` takes
    /// them; the first has the number [`rows`](Self::rows) + 1. How many were taken: where there are none, [`next_row`](Self::next_row)
    /// says what comes. Text has none.
    ///
    /// # Errors
    /// As [`RowReader::next_row`].
    pub fn plain_rows(&mut self, take: impl FnMut(&str, Record) -> bool) -> Result<usize, ReadError> {
        let Content::Columns(reader) = &mut self.content else { return Ok(0) };
        let rows = reader.plain_rows(take).map_err(|error| of_columns(&self.name, error))?;
        self.rows += rows as u64;
        Ok(rows)
    }

    /// What the header and the first row said; `None` before the header was read.
    pub fn resolved(&self) -> Option<Resolved<'_>> {
        match &self.content {
            Content::Text(text) => text.resolved(),
            Content::Columns(reader) => Some(reader.resolved()),
        }
    }

    /// The row that was read last, as text, with the cell that can't be read marked; `None` where rows are no lines.
    pub fn excerpt(&self) -> Option<Excerpt> {
        match &self.content {
            Content::Text(text) => text.excerpt(),
            Content::Columns(_) => None,
        }
    }

    /// What the file says about itself; nothing where its format has no room for it.
    pub fn facts(&self) -> Facts {
        match &self.content {
            Content::Text(_) => Facts::default(),
            Content::Columns(reader) => reader.facts().clone(),
        }
    }

    /// What a row's number counts: `line`, `row` or `bar`.
    pub fn unit(&self) -> &'static str {
        match &self.content {
            Content::Text(text) => text.unit(),
            Content::Columns(_) => "row",
        }
    }

    /// The format that its tables are written in where nothing else is asked for.
    pub fn format(&self) -> TableFormat {
        match &self.content {
            Content::Text(_) => TableFormat::Csv,
            Content::Columns(reader) if reader.is_parquet() => TableFormat::Parquet,
            Content::Columns(_) => TableFormat::Arrow,
        }
    }

    /// How the file is compressed as a whole.
    pub fn compression(&self) -> Compression {
        match &self.content {
            Content::Text(text) => text.compression(),
            Content::Columns(_) => Compression::Plain,
        }
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

    /// How many of its bytes were read, packed as it is; of columns, the share of the rows.
    pub fn position(&self) -> u64 {
        if let (Content::Columns(reader), Some(size)) = (&self.content, self.size) {
            return reader.share().map_or(0, |share| (size as f64 * share) as u64);
        }
        self.read.load(Ordering::Relaxed)
    }
}

#[cold]
fn of_columns(name: &str, error: BatchError) -> ReadError {
    match error {
        BatchError::Io(source) => ReadError::Io { file: name.to_owned(), source },
        error => ReadError::Columns { file: name.to_owned(), error },
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
