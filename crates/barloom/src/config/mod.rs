//! A session file: what the user asked for, in TOML or JSON.
//!
//! The fields are the command line's flags with underscores. A field that is not known is an error with the line and
//! the nearest one that is; so is a word that is not allowed. [`SessionConfig::schema`] describes them to editors.
//!
//! ```
//! use barloom::config::SessionConfig;
//! let config = SessionConfig::from_toml(r#"
//!     inputs = ["bars.csv.gz"]
//!     calendar = "XNYS"
//!     stamp = "open"
//!     derived_intervals = ["5m", "1h", "1d"]
//!     policy = ["coverage", "strict@1h"]
//! "#)?;
//! assert_eq!(config.derived_intervals.len(), 3);
//! let same = r#"{ "inputs": "bars.csv.gz", "calendar": "XNYS", "derived_intervals": ["5m", "1h", "1d"] }"#;
//! assert_eq!(SessionConfig::from_json(same)?.derived_intervals, config.derived_intervals);
//! # Ok::<(), barloom::config::ConfigError>(())
//! ```

mod error;
mod json;
mod schema;
mod text;
mod window;
mod words;

use std::path::{Path, PathBuf};

use barloom_core::derive::{
    Align, DeriveConfig, DeriveRules, DeriveRulesError, IntervalRule, Late, Policy, Stub, TradingHours,
};
use barloom_core::indicators::Spec;
use barloom_core::plan::{Plan, PlanError};
use barloom_core::store::Keep;
use barloom_core::{Calendar, CalendarError, Interval, Stamp};
use schemars::JsonSchema;
use serde::Deserialize;

pub use error::ConfigError;
pub use window::{When, Window};
pub use words::{
    Checkpoints, ForInterval, Grace, Historical, MemoryLimit, OnOutputError, OnOverrun, OnSubscriberError,
    Origin, Runtime, Share, Speed, TableFormat, Workers, time_zone,
};

use crate::analysis::Pattern;
use crate::engine::{OnInvalid, Threads};
use crate::journal::JournalSync;
use crate::subscription::Wait;
use text::{one_or_many, parsed, parsed_option};
use words::{calendar, keep, retain_sessions, symbol, tz};

