//! Bars side by side: each field a column, so that a reader touches only what it reads.
//!
//! [`Bars`] is lent, [`BarColumns`] owned. History is read this way, and so is a market minute, its symbols in a row.

use std::ops::Range;

use crate::bar::{Bar, NULL, NULL_COUNT};
use crate::time::Timestamp;

/// Bars in columns of equal length: times in ns UTC, prices in the instrument's units; a null is NaN or `i64::MIN`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bars<'a> {
    pub(crate) open_time: &'a [i64],
    pub(crate) open: &'a [f64],
    pub(crate) high: &'a [f64],
    pub(crate) low: &'a [f64],
    pub(crate) close: &'a [f64],
    pub(crate) volume: &'a [f64],
    /// Empty where the input has none; so is `trade_count`.
    pub(crate) vwap: &'a [f64],
    pub(crate) trade_count: &'a [i64],
}

impl<'a> Bars<'a> {
    /// Bars whose columns lie elsewhere: open times in ns UTC, prices as open, high, low and close, volumes and vwaps that are NaN where
    /// null, numbers of trades that are `i64::MIN` where null. The last two may be empty.
    ///
    /// ```
    /// use barloom_core::Bars;
    /// let (prices, volume) = ([[100.0].as_slice(), &[102.0], &[99.0], &[101.0]], [7.0]);
    /// assert_eq!(Bars::of_columns(&[0], prices, &volume, &[], &[]).at(0).and_then(|bar| bar.volume()), Some(7.0));
    /// ```
    ///
    /// # Panics
    /// When columns are not of equal length.
    pub fn of_columns(
        open_time: &'a [i64],
        prices: [&'a [f64]; 4],
        volume: &'a [f64],
        vwap: &'a [f64],
        trade_count: &'a [i64],
    ) -> Self {
        let rows = open_time.len();
        let is_whole = |length: usize| length == rows;
        assert!(
            prices.iter().all(|column| is_whole(column.len())) && is_whole(volume.len()),
            "columns of equal length"
        );
        assert!(
            [vwap.len(), trade_count.len()].into_iter().all(|length| length == 0 || is_whole(length)),
            "columns of equal length"
        );
        let [open, high, low, close] = prices;
        Self { open_time, open, high, low, close, volume, vwap, trade_count }
    }

    /// How many bars.
    #[inline]
    pub fn len(&self) -> usize {
        self.close.len()
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.close.is_empty()
    }

    /// The bar at `row`, if there is one.
    #[inline]
    pub fn at(&self, row: usize) -> Option<Bar> {
        Some(Bar {
            open_time: Timestamp::from_nanos(*self.open_time.get(row)?),
            open: *self.open.get(row)?,
            high: *self.high.get(row)?,
            low: *self.low.get(row)?,
            close: *self.close.get(row)?,
            volume: *self.volume.get(row)?,
            vwap: self.vwap.get(row).copied().unwrap_or(NULL),
            trade_count: self.trade_count.get(row).copied().unwrap_or(NULL_COUNT),
        })
    }

    /// The bars of `rows`; none when there are not as many.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let cut = |column: &'a [f64]| column.get(rows.clone()).unwrap_or_default();
        Self {
            open_time: self.open_time.get(rows.clone()).unwrap_or_default(),
            open: cut(self.open),
            high: cut(self.high),
            low: cut(self.low),
            close: cut(self.close),
            volume: cut(self.volume),
            vwap: cut(self.vwap),
            trade_count: self.trade_count.get(rows.clone()).unwrap_or_default(),
        }
    }

