//! The table of base bars.

use std::io::{self, ErrorKind, Write};

use barloom_core::{Interval, Label, Record, Timestamp};
use jiff::civil::Date;

use super::line::Lines;

/// One base bar as a table shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaseRow<'a> {
    /// The instrument.
    pub symbol: &'a str,
    /// When and what.
    pub record: Record,
}

/// When a row of a table of base bars is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowTime {
    /// The instant at which it opens.
    Open(Timestamp),
    /// The session it is.
    Date(Date),
}

impl RowTime {
    /// The time of a row of `base` that is labelled by `label`.
    ///
    /// # Errors
    /// [`InvalidData`](ErrorKind::InvalidData) for a session labelled by the instant at which it closes.
    #[inline]
    pub fn of(label: Label, base: Interval) -> io::Result<Self> {
        match (label, label.open_time(base)) {
            (Label::Date(date), _) => Ok(Self::Date(date)),
            (_, Some(open)) => Ok(Self::Open(open)),
            (_, None) => Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("a row of {base} labelled by the instant at which it closes has no open time here"),
            )),
        }
    }

    /// The name of the column that such times stand in.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Open(_) => "open_time",
            Self::Date(_) => "date",
        }
    }
}

/// Instants and dates in one column.
pub(crate) fn mixed_times() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "some rows are labelled by a date and some by an instant")
}

/// Writes base bars: `symbol,open_time,open,high,low,close,volume,vwap,trade_count`, or `date` for `open_time`.
#[derive(Debug)]
pub(crate) struct BaseTable<W> {
    lines: Lines<W>,
    /// What stands in the column of times.
    column: &'static str,
    base: Interval,
}

impl<W: Write> BaseTable<W> {
    /// A table of rows of `base` whose times are of the kind of `time`.
    pub(crate) fn new(to: W, time: RowTime, base: Interval) -> io::Result<Self> {
        let column = time.column();
        let names = ["symbol", column, "open", "high", "low", "close", "volume", "vwap", "trade_count"];
        Ok(Self { lines: Lines::new(to, names)?, column, base })
    }

    /// Writes one row.
    #[inline]
    pub(crate) fn write(&mut self, row: &BaseRow<'_>) -> io::Result<()> {
        let Record { label, open, high, low, close, volume, vwap, trade_count } = row.record;
        let time = RowTime::of(label, self.base)?;
        if time.column() != self.column {
            return Err(mixed_times());
        }
        let lines = &mut self.lines;
        lines.text(row.symbol);
        match time {
            RowTime::Open(at) => lines.time(Some(at)),
            RowTime::Date(date) => lines.printed(&date),
        }
        for price in [open, high, low, close] {
            lines.number(Some(price));
        }
        lines.number(volume);
        lines.number(vwap);
        lines.count(trade_count);
        lines.end()
    }

    /// The sink, with every line in it.
    pub(crate) fn into_inner(self) -> W {
        self.lines.into_inner()
    }
}
