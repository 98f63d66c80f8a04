use barloom_core::Bar;
use barloom_core::derive::{
    Clocks, ClosedBar, DeriveConfig, DeriveRules, Deriver, FileFeed, Revision, Sink, Warning,
};
use barloom_core::{Label, Symbols, Timestamp};
use proptest::prelude::*;

use super::*;

fn config(calendar: &str, from: &str, to: &str) -> SynthConfig {
    let calendar = Calendar::named(calendar).unwrap();
    SynthConfig {
        seed: 7,
        symbols: 4,
        ..SynthConfig::new(calendar, from.parse().unwrap(), to.parse().unwrap())
    }
}

fn week() -> SynthConfig {
    config("XNYS", "2024-11-25", "2024-11-29")
}

fn rows(config: &SynthConfig) -> Vec<SynthRow> {
    Market::new(config.clone()).unwrap().collect()
}

fn opens(row: &SynthRow) -> Timestamp {
    let Label::Open(at) = row.record.label else { unreachable!("rows are labelled by their open") };
    at
}

#[derive(Default)]
struct Bars(Vec<ClosedBar>);

impl Sink for Bars {
    fn bar(&mut self, bar: &ClosedBar) {
        self.0.push(*bar);
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, _: &Warning) {}
}

/// The bars of a market, and where its rows went: duplicate, corrected, late, invalid, out of session.
fn derived(config: &SynthConfig, intervals: &[&str], clocks: Clocks) -> (Vec<ClosedBar>, Planted, [u64; 5]) {
    let intervals: Vec<Interval> = intervals.iter().map(|text| text.parse().unwrap()).collect();
    let rules = DeriveConfig { base: config.base, ..DeriveConfig::new(config.calendar.clone(), &intervals) };
    let rules = DeriveRules::new(rules).unwrap();
    let (mut feed, mut bars, mut symbols) = (FileFeed::new(clocks, &rules), Bars::default(), Symbols::new());
    let mut deriver = Deriver::new(rules);
    let mut market = Market::new(config.clone()).unwrap();
    while let Some(row) = market.next() {
        let id = symbols.intern(market.name(row.symbol)).unwrap();
        feed.row(&mut deriver, id, symbols.by_name(), &row.record, &mut bars).unwrap().unwrap();
    }
    feed.finish(&mut deriver, symbols.by_name(), &mut bars).unwrap();
    let counts = *deriver.counts();
    assert_eq!(counts.rows(), market.planted().rows);
    let faults = [counts.duplicate, counts.corrected, counts.late, counts.invalid, counts.out_of_session];
    (bars.0, market.planted(), faults)
}

#[test]
fn equal_seeds_give_equal_rows_and_others_do_not() {
    let config = week();
    assert_eq!(rows(&config), rows(&config));
    assert_ne!(rows(&config), rows(&SynthConfig { seed: 8, ..config }));
}

#[test]
fn a_symbol_does_not_depend_on_the_others_nor_on_the_order() {
    let config = SynthConfig { symbols: 40, thin: 0.25, ..week() };
    let of =
        |rows: &[SynthRow], n: u32| rows.iter().filter(|row| row.symbol == n).copied().collect::<Vec<_>>();
    let (all, few) = (rows(&config), rows(&SynthConfig { symbols: 4, ..config.clone() }));
    let grouped = rows(&SynthConfig { by_symbol: true, ..config });
    for n in 0..4 {
        assert_eq!(of(&all, n), of(&few, n));
        assert_eq!(of(&all, n), of(&grouped, n));
    }
    assert!(all.is_sorted_by_key(|row| (opens(row), row.symbol)));
    assert!(grouped.is_sorted_by_key(|row| (row.symbol, opens(row))));
}

