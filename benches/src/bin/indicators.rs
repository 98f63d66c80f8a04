//! Nanoseconds an indicator update, beside the crates `ta-lib`, `wickra-core` and `quantedge-ta`, in thread CPU time.
//!
//! `cargo run --release --bin indicators [RUNS [SPEC]]` in `benches/`; with a spec, for a profiler, its `run` alone. First one symbol: 10^6 bars after a warm-up, each
//! contestant fed what it likes best and writing all its outputs; the contestants take turns, the best run counts. Then
//! market minutes: 10,000 symbols, six indicators on each of five intervals that all close. As a minute of 20 ends the
//! blocks of a 20-bar window, 20 minutes are measured together.

use std::hint::black_box;
use std::num::NonZero;
use std::time::Duration;

use barloom_benches::Walk;
use barloom_core::indicators::parts::{Average, Close, OfSource};
use barloom_core::indicators::rsi::Rsi;
use barloom_core::indicators::sma::Sma;
use barloom_core::indicators::{Each, Indicator, Lane, Rows, Slot, Spec};
use barloom_core::{Bar, BarColumns};
use cpu_time::ThreadTime;
use quantedge_ta as quantedge;
use ta_lib::{Core, MAType};
use wickra_core::{self as wickra, Indicator as _};

const ROWS: usize = 1_000_000;
/// Bars before the clock starts; every indicator has values by then.
const WARM: usize = 128;

/// The same bars as each crate likes them.
struct Bars {
    bars: Vec<Bar>,
    columns: BarColumns,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
    candles: Vec<wickra::Candle>,
    ohlcv: Vec<quantedge::Ohlcv>,
}

impl Bars {
    fn new(bars: Vec<Bar>) -> Self {
        let column = |of: fn(&Bar) -> f64| bars.iter().map(of).collect::<Vec<_>>();
        let candle = |bar: &Bar| {
            let at = bar.open_time().as_nanos();
            wickra::Candle::new(bar.open(), bar.high(), bar.low(), bar.close(), volume(bar), at)
                .expect("a sound bar")
        };
        let ohlcv = |bar: &Bar| quantedge::Ohlcv {
            open: bar.open(),
            high: bar.high(),
            low: bar.low(),
            close: bar.close(),
            open_time: bar.open_time().as_nanos() as u64,
            volume: volume(bar),
        };
        Self {
            columns: bars.iter().collect(),
            high: column(Bar::high),
            low: column(Bar::low),
            close: column(Bar::close),
            volume: column(volume),
            candles: bars.iter().map(candle).collect(),
            ohlcv: bars.iter().map(ohlcv).collect(),
            bars,
        }
    }
}

fn volume(bar: &Bar) -> f64 {
    bar.volume().expect("every bar has one")
}

/// One timed run into `out`, in seconds, and how many outputs a bar has there.
type Run<'a> = Box<dyn FnMut(&mut [f64]) -> (f64, usize) + 'a>;

/// Of `warm`, which makes a warmed-up state, and `update`, which takes bar `i` and gives its outputs.
fn each<'a, S, const N: usize>(
    warm: impl Fn() -> S + 'a,
    update: impl Fn(&mut S, usize) -> [f64; N] + 'a,
) -> Run<'a> {
    Box::new(move |out| {
        let mut state = black_box(warm());
        let start = ThreadTime::now();
        for (i, out) in (WARM..).zip(out[..ROWS * N].chunks_exact_mut(N)) {
            out.copy_from_slice(&update(&mut state, i));
        }
        (start.elapsed().as_secs_f64(), N)
    })
}

fn warmed(bars: &[Bar], lane: &mut dyn Lane, out: &mut [f64]) -> usize {
    let outputs = lane.outputs().len();
    let warm: BarColumns = bars[..WARM].iter().collect();
    lane.run(Slot(0), warm.bars(), Rows::new(&mut out[..WARM * outputs], outputs));
    outputs
}

