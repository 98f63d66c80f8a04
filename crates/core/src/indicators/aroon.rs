//! Aroon: how recent the extremes of the last n + 1 bars are.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Latest, Max, Merged, Min, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// 100·(n − bars since the extreme)/n of the highest high and of the lowest low, and their difference.
#[derive(Debug, Clone)]
pub struct Aroon {
    high: Merged<Latest<Max>>,
    low: Merged<Latest<Min>>,
    n: f64,
}

impl Aroon {
    /// Over `n` bars, at least 1, and the one before them.
    pub fn new(n: u32) -> Self {
        let n = n.max(1);
        Self { high: Merged::new(n + 1), low: Merged::new(n + 1), n: n.into() }
    }

    #[inline(always)]
    fn tell(&self, high: Latest<Max>, low: Latest<Min>) -> [f64; 3] {
        let percent = |bars: f64| 100.0 * bars / self.n;
        [percent(self.n - high.ago), percent(self.n - low.ago), percent(low.ago - high.ago)]
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "aroon",
    title: "Aroon: how recent the extremes are",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 14)],
    outputs: Aroon::OUTPUTS,
    formula: "up = 100·(n - bars since the highest high)/n, down = 100·(n - bars since the lowest low)/n, osc = up - down",
    conventions: "over n+1 bars, so first value at row n; of equal extremes the latest counts",
    reference: "TA-Lib AROON and AROONOSC; T. Chande, 1995",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Aroon::new(args.count("period"))))),
};

impl BarFilter for Aroon {
    type Value = [f64; 3];
    const OUTPUTS: &'static [&'static str] = &["up", "down", "osc"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 3]> {
        let (high, low) = (self.high.push(bar.high), self.low.push(bar.low));
        Some(self.tell(high?, low?))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 3]> {
        Some(self.tell(self.high.peek(bar.high)?, self.low.peek(bar.low)?))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.high.span() - 1)
    }

    made_of!(high, low);
}
