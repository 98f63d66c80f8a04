//! One symbol, 10^6 bars after a warm-up: each contestant is fed what it likes best and writes all its outputs; they take
//! turns, the best run counts, and the values are held against Barloom's.

use std::hint::black_box;

use barloom_benches::Walk;
use barloom_benches::bars::Bars;
use barloom_benches::peers::{Agrees, CRATES, Peer, peers};
use barloom_core::indicators::{CATALOGUE, Lane, Reset, Rows, Slot, Spec};
use barloom_core::{Bar, BarColumns};
use cpu_time::ThreadTime;

use super::WARM;

const ROWS: usize = 1_000_000;
/// More outputs than any indicator has.
const OUTPUTS: usize = 7;
const FIRST: Slot = Slot(0);
/// `run`, `step`, and the peers.
const CONTESTANTS: usize = 2 + CRATES.len();

/// What has a goal, in nanoseconds of `run`.
const GOALS: [(&str, f64); 10] = [
    ("sma", 1.7),
    ("ema", 2.0),
    ("rsi", 3.0),
    ("macd", 3.5),
    ("bbands", 8.0),
    ("atr", 2.0),
    ("stochastic", 5.0),
    ("adx", 5.0),
    ("cci", 15.0),
    ("obv", 1.2),
];

/// Names that enter sessions: their runs are cut at each UTC day, at which those peers start over by themselves.
const ANCHORED: [&str; 2] = ["vwap", "pivot_points"];

fn market() -> Bars {
    let mut walk = Walk::new(1);
    Bars::new((0..WARM + ROWS).map(|_| walk.next()).collect())
}

fn lane_of(spec: &str) -> Box<dyn Lane> {
    spec.parse::<Spec>().expect("a spec").lane()
}

fn opens_a_day(bar: &Bar) -> bool {
    bar.open_time().as_nanos() % 86_400_000_000_000 == 0
}

/// The ends of the stretches that a lane runs over in one call.
fn stretches(spec: &str, bars: &Bars) -> Vec<usize> {
    let days = (WARM + 1..WARM + ROWS).filter(|&i| ANCHORED.contains(&spec) && opens_a_day(&bars.bars[i]));
    days.chain([WARM + ROWS]).collect()
}

fn warmed(spec: &str, bars: &Bars, out: &mut [f64]) -> Box<dyn Lane> {
    let mut lane = lane_of(spec);
    let outputs = lane.outputs().len();
    let warm: BarColumns = bars.bars[..WARM].iter().collect();
    lane.run(FIRST, warm.bars(), Rows::new(&mut out[..WARM * outputs], outputs));
    lane
}

/// Seconds of `run`.
fn run(spec: &str, bars: &Bars, stretches: &[usize], out: &mut [f64]) -> f64 {
    let mut lane = warmed(spec, bars, out);
    let outputs = lane.outputs().len();
    let start = ThreadTime::now();
    let mut from = WARM;
    for &to in stretches {
        if from > WARM {
            lane.reset(FIRST, Reset::SessionStart);
        }
        let rows = Rows::new(&mut out[(from - WARM) * outputs..(to - WARM) * outputs], outputs);
        lane.run(FIRST, bars.columns.bars().rows(from..to), rows);
        from = to;
    }
    start.elapsed().as_secs_f64()
}

/// Seconds of `step`.
fn step(spec: &str, bars: &Bars, stretches: &[usize], out: &mut [f64]) -> f64 {
    let mut lane = black_box(warmed(spec, bars, out));
    let outputs = lane.outputs().len();
    let start = ThreadTime::now();
    let (mut from, mut rows) = (WARM, out.chunks_exact_mut(outputs));
    for &to in stretches {
        if from > WARM {
            lane.reset(FIRST, Reset::SessionStart);
        }
        for (bar, out) in bars.bars[from..to].iter().zip(&mut rows) {
            lane.step(FIRST, bar, out);
        }
        from = to;
    }
    start.elapsed().as_secs_f64()
}

/// Seconds of a peer.
fn beside(peer: &Peer, bars: &Bars, out: &mut [f64]) -> f64 {
    let mut stream = black_box(peer.open(bars, WARM).expect("warm"));
    let start = ThreadTime::now();
    stream.run(bars, WARM..WARM + ROWS, out);
    start.elapsed().as_secs_f64()
}