fn lane_run<'a>(spec: &'a str, b: &'a Bars) -> Run<'a> {
    Box::new(move |out| {
        let mut lane = spec.parse::<Spec>().expect("a spec").lane();
        let outputs = warmed(&b.bars, &mut *lane, out);
        let columns = b.columns.bars().rows(WARM..WARM + ROWS);
        let start = ThreadTime::now();
        lane.run(Slot(0), columns, Rows::new(&mut out[..ROWS * outputs], outputs));
        (start.elapsed().as_secs_f64(), outputs)
    })
}

fn lane_step<'a>(spec: &'a str, bars: &'a [Bar]) -> Run<'a> {
    Box::new(move |out| {
        let mut lane = black_box(spec.parse::<Spec>().expect("a spec").lane());
        let outputs = warmed(bars, &mut *lane, out);
        let start = ThreadTime::now();
        for (bar, out) in bars[WARM..].iter().zip(out.chunks_exact_mut(outputs)) {
            lane.step(Slot(0), bar, out);
        }
        (start.elapsed().as_secs_f64(), outputs)
    })
}

fn typed_step<'a, I: Indicator>(fresh: I, bars: &'a [Bar]) -> Run<'a> {
    Box::new(move |out| {
        let mut lane = Each::new(fresh.clone());
        let outputs = warmed(bars, &mut lane, out);
        let start = ThreadTime::now();
        for (bar, out) in bars[WARM..].iter().zip(out.chunks_exact_mut(outputs)) {
            lane.step(Slot(0), bar, out);
        }
        (start.elapsed().as_secs_f64(), outputs)
    })
}

/// A `ta-lib` handle over `$input`s, opened on the warm-up.
macro_rules! ta {
    ($bars:ident, $open:ident($($input:ident),+; $($arg:expr),*), $given:pat => $outputs:expr) => {
        each(
            move || Core::new().$open($(&$bars.$input[..WARM],)+ $($arg),*).expect("a handle").0,
            move |handle, i| {
                let $given = handle.update($($bars.$input[i]),+).expect("a finite bar");
                $outputs
            },
        )
    };
}

/// A peer that gives an option: `$update` of the state `$s`, which is `$new` warmed up, at bar `$i`.
macro_rules! peer {
    ($new:expr, |$s:ident, $i:ident| $update:expr, $given:pat => $outputs:expr) => {
        each(
            move || {
                let mut state = $new;
                for $i in 0..WARM {
                    let $s = &mut state;
                    let _ = black_box($update);
                }
                state
            },
            move |$s, $i| match $update {
                Some($given) => $outputs,
                None => [f64::NAN; _],
            },
        )
    };
}

const CONTESTANTS: [&str; 6] =
    ["`Lane::run`", "`Lane::step`", "typed `Each`", "ta-lib", "wickra-core", "quantedge-ta"];

struct Row<'a> {
    name: &'a str,
    goal: f64,
    runs: [Option<Run<'a>>; CONTESTANTS.len()],
}

