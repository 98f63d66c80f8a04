//! A file of derived bars, in any of the formats, whose rows can be put in order after they were written.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use barloom_core::Timestamp;
use barloom_core::error::{WordError, word};

use crate::batch::rewrite::{self, Insert};
use crate::batch::{BarColumns, BatchTable, ColumnFormat, Facts, Gather, Rows};
use crate::output::{OutputError, PendingFile};
use crate::table::{BarRow, BarTable};

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
                let batches = sound.map(|(at, own)| Ok(Insert { instead: at..at, rows: own.into_batch()? }));
                file.copied(|from, to| rewrite::insert(from, to, format, batches))
            }
        }
    }

    /// The file, whose rows ascend by place, which `key` makes of a row's close and symbol, with the rows of `places`, which ascend too, no
    /// two of them equal; `row` writes the one of that number. A row of the file gives way to one of an equal place. Where the
    /// file is not in order, it is sorted before that, in memory.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written or copied.
    pub fn finish_merged<K: Ord + Copy>(
        self,
        is_in_order: bool,
        places: &[K],
        key: impl Fn(Timestamp, &str) -> K,
        mut row: impl FnMut(usize, &mut Segment) -> io::Result<()>,
    ) -> Result<PendingFile, OutputError> {
        let (path, format, columns) = (self.path.clone(), self.format(), self.columns.clone());
        let Some(format) = format else {
            let mut lines = Vec::with_capacity(places.len());
            for (number, &place) in places.iter().enumerate() {
                let mut segment = self.segment();
                row(number, &mut segment).map_err(OutputError::written(&path))?;
                lines.push((place, segment.into_text()));
            }
            let key = |line: &[u8]| place_of(line, &key);
            let file = self.finish()?;
            let file = if is_in_order { file } else { file.sort_lines(key)? };
            return file.merge(&lines, key);
        };
        let mut file = self.finish()?;
        if !is_in_order {
            file = file.copied(|from, to| rewrite::sort(from, to, format, &key))?;
        }
        if places.is_empty() {
            return Ok(file);
        }
        file.copied(|from, to| {
            let at = rewrite::rows_of(from, format, places, key)?;
            let mut next = 0;
            // A batch where it is written and no earlier: there may be many. Rows that follow each other share one.
            let batches = at.chunk_by(|a, b| a.end == b.start).map(|near| {
                let mut rows = Segment(Held::Columns(Box::new(Rows::new(columns.clone(), near.len()))));
                for number in next..next + near.len() {
                    row(number, &mut rows)?;
                }
                next += near.len();
                let instead = near[0].start..near[near.len() - 1].end;
                Ok(Insert { instead, rows: rows.into_batch()? })
            });
            rewrite::insert(from, to, format, batches)
        })
    }
}

/// The place of a row of text, which `key` makes of its close and symbol.
fn place_of<K>(line: &[u8], key: impl Fn(Timestamp, &str) -> K) -> K {
    let text = String::from_utf8_lossy(line);
    let (symbol, rest) = first_cell(&text);
    // After it come a comma, interval, session and open time.
    let close = rest.split(',').nth(4).and_then(|cell| cell.parse().ok());
    key(close.unwrap_or(Timestamp::MIN), &symbol)
}

/// The first cell of a line, without the quotes that it may need, and what comes after it.
fn first_cell(line: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = line.strip_prefix('"') else {
        let (cell, rest) = line.split_at(line.find(',').unwrap_or(line.len()));
        return (cell.into(), rest);
    };
    let mut end = 0;
    while let Some(at) = quoted[end..].find('"') {
        end += at;
        if !quoted[end + 1..].starts_with('"') {
            return (quoted[..end].replace("\"\"", "\"").into(), &quoted[end + 1..]);
        }
        end += 2;
    }
    (quoted.into(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_read_as_it_was_before_it_was_quoted() {
        for (line, symbol) in [
            ("AAA", "AAA"),
            ("", ""),
            ("\"A,B\"", "A,B"),
            ("\"A\"\",B\"", "A\",B"),
            ("\"\"\"\"", "\""),
            ("\"A\"\"\"\"\"", "A\"\""),
        ] {
            let line = format!("{line},5m,2024-11-25,2024-11-25T14:30:00Z,2024-11-25T14:35:00Z,1\n");
            let place = place_of(line.as_bytes(), |close, symbol| (close.to_string(), symbol.to_owned()));
            assert_eq!(place, ("2024-11-25T14:35:00Z".to_owned(), symbol.to_owned()));
        }
    }
}
