//! Linear regression: the straight line through the last n values.
//!
//! Every value is weighed by its distance from the middle of the window, so every bar looks at the whole window: O(n) a bar.

use super::contract::WarmUp;
use super::parts::{Filter, Lag, Sum, Window, lane_of};
use super::spec::{Entry, Inputs, Param, anything};

/// The line of least squares through the last n values: at the newest, its slope, at the oldest, at the next, its angle.
#[derive(Debug, Clone)]
pub struct Linreg {
    values: Lag,
    sum: Window<Sum>,
    n: f64,
    /// Steps from the middle of the window to its ends.
    half: f64,
    /// Σ(t − t̄)² = n(n² − 1)/12.
    spread: f64,
}

impl Linreg {
    /// Over `n` values, at least 2.
    pub fn new(n: u32) -> Self {
        let n = n.max(2);
        let count = f64::from(n);
        Self {
            values: Lag::new(n as usize),
            sum: Window::new(n as usize),
            n: count,
            half: (count - 1.0) / 2.0,
            spread: count * (count * count - 1.0) / 12.0,
        }
    }

    /// Of the sum of the window, and its values from the `oldest` and from the `newest` on.
    #[inline(always)]
    fn tell(
        &self,
        sum: f64,
        oldest: impl Iterator<Item = f64>,
        newest: impl Iterator<Item = f64>,
    ) -> [f64; 5] {
        // By pairs, so that equal values take each other away to nothing.
        let pairs = oldest.zip(newest).take(self.values.span() / 2);
        let (with_time, _) = pairs.fold((0.0, self.half), |(total, steps), (old, new)| {
            (total + (steps * new - steps * old), steps - 1.0)
        });
        let (mean, slope) = (sum / self.n, with_time / self.spread);
        let at = |steps: f64| mean + slope * steps;
        [at(self.half), slope, at(-self.half), at(self.half + 1.0), libm::atan(slope).to_degrees()]
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "linreg",
    title: "linear regression",
    inputs: Inputs::Source,
    params: &[Param::count("period", 2, 14), Param::SOURCE],
    outputs: Linreg::OUTPUTS,
    formula: "slope = Σ(t - t̄)·x/Σ(t - t̄)², t = 0 … n-1; intercept = x̄ - slope·(n-1)/2; value = the line at n-1; \
              forecast = at n; angle = atan(slope) in degrees",
    conventions: "first value at row n-1; the last n bars, looked at anew on every bar: O(n), and a bad print that left the \
                  window left no trace; equal values have no slope at all",
    reference: "TA-Lib LINEARREG, LINEARREG_SLOPE, LINEARREG_INTERCEPT, TSF, LINEARREG_ANGLE",
    peers: "ta-lib's slope and angle keep the rounding of a bad print (2e-9, 7e-8); wickra-core agrees",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Linreg::new(args.count("period"))),
};

impl Filter for Linreg {
    type Value = [f64; 5];
    const OUTPUTS: &'static [&'static str] = &["value", "slope", "intercept", "forecast", "angle"];

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<[f64; 5]> {
        self.values.push(value);
        let sum = self.sum.push(value);
        let window = || self.values.values();
        self.sum.is_full().then(|| self.tell(sum, window(), window().rev()))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<[f64; 5]> {
        let newest = || [value].into_iter().chain(self.values.values().rev());
        let told = || self.tell(self.sum.peek(value), self.values.values().skip(1).chain([value]), newest());
        self.sum.would_be_full().then(told)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.values.span() as u32 - 1)
    }

    made_of!(values, sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_its_own_and_a_flat_one_has_no_slope() {
        let last = |values: [f64; 5]| {
            let mut linreg = Linreg::new(3);
            values.map(|x| linreg.push(x))[4].unwrap()
        };
        let [value, slope, intercept, forecast, angle] = last([1.0, 9.0, 6.0, 7.0, 8.0]);
        assert_eq!([value, slope, intercept, forecast], [8.0, 1.0, 6.0, 9.0]);
        assert!((angle - 45.0).abs() < 1e-12);
        assert_eq!(last([3.0, 1e17, 0.1, 0.1, 0.1])[1], 0.0);
    }
}
