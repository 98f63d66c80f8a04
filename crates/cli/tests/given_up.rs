//! Outputs that fail while a run goes: it ends by it, or goes on without, by `on_output_error`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;

use common::{Desk, Done, HEADER, bar_line, process, repo, row, run, run_of, run_with};
use serde_json::Value;

/// Runs the program as a line of a shell has it.
fn shell(before: &str, args: &str) -> Done {
    let bin = assert_cmd::cargo::cargo_bin!("barloom").display().to_string();
    let output = Command::new("bash").args(["-c", &format!("{before} exec {bin} {args}")]).output().unwrap();
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Files may hold so many KiB; a write beyond that is an error like that of a full disk.
fn limited(kib: usize, args: &str) -> Done {
    shell(&format!("trap '' XFSZ; ulimit -f {kib};"), args)
}

/// The files of a folder by name.
fn files(desk: &Desk, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    std::fs::read_dir(desk.path(folder)).map(|entries| entries.map(entry).collect()).unwrap_or_default()
}

/// What a summary says of the only output that was given up: its name, how much it lost and of what.
fn given_up(summary: &Value) -> (&str, u64, &str) {
    let [own] = summary["given_up"].as_array().unwrap().as_slice() else { panic!("{summary}") };
    assert!(own["at"].as_str().unwrap().starts_with("20"), "{own}");
    assert!(own["reason"].as_str().unwrap().contains("can't be "), "{own}");
    (own["output"].as_str().unwrap(), own["lost"].as_u64().unwrap(), own["unit"].as_str().unwrap())
}

/// How many rows tables have after a run with that summary.
fn rows(summary: &Value) -> u64 {
    let sum = |of: &Value, count: fn(&Value) -> &Value| -> u64 {
        of.as_object().unwrap().values().map(|own| count(own).as_u64().unwrap()).sum()
    };
    sum(&summary["intervals"], |own| &own["bars"]) + sum(&summary["warnings"], |own| own)
}

fn said_once(done: &Done, what: &str) {
    assert_eq!(done.stderr.matches(what).count(), 1, "{}", done.stderr);
}

#[test]
fn notifications_that_can_not_be_written_end_the_run_or_are_given_up() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let path = |name: &str| desk.path(name).display().to_string();
    let (sound, out, journal) = (path("sound"), path("out"), path("journal"));
    let told = run(&["run", &demo, "--out", &sound, "--format", "ndjson"]).ok().stdout;
    let full =
        |flags: &str| shell("", &format!("run {demo} --format ndjson --out {out} {flags} > /dev/full"));
    let stopped = full("").refused(1, &["error: stdout: can't be written: "]);
    assert!(!stopped.stderr.contains("goes on") && !desk.path("out").exists(), "{}", stopped.stderr);
    for workers in [1, 2] {
        let flags = format!("--on-output-error continue --journal {journal} --workers {workers}");
        let done = full(&flags).refused(1, &["error: outputs were given up: stdout at 20"]);
        said_once(&done, "warning: stdout: can't be written: No space left on device (os error 28)");
        let lost = format!("{} notifications lost; `", told.lines().count());
        assert!(done.stderr.replace(',', "").contains(&lost), "{}", done.stderr);
        assert!(done.stderr.contains(&format!("`barloom replay {journal} --format ndjson` gives it again")));
        assert!(files(&desk, "out") == files(&desk, "sound") && files(&desk, "out").len() == 6);
        assert!(run(&["replay", &journal, "--format", "ndjson"]).ok().stdout == told);
        for made in [&out, &journal] {
            std::fs::remove_dir_all(made).unwrap();
        }
    }
}

