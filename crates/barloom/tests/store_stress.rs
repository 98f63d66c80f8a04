//! One writer and two readers of a store, on threads of their own: whatever a reader sees is whole, is what was written, and
//! stays so while it is held. Sessions come and go all the while, so memory is used again under the readers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use barloom_core::derive::{ClosedBar, DeriveConfig, DeriveRules, Deriver, Revision, Sink, Warning};
use barloom_core::store::{Keep, SeriesView, SessionData, SessionWriter, StoreConfig};
use barloom_core::{Bar, Calendar, Interval, Label, Record, SymbolId, Symbols, Timestamp};
use jiff::civil::date;

const MINUTE: i64 = 60_000_000_000;
const SESSIONS: usize = 240;
const WIDTH: usize = 3;
/// Base bars in a 5m bar; every session has full ones only.
const FIVE: usize = 5;
/// As of no step: all that is published, also of the step that is on its way.
const EVER: u32 = u32::MAX - 1;

/// What output `output` is in row `row` of its series.
fn value(output: usize, row: usize) -> f64 {
    -((row * WIDTH + output + 1) as f64)
}

#[derive(Default)]
struct Collect(Vec<ClosedBar>);

impl Sink for Collect {
    fn bar(&mut self, bar: &ClosedBar) {
        self.0.push(*bar);
    }
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, _: &Warning) {}
}

/// What the writer will write of each symbol, by interval: its prices and volume are the row.
struct Script {
    rules: DeriveRules,
    symbols: [SymbolId; 2],
    bars: [Vec<ClosedBar>; 2],
    /// By interval and row, the number of its session, and by session its first row.
    session: [Vec<usize>; 2],
    first: [Vec<usize>; 2],
}

impl Script {
    fn new() -> Self {
        let intervals = [Interval::MINUTE, "5m".parse().unwrap()];
        let config = DeriveConfig::new(Calendar::named("XNYS").unwrap(), &intervals);
        let rules = DeriveRules::new(config).unwrap();
        let mut names = Symbols::new();
        let symbols = ["AAA", "BBB"].map(|name| names.intern(name).unwrap());

        let (mut deriver, mut out) = (Deriver::new(rules.clone()), Collect::default());
        let mut index = rules.calendar.on(date(2024, 1, 2)).unwrap().unwrap();
        for _ in 0..SESSIONS {
            let session = rules.calendar.session(index);
            let opens = (session.open().as_nanos()..session.close().as_nanos()).step_by(MINUTE as usize);
            for open in opens.map(Timestamp::from_nanos) {
                deriver.take(symbols[0], &bar(open, 0), &mut out).unwrap();
            }
            index = rules.calendar.next(index).unwrap();
        }
        let bars = intervals.map(|interval| {
            let closed = out.0.iter().filter(|closed| closed.interval == interval).enumerate();
            closed
                .map(|(row, closed)| ClosedBar { bar: bar(closed.bar.open_time(), row), ..*closed })
                .collect()
        });
        let (mut session, mut first) = ([vec![], vec![]], [vec![], vec![]]);
        for (place, bars) in bars.iter().enumerate() {
            let bars: &Vec<ClosedBar> = bars;
            for of_session in bars.chunk_by(|a, b| a.session == b.session) {
                first[place].push(session[place].len());
                session[place].extend(of_session.iter().map(|_| first[place].len() - 1));
            }
        }
        Self { rules, symbols, bars, session, first }
    }

    fn steps(&self) -> u32 {
        self.bars[0].len() as u32
    }

    /// How many rows steps up to `step` have.
    fn rows(&self, place: usize, step: u32) -> usize {
        if place == 0 { step as usize } else { step as usize / FIVE }
    }

