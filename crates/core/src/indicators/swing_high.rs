//! Swing highs: bars that no neighbour on either side tops.

use super::contract::WarmUp;
use super::parts::{Combine, Filter, Lag, Max, Window, lane_of};
use super::source::Source;
use super::spec::{Entry, Inputs, Param, anything};

/// The centre of the last 2k+1 values where it is their extreme.
#[derive(Debug, Clone)]
pub struct Swing<C> {
    extreme: Window<C>,
    centre: Lag,
}

impl<C: Combine> Swing<C> {
    /// With `k` values on either side, at least 1.
    pub fn new(k: u32) -> Self {
        let k = k.max(1) as usize;
        Self { extreme: Window::new(2 * k + 1), centre: Lag::new(k) }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "swing_high",
    title: "swing high",
    inputs: Inputs::Columns("H"),
    params: &[Param::count("k", 1, 5)],
    outputs: &[""],
    formula: "high[k] where it is the highest of the last 2k+1 highs",
    conventions: "reported k bars after it happened, first at row 2k; ties count; no value on bars that \
                  confirm none",
    reference: "exact",
    peers: "wickra-core's WilliamsFractals is k = 2, and an equal neighbour confirms none",
    has_gaps: true,
    check: anything,
    build: |args| lane_of(Source::High, Swing::<Max>::new(args.count("k"))),
};

impl<C: Combine> Filter for Swing<C> {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let (centre, extreme) = (self.centre.push(value), self.extreme.push(value));
        centre.filter(|&centre| self.extreme.is_full() && centre == extreme)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        let extreme = self.extreme.peek(value);
        self.centre.before().filter(|&centre| self.extreme.would_be_full() && centre == extreme)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.extreme.span() as u32 - 1)
    }

    made_of!(extreme, centre);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swing_is_told_k_values_later_and_ties_count() {
        let mut swing = Swing::<Max>::new(1);
        let given = [1.0, 3.0, 2.0, 2.0, 2.0, 4.0].map(|value| swing.push(value));
        assert_eq!(given, [None, None, Some(3.0), None, Some(2.0), None]);
    }
}
