//! Ichimoku: the middles of three ranges, and the close. Nothing is shifted: that is the chart's.

use super::contract::{NULL, WarmUp};
use super::high_low::HighLow;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// The middles of the ranges of three numbers of bars, the mean of the first two, and the close.
#[derive(Debug, Clone)]
pub struct Ichimoku {
    tenkan: HighLow,
    kijun: HighLow,
    senkou: HighLow,
}

impl Ichimoku {
    /// Over these numbers of bars, each at least 1.
    pub fn new(tenkan: u32, kijun: u32, senkou: u32) -> Self {
        let [tenkan, kijun, senkou] = [tenkan, kijun, senkou].map(HighLow::new);
        Self { tenkan, kijun, senkou }
    }
}

/// The five lines of the three ranges, where there are any, and the close.
#[inline(always)]
fn lines(ranges: [Option<[f64; 2]>; 3], close: f64) -> [f64; 5] {
    let middle = |range: Option<[f64; 2]>| range.map(|[high, low]| (high + low) / 2.0);
    let [tenkan, kijun, senkou] = ranges.map(middle);
    let between = tenkan.zip(kijun).map(|(tenkan, kijun)| (tenkan + kijun) / 2.0);
    let [tenkan, kijun, between, senkou] = [tenkan, kijun, between, senkou].map(|line| line.unwrap_or(NULL));
    [tenkan, kijun, between, senkou, close]
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "ichimoku",
    title: "Ichimoku lines",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("tenkan", 1, 9), Param::count("kijun", 1, 26), Param::count("senkou", 1, 52)],
    outputs: Ichimoku::OUTPUTS,
    formula: "tenkan, kijun, senkou_b = (H + L)/2, H the highest high and L the lowest low of as many bars; senkou_a = \
              (tenkan + kijun)/2; chikou = close",
    conventions: "each begins when its bars are there, chikou at row 0; values as of the bar, not shifted: a chart draws the \
                  spans 26 bars ahead and chikou 26 bars back",
    reference: "G. Hosoda; TA-Lib ICHIMOKU",
    peers: "ta-lib begins with all lines at row 51; wickra-core and quantedge-ta give the spans of 26 bars \
            ago, wickra-core chikou too; quantedge-ta begins at row 78",
    has_gaps: false,
    check: anything,
    build: |args| {
        let [tenkan, kijun, senkou] = ["tenkan", "kijun", "senkou"].map(|name| args.count(name));
        Box::new(Each::new(OfBar(Ichimoku::new(tenkan, kijun, senkou))))
    },
};

impl BarFilter for Ichimoku {
    type Value = [f64; 5];
    const OUTPUTS: &'static [&'static str] = &["tenkan", "kijun", "senkou_a", "senkou_b", "chikou"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 5]> {
        let ranges = [self.tenkan.push(bar), self.kijun.push(bar), self.senkou.push(bar)];
        Some(lines(ranges, bar.close))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 5]> {
        let ranges = [self.tenkan.peek(bar), self.kijun.peek(bar), self.senkou.peek(bar)];
        Some(lines(ranges, bar.close))
    }

    fn warm_up(&self) -> WarmUp {
        let all = self.tenkan.warm_up().and(self.kijun.warm_up()).and(self.senkou.warm_up());
        WarmUp { first: 0, ..all }
    }

    made_of!(tenkan, kijun, senkou);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_waits_for_its_own_bars() {
        let given = lines([Some([4.0, 2.0]), Some([8.0, 2.0]), None], 3.0);
        assert_eq!((&given[..3], given[4]), (&[3.0, 5.0, 4.0][..], 3.0));
        assert!(given[3].is_nan());
    }
}
