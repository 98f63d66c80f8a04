//! A verification holds what is sound, and finds what is not: lanes that break one law each are caught by that law.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;

use barloom::verify::{Law, Market, Report, Rows, Subject, Verdict, VerifyError};
use barloom_core::derive::{DeriveConfig, DeriveRules};
use barloom_core::indicators::{
    CATALOGUE, Each, Indicator, Lane, NULL, Reset, Rows as Out, Slot, Spec, WarmUp,
};
use barloom_core::snapshot::{Bytes, Read, SnapshotError};
use barloom_core::{Bar, BarColumns, Bars, Calendar, Interval, Label, Record, Symbols, Timestamp};
use common::{Chance, MINUTE};

/// Changes of the close and their fading average: two numbers of state, and where values begin.
#[derive(Debug, Clone, Copy)]
struct Honest {
    average: f64,
    before: f64,
}

const NEW: Honest = Honest { average: 0.0, before: NULL };

impl Indicator for Honest {
    const OUTPUTS: &'static [&'static str] = &["average", "change"];

    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let change = closed.close() - self.before;
        self.before = closed.close();
        if change.is_nan() {
            out.fill(NULL);
            return;
        }
        self.average += (change - self.average) * 0.2;
        out.copy_from_slice(&[self.average, change]);
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::fading(1, 0.8)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            *self = NEW;
        }
    }

    fn save(&self, to: &mut Bytes) {
        to.f64s(&[self.average, self.before]);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        (self.average, self.before) = (from.f64()?, from.f64()?);
        Ok(())
    }
}

/// What is wrong with a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// Its `run` closes a bar where the next of the chunk closes.
    RunPeeks,
    /// Its `run` begins each chunk as new.
    RunForgets,
    /// Its `run` begins chunks of 170 bars as new.
    SomeRunsForget,
    /// Its `sweep` gives the bars to the slots the other way round.
    SweepMixes,
    /// Its `peek` moves its next value.
    PeekChanges,
    /// Its `peek` moves its next output alone.
    PeekShows,
    /// Its `peek` sees another close.
    PeekIsOff,
    /// It saves a count that it does not restore, and that no output shows.
    RestoreIsBlind,
    /// It saves one of two fields.
    SaveForgets,
    /// It restores one of two fields.
    RestoreForgets,
    /// It refuses what it saved.
    RestoreFails,
    /// It settles at once, it says.
    SettledLies,
    /// It fades five times as fast, it says.
    FadingLies,
    /// A reset leaves the average.
    ResetLeaves,
    /// What is fresh is not.
    FreshIsUsed,
    /// It panics, here and there.
    Panics,
}

/// An honest lane, but for what is wrong.
struct Bent {
    lane: Each<Honest>,
    wrong: Wrong,
    peeks: Cell<u32>,
    steps: u32,
}

impl Bent {
    fn new(wrong: Wrong) -> Self {
        Self { lane: Each::new(NEW), wrong, peeks: Cell::new(0), steps: 0 }
    }
}

/// `bar` with another close.
fn closing(bar: &Bar, close: f64) -> Bar {
    let record = Record {
        label: Label::Open(bar.open_time()),
        open: bar.open(),
        high: bar.high().max(close),
        low: bar.low().min(close),
        close,
        volume: bar.volume(),
        vwap: bar.vwap(),
        trade_count: bar.trade_count(),
    };
    Bar::new(bar.open_time(), &record).unwrap()
}

