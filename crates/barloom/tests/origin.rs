//! `origin = "sessions:N"`: a day alone equals that day inside a longer run, bit for bit; and what history does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use barloom::analysis::{Pattern, SubscriberError};
use barloom::config::{Historical, Origin};
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig};
use barloom_core::derive::{DeriveConfig, DeriveRules};
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::store::View;
use barloom_core::{Calendar, Interval, Label, Record, Timestamp};
use common::{File, Rows, config, config_with_grace, market, run, run_to_end};

/// Everything told from `from` on, as text with bits.
fn told(config: EngineConfig, files: Vec<Rows>, from: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let tell = |notice: &Notice<'_>, view: &View<'_>| -> Result<(), SubscriberError> {
        if view.now() <= from {
            return Ok(());
        }
        lines.push(match notice {
            Notice::Bar(bar, values) => {
                let name = view.symbols().name(bar.symbol);
                let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                let past = view.historical(bar.symbol, "avg_volume_2").map(f64::to_bits);
                format!(
                    "{name} {} {:?} {}/{} {bits:x?} past {past:?}",
                    bar.interval, bar.bar, bar.n_base, bar.n_expected
                )
            }
            Notice::Indicator(bar, reading) => {
                format!("{} {} {:?}", bar.interval, reading.name, reading.columns)
            }
            Notice::Warning(warning) => format!("{} {} {:?}", warning.kind, warning.interval, warning.time),
        });
        Ok(())
    };
    run(config, files, tell);
    lines
}

fn primed(start: Option<Timestamp>) -> EngineConfig {
    let historical = vec!["avg_volume:2".parse().unwrap()];
    EngineConfig { origin: Origin::Sessions(2), start, historical, ..config("XNYS") }
}

#[test]
fn a_day_alone_equals_that_day_inside_a_longer_run() {
    let calendar = Calendar::named("XNYS").unwrap();
    let files = market(&calendar, "2024-11-18T00:00:00Z", 8, &["BBB", "AAA"], 5);
    let day: Timestamp = "2024-11-26T05:00:00Z".parse().unwrap();
    let whole = told(primed(None), files.clone(), day);
    // Alone: two sessions before it, and nothing older.
    let recent: Timestamp = "2024-11-22T05:00:00Z".parse().unwrap();
    let alone = files.iter().map(|rows| {
        let since = rows.iter().filter(|(_, record)| {
            record.label.open_time("1m".parse().unwrap()).is_some_and(|at| at >= recent)
        });
        since.copied().collect()
    });
    let alone = told(primed(Some(day)), alone.collect(), Timestamp::MIN);
    assert!(whole.len() > 1000, "{}", whole.len());
    assert!(whole.iter().any(|line| line.contains("past Some(")), "historical values are there");
    assert_eq!(whole.len(), alone.len());
    for (a, b) in whole.iter().zip(&alone) {
        assert_eq!(a, b);
    }
    // Carried state is another matter: the whole run's own would differ.
    let carried = told(EngineConfig { origin: Origin::Run, ..primed(None) }, files, day);
    assert_ne!(carried, whole);
}

#[test]
fn history_warms_up_and_is_not_told() {
    let calendar = Calendar::named("XNYS").unwrap();
    let files = market(&calendar, "2024-11-18T00:00:00Z", 4, &["AAA"], 6);
    // A step in the middle of a session: what closes at it is history.
    let start: Timestamp = "2024-11-20T15:00:00Z".parse().unwrap();
    let whole = told(config("XNYS"), files.clone(), start);
    let later = told(EngineConfig { start: Some(start), ..config("XNYS") }, files, Timestamp::MIN);
    assert!(later.len() > 500);
    assert_eq!(whole, later);
}

#[test]
fn a_run_ends_at_its_end() {
    let calendar = Calendar::named("XNYS").unwrap();
    let files = market(&calendar, "2024-11-18T00:00:00Z", 3, &["AAA", "BBB"], 6);
    let end: Timestamp = "2024-11-19T15:00:00Z".parse().unwrap();
    let config = config("XNYS");
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    let mut times = Vec::new();
    let mut engine = Engine::new(config, coordinator.until(Some(end)));
    engine.subscribe(
        "times",
        Pattern::bars(),
        |_: &Notice<'_>, view: &View<'_>| -> Result<(), SubscriberError> {
            times.push(view.now());
            Ok(())
        },
    );
    engine.run().unwrap();
    assert_eq!(times.last(), Some(&end), "what closes at the end is told, and nothing after it");
}

/// What is said of the history before `start`.
fn unsettled(origin: Origin, specs: &[&str], historical: &[&str], start: &str) -> Option<String> {
    let calendar = Calendar::named("XNYS").unwrap();
    let files = market(&calendar, "2024-11-18T00:00:00Z", 8, &["BBB", "AAA"], 5);
    let config = EngineConfig {
        origin,
        start: Some(start.parse().unwrap()),
        settling: specs.iter().map(|spec| spec.parse().unwrap()).collect(),
        historical: historical.iter().map(|own| own.parse().unwrap()).collect(),
        ..config("XNYS")
    };
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    run_to_end(Engine::new(config, coordinator)).summary.unsettled
}

