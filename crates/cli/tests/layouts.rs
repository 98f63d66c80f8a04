//! Vendors' layouts: each sample of `testdata/layouts` derives to the bars of the generic file of the same data.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, Done, Table, repo, run, zipped};

const FLAGS: &str = "-i 5m,1h --calendar XNYS";
/// What every layout has.
const COMMON: &str =
    "symbol interval session open_time close_time open high low close volume n_base n_expected";

fn sample(name: &str) -> String {
    repo(&format!("testdata/layouts/{name}"))
}

fn derived(name: &str, flags: &str) -> (Desk, Done) {
    let desk = Desk::new();
    let done = desk.derive(&[&sample(name)], &format!("{FLAGS} {flags}")).ok();
    (desk, done)
}

fn tables(desk: &Desk) -> [Table; 2] {
    ["5m.csv", "1h.csv"].map(|name| desk.table(name))
}

/// That the sample gives the generic file's bars, in the columns that it has beside the common ones, and says `words`.
fn same(name: &str, flags: &str, more: &str, words: &[&str]) {
    let (generic, _) = derived("generic.csv", "");
    let (own, done) = derived(name, flags);
    let columns = format!("{COMMON}{more}");
    for (own, generic) in tables(&own).iter().zip(&tables(&generic)) {
        assert!(generic.rows.len() >= 3);
        assert_eq!(own.cut(&columns), generic.cut(&columns), "{name}");
    }
    for word in words {
        assert!(done.stderr.contains(word), "{name}: no `{word}` in: {}", done.stderr);
    }
}

#[test]
fn each_sample_derives_to_the_bars_of_the_generic_file() {
    let layout = "stamp open (by the layout)";
    let ns = "Polygon flat file: time from `window_start` (ns since 1970)";
    same("polygon.csv", "", " trade_count", &[ns, layout]);
    let fixed = "Databento OHLCV: time from `ts_event` (ns since 1970), stamp open (by the layout), prices in units of 1e-9";
    same("databento_fixed.csv", "", "", &[fixed]);
    same("databento_decimal.csv", "", "", &["Databento OHLCV: time from `ts_event` (with offset)", layout]);
    same(
        "binance_ms.csv",
        "--symbol AAA",
        " trade_count",
        &["Binance klines: time from `open_time` (ms since 1970)", layout],
    );
    same(
        "binance_us.csv",
        "--symbol AAA",
        " trade_count",
        &["Binance klines: time from `open_time` (µs since 1970)", layout],
    );
    same("binance_header.csv", "--symbol AAA", " trade_count", &["Binance klines", layout]);
    let all = " vwap trade_count";
    same("alpaca.csv", "--symbol AAA", all, &["Alpaca bars: time from `t` (with offset)", layout]);
    same("alpaca.json", "", all, &["Alpaca bars: time from `t` (with offset)", layout]);
    same("alpaca_symbols.json", "", all, &["Alpaca bars", layout]);
    let eastern = "--symbol AAA --tz America/New_York";
    same("kibot.txt", eastern, "", &["Kibot: time from `date` and `time` (America/New_York)", layout]);
    same(
        "histdata.csv",
        "--symbol AAA --tz -05:00",
        "",
        &["HistData: time from `timestamp` (UTC-05)", layout],
    );
    let split = format!("{eastern} --stamp open");
    same("generic_date_time.csv", &split, "", &["time from `Date` and `Time`", "stamp open (stated)"]);
}

fn refused(name: &str, flags: &str, code: i32, words: &[&str]) {
    let desk = Desk::new();
    desk.derive(&[&sample(name)], &format!("{FLAGS} {flags}")).refused(code, words);
    assert!(desk.outputs().is_empty());
}

#[test]
fn a_zone_is_asked_for_and_never_assumed() {
    refused(
        "kibot.txt",
        "--symbol AAA",
        3,
        &["kibot.txt, line 1:", "--tz America/New_York", "Kibot's are usually"],
    );
    refused("histdata.csv", "--symbol AAA", 3, &["histdata.csv, line 1:", "`--tz -05:00`"]);
    refused(
        "generic_date_time.csv",
        "--symbol AAA --stamp open",
        3,
        &["line 2: `2024-11-26 09:30:00` has no offset"],
    );
}

