//! What was published, as views show it: by step, by session, over retained sessions, with values beside the bars.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use barloom_core::derive::{
    Align, ClosedBar, DeriveConfig, DeriveRules, Deriver, Revision, Sink, TradingHours, Warning,
};
use barloom_core::store::{AsOf, Keep, SeriesView, SessionData, SessionWriter, StoreConfig, View};
use barloom_core::{Bar, Calendar, Hours, Interval, Label, Record, SymbolId, Symbols, Timestamp};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000_000;
const EVER: u32 = u32::MAX - 1;

fn interval(text: &str) -> Interval {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config(calendar: &str, intervals: &[&str]) -> DeriveConfig {
    let intervals: Vec<Interval> = intervals.iter().map(|text| interval(text)).collect();
    DeriveConfig::new(Calendar::named(calendar).unwrap(), &intervals)
}

/// The `number`th base bar, at `open`: its values say which it is.
fn minute(number: usize, open: Timestamp, has_extra: bool) -> Bar {
    let price = 100.0 + number as f64;
    let row = Record {
        label: Label::Open(open),
        open: price,
        high: price + 2.0,
        low: price - 2.0,
        close: price + 1.0,
        volume: Some(10.0),
        vwap: has_extra.then_some(price + 0.5),
        trade_count: has_extra.then_some(number as i64),
    };
    Bar::new(open, &row).unwrap()
}

/// The opens of every base bar from the session of `from` to that of `to`.
fn minutes(rules: &DeriveConfig, from: Date, to: Date) -> Vec<Timestamp> {
    let mut opens = Vec::new();
    let mut day = from;
    while day <= to {
        if let Some(index) = rules.calendar.on(day).unwrap() {
            let session = rules.calendar.session(index);
            let extended = rules.hours == TradingHours::Extended;
            for segment in if extended { session.segments() } else { session.regular() } {
                let nanos = segment.open.as_nanos()..segment.close.as_nanos();
                opens.extend(nanos.step_by(MINUTE as usize).map(Timestamp::from_nanos));
            }
        }
        day = day.tomorrow().unwrap();
    }
    opens
}

#[derive(Default)]
struct Collect(Vec<ClosedBar>);

impl Sink for Collect {
    fn bar(&mut self, bar: &ClosedBar) {
        self.0.push(*bar);
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, _: &Warning) {}
}

/// What closes, instant by instant, when every minute of the sessions comes.
fn closed(config: &DeriveConfig, symbol: SymbolId, from: Date, to: Date) -> Vec<ClosedBar> {
    let mut deriver = Deriver::new(DeriveRules::new(config.clone()).unwrap());
    let mut out = Collect::default();
    for (number, open) in minutes(config, from, to).into_iter().enumerate() {
        deriver.take(symbol, &minute(number, open, false), &mut out).unwrap();
    }
    out.0
}

/// A store under test, one symbol in it.
struct Store {
    writer: SessionWriter,
    data: SessionData,
    symbols: Symbols,
    symbol: SymbolId,
}

impl Store {
    /// With `width` outputs on every interval: `out_0`, `out_1`.
    fn new(config: &DeriveConfig, width: usize, keep: Keep, retain: usize) -> Self {
        Self::with_lag(config, width, keep, retain, 0)
    }

    /// Readers may be so many steps behind.
    fn with_lag(config: &DeriveConfig, width: usize, keep: Keep, retain: usize, ahead: u32) -> Self {
        let rules = DeriveRules::new(config.clone()).unwrap();
        let names: Vec<String> = (0..width).map(|output| format!("out_{output}")).collect();
        let outputs = vec![names; rules.intervals.len()];
        let historical = vec!["avg_volume_20".to_owned(), "gap".to_owned()];
        let (writer, data) =
            SessionWriter::new(StoreConfig { rules, outputs, keep, retain, ahead, historical });
        let mut symbols = Symbols::new();
        let symbol = symbols.intern("AAA").unwrap();
        Self { writer, data, symbols, symbol }
    }

    fn place(&self, interval: Interval) -> usize {
        self.data.place(interval).unwrap()
    }

    fn put(&mut self, bar: &ClosedBar, step: u32, values: &[f64]) {
        self.writer.put(self.place(bar.interval), bar, values, step);
    }

    fn view(&self, step: u32, now: Timestamp) -> View<'_> {
        View::new(&self.data, &self.symbols, step, now)
    }

    fn series(&self, text: &str, step: u32) -> SeriesView<'_> {
        self.data.series(self.symbol, self.place(interval(text)), step).unwrap()
    }
}

