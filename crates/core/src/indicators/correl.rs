//! Correlation of two prices of the bars.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, Joint, Merged, OfBar};
use super::source::Source;
use super::spec::{Entry, Inputs, Kind, Param, Value, anything};
use crate::bar::Bar;

/// Pearson's correlation of two prices over the last n bars.
#[derive(Debug, Clone)]
pub struct Correl {
    sources: [Source; 2],
    window: Merged<Joint>,
}

impl Correl {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32, sources: [Source; 2]) -> Self {
        Self { sources, window: Merged::new(n) }
    }

    /// Both prices, where the bar has them.
    #[inline(always)]
    fn pair(&self, bar: &Bar) -> Option<[f64; 2]> {
        let pair = self.sources.map(|source| source.of(bar));
        pair.iter().all(|price| !price.is_nan()).then_some(pair)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "correl",
    title: "correlation of two prices",
    inputs: Inputs::Source,
    params: &[
        Param::count("period", 2, 30),
        Param { name: "x", kind: Kind::Source, default: Value::Source(Source::High) },
        Param { name: "y", kind: Kind::Source, default: Value::Source(Source::Low) },
    ],
    outputs: &[""],
    formula: "Σ(x - x̄)(y - ȳ) / √(Σ(x - x̄)²·Σ(y - ȳ)²) over the last n bars",
    conventions: "first value at row n-1; where x or y does not move, 0; merged blocks, so a bad print that left the window \
                  left no trace; x and y are prices of the same bar; one without a volume that is asked for gives none and is \
                  passed over",
    reference: "TA-Lib CORREL; T. F. Chan, G. H. Golub, R. J. LeVeque, 1983, for the blocks",
    peers: "after a bad print wickra-core is apart by up to 1 (0.72 for 0.98); ta-lib agrees",
    has_gaps: false,
    check: anything,
    build: |args| {
        let sources = [args.source("x"), args.source("y")];
        Box::new(Each::new(OfBar(Correl::new(args.count("period"), sources))))
    },
};

impl BarFilter for Correl {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let pair = self.pair(bar)?;
        self.window.push(pair).map(Joint::correlation)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        self.window.peek(self.pair(bar)?).map(Joint::correlation)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.window.span() - 1)
    }

    made_of!(window);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Spec;

    #[test]
    fn of_a_straight_line_it_is_1_and_of_a_flat_one_0() {
        let last = |pairs: [[f64; 2]; 3]| {
            let mut window = Merged::<Joint>::new(3);
            pairs.map(|pair| window.push(pair))[2].unwrap().correlation()
        };
        assert_eq!(last([[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]]), 1.0);
        assert_eq!(last([[1.0, -2.0], [2.0, -4.0], [4.0, -8.0]]), -1.0);
        assert_eq!(last([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]]), 0.0);
    }

    #[test]
    fn both_prices_are_named() {
        let spec: Spec = "correl:30,y=close".parse().unwrap();
        assert_eq!(spec.to_string(), "correl_30_high_close");
        assert!("correl:30,y=volume".parse::<Spec>().unwrap().needs_volume());
    }
}
