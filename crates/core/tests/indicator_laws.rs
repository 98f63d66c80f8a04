//! The laws of DESIGN §4 for every name of the catalogue, over ranges of parameters and sources: an indicator is held to
//! them the moment it is added.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use barloom_core::indicators::{CATALOGUE, Entry, Kind, Lane, NULL, Reset, Rows, Slot, Spec};
use barloom_core::snapshot::{Bytes, Read};
use barloom_core::{Bar, BarColumns, Label, Record, Timestamp};

const MINUTE: i64 = 60_000_000_000;
const FIRST: Slot = Slot(0);
/// Bars a session.
const SESSION: usize = 97;

/// A seeded market with all that makes indicators stumble: a walk, flat stretches, no volume, one-tick noise, a trend.
fn market(count: usize, seed: u64) -> Vec<Bar> {
    market_of(count, seed, &[0, 1, 2, 3, 4, 5])
}

/// A market of these kinds, an hour each.
fn market_of(count: usize, seed: u64, kinds: &[usize]) -> Vec<Bar> {
    let (mut state, mut price) = (seed, 100.0_f64);
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 10_000) as f64 / 10_000.0
    };
    (0..count)
        .map(|i| {
            let (open, kind) = (price, kinds[(i / 60) % kinds.len()]);
            let (step, volume) = match kind {
                1 => (0.0, 100.0),
                2 => (random() - 0.5, 0.0),
                3 => (0.0, 0.0),
                4 => (if i % 2 == 0 { 0.01 } else { -0.01 }, 50.0 + (i % 7) as f64),
                5 => (0.3, 7.0 + (i % 3) as f64),
                _ => (random() - 0.5, 1.0 + (random() * 1000.0).floor()),
            };
            price = (price + step).max(1.0);
            let (up, down) =
                if kind == 1 || kind == 3 { (0.0, 0.0) } else { (random() * 0.2, random() * 0.2) };
            bar(i, open, open.max(price) + up, open.min(price) - down, price, Some(volume))
        })
        .collect()
}

fn bar(i: usize, open: f64, high: f64, low: f64, close: f64, volume: Option<f64>) -> Bar {
    let time = Timestamp::from_nanos(1_700_000_040_000_000_000 / MINUTE * MINUTE + i as i64 * MINUTE);
    let record =
        Record { label: Label::Open(time), open, high, low, close, volume, vwap: None, trade_count: None };
    Bar::new(time, &record).unwrap()
}