/// A session of Barloom: everything a session file can say. Paths are relative to the file that names them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// The files to run, each in its own order; merged by time.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::texts", extend("examples" = [["bars.csv.gz"]]))]
    pub inputs: Vec<PathBuf>,

    /// The symbol of files that have no symbol column.
    #[serde(deserialize_with = "symbol")]
    #[schemars(extend("examples" = ["BTC"]))]
    pub symbol: Option<String>,

    /// Which publisher of a Databento file is read, by its id; needed where a symbol has several.
    #[schemars(extend("examples" = [2]))]
    pub publisher: Option<u16>,

    /// The trading calendar: XNYS, 24/7, FX, CME_EQ, CME_FX, XLON, XHKG, XTKS or an alias; `24/7` when not stated.
    #[serde(deserialize_with = "calendar")]
    #[schemars(extend("examples" = ["XNYS"]))]
    pub calendar: Option<String>,

    /// A TOML file that adds sessions to the calendar or removes them.
    #[schemars(extend("examples" = ["overlay.toml"]))]
    pub overlay: Option<PathBuf>,

    /// `regular`, or `extended`: pre- and post-market as segments of their own.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["regular", "extended"], "default" = "regular"))]
    pub hours: TradingHours,

    /// `session`: buckets start at each segment's open; `midnight`: on the exchange's wall clock.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["session", "midnight"], "default" = "session"))]
    pub align: Align,

    /// `coverage` emits what is there, `strict` skips incomplete bars; also by interval.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::texts", extend("default" = "coverage", "examples" = ["strict", ["coverage", "strict@1h"]]))]
    pub policy: Vec<ForInterval<Policy>>,

    /// Below this share of its base bars, above 0 and up to 1, a bar is skipped; also by interval.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::shares", extend("examples" = [0.9, [0.5, "0.9@1h"]]))]
    pub min_coverage: Vec<ForInterval<Share>>,

    /// `emit` or `drop` bars that their segment cuts short.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["emit", "drop"], "default" = "emit"))]
    pub stub: Stub,

    /// What the rows' times label, `open` or `close`; not needed where the layout says it.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["open", "close"]))]
    pub stamp: Option<Stamp>,

    /// The zone of times without offset, or an offset; a time with an offset keeps it.
    #[serde(deserialize_with = "tz")]
    #[schemars(extend("examples" = ["America/New_York", "-05:00"]))]
    pub tz: Option<String>,

    /// What happens to a minute that comes after its bar was emitted: `drop`, or `revise` while its session is current.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["drop", "revise"], "default" = "drop"))]
    pub late: Late,

    /// How long after its close a bar still takes minutes, from 0s to 24h.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("default" = "0s", "examples" = ["2s", "500ms"]))]
    pub grace: Grace,

    /// Whether bars still open at the end are emitted.
    pub flush_on_stop: bool,

    /// The interval of the input: `1s`, `1m` or `1d`.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["1s", "1m", "1d"], "default" = "1m"))]
    pub base: Interval,

    /// `reject`: an invalid row is counted and told; `stop`: it ends the run.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["reject", "stop"], "default" = "reject"))]
    pub on_invalid: OnInvalid,

    /// The file that rejected rows are written to.
    #[schemars(extend("examples" = ["rejects.csv"]))]
    pub rejects: Option<PathBuf>,

    /// A CSV file of factors for splits, dividends and rolls, with the columns symbol, session, price_factor, volume_factor: rows before
    /// that session are multiplied by them.
    #[schemars(extend("examples" = ["splits.csv"]))]
    pub adjustments: Option<PathBuf>,

    /// The intervals to derive: seconds, minutes or hours up to 24h, `1d`, `1w`, `1M`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::texts", extend("examples" = [["5m", "1h", "1d"]]))]
    pub derived_intervals: Vec<Interval>,

    /// Indicators on closed bars; without `@` on every interval.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::texts", extend("examples" = [["rsi:14@5m", "macd:12,26,9", "sma:20,source=hl2@1h"]]))]
    pub realtime_indicators: Vec<Spec>,

    /// Whether intervals that only an indicator or a subscriber names are derived too; if not, they are an error.
    pub auto_compute_derived: bool,

    /// Indicators on closed days (`@1d`, the default) or weeks (`@1w`) of prior sessions, constant through a session:
    /// `avg_volume`, `avg_range`, `range_ratio`, `atr_daily`, `gap_stats`, `high_low`.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "schema::texts", extend("examples" = [["avg_volume:20", "high_low:20@1w"]]))]
    pub historical: Vec<Historical>,

    /// Where the run begins: a time with its offset, or a date, which means its session's start, on a day without a
    /// session the next one's. Rows before it are history: they warm indicators up, and nothing of them is told.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("examples" = ["2024-11-25", "2024-11-25T09:30:00-05:00"]))]
    pub start: Option<When>,

    /// Where the run ends: a time with its offset, or a date, which means its session's end, on a day without a
    /// session the previous one's.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("examples" = ["2024-11-29", "2024-11-29T13:00:00-05:00"]))]
    pub end: Option<When>,

    /// Where numbers begin: `run` carries state from session to session; `sessions:N` primes every session from the N
    /// before it, N up to 1000, so that a day alone equals that day inside a year; it needs a grace of 0s.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("pattern" = "^(run|sessions:[0-9]+)$", "default" = "run", "examples" = ["sessions:5"]))]
    pub origin: Origin,

    /// How much of each output's history can be read: `session`, as long as the bars beside it, or the last so many
    /// values. The latest can always.
    #[serde(deserialize_with = "keep")]
    #[schemars(schema_with = "schema::keep", extend("default" = "session", "examples" = [0, 500]))]
    pub keep: Keep,

    /// How many sessions before the current one stay readable.
    #[serde(deserialize_with = "retain_sessions")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 1))]
    pub retain_sessions: u32,

    /// What a subscriber's failure does: `stop` ends the run, `remove` goes on without it. It is reported either way.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["stop", "remove"], "default" = "stop"))]
    pub on_subscriber_error: OnSubscriberError,

    /// What an output does that can't be written, once the run has begun: `stop` ends the run; `continue` gives it up, counts what it
    /// lacks, and goes on with the others: notifications on stdout, the tables together, the rejects, the journal.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["stop", "continue"], "default" = "stop"))]
    pub on_output_error: OnOutputError,

    /// What an overrun of a run with a speed does: `warn` counts and reports it, `error` ends the run once what was published
    /// is told.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["warn", "error"], "default" = "warn"))]
    pub on_overrun: OnOverrun,

    /// Trading time over wall time, from 0.01 to 100000000: 60 replays an hour in a minute, and skips hours in which nothing
    /// trades. 0 is as fast as it goes, every step waited for.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::speed", extend("default" = 0, "examples" = [60]))]
    pub speed: Speed,

    /// `inline`, on one thread; `threads`: a coordinator, workers and subscribers; `auto` takes `inline` for a run with one
    /// worker and without a speed. What is told is the same.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["auto", "inline", "threads"], "default" = "auto"))]
    pub runtime: Runtime,

    /// How many threads derive, each a range of symbols.
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::workers", extend("default" = 1))]
    pub workers: Workers,

    /// The folder that the input's journal is written to; none is written without it.
    #[schemars(extend("examples" = ["journal"]))]
    pub journal: Option<PathBuf>,

    /// When inputs are written to the journal: `chunk` (by 64 KiB), `input` (each as it comes) or `disk` (each, and on to the disk); where not
    /// stated, `chunk` of files as fast as they go, else `input`.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["chunk", "input", "disk"]))]
    pub journal_sync: Option<JournalSync>,

    /// When the run's state is saved beside its journal: `session` (behind the last input of each) or `none`; where not stated, `none` of files as fast
    /// as they go, else `session`.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["session", "none"]))]
    pub checkpoints: Option<Checkpoints>,

    /// The most memory that bars and values may take, in B, KB, MB, GB, TB or KiB, MiB, GiB, TiB; `barloom check`
    /// refuses a session above it.
    #[serde(deserialize_with = "parsed_option")]
    #[schemars(schema_with = "schema::text", extend("examples" = ["2GB", "512MiB"]))]
    pub memory_limit: Option<MemoryLimit>,

    /// The folder that tables are written to; none are written without it.
    #[schemars(extend("examples" = ["out"]))]
    pub out: Option<PathBuf>,

    /// Format of the tables: `csv` (`parquet` and `arrow` are not built yet).
    #[serde(deserialize_with = "parsed")]
    #[schemars(schema_with = "schema::text", extend("enum" = ["csv"], "default" = "csv"))]
    pub to: TableFormat,
}

