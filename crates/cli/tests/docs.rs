//! Every command that a document or a help text shows is run, so none of them can go stale.
//!
//! In Markdown a block `console` shows commands with all they print, which trycmd compares, and a block `sh` shows commands
//! alone, each of which must succeed; so must the examples of a command's help. A block finds the files of [`FILES`] and what
//! the lines before it wrote.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use std::ffi::OsString;
use std::fs::{create_dir_all, read_dir, read_to_string};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use assert_cmd::Command;
use clap::error::ErrorKind;
use common::{Desk, bar_line, repo, run, zipped};

/// How lines of other programs begin, which are not run: what they need may not be here.
const OTHERS: [&str; 6] = [
    "cargo ",
    "cd benches",
    "POLARS_MAX_THREADS=1 venv/bin/python ",
    "python3 ",
    "scripts/test",
    "venv/bin/",
];

/// Commands that take too long here, and what is run in their place.
const SHORTENED: [(&str, &str); 4] = [
    ("barloom bench", "barloom bench --rows 2000"),
    ("barloom bench --rows 10000000", "barloom bench --rows 2000"),
    ("barloom run session.toml --speed 60", "barloom run session.toml --speed 360000"),
    (
        "target/release/barloom run examples/demo.toml --speed 3600 --format json",
        "target/release/barloom run examples/demo.toml --speed 3600000 --format json",
    ),
];

/// Words that stand for a file or a folder of the reader's.
const PLACEHOLDERS: [&str; 2] = ["FILE", "DIR"];

/// The files that commands name, by path.
static FILES: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let btc = market("24/7", "2024-11-01", &["BTC"]).replace("BTC,", "").replace('Z', "");
    let btc = btc.replace("symbol,open_time", "timestamp").replace('T', " ");
    let bars = market("XNYS", "2024-11-25", &["AAA", "BBB"]);
    let minutes = ["14:30", "14:31", "14:32", "14:33", "14:34"];
    let lines = minutes.map(|time| bar_line("AAA", &format!("2024-11-26T{time}:00Z"), 100));
    let readme = read_to_string(repo("README.md")).unwrap();
    let session = Block::all(&readme).into_iter().find(|block| block.language == "toml").unwrap();
    let session = session.lines.into_iter().map(|(_, line)| line + "\n").collect::<String>();
    let kept = |path: &'static str| (path, std::fs::read(repo(path)).unwrap());
    vec![
        ("btc_1m.csv.gz", zipped(&btc)),
        ("bars.csv", bars.clone().into_bytes()),
        ("bars.csv.gz", zipped(&bars)),
        ("2024/11.csv", bars.into_bytes()),
        ("aaa.csv.gz", zipped(&market("XNYS", "2024-11-04", &["AAA"]))),
        ("bbb.csv.gz", zipped(&market("XNYS", "2024-11-04", &["BBB"]))),
        ("bars.ndjson", lines.concat().into_bytes()),
        ("session.toml", session.into_bytes()),
        kept("docs/indicators.md"),
        kept("examples/demo.toml"),
        kept("testdata/us_equity_synth.csv.gz"),
    ]
});

/// A made market up to the end of November 2024, as CSV.
fn market(calendar: &str, from: &str, symbols: &[&str]) -> String {
    let desk = Desk::new();
    let (file, count) = (desk.path("market.csv").display().to_string(), symbols.len().to_string());
    let args = ["synth", "--from", from, "--to", "2024-11-30", "--calendar", calendar, "--seed", "7"];
    run(&[&args[..], &["--symbols", &count, "--out", &file]].concat()).ok();
    let text = desk.text("market.csv");
    (1..).zip(symbols).fold(text, |text, (n, symbol)| text.replace(&format!("S{n:05}"), symbol))
}

/// A folder with the files, and what a shell finds there.
struct Sandbox(Desk);

impl Sandbox {
    fn new() -> Self {
        let desk = Desk::new();
        for folder in ["2024", "docs", "examples", "testdata", "target/release", "bin"] {
            create_dir_all(desk.path(folder)).unwrap();
        }
        create_dir_all(desk.path(".local/share/bash-completion/completions")).unwrap();
        for (path, bytes) in FILES.iter() {
            desk.put(path, bytes);
        }
        for place in ["bin/barloom", "target/release/barloom"] {
            symlink(assert_cmd::cargo::cargo_bin!("barloom"), desk.path(place)).unwrap();
        }
        // Not every machine has a reader of manuals.
        desk.put("bin/man", "#!/bin/sh\nexec cat >/dev/null\n");
        std::fs::set_permissions(desk.path("bin/man"), PermissionsExt::from_mode(0o755)).unwrap();
        Self(desk)
    }

    /// Runs a line as a reader's shell would; says how it failed.
    fn run(&self, line: &str) -> Result<(), String> {
        let home = self.0.path("");
        let mut path = OsString::from(home.join("bin:"));
        path.extend(std::env::var_os("PATH"));
        let done = Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", line])
            .current_dir(&home)
            .env("PATH", path)
            .env("HOME", &home)
            .timeout(Duration::from_secs(60))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        if done.status.success() { Ok(()) } else { Err(format!("{line}\n{}: {told}", done.status)) }
    }

