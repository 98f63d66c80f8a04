//! What is beside a run of one shard and one clock: shards in one snapshot, and symbols that have each a clock of their own.

use barloom_core::derive::{ClosedBar, Deriver, Revision, Sink, Warning};
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::Notices;
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::snapshot::{Bytes, Read, Snapshot, SnapshotError, SnapshotPart, SnapshotWriter, Tag};
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Interval, SymbolId, Symbols};
use proptest::prelude::*;

use crate::kept::kept_setup;
use crate::run::{NAMES, OF, Row, at, bar};

/// Two shards and what they hold.
struct Shards {
    symbols: Symbols,
    shards: Vec<(Processor, SessionWriter)>,
    data: SessionData,
}

impl Shards {
    fn new(symbols: Symbols) -> Self {
        let rules = kept_setup().rules();
        let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
        let plan = Plan::new(&["sma:2".parse().unwrap()], &intervals).unwrap();
        let outputs = intervals.iter().map(|&interval| plan.columns(interval).to_vec()).collect();
        let (keep, historical) = (Keep::Last(3), Vec::new());
        let config = StoreConfig { rules: rules.clone(), outputs, keep, retain: 1, ahead: 2, historical };
        let (writers, data) = SessionWriter::sharded(&config, 2);
        let processor = |shard| Processor::new(rules.clone(), plan.fresh()).of_shard(shard);
        let shards = writers.into_iter().enumerate().map(|(shard, writer)| (processor(shard), writer));
        Self { symbols, shards: shards.collect(), data }
    }

    /// A minute of every symbol; the latest values of each.
    fn take(&mut self, minute: i64) -> Vec<(u64, Option<u64>)> {
        let Self { symbols, shards, data } = self;
        let ids: Vec<SymbolId> = NAMES.iter().map(|name| symbols.intern(name).unwrap()).collect();
        for (processor, writer) in shards.iter_mut() {
            let own = ids.iter().enumerate().filter(|(_, id)| id.shard() == processor.shard());
            let row = |(symbol, &id): (usize, &SymbolId)| InputRow::Bar {
                symbol: id,
                bar: bar(Row { symbol, minute, value: 0 }),
            };
            let rows: Vec<InputRow> = own.map(row).collect();
            let mut notices = Notices::default();
            processor.take(Input::Bars { at: at(minute + 1), rows: &rows }, symbols, &mut notices).unwrap();
            while processor.step(minute as u32, writer, &mut notices).is_some() {}
        }
        let latest = |&id: &SymbolId| {
            let series = data.series(id, 0, minute as u32).unwrap();
            (
                series.bars().close().last().copied().unwrap().to_bits(),
                series.latest_value(0).map(f64::to_bits),
            )
        };
        ids.iter().map(latest).collect()
    }

    fn save(&mut self) -> Vec<u8> {
        let mut to = SnapshotWriter::new(OF);
        for (processor, writer) in &mut self.shards {
            processor.save(&self.symbols, writer, &mut to).unwrap();
        }
        to.finish()
    }
}

#[test]
fn each_shard_has_sections_of_its_own() {
    let mut met = Symbols::new();
    NAMES.iter().for_each(|name| drop(met.intern(name)));
    let mut whole = Shards::new(Symbols::divided(&met, 2));
    (1..8).for_each(|minute| drop(whole.take(minute)));
    let bytes = whole.save();
    let snapshot = Snapshot::read(&bytes, OF).unwrap();
    let mut again = Shards::new(Symbols::restored(&snapshot).unwrap());
    for (processor, writer) in &mut again.shards {
        processor.restore(&again.symbols, writer, &snapshot).unwrap();
    }
    assert!(again.save() == bytes);
    for minute in 8..17 {
        assert_eq!(again.take(minute), whole.take(minute));
    }
    assert!(again.save() == whole.save());

    // A third shard was not saved, and a shard is not another.
    let (third, writer) = &mut again.shards[1];
    let mut third =
        std::mem::replace(third, Processor::new(kept_setup().rules(), Plan::new(&[], &[]).unwrap()))
            .of_shard(2);
    let missing = SnapshotPart::Section { tag: Tag::DERIVER, number: 2 };
    assert_eq!(third.restore(&again.symbols, writer, &snapshot), Err(SnapshotError::Missing(missing)));
}

/// What a deriver tells.
#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn bar(&mut self, bar: &ClosedBar) {
        self.0.push(format!("{bar:?}"));
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, warning: &Warning) {
        self.0.push(format!("{warning:?}"));
    }
}

proptest! {
    #[test]
    fn symbols_keep_clocks_of_their_own(
        // Of which symbol, how far its rows go on, how far its clock goes before that.
        steps in prop::collection::vec(
            (0..3_usize, prop_oneof![6 => Just(1_i64), 1 => -9..40_i64], prop_oneof![4 => Just(0_i64), 1 => -3..90_i64]),
            1..150,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(steps.len());
        let mut symbols = Symbols::new();
        let ids = NAMES.map(|name| symbols.intern(name).unwrap());
        let rules = kept_setup().rules();
        let (mut whole, mut restored) = (Deriver::new(rules.clone()), Deriver::new(rules.clone()));
        let (mut minutes, mut told) = ([0_i64; 3], [Told::default(), Told::default()]);
        for (number, &(symbol, further, clock)) in steps.iter().enumerate() {
            if number == cut {
                let mut bytes = Bytes::new();
                whole.save(&mut bytes);
                restored = Deriver::restore(rules.clone(), &mut Read::new(bytes.as_slice())).unwrap();
                told[1].0 = told[0].0.clone();
            }
            minutes[symbol] = (minutes[symbol] + further).max(0);
            let minute = minutes[symbol];
            for (deriver, told) in [&mut whole, &mut restored].into_iter().zip(&mut told) {
                deriver.advance(ids[symbol], at(minute + clock), told);
                deriver.take(ids[symbol], &bar(Row { symbol, minute, value: 0 }), told).unwrap();
            }
        }
        for (deriver, told) in [&mut whole, &mut restored].into_iter().zip(&mut told) {
            deriver.finish(&ids, told);
        }
        prop_assert_eq!(&told[0].0, &told[1].0);
        prop_assert_eq!((whole.counts(), whole.empty()), (restored.counts(), restored.empty()));
    }
}