fn rows(b: &Bars) -> Vec<Row<'_>> {
    let row = |spec, goal, typed, ta, wickra, quantedge| Row {
        name: spec,
        goal,
        runs: [
            Some(lane_run(spec, b)),
            Some(lane_step(spec, &b.bars)),
            typed,
            Some(ta),
            Some(wickra),
            Some(quantedge),
        ],
    };
    let n = |n: usize| NonZero::new(n).expect("not 0");
    let nothing = Row {
        name: "no indicator: the close, copied",
        goal: 0.0,
        runs: [
            Some(each(|| (), move |(), i| [b.bars[i].close()])),
            None,
            None,
            Some(each(|| (), move |(), i| [b.close[i]])),
            Some(each(|| (), move |(), i| [b.candles[i].close])),
            Some(each(|| (), move |(), i| [b.ohlcv[i].close])),
        ],
    };
    vec![
        nothing,
        row(
            "sma:20",
            1.7,
            Some(typed_step(OfSource::new(Close, Sma::new(20)), &b.bars)),
            ta!(b, sma_open(close; 20), x => [x]),
            peer!(wickra::Sma::new(20).expect("a period"), |s, i| s.update(b.close[i]), x => [x]),
            peer!(quantedge::Sma::new(quantedge::SmaConfig::close(n(20))), |s, i| s.compute(&b.ohlcv[i]), x => [x]),
        ),
        row(
            "ema:20",
            2.0,
            Some(typed_step(OfSource::new(Close, Average::exponential(20)), &b.bars)),
            ta!(b, ema_open(close; 20), x => [x]),
            peer!(wickra::Ema::new(20).expect("a period"), |s, i| s.update(b.close[i]), x => [x]),
            peer!(quantedge::Ema::new(quantedge::EmaConfig::close(n(20))), |s, i| s.compute(&b.ohlcv[i]), x => [x]),
        ),
        row(
            "rsi:14",
            3.0,
            Some(typed_step(OfSource::new(Close, Rsi::new(14)), &b.bars)),
            ta!(b, rsi_open(close; 14), x => [x]),
            peer!(wickra::Rsi::new(14).expect("a period"), |s, i| s.update(b.close[i]), x => [x]),
            peer!(quantedge::Rsi::new(quantedge::RsiConfig::close(n(14))), |s, i| s.compute(&b.ohlcv[i]), x => [x]),
        ),
        row(
            "macd:12,26,9",
            3.5,
            None,
            ta!(b, macd_open(close; 12, 26, 9), (m, s, h) => [m, s, h]),
            peer!(
                wickra::MacdIndicator::new(12, 26, 9).expect("periods"),
                |s, i| s.update(b.close[i]),
                x => [x.macd, x.signal, x.histogram]
            ),
            peer!(
                quantedge::Macd::new(quantedge::MacdConfig::close(n(12), n(26), n(9))),
                |s, i| s.compute(&b.ohlcv[i]),
                x => [x.macd, x.signal.unwrap_or(f64::NAN), x.histogram.unwrap_or(f64::NAN)]
            ),
        ),
        row(
            "bbands:20,2",
            8.0,
            None,
            ta!(b, bbands_open(close; 20, 2.0, 2.0, MAType::SMA), (u, m, l) => [u, m, l]),
            peer!(
                wickra::BollingerBands::new(20, 2.0).expect("a period"),
                |s, i| s.update(b.close[i]),
                x => [x.upper, x.middle, x.lower]
            ),
            peer!(
                quantedge::Bb::new(quantedge::BbConfig::close(n(20))),
                |s, i| s.compute(&b.ohlcv[i]),
                x => [x.upper, x.middle, x.lower]
            ),
        ),
        row(
            "atr:14",
            2.0,
            None,
            ta!(b, atr_open(high, low, close; 14), x => [x]),
            peer!(wickra::Atr::new(14).expect("a period"), |s, i| s.update(b.candles[i]), x => [x]),
            peer!(quantedge::Atr::new(quantedge::AtrConfig::period(n(14))), |s, i| s.compute(&b.ohlcv[i]), x => [x]),
        ),
        row(
            "stochastic:14,3,3",
            5.0,
            None,
            ta!(b, stoch_open(high, low, close; 14, 3, MAType::SMA, 3, MAType::SMA), (k, d) => [k, d]),
            // Its %D over 3 is the slow %K; the slow %D is one more average.
            peer!(
                (wickra::Stochastic::new(14, 3).expect("periods"), wickra::Sma::new(3).expect("a period")),
                |s, i| s.0.update(b.candles[i]).and_then(|k| Some((k.d, s.1.update(k.d)?))),
                (k, d) => [k, d]
            ),
            peer!(
                quantedge::Stoch::new(quantedge::StochConfig::close(n(14), n(3), n(3))),
                |s, i| s.compute(&b.ohlcv[i]),
                x => [x.k, x.d.unwrap_or(f64::NAN)]
            ),
        ),
        row(
            "cci:20",
            15.0,
            None,
            ta!(b, cci_open(high, low, close; 20), x => [x]),
            peer!(wickra::Cci::new(20).expect("a period"), |s, i| s.update(b.candles[i]), x => [x]),
            peer!(quantedge::Cci::new(quantedge::CciConfig::hlc3(n(20))), |s, i| s.compute(&b.ohlcv[i]), x => [x]),
        ),
        row(
            "obv",
            1.2,
            None,
            ta!(b, obv_open(close, volume;), x => [x]),
            peer!(wickra::Obv::new(), |s, i| s.update(b.candles[i]), x => [x]),
            peer!(
                quantedge::Obv::new(quantedge::ObvConfig::default()),
                |s, i| s.compute(&b.ohlcv[i]),
                x => [x]
            ),
        ),
    ]
}

