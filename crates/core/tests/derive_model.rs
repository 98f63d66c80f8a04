//! Derivation against a model that keeps every minute in one map and scans it: slow, and short enough to check by eye
//! against the rules. Random rows come late, twice, corrected and out of session; the clock jumps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use barloom_core::derive::*;
use barloom_core::{
    Calendar, Hours, Interval, Label, Record, Segment, Session, SymbolId, Symbols, Timestamp,
};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000_000;

/// One event as text: what, interval, open time, counts, and the bar's values by bits.
type Told = String;

#[derive(Default)]
struct Log(Vec<Told>);

impl Sink for Log {
    fn bar(&mut self, b: &ClosedBar) {
        let values = [b.bar.open(), b.bar.high(), b.bar.low(), b.bar.close(), b.bar.volume().unwrap()]
            .map(f64::to_bits);
        let (open, close) = (b.bar.open_time(), b.close_time);
        self.0.push(format!(
            "bar {} {} {open} {close} {}/{} {values:?}",
            b.interval, b.session, b.n_base, b.n_expected
        ));
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, w: &Warning) {
        self.0.push(format!("{} {} {:?} {:?}", w.kind, w.interval, w.time, w.counts));
    }
}

/// A bucket: its interval's place, open, close, and the minutes the calendar has in it.
#[derive(Clone)]
struct Bucket {
    open: Timestamp,
    close: Timestamp,
    session_close: Timestamp,
    minutes: Vec<Timestamp>,
}

struct Model {
    rules: DeriveRules,
    seen: BTreeMap<Timestamp, Record>,
    clock: Timestamp,
    closed: BTreeSet<(usize, Timestamp)>,
    given_to: Vec<Timestamp>,
    log: Log,
    counts: BTreeMap<&'static str, u64>,
    /// By interval, the opens of buckets that took a minute.
    held: Vec<BTreeSet<Timestamp>>,
}

impl Model {
    fn new(rules: DeriveRules) -> Self {
        let given_to = vec![Timestamp::MIN; rules.intervals.len()];
        let (seen, closed, counts) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let held = vec![BTreeSet::new(); rules.intervals.len()];
        Self { held, rules, seen, clock: Timestamp::MIN, closed, given_to, log: Log::default(), counts }
    }

