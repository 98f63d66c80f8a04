//! `late = "revise"`: whatever comes late or is corrected while its session is current, the bars, their indicators and what views show are
//! in the end those of a run that had it right from the start.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use barloom_core::derive::{DeriveConfig, DeriveRules, Late, Policy, TradingHours, WarningKind};
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::{Notice, Notices, StepEvents};
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::store::{AsOf, Keep, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Bar, Calendar, Interval, Label, Record, SymbolId, Symbols, Timestamp};
use jiff::civil::date;
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000_000;
const INTERVALS: [&str; 6] = ["1m", "5m", "30m", "1h", "1d", "1w"];
const SPECS: [&str; 6] = ["sma:3", "ema:5", "rsi:4@5m", "macd:3,6,3@1m", "vwap", "high_low:2@30m"];

/// How a market is derived.
#[derive(Debug, Clone, Copy)]
struct Setting {
    policy: Policy,
    hours: TradingHours,
    grace: i64,
    keep: Keep,
    with_base: bool,
}

impl Setting {
    fn rules(self, late: Late) -> DeriveRules {
        let intervals = &INTERVALS[usize::from(!self.with_base)..];
        let intervals: Vec<Interval> = intervals.iter().map(|text| text.parse().unwrap()).collect();
        let mut config = DeriveConfig::new(Calendar::named("XNYS").unwrap(), &intervals);
        config.intervals.iter_mut().for_each(|rule| rule.policy = self.policy);
        config.intervals[1].min_coverage = Some(0.5);
        let Self { hours, grace, .. } = self;
        DeriveRules::new(DeriveConfig { hours, grace, late, ..config }).unwrap().with_base()
    }
}

/// A minute on its way: what came first, and what is right.
#[derive(Debug, Clone)]
struct Minute {
    symbol: usize,
    open: Timestamp,
    /// What came in its time; it may not have.
    first: Option<f64>,
    /// What is right, and so many minutes later; the same as `first` where nothing is to be put right.
    right: Option<f64>,
    after: usize,
}

fn bar(open: Timestamp, price: f64) -> Bar {
    let row = Record {
        label: Label::Open(open),
        open: price,
        high: price + 1.5,
        low: price - 0.5,
        close: price + 1.0,
        volume: Some(price * 3.0),
        vwap: (price > 101.0).then_some(price + 0.25),
        trade_count: None,
    };
    Bar::new(open, &row).unwrap()
}

/// A run, step by step.
struct Run {
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    symbols: Symbols,
    notices: Notices,
    step: u32,
    rows: u64,
    /// By interval, symbol and open time, what was told last.
    told: BTreeMap<(Interval, String, Timestamp), Told>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Told {
    bar: String,
    readings: Vec<(String, Vec<u64>)>,
    revision: u16,
}

fn text(bar: &Bar) -> String {
    let prices = [bar.open(), bar.high(), bar.low(), bar.close()].map(f64::to_bits);
    format!("{prices:?} {:?} {:?} {:?}", bar.volume(), bar.vwap(), bar.trade_count())
}

impl Run {
    fn new(setting: Setting, late: Late, ahead: u32) -> Self {
        let rules = setting.rules(late);
        let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
        let specs = SPECS.map(|spec| spec.parse().unwrap());
        let plan = Plan::new(&specs, &intervals).unwrap();
        let outputs = intervals.iter().map(|&interval| plan.columns(interval).to_vec()).collect();
        let (writer, data) = SessionWriter::new(StoreConfig {
            rules: rules.clone(),
            outputs,
            keep: setting.keep,
            retain: 5,
            ahead,
            historical: Vec::new(),
        });
        let mut symbols = Symbols::new();
        for name in ["BBB", "AAA"] {
            symbols.intern(name).unwrap();
        }
        let (processor, notices) = (Processor::new(rules, plan), Notices::default());
        Self { processor, writer, data, symbols, notices, step: 0, rows: 0, told: BTreeMap::new() }
    }

    fn symbol(&self, number: usize) -> SymbolId {
        self.symbols.id(["BBB", "AAA"][number]).unwrap()
    }

    fn take(&mut self, input: Input<'_>) {
        self.rows += if let Input::Bars { rows, .. } = input { rows.len() as u64 } else { 0 };
        self.processor.take(input, &self.symbols, &mut self.notices).unwrap();
        while self.processor.step(self.step, &mut self.writer, &mut self.notices).is_some() {
            self.hear();
            self.step += 1;
        }
        assert_eq!(self.processor.deriver().counts().rows(), self.rows, "every row is counted once");
    }

