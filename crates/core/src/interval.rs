//! Timeframes: `30s`, `5m`, `1h`, `1d`, `1w`, `1M`.

use std::fmt;
use std::str::FromStr;

use crate::error::did_you_mean;
use crate::time::NANOS_PER_SECOND;

/// The length of a bar.
///
/// An intraday interval is a whole number of seconds, from `1s` to `24h`, and is cut to the trading segment
/// it lies in. [`Interval::DAY`], [`Interval::WEEK`] and [`Interval::MONTH`] are counted in sessions: `24h` is
/// not `1d`. Intervals order by length, intraday first.
///
/// ```
/// use barloom_core::Interval;
/// let hour: Interval = "60m".parse()?;
/// assert_eq!(hour.to_string(), "1h");
/// assert!(Interval::MINUTE.divides(hour) && hour < Interval::DAY);
/// # Ok::<(), barloom_core::IntervalError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(Length);

// Declaration order is the order of intervals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Length {
    Seconds(u32),
    Day,
    Week,
    Month,
}

/// Text that names no interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an interval; write a number of s, m or h (1s to 24h), or 1d, 1w, 1M{}", did_you_mean(*.nearest))]
pub struct IntervalError {
    /// What was read.
    pub text: String,
    /// The interval it was perhaps meant to be.
    pub nearest: Option<Interval>,
}

const LONGEST_SECONDS: u32 = 24 * 60 * 60;

impl Interval {
    /// `1s`.
    pub const SECOND: Self = Self(Length::Seconds(1));
    /// `1m`, the usual base.
    pub const MINUTE: Self = Self(Length::Seconds(60));
    /// `1d`: one session.
    pub const DAY: Self = Self(Length::Day);
    /// `1w`: the sessions dated in one ISO week.
    pub const WEEK: Self = Self(Length::Week);
    /// `1M`: the sessions dated in one calendar month.
    pub const MONTH: Self = Self(Length::Month);

    /// An intraday interval of `seconds`, from 1 to 86,400; `None` outside.
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds == 0 || seconds > LONGEST_SECONDS { None } else { Some(Self(Length::Seconds(seconds))) }
    }

    /// Seconds of an intraday interval; `None` for `1d`, `1w`, `1M`, whose length the calendar decides.
    pub const fn seconds(self) -> Option<u32> {
        match self.0 {
            Length::Seconds(n) => Some(n),
            Length::Day | Length::Week | Length::Month => None,
        }
    }

    /// Nanoseconds of an intraday interval; `None` for `1d`, `1w`, `1M`.
    pub const fn nanos(self) -> Option<i64> {
        match self.seconds() {
            Some(n) => Some(n as i64 * NANOS_PER_SECOND),
            None => None,
        }
    }

    /// Whether bars of `longer` can be derived from bars of this interval.
    ///
    /// Sessions open and close on whole minutes, so every divisor of a minute divides `1d`.
    pub const fn divides(self, longer: Self) -> bool {
        match (self.0, longer.0) {
            (Length::Seconds(base), Length::Seconds(n)) => n % base == 0,
            (Length::Seconds(base), _) => 60 % base == 0,
            (Length::Day, Length::Seconds(_)) => false,
            (Length::Day, _) => true,
            (Length::Week, Length::Week) | (Length::Month, Length::Month) => true,
            (Length::Week | Length::Month, _) => false,
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Length::Seconds(n) if n % 3600 == 0 => write!(f, "{}h", n / 3600),
            Length::Seconds(n) if n % 60 == 0 => write!(f, "{}m", n / 60),
            Length::Seconds(n) => write!(f, "{n}s"),
            Length::Day => f.write_str("1d"),
            Length::Week => f.write_str("1w"),
            Length::Month => f.write_str("1M"),
        }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        parse(text).ok_or_else(|| IntervalError { text: text.to_owned(), nearest: nearest(text) })
    }
}

fn parse(text: &str) -> Option<Interval> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    if digits.starts_with('0') {
        return None;
    }
    let n: u32 = digits.parse().ok()?;
    match (n, unit) {
        (_, "s") => Interval::from_seconds(n),
        (_, "m") => Interval::from_seconds(n.checked_mul(60)?),
        (_, "h") => Interval::from_seconds(n.checked_mul(3600)?),
        (1, "d") => Some(Interval::DAY),
        (1, "w") => Some(Interval::WEEK),
        (1, "M") => Some(Interval::MONTH),
        _ => None,
    }
}

/// Other tools' spellings: `5min`, `1H`, `1day`, `D`, `m5`.
fn nearest(text: &str) -> Option<Interval> {
    let lower = text.trim().to_ascii_lowercase();
    let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
    let letters: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
    let unit = match letters.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" | "t" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" | "daily" => "d",
        "w" | "week" | "weeks" | "weekly" => "w",
        "mo" | "mon" | "month" | "months" | "monthly" => "M",
        _ => return None,
    };
    let number = digits.trim_start_matches('0');
    parse(&format!("{}{unit}", if number.is_empty() { "1" } else { number }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn iv(text: &str) -> Interval {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_the_largest_exact_unit() {
        for (given, canonical) in [
            ("60m", "1h"),
            ("90s", "90s"),
            ("120s", "2m"),
            ("90m", "90m"),
            ("1440m", "24h"),
            ("3600s", "1h"),
            ("1d", "1d"),
            ("1M", "1M"),
        ] {
            assert_eq!(iv(given).to_string(), canonical);
        }
    }

    #[test]
    fn illegal_lengths_are_refused() {
        for text in
            ["", "m", "5", "0m", "05m", "2d", "2w", "3M", "25h", "1441m", "-5m", "5 m", "99999999999m", "1y"]
        {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_error_knows_other_tools_spellings() {
        for (text, meant) in
            [("5min", "5m"), ("1H", "1h"), ("D", "1d"), ("1D", "1d"), ("m15", "15m"), ("1mo", "1M")]
        {
            assert_eq!(text.parse::<Interval>().unwrap_err().nearest, Some(iv(meant)), "{text}");
        }
        assert!("5min".parse::<Interval>().unwrap_err().to_string().ends_with("did you mean `5m`?"));
    }

    #[test]
    fn order_is_by_length_and_a_day_is_longer_than_24h() {
        let sorted = ["1s", "90s", "5m", "1h", "24h", "1d", "1w", "1M"].map(iv);
        assert!(sorted.is_sorted());
    }

    #[test]
    fn division_is_exact() {
        assert!(iv("1m").divides(iv("5m")) && iv("1m").divides(iv("1M")) && iv("1s").divides(iv("90s")));
        assert!(!iv("1m").divides(iv("90s")) && !iv("7s").divides(iv("1d")));
        assert!(iv("1d").divides(iv("1w")) && iv("1d").divides(iv("1d")) && !iv("1d").divides(iv("1h")));
    }

    proptest! {
        #[test]
        fn printing_and_reading_return_the_same_interval(seconds in 1..=LONGEST_SECONDS) {
            let interval = Interval::from_seconds(seconds).unwrap();
            prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,12}") {
            if let Ok(interval) = text.parse::<Interval>() {
                prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
            }
        }
    }
}
