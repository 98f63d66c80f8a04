use super::*;
use proptest::prelude::*;

fn of(rows: &[(&str, &str, f64, f64)]) -> Adjustments {
    let one = |&(symbol, session, price_factor, volume_factor): &(&str, &str, f64, f64)| Adjustment {
        symbol: Symbol::new(symbol).unwrap(),
        session: session.parse().unwrap(),
        price_factor,
        volume_factor,
    };
    Adjustments::new(rows.iter().map(one)).unwrap()
}

fn at(adjustments: &Adjustments, session: &str) -> (f64, f64) {
    let Factors { price, volume } = adjustments.factors("AAA", session.parse().unwrap());
    (price, volume)
}

fn row(label: Label) -> Record {
    let (volume, vwap, trade_count) = (Some(10.0), Some(101.0), Some(7));
    Record { label, open: 100.0, high: 104.0, low: 98.0, close: 102.0, volume, vwap, trade_count }
}

#[test]
fn factors_of_later_sessions_are_multiplied() {
    // 4:1, then 2:1 with a dividend of 1 % in the same session; in any order.
    let rows =
        [("AAA", "2024-06-10", 0.5, 2.0), ("AAA", "2021-07-20", 0.25, 4.0), ("AAA", "2024-06-10", 0.99, 1.0)];
    let all = of(&rows);
    assert_eq!(at(&all, "2024-06-10"), (1.0, 1.0));
    assert_eq!(at(&all, "2024-06-07"), (0.495, 2.0));
    assert_eq!(at(&all, "2021-07-20"), (0.495, 2.0));
    assert_eq!(at(&all, "2021-07-19"), (0.495 * 0.25, 8.0));
    assert!(all.factors("BBB", "2020-01-02".parse().unwrap()).is_none());
}

#[test]
fn a_row_is_rescaled_with_all_its_prices_and_keeps_its_count() {
    let label = Label::Open(Timestamp::from_nanos(0));
    let adjusted = Factors { price: 0.5, volume: 2.0 }.applied(&row(label));
    let Record { open, high, low, close, volume, vwap, trade_count, .. } = adjusted;
    assert_eq!([open, high, low, close], [50.0, 52.0, 49.0, 51.0]);
    assert_eq!((volume, vwap, trade_count), (Some(20.0), Some(50.5), Some(7)));
    let bare = Record { volume: None, vwap: None, trade_count: None, ..row(label) };
    let adjusted = Factors { price: 0.5, volume: 2.0 }.applied(&bare);
    assert_eq!((adjusted.volume, adjusted.vwap, adjusted.trade_count), (None, None, None));
}

#[test]
fn the_session_decides_and_not_the_date_of_the_clock() {
    let mut symbols = Symbols::new();
    let id = symbols.intern("AAA").unwrap();
    let open = |calendar: &str, session: &str, base: Interval, label: Label| {
        let all = of(&[("AAA", session, 0.5, 2.0)]);
        let mut adjuster = Adjuster::new(all, Calendar::named(calendar).unwrap(), base);
        // What was looked up first must not decide the second.
        let first = adjuster.adjusted(id, &symbols, &row(label)).open;
        assert_eq!(adjuster.adjusted(id, &symbols, &row(label)).open, first);
        first
    };
    let instant = |text: &str| text.parse::<Timestamp>().unwrap();
    // Sunday evening in Chicago is Monday's session, and so is what comes before its open.
    let evening = Label::Open(instant("2024-11-24T23:00:00Z"));
    assert_eq!(open("CME_EQ", "2024-11-25", Interval::MINUTE, evening), 100.0);
    assert_eq!(open("CME_EQ", "2024-11-26", Interval::MINUTE, evening), 50.0);
    let last = Label::Close(instant("2024-11-25T21:00:00Z"));
    assert_eq!(open("XNYS", "2024-11-26", Interval::MINUTE, last), 50.0);
    let next = Label::Open(instant("2024-11-26T14:30:00Z"));
    assert_eq!(open("XNYS", "2024-11-26", Interval::MINUTE, next), 100.0);
    for label in [
        Label::Date("2024-11-25".parse().unwrap()),
        Label::Open(instant("2024-11-25T05:00:00Z")),
        Label::Close(instant("2024-11-26T05:00:00Z")),
    ] {
        assert_eq!(open("XNYS", "2024-11-26", Interval::DAY, label), 50.0);
        assert_eq!(open("XNYS", "2024-11-25", Interval::DAY, label), 100.0);
    }
}

