//! One formula, two ways in: history computed at once leaves the same bars, values and state as step by step, bit for bit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use barloom_core::derive::{DeriveRules, RowCheck};
use barloom_core::input::{Input, InputRow};
use barloom_core::notice::Notices;
use barloom_core::plan::Plan;
use barloom_core::processor::Processor;
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Bar, BarColumns, Calendar, SymbolId, Symbols, Timestamp};
use common::{MINUTE, config, market};

struct Parts {
    processor: Processor,
    writer: SessionWriter,
    data: SessionData,
    notices: Notices,
    step: u32,
}

fn parts(rules: DeriveRules, plan: Plan, keep: Keep) -> Parts {
    let outputs = rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect();
    let store =
        StoreConfig { rules: rules.clone(), outputs, keep, retain: 9, ahead: 0, historical: Vec::new() };
    let (writer, data) = SessionWriter::new(store);
    Parts { processor: Processor::new(rules, plan), writer, data, notices: Notices::default(), step: 0 }
}

impl Parts {
    fn take(&mut self, input: Input<'_>, symbols: &Symbols) {
        self.processor.take(input, symbols, &mut self.notices).unwrap();
        while self.processor.step(self.step, &mut self.writer, &mut self.notices).is_some() {
            self.step += 1;
        }
    }

    /// Every bar and value of a symbol, with its bits.
    fn shown(&self, symbol: SymbolId) -> Vec<String> {
        let mut lines = Vec::new();
        for place in 0..self.data.rules().intervals.len() {
            let Some(series) = self.data.series(symbol, place, u32::MAX) else { continue };
            lines.extend(
                series.last(usize::MAX).flat_map(|bars| bars.iter()).map(|bar| format!("{place} {bar:?}")),
            );
            for output in 0..self.data.outputs(place).len() {
                let values = series.last_values(output, usize::MAX).flatten();
                lines.extend(values.map(|value| format!("{place} {output} {:x}", value.to_bits())));
            }
        }
        lines
    }
}

/// The sound rows of a market, in time order, each minute once.
fn sound(calendar: &Calendar, rules: &DeriveRules, days: usize) -> Vec<Bar> {
    let check = RowCheck::new(rules.clone());
    let rows = market(calendar, "2024-11-25T00:00:00Z", days, &["AAA"], 3).remove(0);
    let mut bars: Vec<Bar> =
        rows.iter().filter_map(|(_, row)| check.check(row).ok()).map(|m| m.bar).collect();
    bars.sort_by_key(Bar::open_time);
    bars.dedup_by_key(|bar| bar.open_time());
    bars
}

#[test]
fn history_at_once_equals_step_by_step_and_goes_on_alike() {
    for name in ["XNYS", "XHKG", "24/7"] {
        let calendar = Calendar::named(name).unwrap();
        let (rules, mut symbols) = (config(name).rules.with_base(), Symbols::new());
        let symbol = symbols.intern("AAA").unwrap();
        let bars = sound(&calendar, &rules, 4);
        let sessions = calendar.session(calendar.at_or_after(bars[0].open_time()).unwrap()).date();
        let cut = bars.iter().position(|bar| {
            calendar.session(calendar.at_or_after(bar.open_time()).unwrap()).date()
                > sessions.saturating_add(jiff::Span::new().days(2))
        });
        let cut = cut.unwrap();
        let end = calendar.session(calendar.at_or_after(bars[cut].open_time()).unwrap()).starts();

        let mut stepped = parts(rules.clone(), config(name).plan, Keep::Session);
        let mut at_once = parts(rules, config(name).plan, Keep::Session);
        let step = |parts: &mut Parts, bar: &Bar| {
            let at = bar.open_time().saturating_add(MINUTE);
            parts.take(Input::Bars { at, rows: &[InputRow::Bar { symbol, bar: *bar }] }, &symbols);
        };
        bars[..cut].iter().for_each(|bar| step(&mut stepped, bar));
        stepped.take(Input::Clock(end), &symbols);
        let history: BarColumns = bars[..cut].iter().collect();
        at_once.processor.run(symbol, history.bars(), end, Some((&mut at_once.writer, 0))).unwrap();
        assert!(stepped.shown(symbol).len() > 2_000);
        assert_eq!(stepped.shown(symbol), at_once.shown(symbol), "{name}");

        at_once.step = stepped.step;
        for bar in &bars[cut..] {
            step(&mut stepped, bar);
            step(&mut at_once, bar);
        }
        assert_eq!(stepped.shown(symbol), at_once.shown(symbol), "{name}, what comes after");
        let _: Timestamp = end;
    }
}

#[test]
fn what_is_kept_does_not_change_the_latest_values() {
    let (rules, mut symbols) = (config("XNYS").rules.with_base(), Symbols::new());
    let symbol = symbols.intern("AAA").unwrap();
    let bars = sound(&Calendar::named("XNYS").unwrap(), &rules, 2);
    let keeps = [Keep::Session, Keep::Last(0), Keep::Last(3)];
    let mut all = keeps.map(|keep| parts(rules.clone(), config("XNYS").plan, keep));
    for bar in &bars {
        let at = bar.open_time().saturating_add(MINUTE);
        all.iter_mut()
            .for_each(|p| p.take(Input::Bars { at, rows: &[InputRow::Bar { symbol, bar: *bar }] }, &symbols));
        for place in 0..rules.intervals.len() {
            let [session, none, three] = [0, 1, 2].map(|i| all[i].data.series(symbol, place, u32::MAX));
            let Some(session) = session else { continue };
            let (none, three) = (none.unwrap(), three.unwrap());
            for output in 0..all[0].data.outputs(place).len() {
                assert_eq!(session.latest_value(output), none.latest_value(output));
                for back in 0..3.min(session.len()) {
                    assert_eq!(session.value(output, back), three.value(output, back));
                }
                assert!(none.values(output).is_empty());
            }
        }
    }
}
