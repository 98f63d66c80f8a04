//! `wickra-core`: values or candles in, options out.

use wickra_core::{self as wickra, Indicator as _};

use super::Peer;

/// `$new` and its `$update` at bar `$i`: `[outputs] new, |state, bars, i| update, what it gives => as outputs`.
macro_rules! wickra {
    ([$($output:literal),+] $new:expr, |$s:ident, $b:ident, $i:ident| $update:expr, $given:pat => $outputs:expr) => {
        Peer::new(
            [$($output),+],
            |$b, row| {
                let mut state = $new;
                for $i in 0..row {
                    let $s = &mut state;
                    let _ = std::hint::black_box($update);
                }
                Some(state)
            },
            |$s, $b, $i| match $update {
                Some($given) => $outputs,
                None => [f64::NAN; _],
            },
        )
    };
}

/// Of closes.
macro_rules! of_close {
    ($name:ident($($arg:expr),*)) => {
        wickra!([0] wickra::$name::new($($arg),*).expect("parameters"), |s, b, i| s.update(b.close[i]), x => [x])
    };
}

/// Of candles.
macro_rules! of_candle {
    ($name:ident($($arg:expr),*)) => {
        wickra!([0] wickra::$name::new($($arg),*).expect("parameters"), |s, b, i| s.update(b.candles[i]), x => [x])
    };
}

/// Of candles, without parameters.
macro_rules! plain {
    ($name:ident) => {
        wickra!([0] wickra::$name::new(), |s, b, i| s.update(b.candles[i]), x => [x])
    };
}

/// Names it has nothing for, not as a stream of the same bars.
const NONE: &[&str] = &[
    "avg_range",
    "efficiency_ratio",
    "efficiency_ratio:10,exact=true",
    "gap_stats",
    "keltner_talib",
    "pivot_points",
    "range_ratio",
    "rvol",
    "stddev:20,sample=true",
    "stoch_rsi_talib",
    "swing_high",
    "swing_low",
    "variance:20,sample=true",
    "volume_ratio",
];

