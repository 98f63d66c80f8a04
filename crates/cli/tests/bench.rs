//! `barloom bench`: figures of this machine; which ones, not how large.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::run;
use serde_json::Value;

#[test]
fn every_figure_is_taken_in_both_formats() {
    let figures: Value =
        serde_json::from_str(&run(&["bench", "--rows", "2000", "--format", "json"]).ok().stdout).unwrap();
    let figures = figures["figures"].as_array().unwrap();
    let text = run(&["bench", "--rows", "2000"]).ok().stdout;
    assert_eq!(figures.len(), 6);
    for figure in figures {
        assert!(
            figure["best"].as_f64() >= figure["median"].as_f64() && figure["median"].as_f64() > Some(0.0)
        );
        assert!(text.contains(figure["name"].as_str().unwrap()), "{text}");
    }
    run(&["bench", "--rows", "10"]).refused(2, &["1000"]);
}
