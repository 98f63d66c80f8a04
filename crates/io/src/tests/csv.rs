//! Rows, rejects and errors of whole inputs.

use super::*;
use crate::row::shown_row;
use barloom_core::{Interval, Stamp, Symbol};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const HEADER: &str = "symbol,open_time,open,high,low,close,volume,vwap,trade_count\n";

fn stated() -> Options {
    let symbol = Symbol::new("X").ok();
    Options {
        stamp: Some(Stamp::Open),
        tz: Some(TimeZone::UTC),
        symbol,
        base: Interval::MINUTE,
        publisher: None,
    }
}

/// What an input gives, as text, fed in pieces that end at `cuts`.
fn read(input: &[u8], options: &Options, cuts: &[usize]) -> Vec<String> {
    let mut decoder = CsvDecoder::new(options.clone());
    let mut seen = Vec::new();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    cuts.extend([0, input.len()]);
    cuts.sort_unstable();
    let result = cuts.windows(2).try_for_each(|cut| {
        let mut piece = &input[cut[0]..cut[1]];
        while let Some(decoded) = decoder.decode(&mut piece)? {
            seen.push(shown_row(&decoded));
        }
        assert!(piece.is_empty(), "a decoder that wants more has read all");
        Ok::<(), CsvError>(())
    });
    let result = result.and_then(|()| {
        while let Some(decoded) = decoder.finish()? {
            seen.push(shown_row(&decoded));
        }
        assert!(decoder.finish()?.is_none());
        Ok(())
    });
    seen.extend(result.err().map(|error| format!("error: {error}")));
    seen
}

fn rows(input: &str, options: &Options) -> Vec<String> {
    read(input.as_bytes(), options, &[])
}

fn error(input: &str, options: &Options) -> String {
    rows(input, options).pop().unwrap()
}

#[test]
fn a_row_is_read_as_it_stands() {
    let text = format!("{HEADER}AAA,2024-11-25T09:00:00Z,230.0000,230.06,229.96, 230 ,1461,230.0424,13\n");
    assert_eq!(
        rows(&text, &Options::default()),
        ["2 AAA Open(2024-11-25T09:00:00Z) 230 230.06 229.96 230 Some(1461.0) Some(230.0424) Some(13)"]
    );
}

#[test]
fn rows_of_several_symbols_may_alternate() {
    let text = format!("{HEADER}A,60,1,2,1,2,,,\nB,60,1,2,1,2,,,\nA,120,1,2,1,2,,,\n");
    let seen = rows(&text, &Options::default());
    let symbols: Vec<_> = seen.iter().filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(symbols, ["A", "B", "A"]);
}

#[test]
fn null_is_missing_in_optional_columns_and_a_reject_in_prices() {
    let text = format!("{HEADER}A,1732631400,1,2,1,nan,,null,NaN\nA,1732631460,1,,1,2,NA,0,13.0\n");
    assert_eq!(
        rows(&text, &Options::default()),
        [
            "2 A Open(2024-11-26T14:30:00Z) 1 2 1 NaN None None None",
            "3 Some(\"A\") Some(2024-11-26T14:31:00Z): missing_value: high is empty"
        ]
    );
}

#[test]
fn a_row_that_can_not_be_read_is_a_reject_with_what_is_known_of_it() {
    let text = format!(
        "{HEADER}A,1732631400,abc,2,1,2,,,\nA,1732631400,1,2,1\nA,yesterday,1,2,1,2,,,\n\
         ,1732631400,1,2,1,2,,,\nA,1732631400,1,2,1,2,,,1.5\nA,1732631400,1,2,1,2,\"1,5\",,\n"
    );
    let seen = rows(&text, &Options::default());
    let minute = "Some(\"A\") Some(2024-11-26T14:30:00Z)";
    assert_eq!(seen[0], format!("2 {minute}: not_a_number: open is `abc`; write it like 46319.5"));
    assert_eq!(seen[1], "3 None None: wrong_field_count: 5 fields where the header has 9");
    assert!(seen[2].starts_with("4 Some(\"A\") None: unreadable_time: `yesterday`"), "{}", seen[2]);
    assert_eq!(seen[3], "5 None None: missing_value: symbol is empty");
    assert!(seen[4].starts_with(&format!("6 {minute}: not_a_count: trade_count is `1.5`")), "{}", seen[4]);
    assert!(seen[5].starts_with(&format!("7 {minute}: not_a_number: volume is `1,5`")), "{}", seen[5]);
}