    fn write(&self, mut writer: SessionWriter, done: &AtomicU32) {
        for step in 1..=self.steps() {
            for symbol in self.symbols {
                for place in 0..2 {
                    let row = self.rows(place, step);
                    if row == self.rows(place, step - 1) {
                        continue;
                    }
                    let bar = ClosedBar { symbol, ..self.bars[place][row - 1] };
                    // Indicators take their time.
                    (0..10).for_each(|_| std::hint::spin_loop());
                    let values: [f64; WIDTH] = std::array::from_fn(|output| value(output, row - 1));
                    writer.put(place, &bar, &values, step);
                }
            }
            done.store(step, Ordering::Release);
        }
    }
}

/// The bar that says `row` in every field.
fn bar(open: Timestamp, row: usize) -> Bar {
    let price = row as f64;
    let label = Label::Open(open);
    let (vwap, trade_count) = (Some(price), Some(row as i64));
    let volume = Some(price);
    Bar::new(
        open,
        &Record { label, open: price, high: price, low: price, close: price, volume, vwap, trade_count },
    )
    .unwrap()
}

/// A view that is held across sessions, and what it showed at first.
struct Held<'a> {
    view: SeriesView<'a>,
    session: usize,
    closes: Vec<f64>,
    values: Vec<f64>,
}

impl Held<'_> {
    fn check(&self) {
        assert_eq!((self.view.bars().close(), self.view.values(0)), (&self.closes[..], &self.values[..]));
        assert_eq!(self.view.bars().iter().map(|bar| bar.volume().unwrap()).collect::<Vec<_>>(), self.closes);
    }
}

struct Reader<'a> {
    script: &'a Script,
    data: &'a SessionData,
    keep: Keep,
    /// How often a value of each age was there.
    found: [usize; 8],
    views: usize,
}

impl Reader<'_> {
    /// Checks that a view is whole, all of it or its end, and gives its newest row.
    fn check(&mut self, view: &SeriesView<'_>, place: usize, all: bool, done: &AtomicU32) -> Option<usize> {
        self.views += 1;
        let bars = view.bars();
        assert_eq!(view.len(), bars.len());
        let newest = *bars.close().last()? as usize;
        let script = self.script;
        let session = script.session[place][newest];
        let first = script.first[place][session];
        assert_eq!(bars.len(), newest + 1 - first, "a session is seen from its first row on");
        let from = if all { 0 } else { bars.len().saturating_sub(2) };
        for at in from..bars.len() {
            let (row, want) = (first + at, &script.bars[place][first + at]);
            assert!(bars.at(at).unwrap().is_same(&want.bar), "row {row}: {:?}", bars.at(at));
            if self.keep == Keep::Session {
                let values: [f64; WIDTH] = std::array::from_fn(|output| view.values(output)[at]);
                assert_eq!(values, std::array::from_fn(|output| value(output, row)), "row {row}");
            }
        }
        let read = view.newest().unwrap();
        assert_eq!((read.session, read.close_time), {
            let want = &script.bars[place][newest];
            (want.session, want.close_time)
        });
        let kept = kept(self.keep);
        for (back, found) in self.found.iter_mut().enumerate() {
            for output in 0..WIDTH {
                if let Some(read) = view.value(output, back) {
                    assert_eq!(read, value(output, newest - back), "row {newest}, {back} back");
                    *found += usize::from(output == 0);
                } else if back < kept.min(newest + 1) && cfg!(target_arch = "x86_64") {
                    // Overwritten, so the writer is more than a row ahead; where stores are seen in order, that is seen too.
                    let rows = script.rows(place, done.load(Ordering::Acquire) + 1);
                    assert!(rows > newest + 2, "row {newest} of {rows} has no value {back} back");
                }
            }
        }
        if all {
            let pieces: Vec<Vec<f64>> = view.last(600).map(|bars| bars.close().to_vec()).collect();
            assert!(pieces.len() <= 2 && pieces.last().unwrap().last() == Some(&(newest as f64)));
            let rows = pieces.concat();
            assert!(rows.windows(2).all(|pair| pair[0] + 1.0 == pair[1]), "the sessions follow each other");
            let values = view.last_values(WIDTH - 1, 600).flatten();
            assert!(values.zip(&rows).all(|(&read, &row)| read == value(WIDTH - 1, row as usize)));
        }
        Some(newest)
    }

    /// Reads at all kinds of steps until the writer has done them all.
    fn read(&mut self, done: &AtomicU32) {
        let (script, data) = (self.script, self.data);
        let mut held: Vec<Held<'_>> = Vec::new();
        // By symbol and interval, the newest row seen as of ever and as of a step; steps grow.
        let (mut newest, mut as_of) = ([[0; 2]; 2], [[0; 2]; 2]);
        let mut step = 0;
        for round in 0_usize.. {
            let before = done.load(Ordering::Acquire);
            let lag = [0, 1, 7, 150, 900][round % 5];
            step = step.max(before.saturating_sub(lag));
            let (s, place) = (round / 2 % 2, round % 2);
            let all = round % 8 == 3;

            // As of a step that is done: exactly its rows, however far the writer is.
            if let Some(view) = data.series(script.symbols[s], place, step).filter(|_| step > 0) {
                let rows = script.rows(place, step);
                let seen = self.check(&view, place, all, done);
                let after = done.load(Ordering::Acquire);
                if let Some(seen) = seen {
                    assert_eq!(seen + 1, rows, "as of step {step}, while {after} are done");
                    assert!(seen >= as_of[s][place]);
                    as_of[s][place] = seen;
                } else if rows > 0 {
                    let now = script.session[0][(after as usize).min(script.session[0].len() - 1)];
                    let then = script.session[place][rows - 1];
                    assert!(now >= then + 2, "session {then} is gone in session {now}");
                }
            }
            // Whatever there is, also of a step on its way.
            if let Some(view) = data.series(script.symbols[s], place, EVER) {
                let seen = self.check(&view, place, all, done);
                let rows = seen.map_or(0, |row| row + 1);
                assert!(rows >= script.rows(place, before), "{rows} rows at {before}");
                assert!(rows <= script.rows(place, done.load(Ordering::Acquire) + 1));
                assert!(rows >= newest[s][place], "rows don't go away");
                newest[s][place] = rows;
                let session = seen.map_or(0, |row| script.session[place][row]);
                if held.last().is_none_or(|last| session > last.session) {
                    let (closes, values) = (view.bars().close().to_vec(), view.values(0).to_vec());
                    held.push(Held { view, session, closes, values });
                }
                if held[0].session + 4 < session {
                    held.remove(0).check();
                }
            }
            if before == script.steps() {
                break;
            }
        }
        held.iter().for_each(Held::check);
    }
}

