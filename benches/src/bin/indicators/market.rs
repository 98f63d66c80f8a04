//! A market minute: 10,000 symbols, six indicators on each of five intervals that all close.
//!
//! As a minute of 20 ends the blocks of a 20-bar window, 20 minutes are measured together.

use std::hint::black_box;
use std::time::Duration;

use barloom_benches::Walk;
use barloom_core::indicators::{Lane, Rows, Slot, Spec};
use barloom_core::{Bar, BarColumns};
use cpu_time::ThreadTime;
use ta_lib::{Core, MAType};

use super::WARM;

const SYMBOLS: usize = 10_000;
const INTERVALS: usize = 5;
const SPECS: [&str; 6] = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "atr:14", "bbands:20,2"];
/// Minutes measured together: every phase of a 20-bar window once.
const BLOCK: usize = 20;

/// One interval's bars of a minute, by symbol.
#[derive(Default)]
struct Minute {
    bars: BarColumns,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

impl Minute {
    fn refill(&mut self, walks: &mut [Walk]) {
        self.bars.clear();
        walks.iter_mut().for_each(|walk| self.bars.push(&walk.next()));
        for (column, of) in [
            (&mut self.high, self.bars.bars().high()),
            (&mut self.low, self.bars.bars().low()),
            (&mut self.close, self.bars.bars().close()),
        ] {
            column.clear();
            column.extend_from_slice(of);
        }
    }
}

/// The handles of all symbols on one interval, one array an indicator.
#[derive(Default)]
struct Handles {
    sma: Vec<ta_lib::SmaStream>,
    ema: Vec<ta_lib::EmaStream>,
    rsi: Vec<ta_lib::RsiStream>,
    macd: Vec<ta_lib::MacdStream>,
    atr: Vec<ta_lib::AtrStream>,
    bbands: Vec<ta_lib::BbandsStream>,
}

/// The handles of one symbol on one interval.
struct Set {
    sma: ta_lib::SmaStream,
    ema: ta_lib::EmaStream,
    rsi: ta_lib::RsiStream,
    macd: ta_lib::MacdStream,
    atr: ta_lib::AtrStream,
    bbands: ta_lib::BbandsStream,
}

impl Set {
    fn new(high: &[f64], low: &[f64], close: &[f64]) -> Result<Self, ta_lib::RetCode> {
        let core = Core::new();
        Ok(Self {
            sma: core.sma_open(close, 20)?.0,
            ema: core.ema_open(close, 20)?.0,
            rsi: core.rsi_open(close, 14)?.0,
            macd: core.macd_open(close, 12, 26, 9)?.0,
            atr: core.atr_open(high, low, close, 14)?.0,
            bbands: core.bbands_open(close, 20, 2.0, 2.0, MAType::SMA)?.0,
        })
    }

