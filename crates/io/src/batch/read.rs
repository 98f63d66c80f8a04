//! From batches of columns to rows.

use std::fs::File;
use std::io;

use arrow_array::{Array, Float64Array, Int64Array, RecordBatch, RecordBatchReader, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use barloom_core::{Label, Record, Stamp, Timestamp};

use crate::column::Field;
use crate::databento::{Databento, Turn};
use crate::fault::Fault;
use crate::layout::{Layout, LayoutError};
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::{Decoded, Reject, Row};
use crate::time::{Moment, TimeFault, TimeReader};

use super::ahead::{Reading, read_ahead};
use super::databento::Own;
use super::error::BatchError;
use super::facts::Facts;
use super::format::{BATCH, BatchFormat, Batches};
use super::numbers::{Counts, Floats, is_number, is_text, texts};
use super::times::{Times, is_time};

/// Reads the rows of a table of columns.
pub(crate) struct BatchReader {
    format: BatchFormat,
    batches: Reading,
    /// Rows in all, where the format says it.
    total: Option<u64>,
    options: Options,
    layout: Layout,
    facts: Facts,
    time: TimeReader,
    databento: Option<Databento>,
    columns: Option<Columns>,
    /// The row of the batch that comes next.
    next: usize,
    /// Rows before the current batch.
    before: u64,
    /// What was stated, where there is no column.
    symbol: String,
    /// Whether the row's symbol could be read, and of a reject its time where it could.
    is_named: bool,
    label: Option<Label>,
    record: Record,
    fault: Option<Fault>,
}

/// The columns of a batch.
struct Columns {
    rows: usize,
    time: Times,
    prices: [Floats; 4],
    volume: Option<Floats>,
    vwap: Option<Floats>,
    trade_count: Option<Counts>,
    symbol: Option<StringArray>,
    databento: Option<Own>,
    /// The same, where it is the usual one.
    plain: Option<Plain>,
}

/// Columns that can be read without a look at each cell: instants in nanoseconds, and numbers of which none is null that a bar needs.
struct Plain {
    times: ScalarBuffer<i64>,
    prices: [ScalarBuffer<f64>; 4],
    volume: Option<Float64Array>,
    vwap: Option<Float64Array>,
    trade_count: Option<Int64Array>,
}

impl Plain {
    fn of(columns: &Columns) -> Option<Self> {
        if columns.databento.is_some() {
            return None;
        }
        let whole = |column: &Floats| match column {
            Floats::Numbers(values) if values.null_count() == 0 => Some(values.values().clone()),
            _ => None,
        };
        let optional = |column: &Option<Floats>| match column {
            None => Some(None),
            Some(Floats::Numbers(values)) => Some(Some(values.clone())),
            Some(Floats::Texts(_)) => None,
        };
        let [open, high, low, close] = &columns.prices;
        Some(Self {
            times: match &columns.time {
                Times::Typed { values, nanos: 1, has_zone: true } if values.null_count() == 0 => {
                    values.values().clone()
                }
                _ => return None,
            },
            prices: [whole(open)?, whole(high)?, whole(low)?, whole(close)?],
            volume: optional(&columns.volume)?,
            vwap: optional(&columns.vwap)?,
            trade_count: match &columns.trade_count {
                None => None,
                Some(Counts::Integers(values)) => Some(values.clone()),
                Some(_) => return None,
            },
        })
    }

    /// The rows from `from` on.
    #[inline]
    fn rows(&self, from: usize, stamp: Stamp) -> impl Iterator<Item = Record> + '_ {
        let [open, high, low, close] = self.prices.each_ref().map(|column| column.iter().skip(from));
        let numbers = open.zip(high).zip(low.zip(close));
        let rows = self.times.iter().skip(from).zip(numbers).zip(from..);
        let optional = |column: &Option<Float64Array>, row: usize| {
            let values = column.as_ref().filter(|values| values.is_valid(row))?;
            Some(values.value(row)).filter(|value| !value.is_nan())
        };
        rows.map(move |((&at, ((&open, &high), (&low, &close))), row)| Record {
            label: Moment::Instant(Timestamp::from_nanos(at)).label(stamp),
            open,
            high,
            low,
            close,
            volume: optional(&self.volume, row),
            vwap: optional(&self.vwap, row),
            trade_count: self
                .trade_count
                .as_ref()
                .filter(|values| values.is_valid(row))
                .map(|values| values.value(row)),
        })
    }
}

/// What a schema is read as.
struct Understood {
    layout: Layout,
    facts: Facts,
}

impl BatchReader {
    /// A reader of a file.
    pub(crate) fn of_file(format: BatchFormat, file: File, options: Options) -> Result<Self, BatchError> {
        Self::of(format, options, |choose| Batches::of_file(format, file, choose))
    }

