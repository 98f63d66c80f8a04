//! `derive` by its rules: which bars, with which counts, in which order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{BAR_COLUMNS, Desk, HEADER, Table, minutes, row, run_of, synth, unzipped, zipped};

const XNYS: &str = "--calendar XNYS --stamp open";

/// Seconds since 1970 of 2024-11-26T14:30:00Z, when XNYS opens.
const OPEN: i64 = 1_732_631_400;

fn session(symbol: &str) -> String {
    HEADER.to_owned() + &run_of(symbol, OPEN, 390)
}

/// The rows of the one table `name` after `derive` on `csv`.
fn derived(csv: &str, flags: &str, name: &str, columns: &str) -> Vec<String> {
    let desk = Desk::new();
    desk.derive_text(csv, flags).ok();
    desk.table(name).cut(columns)
}

/// Ten minutes from 14:30 on of each symbol, one symbol after the other.
fn grouped(symbols: &[&str]) -> String {
    HEADER.to_owned() + &symbols.iter().map(|symbol| run_of(symbol, OPEN, 10)).collect::<String>()
}

#[test]
fn rows_come_as_they_become_visible_and_ties_by_symbol() {
    let csv = minutes(&["B 14:30", "A 14:30", "B 14:34", "A 14:34", "B 14:39", "A 14:39"]);
    let rows = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "symbol open_time");
    assert_eq!(
        rows,
        [
            "A 2024-11-26T14:30:00Z",
            "B 2024-11-26T14:30:00Z",
            "A 2024-11-26T14:35:00Z",
            "B 2024-11-26T14:35:00Z"
        ]
    );
}

#[test]
fn a_bar_that_comes_late_by_its_own_clock_stands_where_it_became_visible() {
    // A has a gap and then ends early: its bars close only with its next row, and with the end of the input.
    let csv = minutes(&[
        "A 14:30", "B 14:30", "B 14:34", "B 14:36", "B 14:39", "B 14:41", "A 14:50", "B 14:51", "B 14:59",
    ]);
    let rows = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "close_time symbol");
    assert!(rows.is_sorted() && rows.len() == 7, "{rows:?}");
    assert!(rows[0].ends_with(" A") && rows[1].ends_with(" B"), "{rows:?}");
}

#[test]
fn a_day_after_the_other_grouped_by_symbol_comes_out_by_time() {
    let day = |from| run_of("B", from, 10) + &run_of("A", from, 10);
    let csv = HEADER.to_owned() + &day(OPEN) + &day(OPEN + 86_400);
    let rows = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "close_time symbol");
    assert!(rows.is_sorted() && rows.len() == 8, "{rows:?}");
}

#[test]
fn a_rejected_row_does_not_break_a_group() {
    let csv = minutes(&["A 14:34", "A 14:39"]) + "B,2024-11-26T14:30:00Z,x,1,1,1,1\n";
    let csv = csv + &minutes(&["B 14:34", "B 14:39"]).replace(HEADER, "");
    let rows = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "symbol");
    assert_eq!(rows, ["A", "A", "B", "B"]);
}

#[test]
fn a_daily_row_labelled_by_its_close_names_the_day_that_ended() {
    let csv = "symbol,close_time,open,high,low,close\nA,2024-11-27T00:00:00Z,1,2,1,2\nA,2024-11-28T00:00:00Z,1,2,1,2\n";
    let days = derived(csv, "-i 1d --base 1d --calendar 24/7", "1d.csv", "session");
    assert_eq!(days, ["2024-11-26", "2024-11-27"]);
}

#[test]
fn input_grouped_by_symbol_stays_grouped() {
    let rows = derived(&grouped(&["B", "A"]), &format!("-i 5m {XNYS}"), "5m.csv", "symbol");
    assert_eq!(rows, ["B", "B", "A", "A"]);
}

#[test]
fn sorted_rows_come_by_open_time_and_symbol() {
    let rows = derived(&grouped(&["B", "A"]), &format!("-i 5m --sort {XNYS}"), "5m.csv", "symbol open_time");
    assert_eq!(
        rows,
        [
            "A 2024-11-26T14:30:00Z",
            "B 2024-11-26T14:30:00Z",
            "A 2024-11-26T14:35:00Z",
            "B 2024-11-26T14:35:00Z"
        ]
    );
}

