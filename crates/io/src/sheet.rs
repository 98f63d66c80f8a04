//! A file of derived bars, in any of the formats, whose rows can be put in order after they were written.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use barloom_core::Timestamp;
use barloom_core::error::{WordError, word};

use crate::batch::{BarColumns, BatchTable, ColumnFormat, Facts, Gather, Rows, rewrite};
use crate::output::{OutputError, PendingFile};
use crate::table::{BarRow, BarTable};

/// The place of a row in visible order: its close, then its symbol.
pub type Place = (Timestamp, String);

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Text.
    Csv,
    /// Columns, packed.
    Parquet,
    /// Columns as they lie in memory: Arrow IPC.
    Arrow,
}

impl TableFormat {
    /// The end of its files' names.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The format that the end of a file's name says.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        [Self::Csv, Self::Parquet, Self::Arrow].into_iter().find(|format| format.extension() == extension)
    }

    pub(crate) const fn columns(self) -> Option<ColumnFormat> {
        match self {
            Self::Csv => None,
            Self::Parquet => Some(ColumnFormat::Parquet),
            Self::Arrow => Some(ColumnFormat::ArrowFile),
        }
    }
}

impl fmt::Display for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

impl FromStr for TableFormat {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("format", text, &[("csv", Self::Csv), ("parquet", Self::Parquet), ("arrow", Self::Arrow)])
    }
}

/// A file of bars that nobody sees yet.
#[derive(Debug)]
pub struct BarSheet {
    kind: Kind,
    columns: BarColumns,
    path: std::path::PathBuf,
}

#[derive(Debug)]
enum Kind {
    Text(Box<BarTable<PendingFile>>),
    Columns(ColumnFormat, Box<BatchTable<PendingFile>>),
}

/// Rows that are put between those of a sheet.
#[derive(Debug)]
pub struct Segment(Held);

#[derive(Debug)]
enum Held {
    Text(Box<BarTable<Vec<u8>>>),
    Columns(Box<Rows>),
}

impl Segment {
    /// Adds a bar with the values of its indicator outputs; NaN is null.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when `values` are not one for each output column.
    pub fn write(&mut self, bar: &BarRow<'_>, values: &[f64]) -> io::Result<()> {
        match &mut self.0 {
            Held::Text(table) => table.write(bar, values),
            Held::Columns(rows) => rows.push(bar, values),
        }
    }

    fn into_batch(self) -> io::Result<arrow_array::RecordBatch> {
        match self.0 {
            Held::Columns(mut rows) => rows.take().map_err(io::Error::other),
            Held::Text(_) => Err(io::Error::other("text among columns")),
        }
    }

    fn is_empty(&self) -> bool {
        match &self.0 {
            Held::Text(table) => table.written() == 0,
            Held::Columns(rows) => rows.len() == 0,
        }
    }

    fn into_text(self) -> Vec<u8> {
        match self.0 {
            Held::Text(table) => table.into_inner(),
            Held::Columns(_) => Vec::new(),
        }
    }
}

impl BarSheet {
    /// A sheet in `file` with a column for each of `outputs` behind the bars' own, and last `hours`, if asked for. The
    /// formats that have metadata say `facts` there.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be written.
    pub fn new(
        file: PendingFile,
        format: TableFormat,
        outputs: &[&str],
        hours: bool,
        facts: &Facts,
    ) -> Result<Self, OutputError> {
        let path = file.path().to_owned();
        let columns = BarColumns::new(outputs, hours, facts);
        let kind = match format.columns() {
            None => BarTable::new(file, outputs, hours).map(|table| Kind::Text(Box::new(table))),
            Some(format) => {
                let table = BatchTable::new(file, format, columns.clone());
                table.map(|table| Kind::Columns(format, Box::new(table)))
            }
        };
        Ok(Self { kind: kind.map_err(OutputError::written(&path))?, columns, path })
    }

    /// Writes one bar with the values of its indicator outputs, in the order of the columns; NaN is null.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be written, or `values` are not one for each output column.
    pub fn write(&mut self, bar: &BarRow<'_>, values: &[f64]) -> Result<(), OutputError> {
        let written = match &mut self.kind {
            Kind::Text(table) => table.write(bar, values),
            Kind::Columns(_, table) => table.write(bar, values),
        };
        written.map_err(|error| OutputError::written(&self.path)(error))
    }

    /// Where the next row will lie: something that grows.
    pub fn position(&self) -> u64 {
        match &self.kind {
            Kind::Text(table) => table.written(),
            Kind::Columns(_, table) => table.written(),
        }
    }

