//! Moving average convergence and divergence: a fast EMA less a slow one, and the EMA of that.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Average, Exponential, Filter, Recurrence};
use super::source::Source;
use super::spec::{Args, Entry, Inputs, Param};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Where the EMAs start, and which outputs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Fast and slow have their first value on the same bar, and macd is shown once there is a signal: TA-Lib.
    Together,
    /// Each EMA is seeded with its own first values, and macd is shown at once: TradingView.
    Apart,
}

/// EMA(fast) − EMA(slow), its EMA, and their difference. A missing volume gives no values and changes nothing.
///
/// `R` is the order in which an EMA's step is computed.
#[derive(Debug, Clone)]
pub struct Macd<R> {
    source: Source,
    start: Start,
    /// Values that the fast EMA passes over.
    skip: u32,
    skipped: u32,
    fast: Average<R>,
    slow: Average<R>,
    signal: Average<R>,
}

impl<R: Recurrence> Macd<R> {
    /// Over `fast` and more than that `slow` values of `source`, the signal over `signal` values; each at least 1.
    pub fn new(source: Source, start: Start, fast: u32, slow: u32, signal: u32) -> Self {
        Self {
            source,
            start,
            skip: if start == Start::Together { slow.saturating_sub(fast) } else { 0 },
            skipped: 0,
            fast: Average::new(fast),
            slow: Average::new(slow),
            signal: Average::new(signal),
        }
    }

    /// As the parameters `fast`, `slow`, `signal` and `source` say.
    pub(super) fn of(args: &Args<'_>, start: Start) -> Self {
        Self::new(args.source("source"), start, args.count("fast"), args.count("slow"), args.count("signal"))
    }

    /// The macd line and the signal, as far as there are any.
    #[inline]
    fn push(&mut self, value: f64) -> Option<(f64, Option<f64>)> {
        if value.is_nan() {
            return None;
        }
        let slow = self.slow.push(value);
        if self.skipped < self.skip {
            self.skipped += 1;
            return None;
        }
        let line = self.fast.push(value)? - slow?;
        Some((line, self.signal.push(line)))
    }

    #[inline]
    fn would_push(&self, value: f64) -> Option<(f64, Option<f64>)> {
        if value.is_nan() || self.skipped < self.skip {
            return None;
        }
        let line = self.fast.peek(value)? - self.slow.peek(value)?;
        Some((line, self.signal.peek(line)))
    }

    #[inline]
    fn write(&self, lines: Option<(f64, Option<f64>)>, out: &mut [f64]) {
        out.copy_from_slice(&match lines {
            Some((line, Some(signal))) => [line, signal, line - signal],
            Some((line, None)) if self.start == Start::Apart => [line, NULL, NULL],
            _ => [NULL; 3],
        });
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
    outputs: &["macd", "signal", "histogram"],
    formula: "macd = EMA(fast) - EMA(slow); signal = EMA of macd; histogram = macd - signal",
    conventions: "the fast EMA passes over slow-fast bars, so that both EMAs are seeded at row slow-1; \
                  every output begins at row slow-1 + signal-1",
    reference: "TA-Lib MACD; G. Appel",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| Box::new(Each::new(Macd::<Exponential>::of(args, Start::Together))),
};

impl<R: Recurrence> Indicator for Macd<R> {
    const OUTPUTS: &'static [&'static str] = &["macd", "signal", "histogram"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let lines = self.push(self.source.of(closed));
        self.write(lines, out);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        self.write(self.would_push(self.source.of(forming)), out);
    }

    fn warm_up(&self) -> WarmUp {
        let line = self.fast.warm_up().after(self.skip).and(self.slow.warm_up());
        let signal = self.signal.warm_up().on(line);
        match self.start {
            Start::Together => signal,
            Start::Apart => WarmUp { first: line.first, ..signal },
        }
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.skipped = 0;
            self.fast.reset();
            self.slow.reset();
            self.signal.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.skipped);
        self.fast.save(to);
        self.slow.save(to);
        self.signal.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.skipped = from.at_most("skipped values", self.skip as usize)? as u32;
        self.fast.restore(from)?;
        self.slow.restore(from)?;
        self.signal.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Spec;

    fn lines(start: Start) -> [Option<(f64, Option<f64>)>; 5] {
        let mut macd = Macd::<Exponential>::new(Source::Close, start, 1, 3, 2);
        [1.0, 2.0, 6.0, 3.0, 8.0].map(|x| macd.push(x))
    }

    #[test]
    fn the_signal_follows_the_difference() {
        // Slow, k = 1/2: 3, 3, 5.5. Difference: 3, 0, 2.5. Signal: their mean 1.5, then 1.5 + (2.5 − 1.5)·2/3.
        let expected = [None, None, Some((3.0, None)), Some((0.0, Some(1.5)))];
        assert_eq!(lines(Start::Apart)[..4], expected);
        assert_eq!(lines(Start::Together)[..4], expected);
        assert_eq!(lines(Start::Together)[4], Some((2.5, Some(1.0 * (2.0 / 3.0) + 1.5))));
    }

    #[test]
    fn what_waits_for_the_signal() {
        let first = |start| Macd::<Exponential>::new(Source::Close, start, 12, 26, 9).warm_up().first;
        assert_eq!([first(Start::Together), first(Start::Apart)], [33, 25]);
    }

    #[test]
    fn fast_must_be_below_slow() {
        let told = "macd:26,12".parse::<Spec>().unwrap_err().to_string();
        assert_eq!(told, "macd: fast `26` must be below slow `12`");
    }
}
