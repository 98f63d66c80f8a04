//! Numbers as text: the shortest that reads back to the same bits.

use std::io::Write;

/// Decimals of up to 15 digits are told apart by an f64, so the first one that reads back is the shortest.
const TOLD_APART: f64 = 1e15;
/// Decimals tried by multiplication, up to the places that prices have.
const PLACES: [f64; 7] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
/// From here up, and below [`SMALL`], numbers are written with an exponent.
const LARGE: f64 = 1e16;
const SMALL: f64 = 1e-5;

/// Appends `value`: `230`, `230.05`, `1e16`, `1.5e-7`; `NaN` and `inf` as Rust writes them.
pub(crate) fn push_float(to: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if value == 0.0 {
        to.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if !(SMALL..LARGE).contains(&size) {
        write_to(to, format_args!("{value:e}"));
    } else if !push_decimal(to, value) {
        write_to(to, format_args!("{value}"));
    }
}

/// Few digits and few places, which is most prices; `false` when the value is none of these.
fn push_decimal(to: &mut Vec<u8>, value: f64) -> bool {
    let size = value.abs();
    for (places, scale) in PLACES.iter().enumerate() {
        let digits = (size * scale).round();
        if digits >= TOLD_APART {
            return false;
        }
        // Both exact, so the quotient is what the text `digits / scale` reads as.
        if digits / scale == size {
            if value < 0.0 {
                to.push(b'-');
            }
            push_places(to, digits as u64, places);
            return true;
        }
    }
    false
}

/// Appends `digits` with its last `places` behind the point; the last of them is not zero.
fn push_places(to: &mut Vec<u8>, digits: u64, places: usize) {
    let mut text = [b'0'; 24];
    let (mut at, mut left) = (text.len(), digits);
    // One digit before the point, even if it is zero.
    let mut least = if places == 0 { 1 } else { places + 2 };
    while left > 0 || least > 0 {
        at -= 1;
        if places > 0 && text.len() - at == places + 1 {
            text[at] = b'.';
        } else {
            text[at] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        least = least.saturating_sub(1);
    }
    to.extend_from_slice(&text[at..]);
}

/// Appends `value` in decimal.
pub(crate) fn push_integer(to: &mut Vec<u8>, value: i64) {
    if value < 0 {
        to.push(b'-');
    }
    push_places(to, value.unsigned_abs(), 0);
}

/// Appends formatted text.
pub(crate) fn write_to(to: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = to.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        let mut to = Vec::new();
        push_float(&mut to, value);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn numbers_are_as_short_as_people_write_them() {
        for (value, short) in [
            (230.0, "230"),
            (230.05, "230.05"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (-0.0, "-0"),
            (0.00001, "0.00001"),
            (0.000001, "1e-6"),
            (1.5e-7, "1.5e-7"),
            (9999999999999998.0, "9999999999999998"),
            (1e16, "1e16"),
            (1234567.891, "1234567.891"),
            (4851453.3053, "4851453.3053"),
            (f64::MAX, "1.7976931348623157e308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(text(value), short);
        }
    }

    #[test]
    fn integers_are_decimal() {
        for value in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            let mut to = Vec::new();
            push_integer(&mut to, value);
            assert_eq!(to, value.to_string().into_bytes());
        }
    }

    proptest! {
        #[test]
        fn a_number_reads_back_to_the_same_bits_and_is_as_short_as_std(value: f64) {
            prop_assert_eq!(text(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn a_price_is_written_as_std_writes_it(
            digits in -900_000_000_000_000_000_i64..900_000_000_000_000_000,
            cut in 0..18,
            places in 0..9,
        ) {
            let value = (digits / 10_i64.pow(cut as u32)) as f64 / 10_i64.pow(places as u32) as f64;
            if value == 0.0 || (SMALL..LARGE).contains(&value.abs()) {
                prop_assert_eq!(text(value), value.to_string());
            }
        }
    }
}
