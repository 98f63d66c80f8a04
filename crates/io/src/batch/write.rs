//! Rows as columns, and those of derived bars: rows gathered into batches, batches into row groups.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, TimestampNanosecondArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use barloom_core::Interval;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::ahead::WriteBehind;
use super::facts::Facts;
use super::format::BATCH;
use crate::table::BarRow;

/// Rows in a row group: large enough to be read fast, small enough to be held while it is written.
const ROW_GROUP: usize = 1 << 17;

/// The format of a table of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnFormat {
    /// Parquet, in row groups of 131,072 rows packed with Snappy.
    Parquet,
    /// Arrow IPC as a file.
    ArrowFile,
    /// Arrow IPC as it goes through pipes.
    ArrowStream,
}

/// The columns of a table of bars.
#[derive(Debug, Clone)]
pub struct BarColumns {
    schema: SchemaRef,
    outputs: usize,
    hours: bool,
}

impl BarColumns {
    /// The bars' own columns, one for each of `outputs`, and last `hours`, if asked for; `facts` go into the metadata.
    pub fn new(outputs: &[&str], hours: bool, facts: &Facts) -> Self {
        let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let (text, number, count) = (DataType::Utf8, DataType::Float64, DataType::Int32);
        let of = |name: &str, kind: DataType| Field::new(name, kind, false);
        let mut fields = vec![
            of("symbol", text.clone()),
            of("interval", text.clone()),
            of("session", text.clone()),
            of("open_time", time()),
            of("close_time", time()),
        ];
        fields.extend(["open", "high", "low", "close"].map(|name| of(name, number.clone())));
        fields.extend(["volume", "vwap"].map(|name| Field::new(name, number.clone(), true)));
        fields.push(Field::new("trade_count", DataType::Int64, true));
        fields.extend(["n_base", "n_expected"].map(|name| of(name, count.clone())));
        fields.extend(outputs.iter().map(|name| Field::new(*name, number.clone(), true)));
        fields.extend(hours.then(|| of("hours", text)));
        let schema = Arc::new(Schema::new(fields).with_metadata(facts.metadata()));
        Self { schema, outputs: outputs.len(), hours }
    }

    /// How many outputs there are.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether there is a column `hours`.
    pub(crate) fn has_hours(&self) -> bool {
        self.hours
    }
}

/// Rows that were not put into a batch yet.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: BarColumns,
    symbol: StringBuilder,
    interval: StringBuilder,
    session: StringBuilder,
    times: [Vec<i64>; 2],
    prices: [Vec<f64>; 4],
    /// Volume and vwap.
    optional: [Float64Builder; 2],
    trade_count: Int64Builder,
    counts: [Vec<i32>; 2],
    /// NaN is null.
    outputs: Vec<Vec<f64>>,
    hours: StringBuilder,
    /// The interval of the row before, as text.
    text: (Option<Interval>, String),
}

impl Rows {
    /// None yet, with room for `count`.
    pub(crate) fn new(columns: BarColumns, count: usize) -> Self {
        let text = || StringBuilder::with_capacity(count, 8 * count);
        let optional = || Float64Builder::with_capacity(count);
        Self {
            symbol: text(),
            interval: text(),
            session: text(),
            times: std::array::from_fn(|_| Vec::with_capacity(count)),
            prices: std::array::from_fn(|_| Vec::with_capacity(count)),
            optional: [optional(), optional()],
            trade_count: Int64Builder::with_capacity(count),
            counts: std::array::from_fn(|_| Vec::with_capacity(count)),
            outputs: (0..columns.outputs).map(|_| Vec::with_capacity(count)).collect(),
            hours: if columns.hours { text() } else { StringBuilder::with_capacity(0, 0) },
            text: (None, String::new()),
            columns,
        }
    }

