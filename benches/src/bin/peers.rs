//! How the peers' values differ from Barloom's on the fixtures of the goldens: the first row of each output, the largest
//! difference, and where the first one is. What `peers` of a catalogue entry says comes from here.
//!
//! `cargo run --release --bin peers [NAME]` in `benches/`. The awkward fixture is in the repository; the real one is not,
//! and is passed over where it is missing.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use barloom_benches::bars::Bars;
use barloom_benches::peers::{CRATES, Peer, peers};
use barloom_core::indicators::{CATALOGUE, NULL, Reset, Slot, Spec};
use barloom_core::{Bar, Label, Record, Timestamp};

const MORE: &[&str] = &["vwap:anchor=none", "efficiency_ratio:10,exact=true", "kama:10,2,30,exact=true"];
const DAY: i64 = 86_400_000_000_000;

fn fixture(folder: &Path) -> Option<Bars> {
    let file = std::fs::File::open(folder.join("bars.csv.gz")).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("text");
    let bar = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let time = cells[0].replace(' ', "T");
        let time = if time.ends_with('Z') { time } else { format!("{time}Z") };
        let at: Timestamp = time.parse().expect("a time");
        let value = |i: usize| cells[i].parse::<f64>().expect("a number");
        let [open, high, low, close] = [1, 2, 3, 4].map(value);
        let label = Label::Open(at);
        let volume = Some(value(5));
        Bar::new(at, &Record { label, open, high, low, close, volume, vwap: None, trade_count: None })
            .expect("a sound bar")
    };
    Some(Bars::new(text.lines().skip(1).map(bar).collect()))
}

fn ours(spec: &str, bars: &[Bar]) -> Vec<Vec<f64>> {
    let mut lane = spec.parse::<Spec>().expect("a spec").lane();
    let day = |bar: &Bar| bar.open_time().as_nanos().div_euclid(DAY);
    let mut columns = vec![Vec::new(); lane.outputs().len()];
    let mut out = vec![NULL; columns.len()];
    for (i, bar) in bars.iter().enumerate() {
        if i == 0 || day(bar) != day(&bars[i - 1]) {
            lane.reset(Slot(0), Reset::SessionStart);
        }
        lane.step(Slot(0), bar, &mut out);
        columns.iter_mut().zip(&out).for_each(|(column, &x)| column.push(x));
    }
    columns
}

/// A peer's outputs; the first value of one that opens on history is the one after it.
fn theirs(peer: &Peer, bars: &Bars) -> (usize, Vec<Vec<f64>>) {
    let (from, mut stream) =
        (0..bars.len()).find_map(|row| Some((row, peer.open(bars, row)?))).expect("enough bars");
    let width = peer.outputs.len();
    let mut out = vec![NULL; (bars.len() - from) * width];
    stream.run(bars, from..bars.len(), &mut out);
    let column = |place: usize| {
        std::iter::repeat_n(NULL, from).chain(out.iter().skip(place).step_by(width).copied()).collect()
    };
    (from, (0..width).map(column).collect())
}

fn first(column: &[f64]) -> Option<usize> {
    column.iter().position(|x| !x.is_nan())
}

/// What is to be told of two columns from where both have begun: differences in units of the largest value of the last 40
/// rows, absolute ones where that is 0.
fn compared(ours: &[f64], theirs: &[f64], from: usize) -> String {
    let scale = |row: usize| ours[row.saturating_sub(40)..=row].iter().filter(|x| !x.is_nan());
    let difference = |row: usize| match (ours[row].is_nan(), theirs[row].is_nan()) {
        (true, true) => 0.0,
        (false, false) => {
            let scale = scale(row).fold(0.0, |scale: f64, x| scale.max(x.abs()));
            (ours[row] - theirs[row]).abs() / if scale > 0.0 { scale } else { 1.0 }
        }
        _ => f64::INFINITY,
    };
    let rows: Vec<(usize, f64)> = (from..ours.len()).map(|row| (row, difference(row))).collect();
    let Some(largest) = rows.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return "·".to_owned() };
    let off: Vec<usize> = rows.iter().filter(|(_, off)| *off > 1e-9).map(|(row, _)| *row).collect();
    let Some(&row) = off.first() else { return format!("{:.0e}", largest.1) };
    format!(
        "{:.0e} at {}; {} rows beyond 1e-9 in {row} … {}, the first {} for {}",
        largest.1,
        largest.0,
        off.len(),
        off[off.len() - 1],
        theirs[row],
        ours[row]
    )
}

fn main() {
    let only = std::env::args().nth(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders: [(&str, PathBuf); 2] = [
        ("real", root.join("../shared/goldens/indicators/real")),
        ("awkward", root.join("testdata/indicators/awkward")),
    ];
    let fixtures: Vec<(&str, Bars)> =
        folders.iter().filter_map(|(name, folder)| Some((*name, fixture(folder)?))).collect();
    println!(
        "| output | crate | first | theirs | {} |",
        fixtures.iter().map(|f| f.0).collect::<Vec<_>>().join(" | ")
    );
    println!("|---|---|---|---|{}", "---|".repeat(fixtures.len()));
    let names = CATALOGUE.iter().map(|entry| entry.name).chain(MORE.iter().copied());
    for name in names.filter(|name| only.as_ref().is_none_or(|only| only == name)) {
        let spec: Spec = name.parse().expect("a spec");
        let ours: Vec<Vec<Vec<f64>>> = fixtures.iter().map(|(_, bars)| ours(name, &bars.bars)).collect();
        for (krate, peers) in CRATES.iter().zip(peers(name)) {
            for peer in peers {
                let all: Vec<(usize, Vec<Vec<f64>>)> =
                    fixtures.iter().map(|(_, bars)| theirs(&peer, bars)).collect();
                for (place, &output) in peer.outputs.iter().enumerate() {
                    let row = |x: Option<usize>| x.map_or("none".to_owned(), |x| x.to_string());
                    let (opened, columns) = &all[0];
                    let begun = if *opened > 0 { Some(opened - 1) } else { first(&columns[place]) };
                    let cells = ours.iter().zip(&all).map(|(ours, (_, theirs))| {
                        let (ours, theirs) = (&ours[output], &theirs[place]);
                        let from = first(ours).zip(first(theirs)).map_or(ours.len(), |(a, b)| a.max(b));
                        compared(ours, theirs, from)
                    });
                    let cells = cells.collect::<Vec<_>>().join(" | ");
                    let column = &spec.columns()[output];
                    println!(
                        "| {column} | {krate} | {} | {} | {cells} |",
                        row(first(&ours[0][output])),
                        row(begun)
                    );
                }
            }
        }
    }
}
