//! A closed bar is the only bar you can see: what callbacks find in their views, over a long randomised run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod common;

use std::ops::ControlFlow;

use barloom::analysis::{Subscriber, SubscriberError};
use barloom_core::notice::{Notice, Notices};
use barloom_core::processor::Processor;
use barloom_core::store::{Keep, SessionData, SessionWriter, StoreConfig, View};
use barloom_core::{Calendar, Interval, SymbolId, Timestamp};
use common::{INTERVALS, config, config_with_grace, market, run};

/// Every series' rows and newest close.
type Seen = Vec<(SymbolId, Interval, usize, Option<Timestamp>)>;

/// As a view shows them.
fn seen(view: &View<'_>) -> Seen {
    let intervals = INTERVALS.map(|text| text.parse::<Interval>().unwrap());
    let ids = view.symbols().by_name().iter();
    ids.flat_map(|&symbol| {
        intervals.into_iter().filter_map(move |interval| {
            let series = view.series(symbol, interval)?;
            let newest = series.newest().map(|bar| bar.close_time);
            Some((symbol, interval, series.last(usize::MAX).map(|bars| bars.len()).sum(), newest))
        })
    })
    .collect()
}

/// Looks at everything from every callback.
#[derive(Default)]
struct Looker {
    /// What the step's first callback saw.
    first: Option<Seen>,
    bars: usize,
    before: Option<Timestamp>,
}

impl Subscriber for &mut Looker {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        assert!(self.before.is_none_or(|before| before <= view.now()), "steps ascend");
        if self.bars.is_multiple_of(7) || self.first.is_none() {
            let now = seen(view);
            for (symbol, interval, _, newest) in &now {
                assert!(newest.is_none_or(|at| at <= view.now()), "{symbol:?} {interval} shows {newest:?}");
                let forming = view.forming(*symbol, *interval);
                assert!(forming.is_none_or(|bar| bar.close_time > view.now()));
            }
            let first = self.first.get_or_insert_with(|| now.clone());
            assert_eq!(*first, now, "all of a step is there when its first notice is told");
        }
        let Notice::Bar(bar, values) = notice else { return Ok(()) };
        self.bars += 1;
        assert!(bar.close_time <= view.now(), "told before it closed");
        let series = view.series(bar.symbol, bar.interval).unwrap();
        let bars = series.bars();
        let row = bars.open_time().partition_point(|&at| at < bar.bar.open_time().as_nanos());
        // A step may tell several bars of a series, the older ones in a session before.
        if let Some(stored) = series.bar(row) {
            assert!(
                stored.bar.is_same(&bar.bar) && stored.close_time == bar.close_time,
                "{stored:?}, told {bar:?}"
            );
            assert_eq!((stored.n_base, stored.n_expected), (bar.n_base, bar.n_expected));
            for (output, value) in values.iter().enumerate() {
                let back = bars.len() - 1 - row;
                let kept = series.value(output, back);
                assert_eq!(kept.map(f64::to_bits), (!value.is_nan()).then(|| value.to_bits()));
                assert_eq!(series.values(output)[row].to_bits(), value.to_bits());
            }
        }
        Ok(())
    }

    fn step_done(&mut self, view: &View<'_>) -> ControlFlow<()> {
        if let Some(first) = self.first.take() {
            assert_eq!(first, seen(view), "nothing comes while a step is told");
        }
        self.before = Some(view.now());
        ControlFlow::Continue(())
    }
}

#[test]
fn no_callback_sees_a_bar_before_its_close_and_every_one_sees_all_that_closed() {
    for (calendar, seed, grace) in [("XNYS", 1, 0), ("XHKG", 2, 0), ("FX", 3, 0), ("XNYS", 4, 2)] {
        let days = market(
            &Calendar::named(calendar).unwrap(),
            "2024-11-25T00:00:00Z",
            4,
            &["BBB", "AAA", "CCC"],
            seed,
        );
        let mut looker = Looker::default();
        run(config_with_grace(calendar, grace), days, &mut looker);
        assert!(looker.bars > 4_000, "{calendar}: {} bars", looker.bars);
    }
}

/// What was visible at a step: rows of every series.
type Shown = Vec<usize>;

fn rows(data: &SessionData, symbols: &[SymbolId], step: u32) -> Shown {
    let places = 0..INTERVALS.len();
    let rows = symbols.iter().flat_map(|&symbol| {
        places.clone().map(move |place| {
            data.series(symbol, place, step)
                .map_or(0, |series| series.last(usize::MAX).map(|bars| bars.len()).sum())
        })
    });
    rows.collect()
}

#[test]
fn a_view_shows_its_step_while_the_writer_is_ahead() {
    use barloom_core::input::{Input, InputRow};
    let rules = config("XNYS").rules.with_base();
    let plan = config("XNYS").plan;
    let outputs = rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect();
    let store = StoreConfig {
        rules: rules.clone(),
        outputs,
        keep: Keep::Session,
        retain: 40,
        ahead: 0,
        historical: Vec::new(),
    };
    let (mut writer, data) = SessionWriter::new(store);
    let check = barloom_core::derive::RowCheck::new(rules.clone());
    let (mut processor, mut notices) = (Processor::new(rules, plan), Notices::default());
    let mut symbols = barloom_core::Symbols::new();
    let id = symbols.intern("AAA").unwrap();
    let file = market(&Calendar::named("XNYS").unwrap(), "2024-11-25T00:00:00Z", 3, &["AAA"], 9).remove(0);
    let (mut step, mut shown, mut newest) = (0, Vec::new(), Timestamp::MIN);
    for (_, record) in file {
        let Ok(minute) = check.check(&record) else { continue };
        newest = newest.max(minute.close);
        let rows_in = [InputRow::Bar { symbol: id, bar: minute.bar }];
        processor.take(Input::Bars { at: newest, rows: &rows_in }, &symbols, &mut notices).unwrap();
        while processor.step(step, &mut writer, &mut notices).is_some() {
            shown.push(rows(&data, &[id], step));
            // The writer is up to five steps ahead of these views.
            for back in 1..=5.min(shown.len() - 1) {
                let at = shown.len() - 1 - back;
                assert_eq!(rows(&data, &[id], at as u32), shown[at], "step {at} seen from step {step}");
            }
            step += 1;
        }
    }
    assert!(shown.windows(2).filter(|pair| pair[0] != pair[1]).count() > 500);
}
