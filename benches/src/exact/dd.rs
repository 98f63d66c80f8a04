//! Numbers of 106 bits: the unevaluated sum of two `f64` (double-double), with errors below 2⁻¹⁰⁰ a step.
//!
//! M. Joldes, J.-M. Muller, V. Popescu, *Tight and Rigorous Error Bounds for Basic Building Blocks of Double-Word
//! Arithmetic*, 2017: algorithms 6, 12 and 17. NaN in the high part is no value.

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Two parts, the low one at most half an ulp of the high one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dd {
    hi: f64,
    lo: f64,
}

fn two_sum(a: f64, b: f64) -> Dd {
    let hi = a + b;
    let b_taken = hi - a;
    Dd { hi, lo: (a - (hi - b_taken)) + (b - b_taken) }
}

/// Of |a| ≥ |b|.
fn fast_two_sum(a: f64, b: f64) -> Dd {
    let hi = a + b;
    Dd { hi, lo: b - (hi - a) }
}

fn two_product(a: f64, b: f64) -> Dd {
    let hi = a * b;
    Dd { hi, lo: a.mul_add(b, -hi) }
}

/// ln 2 to 106 bits.
const LN_2: Dd = Dd { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };

impl Dd {
    /// No value.
    pub const NONE: Self = Self { hi: f64::NAN, lo: 0.0 };
    /// 0.
    pub const ZERO: Self = Self { hi: 0.0, lo: 0.0 };
    /// 1.
    pub const ONE: Self = Self { hi: 1.0, lo: 0.0 };

    /// π.
    pub const PI: Self = Self { hi: std::f64::consts::PI, lo: 1.224_646_799_147_353_2e-16 };

    /// Whether it is no value.
    pub fn is_none(self) -> bool {
        self.hi.is_nan()
    }

    /// The value, or that of `instead` where there is none.
    #[must_use]
    pub fn or(self, instead: Self) -> Self {
        if self.is_none() { instead } else { self }
    }

    /// The nearest `f64`.
    pub fn to_f64(self) -> f64 {
        self.hi
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    /// The larger, where both are values.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// The smaller, where both are values.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// √x, 0 of what is below 0: Newton's step on the root of the high part.
    #[must_use]
    pub fn sqrt(self) -> Self {
        if self.hi <= 0.0 {
            return Self::ZERO;
        }
        let root = Self::from(self.hi.sqrt());
        root + (self - root * root) / (root + root)
    }

    /// eˣ: x = k·ln 2 + r, the series of r/512, squared nine times.
    #[must_use]
    pub fn exp(self) -> Self {
        let k = (self.hi / LN_2.hi).round();
        let r = (self - LN_2 * k) / 512.0;
        let (mut term, mut sum) = (Self::ONE, Self::ONE);
        for i in 1..=14 {
            term = term * r / f64::from(i);
            sum = sum + term;
        }
        for _ in 0..9 {
            sum = sum * sum;
        }
        sum * 2.0_f64.powi(k as i32)
    }

    /// ln x: two of Newton's steps, y + 2(x - eʸ)/(x + eʸ).
    #[must_use]
    pub fn ln(self) -> Self {
        let mut y = Self::from(self.hi.ln());
        for _ in 0..2 {
            let power = y.exp();
            y = y + (self - power) * 2.0 / (self + power);
        }
        y
    }

    /// atan x, by atan x = 2·atan(x/(1 + √(1 + x²))) six times and the series.
    #[must_use]
    pub fn atan(self) -> Self {
        const HALVINGS: i32 = 6;
        let mut x = self;
        for _ in 0..HALVINGS {
            x = x / (Self::ONE + (Self::ONE + x * x).sqrt());
        }
        let (mut power, mut sum) = (x, Self::ZERO);
        for i in 0..16 {
            sum = sum + power / f64::from(2 * i + 1);
            power = -(power * x * x);
        }
        sum * 2.0_f64.powi(HALVINGS)
    }
}

impl From<f64> for Dd {
    fn from(hi: f64) -> Self {
        Self { hi, lo: 0.0 }
    }
}

impl Add for Dd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.hi, other.hi), two_sum(self.lo, other.lo));
        let sum = fast_two_sum(high.hi, high.lo + low.hi);
        fast_two_sum(sum.hi, low.lo + sum.lo)
    }
}

impl Neg for Dd {
    type Output = Self;
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Sub for Dd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dd {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = two_product(self.hi, other.hi);
        let low = self.hi.mul_add(other.lo, self.lo * other.hi) + self.lo * other.lo;
        fast_two_sum(high.hi, high.lo + low)
    }
}

impl Div for Dd {
    type Output = Self;
    /// Two of the quotient's parts, and one more for the rest of both.
    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other * first;
        let second = rest.hi / other.hi;
        let rest = rest - other * second;
        fast_two_sum(first, second) + Self::from(rest.hi / other.hi)
    }
}

macro_rules! with_f64 {
    ($($op:ident $f:ident),+) => {
        $(impl $op<f64> for Dd {
            type Output = Self;
            fn $f(self, other: f64) -> Self {
                self.$f(Self::from(other))
            }
        })+
    };
}
with_f64!(Add add, Sub sub, Mul mul, Div div);

impl PartialOrd for Dd {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.hi.partial_cmp(&other.hi)? {
            Ordering::Equal => self.lo.partial_cmp(&other.lo),
            unequal => Some(unequal),
        }
    }
}

impl Sum for Dd {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of integers beyond `f64`, which 106 bits hold: what `i128` says of the same.
    #[test]
    fn integers_come_out_exactly() {
        let dd = |x: i128| two_sum((x as f64) as i128 as f64, (x - (x as f64) as i128) as f64);
        let exact = |x: Dd| x.hi as i128 + x.lo as i128;
        let (a, b) = (0x1234_5678_9abc_def0_1234_5678_i128, 0xfedc_ba98_7654_3210_i128);
        assert_eq!(exact(dd(a) + dd(b)), a + b);
        assert_eq!(exact(dd(a) - dd(b)), a - b);
        assert_eq!(exact(dd(a >> 45) * dd(b >> 16)), (a >> 45) * (b >> 16));
        assert_eq!(exact(dd(a * 1000) / dd(1000)), a);
        assert_eq!(exact((dd(b >> 12) * dd(b >> 12)).sqrt()), b >> 12);
    }

    #[test]
    fn functions_undo_each_other_to_a_hundred_bits() {
        let near = |a: Dd, b: Dd| ((a - b) / b).abs().to_f64() < 1e-29;
        let third = Dd::ONE / 3.0;
        assert!(near(third.exp().ln(), third));
        assert!(near(third.sqrt() * third.sqrt(), third));
        // 4·atan(1/5)·4 - 4·atan(1/239) is π, by Machin.
        let pi = (Dd::ONE / 5.0).atan() * 16.0 - (Dd::ONE / 239.0).atan() * 4.0;
        assert!(near(pi, Dd::PI));
        assert!(near(Dd::from(2.0).ln(), LN_2));
    }
}
