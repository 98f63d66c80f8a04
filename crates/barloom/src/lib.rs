//! Barloom weaves a stream of one-minute bars into every timeframe and tells every subscriber the moment a minute is
//! consistent.
//!
//! **source → coordinator → deriver → subscriber.** A [`source`] hands over rows; the [`coordinator`] merges sources
//! into steps of ascending time; at each step the [`engine`] lets [`barloom_core::derive`] take the rows, moves the
//! clock and tells the subscriber what closed. What a run is made of is a [`config`]; the wall clock is read in
//! [`clock`] alone.
//!
//! Two promises: a closed bar is the only bar you can see, and any number can be reproduced bit for bit.

pub mod clock;
pub mod config;
pub mod coordinator;
pub mod engine;
pub mod journal;
pub mod source;

pub use barloom_core as core;