/// How many steps tables and notifications may lag.
const LAG: u32 = 16;

impl Default for SessionConfig {
    /// What a session file without a line says.
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            symbol: None,
            publisher: None,
            calendar: None,
            overlay: None,
            hours: TradingHours::default(),
            align: Align::default(),
            policy: Vec::new(),
            min_coverage: Vec::new(),
            stub: Stub::default(),
            stamp: None,
            tz: None,
            late: Late::default(),
            grace: Grace::default(),
            flush_on_stop: false,
            base: Interval::MINUTE,
            on_invalid: OnInvalid::default(),
            rejects: None,
            adjustments: None,
            derived_intervals: Vec::new(),
            realtime_indicators: Vec::new(),
            auto_compute_derived: true,
            historical: Vec::new(),
            start: None,
            end: None,
            origin: Origin::default(),
            keep: Keep::default(),
            retain_sessions: 1,
            on_subscriber_error: OnSubscriberError::default(),
            on_output_error: OnOutputError::default(),
            on_overrun: OnOverrun::default(),
            speed: Speed::default(),
            runtime: Runtime::default(),
            workers: Workers::default(),
            journal: None,
            journal_sync: None,
            checkpoints: None,
            memory_limit: None,
            out: None,
            to: TableFormat::default(),
        }
    }
}

impl SessionConfig {
    /// Reads the text of the session file at `path`: JSON if its name ends so or, with a name that ends otherwise than
    /// in `.toml`, the text begins with a brace; else TOML.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, what was got, what is allowed and the nearest word.
    pub fn read(path: &Path, text: &str) -> Result<Self, ConfigError> {
        if Self::is_json(path, text) { Self::from_json(text) } else { Self::from_toml(text) }
    }

