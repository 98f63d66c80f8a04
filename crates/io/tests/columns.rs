//! Tables of columns: what is written reads back, whatever its types, and what can't be read says why.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use std::fs::File;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::Array as _;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchIterator, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use barloom_core::source::Source as _;
use barloom_core::{Interval, Label, Stamp, Symbol, Symbols, Timestamp};
use barloom_io::{
    BarColumns, BarRow, BarSheet, BatchTable, ColumnFormat, Decoded, Facts, FileSource, MOST_ROWS, Options,
    OutputDir, RowReader, Segment, TableFormat,
};
use jiff::tz::TimeZoneDatabase;
use parquet::arrow::ArrowWriter;

const MINUTE: i64 = 60_000_000_000;

fn bar(symbol: &'static str, minute: i64) -> BarRow<'static> {
    let at =
        |minute: i64| Timestamp::from_nanos(1_700_000_040_000_000_000 / MINUTE * MINUTE + minute * MINUTE);
    BarRow {
        symbol,
        interval: Interval::MINUTE,
        session: "2023-11-14",
        open_time: at(minute),
        close_time: at(minute + 1),
        open: minute as f64 + 0.1,
        high: minute as f64 + 0.3,
        low: minute as f64,
        close: minute as f64 + 0.2,
        volume: (minute % 3 > 0).then_some(7.0),
        vwap: None,
        trade_count: (minute % 2 > 0).then_some(minute),
        n_base: 1,
        n_expected: 1,
        hours: Some("regular"),
    }
}

/// Rows as symbol, minute (or reason) and volume.
fn read(reader: &mut RowReader) -> Vec<String> {
    let mut rows = Vec::new();
    while let Some(decoded) = reader.next_row().unwrap() {
        rows.push(match decoded {
            Decoded::Row(row) => {
                let r = row.record;
                format!(
                    "{} {} {:?} {} {} {:?} {:?}",
                    row.number, row.symbol, r.label, r.open, r.close, r.volume, r.trade_count
                )
            }
            Decoded::Reject(reject) => format!("{} {:?} {}", reject.number, reject.symbol, reject.reason),
        });
    }
    rows
}

fn expected(bars: &[BarRow<'_>]) -> Vec<String> {
    let row = |(i, b): (usize, &BarRow<'_>)| {
        let label = Label::Open(b.open_time);
        format!("{} {} {label:?} {} {} {:?} {:?}", i + 1, b.symbol, b.open, b.close, b.volume, b.trade_count)
    };
    bars.iter().enumerate().map(row).collect()
}

#[test]
fn a_table_of_bars_reads_back_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let bars: Vec<_> =
        (0..20_000).map(|minute| bar(if minute < 15_000 { "AAA" } else { "B,B" }, minute)).collect();
    let facts = Facts::default().with("stamp", "open").with("base", "1m");
    for format in [ColumnFormat::Parquet, ColumnFormat::ArrowFile, ColumnFormat::ArrowStream] {
        let path = folder.path().join("bars");
        let columns = BarColumns::new(&["rsi_14"], true, &facts);
        let mut table = BatchTable::new(File::create(&path).unwrap(), format, columns).unwrap();
        bars.iter().for_each(|bar| table.write(bar, &[f64::NAN]).unwrap());
        assert_eq!(table.written(), 20_000);
        table.finish().unwrap();
        let mut reader = RowReader::open(&path, Options::default()).unwrap();
        assert_eq!(read(&mut reader), expected(&bars), "{format:?}");
        assert_eq!((reader.unit(), reader.facts()), ("row", facts.clone()));
        if format == ColumnFormat::Parquet {
            assert_eq!(Some(reader.position()), reader.size());
        }
    }
    let stream = std::fs::read(folder.path().join("bars")).unwrap();
    let mut reader = RowReader::new("pipe", Cursor::new(stream), Options::default()).unwrap();
    assert_eq!(read(&mut reader), expected(&bars));
    assert_eq!(reader.format(), TableFormat::Arrow);
}

/// The rows of a sheet's file, as they lie.
fn rows_of(path: &Path) -> Vec<String> {
    let mut reader = RowReader::open(path, Options::default()).unwrap();
    let rows = read(&mut reader);
    // Without their number, which depends on the format.
    rows.into_iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).collect()
}

