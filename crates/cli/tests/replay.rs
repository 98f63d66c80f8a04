//! `barloom replay` reproduces what `barloom run --journal` told and wrote, byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::path::Path;

use common::{Desk, repo, run};
use serde_json::Value;

/// The files of a folder by name, with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_replay_is_the_run_byte_for_byte() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let path = |name: &str| desk.path(name).display().to_string();
    let [journal, a, b] = ["journal", "a", "b"].map(path);
    let first = run(&["run", &demo, "--journal", &journal, "--out", &a, "--format", "ndjson"]).ok();
    let again = run(&["replay", &journal, "--out", &b, "--format", "ndjson"]).ok();
    assert!(first.stdout.len() > 1_000_000 && first.stdout == again.stdout);
    assert!(again.stderr.is_empty(), "{}", again.stderr);
    assert!(files(a.as_ref()).len() > 5);
    assert!(files(a.as_ref()) == files(b.as_ref()));

    // The totals of the summary are those of the run, too.
    let json = |args: &[&str]| -> Value { serde_json::from_str(&run(args).ok().stdout).unwrap() };
    let (a, b) = (json(&["run", &demo, "--format", "json"]), json(&["replay", &journal, "--format", "json"]));
    for field in ["rows", "accepted", "duplicate", "corrected", "late", "invalid", "out_of_session", "steps"]
    {
        assert_eq!(a[field], b[field], "{field}");
    }
    assert_eq!((&a["intervals"], &a["warnings"]), (&b["intervals"], &b["warnings"]));
}

#[test]
fn a_folder_without_a_journal_and_one_with_half_of_it_say_so() {
    let (desk, demo) = (Desk::new(), repo("examples/demo.toml"));
    let path = |name: &str| desk.path(name).display().to_string();
    let [journal, nothing, out] = ["journal", "nothing", "out"].map(path);
    run(&["replay", &nothing]).refused(4, &["nothing"]);
    run(&["run", &demo, "--journal", &journal]).ok();
    run(&["run", &demo, "--journal", &journal]).refused(1, &["journal"]);
    let file = desk.path("journal").join("journal.bin");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    run(&["replay", &journal, "--out", &out]).refused(4, &["nothing was written"]);
    assert!(!desk.path("out").exists(), "no folder is left");
}
