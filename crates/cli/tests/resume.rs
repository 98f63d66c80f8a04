//! `run --journal DIR --resume`: killed at any point and gone on with, a run leaves what one that was never killed does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_methods, reason = "a process is killed after a while, and waited for")]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
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
    killed_at_any_point("");
}

#[test]
fn killed_at_any_point_and_gone_on_with_from_checkpoints_it_leaves_the_same_bytes() {
    killed_at_any_point("checkpoints = 'session'\n");
}

fn killed_at_any_point(more: &str) {
    let desk = Desk::new();
    let session = session(&desk, more);
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
    // Which checkpoints there are depends on where a run was killed.
    let numbers = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files.into_iter().filter(|(name, _)| !name.contains("checkpoint") && !name.contains("part")).collect()
    };
    let expected = numbers(rename(files(&desk, &["whole", "whole_journal"])));
    let rejects = desk.text("rejects.csv");
    let mut checkpoints = 0;
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
            checkpoints += usize::from(stderr.contains("its state is that of"));
            if done.status.success() {
                break;
            }
            assert_eq!(done.status.code(), None, "killed, or well: {stderr}");
            kills += 1;
            flags = if desk.path("journal").join("journal.bin").exists() { vec!["--resume"] } else { vec![] };
        }
        let own = numbers(files(&desk, &["out", "journal"]));
        same(&own, &expected, &format!("in round {round} after {kills}"));
        assert!(desk.text("rejects.csv") == rejects, "rejects in round {round} after {kills}");
        std::fs::remove_dir_all(&out).unwrap();
        std::fs::remove_dir_all(&journal).unwrap();
    }
    assert_eq!(checkpoints > 2, !more.is_empty(), "{checkpoints} went on from a checkpoint");
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

/// Waits until `is_so`.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_goes_on_from_the_session_at_hand() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let days = ["--from", "2024-11-25", "--to", "2024-11-29", "--calendar", "XNYS", "--thin", "0.1"];
    run(&[&["synth", "--symbols", "3", "--seed", "5", "--out", &path("rows.csv")], &days[..]].concat()).ok();
    let (pipe, out, journal) = (path("rows"), path("out"), path("journal"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let session = |input: &str| {
        format!(
            "inputs = ['{input}']\ncalendar = 'XNYS'\nstamp = 'open'\nderived_intervals = ['1m', '5m', '1h', '1d', '1w']\nrealtime_indicators = ['sma:20', 'vwap@5m', 'rsi@1h']\n"
        )
    };
    let from_file = desk.put("file.toml", session("rows.csv"));
    run(&["run", &from_file, "--out", &path("whole")]).ok();
    let from_pipe = desk.put("pipe.toml", session(&pipe));
    let rows = desk.text("rows.csv");
    let (header, rows) = rows.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let time = |row: &str| row.split(',').nth(1).unwrap().to_owned();
    let begins = |at: &str| rows.iter().position(|row| *time(row) >= *at).unwrap();
    let args = ["run", &from_pipe, "--out", &out, "--journal", &journal];
    let has_checkpoint =
        |number: u32| desk.path(&format!("journal/checkpoint-{number:06}.snapshot")).exists();
    let bytes = || std::fs::metadata(desk.path("journal/journal.bin")).map_or(0, |found| found.len());
    // Killed on the second day, on the third, and between the third and the fourth; then the rows of the day come again.
    let mut from = 0;
    let cuts = [
        ("2024-11-26T14:30:00Z", "2024-11-26T16:40:30Z"),
        ("2024-11-27T14:30:00Z", "2024-11-27T18:00:00Z"),
        ("2024-11-27T14:30:00Z", "2024-11-29T00:00:00Z"),
    ];
    for (round, (open, cut)) in cuts.into_iter().enumerate() {
        let resume = if round > 0 { &["--resume"][..] } else { &[] };
        let mut child = process(&[&args[..], resume].concat());
        let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        let before = bytes();
        let end = begins(cut);
        let text = rows[from..end].join("\n");
        to.write_all(format!("{header}\n{text}\n").as_bytes()).unwrap();
        // All but the minute at hand is written down when nothing more is.
        let mut last = before;
        wait_until("the rows are written down", || {
            std::thread::sleep(Duration::from_millis(200));
            bytes() == std::mem::replace(&mut last, bytes()) && last > before
        });
        wait_until("no checkpoint", || has_checkpoint((round as u32 + 1).min(2)));
        if round < 2 {
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            let (mut kill, id) = (std::process::Command::new("kill"), child.id().to_string());
            assert!(kill.args(["-TERM", &id]).status().unwrap().success());
            let done = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(130), "{stderr}");
            // The close of the second day, not its beginning and not the first day's.
            assert!(stderr.contains("its state is that of 2024-11-26T21:00:00Z"), "{stderr}");
        }
        drop(to);
        from = begins(open);
    }
    let child = process(&[&args[..], &["--resume", "--workers", "3"]].concat());
    let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    to.write_all(format!("{header}\n{}\n", rows[from..].join("\n")).as_bytes()).unwrap();
    drop(to);
    let done = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && stderr.contains("its state is that of 2024-11-26T21:00:00Z"),
        "{stderr}"
    );
    let (own, mut expected) = (files(&desk, &["out"]), files(&desk, &["whole"]));
    expected = expected.into_iter().map(|(name, bytes)| (name.replace("whole", "out"), bytes)).collect();
    // Rows of a day that was over came again with the next one; they are late, and that is told.
    let without_warnings = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files.into_iter().filter(|(name, _)| name != "out/warnings.csv").collect()
    };
    same(&without_warnings(own), &without_warnings(expected), "after four runs");
}

