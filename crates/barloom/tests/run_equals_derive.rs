//! `run` has one clock and steps, `derive` a clock for each symbol: over the same rows they give the same bars.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use barloom::analysis::{Pattern, Subscriber, SubscriberError};
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig};
use barloom_core::derive::{
    Clocks, ClosedBar, Counts, DeriveConfig, DeriveRules, Deriver, FileFeed, IntervalRule, Policy, Revision,
    Sink, Warning,
};
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::store::View;
use barloom_core::{Calendar, Interval, Label, Record, Symbols, Timestamp};
use common::{File, MINUTE, Rows, run_to_end};
use proptest::prelude::*;

/// What was told: sorted, since only `run` orders symbols within an instant.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    newest: Option<Timestamp>,
    went_back: bool,
}

impl Told {
    fn bar(&mut self, bar: &ClosedBar, symbols: &Symbols) {
        let name = symbols.name(bar.symbol);
        self.lines.push(format!(
            "{name} {} {} {:?} {}/{}",
            bar.interval, bar.session, bar.bar, bar.n_base, bar.n_expected
        ));
        self.went_back |= self.newest.is_some_and(|newest| bar.close_time < newest);
        self.newest = self.newest.max(Some(bar.close_time));
    }

    fn warning(&mut self, warning: &Warning, symbols: &Symbols) {
        let name = warning.symbol.map(|id| symbols.name(id));
        self.lines.push(format!(
            "{name:?} {} {} {:?} {:?}",
            warning.kind, warning.interval, warning.time, warning.counts
        ));
    }

    fn sorted(mut self) -> Vec<String> {
        self.lines.sort();
        self.lines
    }
}

struct Telling<'a>(&'a mut Told, &'a Symbols);

impl Sink for Telling<'_> {
    fn bar(&mut self, bar: &ClosedBar) {
        self.0.bar(bar, self.1);
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, warning: &Warning) {
        self.0.warning(warning, self.1);
    }
}

impl Subscriber for &mut Told {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        match notice {
            Notice::Bar(bar, _) => self.bar(bar, view.symbols()),
            Notice::Warning(warning) => self.warning(warning, view.symbols()),
            Notice::Indicator(..) => {}
        }
        Ok(())
    }
}

fn rules(calendar: &str, policy: Policy) -> DeriveRules {
    let intervals = ["1m", "5m", "15m", "1h", "1d", "1w"].map(|i| i.parse::<Interval>().unwrap());
    let mut config = DeriveConfig::new(Calendar::named(calendar).unwrap(), &[]);
    config.intervals =
        intervals.map(|interval| IntervalRule { policy, ..IntervalRule::new(interval) }).to_vec();
    DeriveRules::new(config).unwrap()
}

fn derive(rules: DeriveRules, rows: &Rows) -> (Told, Counts) {
    let (mut told, mut symbols) = (Told::default(), Symbols::new());
    let mut feed = FileFeed::new(Clocks::PerSymbol, &rules);
    let mut deriver = Deriver::new(rules);
    for (symbol, record) in rows {
        let id = symbols.intern(symbol).unwrap();
        let _ =
            feed.row(&mut deriver, id, symbols.by_name(), record, &mut Telling(&mut told, &symbols)).unwrap();
    }
    let _ = feed.finish(&mut deriver, symbols.by_name(), &mut Telling(&mut told, &symbols));
    assert_eq!(deriver.counts().rows(), rows.len() as u64, "every row is counted once");
    (told, *deriver.counts())
}

fn run(rules: DeriveRules, files: Vec<Rows>) -> (Told, Counts) {
    let mut told = Told::default();
    let files = files.into_iter().map(File::new).collect();
    let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
    let plan = Plan::new(&[], &intervals).unwrap();
    let coordinator = SessionCoordinator::new(&rules, files);
    let mut engine = Engine::new(EngineConfig::new(rules, plan), coordinator);
    engine.subscribe("told", Pattern::all(), &mut told);
    let summary = run_to_end(engine).summary;
    (told, summary.counts)
}

#[test]
fn within_an_interval_the_bar_comes_before_its_warnings() {
    // 14:33 comes last and completes 14:30 to 14:35, in the step in which 14:34 was corrected.
    let rows: Rows = [(30, 1), (31, 1), (32, 1), (34, 1), (34, 2), (33, 1)]
        .map(|(minute, value)| ("AAA", record(minute, value)))
        .to_vec();
    let (told, _) = run(rules("24/7", Policy::Coverage), vec![rows]);
    let of_5m: Vec<&str> =
        told.lines.iter().filter(|line| line.contains(" 5m ")).map(|line| &line[..8]).collect();
    assert_eq!(of_5m.len(), 2, "{:?}", told.lines);
    assert!(of_5m[0].starts_with("AAA 5m") && of_5m[1].starts_with("Some("), "{:?}", told.lines);
}

