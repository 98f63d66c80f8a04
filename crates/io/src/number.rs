//! Numbers from cells: exactly what `str::parse::<f64>` gives, faster where that is cheap.

/// Powers of ten that an f64 holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Above this not every whole number is an f64.
const EXACT: u64 = 1 << 53;

/// The number that `text` is; `None` when it is none.
#[inline]
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    decimal(text).or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
}

/// Plain decimals of up to 15 digits: whole digits over a power of ten, both exact, so that the one division
/// rounds correctly.
#[inline]
fn decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    // 17 bytes: 16 digits and a point, which can't overflow the sum.
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let (mut whole, mut point) = (0_u64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let places = point.map_or(0, |at| digits.len() - 1 - at);
    if whole > EXACT || (point.is_some() && digits.len() == 1) {
        return None;
    }
    let value = whole as f64 / TENS[places];
    Some(if negative { -value } else { value })
}

/// The whole number that `text` is, also when written like `13.0`; `None` otherwise.
#[inline]
pub(crate) fn count(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| whole(text.parse().ok()?))
}

/// `value` as a whole number; `None` with a fraction, or from 2^53 on, where neighbours merge.
pub(crate) fn whole(value: f64) -> Option<i64> {
    (value.trunc() == value && value.abs() < EXACT as f64).then_some(value as i64)
}

/// Whether a cell of an optional column says that there is no value.
#[inline]
pub(crate) fn is_null(text: &[u8]) -> bool {
    // Numbers begin with none of these letters, so most cells are decided by one byte.
    match text.first() {
        None => true,
        Some(b'n' | b'N') => {
            ["nan", "null", "na", "none"].iter().any(|w| text.eq_ignore_ascii_case(w.as_bytes()))
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same_as_std(text: &str) {
        let ours = float(text.as_bytes()).map(f64::to_bits);
        assert_eq!(ours, text.parse::<f64>().ok().map(f64::to_bits), "{text}");
    }

    #[test]
    fn every_spelling_is_read_as_std_reads_it() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1.",
            ".5",
            ".",
            "-",
            "",
            "-.",
            "+1",
            "1e5",
            "inf",
            "NaN",
            "1.2.3",
            "9007199254740993",
            "9007199254740992",
            "900719925474099.3",
            "0.30000000000000004",
            "123456789012345678",
            "1,5",
            "0x10",
            "1_0",
            "-.5",
            "--1",
            "infinity",
            "1e400",
            "0.0000000000000001",
        ] {
            same_as_std(text);
        }
    }

    #[test]
    fn a_count_may_be_written_with_a_zero_fraction() {
        for (text, n) in [("13", Some(13)), ("13.0", Some(13)), ("-1", Some(-1)), ("1e3", Some(1000))] {
            assert_eq!(count(text.as_bytes()), n, "{text}");
        }
        for text in ["13.5", "", "abc", "nan", "inf", "9007199254740993.0", "99999999999999999999"] {
            assert_eq!(count(text.as_bytes()), None, "{text}");
        }
        assert_eq!(count(b"9223372036854775807"), Some(i64::MAX));
    }

    #[test]
    fn null_is_written_in_many_ways() {
        for text in ["", "null", "NaN", "NA", "nan", "None"] {
            assert!(is_null(text.as_bytes()), "{text}");
        }
        assert!(!is_null(b"0") && !is_null(b"n/x") && !is_null(b"inf"));
    }

    proptest! {
        #[test]
        fn any_float_reads_as_std_reads_it(value: f64, price in -1e6..1e6_f64, places in 0_usize..12) {
            same_as_std(&value.to_string());
            same_as_std(&price.to_string());
            same_as_std(&format!("{:.places$}", value % 1e9));
            same_as_std(&format!("{value:e}"));
        }

        #[test]
        fn any_text_reads_as_std_reads_it(text in "[-+]?[0-9.e]{0,20}") {
            same_as_std(&text);
        }
    }
}
