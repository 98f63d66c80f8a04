//! SuperTrend: a band of average true ranges below a rising market or above a falling one.

use super::atr::Atr;
use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Both bands, the trend, and the close that they were held against.
#[derive(Debug, Clone, Copy, Default)]
struct Bands {
    upper: f64,
    lower: f64,
    is_rising: bool,
    close: f64,
}

/// hl2 ± k·ATR, the bands only moving towards prices until a close beyond one turns the trend.
#[derive(Debug, Clone)]
pub struct SuperTrend {
    range: Atr,
    k: f64,
    bands: Option<Bands>,
}

impl SuperTrend {
    /// An ATR over `n` true ranges, at least 1, and bands `k` of it away.
    pub fn new(n: u32, k: f64) -> Self {
        Self { range: Atr::new(n), k, bands: None }
    }

    #[inline(always)]
    fn next(&self, bar: &Bar, range: f64) -> Bands {
        let (middle, width) = (Source::Hl2.of(bar), self.k * range);
        let (upper, lower, close) = (middle + width, middle - width, bar.close);
        let Some(before) = self.bands else { return Bands { upper, lower, is_rising: true, close } };
        // A band goes back only after a close beyond it.
        let upper = if upper < before.upper || before.close > before.upper { upper } else { before.upper };
        let lower = if lower > before.lower || before.close < before.lower { lower } else { before.lower };
        let is_rising = if before.is_rising { close >= lower } else { close > upper };
        Bands { upper, lower, is_rising, close }
    }
}

impl Bands {
    #[inline(always)]
    fn tell(self) -> [f64; 2] {
        if self.is_rising { [self.lower, 1.0] } else { [self.upper, -1.0] }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "supertrend",
    title: "SuperTrend",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 1, 10), Param::real("k", 0.0, 1000.0, 3.0)],
    outputs: SuperTrend::OUTPUTS,
    formula: "upper, lower = (high + low)/2 ± k·ATR; a band only moves towards prices until a close beyond it; supertrend = lower \
              while trend is 1, upper while it is -1; a close beyond that band turns the trend",
    conventions: "both begin at row n with trend 1; depends on its start until the trend has turned, so for ever",
    reference: "TA-Lib SUPERTREND; O. Seban",
    peers: "wickra-core and quantedge-ta count the first bar's range in the ATR: 3e-4 apart at first; \
            quantedge-ta starts with trend -1; equal after 130 bars",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(SuperTrend::new(args.count("period"), args.real("k"))))),
};

impl BarFilter for SuperTrend {
    type Value = [f64; 2];
    const OUTPUTS: &'static [&'static str] = &["supertrend", "trend"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 2]> {
        let range = self.range.push(bar)?;
        let bands = self.next(bar, range);
        self.bands = Some(bands);
        Some(bands.tell())
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 2]> {
        let range = self.range.peek(bar)?;
        Some(self.next(bar, range).tell())
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(self.range.warm_up().first)
    }

    fn reset(&mut self) {
        self.range.reset();
        self.bands = None;
    }

    fn save(&self, to: &mut Bytes) {
        let Bands { upper, lower, is_rising, close } = self.bands.unwrap_or_default();
        self.range.save(to);
        to.u32(self.bands.is_some().into());
        to.u32(is_rising.into());
        to.f64s(&[upper, lower, close]);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.range.restore(from)?;
        let has_bands = from.at_most("bands", 1)? == 1;
        let is_rising = from.at_most("trend", 1)? == 1;
        let bands = Bands { is_rising, upper: from.f64()?, lower: from.f64()?, close: from.f64()? };
        self.bands = has_bands.then_some(bands);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bar_of;
    use super::*;

    #[test]
    fn a_band_goes_back_only_after_a_close_beyond_it() {
        let before = Bands { upper: 12.0, lower: 8.0, is_rising: true, close: 10.0 };
        let mut trend = SuperTrend::new(1, 1.0);
        let bar = |close: f64| bar_of(close, 13.0, 7.0, close);
        trend.bands = Some(before);
        // Wider bands around the same middle are not taken; a close below the lower one turns.
        let next = trend.next(&bar(7.0), 5.0);
        assert_eq!((next.upper, next.lower, next.tell()), (12.0, 8.0, [12.0, -1.0]));
        trend.bands = Some(next);
        assert_eq!(trend.next(&bar(9.0), 5.0).lower, 5.0);
    }
}
