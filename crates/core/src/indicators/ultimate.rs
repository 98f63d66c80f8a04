//! Ultimate oscillator: buying pressure over three numbers of bars, the shortest weighing most.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Last, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use super::true_range::range;
use crate::bar::Bar;

/// Σpressure/Σrange over n bars.
#[derive(Debug, Clone)]
struct Share {
    pressure: Window<Sum>,
    range: Window<Sum>,
}

impl Share {
    fn new(n: u32) -> Self {
        Self { pressure: Window::new(n as usize), range: Window::new(n as usize) }
    }

    #[inline(always)]
    fn push(&mut self, pressure: f64, range: f64) -> Option<f64> {
        let share = share(self.pressure.push(pressure), self.range.push(range));
        self.range.is_full().then_some(share)
    }

    #[inline(always)]
    fn peek(&self, pressure: f64, range: f64) -> Option<f64> {
        let share = || share(self.pressure.peek(pressure), self.range.peek(range));
        self.range.would_be_full().then(share)
    }

    made_of!(pressure, range);
}

#[inline]
fn share(pressure: f64, range: f64) -> f64 {
    if range > 0.0 { pressure / range } else { 0.0 }
}

/// How far the close is above the lowest of the bar and the close before.
#[inline(always)]
fn pressure(before: f64, bar: &Bar) -> f64 {
    bar.close - if before < bar.low { before } else { bar.low }
}

/// 100·(4·short + 2·middle + long)/7 of the shares.
#[derive(Debug, Clone)]
pub struct Ultimate {
    before: Last,
    short: Share,
    middle: Share,
    long: Share,
}

impl Ultimate {
    /// Over these numbers of bars, each at least 1.
    pub fn new(short: u32, middle: u32, long: u32) -> Self {
        let [short, middle, long] = [short, middle, long].map(Share::new);
        Self { before: Last::default(), short, middle, long }
    }
}

#[inline(always)]
fn weigh(short: f64, middle: f64, long: f64) -> f64 {
    100.0 * (4.0 * short + 2.0 * middle + long) / 7.0
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "ultimate",
    title: "ultimate oscillator",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("short", 1, 7), Param::count("middle", 1, 14), Param::count("long", 1, 28)],
    outputs: &[""],
    formula: "100·(4·a + 2·b + c)/7, each Σ(close - min(low, close before)) / Σtr over its bars, tr the true range",
    conventions: "first value at row max(short, middle, long); no range at all counts as 0; window sums that never subtract",
    reference: "L. Williams, 1985; TA-Lib ULTOSC",
    peers: "wickra-core counts no range as one half; ta-lib and wickra-core keep the rounding of a bad print",
    has_gaps: false,
    check: anything,
    build: |args| {
        let [short, middle, long] = ["short", "middle", "long"].map(|name| args.count(name));
        Box::new(Each::new(OfBar(Ultimate::new(short, middle, long))))
    },
};

impl BarFilter for Ultimate {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let before = self.before.push(bar.close)?;
        let (pressure, range) = (pressure(before, bar), range(before, bar));
        let [short, middle, long] =
            [&mut self.short, &mut self.middle, &mut self.long].map(|share| share.push(pressure, range));
        Some(weigh(short?, middle?, long?))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let before = self.before.value()?;
        let (pressure, range) = (pressure(before, bar), range(before, bar));
        let [short, middle, long] =
            [&self.short, &self.middle, &self.long].map(|share| share.peek(pressure, range));
        Some(weigh(short?, middle?, long?))
    }

    fn warm_up(&self) -> WarmUp {
        let spans = [&self.short, &self.middle, &self.long].map(|share| share.range.span() as u32);
        WarmUp::exact(spans.into_iter().fold(1, u32::max))
    }

    made_of!(before, short, middle, long);
}