fn streaming(runs: usize, only: Option<&str>) {
    let mut walk = Walk::new(1);
    let bars = Bars::new((0..WARM + ROWS).map(|_| walk.next()).collect());
    let mut out = vec![0.0; 5 * ROWS];
    if let Some(spec) = only {
        let mut run = lane_run(spec, &bars);
        let best = (0..runs).map(|_| run(&mut out).0).fold(f64::INFINITY, f64::min);
        println!("{spec}: {:.1} ns a bar", best / ROWS as f64 * 1e9);
        return;
    }
    println!("| ns a bar, best of {runs} | {} | goal | run / fastest peer |", CONTESTANTS.join(" | "));
    println!("|{}", "---|".repeat(CONTESTANTS.len() + 3));
    let mut sums = [0.0; CONTESTANTS.len()];
    let (mut goals, mut fastest) = (0.0, 0.0);
    for mut row in rows(&bars) {
        let mut best = [f64::INFINITY; CONTESTANTS.len()];
        let mut expected = None;
        for _ in 0..runs {
            for (place, (best, run)) in best.iter_mut().zip(&mut row.runs).enumerate() {
                let Some(run) = run else { continue };
                let (seconds, outputs) = run(&mut out);
                *best = best.min(seconds / ROWS as f64 * 1e9);
                // A difference, as sums without end have different starts.
                let given = out[(ROWS - 1) * outputs] - out[ROWS / 2 * outputs];
                let expected: f64 = *expected.get_or_insert(given);
                let near = (given - expected).abs() <= 1e-6 * expected.abs().max(1.0);
                assert!(near, "{}: {} gives {given}, not {expected}", row.name, CONTESTANTS[place]);
            }
        }
        let peer = best[3..].iter().copied().fold(f64::INFINITY, f64::min);
        let cell = |ns: &f64| if ns.is_finite() { format!("{ns:.1}") } else { "·".to_owned() };
        let cells = best.iter().map(cell).collect::<Vec<_>>().join(" | ");
        if row.goal == 0.0 {
            println!("| {} | {cells} | · | · |", row.name);
            continue;
        }
        println!("| {} | {cells} | {:.1} | {:.2} |", row.name, row.goal, best[0] / peer);
        sums.iter_mut().zip(best).for_each(|(sum, best)| *sum += best);
        goals += row.goal;
        fastest += peer;
    }
    let cell = |ns: &f64| if ns.is_finite() { format!("{ns:.1}") } else { "·".to_owned() };
    let cells = sums.iter().map(cell).collect::<Vec<_>>().join(" | ");
    println!("| sum | {cells} | {goals:.1} | {:.2} |\n", sums[0] / fastest);
}

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

fn minutes(runs: usize) {
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
                lane.run(*slot, bars.iter().collect::<BarColumns>().bars(), Rows::new(&mut out, lane.outputs().len()));
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

fn main() {
    let runs: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(15);
    let only = std::env::args().nth(2);
    streaming(runs, only.as_deref());
    if only.is_none() {
        minutes(runs);
    }
}
