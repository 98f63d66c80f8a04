//! Keltner channel as TA-Lib computes it: of the typical price, both averages seeded to start together.

use super::contract::{Indicator, Reset, WarmUp};
use super::keltner::{PARAMS, write};
use super::lane::Each;
use super::parts::{BarFilter, Ema, Filter, Wilder};
use super::source::Source;
use super::spec::{Entry, Inputs, anything};
use super::true_range::TrueRange;
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// EMA of hlc3 ± k·ATR, the one that would start earlier delayed until both start.
#[derive(Debug, Clone)]
pub struct KeltnerTalib {
    middle: Delayed<Ema>,
    before: TrueRange,
    range: Delayed<Wilder>,
    k: f64,
}

/// A filter that lets its first values pass.
#[derive(Debug, Clone)]
struct Delayed<F> {
    delay: u32,
    passed: u32,
    filter: F,
}

impl KeltnerTalib {
    /// An average over `n` prices, a range over `atr` true ranges, each at least 1, and `k` ranges wide.
    pub fn new(n: u32, atr: u32, k: f64) -> Self {
        let (n, atr) = (n.max(1), atr.max(1));
        let first = atr.max(n - 1);
        Self {
            middle: Delayed::new(first - (n - 1), Ema::new(n)),
            before: TrueRange::default(),
            range: Delayed::new(first - atr, Wilder::new(atr)),
            k,
        }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "keltner_talib",
    title: "Keltner channel as TA-Lib",
    inputs: Inputs::Columns("HLC"),
    params: PARAMS,
    outputs: KeltnerTalib::OUTPUTS,
    formula: "middle = EMA(hlc3, n), upper and lower = middle ± k·ATR(atr)",
    conventions: "first value at row max(n-1, atr); both averages are seeded with the mean of the last \
                  bars up to it",
    reference: "TA-Lib KC",
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(KeltnerTalib::new(args.count("period"), args.count("atr"), args.real("k"))))
    },
};

impl<F: Filter> Delayed<F> {
    fn new(delay: u32, filter: F) -> Self {
        Self { delay, passed: 0, filter }
    }

    #[inline]
    fn push(&mut self, value: f64) -> Option<f64> {
        if self.passed < self.delay {
            self.passed += 1;
            return None;
        }
        self.filter.push(value)
    }

    #[inline]
    fn peek(&self, value: f64) -> Option<f64> {
        if self.passed < self.delay { None } else { self.filter.peek(value) }
    }

    fn warm_up(&self) -> WarmUp {
        self.filter.warm_up().after(self.delay)
    }

    fn reset(&mut self) {
        self.passed = 0;
        self.filter.reset();
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.passed);
        self.filter.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.passed = from.at_most("passed values", self.delay as usize)? as u32;
        self.filter.restore(from)
    }
}

impl Indicator for KeltnerTalib {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let middle = self.middle.push(Source::Hlc3.of(closed));
        let range = self.before.push(closed).and_then(|range| self.range.push(range));
        write(middle, range, self.k, out);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        let middle = self.middle.peek(Source::Hlc3.of(forming));
        let range = self.before.peek(forming).and_then(|range| self.range.peek(range));
        write(middle, range, self.k, out);
    }

    fn warm_up(&self) -> WarmUp {
        self.middle.warm_up().and(self.range.warm_up().on(self.before.warm_up()))
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.middle.reset();
            self.before.reset();
            self.range.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.middle.save(to);
        self.before.save(to);
        self.range.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.middle.restore(from)?;
        self.before.restore(from)?;
        self.range.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_averages_start_on_the_same_bar() {
        for (n, atr) in [(20, 10), (5, 10), (11, 10), (1, 1)] {
            let channel = KeltnerTalib::new(n, atr, 2.0);
            let range = channel.range.warm_up().on(channel.before.warm_up());
            assert_eq!(channel.middle.warm_up().first, range.first, "{n}, {atr}");
            assert_eq!(range.first, atr.max(n - 1));
        }
    }
}