    /// Whether the session file at `path` is JSON: by its ending, or else by the brace that its text begins with.
    pub fn is_json(path: &Path, text: &str) -> bool {
        let ends_in = |ending| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
        ends_in("json") || !ends_in("toml") && text.trim_start().starts_with('{')
    }

    /// Reads a session as TOML.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, what was got, what is allowed and the nearest word.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text)
            .map_err(|error| ConfigError::new(text, error.span().unwrap_or(0..0), error.message()))
    }

    /// Reads a session as JSON: an object with the fields of the TOML.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, what was got, what is allowed and the nearest word.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        json::read(text)
    }

    /// What of it decides what is told: without its files, and without how it goes and what becomes of it.
    #[must_use]
    pub fn deciding(&self) -> Self {
        let Self { on_subscriber_error, on_output_error, on_overrun, speed, runtime, workers, .. } =
            Self::default();
        let Self { memory_limit, out, to, .. } = Self::default();
        let (inputs, rejects) = (Vec::new(), None);
        let (journal, journal_sync, checkpoints) = (None, None, None);
        Self {
            inputs,
            rejects,
            journal,
            journal_sync,
            checkpoints,
            on_subscriber_error,
            on_output_error,
            on_overrun,
            speed,
            runtime,
            workers,
            memory_limit,
            out,
            to,
            ..self.clone()
        }
    }

    /// The JSON Schema of a session file.
    pub fn schema() -> serde_json::Value {
        schema::of_session()
    }

    /// Makes the paths, which are relative to the session file, relative to what `folder`, where it lies, is.
    pub fn relate_to(&mut self, folder: &Path) {
        let Self { overlay, rejects, adjustments, journal, out, .. } = self;
        let optional = [overlay, rejects, adjustments, journal, out];
        for path in self.inputs.iter_mut().chain(optional.into_iter().flatten()) {
            *path = folder.join(&*path);
        }
    }

    /// The part of the input that is told, under `calendar`.
    ///
    /// # Errors
    /// [`RulesError`] when the calendar does not know a date, or `end` is not after `start`.
    pub fn window(&self, calendar: &Calendar) -> Result<Window, RulesError> {
        let window = Window {
            start: self.start.map(|when| when.start_in(calendar)).transpose()?,
            end: self.end.map(|when| when.end_in(calendar)).transpose()?,
        };
        match (self.start, self.end) {
            (Some(start), Some(end)) if window.start >= window.end => Err(RulesError::Window { start, end }),
            _ => Ok(window),
        }
    }

    /// Derives the interval that a subscriber's `pattern` names, where it does; before [`SessionConfig::rules`].
    ///
    /// # Errors
    /// [`RulesError::NotDerived`] when it is not derived and `auto_compute_derived` is off.
    pub fn subscribe_to(&mut self, pattern: &Pattern) -> Result<(), RulesError> {
        let derived = self.intervals();
        match pattern.interval().filter(|interval| !derived.contains(interval)) {
            None => Ok(()),
            Some(interval) if self.auto_compute_derived => {
                self.derived_intervals.push(interval);
                Ok(())
            }
            Some(interval) => Err(RulesError::NotDerived { interval, derived }),
        }
    }

    /// The threads of a run; `None` where it goes on one, as [`SessionConfig::rules`] has made sure that it can.
    pub fn threads(&self) -> Option<Threads> {
        let is_inline = match self.runtime {
            Runtime::Auto => !self.needs_threads(),
            Runtime::Inline => true,
            Runtime::Threads => false,
        };
        let (workers, speed, on_overrun) = (self.workers.0, self.speed.0, self.on_overrun);
        // Who gives way on a busy machine may wait long; who sleeps is woken in time for the next step.
        let wait = if speed > 0.0 { Wait::Park } else { Wait::default() };
        (!is_inline).then_some(Threads { workers, speed, on_overrun, wait, lag: LAG })
    }

    fn needs_threads(&self) -> bool {
        self.workers.0 > 1 || self.speed.0 > 0.0
    }

    /// The intervals to derive: those asked for and, with `auto_compute_derived`, those that indicators name.
    fn intervals(&self) -> Vec<Interval> {
        let mut intervals = self.derived_intervals.clone();
        let named = self.realtime_indicators.iter().filter_map(Spec::interval);
        let named = named.chain(self.historical.iter().map(|own| own.interval));
        for interval in named.filter(|_| self.auto_compute_derived) {
            if !intervals.contains(&interval) {
                intervals.push(interval);
            }
        }
        intervals
    }

    /// The indicators of the intervals that `rules` derive.
    ///
    /// # Errors
    /// [`PlanError`] when an indicator names another interval, or is asked for twice.
    pub fn plan(&self, rules: &DeriveRules) -> Result<Plan, PlanError> {
        let intervals: Vec<Interval> = rules.intervals.iter().map(|rule| rule.interval).collect();
        let mut plan = Plan::new(&self.realtime_indicators, &intervals)?;
        if rules.late == Late::Revise {
            plan.keep_opened();
        }
        Ok(plan)
    }

    /// The rules of derivation under `calendar`.
    ///
    /// # Errors
    /// [`RulesError`] when the options contradict each other or the calendar.
    pub fn rules(&self, calendar: Calendar) -> Result<DeriveRules, RulesError> {
        let derived = self.intervals();
        let mut config = DeriveConfig::new(calendar, &derived);
        for rule in &mut config.intervals {
            rule.policy = last_for(&self.policy, rule).unwrap_or_default();
            rule.min_coverage = last_for(&self.min_coverage, rule).map(|Share(share)| share);
        }
        let named = self.policy.iter().filter_map(|p| p.interval);
        let named = named.chain(self.min_coverage.iter().filter_map(|c| c.interval));
        let named = named.chain(self.historical.iter().map(|own| own.interval));
        for interval in named {
            if !derived.contains(&interval) {
                return Err(RulesError::NotDerived { interval, derived });
            }
        }
        let names: Vec<String> = self.historical.iter().map(Historical::to_string).collect();
        if let Some((_, spec)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(RulesError::HistoricalTwice { spec: spec.clone() });
        }
        self.window(&config.calendar)?;
        if self.runtime == Runtime::Inline && self.needs_threads() {
            return Err(RulesError::Inline { workers: self.workers.0, speed: self.speed.0 });
        }
        if self.origin != Origin::Run && self.grace.0 > 0 {
            return Err(RulesError::OriginGrace { origin: self.origin });
        }
        (config.base, config.align, config.stub) = (self.base, self.align, self.stub);
        (config.hours, config.grace, config.late) = (self.hours, self.grace.0, self.late);
        config.flush_on_stop = self.flush_on_stop;
        Ok(DeriveRules::new(config)?)
    }
}

