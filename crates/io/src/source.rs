//! A file as a source of rows: decoded, adjusted, and known to have what indicators need.

use std::path::Path;

use barloom_core::adjust::Adjuster;
use barloom_core::source::{RowPlace, Source, SourceRow, Unreadable};
use barloom_core::{Interval, Record, SymbolId, Symbols};

use crate::column::Field;
use crate::excerpt::Excerpt;
use crate::file::{ReadError, RowReader};
use crate::found::symbol_of;
use crate::options::Options;
use crate::row::Decoded;

/// Rows that are read together at most: they stay in the first-level cache.
pub const MOST_ROWS: usize = 256;

/// Why a file can't go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An indicator needs volume, and the file has none.
    #[error("{file}: {spec} needs volume, and the file has no such column")]
    NoVolume {
        /// The file.
        file: String,
        /// The indicator.
        spec: String,
    },
}

impl SourceError {
    /// Whether the user can put it right by what is asked for, not by another file.
    pub fn is_unstated(&self) -> bool {
        match self {
            Self::Read(error) => error.is_unstated(),
            Self::NoVolume { .. } => true,
        }
    }

    /// The line that is wrong, with its file.
    pub fn excerpt(&self) -> Option<(&str, &Excerpt)> {
        match self {
            Self::Read(error) => error.excerpt(),
            Self::NoVolume { .. } => None,
        }
    }
}

/// A file, or another table of rows, on its way.
///
/// ```no_run
/// use barloom_core::{Stamp, Symbols, source::Source};
/// use barloom_io::{FileSource, Options};
///
/// let options = Options { stamp: Some(Stamp::Open), ..Options::default() };
/// let (mut source, mut symbols) = (FileSource::open("bars.csv.gz".as_ref(), &options)?, Symbols::new());
/// while let Some(row) = source.next_row(&mut symbols)? {
///     println!("{}: {:?}", source.place(row.number), row.content);
/// }
/// # Ok::<(), barloom_io::SourceError>(())
/// ```
#[derive(Debug)]
pub struct FileSource {
    reader: RowReader,
    base: Interval,
    /// The indicator that the file's volume is for.
    needs_volume: Option<String>,
    /// What rows are adjusted by.
    adjuster: Option<Adjuster>,
}

impl FileSource {
    /// Opens an input file. The path of a partition says its symbol where nothing else does.
    ///
    /// # Errors
    /// As [`RowReader::open`].
    pub fn open(path: &Path, options: &Options) -> Result<Self, SourceError> {
        let mut options = options.clone();
        options.symbol = options.symbol.or_else(|| symbol_of(path));
        let base = options.base;
        Ok(Self::of(RowReader::open(path, options)?, base))
    }

    /// The rows of `reader`, which are of `base`.
    pub fn of(reader: RowReader, base: Interval) -> Self {
        Self { reader, base, needs_volume: None, adjuster: None }
    }

    /// The same with what its rows are for: an indicator that needs volume, if there is one, and adjustments.
    #[must_use]
    pub fn with(self, needs_volume: Option<&str>, adjuster: Option<&Adjuster>) -> Self {
        Self { needs_volume: needs_volume.map(str::to_owned), adjuster: adjuster.cloned(), ..self }
    }

    /// The same, read on a thread of its own from here on, where that pays.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn read_ahead(mut self) -> Result<Self, SourceError> {
        self.reader.read_ahead()?;
        Ok(self)
    }

    /// The file.
    pub fn reader(&self) -> &RowReader {
        &self.reader
    }

    /// Where the row of that number stands.
    pub fn place(&self, number: u64) -> RowPlace {
        RowPlace::new(self.reader.name(), self.reader.unit(), number)
    }

    /// Puts sound rows from the next one on into `to`, which is emptied, up to [`MOST_ROWS`] and as long as nothing about them has to be
    /// looked into: cheaper than [`next_row`](Source::next_row), which says what comes where there are none. The number of the first.
    ///
    /// # Errors
    /// As [`Source::next_row`].
    pub fn plain_rows(
        &mut self,
        symbols: &mut Symbols,
        to: &mut Vec<(SymbolId, Record)>,
    ) -> Result<u64, SourceError> {
        to.clear();
        let first = self.reader.rows() + 1;
        self.reader.plain_rows(|symbol, record| {
            let symbol = if to.len() < MOST_ROWS { symbols.intern(symbol).ok() } else { None };
            to.extend(symbol.map(|symbol| (symbol, record)));
            symbol.is_some()
        })?;
        if first == 1 && !to.is_empty() {
            self.check_volume()?;
        }
        if let Some(adjuster) = &mut self.adjuster {
            to.iter_mut().for_each(|(symbol, row)| *row = adjuster.adjusted(*symbol, symbols, row));
        }
        Ok(first)
    }

    /// That the file has the volume that is needed, once its header was read.
    fn check_volume(&self) -> Result<(), SourceError> {
        let has_volume =
            || self.reader.resolved().is_none_or(|resolved| resolved.layout.column(Field::Volume).is_some());
        match &self.needs_volume {
            Some(spec) if !has_volume() => {
                Err(SourceError::NoVolume { file: self.reader.name().to_owned(), spec: spec.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl Source for FileSource {
    type Error = SourceError;

    fn name(&self) -> &str {
        self.reader.name()
    }

    fn unit(&self) -> &'static str {
        self.reader.unit()
    }

    #[inline]
    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, SourceError> {
        let Some(decoded) = self.reader.next_row()? else { return Ok(None) };
        let mut row = source_row(decoded, self.base, symbols);
        if let (Some(adjuster), Ok((symbol, record))) = (&mut self.adjuster, &mut row.content) {
            *record = adjuster.adjusted(*symbol, symbols, record);
        }
        if self.reader.rows() == 1 {
            self.check_volume()?;
        }
        Ok(Some(row))
    }
}

/// A decoded row with its symbol numbered; one whose symbol is none is unreadable too.
fn source_row(decoded: Decoded<'_>, base: Interval, symbols: &mut Symbols) -> SourceRow {
    match decoded {
        Decoded::Row(row) => {
            let content = symbols.intern(row.symbol).map(|symbol| (symbol, row.record)).map_err(|error| {
                let time = row.record.label.open_time(base);
                Unreadable { symbol: None, time, reason: error.to_string() }
            });
            SourceRow { number: row.number, content }
        }
        Decoded::Reject(reject) => {
            let symbol = reject.symbol.and_then(|name| symbols.intern(name).ok());
            let unreadable = Unreadable { symbol, time: reject.time, reason: reject.reason.to_string() };
            SourceRow { number: reject.number, content: Err(unreadable) }
        }
    }
}