#[test]
fn every_bar_is_complete_where_none_is_thin_and_early_closes_are_the_calendar_s() {
    for (calendar, from, to) in [
        ("XNYS", "2024-11-25", "2024-11-29"),
        ("XHKG", "2024-12-23", "2024-12-27"),
        ("24/7", "2024-11-30", "2024-12-01"),
    ] {
        let (bars, planted, faults) =
            derived(&config(calendar, from, to), &["5m", "1h", "1d"], Clocks::PerSymbol);
        assert_eq!((faults, planted.duplicates), ([0; 5], 0), "{calendar}");
        assert!(bars.iter().all(|bar| bar.n_base == bar.n_expected), "{calendar}");
    }
    let (bars, ..) = derived(&week(), &["1d"], Clocks::PerSymbol);
    let expected: Vec<u32> =
        bars.iter().filter(|bar| bar.symbol.index() == 0).map(|bar| bar.n_expected).collect();
    assert_eq!(expected, [390, 390, 390, 210]);
}

#[test]
fn seconds_and_days_derive_too() {
    let seconds =
        SynthConfig { base: Interval::SECOND, symbols: 1, ..config("XNYS", "2024-11-29", "2024-11-29") };
    let (bars, planted, faults) = derived(&seconds, &["1m", "1d"], Clocks::PerSymbol);
    assert_eq!((bars.len(), planted.rows, faults), (211, 12_600, [0; 5]));
    for calendar in ["XNYS", "24/7", "FX", "CME_EQ"] {
        let days = SynthConfig { base: Interval::DAY, ..config(calendar, "2024-11-18", "2024-11-29") };
        let days = SynthConfig { faults: "late=0.1,duplicates=0.1".parse().unwrap(), ..days };
        let (_, planted, faults) = derived(&days, &["1w"], Clocks::PerSymbol);
        assert_eq!(faults, [planted.duplicates, 0, planted.late, 0, 0], "{calendar}");
    }
}

#[test]
fn faults_are_counted_as_they_were_planted_and_corrections_restore_the_market() {
    let faults: Faults = "duplicates=0.01,corrections=0.01,late=0.01".parse().unwrap();
    for thin in [0.0, 0.5] {
        for by_symbol in [false, true] {
            let config = SynthConfig { faults, thin, by_symbol, symbols: 6, ..week() };
            for intervals in [&["1d"][..], &["5m", "1h"], &["2m"], &["1m", "1w"]] {
                let (_, planted, told) = derived(&config, intervals, Clocks::PerSymbol);
                assert!(
                    planted.duplicates > 10 && planted.corrections > 10 && planted.late > 10,
                    "{planted}"
                );
                assert_eq!(
                    told,
                    [planted.duplicates, planted.corrections, planted.late, 0, 0],
                    "{intervals:?}"
                );
            }
        }
    }
    let (_, planted, told) = derived(&SynthConfig { faults, ..week() }, &["15m"], Clocks::Shared);
    assert_eq!(told, [planted.duplicates, planted.corrections, planted.late, 0, 0]);

    let kept = Faults { late: 0.0, ..faults };
    let (spoilt, _, _) = derived(&SynthConfig { faults: kept, ..week() }, &["5m", "1d"], Clocks::PerSymbol);
    let (clean, _, _) = derived(&week(), &["5m", "1d"], Clocks::PerSymbol);
    assert_eq!(spoilt.len(), clean.len());
    assert!(spoilt.iter().zip(&clean).all(|(a, b)| a.bar.is_same(&b.bar)));
}

#[test]
fn shares_of_faults_are_as_asked_for() {
    let faults = "duplicates=0.02,corrections=0.02,late=0.02".parse().unwrap();
    let config = SynthConfig { faults, symbols: 40, ..config("XNYS", "2024-11-01", "2024-11-29") };
    let mut market = Market::new(config).unwrap();
    market.by_ref().for_each(drop);
    let Planted { rows, duplicates, corrections, late } = market.planted();
    for planted in [duplicates, corrections, late] {
        let share = planted as f64 / rows as f64;
        assert!((0.017..0.022).contains(&share), "{:?}", market.planted());
    }
}