impl Lane for Bent {
    fn outputs(&self) -> &'static [&'static str] {
        self.lane.outputs()
    }

    fn warm_up(&self) -> WarmUp {
        match self.wrong {
            Wrong::SettledLies => WarmUp::exact(1),
            Wrong::FadingLies => WarmUp { first: 1, settled: Some(19) },
            _ => self.lane.warm_up(),
        }
    }

    fn fresh(&self) -> Box<dyn Lane> {
        let mut fresh = Self::new(self.wrong);
        if self.wrong == Wrong::FreshIsUsed {
            fresh.lane = self.lane.clone();
        }
        Box::new(fresh)
    }

    fn resize(&mut self, slots: usize) {
        self.lane.resize(slots);
    }

    fn step(&mut self, slot: Slot, bar: &Bar, out: &mut [f64]) {
        self.steps += 1;
        assert!(self.wrong != Wrong::Panics || self.steps != 200, "two hundred is too much");
        let peeks = self.peeks.take();
        let bar = if self.wrong == Wrong::PeekChanges && peeks > 0 {
            closing(bar, bar.close() + f64::from(peeks))
        } else {
            *bar
        };
        self.lane.step(slot, &bar, out);
        if self.wrong == Wrong::PeekShows && peeks > 0 {
            out[1] += 1.0;
        }
    }

    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Out<'_>) {
        let forgets = self.wrong == Wrong::SomeRunsForget && bars.len() == 170;
        if self.wrong == Wrong::RunForgets || forgets {
            self.lane.reset(slot, Reset::Start);
        }
        let next = |row| bars.at(row + 1).filter(|_| self.wrong == Wrong::RunPeeks);
        let seen = |(row, bar): (usize, Bar)| next(row).map_or(bar, |next| closing(&bar, next.close()));
        let seen: Vec<Bar> = bars.iter().enumerate().map(seen).collect();
        self.lane.run(slot, seen.iter().collect::<BarColumns>().bars(), out);
    }

    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Out<'_>) {
        let mut slots = slots.to_vec();
        if self.wrong == Wrong::SweepMixes {
            slots.reverse();
        }
        self.lane.sweep(&slots, bars, out);
    }

    fn peek(&self, slot: Slot, forming: &Bar, out: &mut [f64]) {
        self.peeks.set(self.peeks.get() + 1);
        let off = if self.wrong == Wrong::PeekIsOff { 1e-9 } else { 0.0 };
        self.lane.peek(slot, &closing(forming, forming.close() + off), out);
    }

    fn reset(&mut self, slot: Slot, why: Reset) {
        let mut state = Bytes::new();
        self.lane.save(slot, &mut state).unwrap();
        self.lane.reset(slot, why);
        if self.wrong == Wrong::ResetLeaves && why == Reset::Start {
            let average = Read::new(state.as_slice()).f64().unwrap();
            let mut left = Bytes::new();
            left.f64s(&[average, NULL]);
            self.lane.restore(slot, &mut Read::new(left.as_slice())).unwrap();
        }
    }

    fn save(&self, slot: Slot, to: &mut Bytes) -> Result<(), SnapshotError> {
        let mut state = Bytes::new();
        self.lane.save(slot, &mut state)?;
        let mut state = Read::new(state.as_slice());
        let [average, before] = [(); 2].map(|()| state.f64().unwrap());
        to.f64s(&[if self.wrong == Wrong::SaveForgets { 0.0 } else { average }, before]);
        if self.wrong == Wrong::RestoreIsBlind {
            to.u32(self.steps);
        }
        Ok(())
    }

    fn restore(&mut self, slot: Slot, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        if self.wrong == Wrong::RestoreFails {
            from.at_most("nothing", 0)?;
        }
        let mut state = [from.f64()?, from.f64()?];
        if self.wrong == Wrong::RestoreForgets {
            state[0] = 0.0;
        }
        if self.wrong == Wrong::RestoreIsBlind {
            from.u32()?;
        }
        let mut bytes = Bytes::new();
        bytes.f64s(&state);
        self.lane.restore(slot, &mut Read::new(bytes.as_slice()))
    }
}

/// Says what the next bar closes at, of those it was made with.
#[derive(Clone)]
struct Foresight(BTreeMap<Timestamp, f64>);

impl Indicator for Foresight {
    const OUTPUTS: &'static [&'static str] = &[""];

    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let after = Timestamp::from_nanos(closed.open_time().as_nanos() + 1);
        out[0] = self.0.range(after..).next().map_or(0.0, |(_, close)| *close);
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(0)
    }

    fn reset(&mut self, _: Reset) {}

    fn save(&self, _: &mut Bytes) {}

    fn restore(&mut self, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// After ten closes that are equal it says how many bars it has seen, though it claims to look at two.
#[derive(Clone)]
struct Residue {
    seen: u32,
    equal: u32,
    before: f64,
}

impl Indicator for Residue {
    const OUTPUTS: &'static [&'static str] = &[""];

    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        self.seen += 1;
        self.equal = if closed.close() == self.before { self.equal + 1 } else { 0 };
        self.before = closed.close();
        out[0] = if self.equal > 10 { f64::from(self.seen) } else { 0.0 };
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(0)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            (self.seen, self.equal, self.before) = (0, 0, NULL);
        }
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.u32(self.equal);
        to.f64(self.before);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        (self.seen, self.equal, self.before) = (from.u32()?, from.u32()?, from.f64()?);
        Ok(())
    }
}

