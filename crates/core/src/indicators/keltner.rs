//! Keltner channel: an average of the close, and k average true ranges on either side.

use super::atr::Atr;
use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{Average, BarFilter, Filter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// EMA of the close ± k·ATR.
#[derive(Debug, Clone)]
pub struct Keltner {
    middle: Average,
    range: Atr,
    k: f64,
}

impl Keltner {
    /// An average over `n` closes, a range over `atr` true ranges, each at least 1, and `k` ranges wide.
    pub fn new(n: u32, atr: u32, k: f64) -> Self {
        Self { middle: Average::exponential(n), range: Atr::new(atr), k }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "keltner",
    title: "Keltner channel",
    inputs: Inputs::Columns("HLC"),
    params: PARAMS,
    outputs: Keltner::OUTPUTS,
    formula: "middle = EMA(close, n), upper and lower = middle ± k·ATR(atr)",
    conventions: "each average seeded where its own window first fills; first value at row max(n-1, atr)",
    reference: "TradingView KC with Wilder's range; QuantConnect LEAN KeltnerChannels",
    peers: "wickra-core and quantedge-ta count the first bar's range in the ATR: bands 6e-5 apart at first, \
            equal after 120 bars; ta-lib's KC is `keltner_talib`",
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(OfBar(Keltner::new(args.count("period"), args.count("atr"), args.real("k")))))
    },
};

/// The parameters of both channels.
pub(super) const PARAMS: &[Param] =
    &[Param::count("period", 1, 20), Param::count("atr", 1, 10), Param::real("k", 0.0, 100.0, 2.0)];

/// A channel `k` ranges wide, once both averages have started.
#[inline]
pub(super) fn channel(middle: Option<f64>, range: Option<f64>, k: f64) -> Option<[f64; 3]> {
    let (middle, range) = (middle?, range?);
    Some([middle + k * range, middle, middle - k * range])
}

impl BarFilter for Keltner {
    type Value = [f64; 3];
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 3]> {
        channel(self.middle.push(bar.close), self.range.push(bar), self.k)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 3]> {
        channel(self.middle.peek(bar.close), self.range.peek(bar), self.k)
    }

    fn warm_up(&self) -> WarmUp {
        self.middle.warm_up().and(self.range.warm_up())
    }

    made_of!(middle, range);
}
