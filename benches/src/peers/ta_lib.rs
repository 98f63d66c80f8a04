//! `ta-lib`: streaming handles, opened on columns.

use ta_lib::{Core, MAType};

use super::Peer;

/// A handle over `$input`s: `[outputs] name_open(inputs; parameters), what it gives => as outputs`.
macro_rules! ta {
    ([$($output:literal),+] $open:ident($($input:ident),+; $($arg:expr),*), $given:pat => $outputs:expr) => {
        Peer::new(
            [$($output),+],
            |bars, row| Core::new().$open($(&bars.$input[..row],)+ $($arg),*).ok().map(|(handle, _)| handle),
            |handle, bars, i| {
                let $given = handle.update($(bars.$input[i]),+).expect("a finite bar");
                $outputs
            },
        )
    };
    ($open:ident($($input:ident),+; $($arg:expr),*)) => {
        ta!([0] $open($($input),+; $($arg),*), x => [x])
    };
}

/// Names it has nothing for.
const NONE: &[&str] = &[
    "avg_range",
    "gap_stats",
    "garman_klass",
    "macd_tv",
    "parkinson",
    "pivot_points",
    "range_ratio",
    "realized_vol",
    "stddev:20,sample=true",
    "swing_high",
    "swing_low",
    "variance:20,sample=true",
    "volume_ratio",
    "vwap",
    "zscore",
];

