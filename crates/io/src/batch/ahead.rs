//! Batches on a thread of their own: read before they are asked for, written while the next ones are made.
//!
//! A few batches wait between the threads and no more, so memory does not grow with the file. Their order is that of the channel, so
//! what is read and written is the same bytes with and without a thread.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use arrow_array::RecordBatch;
use barloom_core::error::panic_message;

use super::error::BatchError;
use super::write::BatchWriter;

/// Batches that wait for the other thread: one more than it takes to keep both busy.
const WAITING: usize = 2;

/// Batches that are read as they are asked for, or before.
pub(super) type Reading = Box<dyn Iterator<Item = Result<RecordBatch, BatchError>> + Send>;

/// The batches of `reading`, read on a thread of their own. It ends with the last one, the first error, or when nobody asks any more; what it
/// is given must not panic.
pub(super) fn read_ahead(mut reading: Reading) -> io::Result<Reading> {
    let (to, from) = sync_channel(WAITING);
    let read = move || {
        // Nobody asks any more where a send fails.
        let _ = reading.try_for_each(|batch| to.send(batch));
    };
    Builder::new().name("read".to_owned()).spawn(read)?;
    Ok(Box::new(from.into_iter()))
}

/// A writer on a thread of its own.
pub(super) struct WriteBehind<W: Write + Send> {
    /// Gone when no more will be written.
    to: Option<SyncSender<RecordBatch>>,
    thread: Option<JoinHandle<io::Result<BatchWriter<W>>>>,
}

impl<W: Write + Send + 'static> WriteBehind<W> {
    pub(super) fn new(writer: BatchWriter<W>) -> io::Result<Self> {
        let (to, from) = sync_channel(WAITING);
        let write = move || written(writer, &from);
        let thread = Some(Builder::new().name("write".to_owned()).spawn(write)?);
        Ok(Self { to: Some(to), thread })
    }

    /// Hands a batch over. An error is that of one before it, and comes once.
    pub(super) fn write(&mut self, batch: RecordBatch) -> io::Result<()> {
        match &self.to {
            Some(to) if to.send(batch).is_ok() => Ok(()),
            // The thread ends before it is told to only when it failed.
            _ => self.end().map(drop),
        }
    }
}

impl<W: Write + Send> WriteBehind<W> {
    /// The writer, when all that was handed over is written.
    pub(super) fn end(&mut self) -> io::Result<BatchWriter<W>> {
        self.to = None;
        let gone = || Err(io::Error::other("an error before this ended it"));
        let panicked =
            |panic: Box<dyn std::any::Any + Send>| Err(io::Error::other(panic_message(&*panic).to_owned()));
        self.thread.take().map_or_else(gone, |thread| thread.join().unwrap_or_else(panicked))
    }
}

impl<W: Write + Send> Drop for WriteBehind<W> {
    fn drop(&mut self) {
        // A file that is given up is removed by whoever holds it: before the process goes on, and may end.
        let _ = self.end();
    }
}

fn written<W: Write + Send>(
    mut writer: BatchWriter<W>,
    from: &Receiver<RecordBatch>,
) -> io::Result<BatchWriter<W>> {
    from.iter().try_for_each(|batch| writer.write(&batch))?;
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow_array::Int32Array;

    use super::super::write::ColumnFormat;
    use super::*;

    fn batch(number: i32) -> RecordBatch {
        let column = Arc::new(Int32Array::from(vec![number; 1000]));
        RecordBatch::try_from_iter([("n", column as _)]).unwrap()
    }

    /// A sink that takes so many bytes, and counts those that are dropped.
    struct Full(usize, Arc<AtomicUsize>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Drop for Full {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_is_read_ahead_comes_in_order_up_to_the_first_error() {
        let damaged = || BatchError::Damaged { format: "Parquet", what: "it ends early".to_owned() };
        let all = (0..20).map(|n| Ok(batch(n))).chain([Err(damaged())]);
        let read: Vec<_> = read_ahead(Box::new(all)).unwrap().collect();
        assert_eq!(read.len(), 21);
        assert!(read[..20].iter().zip(0..).all(|(own, n)| *own.as_ref().unwrap() == batch(n)));
        assert_eq!(read[20].as_ref().unwrap_err().to_string(), damaged().to_string());
        // Nobody asks for the rest.
        drop(read_ahead(Box::new((0..).map(|n| Ok(batch(n))))).unwrap());
    }

    #[test]
    fn bytes_are_the_same_on_another_thread() {
        for format in [ColumnFormat::Parquet, ColumnFormat::ArrowFile, ColumnFormat::ArrowStream] {
            let writer = || BatchWriter::new(Vec::new(), format, &batch(0).schema()).unwrap();
            let (mut here, mut behind) = (writer(), WriteBehind::new(writer()).unwrap());
            for number in 0..50 {
                here.write(&batch(number)).unwrap();
                behind.write(batch(number)).unwrap();
            }
            assert!(here.finish().unwrap() == behind.end().unwrap().finish().unwrap());
        }
    }

    #[test]
    fn an_error_comes_once_and_the_sink_is_gone_when_the_writer_is() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let full = Full(20_000, Arc::clone(&dropped));
        let writer = BatchWriter::new(full, ColumnFormat::ArrowFile, &batch(0).schema()).unwrap();
        let mut behind = WriteBehind::new(writer).unwrap();
        let errors: Vec<_> = (0..50).filter_map(|number| behind.write(batch(number)).err()).collect();
        assert_eq!(errors[0].kind(), io::ErrorKind::StorageFull);
        assert!(errors[1..].iter().all(|error| error.to_string() == "an error before this ended it"));
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        // Given up in the middle: gone as soon as it is dropped.
        let writer = BatchWriter::new(
            Full(usize::MAX, Arc::clone(&dropped)),
            ColumnFormat::ArrowFile,
            &batch(0).schema(),
        );
        let mut behind = WriteBehind::new(writer.unwrap()).unwrap();
        behind.write(batch(0)).unwrap();
        drop(behind);
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
    }
}