fn sheet(dir: &OutputDir, format: TableFormat, bars: &[BarRow<'_>]) -> (BarSheet, PathBuf) {
    let name = format!("1m.{format}");
    let path = dir.path().join(&name);
    let mut sheet =
        BarSheet::new(dir.file(&name).unwrap(), format, &["x"], false, &Facts::default()).unwrap();
    bars.iter().for_each(|bar| sheet.write(bar, &[1.5]).unwrap());
    (sheet, path)
}

fn segment(sheet: &BarSheet, bars: &[BarRow<'_>]) -> Segment {
    let mut segment = sheet.segment();
    bars.iter().for_each(|bar| segment.write(bar, &[2.5]).unwrap());
    segment
}

/// The same rows put in later, in every format, come out as in text.
#[test]
fn rows_are_put_between_those_of_a_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let dir = OutputDir::create(folder.path()).unwrap();
    let all = |format| {
        let (mut sheet, path) = sheet(&dir, format, &[]);
        let start = sheet.start();
        (0..9000).for_each(|minute| sheet.write(&bar("B", minute), &[0.0]).unwrap());
        let middle = sheet.position();
        (9000..9003).for_each(|minute| sheet.write(&bar("C", minute), &[0.0]).unwrap());
        let segments = vec![
            (start, segment(&sheet, &[bar("A", 0), bar("A", 1)])),
            (middle, segment(&sheet, &[bar("B", 9000)])),
            (sheet.position(), segment(&sheet, &[bar("D", 1)])),
        ];
        sheet.finish_with(segments).unwrap().commit().unwrap();
        rows_of(&path)
    };
    let text = all(TableFormat::Csv);
    assert_eq!((text.len(), &text[0][..2], &text[9002][..2], &text[9006][..2]), (9007, "A ", "B ", "D "));
    assert_eq!(all(TableFormat::Parquet), text);
    assert_eq!(all(TableFormat::Arrow), text);
}

/// Rows that are put between those of a file, or in their place, leave the bytes of a file that had them from the start.
#[test]
fn rows_are_merged_and_sorted_by_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let dir = OutputDir::create(folder.path()).unwrap();
    let place = |bar: &BarRow<'_>| (bar.close_time, if bar.symbol == "B,\"B" { 1 } else { bar.symbol.len() });
    let key = |close, symbol: &str| (close, if symbol == "B,\"B" { 1 } else { symbol.len() });
    // A value is null here and there, also where rows are put in.
    let value = |at: usize, own: f64| if at.is_multiple_of(7) { f64::NAN } else { own };
    let own: Vec<_> = (0..10_000).flat_map(|minute| [bar("", minute), bar("CCC", minute)]).collect();
    let edges = [
        ("", 0),
        ("B,\"B", 0),
        ("B,\"B", 5),
        ("CCC", 5),
        ("B,\"B", 4095),
        ("", 4096),
        ("B,\"B", 9999),
        ("CCC", 9999),
    ];
    let again = (6000..8000).map(|minute| ("CCC", minute)).chain((8000..14_000).map(|minute| ("", minute)));
    let mut late: Vec<_> =
        edges.into_iter().chain(again).map(|(symbol, minute)| bar(symbol, minute)).collect();
    late.sort_by_key(place);
    let mut whole: Vec<_> = own.iter().enumerate().map(|(at, bar)| (bar, value(at, 1.5))).collect();
    whole.extend(late.iter().enumerate().map(|(at, bar)| (bar, value(at, 2.5))));
    // Stable: of two in one place the second was given later.
    whole.sort_by_key(|(bar, _)| place(bar));
    whole.dedup_by(|later, earlier| {
        let same = place(later.0) == place(earlier.0);
        if same {
            *earlier = *later;
        }
        same
    });
    for format in [TableFormat::Csv, TableFormat::Parquet, TableFormat::Arrow] {
        let (mut straight, path) = sheet(&dir, format, &[]);
        whole.iter().for_each(|(bar, value)| straight.write(bar, &[*value]).unwrap());
        straight.finish().unwrap().commit().unwrap();
        let expected = std::fs::read(&path).unwrap();
        for is_in_order in [true, false] {
            let (mut sheet, path) = sheet(&dir, format, &[]);
            let mut rows: Vec<_> = own.iter().enumerate().collect();
            if !is_in_order {
                rows.reverse();
            }
            rows.iter().for_each(|(at, bar)| sheet.write(bar, &[value(*at, 1.5)]).unwrap());
            let places: Vec<_> = late.iter().map(place).collect();
            let row = |at: usize, rows: &mut Segment| rows.write(&late[at], &[value(at, 2.5)]);
            sheet.finish_merged(is_in_order, &places, key, row).unwrap().commit().unwrap();
            assert!(std::fs::read(&path).unwrap() == expected, "{format:?}, in order: {is_in_order}");
        }
    }
}