/// How a peer's values are not Barloom's, though they should be.
fn hold_against(
    spec: &str,
    krate: &str,
    peer: &Peer,
    ours: &[f64],
    width: usize,
    theirs: &[f64],
) -> Option<String> {
    if matches!(peer.agrees, Agrees::Not(_)) {
        return None;
    }
    let by_steps = peer.agrees == Agrees::Steps;
    for (place, &output) in peer.outputs.iter().enumerate() {
        let of = |values: &[f64], width, place, row: usize| {
            values[row * width + place] - if by_steps { values[ROWS / 2 * width + place] } else { 0.0 }
        };
        let rows = (ROWS / 2 + 1..ROWS).step_by(997);
        let pairs =
            rows.map(|row| (of(ours, width, output, row), of(theirs, peer.outputs.len(), place, row)));
        let pairs: Vec<(f64, f64)> = pairs.filter(|(a, b)| !(a.is_nan() && b.is_nan())).collect();
        let scale = pairs.iter().map(|(a, _)| a.abs()).sum::<f64>() / pairs.len() as f64;
        let far =
            |(a, b): &&(f64, f64)| a.is_nan() != b.is_nan() || (a - b).abs() > 1e-6 * scale.max(a.abs());
        if let Some((a, b)) = pairs.iter().find(far) {
            let count = pairs.iter().filter(far).count();
            return Some(format!(
                "{spec}: output {output} of {krate} is {b}, not {a}; {count} of {} rows",
                pairs.len()
            ));
        }
    }
    None
}

