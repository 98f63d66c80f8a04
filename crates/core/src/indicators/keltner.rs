//! Keltner channel: an average of the close, and k average true ranges on either side.

use super::atr::Atr;
use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{BarFilter, Ema, Filter};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// EMA of the close ± k·ATR.
#[derive(Debug, Clone)]
pub struct Keltner {
    middle: Ema,
    range: Atr,
    k: f64,
}

impl Keltner {
    /// An average over `n` closes, a range over `atr` true ranges, each at least 1, and `k` ranges wide.
    pub fn new(n: u32, atr: u32, k: f64) -> Self {
        Self { middle: Ema::new(n), range: Atr::new(atr), k }
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
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(Keltner::new(args.count("period"), args.count("atr"), args.real("k")))),
};

/// The parameters of both channels.
pub(super) const PARAMS: &[Param] =
    &[Param::count("period", 1, 20), Param::count("atr", 1, 10), Param::real("k", 0.0, 100.0, 2.0)];

/// Writes a channel `k` ranges wide, or none before both averages have started.
#[inline]
pub(super) fn write(middle: Option<f64>, range: Option<f64>, k: f64, out: &mut [f64]) {
    let bands = match (middle, range) {
        (Some(middle), Some(range)) => [middle + k * range, middle, middle - k * range],
        _ => [NULL; 3],
    };
    out.copy_from_slice(&bands);
}

impl Indicator for Keltner {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        write(self.middle.push(closed.close), self.range.push(closed), self.k, out);
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        write(self.middle.peek(forming.close), self.range.peek(forming), self.k, out);
    }

    fn warm_up(&self) -> WarmUp {
        self.middle.warm_up().and(self.range.warm_up())
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.middle.reset();
            self.range.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.middle.save(to);
        self.range.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.middle.restore(from)?;
        self.range.restore(from)
    }
}
