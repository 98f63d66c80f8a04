//! Stochastic RSI: where the RSI lies in its own range of the last n bars, smoothed, and its average.

use super::contract::{NULL, WarmUp};
use super::parts::{Filter, Max, Min, RunningMean, Window, lane_of};
use super::rsi::Rsi;
use super::spec::{Entry, Inputs, Param, anything};
use super::stochastic;

/// The place of the RSI in its range, averaged twice.
#[derive(Debug, Clone)]
pub struct StochRsi {
    rsi: Rsi,
    highest: Window<Max>,
    lowest: Window<Min>,
    smooth: RunningMean,
    average: RunningMean,
    /// Whether k waits for d, and a range of rounding is none: as TA-Lib.
    is_talib: bool,
}

impl StochRsi {
    /// An RSI over `rsi` changes, its range over `n` values, k smoothed over `smooth`, d the mean of `average` k, each at least
    /// 1; with `is_talib`, k is told when d is, and a range that is only rounding counts as none.
    pub fn new(rsi: u32, n: u32, smooth: u32, average: u32, is_talib: bool) -> Self {
        Self {
            rsi: Rsi::new(rsi),
            highest: Window::new(n as usize),
            lowest: Window::new(n as usize),
            smooth: RunningMean::new(smooth),
            average: RunningMean::new(average),
            is_talib,
        }
    }

    #[inline(always)]
    fn place(&self, value: f64, highest: f64, lowest: f64) -> f64 {
        place(value, highest, lowest, if self.is_talib { 1e-14 } else { 0.0 })
    }

    #[inline(always)]
    fn shown(&self, k: f64, d: Option<f64>) -> Option<[f64; 2]> {
        match d {
            Some(d) => Some([k, d]),
            None if self.is_talib => None,
            None => Some([k, NULL]),
        }
    }
}

/// In percent of the range; of none, that is of none above the share `noise` of its ends, 0.
#[inline]
fn place(value: f64, highest: f64, lowest: f64, noise: f64) -> f64 {
    let is_none = highest - lowest <= noise * (highest + lowest);
    if is_none { 0.0 } else { stochastic::place([highest, lowest], value) }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "stoch_rsi",
    title: "stochastic RSI",
    inputs: Inputs::Source,
    params: &[
        Param::count("rsi", 1, 14),
        Param::count("stoch", 1, 14),
        Param::count("k", 1, 3),
        Param::count("d", 1, 3),
        Param::SOURCE,
    ],
    outputs: StochRsi::OUTPUTS,
    formula: "k = SMA of 100·(r - L)/(H - L), r the RSI, H its highest and L its lowest value of the last `stoch` bars; d = SMA of k",
    conventions: "k from row rsi + stoch-1 + k-1, d from d-1 rows later; a flat window counts as 0, but where prices do not move the RSI's rounding still does and k \
                  tells it: noise; bounded values, averaged by \
                  running sums",
    reference: "TradingView Stochastic RSI; T. Chande, S. Kroll, The New Technical Trader, 1994",
    peers: "wickra-core and quantedge-ta give 50 in a flat window; wickra-core has the raw line alone; \
            quantedge-ta begins at rows 30 and 33; ta-lib's is `stoch_rsi_talib`",
    has_gaps: false,
    check: anything,
    build: |args| {
        let [rsi, n, k, d] = ["rsi", "stoch", "k", "d"].map(|name| args.count(name));
        lane_of(args.source("source"), StochRsi::new(rsi, n, k, d, false))
    },
};

impl Filter for StochRsi {
    type Value = [f64; 2];
    const OUTPUTS: &'static [&'static str] = &["k", "d"];

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<[f64; 2]> {
        let rsi = self.rsi.push(value)?;
        let (highest, lowest) = (self.highest.push(rsi), self.lowest.push(rsi));
        if !self.highest.is_full() {
            return None;
        }
        let k = self.smooth.push(self.place(rsi, highest, lowest))?;
        let d = self.average.push(k);
        self.shown(k, d)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<[f64; 2]> {
        let rsi = self.rsi.peek(value)?;
        if !self.highest.would_be_full() {
            return None;
        }
        let k = self.smooth.peek(self.place(rsi, self.highest.peek(rsi), self.lowest.peek(rsi)))?;
        self.shown(k, self.average.peek(k))
    }

    fn warm_up(&self) -> WarmUp {
        let range = WarmUp::exact(self.highest.span() as u32 - 1).on(self.rsi.warm_up());
        let k = self.smooth.warm_up().on(range);
        let d = self.average.warm_up().on(k);
        WarmUp { first: if self.is_talib { d.first } else { k.first }, ..d }
    }

    made_of!(rsi, highest, lowest, smooth, average);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_the_average() {
        let first = |is_talib| StochRsi::new(14, 14, 3, 3, is_talib).warm_up().first;
        assert_eq!([first(false), first(true)], [29, 31]);
        assert_eq!([place(3.0, 5.0, 1.0, 0.0), place(1.0, 1.0, 1.0, 0.0)], [50.0, 0.0]);
        let rounding = 50.0 + 1e-14;
        assert_eq!([0.0, 1e-14].map(|noise| place(rounding, rounding, 50.0, noise)), [100.0, 0.0]);
    }
}