/// Specs of an entry: its defaults, and every parameter varied.
fn specs(entry: &Entry) -> Vec<Spec> {
    let mut texts = vec![entry.name.to_owned()];
    for param in entry.params {
        let values: Vec<String> = match param.kind {
            Kind::Count { least, .. } => [least, least + 1, 5, 23].map(|n| n.to_string()).to_vec(),
            Kind::Real { least, most } => vec![least.to_string(), ((least + most) / 2.0).to_string()],
            Kind::Word(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Kind::Flag => vec!["true".to_owned()],
            Kind::Source => ["open", "volume", "hl2", "hlc3", "ohlc4", "hlcc4"].map(str::to_owned).to_vec(),
        };
        texts.extend(values.into_iter().map(|value| format!("{}:{}={value}", entry.name, param.name)));
    }
    // A value that contradicts another parameter's default names no indicator.
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Feeds bars one by one, sessions entered as they begin; gives every output, bar by bar.
fn stepped(lane: &mut dyn Lane, bars: &[Bar], from: usize) -> Vec<u64> {
    let mut out = vec![NULL; lane.outputs().len()];
    let mut all = Vec::new();
    for (i, bar) in bars.iter().enumerate() {
        if (from + i).is_multiple_of(SESSION) {
            lane.reset(FIRST, Reset::SessionStart);
        }
        lane.step(FIRST, bar, &mut out);
        all.extend(out.iter().map(|value| value.to_bits()));
    }
    all
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Runs a law over every spec of the catalogue; what it says of those that break it is the failure.
fn hold(law: impl Fn(&Spec) -> Result<(), String>) {
    let mut broken = Vec::new();
    for entry in CATALOGUE {
        for spec in specs(entry) {
            broken.extend(law(&spec).err().map(|how| format!("{spec}: {how}")));
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_name_is_covered() {
    let names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for entry in CATALOGUE {
        assert!(!specs(entry).is_empty(), "{}", entry.name);
    }
    let count: usize = CATALOGUE.iter().map(|entry| specs(entry).len()).sum();
    println!("{} names, {count} specs", names.len());
}

#[test]
fn a_canonical_name_is_one_to_one_with_its_parameters() {
    let mut seen = std::collections::BTreeSet::new();
    for entry in CATALOGUE {
        let mut names: Vec<String> = specs(entry).iter().map(Spec::to_string).collect();
        // The defaults may be spelled out among the variations.
        names.sort();
        names.dedup();
        for name in names {
            assert!(seen.insert(name.clone()), "{name} stands for two indicators");
        }
    }
}

#[test]
fn step_run_and_sweep_give_equal_bits() {
    let bars = market(400, 7);
    let columns: BarColumns = bars.iter().collect();
    hold(|spec| {
        let width = spec.entry().outputs.len();
        let mut lane = spec.lane();
        lane.resize(3);
        let mut out = vec![NULL; bars.len() * width];
        // In pieces, one of them a step, as history is loaded and goes on live.
        let (first, second) = out.split_at_mut(171 * width);
        lane.run(Slot(1), columns.bars().rows(0..170), Rows::new(&mut first[..170 * width], width));
        lane.step(Slot(1), &bars[170], &mut first[170 * width..]);
        lane.run(Slot(1), columns.bars().rows(171..bars.len()), Rows::new(second, width));
        let run = bits(&out);
        let mut step = Vec::new();
        let mut one = vec![NULL; width];
        for bar in &bars {
            lane.step(FIRST, bar, &mut one);
            step.extend(bits(&one));
        }
        let mut sweep = Vec::new();
        for i in 0..bars.len() {
            lane.sweep(&[Slot(2)], columns.bars().rows(i..i + 1), Rows::new(&mut one, width));
            sweep.extend(bits(&one));
        }
        if step != run {
            return Err("run differs from step".to_owned());
        }
        if step != sweep {
            return Err("sweep differs from step".to_owned());
        }
        Ok(())
    });
}

#[test]
fn peek_is_what_update_would_give_and_changes_nothing() {
    let bars = market(400, 11);
    hold(|spec| {
        let (mut lane, mut calm) = (spec.lane(), spec.lane());
        let width = spec.entry().outputs.len();
        let (mut peeked, mut updated, mut other) = (vec![NULL; width], vec![NULL; width], vec![NULL; width]);
        for (i, bar) in bars.iter().enumerate() {
            if i.is_multiple_of(SESSION) {
                lane.reset(FIRST, Reset::SessionStart);
                calm.reset(FIRST, Reset::SessionStart);
            }
            lane.peek(FIRST, &bars[(i + 9) % bars.len()], &mut other);
            lane.peek(FIRST, bar, &mut peeked);
            lane.step(FIRST, bar, &mut updated);
            if bits(&peeked) != bits(&updated) {
                return Err(format!("row {i}: peek {peeked:?}, update {updated:?}"));
            }
            calm.step(FIRST, bar, &mut other);
            if bits(&other) != bits(&updated) {
                return Err(format!("row {i}: a peek changed {other:?} to {updated:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn saving_and_restoring_at_any_point_continues_bit_for_bit() {
    let bars = market(260, 13);
    hold(|spec| {
        let whole = stepped(&mut *spec.lane(), &bars, 0);
        let width = spec.entry().outputs.len();
        for cut in (0..bars.len()).step_by(17) {
            let mut lane = spec.lane();
            stepped(&mut *lane, &bars[..cut], 0);
            let mut bytes = Bytes::new();
            lane.save(FIRST, &mut bytes).map_err(|error| error.to_string())?;
            let mut again = spec.lane();
            let mut read = Read::new(bytes.as_slice());
            again.restore(FIRST, &mut read).map_err(|error| error.to_string())?;
            if read.left() != 0 {
                return Err(format!("{} bytes are left over", read.left()));
            }
            if stepped(&mut *again, &bars[cut..], cut) != whole[cut * width..] {
                return Err(format!("restored at row {cut}, it goes on otherwise"));
            }
            for short in 0..bytes.as_slice().len() {
                if spec.lane().restore(FIRST, &mut Read::new(&bytes.as_slice()[..short])).is_ok() {
                    return Err(format!("{short} of {} bytes restore", bytes.as_slice().len()));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn reset_is_as_new() {
    let bars = market(300, 17);
    hold(|spec| {
        let new = stepped(&mut *spec.lane(), &bars, 0);
        let mut lane = spec.lane();
        stepped(&mut *lane, &market(123, 5), 0);
        lane.reset(FIRST, Reset::Start);
        if stepped(&mut *lane, &bars, 0) == new {
            Ok(())
        } else {
            Err("a reset leaves something behind".to_owned())
        }
    });
}

#[test]
fn values_begin_at_first_and_stay() {
    let bars = market(600, 19);
    hold(|spec| {
        let (mut lane, width) = (spec.lane(), spec.entry().outputs.len());
        let first = lane.warm_up().first as usize;
        let all = stepped(&mut *lane, &bars, 0);
        let mut has_begun = false;
        for (i, row) in all.chunks(width).enumerate() {
            let values = row.iter().filter(|bits| !f64::from_bits(**bits).is_nan()).count();
            if row.iter().any(|&b| f64::from_bits(b).is_nan() && b != NULL.to_bits()) {
                return Err(format!("row {i}: a NaN that is not the null"));
            }
            if row.iter().any(|&b| f64::from_bits(b).is_infinite()) {
                return Err(format!("row {i}: an infinite value"));
            }
            has_begun |= values > 0;
            if i < first && values > 0 {
                return Err(format!("a value at row {i}, before first {first}"));
            }
            if i == first && values == 0 && !spec.entry().has_gaps {
                return Err(format!("no value at first {first}"));
            }
            if i > first
                && values < width
                && !spec.entry().has_gaps
                && i >= lane.warm_up().settled.map_or(first, |s| s as usize)
            {
                return Err(format!("row {i}: {values} of {width} values"));
            }
        }
        if has_begun { Ok(()) } else { Err("it never has a value".to_owned()) }
    });
}

#[test]
fn from_settled_on_the_start_is_not_felt() {
    // Not flat: where nothing moves, a ratio of two fading averages keeps what it was, however small both are.
    let bars = market_of(2200, 23, &[0, 5, 0, 4]);
    hold(|spec| {
        let Some(settled) = spec.lane().warm_up().settled else { return Ok(()) };
        let (late, width) = (SESSION * 2, spec.entry().outputs.len());
        if settled as usize + late >= bars.len() {
            return Ok(());
        }
        let whole = stepped(&mut *spec.lane(), &bars, 0);
        let later = stepped(&mut *spec.lane(), &bars[late..], late);
        for output in 0..width {
            let column = |all: &[u64], from: usize| -> Vec<f64> {
                all.chunks(width).skip(from).map(|row| f64::from_bits(row[output])).collect()
            };
            let (a, b) = (column(&whole, late + settled as usize), column(&later, settled as usize));
            let scale = a.iter().filter(|x| !x.is_nan()).map(|x| x.abs()).fold(1e-12, f64::max);
            for (i, (a, b)) in a.iter().zip(&b).enumerate() {
                if a.is_nan() != b.is_nan() || (a - b).abs() > 1e-6 * scale {
                    return Err(format!(
                        "output {output}, {i} rows after settled {settled}: {a} from the start, {b} later"
                    ));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_missing_volume_gives_nothing_and_changes_nothing() {
    let bars = market(400, 29);
    hold(|spec| {
        if !spec.needs_volume() {
            return Ok(());
        }
        let width = spec.entry().outputs.len();
        let (mut lane, mut clean, mut a, mut b) =
            (spec.lane(), spec.lane(), vec![NULL; width], vec![NULL; width]);
        for (i, bar) in bars.iter().enumerate() {
            if i % 7 == 3 {
                let hole = bar_without_volume(bar);
                lane.peek(FIRST, &hole, &mut a);
                if a.iter().any(|x| x.to_bits() != NULL.to_bits()) {
                    return Err(format!("row {i}: {a:?} of a peek at a bar without volume"));
                }
                lane.step(FIRST, &hole, &mut a);
                if a.iter().any(|x| !x.is_nan()) {
                    return Err(format!("row {i}: {a:?} of a bar without volume"));
                }
            }
            lane.step(FIRST, bar, &mut a);
            clean.step(FIRST, bar, &mut b);
            if bits(&a) != bits(&b) {
                return Err(format!("row {i}: a bar without volume left {a:?} for {b:?}"));
            }
        }
        Ok(())
    });
}

fn bar_without_volume(of: &Bar) -> Bar {
    let record = Record {
        label: Label::Open(of.open_time()),
        open: of.open(),
        high: of.high() + 50.0,
        low: of.low() - 50.0,
        close: of.close(),
        volume: None,
        vwap: None,
        trade_count: None,
    };
    Bar::new(of.open_time(), &record).unwrap()
}
