//! A subscriber in lockstep that takes longer than a minute of the replay does: it is late, every overrun is told, and the first
//! one ends the run.
//!
//! `cargo run --release --example slow_subscriber` exits with 5. Data-driven, at speed 0, the same subscriber is waited for.
#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::process::ExitCode;
use std::time::Duration;

use barloom::analysis::{Attendance, Pattern, SubscriberError};
use barloom::config::SessionConfig;
use barloom::coordinator::SessionCoordinator;
use barloom::core::{Calendar, Label, Record, SymbolError, Symbols, Timestamp};
use barloom::core::{notice::Notice, store::View};
use barloom::engine::{Engine, EngineConfig, RunSummary};
use barloom::source::{Source, SourceRow};

/// Two hours of a price that does not move.
struct Flat(i64);

impl Source for Flat {
    type Error = SymbolError;

    fn name(&self) -> &str {
        "flat"
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, SymbolError> {
        let (minute, from) = (self.0, Timestamp::from_nanos(1_730_678_400_000_000_000));
        self.0 += 1;
        let label = Label::Open(from.saturating_add(minute * 60_000_000_000));
        let (open, high, low, close) = (100.0, 100.5, 99.5, 100.0);
        let row = Record { label, open, high, low, close, volume: None, vwap: None, trade_count: None };
        let content = Ok((symbols.intern("FLAT")?, row));
        Ok((minute < 120).then_some(SourceRow { number: minute as u64 + 1, content }))
    }
}

/// A run at `speed` with a subscriber that takes 20 ms for each bar.
pub(crate) fn run(speed: u32) -> Result<RunSummary, SubscriberError> {
    let text =
        format!("derived_intervals = '1m'\nruntime = 'threads'\nspeed = {speed}\non_overrun = 'error'");
    let config = SessionConfig::from_toml(&text)?;
    let rules = config.rules(Calendar::named("24/7")?)?;
    let plan = config.plan(&rules)?;
    let sources = SessionCoordinator::new(&rules, vec![Flat(0)]);
    let mut engine = Engine::new(EngineConfig::of(&config, rules, plan)?, sources);
    let slow = |_: &Notice<'_>, _: &View<'_>| -> Result<(), SubscriberError> {
        std::thread::park_timeout(Duration::from_millis(20));
        Ok(())
    };
    engine.subscribe_apart("slow", Pattern::bars(), Attendance::Lockstep, slow);
    Ok(engine.run()?.summary)
}

#[allow(dead_code, reason = "a test takes the run alone")]
fn main() -> Result<ExitCode, SubscriberError> {
    // A minute in 6 ms.
    let summary = run(10_000)?;
    println!("{} overruns; {} of 120 bars were told", summary.overrun_count, summary.steps);
    summary.overruns.iter().for_each(|overrun| println!("{overrun}"));
    Ok(ExitCode::from(if summary.overran { 5 } else { 0 }))
}
