//! Which format of columns a file is, and its batches.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::ahead::Reading;
use super::error::BatchError;
use super::read::guarded;

/// Rows in a batch: enough to pay for their columns, few enough to stay in the second-level cache.
pub(super) const BATCH: usize = 8192;

/// A format of columns, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchFormat {
    /// Parquet.
    Parquet,
    /// Arrow IPC with a footer, also known as Feather 2.
    ArrowFile,
    /// Arrow IPC as it goes through pipes.
    ArrowStream,
}

impl BatchFormat {
    /// The format that begins with `head`, at least the first eight bytes where there are so many.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(Self::ArrowFile),
            // The marker of a message of some kilobytes: no text begins so.
            [0xff, 0xff, 0xff, 0xff, _, _, _, 0, ..] => Some(Self::ArrowStream),
            _ => None,
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::ArrowFile => "an Arrow file",
            Self::ArrowStream => "an Arrow stream",
        }
    }
}

/// What an Arrow file begins and ends with.
const MAGIC: &[u8] = b"ARROW1";
/// Bytes given to the decoder at once.
const CHUNK: usize = 1 << 20;

/// The batches of an Arrow stream.
struct Stream<R> {
    from: R,
    decoder: StreamDecoder,
    /// What was read and not decoded.
    rest: Buffer,
    /// The batch that came with the schema.
    first: Option<RecordBatch>,
    is_over: bool,
}

impl<R: Read> Stream<R> {
    fn new(from: R) -> Self {
        let rest = Buffer::from_vec(Vec::<u8>::new());
        Self { from, decoder: StreamDecoder::new(), rest, first: None, is_over: false }
    }

    /// Reads on to the next batch, or until `is_enough`; `None` at the end, too.
    fn advance(
        &mut self,
        is_enough: impl Fn(&StreamDecoder) -> bool,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        while !self.is_over {
            match self.decoder.decode(&mut self.rest) {
                Ok(Some(batch)) => return Ok(Some(batch)),
                Ok(None) => {}
                // The stream has ended; what follows is a file's footer.
                Err(_) if self.decoder.finish().is_ok() => break,
                Err(error) => return Err(error),
            }
            if is_enough(&self.decoder) {
                return Ok(None);
            }
            let mut chunk = Vec::with_capacity(CHUNK);
            self.from.by_ref().take(CHUNK as u64).read_to_end(&mut chunk).map_err(of_io)?;
            if chunk.is_empty() {
                self.decoder.finish()?;
                break;
            }
            self.rest = Buffer::from_vec(chunk);
        }
        self.is_over = true;
        Ok(None)
    }
}

fn of_io(error: io::Error) -> ArrowError {
    let what = if error.kind() == ErrorKind::UnexpectedEof { "ends early" } else { "can't be read" };
    ArrowError::IoError(what.to_owned(), error)
}

impl<R: Read> Iterator for Stream<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.first.take().map_or_else(|| self.advance(|_| false), |first| Ok(Some(first)));
        self.is_over |= batch.is_err();
        batch.transpose()
    }
}

/// The batches of a file, one after the other, with the columns that were asked for.
pub(super) struct Batches {
    pub(super) schema: SchemaRef,
    pub(super) batches: Reading,
    /// Rows in all, where the format says it.
    pub(super) rows: Option<u64>,
}

/// The columns to read of a schema, by place.
pub(super) type Choose<'a> = &'a dyn Fn(&SchemaRef) -> Result<Vec<usize>, BatchError>;

impl Batches {
    /// Of a file that can be read anywhere.
    pub(super) fn of_file(
        format: BatchFormat,
        mut file: File,
        choose: Choose<'_>,
    ) -> Result<Self, BatchError> {
        file.seek(SeekFrom::Start(0)).map_err(BatchError::Io)?;
        match format {
            BatchFormat::Parquet => Self::parquet(file, choose),
            BatchFormat::ArrowFile => {
                // A file is a stream between its magic and its footer; read as one it can claim no memory that it does not fill.
                let magic = MAGIC.len() as u64;
                let mut end = Vec::with_capacity(MAGIC.len());
                let length = file.seek(SeekFrom::End(0)).map_err(BatchError::Io)?;
                file.seek(SeekFrom::Start(length.saturating_sub(magic))).map_err(BatchError::Io)?;
                file.read_to_end(&mut end).map_err(BatchError::Io)?;
                if end != MAGIC {
                    return Err(BatchError::Damaged {
                        format: format.name(),
                        what: "it ends early".to_owned(),
                    });
                }
                // The magic is padded with zeros, by some writers to more than the eight bytes of a word.
                let (mut from, mut word, mut at) = (BufReader::new(file), [0; 8], 8);
                from.seek(SeekFrom::Start(at)).map_err(BatchError::Io)?;
                while from.read_exact(&mut word).is_ok() && word == [0; 8] {
                    at += 8;
                }
                from.seek(SeekFrom::Start(at)).map_err(BatchError::Io)?;
                Self::stream(from, choose)
            }
            BatchFormat::ArrowStream => Self::stream(BufReader::new(file), choose),
        }
    }

    /// Of a pipe, which only a stream can come through.
    pub(super) fn stream(from: impl Read + Send + 'static, choose: Choose<'_>) -> Result<Self, BatchError> {
        let mut stream = Stream::new(from);
        stream.first = stream.advance(|decoder| decoder.schema().is_some())?;
        let Some(schema) = stream.decoder.schema() else {
            return Err(BatchError::Damaged { format: "Arrow", what: "it has no schema".to_owned() });
        };
        let columns = choose(&schema)?;
        let batches = stream.map(move |batch| batch?.project(&columns));
        Ok(Self { schema, batches: each_guarded(BatchFormat::ArrowStream, batches), rows: None })
    }

    /// Of batches that another library holds or makes.
    pub(super) fn of_batches(
        from: Box<dyn RecordBatchReader + Send>,
        choose: Choose<'_>,
    ) -> Result<Self, BatchError> {
        let schema = from.schema();
        let columns = choose(&schema)?;
        let batches = from.map(move |batch| batch?.project(&columns));
        Ok(Self { schema, batches: each_guarded(BatchFormat::ArrowStream, batches), rows: None })
    }

    fn parquet(file: File, choose: Choose<'_>) -> Result<Self, BatchError> {
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        let (schema, rows) = (metadata.schema().clone(), metadata.metadata().file_metadata().num_rows());
        let columns = choose(&schema)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let reader = builder.with_projection(mask).with_batch_size(BATCH).build()?;
        Ok(Self {
            schema,
            batches: each_guarded(BatchFormat::Parquet, reader),
            rows: u64::try_from(rows).ok(),
        })
    }
}

/// The batches that come before the first error; what panics is one.
fn each_guarded(
    format: BatchFormat,
    mut batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
) -> Reading {
    let mut is_over = false;
    Box::new(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let batch = guarded(format, || Ok(batches.next().transpose()?)).transpose();
        is_over = !matches!(batch, Some(Ok(_)));
        batch
    }))
}