#[test]
fn history_that_is_too_short_is_said_in_a_line() {
    let (run, day) = (Origin::Run, "2024-11-20T05:00:00Z");
    let short = |bars: &str| Some(format!("history is short: {bars}"));
    // Two sessions: 14 hours of each symbol; the first step is the third one's first minute.
    assert_eq!(unsettled(run, &["sma:14@1h", "obv"], &["avg_volume:2"], day), None);
    assert_eq!(
        unsettled(run, &["sma:15@1h", "obv"], &[], day),
        short("sma_15@1h has 14 of 15 bars for AAA (and 1 more)")
    );
    assert_eq!(
        unsettled(run, &["sma:3@1d"], &["avg_volume:5"], day),
        short("sma_3@1d has 2 of 3 bars for AAA (and 3 more)")
    );
    // Six sessions, of which indicators see as many as they start from, and historical ones as many days.
    let day = "2024-11-26T05:00:00Z";
    assert_eq!(unsettled(run, &["sma:42@1h"], &["avg_volume:6"], day), None);
    assert_eq!(unsettled(Origin::Sessions(2), &["sma:14@1h"], &["avg_volume:2"], day), None);
    assert_eq!(
        unsettled(Origin::Sessions(2), &["sma:15@1h"], &["avg_volume:3"], day),
        short("sma_15@1h has 14 of 15 bars for AAA (and 3 more)")
    );
    // Indicators that run everywhere are looked at on every interval.
    let all = unsettled(run, &["sma:3"], &[], "2024-11-18T14:31:00Z");
    assert_eq!(all, short("sma_3@1m has 2 of 3 bars for AAA (and 11 more)"));
}

#[test]
fn a_corrected_minute_leaves_no_trace_in_what_is_primed() {
    let calendar = Calendar::named("XNYS").unwrap();
    let clean = market(&calendar, "2024-11-18T00:00:00Z", 3, &["AAA"], 8).remove(0);
    // A bad print that the next row corrects.
    let (symbol, sound) = clean[100];
    let print = Record { high: 9_999.0, close: 9_999.0, ..sound };
    let mut dirty = clean.clone();
    dirty.insert(100, (symbol, print));
    let from: Timestamp = "2024-11-19T05:00:00Z".parse().unwrap();
    let bars = |files: Vec<Rows>| {
        let lines = told(EngineConfig { start: None, ..primed(None) }, files, from);
        lines.into_iter().filter(|line| line.contains("Bar {")).collect::<Vec<_>>()
    };
    let (clean, dirty) = (bars(vec![clean]), bars(vec![dirty]));
    assert!(clean.len() > 500);
    assert_eq!(clean, dirty);
}

#[test]
fn asking_for_historical_values_changes_no_bar_and_no_count() {
    let calendar = Calendar::named("XNYS").unwrap();
    let mut files = market(&calendar, "2024-11-18T00:00:00Z", 4, &["AAA"], 10);
    // The last minute of a session comes right after the next one's first.
    let rows = &mut files[0];
    let next = rows.iter().position(|(_, row)| {
        row.label.open_time("1m".parse().unwrap()) >= Some("2024-11-19T14:30:00Z".parse().unwrap())
    });
    rows.swap(next.unwrap() - 1, next.unwrap());
    for grace in [0, 2] {
        let lines = |historical: Vec<Historical>| {
            let config = EngineConfig { historical, ..config_with_grace("XNYS", grace) };
            let lines = told(config, files.clone(), Timestamp::MIN);
            lines.into_iter().map(|line| line.split(" past ").next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines(Vec::new()), lines(vec!["avg_volume:2".parse().unwrap()]));
    }
}

#[test]
fn a_daily_base_gives_what_it_is_asked_for_and_nothing_is_shifted() {
    let rows = |symbol: &'static str| {
        (0..40).map(move |day| {
            let date = jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days(day));
            let price = 100.0 + day as f64;
            let row = Record {
                label: Label::Date(date),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: None,
                vwap: None,
                trade_count: None,
            };
            (symbol, row)
        })
    };
    let intervals = ["1w", "1M"].map(|text| text.parse().unwrap());
    let rules = DeriveConfig::new(Calendar::named("24/7").unwrap(), &intervals);
    let rules = DeriveRules::new(DeriveConfig { base: Interval::DAY, ..rules }).unwrap();
    let plan = Plan::new(&["sma:2@1w".parse().unwrap(), "rsi:2@1M".parse().unwrap()], &intervals).unwrap();
    let lines = told(EngineConfig::new(rules, plan), vec![rows("AAA").collect()], Timestamp::MIN);
    let of = |word: &str| lines.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!((of("AAA 1w"), of("1w sma_2"), of("AAA 1M"), of("1M rsi_2")), (5, 4, 1, 0), "{lines:#?}");
}
