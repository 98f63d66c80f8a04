//! Lines that are read, and lines that are refused with what was meant.

use super::*;
use barloom_core::{Interval, Label};

const BAR: &str = r#"{"bar":{"symbol":"AAA","ts":"2024-11-26T14:30:00Z","open":100,"high":102,"low":99,"close":101,"volume":10,"vwap":100.5,"trade_count":7}}"#;

fn decode(line: &str) -> Result<Line, LineError> {
    LineDecoder::new(&Options::default()).decode(line.as_bytes())
}

fn record(line: &str) -> Record {
    match decode(line).unwrap() {
        Line::Bar { record, .. } => record,
        other => panic!("{other:?}"),
    }
}

fn refused(from: &str, to: &str) -> String {
    assert!(BAR.contains(from));
    decode(&BAR.replace(from, to)).unwrap_err().to_string()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_bar_is_read_as_it_stands() {
    let Ok(Line::Bar { symbol, record }) = decode(BAR) else { panic!() };
    assert_eq!(symbol.as_str(), "AAA");
    let expected = Record {
        label: Label::Open(at("2024-11-26T14:30:00Z")),
        open: 100.0,
        high: 102.0,
        low: 99.0,
        close: 101.0,
        volume: Some(10.0),
        vwap: Some(100.5),
        trade_count: Some(7),
    };
    assert_eq!(record, expected);
}

#[test]
fn volume_vwap_and_trade_count_may_be_absent_or_null() {
    let short = BAR.replace(r#","vwap":100.5,"trade_count":7"#, r#","vwap":null"#);
    assert_eq!((record(&short).vwap, record(&short).trade_count), (None, None));
    assert_eq!(record(&BAR.replace(":7}", ":7.0}")).trade_count, Some(7));
}

#[test]
fn numbers_have_the_bits_that_their_text_has() {
    for text in [
        "0.1",
        "123456789.12345678",
        "2.2250738585072011e-308",
        "18446744073709551615",
        "123456789012345678901234567890",
    ] {
        let bits = record(&BAR.replace(":100,", &format!(":{text},"))).open.to_bits();
        assert_eq!(bits, text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
}

#[test]
fn a_clock_and_a_blank_line_are_read() {
    let line = decode("{\"clock\":\"2024-11-26T14:35:00Z\"}\r\n");
    assert_eq!(line, Ok(Line::Clock(at("2024-11-26T14:35:00Z"))));
    assert_eq!(decode("{\"clock\":1732631700000000000}"), line);
    assert_eq!(decode(" \r\n"), Ok(Line::Blank));
}

#[test]
fn options_fill_in_what_the_line_leaves_open() {
    let symbol = Symbol::new("X").unwrap();
    let tz = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").ok();
    let options = Options {
        stamp: Some(Stamp::Close),
        tz,
        symbol: Some(symbol.clone()),
        base: Interval::MINUTE,
        publisher: None,
    };
    let line = BAR.replace("\"symbol\":\"AAA\",", "").replace("T14:30:00Z", " 09:31:00");
    let Ok(Line::Bar { symbol: given, record }) = LineDecoder::new(&options).decode(line.as_bytes()) else {
        panic!()
    };
    assert_eq!((given, record.label), (symbol, Label::Close(at("2024-11-26T14:31:00Z"))));
}

#[test]
fn a_line_that_is_no_object_is_refused() {
    for line in ["{", "[1]", "7", "\"bar\"", "{\"bar\":NaN}", "{\"bar\":{}} {}", "{\"clock\":1e999}"] {
        let text = decode(line).unwrap_err().to_string();
        assert!(text.starts_with("not_json: ") && text.contains(r#"`{"bar":{…}}`"#), "{text}");
    }
    assert_eq!(
        decode("{}").unwrap_err().to_string(),
        "unknown_line: the object has neither; expected either `bar` or `clock`"
    );
    let both = decode("{\"bar\":{},\"clock\":1}").unwrap_err().to_string();
    assert!(both.starts_with("unknown_line: the object has both"), "{both}");
}

#[test]
fn an_unknown_field_is_refused_with_the_nearest_word() {
    assert_eq!(
        refused("\"open\"", "\"opne\""),
        "unknown_field: `opne`; did you mean `open`?; allowed are \
         symbol, ts, open, high, low, close, volume, vwap, trade_count"
    );
    assert!(refused("\"bar\"", "\"baar\"").starts_with("unknown_field: `baar`; did you mean `bar`?"));
    assert_eq!(refused("\"high\"", "\"open\""), "duplicate_field: `open` is there twice");
}

#[test]
fn a_value_that_is_missing_or_of_another_type_names_its_field() {
    assert_eq!(refused("\"close\":101,", ""), "missing_value: no `close`");
    assert_eq!(refused("\"close\":101", "\"close\":null"), "missing_value: no `close`");
    assert_eq!(
        refused("\"symbol\":\"AAA\",", ""),
        "missing_value: the bar has no `symbol`; it may be stated: `--symbol NAME`"
    );
    assert_eq!(refused("\"ts\":\"2024-11-26T14:30:00Z\",", ""), "missing_value: no `ts`");
    assert_eq!(refused(":100,", ":\"100\","), "wrong_type: `open` is the text \"100\"; write a number");
    assert_eq!(refused(":7}", ":7.5}"), "wrong_type: `trade_count` is 7.5; write a whole number");
    assert!(refused("\"2024-11-26T14:30:00Z\"", "1.7e18").contains("`ts` is 1.7e18; write a time like"));
    assert!(refused("\"2024-11-26T14:30:00Z\"", "99999999999999999999").starts_with("wrong_type: `ts`"));
    assert!(refused("\"AAA\"", "\" A\"").starts_with("bad_symbol: "));
    assert!(refused("\"AAA\"", "[1]").contains("`symbol` is a list; write a text"));
    assert_eq!(
        decode("{\"bar\":[{}]}").unwrap_err().to_string(),
        "wrong_type: `bar` is a list; write an object"
    );
    assert!(
        decode("{\"clock\":\"2024-11-26\"}").unwrap_err().to_string().contains("write a time of day too")
    );
}

#[test]
fn a_time_that_can_not_be_read_is_refused() {
    assert!(refused("14:30:00Z", "14:30:00").ends_with("`--tz America/New_York` or `--tz UTC`"));
    assert!(refused("2024-11-26T14:30:00Z", "yesterday").starts_with("unreadable_time"));
    // In a file's column these would be seconds; a line's count is nanoseconds, and is a number.
    assert!(refused("2024-11-26T14:30:00Z", "1732631400").contains("whole nanoseconds since 1970"));
}
