//! The part of Barloom without I/O, threads or clock: what a bar is, when a market trades, and how one stream of base
//! bars becomes every longer interval.
//!
//! The nouns, in the order in which data meets them:
//!
//! - a [`Record`] is a row as it came; a [`Bar`] is one found sound, 64 bytes;
//! - a [`Timestamp`] is nanoseconds UTC, an [`Interval`] the length of a bar;
//! - a [`Calendar`] knows [`Session`]s, each a date and its unbroken [`Segment`]s;
//! - a [`derive::Deriver`] puts bars into the slots of their session and tells a [`derive::Sink`] every
//!   [`derive::ClosedBar`] and [`derive::Warning`], and where each row went ([`derive::Counts`]);
//! - an [`indicators::Indicator`] takes closed bars, and a [`plan::Plan`] runs those of a [`indicators::Spec`] on each interval.
//!
//! It does not read files or clocks, does not fill gaps, and does not know who listens. Equal input and equal rules give
//! equal bits.

pub mod adjust;
pub mod bar;
pub mod calendar;
pub mod columns;
pub mod derive;
pub mod error;
pub mod indicators;
pub mod input;
pub mod interval;
pub mod notice;
pub mod outputs;
pub mod plan;
pub mod processor;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod symbol;
pub mod time;

pub use bar::{Bar, InvalidBar, Label, Record, Stamp};
pub use calendar::{Calendar, CalendarError, Hours, Overlay, Segment, Session, SessionIndex};
pub use columns::{BarColumns, Bars};
pub use interval::{Interval, IntervalError};
pub use symbol::{Symbol, SymbolError, SymbolId, Symbols};
pub use time::{Timestamp, TimestampError};