fn rules(calendar: &str, intervals: &[&str]) -> DeriveRules {
    let intervals: Vec<Interval> = intervals.iter().map(|text| text.parse().unwrap()).collect();
    DeriveRules::new(DeriveConfig::new(Calendar::named(calendar).unwrap(), &intervals)).unwrap()
}

/// A walk of `minutes` for each symbol, around the clock; `still` are minutes in which nothing moves.
fn walk(intervals: &[&str], minutes: i64, names: &[&str], still: std::ops::Range<i64>) -> Market {
    let (mut rows, mut symbols) = (Rows::new(rules("24/7", intervals)), Symbols::new());
    let mut all: Vec<(i64, Record, &str)> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let (mut chance, mut close) = (Chance::new(n as u64 + 5), 100.0);
        for minute in 0..minutes {
            let open = close;
            if !still.contains(&minute) {
                close += chance.below(201) as f64 / 100.0 - 1.0;
            }
            let volume = Some(if still.contains(&minute) { 0.0 } else { 1.0 + chance.below(90) as f64 });
            let label = Label::Open(Timestamp::from_nanos(1_732_579_200_000_000_000 + minute * MINUTE));
            let (high, low) = (open.max(close), open.min(close));
            let row = Record { label, open, high, low, close, volume, vwap: None, trade_count: None };
            all.push((minute, row, name));
        }
    }
    all.sort_by_key(|(minute, ..)| *minute);
    for (_, row, name) in all {
        let symbol = symbols.intern(name).unwrap();
        rows.row(symbol, &symbols, &row).unwrap().unwrap();
    }
    rows.finish(symbols).unwrap()
}

fn specs(texts: &[&str]) -> Vec<Subject> {
    texts.iter().map(|text| Subject::from(&text.parse::<Spec>().unwrap())).collect()
}

/// The laws that failed, by row.
fn broken(report: &Report) -> Vec<(String, Vec<Law>)> {
    let rows = report.rows.iter().map(|row| {
        let failed = Law::ALL.into_iter().filter(|&law| row.verdict(law) == Verdict::Failed);
        (format!("{}@{}", row.spec, row.interval), failed.collect::<Vec<_>>())
    });
    rows.filter(|(_, laws)| !laws.is_empty()).collect()
}

fn verdict(report: &Report, row: &str, law: Law) -> Verdict {
    report.rows.iter().find(|own| format!("{}@{}", own.spec, own.interval) == row).unwrap().verdict(law)
}

#[test]
fn a_lane_that_breaks_a_law_is_caught_by_it_and_by_no_other() {
    let cases: [(Wrong, &[Law]); 17] = [
        (Wrong::Nothing, &[]),
        // What peeks in `run` can't equal its `step`: it breaks both.
        (Wrong::RunPeeks, &[Law::Ways, Law::NoLookAhead]),
        (Wrong::RunForgets, &[Law::Ways]),
        (Wrong::SomeRunsForget, &[Law::Ways]),
        (Wrong::SweepMixes, &[Law::Ways]),
        (Wrong::PeekChanges, &[Law::Peek]),
        (Wrong::PeekShows, &[Law::Peek]),
        (Wrong::PeekIsOff, &[Law::Peek]),
        (Wrong::SaveForgets, &[Law::Restore]),
        (Wrong::RestoreIsBlind, &[Law::Restore]),
        (Wrong::RestoreForgets, &[Law::Restore]),
        (Wrong::RestoreFails, &[Law::Restore]),
        (Wrong::SettledLies, &[Law::StartedLater]),
        (Wrong::FadingLies, &[Law::StartedLater]),
        (Wrong::ResetLeaves, &[Law::Reset]),
        (Wrong::FreshIsUsed, &[Law::Reset]),
        (Wrong::Panics, &[Law::Ways]),
    ];
    for names in [&["AAA"][..], &["BBB", "AAA"]] {
        let market = walk(&["5m", "15m"], 4_000, names, 0..0);
        for (wrong, laws) in cases {
            let subject = Subject::new("own", move |_| Box::new(Bent::new(wrong)));
            let five = "5m".parse().unwrap();
            let report = market.verify(&[subject.on(five)]).unwrap();
            let expected: Vec<(String, Vec<Law>)> =
                if laws.is_empty() { Vec::new() } else { vec![("own@5m".to_owned(), laws.to_vec())] };
            assert_eq!(broken(&report), expected, "{wrong:?}, {} symbols", names.len());
            for law in laws {
                let failure = report.failures.iter().find(|failure| failure.law == *law).unwrap();
                let text = failure.to_string();
                assert!(text.starts_with(&format!("own@5m, {law}:")), "{text}");
                assert!(text.contains(": expected ") && text.contains(", got "), "{text}");
                if wrong != Wrong::Panics {
                    assert!(text.contains("AAA 2024-11-2"), "a symbol, and when the bar opens: {text}");
                }
            }
        }
    }
}

