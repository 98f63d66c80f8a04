//! The tables of what went wrong: warnings of the derivation and rejected rows.

use std::fmt;
use std::io::{self, Write};

use barloom_core::{Interval, Timestamp};

use super::line::Lines;

/// One warning as its table shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarningRow<'a> {
    /// The instrument.
    pub symbol: &'a str,
    /// The interval it concerns.
    pub interval: Interval,
    /// `incomplete_bar`, `late_bar`, …
    pub kind: &'a str,
    /// The minute, or the bucket's open; `None` when it is not known.
    pub time: Option<Timestamp>,
    /// Base bars there and base bars expected, where the kind counts them.
    pub counts: Option<(u32, u32)>,
}

/// Writes warnings: `symbol,interval,kind,time,n_base,n_expected`.
#[derive(Debug)]
pub struct WarningTable<W>(Lines<W>);

impl<W: Write> WarningTable<W> {
    /// A table without warnings.
    ///
    /// # Errors
    /// The sink's, when the header can't be written.
    pub fn new(to: W) -> io::Result<Self> {
        Lines::new(to, ["symbol", "interval", "kind", "time", "n_base", "n_expected"]).map(Self)
    }

    /// Writes one warning.
    ///
    /// # Errors
    /// The sink's.
    pub fn write(&mut self, warning: &WarningRow<'_>) -> io::Result<()> {
        let lines = &mut self.0;
        lines.text(warning.symbol);
        lines.printed(&warning.interval);
        lines.text(warning.kind);
        lines.time(warning.time);
        lines.count(warning.counts.map(|(base, _)| i64::from(base)));
        lines.count(warning.counts.map(|(_, expected)| i64::from(expected)));
        lines.end()
    }

    /// The sink, for flushing.
    pub fn get_mut(&mut self) -> &mut W {
        self.0.get_mut()
    }

    /// The sink, with every line in it.
    pub fn into_inner(self) -> W {
        self.0.into_inner()
    }
}

/// One rejected row as its table shows it.
#[derive(Clone, Copy)]
pub struct RejectRow<'a> {
    /// The input it is from.
    pub file: &'a str,
    /// The line of the input it begins on.
    pub row: u64,
    /// The instrument, where it is known.
    pub symbol: Option<&'a str>,
    /// Its time, where it is known.
    pub time: Option<Timestamp>,
    /// Why it was rejected.
    pub reason: &'a dyn fmt::Display,
}

/// Writes rejected rows: `file,row,symbol,time,reason`.
#[derive(Debug)]
pub struct RejectTable<W>(Lines<W>);

impl<W: Write> RejectTable<W> {
    /// A table without rejects.
    ///
    /// # Errors
    /// The sink's, when the header can't be written.
    pub fn new(to: W) -> io::Result<Self> {
        Lines::new(to, ["file", "row", "symbol", "time", "reason"]).map(Self)
    }

    /// Writes one reject.
    ///
    /// # Errors
    /// The sink's.
    pub fn write(&mut self, reject: &RejectRow<'_>) -> io::Result<()> {
        let lines = &mut self.0;
        lines.text(reject.file);
        lines.printed(&reject.row);
        lines.text(reject.symbol.unwrap_or_default());
        lines.time(reject.time);
        lines.printed(reject.reason);
        lines.end()
    }

    /// The sink, for flushing.
    pub fn get_mut(&mut self) -> &mut W {
        self.0.get_mut()
    }

    /// The sink, with every line in it.
    pub fn into_inner(self) -> W {
        self.0.into_inner()
    }
}

impl fmt::Debug for RejectRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.row, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_that_are_not_known_are_empty() {
        let mut table = WarningTable::new(Vec::new()).unwrap();
        let time = "2024-11-26T16:05:00Z".parse().ok();
        let interval = "5m".parse().unwrap();
        let warning =
            WarningRow { symbol: "AAA", interval, kind: "incomplete_bar", time, counts: Some((4, 5)) };
        table.write(&warning).unwrap();
        table.write(&WarningRow { kind: "invalid_bar", time: None, counts: None, ..warning }).unwrap();
        let text = String::from_utf8(table.into_inner()).unwrap();
        assert_eq!(
            text,
            "symbol,interval,kind,time,n_base,n_expected\n\
             AAA,5m,incomplete_bar,2024-11-26T16:05:00Z,4,5\n\
             AAA,5m,invalid_bar,,,\n"
        );
    }

    #[test]
    fn a_reason_with_commas_stays_one_cell() {
        let mut table = RejectTable::new(Vec::new()).unwrap();
        let reason = "not_a_number: open is `1,5`";
        table.write(&RejectRow { file: "a.csv", row: 7, symbol: None, time: None, reason: &reason }).unwrap();
        let text = String::from_utf8(table.into_inner()).unwrap();
        assert_eq!(text, "file,row,symbol,time,reason\na.csv,7,,,\"not_a_number: open is `1,5`\"\n");
    }
}
