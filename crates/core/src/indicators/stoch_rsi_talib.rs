//! Stochastic RSI as TA-Lib computes it: k is not smoothed, and both outputs begin together.

use super::parts::{Filter, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use super::stoch_rsi::StochRsi;

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "stoch_rsi_talib",
    title: "stochastic RSI as TA-Lib",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 14), Param::count("k", 1, 5), Param::count("d", 1, 3), Param::SOURCE],
    outputs: StochRsi::OUTPUTS,
    formula: "k = 100·(r - L)/(H - L), r the RSI, H its highest and L its lowest value of the last `k` bars; d = SMA of k",
    conventions: "both begin at row period + k-1 + d-1; a range of the RSI below 1e-14 of its ends is rounding and counts as 0; bounded values, averaged by running sums as \
                  TA-Lib does",
    reference: "TA-Lib STOCHRSI, its average simple",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| {
        let [rsi, k, d] = ["period", "k", "d"].map(|name| args.count(name));
        lane_of(args.source("source"), StochRsi::new(rsi, k, 1, d, true))
    },
};