fn closes(series: &SeriesView<'_>) -> Vec<f64> {
    series.bars().close().to_vec()
}

/// Each piece of the last `count` bars.
fn pieces(series: &SeriesView<'_>, count: usize) -> Vec<Vec<f64>> {
    series.last(count).map(|bars| bars.close().to_vec()).collect()
}

/// The last `count` sessions.
fn sessions(series: &SeriesView<'_>, count: usize) -> Vec<Vec<f64>> {
    series.sessions(count).map(|bars| bars.close().to_vec()).collect()
}

fn assert_same(read: &ClosedBar, put: &ClosedBar) {
    let facts = |bar: &ClosedBar| {
        let counts = (bar.n_base, bar.n_expected, bar.revision);
        (bar.symbol, bar.interval, bar.session, bar.close_time, counts, bar.hours)
    };
    assert_eq!(facts(read), facts(put));
    assert!(read.bar.is_same(&put.bar), "{read:?} is not {put:?}");
}

const TUESDAY: Date = date(2024, 11, 26);
const WEDNESDAY: Date = date(2024, 11, 27);
/// Closes at 13:00 New York.
const FRIDAY: Date = date(2024, 11, 29);

#[test]
fn a_view_shows_nothing_later_than_its_step() {
    let config = config("XNYS", &["1m"]);
    let mut store = Store::new(&config, 1, Keep::Session, 1);
    let bars = closed(&config, store.symbol, TUESDAY, WEDNESDAY);
    for (step, bar) in (1..=5).zip(&bars) {
        store.put(bar, step, &[f64::from(step)]);
    }
    let third = store.series("1m", 3);
    assert_eq!((third.len(), closes(&third)), (3, vec![101.0, 102.0, 103.0]));
    assert_eq!(third.values(0), [1.0, 2.0, 3.0]);
    assert_eq!(pieces(&third, 10), [[101.0, 102.0, 103.0]]);
    assert_eq!((third.latest_value(0), third.value(0, 2), third.value(0, 3)), (Some(3.0), Some(1.0), None));
    assert_same(&third.newest().unwrap(), &bars[2]);
    assert!(third.bar(3).is_none());
    let none = store.series("1m", 0);
    assert!(
        none.is_empty() && none.bars().is_empty() && none.newest().is_none() && none.values(0).is_empty()
    );
    assert_eq!((none.latest_value(0), pieces(&none, 9).len()), (None, 0));

    // The next session is no more visible than the next minute.
    store.put(bars.last().unwrap(), 6, &[6.0]);
    assert_eq!(closes(&store.series("1m", 5)), [101.0, 102.0, 103.0, 104.0, 105.0]);
    assert_eq!(pieces(&store.series("1m", 2), 9), [[101.0, 102.0]]);
    assert_eq!(pieces(&store.series("1m", 6), 2), [[105.0], [100.0 + 780.0]]);
}

#[test]
fn retained_sessions_are_read_piece_by_piece() {
    let config = config("XNYS", &["1h"]);
    let mut store = Store::new(&config, 1, Keep::Session, 2);
    let bars = closed(&config, store.symbol, TUESDAY, date(2024, 12, 3));
    for (number, bar) in bars.iter().enumerate() {
        store.put(bar, number as u32, &[-bar.bar.close()]);
    }
    // Tuesday 7, Wednesday 7, Friday 4, Monday 7, Tuesday 7 bars: three sessions are left.
    assert_eq!(bars.len(), 32);
    let series = store.series("1h", EVER);
    assert_eq!(series.len(), 7);
    let left: Vec<f64> = bars[14..].iter().map(|bar| bar.bar.close()).collect();
    for count in 0..=20 {
        let got = pieces(&series, count);
        assert_eq!(got.concat(), left[left.len() - count.min(18)..], "last {count}");
        let lengths: Vec<usize> = got.iter().map(Vec::len).collect();
        let want = [count.saturating_sub(14).min(4), count.saturating_sub(7).min(7), count.min(7)];
        assert_eq!(lengths, want.into_iter().filter(|&n| n > 0).collect::<Vec<_>>(), "last {count}");
        let values: Vec<f64> = series.last_values(0, count).flatten().map(|value| -value).collect();
        assert_eq!(values, got.concat());
        assert_eq!(series.value(0, count), left.iter().rev().nth(count).map(|close| -close), "{count} back");
    }
    for count in 0..5 {
        assert_eq!(sessions(&series, count), pieces(&series, [0, 7, 14, 18, 18][count]), "{count} sessions");
    }
    assert_eq!(sessions(&store.series("1h", 26), 2), pieces(&store.series("1h", 26), 2 + 7));
    assert_eq!((series.value(0, usize::MAX), series.value(1, 0), series.values(1).len()), (None, None, 0));
    assert_eq!(series.last_values(1, 5).count(), 0);
}

