//! Volume-weighted average price since the session's open, with volume-weighted bands.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::Endless;
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Σ(hlc3·v)/Σv ± bands·σ, σ weighted by volume.
#[derive(Debug, Clone)]
pub struct Vwap {
    is_anchored: bool,
    bands: f64,
    traded: Traded,
}

/// What was traded since the anchor.
#[derive(Debug, Clone, Copy, Default)]
struct Traded {
    volume: Endless,
    money: Endless,
    /// Σv·(x − mean)², grown by v·(x − mean before)·(x − mean after): West, *Updating Mean and Variance
    /// Estimates*, 1979.
    spread: Endless,
}

impl Traded {
    #[inline]
    fn mean(self) -> Option<f64> {
        let volume = self.volume.value();
        (volume > 0.0).then(|| self.money.value() / volume)
    }

    #[inline(always)]
    fn plus(self, price: f64, volume: f64) -> Self {
        if volume == 0.0 {
            return self;
        }
        let mut next = Self {
            volume: self.volume.plus(volume),
            money: self.money.plus(price * volume),
            spread: self.spread,
        };
        if let (Some(before), Some(after)) = (self.mean(), next.mean()) {
            next.spread = self.spread.plus(volume * ((price - before) * (price - after)));
        }
        next
    }

    /// Average and σ; `price` as it is while nothing was traded.
    #[inline]
    fn average(self, price: f64) -> (f64, f64) {
        let Some(mean) = self.mean() else { return (price, 0.0) };
        let variance = self.spread.value() / self.volume.value();
        (mean, if variance > 0.0 { variance.sqrt() } else { 0.0 })
    }
}

impl Vwap {
    /// Anchored at the session's open or never, with bands `bands` deviations wide.
    pub fn new(is_anchored: bool, bands: f64) -> Self {
        Self { is_anchored, bands, traded: Traded::default() }
    }

    #[inline]
    fn write(&self, traded: Traded, price: f64, out: &mut [f64]) {
        let (mean, sigma) = traded.average(price);
        let width = self.bands * sigma;
        out.copy_from_slice(&[mean, mean + width, mean - width]);
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "vwap",
    title: "volume-weighted average price",
    inputs: Inputs::Columns("HLCV"),
    params: &[Param::word("anchor", &["session", "none"]), Param::real("bands", 0.0, 100.0, 1.0)],
    outputs: Vwap::OUTPUTS,
    formula: "vwap = Σ(x·v)/Σv, x = hlc3, since the session's open; upper and lower = vwap ± bands·σ, σ² \
              = Σv·(x - vwap)²/Σv",
    conventions: "first value at row 0, and at each session's first bar; no volume yet gives hlc3 and \
                  bands of no width; compensated sums; anchor=none never starts over; a bar without a \
                  volume gives none and is passed over",
    reference: "TradingView VWAP; anchor=none is TA-Lib VWAP",
    peers: "quantedge-ta starts over only at a bar that opens at midnight exactly, and its bands take E[x²] - \
            E[x]²; wickra-core starts over at each UTC day",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(Vwap::new(args.word("anchor") == "session", args.real("bands")))),
};

impl Indicator for Vwap {
    const OUTPUTS: &'static [&'static str] = &["vwap", "upper", "lower"];

    #[inline(always)]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        if closed.volume.is_nan() {
            out.fill(NULL);
            return;
        }
        let price = Source::Hlc3.of(closed);
        self.traded = self.traded.plus(price, closed.volume);
        self.write(self.traded, price, out);
    }

    #[inline(always)]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        if forming.volume.is_nan() {
            out.fill(NULL);
            return;
        }
        let price = Source::Hlc3.of(forming);
        self.write(self.traded.plus(price, forming.volume), price, out);
    }

    /// An anchored one depends on nothing before the session's open.
    fn warm_up(&self) -> WarmUp {
        if self.is_anchored { WarmUp::exact(0) } else { WarmUp::endless(0) }
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start || self.is_anchored {
            self.traded = Traded::default();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.traded.volume.save(to);
        self.traded.money.save(to);
        self.traded.spread.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.traded.volume.restore(from)?;
        self.traded.money.restore(from)?;
        self.traded.spread.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_and_sigma_by_hand() {
        // (10·1 + 20·3)/4 = 17.5; (1·7.5² + 3·2.5²)/4 = 18.75.
        let traded = Traded::default().plus(10.0, 1.0).plus(99.0, 0.0).plus(20.0, 3.0);
        assert_eq!(traded.average(0.0), (17.5, 18.75_f64.sqrt()));
        assert_eq!(Traded::default().plus(7.0, 0.0).average(7.0), (7.0, 0.0));
    }

    #[test]
    fn a_print_of_great_value_leaves_the_average_exact() {
        let mut traded = Traded::default().plus(1e15, 1.0);
        for _ in 0..1000 {
            traded = traded.plus(0.1, 1e12);
        }
        let exact = (1e15 + 1e14) / (1.0 + 1e15);
        assert!((traded.average(0.0).0 - exact).abs() <= 1e-15 * exact);
    }
}
