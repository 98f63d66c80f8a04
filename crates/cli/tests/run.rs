//! `run`: a session file, one clock, every notification in order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use std::collections::BTreeMap;

use common::{Desk, Done, minutes, repo, run, synth};
use serde_json::Value;

const COUNTERS: [&str; 6] = ["accepted", "duplicate", "corrected", "late", "invalid", "out_of_session"];

const INTERVALS: [&str; 5] = ["5m", "15m", "30m", "1h", "1d"];

fn demo(flags: &[&str]) -> Done {
    let session = repo("examples/demo.toml");
    run(&[&["run", session.as_str()], flags].concat()).ok()
}

/// What the demo asks for, by flags.
fn derived() -> (Desk, Done) {
    let desk = Desk::new();
    let flags = "-i 5m,15m,30m,1h,1d --calendar XNYS --stamp open --policy coverage,strict@1h \
                 --indicator rsi:14@5m --indicator macd:12,26,9@15m --indicator atr:14@1h";
    let done = desk.derive(&[&synth()], flags).ok();
    (desk, done)
}

#[test]
fn the_demo_tells_people_what_it_did() {
    let text = demo(&[]).stdout;
    for word in ["rows in", "accepted", "incomplete_bar", "5m", "1d"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let stdout = demo(&[]).stdout;
    // Up to the times.
    let lines = stdout.lines().take_while(|line| !line.starts_with(" stage"));
    let shown = lines.collect::<Vec<_>>().join("\n");
    let readme = std::fs::read_to_string(repo("README.md")).unwrap();
    assert!(shown.contains("accepted") && readme.contains(&shown), "{shown}");
}

#[test]
fn progress_is_for_terminals_alone() {
    for flags in [&[][..], &["--no-progress"], &["--format", "ndjson"]] {
        let done = demo(flags);
        assert!(done.stderr.is_empty(), "{}", done.stderr);
        assert!(!done.stdout.contains(['\r', '\u{1b}']), "{}", done.stdout);
    }
}

#[test]
fn the_summary_adds_up_and_equals_that_of_derive() {
    let summary: Value = serde_json::from_str(&demo(&["--format", "json"]).stdout).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(COUNTERS.map(count).iter().sum::<u64>(), count("rows"));
    let (desk, done) = derived();
    for name in COUNTERS.into_iter().chain(["rows", "unfinished"]) {
        assert_eq!(count(name), done.told_count(name), "{name}");
    }
    for interval in INTERVALS {
        let bars = desk.table(&format!("{interval}.csv")).rows.len();
        assert_eq!(summary["intervals"][interval]["bars"], bars, "{interval}");
    }
    let warnings = desk.table("warnings.csv");
    for (kind, n) in summary["warnings"].as_object().unwrap() {
        let told = warnings.column("kind").iter().filter(|got| *got == kind).count();
        assert_eq!(n.as_u64(), Some(told as u64), "{kind}");
    }
}

#[test]
fn the_tables_are_those_of_derive() {
    let desk = Desk::new();
    let out = desk.path("out").display().to_string();
    demo(&["--out", &out]);
    let (derived, _) = derived();
    for interval in INTERVALS {
        let name = format!("{interval}.csv");
        assert_eq!(desk.table(&name).sorted(), derived.table(&name).sorted(), "{interval}");
        for table in [desk.table(&name), derived.table(&name)] {
            assert!(table.cut("close_time symbol").is_sorted(), "{interval} is not in visible order");
        }
    }
}

/// The place of an interval among those asked for; the base, which only warnings name, comes first.
fn rank(interval: &str) -> usize {
    INTERVALS.iter().position(|&known| known == interval).map_or(0, |place| place + 1)
}

#[test]
fn notifications_come_in_the_order_of_time_symbol_and_interval() {
    let done = demo(&["--format", "ndjson"]);
    let objects = done.objects();
    assert!(objects.iter().all(|object| object.get("line").is_none()));
    let key = |bar: &Value| {
        let text = |name: &str| bar[name].as_str().unwrap().to_owned();
        (text("close_time"), text("symbol"), rank(bar["interval"].as_str().unwrap()))
    };
    let bars: Vec<_> = done.of_type("bar").iter().map(key).collect();
    assert!(bars.len() > 1000);
    for pair in bars.windows(2) {
        assert!(pair[0] < pair[1], "{:?} before {:?}", pair[0], pair[1]);
    }
}

#[test]
fn notifications_are_those_that_the_tables_count() {
    let (desk, _) = derived();
    let done = demo(&["--format", "ndjson"]);
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for bar in done.of_type("bar") {
        *told.entry(bar["interval"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for interval in INTERVALS {
        assert_eq!(told[interval], desk.table(&format!("{interval}.csv")).rows.len(), "{interval}");
    }
    assert_eq!(done.of_type("warning").len(), desk.table("warnings.csv").rows.len());
    for (interval, column) in [("5m", "rsi_14"), ("15m", "macd_12_26_9.macd"), ("1h", "atr_14")] {
        let table = desk.table(&format!("{interval}.csv"));
        let values = table.column(column).iter().filter(|value| !value.is_empty()).count();
        let told = done.of_type("indicator").into_iter().filter(|value| value["interval"] == interval);
        assert!(values > 0 && told.count() == values, "{interval}");
    }
}

#[test]
fn files_are_merged_by_time() {
    let desk = Desk::new();
    desk.put("b.csv", minutes(&["B 14:30", "B 14:34", "B 14:35", "B 14:39"]));
    desk.put("a.csv", minutes(&["A 14:31", "A 14:34", "A 14:39"]));
    let text = "inputs = [\"b.csv\", \"a.csv\"]\nstamp = \"open\"\ncalendar = \"XNYS\"\nderived_intervals = \"5m\"\nout = \"out\"\n";
    let session = desk.put("session.toml", text);
    run(&["run", &session]).ok();
    assert_eq!(
        desk.table("5m.csv").cut("symbol open_time n_base"),
        [
            "A 2024-11-26T14:30:00Z 2",
            "B 2024-11-26T14:30:00Z 2",
            "A 2024-11-26T14:35:00Z 1",
            "B 2024-11-26T14:35:00Z 2"
        ]
    );
}

#[test]
fn two_runs_write_the_same_bytes() {
    let (first, second) = (Desk::new(), Desk::new());
    for desk in [&first, &second] {
        demo(&["--out", &desk.path("out").display().to_string()]);
    }
    for name in first.outputs() {
        assert_eq!(first.text(&format!("out/{name}")), second.text(&format!("out/{name}")), "{name}");
    }
}

#[test]
fn a_start_with_too_little_history_is_warned_about_once() {
    let desk = Desk::new();
    let session = |start: &str| {
        let text = format!(
            "inputs = [{:?}]\nstamp = \"open\"\ncalendar = \"XNYS\"\nrealtime_indicators = [\"rsi:14@1h\", \"sma:5@1d\"]\n{start}",
            synth()
        );
        run(&["run", &desk.put("session.toml", text)]).ok()
    };
    let done = session("start = 2024-12-02\n");
    let lines: Vec<&str> = done.stderr.lines().collect();
    assert!(matches!(lines[..], [_]), "{lines:?}");
    assert!(lines[0].starts_with("warning: history is short: rsi_14@1h has "), "{lines:?}");
    assert!(!done.stdout.contains("history is short"));
    assert!(session("").stderr.is_empty(), "without a start there is no history to miss");
}
