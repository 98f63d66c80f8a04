//! Base bars as columns.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampNanosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use barloom_core::{Interval, Record};

use super::facts::Facts;
use super::write::{Batched, ColumnFormat, Gather};
use crate::table::{BaseRow, RowTime, mixed_times};

/// The columns of a table of base bars.
#[derive(Debug)]
pub(crate) struct BaseRows {
    schema: SchemaRef,
    base: Interval,
    symbol: StringBuilder,
    time: Times,
    /// Open, high, low, close.
    prices: [Float64Builder; 4],
    /// Volume and vwap.
    optional: [Float64Builder; 2],
    trade_count: Int64Builder,
}

/// When rows are: instants at which they open, or dates.
#[derive(Debug)]
enum Times {
    Opens(TimestampNanosecondBuilder),
    Dates(Date32Builder),
}

impl BaseRows {
    /// Rows of `base` whose times are of the kind of `time`.
    pub(crate) fn new(time: RowTime, base: Interval, facts: &Facts) -> Self {
        let kind = match time {
            RowTime::Open(_) => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            RowTime::Date(_) => DataType::Date32,
        };
        let mut fields =
            vec![Field::new("symbol", DataType::Utf8, false), Field::new(time.column(), kind, false)];
        fields
            .extend(["open", "high", "low", "close"].map(|name| Field::new(name, DataType::Float64, false)));
        fields.extend(["volume", "vwap"].map(|name| Field::new(name, DataType::Float64, true)));
        fields.push(Field::new("trade_count", DataType::Int64, true));
        let mut facts = facts.clone().with("base", base.to_string());
        if matches!(time, RowTime::Open(_)) {
            facts = facts.with("stamp", "open");
        }
        let builder = Float64Builder::new;
        Self {
            schema: Arc::new(Schema::new(fields).with_metadata(facts.metadata())),
            base,
            symbol: StringBuilder::new(),
            time: match time {
                RowTime::Open(_) => Times::Opens(TimestampNanosecondBuilder::new().with_timezone("UTC")),
                RowTime::Date(_) => Times::Dates(Date32Builder::new()),
            },
            prices: [builder(), builder(), builder(), builder()],
            optional: [builder(), builder()],
            trade_count: Int64Builder::new(),
        }
    }

    #[inline]
    fn push(&mut self, row: &BaseRow<'_>) -> io::Result<()> {
        let Record { open, high, low, close, volume, vwap, trade_count, .. } = row.record;
        match (&mut self.time, RowTime::of(row.record.label, self.base)?) {
            (Times::Opens(times), RowTime::Open(at)) => times.append_value(at.as_nanos()),
            (Times::Dates(times), RowTime::Date(date)) => times.append_value(days(date)),
            _ => return Err(mixed_times()),
        }
        self.symbol.append_value(row.symbol);
        for (builder, value) in self.prices.iter_mut().zip([open, high, low, close]) {
            builder.append_value(value);
        }
        for (builder, value) in self.optional.iter_mut().zip([volume, vwap]) {
            builder.append_option(value);
        }
        self.trade_count.append_option(trade_count);
        Ok(())
    }
}

/// Days since 1970.
fn days(date: jiff::civil::Date) -> i32 {
    date.since(jiff::civil::Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
}

impl Gather for BaseRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn len(&self) -> usize {
        self.trade_count.len()
    }

    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let time: ArrayRef = match &mut self.time {
            Times::Opens(times) => Arc::new(times.finish()),
            Times::Dates(times) => Arc::new(times.finish()),
        };
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.symbol.finish()), time];
        let floats = self.prices.iter_mut().chain(&mut self.optional);
        arrays.extend(floats.map(|builder| Arc::new(builder.finish()) as ArrayRef));
        arrays.push(Arc::new(self.trade_count.finish()));
        RecordBatch::try_new(self.schema.clone(), arrays)
    }
}

/// Writes base bars as columns. The kind of the times is that of the first row.
pub(crate) struct BaseBatches<W: Write + Send + 'static>(Batched<W, BaseRows>);

impl<W: Write + Send + 'static> BaseBatches<W> {
    pub(crate) fn new(to: W, format: ColumnFormat, rows: BaseRows) -> io::Result<Self> {
        Batched::new(to, format, rows).map(Self)
    }

    #[inline]
    pub(crate) fn write(&mut self, row: &BaseRow<'_>) -> io::Result<()> {
        self.0.rows().push(row)?;
        self.0.added()
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write + Send + 'static> std::fmt::Debug for BaseBatches<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BaseBatches")
    }
}