    /// A reader of a stream.
    pub(crate) fn of_stream(
        from: impl io::Read + Send + 'static,
        options: Options,
    ) -> Result<Self, BatchError> {
        Self::of(BatchFormat::ArrowStream, options, |choose| Batches::stream(from, choose))
    }

    /// A reader of batches in memory, whose columns are read where they lie.
    pub(crate) fn of_batches(
        from: Box<dyn RecordBatchReader + Send>,
        options: Options,
    ) -> Result<Self, BatchError> {
        Self::of(BatchFormat::ArrowStream, options, |choose| Batches::of_batches(from, choose))
    }

    fn of(
        format: BatchFormat,
        mut options: Options,
        open: impl FnOnce(super::format::Choose<'_>) -> Result<Batches, BatchError>,
    ) -> Result<Self, BatchError> {
        let asked = options.clone();
        let choose = |schema: &SchemaRef| Ok(used(&resolve(schema, &asked)?.layout));
        let Batches { schema, batches, rows } = guarded(format, || open(&choose))?;
        let Understood { layout, facts } = resolve(&schema, &asked)?;
        options.stamp = layout.stamp();
        let symbol = options.symbol.as_ref().map(|symbol| symbol.as_str().to_owned()).unwrap_or_default();
        Ok(Self {
            format,
            batches,
            total: rows,
            time: TimeReader::new(options.tz.clone(), options.is_daily()),
            databento: layout.databento.map(|_| Databento::new(options.base, options.publisher)),
            options,
            layout,
            facts,
            columns: None,
            next: 0,
            before: 0,
            symbol,
            is_named: false,
            label: None,
            record: Record {
                label: Label::Open(Timestamp::MIN),
                open: f64::NAN,
                high: f64::NAN,
                low: f64::NAN,
                close: f64::NAN,
                volume: None,
                vwap: None,
                trade_count: None,
            },
            fault: None,
        })
    }

    /// Reads batches on a thread of their own from here on. A stream is not read ahead: it costs little, and its pipe may never end.
    pub(crate) fn read_ahead(&mut self) -> io::Result<()> {
        if self.total.is_some_and(|total| total > BATCH as u64) {
            self.batches = read_ahead(std::mem::replace(&mut self.batches, Box::new(std::iter::empty())))?;
        }
        Ok(())
    }

    /// Reads on to the next row or reject; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, BatchError> {
        while self.pull()? {
            if self.take()? {
                return Ok(true);
            }
        }
        self.databento.as_ref().map_or(Ok(()), Databento::end)?;
        Ok(false)
    }

    /// Goes on to the next row; `false` at the end.
    fn pull(&mut self) -> Result<bool, BatchError> {
        let is_there = self.load()?;
        self.next += usize::from(is_there);
        Ok(is_there)
    }

