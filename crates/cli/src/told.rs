//! The objects of `stream` and `run --format ndjson`, one a line.

use barloom_core::derive::{ClosedBar, Counts, Warning};
use barloom_core::outputs::Reading;
use barloom_core::{Symbols, Timestamp};
use serde::Serialize;
use serde::ser::Serializer;

/// Something told, with the input line that caused it where there is one.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Told<'a> {
    Bar {
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        symbol: &'a str,
        #[serde(serialize_with = "printed")]
        interval: barloom_core::Interval,
        #[serde(serialize_with = "printed")]
        session: barloom_core::derive::SessionLabel,
        #[serde(serialize_with = "printed")]
        open_time: Timestamp,
        #[serde(serialize_with = "printed")]
        close_time: Timestamp,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: Option<f64>,
        vwap: Option<f64>,
        trade_count: Option<i64>,
        n_base: u32,
        n_expected: u32,
        revision: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        hours: Option<&'static str>,
    },
    Indicator {
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        symbol: &'a str,
        #[serde(serialize_with = "printed")]
        interval: barloom_core::Interval,
        name: &'a str,
        #[serde(serialize_with = "printed")]
        open_time: Timestamp,
        #[serde(serialize_with = "printed")]
        close_time: Timestamp,
        revision: u16,
        values: Values<'a>,
    },
    Warning {
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        symbol: Option<&'a str>,
        #[serde(serialize_with = "printed")]
        interval: barloom_core::Interval,
        kind: &'static str,
        #[serde(serialize_with = "printed_option")]
        time: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        n_base: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        n_expected: Option<u32>,
    },
    Summary {
        rows: u64,
        accepted: u64,
        duplicate: u64,
        corrected: u64,
        late: u64,
        invalid: u64,
        out_of_session: u64,
        unfinished: u64,
        clocks_ignored: u64,
    },
}

/// The outputs of an indicator by name; null where there is no value.
#[derive(Debug)]
pub(crate) struct Values<'a>(Reading<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Reading { columns, values, .. } = self.0;
        to.collect_map(columns.iter().zip(values.iter().map(|value| (!value.is_nan()).then_some(*value))))
    }
}

impl<'a> Told<'a> {
    /// A bar; its part of the day only where `with_hours`.
    pub(crate) fn bar(line: Option<u64>, closed: &ClosedBar, symbols: &'a Symbols, with_hours: bool) -> Self {
        let ClosedBar {
            symbol, interval, session, bar, close_time, n_base, n_expected, revision, hours, ..
        } = *closed;
        Self::Bar {
            line,
            symbol: symbols.name(symbol).as_str(),
            interval,
            session,
            open_time: bar.open_time(),
            close_time,
            open: bar.open(),
            high: bar.high(),
            low: bar.low(),
            close: bar.close(),
            volume: bar.volume(),
            vwap: bar.vwap(),
            trade_count: bar.trade_count(),
            n_base,
            n_expected,
            revision,
            hours: with_hours.then(|| hours.as_str()),
        }
    }

    /// What an indicator says of `closed`.
    pub(crate) fn indicator(
        line: Option<u64>,
        closed: &ClosedBar,
        reading: Reading<'a>,
        symbols: &'a Symbols,
    ) -> Self {
        Self::Indicator {
            line,
            symbol: symbols.name(closed.symbol).as_str(),
            interval: closed.interval,
            name: reading.name,
            open_time: closed.bar.open_time(),
            close_time: closed.close_time,
            revision: closed.revision,
            values: Values(reading),
        }
    }

    pub(crate) fn warning(line: Option<u64>, warning: &Warning, symbols: &'a Symbols) -> Self {
        Self::Warning {
            line,
            symbol: warning.symbol.map(|id| symbols.name(id).as_str()),
            interval: warning.interval,
            kind: warning.kind.as_str(),
            time: warning.time,
            n_base: warning.counts.map(|(n_base, _)| n_base),
            n_expected: warning.counts.map(|(_, n_expected)| n_expected),
        }
    }

    pub(crate) fn summary(counts: &Counts, unfinished: u64, clocks_ignored: u64) -> Self {
        let Counts { accepted, corrected, duplicate, late, invalid, out_of_session } = *counts;
        let rows = counts.rows();
        Self::Summary {
            rows,
            accepted,
            duplicate,
            corrected,
            late,
            invalid,
            out_of_session,
            unfinished,
            clocks_ignored,
        }
    }

    /// Writes it as one line.
    ///
    /// # Errors
    /// When `to` can't be written.
    pub(crate) fn write(&self, to: &mut impl std::io::Write) -> std::io::Result<()> {
        serde_json::to_writer(&mut *to, self)?;
        to.write_all(b"\n")
    }
}

fn printed<S: Serializer>(value: &impl std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn printed_option<S: Serializer>(value: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}
