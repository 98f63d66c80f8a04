//! The flags that commands share: the fields of a session file, with hyphens.

use std::path::PathBuf;

use barloom::config::{ForInterval, Grace, SessionConfig, Share};
use barloom::engine::OnInvalid;
use barloom_core::derive::{Align, Late, Policy, Stub, TradingHours};
use barloom_core::indicators::Spec;
use barloom_core::{Interval, Stamp};
use clap::Args;

/// What decides a derived bar besides the input.
#[derive(Debug, Args)]
pub(crate) struct SharedArgs {
    /// Intervals to derive: seconds, minutes or hours up to 24h, 1d, 1w, 1M
    #[arg(short, long = "interval", value_name = "INTERVAL", value_delimiter = ',', required = true)]
    intervals: Vec<Interval>,

    /// An indicator on closed bars: rsi:14@5m, macd:12,26,9, sma:20,source=hl2@1h; without @ on every interval
    #[arg(long = "indicator", value_name = "SPEC")]
    indicators: Vec<Spec>,

    /// Trading calendar: XNYS, 24/7, FX, CME_EQ, CME_FX, XLON, XHKG, XTKS [default: 24/7]
    #[arg(long, value_name = "ID")]
    calendar: Option<String>,

    /// A TOML file that adds sessions to the calendar or removes them
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,

    /// regular, or extended: pre- and post-market as segments of their own
    #[arg(long, default_value = "regular", value_name = "HOURS", hide_default_value = true)]
    hours: TradingHours,

    /// session: buckets start at each segment's open; midnight: on the exchange's wall clock
    #[arg(long, default_value = "session", value_name = "ALIGN", hide_default_value = true)]
    align: Align,

    /// coverage: emit what is there; strict: skip incomplete bars. Also by interval: strict@1h
    #[arg(long, value_name = "POLICY", value_delimiter = ',')]
    policy: Vec<ForInterval<Policy>>,

    /// Skip bars with a smaller share of their base bars, above 0 and up to 1. Also by interval: 0.9@1h
    #[arg(long, value_name = "SHARE", value_delimiter = ',')]
    min_coverage: Vec<ForInterval<Share>>,

    /// emit or drop bars that their segment cuts short
    #[arg(long, default_value = "emit", value_name = "STUB", hide_default_value = true)]
    stub: Stub,

    /// drop minutes that come after their bar was emitted, or revise the bar while its session is current
    #[arg(long, default_value = "drop", value_name = "LATE", hide_default_value = true)]
    late: Late,

    /// How long after its close a bar still takes minutes, like 2s; up to 24h
    #[arg(long, default_value = "0s", value_name = "TIME", hide_default_value = true)]
    grace: Grace,

    /// Emit bars that are still open at the end of the input
    #[arg(long)]
    flush_on_stop: bool,

    /// A CSV file of splits, dividends and rolls: symbol, session, price_factor, volume_factor; rows before that session are multiplied
    #[arg(long, value_name = "FILE")]
    adjustments: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,
}

/// How rows are read, and what becomes of those that can't be.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// open or close: what the rows' times label; needed unless the layout says it
    #[arg(long, value_name = "STAMP")]
    stamp: Option<Stamp>,

    /// The zone of times without offset, like America/New_York, or an offset like -05:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    tz: Option<String>,

    /// Interval of the input: 1s, 1m or 1d [default: what the first file says of itself, else 1m]
    #[arg(long, value_name = "INTERVAL")]
    base: Option<Interval>,

    /// reject: count an invalid row and go on; stop: end with exit code 4
    #[arg(long, default_value = "reject", value_name = "WHAT", hide_default_value = true)]
    on_invalid: OnInvalid,

    /// The symbol of input without a symbol column
    #[arg(long, value_name = "NAME")]
    symbol: Option<String>,

    /// Which publisher of a Databento file is read
    #[arg(long, value_name = "ID")]
    publisher: Option<u16>,

    /// A CSV file for rejected rows: file, row, symbol, time, reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

impl ReadingArgs {
    /// The interval of the input, where it is stated.
    pub(crate) fn base(&self) -> Option<Interval> {
        self.base
    }

    /// The same as a session file would say it.
    pub(crate) fn into_config(self) -> SessionConfig {
        SessionConfig {
            symbol: self.symbol,
            publisher: self.publisher,
            stamp: self.stamp,
            tz: self.tz,
            base: self.base.unwrap_or(Interval::MINUTE),
            on_invalid: self.on_invalid,
            rejects: self.rejects,
            ..SessionConfig::default()
        }
    }
}

impl SharedArgs {
    /// The interval of the input, where it is stated.
    pub(crate) fn base(&self) -> Option<Interval> {
        self.reading.base()
    }

    /// The same as a session file would say it.
    pub(crate) fn into_config(self) -> SessionConfig {
        SessionConfig {
            calendar: self.calendar,
            overlay: self.overlay,
            adjustments: self.adjustments,
            hours: self.hours,
            align: self.align,
            policy: self.policy,
            min_coverage: self.min_coverage,
            stub: self.stub,
            late: self.late,
            grace: self.grace,
            flush_on_stop: self.flush_on_stop,
            derived_intervals: self.intervals,
            realtime_indicators: self.indicators,
            ..self.reading.into_config()
        }
    }
}

/// What says how data files are to be read, and when their market trades.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// Trading calendar of data files, as for derive [default: 24/7]
    #[arg(long, value_name = "ID")]
    calendar: Option<String>,

    /// A TOML file that adds sessions to the calendar or removes them
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,

    /// A CSV file of splits, dividends and rolls, as for derive
    #[arg(long, value_name = "FILE")]
    adjustments: Option<PathBuf>,

    /// regular, or extended: pre- and post-market too
    #[arg(long, value_name = "HOURS")]
    hours: Option<TradingHours>,

    /// open or close: what the rows' times label; needed unless the layout says it
    #[arg(long, value_name = "STAMP")]
    stamp: Option<Stamp>,

    /// The zone of times without offset, like America/New_York, or an offset like -05:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    tz: Option<String>,

    /// Interval of the rows: 1s, 1m or 1d [default: what the first file says of itself, else 1m]
    #[arg(long, value_name = "INTERVAL")]
    base: Option<Interval>,

    /// The symbol of input without a symbol column
    #[arg(long, value_name = "NAME")]
    symbol: Option<String>,

    /// Which publisher of a Databento file is read
    #[arg(long, value_name = "ID")]
    publisher: Option<u16>,
}

impl DataArgs {
    /// The interval of the rows, where it is stated.
    pub(crate) fn base(&self) -> Option<Interval> {
        self.base
    }

    /// Whether any is given.
    pub(crate) fn is_stated(&self) -> bool {
        let Self { calendar, overlay, adjustments, hours, stamp, tz, base, symbol, publisher } = self;
        let market = [calendar.is_some(), overlay.is_some(), adjustments.is_some(), hours.is_some()];
        let rows = [stamp.is_some(), tz.is_some(), base.is_some(), symbol.is_some(), publisher.is_some()];
        market.contains(&true) || rows.contains(&true)
    }

    /// The same as a session file would say it.
    pub(crate) fn to_config(&self) -> SessionConfig {
        let default = SessionConfig::default();
        SessionConfig {
            calendar: self.calendar.clone(),
            overlay: self.overlay.clone(),
            adjustments: self.adjustments.clone(),
            hours: self.hours.unwrap_or(default.hours),
            stamp: self.stamp,
            tz: self.tz.clone(),
            base: self.base.unwrap_or(default.base),
            symbol: self.symbol.clone(),
            publisher: self.publisher,
            ..default
        }
    }
}
