//! Parquet and Arrow through the binary: the same bars in every format, folders and patterns, one stream, and no half of a file
//! under its name whenever a run is killed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use barloom_io::{Decoded, Options, RowReader, TableFormat};
use common::{Desk, Table, run};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const FLAGS: &[&str] = &["--calendar", "XNYS", "--stamp", "open"];

/// A session of two symbols, the thin one without every third minute.
fn sound() -> String {
    let mut text = "symbol,timestamp,open,high,low,close,volume\n".to_owned();
    for minute in 0..390 {
        let (hour, minute_of) = (14 + (minute + 30) / 60, (minute + 30) % 60);
        for symbol in ["AAA", "BBB"] {
            if symbol == "AAA" || minute % 3 > 0 {
                let price = 100.0 + f64::from(minute % 17) / 4.0;
                text.push_str(&format!(
                    "{symbol},2024-11-26T{hour:02}:{minute_of:02}:00Z,{price},{},{},{price},{}\n",
                    price + 1.0,
                    price - 1.0,
                    10 + minute
                ));
            }
        }
    }
    text
}

/// Every row of a table of bars of `base` as text, whatever its format.
fn rows(path: &Path, base: &str) -> Vec<String> {
    let options = Options { base: base.parse().unwrap(), ..Options::default() };
    let mut reader = RowReader::open(path, options).unwrap();
    let mut rows = Vec::new();
    while let Some(decoded) = reader.next_row().unwrap() {
        let Decoded::Row(row) = decoded else { panic!("{decoded:?}") };
        rows.push(format!("{} {:?}", row.symbol, row.record));
    }
    rows
}

/// A column of numbers of a Parquet file.
fn numbers(path: &str, column: &str) -> Vec<Option<f64>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batches = reader.map(Result::unwrap);
    let of = |batch: RecordBatch| -> Vec<Option<f64>> {
        batch.column_by_name(column).unwrap().as_primitive::<Float64Type>().iter().collect()
    };
    batches.flat_map(of).collect()
}

fn derive(inputs: &[&str], more: &[&str]) -> common::Done {
    run(&[&["derive"], inputs, &["-i", "1m,5m,1h", "--indicator", "sma:5@5m"], FLAGS, more].concat())
}

#[test]
fn every_format_in_and_out_gives_the_same_bars() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let input = desk.put("in.csv", sound());
    derive(&[&input], &["--out", &path("csv")]).ok();
    for format in [TableFormat::Parquet, TableFormat::Arrow] {
        let (first, second) = (path(&format!("first_{format}")), path(&format!("second_{format}")));
        derive(&[&input], &["--out", &first, "--to", format.extension()]).ok();
        // The base bars in it say their stamp and zone themselves, and give their own format back.
        let base = format!("{first}/1m.{format}");
        run(&[
            "derive",
            &base,
            "-i",
            "5m,1h",
            "--indicator",
            "sma:5@5m",
            "--calendar",
            "XNYS",
            "--out",
            &second,
        ])
        .ok();
        let told = run(&[
            "derive",
            &base,
            "-i",
            "5m",
            "--calendar",
            "XNYS",
            "--out",
            &path(&format!("third_{format}")),
            "--to",
            "csv",
        ])
        .ok();
        assert!(told.stderr.contains("stamp open (by the file's metadata)"), "{}", told.stderr);
        assert_eq!(
            desk.text(&format!("third_{format}/5m.csv")).lines().count(),
            desk.text("csv/5m.csv").lines().count()
        );
        for table in ["5m", "1h"] {
            let expected = rows(&desk.path(&format!("csv/{table}.csv")), table);
            assert_eq!(rows(Path::new(&format!("{first}/{table}.{format}")), table), expected);
            assert_eq!(rows(Path::new(&format!("{second}/{table}.{format}")), table), expected);
        }
        assert!(Path::new(&format!("{first}/warnings.csv")).exists());
    }
    let text = Table::read(&desk.text("csv/5m.csv"));
    let expected: Vec<Option<f64>> = text.column("sma_5").iter().map(|cell| cell.parse().ok()).collect();
    assert_eq!(numbers(&path("first_parquet/5m.parquet"), "sma_5"), expected);
    assert!(expected[0].is_none() && expected.iter().flatten().count() > 100);
}

