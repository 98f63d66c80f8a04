//! The accuracy that is promised, by name, whatever came before: window means within n·2⁻⁵³·Σ|x|/n of exact, σ within 1e-12
//! of itself, and no window that tells a bad print from none once it has left. Prices are multiples of 2⁻¹⁰, so that sums
//! and sums of squares are exact integers. `benches/src/bin/accuracy.rs` measures the same over 10^7 bars.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use barloom_core::indicators::{CATALOGUE, NULL, Slot, Spec};
use barloom_core::{Bar, Label, Record, Timestamp};

/// Units of a price.
const UNITS: i128 = 1 << 10;
const UNIT: f64 = UNITS as f64;
const PRINTS: [i128; 2] = [1_000_000_000_000, 1_000_000_000_000_000];
/// The bar whose high, close and volume are the bad print.
const PRINT: usize = 150;
const BARS: usize = 400;

/// A bar in units; its volume is whole.
#[derive(Debug, Clone, Copy)]
struct Ticks {
    open: i128,
    high: i128,
    low: i128,
    close: i128,
    volume: i128,
}

fn market(print: i128) -> Vec<Ticks> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i128::from((state >> 11) % below)
    };
    let mut close = 100 * UNITS;
    let mut next = |i: usize| {
        let open = close + draw(101) - 50;
        close = (open + draw(401) - 200).max(UNITS);
        let high = open.max(close) + draw(80);
        let low = (open.min(close) - draw(80)).max(1);
        let volume = draw(1000) + 1;
        match i {
            PRINT => Ticks { open, high: print * UNITS, low, close: print * UNITS, volume: print },
            _ => Ticks { open, high, low, close, volume },
        }
    };
    (0..BARS).map(&mut next).collect()
}

fn bar(i: usize, ticks: &Ticks) -> Bar {
    let at = Timestamp::from_nanos((i as i64 + 1) * 60_000_000_000);
    let price = |units: i128| units as f64 / UNIT;
    let record = Record {
        label: Label::Open(at),
        open: price(ticks.open),
        high: price(ticks.high),
        low: price(ticks.low),
        close: price(ticks.close),
        volume: Some(ticks.volume as f64),
        vwap: None,
        trade_count: None,
    };
    Bar::new(at, &record).unwrap()
}

/// The outputs of a new lane, bar by bar.
fn outputs(spec: &str, bars: impl Iterator<Item = Bar>) -> Vec<Vec<f64>> {
    let mut lane = spec.parse::<Spec>().unwrap().lane();
    let mut out = vec![NULL; lane.outputs().len()];
    bars.map(|bar| {
        lane.step(Slot(0), &bar, &mut out);
        out.clone()
    })
    .collect()
}

fn bars(ticks: &[Ticks]) -> impl Iterator<Item = Bar> + '_ {
    ticks.iter().enumerate().map(|(i, ticks)| bar(i, ticks))
}

/// |value − sum/of|: the value's 53 bits and the sum, both in units of its last bit.
fn distance(value: f64, sum: i128, of: i128) -> f64 {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7FF) as i32 - 1075;
    if exponent < -120 {
        return sum as f64 / of as f64;
    }
    let mantissa = i128::from((bits & 0xF_FFFF_FFFF_FFFF) | 0x10_0000_0000_0000);
    let mantissa = if value < 0.0 { -mantissa } else { mantissa };
    // Both sides times 2^-exponent where that is whole.
    let (left, right) =
        if exponent < 0 { (mantissa * of, sum << -exponent) } else { ((mantissa * of) << exponent, sum) };
    let scale = libm::ldexp(1.0, exponent.min(0));
    (left - right).abs() as f64 * scale / of as f64
}

/// A window mean: spec, output, the weights from oldest to newest, and what it is of in units, which may need the bar
/// before; `per` units are 1.
struct Mean {
    spec: &'static str,
    output: usize,
    weights: Vec<i128>,
    of: fn(&[Ticks], usize) -> i128,
    per: i128,
}

fn means() -> Vec<Mean> {
    let flat = |n: usize| vec![1; n];
    let mean = |spec, weights, of, per| Mean { spec, output: 0, weights, of, per };
    let close: fn(&[Ticks], usize) -> i128 = |t, i| t[i].close;
    let volume: fn(&[Ticks], usize) -> i128 = |t, i| t[i].volume;
    // Means of 10 over 11 bars: how often each of the 20 is in.
    let trima = (0..20_i128).map(|i| (i + 1).min(20 - i)).collect();
    vec![
        mean("sma:20", flat(20), close, UNITS),
        mean("sma:7,source=hl2", flat(7), |t, i| t[i].high + t[i].low, 2 * UNITS),
        mean(
            "sma:50,source=ohlc4",
            flat(50),
            |t, i| t[i].open + t[i].high + t[i].low + t[i].close,
            4 * UNITS,
        ),
        mean("wma:20", (1..=20).collect(), close, UNITS),
        mean("trima:20", trima, close, UNITS),
        mean("volume_sma:20", flat(20), volume, 1),
        mean("avg_volume:20", flat(20), volume, 1),
        mean("avg_range:10", flat(10), |t, i| t[i].high - t[i].low, UNITS),
        mean("gap_stats:30", flat(30), |t, i| if i == 0 { 0 } else { t[i].open - t[i - 1].close }, UNITS),
        Mean { output: 1, ..mean("bbands:20", flat(20), close, UNITS) },
    ]
}