pub(super) fn peers(spec: &str) -> Vec<Peer> {
    const SMA: MAType = MAType::SMA;
    const EMA: MAType = MAType::EMA;
    let one = match spec {
        "ad" => ta!(ad_open(high, low, close, volume;)).by_steps(),
        "adosc" => ta!(adosc_open(high, low, close, volume; 3, 10)),
        "adx" => {
            return vec![
                ta!(adx_open(high, low, close; 14)),
                ta!([1] plus_di_open(high, low, close; 14), x => [x]),
                ta!([2] minus_di_open(high, low, close; 14), x => [x]),
                ta!([3] dx_open(high, low, close; 14), x => [x]),
                ta!([4] adxr_open(high, low, close; 14), x => [x]),
            ];
        }
        "alma" => ta!(alma_open(close; 9, 6.0, 0.85)).not("the weights' centre is rounded down"),
        "apo" => ta!(apo_open(close; 12, 26, EMA)),
        "aroon" => {
            return vec![
                ta!([1, 0] aroon_open(high, low; 14), (down, up) => [down, up]),
                ta!([2] aroonosc_open(high, low; 14), x => [x]),
            ];
        }
        "atr" | "atr_daily" => ta!(atr_open(high, low, close; 14)),
        "avg_volume" | "volume_sma" => ta!(sma_open(volume; 20)),
        "awesome" => ta!(ao_open(high, low; 5, 34)),
        "bbands" => {
            return vec![
                ta!([0, 1, 2] bbands_open(close; 20, 2.0, 2.0, SMA), (u, m, l) => [u, m, l]),
                ta!([3] percentb_open(close; 20, 2.0, 2.0, SMA), x => [x]),
                // Percent, where Barloom gives the share.
                ta!([4] bbw_open(close; 20, 2.0, 2.0, SMA), x => [x / 100.0]),
            ];
        }
        "bop" => ta!(bop_open(open, high, low, close;)),
        "cci" => ta!(cci_open(high, low, close; 20)),
        "choppiness" => ta!(chop_open(high, low, close; 14)),
        "cmf" => ta!(cmf_open(high, low, close, volume; 20)),
        "cmo" => ta!(cmo_open(close; 14)),
        "coppock" => ta!(coppock_open(close; 10, 11, 14)),
        "correl" => ta!(correl_open(high, low; 30)),
        "dema" => ta!(dema_open(close; 20)),
        "donchian" => ta!([0, 1, 2] donchian_open(high, low; 20), (u, m, l) => [u, m, l]),
        "dpo" => ta!(dpo_open(close; 20)),
        "efficiency_ratio" | "efficiency_ratio:10,exact=true" => ta!(er_open(close; 10)),
        "ema" => ta!(ema_open(close; 20)),
        "force_index" => ta!(efi_open(close, volume; 13)),
        "high_low" => ta!([0, 1] donchian_open(high, low; 20), (u, _, l) => [u, l]),
        "hma" => ta!(hma_open(close; 16)),
        "ichimoku" => {
            ta!([0, 1, 2, 3] ichimoku_open(high, low; 9, 26, 52), (t, k, a, b) => [t, k, a, b])
        }
        "kama" | "kama:10,2,30,exact=true" => ta!(kama_open(close; 10)),
        "keltner" | "keltner_talib" => {
            let peer = ta!([0, 1, 2] kc_open(high, low, close; 20, 10, 2.0), (u, m, l) => [u, m, l]);
            if spec == "keltner" { peer.not("about the typical price") } else { peer }
        }
        "linreg" => {
            return vec![
                ta!(linearreg_open(close; 14)),
                ta!([1] linearreg_slope_open(close; 14), x => [x]),
                ta!([2] linearreg_intercept_open(close; 14), x => [x]),
                ta!([3] tsf_open(close; 14), x => [x]),
                ta!([4] linearreg_angle_open(close; 14), x => [x]),
            ];
        }
        "macd" => ta!([0, 1, 2] macd_open(close; 12, 26, 9), (m, s, h) => [m, s, h]),
        "median" => ta!(median_open(close; 21)),
        "mfi" => ta!(mfi_open(high, low, close, volume; 14)).not("a move of hlc3 within 1e-14 of it is none"),
        "midpoint" => ta!(midpoint_open(close; 14)),
        "momentum" => ta!(mom_open(close; 10)),
        "natr" => ta!(natr_open(high, low, close; 14)),
        "obv" => ta!(obv_open(close, volume;)).by_steps(),
        "percent_rank" => ta!(percentrank_open(close; 100)),
        "ppo" => ta!(ppo_open(close; 12, 26, EMA)),
        "pvt" => ta!(pvt_open(close, volume;)).by_steps(),
        "rma" => ta!(rma_open(close; 14)),
        "roc" => ta!(roc_open(close; 10)),
        "rogers_satchell" => ta!(rogerssatchell_open(open, high, low, close; 20, 1.0)),
        "rsi" => ta!(rsi_open(close; 14)),
        "rvol" => ta!(rvol_open(volume; 20)),
        "sar" => ta!(sar_open(high, low; 0.02, 0.2)),
        "sma" => ta!(sma_open(close; 20)),
        "stddev" => ta!(stddev_open(close; 20, 1.0)),
        "stoch_rsi" => {
            ta!([0, 1] stochrsi_open(close; 14, 14, 3, SMA), (k, d) => [k, d]).not("k is not averaged")
        }
        "stoch_rsi_talib" => ta!([0, 1] stochrsi_open(close; 14, 5, 3, SMA), (k, d) => [k, d]),
        "stochastic" => ta!([0, 1] stoch_open(high, low, close; 14, 3, SMA, 3, SMA), (k, d) => [k, d]),
        "stochastic_fast" => ta!([0, 1] stochf_open(high, low, close; 14, 3, SMA), (k, d) => [k, d]),
        "supertrend" => {
            ta!([0, 1] supertrend_open(high, low, close; 10, 3.0), (x, trend) => [x, trend.into()])
        }
        "t3" => ta!(t3_open(close; 5, 0.7)),
        "tema" => ta!(tema_open(close; 20)),
        "trima" => ta!(trima_open(close; 20)),
        "trix" => ta!(trix_open(close; 15)),
        "true_range" => ta!(trange_open(high, low, close;)),
        "tsi" => ta!(tsi_open(close; 25, 13)),
        "ultimate" => ta!(ultosc_open(high, low, close; 7, 14, 28)),
        "variance" => ta!(var_open(close; 20, 1.0)),
        "vortex" => ta!([0, 1] vortex_open(high, low, close; 14), (plus, minus) => [plus, minus]),
        "vwap:anchor=none" => ta!(vwap_open(high, low, close, volume;)).by_steps(),
        "vwma" => ta!(vwma_open(close, volume; 20)),
        "williams_r" => ta!(willr_open(high, low, close; 14)),
        "wma" => ta!(wma_open(close; 20)),
        "zlema" => ta!(zlema_open(close; 20)),
        _ => {
            assert!(NONE.contains(&spec), "{spec}: say in {} what ta-lib has of it", file!());
            return Vec::new();
        }
    };
    vec![one]
}
