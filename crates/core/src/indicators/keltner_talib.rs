//! Keltner channel as TA-Lib computes it: of the typical price, both averages seeded to start together.

use super::contract::WarmUp;
use super::keltner::{PARAMS, channel};
use super::lane::Each;
use super::parts::{Average, BarFilter, Delayed, Filter, OfBar};
use super::source::Source;
use super::spec::{Entry, Inputs, anything};
use super::true_range::TrueRange;
use crate::bar::Bar;

/// EMA of hlc3 ± k·ATR, the one that would start earlier delayed until both start.
#[derive(Debug, Clone)]
pub struct KeltnerTalib {
    middle: Delayed<Average>,
    before: TrueRange,
    range: Delayed<Average>,
    k: f64,
}

impl KeltnerTalib {
    /// An average over `n` prices, a range over `atr` true ranges, each at least 1, and `k` ranges wide.
    pub fn new(n: u32, atr: u32, k: f64) -> Self {
        let (n, atr) = (n.max(1), atr.max(1));
        let first = atr.max(n - 1);
        Self {
            middle: Delayed::new(first - (n - 1), Average::exponential(n)),
            before: TrueRange::default(),
            range: Delayed::new(first - atr, Average::wilder(atr)),
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
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(OfBar(KeltnerTalib::new(args.count("period"), args.count("atr"), args.real("k")))))
    },
};

impl BarFilter for KeltnerTalib {
    type Value = [f64; 3];
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 3]> {
        let middle = self.middle.push(Source::Hlc3.of(bar));
        let range = self.before.push(bar).and_then(|range| self.range.push(range));
        channel(middle, range, self.k)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 3]> {
        let middle = self.middle.peek(Source::Hlc3.of(bar));
        let range = self.before.peek(bar).and_then(|range| self.range.peek(range));
        channel(middle, range, self.k)
    }

    fn warm_up(&self) -> WarmUp {
        self.middle.warm_up().and(self.range.warm_up().on(self.before.warm_up()))
    }

    made_of!(middle, before, range);
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