/// What a file took of notifications before it was full is not lost.
#[test]
fn notifications_are_counted_as_the_system_takes_them() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let told = desk.path("told").display().to_string();
    let sound = run(&["run", &demo, "--format", "ndjson"]).ok().stdout;
    let flags = format!("run {demo} --format ndjson --on-output-error continue > {told}");
    let done =
        limited(99, &flags).refused(1, &["outputs were given up: stdout at", "the same input once more"]);
    let kept = desk.text("told");
    assert!(kept.len() == 99 * 1024 && sound.starts_with(&kept));
    let lost = sound.lines().count() - kept.matches('\n').count();
    assert!(done.stderr.replace(',', "").contains(&format!(" {lost} notifications lost")), "{}", done.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_or_is_not_waited_for() {
    for (policy, flags) in [("continue", &["--workers", "2"][..]), ("continue", &[]), ("stop", &[])] {
        let desk = Desk::new();
        let path = |name: &str| desk.path(name).display().to_string();
        let (pipe, out) = (path("rows"), path("out"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let session = |input: &str, more: &str| {
            format!(
                "inputs = ['{input}']\ncalendar = '24/7'\nstamp = 'open'\nderived_intervals = ['1m', '1h']\n{more}"
            )
        };
        let text = format!("{HEADER}{}", run_of("A", 1_732_579_200, 3000));
        desk.put("whole.csv", &text);
        let whole = desk.put("whole.toml", session("whole.csv", "out = 'whole'\n"));
        let sound = run(&["run", &whole, "--format", "ndjson"]).ok().stdout;

        // The flag wins over the file.
        let more = format!("on_output_error = '{}'\n", if policy == "stop" { "continue" } else { "stop" });
        let of_pipe = desk.put("session.toml", session("rows", &more));
        let args = ["run", &of_pipe, "--out", &out, "--format", "ndjson", "--on-output-error", policy];
        let mut child = process(&[&args[..], flags].concat());
        let mut to = OpenOptions::new().write(true).open(&pipe).unwrap();
        let mut from = BufReader::new(child.stdout.take().unwrap());
        let (before, after) = text.split_at(text.len() / 3);
        to.write_all(before.as_bytes()).unwrap();
        let mut line = String::new();
        for told in sound.lines().take(3) {
            line.clear();
            from.read_line(&mut line).unwrap();
            assert_eq!(line.trim_end(), told);
        }
        drop(from);
        // Where the run ends, nobody reads it.
        let fed = to.write_all(after.as_bytes());
        drop(to);
        let done = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        if policy == "stop" {
            assert!(stderr.contains("error: stdout: its reader went away"), "{stderr}");
            assert!(!desk.path("out").exists());
        } else {
            fed.unwrap();
            assert!(stderr.contains("warning: stdout: its reader went away; the run goes on"), "{stderr}");
            assert!(files(&desk, "out") == files(&desk, "whole") && files(&desk, "out").len() == 3);
        }
    }
}

/// A service that was left by its reader, and is then asked to end: what is whole is in place, and the last line gives the rest again.
#[test]
fn what_was_given_up_before_a_signal_comes_again_from_the_journal() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let (pipe, out, journal) = (path("rows"), path("out"), path("journal"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = "inputs = ['rows']\ncalendar = '24/7'\nstamp = 'open'\nderived_intervals = '1m'\non_output_error = 'continue'\n";
    let session = desk.put("session.toml", text);
    let mut child = process(&["run", &session, "--out", &out, "--journal", &journal, "--format", "ndjson"]);
    drop(child.stdout.take());
    let mut to = OpenOptions::new().write(true).open(&pipe).unwrap();
    to.write_all(format!("{HEADER}{}", run_of("A", 1_732_579_200, 600)).as_bytes()).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let warning = said.next().unwrap().unwrap();
    assert!(warning.starts_with("warning: stdout: its reader went away; the run goes on"), "{warning}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let last = said.map(Result::unwrap).last().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{last}");
    drop(to);
    assert!(last.ends_with("; interrupted; what was told before stands and is written"), "{last}");
    let command = last.split('`').nth(1).unwrap().strip_prefix("barloom ").unwrap().to_owned();
    let again = run(&command.split(' ').collect::<Vec<_>>()).ok();
    let lost = last.split(" notifications lost").next().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(again.stdout.lines().count().to_string(), lost, "{last}");
    assert_eq!(desk.table("1m.csv").rows.len(), again.of_type("bar").len());
}

#[test]
fn tables_that_can_not_be_written_end_the_run_or_are_given_up_together() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let path = |name: &str| desk.path(name).display().to_string();
    let out = path("out");
    let sound: Value = serde_json::from_str(&run(&["run", &demo, "--format", "json"]).ok().stdout).unwrap();
    let told = run(&["run", &demo, "--format", "ndjson"]).ok().stdout;
    assert_eq!(sound["given_up"], serde_json::json!([]));
    for format in ["csv", "parquet", "arrow"] {
        for workers in [1, 2] {
            let flags = format!("run {demo} --out {out} --to {format} --workers {workers}");
            limited(1, &flags).refused(1, &[&format!("error: {out}/"), "can't be written: File too large"]);
            assert!(!desk.path("out").exists());

            // A table that was there stays.
            std::fs::create_dir(&out).unwrap();
            desk.put(&format!("out/5m.{format}"), "old");
            let flags = format!("{flags} --force --on-output-error continue");
            let done = limited(1, &format!("{flags} --format json"));
            let done =
                done.refused(1, &["error: outputs were given up: tables at 20", "the same input once more"]);
            said_once(&done, "File too large (os error 27); the run goes on without the tables");
            let summary: Value = serde_json::from_str(&done.stdout).unwrap();
            assert_eq!(given_up(&summary), ("tables", rows(&sound), "rows"));
            assert_eq!((&summary["rows"], &summary["steps"]), (&sound["rows"], &sound["steps"]));
            assert_eq!(files(&desk, "out").into_keys().collect::<Vec<_>>(), [format!("5m.{format}")]);
            assert_eq!(desk.text(&format!("out/5m.{format}")), "old");

            let done = limited(1, &flags);
            assert!(done.stdout.contains("\ngiven up: tables at 20"), "{}", done.stdout);
            let done = limited(1, &format!("{flags} --format ndjson"));
            assert!(done.code == Some(1) && done.stdout == told, "{}", done.stderr);
            std::fs::remove_dir_all(&out).unwrap();
        }
    }
}

/// Rows are held back a while, so that a long run finds out on its way.
#[test]
fn tables_are_given_up_in_the_middle_of_a_run() {
    let desk = Desk::new();
    desk.put("in.csv", HEADER.to_owned() + &run_of("A", 1_704_067_200, 400_000));
    let session = desk.put(
        "session.toml",
        "inputs = ['in.csv']\ncalendar = '24/7'\nstamp = 'open'\nderived_intervals = '1m'\n",
    );
    let out = desk.path("out").display().to_string();
    for format in ["csv", "parquet", "arrow"] {
        std::fs::create_dir(&out).unwrap();
        let flags =
            format!("run {session} --out {out} --to {format} --format json --on-output-error continue");
        let done = limited(1, &flags).refused(1, &["tables at 2024-"]);
        said_once(&done, &format!("warning: {out}/1m.{format}: can't be written: File too large"));
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(given_up(&summary), ("tables", 400_000, "rows"));
        assert!(summary["given_up"][0]["at"].as_str().unwrap() < "2024-10-01", "{summary}");
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "no temporary file is left");
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn rejects_that_can_not_be_written_leave_the_tables() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let (out, journal, again) = (path("out"), path("journal"), path("again.csv"));
    let bad = |n: i64| row("A", &(1_732_579_200 + 60 * n + 7).to_string(), 100);
    let both = |n: i64| run_of("A", 1_732_579_200 + 60 * n, 1) + &bad(n) + &bad(n);
    desk.put("in.csv", HEADER.to_owned() + &(0..1440).map(both).collect::<String>());
    let text = "inputs = ['in.csv']\ncalendar = '24/7'\nstamp = 'open'\nderived_intervals = '1h'\nrejects = 'rejects.csv'\n";
    let session = desk.put("session.toml", text);
    run(&["run", &session, "--out", &out, "--journal", &journal]).ok();
    let (tables, rejects) = (files(&desk, "out"), desk.text("rejects.csv"));
    assert_eq!(rejects.lines().count(), 2881);
    // What the tables need, and not what the rejects do.
    let room = tables.values().map(Vec::len).max().unwrap() / 1024 + 2;
    assert!(rejects.len() > 1024 * room, "{} rejects, {room} KiB", rejects.len());
    run(&["replay", &journal, "--rejects", &again]).ok();
    assert!(desk.text("again.csv") == rejects);

    std::fs::remove_dir_all(&out).unwrap();
    desk.put("rejects.csv", "old");
    let flags = format!("run {session} --out {out} --format json");
    let stopped = limited(room, &flags).refused(1, &["error: ", "rejects.csv: can't be written"]);
    assert!(!desk.path("out").exists() && stopped.stdout.is_empty());
    let done = limited(room, &format!("{flags} --on-output-error continue")).refused(1, &["rejects at 20"]);
    said_once(&done, &format!("warning: {}: can't be written: File too large", path("rejects.csv")));
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(given_up(&summary), ("rejects", 2880, "rows"));
    assert!(files(&desk, "out") == tables);
    assert_eq!(desk.text("rejects.csv"), "old");
    assert_eq!(std::fs::read_dir(desk.path("")).unwrap().count(), 6, "no temporary file is left");
}

#[test]
fn a_journal_that_can_not_be_written_ends_the_run_or_keeps_its_whole_inputs() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let path = |name: &str| desk.path(name).display().to_string();
    let (whole, journal) = (path("whole"), path("journal"));
    let sound = run(&["run", &demo, "--journal", &whole, "--format", "ndjson"]).ok().stdout;
    for workers in [1, 2] {
        let flags = format!("run {demo} --journal {journal} --workers {workers}");
        limited(150, &flags).refused(1, &["error: ", "journal.bin: can't be written: File too large"]);
        std::fs::remove_dir_all(&journal).unwrap();

        let done = limited(150, &format!("{flags} --format ndjson --on-output-error continue"));
        let done = done.refused(1, &["error: outputs were given up: journal at 20", " inputs lost; "]);
        said_once(&done, "journal.bin: can't be written: File too large (os error 27); the run goes on");
        assert!(done.stdout == sound);
        let lost = done.stderr.split(" inputs lost").next().unwrap().rsplit(' ').next().unwrap();
        let lost: u64 = lost.replace(',', "").parse().unwrap();

        // What is there runs again, and the run goes on from it once there is room.
        let again = run(&["replay", &journal, "--format", "ndjson"]).ok();
        assert!(again.stdout.len() > 1000 && sound.starts_with(&again.stdout));
        let resume = ["run", &demo, "--journal", &journal, "--resume"];
        let found = run(&resume).ok().stderr;
        let inputs = |text: &str| -> u64 {
            text.split("goes on after ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
        };
        assert!(files(&desk, "journal") == files(&desk, "whole"));
        assert_eq!(inputs(&found) + lost, inputs(&run(&resume).ok().stderr));
        std::fs::remove_dir_all(&journal).unwrap();
    }
}

/// Lines of minutes, each with one that is refused behind it.
fn lines(count: u32) -> String {
    let minute = |n: u32| format!("2024-11-26T{:02}:{:02}:00Z", 1 + n / 60, n % 60);
    (0..count)
        .map(|n| bar_line("A", &minute(n), 100 + n) + &bar_line("A", "2024-11-26T01:00:07Z", 1))
        .collect()
}

#[test]
fn a_stream_goes_on_without_stdout_or_its_rejects() {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let (input, rejects) = (desk.put("lines", lines(600)), path("rejects.csv"));
    let args = format!("stream -i 1m --calendar 24/7 --rejects {rejects}");
    let sound = run_with(&args.split(' ').collect::<Vec<_>>(), lines(600)).ok().stdout;
    let table = desk.text("rejects.csv");
    assert_eq!(table.lines().count(), 601);

    let full = format!("{args} < {input} > /dev/full");
    shell("", &full).refused(1, &["error: stdout: can't be written"]);
    std::fs::remove_file(&rejects).unwrap();
    let done = shell("", &format!("{full} --on-output-error continue"));
    let lost = format!(": stdout at line 1, {} notifications lost; ", sound.lines().count());
    let done = done.refused(1, &["line 1200: refused: "]);
    assert!(done.stderr.replace(',', "").contains(&lost.replace(',', "")), "{}", done.stderr);
    said_once(&done, "the stream goes on without notifications on stdout");
    assert!(desk.text("rejects.csv") == table);

    desk.put("rejects.csv", "old");
    let room = table.len() / 1024 / 2;
    limited(room, &format!("{args} < {input}"))
        .refused(1, &["rejects.csv: can't be written: File too large"]);
    let done = limited(room, &format!("{args} --on-output-error continue < {input}"));
    let done = done.refused(1, &["error: outputs were given up: rejects at line 1", "600 rows lost"]);
    assert!(done.stdout == sound && desk.text("rejects.csv") == "old");
    assert_eq!(std::fs::read_dir(desk.path("")).unwrap().count(), 2, "no temporary file is left");
}

/// Nothing has run yet, so that nothing is lost by saying so.
#[test]
fn outputs_that_can_not_be_begun_are_an_error_by_either_policy() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let file = desk.put("file", "");
    for policy in ["stop", "continue"] {
        for flag in ["--out", "--journal"] {
            let below = format!("{file}/below");
            let done =
                run(&["run", &demo, flag, &below, "--on-output-error", policy]).refused(1, &["file/below"]);
            assert!(done.stdout.is_empty(), "{}", done.stdout);
        }
    }
    run(&["run", &demo, "--on-output-error", "ignore"]).refused(2, &["allowed are stop, continue"]);
}
