//! A processor with its symbols and store as sections of a snapshot, and back.

use super::Processor;
use crate::derive::Deriver;
use crate::snapshot::{Snapshot, SnapshotError, SnapshotWriter, Tag};
use crate::store::SessionWriter;
use crate::symbol::Symbols;

impl Processor {
    /// Writes its state into a snapshot: that of derivation, of every indicator, and what `store` holds, each as a section with the
    /// number of its shard; and the symbols, if they are not there. To be called between inputs, once every step of the one before is
    /// computed. Nothing that it tells afterwards depends on it.
    ///
    /// ```
    /// # use barloom_core::derive::{DeriveConfig, DeriveRules};
    /// # use barloom_core::plan::Plan;
    /// # use barloom_core::store::{Keep, SessionData, StoreConfig};
    /// # use barloom_core::{Bar, Calendar, Interval, Label, Record, Timestamp};
    /// # type Anything<T> = Result<T, Box<dyn std::error::Error>>;
    /// use barloom_core::Symbols;
    /// use barloom_core::input::{Input, InputRow};
    /// use barloom_core::notice::Notices;
    /// use barloom_core::processor::Processor;
    /// use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotWriter};
    /// use barloom_core::store::SessionWriter;
    ///
    /// /// What the configuration makes: bars of 1m and 5m, and their `sma:2`.
    /// fn parts() -> Anything<(Processor, SessionWriter, SessionData)> {
    ///     # let intervals = [Interval::MINUTE, "5m".parse()?];
    ///     # let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS")?, &intervals))?;
    ///     # let plan = Plan::new(&["sma:2".parse()?], &intervals)?;
    ///     # let outputs = intervals.map(|interval| plan.columns(interval).to_vec()).to_vec();
    ///     # let (keep, historical) = (Keep::Session, Vec::new());
    ///     # let config = StoreConfig { rules: rules.clone(), outputs, keep, retain: 1, ahead: 0, historical };
    ///     // …
    ///     # let (writer, data) = SessionWriter::new(config);
    ///     # Ok((Processor::new(rules, plan), writer, data))
    /// }
    /// # fn minute(number: i64) -> Anything<Bar> {
    /// #     let open = "2024-11-26T14:30:00Z".parse::<Timestamp>()?.saturating_add(number * 60_000_000_000);
    /// #     let close = 100.0 + number as f64;
    /// #     Ok(Bar::new(open, &Record { label: Label::Open(open), open: 100.0, high: 110.0, low: 90.0, close,
    /// #                                 volume: Some(1.0), vwap: None, trade_count: None })?)
    /// # }
    /// # fn take(number: i64, symbols: &mut Symbols, processor: &mut Processor, writer: &mut SessionWriter) -> Anything<()> {
    /// #     let (symbol, mut notices) = (symbols.intern("AAA")?, Notices::default());
    /// #     let input = Input::Bars { at: minute(number + 1)?.open_time(), rows: &[InputRow::Bar { symbol, bar: minute(number)? }] };
    /// #     processor.take(input, symbols, &mut notices).map_err(|(_, error)| error)?;
    /// #     while processor.step(number as u32, writer, &mut notices).is_some() {}
    /// #     Ok(())
    /// # }
    /// let configuration = Fingerprint::of([b"calendar = 'XNYS'".as_slice(), b"sma:2"]);
    /// let mut symbols = Symbols::new();
    /// let (mut processor, mut writer, _) = parts()?;
    /// // The first minute.
    /// take(0, &mut symbols, &mut processor, &mut writer)?;
    /// let mut to = SnapshotWriter::new(configuration);
    /// processor.save(&symbols, &writer, &mut to)?;
    /// let bytes = to.finish();
    ///
    /// // Later, elsewhere.
    /// let snapshot = Snapshot::read(&bytes, configuration)?;
    /// let mut symbols = Symbols::restored(&snapshot)?;
    /// let (mut processor, mut writer, data) = parts()?;
    /// processor.restore(&symbols, &mut writer, &snapshot)?;
    /// // The second minute, and the mean of both.
    /// take(1, &mut symbols, &mut processor, &mut writer)?;
    /// let series = data.series(symbols.intern("AAA")?, 0, 1).ok_or("no series")?;
    /// assert_eq!((series.bars().close(), series.latest_value(0)), (&[100.0, 101.0][..], Some(100.5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SnapshotError::Indicator`] names an indicator of one's own whose state can't be written down; [`SnapshotError::Twice`] when the
    /// snapshot has this shard. Then the snapshot is to be thrown away.
    pub fn save(
        &mut self,
        symbols: &Symbols,
        store: &SessionWriter,
        to: &mut SnapshotWriter,
    ) -> Result<(), SnapshotError> {
        if !to.has(Tag::SYMBOLS, 0) {
            symbols.save(to)?;
        }
        self.save_shard(symbols, store, to)
    }

    /// As [`Processor::save`], without the symbols: of several shards each can be saved by itself, and one with the symbols beside them
    /// ([`SnapshotWriter::pieces`]).
    ///
    /// # Errors
    /// As [`Processor::save`].
    pub fn save_shard(
        &mut self,
        symbols: &Symbols,
        store: &SessionWriter,
        to: &mut SnapshotWriter,
    ) -> Result<(), SnapshotError> {
        let shard = self.shard as u32;
        to.section(Tag::DERIVER, shard, |to| {
            self.deriver.save(to);
            Ok(())
        })?;
        to.section(Tag::PLAN, shard, |to| self.plan.save(symbols, symbols.by_name_in(self.shard), to))?;
        to.section(Tag::STORE, shard, |to| {
            store.save(to);
            Ok(())
        })
    }

    /// Takes over the state that the processor of its shard saved, and has `store` take over what that one's held. `symbols` are those of
    /// the snapshot: [`Symbols::restored`]. What follows is what would have followed, bit for bit. After an error both are as they were.
    ///
    /// # Errors
    /// [`SnapshotError`] when the snapshot has no such shard, it is one of other intervals or indicators, its bytes hold what no state has,
    /// or the calendar has no place for what they say.
    pub fn restore(
        &mut self,
        symbols: &Symbols,
        store: &mut SessionWriter,
        from: &Snapshot<'_>,
    ) -> Result<(), SnapshotError> {
        let shard = self.shard as u32;
        let own = symbols.by_name_in(self.shard);
        let known = |count: usize| {
            let allowed = || format!("0 to {}", own.len());
            if count <= own.len() {
                Ok(())
            } else {
                Err(SnapshotError::value("symbols", count as u64, allowed()))
            }
        };
        let deriver = from.section(Tag::DERIVER, shard, |from| {
            let deriver = Deriver::restore(self.deriver.rules().clone(), from)?;
            known(deriver.symbols()).map(|()| deriver)
        })?;
        let mut plan = self.plan.fresh();
        from.section(Tag::PLAN, shard, |from| plan.restore(symbols, own, from))?;
        // Last, as readers see it at once.
        from.section(Tag::STORE, shard, |from| store.restore(own.len(), from))?;
        (self.deriver, self.plan, self.past) = (deriver, plan, None);
        Ok(())
    }
}
