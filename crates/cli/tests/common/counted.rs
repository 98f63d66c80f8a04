//! Every row in is counted once: what a command says of its rows, against the lines of what it read.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use barloom::config::SessionConfig;
use serde_json::Value;

use super::Done;

/// What rows are counted as.
const COUNTERS: [&str; 6] = ["accepted", "duplicate", "corrected", "late", "invalid", "out_of_session"];

/// Flags that have no value.
const BARE: [&str; 6] = ["--force", "--sort", "--flush-on-stop", "--no-progress", "--resume", "--help"];

/// Asserts it of a command that ended well and told its counters.
pub(super) fn check(args: &[&str], stdin: &[u8], done: &Done) {
    let Some(&command) = args.first() else { return };
    let Some(counts) = told(command, done).filter(|_| done.code == Some(0)) else { return };
    let sum: u64 = COUNTERS.iter().map(|name| counts[*name]).sum();
    assert_eq!(sum, counts["rows"], "they add up: {counts:?}");
    let rows = match command {
        "stream" => Some(rows_of_stream(stdin, done)),
        "run" => rows_of_session(Path::new(words(args)[0])),
        // The rows of other publishers are not read.
        "derive" if !args.contains(&"--publisher") => {
            words(args).into_iter().map(|file| rows_of(Path::new(file))).sum()
        }
        _ => None,
    };
    if let Some(rows) = rows {
        assert_eq!(counts["rows"], rows, "of {args:?}: {counts:?}");
    }
}

/// The counters that a command told: `derive` as a table, the others as an object.
fn told(command: &str, done: &Done) -> Option<BTreeMap<String, u64>> {
    let names = || COUNTERS.into_iter().chain(["rows"]);
    match command {
        "derive" if done.stderr.contains("rows in") => {
            Some(names().map(|name| (name.to_owned(), done.told_count(name))).collect())
        }
        "run" | "replay" | "stream" => {
            let summary: Value = serde_json::from_str(done.stdout.lines().last()?).ok()?;
            summary["rows"].as_u64()?;
            Some(names().map(|name| (name.to_owned(), summary[name].as_u64().unwrap())).collect())
        }
        _ => None,
    }
}

/// The arguments behind the command that are no flags, nor their values.
fn words<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let is_value = |at: usize| args[at - 1].starts_with('-') && !BARE.contains(&args[at - 1]);
    (1..args.len()).filter(|&at| !args[at].starts_with('-') && !is_value(at)).map(|at| args[at]).collect()
}

/// The rows of all files of a session, where it goes to their ends.
fn rows_of_session(path: &Path) -> Option<u64> {
    let mut config = SessionConfig::read(path, &std::fs::read_to_string(path).ok()?).ok()?;
    config.relate_to(path.parent()?);
    config.inputs.iter().map(|file| rows_of(file)).sum::<Option<u64>>().filter(|_| config.end.is_none())
}

/// The lines of a CSV file, but for a header; of other files nothing is said.
fn rows_of(path: &Path) -> Option<u64> {
    let (name, mut text) = (path.to_str()?, Vec::new());
    let file = std::fs::File::open(path).ok().filter(|_| path.is_file())?;
    let mut read = |from: &mut dyn Read| from.read_to_end(&mut text).ok();
    match name {
        _ if name.ends_with(".csv") => read(&mut &file)?,
        _ if name.ends_with(".csv.gz") => read(&mut flate2::read::MultiGzDecoder::new(&file))?,
        _ => return None,
    };
    let first = *text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).first()?;
    // Pages and packed bytes may have the name, too.
    if !first.is_ascii_alphanumeric() && first != b'"' {
        return None;
    }
    let is_header = !first.is_ascii_digit();
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    Some(lines.count() as u64 - u64::from(is_header))
}

/// The lines that are there, but for clocks that were taken.
fn rows_of_stream(stdin: &[u8], done: &Done) -> u64 {
    let is_refused = |number: usize| done.stderr.contains(&format!("line {number}: refused"));
    let is_row = |(number, line): &(usize, &[u8])| {
        let is_clock = serde_json::from_slice::<Value>(line).is_ok_and(|line| line.get("clock").is_some());
        !line.trim_ascii().is_empty() && (!is_clock || is_refused(*number))
    };
    (1..).zip(stdin.split(|&byte| byte == b'\n')).filter(is_row).count() as u64
}
