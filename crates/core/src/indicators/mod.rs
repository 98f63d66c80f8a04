//! Indicators: what one is, how the engine runs it, and the catalogue.
//!
//! An [`Indicator`] takes closed bars one by one. [`Each`] makes a [`Lane`] of it, which the engine calls for live bars,
//! history and whole market minutes; all three run the same `update`, so their bits are equal. A [`Spec`] is the text
//! `rsi:14@5m`, checked. One formula a file; what carries the accuracy is in [`parts`].

#[macro_use]
mod made_of;

pub mod contract;
mod guarded;
mod lane;
pub mod parts;
mod source;
mod spec;

pub mod ad;
pub mod adosc;
pub mod adx;
pub mod alma;
pub mod apo;
pub mod aroon;
pub mod atr;
pub mod atr_daily;
pub mod avg_range;
pub mod avg_volume;
pub mod awesome;
pub mod bbands;
pub mod bop;
pub mod cci;
pub mod choppiness;
pub mod cmf;
pub mod cmo;
pub mod coppock;
pub mod correl;
pub mod dema;
pub mod donchian;
pub mod dpo;
pub mod efficiency_ratio;
pub mod ema;
pub mod force_index;
pub mod gap_stats;
pub mod garman_klass;
pub mod high_low;
pub mod hma;
pub mod ichimoku;
pub mod kama;
pub mod keltner;
pub mod keltner_talib;
pub mod linreg;
pub mod macd;
pub mod macd_tv;
pub mod median;
pub mod mfi;
pub mod midpoint;
pub mod momentum;
pub mod natr;
pub mod obv;
pub mod parkinson;
pub mod percent_rank;
pub mod pivot_points;
pub mod ppo;
pub mod pvt;
pub mod range_ratio;
pub mod realized_vol;
pub mod rma;
pub mod roc;
pub mod rogers_satchell;
pub mod rsi;
pub mod rvol;
pub mod sar;
pub mod sma;
pub mod stddev;
pub mod stoch_rsi;
pub mod stoch_rsi_talib;
pub mod stochastic;
pub mod stochastic_fast;
pub mod supertrend;
pub mod swing_high;
pub mod swing_low;
pub mod t3;
pub mod tema;
pub mod trima;
pub mod trix;
pub mod true_range;
pub mod tsi;
pub mod ultimate;
pub mod variance;
pub mod volume_ratio;
pub mod volume_sma;
pub mod vortex;
pub mod vwap;
pub mod vwma;
pub mod williams_r;
pub mod wma;
pub mod zlema;
pub mod zscore;

pub use contract::{Indicator, NULL, Reset, WarmUp};
pub(crate) use guarded::Guarded;
pub use lane::{Each, Lane, Rows, Slot};
pub use source::Source;
pub use spec::{Args, Entry, Inputs, Kind, Param, Spec, SpecError, Value};

/// Every indicator there is, by name.
pub static CATALOGUE: &[&Entry] = &[
    &ad::ENTRY,
    &adosc::ENTRY,
    &adx::ENTRY,
    &alma::ENTRY,
    &apo::ENTRY,
    &aroon::ENTRY,
    &atr::ENTRY,
    &atr_daily::ENTRY,
    &avg_range::ENTRY,
    &avg_volume::ENTRY,
    &awesome::ENTRY,
    &bbands::ENTRY,
    &bop::ENTRY,
    &cci::ENTRY,
    &choppiness::ENTRY,
    &cmf::ENTRY,
    &cmo::ENTRY,
    &coppock::ENTRY,
    &correl::ENTRY,
    &dema::ENTRY,
    &donchian::ENTRY,
    &dpo::ENTRY,
    &efficiency_ratio::ENTRY,
    &ema::ENTRY,
    &force_index::ENTRY,
    &gap_stats::ENTRY,
    &garman_klass::ENTRY,
    &high_low::ENTRY,
    &hma::ENTRY,
    &ichimoku::ENTRY,
    &kama::ENTRY,
    &keltner::ENTRY,
    &keltner_talib::ENTRY,
    &linreg::ENTRY,
    &macd::ENTRY,
    &macd_tv::ENTRY,
    &median::ENTRY,
    &mfi::ENTRY,
    &midpoint::ENTRY,
    &momentum::ENTRY,
    &natr::ENTRY,
    &obv::ENTRY,
    &parkinson::ENTRY,
    &percent_rank::ENTRY,
    &pivot_points::ENTRY,
    &ppo::ENTRY,
    &pvt::ENTRY,
    &range_ratio::ENTRY,
    &realized_vol::ENTRY,
    &rma::ENTRY,
    &roc::ENTRY,
    &rogers_satchell::ENTRY,
    &rsi::ENTRY,
    &rvol::ENTRY,
    &sar::ENTRY,
    &sma::ENTRY,
    &stddev::ENTRY,
    &stoch_rsi::ENTRY,
    &stoch_rsi_talib::ENTRY,
    &stochastic::ENTRY,
    &stochastic_fast::ENTRY,
    &supertrend::ENTRY,
    &swing_high::ENTRY,
    &swing_low::ENTRY,
    &t3::ENTRY,
    &tema::ENTRY,
    &trima::ENTRY,
    &trix::ENTRY,
    &true_range::ENTRY,
    &tsi::ENTRY,
    &ultimate::ENTRY,
    &variance::ENTRY,
    &volume_ratio::ENTRY,
    &volume_sma::ENTRY,
    &vortex::ENTRY,
    &vwap::ENTRY,
    &vwma::ENTRY,
    &williams_r::ENTRY,
    &wma::ENTRY,
    &zlema::ENTRY,
    &zscore::ENTRY,
];

/// A bar of these prices, for tests.
#[cfg(test)]
fn bar_of(open: f64, high: f64, low: f64, close: f64) -> crate::Bar {
    let time = crate::Timestamp::from_nanos(0);
    let label = crate::Label::Open(time);
    let record = crate::Record { label, open, high, low, close, volume: None, vwap: None, trade_count: None };
    crate::Bar::new(time, &record).unwrap()
}
