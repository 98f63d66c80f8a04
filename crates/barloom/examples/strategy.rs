//! A strategy on a subscription: with the trend of the hour, in when the five minutes' RSI comes back from below 30.
//!
//! `cargo run --example strategy`. The view shows closed bars alone, so there is nothing to look ahead at.
#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use barloom::analysis::{Pattern, SubscriberError};
use barloom::config::SessionConfig;
use barloom::coordinator::SessionCoordinator;
use barloom::core::{Calendar, Interval, Label, Record, SymbolError, Symbols, Timestamp};
use barloom::core::{notice::Notice, store::View};
use barloom::engine::{Engine, EngineConfig};
use barloom::source::{Source, SourceRow};

/// Three weeks of one symbol, a wave on a slow rise, minute by minute.
struct Wave(i64);

impl Source for Wave {
    type Error = SymbolError;

    fn name(&self) -> &str {
        "wave"
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, SymbolError> {
        let (minute, from) = (self.0, Timestamp::from_nanos(1_730_678_400_000_000_000));
        self.0 += 1;
        let price = |minute: i64| 100.0 + minute as f64 / 200.0 + ((minute % 390) - 195).abs() as f64 / 120.0;
        let (open, close) = (price(minute), price(minute + 1));
        let (high, low, label) =
            (open.max(close), open.min(close), Label::Open(from.saturating_add(minute * 60_000_000_000)));
        let row = Record { label, open, high, low, close, volume: None, vwap: None, trade_count: None };
        let content = Ok((symbols.intern("WAVE")?, row));
        Ok((minute < 21 * 1440).then_some(SourceRow { number: minute as u64 + 1, content }))
    }
}

pub(crate) fn main() -> Result<(), SubscriberError> {
    let (five, hour): (Interval, Interval) = ("5m".parse()?, "1h".parse()?);
    let pattern = Pattern::indicator("rsi_14").of("WAVE").on(five);
    let mut config = SessionConfig::from_toml(r#"realtime_indicators = ["rsi:14", "ema:20@1h"]"#)?;
    config.subscribe_to(&pattern)?;
    let rules = config.rules(Calendar::named("24/7")?)?;
    let plan = config.plan(&rules)?;
    let (mut was_low, mut entries) = (false, 0);
    let strategy = |notice: &Notice<'_>, view: &View<'_>| -> Result<(), SubscriberError> {
        let Notice::Indicator(bar, rsi) = notice else { return Ok(()) };
        let is_rising = view.latest(bar.symbol, hour, "ema_20").is_some_and(|mean| bar.bar.close() > mean);
        entries += usize::from(is_rising && was_low && rsi.values[0] >= 30.0);
        was_low = rsi.values[0] < 30.0;
        Ok(())
    };
    let sources = SessionCoordinator::new(&rules, vec![Wave(0)]);
    let mut engine = Engine::new(EngineConfig::new(rules, plan), sources);
    engine.subscribe("trend", pattern, strategy);
    let told = engine.run()?.summary;
    println!("{entries} entries in {} five-minute bars", told.intervals[&five].bars);
    assert!(entries > 0, "the wave has entries");
    Ok(())
}
