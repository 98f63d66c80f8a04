//! `barloom synth`: files that need no flag, equal for equal seeds, with faults that are counted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, Done, run};

fn synth(desk: &Desk, out: &str, flags: &str) -> Done {
    let path = desk.path(out).display().to_string();
    let mut args = vec!["synth", "--out", &path];
    args.extend(flags.split_whitespace());
    run(&args)
}

const WEEK: &str = "--symbols 5 --from 2024-11-25 --to 2024-11-29 --calendar XNYS --seed 7";

#[test]
fn a_market_is_derived_without_a_flag_in_every_format() {
    let mut tables = Vec::new();
    for name in ["demo.csv", "demo.parquet", "demo.arrow"] {
        let desk = Desk::new();
        let told = synth(&desk, name, WEEK).ok().stderr;
        assert!(told.contains("rows of 1m, 5 symbols by XNYS;"), "{told}");
        let input = desk.path(name).display().to_string();
        let flags = "-i 5m,1h,1d --indicator rsi:14@5m --calendar XNYS --to csv";
        let done = desk.derive(&[&input], flags).ok();
        for count in ["duplicate", "corrected", "late", "invalid", "out_of_session"] {
            assert_eq!(done.told_count(count), 0, "{count}");
        }
        let days = desk.table("1d.csv");
        // The day after Thanksgiving closes at 13:00.
        assert!(days.cut("symbol session n_expected").contains(&"S00001 2024-11-29 210".to_owned()));
        assert_eq!(days.rows.len(), 5 * 4);
        tables.push([desk.text("out/5m.csv"), desk.text("out/1h.csv"), desk.text("out/1d.csv")]);
    }
    assert!(tables.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(tables[0][0].lines().next().unwrap().ends_with("rsi_14"));
}

#[test]
fn equal_seeds_give_equal_bytes_and_others_do_not() {
    let desk = Desk::new();
    for end in ["csv", "parquet", "arrow"] {
        let bytes = |name: &str, flags: &str| {
            let name = format!("{name}.{end}");
            synth(&desk, &name, flags).ok();
            std::fs::read(desk.path(&name)).unwrap()
        };
        let first = bytes("a", WEEK);
        assert!(first == bytes("b", WEEK), "{end}");
        assert!(first != bytes("c", &WEEK.replace("seed 7", "seed 8")), "{end}");
    }
    // The first row of a seed: the same on every machine and in every version that keeps the model.
    let text = desk.text("a.csv");
    assert_eq!(text.lines().next().unwrap(), "symbol,open_time,open,high,low,close,volume,vwap,trade_count");
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "S00001,2024-11-25T14:30:00Z,415.61,416.5,414.62,414.94,24346,415.6844,155"
    );
}

#[test]
fn faults_are_those_that_derive_counts() {
    for (name, flags) in [("in.csv", ""), ("in.parquet", " --by-symbol")] {
        let desk = Desk::new();
        let faults = "--faults duplicates=0.01,corrections=0.01,late=0.01 --thin 0.4";
        let told = synth(&desk, name, &format!("{WEEK} {faults}{flags}")).ok().stderr;
        let planted = |what: &str| -> u64 {
            let (before, _) = told.split_once(&format!(" {what}")).unwrap();
            before.rsplit(' ').next().unwrap().parse().unwrap()
        };
        let input = desk.path(name).display().to_string();
        let done = desk.derive(&[&input], "-i 5m,1d --calendar XNYS").ok();
        for (count, what) in
            [("duplicate", "duplicates"), ("corrected", "corrections"), ("late", "late rows")]
        {
            assert!(planted(what) > 10, "{told}");
            assert_eq!(done.told_count(count), planted(what), "{what}");
        }
        assert_eq!((done.told_count("invalid"), done.told_count("out_of_session")), (0, 0));
    }
}

#[test]
fn a_file_says_its_base_itself() {
    let desk = Desk::new();
    synth(&desk, "days.parquet", "--from 2024-11-04 --to 2024-11-29 --calendar XNYS --base 1d").ok();
    let input = desk.path("days.parquet").display().to_string();
    desk.derive(&[&input], "-i 1w --calendar XNYS --to csv").ok();
    let weeks = desk.table("1w.csv");
    assert_eq!(weeks.column("session"), ["2024-W45", "2024-W46", "2024-W47", "2024-W48"]);
    assert_eq!(weeks.column("n_base"), ["5", "5", "5", "4"]);
    // A base that is stated is not asked for twice.
    let done = desk.derive(&[&input], "-i 1h --base 1m --calendar XNYS --force");
    assert!(done.stderr.contains("the file says that its rows are of 1d"), "{}", done.stderr);
    assert_ne!(done.code, Some(0));
}

#[test]
fn what_is_not_allowed_is_said() {
    let desk = Desk::new();
    synth(&desk, "a.txt", WEEK).refused(3, &["a.txt: the name does not say a format", "--to-format"]);
    synth(&desk, "a.csv", &WEEK.replace("XNYS", "XNYZ")).refused(3, &["`XNYZ` is no calendar", "XNYS"]);
    synth(&desk, "a.csv", &WEEK.replace("symbols 5", "symbols 0")).refused(3, &["allowed are 1 to 99999"]);
    synth(&desk, "a.csv", &format!("{WEEK} --thin 2")).refused(3, &["thin 2 is not allowed"]);
    synth(&desk, "a.csv", &format!("{WEEK} --faults dups=0.1")).refused(2, &["`dups=0.1` is no fault"]);
    synth(&desk, "no/a.csv", WEEK).refused(1, &["can't be created"]);
    assert!(!desk.path("a.csv").exists());
}
