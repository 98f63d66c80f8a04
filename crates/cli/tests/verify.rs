//! `barloom verify` on files: the table, its exit codes, one object with `--format json`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use common::{Desk, HEADER, row, run, synth};
use serde_json::Value;

/// `verify` on `inputs`, with flags in one text.
fn verify(inputs: &[&str], flags: &str) -> common::Done {
    let mut args = vec!["verify"];
    args.extend(inputs);
    args.extend(flags.split_whitespace());
    run(&args)
}

/// Minutes of a walk from 2024-11-26 on.
fn walk(symbol: &str, minutes: i64) -> String {
    let mut price = 1_000;
    let mut state = symbol.len() as u32 + 9;
    (0..minutes)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            price = price + state % 21 - 10;
            row(symbol, &(1_732_579_200 + 60 * i).to_string(), price)
        })
        .collect()
}

/// The cells of a row of the table.
fn cells<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.trim_start().starts_with(&format!("{name} ")));
    let line = line.unwrap_or_else(|| panic!("no {name} in: {table}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn sound_data_holds_every_law() {
    let specs = ["sma:20", "rsi:14@1m", "macd@1m", "bbands:20,2", "obv@1m", "vwap@5m"];
    let specs: Vec<String> = specs.iter().map(|spec| format!("--indicator {spec}")).collect();
    let flags = format!("-i 1m,5m,1h --calendar XNYS --hours extended {}", specs.join(" "));
    let done = verify(&[&synth()], &flags).ok();
    let header = done.stdout.lines().next().unwrap();
    for law in
        ["step=run=sweep", "peek=update", "save/restore", "reset=new", "no look-ahead", "started later"]
    {
        assert!(header.contains(law), "{header}");
    }
    let table = &done.stdout;
    assert_eq!(cells(table, "bars@5m")[2..], ["-", "-", "-", "-", "held", "-", "held"]);
    assert_eq!(cells(table, "rsi_14@1m")[2..], ["held", "held", "held", "held", "held", "held", "-"]);
    assert_eq!(cells(table, "obv@1m")[2..], ["held", "held", "held", "held", "held", "endless", "-"]);
    assert_eq!(cells(table, "vwap_1@5m")[7], "held");
    assert!(!table.contains("FAILED") && table.contains("no law failed: "), "{table}");
    assert!(done.stderr.contains("13,924 rows"), "{}", done.stderr);
}

#[test]
fn without_an_indicator_the_bars_are_verified() {
    let done = verify(&[&synth()], "-i 5m,1d,1w --calendar XNYS").ok();
    let rows: Vec<&str> = done.stdout.lines().filter(|line| line.contains('@')).collect();
    assert_eq!(rows.len(), 3, "{}", done.stdout);
    assert!(rows.iter().all(|row| row.trim_start().starts_with("bars@")));
    // One interval has no others.
    let done = verify(&[&synth()], "-i 5m --calendar XNYS").ok();
    assert_eq!(cells(&done.stdout, "bars@5m")[2..], ["-", "-", "-", "-", "held", "-", "-"]);
}

#[test]
fn too_few_bars_are_said_and_are_no_failure() {
    let desk = Desk::new();
    let input = desk.put("in.csv", HEADER.to_owned() + &walk("A", 300));
    let done = verify(&[&input], "-i 5m --stamp open --indicator rsi:14 --indicator sma:100").ok();
    assert_eq!(cells(&done.stdout, "rsi_14@5m")[2..8], ["held", "held", "held", "held", "held", "too short"]);
    assert_eq!(cells(&done.stdout, "sma_100@5m")[2..8], ["too short"; 6]);
    assert!(!done.stdout.contains("FAILED"));
    let warned = "warning: rsi_14@5m, started later: too short: no later start leaves a bar behind 294";
    assert!(done.stderr.contains(warned), "{}", done.stderr);
    assert!(done.stderr.contains("warning: sma_100@5m, step=run=sweep, peek=update, "), "{}", done.stderr);
    assert!(done.stderr.contains("(A has 60 bars)"), "{}", done.stderr);
}

#[test]
fn what_fails_is_listed_and_ends_with_exit_code_1() {
    // What a running sum as TA-Lib's keeps of a bad print is not there in a run that starts behind it.
    let desk = Desk::new();
    let rows = (0..2_000).map(|i| {
        let price = if i == 100 { 1e12 } else { 10.0 + 0.1 * ((i * i) % 17) as f64 };
        format!("A,{},{price},{price},{price},{price},10\n", 1_732_579_200 + 60 * i)
    });
    let input = desk.put("in.csv", HEADER.to_owned() + &rows.collect::<String>());
    let flags = "-i 1m --stamp open --indicator efficiency_ratio --indicator efficiency_ratio:10,exact=true";
    let done = verify(&[&input], flags).refused(1, &["error: 1 of 13 verdicts failed"]);
    assert_eq!(
        cells(&done.stdout, "efficiency_ratio_10@1m")[2..8],
        ["held", "held", "held", "held", "held", "FAILED"]
    );
    assert_eq!(cells(&done.stdout, "efficiency_ratio_10_exact@1m")[2..8], ["held"; 6]);
    let failed: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with("FAILED")).collect();
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    let expected = "FAILED efficiency_ratio_10@1m, started later: A 2024-11-26T";
    assert!(failed.starts_with(expected) && failed.contains("efficiency_ratio_10: expected 0."), "{failed}");
    let json = verify(&[&input], &format!("{flags} --format json")).refused(1, &[]);
    let [object] = json.objects().try_into().unwrap();
    assert_eq!(object["failures"][0]["law"], "started_later");
    assert!(object["failures"][0]["expected"].is_f64() && object["held"] == false);
}

