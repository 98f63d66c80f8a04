//! Moving average convergence and divergence: a fast EMA less a slow one, and the EMA of that.

use super::contract::{NULL, WarmUp};
use super::lane::Lane;
use super::parts::{Average, Delayed, Filter, lane_of};
use super::spec::{Args, Entry, Inputs, Param};

/// Where the EMAs start, and which outputs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Fast and slow have their first value on the same bar, and macd is shown once there is a signal: TA-Lib.
    Together,
    /// Each EMA is seeded with its own first values, and macd is shown at once: TradingView.
    Apart,
}

/// EMA(fast) − EMA(slow), its EMA, and their difference.
#[derive(Debug, Clone)]
pub struct Macd {
    start: Start,
    fast: Delayed<Average>,
    slow: Average,
    signal: Average,
}

impl Macd {
    /// Over `fast` and more than that `slow` values, the signal over `signal` values; each at least 1.
    pub fn new(start: Start, fast: u32, slow: u32, signal: u32) -> Self {
        let delay = if start == Start::Together { slow.saturating_sub(fast) } else { 0 };
        Self {
            start,
            fast: Delayed::new(delay, Average::exponential(fast)),
            slow: Average::exponential(slow),
            signal: Average::exponential(signal),
        }
    }

    /// As the parameters `fast`, `slow`, `signal` and `source` say.
    pub(super) fn lane(args: &Args<'_>, start: Start) -> Box<dyn Lane> {
        let macd = Self::new(start, args.count("fast"), args.count("slow"), args.count("signal"));
        lane_of(args.source("source"), macd)
    }

    /// The lines as they are shown.
    #[inline]
    fn shown(&self, line: f64, signal: Option<f64>) -> Option<[f64; 3]> {
        match signal {
            Some(signal) => Some([line, signal, line - signal]),
            None if self.start == Start::Apart => Some([line, NULL, NULL]),
            None => None,
        }
    }
}

/// That `fast` is below `slow`.
///
/// # Errors
/// Both, when it isn't.
pub(super) fn fast_below_slow(args: &Args<'_>) -> Result<(), String> {
    let (fast, slow) = (args.count("fast"), args.count("slow"));
    if fast < slow { Ok(()) } else { Err(format!("fast `{fast}` must be below slow `{slow}`")) }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "macd",
    title: "moving average convergence/divergence",
    inputs: Inputs::Source,
    params: &[
        Param::count("fast", 1, 12),
        Param::count("slow", 2, 26),
        Param::count("signal", 1, 9),
        Param::SOURCE,
    ],
    outputs: Macd::OUTPUTS,
    formula: "macd = EMA(fast) - EMA(slow); signal = EMA of macd; histogram = macd - signal",
    conventions: "the fast EMA passes over slow-fast bars, so that both EMAs are seeded at row slow-1; \
                  every output begins at row slow-1 + signal-1",
    reference: "TA-Lib MACD; G. Appel",
    peers: "wickra-core and quantedge-ta are `macd_tv`: other values for the first 150 bars",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| Macd::lane(args, Start::Together),
};

impl Filter for Macd {
    type Value = [f64; 3];
    const OUTPUTS: &'static [&'static str] = &["macd", "signal", "histogram"];

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<[f64; 3]> {
        let (fast, slow) = (self.fast.push(value), self.slow.push(value));
        let line = fast? - slow?;
        let signal = self.signal.push(line);
        self.shown(line, signal)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<[f64; 3]> {
        let line = self.fast.peek(value)? - self.slow.peek(value)?;
        self.shown(line, self.signal.peek(line))
    }

    fn warm_up(&self) -> WarmUp {
        let line = self.fast.warm_up().and(self.slow.warm_up());
        let signal = self.signal.warm_up().on(line);
        match self.start {
            Start::Together => signal,
            Start::Apart => WarmUp { first: line.first, ..signal },
        }
    }

    made_of!(fast, slow, signal);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Spec;

    fn lines(start: Start) -> [Option<[f64; 3]>; 5] {
        let mut macd = Macd::new(start, 1, 3, 2);
        [1.0, 2.0, 6.0, 3.0, 8.0].map(|x| macd.push(x))
    }

    #[test]
    fn the_signal_follows_the_difference() {
        // Slow, k = 1/2: 3, 3, 5.5. Difference: 3, 0, 2.5. Signal: their mean 1.5, then 1.5 + (2.5 − 1.5)·2/3.
        let signal = 1.0 * (2.0 / 3.0) + 1.5;
        let last = [Some([0.0, 1.5, -1.5]), Some([2.5, signal, 2.5 - signal])];
        assert_eq!(lines(Start::Together)[..3], [None; 3]);
        assert_eq!(lines(Start::Together)[3..], last);
        let apart = lines(Start::Apart);
        assert!(apart[2].is_some_and(|[line, signal, _]| line == 3.0 && signal.is_nan()));
        assert_eq!(apart[3..], last);
    }

    #[test]
    fn what_waits_for_the_signal() {
        let first = |start| Macd::new(start, 12, 26, 9).warm_up().first;
        assert_eq!([first(Start::Together), first(Start::Apart)], [33, 25]);
    }

    #[test]
    fn fast_must_be_below_slow() {
        let told = "macd:26,12".parse::<Spec>().unwrap_err().to_string();
        assert_eq!(told, "macd: fast `26` must be below slow `12`");
    }
}