fn record(minute: i64, value: u8) -> Record {
    let from: Timestamp = "2024-11-29T14:00:00Z".parse().unwrap();
    let open = 100.0 + f64::from(value) + (minute % 13) as f64;
    Record {
        label: Label::Open(from.saturating_add(minute * MINUTE)),
        open,
        high: open + 1.5,
        low: open - 1.5,
        close: open + 0.25,
        volume: Some(0.1 * f64::from(value)),
        vwap: None,
        trade_count: Some(3),
    }
}

/// Minutes that wander: mostly on, some again with the same or other values, some far back or ahead.
fn wandering() -> impl Strategy<Value = Vec<(i64, u8)>> {
    let step =
        prop_oneof![10 => Just(1_i64), 2 => 2_i64..5, 3 => -8_i64..1, 1 => -300_i64..0, 1 => 100_i64..900];
    proptest::collection::vec((step, 0_u8..3), 1..150).prop_map(|steps| {
        let mut minute = 400;
        steps
            .into_iter()
            .map(|(step, value)| {
                minute = (minute + step).clamp(0, 8 * 24 * 60);
                (minute, value)
            })
            .collect()
    })
}

fn market() -> impl Strategy<Value = (&'static str, Policy)> {
    let calendar = prop_oneof![Just("XNYS"), Just("24/7"), Just("CME_EQ")];
    (calendar, prop_oneof![Just(Policy::Coverage), Just(Policy::Strict)])
}

proptest! {
    #[test]
    fn one_symbol_in_any_order((calendar, policy) in market(), minutes in wandering()) {
        let rows: Rows = minutes.iter().map(|&(minute, value)| ("AAA", record(minute, value))).collect();
        prop_assume!(derive(rules(calendar, policy), &rows).1.accepted > 0);
        let (derived, counts) = derive(rules(calendar, policy), &rows);
        let (told, run_counts) = run(rules(calendar, policy), vec![rows]);
        prop_assert_eq!(counts, run_counts);
        prop_assert_eq!(derived.sorted(), told.sorted());
    }

    #[test]
    fn many_symbols_shuffled_inside_open_buckets(
        (calendar, policy) in market(),
        present in proptest::collection::vec(any::<[bool; 3]>(), 60..500),
        order in any::<u64>(),
    ) {
        // Of each five minutes the rows of all symbols lie in any order; no bucket of 5m is passed meanwhile, and
        // 1m, whose buckets are, is left out.
        let names = ["CCC", "AAA", "BBB"];
        let mut rows: Vec<(u64, &'static str, Record)> = Vec::new();
        for (minute, present) in present.iter().enumerate() {
            for (name, _) in names.iter().zip(present).filter(|(_, p)| **p) {
                let place = (minute as u64 / 5) << 32 | (order.rotate_left(minute as u32 * 7 + name.len() as u32) & 0xffff_ffff);
                rows.push((place ^ u64::from(name.as_bytes()[0]), *name, record(30 + minute as i64, 1)));
            }
        }
        rows.sort_by_key(|(place, ..)| *place);
        let rows: Rows = rows.into_iter().map(|(_, name, record)| (name, record)).collect();
        let at_least_5m = |calendar, policy| {
            let mut config = (*rules(calendar, policy)).clone();
            config.intervals.remove(0);
            DeriveRules::new(config).unwrap()
        };
        prop_assume!(derive(at_least_5m(calendar, policy), &rows).1.accepted > 0);
        let (derived, counts) = derive(at_least_5m(calendar, policy), &rows);
        let (told, run_counts) = run(at_least_5m(calendar, policy), vec![rows]);
        prop_assert_eq!(counts, run_counts);
        prop_assert!(!told.went_back, "bars are told in the order of time");
        let (derived, told) = (derived.sorted(), told.sorted());
        let only = |a: &[String], b: &[String]| a.iter().filter(|x| !b.contains(x)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(only(&derived, &told), only(&told, &derived));
    }

    #[test]
    fn a_file_a_symbol_is_one_file_of_all((calendar, policy) in market(), present in proptest::collection::vec(any::<[bool; 3]>(), 60..400)) {
        let names = ["AAA", "BBB", "CCC"];
        let of = |place: usize| -> Rows {
            let minutes = present.iter().enumerate().filter(|(_, p)| p[place]);
            minutes.map(|(minute, _)| (names[place], record(30 + minute as i64, 1))).collect()
        };
        let files: Vec<Rows> = (0..3).map(of).collect();
        let mut all: Rows = files.iter().flatten().copied().collect();
        prop_assume!(derive(rules(calendar, policy), &all).1.accepted > 0);
        all.sort_by_key(|(name, record)| (record.label.open_time(Interval::MINUTE), std::cmp::Reverse(*name)));
        let (one, counts) = run(rules(calendar, policy), vec![all]);
        let (many, many_counts) = run(rules(calendar, policy), files);
        prop_assert_eq!(counts, many_counts);
        prop_assert_eq!(one.lines, many.lines);
    }
}
