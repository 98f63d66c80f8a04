//! Each kind of finding, planted.

use super::*;
use barloom_core::derive::{DeriveConfig, TradingHours};
use barloom_core::time::NANOS_PER_SECOND;
use barloom_core::{Calendar, Interval, Label};

const MINUTE: i64 = 60 * NANOS_PER_SECOND;

fn rules(calendar: &str, hours: TradingHours) -> DeriveRules {
    let config = DeriveConfig::new(Calendar::named(calendar).unwrap(), &[Interval::DAY]);
    DeriveRules::new(DeriveConfig { hours, ..config }).unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn row(open: Timestamp, price: f64) -> Record {
    Record {
        label: Label::Open(open),
        open: price,
        high: price + 0.5,
        low: price - 0.5,
        close: price,
        volume: Some(10.0),
        vwap: None,
        trade_count: None,
    }
}

/// Every minute of the regular sessions of XNYS in a week of November, in order.
fn week() -> Vec<Record> {
    let days = [18, 19, 20, 21, 22].map(|day| at(&format!("2024-11-{day}T14:30:00Z")));
    let minutes = days.into_iter().flat_map(|open| (0..390).map(move |n| open.saturating_add(n * MINUTE)));
    minutes.map(|open| row(open, 100.0)).collect()
}

fn moved(rows: Vec<Record>, by: i64) -> Vec<Record> {
    let one = |mut row: Record| {
        if let Label::Open(at) = row.label {
            row.label = Label::Open(at.saturating_add(by));
        }
        row
    };
    rows.into_iter().map(one).collect()
}

fn linted_with(rules: DeriveRules, rows: &[Record]) -> LintReport {
    let (mut lint, mut symbols) = (Lint::new(rules), Symbols::new());
    let aaa = symbols.intern("AAA").unwrap();
    lint.begin("a.csv");
    for (number, record) in (2..).zip(rows) {
        if let Err(error) = lint.row(&SourceRow { number, content: Ok((aaa, *record)) }, &symbols) {
            return lint.fail(&symbols, error);
        }
    }
    lint.finish(&symbols)
}

fn linted(rows: &[Record]) -> LintReport {
    linted_with(rules("XNYS", TradingHours::Regular), rows)
}

/// The one finding of the report.
fn only(report: &LintReport) -> (Kind, u64, &Finding) {
    assert_eq!(report.found.len(), 1, "{:?}", report.found);
    let found = &report.found[0];
    (found.kind, found.count, &found.first[0])
}

#[test]
fn a_sound_week_has_no_finding() {
    let report = linted(&week());
    assert_eq!((report.found.as_slice(), report.error), (&[][..], None));
    assert_eq!((report.counts.accepted, report.counts.rows()), (5 * 390, 5 * 390));
    assert_eq!((report.places.blocks, report.places.at_open, report.places.fits()), (5, 5, true));
}

#[test]
fn rows_that_are_no_bars_are_told_by_what_is_wrong() {
    let mut rows = week();
    let sound = rows[10];
    let faults = [
        (Kind::NotFinite, Record { close: f64::NAN, ..sound }),
        (Kind::Ohlc, Record { high: 90.0, ..sound }),
        (Kind::Negative, Record { volume: Some(-1.0), ..sound }),
        (Kind::OffGrid, Record { label: Label::Open(at("2024-11-18T14:40:30Z")), ..sound }),
    ];
    for (kind, fault) in faults {
        rows.insert(11, fault);
        let report = linted(&rows);
        let (own, count, finding) = only(&report);
        assert_eq!((own, count, finding.row, finding.symbol.as_deref()), (kind, 1, Some(13), Some("AAA")));
        rows.remove(11);
    }
    rows[10] = row(at("2024-11-18T14:40:00Z"), 0.5);
    assert_eq!(only(&linted(&rows)).0, Kind::NotPositive);
}

#[test]
fn unreadable_rows_keep_their_reason() {
    let (mut lint, symbols) = (Lint::new(rules("XNYS", TradingHours::Regular)), Symbols::new());
    let unreadable = Unreadable { symbol: None, time: None, reason: "no number".to_owned() };
    lint.row(&SourceRow { number: 7, content: Err(unreadable) }, &symbols).unwrap();
    let report = lint.finish(&symbols);
    let (kind, _, finding) = only(&report);
    assert_eq!((kind, finding.text.as_str(), finding.row), (Kind::Unreadable, "no number", Some(7)));
    assert!(matches!(report.error, Some(FileError::NothingAccepted { .. })));
}

#[test]
fn a_minute_that_is_there_again_is_a_duplicate_or_corrected() {
    let mut rows = week();
    rows.insert(11, rows[10]);
    assert_eq!(only(&linted(&rows)).0, Kind::Duplicate);
    rows[11] = row(at("2024-11-18T14:40:00Z"), 100.25);
    let report = linted(&rows);
    assert_eq!(only(&report).0, Kind::Corrected);
    assert_eq!((report.counts.corrected, report.counts.duplicate), (1, 0));
}

#[test]
fn rows_out_of_order_are_told_and_their_minutes_are_not_missing() {
    let mut rows = week();
    rows.swap(10, 11);
    let report = linted(&rows);
    let (kind, count, finding) = only(&report);
    assert_eq!((kind, count, finding.row), (Kind::OutOfOrder, 1, Some(13)));
    assert_eq!(finding.text, "comes after 2024-11-18T14:41:00Z");
    // A row of a session that is over is late as well.
    let mut rows = week();
    rows.push(rows[10]);
    assert_eq!(linted(&rows).counts.late, 1);
}

#[test]
fn a_file_that_is_grouped_by_symbol_is_told() {
    let (mut lint, mut symbols) = (Lint::new(rules("XNYS", TradingHours::Regular)), Symbols::new());
    let names = ["AAA", "BBB"].map(|name| symbols.intern(name).unwrap());
    for (file, names) in [("by_symbol", [names[0], names[1]]), ("apart", [names[0], names[0]])] {
        lint.begin(file);
        for (symbol, day) in names.into_iter().zip(["19", "18"]) {
            let record = row(at(&format!("2024-11-{day}T14:30:00Z")), 100.0);
            lint.row(&SourceRow { number: 2, content: Ok((symbol, record)) }, &symbols).unwrap();
        }
    }
    let report = lint.finish(&symbols);
    assert_eq!(report.count(Kind::Grouped), 1);
    let found = report.found.iter().find(|found| found.kind == Kind::Grouped).unwrap();
    assert_eq!(found.first[0].symbol.as_deref(), Some("BBB"));
}

#[test]
fn missing_minutes_and_sessions_are_told() {
    let mut rows = week();
    rows.drain(400..403);
    rows.remove(500);
    let report = linted(&rows);
    let (kind, count, finding) = only(&report);
    assert_eq!((kind, count, finding.time), (Kind::Gap, 1, Some(at("2024-11-19T14:40:00Z"))));
    assert_eq!(
        finding.text,
        "4 of 390 bars of session 2024-11-19 are missing, the longest stretch 3 from 2024-11-19T14:40:00Z"
    );
    let mut rows = week();
    rows.drain(390..3 * 390);
    let report = linted(&rows);
    let (kind, count, finding) = only(&report);
    assert_eq!((kind, count), (Kind::MissingSession, 1));
    assert_eq!(finding.text, "no bar in 2 sessions, 2024-11-19 to 2024-11-20");
}

#[test]
fn what_lies_before_the_first_row_and_after_the_last_is_not_missing() {
    assert_eq!(linted(&week()[100..4 * 390 + 50]).found, []);
}

#[test]
fn other_hours_are_out_of_session_unless_they_are_asked_for() {
    let mut rows = week();
    rows.insert(0, row(at("2024-11-18T14:29:00Z"), 100.0));
    let report = linted(&rows);
    let (kind, _, finding) = only(&report);
    assert_eq!((kind, finding.text.as_str()), (Kind::OutOfSession, "in the pre-market"));
    let report = linted_with(rules("XNYS", TradingHours::Extended), &rows);
    assert_eq!(report.count(Kind::OutOfSession), 0);
    rows[0] = row(at("2024-11-17T14:30:00Z"), 100.0);
    assert_eq!(only(&linted(&rows)).2.text, "outside trading hours");
}

#[test]
fn a_jump_between_sessions_may_be_a_split() {
    let mut rows = week();
    for row in &mut rows[2 * 390..] {
        (row.open, row.high, row.low, row.close) = (50.0, 50.25, 49.75, 50.0);
    }
    let report = linted(&rows);
    let (kind, count, finding) = only(&report);
    assert_eq!((kind, count, finding.time), (Kind::PossibleSplit, 1, Some(at("2024-11-20T14:30:00Z"))));
    assert!(finding.text.contains("split of 2:1"), "{}", finding.text);
    // The same jump within a session is a market's.
    let mut rows = week();
    (rows[500].high, rows[500].low) = (200.0, 50.0);
    assert_eq!(linted(&rows).found, []);
}

#[test]
fn sessions_that_begin_a_minute_later_or_earlier_hint_at_the_stamp() {
    let report = linted(&moved(week(), MINUTE));
    let hint = report.found.iter().find(|found| found.kind == Kind::Stamp).unwrap();
    assert!(hint.first[0].text.starts_with("5 of 5 sessions begin a bar after"), "{hint:?}");
    assert!(hint.first[0].text.ends_with("`--stamp close`"), "{hint:?}");
    let report = linted(&moved(week(), -MINUTE));
    let hint = report.found.iter().find(|found| found.kind == Kind::Stamp).unwrap();
    assert!(hint.first[0].text.ends_with("`--stamp open`"), "{hint:?}");
}

#[test]
fn sessions_beside_trading_hours_hint_at_the_zone() {
    let report = linted(&moved(week(), -5 * 60 * MINUTE));
    let hint = report.found.iter().find(|found| found.kind == Kind::Zone).unwrap();
    assert!(hint.first[0].text.starts_with("5 of 5 sessions lie 5 h before trading hours"), "{hint:?}");
    assert_eq!(report.count(Kind::Stamp), 0);
    // Pre- and post-market are no other zone.
    let rows: Vec<Record> = (18..22)
        .flat_map(|day| {
            let open = at(&format!("2024-11-{day}T09:00:00Z"));
            (0..16 * 60).map(move |n| row(open.saturating_add(n * MINUTE), 100.0))
        })
        .collect();
    let report = linted(&rows);
    assert_eq!((report.count(Kind::Zone), report.count(Kind::Stamp)), (0, 0));
}

#[test]
fn a_market_that_closes_under_24_7_is_told() {
    let (mut rows, week) = (Vec::new(), 7 * 24 * 60 * MINUTE);
    rows.extend(self::week());
    rows.extend(moved(self::week(), week));
    let report = linted_with(rules("24/7", TradingHours::Regular), &rows);
    assert_eq!(report.count(Kind::ClosedStretch), 1);
    assert_eq!(report.count(Kind::Zone), 0);
}

#[test]
fn the_first_are_kept_and_all_are_counted() {
    let rows: Vec<Record> = week().into_iter().flat_map(|row| [row, row]).collect();
    let report = linted(&rows);
    assert_eq!((report.count(Kind::Duplicate), report.found[0].first.len()), (5 * 390, LISTED));
}

#[test]
fn what_would_fail_a_run_is_its_error() {
    let rows: Vec<Record> = moved(week(), NANOS_PER_SECOND);
    assert!(matches!(linted(&rows).error, Some(FileError::OffGrid { .. })));
    let unknown = [row(at("2199-01-01T14:30:00Z"), 100.0)];
    assert!(matches!(linted(&unknown).error, Some(FileError::Calendar(_))));
}