pub(super) fn peers(spec: &str) -> Vec<Peer> {
    let one = match spec {
        "ad" => plain!(Adl).by_steps(),
        "adosc" => of_candle!(ChaikinOscillator(3, 10)),
        "adx" => {
            return vec![
                wickra!(
                    [0, 1, 2] wickra::Adx::new(14).expect("a period"),
                    |s, b, i| s.update(b.candles[i]),
                    x => [x.adx, x.plus_di, x.minus_di]
                ),
                wickra!([3] wickra::Dx::new(14).expect("a period"), |s, b, i| s.update(b.candles[i]), x => [x]),
                wickra!([4] wickra::Adxr::new(14).expect("a period"), |s, b, i| s.update(b.candles[i]), x => [x]),
            ];
        }
        "alma" => of_close!(Alma(9, 0.85, 6.0)),
        "apo" => of_close!(Apo(12, 26)),
        "aroon" => {
            return vec![
                wickra!(
                    [0, 1] wickra::Aroon::new(14).expect("a period"),
                    |s, b, i| s.update(b.candles[i]),
                    x => [x.up, x.down]
                ),
                wickra!(
                    [2] wickra::AroonOscillator::new(14).expect("a period"),
                    |s, b, i| s.update(b.candles[i]),
                    x => [x]
                ),
            ];
        }
        "atr" | "atr_daily" => of_candle!(Atr(14)),
        "avg_volume" | "volume_sma" => {
            wickra!([0] wickra::Sma::new(20).expect("a period"), |s, b, i| s.update(b.volume[i]), x => [x])
        }
        "awesome" => of_candle!(AwesomeOscillator(5, 34)),
        "bbands" => {
            return vec![
                wickra!(
                    [0, 1, 2] wickra::BollingerBands::new(20, 2.0).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x.upper, x.middle, x.lower]
                ),
                wickra!(
                    [3] wickra::PercentB::new(20, 2.0).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x]
                ),
                wickra!(
                    [4] wickra::BollingerBandwidth::new(20, 2.0).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x]
                ),
            ];
        }
        "bop" => plain!(BalanceOfPower),
        "cci" => of_candle!(Cci(20)),
        "choppiness" => of_candle!(ChoppinessIndex(14)),
        "cmf" => of_candle!(ChaikinMoneyFlow(20)),
        "cmo" => of_close!(Cmo(14)).not("plain sums of 14 changes"),
        "coppock" => of_close!(Coppock(14, 11, 10)),
        "correl" => wickra!(
            [0] wickra::PearsonCorrelation::new(30).expect("a period"),
            |s, b, i| s.update((b.high[i], b.low[i])),
            x => [x]
        ),
        "dema" => of_close!(Dema(20)),
        "donchian" => wickra!(
            [0, 1, 2] wickra::Donchian::new(20).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.upper, x.middle, x.lower]
        ),
        "dpo" => of_close!(Dpo(20)),
        "ema" => of_close!(Ema(20)),
        "force_index" => of_candle!(ForceIndex(13)),
        // Percent, where Barloom gives the share.
        "garman_klass" => wickra!(
            [0] wickra::GarmanKlassVolatility::new(20, 1).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x / 100.0]
        ),
        "high_low" => wickra!(
            [0, 1] wickra::Donchian::new(20).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.upper, x.lower]
        ),
        "hma" => of_close!(Hma(16)),
        "ichimoku" => wickra!(
            [0, 1, 2, 3, 4] wickra::Ichimoku::classic(),
            |s, b, i| s.update(b.candles[i]),
            x => [x.tenkan, x.kijun, x.senkou_a, x.senkou_b, x.chikou].map(|x| x.unwrap_or(f64::NAN))
        )
        .not("spans and chikou shifted by 26 bars"),
        "kama" | "kama:10,2,30,exact=true" => of_close!(Kama(10, 2, 30)),
        "keltner" => wickra!(
            [0, 1, 2] wickra::Keltner::new(20, 10, 2.0).expect("periods"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.upper, x.middle, x.lower]
        ),
        "linreg" => {
            return vec![
                of_close!(LinearRegression(14)),
                wickra!(
                    [1] wickra::LinRegSlope::new(14).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x]
                ),
                wickra!(
                    [2] wickra::LinRegIntercept::new(14).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x]
                ),
                wickra!([3] wickra::Tsf::new(14).expect("a period"), |s, b, i| s.update(b.close[i]), x => [x]),
                wickra!(
                    [4] wickra::LinRegAngle::new(14).expect("a period"),
                    |s, b, i| s.update(b.close[i]),
                    x => [x]
                ),
            ];
        }
        "macd" | "macd_tv" => wickra!(
            [0, 1, 2] wickra::MacdIndicator::new(12, 26, 9).expect("periods"),
            |s, b, i| s.update(b.close[i]),
            x => [x.macd, x.signal, x.histogram]
        ),
        "median" => of_close!(MedianMa(21)),
        "mfi" => of_candle!(Mfi(14)),
        "midpoint" => of_close!(MidPoint(14)),
        "momentum" => of_close!(Mom(10)),
        "natr" => of_candle!(Natr(14)),
        "obv" => plain!(Obv).by_steps(),
        "parkinson" => wickra!(
            [0] wickra::ParkinsonVolatility::new(20, 1).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x / 100.0]
        ),
        "percent_rank" => {
            of_close!(RollingPercentileRank(100)).not("the bar itself and half of equal ones count")
        }
        "ppo" => of_close!(Ppo(12, 26)),
        "pvt" => plain!(VolumePriceTrend).by_steps(),
        "realized_vol" => wickra!(
            [0] wickra::HistoricalVolatility::new(20, 1).expect("a period"),
            |s, b, i| s.update(b.close[i]),
            x => [x / 100.0]
        ),
        "rma" => of_close!(Smma(14)),
        "roc" => of_close!(Roc(10)),
        "rogers_satchell" => wickra!(
            [0] wickra::RogersSatchellVolatility::new(20, 1).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x / 100.0]
        ),
        "rsi" => of_close!(Rsi(14)),
        "sar" => of_candle!(Psar(0.02, 0.02, 0.2)),
        "sma" => of_close!(Sma(20)),
        "stddev" => of_close!(StdDev(20)),
        // The raw one of its StochRsi, averaged twice.
        "stoch_rsi" => wickra!(
            [0, 1] (
                wickra::StochRsi::new(14, 14).expect("periods"),
                wickra::Sma::new(3).expect("a period"),
                wickra::Sma::new(3).expect("a period"),
            ),
            |s, b, i| s.0.update(b.close[i]).and_then(|raw| {
                let k = s.1.update(raw)?;
                Some((k, s.2.update(k).unwrap_or(f64::NAN)))
            }),
            (k, d) => [k, d]
        ),
        // Its %D over 3 is the slow %K; the slow %D is one more average.
        "stochastic" => wickra!(
            [0, 1] (wickra::Stochastic::new(14, 3).expect("periods"), wickra::Sma::new(3).expect("a period")),
            |s, b, i| s.0.update(b.candles[i]).and_then(|k| Some((k.d, s.1.update(k.d)?))),
            (k, d) => [k, d]
        ),
        "stochastic_fast" => wickra!(
            [0, 1] wickra::Stochastic::new(14, 3).expect("periods"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.k, x.d]
        ),
        "supertrend" => wickra!(
            [0, 1] wickra::SuperTrend::new(10, 3.0).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.value, x.direction]
        ),
        "t3" => of_close!(T3(5, 0.7)),
        "tema" => of_close!(Tema(20)),
        "trima" => of_close!(Trima(20)),
        "trix" => of_close!(Trix(15)),
        "true_range" => plain!(TrueRange),
        "tsi" => of_close!(Tsi(25, 13)),
        "ultimate" => of_candle!(UltimateOscillator(7, 14, 28)),
        "variance" => of_close!(Variance(20)),
        "vortex" => wickra!(
            [0, 1] wickra::Vortex::new(14).expect("a period"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.plus, x.minus]
        ),
        "vwap" => wickra!([0] wickra::SessionVwap::new(0), |s, b, i| s.update(b.candles[i]), x => [x]),
        "vwap:anchor=none" => wickra!(
            [0, 1, 2] wickra::VwapStdDevBands::new(1.0).expect("a multiplier"),
            |s, b, i| s.update(b.candles[i]),
            x => [x.middle, x.upper, x.lower]
        ),
        "vwma" => of_candle!(Vwma(20)),
        "williams_r" => of_candle!(WilliamsR(14)),
        "wma" => of_close!(Wma(20)),
        "zlema" => of_close!(Zlema(20)),
        "zscore" => of_close!(ZScore(20)),
        _ => {
            assert!(NONE.contains(&spec), "{spec}: say in {} what wickra-core has of it", file!());
            return Vec::new();
        }
    };
    vec![one]
}