#[test]
fn symbols_hold_together_whatever_their_order() {
    let desk = Desk::new();
    let (a, b) = (walk("AA", 3_000), walk("B", 2_500));
    let grouped = desk.put("grouped.csv", HEADER.to_owned() + &b + &a);
    let mut lines: Vec<&str> = a.lines().chain(b.lines()).collect();
    lines.sort_by_key(|line| line.split(',').nth(1).unwrap());
    let merged = desk.put("merged.csv", HEADER.to_owned() + &lines.join("\n") + "\n");
    let [a, b] = [a, b].map(|rows| HEADER.to_owned() + &rows);
    let two = [desk.put("a.csv", a), desk.put("b.csv", b)];
    let flags = "-i 1m,5m --stamp open --indicator ema:10 --indicator stochastic --indicator vwap";
    let tables = [vec![grouped.as_str()], vec![merged.as_str()], two.iter().map(String::as_str).collect()]
        .map(|inputs| verify(&inputs, flags).ok().stdout);
    assert_eq!(
        cells(&tables[0], "ema_10@5m")[1..],
        ["1,100", "held", "held", "held", "held", "held", "held", "-"]
    );
    assert_eq!(tables[0], tables[1]);
    assert_eq!(tables[0], tables[2]);
}

#[test]
fn json_is_one_object() {
    let desk = Desk::new();
    let input = desk.put("in.csv", HEADER.to_owned() + &walk("A", 300));
    let done = verify(&[&input], "-i 5m,1h --stamp open --indicator rsi:14@5m --format json").ok();
    let [object] = done.objects().try_into().unwrap();
    assert_eq!((&object["held"], &object["rows"]), (&Value::from(true), &Value::from(300)));
    assert_eq!(object["failures"], Value::Array(Vec::new()));
    let results = object["results"].as_array().unwrap();
    let names: Vec<(&str, &str, u64)> = results
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap();
            (text("spec"), text("interval"), row["bars"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(names, [("bars", "5m", 60), ("rsi_14", "5m", 60), ("bars", "1h", 5)]);
    let laws = &results[1]["laws"];
    assert_eq!((&laws["step_run_sweep"], &laws["alone_among"]), (&Value::from("held"), &Value::Null));
    assert_eq!(laws["started_later"], "too short");
    let warning = &object["warnings"][0];
    assert_eq!((&warning["spec"], &warning["laws"][0]), (&"rsi_14".into(), &"started_later".into()));
}

#[test]
fn what_can_not_be_verified_is_refused_as_elsewhere() {
    let desk = Desk::new();
    let input = desk.put("in.csv", HEADER.to_owned() + &walk("A", 30));
    verify(&[&input], "-i 5m --stamp open --indicator rsj").refused(2, &["did you mean `rsi`?"]);
    verify(&[&input], "-i 5x --stamp open").refused(2, &["5x"]);
    verify(&[&input], "-i 5m --stamp open --policy strict@1h").refused(3, &["`@1h`", "not derived"]);
    verify(&[&input], "-i 5m --stamp open --indicator rsi --indicator rsi:14@5m")
        .refused(3, &["rsi_14 is asked for twice on 5m"]);
    verify(&[&input], "-i 5m --stamp open --calendar XNYZ").refused(3, &["XNYS"]);
    verify(&[&input], "-i 5m").refused(3, &["--stamp"]);
    verify(&[&input], "-i 5m --stamp open --calendar XNYS").refused(4, &["none of 30 rows was accepted"]);
    verify(&["missing.csv"], "-i 5m --stamp open").refused(4, &["missing.csv"]);
    let plain = desk.put("plain.csv", "symbol,ts,open,high,low,close\nA,2024-11-26T14:30:00Z,1,2,1,2\n");
    let done = verify(&[&plain], "-i 5m --stamp open --indicator obv");
    done.refused(3, &["obv needs volume"]);
}

#[test]
fn rejected_rows_are_kept_and_may_stop_it() {
    let desk = Desk::new();
    let bad = "A,2024-11-26T01:00:30Z,1,1,1,1,10\n";
    let input = desk.put("in.csv", HEADER.to_owned() + &walk("A", 30) + bad);
    let rejects = desk.path("rejects.csv").display().to_string();
    verify(&[&input], &format!("-i 5m --stamp open --rejects {rejects}")).ok();
    assert!(desk.text("rejects.csv").contains("off_grid_timestamp"));
    let done = verify(&[&input], "-i 5m --stamp open --on-invalid stop");
    done.refused(4, &["in.csv, line 32: off_grid_timestamp"]);
}
