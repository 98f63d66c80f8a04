//! `derive` against tables that another program made of the same file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{BAR_COLUMNS, Desk, Table, synth, unzipped};

const INTERVALS: [&str; 5] = ["5m", "15m", "30m", "1h", "1d"];

fn derived(policy: &str) -> Desk {
    let desk = Desk::new();
    let flags = format!("-i 5m,15m,30m,1h,1d --calendar XNYS --stamp open --policy {policy}");
    desk.derive(&[&synth()], &flags).ok();
    desk
}

fn golden(name: &str) -> Table {
    Table::read(&unzipped(&format!("testdata/goldens/us_equity_synth_{name}.csv.gz")))
}

/// Prices to 1e-12 of themselves; vwap to its four decimals, as the golden prints it; all else by its text.
fn is_near(column: &str, got: &str, want: &str) -> bool {
    let numbers = || Some((got.parse::<f64>().ok()?, want.parse::<f64>().ok()?));
    match (column, numbers()) {
        ("open" | "high" | "low" | "close" | "volume", Some((got, want))) => {
            (got - want).abs() <= 1e-12 * want.abs()
        }
        ("vwap", Some((got, want))) => (got - want).abs() <= 1.01e-4,
        _ => got == want,
    }
}

fn compare(policy: &str) {
    let (desk, golden) = (derived(policy), golden(policy));
    assert_eq!(golden.header, BAR_COLUMNS);
    let columns: Vec<&str> = golden.header.split(',').collect();
    for interval in INTERVALS {
        let table = desk.table(&format!("{interval}.csv"));
        assert_eq!(table.header, BAR_COLUMNS);
        let got = table.sorted();
        let want: Vec<_> = golden.sorted().into_iter().filter(|row| row[1] == interval).collect();
        assert_eq!(got.len(), want.len(), "bars of {interval}");
        assert!(!want.is_empty());
        for (got, want) in got.iter().zip(&want) {
            for (i, column) in columns.iter().enumerate() {
                assert!(is_near(column, &got[i], &want[i]), "{column} of {got:?}, expected {want:?}");
            }
        }
    }
}

#[test]
fn strict_bars_are_those_of_the_golden_file() {
    compare("strict");
}

#[test]
fn coverage_bars_are_those_of_the_golden_file() {
    compare("coverage");
}

#[test]
fn strict_warnings_are_those_of_the_golden_file() {
    let (mut got, mut want) = (derived("strict").table("warnings.csv"), golden("warnings"));
    assert_eq!(got.header, want.header);
    got.rows.sort();
    want.rows.sort();
    assert_eq!(got.rows, want.rows);
}
