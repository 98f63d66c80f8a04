//! Chaikin oscillator: a fast average of accumulation/distribution less a slow one.

use super::ad::flow;
use super::contract::WarmUp;
use super::lane::Each;
use super::macd::fast_below_slow;
use super::parts::{BarFilter, OfBar, rounded_once};
use super::spec::{Entry, Inputs, Param};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// EMA(fast) − EMA(slow) of the accumulation/distribution line.
#[derive(Debug, Clone)]
pub struct Adosc {
    factors: [f64; 2],
    /// Bars seen, up to the slow average's.
    seen: u32,
    slow: u32,
    now: Lines,
}

/// The line, and its two averages.
#[derive(Debug, Clone, Copy, Default)]
struct Lines {
    /// From the start of this indicator; where that is moves both averages alike.
    line: f64,
    averages: [f64; 2],
}

impl Adosc {
    /// Over `fast` and more than that `slow` bars, each at least 1.
    pub fn new(fast: u32, slow: u32) -> Self {
        let factors = [fast, slow].map(|n| 2.0 / (f64::from(n.max(1)) + 1.0));
        Self { factors, seen: 0, slow: slow.max(1), now: Lines::default() }
    }

    /// The averages differ by little beside what they are, so each is rounded once a bar.
    #[inline(always)]
    fn next(&self, bar: &Bar) -> Lines {
        let line = self.now.line + flow(bar);
        if self.seen == 0 {
            return Lines { line, averages: [line; 2] };
        }
        let average = |i: usize| {
            let factor = self.factors[i];
            rounded_once(1.0 - factor, self.now.averages[i], factor * line)
        };
        Lines { line, averages: [average(0), average(1)] }
    }

    #[inline(always)]
    fn tell(&self, Lines { averages: [fast, slow], .. }: Lines) -> Option<f64> {
        (self.seen + 1 >= self.slow).then_some(fast - slow)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "adosc",
    title: "Chaikin accumulation/distribution oscillator",
    inputs: Inputs::Columns("HLCV"),
    params: &[Param::count("fast", 1, 3), Param::count("slow", 2, 10)],
    outputs: &[""],
    formula: "EMA(ad, fast) - EMA(ad, slow)",
    conventions: "both EMAs start with the first value of ad; first value at row slow-1; a bar without a volume gives \
                  none and is passed over",
    reference: "TA-Lib ADOSC; M. Chaikin",
    peers: "wickra-core seeds each EMA with a mean of ad and is apart for the first 95 bars (16 % at row 9)",
    has_gaps: false,
    check: fast_below_slow,
    build: |args| Box::new(Each::new(OfBar(Adosc::new(args.count("fast"), args.count("slow"))))),
};

impl BarFilter for Adosc {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        self.now = self.next(bar);
        let given = self.tell(self.now);
        self.seen += u32::from(self.seen < self.slow);
        given
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() { None } else { self.tell(self.next(bar)) }
    }

    fn warm_up(&self) -> WarmUp {
        let slowest = self.factors[0].min(self.factors[1]);
        WarmUp::fading(self.slow - 1, 1.0 - slowest)
    }

    fn reset(&mut self) {
        (self.seen, self.now) = (0, Lines::default());
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.f64(self.now.line);
        to.f64s(&self.now.averages);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("bars seen", self.slow as usize)? as u32;
        self.now.line = from.f64()?;
        from.f64s(&mut self.now.averages)
    }
}