#[test]
fn the_base_interval_is_a_table_of_accepted_bars_in_time_order() {
    // 14:30 comes after 14:31 was given: late for 1m, in time for 5m.
    let csv = minutes(&["A 14:31", "A 14:30", "A 14:31", "A 09:00", "A 14:32"]);
    let desk = Desk::new();
    desk.derive_text(csv, &format!("-i 1m,5m --flush-on-stop {XNYS}")).ok();
    let rows = desk.table("1m.csv").cut("open_time close_time close n_base n_expected");
    assert_eq!(
        rows,
        [
            "2024-11-26T14:31:00Z 2024-11-26T14:32:00Z 100 1 1",
            "2024-11-26T14:32:00Z 2024-11-26T14:33:00Z 104 1 1"
        ]
    );
    assert_eq!(desk.table("5m.csv").cut("open n_base"), ["101 3"]);
    let late = desk.table("warnings.csv").cut("interval kind time");
    assert!(late.contains(&"1m late_bar 2024-11-26T14:30:00Z".to_owned()), "{late:?}");
    assert_eq!(desk.outputs(), ["1m.csv", "5m.csv", "warnings.csv"]);
}

#[test]
fn extended_hours_add_a_last_column_and_days_stay_regular() {
    let csv = minutes(&["A 14:28", "A 14:29", "A 14:30", "A 20:59", "A 21:00"]);
    let desk = Desk::new();
    desk.derive_text(csv, &format!("-i 5m,1d --hours extended --flush-on-stop {XNYS}")).ok();
    let bars = desk.table("5m.csv");
    assert_eq!(bars.header, format!("{BAR_COLUMNS},hours"));
    assert_eq!(
        bars.cut("open_time session n_base hours"),
        [
            "2024-11-26T14:25:00Z 2024-11-26 2 pre",
            "2024-11-26T14:30:00Z 2024-11-26 1 regular",
            "2024-11-26T20:55:00Z 2024-11-26 1 regular",
            "2024-11-26T21:00:00Z 2024-11-26 1 post"
        ]
    );
    let days = desk.table("1d.csv").cut("open_time close_time open close n_base n_expected hours");
    assert_eq!(days, ["2024-11-26T14:30:00Z 2024-11-26T21:00:00Z 102 103 2 390 regular"]);
}

#[test]
fn midnight_alignment_is_the_wall_clock_cut_to_the_segment() {
    let rows = derived(
        &session("A"),
        &format!("-i 2h --align midnight {XNYS}"),
        "2h.csv",
        "open_time close_time n_base n_expected",
    );
    assert_eq!(
        rows,
        [
            "2024-11-26T14:30:00Z 2024-11-26T15:00:00Z 30 30",
            "2024-11-26T15:00:00Z 2024-11-26T17:00:00Z 120 120",
            "2024-11-26T17:00:00Z 2024-11-26T19:00:00Z 120 120",
            "2024-11-26T19:00:00Z 2024-11-26T21:00:00Z 120 120"
        ]
    );
}

#[test]
fn a_stub_is_a_bar_unless_it_is_dropped() {
    let hours =
        |flags: &str| derived(&session("A"), &format!("-i 1h {XNYS} {flags}"), "1h.csv", "n_expected");
    assert_eq!(hours(""), ["60", "60", "60", "60", "60", "60", "30"]);
    assert_eq!(hours("--stub drop"), ["60"; 6]);
}

#[test]
fn bars_below_the_least_coverage_are_skipped_with_a_warning() {
    let csv = minutes(&[
        "A 14:30", "A 14:31", "A 14:32", "A 14:34", "A 14:35", "A 14:36", "A 14:37", "A 14:40", "A 14:41",
        "A 14:42",
    ]);
    let desk = Desk::new();
    desk.derive_text(csv, &format!("-i 5m --min-coverage 0.8 {XNYS}")).ok();
    assert_eq!(desk.table("5m.csv").cut("open_time n_base n_expected"), ["2024-11-26T14:30:00Z 4 5"]);
    assert_eq!(
        desk.table("warnings.csv").cut("symbol interval kind time n_base n_expected"),
        ["A 5m incomplete_bar 2024-11-26T14:35:00Z 3 5", "A 5m unfinished_bar 2024-11-26T14:40:00Z 3 5"]
    );
}