#[test]
fn a_checkpoint_that_is_damaged_says_so_and_one_without_its_parts_is_not_gone_on_from() {
    let desk = Desk::new();
    let session = session(&desk, "end = '2024-11-22'\ncheckpoints = 'session'\n");
    let path = |name: &str| desk.path(name).display().to_string();
    let (out, journal) = (path("out"), path("journal"));
    let args = ["run", &session, "--out", &out, "--journal", &journal, "--resume"];
    run(&args[..6]).ok();
    let expected = files(&desk, &["out", "journal"]);
    let resumed = |state: &str| {
        let done = run(&args).ok();
        assert_eq!(
            done.stderr.contains(&format!("its state is that of {state}")),
            !state.is_empty(),
            "{}",
            done.stderr
        );
        let (own, mut expected) = (files(&desk, &["out", "journal"]), expected.clone());
        // What was recorded is not saved again.
        expected.retain(|name, _| own.contains_key(name));
        assert!(expected.contains_key("journal/journal.bin") && expected.contains_key("out/1d.csv"));
        same(&own, &expected, "gone on with");
    };
    resumed("2024-11-21T21:00:00Z");
    let put = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = expected[name].clone();
        change(&mut bytes);
        desk.put(name, bytes);
    };
    let newest = "journal/checkpoint-000004.snapshot";
    assert!(expected.contains_key(newest), "{:?}", expected.keys());
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
    };
    put(newest, &flip);
    run(&args).refused(4, &["checkpoint-000004.snapshot", "damaged", "checksum", "from its journal alone"]);
    put(newest, &|bytes| bytes[8] = 7);
    run(&args).refused(4, &["checkpoint-000004.snapshot", "version 7", "reads versions 1 to"]);
    put(newest, &|bytes| bytes.truncate(bytes.len() / 3));
    run(&args).refused(4, &["checkpoint-000004.snapshot", "ends early"]);
    put(newest, &|bytes| bytes[12] ^= 1);
    run(&args).refused(4, &["checkpoint-000004.snapshot", "checksum"]);
    put(newest, &|_| {});
    put("journal/part-000002.told", &flip);
    run(&args).refused(4, &["part-000002.told", "checksum"]);
    put("journal/part-000002.told", &|bytes| bytes.truncate(bytes.len() - 3));
    run(&args).refused(4, &["part-000002.told", "ends early"]);
    put("journal/part-000002.told", &|_| {});
    // The state of a run that was set up otherwise.
    let other = desk.put("other.toml", desk.text("session.toml").replace("ema:9", "ema:10"));
    run(&["run", &other, "--journal", &path("other")]).ok();
    std::fs::copy(desk.path("other/checkpoint-000004.snapshot"), desk.path(newest)).unwrap();
    run(&args).refused(3, &["checkpoint-000004.snapshot", "another configuration"]);
    put(newest, &|_| {});
    // Without the newest part the state before it is good, without an older one none is.
    std::fs::remove_file(desk.path("journal/part-000004.told")).unwrap();
    resumed("2024-11-20T21:00:00Z");
    std::fs::remove_file(desk.path("journal/part-000001.told")).unwrap();
    let done = run(&args).ok();
    assert!(!done.stderr.contains("its state"), "{}", done.stderr);
    let own = files(&desk, &["out"]);
    let tables = expected.iter().filter(|(name, _)| name.starts_with("out/"));
    same(
        &own,
        &tables.map(|(name, bytes)| (name.clone(), bytes.clone())).collect(),
        "from the journal alone",
    );
    // A run without tables needs no parts.
    std::fs::remove_dir_all(&journal).unwrap();
    desk.put("session.toml", desk.text("session.toml").replace("rejects = ", "# "));
    run(&["run", &session, "--journal", &journal]).ok();
    assert!(!desk.path("journal/part-000001.told").exists());
    let done = run(&["run", &session, "--journal", &journal, "--resume"]).ok();
    assert!(done.stderr.contains("its state is that of 2024-11-21T21:00:00Z"), "{}", done.stderr);
    // One that has some goes through the journal.
    let done = run(&args).ok();
    assert!(!done.stderr.contains("its state"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn what_a_pipe_closed_is_told_at_once() {
    let desk = Desk::new();
    let pipe = desk.path("rows").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let session = desk.put(
        "session.toml",
        format!("inputs = ['{pipe}']\ncalendar = 'XNYS'\nstamp = 'open'\nderived_intervals = ['1m']\n"),
    );
    let mut child = process(&["run", &session, "--format", "ndjson"]);
    let mut to = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
    to.write_all(b"symbol,open_time,open,high,low,close,volume\n").unwrap();
    for minute in 30..40 {
        // The row that follows says that the minute before it has no more.
        let row = format!("A,2024-11-26T14:{minute}:00Z,1,2,1,2,5\n");
        to.write_all(row.as_bytes()).unwrap();
        if minute > 30 {
            let line = told.recv_timeout(Duration::from_secs(20)).unwrap();
            assert!(line.contains(&format!("T14:{:02}:00Z", minute - 1)), "{line}");
        }
    }
    drop(to);
    assert!(child.wait().unwrap().success());
}
