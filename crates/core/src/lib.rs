//! The part of Barloom without I/O, threads or clock: what a bar is, when a market trades, and how one
//! stream of base bars becomes every longer interval.

pub mod bar;
pub mod calendar;
pub mod derive;
pub mod error;
pub mod interval;
pub mod symbol;
pub mod time;

pub use bar::{Bar, InvalidBar, Label, Record, Stamp};
pub use calendar::{Calendar, CalendarError, Hours, Overlay, Segment, Session, SessionIndex};
pub use interval::{Interval, IntervalError};
pub use symbol::{Symbol, SymbolError, SymbolId, Symbols};
pub use time::{Timestamp, TimestampError};