    /// The bars, one by one.
    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = Bar> + 'a {
        // Zipped, their lengths are compared once and not for every bar.
        let prices = self.open.iter().zip(self.high).zip(self.low).zip(self.close).zip(self.volume);
        let rows = self.open_time.iter().zip(prices).enumerate();
        rows.map(move |(row, (&open_time, ((((&open, &high), &low), &close), &volume)))| Bar {
            open_time: Timestamp::from_nanos(open_time),
            open,
            high,
            low,
            close,
            volume,
            vwap: self.vwap.get(row).copied().unwrap_or(NULL),
            trade_count: self.trade_count.get(row).copied().unwrap_or(NULL_COUNT),
        })
    }

    /// Open times, in ns UTC.
    pub fn open_time(&self) -> &'a [i64] {
        self.open_time
    }
    /// First prices.
    pub fn open(&self) -> &'a [f64] {
        self.open
    }
    /// Highest prices.
    pub fn high(&self) -> &'a [f64] {
        self.high
    }
    /// Lowest prices.
    pub fn low(&self) -> &'a [f64] {
        self.low
    }
    /// Last prices.
    pub fn close(&self) -> &'a [f64] {
        self.close
    }
    /// Traded volumes; NaN where the input has none.
    pub fn volume(&self) -> &'a [f64] {
        self.volume
    }

    /// Volume-weighted average prices, NaN where null; empty where the input has none.
    pub fn vwap(&self) -> &'a [f64] {
        self.vwap
    }

    /// Numbers of trades, `i64::MIN` where null; empty where the input has none.
    pub fn trade_count(&self) -> &'a [i64] {
        self.trade_count
    }
}

/// Bars in columns of their own.
///
/// ```
/// use barloom_core::{Bar, BarColumns, Label, Record, Timestamp};
/// let at: Timestamp = "2024-11-29T14:30:00Z".parse()?;
/// let row = Record { label: Label::Open(at), open: 100.0, high: 102.0, low: 99.0, close: 101.0,
///                    volume: None, vwap: None, trade_count: None };
/// let mut columns = BarColumns::default();
/// columns.push(&Bar::new(at, &row)?);
/// assert_eq!(columns.bars().high(), [102.0]);
/// assert!(columns.bars().at(0).is_some_and(|bar| bar.volume().is_none()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct BarColumns {
    open_time: Vec<i64>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
    vwap: Vec<f64>,
    trade_count: Vec<i64>,
}

impl BarColumns {
    /// Appends a bar.
    #[inline]
    pub fn push(&mut self, bar: &Bar) {
        self.open_time.push(bar.open_time.as_nanos());
        self.open.push(bar.open);
        self.high.push(bar.high);
        self.low.push(bar.low);
        self.close.push(bar.close);
        self.volume.push(bar.volume);
        self.vwap.push(bar.vwap);
        self.trade_count.push(bar.trade_count);
    }

    /// Holds `bars` alone from now on; the room stays. Column by column, which costs less than bar by bar.
    #[inline]
    pub(crate) fn fill<'a>(&mut self, bars: impl Iterator<Item = &'a Bar> + Clone) {
        self.clear();
        self.open_time.extend(bars.clone().map(|bar| bar.open_time.as_nanos()));
        self.open.extend(bars.clone().map(|bar| bar.open));
        self.high.extend(bars.clone().map(|bar| bar.high));
        self.low.extend(bars.clone().map(|bar| bar.low));
        self.close.extend(bars.clone().map(|bar| bar.close));
        self.volume.extend(bars.clone().map(|bar| bar.volume));
        self.vwap.extend(bars.clone().map(|bar| bar.vwap));
        self.trade_count.extend(bars.map(|bar| bar.trade_count));
    }

    /// Removes every bar; the room stays.
    pub fn clear(&mut self) {
        self.open_time.clear();
        for column in
            [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume, &mut self.vwap]
        {
            column.clear();
        }
        self.trade_count.clear();
    }

    /// The bars, lent.
    pub fn bars(&self) -> Bars<'_> {
        Bars {
            open_time: &self.open_time,
            open: &self.open,
            high: &self.high,
            low: &self.low,
            close: &self.close,
            volume: &self.volume,
            vwap: &self.vwap,
            trade_count: &self.trade_count,
        }
    }
}

impl<'a> FromIterator<&'a Bar> for BarColumns {
    fn from_iter<T: IntoIterator<Item = &'a Bar>>(bars: T) -> Self {
        let mut columns = Self::default();
        bars.into_iter().for_each(|bar| columns.push(bar));
        columns
    }
}
