//! What a clock-driven run says when a part is late.

use barloom_core::{Interval, Symbol, Timestamp};

use crate::metrics::Stage;

/// When a step was due, some part had not finished the one before it.
///
/// There is one for each stage and step. Nothing is lost by it: what was published arrives, in order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "overrun at step {step}: {} has {pending} step(s) to finish, the oldest of {time}{}, {:.3} ms after it was due",
    .stage.name(), Self::entry(.symbol.as_ref(), *.interval), *.lateness as f64 / 1e6
)]
pub struct OverrunError {
    /// The part that is late: [`Stage::Processor`], or [`Stage::Analysis`], the subscribers in lockstep.
    pub stage: Stage,
    /// The step, an input's number from 1, that was due and found it so.
    pub step: u64,
    /// The symbol of the oldest unfinished entry, the first one by name; `None` of an instant without rows.
    pub symbol: Option<Symbol>,
    /// Its interval.
    pub interval: Interval,
    /// The instant that it is of, on the replayed clock.
    pub time: Timestamp,
    /// When it was due, on the wall clock.
    pub due: Timestamp,
    /// Nanoseconds since then.
    pub lateness: i64,
    /// How many steps before this one the stage has not finished.
    pub pending: u64,
}

impl OverrunError {
    fn entry(symbol: Option<&Symbol>, interval: Interval) -> String {
        symbol.map(|symbol| format!(" ({symbol} {interval})")).unwrap_or_default()
    }
}