#[test]
fn metadata_says_how_a_table_was_made() {
    let desk = Desk::new();
    let input = desk.put("in.csv", sound());
    let out = desk.path("out").display().to_string();
    derive(&[&input], &["--out", &out, "--to", "parquet", "--policy", "strict@1h"]).ok();
    let facts = |table: &str, base: &str| {
        let options = Options { base: base.parse().unwrap(), ..Options::default() };
        RowReader::open(&desk.path(&format!("out/{table}.parquet")), options).unwrap().facts()
    };
    let facts = [facts("5m", "5m"), facts("1h", "1h")];
    for (name, value) in [
        ("calendar", "XNYS"),
        ("stamp", "open"),
        ("origin", "run"),
        ("policy", "coverage"),
        ("base", "5m"),
        ("source_base", "1m"),
    ] {
        assert_eq!(facts[0].get(name), Some(value), "{name}");
    }
    assert_eq!(
        (facts[1].get("policy"), facts[0].get("version")),
        (Some("strict"), Some(env!("CARGO_PKG_VERSION")))
    );
    let told = derive(
        &[&desk.path("out/5m.parquet").display().to_string()],
        &["--out", &desk.path("o").display().to_string()],
    );
    told.refused(3, &["5m.parquet", "its rows are of 5m, and --base says 1m"]);
}

#[test]
fn one_arrow_stream_holds_every_interval() {
    let desk = Desk::new();
    let input = desk.put("in.csv", sound());
    let command = |to: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_barloom"));
        command.args([
            "derive",
            &input,
            "-i",
            "5m,1h",
            "--indicator",
            "sma:5@5m",
            "--indicator",
            "rsi:2@1h",
            "--out",
            "-",
        ]);
        command.args(FLAGS).stdout(to).stderr(Stdio::null()).stdin(Stdio::null());
        command
    };
    let done = command(Stdio::piped()).output().unwrap();
    assert!(done.status.success());
    // Both intervals' bars are there; as base rows they are read by their open times.
    let mut reader = RowReader::new("stream", std::io::Cursor::new(done.stdout), Options::default()).unwrap();
    let mut count = 0;
    while reader.next_row().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 2 * (78 + 7));
    // A pipe from one to the other.
    let mut first = command(Stdio::piped()).spawn().unwrap();
    let from = first.stdout.take().unwrap();
    drop(from);
    assert_eq!(first.wait().unwrap().code(), Some(1), "a reader that went away");
}