    /// Has the batch of the next row at hand; `false` at the end.
    fn load(&mut self) -> Result<bool, BatchError> {
        while self.columns.as_ref().is_none_or(|columns| self.next >= columns.rows) {
            self.before += self.columns.take().map_or(0, |columns| columns.rows as u64);
            let (batches, layout) = (&mut self.batches, &self.layout);
            let next = || {
                let batch = batches.next().transpose()?;
                Ok(batch.map(|batch| Columns::of(&batch, layout)).transpose()?)
            };
            let named = |error: BatchError| match error {
                BatchError::Damaged { what, .. } => BatchError::Damaged { format: self.format.name(), what },
                error => error,
            };
            self.columns = guarded(self.format, next).map_err(named)?;
            self.next = 0;
            if self.columns.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives rows from the next one on to `take`, with their symbols, while they are plain numbers and `take` takes them: what has to be
    /// looked into is left to [`advance`](Self::advance). How many were taken.
    pub(crate) fn plain_rows(
        &mut self,
        mut take: impl FnMut(&str, Record) -> bool,
    ) -> Result<usize, BatchError> {
        if !self.load()? {
            return Ok(0);
        }
        let Some((columns, plain)) = self.columns.as_ref().and_then(|own| Some((own, own.plain.as_ref()?)))
        else {
            return Ok(0);
        };
        let (from, stamp) = (self.next, self.layout.stamp().unwrap_or(Stamp::Open));
        for (row, record) in (from..columns.rows).zip(plain.rows(from, stamp)) {
            let symbol = if columns.symbol.is_some() {
                columns.symbol(row).unwrap_or_default()
            } else {
                self.symbol.as_str()
            };
            if symbol.is_empty() && columns.symbol.is_some() {
                break;
            }
            if !take(symbol, record) {
                break;
            }
            self.next = row + 1;
        }
        if self.next > from {
            self.time.see_instant();
        }
        Ok(self.next - from)
    }

    /// Takes the row that was pulled; `false` when it is none that was chosen.
    fn take(&mut self) -> Result<bool, BatchError> {
        let (Some(columns), at) = (&self.columns, self.at()) else { return Ok(false) };
        let mut fault = None;
        if let (Some(own), Some(file)) = (&columns.databento, &mut self.databento) {
            let symbol = columns.symbol(at).unwrap_or(&self.symbol);
            match own.turn(at, symbol, file)? {
                Ok(Turn::Taken) => {}
                Ok(Turn::Passed) => return Ok(false),
                Err(own) => fault = Some(own),
            }
        }
        let stamp = self.layout.stamp().unwrap_or(Stamp::Open);
        self.is_named = columns.symbol.is_none();
        let read = columns.read(at, stamp, &mut self.time, &mut self.is_named, self.databento.as_mut());
        match read {
            Ok(record) => self.record = record,
            Err(own) => {
                fault.get_or_insert(own);
            }
        }
        if fault.is_some() || self.fault.is_some() {
            self.fault = fault;
        }
        match &self.fault {
            None => Ok(true),
            Some(Fault::Time(source @ TimeFault::NoZone { .. })) => {
                Err(BatchError::ZoneUnknown { row: self.number(), source: source.clone() })
            }
            Some(_) => {
                let time = columns.time.get(at, &mut self.time).ok().filter(|_| self.is_named);
                self.label = time.map(|time| time.label(stamp));
                Ok(true)
            }
        }
    }

    /// The place in the batch of the row that was pulled last.
    fn at(&self) -> usize {
        self.next.saturating_sub(1)
    }

    /// The row that was taken last, from 1; 0 before the first.
    fn number(&self) -> u64 {
        self.before + self.next as u64
    }

    /// The row that [`advance`](Self::advance) stopped at.
    pub(crate) fn current(&self) -> Decoded<'_> {
        let own = self.columns.as_ref().and_then(|columns| columns.symbol(self.at()));
        let (number, symbol) = (self.number(), own.unwrap_or(&self.symbol));
        match &self.fault {
            None => Decoded::Row(Row { number, symbol, record: self.record }),
            Some(reason) => {
                let symbol = self.is_named.then_some(symbol);
                let time = self.label.and_then(|label| label.open_time(self.options.base));
                Decoded::Reject(Reject { number, symbol, time, reason })
            }
        }
    }

    /// What the schema and the first row said.
    pub(crate) fn resolved(&self) -> Resolved<'_> {
        Resolved {
            layout: &self.layout,
            separator: ',',
            time_form: self.time.form(),
            zone: self.time.zone(),
            scale: self.databento.as_ref().and_then(Databento::scale),
            publisher: self.databento.as_ref().and_then(Databento::chosen),
            is_partial: false,
        }
    }

    /// Whether the table is Parquet.
    pub(crate) fn is_parquet(&self) -> bool {
        self.format == BatchFormat::Parquet
    }

    /// What the file says about itself.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The share of the rows that were read, where the format says how many there are.
    pub(crate) fn share(&self) -> Option<f64> {
        let read = |total: u64| self.number().min(total) as f64 / total as f64;
        self.total.map(|total| if total == 0 { 1.0 } else { read(total) })
    }
}

/// What `read` gives. The libraries that decode columns panic on some damaged files: that is an error like any other.
pub(super) fn guarded<T>(
    format: BatchFormat,
    read: impl FnOnce() -> Result<T, BatchError>,
) -> Result<T, BatchError> {
    // What a panic leaves half done is not looked at again: the reader ends with the error.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let what = barloom_core::error::panic_message(&*panic).to_owned();
        Err(BatchError::Damaged { format: format.name(), what })
    })
}

/// The layout of a schema, with what the file says about itself where the user says nothing.
fn resolve(schema: &Schema, options: &Options) -> Result<Understood, BatchError> {
    let facts = Facts::of(schema.metadata());
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    if let Some(found) = facts.base().filter(|found| *found != options.base) {
        return Err(BatchError::Base { found: found.to_string(), stated: options.base.to_string() });
    }
    let layout = Layout::resolve_with(&names, options, facts.stamp())?;
    let check = |at: Option<usize>,
                 meaning: Field,
                 allowed: &'static str,
                 is: fn(&arrow_schema::DataType) -> bool| {
        let Some(field) = at.map(|at| schema.field(at)).filter(|field| !is(field.data_type())) else {
            return Ok(());
        };
        let (column, found) = (field.name().clone(), field.data_type().to_string());
        Err(BatchError::Type { column, field: meaning, found, allowed })
    };
    if let (Some(date), Some(time)) = (layout.date_column(), layout.column(Field::Time)) {
        return Err(LayoutError::DateAndTime { date: date.to_owned(), time: time.to_owned() }.into());
    }
    check(Some(layout.time), Field::Time, "timestamps, dates, integers and text", is_time)?;
    check(layout.symbol, Field::Symbol, "text", is_text)?;
    let numbers = "numbers and text";
    for (at, field) in layout.prices.into_iter().zip([Field::Open, Field::High, Field::Low, Field::Close]) {
        check(Some(at), field, numbers, is_number)?;
    }
    check(layout.volume, Field::Volume, numbers, is_number)?;
    check(layout.vwap, Field::Vwap, numbers, is_number)?;
    check(layout.trade_count, Field::TradeCount, numbers, is_number)?;
    Ok(Understood { layout, facts })
}

