//! A file of base bars, in any of the formats.

use std::path::PathBuf;

use barloom_core::Interval;

use crate::batch::{BaseBatches, BaseRows, Facts};
use crate::output::{OutputError, PendingFile};
use crate::sheet::TableFormat;
use crate::table::{BaseRow, BaseTable, RowTime};

/// A file of base bars that nobody sees yet: `symbol`, `open_time` (sessions labelled by date: `date`), prices, `volume`, `vwap` and
/// `trade_count`, which every command reads without a word about stamp, zone and columns.
///
/// ```
/// use barloom_core::{Interval, Label, Record, Timestamp};
/// use barloom_io::{BaseRow, BaseSheet, Facts, PendingFile, TableFormat};
///
/// let folder = tempfile::tempdir()?;
/// let file = PendingFile::create(&folder.path().join("bars.csv"))?;
/// let label = Label::Open(Timestamp::from_nanos(0));
/// let record =
///     Record { label, open: 1.0, high: 3.5, low: 1.0, close: 2.0, volume: Some(7.0), vwap: None, trade_count: None };
/// let mut sheet = BaseSheet::new(file, TableFormat::Csv, Interval::MINUTE, Facts::default());
/// sheet.write(&BaseRow { symbol: "AAA", record })?;
/// sheet.finish()?.commit()?;
/// let text = std::fs::read_to_string(folder.path().join("bars.csv"))?;
/// assert!(text.ends_with("trade_count\nAAA,1970-01-01T00:00:00Z,1,3.5,1,2,7,,\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BaseSheet {
    path: PathBuf,
    format: TableFormat,
    base: Interval,
    facts: Facts,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Until a row says of which kind times are.
    Unwritten(PendingFile),
    Text(Box<BaseTable<PendingFile>>),
    Columns(Box<BaseBatches<PendingFile>>),
    /// Beginning failed.
    Gone,
}

impl BaseSheet {
    /// A sheet in `file` of rows of `base`. The formats that have metadata say `base`, `stamp` and `facts` there.
    pub fn new(file: PendingFile, format: TableFormat, base: Interval, facts: Facts) -> Self {
        let path = file.path().to_owned();
        Self { path, format, base, facts, kind: Kind::Unwritten(file) }
    }

    /// Writes one row. Rows are labelled by open or close, or all of them by date.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be written, and for a row whose time is of another kind than the first one's.
    #[inline]
    pub fn write(&mut self, row: &BaseRow<'_>) -> Result<(), OutputError> {
        let written = match &mut self.kind {
            Kind::Text(table) => table.write(row),
            Kind::Columns(batches) => batches.write(row),
            Kind::Unwritten(_) | Kind::Gone => {
                let time = RowTime::of(row.record.label, self.base);
                self.begin(time.map_err(OutputError::written(&self.path))?)?;
                return self.write(row);
            }
        };
        written.map_err(|error| OutputError::written(&self.path)(error))
    }

    /// Begins the table of rows whose times are of the kind of `time`.
    fn begin(&mut self, time: RowTime) -> Result<(), OutputError> {
        let failed = |error| OutputError::written(&self.path)(error);
        let Kind::Unwritten(file) = std::mem::replace(&mut self.kind, Kind::Gone) else {
            return Err(failed(std::io::ErrorKind::InvalidInput.into()));
        };
        self.kind = match self.format.columns() {
            None => Kind::Text(Box::new(BaseTable::new(file, time, self.base).map_err(failed)?)),
            Some(columns) => {
                let rows = BaseRows::new(time, self.base, &self.facts);
                Kind::Columns(Box::new(BaseBatches::new(file, columns, rows).map_err(failed)?))
            }
        };
        Ok(())
    }

    /// The file, whole. One without rows has its columns all the same.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written.
    pub fn finish(mut self) -> Result<PendingFile, OutputError> {
        if let Kind::Unwritten(_) = self.kind {
            self.begin(RowTime::Open(barloom_core::Timestamp::MIN))?;
        }
        let done = match self.kind {
            Kind::Text(table) => Ok(table.into_inner()),
            Kind::Columns(batches) => batches.finish(),
            Kind::Unwritten(file) => Ok(file),
            Kind::Gone => Err(std::io::ErrorKind::InvalidInput.into()),
        };
        done.map_err(OutputError::written(&self.path))
    }
}