#[test]
fn volume_is_a_u_and_nights_move_prices() {
    let config = SynthConfig { symbols: 20, ..config("XNYS", "2024-10-01", "2024-10-31") };
    let all = rows(&config);
    let (mut by_minute, mut gaps, mut steps) = ([0.0; 390], Vec::new(), Vec::new());
    let calendar = &config.calendar;
    let mut closes = [None::<(Timestamp, f64)>; 20];
    for row in &all {
        let at = opens(row);
        let session = calendar.session(calendar.at_or_after(at).unwrap());
        let minute = at.since(session.open()) / 60_000_000_000;
        by_minute[minute as usize] += row.record.volume.unwrap();
        let last = closes[row.symbol as usize].replace((at, row.record.close));
        if let Some((before, close)) = last {
            let change = (row.record.open / close - 1.0).abs();
            if at.since(before) > 60_000_000_000 { gaps.push(change) } else { steps.push(change) }
        }
    }
    let mean = |from: usize, to: usize| by_minute[from..to].iter().sum::<f64>() / (to - from) as f64;
    assert!(mean(0, 15) > 2.0 * mean(180, 210) && mean(375, 390) > 2.0 * mean(180, 210));
    let average = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    assert!(
        average(&gaps) > 0.003 && average(&gaps) > 10.0 * average(&steps),
        "{} {}",
        average(&gaps),
        average(&steps)
    );
}

#[test]
fn thin_symbols_skip_minutes_and_the_others_do_not() {
    let config = SynthConfig { symbols: 8, thin: 0.25, ..week() };
    let all = rows(&config);
    let counts: Vec<usize> = (0..8).map(|n| all.iter().filter(|row| row.symbol == n).count()).collect();
    let full = 3 * 390 + 210;
    assert_eq!(counts.iter().filter(|n| **n == full).count(), 6);
    assert!(counts.iter().filter(|n| **n < full).all(|n| *n > full / 10), "{counts:?}");
}

#[test]
fn what_is_not_allowed_is_said() {
    let said = |config: SynthConfig| Market::new(config).unwrap_err().to_string();
    assert_eq!(
        said(SynthConfig { symbols: 0, ..week() }),
        "symbols 0 is not allowed; allowed are 1 to 99999"
    );
    assert_eq!(
        said(SynthConfig { thin: 1.5, ..week() }),
        "thin 1.5 is not allowed; allowed is a share from 0 to 1"
    );
    assert_eq!(
        said(SynthConfig { thin: f64::NAN, ..week() }),
        "thin NaN is not allowed; allowed is a share from 0 to 1"
    );
    assert!(said(SynthConfig { base: "5m".parse().unwrap(), ..week() }).ends_with("allowed are 1s, 1m, 1d"));
    assert!(said(config("XNYS", "2024-11-02", "2024-11-03")).starts_with("XNYS has no session"));
    assert!(said(config("XNYS", "2024-11-29", "2024-11-25")).ends_with("is after to 2024-11-25"));
    assert!(said(config("XNYS", "1800-11-29", "2024-11-25")).contains("XNYS is known from"));
    let error = "duplicate=0.1".parse::<Faults>().unwrap_err();
    assert_eq!(error.nearest, Some("duplicates"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_row_is_sound(seed: u64, thin in 0.0..=1.0, base in prop::sample::select(vec!["1m", "1d"])) {
        let base = base.parse().unwrap();
        let faults = if base == Interval::DAY { "late=0.01" } else { "corrections=0.05,duplicates=0.02" };
        let config = SynthConfig { seed, thin, base, faults: faults.parse().unwrap(), ..week() };
        for row in rows(&config) {
            let Record { open, high, low, close, volume, vwap, trade_count, .. } = row.record;
            Bar::new(opens(&row), &row.record).unwrap();
            let (volume, vwap) = (volume.unwrap(), vwap.unwrap());
            prop_assert!(low >= 0.01 && low <= vwap && vwap <= high);
            prop_assert!(volume >= 1.0 && volume.fract() == 0.0 && trade_count.unwrap() >= 1);
            for price in [open, high, low, close] {
                prop_assert!((price * 100.0 - (price * 100.0).round()).abs() < 1e-6);
            }
        }
    }
}