/// The columns that rows are read from, in their order.
fn used(layout: &Layout) -> Vec<usize> {
    let optional = [layout.symbol, layout.volume, layout.vwap, layout.trade_count];
    let own = layout.databento.map(|own| [Some(own.rtype), Some(own.publisher), own.instrument]);
    let optional = optional.into_iter().chain(own.into_iter().flatten());
    let mut used: Vec<usize> =
        layout.prices.into_iter().chain([layout.time]).chain(optional.flatten()).collect();
    used.sort_unstable();
    used.dedup();
    used
}

impl Columns {
    /// Of a batch that has the used columns only.
    fn of(batch: &RecordBatch, layout: &Layout) -> Result<Self, ArrowError> {
        let used = used(layout);
        let column = |at: usize| {
            let place = used.partition_point(|own| *own < at);
            batch.columns().get(place).ok_or_else(|| ArrowError::SchemaError("a column is gone".to_owned()))
        };
        let floats = |at: usize| Floats::of(column(at)?);
        let [open, high, low, close] = layout.prices;
        let own = Self {
            rows: batch.num_rows(),
            time: Times::of(column(layout.time)?)?,
            prices: [floats(open)?, floats(high)?, floats(low)?, floats(close)?],
            volume: layout.volume.map(floats).transpose()?,
            vwap: layout.vwap.map(floats).transpose()?,
            trade_count: layout.trade_count.map(|at| Counts::of(column(at)?)).transpose()?,
            symbol: layout.symbol.map(|at| texts(column(at)?)).transpose()?,
            databento: Own::of(layout, column)?,
            plain: None,
        };
        Ok(Self { plain: Plain::of(&own), ..own })
    }

    /// The symbol as it stands; `None` where it is null or has no column.
    #[inline]
    fn symbol(&self, row: usize) -> Option<&str> {
        let symbols = self.symbol.as_ref().filter(|symbols| symbols.is_valid(row))?;
        let text = symbols.value(row);
        let may_be_blank = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_graphic());
        let ends = text.as_bytes();
        Some(if may_be_blank(ends.first()) || may_be_blank(ends.last()) { text.trim() } else { text })
    }

    #[inline]
    fn prices(&self, row: usize) -> Result<[f64; 4], Fault> {
        let [open, high, low, close] = &self.prices;
        Ok([
            open.price(row, Field::Open)?,
            high.price(row, Field::High)?,
            low.price(row, Field::Low)?,
            close.price(row, Field::Close)?,
        ])
    }

    /// Reads symbol and time first, so that a reject can say whose minute it was.
    #[inline]
    fn read(
        &self,
        row: usize,
        stamp: Stamp,
        time: &mut TimeReader,
        is_named: &mut bool,
        databento: Option<&mut Databento>,
    ) -> Result<Record, Fault> {
        if self.symbol.is_some() {
            if self.symbol(row).is_none_or(str::is_empty) {
                return Err(Fault::Empty { field: Field::Symbol });
            }
            *is_named = true;
        }
        let label = self.time.get(row, time)?.label(stamp);
        let optional = |column: &Option<Floats>, field| match column {
            Some(values) => values.get(row, field),
            None => Ok(None),
        };
        let [open, high, low, close] = match self.databento.as_ref().zip(databento) {
            Some((own, file)) => own.prices(row, file)?,
            None => self.prices(row)?,
        };
        Ok(Record {
            label,
            open,
            high,
            low,
            close,
            // A not-a-number among optional columns is how data frames write null.
            volume: optional(&self.volume, Field::Volume)?.filter(|value| !value.is_nan()),
            vwap: optional(&self.vwap, Field::Vwap)?.filter(|value| !value.is_nan()),
            trade_count: match &self.trade_count {
                Some(counts) => counts.get(row, Field::TradeCount)?,
                None => None,
            },
        })
    }
}
