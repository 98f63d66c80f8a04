//! Indicators: what one is, how the engine runs it, and the catalogue.
//!
//! An [`Indicator`] takes closed bars one by one. [`Each`] makes a [`Lane`] of it, which the engine calls for live bars,
//! history and whole market minutes; all three run the same `update`, so their bits are equal. A [`Spec`] is the text
//! `rsi:14@5m`, checked. One formula a file; what carries the accuracy is in [`parts`].

pub mod contract;
mod lane;
pub mod parts;
mod source;
mod spec;

mod atr;
mod atr_daily;
mod avg_range;
mod avg_volume;
mod bbands;
mod cci;
mod dema;
mod donchian;
mod ema;
mod gap_stats;
mod high_low;
mod hma;
mod keltner;
mod keltner_talib;
mod macd;
mod macd_tv;
mod mfi;
mod momentum;
mod natr;
mod obv;
mod pivot_points;
mod range_ratio;
mod roc;
mod rsi;
mod sma;
mod stochastic;
mod stochastic_fast;
mod swing_high;
mod swing_low;
mod tema;
mod true_range;
mod volume_ratio;
mod volume_sma;
mod vwap;
mod williams_r;
mod wma;

pub use contract::{Indicator, NULL, Reset, WarmUp};
pub use lane::{Each, Lane, Slot};
pub use source::Source;
pub use spec::{Args, Entry, Inputs, Kind, Param, Spec, SpecError, Value};

/// Every indicator there is, by name.
pub static CATALOGUE: &[&Entry] = &[
    &atr::ENTRY,
    &atr_daily::ENTRY,
    &avg_range::ENTRY,
    &avg_volume::ENTRY,
    &bbands::ENTRY,
    &cci::ENTRY,
    &dema::ENTRY,
    &donchian::ENTRY,
    &ema::ENTRY,
    &gap_stats::ENTRY,
    &high_low::ENTRY,
    &hma::ENTRY,
    &keltner::ENTRY,
    &keltner_talib::ENTRY,
    &macd::ENTRY,
    &macd_tv::ENTRY,
    &mfi::ENTRY,
    &momentum::ENTRY,
    &natr::ENTRY,
    &obv::ENTRY,
    &pivot_points::ENTRY,
    &range_ratio::ENTRY,
    &roc::ENTRY,
    &rsi::ENTRY,
    &sma::ENTRY,
    &stochastic::ENTRY,
    &stochastic_fast::ENTRY,
    &swing_high::ENTRY,
    &swing_low::ENTRY,
    &tema::ENTRY,
    &true_range::ENTRY,
    &volume_ratio::ENTRY,
    &volume_sma::ENTRY,
    &vwap::ENTRY,
    &williams_r::ENTRY,
    &wma::ENTRY,
];
