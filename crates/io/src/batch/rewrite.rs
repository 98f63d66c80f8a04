//! A table of columns written once more, with rows put between its own or in their place: the same bytes as if they had been written there.

use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::Range;

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

/// Pieces of batches on their way to a writer, joined to batches as long as those of a table that is written row by row.
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

    fn write(&mut self, piece: &RecordBatch) -> io::Result<()> {
        let mut at = 0;
        while at < piece.num_rows() {
            let rows = (BATCH - self.rows).min(piece.num_rows() - at);
            self.pieces.push(piece.slice(at, rows));
            (at, self.rows) = (at + rows, self.rows + rows);
            if self.rows == BATCH {
                self.pass()?;
            }
        }
        Ok(())
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

/// Rows for a table that is copied.
pub(crate) struct Insert {
    /// The rows of the table that they come in place of; where there are none, they come before its start.
    pub(crate) instead: Range<u64>,
    /// The rows.
    pub(crate) rows: RecordBatch,
}

/// Copies the table with `inserts`, which ascend and count rows as they are now.
pub(crate) fn insert(
    from: &File,
    to: &mut BufWriter<File>,
    format: ColumnFormat,
    inserts: impl Iterator<Item = io::Result<Insert>>,
) -> io::Result<()> {
    let (schema, batches) = read(from, format)?;
    let mut writer = Joined::new(to, format, schema)?;
    // The first row of the batch, and the next one to copy, which is beyond the batch where all that follows in it is dropped.
    let (mut inserts, mut before, mut next) = (inserts.peekable(), 0_u64, 0_u64);
    for batch in batches {
        let batch = batch?;
        let end = before + batch.num_rows() as u64;
        let slice =
            |rows: Range<u64>| batch.slice((rows.start - before) as usize, (rows.end - rows.start) as usize);
        let is_here =
            |insert: &io::Result<Insert>| insert.as_ref().map_or(true, |own| own.instead.start < end);
        while let Some(insert) = inserts.next_if(is_here) {
            let Insert { instead, rows } = insert?;
            writer.write(&slice(next..instead.start))?;
            writer.write(&rows)?;
            next = instead.end;
        }
        if next < end {
            writer.write(&slice(next..end))?;
            next = end;
        }
        before = end;
    }
    inserts.try_for_each(|insert| writer.write(&insert?.rows))?;
    writer.finish()
}

/// The places of a batch's rows, which `key` makes of close and symbol.
fn places<K>(batch: &RecordBatch, key: impl Fn(Timestamp, &str) -> K) -> io::Result<impl Iterator<Item = K>> {
    let gone = || io::Error::other("a column is gone");
    let closes =
        batch.column_by_name("close_time").and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
    let symbols = batch.column_by_name("symbol").and_then(|c| c.as_string_opt::<i32>());
    let (closes, symbols) = closes.zip(symbols).ok_or_else(gone)?;
    Ok((0..batch.num_rows())
        .map(move |row| key(Timestamp::from_nanos(closes.value(row)), symbols.value(row))))
}

/// Which rows each of `wanted` comes in place of in a table whose rows ascend by place: the one of an equal place, or none before the
/// one it belongs before. Places ascend too, no two of them equal.
pub(crate) fn rows_of<K: Ord>(
    from: &File,
    format: ColumnFormat,
    wanted: &[K],
    key: impl Fn(Timestamp, &str) -> K,
) -> io::Result<Vec<Range<u64>>> {
    let (_, batches) = read(from, format)?;
    let (mut rows, mut row) = (Vec::with_capacity(wanted.len()), 0_u64);
    for batch in batches {
        for place in places(&batch?, &key)? {
            while wanted.get(rows.len()).is_some_and(|own| *own < place) {
                rows.push(row..row);
            }
            if wanted.get(rows.len()).is_some_and(|own| *own == place) {
                rows.push(row..row + 1);
            }
            row += 1;
        }
    }
    rows.resize(wanted.len(), row..row);
    Ok(rows)
}

/// Copies the table sorted by place, in memory; rows of equal places stay in their order.
pub(crate) fn sort<K: Ord>(
    from: &File,
    to: &mut BufWriter<File>,
    format: ColumnFormat,
    key: impl Fn(Timestamp, &str) -> K,
) -> io::Result<()> {
    let (schema, batches) = read(from, format)?;
    let batches = batches.collect::<io::Result<Vec<_>>>()?;
    let whole = concat_batches(&schema, &batches).map_err(of_arrow)?;
    drop(batches);
    let mut keyed: Vec<(K, u32)> = places(&whole, key)?.zip(0..).collect();
    keyed.sort();
    let order: UInt32Array = keyed.into_iter().map(|(_, row)| row).collect();
    let sorted = take_record_batch(&whole, &order).map_err(of_arrow)?;
    drop(whole);
    let mut writer = Joined::new(to, format, schema)?;
    writer.write(&sorted)?;
    writer.finish()
}
