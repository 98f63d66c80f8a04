//! `check` and `schema`: what a session would run, without running it, and what is wrong with it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, Done, HEADER, minutes, repo, row, run, run_of};
use serde_json::{Value, json};

const SESSION: &str = "inputs = [\"in.csv\"]\nstamp = \"open\"\ncalendar = \"XNYS\"\nderived_intervals = [\"5m\", \"1d\"]\nrealtime_indicators = [\"sma:3@5m\", \"obv\"]\nhistorical = \"avg_volume:20@1w\"\n";

/// A desk with two symbols in `in.csv` and a session file of `text`.
fn desk(name: &str, text: &str) -> (Desk, String) {
    let desk = Desk::new();
    desk.put("in.csv", minutes(&["A 14:30", "B 14:30", "A 14:31", "A 14:34"]));
    let session = desk.put(name, text);
    (desk, session)
}

fn check(text: &str) -> Done {
    let (_desk, session) = desk("session.toml", text);
    run(&["check", &session])
}

fn object(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn a_sound_session_shows_what_it_would_run() {
    let text = check(SESSION).ok().stdout;
    for word in
        ["sound", "in.csv", "time from `ts`", "XNYS", "sma_3", "obv", "never", "avg_volume_20", "all rows"]
    {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    run(&["check", &repo("examples/demo.toml")]).ok();
}

#[test]
fn json_has_all_of_it() {
    let (desk, session) =
        desk("session.toml", &format!("{SESSION}memory_limit = \"1GB\"\nstart = 2024-11-26\n"));
    let found = object(&run(&["check", &session, "--format", "json"]).ok());
    let input = &found["inputs"][0];
    assert_eq!(input["file"], desk.path("in.csv").display().to_string());
    assert_eq!([&input["rows"], &input["symbols"], &input["rejected"]], [4, 2, 0]);
    assert_eq!([&input["columns"]["timestamp"], &input["columns"]["volume"]], ["ts", "volume"]);
    assert_eq!([&found["calendar"], &found["start"]], ["XNYS", "2024-11-26T09:00:00Z"]);
    let indicator = |name: &str, interval: &str, first: u32, settled: Option<u32>, historical: bool| json!({ "name": name, "interval": interval, "first": first, "settled": settled, "historical": historical });
    let indicators = json!([
        indicator("sma_3", "5m", 2, Some(2), false),
        indicator("obv", "5m", 0, None, false),
        indicator("obv", "1d", 0, None, false),
        // An interval that only a historical indicator names is derived like any.
        indicator("obv", "1w", 0, None, false),
        indicator("avg_volume_20", "1w", 19, Some(19), true),
    ]);
    assert_eq!(found["indicators"], indicators);
    // Two sessions of 390 minutes, and three more a session; the base is kept too.
    let base =
        json!({ "interval": "1m", "policy": "base", "rows": 786, "row_bytes": 64, "bytes": 2 * 786 * 64 });
    assert_eq!(found["intervals"][0], base);
    assert_eq!(found["intervals"][1]["row_bytes"], 64 + 2 * 8);
    let bytes: u64 =
        found["intervals"].as_array().unwrap().iter().map(|one| one["bytes"].as_u64().unwrap()).sum();
    let memory = &found["memory"];
    assert_eq!([&memory["symbols"], &memory["bytes"], &memory["limit"]], [2, bytes, 1_000_000_000]);
    assert!(desk.outputs().is_empty());
}

#[test]
fn symbols_are_counted_in_the_first_rows() {
    let desk = Desk::new();
    let rows: String = ["A", "B"].map(|symbol| run_of(symbol, 1_732_631_400, 10_000)).concat();
    desk.put("in.csv", HEADER.to_owned() + &rows);
    let session = desk.put("session.toml", SESSION.replace("XNYS", "24/7"));
    let done = run(&["check", &session]).ok();
    assert!(done.stdout.contains("1 symbol in the first 10,000 rows of each input"), "{}", done.stdout);
    assert!(done.stdout.contains("10,000+"), "{}", done.stdout);
}

/// `run` and `check` refuse a session alike.
fn refused_alike(name: &str, text: &str, code: i32, words: &[&str]) {
    let (desk, session) = desk(name, text);
    let checked = run(&["check", &session]).refused(code, words);
    assert!(checked.stdout.is_empty(), "{}", checked.stdout);
    let done = run(&["run", &session]).refused(code, words);
    assert_eq!(checked.stderr, done.stderr);
    assert!(desk.outputs().is_empty());
}

#[test]
fn what_run_refuses_check_refuses_with_the_same_words() {
    let typo = SESSION.replace("calendar", "calender");
    refused_alike(
        "session.toml",
        &typo,
        3,
        &["line 3", "`calender`", "did you mean `calendar`?", "calender ="],
    );
    let word = SESSION.replace("\"5m\"", "\"5min\"");
    refused_alike("session.toml", &word, 3, &["line 4", "did you mean `5m`?"]);
    let calendar = SESSION.replace("XNYS", "NYSEE");
    refused_alike("session.toml", &calendar, 3, &["NYSEE", "XNYS"]);
    let missing = SESSION.replace("in.csv", "gone.csv");
    refused_alike("session.toml", &missing, 4, &["gone.csv", "can't be read"]);
    refused_alike("session.toml", &SESSION.replace("stamp", "#"), 3, &["in.csv", "`--stamp open`"]);
    refused_alike("session.toml", &format!("{SESSION}tz = \"New_York\"\n"), 3, &["America/New_York"]);
    refused_alike("session.toml", &format!("{SESSION}overlay = \"gone.toml\"\n"), 3, &["gone.toml"]);
    refused_alike("session.toml", &SESSION.replace("sma:3@5m", "sma:3@15s"), 3, &["15s"]);
    refused_alike("session.toml", &format!("{SESSION}rejects = \"in.csv\"\n"), 3, &["written over an input"]);
    refused_alike("session.toml", &format!("{SESSION}late = \"revize\"\n"), 3, &["line 7", "`revise`"]);
    refused_alike(
        "session.toml",
        &format!("{SESSION}adjustments = \"a.csv\"\n"),
        3,
        &["a.csv", "can't be read"],
    );
    refused_alike("session.toml", "", 3, &["`inputs` names no file"]);
}

const JSON: &str = "{\n  \"inputs\": \"in.csv\",\n  \"stamp\": \"open\",\n  \"calendar\": \"XNYS\",\n  \"derived_intervals\": [\"5m\", \"1d\"],\n  \"realtime_indicators\": [\"sma:3@5m\", \"obv\"],\n  \"historical\": \"avg_volume:20@1w\",\n  \"out\": \"out\"\n}\n";

#[test]
fn a_session_in_json_is_the_same() {
    let (json_desk, json_session) = desk("session.json", JSON);
    let (toml_desk, toml_session) = desk("session.toml", &format!("{SESSION}out = \"out\"\n"));
    let shown = |session: &str| {
        let mut found = object(&run(&["check", session, "--format", "json"]).ok());
        found["session"].take();
        found["inputs"][0]["file"].take();
        found
    };
    assert_eq!(shown(&json_session), shown(&toml_session));
    run(&["run", &json_session]).ok();
    run(&["run", &toml_session]).ok();
    assert_eq!(json_desk.text("out/5m.csv"), toml_desk.text("out/5m.csv"));
}

#[test]
fn a_typo_in_json_has_a_caret() {
    let typo = JSON.replace("\"stamp\"", "\"stmap\"");
    refused_alike(
        "session.json",
        &typo,
        3,
        &["line 3", "`stmap`", "did you mean `stamp`?", "session.json:3:3"],
    );
    let word = JSON.replace("\"1d\"", "\"1D\"");
    refused_alike("session.json", &word, 3, &["line 5", "did you mean `1d`?", "session.json:5:31"]);
    refused_alike("session.json", "{\"inputs\": [\"in.csv\"", 3, &["line 1", "EOF", "session.json:1:20"]);
}

#[test]
fn more_memory_than_the_limit_is_refused_with_both_numbers() {
    let done = check(&format!("{SESSION}memory_limit = \"100KB\"\n"));
    let total = object(&check_json(SESSION))["memory"]["bytes"].as_u64().unwrap();
    let digits: String = done.stderr.chars().filter(|c| *c != ',').collect();
    assert!(digits.contains(&format!("need {total} bytes")), "{} {total}", done.stderr);
    assert!(done.stdout.contains("session.toml: too large"), "{}", done.stdout);
    done.refused(3, &["memory_limit", "100,000 bytes", "2 symbols"]);
    check(&format!("{SESSION}memory_limit = \"100KB\"\nkeep = 0\n")).refused(3, &["memory_limit"]);
}

fn check_json(text: &str) -> Done {
    let (_desk, session) = desk("session.toml", text);
    run(&["check", &session, "--format", "json"]).ok()
}

#[test]
fn volume_that_a_historical_indicator_needs_is_missed() {
    let desk = Desk::new();
    desk.put("in.csv", "symbol,ts,open,high,low,close\nA,2024-11-26T14:30:00Z,1,1,1,1\n");
    let session = desk.put("session.toml", SESSION.replace(", \"obv\"", ""));
    run(&["check", &session]).refused(3, &["in.csv", "avg_volume_20 needs volume"]);
}

#[test]
fn rows_that_would_be_rejected_are_counted_and_the_first_is_told() {
    let desk = Desk::new();
    let sound = row("A", "2024-11-26T14:30:00Z", 100);
    desk.put("in.csv", format!("{HEADER}{sound}A,x,1,1,1,1,1\n{}", row("A", "2024-11-26T14:31:30Z", 1)));
    let session = desk.put("session.toml", SESSION);
    let input = object(&run(&["check", &session, "--format", "json"]).ok())["inputs"][0].take();
    assert_eq!([&input["rows"], &input["rejected"]], [3, 2]);
    assert!(input["first_rejected"].as_str().unwrap().starts_with("line 3: "), "{input}");
    assert!(run(&["check", &session]).ok().stdout.contains("in.csv, line 3: "));
    desk.put("in.csv", HEADER);
    run(&["check", &session]).refused(4, &["no input has a sound row"]);
    desk.put("in.csv", format!("{HEADER}A,x,1,1,1,1,1\n"));
    run(&["check", &session]).refused(4, &["no input has a sound row", "line 2: "]);
}

#[test]
fn a_time_that_leaves_nothing_is_refused() {
    let text = format!("{SESSION}start = \"2024-11-26\"\nend = \"2024-11-25\"\n");
    check(&text).refused(3, &["`start` 2024-11-26", "`end` 2024-11-25"]);
    check(&format!("{SESSION}end = \"2199-01-01\"\n")).refused(3, &["XNYS", "2199-01-01"]);
}

#[test]
fn every_session_is_checked() {
    let (desk, session) = desk("session.toml", SESSION);
    let typo = desk.put("typo.toml", "calender = 1\n");
    let done = run(&["check", &typo, &session, "gone.toml"]).refused(3, &["typo.toml", "gone.toml"]);
    assert!(done.stdout.contains("session.toml: sound"), "{}", done.stdout);
}

#[test]
fn the_schema_is_json_with_a_description_a_field() {
    let schema = object(&run(&["schema"]).ok());
    assert_eq!(schema["type"], "object");
    let fields = schema["properties"].as_object().unwrap();
    for field in ["inputs", "calendar", "origin", "memory_limit"] {
        assert!(fields[field]["description"].is_string(), "{field}");
    }
}