/// A Parquet file of these columns.
fn parquet(columns: Vec<(&str, ArrayRef)>) -> tempfile::NamedTempFile {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn prices() -> Vec<(&'static str, ArrayRef)> {
    let prices = || Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
    ["o", "h", "l", "c"].map(|name| (name, prices())).into()
}

fn options(stamp: Option<Stamp>, tz: Option<&str>) -> Options {
    let tz = tz.map(|name| TimeZoneDatabase::bundled().get(name).unwrap());
    Options { stamp, tz, symbol: Some(Symbol::new("X").unwrap()), base: Interval::MINUTE, publisher: None }
}

#[test]
fn times_of_every_type_are_the_same_instants() {
    let seconds = [1_700_000_040_i64, 1_700_000_100];
    let columns: Vec<(ArrayRef, &str, Option<&str>)> = vec![
        (
            Arc::new(
                TimestampMicrosecondArray::from(seconds.map(|s| s * 1_000_000).to_vec()).with_timezone("UTC"),
            ),
            "offset",
            None,
        ),
        (
            Arc::new(
                TimestampMillisecondArray::from(seconds.map(|s| s * 1000).to_vec()).with_timezone("+05:30"),
            ),
            "offset",
            None,
        ),
        (
            Arc::new(TimestampMillisecondArray::from(seconds.map(|s| (s - 5 * 3600) * 1000).to_vec())),
            "",
            Some("America/New_York"),
        ),
        (Arc::new(Int64Array::from(seconds.to_vec())), "s since", None),
        (Arc::new(Int64Array::from(seconds.map(|s| s * 1_000_000_000).to_vec())), "ns since", None),
        (
            Arc::new(StringArray::from(vec!["2023-11-14T22:14:00Z", "2023-11-14 22:15:00+00:00"])),
            "offset",
            None,
        ),
    ];
    for (column, form, tz) in columns {
        let file = parquet([vec![("t", column.clone())], prices()].concat());
        let mut reader = RowReader::open(file.path(), options(Some(Stamp::Open), tz)).unwrap();
        let rows = read(&mut reader);
        let label = |s: i64| format!("{:?}", Label::Open(Timestamp::from_nanos(s * 1_000_000_000)));
        assert!(
            rows[0].contains(&label(seconds[0])) && rows[1].contains(&label(seconds[1])),
            "{column:?} {rows:?}"
        );
        assert!(reader.resolved().unwrap().to_string().contains(form), "{form}");
    }
}

#[test]
fn what_is_not_said_is_asked_for() {
    let naive: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![1_700_000_040_000, 1_700_000_100_000]));
    let file = parquet([vec![("t", naive)], prices()].concat());
    let error = RowReader::open(file.path(), options(None, None)).unwrap_err();
    assert!(error.is_unstated() && error.to_string().contains("--stamp open"), "{error}");
    let mut reader = RowReader::open(file.path(), options(Some(Stamp::Open), None)).unwrap();
    let error = reader.next_row().unwrap_err();
    let told = "row 1: `2023-11-14T22:14:00` has no offset and its zone is not stated";
    assert!(error.is_unstated() && error.to_string().contains(told), "{error}");
    let facts = Facts::default().with("base", "1d");
    let path = file.path().to_owned();
    BatchTable::new(File::create(&path).unwrap(), ColumnFormat::Parquet, BarColumns::new(&[], false, &facts))
        .unwrap()
        .finish()
        .unwrap();
    let error = RowReader::open(&path, Options::default()).unwrap_err();
    assert!(error.to_string().ends_with("its rows are of 1d, and --base says 1m"), "{error}");
}

