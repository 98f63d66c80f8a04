//! `run` on several threads and by the clock: the same bytes, lateness told, and an end when asked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use common::{Desk, Done, process, repo, run};
use serde_json::Value;

fn demo(flags: &[&str]) -> Done {
    run(&[&["run", &repo("examples/demo.toml")], flags].concat())
}

/// What the demo tells, its tables and its journal.
fn all_of(flags: &[&str]) -> Vec<(String, Vec<u8>)> {
    let desk = Desk::new();
    let path = |name: &str| desk.path(name).display().to_string();
    let (out, journal) = (path("out"), path("journal"));
    let asked = ["--format", "ndjson", "--out", &out, "--journal", &journal];
    let mut all = vec![("stdout".to_owned(), demo(&[&asked, flags].concat()).ok().stdout.into_bytes())];
    for folder in [out, journal] {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            all.push((entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()));
        }
    }
    // A checkpoint has as many shards as its run, and only a clock-driven one is asked for by default.
    all.retain(|(name, _)| !name.starts_with("checkpoint-") && !name.starts_with("part-"));
    all.sort();
    all
}

#[test]
fn every_runtime_and_speed_gives_the_same_bytes() {
    let inline = all_of(&["--runtime", "inline"]);
    assert!(inline.len() > 7 && inline.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 2_000_000);
    let threads = ["1", "2", "3"].map(|workers| vec!["--runtime", "threads", "--workers", workers]);
    // Faster than anything goes: late at every step, and nothing is lost by it.
    let paced = vec!["--speed", "100000000", "--workers", "2"];
    for flags in threads.into_iter().chain([paced, vec!["--workers", "4"]]) {
        for ((name, one), (_, other)) in inline.iter().zip(&all_of(&flags)) {
            assert!(one == other, "{name} is another with {flags:?}");
        }
    }
}

#[test]
fn a_run_by_the_clock_tells_all_latencies_and_every_overrun() {
    let session = repo("examples/slow_subscriber.toml");
    let summary = |flags: &[&str]| -> Value {
        serde_json::from_str(&run(&[&["run", &session, "--format", "json"], flags].concat()).ok().stdout)
            .unwrap()
    };
    let late = summary(&["--on-overrun", "warn"]);
    let count = |value: &Value| value.as_u64().unwrap();
    assert!(count(&late["overruns"]) > 100 && count(&late["deepest_queue"]) > 1, "{late}");
    let first = &late["first_overruns"][0];
    for field in ["stage", "step", "interval", "time", "due", "lateness_ns", "pending"] {
        assert!(!first[field].is_null(), "{field}: {first}");
    }
    for stage in ["coordinator", "coordinator_to_processor", "processor", "processor_to_analysis", "analysis"]
    {
        let latency = &late["latency_ns"][stage];
        assert_eq!(
            (count(&latency["count"]), &late["timed_one_step_in"]),
            (count(&latency["timed"]), &Value::from(1))
        );
        assert!(
            count(&latency["count"]) > 1000 && count(&latency["max"]) >= count(&latency["p50"]),
            "{stage}: {late}"
        );
    }
    // Without a speed nobody is late, and the rows are the same.
    let waited_for = summary(&["--speed", "0", "--runtime", "threads"]);
    assert_eq!((&waited_for["overruns"], &waited_for["rows"]), (&Value::from(0), &late["rows"]));
    assert_eq!(waited_for["intervals"], late["intervals"]);
}

#[test]
fn an_overrun_that_is_an_error_is_listed_and_exits_with_5() {
    let desk = Desk::new();
    let session = repo("examples/slow_subscriber.toml");
    let out = desk.path("out").display().to_string();
    let done = run(&["run", &session, "--out", &out]);
    assert_eq!(done.code, Some(5), "{}", done.stderr);
    assert!(done.stderr.starts_with("error: overrun at step "), "{}", done.stderr);
    assert!(done.stderr.contains("what was published is told and written"), "{}", done.stderr);
    assert!(
        done.stdout.contains("\noverruns ") && done.stdout.contains("\noverrun at step "),
        "{}",
        done.stdout
    );
    // What was written is whole, and the beginning of what a run without haste writes.
    let whole = Desk::new();
    let all = whole.path("out").display().to_string();
    run(&["run", &session, "--speed", "0", "--out", &all]).ok();
    for name in ["5m.csv", "1h.csv"] {
        let (beginning, all) = (desk.text(&format!("out/{name}")), whole.text(&format!("out/{name}")));
        assert!(beginning.lines().count() < all.lines().count() && all.starts_with(&beginning), "{name}");
    }
}

#[test]
fn what_does_not_go_together_says_so() {
    demo(&["--runtime", "inline", "--workers", "2"])
        .refused(3, &["runtime `inline` is one thread", "`auto`"]);
    demo(&["--runtime", "inline", "--speed", "60"]).refused(3, &["here are 1 and 60"]);
    demo(&["--runtime", "thread"]).refused(2, &["did you mean `threads`?"]);
    demo(&["--workers", "0"]).refused(2, &["a whole number from 1 to 64"]);
    demo(&["--speed", "-1"]).refused(2, &["speed `-1` is not allowed"]);
    demo(&["--on-overrun", "stop"]).refused(2, &["allowed are warn, error"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_for_the_next_minute() {
    let desk = Desk::new();
    let out = desk.path("out").display().to_string();
    // The second minute is due in one hour and forty minutes.
    let (session, flags) = (repo("examples/demo.toml"), ["--speed", "0.01", "--format", "ndjson", "--out"]);
    let mut child = process(&[&["run", &session], &flags[..], &[&out]].concat());
    let pending = || std::fs::read_dir(desk.path("out")).is_ok_and(|mut files| files.next().is_some());
    while !pending() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (tell, told) = std::sync::mpsc::channel();
    let (mut stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        tell.send(std::io::read_to_string(stderr).unwrap_or_default())
    });
    let stderr = told.recv_timeout(std::time::Duration::from_secs(20));
    if stderr.is_err() {
        child.kill().unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr:?}");
    assert!(stderr.unwrap().contains("what was told before stands and is written"));
    assert!(desk.text("out/5m.csv").starts_with("symbol,interval"));
}
