//! `run --journal DIR --resume`: killed at any point and gone on with, a run leaves what one that was never killed does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_methods, reason = "a process is killed after a while, and waited for")]

mod common;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use common::{Desk, process, run};

/// A session over a market with faults, its rows in two files.
fn session(desk: &Desk, more: &str) -> String {
    let path = |name: &str| desk.path(name).display().to_string();
    let (csv, parquet) = (path("a.csv"), path("b.parquet"));
    let faults = "duplicates=0.002,corrections=0.005,late=0.002";
    let days = [
        "--from",
        "2024-11-18",
        "--to",
        "2024-12-06",
        "--calendar",
        "XNYS",
        "--thin",
        "0.3",
        "--faults",
        faults,
    ];
    run(&[&["synth", "--symbols", "6", "--seed", "3", "--out", &csv], &days[..]].concat()).ok();
    run(&[&["synth", "--symbols", "4", "--seed", "4", "--out", &path("t.csv")], &days[..]].concat()).ok();
    desk.put("t.csv", desk.text("t.csv").replace("S0", "T0"));
    run(&["convert", &path("t.csv"), "--out", &parquet]).ok();
    let text = format!(
        "inputs = ['a.csv', 'b.parquet']\ncalendar = 'XNYS'\nlate = 'revise'\nderived_intervals = ['1m', '5m', '1h', '1d']\nrealtime_indicators = ['ema:9', 'vwap@5m', 'macd@1h']\nrejects = 'rejects.csv'\n{more}"
    );
    desk.put("session.toml", text)
}