    fn segments<'s>(&self, session: &'s Session) -> &'s [Segment] {
        if self.rules.hours == TradingHours::Extended { session.segments() } else { session.regular() }
    }

    fn session(&self, at: Timestamp) -> Option<&Session> {
        let session = self.rules.calendar.session(self.rules.calendar.at_or_after(at).unwrap());
        self.segments(session).iter().any(|s| s.contains(at)).then_some(session)
    }

    fn bucket(&self, lane: usize, at: Timestamp) -> Option<Bucket> {
        let session = self.session(at)?;
        let segment = *self.segments(session).iter().find(|s| s.contains(at))?;
        let minutes = |open: Timestamp, close: Timestamp| -> Vec<Timestamp> {
            (open.as_nanos()..close.as_nanos()).step_by(MINUTE as usize).map(Timestamp::from_nanos).collect()
        };
        let of_session =
            |s: &Session| s.regular().iter().flat_map(|g| minutes(g.open, g.close)).collect::<Vec<_>>();
        let interval = self.rules.intervals[lane].interval;
        let session_close = session.close();
        if let Some(nanos) = interval.nanos() {
            let open = segment.open.saturating_add(at.since(segment.open) / nanos * nanos);
            let close = open.saturating_add(nanos).min(segment.close);
            let session_close = self.segments(session).last().unwrap().close;
            return Some(Bucket { open, close, session_close, minutes: minutes(open, close) });
        }
        if segment.hours != Hours::Regular {
            return None;
        }
        let mut days = vec![*session];
        if interval == Interval::WEEK {
            let week = |s: &Session| s.date().iso_week_date().week();
            let calendar = &self.rules.calendar;
            let first = calendar.at_or_after(session.open().saturating_add(-7 * 24 * 60 * MINUTE)).unwrap();
            days.clear();
            let mut index = first;
            for _ in 0..16 {
                days.push(*calendar.session(index));
                index = calendar.next(index).unwrap();
            }
            days.retain(|s| week(s) == week(session));
        }
        let (open, close) = (days[0].open(), days[days.len() - 1].close());
        Some(Bucket { open, close, session_close, minutes: days.iter().flat_map(of_session).collect() })
    }

    fn deadline(&self, close: Timestamp) -> Timestamp {
        close.saturating_add(self.rules.grace)
    }

    fn is_open(&self, lane: usize, bucket: &Bucket) -> bool {
        self.deadline(bucket.close) > self.clock
            && self.deadline(bucket.session_close) > self.clock
            && !self.closed.contains(&(lane, bucket.open))
            && bucket.close > self.given_to[lane]
    }

    fn held(&self, bucket: &Bucket) -> Vec<&Record> {
        bucket.minutes.iter().filter_map(|m| self.seen.get(m)).collect()
    }

    fn label(&self, lane: usize, bucket: &Bucket) -> String {
        let date = self.session(bucket.minutes[0]).unwrap().date();
        let week = date.iso_week_date();
        match self.rules.intervals[lane].interval {
            Interval::WEEK => format!("{}-W{:02}", week.year(), week.week()),
            _ => date.to_string(),
        }
    }

    fn close(&mut self, lane: usize, bucket: &Bucket) {
        self.closed.insert((lane, bucket.open));
        self.given_to[lane] = self.given_to[lane].max(bucket.close);
        let (rule, rows) = (self.rules.intervals[lane], self.held(bucket));
        let (n, expected) = (rows.len(), bucket.minutes.len());
        let told = if n < expected && rule.policy == Policy::Strict {
            format!("incomplete_bar {} {:?} {:?}", rule.interval, Some(bucket.open), Some((n, expected)))
        } else {
            let high = rows.iter().map(|r| r.high).fold(f64::MIN, f64::max);
            let low = rows.iter().map(|r| r.low).fold(f64::MAX, f64::min);
            let volume: f64 = rows.iter().map(|r| r.volume.unwrap()).fold(0.0, |a, b| a + b);
            let values = [rows[0].open, high, low, rows[n - 1].close, volume].map(f64::to_bits);
            let (open, close, label) = (bucket.open, bucket.close, self.label(lane, bucket));
            format!("bar {} {label} {open} {close} {n}/{expected} {values:?}", rule.interval)
        };
        self.log.0.push(told);
    }

    /// Every open bucket of an interval that holds a minute, in time order.
    fn open_buckets(&self, lane: usize) -> Vec<Bucket> {
        let buckets: BTreeMap<Timestamp, Bucket> =
            self.seen.keys().filter_map(|&m| self.bucket(lane, m)).map(|b| (b.open, b)).collect();
        let open = |b: &Bucket| {
            // One that was empty when the clock passed it stays closed, whatever comes late for longer intervals.
            self.deadline(b.close) > self.clock
                && !self.closed.contains(&(lane, b.open))
                && b.close > self.given_to[lane]
        };
        buckets.into_values().filter(open).collect()
    }

    fn advance(&mut self, to: Timestamp) {
        loop {
            let all: Vec<(usize, Bucket)> = (0..self.rules.intervals.len())
                .flat_map(|lane| self.open_buckets(lane).into_iter().map(move |b| (lane, b)))
                .collect();
            let next = all.iter().min_by_key(|(lane, b)| (self.deadline(b.close), *lane, b.open));
            match next {
                Some((lane, bucket)) if self.deadline(bucket.close) <= to => {
                    let (lane, bucket) = (*lane, bucket.clone());
                    self.close(lane, &bucket);
                }
                _ => break,
            }
        }
        self.clock = self.clock.max(to);
    }

    fn take(&mut self, row: &Record) {
        let Label::Open(at) = row.label else { panic!("rows are labelled by their open") };
        let lanes: Vec<usize> = (0..self.rules.intervals.len()).collect();
        let buckets: Vec<(usize, Bucket)> =
            lanes.iter().filter_map(|&lane| Some((lane, self.bucket(lane, at)?))).collect();
        let Some(session) = self.session(at).filter(|_| !buckets.is_empty()) else {
            return self.count("out_of_session");
        };
        let finished = self.deadline(self.segments(session).last().unwrap().close) <= self.clock;
        let known = self.seen.get(&at).copied();
        if known.is_some_and(|k| k == *row) && !finished {
            return self.count("duplicate");
        }
        let used = buckets.iter().any(|(lane, b)| !finished && self.is_open(*lane, b));
        if used {
            self.seen.insert(at, *row);
        }
        for (lane, bucket) in &buckets {
            let open = !finished && self.is_open(*lane, bucket);
            let kind = if !open { "late_bar" } else { "corrected_bar" };
            if open {
                self.held[*lane].insert(bucket.open);
            }
            if !open || known.is_some() {
                self.log.0.push(format!(
                    "{kind} {} {:?} None",
                    self.rules.intervals[*lane].interval,
                    Some(at)
                ));
            } else if self.held(bucket).len() == bucket.minutes.len() {
                for older in self.open_buckets(*lane).into_iter().filter(|b| b.open <= bucket.open) {
                    self.close(*lane, &older);
                }
            }
        }
        self.count(if !used {
            "late"
        } else if known.is_some() {
            "corrected"
        } else {
            "accepted"
        });
    }

    fn finish(&mut self) {
        for lane in 0..self.rules.intervals.len() {
            for bucket in self.open_buckets(lane) {
                if self.rules.flush_on_stop {
                    self.close(lane, &bucket);
                    continue;
                }
                let counts = Some((self.held(&bucket).len(), bucket.minutes.len()));
                let interval = self.rules.intervals[lane].interval;
                self.log.0.push(format!("unfinished_bar {interval} {:?} {counts:?}", Some(bucket.open)));
            }
        }
    }

    /// The buckets between the first and the last that took a minute, without those that did.
    fn empty(&self, lane: usize) -> u64 {
        let (Some(&first), Some(&last)) = (self.held[lane].first(), self.held[lane].last()) else { return 0 };
        let (mut at, mut all) = (first, 0);
        while at <= last {
            let next_open = || {
                let session = self.rules.calendar.session(self.rules.calendar.at_or_after(at).unwrap());
                self.segments(session).iter().find(|s| s.close > at).map_or(at, |s| s.open)
            };
            match self.bucket(lane, at) {
                Some(bucket) => (all, at) = (all + 1, bucket.close),
                // Pre- and post-market are in no day or week; step over them.
                None if self.session(at).is_some() => at = at.saturating_add(MINUTE),
                None => at = next_open().max(at.saturating_add(MINUTE)),
            }
        }
        all - self.held[lane].len() as u64
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}

