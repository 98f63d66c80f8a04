//! `barloom convert`: rows stay as they are in every format.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, Done, HEADER, run};

const ROWS: &str = "\
symbol,open_time,open,high,low,close,volume,vwap,trade_count
BBB,2024-11-26T14:31:00Z,101,103.25,99.5,102,1000,101.125,17
AAA,2024-11-26T14:30:00Z,0.1,0.30000000000000004,0.1,0.2,,,
\"C,C\",2024-11-26T14:30:00.5Z,1e-7,1e16,1e-7,1,0,,3
BBB,2024-11-26T14:30:00Z,5,4,6,5,-1,,
BBB,2024-11-26T14:31:00Z,101,103.25,99.5,102,1000,101.125,17
";

fn convert(desk: &Desk, inputs: &[&str], out: &str, flags: &str) -> Done {
    let out = desk.path(out).display().to_string();
    let inputs: Vec<String> = inputs.iter().map(|name| desk.path(name).display().to_string()).collect();
    let mut args = vec!["convert", "--out", &out];
    args.extend(inputs.iter().map(String::as_str));
    args.extend(flags.split_whitespace());
    run(&args)
}

#[test]
fn a_round_trip_through_all_formats_changes_no_byte() {
    let desk = Desk::new();
    desk.put("a.csv", ROWS);
    let told = convert(&desk, &["a.csv"], "a.parquet", "").ok().stderr;
    assert!(told.contains("5 rows written;"), "{told}");
    convert(&desk, &["a.parquet"], "a.arrow", "").ok();
    convert(&desk, &["a.arrow"], "b.csv", "").ok();
    assert_eq!(desk.text("b.csv"), ROWS);
}

#[test]
fn days_labelled_by_date_stay_dates() {
    let desk = Desk::new();
    let rows = "symbol,date,open,high,low,close,volume,vwap,trade_count\nAAA,1969-12-31,1,1,1,1,,,\nAAA,2024-11-26,1,1,1,1,2,,\n";
    desk.put("a.csv", rows);
    convert(&desk, &["a.csv"], "a.parquet", "--base 1d").ok();
    // The file says its base.
    convert(&desk, &["a.parquet"], "b.csv", "").ok();
    assert_eq!(desk.text("b.csv"), rows);
}

#[test]
fn times_become_opens_in_utc_and_rows_are_sorted_on_demand() {
    let desk = Desk::new();
    let rows =
        "BBB,2024-11-26 09:32,1,1,1,1,5\nAAA,2024-11-26 09:32,2,2,2,2,5\nAAA,2024-11-26 09:31,3,3,3,3,5\n";
    desk.put("a.csv", format!("{HEADER}{rows}"));
    convert(&desk, &["a.csv"], "b.csv", "--stamp close --tz America/New_York --sort").ok();
    let table = common::Table::read(&desk.text("b.csv"));
    assert_eq!(
        table.cut("symbol open_time open"),
        ["AAA 2024-11-26T14:30:00Z 3", "AAA 2024-11-26T14:31:00Z 2", "BBB 2024-11-26T14:31:00Z 1"]
    );
    convert(&desk, &["a.csv"], "c.csv", "--tz UTC").refused(3, &["--stamp"]);
    assert!(!desk.path("c.csv").exists());
}

#[test]
fn a_folder_gets_a_file_an_input() {
    let desk = Desk::new();
    desk.put("a.csv", ROWS);
    desk.put("b.csv.gz", common::zipped(ROWS));
    convert(&desk, &["a.csv", "b.csv.gz"], "out", "").refused(3, &["--to csv, parquet or arrow"]);
    convert(&desk, &["a.csv", "b.csv.gz"], "out", "--to arrow").ok();
    assert_eq!(desk.outputs(), ["a.arrow", "b.arrow"]);
    convert(&desk, &["out/a.arrow", "out/b.arrow"], "all.csv", "").ok();
    assert_eq!(desk.text("all.csv").lines().count(), 11);
}

#[test]
fn rows_that_can_not_be_read_are_rejected_and_kept() {
    let desk = Desk::new();
    desk.put("a.csv", format!("{ROWS}AAA,2024-11-26T14:32:00Z,x,1,1,1,,,\n"));
    let rejects = desk.path("rejects.csv").display().to_string();
    let told = convert(&desk, &["a.csv"], "b.csv", &format!("--rejects {rejects}")).ok().stderr;
    assert!(told.contains("5 rows written, 1 rejected"), "{told}");
    assert!(desk.text("rejects.csv").contains("not_a_number: open is `x`"));
    assert_eq!(desk.text("b.csv"), ROWS);
    let stopped = convert(&desk, &["a.csv"], "c.csv", "--on-invalid stop");
    stopped.refused(4, &["line 7: not_a_number", "nothing was written"]);
    convert(&desk, &["a.csv"], "a.csv", "").refused(3, &["written over an input"]);
    convert(&desk, &["no.csv"], "d.csv", "").refused(4, &["no.csv: can't be read"]);
    assert!(!desk.path("c.csv").exists());
}
