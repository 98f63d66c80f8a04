//! The catalogue against outside authorities: exact sums, TA-Lib 0.8 and explicit formulas, computed by the generator
//! that the fixtures come with. A row is the value after its bar closed; an empty cell is no value.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_types, reason = "fixtures are files")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use barloom_core::indicators::{NULL, Reset, Slot, Spec};
use barloom_core::{Bar, Label, Record, Timestamp};

/// Golden file, spec, and for each output the file's column.
type Golden = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const GOLDENS: &[Golden] = &[
    ("sma", "sma:20", &[("", "sma")]),
    ("ema", "ema:20", &[("", "ema")]),
    ("wma", "wma:20", &[("", "wma")]),
    ("dema", "dema:20", &[("", "dema")]),
    ("tema", "tema:20", &[("", "tema")]),
    ("hma", "hma:16", &[("", "hma")]),
    ("rsi", "rsi:14", &[("", "rsi")]),
    ("cci", "cci:20", &[("", "cci")]),
    ("williams_r", "williams_r:14", &[("", "williams_r")]),
    ("roc", "roc:10", &[("", "roc")]),
    ("momentum", "momentum:10", &[("", "momentum")]),
    ("mfi", "mfi:14", &[("", "mfi")]),
    ("obv", "obv", &[("", "obv")]),
    ("true_range", "true_range", &[("", "tr")]),
    ("atr", "atr:14", &[("", "atr")]),
    ("atr", "natr:14", &[("", "natr")]),
    ("atr", "atr_daily:14", &[("", "atr")]),
    ("volume_sma", "volume_sma:20", &[("", "volume_sma")]),
    ("volume_ratio", "volume_ratio:20", &[("", "ratio")]),
    ("avg_volume", "avg_volume:20", &[("", "avg_volume")]),
    ("avg_range", "avg_range:20", &[("", "avg_range")]),
    ("avg_range", "range_ratio:20", &[("", "range_ratio")]),
    ("swing", "swing_high:5", &[("", "swing_high")]),
    ("swing", "swing_low:5", &[("", "swing_low")]),
    ("macd", "macd:12,26,9", &[("macd", "macd"), ("signal", "signal"), ("histogram", "histogram")]),
    ("macd_tv", "macd_tv:12,26,9", &[("macd", "macd"), ("signal", "signal"), ("histogram", "histogram")]),
    ("stochastic", "stochastic:14,3,3", &[("k", "k"), ("d", "d")]),
    ("stochastic_fast", "stochastic_fast:14,3", &[("k", "k"), ("d", "d")]),
    (
        "bbands",
        "bbands:20,2",
        &[
            ("upper", "upper"),
            ("middle", "middle"),
            ("lower", "lower"),
            ("percent_b", "percent_b"),
            ("bandwidth", "bandwidth"),
        ],
    ),
    ("keltner", "keltner:20,10,2", &[("upper", "upper"), ("middle", "middle"), ("lower", "lower")]),
    (
        "keltner_talib",
        "keltner_talib:20,10,2",
        &[("upper", "upper"), ("middle", "middle"), ("lower", "lower")],
    ),
    ("donchian", "donchian:20", &[("upper", "upper"), ("middle", "middle"), ("lower", "lower")]),
    ("high_low", "high_low:20", &[("high", "high"), ("low", "low")]),
    (
        "gap_stats",
        "gap_stats:20",
        &[("avg_gap", "avg_gap"), ("gap_count", "gap_count"), ("up", "up"), ("down", "down")],
    ),
    (
        "pivot_points",
        "pivot_points:classic",
        &[("pp", "pp"), ("r1", "r1"), ("r2", "r2"), ("r3", "r3"), ("s1", "s1"), ("s2", "s2"), ("s3", "s3")],
    ),
    ("vwap", "vwap", &[("vwap", "vwap"), ("upper", "upper"), ("lower", "lower")]),
    ("stddev", "stddev:20", &[("", "stddev")]),
    ("stddev", "variance:20", &[("", "variance")]),
    ("stddev", "stddev:20,sample=true", &[("", "sample")]),
    ("zscore", "zscore:20", &[("", "z")]),
    ("rma", "rma:14", &[("", "rma")]),
    ("ppo", "ppo:12,26", &[("", "ppo")]),
    ("apo", "apo:12,26", &[("", "apo")]),
    ("trix", "trix:15", &[("", "trix")]),
    ("midpoint", "midpoint:14", &[("", "midpoint")]),
    ("awesome", "awesome:5,34", &[("", "ao")]),
    ("median", "median:21", &[("", "median")]),
    ("dpo", "dpo:20", &[("", "dpo")]),
    ("bop", "bop", &[("", "bop")]),
    ("trima", "trima:20", &[("", "trima")]),
    ("zlema", "zlema:20", &[("", "zlema")]),
    (
        "adx",
        "adx:14",
        &[("adx", "adx"), ("plus_di", "plus_di"), ("minus_di", "minus_di"), ("dx", "dx"), ("adxr", "adxr")],
    ),
    ("supertrend", "supertrend:10,3", &[("supertrend", "supertrend"), ("trend", "trend")]),
    (
        "ichimoku",
        "ichimoku:9,26,52",
        &[
            ("tenkan", "tenkan"),
            ("kijun", "kijun"),
            ("senkou_a", "senkou_a"),
            ("senkou_b", "senkou_b"),
            ("chikou", "chikou"),
        ],
    ),
    ("sar", "sar:0.02,0.2", &[("", "sar")]),
    ("stoch_rsi", "stoch_rsi:14,14,3,3", &[("k", "k"), ("d", "d")]),
    ("stoch_rsi_talib", "stoch_rsi_talib:14,5,3", &[("k", "k"), ("d", "d")]),
    ("realized_vol", "realized_vol:20", &[("", "rv")]),
    ("kama", "kama:10,2,30", &[("", "kama")]),
    ("aroon", "aroon:14", &[("up", "up"), ("down", "down"), ("osc", "osc")]),
    ("cmf", "cmf:20", &[("", "cmf")]),
    ("ad", "ad", &[("", "ad")]),
    ("adosc", "adosc:3,10", &[("", "adosc")]),
    ("cmo", "cmo:14", &[("", "cmo")]),
    ("ultimate", "ultimate:7,14,28", &[("", "ultimate")]),
    (
        "linreg",
        "linreg:14",
        &[
            ("value", "value"),
            ("slope", "slope"),
            ("intercept", "intercept"),
            ("forecast", "forecast"),
            ("angle", "angle"),
        ],
    ),
    ("correl", "correl:30,x=high,y=low", &[("", "correl")]),
    ("vwma", "vwma:20", &[("", "vwma")]),
    ("rvol", "rvol:20", &[("", "rvol")]),
    ("choppiness", "choppiness:14", &[("", "chop")]),
    ("vortex", "vortex:14", &[("plus", "plus"), ("minus", "minus")]),
    ("tsi", "tsi:25,13", &[("", "tsi")]),
    ("force_index", "force_index:13", &[("", "efi")]),
    ("pvt", "pvt", &[("", "pvt")]),
    ("t3", "t3:5,0.7", &[("", "t3")]),
    ("alma", "alma:9,0.85,6", &[("", "alma")]),
    ("coppock", "coppock:10,11,14", &[("", "coppock")]),
    ("efficiency_ratio", "efficiency_ratio:10", &[("", "er")]),
    ("range_vol", "parkinson:20", &[("", "parkinson")]),
    ("range_vol", "garman_klass:20", &[("", "garman_klass")]),
    ("range_vol", "rogers_satchell:20", &[("", "rogers_satchell")]),
    ("percent_rank", "percent_rank:100", &[("", "rank")]),
    ("vwap_cumulative", "vwap:anchor=none", &[("vwap", "vwap")]),
];