    /// Adds a bar with the values of its indicator outputs; NaN is null.
    pub(crate) fn push(&mut self, bar: &BarRow<'_>, values: &[f64]) -> io::Result<()> {
        if values.len() != self.columns.outputs {
            let text = format!("{} values for {} indicator columns", values.len(), self.columns.outputs);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.symbol.append_value(bar.symbol);
        if self.text.0 != Some(bar.interval) {
            self.text = (Some(bar.interval), bar.interval.to_string());
        }
        self.interval.append_value(&self.text.1);
        self.session.append_value(bar.session);
        for (column, at) in self.times.iter_mut().zip([bar.open_time, bar.close_time]) {
            column.push(at.as_nanos());
        }
        for (column, price) in self.prices.iter_mut().zip([bar.open, bar.high, bar.low, bar.close]) {
            column.push(price);
        }
        for (builder, value) in self.optional.iter_mut().zip([bar.volume, bar.vwap]) {
            builder.append_option(value);
        }
        self.trade_count.append_option(bar.trade_count);
        for (column, count) in self.counts.iter_mut().zip([bar.n_base, bar.n_expected]) {
            column.push(i32::try_from(count).unwrap_or(i32::MAX));
        }
        for (column, value) in self.outputs.iter_mut().zip(values) {
            column.push(*value);
        }
        if self.columns.hours {
            self.hours.append_value(bar.hours.unwrap_or_default());
        }
        Ok(())
    }
}

/// Rows of one kind that were not put into a batch yet.
pub(crate) trait Gather {
    /// Their columns.
    fn schema(&self) -> &SchemaRef;

    /// How many there are.
    fn len(&self) -> usize;

    /// All of them as a batch; none are left.
    fn take(&mut self) -> Result<RecordBatch, ArrowError>;
}

impl Gather for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.columns.schema
    }

    fn len(&self) -> usize {
        self.trade_count.len()
    }

    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        // As much room again: builders that grow copy what they hold.
        std::mem::replace(self, Self::new(self.columns.clone(), self.len())).finish()
    }
}

impl Rows {
    fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.symbol.finish()),
            Arc::new(self.interval.finish()),
            Arc::new(self.session.finish()),
        ];
        let time = |times: Vec<i64>| TimestampNanosecondArray::from(times).with_timezone("UTC");
        arrays.extend(self.times.map(|times| Arc::new(time(times)) as ArrayRef));
        arrays.extend(self.prices.map(|prices| Arc::new(Float64Array::from(prices)) as ArrayRef));
        arrays.extend(self.optional.map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
        arrays.push(Arc::new(self.trade_count.finish()));
        arrays.extend(self.counts.map(|counts| Arc::new(Int32Array::from(counts)) as ArrayRef));
        arrays.extend(self.outputs.into_iter().map(|values| Arc::new(nullable(values)) as ArrayRef));
        if self.columns.hours {
            arrays.push(Arc::new(self.hours.finish()));
        }
        RecordBatch::try_new(self.columns.schema, arrays)
    }
}

/// A column in which NaN is null, with a zero below it.
fn nullable(mut values: Vec<f64>) -> Float64Array {
    let sound = BooleanBuffer::collect_bool(values.len(), |row| !values[row].is_nan());
    let nulls = Some(NullBuffer::new(sound)).filter(|nulls| nulls.null_count() > 0);
    if nulls.is_some() {
        values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    }
    Float64Array::new(values.into(), nulls)
}

/// Writes batches in one of the formats.
pub(crate) enum BatchWriter<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    File(Box<FileWriter<W>>),
    Stream(Box<StreamWriter<W>>),
}

/// How Parquet stores columns: text repeats, so it has a dictionary; times and counts are near one another; numbers are written as they
/// are, as looking each up costs more than all the rest.
fn encoded(properties: WriterPropertiesBuilder, schema: &Schema) -> WriterPropertiesBuilder {
    let properties = properties.set_dictionary_enabled(false);
    schema.fields().iter().fold(properties, |properties, field| {
        let column = ColumnPath::from(vec![field.name().clone()]);
        match field.data_type() {
            DataType::Utf8 => properties.set_column_dictionary_enabled(column, true),
            DataType::Float64 => properties,
            _ => properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
        }
    })
}

impl<W: Write + Send> BatchWriter<W> {
    pub(crate) fn new(to: W, format: ColumnFormat, schema: &SchemaRef) -> io::Result<Self> {
        Ok(match format {
            ColumnFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(ROW_GROUP))
                    .set_created_by(concat!("barloom ", env!("CARGO_PKG_VERSION")).to_owned());
                let properties = encoded(properties, schema).build();
                let writer = ArrowWriter::try_new(to, schema.clone(), Some(properties));
                Self::Parquet(Box::new(writer.map_err(of_parquet)?))
            }
            ColumnFormat::ArrowFile => {
                Self::File(Box::new(FileWriter::try_new(to, schema).map_err(of_arrow)?))
            }
            ColumnFormat::ArrowStream => {
                Self::Stream(Box::new(StreamWriter::try_new(to, schema).map_err(of_arrow)?))
            }
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(batch).map_err(of_parquet),
            Self::File(writer) => writer.write(batch).map_err(of_arrow),
            Self::Stream(writer) => writer.write(batch).map_err(of_arrow),
        }
    }

    /// Writes what belongs at the end, and gives the sink back.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Parquet(writer) => writer.into_inner().map_err(of_parquet),
            Self::File(writer) => writer.into_inner().map_err(of_arrow),
            Self::Stream(writer) => writer.into_inner().map_err(of_arrow),
        }
    }
}

