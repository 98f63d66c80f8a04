//! One base bar: what a row says ([`Record`]) and what was found sound ([`Bar`]).
//!
//! Walk one row: a reader makes a [`Record`] of it, untouched; the deriver resolves its [`Label`] to an open
//! time on the base grid; [`Bar::new`] checks the values. Everything after that can rely on a `Bar`.

mod saved;

use std::str::FromStr;

use jiff::civil::Date;

use crate::error::{WordError, word};
use crate::interval::Interval;
use crate::time::Timestamp;

/// The null of every price-like column: one canonical NaN, so that null compares by bits.
pub(crate) const NULL: f64 = f64::NAN;
/// The null of a count column.
pub(crate) const NULL_COUNT: i64 = i64::MIN;

/// How the input labels its rows (P1). There is no default: a file's layout defines it or the user states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stamp {
    /// A row carries the instant its minute opens.
    Open,
    /// A row carries the instant its minute closes.
    Close,
}

impl Stamp {
    /// The label of a row whose time is `at`.
    pub fn label(self, at: Timestamp) -> Label {
        match self {
            Self::Open => Label::Open(at),
            Self::Close => Label::Close(at),
        }
    }
}

impl FromStr for Stamp {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("stamp", text, &[("open", Self::Open), ("close", Self::Close)])
    }
}

/// What a row says about when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The instant its interval opens.
    Open(Timestamp),
    /// The instant its interval closes.
    Close(Timestamp),
    /// A bare date: names a session, so only a base of `1d` can use it.
    Date(Date),
}

impl Label {
    /// When the row's interval of `base` opens; `None` for a bare date, and for a session's close.
    pub fn open_time(self, base: Interval) -> Option<Timestamp> {
        match self {
            Self::Open(at) => Some(at),
            Self::Close(at) => Some(at.saturating_add(-base.nanos()?)),
            Self::Date(_) => None,
        }
    }
}

/// The values of a row as they stood in the input; nothing is checked yet.
///
/// Prices are in the instrument's units, volume in its own; `None` is a missing value, never zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// When, as the row says it.
    pub label: Label,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded volume.
    pub volume: Option<f64>,
    /// Volume-weighted average price.
    pub vwap: Option<f64>,
    /// Number of trades.
    pub trade_count: Option<i64>,
}

fn daily_hint(base: &Interval) -> &'static str {
    if *base == Interval::DAY {
        "; a daily row names its session by a bare date, like 2024-11-26, or by midnight in the calendar's zone"
    } else {
        ""
    }
}

impl Record {
    /// Whether the values make a bar; the label is not looked at.
    ///
    /// # Errors
    /// [`InvalidBar`] when they contradict each other or are not finite.
    #[inline]
    pub fn check(&self) -> Result<(), InvalidBar> {
        let &Self { open, high, low, close, volume, vwap, trade_count, .. } = self;
        // Sound rows pass these comparisons (NaN fails them); the cold path says which one failed.
        let prices = low <= open && open <= high && low <= close && close <= high && (high - low).is_finite();
        let rest = volume.is_none_or(|v| (0.0..f64::INFINITY).contains(&v))
            && vwap.is_none_or(f64::is_finite)
            && trade_count.is_none_or(|n| n >= 0);
        if prices && rest { Ok(()) } else { Err(explain(self)) }
    }
}

/// A sound base bar: finite prices, low ≤ open, close ≤ high, no negative volume or count.
///
/// 64 bytes, one cache line. Null volume, vwap and count are [`None`] in the typed API.
///
/// ```
/// use barloom_core::{Bar, Label, Record, Timestamp};
/// let at: Timestamp = "2024-11-29T14:30:00Z".parse()?;
/// let row = Record { label: Label::Open(at), open: 100.0, high: 102.0, low: 99.0, close: 101.0,
///                    volume: Some(10.0), vwap: None, trade_count: None };
/// let bar = Bar::new(at, &row)?;
/// assert_eq!((bar.high(), bar.volume(), bar.vwap()), (102.0, Some(10.0), None));
/// assert!(Bar::new(at, &Record { low: 103.0, ..row }).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Bar {
    pub(crate) open_time: Timestamp,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    pub(crate) volume: f64,
    pub(crate) vwap: f64,
    pub(crate) trade_count: i64,
}