#[test]
fn a_policy_may_be_for_one_interval() {
    let csv = minutes(&["A 14:30", "A 15:29", "A 15:31"]);
    let desk = Desk::new();
    desk.derive_text(csv, &format!("-i 5m,1h --policy strict@1h {XNYS}")).ok();
    assert_eq!(desk.table("5m.csv").column("n_base"), ["1", "1"]);
    assert!(desk.table("1h.csv").rows.is_empty());
    let kinds = desk.table("warnings.csv").cut("interval kind n_base n_expected");
    assert_eq!(kinds, ["1h incomplete_bar 2 60", "5m unfinished_bar 1 5", "1h unfinished_bar 1 60"]);
}

#[test]
fn the_repeated_policy_flag_means_the_same_as_a_list() {
    let csv = minutes(&["A 14:30", "A 15:29", "A 15:31"]);
    let with = |flags: &str| {
        derived(&csv, &format!("-i 5m,1h {XNYS} {flags}"), "warnings.csv", "interval kind time")
    };
    assert_eq!(with("--policy coverage --policy strict@1h"), with("--policy strict@1h,coverage"));
}

#[test]
fn an_open_bar_at_the_end_is_unfinished_unless_it_is_flushed() {
    let csv = minutes(&["A 14:30", "A 14:31"]);
    let desk = Desk::new();
    desk.derive_text(&csv, &format!("-i 5m {XNYS}")).ok();
    assert!(desk.table("5m.csv").rows.is_empty());
    assert_eq!(desk.table("warnings.csv").cut("kind n_base n_expected"), ["unfinished_bar 2 5"]);
    let flushed =
        derived(&csv, &format!("-i 5m --flush-on-stop {XNYS}"), "5m.csv", "n_base n_expected close");
    assert_eq!(flushed, ["2 5 101"]);
}

#[test]
fn the_clock_moves_to_the_newest_close_at_the_end() {
    // 14:34 closes at 14:35, and so does its bucket.
    let csv = minutes(&["A 14:30", "A 14:34"]);
    assert_eq!(derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "n_base"), ["2"]);
}

#[test]
fn grace_keeps_a_bucket_open_for_minutes_that_come_later() {
    let csv = minutes(&["A 14:30", "A 14:32", "A 14:33", "A 14:35", "A 14:36", "A 14:31"]);
    let with = |flags: &str| {
        let desk = Desk::new();
        let done = desk.derive_text(&csv, &format!("-i 5m {XNYS} {flags}")).ok();
        (desk.table("5m.csv").cut("n_base close").join(","), done.told_count("late"))
    };
    assert_eq!(with(""), ("3 102".to_owned(), 1));
    assert_eq!(with("--grace 2m"), ("4 102".to_owned(), 0));
}

#[test]
fn rows_labelled_by_their_close_open_a_minute_earlier() {
    let csv = minutes(&["A 14:31", "A 14:35"]);
    let rows = derived(&csv, "-i 5m --calendar XNYS --stamp close", "5m.csv", "open_time n_base");
    assert_eq!(rows, ["2024-11-26T14:30:00Z 2"]);
}

#[test]
fn days_make_weeks_and_months_of_sessions() {
    let day = |date: &str| row("A", date, 100);
    let csv = format!(
        "{HEADER}{}{}{}{}",
        day("2024-11-25"),
        day("2024-11-26"),
        day("2024-11-27"),
        day("2024-11-29")
    );
    let desk = Desk::new();
    desk.derive_text(csv, "-i 1d,1w,1M --base 1d --calendar XNYS").ok();
    assert_eq!(
        desk.table("1w.csv").cut("session open_time close_time volume n_base n_expected"),
        ["2024-W48 2024-11-25T14:30:00Z 2024-11-29T18:00:00Z 40 4 4"]
    );
    // Twenty-one weekdays without Thanksgiving.
    assert_eq!(desk.table("1M.csv").cut("session n_base n_expected"), ["2024-11 4 20"]);
    assert_eq!(desk.table("1d.csv").rows.len(), 4);
}

#[test]
fn weeks_and_months_come_from_minutes_too() {
    let desk = Desk::new();
    desk.derive(&[&synth()], &format!("-i 1w,1M {XNYS}")).ok();
    let weeks = desk.table("1w.csv").cut("symbol session n_expected");
    assert!(weeks.contains(&"AAA 2024-W48 1380".to_owned()), "{weeks:?}");
    let months = desk.table("1M.csv").cut("symbol session");
    assert!(months.contains(&"AAA 2024-11".to_owned()), "{months:?}");
}

