//! `--adjustments`: history before a session, rescaled, in every command that reads rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, bar_line, run, run_with};

const HEADER: &str = "symbol,session,price_factor,volume_factor\n";

/// Two sessions of five minutes: 100 a share and 10 traded a minute, then after a split 50 and 20.
fn split_in_two() -> String {
    let day = |date: &str, price: u32, volume: u32| -> String {
        let row = |minute| {
            format!("AAA,{date}T14:3{minute}:00Z,{price},{price},{price},{price},{volume},{price},7\n")
        };
        (0..5).map(row).collect()
    };
    let header = "symbol,open_time,open,high,low,close,volume,vwap,trade_count\n";
    header.to_owned() + &day("2024-11-25", 100, 10) + &day("2024-11-26", 50, 20)
}

const FLAGS: &str = "-i 5m --calendar XNYS";

#[test]
fn a_split_leaves_no_jump() {
    let desk = Desk::new();
    let splits = desk.put("splits.csv", format!("{HEADER}AAA,2024-11-26,0.5,2\nZZZ,2024-11-26,0.5,2\n"));
    let done = desk.derive_text(split_in_two(), &format!("{FLAGS} --adjustments {splits}")).ok();
    assert!(done.stderr.contains("warning: ZZZ has adjustments, and no row"), "{}", done.stderr);
    assert!(!done.stderr.contains("AAA has adjustments"));
    let bars = desk.table("5m.csv").cut("session open close volume vwap trade_count");
    assert_eq!(bars, ["2024-11-25 50 50 100 50 35", "2024-11-26 50 50 100 50 35"]);
}

#[test]
fn dividends_and_splits_multiply() {
    let desk = Desk::new();
    let rows = "AAA,2024-11-26,0.5,2\nAAA,2024-11-26,0.98,1\nAAA,2024-11-27,0.5,2\nAAA,2024-11-25,0.1,10\n";
    let file = desk.put("a.csv", format!("{HEADER}{rows}"));
    desk.derive_text(split_in_two(), &format!("{FLAGS} --adjustments {file}")).ok();
    let bars = desk.table("5m.csv").cut("session close volume");
    assert_eq!(bars, ["2024-11-25 24.5 200", "2024-11-26 25 200"]);
}

#[test]
fn no_adjustment_changes_no_byte() {
    let (with, without) = (Desk::new(), Desk::new());
    let input = common::synth();
    let flags = "-i 5m,1d --calendar XNYS --stamp open --tz UTC --indicator rsi:14";
    let file = with.put("a.csv", HEADER);
    with.derive(&[&input], &format!("{flags} --adjustments {file}")).ok();
    without.derive(&[&input], flags).ok();
    for table in ["5m.csv", "1d.csv", "warnings.csv"] {
        assert!(with.text(&format!("out/{table}")) == without.text(&format!("out/{table}")), "{table}");
    }
}

#[test]
fn a_session_run_adjusts_and_its_journal_replays_it_without_the_file() {
    let desk = Desk::new();
    desk.put("in.csv", split_in_two());
    desk.put("splits.csv", format!("{HEADER}AAA,2024-11-26,0.5,2\n"));
    let session = "inputs = ['in.csv']\ncalendar = 'XNYS'\nadjustments = 'splits.csv'\nderived_intervals = ['5m']\nrealtime_indicators = ['sma:2']\n";
    let session = desk.put("session.toml", session);
    run(&["check", &session]).ok();
    let [journal, a, b] = ["journal", "a", "b"].map(|name| desk.path(name).display().to_string());
    let first = run(&["run", &session, "--journal", &journal, "--out", &a, "--format", "ndjson"]).ok();
    assert!(desk.text("a/5m.csv").lines().last().unwrap().ends_with(",50"));
    std::fs::remove_file(desk.path("splits.csv")).unwrap();
    let again = run(&["replay", &journal, "--out", &b, "--format", "ndjson"]).ok();
    assert_eq!(first.stdout, again.stdout);
    assert_eq!(desk.text("a/5m.csv"), desk.text("b/5m.csv"));
}

#[test]
fn a_stream_and_a_proof_adjust_too() {
    let desk = Desk::new();
    let splits = desk.put("splits.csv", format!("{HEADER}AAA,2024-11-26,0.5,2\nZZZ,2024-11-26,0.5,2\n"));
    let line = bar_line("AAA", "2024-11-25T14:30:00Z", 100);
    let flags = ["stream", "-i", "1m", "--calendar", "XNYS", "--adjustments", &splits];
    let done = run_with(&flags, line).ok();
    let bars = done.of_type("bar");
    assert_eq!((&bars[0]["close"], &bars[0]["volume"]), (&50.0.into(), &20.0.into()));
    assert!(done.stderr.contains("ZZZ has adjustments"));
    let input = desk.put("in.csv", split_in_two());
    let done = run(&["verify", &input, "-i", "5m", "--calendar", "XNYS", "--adjustments", &splits]).ok();
    assert!(done.stderr.contains("ZZZ has adjustments"), "{}", done.stderr);
}

#[test]
fn what_is_wrong_in_the_file_is_said_before_anything_is_written() {
    let desk = Desk::new();
    let refused = |text: &str, words: &[&str]| {
        let file = desk.put("a.csv", text);
        desk.derive_text(split_in_two(), &format!("{FLAGS} --adjustments {file}")).refused(3, words);
        assert!(desk.outputs().is_empty());
    };
    refused(&format!("{HEADER}AAA,2024-11-26,0,2\n"), &["a.csv, line 2: price_factor `0`", "above 0"]);
    refused(
        &format!("{HEADER}AAA,26.11.2024,1,2\n"),
        &["a.csv, line 2: session `26.11.2024`", "a date like"],
    );
    refused("symbol,session,factor\n", &["no column `price_factor`", "symbol, session, factor"]);
    let gone = desk.path("gone.csv").display().to_string();
    desk.derive_text(split_in_two(), &format!("{FLAGS} --adjustments {gone}"))
        .refused(3, &["gone.csv: can't be read"]);
}
