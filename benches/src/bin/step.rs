//! Nanoseconds a base bar through the processor: derivation, indicators, store and notices together, in thread CPU time.
//!
//! `cargo run --release --bin step [RUNS [one|market [ROWS]]]` in `benches/`. 1m and from it 5m, 15m, 30m and 1h under a calendar that never closes, on
//! each of the five SMA20, EMA20, RSI14, MACD, ATR14 and BBANDS20: 30 indicators. First one symbol, bar by bar, then the same
//! bars as one piece of history; then the top of an hour of 10,000 symbols, from the first bar in to the last notice out.

use std::hint::black_box;

use barloom_benches::{INTERVALS, MINUTE, SPECS, Walk};
use barloom_core::derive::{DeriveConfig, DeriveRules};
use barloom_core::indicators::Spec;
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::Notices;
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Bar, BarColumns, Calendar, Interval, Symbols, Timestamp};
use cpu_time::ThreadTime;

const SYMBOLS: usize = 10_000;

/// The parts of an engine on one thread.
struct Parts {
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    notices: Notices,
    step: u32,
}

impl Parts {
    fn new(keep: Keep) -> Self {
        let intervals = INTERVALS.map(|text| text.parse::<Interval>().expect("an interval"));
        let calendar = Calendar::named("24/7").expect("a calendar");
        let rules = DeriveRules::new(DeriveConfig::new(calendar, &intervals)).expect("rules");
        let specs = SPECS.map(|text| text.parse::<Spec>().expect("a spec"));
        let plan = Plan::new(&specs, &intervals).expect("a plan");
        let outputs = intervals.iter().map(|&interval| plan.columns(interval).to_vec()).collect();
        let config =
            StoreConfig { rules: rules.clone(), outputs, keep, retain: 1, ahead: 0, historical: Vec::new() };
        let (writer, data) = SessionWriter::new(config);
        Self { processor: Processor::new(rules, plan), writer, data, notices: Notices::default(), step: 0 }
    }

    /// Takes one instant's rows; how many notices came of it.
    fn take(&mut self, at: Timestamp, rows: &[InputRow], symbols: &Symbols) -> usize {
        let Self { processor, writer, notices, step, .. } = self;
        processor.take(Input::Bars { at, rows }, symbols, notices).expect("a calendar that knows the date");
        let mut count = 0;
        while processor.step(*step, writer, notices).is_some() {
            *step += 1;
            count += usize::from(!notices.is_empty());
        }
        count
    }
}

fn best(runs: usize, mut run: impl FnMut() -> f64) -> f64 {
    (0..runs).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn one_symbol(runs: usize, count: usize) {
    let mut walk = Walk::new(1);
    let bars: Vec<Bar> = (0..count).map(|_| walk.next()).collect();
    let mut symbols = Symbols::new();
    let symbol = symbols.intern("AAA").expect("a symbol");
    for (name, keep) in [("keep = \"session\"", Keep::Session), ("keep = 0", Keep::Last(0))] {
        let ns = best(runs, || {
            let mut parts = Parts::new(keep);
            let start = ThreadTime::now();
            for &bar in &bars {
                let at = bar.open_time().saturating_add(MINUTE);
                black_box(parts.take(at, &[InputRow::Bar { symbol, bar }], &symbols));
            }
            let seconds = start.elapsed().as_secs_f64();
            black_box(&parts.data);
            seconds / count as f64 * 1e9
        });
        println!("one symbol, bar by bar, {name}: {ns:.1} ns a base bar, {:.1} million a second", 1e3 / ns);
    }
    let history: BarColumns = bars.iter().collect();
    let end = bars[count - 1].open_time().saturating_add(MINUTE);
    for (name, is_stored) in [("not stored", false), ("stored", true)] {
        let ns = best(runs, || {
            let mut parts = Parts::new(Keep::Session);
            let start = ThreadTime::now();
            let store = is_stored.then_some((&mut parts.writer, 0));
            parts.processor.run(symbol, history.bars(), end, store).expect("known dates");
            start.elapsed().as_secs_f64() / count as f64 * 1e9
        });
        println!("one symbol, history at once, {name}: {ns:.1} ns a base bar");
    }
}

fn market(runs: usize) {
    let mut walks: Vec<Walk> = (0..SYMBOLS).map(|i| Walk::new(i as u64 + 1)).collect();
    let mut symbols = Symbols::new();
    let ids: Vec<_> = (0..SYMBOLS).map(|i| symbols.intern(&format!("S{i:05}")).expect("a symbol")).collect();
    for (name, keep) in [("keep = 0", Keep::Last(0)), ("keep = \"session\"", Keep::Session)] {
        let mut parts = Parts::new(keep);
        let (mut best, mut plain) = (f64::INFINITY, f64::INFINITY);
        let mut rows = Vec::new();
        let mut hours = 0;
        // Three days, of which a minute in seven is fed: from then on no session's memory is new.
        for minute in 0..3 * 1440 {
            rows.clear();
            rows.extend(
                ids.iter().zip(&mut walks).map(|(&symbol, walk)| InputRow::Bar { symbol, bar: walk.next() }),
            );
            let InputRow::Bar { bar, .. } = rows[0] else { continue };
            if minute % 7 == 0 {
                parts.take(bar.open_time().saturating_add(MINUTE), &rows, &symbols);
            }
        }
        while hours < runs {
            rows.clear();
            rows.extend(
                ids.iter().zip(&mut walks).map(|(&symbol, walk)| InputRow::Bar { symbol, bar: walk.next() }),
            );
            let InputRow::Bar { bar, .. } = rows[0] else { continue };
            let at = bar.open_time().saturating_add(MINUTE);
            let start = ThreadTime::now();
            let count = parts.take(at, &rows, &symbols);
            let ms = start.elapsed().as_secs_f64() * 1e3;
            if at.as_nanos() % (60 * MINUTE) == 0 {
                hours += 1;
                if hours > 1 {
                    best = best.min(ms);
                }
                black_box(count);
            } else if at.as_nanos() % (5 * MINUTE) != 0 && hours > 1 {
                plain = plain.min(ms);
            }
        }
        println!(
            "10,000 symbols, top of the hour, {name}: {best:.2} ms; a minute that closes 1m alone: {plain:.2} ms"
        );
    }
}

fn main() {
    let number = |place| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let (runs, rows) = (number(1).unwrap_or(7), number(3).unwrap_or(1_440 * 700));
    if std::env::args().nth(2).as_deref() != Some("market") {
        one_symbol(runs, rows);
    }
    if std::env::args().nth(2).as_deref() != Some("one") {
        market(runs + 1);
    }
}
