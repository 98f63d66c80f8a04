//! What writers and readers do, for any way of publishing.

use loom::thread;

use super::column::{ColumnReader, ColumnWriter};
use super::latest::Latest;
use super::sync::{Arc, UnsafeCell};

const COLUMNS: usize = 2;
const ROWS: usize = 2;

fn writer() -> ColumnWriter {
    let cells = (0..COLUMNS * ROWS).map(|_| UnsafeCell::new(0)).collect();
    ColumnWriter::over(cells, ROWS)
}

/// What a row says in a column; never what a cell was made with.
fn word(column: usize, row: usize) -> u64 {
    (10 * (row + 1) + column + 1) as u64
}

/// Writes a row in two goes, as a bar and its values come, and publishes it.
fn append(writer: &mut ColumnWriter, row: usize) {
    writer.write(0, row, &[word(0, row)]);
    writer.write(1, row, &[word(1, row)]);
    writer.publish(row + 1);
}

fn assert_whole(reader: &ColumnReader, rows: usize) {
    for row in 0..rows {
        for column in 0..COLUMNS {
            assert_eq!(reader.word(column, row), Some(word(column, row)));
        }
    }
}

/// Waits until there are `rows` rows.
fn wait(reader: &ColumnReader, rows: usize) {
    while reader.len() < rows {
        thread::yield_now();
    }
}

/// One row, and a reader that waits for it.
pub(crate) fn one_row() {
    let mut writer = writer();
    let reader = writer.reader();
    let reading = thread::spawn(move || {
        wait(&reader, 1);
        assert_whole(&reader, 1);
    });
    append(&mut writer, 0);
    reading.join().unwrap();
}

/// Two rows, and a reader that looks at whatever is there: nothing, one row or both.
pub(crate) fn two_rows() {
    let mut writer = writer();
    let reader = writer.reader();
    let reading = thread::spawn(move || {
        let seen = reader.len();
        assert_whole(&reader, seen);
        assert!(reader.len() >= seen, "rows don't go away");
        assert_eq!(reader.word(0, ROWS), None);
    });
    (0..ROWS).for_each(|row| append(&mut writer, row));
    reading.join().unwrap();
}

/// Two rows, and two readers that look at whatever is there.
pub(crate) fn two_readers() {
    let mut writer = writer();
    let readers = [writer.reader(), writer.reader()].map(|reader| {
        thread::spawn(move || {
            let seen = reader.len();
            assert!((0..seen).all(|row| reader.word(0, row) == Some(word(0, row))));
        })
    });
    (0..ROWS).for_each(|row| append(&mut writer, row));
    readers.into_iter().for_each(|reading| reading.join().unwrap());
}

/// A writer that takes its memory back, a reader that reads it and goes.
pub(crate) fn recycled() {
    let mut writer = writer();
    append(&mut writer, 0);
    let reader = writer.reader();
    let reading = thread::spawn(move || assert_whole(&reader, 1));
    if writer.recycle() {
        append(&mut writer, 0);
        assert_eq!(writer.reader().len(), 1);
    }
    reading.join().unwrap();
    let held = writer.reader();
    assert!(!writer.recycle(), "a reader is left");
    drop(held);
    assert!(writer.recycle());
    assert_eq!(writer.reader().len(), 0);
}

/// A bar's value while the writer is overwriting it: bars 0 and 2 share a row where one value is kept.
pub(crate) fn overwritten() {
    let latest = Arc::new(Latest::new(1, 1, 1));
    let reader = Arc::clone(&latest);
    let value = |number: u64| (number + 1) as f64;
    let reading = thread::spawn(move || {
        for number in [0, 2] {
            let read = reader.read(number, 0);
            assert!(read.is_none_or(|read| read == value(number)), "another bar's value: {read:?}");
        }
    });
    for number in 0..3 {
        latest.write(number, &[value(number)]);
    }
    reading.join().unwrap();
    assert_eq!([0, 1, 2].map(|number| latest.read(number, 0)), [None, Some(2.0), Some(3.0)]);
}