    /// The same, in its short form and but for what is not ours.
    fn run_shown(&self, line: &str) -> Result<(), String> {
        Shown::of(line).known()?.map_or(Ok(()), |line| self.run(line))
    }
}

/// What a line of a block is.
enum Shown<'a> {
    /// Runs barloom, perhaps among others; in its short form.
    Ours(&'a str),
    /// A comment, or another program alone.
    Other,
    Unknown(&'a str),
}

impl<'a> Shown<'a> {
    fn of(line: &'a str) -> Self {
        let command = without_comment(line);
        let is_comment = command.is_empty() || command.starts_with('#');
        if is_comment || OTHERS.iter().any(|other| command.starts_with(other)) {
            return Self::Other;
        }
        if !command.split_whitespace().any(is_barloom) {
            return Self::Unknown(command);
        }
        let short = SHORTENED.iter().find(|(long, _)| *long == command);
        Self::Ours(short.map_or(command, |(_, short)| short))
    }

    /// What is to be run of it, if anything.
    fn known(self) -> Result<Option<&'a str>, String> {
        match self {
            Self::Ours(command) => Ok(Some(command)),
            Self::Other => Ok(None),
            Self::Unknown(command) => {
                Err(format!("`{command}` does not run barloom and is not among OTHERS"))
            }
        }
    }
}

fn without_comment(line: &str) -> &str {
    line.split(" # ").next().unwrap_or(line).trim()
}

fn is_barloom(word: &str) -> bool {
    word == "barloom" || word.ends_with("/barloom")
}

/// What stands between two fences, or around them.
struct Block {
    /// What the fence says, or [`PROSE`].
    language: String,
    /// The lines with their numbers.
    lines: Vec<(usize, String)>,
}

const PROSE: &str = "prose";

impl Block {
    fn new(language: &str) -> Self {
        Self { language: language.to_owned(), lines: Vec::new() }
    }

    fn all(text: &str) -> Vec<Self> {
        let mut blocks = vec![Self::new(PROSE)];
        for (number, line) in (1..).zip(text.lines()) {
            let last = blocks.last_mut().unwrap();
            match line.strip_prefix("```") {
                Some(language) if last.language == PROSE => blocks.push(Self::new(language)),
                Some(_) => blocks.push(Self::new(PROSE)),
                None => last.lines.push((number, line.to_owned())),
            }
        }
        blocks
    }

    /// Whether trycmd runs it.
    fn is_console(&self) -> bool {
        self.language == "console"
    }

    /// Runs the commands of a block `sh`, and finds those that would be passed over; says how each failed.
    fn failures(&self) -> impl Iterator<Item = String> {
        let sandbox = (self.language == "sh").then(Sandbox::new);
        self.lines.iter().filter_map(move |(number, line)| {
            let prompted = line.trim_start().strip_prefix("$ ");
            let done = match (&sandbox, prompted) {
                (Some(sandbox), None) => sandbox.run_shown(line),
                // trycmd passes over a program that it does not know.
                (None, Some(command)) if self.is_console() => Shown::of(command).known().map(|_| ()),
                (None, None) if !line.split_whitespace().next().is_some_and(is_barloom) => Ok(()),
                _ => {
                    Err(format!("`{line}`: commands stand in a block sh, or behind `$ ` in a block console"))
                }
            };
            done.err().map(|error| format!("line {number}: {error}"))
        })
    }
}

/// The documents of the repository with their paths in it; of Rust the documentation, of example sessions all.
static DOCUMENTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut documents = Vec::new();
    collect(Path::new(&repo("")), &mut documents);
    documents.sort();
    documents
});

fn collect(folder: &Path, documents: &mut Vec<(String, String)>) {
    for entry in read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !["target", "venv"].contains(&&*name) && !name.starts_with('.') {
                collect(&path, documents);
            }
            continue;
        }
        let text = || read_to_string(&path).unwrap();
        let text = match path.extension().and_then(|extension| extension.to_str()) {
            Some("md") => text(),
            Some("rs") => documentation(&text()),
            Some("toml") if folder.ends_with("examples") => text().replace("# ", ""),
            _ => continue,
        };
        documents.push((path.strip_prefix(repo("")).unwrap().display().to_string(), text));
    }
}

/// The doc comments of Rust, each a paragraph.
fn documentation(text: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("//!").or_else(|| line.strip_prefix("///")).unwrap_or_default();
        format!("{}\n", text.trim_start())
    };
    text.lines().map(line).collect()
}

