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

pub mod apo;
pub mod atr;
pub mod atr_daily;
pub mod avg_range;
pub mod avg_volume;
pub mod awesome;
pub mod bbands;
pub mod bop;
pub mod cci;
pub mod dema;
pub mod donchian;
pub mod dpo;
pub mod ema;
pub mod gap_stats;
pub mod high_low;
pub mod hma;
pub mod keltner;
pub mod keltner_talib;
pub mod macd;
pub mod macd_tv;
pub mod median;
pub mod mfi;
pub mod midpoint;
pub mod momentum;
pub mod natr;
pub mod obv;
pub mod pivot_points;
pub mod ppo;
pub mod range_ratio;
pub mod rma;
pub mod roc;
pub mod rsi;
pub mod sma;
pub mod stddev;
pub mod stochastic;
pub mod stochastic_fast;
pub mod swing_high;
pub mod swing_low;
pub mod tema;
pub mod trima;
pub mod trix;
pub mod true_range;
pub mod variance;
pub mod volume_ratio;
pub mod volume_sma;
pub mod vwap;
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
    &apo::ENTRY,
    &atr::ENTRY,
    &atr_daily::ENTRY,
    &avg_range::ENTRY,
    &avg_volume::ENTRY,
    &awesome::ENTRY,
    &bbands::ENTRY,
    &bop::ENTRY,
    &cci::ENTRY,
    &dema::ENTRY,
    &donchian::ENTRY,
    &dpo::ENTRY,
    &ema::ENTRY,
    &gap_stats::ENTRY,
    &high_low::ENTRY,
    &hma::ENTRY,
    &keltner::ENTRY,
    &keltner_talib::ENTRY,
    &macd::ENTRY,
    &macd_tv::ENTRY,
    &median::ENTRY,
    &mfi::ENTRY,
    &midpoint::ENTRY,
    &momentum::ENTRY,
    &natr::ENTRY,
    &obv::ENTRY,
    &pivot_points::ENTRY,
    &ppo::ENTRY,
    &range_ratio::ENTRY,
    &rma::ENTRY,
    &roc::ENTRY,
    &rsi::ENTRY,
    &sma::ENTRY,
    &stddev::ENTRY,
    &stochastic::ENTRY,
    &stochastic_fast::ENTRY,
    &swing_high::ENTRY,
    &swing_low::ENTRY,
    &tema::ENTRY,
    &trima::ENTRY,
    &trix::ENTRY,
    &true_range::ENTRY,
    &variance::ENTRY,
    &volume_ratio::ENTRY,
    &volume_sma::ENTRY,
    &vwap::ENTRY,
    &williams_r::ENTRY,
    &wma::ENTRY,
    &zlema::ENTRY,
    &zscore::ENTRY,
];
