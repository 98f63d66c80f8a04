//! `--late revise`: what comes late is put right, and what was told of it is told again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::collections::BTreeMap;

use common::{Desk, bar_line, run, run_with};
use serde_json::Value;

/// A minute of `A` on 2024-11-26.
fn minute(clock: &str, price: u32) -> String {
    bar_line("A", &format!("2024-11-26T{clock}:00Z"), price)
}

#[test]
fn a_stream_tells_a_bar_again_with_what_its_indicators_say() {
    let args = [
        "stream",
        "-i",
        "2m",
        "--calendar",
        "XNYS",
        "--indicator",
        "sma:2",
        "--late",
        "revise",
        "--clock",
        "bars",
    ];
    let lines = [
        minute("14:30", 100),
        minute("14:31", 101),
        minute("14:32", 102),
        minute("14:33", 103),
        // The first bar's last minute once more, then a minute of a bucket that was passed.
        minute("14:31", 111),
        minute("14:36", 104),
        minute("14:37", 105),
        minute("14:34", 107),
    ];
    let done = run_with(&args, lines.concat()).ok();
    let told: Vec<String> = done
        .objects()
        .iter()
        .map(|told| {
            let field =
                |name: &str| told[name].as_str().map_or_else(|| told[name].to_string(), str::to_owned);
            let open = field("open_time").replace("2024-11-26T", "").replace(":00Z", "");
            match told["type"].as_str().unwrap() {
                "bar" => {
                    format!("{} {open} close {} rev {}", field("line"), field("close"), field("revision"))
                }
                "indicator" => {
                    format!("{} {open} {} rev {}", field("line"), told["values"]["sma_2"], field("revision"))
                }
                "warning" => format!("{} {}", field("line"), field("kind")),
                _ => format!(
                    "accepted {} corrected {} late {}",
                    told["accepted"], told["corrected"], told["late"]
                ),
            }
        })
        .collect();
    assert_eq!(
        told,
        [
            "2 14:30 close 101.0 rev 0",
            "4 14:32 close 103.0 rev 0",
            "4 14:32 102.0 rev 0",
            "5 corrected_bar",
            "5 14:30 close 111.0 rev 1",
            // The bar is what it was, its average is not.
            "5 14:32 close 103.0 rev 1",
            "5 14:32 107.0 rev 1",
            "7 14:36 close 105.0 rev 0",
            "7 14:36 104.0 rev 0",
            "8 14:34 close 107.0 rev 0",
            "8 14:34 105.0 rev 0",
            "8 14:36 close 105.0 rev 1",
            "8 14:36 106.0 rev 1",
            "accepted 7 corrected 1 late 0",
        ]
    );
}

/// A market with corrections and rows out of order; as its rows came, and as they should have come.
fn market(desk: &Desk) -> (String, String) {
    let path = |name: &str| desk.path(name).display().to_string();
    let (came, right) = (path("came.csv"), path("right.csv"));
    let days =
        ["--symbols", "3", "--from", "2024-11-25", "--to", "2024-11-29", "--calendar", "XNYS", "--seed", "5"];
    run(&[&["synth", "--thin", "0.3", "--out", &right], &days[..]].concat()).ok();
    let text = std::fs::read_to_string(&right).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let day = |row: &str| row.split(',').nth(1).unwrap()[..10].to_owned();
    let mut out: Vec<String> = Vec::new();
    let mut kept: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        // Of each hundred rows one is wrong at first, one late; what is right comes a while after, in the same session.
        let left = rows[at..].iter().take_while(|other| day(other) == day(row)).count();
        let later = at + (at * 7 % 190).min(left.saturating_sub(8));
        match at % 100 {
            17 if left > 9 => {
                let wrong: Vec<String> = row
                    .split(',')
                    .enumerate()
                    .map(|(column, cell)| match column {
                        // Prices half as large, and whole as bars.
                        2..6 => (cell.parse::<f64>().unwrap() / 2.0).to_string(),
                        _ => cell.to_owned(),
                    })
                    .collect();
                out.push(wrong.join(","));
                kept.entry(later).or_default().push(row);
            }
            61 if left > 9 => kept.entry(later).or_default().push(row),
            _ => out.push((*row).to_owned()),
        }
        out.extend(kept.remove(&at).into_iter().flatten().map(|row| (*row).to_owned()));
    }
    assert!(kept.is_empty());
    std::fs::write(&came, format!("{header}\n{}\n", out.join("\n"))).unwrap();
    (came, right)
}