#[test]
fn rows_of_two_sessions_in_any_order_have_their_own_factors() {
    let mut symbols = Symbols::new();
    let id = symbols.intern("AAA").unwrap();
    let all = of(&[("AAA", "2024-11-26", 0.5, 2.0)]);
    let mut adjuster = Adjuster::new(all, Calendar::named("XNYS").unwrap(), Interval::MINUTE);
    for (time, expected) in [
        ("2024-11-26T14:30:00Z", 100.0),
        ("2024-11-25T20:59:00Z", 50.0),
        ("2024-11-26T14:31:00Z", 100.0),
        ("2024-11-22T14:31:00Z", 50.0),
        ("2024-12-02T14:31:00Z", 100.0),
    ] {
        let label = Label::Open(time.parse().unwrap());
        assert_eq!(adjuster.adjusted(id, &symbols, &row(label)).open, expected, "{time}");
    }
}

#[test]
fn factors_and_symbols_that_can_not_be_are_named() {
    for (price, volume, what) in
        [(0.0, 1.0, "price_factor 0"), (1.0, -2.0, "volume_factor -2"), (f64::NAN, 1.0, "price_factor NaN")]
    {
        let symbol = Symbol::new("AAA").unwrap();
        let session = "2024-11-26".parse().unwrap();
        let one = Adjustment { symbol, session, price_factor: price, volume_factor: volume };
        let error = Adjustments::new([one]).unwrap_err().to_string();
        assert_eq!(error, format!("{what} is not allowed; allowed is a finite number above 0"));
    }
    let all = of(&[("BBB", "2024-11-26", 0.5, 2.0), ("AAA", "2024-11-26", 0.5, 2.0)]);
    let mut met = Symbols::new();
    met.intern("BBB").unwrap();
    assert_eq!(all.unknown(&met).map(Symbol::as_str).collect::<Vec<_>>(), ["AAA"]);
}

proptest! {
    #[test]
    fn no_adjustment_changes_no_bit(nanos: i64, open: f64, high: f64, volume: Option<f64>, factor in 0.1..10.0) {
        let mut symbols = Symbols::new();
        let id = symbols.intern("AAA").unwrap();
        let label = Label::Open(Timestamp::from_nanos(nanos));
        let record = Record { open, high, volume, ..row(label) };
        // None at all, and those of another symbol.
        for all in [Adjustments::default(), of(&[("BBB", "2199-12-31", factor, factor)])] {
            let mut adjuster = Adjuster::new(all, Calendar::named("24/7").unwrap(), Interval::MINUTE);
            let same = adjuster.adjusted(id, &symbols, &record);
            prop_assert_eq!(same.open.to_bits(), record.open.to_bits());
            prop_assert_eq!(same.high.to_bits(), record.high.to_bits());
            prop_assert_eq!(same.volume.map(f64::to_bits), record.volume.map(f64::to_bits));
            prop_assert_eq!(same.vwap, record.vwap);
        }
    }

    #[test]
    fn a_sound_row_stays_sound(factor in 1e-6..1e6, prices in prop::array::uniform4(0.01..1e6)) {
        let low = prices.iter().copied().fold(f64::MAX, f64::min);
        let high = prices.iter().copied().fold(0.0, f64::max);
        let [open, close, ..] = prices;
        let record = Record { open, high, low, close, ..row(Label::Open(Timestamp::from_nanos(0))) };
        let adjusted = Factors { price: factor, volume: 1.0 / factor }.applied(&record);
        prop_assert!(adjusted.check().is_ok());
    }
}
