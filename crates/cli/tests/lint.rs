//! `check` on data files: what is odd about their rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, HEADER, minutes, repo, row, run, run_of, synth};
use serde_json::Value;

/// Seconds since 1970 of 14:30 UTC on the first of four days on which XNYS trades.
const OPEN: i64 = 1_732_545_000;
const DAY: i64 = 86_400;

fn sessions(days: i64) -> String {
    HEADER.to_owned() + &(0..days).map(|day| run_of("A", OPEN + day * DAY, 390)).collect::<String>()
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// How many findings of each kind there are.
fn kinds(found: &Value) -> Vec<(String, u64)> {
    let one = |kind: &Value| (kind["kind"].as_str().unwrap().to_owned(), kind["count"].as_u64().unwrap());
    found["findings"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn a_sound_file_has_no_finding() {
    let desk = Desk::new();
    let file = desk.put("in.csv", sessions(3));
    let done = run(&["check", &file, "--calendar", "XNYS", "--stamp", "open"]).ok();
    assert!(done.stdout.contains("no finding in 1,170 rows of 1 symbol"), "{}", done.stdout);
    assert!(done.stdout.contains("stamp open (stated)"), "{}", done.stdout);
    let layout = repo("testdata/layouts/polygon.csv");
    let done = run(&["check", &layout, "--calendar", "XNYS", "--format", "json"]).ok();
    assert_eq!(object(&done.stdout)["files"][0]["rows"], 195);
}

#[test]
fn findings_name_file_line_symbol_and_time() {
    let desk = Desk::new();
    let twice = row("A", "2024-11-26T14:30:00Z", 100).repeat(2);
    let text = format!("{HEADER}{twice}A,2024-11-26T14:31:00Z,5,4,4,4,1\nA,x,1,1,1,1,1\n");
    let file = desk.put("in.csv", text);
    let flags = ["check", &file, "--calendar", "XNYS", "--stamp", "open"];
    let done = run(&flags).ok();
    for line in [
        format!("duplicate: {file}, line 3, A, 2024-11-26T14:30:00Z: is there already, with these values"),
        format!("ohlc: {file}, line 4, A, 2024-11-26T14:31:00Z: outside_range: open 5"),
        format!("unreadable: {file}, line 5, A: unreadable_time: `x`"),
    ] {
        assert!(done.stdout.contains(&line), "no `{line}` in: {}", done.stdout);
    }
    let found = object(&run(&[&flags[..], &["--format", "json"]].concat()).ok().stdout);
    assert_eq!(
        kinds(&found),
        [("unreadable".to_owned(), 1), ("ohlc".to_owned(), 1), ("duplicate".to_owned(), 1)]
    );
    let first = &found["findings"][2]["first"][0];
    assert_eq!([&first["symbol"], &first["time"]], ["A", "2024-11-26T14:30:00Z"]);
    assert_eq!((&first["row"], &found["error"]), (&3.into(), &Value::Null));
    assert_eq!(
        [&found["counts"]["accepted"], &found["counts"]["duplicate"], &found["counts"]["invalid"]],
        [1, 1, 2]
    );
}

#[test]
fn the_synthetic_equities_show_what_was_planted() {
    let flags = ["check", &synth(), "--calendar", "XNYS", "--stamp", "open", "--format", "json"];
    let found = object(&run(&flags).ok().stdout);
    let kinds: Vec<String> = kinds(&found).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["out_of_order", "duplicate", "corrected", "out_of_session", "gap", "missing_session"]);
    assert_eq!([&found["counts"]["rows"], &found["counts"]["out_of_session"]], [13_924, 2_526]);
    let extended = run(&[&flags[..], &["--hours", "extended"]].concat()).ok();
    assert_eq!(object(&extended.stdout)["counts"]["out_of_session"], 0);
}

#[test]
fn planted_faults_are_counted_as_derive_counts_them() {
    let desk = Desk::new();
    let market = desk.path("market.csv").display().to_string();
    let flags = "--calendar XNYS --symbols 3 --from 2024-10-21 --to 2024-11-08 --faults duplicates=0.002,corrections=0.002,late=0.002";
    run(&[&["synth", "--out", &market], &flags.split(' ').collect::<Vec<_>>()[..]].concat()).ok();
    let done = run(&["check", &market, "--calendar", "XNYS", "--format", "json"]).ok();
    let counts = &object(&done.stdout)["counts"];
    let derived = desk.derive(&[&market], "-i 5m,1d --calendar XNYS").ok();
    for name in ["rows", "accepted", "duplicate", "corrected", "late", "invalid", "out_of_session"] {
        assert_eq!(counts[name], derived.told_count(name), "{name}");
    }
    assert!(derived.told_count("late") > 10 && derived.told_count("corrected") > 10);
}

#[test]
fn a_stamp_or_zone_that_is_not_stated_is_asked_for_with_what_the_rows_show() {
    let desk = Desk::new();
    let file = desk.put("in.csv", sessions(3));
    let done = run(&["check", &file, "--calendar", "XNYS"]);
    done.refused(3, &["`--stamp open` or `--stamp close`", "3 of 3 sessions begin where trading does"]);
    let closes: String = (0..3).map(|day| run_of("A", OPEN + day * DAY + 60, 390)).collect();
    let file = desk.put("closes.csv", HEADER.to_owned() + &closes);
    let done = run(&["check", &file, "--calendar", "XNYS"]).refused(3, &["does not say whether"]);
    assert!(done.stdout.contains("times look like closes read as opens, `--stamp close`"), "{}", done.stdout);
    let kibot = repo("testdata/layouts/kibot.txt");
    let done = run(&["check", &kibot, "--calendar", "XNYS", "--symbol", "A"])
        .refused(3, &["kibot.txt, line 1", "--tz"]);
    assert!(done.stdout.contains("kibot.txt"), "{}", done.stdout);
    run(&["check", &kibot, "--calendar", "XNYS", "--symbol", "A", "--tz", "America/New_York"]).ok();
}

#[test]
fn what_no_run_could_read_is_exit_4() {
    let desk = Desk::new();
    let off = HEADER.to_owned() + &run_of("A", OPEN + 30, 390);
    let file = desk.put("off.csv", off);
    let flags = ["--calendar", "XNYS", "--stamp", "open"];
    let check = |file: &str| run(&[&["check", file], &flags[..]].concat());
    let done = check(&file).refused(4, &["off.csv, line 101: the first 100 rows are all off the 1m grid"]);
    assert!(done.stdout.contains("off_grid"), "{}", done.stdout);
    check(&desk.put("empty.csv", HEADER)).refused(4, &["none of 0 rows was accepted"]);
    check(&desk.put("night.csv", minutes(&["A 03:00"]))).refused(4, &["1 out of session"]);
    check("gone.csv").refused(4, &["gone.csv: can't be read"]);
    check(&desk.put("no.csv", "a,b\n1,2\n")).refused(4, &["no column for timestamp"]);
}

#[test]
fn files_are_one_input_and_sessions_are_checked_beside_them() {
    let desk = Desk::new();
    let first = desk.put("first.csv", sessions(1));
    let second = desk.put("second.csv", HEADER.to_owned() + &run_of("A", OPEN + 2 * DAY, 390));
    let done = run(&["check", &first, &second, "--calendar", "XNYS", "--stamp", "open"]).ok();
    assert!(done.stdout.contains("missing_session: "), "{}", done.stdout);
    assert!(done.stdout.contains("no bar in session 2024-11-26"), "{}", done.stdout);
    let session = desk
        .put("session.toml", "inputs = [\"first.csv\"]\nstamp = \"open\"\nderived_intervals = [\"5m\"]\n");
    let done = run(&["check", &session, &first, "--calendar", "XNYS", "--stamp", "open"]).ok();
    assert!(
        done.stdout.contains("session.toml: sound") && done.stdout.contains("no finding"),
        "{}",
        done.stdout
    );
    run(&["check", &session, "--stamp", "open"]).refused(3, &["flags are for data files"]);
    run(&["check"]).refused(2, &["Usage"]);
    let pattern = desk.path("*.csv").display().to_string();
    let all = run(&["check", &pattern, "--calendar", "XNYS", "--stamp", "open"]).ok();
    assert!(all.stdout.contains("first.csv") && all.stdout.contains("second.csv"), "{}", all.stdout);
    let pages = repo("testdata/layouts/alpaca.json");
    assert!(run(&["check", &pages, "--calendar", "XNYS"]).ok().stdout.contains("Alpaca bars"));
}