#[test]
fn folders_patterns_and_partitions_are_inputs() {
    let desk = Desk::new();
    let (all, header) = (sound(), "timestamp,open,high,low,close,volume");
    let of = |symbol: &str| {
        let rows = all.lines().filter_map(|line| line.strip_prefix(symbol)?.strip_prefix(','));
        [header].into_iter().chain(rows).collect::<Vec<_>>().join("\n") + "\n"
    };
    for symbol in ["AAA", "BBB"] {
        let folder = desk.path(&format!("bars/symbol={symbol}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("0.csv"), of(symbol)).unwrap();
    }
    let input = desk.put("in.csv", all.clone());
    let out = |name: &str| desk.path(name).display().to_string();
    derive(&[&input], &["--out", &out("one"), "--sort"]).ok();
    derive(&[&out("bars")], &["--out", &out("folder"), "--sort"]).ok();
    derive(&[&out("bars/symbol=*/*.csv")], &["--out", &out("pattern"), "--sort"]).ok();
    for table in ["1m.csv", "5m.csv", "1h.csv", "warnings.csv"] {
        let expected = desk.text(&format!("one/{table}"));
        assert_eq!(desk.text(&format!("folder/{table}")), expected, "{table}");
        assert_eq!(desk.text(&format!("pattern/{table}")), expected, "{table}");
    }
    let session = desk.put(
        "session.toml",
        "inputs = ['bars']\ncalendar = 'XNYS'\nstamp = 'open'\nderived_intervals = '5m'\n",
    );
    run(&["run", &session, "--out", &out("run")]).ok();
    assert_eq!(desk.text("run/5m.csv").lines().count(), desk.text("one/5m.csv").lines().count());
    derive(&[&out("*.none")], &["--out", &out("x")]).refused(4, &["*.none: no file matches"]);
}

/// A symbol whose row comes after more bars than are held back, and others that skip minutes.
#[test]
fn a_bar_that_comes_very_late_stands_where_it_became_visible_in_every_format() {
    let desk = Desk::new();
    let mut text = "symbol,open_time,open,high,low,close,volume\n".to_owned();
    let last = 2 * 1_300 - 1;
    for minute in 0..=last {
        for symbol in 0..40_u32 {
            // The first one is silent but for the ends; the third now and then.
            let skips = symbol == 0 && !(minute == 0 || minute == last) || symbol == 2 && minute % 7 < 5;
            if !skips {
                let (time, price) = (1_700_006_400 + minute * 60, 100 + (symbol + minute) % 9);
                text.push_str(&format!("S{symbol:02},{time},{price},{price},{price},{price},5\n"));
            }
        }
    }
    let input = desk.put("in.csv", text);
    let out = |format: &str| desk.path(format).display().to_string();
    for format in ["csv", "parquet", "arrow"] {
        let flags = ["-i", "2m,1d", "--indicator", "sma:2@2m", "--stamp", "open", "--to", format];
        run(&[&["derive", &input, "--out", &out(format)], &flags[..]].concat()).ok();
    }
    let table = Table::read(&desk.text("csv/2m.csv"));
    let places = table.cut("close_time symbol");
    assert!(places.is_sorted() && places.len() > 48_000, "{}", places.len());
    assert!(places[0].ends_with(" S00"), "{}", places[0]);
    let expected = rows(&desk.path("csv/2m.csv"), "2m");
    for format in ["parquet", "arrow"] {
        assert!(rows(&desk.path(&format!("{format}/2m.{format}")), "2m") == expected, "{format}");
    }
    let averages: Vec<Option<f64>> = table.column("sma_2").iter().map(|cell| cell.parse().ok()).collect();
    assert!(numbers(&format!("{}/2m.parquet", out("parquet")), "sma_2") == averages);
    // What was written by a thread is read by one, in the same order.
    let again = ["-i", "1d", "--to", "csv", "--base", "1m"];
    run(&[&["convert", &input, "--stamp", "open"], &["--out", &out("base.parquet")][..]].concat()).ok();
    run(&[&["derive", &out("base.parquet"), "--out", &out("again")], &again[..]].concat()).ok();
    assert_eq!(desk.text("again/1d.csv"), desk.text("csv/1d.csv"));
}

/// The system refuses to let a file grow: said once, by the name of the file, and nothing is left.
#[cfg(target_os = "linux")]
#[test]
fn a_table_that_can_not_be_written_is_told_once_and_leaves_no_file() {
    let desk = Desk::new();
    let rows = (0..100_000_i64).map(|n| format!("A,{},1,2,1,1.{n},5\n", 1_700_006_400 + n * 60));
    let text = "symbol,open_time,open,high,low,close,volume\n".to_owned() + &rows.collect::<String>();
    let input = desk.put("in.csv", text);
    let out = desk.path("out").display().to_string();
    for format in ["csv", "parquet", "arrow"] {
        // Blocks of 512 bytes; without the trap the signal would end it.
        let script = "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"";
        let done = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_barloom"), "derive", &input, "-i", "1m,5m,1h"])
            .args(["--stamp", "open", "--to", format, "--out", &out])
            .output()
            .unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{told}");
        assert_eq!(told.matches("can't be written").count(), 1, "{told}");
        assert!(told.contains(&format!("1m.{format}: can't be written: File too large")), "{told}");
        assert_eq!(desk.outputs(), Vec::<String>::new(), "{format}");
    }
}

/// Real processes, killed at twenty moments of a derivation: what shows its final name is whole.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_no_half_of_a_file() {
    let desk = Desk::new();
    let mut text = "symbol,open_time,open,high,low,close,volume\n".to_owned();
    for minute in 0..150_000_i64 {
        text.push_str(&format!(
            "A,{},1,2,1,{},5\n",
            1_700_000_040 + minute * 60,
            1.0 + (minute % 9) as f64 / 10.0
        ));
    }
    let input = desk.put("in.csv", text);
    let expected = ["csv", "parquet"].map(|format| {
        let out = desk.path(&format!("whole_{format}"));
        run(&["derive", &input, "-i", "1m,5m", "--to", format, "--out", &out.display().to_string()]).ok();
        ["1m", "5m"].map(|table| std::fs::read(out.join(format!("{table}.{format}"))).unwrap())
    });
    let mut killed = 0;
    for round in 0..20_u64 {
        let format = ["csv", "parquet"][round as usize % 2];
        let out = desk.path(&format!("round_{round}"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_barloom"))
            .args(["derive", &input, "-i", "1m,5m", "--to", format, "--out"])
            .arg(&out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Ours alone: spread over the run, from its first milliseconds on.
        let moment = Duration::from_millis(5 + round * round);
        let (_never, silence) = std::sync::mpsc::channel::<()>();
        let _ = silence.recv_timeout(moment);
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        for (table, whole) in ["1m", "5m"].into_iter().zip(&expected[round as usize % 2]) {
            if let Ok(found) = std::fs::read(out.join(format!("{table}.{format}"))) {
                assert_eq!(&found, whole, "round {round}: {table}.{format}");
            }
        }
    }
    assert!(killed > 3, "the moments no longer meet the run: {killed}");
}