/// Why a row's values make no bar (P13).
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidBar {
    /// The open time is not a multiple of the base interval.
    #[error("off_grid_timestamp: {time} is not on the {base} grid{}", daily_hint(.base))]
    OffGrid {
        /// The row's open time.
        time: Timestamp,
        /// The base interval.
        base: Interval,
    },
    /// A bare date where the base is intraday.
    #[error("date_without_time: {date} names a day, not a bar of {base}; daily rows need a base of 1d")]
    DateOnly {
        /// The row's date.
        date: Date,
        /// The base interval.
        base: Interval,
    },
    /// A value is NaN or infinite.
    #[error("not_finite: {field} is {value}")]
    NotFinite {
        /// The column.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// The high is below the low.
    #[error("high_below_low: high {high} is below low {low}")]
    HighBelowLow {
        /// The row's high.
        high: f64,
        /// The row's low.
        low: f64,
    },
    /// The open or close lies outside low to high.
    #[error("outside_range: {field} {value} is not between low {low} and high {high}")]
    OutsideRange {
        /// `open` or `close`.
        field: &'static str,
        /// Its value.
        value: f64,
        /// The row's low.
        low: f64,
        /// The row's high.
        high: f64,
    },
    /// The distance from low to high is beyond what a number can hold.
    #[error("range_too_wide: high {high} and low {low} are further apart than a number can hold")]
    TooWide {
        /// The row's high.
        high: f64,
        /// The row's low.
        low: f64,
    },
    /// A volume or count below zero.
    #[error("negative: {field} is {value}; allowed are 0 and above")]
    Negative {
        /// `volume` or `trade_count`.
        field: &'static str,
        /// Its value.
        value: f64,
    },
}

impl Bar {
    /// The bar that opens at `open_time` with the values of `row`; the row's label is not looked at.
    ///
    /// # Errors
    /// [`InvalidBar`] when the values contradict each other or are not finite.
    pub fn new(open_time: Timestamp, row: &Record) -> Result<Self, InvalidBar> {
        row.check()?;
        Ok(Self::of_checked(open_time, row))
    }

    /// The bar of a row that passed [`Record::check`].
    #[inline]
    pub(crate) fn of_checked(open_time: Timestamp, row: &Record) -> Self {
        Self {
            open_time,
            open: row.open,
            high: row.high,
            low: row.low,
            close: row.close,
            volume: row.volume.unwrap_or(NULL),
            vwap: row.vwap.unwrap_or(NULL),
            trade_count: row.trade_count.unwrap_or(NULL_COUNT),
        }
    }

    /// When the bar's interval begins, inclusive.
    pub fn open_time(&self) -> Timestamp {
        self.open_time
    }
    /// First price.
    pub fn open(&self) -> f64 {
        self.open
    }
    /// Highest price.
    pub fn high(&self) -> f64 {
        self.high
    }
    /// Lowest price.
    pub fn low(&self) -> f64 {
        self.low
    }
    /// Last price.
    pub fn close(&self) -> f64 {
        self.close
    }
    /// Traded volume, where the input has it.
    pub fn volume(&self) -> Option<f64> {
        (!self.volume.is_nan()).then_some(self.volume)
    }
    /// Volume-weighted average price, where the input has it.
    pub fn vwap(&self) -> Option<f64> {
        (!self.vwap.is_nan()).then_some(self.vwap)
    }
    /// Number of trades, where the input has it.
    pub fn trade_count(&self) -> Option<i64> {
        (self.trade_count != NULL_COUNT).then_some(self.trade_count)
    }

    /// Whether both bars say the same of the same minute, nulls included (P8).
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        self.open_time == other.open_time
            && self.open == other.open
            && self.high == other.high
            && self.low == other.low
            && self.close == other.close
            && same(self.volume, other.volume)
            && same(self.vwap, other.vwap)
            && self.trade_count == other.trade_count
    }
}