#[test]
fn window_means_are_within_the_bound_of_n_additions() {
    for (print, mean) in
        PRINTS.into_iter().flat_map(|print| means().into_iter().map(move |mean| (print, mean)))
    {
        let ticks = market(print);
        let n = mean.weights.len();
        for (row, out) in outputs(mean.spec, bars(&ticks)).iter().enumerate().skip(n) {
            let window = row + 1 - n..=row;
            let values = || window.clone().map(|i| (mean.of)(&ticks, i)).zip(&mean.weights);
            let sum: i128 = values().map(|(x, weight)| x * weight).sum();
            let sizes: i128 = values().map(|(x, weight)| x.abs() * weight).sum();
            let all = mean.weights.iter().sum::<i128>() * mean.per;
            // n additions, the division and the price itself.
            let bound = (n as f64 + 1.0) * (f64::EPSILON / 2.0) * (sizes as f64 / all as f64);
            let off = distance(out[mean.output], sum, all);
            assert!(off <= bound, "{} row {row} after {print}: {off:e} off, promised {bound:e}", mean.spec);
        }
    }
}

/// σ² of the closes of the last n bars up to a row, over n − `less`.
fn variance(ticks: &[Ticks], row: usize, n: usize, less: i128) -> f64 {
    let closes = || ticks[row + 1 - n..=row].iter().map(|t| t.close);
    let (sum, squares) = (closes().sum::<i128>(), closes().map(|x| x * x).sum::<i128>());
    let n = n as i128;
    // n·Σx² − (Σx)² is n²·σ² of the population.
    (n * squares - sum * sum) as f64 / ((n * (n - less)) as f64 * UNIT * UNIT)
}

#[test]
fn sigmas_are_within_1e_12_of_themselves() {
    for print in PRINTS {
        let ticks = market(print);
        let of = |spec: &str| outputs(spec, bars(&ticks));
        for n in [2, 20, 33] {
            let [population, sample, squared, squared_sample, bands] = [
                of(&format!("stddev:{n}")),
                of(&format!("stddev:{n},sample=true")),
                of(&format!("variance:{n}")),
                of(&format!("variance:{n},sample=true")),
                of(&format!("bbands:{n},2")),
            ];
            for row in (n - 1..BARS).filter(|&row| row < PRINT || row >= PRINT + n) {
                let (exact, exact_sample) = (variance(&ticks, row, n, 0), variance(&ticks, row, n, 1));
                let told = |what: &str| format!("{what} of {n} row {row} after {print}");
                let near = |have: f64, exact: f64, what: &str| {
                    assert!((have - exact).abs() <= 1e-12 * exact, "{}: {have}, not {exact}", told(what));
                };
                near(population[row][0], exact.sqrt(), "σ");
                near(sample[row][0], exact_sample.sqrt(), "sample's σ");
                near(squared[row][0], exact, "σ²");
                near(squared_sample[row][0], exact_sample, "sample's σ²");
                // The bands are rounded at the size of the mean.
                let [upper, middle, lower] = [0, 1, 2].map(|i| bands[row][i]);
                let width = 2.0 * exact.sqrt();
                for half in [upper - middle, middle - lower] {
                    let off = (half - width).abs();
                    assert!(
                        off <= 1e-12 * width + f64::EPSILON * middle.abs(),
                        "{}: {off:e} off",
                        told("band")
                    );
                }
            }
        }
    }
}

/// Windows whose page says that something stays.
const REMEMBERS: &[&str] = &["efficiency_ratio"];

#[test]
fn a_window_can_not_tell_a_print_that_has_left_from_none() {
    let mut checked = 0;
    for entry in CATALOGUE {
        let warm_up = entry.name.parse::<Spec>().unwrap().lane().warm_up();
        let is_window = warm_up.settled == Some(warm_up.first) && !REMEMBERS.contains(&entry.name);
        let reach = warm_up.first as usize;
        if !is_window || reach == 0 {
            continue;
        }
        checked += 1;
        for ticks in PRINTS.map(market) {
            let all = outputs(entry.name, bars(&ticks));
            for row in (PRINT + 1 + reach..BARS).step_by(7) {
                let fresh = outputs(entry.name, bars(&ticks[row - reach..=row]));
                for (have, want) in all[row].iter().zip(&fresh[reach]) {
                    // Percent that are averaged by running sums, and logarithms near 0, are off by bits of their scale.
                    let near = (have - want).abs() <= 1e-11 * want.abs().max(0.01);
                    assert!(
                        near || have.is_nan() && want.is_nan(),
                        "{} row {row}: {have}, not {want}",
                        entry.name
                    );
                }
            }
        }
    }
    assert!(checked > 30, "{checked}");
}