#[derive(Debug, Clone)]
enum Event {
    Row { minute: i64, value: u8 },
    Clock { minute: i64 },
}

/// Three days of a market: rows mostly in order, some again, some late, some far ahead.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        12 => Just(1_i64),
        2 => 2_i64..4,
        2 => -6_i64..1,
        1 => 30_i64..700,
        1 => -700_i64..0,
    ];
    let event = (step, 0_u8..3, 0_u8..24);
    proptest::collection::vec(event, 1..220).prop_map(|steps| {
        let (mut minute, mut events) = (0, Vec::new());
        for (step, value, clock) in steps {
            if clock == 0 {
                events.push(Event::Clock { minute: minute + 1 });
            }
            minute = (minute + step).clamp(0, 6 * 24 * 60);
            events.push(Event::Row { minute, value });
        }
        events
    })
}

#[derive(Debug, Clone)]
struct Case {
    calendar: &'static str,
    from: &'static str,
    intervals: &'static [&'static str],
    hours: TradingHours,
    policy: Policy,
    grace: i64,
    flush: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let market = prop_oneof![
        Just(("XNYS", "2024-11-27T20:40:00Z", TradingHours::Regular)),
        Just(("XNYS", "2024-11-29T17:40:00Z", TradingHours::Extended)),
        Just(("XHKG", "2024-11-26T03:40:00Z", TradingHours::Regular)),
        Just(("FX", "2025-03-07T21:40:00Z", TradingHours::Regular)),
        Just(("24/7", "2024-12-31T23:40:00Z", TradingHours::Regular)),
    ];
    let intervals = prop_oneof![
        Just(&["5m"][..]),
        Just(&["1m", "7m"][..]),
        Just(&["1d"][..]),
        Just(&["1m", "5m", "15m", "1h", "1d"][..]),
        Just(&["1m", "5m", "1w"][..]),
        Just(&["2m", "1d", "1w"][..]),
        Just(&["1w"][..]),
    ];
    let policy = prop_oneof![Just(Policy::Coverage), Just(Policy::Strict)];
    let grace = prop_oneof![3 => Just(0), 1 => Just(2_000_000_000), 1 => Just(90 * MINUTE)];
    (market, intervals, policy, grace, any::<bool>()).prop_map(
        |((calendar, from, hours), intervals, policy, grace, flush)| Case {
            calendar,
            from,
            intervals,
            hours,
            policy,
            grace,
            flush,
        },
    )
}

