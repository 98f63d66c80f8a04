//! Vortex: how far highs went from the lows before and lows from the highs, by the true range.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Last, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use super::true_range::TrueRange;
use crate::bar::Bar;

/// Σ|high − low before|/Σtr and Σ|low − high before|/Σtr over n bars.
#[derive(Debug, Clone)]
pub struct Vortex {
    range: TrueRange,
    high: Last,
    low: Last,
    way: Window<Sum>,
    plus: Window<Sum>,
    minus: Window<Sum>,
}

impl Vortex {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        let window = || Window::new(n as usize);
        Self {
            range: TrueRange::default(),
            high: Last::default(),
            low: Last::default(),
            way: window(),
            plus: window(),
            minus: window(),
        }
    }
}

#[inline]
fn by(way: f64, sums: [f64; 2]) -> [f64; 2] {
    sums.map(|sum| if way > 0.0 { sum / way } else { 0.0 })
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "vortex",
    title: "vortex indicator",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 14)],
    outputs: Vortex::OUTPUTS,
    formula: "plus = Σ|high - low[1 bar ago]| / Σtr, minus = Σ|low - high[1 bar ago]| / Σtr over the last n bars, tr the true range",
    conventions: "both begin at row n; no range at all gives 0; window sums that never subtract",
    reference: "E. Botes, D. Siepman, 2010; TA-Lib VORTEX",
    peers: "ta-lib and wickra-core keep the rounding of a bad print, all of the value where prices of 1e-8 \
            follow",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Vortex::new(args.count("period"))))),
};

impl BarFilter for Vortex {
    type Value = [f64; 2];
    const OUTPUTS: &'static [&'static str] = &["plus", "minus"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 2]> {
        let (high, low) = (self.high.push(bar.high), self.low.push(bar.low));
        let way = self.way.push(self.range.push(bar)?);
        let sums = [self.plus.push((bar.high - low?).abs()), self.minus.push((bar.low - high?).abs())];
        self.way.is_full().then(|| by(way, sums))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 2]> {
        let range = self.range.peek(bar)?;
        let (up, down) = ((bar.high - self.low.value()?).abs(), (bar.low - self.high.value()?).abs());
        self.way
            .would_be_full()
            .then(|| by(self.way.peek(range), [self.plus.peek(up), self.minus.peek(down)]))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.way.span() as u32)
    }

    made_of!(range, high, low, way, plus, minus);
}
