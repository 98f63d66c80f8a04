//! Stochastic oscillator: where the close lies in the range of the last n bars, smoothed, and its average.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Filter, Max, Min, Window};
use super::sma::Sma;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// %K, the smoothed place of the close in the range, and %D, its average; both begin with %D.
#[derive(Debug, Clone)]
pub struct Stochastic {
    highest: Window<Max>,
    lowest: Window<Min>,
    smooth: Sma,
    average: Sma,
}

impl Stochastic {
    /// The range of `n` bars, %K averaged over `smooth` values, %D over `average` of %K; each at least 1.
    pub fn new(n: u32, smooth: u32, average: u32) -> Self {
        Self {
            highest: Window::new(n as usize),
            lowest: Window::new(n as usize),
            smooth: Sma::new(smooth),
            average: Sma::new(average),
        }
    }

    #[inline]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 2]> {
        let (highest, lowest) = (self.highest.push(bar.high), self.lowest.push(bar.low));
        if !self.highest.is_full() {
            return None;
        }
        let k = self.smooth.push(place(highest, lowest, bar.close))?;
        Some([k, self.average.push(k)?])
    }

    #[inline]
    fn would_push(&self, bar: &Bar) -> Option<[f64; 2]> {
        if !self.highest.would_be_full() {
            return None;
        }
        let (highest, lowest) = (self.highest.peek(bar.high), self.lowest.peek(bar.low));
        let k = self.smooth.peek(place(highest, lowest, bar.close))?;
        Some([k, self.average.peek(k)?])
    }
}

/// The close's place in the range, in percent.
#[inline]
fn place(highest: f64, lowest: f64, close: f64) -> f64 {
    let range = highest - lowest;
    if range > 0.0 { 100.0 * ((close - lowest) / range) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "stochastic",
    title: "slow stochastic oscillator",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("k", 1, 14), Param::count("smooth", 1, 3), Param::count("d", 1, 3)],
    outputs: &["k", "d"],
    formula: "k = SMA of 100·(close - L)/(H - L), H the highest high and L the lowest low of the last n bars; \
              d = SMA of k",
    conventions: "both begin at row k-1 + smooth-1 + d-1; a flat window counts as 0",
    reference: "TA-Lib STOCH, both averages simple; G. Lane",
    has_gaps: false,
    check: anything,
    build: |args| {
        Box::new(Each::new(Stochastic::new(args.count("k"), args.count("smooth"), args.count("d"))))
    },
};

impl Indicator for Stochastic {
    const OUTPUTS: &'static [&'static str] = &["k", "d"];

    #[inline]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        out.copy_from_slice(&self.push(closed).unwrap_or([NULL; 2]));
    }

    #[inline]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        out.copy_from_slice(&self.would_push(forming).unwrap_or([NULL; 2]));
    }

    fn warm_up(&self) -> WarmUp {
        self.average.warm_up().on(self.smooth.warm_up()).after(self.highest.span() as u32 - 1)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.highest.reset();
            self.lowest.reset();
            self.smooth.reset();
            self.average.reset();
        }
    }

    fn save(&self, to: &mut Bytes) {
        self.highest.save(to);
        self.lowest.save(to);
        self.smooth.save(to);
        self.average.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.highest.restore(from)?;
        self.lowest.restore(from)?;
        self.smooth.restore(from)?;
        self.average.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_in_percent_of_the_range() {
        assert_eq!(
            [place(12.0, 8.0, 9.0), place(12.0, 8.0, 12.0), place(12.0, 8.0, 8.0)],
            [25.0, 100.0, 0.0]
        );
        assert_eq!(place(8.0, 8.0, 8.0), 0.0);
    }

    #[test]
    fn both_begin_together() {
        assert_eq!(Stochastic::new(14, 3, 3).warm_up(), WarmUp::exact(17));
        assert_eq!(Stochastic::new(14, 1, 3).warm_up(), WarmUp::exact(15));
    }
}
