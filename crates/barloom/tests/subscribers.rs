//! Patterns, and what becomes of a run when a subscriber fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::cell::RefCell;

use barloom::analysis::{Pattern, SubscriberError};
use barloom::config::OnSubscriberError;
use barloom::coordinator::SessionCoordinator;
use barloom::engine::{Engine, EngineConfig, RunError};
use barloom_core::notice::Notice;
use barloom_core::store::View;
use barloom_core::{Calendar, Interval};
use common::{File, config, market, run_to_end};

/// Which notices are picked: step, symbol, interval and kind.
type Keep<'k> = dyn Fn(&(u32, &String, Interval, &String)) -> bool + 'k;

fn engine<'s>(policy: OnSubscriberError) -> Engine<'s, SessionCoordinator<File>> {
    let files = market(&Calendar::named("XNYS").unwrap(), "2024-11-25T00:00:00Z", 2, &["BBB", "AAA"], 4);
    let config = EngineConfig { on_subscriber_error: policy, ..config("XNYS") };
    let coordinator = SessionCoordinator::new(&config.rules, files.into_iter().map(File::new).collect());
    Engine::new(config, coordinator)
}

#[test]
fn a_pattern_is_given_what_it_asks_for_in_order() {
    let told = RefCell::new(Vec::new());
    let note = |tag: &'static str| {
        let told = &told;
        move |notice: &Notice<'_>, view: &View<'_>| -> Result<(), SubscriberError> {
            let (name, interval, kind) = match notice {
                Notice::Bar(bar, _) => {
                    (view.symbols().name(bar.symbol).as_str(), bar.interval, "bar".to_owned())
                }
                Notice::Indicator(bar, reading) => {
                    (view.symbols().name(bar.symbol).as_str(), bar.interval, reading.name.to_owned())
                }
                Notice::Warning(warning) => ("", warning.interval, warning.kind.to_string()),
            };
            told.borrow_mut().push((tag, view.step(), name.to_owned(), interval, kind));
            Ok(())
        }
    };
    let mut engine = engine(OnSubscriberError::Stop);
    let five: Interval = "5m".parse().unwrap();
    engine.subscribe("all", Pattern::all(), note("all"));
    engine.subscribe("rsi", Pattern::indicator("rsi_14").of("AAA").on(five), note("rsi"));
    engine.subscribe("hours", Pattern::bars().on("1h".parse().unwrap()), note("hours"));
    engine.subscribe("warnings", Pattern::warnings(), note("warnings"));
    let summary = run_to_end(engine).summary;
    let told = told.into_inner();
    let of = |tag: &str| {
        told.iter()
            .filter(|line| line.0 == tag)
            .map(|line| (line.1, &line.2, line.3, &line.4))
            .collect::<Vec<_>>()
    };
    let all = of("all");
    let picked = |keep: &Keep<'_>| all.iter().filter(|line| keep(line)).copied().collect::<Vec<_>>();
    assert_eq!(of("rsi"), picked(&|line| line.1 == "AAA" && line.2 == five && line.3 == "rsi_14"));
    assert_eq!(of("hours"), picked(&|line| line.2.to_string() == "1h" && line.3 == "bar"));
    assert_eq!(of("warnings"), picked(&|line| line.1.is_empty()));
    assert!(!of("rsi").is_empty() && !of("hours").is_empty() && !of("warnings").is_empty());
    // Symbols in name order, within a symbol intervals ascending, the bar before its indicators.
    for step in all.chunk_by(|a, b| a.0 == b.0) {
        let order: Vec<_> = step
            .iter()
            .filter(|line| !line.1.is_empty())
            .map(|line| (line.1, line.2, line.3 != "bar"))
            .collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    let bars: u64 = summary.intervals.values().map(|interval| interval.bars).sum();
    let values: u64 = summary.intervals.values().map(|interval| interval.values).sum();
    let warnings: u64 = summary.warnings.values().sum();
    assert_eq!((bars + values + warnings) as usize, all.len());
}

#[test]
fn a_failing_subscriber_ends_the_run_or_is_removed_and_the_others_go_on() {
    let fails = |after: u32, panics: bool| {
        let mut seen = 0;
        move |_: &Notice<'_>, _: &View<'_>| -> Result<(), SubscriberError> {
            seen += 1;
            assert!(!(panics && seen > after), "it had enough");
            if seen > after { Err("out of money".into()) } else { Ok(()) }
        }
    };
    for (panics, reason) in [(false, "out of money"), (true, "it panicked: it had enough")] {
        let mut stopped = engine(OnSubscriberError::Stop);
        stopped.subscribe("strategy", Pattern::all(), fails(100, panics));
        let Err(RunError::Subscriber(failure)) = stopped.run() else { panic!("it went on") };
        assert_eq!((failure.name.as_str(), failure.reason.as_str()), ("strategy", reason));

        let count = RefCell::new(0);
        let mut on = engine(OnSubscriberError::Remove);
        on.subscribe("strategy", Pattern::all(), fails(100, panics));
        on.subscribe(
            "counts",
            Pattern::bars(),
            |_: &Notice<'_>, _: &View<'_>| -> Result<(), SubscriberError> {
                *count.borrow_mut() += 1;
                Ok(())
            },
        );
        let summary = run_to_end(on).summary;
        assert_eq!(summary.failures.len(), 1);
        assert_eq!(summary.failures[0].reason, reason);
        let bars: u64 = summary.intervals.values().map(|interval| interval.bars).sum();
        assert_eq!(count.into_inner(), bars);
    }
}
