//! How far from exact every name of the catalogue is: after 10^7 bars, and once a print of 1e12 and one of 1e15 have left
//! the window; `ta-lib` beside it. It fails when a promise is broken.
//!
//! `cargo run --release --bin accuracy [BARS [SPEC]]` in `benches/`; BARS is rounded to stretches of 20,000.

use barloom_benches::Walk;
use barloom_benches::bars::Bars;
use barloom_benches::exact::{Before, Market, Series, bound, exact};
use barloom_benches::peers::{Agrees, Peer, Stream, peers};
use barloom_core::indicators::{CATALOGUE, Lane, NULL, Reset, Rows, Slot, Spec};
use barloom_core::{Bar, Record};

/// Bars that are computed together, the last of which the exact values are computed for.
const STRETCH: usize = 20_000;
const SESSION: usize = 1_000;
/// Bars that are held against the exact values.
const HELD: usize = 1_000;
/// The bar of the bad print closes a session, so that what is anchored is free of it from the next bar on.
const PRINT: usize = 3 * SESSION - 1;
const FIRST: Slot = Slot(0);
/// What stands beside the defaults.
const MORE: &[&str] = &[
    "efficiency_ratio:10,exact=true",
    "kama:10,2,30,exact=true",
    "stddev:20,sample=true",
    "variance:20,sample=true",
    "vwap:anchor=none",
];

/// Columns of outputs; NULL is no value.
type Columns = Vec<Vec<f64>>;

/// One spec, and what `ta-lib` has of it.
struct Contest {
    spec: String,
    lane: Box<dyn Lane>,
    peers: Vec<Peer>,
    streams: Vec<Option<Box<dyn Stream>>>,
}

impl Contest {
    fn new(spec: &str) -> Option<Self> {
        let lane = spec.parse::<Spec>().ok()?.lane();
        let [mut peers, ..] = peers(spec);
        peers.retain(|peer| !matches!(peer.agrees, Agrees::Not(_)));
        Some(Self { spec: spec.to_owned(), lane, streams: peers.iter().map(|_| None).collect(), peers })
    }

    /// Takes the next bars, of whole sessions, and gives the outputs: Barloom's and `ta-lib`'s.
    fn take(&mut self, bars: &Bars) -> (Columns, Columns) {
        let width = self.lane.outputs().len();
        let mut out = vec![NULL; bars.len() * width];
        for (i, rows) in out.chunks_mut(SESSION * width).enumerate() {
            self.lane.reset(FIRST, Reset::SessionStart);
            let from = i * SESSION;
            let bars = bars.columns.bars().rows(from..from + rows.len() / width);
            self.lane.run(FIRST, bars, Rows::new(rows, width));
        }
        let mut theirs = vec![vec![NULL; bars.len()]; width];
        for (peer, stream) in self.peers.iter().zip(&mut self.streams) {
            let outputs = peer.outputs.len();
            let from = if stream.is_none() { 2 * SESSION / 5 } else { 0 };
            let stream = stream.get_or_insert_with(|| peer.open(bars, from).expect("warm"));
            let mut out = vec![NULL; (bars.len() - from) * outputs];
            stream.run(bars, from..bars.len(), &mut out);
            for (place, &output) in peer.outputs.iter().enumerate() {
                let column = out.iter().skip(place).step_by(outputs);
                theirs[output][from..].iter_mut().zip(column).for_each(|(to, x)| *to = *x);
            }
        }
        let column = |i: usize| out.iter().skip(i).step_by(width).copied().collect();
        ((0..width).map(column).collect(), theirs)
    }
}

