//! Parkinson's volatility: of how far the high is from the low.

use std::fmt;
use std::marker::PhantomData;

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;

/// What one bar says about the variance of a bar.
pub trait Estimate: Copy + Send + fmt::Debug + 'static {
    /// Of a bar with prices above 0; not finite where one is not.
    fn of(bar: &Bar) -> f64;
}

/// The square root of the mean estimate of the last n bars.
#[derive(Debug, Clone)]
pub struct RangeVolatility<E> {
    window: Window<Sum>,
    estimate: PhantomData<E>,
}

impl<E: Estimate> RangeVolatility<E> {
    /// Over `n` bars, at least 1.
    pub fn new(n: u32) -> Self {
        Self { window: Window::new(n as usize), estimate: PhantomData }
    }

    #[inline(always)]
    fn root(&self, sum: f64) -> f64 {
        let mean = sum / self.window.span() as f64;
        if mean > 0.0 { mean.sqrt() } else { 0.0 }
    }
}

/// ln(high/low)²/(4·ln 2).
#[derive(Debug, Clone, Copy)]
pub struct Parkinson;

impl Estimate for Parkinson {
    #[inline]
    fn of(bar: &Bar) -> f64 {
        let range = libm::log(bar.high / bar.low);
        range * range / (4.0 * std::f64::consts::LN_2)
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "parkinson",
    title: "Parkinson's volatility",
    inputs: Inputs::Columns("HL"),
    params: &[Param::count("period", 1, 20)],
    outputs: &[""],
    formula: "√(Σ ln(high/low)² / (4·ln 2) / n) over the last n bars",
    conventions: "of a bar, not annualised; first value at row n-1; a bar with a price of 0 or below has no logarithm, gives \
                  no value and is passed over",
    reference: "M. Parkinson, The Extreme Value Method, Journal of Business 53, 1980",
    peers: "wickra-core gives percent, annualised by √trading_periods, and a residue (7e-12) where there is \
            no range",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(RangeVolatility::<Parkinson>::new(args.count("period"))))),
};

impl<E: Estimate> BarFilter for RangeVolatility<E> {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let estimate = Some(E::of(bar)).filter(|estimate| estimate.is_finite())?;
        let sum = self.window.push(estimate);
        self.window.is_full().then(|| self.root(sum))
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        let estimate = Some(E::of(bar)).filter(|estimate| estimate.is_finite())?;
        self.window.would_be_full().then(|| self.root(self.window.peek(estimate)))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.window.span() as u32 - 1)
    }

    made_of!(window);
}

#[cfg(test)]
mod tests {
    use super::super::bar_of as bar;
    use super::super::{garman_klass::GarmanKlass, rogers_satchell::RogersSatchell};
    use super::*;

    fn passes_over<E: Estimate>() {
        let mut volatility = RangeVolatility::<E>::new(2);
        assert_eq!(volatility.push(&bar(2.0, 4.0, 1.0, 2.0)), None);
        assert_eq!(volatility.push(&bar(2.0, 4.0, 0.0, 2.0)), None);
        assert_eq!(volatility.push(&bar(2.0, 4.0, -1.0, -1.0)), None);
        assert!(volatility.push(&bar(2.0, 4.0, 1.0, 2.0)).is_some());
    }

    #[test]
    fn a_price_without_logarithm_is_passed_over() {
        passes_over::<Parkinson>();
        passes_over::<GarmanKlass>();
        passes_over::<RogersSatchell>();
    }

    #[test]
    fn estimates_by_hand() {
        let ln_2 = std::f64::consts::LN_2;
        let bar = bar(2.0, 4.0, 1.0, 2.0);
        assert!((Parkinson::of(&bar) - ln_2).abs() < 1e-15);
        assert!((GarmanKlass::of(&bar) - 2.0 * ln_2 * ln_2).abs() < 1e-15);
        assert!((RogersSatchell::of(&bar) - 2.0 * ln_2 * ln_2).abs() < 1e-15);
    }
}