    #[inline]
    fn update(&mut self, high: f64, low: f64, close: f64, out: &mut [f64; 10]) {
        let sma = self.sma.update(close).expect("a finite bar");
        let ema = self.ema.update(close).expect("a finite bar");
        let rsi = self.rsi.update(close).expect("a finite bar");
        let (line, signal, histogram) = self.macd.update(close).expect("a finite bar");
        let atr = self.atr.update(high, low, close).expect("a finite bar");
        let (upper, middle, lower) = self.bbands.update(close).expect("a finite bar");
        *out = [sma, ema, rsi, line, signal, histogram, atr, upper, middle, lower];
    }
}

/// Adds what `work` takes to `sum`.
fn timed(sum: &mut Duration, work: impl FnOnce()) {
    let start = ThreadTime::now();
    work();
    *sum += start.elapsed();
}

/// `handles[i].update(close[i])` into `out`, all symbols.
macro_rules! by_column {
    ($handles:expr, $minute:expr, ($($input:ident),+), $out:expr, $given:pat => $outputs:expr) => {
        for (i, (handle, out)) in $handles.iter_mut().zip($out.as_chunks_mut().0).enumerate() {
            let $given = handle.update($($minute.$input[i]),+).expect("a finite bar");
            *out = $outputs;
        }
    };
}

/// Prints the table.
pub(crate) fn minutes(runs: usize) {
    let mut walks: Vec<Vec<Walk>> = (0..INTERVALS)
        .map(|interval| {
            (0..SYMBOLS).map(|symbol| Walk::new((interval * SYMBOLS + symbol + 1) as u64)).collect()
        })
        .collect();
    let slots: Vec<Slot> = (0..SYMBOLS as u32).map(Slot).collect();
    let lanes_of = |_| SPECS.map(|spec| spec.parse::<Spec>().expect("a spec").lane());
    let mut lanes: Vec<[Box<dyn Lane>; SPECS.len()]> = (0..INTERVALS).map(lanes_of).collect();
    lanes.iter_mut().flatten().for_each(|lane| lane.resize(SYMBOLS));
    let (mut handles, mut sets): (Vec<Handles>, Vec<Vec<Set>>) = Default::default();

    // Both see the same history. Each array of handles is opened in one go, so that its symbols lie side by side.
    for (walks, lanes) in walks.iter_mut().zip(&mut lanes) {
        let mut histories = Vec::with_capacity(SYMBOLS);
        for (walk, slot) in walks.iter_mut().zip(&slots) {
            let bars: Vec<Bar> = (0..WARM).map(|_| walk.next()).collect();
            for lane in lanes.iter_mut() {
                let mut out = vec![0.0; WARM * lane.outputs().len()];
                lane.run(
                    *slot,
                    bars.iter().collect::<BarColumns>().bars(),
                    Rows::new(&mut out, lane.outputs().len()),
                );
            }
            let column = |of: fn(&Bar) -> f64| bars.iter().map(of).collect::<Vec<_>>();
            histories.push((column(Bar::high), column(Bar::low), column(Bar::close)));
        }
        let core = Core::new();
        handles.push(Handles {
            sma: histories.iter().map(|(_, _, c)| core.sma_open(c, 20).expect("a handle").0).collect(),
            ema: histories.iter().map(|(_, _, c)| core.ema_open(c, 20).expect("a handle").0).collect(),
            rsi: histories.iter().map(|(_, _, c)| core.rsi_open(c, 14).expect("a handle").0).collect(),
            macd: histories
                .iter()
                .map(|(_, _, c)| core.macd_open(c, 12, 26, 9).expect("a handle").0)
                .collect(),
            atr: histories.iter().map(|(h, l, c)| core.atr_open(h, l, c, 14).expect("a handle").0).collect(),
            bbands: histories
                .iter()
                .map(|(_, _, c)| core.bbands_open(c, 20, 2.0, 2.0, MAType::SMA).expect("a handle").0)
                .collect(),
        });
        sets.push(histories.iter().map(|(h, l, c)| Set::new(h, l, c).expect("handles")).collect());
    }

    let mut minutes: Vec<Minute> = (0..INTERVALS).map(|_| Minute::default()).collect();
    let mut out: Vec<[Vec<f64>; SPECS.len()]> = lanes
        .iter()
        .map(|lanes| std::array::from_fn(|i| vec![0.0; SYMBOLS * lanes[i].outputs().len()]))
        .collect();
    let mut peer_out: Vec<[Vec<f64>; SPECS.len()]> =
        (0..INTERVALS).map(|_| [1, 1, 1, 3, 1, 3].map(|outputs| vec![0.0; SYMBOLS * outputs])).collect();
    let mut set_out = vec![vec![[0.0; 10]; SYMBOLS]; INTERVALS];
    let none = || [[Duration::ZERO; SPECS.len()]; 2];
    let (mut best, mut best_sums) = ([[Duration::MAX; SPECS.len()]; 2], [Duration::MAX; 3]);
    for _ in 0..runs {
        let (mut sums, mut by_symbol) = (none(), Duration::ZERO);
        for _ in 0..BLOCK {
            minutes.iter_mut().zip(&mut walks).for_each(|(minute, walks)| minute.refill(walks));
            for ((minute, lanes), out) in minutes.iter().zip(&mut lanes).zip(&mut out) {
                for ((lane, out), sum) in lanes.iter_mut().zip(out).zip(&mut sums[0]) {
                    timed(sum, || {
                        let width = lane.outputs().len();
                        lane.sweep(&slots, minute.bars.bars(), Rows::new(out, width));
                    });
                }
            }
            for ((m, h), out) in minutes.iter().zip(&mut handles).zip(&mut peer_out) {
                let [sma, ema, rsi, macd, atr, bbands] = &mut sums[1];
                timed(sma, || by_column!(h.sma, m, (close), out[0], x => [x]));
                timed(ema, || by_column!(h.ema, m, (close), out[1], x => [x]));
                timed(rsi, || by_column!(h.rsi, m, (close), out[2], x => [x]));
                timed(macd, || by_column!(h.macd, m, (close), out[3], (a, b, c) => [a, b, c]));
                timed(atr, || by_column!(h.atr, m, (high, low, close), out[4], x => [x]));
                timed(bbands, || by_column!(h.bbands, m, (close), out[5], (a, b, c) => [a, b, c]));
            }
            timed(&mut by_symbol, || {
                for ((minute, sets), out) in minutes.iter().zip(&mut sets).zip(&mut set_out) {
                    for (i, (set, out)) in sets.iter_mut().zip(out).enumerate() {
                        set.update(minute.high[i], minute.low[i], minute.close[i], out);
                    }
                }
            });
            black_box((&out, &peer_out, &set_out));
        }
        for (best, sum) in best.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *best = (*best).min(*sum);
        }
        let whole = [sums[0].iter().sum(), sums[1].iter().sum(), by_symbol];
        best_sums.iter_mut().zip(whole).for_each(|(best, sum): (_, Duration)| *best = (*best).min(sum));
    }
    for (barloom, peer) in out.iter().flatten().zip(peer_out.iter().flatten()) {
        let (outputs, peers) = (barloom.len() / SYMBOLS, peer.len() / SYMBOLS);
        for (a, b) in barloom.chunks_exact(outputs).zip(peer.chunks_exact(peers)) {
            assert!((a[0] - b[0]).abs() <= 1e-6 * b[0].abs().max(1.0), "{} beside {}", a[0], b[0]);
        }
    }

    let updates = (BLOCK * INTERVALS * SYMBOLS) as f64;
    let ns = |sum: Duration, of: usize| sum.as_secs_f64() / updates / of as f64 * 1e9;
    println!(
        "| ns an update, best of {runs} blocks of {BLOCK} minutes | `Lane::sweep` | ta-lib, an array an indicator | ta-lib, a set a symbol | sweep / fastest |"
    );
    println!("|---|---|---|---|---|");
    for (i, spec) in SPECS.iter().enumerate() {
        let (a, b) = (ns(best[0][i], 1), ns(best[1][i], 1));
        println!("| {spec} | {a:.1} | {b:.1} | · | {:.2} |", a / b);
    }
    let [a, b, c] = best_sums.map(|sum| ns(sum, SPECS.len()));
    println!("| mean of the six | {a:.1} | {b:.1} | {c:.1} | {:.2} |", a / b.min(c));
    let [a, b, c] = best_sums.map(|sum| sum.as_secs_f64() * 1e3 / BLOCK as f64);
    println!("| ms a minute, 300,000 updates | {a:.2} | {b:.2} | {c:.2} | {:.2} |", a / b.min(c));
}
