//! What a subscriber costs: nanoseconds a base bar through the whole engine on one thread, in thread CPU time.
//!
//! `cargo run --release --bin engine [RUNS [ROWS]]` in `benches/`. A source in memory hands over one symbol's minutes; the engine checks
//! and merges them and brings 1m, 5m, 15m, 30m and 1h with SMA20, EMA20, RSI14, MACD, ATR14 and BBANDS20 on each up to date: first
//! for nobody, then for a closure that is called for every closed bar, then for one that is also called for every indicator.
//! The three take turns; the least of each counts.

use std::convert::Infallible;
use std::hint::black_box;

use barloom::analysis::{Pattern, SubscriberError};
use barloom::coordinator::SessionCoordinator;
use barloom::core::derive::{DeriveConfig, DeriveRules};
use barloom::core::indicators::Spec;
use barloom::core::notice::Notice;
use barloom::core::plan::Plan;
use barloom::core::store::View;
use barloom::core::{Calendar, Interval, Record, SymbolId, Symbols};
use barloom::engine::{Engine, EngineConfig};
use barloom::source::{Source, SourceRow};
use barloom_benches::{INTERVALS, SPECS, Walk};
use cpu_time::ThreadTime;

/// Rows that lie in memory.
struct Rows<'a> {
    rows: &'a [Record],
    next: usize,
    symbol: Option<SymbolId>,
}

impl Source for Rows<'_> {
    type Error = Infallible;

    fn name(&self) -> &str {
        "memory"
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Infallible> {
        let symbol = *self.symbol.get_or_insert_with(|| symbols.intern("AAA").expect("a symbol"));
        let row = self.rows.get(self.next).copied();
        self.next += 1;
        Ok(row.map(|row| SourceRow { number: self.next as u64, content: Ok((symbol, row)) }))
    }
}

/// Nanoseconds a base bar, and how often the subscriber was called.
fn run(rows: &[Record], pattern: Option<Pattern>) -> (f64, u64) {
    let intervals = INTERVALS.map(|text| text.parse::<Interval>().expect("an interval"));
    let calendar = Calendar::named("24/7").expect("a calendar");
    let rules = DeriveRules::new(DeriveConfig::new(calendar, &intervals)).expect("rules");
    let specs = SPECS.map(|text| text.parse::<Spec>().expect("a spec"));
    let plan = Plan::new(&specs, &intervals).expect("a plan");
    let source = Rows { rows, next: 0, symbol: None };
    let mut engine =
        Engine::new(EngineConfig::new(rules.clone(), plan), SessionCoordinator::new(&rules, vec![source]));
    let (mut calls, mut sum) = (0, 0.0);
    if let Some(pattern) = pattern {
        engine.subscribe(
            "bench",
            pattern,
            |notice: &Notice<'_>, _: &View<'_>| -> Result<(), SubscriberError> {
                calls += 1;
                sum += match notice {
                    Notice::Bar(bar, _) => bar.bar.close(),
                    Notice::Indicator(_, reading) => reading.values[0],
                    Notice::Warning(_) => 0.0,
                };
                Ok(())
            },
        );
    }
    let start = ThreadTime::now();
    let done = engine.run();
    let seconds = start.elapsed().as_secs_f64();
    black_box(done.expect("a run").summary);
    black_box(sum);
    (seconds / rows.len() as f64 * 1e9, calls)
}

fn main() {
    let number = |place| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let (runs, count) = (number(1).unwrap_or(7), number(2).unwrap_or(1_440 * 200));
    let mut walk = Walk::new(1);
    let rows: Vec<Record> = (0..count).map(|_| walk.next_record()).collect();
    let patterns =
        [("nobody", None), ("every closed bar", Some(Pattern::bars())), ("everything", Some(Pattern::all()))];
    let mut best = [(f64::INFINITY, 0); 3];
    for _ in 0..runs {
        for (best, (_, pattern)) in best.iter_mut().zip(&patterns) {
            let (ns, calls) = run(&rows, pattern.clone());
            *best = (best.0.min(ns), calls);
        }
    }
    for ((name, _), (ns, calls)) in patterns.iter().zip(best) {
        println!(
            "{name}: {ns:.1} ns a base bar, {:.3} of nobody's, {:.2} calls a base bar",
            ns / best[0].0,
            calls as f64 / count as f64
        );
    }
}
