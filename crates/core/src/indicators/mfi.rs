//! Money flow index: the share of rising in all money traded.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Last, OfBar, Sum, Window};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// 100·rising/(rising + falling) of the last n bars' hlc3·volume.
#[derive(Debug, Clone)]
pub struct Mfi {
    before: Last,
    rising: Window<Sum>,
    falling: Window<Sum>,
}

impl Mfi {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        Self { before: Last::default(), rising: Window::new(n as usize), falling: Window::new(n as usize) }
    }
}

/// The money that flowed at `price`, by the way it came there from `before`: rising, falling.
#[inline]
fn flows(before: f64, price: f64, volume: f64) -> (f64, f64) {
    let money = price * volume;
    if price > before {
        (money, 0.0)
    } else if price < before {
        (0.0, money)
    } else {
        (0.0, 0.0)
    }
}

#[inline]
fn index(rising: f64, falling: f64) -> f64 {
    let all = rising + falling;
    if all > 0.0 { 100.0 * rising / all } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "mfi",
    title: "money flow index",
    inputs: Inputs::Columns("HLCV"),
    params: &[Param::count("period", 1, 14)],
    outputs: &[""],
    formula: "100·r/(r+f), r and f the sums of hlc3·volume over the last n bars where hlc3 rose and fell",
    conventions: "first value at row n; an equal hlc3 is no flow; no flow at all gives 0; a bar without \
                  a volume gives none and is passed over",
    reference: "TA-Lib MFI; exact where TA-Lib keeps the rounding of a bad print",
    peers: "ta-lib takes a move of hlc3 within 1e-14 of it for none, so ties on a tick grid count otherwise; \
            wickra-core keeps residues where nothing flows (-14 for 0)",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Mfi::new(args.count("period"))))),
};

impl BarFilter for Mfi {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() {
            return None;
        }
        let price = Source::Hlc3.of(bar);
        let (rise, fall) = flows(self.before.push(price)?, price, bar.volume);
        let (rising, falling) = (self.rising.push(rise), self.falling.push(fall));
        self.rising.is_full().then(|| index(rising, falling))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        if bar.volume.is_nan() || !self.rising.would_be_full() {
            return None;
        }
        let price = Source::Hlc3.of(bar);
        let (rise, fall) = flows(self.before.value()?, price, bar.volume);
        Some(index(self.rising.peek(rise), self.falling.peek(fall)))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.rising.span() as u32)
    }

    made_of!(before, rising, falling);
}