/// Window aggregates: no drift, whatever came before.
const TIGHT: &[&str] =
    &["sma", "wma", "volume_sma", "avg_volume", "avg_range", "donchian", "high_low", "vwap"];

fn table(path: &Path) -> Vec<Vec<String>> {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn number(cell: &str) -> Option<f64> {
    // A table of one column writes an empty row as a quoted nothing.
    let cell = cell.trim_matches('"');
    if cell.is_empty() { None } else { Some(cell.parse().unwrap()) }
}

fn bars(folder: &Path) -> Vec<Bar> {
    let rows = table(&folder.join("bars.csv.gz"));
    rows[1..]
        .iter()
        .map(|row| {
            let text = row[0].replace(' ', "T");
            let time: Timestamp =
                if text.ends_with('Z') { text } else { format!("{text}Z") }.parse().unwrap();
            let value = |i: usize| row[i].parse::<f64>().unwrap();
            let (open, high, low, close) = (value(1), value(2), value(3), value(4));
            let volume = number(&row[5]);
            let record = Record {
                label: Label::Open(time),
                open,
                high,
                low,
                close,
                volume,
                vwap: None,
                trade_count: None,
            };
            Bar::new(time, &record).unwrap()
        })
        .collect()
}

/// The day that a bar of a 24/7 market belongs to.
fn day(bar: &Bar) -> i64 {
    bar.open_time().as_nanos().div_euclid(86_400 * 1_000_000_000)
}

/// First row where the columns differ by more than `tolerance` of the output's own recent scale.
fn first_difference(have: &[f64], want: &[Option<f64>], tolerance: f64) -> Option<String> {
    let mut recent: Vec<f64> = Vec::new();
    for (row, (&have, want)) in have.iter().zip(want).enumerate() {
        let told = format!("row {row}: {have:?}, expected {want:?}");
        let Some(want) = *want else {
            if have.is_nan() {
                continue;
            }
            return Some(told);
        };
        recent.push(want.abs());
        let scale = recent.iter().rev().take(40).copied().fold(1e-300, f64::max);
        if have.is_nan() || (have - want).abs() > tolerance * scale {
            return Some(told);
        }
    }
    None
}

fn failures(folder: &Path) -> Vec<String> {
    let bars = bars(folder);
    let mut failures = Vec::new();
    for (file, text, outputs) in GOLDENS {
        let golden = table(&folder.join(format!("{file}.csv.gz")));
        let spec: Spec = match text.parse() {
            Ok(spec) => spec,
            Err(error) => {
                failures.push(format!("{text}: {error}"));
                continue;
            }
        };
        let names = spec.entry().outputs;
        let (mut lane, mut out) = (spec.lane(), vec![NULL; names.len()]);
        let mut columns = vec![Vec::new(); names.len()];
        for (i, bar) in bars.iter().enumerate() {
            if i == 0 || day(bar) != day(&bars[i - 1]) {
                lane.reset(Slot(0), Reset::SessionStart);
            }
            lane.step(Slot(0), bar, &mut out);
            columns.iter_mut().zip(&out).for_each(|(column, &value)| column.push(value));
        }
        for (output, column) in *outputs {
            let place =
                names.iter().position(|name| name == output).unwrap_or_else(|| panic!("{text}: {output}"));
            let cell = golden[0].iter().position(|name| name == column).unwrap();
            let want: Vec<Option<f64>> = golden[1..].iter().map(|row| number(&row[cell])).collect();
            let tolerance = if TIGHT.contains(file) { 1e-13 } else { 1e-9 };
            failures.extend(
                first_difference(&columns[place], &want, tolerance)
                    .map(|told| format!("{text} {output} {told}")),
            );
        }
    }
    failures
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_awkward_fixture_comes_out_as_the_authorities_say() {
    assert_eq!(failures(&root().join("testdata/indicators/awkward")), [""; 0]);
}

#[test]
fn the_real_fixture_comes_out_as_the_authorities_say() {
    let folder = root().join("../shared/goldens/indicators/real");
    if !folder.exists() {
        eprintln!("skipped: the real fixture is not in the repository");
        return;
    }
    assert_eq!(failures(&folder), [""; 0]);
}