#[test]
fn a_failure_names_the_output_and_what_it_should_be() {
    let market = walk(&["5m"], 2_000, &["AAA"], 0..0);
    let report =
        market.verify(&[Subject::new("own", |_| Box::new(Bent::new(Wrong::RestoreForgets)))]).unwrap();
    let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
    assert_eq!((failure.symbol.as_str(), failure.law), ("AAA", Law::Restore));
    let report = market.verify(&[Subject::new("own", |_| Box::new(Bent::new(Wrong::RunForgets)))]).unwrap();
    let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
    assert!(failure.output == "own.average" || failure.output == "own.change", "{failure}");
    assert_ne!(failure.expected, failure.got);
}

#[test]
fn what_was_fitted_to_bars_that_come_later_looks_ahead() {
    let market = walk(&["5m"], 3_000, &["BBB", "AAA"], 0..0);
    let all = |known: &barloom::verify::Known<'_>| {
        let slots = (0..known.symbols() as u32).map(Slot);
        let closes = slots.flat_map(|slot| known.bars(slot).iter().map(|bar| (bar.open_time(), bar.close())));
        Box::new(Each::new(Foresight(closes.collect()))) as Box<dyn Lane>
    };
    let report = market.verify(&[Subject::new("foresight", all)]).unwrap();
    assert_eq!(broken(&report), [("foresight@5m".to_owned(), vec![Law::NoLookAhead])]);
    let failure = &report.failures[0];
    assert!(failure.how.starts_with("input cut before the bar of 2024-11-2"), "{failure}");
}

#[test]
fn every_name_holds_on_a_market_with_all_that_feeds_do_wrong() {
    let subjects: Vec<Subject> = specs(&CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>());
    for (calendar, seed) in [("XNYS", 1), ("XHKG", 2)] {
        let own = Calendar::named(calendar).unwrap();
        let files = common::market(&own, "2024-11-25T00:00:00Z", 8, &["BBB", "AAA"], seed);
        let mut rows = Rows::new(rules(calendar, &["1m", "5m", "1d"]));
        let mut symbols = Symbols::new();
        // One behind the other, as some files are.
        for (name, row) in files.into_iter().flatten() {
            let symbol = symbols.intern(name).unwrap();
            let _ = rows.row(symbol, &symbols, &row).unwrap();
        }
        let report = rows.finish(symbols).unwrap().verify(&subjects).unwrap();
        assert_eq!(report.failures, [], "{calendar}");
        assert_eq!(report.rows.len(), 3 * (1 + CATALOGUE.len()));
        let later = report.rows.iter().map(|row| row.verdict(Law::StartedLater));
        let held = later.filter(|verdict| *verdict == Verdict::Held).count();
        assert!(held > CATALOGUE.len(), "{held} started later");
        for row in report.rows.iter().filter(|row| row.interval == Interval::MINUTE && row.spec != "bars") {
            for law in Law::ALL.into_iter().filter(|law| law.is_of_indicators()) {
                let verdict = row.verdict(law);
                // Of what settles late there are too few bars; all have values.
                let is_said = law == Law::StartedLater && verdict != Verdict::Failed;
                assert!(verdict == Verdict::Held || is_said, "{}, {law}: {verdict}", row.spec);
            }
        }
    }
}