/// How many values back are to be found.
fn kept(keep: Keep) -> usize {
    match keep {
        // For as long as a session before is held; looked for are a few.
        Keep::Session => 8,
        Keep::Last(count) => count.max(1) as usize,
    }
}

fn stress(keep: Keep) {
    let script = Script::new();
    let names: Vec<String> = (0..WIDTH).map(|output| format!("out_{output}")).collect();
    let (rules, outputs) = (script.rules.clone(), vec![names; 2]);
    let config = StoreConfig { rules, outputs, keep, retain: 1, ahead: 0, historical: Vec::new() };
    let (writer, data) = SessionWriter::new(config);
    let done = AtomicU32::new(0);
    let reader = || Reader { script: &script, data: &data, keep, found: [0; 8], views: 0 };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut reader = reader();
                reader.read(&done);
                assert!(reader.found[0] > 0 && reader.views > 0);
            });
        }
        script.write(writer, &done);
    });
    // With the writer gone, what is kept is all there.
    let mut reader = reader();
    let view = data.series(script.symbols[1], 0, script.steps()).unwrap();
    assert_eq!(reader.check(&view, 0, true, &done), Some(script.steps() as usize - 1));
    assert_eq!(reader.found, std::array::from_fn(|back| usize::from(back < kept(keep))));
}

#[test]
fn views_are_whole_with_values_in_columns() {
    stress(Keep::Session);
}

#[test]
fn views_are_whole_with_the_latest_value_alone() {
    stress(Keep::Last(0));
}

#[test]
fn views_are_whole_with_a_few_values() {
    stress(Keep::Last(4));
}