    fn hear(&mut self) {
        let Self { processor, notices, told, symbols, .. } = self;
        let step: StepEvents = notices.step();
        for notice in notices.iter(&step, processor.plan().outputs()) {
            let key = |bar: &barloom_core::derive::ClosedBar| {
                (bar.interval, symbols.name(bar.symbol).to_string(), bar.bar.open_time())
            };
            match notice {
                Notice::Bar(bar, _) => {
                    let facts = format!(
                        "{} {} {}/{} {:?}",
                        bar.session, bar.close_time, bar.n_base, bar.n_expected, bar.hours
                    );
                    let new = Told {
                        bar: format!("{facts} {}", text(&bar.bar)),
                        revision: bar.revision,
                        ..Told::default()
                    };
                    let old = told.insert(key(bar), new);
                    assert_eq!(
                        bar.revision,
                        old.map_or(0, |old| old.revision + 1),
                        "each telling is one revision more"
                    );
                }
                Notice::Indicator(bar, reading) => {
                    let values = reading.values.iter().map(|value| value.to_bits()).collect();
                    let own = told.get_mut(&key(bar)).unwrap();
                    assert_eq!(own.revision, bar.revision);
                    own.readings.push((reading.name.to_owned(), values));
                }
                Notice::Warning(warning) => assert!(warning.kind != WarningKind::LateBar, "{warning:?}"),
            }
        }
    }