const INDICATORS: [&str; 6] =
    ["--indicator", "ema:5", "--indicator", "vwap@5m", "--indicator", "macd:3,6,3@30m"];

/// The tables of `derive`, by name.
fn tables(desk: &Desk, input: &str, flags: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let out = desk.path("out").display().to_string();
    let rules =
        ["-i", "1m,5m,30m,1h,1d,1w", "--calendar", "XNYS", "--stamp", "open", "--out", &out, "--force"];
    run(&[&["derive", input], &rules[..], &INDICATORS, flags].concat()).ok();
    let files = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap());
    let mut all: BTreeMap<String, Vec<u8>> = files
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    std::fs::remove_dir_all(&out).unwrap();
    // What was put right is told there, and nothing of it in the other.
    all.remove("warnings.csv").unwrap();
    all
}

#[test]
fn tables_are_those_of_rows_that_were_right_from_the_start() {
    let desk = Desk::new();
    let (came, right) = market(&desk);
    for to in ["csv", "parquet", "arrow"] {
        for sort in [&[][..], &["--sort"]] {
            let flags = [&["--to", to], sort].concat();
            let expected = tables(&desk, &right, &flags);
            let own = tables(&desk, &came, &[&flags[..], &["--late", "revise"]].concat());
            for (name, bytes) in &expected {
                assert!(own.get(name) == Some(bytes), "{name} with {flags:?} is another");
            }
            let dropped = tables(&desk, &came, &flags);
            assert!(dropped.iter().any(|(name, bytes)| expected[name] != *bytes), "nothing was wrong");
        }
    }
}

#[test]
fn a_run_tells_the_same_on_any_number_of_threads_and_from_its_journal() {
    let desk = Desk::new();
    let (came, _) = market(&desk);
    let session = desk.path("session.toml");
    let text = format!(
        "inputs = ['{came}']\ncalendar = 'XNYS'\nstamp = 'open'\nlate = 'revise'\nderived_intervals = ['5m', '1h', '1d']\nrealtime_indicators = ['ema:5', 'vwap@5m']\n"
    );
    std::fs::write(&session, text).unwrap();
    let (session, journal) = (session.display().to_string(), desk.path("journal").display().to_string());
    let told = |flags: &[&str]| run(&[&["run", &session, "--format", "ndjson"], flags].concat()).ok();
    let inline = told(&["--runtime", "inline", "--journal", &journal]);
    let revised = |told: &Value| told["revision"].as_u64().is_some_and(|revision| revision > 0);
    assert!(inline.objects().iter().filter(|told| revised(told)).count() > 100);
    assert!(inline.objects().iter().all(|told| told["kind"] != "late_bar"));
    for flags in
        [&["--workers", "2"][..], &["--runtime", "threads"], &["--workers", "3", "--speed", "100000000"]]
    {
        assert!(told(flags).stdout == inline.stdout, "{flags:?}");
    }
    assert!(run(&["replay", &journal, "--format", "ndjson"]).ok().stdout == inline.stdout);
}

#[test]
fn what_is_verified_drops_what_comes_late() {
    let desk = Desk::new();
    let (came, _) = market(&desk);
    let args = ["verify", &came, "-i", "5m", "--calendar", "XNYS", "--stamp", "open", "--late", "revise"];
    run(&args).refused(3, &["--late drop"]);
}