pub(crate) fn of_arrow(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

pub(crate) fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

/// Writes derived bars as columns.
///
/// ```
/// use barloom_core::Interval;
/// use barloom_io::{BarColumns, BarRow, BatchTable, ColumnFormat, Facts};
///
/// let columns = BarColumns::new(&["rsi_14"], false, &Facts::default().with("stamp", "open"));
/// let mut table = BatchTable::new(Vec::new(), ColumnFormat::Parquet, columns)?;
/// # let at = barloom_core::Timestamp::from_nanos(0);
/// # let (session, interval) = ("1970-01-01", Interval::DAY);
/// # let bar = BarRow { symbol: "AAA", interval, session, open_time: at, close_time: at, open: 1.0, high: 3.5,
/// #     low: 1.0, close: 2.0, volume: None, vwap: None, trade_count: Some(7), n_base: 1, n_expected: 1,
/// #     hours: None };
/// table.write(&bar, &[f64::NAN])?;
/// assert!(table.finish()?.starts_with(b"PAR1"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct BatchTable<W: Write + Send + 'static>(Batched<W, Rows>);

/// Rows on their way into batches, and batches into the sink.
pub(crate) struct Batched<W: Write + Send + 'static, R> {
    rows: R,
    writer: Sink<W>,
    written: u64,
}

/// Where batches go: a table of one batch is not worth a thread.
enum Sink<W: Write + Send + 'static> {
    Here(BatchWriter<W>),
    Behind(WriteBehind<W>),
    /// The thread could not be had.
    Gone,
}

impl<W: Write + Send + 'static> Sink<W> {
    fn write(&mut self, batch: RecordBatch) -> io::Result<()> {
        if let Self::Here(_) = self
            && let Self::Here(writer) = std::mem::replace(self, Self::Gone)
        {
            *self = Self::Behind(WriteBehind::new(writer)?);
        }
        match self {
            Self::Behind(writer) => writer.write(batch),
            Self::Here(_) | Self::Gone => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl<W: Write + Send + 'static, R: Gather> Batched<W, R> {
    pub(crate) fn new(to: W, format: ColumnFormat, rows: R) -> io::Result<Self> {
        let writer = Sink::Here(BatchWriter::new(to, format, rows.schema())?);
        Ok(Self { rows, writer, written: 0 })
    }

    /// The rows, to add one to.
    #[inline]
    pub(crate) fn rows(&mut self) -> &mut R {
        &mut self.rows
    }

    /// A row was added.
    #[inline]
    pub(crate) fn added(&mut self) -> io::Result<()> {
        self.written += 1;
        if self.rows.len() < BATCH {
            return Ok(());
        }
        let batch = self.rows.take().map_err(of_arrow)?;
        self.writer.write(batch)
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        let mut writer = match self.writer {
            Sink::Here(writer) => writer,
            Sink::Behind(mut behind) => behind.end()?,
            Sink::Gone => return Err(io::ErrorKind::InvalidInput.into()),
        };
        if self.rows.len() > 0 {
            writer.write(&self.rows.take().map_err(of_arrow)?)?;
        }
        writer.finish()
    }
}

impl<W: Write + Send + 'static> BatchTable<W> {
    /// A table of `columns` in `format`.
    ///
    /// # Errors
    /// The sink's.
    pub fn new(to: W, format: ColumnFormat, columns: BarColumns) -> io::Result<Self> {
        Batched::new(to, format, Rows::new(columns, BATCH)).map(Self)
    }

    /// Writes one bar with the values of its indicator outputs, in the order of the columns; NaN is null.
    ///
    /// # Errors
    /// The sink's, and [`InvalidInput`](io::ErrorKind::InvalidInput) when `values` are not one for each output column.
    pub fn write(&mut self, bar: &BarRow<'_>, values: &[f64]) -> io::Result<()> {
        self.0.rows.push(bar, values)?;
        self.0.added()
    }

    /// Rows written so far.
    pub fn written(&self) -> u64 {
        self.0.written
    }

    /// The sink, with every row and the end in it.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write + Send + 'static> std::fmt::Debug for BatchTable<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchTable").field("written", &self.0.written).finish_non_exhaustive()
    }
}