    /// All bars that a view shows, with their values, of every series.
    fn shown(&self, as_of: impl Into<AsOf> + Copy) -> Vec<String> {
        let mut shown = Vec::new();
        for symbol in 0..2 {
            for (place, rule) in self.data.rules().intervals.iter().enumerate() {
                let series = self.data.series(self.symbol(symbol), place, as_of).unwrap();
                let names = self.data.outputs(place);
                let bars: Vec<String> = series
                    .last(usize::MAX)
                    .flat_map(|bars| bars.iter())
                    .map(|bar| format!("{} {}", bar.open_time(), text(&bar)))
                    .collect();
                let values: Vec<Vec<u64>> = (0..names.len())
                    .map(|output| {
                        series
                            .last_values(output, usize::MAX)
                            .flatten()
                            .map(|value| value.to_bits())
                            .collect()
                    })
                    .collect();
                let last: Vec<Vec<Option<u64>>> = (0..names.len())
                    .map(|output| (0..6).map(|back| series.value(output, back).map(f64::to_bits)).collect())
                    .collect();
                let newest = series.newest().map(|bar| (bar.n_base, bar.n_expected, bar.close_time));
                shown.push(format!(
                    "{symbol} {} {bars:?} {values:?} {last:?} {newest:?} {}",
                    rule.interval,
                    series.is_ready()
                ));
            }
        }
        shown
    }
}

/// The instants of two sessions and a half day between them and the week after, as the setting trades them; by session.
fn sessions(setting: Setting) -> Vec<Vec<Timestamp>> {
    let calendar = Calendar::named("XNYS").unwrap();
    let days = [date(2024, 11, 27), date(2024, 11, 29), date(2024, 12, 2)];
    let opens = |day| {
        let session = calendar.session(calendar.on(day).unwrap().unwrap());
        let segments =
            if setting.hours == TradingHours::Extended { session.segments() } else { session.regular() };
        // The edges of the day and its first hour: what lies between adds nothing but time.
        let minutes: Vec<Timestamp> = segments
            .iter()
            .flat_map(|segment| {
                let minutes = (segment.close.as_nanos() - segment.open.as_nanos()) / MINUTE;
                (0..minutes)
                    .filter(move |minute| *minute < 70 || minutes - minute < 12)
                    .map(move |minute| segment.open.saturating_add(minute * MINUTE))
            })
            .collect();
        minutes
    };
    days.into_iter().map(opens).collect()
}

fn settings() -> impl Strategy<Value = Setting> {
    let keep = prop_oneof![Just(Keep::Session), Just(Keep::Last(4))];
    let policy = prop_oneof![2 => Just(Policy::Coverage), 1 => Just(Policy::Strict)];
    let hours = prop_oneof![2 => Just(TradingHours::Regular), 1 => Just(TradingHours::Extended)];
    let grace = prop_oneof![3 => Just(0), 1 => Just(2_000_000_000), 1 => Just(7 * MINUTE)];
    (policy, hours, grace, keep, any::<bool>()).prop_map(|(policy, hours, grace, keep, with_base)| Setting {
        policy,
        hours,
        grace,
        keep,
        with_base,
    })
}

/// The rows of two symbols: most minutes come right, some wrong or not at first.
fn market(seed: u64, wrong: u64, setting: Setting) -> Vec<Vec<Minute>> {
    let mut state = seed | 1;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let mut all = Vec::new();
    for opens in sessions(setting) {
        let (mut session, count) = (Vec::new(), opens.len());
        for (at, open) in opens.into_iter().enumerate() {
            for symbol in 0..2 {
                if next(100) < 12 {
                    continue;
                }
                let right = 100.0 + next(400) as f64 / 64.0;
                let fate = next(1000);
                let (first, right) = match fate {
                    _ if fate >= wrong => (Some(right), right),
                    _ if fate.is_multiple_of(2) => (None, right),
                    _ => (Some(90.0 + next(400) as f64 / 64.0), right),
                };
                // Before the session is over, often soon.
                let left = (count - at) as u64;
                let soon = if next(2) == 0 { left.min(9) } else { left };
                let after = next(soon) as usize;
                session.push(Minute { symbol, open, first, right: Some(right), after });
            }
        }
        all.push(session);
    }
    all
}

/// Feeds the market; with `at_once` what is right comes in its time.
fn feed(run: &mut Run, market: &[Vec<Minute>], at_once: bool, mut seen: impl FnMut(&mut Run)) {
    for session in market {
        let mut opens: Vec<Timestamp> = session.iter().map(|minute| minute.open).collect();
        opens.dedup();
        let mut rows: Vec<Vec<(usize, Timestamp, f64)>> = vec![Vec::new(); opens.len()];
        for minute in session {
            let own = opens.partition_point(|open| *open < minute.open);
            let Minute { symbol, open, first, right, after } = *minute;
            if at_once {
                rows[own].extend(right.map(|price| (symbol, open, price)));
                continue;
            }
            rows[own].extend(first.map(|price| (symbol, open, price)));
            if first != right {
                // An amendment comes before the rows of its minute or behind them.
                let later = (own + after).min(opens.len() - 1);
                let place = if after % 3 == 0 || later == own { rows[later].len() } else { 0 };
                rows[later].splice(place..place, right.map(|price| (symbol, open, price)));
            }
        }
        for (open, rows) in opens.iter().zip(rows) {
            let rows: Vec<InputRow> = rows
                .into_iter()
                .map(|(symbol, open, price)| InputRow::Bar {
                    symbol: run.symbol(symbol),
                    bar: bar(open, price),
                })
                .collect();
            run.take(Input::Bars { at: open.saturating_add(MINUTE), rows: &rows });
            seen(run);
        }
    }
    run.take(Input::Clock("2024-12-09T00:00:00Z".parse().unwrap()));
    run.take(Input::End);
}

/// Each case is a run of three days.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_was_revised_is_what_was_right_from_the_start(
        setting in settings(),
        seed in any::<u64>(),
        wrong in prop_oneof![Just(4_u64), Just(40), Just(300)],
    ) {
        let market = market(seed, wrong, setting);
        let (mut revised, mut right) = (Run::new(setting, Late::Revise, 0), Run::new(setting, Late::Drop, 0));
        feed(&mut revised, &market, false, |_| {});
        feed(&mut right, &market, true, |_| {});
        let last = |run: &Run| -> BTreeMap<_, _> {
            run.told.iter().map(|(key, told)| (key.clone(), Told { revision: 0, ..told.clone() })).collect()
        };
        let (own, expected) = (last(&revised), last(&right));
        for (key, told) in &expected {
            prop_assert_eq!(own.get(key), Some(told), "{:?}", key);
        }
        prop_assert_eq!(own.len(), expected.len());
        prop_assert_eq!(revised.shown(u32::MAX - 1), right.shown(u32::MAX - 1));
        let (counts, clean) = (revised.processor.deriver().counts(), right.processor.deriver().counts());
        let amended = market.iter().flatten().filter(|minute| minute.first.is_some() && minute.first != minute.right).count();
        prop_assert_eq!((counts.accepted, counts.corrected), (clean.accepted, amended as u64));
        prop_assert_eq!(counts.late + counts.invalid + counts.duplicate + counts.out_of_session, 0);
        prop_assert_eq!(revised.processor.deriver().empty(), right.processor.deriver().empty());
        prop_assert!(wrong < 300 || revised.told.values().any(|told| told.revision > 1));
    }
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn a_view_of_an_earlier_step_shows_what_it_showed(setting in settings(), seed in any::<u64>()) {
        let market = market(seed, 60, setting);
        // As far behind as a reader may be.
        let behind = 3;
        let mut run = Run::new(setting, Late::Revise, behind + 1);
        let mut before: Vec<(u32, Vec<String>)> = Vec::new();
        feed(&mut run, &market, false, |run| {
            let Some(step) = run.step.checked_sub(1) else { return };
            for (step, shown) in before.iter().rev().take_while(|(own, _)| own + behind > step) {
                assert_eq!(&run.shown(*step), shown, "as of step {step}");
            }
            before.push((step, run.shown(step)));
        });
    }
}