/// Errors of some rows.
#[derive(Default)]
struct Told {
    ours: f64,
    theirs: Option<f64>,
    /// The mean of each output's exact |value|.
    scales: Vec<f64>,
    /// The promise, and the first value that breaks it.
    promise: Option<(&'static str, Option<String>)>,
}

/// The largest error of a column in units of the value or, where that is smaller, of the scale.
fn error(have: &[f64], exact: &Series, rows: std::ops::Range<usize>, scale: f64) -> f64 {
    let of = |i: usize| {
        let (have, exact) = (have[i], exact[i]);
        match (have.is_nan(), exact.is_none()) {
            (true, true) => 0.0,
            (false, false) => (exact - have).abs().to_f64() / exact.to_f64().abs().max(scale).max(1e-300),
            _ => f64::INFINITY,
        }
    };
    rows.map(of).fold(0.0, f64::max)
}

fn hold(contest: &mut Contest, bars: &Bars, market: &Market, from: usize, scales: Option<&[f64]>) -> Told {
    let (ours, theirs) = contest.take(bars);
    let exact = exact(&contest.spec, market);
    assert_eq!(exact.len(), ours.len(), "{}: outputs", contest.spec);
    let rows = from..(from + HELD).min(bars.len());
    let mean = |x: &Series| {
        let values = x[rows.clone()].iter().filter(|x| !x.is_none());
        let (sum, count) = values.fold((0.0, 0), |(sum, n), x| (sum + x.to_f64().abs(), n + 1));
        sum / f64::from(count.max(1))
    };
    let scales = scales.map_or_else(|| exact.iter().map(mean).collect(), <[f64]>::to_vec);
    let errors = |have: &Columns| -> f64 {
        let given = have.iter().zip(&exact).zip(&scales).filter(|((have, _), _)| !have[rows.start].is_nan());
        given.map(|((have, exact), &scale)| error(have, exact, rows.clone(), scale)).fold(0.0, f64::max)
    };
    let every = ours.iter().zip(&exact).zip(&scales);
    let own =
        every.map(|((have, exact), &scale)| error(have, exact, rows.clone(), scale)).fold(0.0, f64::max);
    let promise = bound(&contest.spec, market, &exact).map(|bound| {
        let mut broken = None;
        for (output, of) in bound.of.iter().enumerate() {
            for i in rows.clone() {
                let (Some(of), false) = (of, exact[output][i].is_none()) else { continue };
                let off = (exact[output][i] - ours[output][i]).abs();
                if off > of[i] && broken.is_none() {
                    let [off, of] = [off, of[i]].map(|x| x.to_f64());
                    broken = Some(format!(
                        "{} output {output} row {i}: {off:e} off, promised {of:e}",
                        contest.spec
                    ));
                }
            }
        }
        (bound.label, broken)
    });
    let theirs = (!contest.peers.is_empty()).then(|| errors(&theirs));
    Told { ours: own, theirs, scales, promise }
}

fn contests(only: Option<&str>) -> Vec<Contest> {
    let names = CATALOGUE.iter().map(|entry| entry.name).chain(MORE.iter().copied());
    names.filter(|name| only.is_none_or(|only| only == *name)).filter_map(Contest::new).collect()
}

/// After so many bars.
fn after_many(contests: &mut [Contest], count: usize) -> Vec<Told> {
    let (mut walk, mut before) = (Walk::new(1), Before::default());
    let stretches = count.div_ceil(STRETCH).max(2);
    for stretch in 1..=stretches {
        let bars = Bars::new((0..STRETCH).map(|_| walk.next()).collect());
        if stretch < stretches {
            contests.iter_mut().for_each(|contest| drop(contest.take(&bars)));
            bars.bars.iter().for_each(|bar| before.take(bar));
            continue;
        }
        let market = Market::new(&bars.bars, SESSION, before);
        let hold = |contest| hold(contest, &bars, &market, STRETCH - HELD, None);
        return contests.iter_mut().map(hold).collect();
    }
    Vec::new()
}

/// The first row on which every output has a value that bars before have no part in.
fn reach(contest: &Contest, bars: &Bars) -> usize {
    let mut lane = contest.lane.fresh();
    let width = lane.outputs().len();
    let mut out = vec![NULL; PRINT * width];
    let session = |i: usize| bars.columns.bars().rows(i..i + 1);
    for (i, out) in out.chunks_mut(width).enumerate() {
        if i.is_multiple_of(SESSION) {
            lane.reset(FIRST, Reset::SessionStart);
        }
        lane.run(FIRST, session(i), Rows::new(out, width));
    }
    let first = lane.warm_up().first as usize;
    let whole = out.chunks(width).position(|row| row.iter().all(|x| !x.is_nan()));
    // What is anchored starts over with the bar after the print.
    if contest.spec == "pivot_points" { 0 } else { whole.unwrap_or(first).max(first) }
}

/// Once a bar with that high, close and volume has left the window.
fn after_print(contests: &mut [Contest], print: f64, clean: &[Told]) -> Vec<Told> {
    let mut walk = Walk::new(2);
    let at = |i: usize, record: Record| {
        let time = barloom_core::Timestamp::from_nanos((i as i64 + 1) * barloom_benches::MINUTE);
        let record = match i {
            PRINT => Record { high: print, close: print, volume: Some(print), ..record },
            _ => record,
        };
        Bar::new(time, &record).expect("a sound bar")
    };
    let bars = Bars::new((0..6 * SESSION).map(|i| at(i, walk.next_record())).collect());
    let market = Market::new(&bars.bars, SESSION, Before::default());
    let hold = |(contest, clean): (&mut Contest, &Told)| {
        // Swings have a value now and then: the window is as long as their first.
        let from = PRINT + 1 + reach(contest, &bars).min(200);
        hold(contest, &bars, &market, from, Some(&clean.scales))
    };
    contests.iter_mut().zip(clean).map(hold).collect()
}

/// What the exact value after many bars is computed from, in 106 bits; after a print it is everything.
fn reference(contest: &Contest) -> &'static str {
    let warm_up = contest.lane.warm_up();
    match contest.spec.as_str() {
        "ad" | "adosc" | "obv" | "pvt" | "vwap:anchor=none" => "all",
        "ichimoku" => "window",
        _ if warm_up.settled == Some(warm_up.first) => "window",
        // What is older has a part below 2⁻¹⁰⁶ in an average; a path has turned many times.
        _ => "20,000",
    }
}

fn cell(error: f64) -> String {
    if error == 0.0 { "0".to_owned() } else { format!("{error:.1e}") }
}

fn main() {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let only = std::env::args().nth(2);
    let of = || contests(only.as_deref());
    let clean = after_many(&mut of(), count);
    let [small, large] = [1e12, 1e15].map(|print| after_print(&mut of(), print, &clean));
    println!(
        "| largest error after | exact from | {count} bars | 1e12 | 1e15 | ta-lib: bars | 1e12 | 1e15 | promised | held |"
    );
    println!("|{}", "---|".repeat(10));
    let mut broken = Vec::new();
    for (((contest, clean), small), large) in of().iter().zip(&clean).zip(&small).zip(&large) {
        let all = [clean, small, large];
        let own = all.map(|told| cell(told.ours)).join(" | ");
        let peer = all.map(|told| told.theirs.map_or_else(|| "·".to_owned(), cell)).join(" | ");
        let breaks: Vec<&String> = all.iter().filter_map(|told| told.promise.as_ref()?.1.as_ref()).collect();
        let promise = clean.promise.as_ref().map_or("·", |promise| promise.0);
        let held = match (&clean.promise, breaks.is_empty()) {
            (None, _) => "·",
            (_, true) => "yes",
            _ => "**no**",
        };
        println!("| {} | {} | {own} | {peer} | {promise} | {held} |", contest.spec, reference(contest));
        broken.extend(breaks.into_iter().cloned());
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
