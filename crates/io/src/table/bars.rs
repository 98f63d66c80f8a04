//! The table of derived bars.

use std::io::{self, ErrorKind, Write};

use barloom_core::{Interval, Timestamp};

use super::line::Lines;

const COLUMNS: [&str; 14] = [
    "symbol",
    "interval",
    "session",
    "open_time",
    "close_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "vwap",
    "trade_count",
    "n_base",
    "n_expected",
];

/// One derived bar as a table shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarRow<'a> {
    /// The instrument.
    pub symbol: &'a str,
    /// The bar's length.
    pub interval: Interval,
    /// The session's label: `2024-11-25`, `2024-W48`, `2024-11`.
    pub session: &'a str,
    /// When the bar begins, inclusive.
    pub open_time: Timestamp,
    /// When it ends, exclusive.
    pub close_time: Timestamp,
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
    /// Base bars in it.
    pub n_base: u32,
    /// Base bars the calendar has in it.
    pub n_expected: u32,
    /// `pre`, `regular` or `post`; written only by a table with hours.
    pub hours: Option<&'a str>,
}

/// Writes derived bars, with a column for each indicator output if there are any.
///
/// ```
/// use barloom_core::Interval;
/// use barloom_io::{BarRow, BarTable};
///
/// let mut table = BarTable::new(Vec::new(), &["rsi_14"], false)?;
/// # let at = barloom_core::Timestamp::from_nanos(0);
/// # let (session, interval) = ("1970-01-01", Interval::DAY);
/// # let bar = BarRow { symbol: "AAA", interval, session, open_time: at, close_time: at, open: 1.0, high: 3.5,
/// #     low: 1.0, close: 2.0, volume: None, vwap: None, trade_count: Some(7), n_base: 1, n_expected: 1,
/// #     hours: None };
/// table.write(&bar, &[55.1])?;
/// let text = String::from_utf8(table.into_inner()).unwrap();
/// assert!(text.ends_with(",1,3.5,1,2,,,7,1,1,55.1\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct BarTable<W> {
    lines: Lines<W>,
    outputs: usize,
    hours: bool,
    header_end: u64,
}

impl<W: Write> BarTable<W> {
    /// A table with a column for each of `outputs` behind the bars' own, and last `hours`, if asked for.
    ///
    /// # Errors
    /// The sink's, when the header can't be written.
    pub fn new(to: W, outputs: &[&str], hours: bool) -> io::Result<Self> {
        let last = hours.then_some("hours");
        let names = COLUMNS.into_iter().chain(outputs.iter().copied()).chain(last);
        let lines = Lines::new(to, names)?;
        Ok(Self { header_end: lines.written(), lines, outputs: outputs.len(), hours })
    }

    /// The rows of such a table, without the line of names.
    pub fn headless(to: W, outputs: usize, hours: bool) -> Self {
        Self { lines: Lines::headless(to), outputs, hours, header_end: 0 }
    }

    /// Where the rows begin, in bytes.
    pub fn header_end(&self) -> u64 {
        self.header_end
    }

    /// Where the last row ends, in bytes.
    pub fn written(&self) -> u64 {
        self.lines.written()
    }

    /// Writes one bar with the values of its indicator outputs, in the order of the columns; NaN is null.
    ///
    /// # Errors
    /// The sink's, and [`ErrorKind::InvalidInput`] when `values` are not one for each output column.
    pub fn write(&mut self, bar: &BarRow<'_>, values: &[f64]) -> io::Result<()> {
        if values.len() != self.outputs {
            let text = format!("{} values for {} indicator columns", values.len(), self.outputs);
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        let lines = &mut self.lines;
        lines.text(bar.symbol);
        lines.printed(&bar.interval);
        lines.text(bar.session);
        lines.time(Some(bar.open_time));
        lines.time(Some(bar.close_time));
        for price in [bar.open, bar.high, bar.low, bar.close] {
            lines.number(Some(price));
        }
        lines.number(bar.volume);
        lines.number(bar.vwap);
        lines.count(bar.trade_count);
        lines.count(Some(i64::from(bar.n_base)));
        lines.count(Some(i64::from(bar.n_expected)));
        for value in values {
            lines.number((!value.is_nan()).then_some(*value));
        }
        if self.hours {
            lines.text(bar.hours.unwrap_or_default());
        }
        lines.end()
    }

    /// The sink, for flushing.
    pub fn get_mut(&mut self) -> &mut W {
        self.lines.get_mut()
    }

    /// The sink, with every line in it.
    pub fn into_inner(self) -> W {
        self.lines.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar() -> BarRow<'static> {
        BarRow {
            symbol: "A,B",
            interval: "5m".parse().unwrap(),
            session: "2024-11-25",
            open_time: "2024-11-25T14:30:00Z".parse().unwrap(),
            close_time: "2024-11-25T14:35:00Z".parse().unwrap(),
            open: 230.0,
            high: 230.05,
            low: 1e-7,
            close: 1e16,
            volume: Some(0.0),
            vwap: None,
            trade_count: Some(6076),
            n_base: 4,
            n_expected: 5,
            hours: Some("regular"),
        }
    }

    fn text(outputs: &[&str], hours: bool, values: &[f64]) -> String {
        let mut table = BarTable::new(Vec::new(), outputs, hours).unwrap();
        table.write(&bar(), values).unwrap();
        String::from_utf8(table.into_inner()).unwrap()
    }

    #[test]
    fn the_columns_are_those_of_the_contract() {
        let header = "symbol,interval,session,open_time,close_time,open,high,low,close,volume,vwap,trade_count,n_base,n_expected";
        let row = "\"A,B\",5m,2024-11-25,2024-11-25T14:30:00Z,2024-11-25T14:35:00Z,230,230.05,1e-7,1e16,0,,6076,4,5";
        assert_eq!(text(&[], false, &[]), format!("{header}\n{row}\n"));
        assert_eq!(
            text(&["rsi_14", "sma_20"], true, &[55.1, f64::NAN]),
            format!("{header},rsi_14,sma_20,hours\n{row},55.1,,regular\n")
        );
    }

    #[test]
    fn it_says_where_rows_begin_and_end() {
        let mut table = BarTable::new(Vec::new(), &[], true).unwrap();
        let header = table.header_end();
        table.write(&bar(), &[]).unwrap();
        let mut rows = BarTable::headless(Vec::new(), 0, true);
        rows.write(&bar(), &[]).unwrap();
        let (end, bytes) = (table.written(), table.into_inner());
        assert_eq!(end, bytes.len() as u64);
        assert_eq!(bytes[header as usize..], rows.into_inner());
    }

    #[test]
    fn values_that_fit_no_column_are_refused() {
        let mut table = BarTable::new(Vec::new(), &["rsi_14"], false).unwrap();
        let error = table.write(&bar(), &[]).unwrap_err();
        assert_eq!(error.to_string(), "0 values for 1 indicator columns");
    }
}
