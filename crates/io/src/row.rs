//! What a decoder gives: a row that could be read, or why it could not.

use barloom_core::{Record, Timestamp};

use crate::fault::Fault;

/// One row of the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decoded<'a> {
    /// A row whose cells could be read; its values are not checked.
    Row(Row<'a>),
    /// A row that could not be read. The rows after it can.
    Reject(Reject<'a>),
}

/// A row that could be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// The line of the file the row begins on; the header is line 1 unless blank lines come first.
    pub number: u64,
    /// The instrument as it stands; [`Symbols::intern`](barloom_core::Symbols::intern) checks it.
    pub symbol: &'a str,
    /// When and what.
    pub record: Record,
}

/// A row that could not be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reject<'a> {
    /// The line of the file the row begins on.
    pub number: u64,
    /// The instrument, where it could be read.
    pub symbol: Option<&'a str>,
    /// When its interval opens, where that could be read.
    pub time: Option<Timestamp>,
    /// What is wrong with it.
    pub reason: &'a Fault,
}

/// What was read, as the decoders' tests compare it.
#[cfg(test)]
pub(crate) fn shown_row(decoded: &Decoded<'_>) -> String {
    match decoded {
        Decoded::Row(row) => {
            let r = &row.record;
            format!("{} {} {:?} {} {} {} {}", row.number, row.symbol, r.label, r.open, r.high, r.low, r.close)
                + &format!(" {:?} {:?} {:?}", r.volume, r.vwap, r.trade_count)
        }
        Decoded::Reject(r) => format!("{} {:?} {:?}: {}", r.number, r.symbol, r.time, r.reason),
    }
}