#[test]
fn a_day_lies_with_its_year() {
    let config = config("XNYS", &["1d", "1w", "1M"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    let bars = closed(&config, store.symbol, date(2024, 12, 2), date(2025, 1, 31));
    for (number, bar) in bars.iter().enumerate() {
        store.put(bar, number as u32, &[]);
        assert_same(&store.series(&bar.interval.to_string(), EVER).newest().unwrap(), bar);
    }
    let lengths = |text: &str| store.series(text, EVER).last(99).map(|bars| bars.len()).collect::<Vec<_>>();
    assert_eq!((lengths("1d"), lengths("1w"), lengths("1M")), (vec![21, 20], vec![4, 5], vec![1, 1]));
}

#[test]
fn a_session_fits_into_its_memory() {
    let cases = [
        ("XNYS", &["1m", "5m", "7m", "1h"][..]),
        ("XHKG", &["1m", "7m", "25m", "1h"][..]),
        ("CME_EQ", &["1m", "7m", "1h", "354m", "702m"][..]),
        ("FX", &["5m", "354m", "702m"][..]),
        ("24/7", &["1m", "7m", "702m"][..]),
    ];
    for (calendar, intervals) in cases {
        for align in [Align::Session, Align::Midnight] {
            for hours in [TradingHours::Regular, TradingHours::Extended] {
                let config = DeriveConfig { align, hours, ..config(calendar, intervals) };
                let mut store = Store::new(&config, 1, Keep::Session, 1);
                let mut rows: BTreeMap<_, (usize, *const f64)> = BTreeMap::new();
                for bar in closed(&config, store.symbol, TUESDAY, FRIDAY) {
                    store.put(&bar, 1, &[1.0]);
                    let series = store.series(&bar.interval.to_string(), EVER);
                    let at = series.bars().close().as_ptr();
                    let (seen, first) = rows.entry((bar.interval, bar.session)).or_insert((0, at));
                    *seen += 1;
                    assert_eq!((series.len(), at), (*seen, *first), "{calendar} {align:?} {bar:?}");
                    assert_same(&series.newest().unwrap(), &bar);
                }
            }
        }
    }
}

#[test]
fn memory_is_used_again_unless_a_view_holds_it() {
    let config = config("XNYS", &["1m"]);
    let bars = closed(&config, Symbols::new().intern("AAA").unwrap(), TUESDAY, date(2024, 12, 4));
    let sessions: Vec<&[ClosedBar]> = bars.chunk_by(|a, b| a.session == b.session).collect();
    for (holds, as_rows) in [(false, false), (true, false), (true, true)] {
        let mut store = Store::new(&config, 1, Keep::Session, 1);
        let Store { writer, data, symbol, .. } = &mut store;
        let mut fill = |session: &[ClosedBar], rows: usize| {
            for bar in &session[..rows] {
                writer.put(0, bar, &[bar.bar.close()], 1);
            }
        };
        let series = || data.series(*symbol, 0, EVER).unwrap();
        fill(sessions[0], 390);
        let first = series();
        let memory = first.bars().close().as_ptr();
        let kept = first.rows().filter(|_| as_rows);
        let held = (holds && !as_rows).then_some(first);
        let before = closes(&series());
        let mut again = 0;
        // A short session in the memory of a long one shows its own rows only.
        for (session, rows) in sessions[1..].iter().zip([390, 3, 1, 200]) {
            fill(session, rows);
            let now = series();
            let want: Vec<f64> = session[..rows].iter().map(|bar| bar.bar.close()).collect();
            assert_eq!((closes(&now), now.values(0)), (want.clone(), &want[..]));
            again += usize::from(now.bars().close().as_ptr() == memory);
            if let Some(held) = &held {
                assert_eq!((closes(held), held.values(0)), (before.clone(), &before[..]));
            }
            if let Some(kept) = &kept {
                assert_eq!((kept.bars().close(), kept.values(0)), (&before[..], &before[..]));
                assert!(kept.values(1).is_empty());
            }
        }
        assert_eq!(again, if holds { 0 } else { 2 });
    }
}

#[test]
fn a_vwap_that_comes_in_mid_session_leaves_the_session_whole() {
    let config = config("XNYS", &["1m", "5m"]);
    for keep in [Keep::Session, Keep::Last(4)] {
        let mut store = Store::new(&config, 2, keep, 1);
        let bars = closed(&config, store.symbol, TUESDAY, WEDNESDAY);
        let base: Vec<&ClosedBar> = bars.iter().filter(|bar| bar.interval == Interval::MINUTE).collect();
        let with_extra = |number: usize| {
            let has_extra = number == 3 || number >= 392;
            ClosedBar { bar: minute(number, base[number].bar.open_time(), has_extra), ..*base[number] }
        };
        let put = |store: &mut Store, number: usize| {
            store.put(&with_extra(number), number as u32, &[number as f64, -(number as f64)]);
        };
        (0..3).for_each(|number| put(&mut store, number));
        let data = store.data.clone();
        let held = data.series(store.symbol, 0, EVER).unwrap();
        (3..7).for_each(|number| put(&mut store, number));
        assert_eq!(closes(&held), [101.0, 102.0, 103.0]);

        let series = store.series("1m", EVER);
        assert_eq!(closes(&series), [101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 107.0]);
        for number in 0..7 {
            assert_same(&series.bar(number).unwrap(), &with_extra(number));
        }
        let is_kept = keep == Keep::Session;
        assert_eq!(
            series.values(1),
            if is_kept { &[0.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0][..] } else { &[] }
        );
        assert_eq!((series.value(0, 3), series.value(1, 3)), (Some(3.0), Some(-3.0)));
        // As of a step before, too.
        assert_eq!(closes(&store.series("1m", 1)), [101.0, 102.0]);
        // The forming bar begins before the first vwap.
        let now = base[3].close_time;
        let forming = store.view(3, now).forming(store.symbol, interval("5m")).unwrap();
        assert_eq!((forming.n_base, forming.bar.open(), forming.bar.vwap()), (4, 100.0, None));

        // The next session has the columns from its first row, nulls in them.
        (390..394).for_each(|number| put(&mut store, number));
        let series = store.series("1m", EVER);
        for (row, number) in (390..394).enumerate() {
            assert_same(&series.bar(row).unwrap(), &with_extra(number));
        }
        assert_eq!(pieces(&series, 99).iter().map(Vec::len).collect::<Vec<_>>(), [7, 4]);
        assert_eq!(sessions(&series, 1), [&[491.0, 492.0, 493.0, 494.0][..]]);
        assert_eq!(series.value(0, 2), Some(391.0));
    }
}

#[test]
fn every_bar_is_read_as_it_was_appended() {
    let week = ["5m", "7m", "1h", "1d", "1w"];
    for (calendar, intervals) in [
        ("XNYS", &week[..]),
        ("XHKG", &week[..]),
        ("CME_EQ", &week[..]),
        ("FX", &["5m", "1h", "1d"][..]),
        ("24/7", &["1h", "1d", "1M"][..]),
    ] {
        for align in [Align::Session, Align::Midnight] {
            for hours in [TradingHours::Regular, TradingHours::Extended] {
                let config = DeriveConfig { align, hours, ..config(calendar, intervals) };
                let mut store = Store::new(&config, 0, Keep::Session, 1);
                let bars = closed(&config, store.symbol, date(2024, 11, 25), date(2024, 12, 2));
                let mut kinds = BTreeMap::new();
                for (number, bar) in bars.iter().enumerate() {
                    let odd = ClosedBar { revision: (number % 3) as u16, n_base: bar.n_base - 1, ..*bar };
                    store.put(&odd, number as u32, &[]);
                    let series = store.series(&bar.interval.to_string(), number as u32);
                    assert_same(&series.newest().unwrap(), &odd);
                    assert_same(&series.bar(series.len() - 1).unwrap(), &odd);
                    assert_eq!(series.bars().open_time().last(), Some(&bar.bar.open_time().as_nanos()));
                    *kinds.entry(bar.hours).or_insert(0) += 1;
                }
                let has_three = calendar == "XNYS" && hours == TradingHours::Extended;
                assert_eq!(
                    kinds.keys().any(|&kind| kind != Hours::Regular),
                    has_three,
                    "{calendar} {kinds:?}"
                );
            }
        }
    }
}

#[test]
fn an_early_close_cuts_the_bars_that_are_read() {
    let config = config("XNYS", &["5m", "1h", "1d"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    for (number, bar) in closed(&config, store.symbol, FRIDAY, FRIDAY).iter().enumerate() {
        store.put(bar, number as u32, &[]);
    }
    let newest = |text: &str| {
        let bar = store.series(text, EVER).newest().unwrap();
        (bar.bar.open_time(), bar.close_time, bar.n_base, bar.n_expected, bar.session.to_string())
    };
    let close = at("2024-11-29T13:00:00-05:00");
    let friday = || "2024-11-29".to_owned();
    assert_eq!(newest("5m"), (at("2024-11-29T12:55:00-05:00"), close, 5, 5, friday()));
    assert_eq!(newest("1h"), (at("2024-11-29T12:30:00-05:00"), close, 30, 30, friday()));
    assert_eq!(newest("1d"), (at("2024-11-29T09:30:00-05:00"), close, 210, 210, friday()));
}

#[test]
fn a_forming_bar_holds_what_is_visible_and_no_more() {
    let config = config("XNYS", &["1m", "5m", "1d"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    let bars = closed(&config, store.symbol, WEDNESDAY, FRIDAY);
    let mut steps: BTreeMap<Timestamp, u32> = BTreeMap::new();
    for bar in &bars {
        let next = steps.len() as u32 + 1;
        let step = *steps.entry(bar.close_time).or_insert(next);
        store.put(bar, step, &[]);
    }
    // The writer is at Friday's close; each step's view knows nothing of that.
    let friday: Vec<_> = steps.iter().filter(|&(&now, _)| now > at("2024-11-29T00:00:00Z")).collect();
    assert_eq!(friday.len(), 210);
    for (row, (&now, &step)) in friday.into_iter().enumerate() {
        let view = store.view(step, now);
        let (number, in_bucket) = (390 + row, row % 5 + 1);
        for (text, since, n_base, n_expected, close) in [
            ("5m", row - row % 5, in_bucket, 5, now.saturating_add((5 - in_bucket as i64) * MINUTE)),
            ("1d", 0, row + 1, 210, at("2024-11-29T18:00:00Z")),
        ] {
            let forming = view.forming(store.symbol, interval(text));
            if n_base == n_expected as usize {
                assert!(forming.is_none(), "{text} has just closed at {now}");
                continue;
            }
            let forming = forming.unwrap();
            assert!(forming.close_time > now && forming.bar.open_time() < now);
            assert_eq!(forming.close_time, close);
            assert_eq!((forming.n_base as usize, forming.n_expected), (n_base, n_expected));
            let (first, last) = (100.0 + (390 + since) as f64, 100.0 + number as f64);
            let bar = forming.bar;
            assert_eq!(
                (bar.open(), bar.high(), bar.low(), bar.close()),
                (first, last + 2.0, first - 2.0, last + 1.0)
            );
            assert_eq!((bar.volume(), bar.vwap()), (Some(10.0 * n_base as f64), None));
            let since =
                if text == "1d" { at("2024-11-29T14:30:00Z") } else { close.saturating_add(-5 * MINUTE) };
            assert_eq!(bar.open_time(), since);
        }
        // What can't form of minutes within a session.
        for text in ["1m", "90s", "1w", "1M"] {
            assert!(view.forming(store.symbol, interval(text)).is_none(), "{text}");
        }
    }
}

#[test]
fn a_bucket_that_the_clock_has_passed_does_not_form() {
    let config = config("XNYS", &["1m", "5m"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    let bars = closed(&config, store.symbol, TUESDAY, TUESDAY);
    store.put(&bars[0], 1, &[]);
    let open = at("2024-11-26T14:30:00Z");
    let forming = |minutes: i64| {
        store.view(1, open.saturating_add(minutes * MINUTE)).forming(store.symbol, interval("5m"))
    };
    assert_eq!(forming(1).map(|forming| forming.n_base), Some(1));
    assert_eq!(forming(4).map(|forming| forming.n_base), Some(1));
    assert!(forming(5).is_none() && forming(60 * 24).is_none());
    let empty = store.view(0, open);
    assert!(empty.forming(store.symbol, interval("5m")).is_none());
}

#[test]
fn a_forming_day_is_of_the_regular_hours() {
    let config = DeriveConfig { hours: TradingHours::Extended, ..config("XNYS", &["1m", "1d"]) };
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    for (number, bar) in closed(&config, store.symbol, TUESDAY, TUESDAY).iter().enumerate() {
        store.put(bar, number as u32, &[]);
        let forming = store.view(number as u32, bar.close_time).forming(store.symbol, Interval::DAY);
        let open = at("2024-11-26T09:30:00-05:00");
        let is_inside = bar.bar.open_time() >= open && bar.close_time < at("2024-11-26T16:00:00-05:00");
        assert_eq!(forming.is_some(), is_inside, "{bar:?}");
        if let Some(forming) = forming {
            let minutes = bar.close_time.since(open) / MINUTE;
            assert_eq!((forming.bar.open_time(), i64::from(forming.n_base)), (open, minutes));
        }
    }
}

#[test]
fn a_day_that_is_forming_spans_its_breaks() {
    let config = config("XHKG", &["1m", "1h", "1d"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    let bars = closed(&config, store.symbol, TUESDAY, TUESDAY);
    let base = bars.iter().filter(|bar| bar.interval == Interval::MINUTE);
    for (number, bar) in base.take(151).enumerate() {
        store.put(bar, number as u32, &[]);
    }
    let view = store.view(150, at("2024-11-26T13:01:00+08:00"));
    let day = view.forming(store.symbol, Interval::DAY).unwrap();
    assert_eq!((day.n_base, day.n_expected, day.bar.open(), day.bar.close()), (151, 330, 100.0, 251.0));
    let hour = view.forming(store.symbol, interval("1h")).unwrap();
    assert_eq!((hour.n_base, hour.n_expected, hour.bar.open()), (1, 60, 250.0));
    assert_eq!(hour.close_time, at("2024-11-26T14:00:00+08:00"));
}

#[test]
fn historical_values_are_those_of_the_instant() {
    let config = config("XNYS", &["1m"]);
    let mut store = Store::new(&config, 0, Keep::Session, 1);
    let bbb = store.symbols.intern("BBB").unwrap();
    let ccc = store.symbols.intern("CCC").unwrap();
    let aaa = store.symbol;
    let minute = |minute: i64| at("2024-11-26T15:00:00Z").saturating_add(minute * MINUTE);
    let read = |store: &Store, symbol, name: &str, now| store.view(5, minute(now)).historical(symbol, name);
    assert_eq!(read(&store, aaa, "gap", 5), None);
    store.writer.publish_historical(minute(10), vec![1.0, 2.0, f64::NAN, 4.0], 3);
    assert_eq!(read(&store, aaa, "gap", 9), None);
    assert_eq!(
        (read(&store, aaa, "avg_volume_20", 10), read(&store, aaa, "gap", 10)),
        (Some(1.0), Some(2.0))
    );
    assert_eq!((read(&store, bbb, "avg_volume_20", 11), read(&store, bbb, "gap", 11)), (None, Some(4.0)));
    assert_eq!((read(&store, ccc, "gap", 11), read(&store, aaa, "other", 11)), (None, None));
    store.writer.publish_historical(minute(400), vec![5.0, 6.0, 7.0, 8.0], 4);
    assert_eq!((read(&store, aaa, "gap", 399), read(&store, aaa, "gap", 400)), (Some(2.0), Some(6.0)));
    assert_eq!((read(&store, bbb, "gap", 399), read(&store, aaa, "gap", 9)), (Some(4.0), None));
}

#[test]
fn of_a_step_that_is_told_at_several_instants_only_what_was_due_is_seen() {
    let config = DeriveConfig { grace: MINUTE, ..config("XNYS", &["1m", "5m"]) };
    let mut store = Store::new(&config, 1, Keep::Session, 1);
    let bars = closed(&config, store.symbol, TUESDAY, TUESDAY);
    // All of the first ten minutes but the first three are of step 7.
    for (number, bar) in bars.iter().enumerate().take(12) {
        store.put(bar, if number < 3 { 6 } else { 7 }, &[number as f64]);
    }
    let minute = |minute: i64| at("2024-11-26T14:30:00Z").saturating_add(minute * MINUTE);
    let rows = |text: &str, by: AsOf| {
        store.data.series(store.symbol, store.place(interval(text)), by).unwrap().len()
    };
    let by = |now| AsOf::within(7, minute(now));
    // A bar is due a minute after its close.
    assert_eq!([3, 5, 6, 7, 11].map(|now| rows("1m", by(now))), [3, 4, 5, 6, 10]);
    assert_eq!([5, 6, 10, 11].map(|now| rows("5m", by(now))), [0, 1, 1, 2]);
    assert_eq!((rows("1m", AsOf::step(6)), rows("1m", AsOf::step(7)), rows("5m", 7.into())), (3, 10, 2));
    assert_eq!(rows("1m", AsOf::within(8, Timestamp::MIN)), 10);
    let view = store.view(90, minute(6)).as_of(by(6));
    assert_eq!((view.step(), view.latest(store.symbol, interval("1m"), "out_0")), (90, Some(4.0)));
}

#[test]
fn a_series_is_ready_from_the_step_on_at_which_its_last_output_starts() {
    let config = config("XNYS", &["1m"]);
    for keep in [Keep::Session, Keep::Last(0)] {
        let mut store = Store::new(&config, 2, keep, 1);
        let bars = closed(&config, store.symbol, TUESDAY, TUESDAY);
        let null = f64::NAN;
        // The first output has started before the second, and its later null does not undo that.
        let rows = [[null, null], [1.0, null], [null, null], [null, 4.0], [null, null]];
        for (step, (bar, values)) in (1..).zip(bars.iter().zip(&rows)) {
            store.put(bar, step, values);
        }
        let ready: Vec<bool> = (0..=5).map(|step| store.series("1m", step).is_ready()).collect();
        assert_eq!(ready, [false, false, false, false, true, true]);
        assert_eq!((store.series("1m", 4).value(0, 0), store.series("1m", 4).value(1, 0)), (None, Some(4.0)));
    }
    let mut bare = Store::new(&config, 0, Keep::Session, 1);
    bare.put(&closed(&config, bare.symbol, TUESDAY, TUESDAY)[0], 1, &[]);
    assert!(bare.series("1m", 0).is_ready());
}

#[test]
fn only_so_many_values_are_kept() {
    let config = config("XNYS", &["1m"]);
    for (keep, kept) in [(0, 1), (1, 1), (2, 2), (4, 4), (7, 7)] {
        let mut store = Store::new(&config, 1, Keep::Last(keep), 1);
        for (step, bar) in (1..=30).zip(&closed(&config, store.symbol, TUESDAY, TUESDAY)) {
            store.put(bar, step, &[f64::from(step)]);
            // What is read does not depend on how much the ring happens to hold.
            let series = store.series("1m", step);
            let got: Vec<Option<f64>> = (0..10).map(|back| series.value(0, back)).collect();
            let want = (0..10).map(|back| (back < kept && back < step).then(|| f64::from(step - back)));
            assert_eq!(got, want.collect::<Vec<_>>(), "keep {keep} at {step}");
            assert!(series.values(0).is_empty() && series.last_values(0, 3).next().is_none());
            // The writer may be one row ahead.
            if step > kept {
                assert_eq!(
                    store.series("1m", step - 1).value(0, kept as usize - 1),
                    Some(f64::from(step - kept))
                );
            }
        }
    }
}

#[test]
fn a_view_older_than_all_that_is_retained_has_no_value() {
    let config = config("XNYS", &["1m"]);
    for keep in [Keep::Session, Keep::Last(7)] {
        let mut store = Store::new(&config, 1, keep, 1);
        let bars = closed(&config, store.symbol, TUESDAY, date(2024, 12, 4));
        let sessions = bars.chunk_by(|a, b| a.session == b.session);
        for (step, session) in (1..).zip(sessions) {
            store.put(&session[0], step, &[f64::from(step)]);
        }
        let old = store.series("1m", 2);
        assert!(old.is_empty() && old.latest_value(0).is_none() && old.newest().is_none());
        assert_eq!(store.series("1m", 5).latest_value(0), Some(5.0));
    }
}

#[test]
fn any_number_of_symbols_has_room() {
    let config = config("XNYS", &["1m", "5m"]);
    let mut store = Store::new(&config, 1, Keep::Session, 1);
    let ids: Vec<SymbolId> = (0..1000).map(|n| store.symbols.intern(&format!("S{n}")).unwrap()).collect();
    let bar = closed(&config, store.symbol, TUESDAY, TUESDAY)[0];
    let data = store.data.clone();
    assert!(data.series(ids[0], 0, EVER).is_some_and(|series| series.is_empty()));
    // One symbol far ahead makes room for those before it.
    for &symbol in [ids[999], ids[3]].iter().chain(&ids[100..700]) {
        let has_bar = |symbol| data.series(symbol, 0, EVER).is_some_and(|series| !series.is_empty());
        assert!(!has_bar(symbol));
        store.put(&ClosedBar { symbol, ..bar }, 1, &[symbol.index() as f64]);
        assert!(has_bar(symbol) && has_bar(ids[999]));
        assert_eq!(data.series(symbol, 0, EVER).unwrap().latest_value(0), Some(symbol.index() as f64));
    }
    assert!(data.series(ids[4], 0, EVER).unwrap().is_empty() && data.series(ids[3], 9, EVER).is_none());
    assert_eq!(data.series(ids[150], 0, EVER).unwrap().newest().unwrap().symbol, ids[150]);
}

/// What a store would be that forgets nothing and searches everything.
#[derive(Default)]
struct Model(Vec<(ClosedBar, u32, f64)>);

impl Model {
    /// The sessions as of `step` when `retain` are retained: those that the writer has dropped are gone for all.
    /// Where the writer `forgets` what is out of the sight of a reader of its own step.
    fn sessions(&self, step: u32, retain: usize, forgets: bool) -> Vec<Vec<&(ClosedBar, u32, f64)>> {
        let all: Vec<_> = self.0.chunk_by(|a, b| a.0.session == b.0.session).collect();
        let left = if forgets { all.len().saturating_sub(retain + 1) } else { 0 };
        let seen = all[left..].iter().map(|session| session.iter().filter(|row| row.1 <= step).collect());
        let seen: Vec<_> = seen.filter(|session: &Vec<_>| !session.is_empty()).collect();
        seen[seen.len().saturating_sub(retain + 1)..].to_vec()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_shows_what_a_store_that_forgets_nothing_would(
        // The minutes to go on, the steps to go on, whether there is a vwap.
        rows in prop::collection::vec((prop_oneof![8 => 1..5_usize, 1 => 300..500_usize], 0..3_u32, prop::bool::weighted(0.05)), 1..120),
        retain in 0..4_usize,
        keeps in prop_oneof![Just(Keep::Session), (0..10_u32).prop_map(Keep::Last)],
        behind in 0..10_u32,
        back in 0..12_usize,
        may_lag in prop_oneof![Just(0), 1..6_u32],
    ) {
        let config = config("XNYS", &["1m"]);
        let mut store = Store::with_lag(&config, 1, keeps, retain, may_lag);
        let opens = minutes(&config, date(2024, 3, 1), date(2024, 12, 31));
        let all = closed_bars_at(&config, store.symbol);
        let (mut model, mut number, mut step) = (Model::default(), 0, 0);
        for (minutes, steps, has_extra) in rows {
            number += minutes;
            step += steps;
            let bar = ClosedBar { bar: minute(number, opens[number], has_extra), ..all(opens[number]) };
            store.put(&bar, step, &[number as f64]);
            model.0.push((bar, step, number as f64));

            // Of steps that are open no reader misses anything; where reader and writer take turns, one that is behind may.
            let asked = step.saturating_sub(behind.min(may_lag.checked_sub(1).unwrap_or(behind)));
            let series = store.series("1m", asked);
            let want = model.sessions(asked, retain.max(1), may_lag == 0);
            let current = want.last().cloned().unwrap_or_default();
            prop_assert_eq!(series.len(), current.len());
            for (row, (bar, _, _)) in current.iter().enumerate() {
                assert_same(&series.bar(row).unwrap(), bar);
            }
            let flat: Vec<_> = want.concat();
            let tail = &flat[flat.len() - flat.len().min(back)..];
            let got: Vec<Bar> = series.last(back).flat_map(|bars| bars.iter().collect::<Vec<_>>()).collect();
            prop_assert!(got.len() == tail.len() && got.iter().zip(tail).all(|(a, b)| a.is_same(&b.0.bar)));
            let value = flat.iter().rev().nth(back).map(|row| row.2);
            match keeps {
                Keep::Session => {
                    prop_assert_eq!(series.value(0, back), value);
                    let values: Vec<f64> = current.iter().map(|row| row.2).collect();
                    prop_assert_eq!(series.values(0), values);
                }
                Keep::Last(count) => {
                    let read = series.value(0, back);
                    let ahead = model.0.iter().filter(|row| row.1 > asked).count();
                    // Values outlive the session of their bars.
                    let value = model.0.iter().rev().filter(|row| row.1 <= asked).nth(back).map(|row| row.2);
                    let is_kept = back < count.max(1) as usize && !flat.is_empty();
                    prop_assert!(read.is_none() || is_kept && read == value);
                    let room = 1 + may_lag as usize;
                    prop_assert!(!is_kept || ahead > room || read == value);
                }
            }
        }
    }
}

/// Closed base bars by their open.
fn closed_bars_at(config: &DeriveConfig, symbol: SymbolId) -> impl Fn(Timestamp) -> ClosedBar {
    let mut deriver = Deriver::new(DeriveRules::new(config.clone()).unwrap());
    let mut out = Collect::default();
    let opens = minutes(config, date(2024, 3, 1), date(2024, 12, 31));
    opens.iter().for_each(|&open| {
        deriver.take(symbol, &minute(0, open, false), &mut out).unwrap();
    });
    move |open| out.0[out.0.partition_point(|bar| bar.bar.open_time() < open)]
}