#[test]
fn numbers_and_symbols_of_every_type_are_read_and_nulls_rejected() {
    let times: ArrayRef = Arc::new(Int64Array::from(vec![1_700_000_040, 1_700_000_100, 1_700_000_160]));
    let symbols: DictionaryArray<Int32Type> = vec![Some("AAA"), None, Some("BBB")].into_iter().collect();
    let file = parquet(vec![
        ("ts", times),
        ("symbol", Arc::new(symbols)),
        ("open", Arc::new(Float32Array::from(vec![Some(1.5), Some(1.0), None]))),
        ("high", Arc::new(Int64Array::from(vec![2, 2, 2]))),
        ("low", Arc::new(StringArray::from(vec!["1.25", "1", "1"]))),
        ("close", Arc::new(Float64Array::from(vec![1.5, 1.0, 1.0]))),
        ("volume", Arc::new(Float64Array::from(vec![f64::NAN, 1.0, 1.0]))),
        ("trades", Arc::new(Float64Array::from(vec![7.0, 1.0, 1.0]))),
        ("comment", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
    ]);
    let stated = Options { stamp: Some(Stamp::Open), ..Options::default() };
    let rows = read(&mut RowReader::open(file.path(), stated.clone()).unwrap());
    assert!(rows[0].starts_with("1 AAA") && rows[0].ends_with("1.5 1.5 None Some(7)"), "{rows:?}");
    assert_eq!(
        rows[1..],
        ["2 None missing_value: symbol is empty", "3 Some(\"BBB\") missing_value: open is empty"]
    );
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![1, 2]));
    let file = parquet([vec![("t", dates.clone()), ("symbol", dates)], prices()].concat());
    let error = RowReader::open(file.path(), stated).unwrap_err();
    assert!(
        error.to_string().ends_with("column `symbol` (symbol) is of type Date32; allowed are text"),
        "{error}"
    );
}

/// What a source gives: all rows one by one, or as many as can be together.
fn source_rows(batches: Vec<RecordBatch>, together: bool) -> Vec<String> {
    let (schema, options) =
        (batches[0].schema(), Options { stamp: Some(Stamp::Close), ..Options::default() });
    let batches = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    let reader = RowReader::of_batches("table", Box::new(batches), options).unwrap();
    let (mut source, mut symbols) = (FileSource::of(reader, Interval::MINUTE), Symbols::new());
    let (mut rows, mut plain, mut most) = (Vec::new(), Vec::new(), 0);
    loop {
        let first = if together { source.plain_rows(&mut symbols, &mut plain).unwrap() } else { 0 };
        most = most.max(plain.len());
        for ((symbol, record), number) in plain.iter().zip(first..) {
            rows.push(format!("{number} {} {record:?}", symbols.name(*symbol)));
        }
        if !plain.is_empty() {
            continue;
        }
        let Some(row) = source.next_row(&mut symbols).unwrap() else { break };
        rows.push(match row.content {
            Ok((symbol, record)) => format!("{} {} {record:?}", row.number, symbols.name(symbol)),
            Err(why) => format!("{} {:?} {:?} {}", row.number, why.symbol, why.time, why.reason),
        });
    }
    assert_eq!(most, if together { MOST_ROWS } else { 0 });
    assert_eq!(source.reader().rows(), rows.len() as u64);
    rows
}

#[test]
fn rows_together_are_the_rows_one_by_one() {
    let batch = |from: usize, rows: usize, fault: &str| {
        let price = |at: usize| -> ArrayRef {
            let value = |row: usize| (fault != "null price" || row % 7 != at).then_some(row as f64 * 0.25);
            Arc::new((0..rows).map(value).collect::<Float64Array>())
        };
        let long = "X".repeat(300);
        let symbol = |row: usize| match row % 5 {
            0 if fault == "no symbol" => None,
            1 if fault == "no symbol" => Some(""),
            2 if fault == "long symbol" => Some(long.as_str()),
            _ => Some(if row.is_multiple_of(3) { "A" } else { " B " }),
        };
        let times = (from..from + rows).map(|minute| minute as i64 * MINUTE);
        let time = |at: i64| (fault != "no time" || at % (3 * MINUTE) > 0).then_some(at);
        let volume = |row: usize| [None, Some(f64::NAN), Some(3.0), Some(0.0)][row % 4];
        let count = |row: usize| (!row.is_multiple_of(3)).then_some(row as i64);
        RecordBatch::try_from_iter_with_nullable([
            ("symbol", Arc::new((0..rows).map(symbol).collect::<StringArray>()) as ArrayRef, true),
            (
                "time",
                Arc::new(times.map(time).collect::<TimestampNanosecondArray>().with_timezone("UTC")),
                true,
            ),
            ("open", price(0), true),
            ("high", price(1), true),
            ("low", price(2), true),
            ("close", price(3), true),
            ("volume", Arc::new((0..rows).map(volume).collect::<Float64Array>()), true),
            ("trade_count", Arc::new((0..rows).map(count).collect::<Int64Array>()), true),
        ])
        .unwrap()
    };
    for fault in ["null price", "no symbol", "long symbol", "no time"] {
        let (empty, faulty) = (batch(0, 0, fault), batch(2000, 40, fault));
        let batches =
            vec![empty, batch(0, 600, ""), faulty, batch(3000, MOST_ROWS, ""), batch(4000, 1, fault)];
        let together = source_rows(batches.clone(), true);
        assert_eq!(together, source_rows(batches, false), "{fault}");
        assert!(together.len() == 641 + MOST_ROWS && together.iter().any(|row| !row.contains("Record")));
    }
}

