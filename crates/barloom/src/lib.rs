//! Barloom weaves a stream of one-minute bars into every timeframe and every indicator, and tells every subscriber the moment a
//! minute is consistent.
//!
//! ```text
//! source → SessionCoordinator → Processor → SessionData → AnalysisEngine
//! ```
//!
//! A [`source`] hands over rows; the [`coordinator`] checks them and merges sources into inputs of ascending time; at each the
//! [`engine`] lets core's [`Processor`](barloom_core::processor::Processor) derive every interval, compute every indicator and
//! publish both, and only then tells the subscribers of [`analysis`], in order, each with a view as of the step. What a run is made
//! of is a [`config`]; what it takes is kept by [`metrics`], every input by a [`journal`], its state by a
//! [`checkpoint`]; the wall clock is read in [`clock`] alone.
//!
//! On several threads the same happens by shards of symbols, each with a [`worker`]; steps are handed over by a [`subscription`]. With a
//! speed they are opened as a [`pace`] says, and who is late is told by an [`overrun`].
//!
//! What is odd about rows is found by [`lint`], without a run.
//! A market that was never there, for demos, benches and tests, is a [`synth::Market`].
//!
//! That neither way nor start nor future changes a number is proved on one's own data by [`verify`].
//!
//! Two promises: a closed bar is the only bar you can see, and any number can be reproduced bit for bit.

pub mod analysis;
pub mod checkpoint;
pub mod clock;
pub mod config;
pub mod coordinator;
pub mod engine;
mod history;
mod inline;
pub mod journal;
pub mod lint;
pub mod metrics;
pub mod overrun;
pub mod pace;
mod queue;
mod session;
mod shard;
pub mod subscription;
mod sync;
pub mod synth;
mod telling;
mod threads;
pub mod verify;
pub mod worker;

pub use barloom_core as core;
pub use barloom_core::source;
