//! A table of columns written once more, with rows put between its own.

use std::fs::File;
use std::io::{self, BufWriter};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{RecordBatch, UInt32Array};
use arrow_ipc::reader::FileReader;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use barloom_core::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::format::BATCH;
use super::write::{BatchWriter, ColumnFormat, of_arrow, of_parquet};
use crate::sheet::Place;

type Batches = Box<dyn Iterator<Item = io::Result<RecordBatch>>>;

fn read(from: &File, format: ColumnFormat) -> io::Result<(SchemaRef, Batches)> {
    let from = from.try_clone()?;
    if format == ColumnFormat::Parquet {
        let builder = ParquetRecordBatchReaderBuilder::try_new(from).map_err(of_parquet)?;
        let schema = builder.schema().clone();
        let reader = builder.build().map_err(of_parquet)?;
        return Ok((schema, Box::new(reader.map(|batch| batch.map_err(of_arrow)))));
    }
    let reader = FileReader::try_new_buffered(from, None).map_err(of_arrow)?;
    Ok((reader.schema(), Box::new(reader.map(|batch| batch.map_err(of_arrow)))))
}

/// Pieces of batches on their way to a writer, joined, as a batch of its own costs as much as a hundred rows.
struct Joined<'a> {
    writer: BatchWriter<&'a mut BufWriter<File>>,
    schema: SchemaRef,
    pieces: Vec<RecordBatch>,
    rows: usize,
}

impl<'a> Joined<'a> {
    fn new(to: &'a mut BufWriter<File>, format: ColumnFormat, schema: SchemaRef) -> io::Result<Self> {
        let writer = BatchWriter::new(to, format, &schema)?;
        Ok(Self { writer, schema, pieces: Vec::new(), rows: 0 })
    }

    fn write(&mut self, piece: RecordBatch) -> io::Result<()> {
        self.rows += piece.num_rows();
        self.pieces.push(piece);
        if self.rows >= BATCH { self.pass() } else { Ok(()) }
    }

    fn pass(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let joined = concat_batches(&self.schema, &self.pieces).map_err(of_arrow)?;
        self.pieces.clear();
        self.rows = 0;
        self.writer.write(&joined)
    }

    fn finish(mut self) -> io::Result<()> {
        self.pass()?;
        self.writer.finish().map(drop)
    }
}

/// Copies the table, batches of `inserts` before the row that each names; these ascend and count rows as they are now.
pub(crate) fn insert(
    from: &File,
    to: &mut BufWriter<File>,
    format: ColumnFormat,
    inserts: impl Iterator<Item = io::Result<(u64, RecordBatch)>>,
) -> io::Result<()> {
    let (schema, batches) = read(from, format)?;
    let mut writer = Joined::new(to, format, schema)?;
    let (mut inserts, mut before) = (inserts.peekable(), 0_u64);
    for batch in batches {
        let (batch, mut at) = (batch?, 0);
        let end = before + batch.num_rows() as u64;
        while let Some(insert) = inserts.next_if(|insert| insert.as_ref().map_or(true, |(row, _)| *row < end))
        {
            let (row, insert) = insert?;
            let upto = (row - before) as usize;
            writer.write(batch.slice(at, upto - at))?;
            writer.write(insert)?;
            at = upto;
        }
        writer.write(batch.slice(at, batch.num_rows() - at))?;
        before = end;
    }
    inserts.try_for_each(|insert| writer.write(insert?.1))?;
    writer.finish()
}

/// The places of a batch's rows.
fn places(batch: &RecordBatch) -> io::Result<impl Iterator<Item = Place> + '_> {
    let gone = || io::Error::other("a column is gone");
    let closes =
        batch.column_by_name("close_time").and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
    let symbols = batch.column_by_name("symbol").and_then(|c| c.as_string_opt::<i32>());
    let (closes, symbols) = closes.zip(symbols).ok_or_else(gone)?;
    Ok((0..batch.num_rows())
        .map(|row| (Timestamp::from_nanos(closes.value(row)), symbols.value(row).to_owned())))
}

/// Before which row each of `places` belongs in a table whose rows ascend by place; they ascend too. A row of the table
/// comes before a place that is equal.
pub(crate) fn rows_of(from: &File, format: ColumnFormat, wanted: &[Place]) -> io::Result<Vec<u64>> {
    let (_, batches) = read(from, format)?;
    let (mut rows, mut row) = (Vec::with_capacity(wanted.len()), 0_u64);
    for batch in batches {
        for place in places(&batch?)? {
            while wanted.get(rows.len()).is_some_and(|own| *own < place) {
                rows.push(row);
            }
            row += 1;
        }
    }
    rows.resize(wanted.len(), row);
    Ok(rows)
}

/// Copies the table sorted by place, in memory; rows of equal places stay in their order.
pub(crate) fn sort(from: &File, to: &mut BufWriter<File>, format: ColumnFormat) -> io::Result<()> {
    let (schema, batches) = read(from, format)?;
    let batches = batches.collect::<io::Result<Vec<_>>>()?;
    let whole = concat_batches(&schema, &batches).map_err(of_arrow)?;
    drop(batches);
    let mut keyed: Vec<(Place, u32)> = places(&whole)?.zip(0..).collect();
    keyed.sort();
    let order: UInt32Array = keyed.into_iter().map(|(_, row)| row).collect();
    let sorted = take_record_batch(&whole, &order).map_err(of_arrow)?;
    let mut writer = BatchWriter::new(to, format, &schema)?;
    writer.write(&sorted)?;
    writer.finish().map(drop)
}
