//! The edge cases through `stream`: bars, the line that shows each, warnings, counters, errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{run_with, unzipped};
use serde_json::{Map, Value, json};

/// The events of a case as input lines.
fn lines(case: &Value) -> String {
    let line = |event: &Value| {
        if let Some(to) = event.get("advance_to") {
            return Some(json!({ "clock": to }));
        }
        let names = ["ts", "open", "high", "low", "close", "volume", "vwap", "trade_count"];
        let values = event.get("bar")?.as_array()?;
        let fields = names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.clone()));
        let bar: Map<String, Value> = fields.chain([("symbol".to_owned(), json!("AAA"))]).collect();
        Some(json!({ "bar": bar }))
    };
    let lines = case["events"].as_array().unwrap().iter().filter_map(line);
    lines.map(|line| format!("{line}\n")).collect()
}

fn args(case: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut args = vec!["stream".to_owned()];
    for (flag, field) in [("--calendar", "calendar"), ("-i", "interval"), ("--policy", "policy")] {
        args.extend([flag.to_owned(), text(&case[field])]);
    }
    let options = &case["options"];
    args.extend(["--stamp".to_owned(), options["source_label"].as_str().unwrap_or("open").to_owned()]);
    for (flag, field) in [("--min-coverage", "min_coverage"), ("--align", "alignment")] {
        if let Some(value) = options.get(field) {
            args.extend([flag.to_owned(), text(value)]);
        }
    }
    args
}

/// Whole numbers and fractions alike, to 1e-12.
fn is_near(got: &Value, want: &Value) -> bool {
    match (got.as_f64(), want.as_f64()) {
        (Some(got), Some(want)) => (got - want).abs() <= 1e-12 * want.abs(),
        _ => got == want,
    }
}

/// Warnings as sorted texts of what a case says about them.
fn trimmed<'a>(warnings: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let one = |warning: &Value| {
        let field = |name: &str| match &warning[name] {
            Value::Null => String::new(),
            value => format!("{name}={value} "),
        };
        ["kind", "time", "n_base", "n_expected"].map(field).concat()
    };
    let mut texts: Vec<String> = warnings.map(one).collect();
    texts.sort();
    texts
}

fn check(case: &Value) {
    let id = case["id"].as_str().unwrap();
    let args = args(case);
    let done = run_with(&args.iter().map(String::as_str).collect::<Vec<_>>(), lines(case));
    let errors = case["expected_errors"].as_array().unwrap();
    if !errors.is_empty() {
        assert!(done.of_type("bar").is_empty(), "{id}: a bar came out");
        for error in errors {
            assert!(done.stderr.contains(error.as_str().unwrap()), "{id}: {error} in {}", done.stderr);
        }
        return;
    }
    let done = done.ok();
    let (bars, want) = (done.of_type("bar"), case["expected_bars"].as_array().unwrap());
    assert_eq!(bars.len(), want.len(), "{id}: bars");
    for (bar, want) in bars.iter().zip(want) {
        for (field, want) in want.as_object().unwrap() {
            let got = match field.as_str() {
                "emitted_on_event" => json!(bar["line"].as_u64().unwrap() - 1),
                field => bar[field].clone(),
            };
            assert!(is_near(&got, want), "{id}: {field} is {got}, expected {want}");
        }
        assert_eq!(bar["interval"], case["interval"], "{id}");
    }
    // A case without `finish` says nothing of what the end of input leaves open.
    let ends = case["events"].as_array().unwrap().iter().any(|event| event.get("finish").is_some());
    let warnings = done.of_type("warning");
    let told = warnings.iter().filter(|warning| ends || warning["kind"] != "unfinished_bar");
    assert_eq!(trimmed(told), trimmed(case["expected_warnings"].as_array().unwrap().iter()), "{id}");
    let summary = &done.of_type("summary")[0];
    for (name, want) in case["expected_stats"].as_object().unwrap() {
        assert_eq!(&summary[name.as_str()], want, "{id}: {name}");
    }
}

#[test]
fn every_edge_case_comes_out_as_written() {
    let text: Value = serde_json::from_str(&unzipped("testdata/goldens/edge_cases.json.gz")).unwrap();
    let cases = text["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    cases.iter().for_each(check);
}