#[test]
fn a_rejects_time_is_the_minutes_open_whatever_the_stamp() {
    let options = Options { stamp: Some(Stamp::Close), ..stated() };
    let seen = rows("t,o,h,l,c\n1732631400,x,2,1,2\n", &options);
    assert!(seen[0].starts_with("2 Some(\"X\") Some(2024-11-26T14:29:00Z)"), "{}", seen[0]);
}

#[test]
fn a_symbol_that_is_not_utf8_is_a_reject() {
    let seen = read(b"ticker,open_time,o,h,l,c\nA\xff,1732631400,1,2,1,2\n", &Options::default(), &[]);
    assert!(seen[0].contains("not_utf8: symbol is `A\u{fffd}`"), "{}", seen[0]);
}

#[test]
fn rows_are_numbered_by_the_line_they_begin_on() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["note,t,o,h,l,c", "", "\"a", "b\",60,1,1,1,1", "", "", "c,120,1,1,1,1", "d,180,1,1,1,1"]
            .join(end);
        let numbers: Vec<_> =
            rows(&text, &stated()).iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect();
        // A carriage return alone in quotes is part of the text.
        let expected = if end == "\r" { ["3", "6", "7"] } else { ["3", "7", "8"] };
        assert_eq!(numbers, expected, "{end:?}");
    }
}

#[test]
fn a_quote_left_open_shows_in_the_reason() {
    let seen = rows("t,o,h,l,c\n60,1,1,1,\"1\n120,1,1,1,1\n180,1,1,1,1\n", &stated());
    assert_eq!(seen.len(), 1);
    let text = format!("t,o,h,l,c\n60,1,1,1,\"1\n{}", "120,1,1,1,1\n".repeat(LONGEST_ROW / 10));
    assert!(error(&text, &stated()).starts_with("error: line 2: the row is longer than"));
    let text = format!("t,o,h,l,c\n{}\n", ",".repeat(MOST_COLUMNS));
    assert!(error(&text, &stated()).ends_with("is a quote left open?"));
}

#[test]
fn other_separators_are_known_by_a_header_without_commas() {
    for separator in [";", "\t", "|"] {
        let text = "\"t\",\"o\",h,l,c\n60,1.5,2,1,2\n".replace(',', separator);
        assert_eq!(rows(&text, &stated())[0].split(' ').nth(3), Some("1.5"), "{separator:?}");
    }
    let seen = rows("t;o;h;l;c\n60;1,5;2;1;2\n", &stated());
    assert!(seen[0].ends_with("not_a_number: open is `1,5`; write it like 46319.5"), "{}", seen[0]);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let text = "\u{feff}\"t\",o,h,l,c\n60,1,2,1,2\n";
    assert_eq!(rows(text, &stated()).len(), 1);
    assert!(rows("\u{feff}\u{feff}t,o,h,l,c\n", &stated())[0].contains("no column for timestamp"));
}

#[test]
fn an_input_without_header_is_an_error_and_one_without_rows_is_not() {
    for text in ["", "\n\r\n", "\u{feff}"] {
        assert_eq!(
            error(text, &stated()),
            "error: the input is empty; expected a line with the column names, then rows"
        );
    }
    for text in ["t,o,h,l,c", "t,o,h,l,c\n", "t,o,h,l,c\n\n"] {
        assert!(rows(text, &stated()).is_empty());
    }
}

#[test]
fn a_time_without_zone_ends_the_input() {
    let text = "t,o,h,l,c\n2021-12-31 23:01:00.000000,1,2,1,2\n";
    let error = error(text, &Options { tz: None, ..stated() });
    assert!(error.starts_with("error: line 2: `2021-12-31 23:01:00.000000` has no offset"), "{error}");
    assert!(error.ends_with("`--tz America/New_York` or `--tz UTC`"), "{error}");
}

#[test]
fn daily_rows_need_neither_stamp_nor_zone() {
    let options = Options { base: Interval::DAY, stamp: None, tz: None, ..stated() };
    let seen = rows("Date,Open,High,Low,Close,Adj Close,Volume\n2024-11-26,1,2,1,2,2,7\n", &options);
    assert_eq!(seen, ["2 X Date(2024-11-26) 1 2 1 2 Some(7.0) None None"]);
}

#[test]
fn what_was_resolved_prints_as_one_line() {
    let resolved = |text: &str, options: Options| {
        let mut decoder = CsvDecoder::new(options);
        assert!(decoder.decode(&mut text.as_bytes()).unwrap().is_some());
        decoder.resolved().unwrap().to_string()
    };
    assert_eq!(
        resolved("t,o,h,l,c\n2021-12-31 23:01:00,1,2,1,2\n", stated()),
        "time from `t` (UTC), stamp open (stated)"
    );
    let column = Options { stamp: None, ..stated() };
    assert_eq!(
        resolved("close_time;o;h;l;c\n1732631400000;1;2;1;2\n", column),
        "time from `close_time` (ms since 1970), stamp close (by the column's name), separated by ';'"
    );
}