fn rules(case: &Case) -> DeriveRules {
    let intervals: Vec<Interval> = case.intervals.iter().map(|i| i.parse().unwrap()).collect();
    let mut config = DeriveConfig::new(Calendar::named(case.calendar).unwrap(), &intervals);
    config.intervals.iter_mut().for_each(|rule| rule.policy = case.policy);
    (config.hours, config.grace, config.flush_on_stop) = (case.hours, case.grace, case.flush);
    DeriveRules::new(config).unwrap()
}

fn row(from: Timestamp, minute: i64, value: u8) -> Record {
    let base = 100.0 + (minute % 17) as f64 + f64::from(value) * 0.1;
    let at = from.saturating_add(minute * MINUTE);
    Record {
        label: Label::Open(at),
        open: base,
        high: base + 2.0,
        low: base - 1.0,
        close: base + 0.3,
        volume: Some(0.1 * (minute % 7) as f64 + f64::from(value)),
        vwap: None,
        trade_count: None,
    }
}

fn one_symbol() -> SymbolId {
    Symbols::new().intern("AAA").unwrap()
}

/// What the deriver tells of the events, its counts, and its empty buckets by interval.
fn derive(rules: DeriveRules, from: Timestamp, events: &[Event]) -> (Vec<Told>, Counts, Vec<u64>) {
    let (mut deriver, mut log, aaa) = (Deriver::new(rules), Log::default(), one_symbol());
    for event in events {
        match *event {
            Event::Row { minute, value } => {
                let record = row(from, minute, value);
                let minute = deriver.check(&record).unwrap();
                deriver.take(aaa, &minute.bar, &mut log).unwrap();
            }
            Event::Clock { minute } => {
                deriver.advance_all(from.saturating_add(minute * MINUTE), &[aaa], &mut log)
            }
        }
    }
    deriver.finish(&[aaa], &mut log);
    let rows = events.iter().filter(|event| matches!(event, Event::Row { .. })).count();
    assert_eq!(deriver.counts().rows(), rows as u64, "every row is counted once");
    (log.0, *deriver.counts(), deriver.empty().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_deriver_tells_what_the_model_tells(case in case(), events in events()) {
        let from: Timestamp = case.from.parse().unwrap();
        let mut model = Model::new(rules(&case));
        for event in &events {
            match *event {
                Event::Row { minute, value } => model.take(&row(from, minute, value)),
                Event::Clock { minute } => model.advance(from.saturating_add(minute * MINUTE)),
            }
        }
        model.finish();
        let (told, counts, empty) = derive(rules(&case), from, &events);
        prop_assert_eq!(&told, &model.log.0);
        let count = |what| model.counts.get(what).copied().unwrap_or(0);
        let counted = [counts.accepted, counts.corrected, counts.duplicate, counts.late, counts.out_of_session];
        let expected = ["accepted", "corrected", "duplicate", "late", "out_of_session"].map(count);
        prop_assert_eq!(counted, expected);
        let empties: Vec<u64> = (0..case.intervals.len()).map(|lane| model.empty(lane)).collect();
        prop_assert_eq!(empty, empties);
    }

    #[test]
    fn an_interval_gives_the_same_alone_and_among_others(case in case(), events in events()) {
        let from: Timestamp = case.from.parse().unwrap();
        let (together, ..) = derive(rules(&case), from, &events);
        for interval in case.intervals {
            let alone = Case { intervals: std::slice::from_ref(interval), ..case.clone() };
            let (alone, ..) = derive(rules(&alone), from, &events);
            // Whether a dropped minute that comes again is late or a duplicate depends on who else took it.
            let of_minutes = |t: &&Told| t.starts_with("late_bar") || t.starts_with("corrected_bar");
            let own = together.iter().filter(|t| t.split(' ').nth(1) == Some(interval));
            let own: Vec<&Told> = own.filter(|t| !of_minutes(t)).collect();
            prop_assert_eq!(own, alone.iter().filter(|t| !of_minutes(t)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn arrival_order_inside_open_buckets_leaves_no_trace(
        case in case(),
        minutes in proptest::collection::btree_set(0_i64..400, 1..200),
        order in proptest::collection::vec(any::<u64>(), 400),
    ) {
        // The shortest interval's buckets are 5 minutes; the clock moves only at their ends.
        let case = Case { intervals: &["5m", "15m", "1h", "1d", "1w"], grace: 0, ..case };
        let from: Timestamp = case.from.parse().unwrap();
        let sorted: Vec<i64> = minutes.iter().copied().collect();
        let mut shuffled = sorted.clone();
        shuffled.sort_by_key(|&m| (m / 5, order[m as usize]));
        let with_clock = |minutes: &[i64]| -> Vec<Event> {
            let at_end = |m: &i64| Event::Clock { minute: m / 5 * 5 };
            minutes.iter().flat_map(|m| [at_end(m), Event::Row { minute: *m, value: 0 }]).collect()
        };
        let in_order = derive(rules(&case), from, &with_clock(&sorted));
        prop_assert_eq!(derive(rules(&case), from, &with_clock(&shuffled)), in_order);
    }

    #[test]
    fn every_row_is_counted_once_and_volume_is_conserved(case in case(), events in events()) {
        let from: Timestamp = case.from.parse().unwrap();
        let everything = Case { policy: Policy::Coverage, flush: true, ..case };
        let (mut deriver, mut volume, aaa) = (Deriver::new(rules(&everything)), Volume::default(), one_symbol());
        let mut rows = 0;
        for event in &events {
            let minute = match *event {
                Event::Row { minute, .. } => minute,
                Event::Clock { minute } => {
                    deriver.advance_all(from.saturating_add(minute * MINUTE), &[aaa], &mut volume);
                    continue;
                }
            };
            // Whole volumes, so that sums are exact whatever their order; one value a minute, so that none is corrected.
            let record = Record { volume: Some((minute % 50) as f64), ..row(from, minute, 1) };
            let minute = deriver.check(&record).unwrap();
            let outcome = deriver.take(aaa, &minute.bar, &mut volume).unwrap();
            rows += 1;
            if outcome == Outcome::Accepted {
                volume.accepted.insert(minute.bar.open_time(), record.volume.unwrap());
            }
        }
        deriver.finish(&[aaa], &mut volume);
        prop_assert_eq!(deriver.counts().rows(), rows);
        // Every accepted row is in exactly one bar of each interval that has a bucket for it and was not passed.
        let regular_only = |interval: &Interval| *interval >= Interval::DAY && everything.hours == TradingHours::Extended;
        for interval in everything.intervals.iter().map(|i| i.parse::<Interval>().unwrap()) {
            let took = |at: &Timestamp| {
                let calendar = Calendar::named(everything.calendar).unwrap();
                let session = *calendar.session(calendar.at_or_after(*at).unwrap());
                !volume.late.contains(&(interval, *at))
                    && (!regular_only(&interval) || session.regular().iter().any(|s| s.contains(*at)))
            };
            let taken: Vec<f64> = volume.accepted.iter().filter(|(at, _)| took(at)).map(|(_, v)| *v).collect();
            let bars = volume.bars.get(&interval).map_or(&[][..], Vec::as_slice);
            prop_assert_eq!(bars.iter().map(|bar| bar.2).sum::<f64>(), taken.iter().sum::<f64>());
            prop_assert_eq!(bars.iter().map(|bar| bar.3 as usize).sum::<usize>(), taken.len());
            for &(open, close, sum, n_base) in bars {
                let own = volume.accepted.range(open..close).filter(|(at, _)| took(at));
                let own: Vec<f64> = own.map(|(_, v)| *v).collect();
                prop_assert_eq!((own.iter().sum::<f64>(), own.len() as u32), (sum, n_base));
            }
        }
    }
}

#[test]
fn a_week_that_is_whole_takes_nothing_more() {
    let calendar = Calendar::named("XNYS").unwrap();
    let mut config = DeriveConfig::new(calendar, &[Interval::WEEK]);
    config.base = Interval::DAY;
    let (mut deriver, mut log, aaa) =
        (Deriver::new(DeriveRules::new(config).unwrap()), Log::default(), one_symbol());
    let mut take = |day: i8, close: f64| {
        let label = Label::Date(jiff::civil::date(2024, 11, day));
        let record = Record {
            label,
            close,
            open: 2.0,
            high: 3.0,
            low: 1.0,
            volume: Some(1.0),
            vwap: None,
            trade_count: None,
        };
        deriver.take(aaa, &deriver.check(&record).unwrap().bar, &mut log).unwrap()
    };
    // Thanksgiving's week has four sessions; the fourth row completes it.
    let outcomes = [25, 26, 27, 29].map(|day| take(day, 2.0));
    assert_eq!(outcomes, [Outcome::Accepted; 4]);
    assert_eq!(
        [take(29, 2.0), take(29, 2.5), take(28, 2.0)],
        [Outcome::Duplicate, Outcome::Late, Outcome::OutOfSession]
    );
    let kinds: Vec<&str> = log.0.iter().filter_map(|told| told.split(' ').next()).collect();
    assert_eq!(kinds, ["bar", "late_bar"]);
    assert!(
        log.0[0].starts_with("bar 1w 2024-W48 2024-11-25T14:30:00Z 2024-11-29T18:00:00Z 4/4"),
        "{}",
        log.0[0]
    );
}

/// A deriver of `intervals` under a calendar that never closes, and one minute's row of its symbol.
fn minutes(intervals: &[&str]) -> (Deriver, impl Fn(&mut Deriver, &mut Log, i64) -> Outcome, SymbolId) {
    let intervals: Vec<Interval> = intervals.iter().map(|text| text.parse().unwrap()).collect();
    let config = DeriveConfig::new(Calendar::named("24/7").unwrap(), &intervals);
    let from: Timestamp = "2024-11-26T14:30:00Z".parse().unwrap();
    let aaa = one_symbol();
    let take = move |deriver: &mut Deriver, log: &mut Log, minute| {
        let bar = deriver.check(&row(from, minute, 0)).unwrap().bar;
        deriver.take(aaa, &bar, log).unwrap()
    };
    (Deriver::new(DeriveRules::new(config).unwrap()), take, aaa)
}

/// What was told, without times and values.
fn kinds(log: &Log) -> Vec<String> {
    log.0.iter().map(|told| told.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_minute_that_the_clock_has_passed_is_late_for_the_base_alone() {
    let ((mut deriver, take, aaa), mut log) = (minutes(&["1m", "5m"]), Log::default());
    (0..2).for_each(|minute| assert_eq!(take(&mut deriver, &mut log, minute), Outcome::Accepted));
    deriver.advance_all("2024-11-26T14:34:00Z".parse().unwrap(), &[aaa], &mut log);
    (2..5).for_each(|minute| assert_eq!(take(&mut deriver, &mut log, minute), Outcome::Accepted));
    assert_eq!(kinds(&log), ["bar 1m", "bar 1m", "late_bar 1m", "late_bar 1m", "bar 1m", "bar 5m"]);
}

#[test]
fn what_is_due_is_never_in_the_past() {
    let ((mut deriver, take, aaa), mut log) = (minutes(&["5m", "1h"]), Log::default());
    (5..9).for_each(|minute| assert_eq!(take(&mut deriver, &mut log, minute), Outcome::Accepted));
    let clock = "2024-11-26T14:46:00Z".parse().unwrap();
    deriver.advance_all(clock, &[aaa], &mut log);
    // Late for 5m and new to 1h; the row that would follow begins a bucket of 5m that the clock has passed.
    assert_eq!(take(&mut deriver, &mut log, 9), Outcome::Accepted);
    assert!(deriver.due() > clock, "{}", deriver.due());
}

#[test]
fn what_comes_again_after_the_end_is_late_for_what_was_given_and_moves_no_count() {
    let late = [&["late_bar 1m"; 5][..], &["bar 5m", "late_bar 1m", "bar 1m"]].concat();
    for (intervals, told) in [(&["1m", "5m"][..], late), (&["5m"], vec!["bar 5m"])] {
        let ((mut deriver, take, aaa), mut log) = (minutes(intervals), Log::default());
        for minute in [0, 10] {
            assert_eq!(take(&mut deriver, &mut log, minute), Outcome::Accepted);
        }
        deriver.finish(&[aaa], &mut log);
        log.0.clear();
        // 1m has given minute 10; 5m has given nothing.
        for minute in (0..6).chain([15]) {
            assert_eq!(take(&mut deriver, &mut log, minute), Outcome::Accepted);
        }
        assert_eq!(kinds(&log), told);
        // Of 5m each bucket from the first to the fourth held a row by now.
        assert_eq!(deriver.empty().last(), Some(&0));
    }
}

#[derive(Default)]
struct Volume {
    accepted: BTreeMap<Timestamp, f64>,
    bars: BTreeMap<Interval, Vec<(Timestamp, Timestamp, f64, u32)>>,
    late: BTreeSet<(Interval, Timestamp)>,
}

impl Sink for Volume {
    fn bar(&mut self, b: &ClosedBar) {
        let bar = (b.bar.open_time(), b.close_time, b.bar.volume().unwrap(), b.n_base);
        self.bars.entry(b.interval).or_default().push(bar);
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, w: &Warning) {
        // A re-send after the session is late too, and takes nothing back.
        let is_new = |at: &Timestamp| !self.accepted.contains_key(at);
        if w.kind == WarningKind::LateBar {
            self.late.extend(w.time.filter(is_new).map(|at| (w.interval, at)));
        }
    }
}