#[test]
fn seconds_make_minutes() {
    let csv: String = (0..60).map(|s| row("A", &(OPEN + s).to_string(), 100)).collect();
    let rows = derived(
        &(HEADER.to_owned() + &csv),
        "-i 30s,1m --base 1s --calendar 24/7 --stamp open",
        "1m.csv",
        "volume n_base n_expected",
    );
    assert_eq!(rows, ["600 60 60"]);
}

#[test]
fn no_bar_spans_the_lunch_of_hong_kong() {
    let csv = minutes(&["A 03:58", "A 03:59", "A 04:00", "A 05:00", "A 05:59"]);
    let rows = derived(
        &csv,
        "-i 1h --calendar XHKG --stamp open",
        "1h.csv",
        "open_time close_time n_base n_expected",
    );
    assert_eq!(
        rows,
        ["2024-11-26T03:30:00Z 2024-11-26T04:00:00Z 2 30", "2024-11-26T05:00:00Z 2024-11-26T06:00:00Z 2 60"]
    );
}

#[test]
fn several_files_are_read_one_after_the_other() {
    let desk = Desk::new();
    let first = desk.put("a.csv", minutes(&["A 14:30", "A 14:31"]));
    let second = desk.put("b.csv", minutes(&["A 14:32", "A 14:33", "A 14:34"]));
    desk.derive(&[&first, &second], &format!("-i 5m {XNYS}")).ok();
    assert_eq!(desk.table("5m.csv").cut("n_base n_expected"), ["5 5"]);
}

/// The bars that a file named `name` of `bytes` gives.
fn of_file(name: &str, bytes: Vec<u8>) -> Table {
    let desk = Desk::new();
    let input = desk.put(name, bytes);
    desk.derive(&[&input], &format!("-i 5m {XNYS}")).ok();
    desk.table("5m.csv")
}

/// A zstd frame of one raw block: nothing is compressed.
fn zstd_frame(text: &str) -> Vec<u8> {
    let block = ((text.len() as u32) << 3) | 1;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    frame.extend(&block.to_le_bytes()[..3]);
    frame.extend(text.as_bytes());
    frame
}

#[test]
fn the_same_rows_in_any_wrapping_give_the_same_bars() {
    let text = session("A");
    let plain = of_file("a.csv", text.clone().into_bytes());
    assert_eq!(plain.rows.len(), 78);
    let (head, tail) = text.split_at(text.len() / 2);
    assert_eq!(of_file("a.csv.gz", [zipped(head), zipped(tail)].concat()), plain, "two gzip members");
    assert_eq!(of_file("a.csv.zst", zstd_frame(&text)), plain, "zstd");
    assert_eq!(of_file("a.csv", text.replace('\n', "\r\n").into_bytes()), plain, "CRLF");
    assert_eq!(of_file("a.csv", format!("\u{feff}{text}").into_bytes()), plain, "byte order mark");
    assert_eq!(of_file("a.csv", text.trim_end().as_bytes().to_vec()), plain, "no last line end");
    assert_eq!(of_file("a.csv", text.replace("A,", "\"A\",").into_bytes()), plain, "quotes");
}

#[test]
fn the_counters_add_up() {
    let desk = Desk::new();
    let done = desk.derive(&[&synth()], &format!("-i 5m,1d {XNYS}")).ok();
    let parts = ["accepted", "duplicate", "corrected", "late", "invalid", "out_of_session"];
    let counts = parts.map(|name| done.told_count(name));
    let rows = unzipped("testdata/us_equity_synth.csv.gz").lines().count() as u64 - 1;
    assert_eq!(counts.iter().sum::<u64>(), rows);
    assert_eq!(done.told_count("rows"), rows);
    assert!(counts[0] > 10_000 && counts[1] > 0 && counts[2] > 0 && counts[5] > 0, "{counts:?}");
}

