//! What the black-box tests share: the program, its files, its tables.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(unreachable_pub, reason = "shared by test crates, reached from nowhere else")]

mod counted;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// The columns of a table of bars.
pub const BAR_COLUMNS: &str = "symbol,interval,session,open_time,close_time,open,high,low,close,volume,vwap,trade_count,n_base,n_expected";

/// The program; a test that hangs fails instead.
pub fn barloom() -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("barloom");
    command.timeout(Duration::from_secs(60));
    command
}

/// The program as a process that a test talks to.
pub fn process(args: &[&str]) -> Child {
    std::process::Command::new(assert_cmd::cargo::cargo_bin!("barloom"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How a command ended.
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Every object on stdout.
    pub fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The objects of one type.
    pub fn of_type(&self, kind: &str) -> Vec<Value> {
        self.objects().into_iter().filter(|object| object["type"] == kind).collect()
    }

    /// Asserts that it succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "stderr: {}", self.stderr);
        self
    }

    /// Asserts that it ended with `code` and that stderr holds all `words`, and tells of no panic.
    pub fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no `{word}` in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The count named `name` in the summary that `derive` tells on stderr.
    pub fn told_count(&self, name: &str) -> u64 {
        let count = |line: &str| {
            let (word, number) = line.split_once(' ')?;
            number.trim().replace(',', "").parse().ok().filter(|_| word == name)
        };
        let found = self.stderr.lines().find_map(|line| count(line.trim()));
        found.unwrap_or_else(|| panic!("no `{name}` in: {}", self.stderr))
    }
}

/// Runs the program to its end.
pub fn run(args: &[&str]) -> Done {
    run_with(args, "")
}

/// Runs the program to its end on `stdin`. Where it tells what became of rows, none is missing.
pub fn run_with(args: &[&str], stdin: impl Into<Vec<u8>>) -> Done {
    let stdin = stdin.into();
    let output = barloom().args(args).write_stdin(stdin.clone()).output().unwrap();
    let done = Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    counted::check(args, &stdin, &done);
    done
}

/// A file of the repository.
pub fn repo(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).display().to_string()
}

/// The text of a gzip file of the repository.
pub fn unzipped(path: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(repo(path)).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// The three synthetic equities.
pub fn synth() -> String {
    repo("testdata/us_equity_synth.csv.gz")
}

/// `text` as one gzip member.
pub fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A folder of one test, with its inputs and the folder `out` for outputs.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }

    /// `derive` on `inputs` into `out`, with flags in one text.
    pub fn derive(&self, inputs: &[&str], flags: &str) -> Done {
        let out = self.path("out").display().to_string();
        let mut args = vec!["derive", "--out", &out];
        args.extend(inputs);
        args.extend(flags.split_whitespace());
        run(&args)
    }

    /// `derive` on a file that holds `csv`.
    pub fn derive_text(&self, csv: impl AsRef<[u8]>, flags: &str) -> Done {
        let input = self.put("in.csv", csv);
        self.derive(&[&input], flags)
    }

    /// A table of `out`.
    pub fn table(&self, name: &str) -> Table {
        Table::read(&self.text(&format!("out/{name}")))
    }

    /// What lies in `out`, hidden files too.
    pub fn outputs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("out")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A CSV table without quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub header: String,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read(text: &str) -> Self {
        let mut lines = text.lines();
        let header = lines.next().unwrap().to_owned();
        let rows = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
        Self { header, rows }
    }

    pub fn at(&self, column: &str) -> usize {
        self.header.split(',').position(|name| name == column).unwrap()
    }

    /// The texts of one column.
    pub fn column(&self, name: &str) -> Vec<&str> {
        let at = self.at(name);
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// The rows, each cut to `columns` and joined by blanks.
    pub fn cut(&self, columns: &str) -> Vec<String> {
        let at: Vec<usize> = columns.split(' ').map(|name| self.at(name)).collect();
        let one = |row: &Vec<String>| at.iter().map(|&i| row[i].as_str()).collect::<Vec<_>>().join(" ");
        self.rows.iter().map(one).collect()
    }

    /// The rows in the order of symbol and open time.
    pub fn sorted(&self) -> Vec<Vec<String>> {
        let mut rows = self.rows.clone();
        rows.sort_by(|a, b| (&a[0], &a[3]).cmp(&(&b[0], &b[3])));
        rows
    }
}

/// The header of the inputs that tests write.
pub const HEADER: &str = "symbol,ts,open,high,low,close,volume\n";

/// A row of a bar that costs `price` and trades 10.
pub fn row(symbol: &str, ts: &str, price: u32) -> String {
    format!("{symbol},{ts},{price},{price},{price},{price},10\n")
}

/// A file of minutes of 2024-11-26, each `symbol HH:MM`; prices count up from 100.
pub fn minutes(rows: &[&str]) -> String {
    let row = |(n, at): (u32, &&str)| {
        let (symbol, time) = at.split_once(' ').unwrap();
        row(symbol, &format!("2024-11-26T{time}:00Z"), 100 + n)
    };
    HEADER.to_owned() + &(0..).zip(rows).map(row).collect::<String>()
}

/// `n` minutes from `from` on, in seconds since 1970.
pub fn run_of(symbol: &str, from: i64, n: i64) -> String {
    (0..n).map(|i| row(symbol, &(from + 60 * i).to_string(), 100 + i as u32)).collect()
}

/// An input line of `stream`.
pub fn bar_line(symbol: &str, ts: &str, price: u32) -> String {
    let bar = serde_json::json!({ "symbol": symbol, "ts": ts, "open": price, "high": price, "low": price, "close": price, "volume": 10 });
    format!("{}\n", serde_json::json!({ "bar": bar }))
}