    /// Where the first row lies.
    pub fn start(&self) -> u64 {
        match &self.kind {
            Kind::Text(table) => table.header_end(),
            Kind::Columns(..) => 0,
        }
    }

    /// Rows for between its own; none yet.
    pub fn segment(&self) -> Segment {
        Segment(match &self.kind {
            Kind::Text(_) => {
                let (outputs, hours) = (self.columns.outputs(), self.columns.has_hours());
                Held::Text(Box::new(BarTable::headless(Vec::new(), outputs, hours)))
            }
            Kind::Columns(..) => Held::Columns(Box::new(Rows::new(self.columns.clone(), 0))),
        })
    }

    /// The format of its columns; none of text.
    fn format(&self) -> Option<ColumnFormat> {
        match &self.kind {
            Kind::Text(_) => None,
            Kind::Columns(format, _) => Some(*format),
        }
    }

    /// The file, whole.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written.
    pub fn finish(self) -> Result<PendingFile, OutputError> {
        let path = self.path;
        match self.kind {
            Kind::Text(table) => Ok(table.into_inner()),
            Kind::Columns(_, table) => table.finish().map_err(OutputError::written(&path)),
        }
    }

    /// The file, with segments put in where [`position`](Self::position) was; these ascend.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written or copied.
    pub fn finish_with(self, segments: Vec<(u64, Segment)>) -> Result<PendingFile, OutputError> {
        if segments.is_empty() {
            return self.finish();
        }
        let (format, file) = (self.format(), self.finish()?);
        match format {
            None => {
                let texts: Vec<_> = segments.into_iter().map(|(at, own)| (at, own.into_text())).collect();
                file.insert(&texts)
            }
            Some(format) => {
                let sound = segments.into_iter().filter(|(_, own)| !own.is_empty());
                let batches = sound.map(|(at, own)| Ok((at, own.into_batch()?)));
                file.copied(|from, to| rewrite::insert(from, to, format, batches))
            }
        }
    }

    /// The file, whose rows ascend by place, with a row more at each of `places`, which ascend too; `row` writes the one of that
    /// number. A row of the file comes before one of an equal place.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written or copied.
    pub fn finish_merged(
        self,
        places: &[Place],
        mut row: impl FnMut(usize, &mut Segment) -> io::Result<()>,
    ) -> Result<PendingFile, OutputError> {
        if places.is_empty() {
            return self.finish();
        }
        let path = self.path.clone();
        match self.format() {
            None => {
                let mut lines = Vec::with_capacity(places.len());
                for (number, place) in places.iter().enumerate() {
                    let mut segment = self.segment();
                    row(number, &mut segment).map_err(OutputError::written(&path))?;
                    lines.push((place.clone(), segment.into_text()));
                }
                self.finish()?.merge(&lines, place_of)
            }
            Some(format) => {
                let columns = self.columns.clone();
                self.finish()?.copied(|from, to| {
                    let at = rewrite::rows_of(from, format, places)?;
                    let mut next = 0;
                    // A batch where it is written and no earlier: many may be late.
                    let batches = at.chunk_by(|a, b| a == b).map(|same| {
                        let mut rows =
                            Segment(Held::Columns(Box::new(Rows::new(columns.clone(), same.len()))));
                        for number in next..next + same.len() {
                            row(number, &mut rows)?;
                        }
                        next += same.len();
                        Ok((same[0], rows.into_batch()?))
                    });
                    rewrite::insert(from, to, format, batches)
                })
            }
        }
    }

    /// The file sorted by place, in memory.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written or copied.
    pub fn finish_sorted(self) -> Result<PendingFile, OutputError> {
        let (format, file) = (self.format(), self.finish()?);
        match format {
            None => file.sort_lines(place_of),
            Some(format) => file.copied(|from, to| rewrite::sort(from, to, format)),
        }
    }
}

/// The place of a row of text. Instants sort as they are written; a symbol that needs quotes sorts without them.
fn place_of(line: &[u8]) -> Place {
    let text = String::from_utf8_lossy(line);
    let (symbol, rest) = match text.strip_prefix('"').and_then(|quoted| quoted.split_once("\",")) {
        Some((symbol, rest)) => (symbol.replace("\"\"", "\""), rest),
        None => text.split_once(',').map(|(symbol, rest)| (symbol.to_owned(), rest)).unwrap_or_default(),
    };
    // After the symbol come interval, session and open time.
    let close = rest.split(',').nth(3).and_then(|cell| cell.parse().ok());
    (close.unwrap_or(Timestamp::MIN), symbol)
}
