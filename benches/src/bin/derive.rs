//! Base bars a second: 5m, 15m, 30m, 1h and 1d from 10^7 one-minute bars in memory, on one core.
//!
//! `cargo run --release --bin derive [RUNS]` in `benches/`. Each row passes the path of `barloom derive` behind the
//! CSV decoder: check, clock, slots, five intervals. Prints best, median and worst of the runs.

use std::hint::black_box;
use std::time::Instant;

use barloom_core::derive::{
    Clocks, ClosedBar, DeriveConfig, DeriveRules, Deriver, FileFeed, Revision, Sink, Warning,
};
use barloom_core::{Calendar, Interval, Label, Record, Symbols, Timestamp};

const ROWS: usize = 10_000_000;
const MINUTE: i64 = 60_000_000_000;

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn bar(&mut self, bar: &ClosedBar) {
        black_box(bar);
        self.0 += 1;
    }
    /// Not under the default of `late`.
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, warning: &Warning) {
        black_box(warning);
    }
}

/// A seeded walk; every minute of `calendar` from 2000 on, without holes.
fn rows(calendar: &Calendar) -> Vec<Record> {
    let from: Timestamp = "2000-01-03T00:00:00Z".parse().expect("a time");
    let mut index = calendar.at_or_after(from).expect("within the calendar");
    let (mut rows, mut state, mut price) = (Vec::with_capacity(ROWS), 1_u64, 10_000_i64);
    'all: loop {
        for segment in calendar.session(index).regular() {
            for minute in 0..segment.close.since(segment.open) / MINUTE {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let open = price as f64 / 100.0;
                price = (price + (state % 21) as i64 - 10).max(100);
                let close = price as f64 / 100.0;
                rows.push(Record {
                    label: Label::Open(segment.open.saturating_add(minute * MINUTE)),
                    open,
                    high: open.max(close) + 0.02,
                    low: open.min(close) - 0.02,
                    close,
                    volume: Some((state % 10_000) as f64),
                    vwap: None,
                    trade_count: None,
                });
                if rows.len() == ROWS {
                    break 'all;
                }
            }
        }
        match calendar.next(index) {
            Ok(next) => index = next,
            Err(_) => break,
        }
    }
    rows
}

fn main() {
    let runs: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(15);
    let five = ["5m", "15m", "30m", "1h", "1d"].map(|i| i.parse::<Interval>().expect("an interval"));
    for id in ["24/7", "XNYS"] {
        let calendar = Calendar::named(id).expect("a calendar");
        let rows = rows(&calendar);
        let mut seconds: Vec<f64> = (0..runs)
            .map(|_| {
                let rules =
                    DeriveRules::new(DeriveConfig::new(calendar.clone(), &five)).expect("sound rules");
                let (mut feed, mut symbols, mut count) =
                    (FileFeed::new(Clocks::PerSymbol, &rules), Symbols::new(), Count::default());
                let mut deriver = Deriver::new(rules);
                let symbol = symbols.intern("AAA").expect("a symbol");
                let start = Instant::now();
                for row in &rows {
                    let taken = feed.row(&mut deriver, symbol, symbols.by_name(), row, &mut count);
                    assert!(taken.is_ok_and(|outcome| outcome.is_ok()), "sound rows");
                }
                feed.finish(&mut deriver, symbols.by_name(), &mut count).expect("rows were accepted");
                black_box(count.0);
                start.elapsed().as_secs_f64()
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        let million = |s: f64| rows.len() as f64 / s / 1e6;
        let (best, median, worst) = (seconds[0], seconds[runs / 2], seconds[runs - 1]);
        println!(
            "{id:5} {} rows, {runs} runs: best {:.1}, median {:.1}, worst {:.1} million base bars a second ({:.1} ns a bar)",
            rows.len(),
            million(best),
            million(median),
            million(worst),
            median / rows.len() as f64 * 1e9
        );
    }
}
