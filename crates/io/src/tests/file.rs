//! Files as they come: packed, cut off, damaged, or something else.

use super::*;
use std::io::Write;

use barloom_core::{Stamp, Symbol};
use flate2::write::GzEncoder;

const TEXT: &str = "t,o,h,l,c\n60,1,2,1,2\n120,1,2,1,2\n180,1,2,1,2\n";

fn options() -> Options {
    Options { stamp: Some(Stamp::Open), symbol: Symbol::new("X").ok(), ..Options::default() }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zstandard(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

/// The numbers of the rows, and the error at the end.
fn read(bytes: impl AsRef<[u8]>) -> (Vec<u64>, Option<String>) {
    let source = io::Cursor::new(bytes.as_ref().to_vec());
    let mut numbers = Vec::new();
    let error = (|| {
        let mut reader = RowReader::new("a.csv", source, options())?;
        while let Some(decoded) = reader.next_row()? {
            match decoded {
                Decoded::Row(row) => numbers.push(row.number),
                Decoded::Reject(reject) => panic!("{reject:?}"),
            }
        }
        assert_eq!(reader.rows(), numbers.len() as u64);
        assert!(reader.next_row()?.is_none());
        Ok::<(), ReadError>(())
    })();
    (numbers, error.err().map(|error| error.to_string()))
}

#[test]
fn the_rows_are_the_same_however_the_file_is_packed() {
    let (head, tail) = TEXT.as_bytes().split_at(17);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    for bytes in [
        TEXT.as_bytes().to_vec(),
        gzip(TEXT.as_bytes()),
        [gzip(head), gzip(tail)].concat(),
        zstandard(TEXT.as_bytes()),
        [&skippable[..], &zstandard(head), &skippable, &zstandard(tail)].concat(),
    ] {
        assert_eq!(read(&bytes), (vec![2, 3, 4], None));
    }
}

#[test]
fn a_file_longer_than_a_chunk_is_read_whole() {
    let text = format!("{TEXT}{}", "240,1,2,1,2\n".repeat(50_000));
    for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes()), zstandard(text.as_bytes())] {
        let (numbers, error) = read(&bytes);
        assert_eq!((numbers.len(), numbers.last(), error), (50_003, Some(&50_004), None));
    }
}

#[test]
fn a_packed_file_that_is_cut_off_says_so() {
    // Rows that differ don't fit into one block, so some come out before the cut.
    let lines: String = (1..40_000_u64).map(|n| format!("{},{},1e9,0,7\n", n * 60, n * n % 7919)).collect();
    let text = format!("t,o,h,l,c\n{lines}");
    for packed in [gzip(text.as_bytes()), zstandard(text.as_bytes())] {
        let (numbers, error) = read(&packed[..packed.len() * 2 / 3]);
        assert!(!numbers.is_empty());
        let expected = format!(
            "a.csv: the compressed file ends early, after {} whole rows; is the copy complete?",
            numbers.len()
        );
        assert_eq!(error, Some(expected));
        for end in 4..packed.len().min(60) {
            let error = read(&packed[..end]).1.unwrap_or_default();
            assert!(error.contains("ends early, after 0 whole rows"), "{end}: {error}");
        }
    }
}

#[test]
fn a_damaged_file_is_named() {
    let mut packed = gzip(TEXT.as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let error = read(&packed).1.unwrap();
    assert!(error.starts_with("a.csv: the compressed file is damaged after"), "{error}");
    let mut packed = zstandard(TEXT.as_bytes());
    let checksum = packed.len() - 1;
    packed[checksum] ^= 1;
    let error = read(&packed).1.unwrap();
    assert!(error.ends_with("the frame's checksum does not match its content"), "{error}");
}

#[test]
fn another_format_is_named_with_what_to_do() {
    for (bytes, what) in [
        (
            &b"PAR1\x15\x04"[..],
            "a.csv: this is read from its end, so it can't come through a pipe; name the file itself",
        ),
        (b"PK\x03\x04\x14", "a.csv: this is a zip archive or a spreadsheet; unpack it, or save it as CSV"),
        (b"\xff\xfet\0,\0", "a.csv: this is UTF-16 text; save it as UTF-8"),
    ] {
        assert_eq!(read(bytes).1.as_deref(), Some(what));
    }
}

#[test]
fn errors_name_the_file() {
    assert_eq!(
        read("").1.unwrap(),
        "a.csv: the input is empty; expected a line with the column names, then rows"
    );
    let folder = tempfile::tempdir().unwrap();
    let missing = RowReader::open(&folder.path().join("no.csv"), options()).unwrap_err().to_string();
    assert!(missing.contains("no.csv: can't be read: "), "{missing}");
    let path = folder.path().join("bars.csv");
    std::fs::write(&path, gzip(TEXT.as_bytes())).unwrap();
    let mut reader = RowReader::open(&path, options()).unwrap();
    assert_eq!(reader.compression(), Compression::Gzip, "by content, not by name");
    assert!(reader.next_row().unwrap().is_some());
    assert_eq!(reader.resolved().unwrap().layout.stamp(), Some(Stamp::Open));
}

#[test]
fn how_much_of_a_file_was_read_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = (folder.path().join("a.csv.gz"), gzip(TEXT.as_bytes()));
    std::fs::write(&path, &bytes).unwrap();
    let mut reader = RowReader::open(&path, options()).unwrap();
    assert_eq!(reader.size(), Some(bytes.len() as u64));
    while reader.next_row().unwrap().is_some() {}
    assert_eq!(reader.position(), bytes.len() as u64);
    let pipe = RowReader::new("pipe", io::Cursor::new(bytes), options()).unwrap();
    assert_eq!(pipe.size(), None);
}
