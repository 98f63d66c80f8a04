//! What an indicator is: for those who write one, and for those who run it.

use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// No value: one canonical NaN. What an output holds before its first value, and where its page says *no value*.
pub const NULL: f64 = f64::NAN;

/// When values begin, in bars from the start or the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// The first bar, from 0, on which an output has a value; no output has one before.
    pub first: u32,
    /// From this bar on every output has started and the start's influence is below 1e-6 of the value's scale;
    /// `None` where values depend on their start for ever.
    pub settled: Option<u32>,
}

impl WarmUp {
    /// From row `first` on the start is not felt: windows.
    pub const fn exact(first: u32) -> Self {
        Self { first, settled: Some(first) }
    }

    /// From row `first` on, and each step keeps the share `kept` of what the start left.
    pub fn fading(first: u32, kept: f64) -> Self {
        Self { first, settled: Some(first + fade(kept)) }
    }

    /// From row `first` on; the start is felt for ever.
    pub const fn endless(first: u32) -> Self {
        Self { first, settled: None }
    }

    /// Of something that is fed by something which begins `rows` later, exactly.
    #[must_use]
    pub fn after(self, rows: u32) -> Self {
        Self { first: self.first + rows, settled: self.settled.map(|settled| settled + rows) }
    }

    /// Of something fed by `inner`: the one begins when the other has, and its start is felt once the other's is not.
    #[must_use]
    pub fn on(self, inner: Self) -> Self {
        let settled = self.settled.zip(inner.settled).map(|(own, inner)| own + inner);
        Self { first: self.first + inner.first, settled }
    }

    /// Of something that has a value when both have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let settled = self.settled.zip(other.settled).map(|(a, b)| a.max(b));
        Self { first: self.first.max(other.first), settled }
    }
}

/// Steps until a share `kept` a step is below 1e-6, with a margin for a start far from the value's scale.
fn fade(kept: f64) -> u32 {
    const BELOW: f64 = 1e-9;
    if kept <= 0.0 {
        return 0;
    }
    libm::ceil(libm::log(BELOW) / libm::log(kept)) as u32
}

/// Why an indicator is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// To start over: it is as new.
    Start,
    /// A session's regular hours begin; only session-anchored indicators react.
    SessionStart,
}

/// An indicator of one symbol on one interval, as those who write one see it.
///
/// `update` is called with closed bars in time order. Everything else follows from it: the engine runs the same
/// `update` bar by bar, over history, and across symbols.
pub trait Indicator: Clone + Send + 'static {
    /// The outputs' names, in the order of `out`; one that is empty stands for the indicator itself.
    const OUTPUTS: &'static [&'static str];

    /// Takes the next closed bar and writes every output, [`NULL`] where there is no value.
    ///
    /// A bar whose input is null (a missing volume) gives nulls and changes nothing.
    fn update(&mut self, closed: &Bar, out: &mut [f64]);

    /// What `update` would write for `forming`, without changing anything. The default clones; built-ins don't.
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        self.clone().update(forming, out);
    }

    /// When values begin.
    fn warm_up(&self) -> WarmUp;

    /// Starts over, or enters a session.
    fn reset(&mut self, why: Reset);

    /// Writes the state, without the parameters.
    fn save(&self, to: &mut Bytes);

    /// Reads the state that an indicator of the same parameters saved.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such state; the indicator must be reset then.
    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError>;
}
