//! A file as a source of rows: decoded, adjusted, and known to have what indicators need.

use std::path::Path;

use barloom::source::{RowPlace, Source, SourceRow, Unreadable};
use barloom_core::adjust::Adjuster;
use barloom_core::{Interval, SymbolId, Symbols};
use barloom_io::{Decoded, Excerpt, Field, Options, ReadError, RowReader, symbol_of};

use crate::failure::{Failure, Kind};
use crate::tell;

/// Why a file can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileFailure {
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

impl FileFailure {
    /// What the user did not state is configuration.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Read(error) if error.is_unstated() => Kind::Config,
            Self::Read(_) => Kind::Data,
            Self::NoVolume { .. } => Kind::Config,
        }
    }

    /// The line that is wrong, with its file.
    pub(crate) fn shown(&self) -> Option<(&str, &Excerpt)> {
        match self {
            Self::Read(ReadError::Csv { file, excerpt, .. }) => Some((file, excerpt.as_deref()?)),
            _ => None,
        }
    }
}

impl From<FileFailure> for Failure {
    fn from(error: FileFailure) -> Self {
        Self::new(error.kind(), &error).showing(error.shown())
    }
}

/// A file on its way.
pub(crate) struct FileSource {
    reader: RowReader,
    base: Interval,
    /// The indicator that the file's volume is for.
    needs_volume: Option<String>,
    /// What rows are adjusted by.
    adjuster: Option<Adjuster>,
}

impl FileSource {
    /// Opens an input file. The path of a partition says its symbol where nothing else does.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, FileFailure> {
        let mut options = options.clone();
        options.symbol = options.symbol.or_else(|| symbol_of(path));
        let base = options.base;
        Ok(Self { reader: RowReader::open(path, options)?, base, needs_volume: None, adjuster: None })
    }

    /// The same with what its rows are for: an indicator that needs volume, if there is one, and adjustments.
    pub(crate) fn with(self, needs_volume: Option<&str>, adjuster: Option<&Adjuster>) -> Self {
        Self { needs_volume: needs_volume.map(str::to_owned), adjuster: adjuster.cloned(), ..self }
    }

    /// The same, read on a thread of its own from here on, where that pays.
    pub(crate) fn read_ahead(mut self) -> Result<Self, FileFailure> {
        self.reader.read_ahead()?;
        Ok(self)
    }

    /// The file.
    pub(crate) fn reader(&self) -> &RowReader {
        &self.reader
    }

    /// Where the row of that number stands.
    pub(crate) fn place(&self, number: u64) -> RowPlace {
        RowPlace::new(self.reader.name(), self.reader.unit(), number)
    }

    /// That the row read last, which has that number, can't be.
    pub(crate) fn failure_at(&self, number: u64, reason: &dyn std::fmt::Display) -> Failure {
        let excerpt = self.reader.excerpt();
        Failure::new(Kind::Data, format!("{}: {reason}", self.place(number)))
            .showing(excerpt.as_ref().map(|excerpt| (self.reader.name(), excerpt)))
    }

    /// That the file has the volume that is needed, once its header was read.
    fn check_volume(&self) -> Result<(), FileFailure> {
        let has_volume =
            || self.reader.resolved().is_none_or(|resolved| resolved.layout.column(Field::Volume).is_some());
        match &self.needs_volume {
            Some(spec) if !has_volume() => {
                Err(FileFailure::NoVolume { file: self.reader.name().to_owned(), spec: spec.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Tells what the file turned out to be, once it was read.
    pub(crate) fn tell_resolved(&self) {
        if let Some(resolved) = self.reader.resolved() {
            tell::line(&format!("{}: {} rows, {resolved}", self.reader.name(), self.reader.rows()));
        }
    }
}

impl Source for FileSource {
    type Error = FileFailure;

    fn name(&self) -> &str {
        self.reader.name()
    }

    fn unit(&self) -> &'static str {
        self.reader.unit()
    }

    #[inline]
    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, FileFailure> {
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

/// The symbol that a row names.
pub(crate) fn symbol_named(row: &SourceRow) -> Option<SymbolId> {
    row.content.as_ref().map_or_else(|unreadable| unreadable.symbol, |(symbol, _)| Some(*symbol))
}