/// The best nanoseconds a bar of each contestant, and those whose values are something else.
struct Timed {
    spec: String,
    best: [f64; CONTESTANTS],
    unlike: [Option<&'static str>; CRATES.len()],
    /// How many of the outputs, where the peer gives fewer.
    fewer: [Option<(usize, usize)>; CRATES.len()],
    wrong: Vec<String>,
}

impl Timed {
    fn fastest_peer(&self) -> f64 {
        self.best[2..].iter().copied().fold(f64::INFINITY, f64::min)
    }
}

fn time(runs: usize, name: &str, bars: &Bars, out: &mut [f64], ours: &mut [f64]) -> Timed {
    let width = lane_of(name).outputs().len();
    let (cuts, peers) = (stretches(name, bars), peers(name));
    let (mut best, mut wrong) = ([f64::INFINITY; CONTESTANTS], Vec::new());
    let keep = |best: &mut f64, seconds: f64| *best = best.min(seconds / ROWS as f64 * 1e9);
    for turn in 0..runs {
        keep(&mut best[0], run(name, bars, &cuts, ours));
        keep(&mut best[1], step(name, bars, &cuts, out));
        if turn == 0 {
            let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
            assert!(ours.iter().zip(&*out).take(ROWS * width).all(same), "{name}: run and step differ");
        }
        for (place, peer) in peers.iter().enumerate() {
            let Some(peer) = peer.first() else { continue };
            keep(&mut best[2 + place], beside(peer, bars, out));
            if turn == 0 {
                wrong.extend(hold_against(name, CRATES[place], peer, ours, width, out));
            }
        }
    }
    let why = |peer: Option<&Peer>| match peer?.agrees {
        Agrees::Not(why) => Some(why),
        Agrees::Values | Agrees::Steps => None,
    };
    let fewer = |peer: Option<&Peer>| Some((peer?.outputs.len(), width)).filter(|(gives, all)| gives < all);
    let spec = name.parse::<Spec>().expect("a spec").to_string();
    let of = |i: usize| peers[i].first();
    Timed {
        spec,
        best,
        unlike: std::array::from_fn(|i| why(of(i))),
        fewer: std::array::from_fn(|i| fewer(of(i))),
        wrong,
    }
}

fn cell(ns: f64) -> String {
    if ns.is_finite() { format!("{ns:.1}") } else { "·".to_owned() }
}

fn cells(timed: &Timed) -> String {
    let mark = |i: usize| {
        let Some(i) = i.checked_sub(2) else { return String::new() };
        let fewer = timed.fewer[i].map(|(gives, all)| format!(" ({gives} of {all})"));
        format!("{}{}", if timed.unlike[i].is_some() { "*" } else { "" }, fewer.unwrap_or_default())
    };
    let cells = timed.best.iter().enumerate().map(|(i, &ns)| cell(ns) + &mark(i));
    cells.collect::<Vec<_>>().join(" | ")
}

fn ratio(a: f64, b: f64) -> String {
    if b.is_finite() { format!("{:.2}", a / b) } else { "·".to_owned() }
}

fn head(first: &str, more: &str) {
    println!("| {first} | `Lane::run` | `Lane::step` | {} | {more} |", CRATES.join(" | "));
    println!("|{}", "---|".repeat(2 + CONTESTANTS + more.matches('|').count()));
}

/// What reading each crate's bars and writing a number costs without an indicator.
fn nothing(runs: usize, bars: &Bars, out: &mut [f64]) {
    let mut best = [f64::INFINITY; 4];
    for _ in 0..runs {
        for (place, best) in best.iter_mut().enumerate() {
            // One loop each, so that none is called through a pointer for every bar.
            let start = ThreadTime::now();
            match place {
                0 => copy(out, |i| bars.close[i]),
                1 => copy(out, |i| bars.bars[i].close()),
                2 => copy(out, |i| bars.candles[i].close),
                _ => copy(out, |i| bars.ohlcv[i].close),
            }
            *best = best.min(start.elapsed().as_secs_f64() / ROWS as f64 * 1e9);
        }
    }
    let [column, bar, candle, ohlcv] = best;
    println!(
        "The close, copied: column {column:.1}, `Bar` {bar:.1}, candle {candle:.1}, ohlcv {ohlcv:.1} ns a bar.\n"
    );
}

fn copy(out: &mut [f64], of: impl Fn(usize) -> f64) {
    for (i, out) in (WARM..WARM + ROWS).zip(out) {
        *out = of(i);
    }
}

/// `run` of one spec and nothing else.
pub(crate) fn alone(runs: usize, spec: &str) {
    let bars = market();
    let mut out = vec![0.0; OUTPUTS * ROWS];
    let cuts = stretches(spec, &bars);
    let best = (0..runs).map(|_| run(spec, &bars, &cuts, &mut out)).fold(f64::INFINITY, f64::min);
    println!("{spec}: {:.1} ns a bar", best / ROWS as f64 * 1e9);
}

/// Prints both tables.
pub(crate) fn all(runs: usize) {
    let bars = market();
    let (mut out, mut ours) = (vec![0.0; OUTPUTS * ROWS], vec![0.0; OUTPUTS * ROWS]);
    nothing(runs, &bars, &mut out);
    let timed: Vec<Timed> =
        CATALOGUE.iter().map(|entry| time(runs, entry.name, &bars, &mut out, &mut ours)).collect();
    let find = |name: &str| CATALOGUE.iter().position(|entry| entry.name == name).map(|place| &timed[place]);

    head(&format!("ns a bar, best of {runs}"), "goal | run / fastest peer");
    let (mut sums, mut goals, mut fastest) = ([0.0; CONTESTANTS], 0.0, 0.0);
    for (name, goal) in GOALS {
        let Some(timed) = find(name) else {
            println!("| {name}: not in the catalogue |");
            continue;
        };
        println!(
            "| {} | {} | {goal:.1} | {} |",
            timed.spec,
            cells(timed),
            ratio(timed.best[0], timed.fastest_peer())
        );
        sums.iter_mut().zip(timed.best).for_each(|(sum, best)| *sum += best);
        (goals, fastest) = (goals + goal, fastest + timed.fastest_peer());
    }
    let all = sums.map(cell).join(" | ");
    println!("| sum | {all} | {goals:.1} | {} |", ratio(sums[0], fastest));
    println!("\nSum of run / sum of ta-lib: {}\n", ratio(sums[0], sums[2]));

    head(&format!("all {}: ns a bar, best of {runs}", timed.len()), "run / fastest peer");
    for timed in &timed {
        println!("| {} | {} | {} |", timed.spec, cells(timed), ratio(timed.best[0], timed.fastest_peer()));
    }
    println!("\n\\* something else of the same work:");
    for timed in &timed {
        for (krate, why) in CRATES.iter().zip(timed.unlike) {
            why.iter().for_each(|why| println!("{} of {krate}: {why}.", timed.spec));
        }
    }
    println!();
    let wrong: Vec<&String> = timed.iter().flat_map(|timed| &timed.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