/// The last value that is for the rule's interval, or for all where none is.
fn last_for<T: Copy>(values: &[ForInterval<T>], rule: &IntervalRule) -> Option<T> {
    let last = |interval| values.iter().rev().find(|v| v.interval == interval).map(|v| v.value);
    last(Some(rule.interval)).or_else(|| last(None))
}

/// Why a session's options contradict each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// An option names an interval that is not derived.
    #[error("`@{interval}` names an interval that is not derived; derived are {}", list(.derived))]
    NotDerived {
        /// The interval.
        interval: Interval,
        /// Those asked for.
        derived: Vec<Interval>,
    },
    /// A historical indicator is asked for twice.
    #[error("historical: {spec} is asked for twice")]
    HistoricalTwice {
        /// The indicator.
        spec: String,
    },
    /// Sessions that are primed need the one before to be over when they begin.
    #[error(
        "origin `{origin}` needs a grace of 0s: with grace a session is not over when the next one begins"
    )]
    OriginGrace {
        /// The origin.
        origin: Origin,
    },
    /// One thread is one worker, and can't keep time beside its work.
    #[error(
        "runtime `inline` is one thread: it has 1 worker and speed 0, here are {workers} and {speed}; write `threads`, or leave it to `auto`"
    )]
    Inline {
        /// The workers.
        workers: usize,
        /// The speed.
        speed: f64,
    },
    /// The end is not after the start.
    #[error("`start` {start} and `end` {end} leave no time between them")]
    Window {
        /// The start.
        start: When,
        /// The end.
        end: When,
    },
    /// The calendar does not know `start` or `end`.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The rules of derivation don't hold together.
    #[error(transparent)]
    Derive(#[from] DeriveRulesError),
}

fn list(intervals: &[Interval]) -> String {
    intervals.iter().map(Interval::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "../tests/config.rs"]
mod tests;
