//! Indicators through the command line: one value in `derive`, `stream` and `run`, bit for bit.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that can't go on fails")]

mod common;

use std::collections::BTreeMap;

use common::{Desk, run, run_with, synth};

const SPECS: [&str; 4] = ["rsi:14@5m", "macd:12,26,9@1m", "vwap@1m", "bbands:20,2@5m"];

/// (symbol, interval, output, open time) → value as text of `derive`'s tables, nulls left out.
fn derived(desk: &Desk, input: &str) -> BTreeMap<String, f64> {
    let out = desk.path("out").display().to_string();
    let mut args =
        vec!["derive", input, "-i", "1m,5m", "--calendar", "XNYS", "--stamp", "open", "--out", &out];
    SPECS.iter().for_each(|spec| args.extend(["--indicator", spec]));
    run(&args).ok();
    let mut values = BTreeMap::new();
    for interval in ["1m", "5m"] {
        let text = desk.text(&format!("out/{interval}.csv"));
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            for (name, cell) in names.iter().zip(&cells).skip(14).filter(|(_, cell)| !cell.is_empty()) {
                values.insert(format!("{} {interval} {name} {}", cells[0], cells[3]), cell.parse().unwrap());
            }
        }
    }
    assert!(values.len() > 5_000, "{}", values.len());
    values
}

/// The same of the objects that `stream` and `run` print.
fn told(objects: &[serde_json::Value]) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    for object in objects.iter().filter(|object| object["type"] == "indicator") {
        let text = |key: &str| object[key].as_str().unwrap().to_owned();
        for (name, value) in object["values"].as_object().unwrap() {
            let key = format!("{} {} {name} {}", text("symbol"), text("interval"), text("open_time"));
            values.extend(value.as_f64().map(|value| (key, value)));
        }
    }
    values
}

fn differing(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> Vec<String> {
    let bits = |values: &BTreeMap<String, f64>, key: &String| values.get(key).map(|value| value.to_bits());
    let keys = a.keys().chain(b.keys()).filter(|key| bits(a, key) != bits(b, key));
    keys.map(|key| format!("{key}: {:?} {:?}", a.get(key), b.get(key))).take(5).collect()
}

/// The synthetic file's rows of one symbol, as CSV and as lines of `stream`.
fn one_symbol(desk: &Desk) -> (String, String) {
    let text = common::unzipped("testdata/us_equity_synth.csv.gz");
    let rows: Vec<Vec<String>> =
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let own: Vec<&Vec<String>> = rows[1..].iter().filter(|row| row[0] == "AAA").collect();
    let csv = format!(
        "{}\n{}\n",
        rows[0].join(","),
        own.iter().map(|row| row.join(",")).collect::<Vec<_>>().join("\n")
    );
    let line = |row: &&Vec<String>| {
        let [symbol, ts, open, high, low, close, volume, vwap, trade_count] = row.as_slice() else {
            panic!("{row:?}")
        };
        format!(
            "{{\"bar\":{{\"symbol\":\"{symbol}\",\"ts\":\"{ts}\",\"open\":{open},\"high\":{high},\"low\":{low},\"close\":{close},\"volume\":{volume},\"vwap\":{vwap},\"trade_count\":{trade_count}}}}}\n"
        )
    };
    (desk.put("one.csv", csv), own.iter().map(line).collect())
}

#[test]
fn stream_gives_what_derive_gives_bit_for_bit() {
    let desk = Desk::new();
    let (csv, lines) = one_symbol(&desk);
    let mut args = vec!["stream", "-i", "1m,5m", "--clock", "bars", "--calendar", "XNYS"];
    SPECS.iter().for_each(|spec| args.extend(["--indicator", spec]));
    let told = told(&run_with(&args, lines).ok().objects());
    assert_eq!(differing(&derived(&desk, &csv), &told), [""; 0]);
}

#[test]
fn run_gives_what_derive_gives_bit_for_bit() {
    let desk = Desk::new();
    let text = format!(
        "inputs = ['{}']\ncalendar = 'XNYS'\nstamp = 'open'\nderived_intervals = ['1m', '5m']\nrealtime_indicators = {SPECS:?}\n",
        synth()
    );
    let session = desk.put("session.toml", text);
    let told = told(&run(&["run", &session, "--format", "ndjson"]).ok().objects());
    assert_eq!(differing(&derived(&desk, &synth()), &told), [""; 0]);
}

#[test]
fn an_interval_that_only_an_indicator_names_is_derived_too() {
    let desk = Desk::new();
    let out = desk.path("out").display().to_string();
    let shared =
        ["derive", &synth(), "--calendar", "XNYS", "--out", &out, "-i", "1h", "--indicator", "sma:3@15m"];
    run(&shared).ok();
    assert!(desk.text("out/15m.csv").lines().next().unwrap().ends_with(",sma_3"));
    assert!(!desk.text("out/1h.csv").contains("sma_3"));
}

#[test]
fn what_is_no_indicator_names_the_nearest() {
    let refused = |spec: &str, words: &[&str]| {
        run(&["stream", "-i", "5m", "--indicator", spec]).refused(2, words);
    };
    refused("rsj:14", &["`rsj` is not an indicator", "did you mean `rsi`?"]);
    refused("rsi:0", &["rsi: period `0` is not allowed", "from 1 to 100000"]);
    refused("rsi:perod=14", &["no parameter `perod`", "did you mean `period`?"]);
    refused("macd:26,12,9", &["must be below"]);
    refused("rsi:14@5min", &["did you mean `5m`?"]);
}

#[test]
fn an_indicator_of_volume_on_data_without_it_is_named() {
    let desk = Desk::new();
    let csv = "symbol,open_time,open,high,low,close\nA,2024-11-26T14:30:00Z,1,2,1,2\n";
    let done = desk.derive_text(csv, "-i 5m --calendar XNYS --indicator obv");
    done.refused(3, &["obv needs volume"]);
    let input = desk.put("plain.csv", csv);
    let text = format!(
        "inputs = ['{input}']\nderived_intervals = '5m'\nrealtime_indicators = 'sma:5,source=volume'\n"
    );
    let session = desk.put("session.toml", text);
    run(&["run", &session]).refused(3, &["sma_5_volume needs volume"]);
}

#[test]
fn the_catalogue_is_listed_and_each_name_has_a_page() {
    let listed = run(&["indicators"]).ok().stdout;
    assert!(listed.contains("81 indicators"));
    let all = run(&["indicators", "--format", "json"]).ok().objects();
    for entry in all[0].as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let page = run(&["indicators", name]).ok().stdout;
        for word in ["formula", "conventions", "source", "peers", "outputs", "--indicator"] {
            assert!(page.contains(word), "{name}: {word}");
        }
    }
    run(&["indicators", "rsj"]).refused(3, &["did you mean `rsi`?"]);
}

#[test]
fn the_document_is_what_the_catalogue_says() {
    let path = "docs/indicators.md";
    let kept = std::fs::read_to_string(common::repo(path)).unwrap_or_default();
    let written = run(&["indicators", "--format", "markdown"]).ok().stdout;
    let again = format!("cargo run -p barloom-cli -- indicators --format markdown > {path}");
    assert!(kept == written, "{path} is not what the catalogue says; write it again with\n{again}");
}
