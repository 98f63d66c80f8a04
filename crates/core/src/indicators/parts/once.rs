//! a·b + c in plain arithmetic, rounded once.

/// 2²⁷ + 1: splits a number into two halves of its bits.
const SPLITTER: f64 = 134_217_729.0;

/// Both halves of a number's bits: their sum is the number.
#[inline]
fn halves(x: f64) -> (f64, f64) {
    let wide = SPLITTER * x;
    let high = wide - (wide - x);
    (high, x - high)
}

/// a·b + c with the rounding of the product kept and added, so that in all but a tie in 2⁵³ it is the nearest number there is:
/// Dekker's product and Knuth's sum (*A Floating-Point Technique for Extending the Available Precision*, 1971). Where that
/// overflows, plainly a·b + c.
#[inline]
pub fn rounded_once(a: f64, b: f64, c: f64) -> f64 {
    let product = a * b;
    let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
    let lost = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    let sum = product + c;
    let taken = sum - product;
    let lost_too = (product - (sum - taken)) + (c - taken);
    let exact = sum + (lost + lost_too);
    if exact.is_finite() { exact } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        #[allow(clippy::disallowed_methods, reason = "what it is held against")]
        fn it_is_the_nearest_number(a in -1e6..1e6, b in -1e6..1e6, c in -1e9..1e9) {
            prop_assert_eq!(rounded_once(a, b, c), f64::mul_add(a, b, c));
        }
    }

    #[test]
    fn what_overflows_is_rounded_twice() {
        assert_eq!(rounded_once(1e300, 2.0, 0.0), 2e300);
        assert_eq!(rounded_once(1e300, 1e300, 0.0), f64::INFINITY);
    }
}