#[test]
fn a_file_sorted_by_symbol_gives_the_bars_of_one_sorted_by_time() {
    let text = unzipped("testdata/us_equity_synth.csv.gz");
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].sort_by_key(|line| line.split(',').next());
    let (by_time, by_symbol) = (Desk::new(), Desk::new());
    let flags = format!("-i 1m,5m,1h,1d,1w --policy coverage,strict@1h {XNYS}");
    by_time.derive(&[&synth()], &flags).ok();
    by_symbol.derive_text(lines.join("\n"), &flags).ok();
    for name in ["1m.csv", "5m.csv", "1h.csv", "1d.csv", "1w.csv"] {
        assert_eq!(by_time.table(name).sorted(), by_symbol.table(name).sorted(), "{name}");
    }
    let (mut ours, mut theirs) = (by_time.table("warnings.csv").rows, by_symbol.table("warnings.csv").rows);
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn another_interval_changes_nothing_about_the_first() {
    let (alone, among) = (Desk::new(), Desk::new());
    alone.derive(&[&synth()], &format!("-i 15m {XNYS}")).ok();
    among.derive(&[&synth()], &format!("-i 1m,7m,15m,1d,1M {XNYS}")).ok();
    assert_eq!(alone.text("out/15m.csv"), among.text("out/15m.csv"));
}

#[test]
fn an_input_without_volume_gives_bars_without() {
    let csv = "symbol,open_time,open,high,low,close\nA,2024-11-26T14:34:00Z,1,2,1,2\n";
    let rows = derived(csv, "-i 5m --calendar XNYS", "5m.csv", "open high volume vwap trade_count n_base");
    assert_eq!(rows, ["1 2    1"]);
}

#[test]
fn a_time_without_offset_is_read_in_the_stated_zone() {
    let csv = "symbol,ts,open,high,low,close\nA,2024-11-26 09:34,1,2,1,2\n";
    let rows = derived(csv, &format!("-i 5m --tz America/New_York {XNYS}"), "5m.csv", "open_time");
    assert_eq!(rows, ["2024-11-26T14:30:00Z"]);
}

#[test]
fn a_second_run_asks_before_it_replaces_the_tables_of_the_first() {
    let desk = Desk::new();
    desk.derive_text(minutes(&["A 14:34"]), &format!("-i 5m {XNYS}")).ok();
    desk.derive_text(minutes(&["B 14:34"]), &format!("-i 1h {XNYS}")).refused(3, &["5m.csv", "--force"]);
    assert_eq!(desk.table("5m.csv").column("symbol"), ["A"]);
    desk.derive_text(minutes(&["B 14:34"]), &format!("-i 5m {XNYS} --force")).ok();
    assert_eq!(desk.table("5m.csv").column("symbol"), ["B"]);
}

#[test]
fn groups_stay_whole_where_one_ends_at_the_instant_the_next_begins() {
    let csv = minutes(&["B 14:34", "B 14:39", "A 14:39"]);
    let rows = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "symbol");
    assert_eq!(rows, ["B", "B", "A"]);
}

#[test]
fn a_bar_that_was_open_when_its_group_ended_stays_with_its_group() {
    // Each symbol's last bucket lacks minutes, so it closes only when the input ends.
    let csv = minutes(&["B 14:31", "B 14:36", "A 14:31", "A 14:36", "C 14:31"]);
    let rows = |column| derived(&csv, &format!("-i 5m,1d {XNYS} --flush-on-stop"), "5m.csv", column);
    assert_eq!(rows("symbol"), ["B", "B", "A", "A", "C"]);
    assert_eq!(rows("open_time")[..2], rows("open_time")[2..4]);
    let days = derived(&csv, &format!("-i 5m,1d {XNYS} --flush-on-stop"), "1d.csv", "symbol");
    assert_eq!(days, ["B", "A", "C"]);
    // The same rows by time: by instant, then by name.
    let csv = minutes(&["B 14:31", "A 14:31", "C 14:31", "B 14:36", "A 14:36"]);
    let rows = derived(&csv, &format!("-i 5m {XNYS} --flush-on-stop"), "5m.csv", "symbol");
    assert_eq!(rows, ["A", "B", "C", "A", "B"]);
}

#[test]
fn no_table_holds_an_infinite_number() {
    let csv = format!("{HEADER}A,2024-11-26T14:33:00Z,1,1,1,1,1e308\nA,2024-11-26T14:34:00Z,1,1,1,1,1e308\n");
    let volumes = derived(&csv, &format!("-i 5m {XNYS}"), "5m.csv", "volume");
    assert!(volumes.iter().all(|volume| !volume.contains("inf")), "{volumes:?}");
}
