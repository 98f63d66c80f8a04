//! Any number can be reproduced: what a journal recorded tells the same again, notice by notice, bit for bit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use barloom::analysis::{Pattern, Subscriber, SubscriberError};
use barloom::config::Origin;
use barloom::coordinator::{Inputs, SessionCoordinator};
use barloom::engine::{Engine, EngineConfig, Reject};
use barloom::journal::{ConfigKind, JournalConfig, JournalWriter, Recording};
use barloom_core::notice::Notice;
use barloom_core::store::View;
use barloom_core::{Calendar, Symbols, Timestamp};
use common::{File, config_with_grace, market};
use proptest::prelude::*;

/// What was told, as text with bits.
#[derive(Default)]
struct Told(Vec<String>);

impl Subscriber for &mut Told {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        let step = (view.step(), view.now());
        self.0.push(match notice {
            Notice::Bar(bar, values) => {
                let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                format!("{step:?} {bar:?} {bits:x?} {:?}", view.historical(bar.symbol, "avg_range_3"))
            }
            Notice::Indicator(bar, reading) => {
                format!("{step:?} {:?} {} {:?}", bar.symbol, reading.name, reading.values)
            }
            Notice::Warning(warning) => format!("{step:?} {warning:?}"),
        });
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, symbols: &Symbols) {
        self.0.push(format!("{reject:?} {}", symbols.len()));
    }
}

fn run<I: Inputs<Error: Send> + Send>(
    config: EngineConfig,
    inputs: I,
    journal: Option<JournalWriter>,
) -> (Vec<String>, String)
where
    I::Error: std::fmt::Debug,
{
    let mut told = Told::default();
    let mut engine = Engine::new(config, inputs);
    if let Some(journal) = journal {
        engine.keep_journal(journal);
    }
    engine.subscribe("told", Pattern::all(), &mut told);
    let summary = format!("{:?}", engine.run().unwrap().summary);
    (told.0, summary)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_journal_tells_the_same_again(
        seed in 0_u64..1_000_000,
        calendar in prop::sample::select(vec!["XNYS", "XHKG", "CME_EQ"]),
        grace in 0_i64..3,
        sessions in prop::option::of(1_u32..3),
        has_start: bool,
    ) {
        let files = market(&Calendar::named(calendar).unwrap(), "2024-11-25T00:00:00Z", 3, &["BBB", "AAA"], seed);
        let start: Timestamp = "2024-11-26T15:00:00Z".parse().unwrap();
        let config = || EngineConfig {
            origin: sessions.map_or(Origin::Run, Origin::Sessions),
            start: has_start.then_some(start),
            historical: vec!["avg_range:3".parse().unwrap()],
            ..config_with_grace(calendar, grace)
        };
        let folder = tempfile::tempdir().unwrap();
        let recorded = JournalConfig {
            kind: ConfigKind::Toml,
            text: String::new(),
            overlay: None,
            sources: vec!["rows".to_owned(); files.len()],
        };
        let journal = JournalWriter::create(folder.path(), &recorded).unwrap();
        let own = config();
        let coordinator = SessionCoordinator::new(&own.rules, files.into_iter().map(File::new).collect());
        let (told, summary) = run(own, coordinator, Some(journal));
        let (recording, _) = Recording::open(folder.path()).unwrap();
        let (again, summary_again) = run(config(), recording, None);
        prop_assert!(told.len() > 300);
        prop_assert_eq!(told, again);
        prop_assert_eq!(summary, summary_again);
    }
}