#[test]
fn damaged_files_are_named_and_never_panic() {
    let columns = [
        vec![("open_time", Arc::new(Int64Array::from(vec![1_700_000_040, 1_700_000_100])) as ArrayRef)],
        prices(),
    ];
    let batch = RecordBatch::try_from_iter(columns.concat()).unwrap();
    let sound = std::fs::read(parquet(columns.concat()).path()).unwrap();
    let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    file.write(&batch).unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    let all = [sound, file.into_inner().unwrap(), stream.into_inner().unwrap()];
    for sound in &all {
        for at in (0..sound.len()).step_by(3) {
            for bytes in
                [sound[..at].to_vec(), [&sound[..at], &[sound[at] ^ 0x5a][..], &sound[at + 1..]].concat()]
            {
                let mut path = tempfile::NamedTempFile::new().unwrap();
                path.write_all(&bytes).unwrap();
                // Whatever comes of it is a row, a reject or an error.
                if let Ok(mut reader) = RowReader::open(path.path(), options(None, None)) {
                    while let Ok(Some(_)) = reader.next_row() {}
                }
            }
        }
    }
    let pipe = RowReader::new("pipe", Cursor::new(all[0].clone()), Options::default()).unwrap_err();
    assert!(pipe.to_string().contains("can't come through a pipe; name the file itself"), "{pipe}");
}

/// A Databento table whose prices and publishers are these.
fn databento(prices: ArrayRef, publishers: Vec<u16>, options: Options) -> Result<Vec<String>, String> {
    let rows = prices.len();
    let times = Int64Array::from_iter_values(
        (0..rows as i64).map(|row| 1_732_631_400_000_000_000 + row * 60_000_000_000),
    );
    let same = || Arc::clone(&prices);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("ts_event", Arc::new(times)),
        ("rtype", Arc::new(Int64Array::from(vec![33; rows]))),
        ("publisher_id", Arc::new(arrow_array::UInt16Array::from(publishers))),
        ("instrument_id", Arc::new(Int64Array::from(vec![7; rows]))),
        ("open", same()),
        ("high", same()),
        ("low", same()),
        ("close", same()),
        ("volume", Arc::new(Int64Array::from(vec![5; rows]))),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars");
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let mut reader = RowReader::open(&path, options).map_err(|error| error.to_string())?;
    let mut seen = Vec::new();
    while let Some(decoded) = reader.next_row().map_err(|error| error.to_string())? {
        let Decoded::Row(row) = decoded else { panic!("{decoded:?}") };
        seen.push(format!("{} {}", row.number, row.record.open));
    }
    assert_eq!(reader.resolved().unwrap().layout.vendor(), Some(barloom_io::Vendor::Databento));
    Ok(seen)
}

#[test]
fn databento_columns_keep_the_rules_of_its_csv() {
    let fixed = || Arc::new(Int64Array::from(vec![100_250_000_000, 99_000_000_000])) as ArrayRef;
    let own = || options(None, None);
    assert_eq!(databento(fixed(), vec![2, 2], own()).unwrap(), ["1 100.25", "2 99"]);
    let floats = Arc::new(Float64Array::from(vec![100.25, 99.0]));
    assert_eq!(databento(floats, vec![2, 2], own()).unwrap(), ["1 100.25", "2 99"]);
    let several = databento(fixed(), vec![2, 39], own()).unwrap_err();
    assert!(several.contains("several publishers (2, 39)"), "{several}");
    let chosen = Options { publisher: Some(39), ..own() };
    assert_eq!(databento(fixed(), vec![2, 39], chosen).unwrap(), ["2 99"]);
}