#[cold]
fn explain(row: &Record) -> InvalidBar {
    let &Record { open, high, low, close, volume, vwap, trade_count, .. } = row;
    let numbers = [
        ("open", open),
        ("high", high),
        ("low", low),
        ("close", close),
        ("volume", volume.unwrap_or(0.0)),
        ("vwap", vwap.unwrap_or(0.0)),
    ];
    if let Some(&(field, value)) = numbers.iter().find(|(_, value)| !value.is_finite()) {
        return InvalidBar::NotFinite { field, value };
    }
    if high < low {
        return InvalidBar::HighBelowLow { high, low };
    }
    if let Some((field, value)) =
        [("open", open), ("close", close)].into_iter().find(|&(_, v)| v < low || v > high)
    {
        return InvalidBar::OutsideRange { field, value, low, high };
    }
    match (volume, trade_count) {
        (Some(value), _) if value < 0.0 => InvalidBar::Negative { field: "volume", value },
        (_, Some(n)) if n < 0 => InvalidBar::Negative { field: "trade_count", value: n as f64 },
        _ => InvalidBar::TooWide { high, low },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(open: f64, high: f64, low: f64, close: f64) -> Record {
        let label = Label::Open(Timestamp::from_nanos(0));
        Record { label, open, high, low, close, volume: None, vwap: None, trade_count: None }
    }

    fn check(row: &Record) -> Result<Bar, InvalidBar> {
        Bar::new(Timestamp::from_nanos(0), row)
    }

    #[test]
    fn a_bar_is_one_cache_line() {
        assert_eq!(size_of::<Bar>(), 64);
    }

    #[test]
    fn each_fault_is_named() {
        let sound = row(2.0, 3.0, 1.0, 2.0);
        assert!(check(&sound).is_ok());
        let named = |r: Record| check(&r).unwrap_err().to_string();
        assert!(named(row(2.0, 1.0, 3.0, 2.0)).starts_with("high_below_low"));
        assert!(named(row(4.0, 3.0, 1.0, 2.0)).starts_with("outside_range: open 4"));
        assert!(named(row(2.0, 3.0, 1.0, 0.5)).starts_with("outside_range: close 0.5"));
        assert!(named(row(f64::NAN, 3.0, 1.0, 2.0)).starts_with("not_finite: open"));
        assert!(named(row(2.0, f64::INFINITY, 1.0, 2.0)).starts_with("not_finite: high"));
        assert!(named(Record { volume: Some(-1.0), ..sound }).starts_with("negative: volume"));
        assert!(named(Record { volume: Some(f64::INFINITY), ..sound }).starts_with("not_finite: volume"));
        assert!(named(Record { vwap: Some(f64::NAN), ..sound }).starts_with("not_finite: vwap"));
        assert!(named(Record { trade_count: Some(-1), ..sound }).starts_with("negative: trade_count"));
        assert!(named(row(0.0, f64::MAX, f64::MIN, 0.0)).starts_with("range_too_wide"));
    }

    #[test]
    fn a_missing_volume_is_null_and_zero_is_zero() {
        let sound = row(2.0, 3.0, 1.0, 2.0);
        assert_eq!(check(&sound).unwrap().volume(), None);
        assert_eq!(check(&Record { volume: Some(0.0), ..sound }).unwrap().volume(), Some(0.0));
    }

    #[test]
    fn same_means_every_field_nulls_included() {
        let sound = row(2.0, 3.0, 1.0, 2.0);
        let bar = check(&sound).unwrap();
        assert!(bar.is_same(&bar));
        for other in [
            row(2.5, 3.0, 1.0, 2.0),
            row(2.0, 3.5, 1.0, 2.0),
            row(2.0, 3.0, 0.5, 2.0),
            row(2.0, 3.0, 1.0, 2.5),
            Record { volume: Some(0.0), ..sound },
            Record { vwap: Some(2.0), ..sound },
            Record { trade_count: Some(1), ..sound },
        ] {
            assert!(!bar.is_same(&check(&other).unwrap()));
        }
    }

    proptest! {
        #[test]
        fn a_bar_that_was_built_is_sound(open: f64, high: f64, low: f64, close: f64) {
            if let Ok(bar) = check(&row(open, high, low, close)) {
                prop_assert!(bar.low() <= bar.open() && bar.open() <= bar.high());
                prop_assert!(bar.low() <= bar.close() && bar.close() <= bar.high() && bar.high().is_finite());
            }
        }
    }
}