proptest! {
    #[test]
    fn what_comes_out_does_not_depend_on_where_the_input_was_cut(
        lines in prop::collection::vec("[a-z0-9.,\"\r\n\u{feff} -]{0,24}(,1,2,1,2)?\r?\n?", 0..12),
        mark in prop::sample::select(vec!["", "\u{feff}", "\n\u{feff}", "\u{feff}\u{feff}"]),
        header in prop::sample::select(vec!["t,o,h,l,c\n", "t;o;h;l;c\r\n", "\"t\",\"o\",h,l,c\r", ""]),
        cuts in prop::collection::vec(0_usize..2000, 0..40),
    ) {
        let input = format!("{mark}{header}{}", lines.concat());
        let whole = read(input.as_bytes(), &stated(), &[]);
        prop_assert_eq!(&read(input.as_bytes(), &stated(), &cuts), &whole);
        let every: Vec<_> = (0..input.len()).collect();
        prop_assert_eq!(&read(input.as_bytes(), &stated(), &every), &whole);
    }
}

#[test]
fn a_layout_without_header_begins_with_a_row_on_line_1() {
    let eastern = || {
        let tz = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").ok();
        Options { tz, stamp: None, ..stated() }
    };
    let seen = rows("\n11/26/2024,09:30,1,2,1,2,7\n11/26/2024,9h31,1,2,1,2,7\n", &eastern());
    assert_eq!(seen[0], "2 X Open(2024-11-26T14:30:00Z) 1 2 1 2 Some(7.0) None None");
    assert!(seen[1].starts_with("3 Some(\"X\") None: unreadable_time: `2024-11-26 9h31`"), "{}", seen[1]);
    let daily = Options { base: Interval::DAY, tz: None, ..eastern() };
    assert_eq!(rows("11/26/2024,1,2,1,2,7", &daily), ["1 X Date(2024-11-26) 1 2 1 2 Some(7.0) None None"]);
    let text = "\u{feff}20241126 093000;1;2;1;2;0\r\n20241126 0931;1;2;1;2;0\r\n2024-11-26;1;2;1;2;0\r\n";
    let seen = rows(text, &eastern());
    assert_eq!(seen[0], "1 X Open(2024-11-26T14:30:00Z) 1 2 1 2 Some(0.0) None None");
    assert!(seen[1].starts_with("2 X Open(2024-11-26T14:31:00Z)"), "{}", seen[1]);
    assert!(seen[2].starts_with("3 Some(\"X\") None: unreadable_time"), "{}", seen[2]);
}

#[test]
fn a_local_time_that_happens_twice_is_refused_in_two_columns_too() {
    let tz = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").ok();
    let seen = rows("11/03/2024,01:30,1,2,1,2,7\n", &Options { tz, stamp: None, ..stated() });
    assert!(seen[0].contains("ambiguous_time: `2024-11-03 01:30:00` happens twice"), "{}", seen[0]);
}

#[test]
fn dates_that_a_header_does_not_define_are_no_guess() {
    let seen = rows("Date,Time,o,h,l,c\n11/12/2024,09:30,1,2,1,2\n,,1,2,1,2\n", &stated());
    assert!(seen[0].contains("unreadable_time: `11/12/2024 09:30` is not a time"), "{}", seen[0]);
    assert!(seen[1].contains("missing_value: the time is empty"), "{}", seen[1]);
}

#[test]
fn prices_of_another_scale_than_the_files_first_are_rejected() {
    let text = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n\
                1732631400000000000,33,1,7,1000000000,2000000000,1000000000,1500000000,5,A\n\
                1732631460000000000,33,1,7,1.0,2.0,1.0,1.5,5,A\n\
                1732631520000000000,33,x,7,1000000000,2000000000,1000000000,1500000000,5,A\n";
    let seen = rows(text, &Options { symbol: None, ..stated() });
    assert!(seen[0].contains(" 1 2 1 1.5 Some(5.0)"), "{}", seen[0]);
    assert!(
        seen[1].contains("other_price_scale: open is `1.0`, and the file's first price is an integer"),
        "{}",
        seen[1]
    );
    assert!(seen[2].contains("not_an_id: publisher_id is `x`"), "{}", seen[2]);
}
