//! `quantedge-ta`: its own bars in, options out.

use std::num::NonZero;

use quantedge_ta::{self as quantedge, Multiplier};

use super::Peer;

fn n(n: usize) -> NonZero<usize> {
    NonZero::new(n).expect("not 0")
}

/// `[outputs] new, what it gives => as outputs`.
macro_rules! edge {
    ([$($output:literal),+] $new:expr, $given:pat => $outputs:expr) => {
        Peer::new(
            [$($output),+],
            |bars, row| {
                let mut state = $new;
                for bar in &bars.ohlcv[..row] {
                    let _ = std::hint::black_box(state.compute(bar));
                }
                Some(state)
            },
            |state, bars, i| match state.compute(&bars.ohlcv[i]) {
                Some($given) => $outputs,
                None => [f64::NAN; _],
            },
        )
    };
    ($new:expr) => {
        edge!([0] $new, x => [x])
    };
}

/// All that the crate has, but for `Kdj`, is here.
pub(super) fn peers(spec: &str) -> Vec<Peer> {
    let one = match spec {
        "adx" => edge!(
            [0, 1, 2] quantedge::Adx::new(quantedge::AdxConfig::builder().length(n(14)).build()),
            x => [x.adx, x.plus_di, x.minus_di]
        ),
        "atr" | "atr_daily" => edge!(quantedge::Atr::new(quantedge::AtrConfig::period(n(14)))),
        "bbands" => edge!(
            [0, 1, 2] quantedge::Bb::new(quantedge::BbConfig::close(n(20))),
            x => [x.upper, x.middle, x.lower]
        ),
        "cci" => edge!(quantedge::Cci::new(quantedge::CciConfig::hlc3(n(20)))),
        "choppiness" => edge!(quantedge::Chop::new(quantedge::ChopConfig::builder().length(n(14)).build())),
        "donchian" => edge!(
            [0, 1, 2] quantedge::Dc::new(quantedge::DcConfig::builder().length(n(20)).build()),
            x => [x.upper, x.middle, x.lower]
        ),
        "ema" => edge!(quantedge::Ema::new(quantedge::EmaConfig::close(n(20)))),
        "high_low" => edge!(
            [0, 1] quantedge::Dc::new(quantedge::DcConfig::builder().length(n(20)).build()),
            x => [x.upper, x.lower]
        ),
        "ichimoku" => edge!(
            [0, 1, 2, 3, 4] quantedge::Ichimoku::new(
                quantedge::IchimokuConfig::builder()
                    .tenkan_length(n(9))
                    .kijun_length(n(26))
                    .senkou_b_length(n(52))
                    .displacement(n(26))
                    .build()
            ),
            x => [x.tenkan, x.kijun, x.senkou_a, x.senkou_b, x.chikou_close]
        )
        .not("spans shifted by 26 bars"),
        "keltner" => edge!(
            [0, 1, 2] quantedge::Kc::new(
                quantedge::KcConfig::builder()
                    .length(n(20))
                    .atr_length(n(10))
                    .multiplier(Multiplier::new(2.0))
                    .build()
            ),
            x => [x.upper, x.middle, x.lower]
        ),
        "macd" | "macd_tv" => edge!(
            [0, 1, 2] quantedge::Macd::new(quantedge::MacdConfig::close(n(12), n(26), n(9))),
            x => [x.macd, x.signal.unwrap_or(f64::NAN), x.histogram.unwrap_or(f64::NAN)]
        ),
        "momentum" => edge!(quantedge::Mom::new(quantedge::MomConfig::close(n(10)))),
        "obv" => edge!(quantedge::Obv::new(quantedge::ObvConfig::default())).by_steps(),
        "rsi" => edge!(quantedge::Rsi::new(quantedge::RsiConfig::close(n(14)))),
        "sar" => edge!(
            [0] quantedge::ParabolicSar::new(
                quantedge::ParabolicSarConfig::builder()
                    .af_step(Multiplier::new(0.02))
                    .af_max(Multiplier::new(0.2))
                    .build()
            ),
            x => [x.sar]
        ),
        "sma" => edge!(quantedge::Sma::new(quantedge::SmaConfig::close(n(20)))),
        "stoch_rsi" => edge!(
            [0, 1] quantedge::StochRsi::new(
                quantedge::StochRsiConfig::builder()
                    .rsi_length(n(14))
                    .stoch_length(n(14))
                    .k_smooth(n(3))
                    .d_smooth(n(3))
                    .build()
            ),
            x => [x.k, x.d.unwrap_or(f64::NAN)]
        ),
        "stochastic" => edge!(
            [0, 1] quantedge::Stoch::new(quantedge::StochConfig::close(n(14), n(3), n(3))),
            x => [x.k, x.d.unwrap_or(f64::NAN)]
        ),
        "supertrend" => edge!(
            [0, 1] quantedge::Supertrend::new(
                quantedge::SupertrendConfig::builder().length(n(10)).multiplier(Multiplier::new(3.0)).build()
            ),
            x => [x.value, if x.is_bullish { 1.0 } else { -1.0 }]
        ),
        "vwap" => vwap(quantedge::VwapAnchor::Day),
        "vwap:anchor=none" => vwap(quantedge::VwapAnchor::User),
        "williams_r" => edge!(quantedge::WillR::new(quantedge::WillRConfig::close(n(14)))),
        _ => return Vec::new(),
    };
    vec![one]
}

fn vwap(anchor: quantedge::VwapAnchor) -> Peer {
    Peer::new(
        [0, 1, 2],
        move |bars, row| {
            let config = quantedge::VwapConfig::builder().anchor(anchor).band_1(Some(Multiplier::new(1.0)));
            let mut state = quantedge::Vwap::new(config.build());
            for bar in &bars.ohlcv[..row] {
                let _ = std::hint::black_box(state.compute(bar));
            }
            Some(state)
        },
        |state, bars, i| match state.compute(&bars.ohlcv[i]) {
            Some(x) => {
                let band = |of: fn(&quantedge::VwapBand) -> f64| x.band_1.as_ref().map_or(f64::NAN, of);
                [x.vwap, band(quantedge::VwapBand::upper), band(quantedge::VwapBand::lower)]
            }
            None => [f64::NAN; 3],
        },
    )
}