#[test]
fn too_few_bars_are_never_a_proof() {
    let market = walk(&["5m"], 600, &["AAA"], 0..0);
    let report = market.verify(&specs(&["sma:100", "sma:119", "sma:120", "sma:121", "obv"])).unwrap();
    assert!(report.is_sound());
    let of = |name: &str| verdict(&report, name, Law::StartedLater);
    assert_eq!([of("sma_100@5m"), of("sma_119@5m")], [Verdict::Held; 2]);
    assert_eq!([of("sma_120@5m"), of("sma_121@5m")], [Verdict::TooShort; 2]);
    assert_eq!(of("obv@5m"), Verdict::Endless);
    assert_eq!(verdict(&report, "sma_120@5m", Law::Ways), Verdict::Held, "its last bar has a value");
    assert_eq!(verdict(&report, "sma_120@5m", Law::NoLookAhead), Verdict::TooShort, "no cut has one");
    for law in Law::ALL.into_iter().filter(|law| law.is_of_indicators()) {
        assert_eq!(verdict(&report, "sma_121@5m", law), Verdict::TooShort, "{law}");
    }
    let told: Vec<String> = report.caveats.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|text| text.starts_with("sma_121@5m, started later: too short: no later start")));
    assert!(told.iter().any(|text| text.contains("(AAA has 120 bars)")), "{told:?}");
}

#[test]
fn what_is_anchored_to_sessions_is_started_with_them() {
    let texts = ["vwap", "vwap:none", "sma:20"];
    let days = walk(&["5m"], 4 * 1440, &["AAA"], 0..0).verify(&specs(&texts)).unwrap();
    assert!(days.is_sound(), "{:?}", days.failures);
    assert_eq!(verdict(&days, "vwap_1@5m", Law::StartedLater), Verdict::Held);
    assert_eq!(verdict(&days, "vwap_none_1@5m", Law::StartedLater), Verdict::Endless);
    // Half a session is another session, so one session alone proves nothing.
    let day = walk(&["5m"], 1000, &["AAA"], 0..0).verify(&specs(&texts)).unwrap();
    assert!(day.is_sound(), "{:?}", day.failures);
    assert_eq!(verdict(&day, "vwap_1@5m", Law::StartedLater), Verdict::TooShort);
    assert_eq!(verdict(&day, "sma_20@5m", Law::StartedLater), Verdict::Held);
}

#[test]
fn a_flat_stretch_is_no_false_alarm_and_hides_no_lie() {
    // Starts fall before the stretch, into it and behind it; a ratio of fading averages keeps in it what it was.
    let market = walk(&["1m"], 9_000, &["AAA"], 3_000..6_000);
    let mut subjects = specs(&["rsi:14", "rsi:2", "ema:20", "atr:14", "adx:14", "stoch_rsi"]);
    subjects.push(Subject::new("lie", |_| Box::new(Bent::new(Wrong::SettledLies))));
    subjects.push(Subject::new("fading_lie", |_| Box::new(Bent::new(Wrong::FadingLies))));
    let report = market.verify(&subjects).unwrap();
    let lies = ["lie@1m", "fading_lie@1m"].map(|lie| (lie.to_owned(), vec![Law::StartedLater]));
    assert_eq!(broken(&report), lies);
    assert_eq!(verdict(&report, "rsi_14@1m", Law::StartedLater), Verdict::Held);
    let passed: Vec<&str> = report.caveats.iter().map(|caveat| caveat.spec.as_str()).collect();
    assert!(passed.contains(&"rsi_14"), "what was passed over is told: {passed:?}");
}

#[test]
fn a_window_has_no_excuse_in_a_flat_stretch() {
    let market = walk(&["1m"], 9_000, &["AAA"], 3_000..6_000);
    let new = Residue { seen: 0, equal: 0, before: NULL };
    let subject = Subject::new("residue", move |_| Box::new(Each::new(new.clone())));
    let report = market.verify(&[subject]).unwrap();
    assert_eq!(broken(&report), [("residue@1m".to_owned(), vec![Law::StartedLater])]);
    assert!(report.failures[0].open_time.unwrap().to_string().starts_with("2024-11-28T"), "in the stretch");
}

#[test]
fn what_can_not_be_verified_is_named() {
    let market = walk(&["5m"], 600, &["AAA"], 0..0);
    let refused = |texts: &[&str]| -> VerifyError { market.verify(&specs(texts)).unwrap_err() };
    assert_eq!(refused(&["sma:2@1h"]).to_string(), "sma_2@1h: the interval is not derived");
    assert_eq!(refused(&["sma:2@5m", "sma:2"]).to_string(), "sma_2 is asked for twice on 5m");
}