#[test]
fn an_instrument_that_no_column_names_is_asked_for() {
    for (name, vendor) in [
        ("binance_ms.csv", "Binance klines"),
        ("alpaca.csv", "Alpaca bars"),
        ("kibot.txt", "Kibot"),
        ("histdata.csv", "HistData"),
    ] {
        refused(name, "--tz UTC", 3, &[vendor, "no column names the instrument", "`--symbol NAME`"]);
    }
}

#[test]
fn a_stated_stamp_wins_over_the_layouts() {
    let (_desk, done) = derived("polygon.csv", "--stamp close");
    assert!(done.stderr.contains("stamp close (stated)"), "{}", done.stderr);
    let desk = Desk::new();
    desk.derive(
        &[&sample("kibot.txt")],
        &format!("{FLAGS} --symbol AAA --tz America/New_York --stamp close"),
    )
    .ok();
    // The first minute of a session would open before it.
    assert_eq!(desk.table("5m.csv").column("n_base")[0], "4");
}

#[test]
fn several_publishers_of_a_symbol_are_the_users_choice() {
    let several = "databento_publishers.csv";
    refused(several, "", 3, &["`AAA` has rows of several publishers (2, 39)", "`--publisher ID`"]);
    refused(several, "--publisher 7", 3, &["no row is of publisher 7; there are 2, 39"]);
    run(&["stream", "-i", "5m", "--publisher", "2"]).refused(3, &["the lines of a stream have none"]);
    same(several, "--publisher 2", "", &["publisher 2 (", "rows of others passed over)"]);
    refused(
        "polygon.csv",
        "--publisher 2",
        3,
        &["`--publisher 2` chooses among a Databento file's publishers"],
    );
}

#[test]
fn records_of_another_interval_are_no_bars_of_the_base() {
    let desk = Desk::new();
    let text = std::fs::read_to_string(sample("databento_fixed.csv")).unwrap().replace(",33,2,", ",34,2,");
    desk.derive_text(text, FLAGS).refused(4, &["other_record: rtype 34 is bars of 1h, and the base is 1m"]);
}

#[test]
fn pages_may_be_packed_and_begin_with_a_mark() {
    let pages = std::fs::read_to_string(sample("alpaca.json")).unwrap();
    let (plain, _) = derived("alpaca.json", "");
    for bytes in [zipped(&pages), format!("\u{feff}\n {pages}").into_bytes()] {
        let desk = Desk::new();
        desk.derive_text(bytes, FLAGS).ok();
        assert_eq!(tables(&desk), tables(&plain));
    }
}

#[test]
fn what_is_no_bars_in_json_is_told() {
    let desk = Desk::new();
    let page = desk.put("page.json", "{\"message\": \"forbidden.\"}");
    desk.derive(&[&page], FLAGS).refused(4, &["page.json, line 1: no bars", "`message`"]);
    let whole = std::fs::read_to_string(sample("alpaca_symbols.json")).unwrap();
    let cut = desk.put("cut.json", &whole[..whole.len() / 2]);
    desk.derive(&[&cut], FLAGS).refused(4, &["cut.json: the JSON ends early, after "]);
    let first = std::fs::read_to_string(sample("alpaca.json")).unwrap().lines().next().unwrap().to_owned();
    let first = desk.put("first.json", first);
    let done = desk.derive(&[&first], FLAGS).ok();
    assert!(done.stderr.contains("more pages follow (next_page_token)"), "{}", done.stderr);
}

#[test]
fn a_zone_may_be_an_offset() {
    for zone in ["-5", "-05:0", "-99:00", "+05:60", "-05:00:00"] {
        refused("kibot.txt", &format!("--symbol AAA --tz {zone}"), 3, &["is not a time zone", "-05:00"]);
    }
    let session = "inputs = [\"in.txt\"]\ncalendar = \"XNYS\"\nsymbol = \"AAA\"\ntz = \"-05:00\"\nderived_intervals = [\"5m\"]\n";
    let desk = Desk::new();
    desk.put("in.txt", std::fs::read_to_string(sample("kibot.txt")).unwrap());
    let session = desk.put("session.toml", session);
    let done = run(&["check", &session]).ok();
    assert!(done.stdout.contains("Kibot: time from `date` and `time` (UTC-05)"), "{}", done.stdout);
}
