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

mod ema;
mod rsi;
mod sma;

pub use contract::{Indicator, NULL, Reset, WarmUp};
pub use lane::{Each, Lane, Slot};
pub use source::Source;
pub use spec::{Args, Entry, Inputs, Kind, Param, Spec, SpecError, Value};

/// Every indicator there is, by name.
pub static CATALOGUE: &[&Entry] = &[&ema::ENTRY, &rsi::ENTRY, &sma::ENTRY];