/// The files in the folders, by name.
fn files(desk: &Desk, folders: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for folder in folders {
        for entry in std::fs::read_dir(desk.path(folder)).unwrap().map(|entry| entry.unwrap()) {
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            all.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    all
}

fn same(own: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, when: &str) {
    assert_eq!(own.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{when}");
    for (name, bytes) in expected {
        assert!(own[name] == *bytes, "{name} is another {when}");
    }
}

#[test]
fn killed_at_any_point_and_gone_on_with_it_leaves_the_same_bytes() {
    let desk = Desk::new();
    let session = session(&desk, "");
    let path = |name: &str| desk.path(name).display().to_string();
    let begun = Instant::now();
    run(&["run", &session, "--out", &path("whole"), "--journal", &path("whole_journal")]).ok();
    let length = begun.elapsed();
    let rename = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files
            .into_iter()
            .map(|(name, bytes)| (name.replace("whole", "out").replace("out_journal", "journal"), bytes))
            .collect()
    };
    let expected = rename(files(&desk, &["whole", "whole_journal"]));
    assert!(expected.len() == 6, "{:?}", expected.keys());
    let (out, journal) = (path("out"), path("journal"));
    for round in 0..8_u32 {
        let (mut kills, mut flags) = (0, vec![]);
        // Up to three times, at points that differ from round to round.
        loop {
            let args = ["run", &session, "--out", &out, "--journal", &journal];
            let runtime = if (round + kills).is_multiple_of(2) { &["--workers", "2"][..] } else { &[] };
            let mut child = process(&[&args[..], &flags, runtime].concat());
            let wait = length * ((round * 13 + kills * 7 + 3) % 97) / 97;
            std::thread::sleep(if kills < 3 { wait } else { Duration::ZERO });
            if kills < 3 {
                child.kill().unwrap();
            }
            let done = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&done.stderr);
            if done.status.success() {
                break;
            }
            assert_eq!(done.status.code(), None, "killed, or well: {stderr}");
            kills += 1;
            flags = if desk.path("journal").join("journal.bin").exists() { vec!["--resume"] } else { vec![] };
        }
        same(&files(&desk, &["out", "journal"]), &expected, &format!("in round {round} after {kills}"));
        std::fs::remove_dir_all(&out).unwrap();
        std::fs::remove_dir_all(&journal).unwrap();
    }
}

#[test]
fn a_journal_cut_anywhere_is_gone_on_with() {
    let desk = Desk::new();
    let session = session(&desk, "end = '2024-11-20'\n");
    let path = |name: &str| desk.path(name).display().to_string();
    let (out, journal) = (path("out"), path("journal"));
    run(&["run", &session, "--out", &out, "--journal", &journal]).ok();
    let expected = files(&desk, &["out", "journal"]);
    let whole = &expected["journal/journal.bin"];
    let cuts = [0, 5, 12, 40, 700, whole.len() / 3, whole.len() / 2, whole.len() - 1, whole.len()];
    for cut in cuts {
        std::fs::write(desk.path("journal/journal.bin"), &whole[..cut]).unwrap();
        run(&["run", &session, "--out", &out, "--journal", &journal, "--resume"]).ok();
        same(&files(&desk, &["out", "journal"]), &expected, &format!("after a cut at {cut}"));
    }
    // A byte that is another is no cut.
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(desk.path("journal/journal.bin"), &damaged).unwrap();
    run(&["run", &session, "--out", &out, "--journal", &journal, "--resume"])
        .refused(4, &["journal.bin", "checksum"]);
    assert!(std::fs::read(desk.path("journal/journal.bin")).unwrap() == damaged, "nothing is written to it");
}

#[test]
fn what_can_not_go_on_says_why() {
    let desk = Desk::new();
    let session = session(&desk, "end = '2024-11-19'\n");
    let path = |name: &str| desk.path(name).display().to_string();
    let journal = path("journal");
    let args = ["run", &session, "--journal", &journal, "--resume"];
    run(&args[..2].iter().copied().chain(["--resume"]).collect::<Vec<_>>()).refused(3, &["--journal DIR"]);
    run(&args).refused(3, &["no journal", "leave --resume out"]);
    run(&args[..4]).ok();
    run(&args[..4]).refused(1, &["a journal is there already", "--resume"]);
    // How it goes may be another, what is told may not.
    let text = desk.text("session.toml");
    desk.put("session.toml", format!("{text}workers = 2\n"));
    run(&args).ok();
    desk.put("session.toml", text.replace("ema:9", "ema:10"));
    run(&args).refused(3, &["another configuration", "ema"]);
    desk.put("session.toml", &text);
    // The files are others by now.
    let rows = desk.text("a.csv");
    desk.put("a.csv", rows.replacen("2024-11-18T14:35", "2024-11-18T14:36", 1));
    run(&args).refused(4, &["input", "of the journal", "changed"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_goes_on_and_what_is_missing_is_told() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let (pipe, out, journal) = (path("rows"), path("out"), path("journal"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let session = desk.put(
        "session.toml",
        format!("inputs = ['{pipe}']\ncalendar = 'XNYS'\nstamp = 'open'\nderived_intervals = ['5m']\nrealtime_indicators = ['sma:2']\n"),
    );
    let args = ["run", &session, "--out", &out, "--journal", &journal];
    let rows = |minutes: std::ops::Range<u32>| -> String {
        let row = |minute: u32| {
            format!("A,2024-11-26T15:{minute:02}:00Z,{minute}1,{minute}2,{minute}0,{minute}1,5\n")
        };
        minutes.map(row).collect()
    };
    let header = "symbol,open_time,open,high,low,close,volume\n";
    let mut child = process(&args);
    let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    to.write_all(format!("{header}{}", rows(10..23)).as_bytes()).unwrap();
    let bytes = || std::fs::metadata(desk.path("journal/journal.bin")).map_or(0, |found| found.len());
    let begun = Instant::now();
    // The row that was read last waits for the next one.
    while bytes() < 700 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the rows are not written down: {} bytes",
            bytes()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(to);
    // Asked to end while nothing comes, and half of a row is there: what was read is told and written.
    let child = process(&[&args[..], &["--resume"]].concat());
    let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    to.write_all(format!("{header}{}A,2024-11-26T15:24:00Z,9,9,9,9", rows(22..24)).as_bytes()).unwrap();
    let before = bytes();
    while bytes() < before + 30 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the rows are not written down: {} bytes",
            bytes()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(130), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(desk.text("out/5m.csv").lines().count() > 2);
    drop(to);
    let child = process(&[&args[..], &["--resume"]].concat());
    let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    to.write_all(format!("{header}{}", rows(25..41)).as_bytes()).unwrap();
    drop(to);
    let done = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{stderr}");
    assert!(
        stderr.contains("the journal ends at 2024-11-26T15:24:00Z") && stderr.contains("15:26:00Z"),
        "{stderr}"
    );
    let table = desk.text("out/5m.csv");
    let opens: Vec<&str> = table.lines().skip(1).map(|row| row.split(',').nth(3).unwrap()).collect();
    assert_eq!(
        opens,
        ["10", "15", "20", "25", "30", "35"].map(|minute| format!("2024-11-26T15:{minute}:00Z"))
    );
}