/// The spans of code in the text around blocks.
fn spans(text: &str) -> Vec<String> {
    let prose = Block::all(text).into_iter().filter(|block| block.language == PROSE);
    let lines = prose.flat_map(|block| block.lines.into_iter().map(|(_, line)| line).chain([String::new()]));
    let paragraphs = lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n");
    let paragraphs = paragraphs.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    paragraphs
        .flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The commands that have a help of their own.
fn commands() -> Vec<String> {
    let program = barloom_cli::program();
    let names = program.get_subcommands().map(|command| command.get_name().to_owned());
    names.filter(|name| name != "help").collect()
}

fn help(command: &str) -> String {
    run(&[command, "--help"]).ok().stdout
}

/// The lines below `Example:` or `Examples:` at the end of a help.
fn examples(help: &str) -> Vec<&str> {
    let below = help.split_once("\nExample:\n").or_else(|| help.split_once("\nExamples:\n"));
    below.map(|(_, lines)| lines.lines().map(str::trim).collect()).unwrap_or_default()
}

fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// Goes back to the folder that it came from.
struct Inside(PathBuf);

impl Inside {
    fn enter(folder: &Path) -> Self {
        let before = std::env::current_dir().unwrap();
        std::env::set_current_dir(folder).unwrap();
        Self(before)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        std::env::set_current_dir(&self.0).unwrap();
    }
}

#[test]
fn what_documents_show_is_what_is_printed() {
    let is_run = |text: &str| Block::all(text).iter().any(Block::is_console);
    for (path, _) in DOCUMENTS.iter().filter(|(_, text)| is_run(text)) {
        let sandbox = Sandbox::new();
        let _inside = Inside::enter(&sandbox.0.path(""));
        let cases = trycmd::TestCases::new();
        cases.register_bin("barloom", assert_cmd::cargo::cargo_bin!("barloom"));
        cases.case(repo(path)).timeout(Duration::from_secs(60)).run();
    }
}

#[test]
fn commands_that_documents_show_succeed() {
    let mut failures = Vec::new();
    for (path, text) in DOCUMENTS.iter().filter(|(path, _)| path.ends_with(".md")) {
        let blocks = Block::all(text);
        failures.extend(blocks.iter().flat_map(Block::failures).map(|error| format!("{path}, {error}")));
    }
    assert_none(&failures);
}

#[test]
fn every_command_has_a_help_with_examples_that_succeed() {
    let mut failures = Vec::new();
    for command in commands() {
        let (help, sandbox) = (help(&command), Sandbox::new());
        let lines = examples(&help);
        if !lines.iter().any(|line| line.contains(&format!("barloom {command}"))) {
            failures.push(format!("the help of `{command}` has no example of it below `Example:`"));
        }
        let errors = lines.iter().filter_map(|line| sandbox.run_shown(line).err());
        failures.extend(errors.map(|error| format!("the help of `{command}`: {error}")));
    }
    assert_none(&failures);
}

#[test]
fn commands_and_flags_named_in_sentences_exist() {
    let program = barloom_cli::program();
    let flags: Vec<&str> = program
        .get_subcommands()
        .flat_map(|command| command.get_arguments().filter_map(|flag| flag.get_long()))
        .collect();
    let helps = commands().into_iter().map(|command| (format!("the help of `{command}`"), help(&command)));
    let sandbox = Sandbox::new();
    let failure = |span: &str| {
        let words: Vec<&str> = span.split_whitespace().collect();
        let first = words.first()?;
        if let Some(flag) = first.strip_prefix("--").filter(|flag| !flags.contains(flag)) {
            return Some(format!("no command has the flag `--{flag}`"));
        }
        // Alone it is the crate.
        if !is_barloom(first) || words.len() == 1 {
            return None;
        }
        let is_general = words.iter().any(|word| PLACEHOLDERS.contains(word));
        match program.clone().try_get_matches_from(&words).map_err(|error| error.kind()) {
            Ok(_) | Err(ErrorKind::DisplayHelp) if !is_general => sandbox.run_shown(span).err(),
            // A sentence may name a command without what it needs.
            Ok(_) | Err(ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue) => None,
            Err(kind) => Some(format!("`{span}`: {kind}")),
        }
    };
    let mut failures = Vec::new();
    for (place, text) in DOCUMENTS.iter().cloned().chain(helps) {
        let errors = spans(&text).into_iter().filter_map(|span| failure(&span));
        failures.extend(errors.map(|error| format!("{place}: {error}")));
    }
    assert_none(&failures);
}

#[test]
fn exceptions_are_still_needed() {
    let mut shown: Vec<String> = Vec::new();
    for (_, text) in DOCUMENTS.iter() {
        let lines = Block::all(text).into_iter().flat_map(|block| block.lines);
        shown.extend(lines.map(|(_, line)| line.trim_start_matches("$ ").to_owned()).chain(spans(text)));
    }
    for command in commands() {
        shown.extend(examples(&help(&command)).into_iter().map(str::to_owned));
    }
    let is_shown = |test: &dyn Fn(&str) -> bool| shown.iter().any(|line| test(without_comment(line)));
    for other in OTHERS {
        assert!(is_shown(&|line| line.starts_with(other)), "{other}");
    }
    for (long, _) in SHORTENED {
        assert!(is_shown(&|line| line == long), "{long}");
    }
}
