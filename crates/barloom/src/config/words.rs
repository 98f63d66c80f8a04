//! The values of a session's fields, each read from its text.

use std::fmt;
use std::str::FromStr;

use barloom_core::derive::LONGEST_GRACE;
use barloom_core::error::{WordError, did_you_mean, nearest, word};
use barloom_core::indicators::Spec;
use barloom_core::store::Keep;
use barloom_core::{Calendar, Interval, Symbol};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::text::item;
use crate::engine::{MOST_WORKERS, OnInvalid};

/// A value for every interval, or for one: `strict`, `strict@1h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForInterval<T> {
    /// The value.
    pub value: T,
    /// The interval it is for; `None`: all that have none of their own.
    pub interval: Option<Interval>,
}

impl<T: FromStr<Err: fmt::Display>> FromStr for ForInterval<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (value, interval) = match text.split_once('@') {
            Some((value, interval)) => (value, Some(interval.parse().map_err(|e| format!("{e}"))?)),
            None => (text, None),
        };
        Ok(Self { value: value.parse().map_err(|e| format!("{e}"))?, interval })
    }
}

/// Nanoseconds after a close, written like `2s`, `500ms`, `1m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grace(pub i64);

impl FromStr for Grace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = text.parse::<jiff::SignedDuration>().ok();
        match span
            .and_then(|span| i64::try_from(span.as_nanos()).ok())
            .filter(|n| (0..=LONGEST_GRACE).contains(n))
        {
            Some(nanos) => Ok(Self(nanos)),
            None => {
                Err(format!("grace `{text}` is not allowed; write a time from 0s to 24h, like 2s or 500ms"))
            }
        }
    }
}

/// A share of the expected base bars, above 0 and up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>().ok().filter(|&share| share > 0.0 && share <= 1.0) {
            Some(share) => Ok(Self(share)),
            None => Err(format!(
                "min_coverage `{text}` is not allowed; write a share above 0 and up to 1, like 0.9"
            )),
        }
    }
}

/// Reads one of a few words, or says of one of those in `later` that it is not built yet.
fn built<T: Copy>(
    what: &'static str,
    text: &str,
    words: &[(&'static str, T)],
    later: &[&str],
) -> Result<T, String> {
    if later.contains(&text) {
        let words: Vec<&str> = words.iter().map(|&(word, _)| word).collect();
        return Err(not_built(&format!("{what} `{text}`"), &words.join(", ")));
    }
    word(what, text, words).map_err(|error| error.to_string())
}

fn not_built(what: &str, allowed: &str) -> String {
    format!("{what} is not built yet; allowed is {allowed}")
}

impl FromStr for OnInvalid {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("on_invalid", text, &[("reject", Self::Reject), ("stop", Self::Stop)])
    }
}

/// What a failing subscriber does to a run; it is reported either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnSubscriberError {
    /// It ends the run.
    #[default]
    Stop,
    /// It is removed, and the others go on.
    Remove,
}

impl FromStr for OnSubscriberError {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("on_subscriber_error", text, &[("stop", Self::Stop), ("remove", Self::Remove)])
    }
}

/// What an output that can't be written does to a run: its reader went away, a disk is full.
///
/// ```
/// use barloom::config::OnOutputError;
/// assert_eq!("continue".parse(), Ok(OnOutputError::Continue));
/// assert_eq!(OnOutputError::default(), OnOutputError::Stop);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnOutputError {
    /// It ends the run.
    #[default]
    Stop,
    /// It is given up, and what it lacks is counted; the others go on.
    Continue,
}

impl FromStr for OnOutputError {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("on_output_error", text, &[("stop", Self::Stop), ("continue", Self::Continue)])
    }
}

/// What an overrun does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnOverrun {
    /// It is counted and told.
    #[default]
    Warn,
    /// It ends the run, once what was published is told.
    Error,
}

impl FromStr for OnOverrun {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("on_overrun", text, &[("warn", Self::Warn), ("error", Self::Error)])
    }
}

/// When the state of a run is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoints {
    /// Behind the last input of each session.
    Session,
    /// Never: a run that goes on goes through its whole journal.
    None,
}

impl FromStr for Checkpoints {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("checkpoints", text, &[("session", Self::Session), ("none", Self::None)])
    }
}

/// What runs a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runtime {
    /// What fits: `inline` where the run is data-driven and has one worker, else `threads`.
    #[default]
    Auto,
    /// One thread.
    Inline,
    /// A coordinator, workers, and the subscribers.
    Threads,
}

impl FromStr for Runtime {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let words = [("auto", Self::Auto), ("inline", Self::Inline), ("threads", Self::Threads)];
        word("runtime", text, &words)
    }
}

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableFormat {
    /// Comma-separated text.
    #[default]
    Csv,
}

impl FromStr for TableFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        built("to", text, &[("csv", Self::Csv)], &["parquet", "arrow"])
    }
}

/// Where numbers begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// With the run; state is carried from session to session.
    #[default]
    Run,
    /// With the N sessions before each, 1 to 1000: a session alone equals that session inside a year.
    Sessions(u32),
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sessions = || text.strip_prefix("sessions:")?.parse().ok().filter(|n| (1..=1000).contains(n));
        match text {
            "run" => Ok(Self::Run),
            _ => sessions().map(Self::Sessions).ok_or_else(|| {
                format!(
                    "origin `{text}` is not allowed; write run, or sessions:N with N from 1 to 1000, like sessions:5"
                )
            }),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("run"),
            Self::Sessions(n) => write!(f, "sessions:{n}"),
        }
    }
}

/// An indicator on closed bars of prior sessions, constant through a session.
///
/// It prints as `avg_volume_20@1d`.
#[derive(Debug, Clone)]
pub struct Historical {
    /// The indicator.
    pub spec: Spec,
    /// The bars it is computed on: `1d` or `1w`.
    pub interval: Interval,
}

impl Historical {
    /// The indicators that there are.
    pub const NAMES: [&'static str; 6] =
        ["avg_volume", "avg_range", "range_ratio", "atr_daily", "gap_stats", "high_low"];
}

impl FromStr for Historical {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.split([':', '@']).next().unwrap_or(text);
        if !Self::NAMES.contains(&name) {
            let hint = did_you_mean(nearest(name, Self::NAMES));
            let allowed = Self::NAMES.join(", ");
            return Err(format!("`{name}` is not a historical indicator; allowed are {allowed}{hint}"));
        }
        let spec: Spec = text.parse().map_err(|error| format!("{error}"))?;
        match spec.interval().unwrap_or(Interval::DAY) {
            interval @ (Interval::DAY | Interval::WEEK) => Ok(Self { spec, interval }),
            other => Err(format!("`{text}`: a historical indicator is computed on 1d or 1w, not on {other}")),
        }
    }
}

impl fmt::Display for Historical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.spec, self.interval)
    }
}

/// An amount of memory in bytes, written like `2GB` (10⁹ bytes each) or `512MiB` (2²⁰).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemoryLimit(pub u64);

const UNITS: [(&str, f64); 9] = [
    ("KIB", 1024.0),
    ("MIB", 1_048_576.0),
    ("GIB", 1_073_741_824.0),
    ("TIB", 1_099_511_627_776.0),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("B", 1.0),
];

impl FromStr for MemoryLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.to_ascii_uppercase();
        let read = || {
            let (number, unit) =
                UNITS.iter().find_map(|(unit, size)| Some((upper.strip_suffix(unit)?, size)))?;
            // So that `infMB` and `1e9MB` are none.
            let number = number.trim_end();
            let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let bytes = number.parse::<f64>().ok().filter(|_| is_plain)? * unit;
            (bytes >= 1.0 && bytes < u64::MAX as f64).then_some(Self(bytes as u64))
        };
        read().ok_or_else(|| {
            format!("memory_limit `{text}` is not allowed; write a size with its unit, like 512MB or 2GB")
        })
    }
}

/// The most values of an output that are kept by number: every series has room for them.
const MOST_KEPT: u32 = 100_000;

/// `session` or how many values.
pub(super) fn keep<'de, D: Deserializer<'de>>(from: D) -> Result<Keep, D::Error> {
    let text = item(from)?;
    if text == "session" {
        return Ok(Keep::Session);
    }
    text.parse().ok().filter(|count| *count <= MOST_KEPT).map(Keep::Last).ok_or_else(|| {
        D::Error::custom(format!(
            "keep `{text}` is not allowed; write session, or how many values, up to {MOST_KEPT}, like 500 (0: the latest alone)"
        ))
    })
}

/// 1 to 1000.
pub(super) fn retain_sessions<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let text = item(from)?;
    text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| {
        D::Error::custom(format!(
            "retain_sessions `{text}` is not allowed; write a whole number from 1 to 1000"
        ))
    })
}

/// Trading time over wall time; 0 is as fast as it goes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Speed(pub f64);

/// The highest speed: a year in half a second.
const FASTEST: f64 = 1e8;

/// The lowest speed above 0: a minute in an hour and forty minutes.
const SLOWEST: f64 = 0.01;

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let speed = text.parse::<f64>().ok();
        let allowed = speed.filter(|&speed| speed == 0.0 || (SLOWEST..=FASTEST).contains(&speed));
        allowed.map(|speed| Self(speed.abs())).ok_or_else(|| {
            format!(
                "speed `{text}` is not allowed; write 0 for as fast as it goes, or a number from {SLOWEST} to {FASTEST:.0}, like 60"
            )
        })
    }
}

/// How many threads derive, 1 to [`MOST_WORKERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers(pub usize);

impl Default for Workers {
    fn default() -> Self {
        Self(1)
    }
}

impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let workers = text.parse().ok().filter(|workers| (1..=MOST_WORKERS).contains(workers));
        workers.map(Self).ok_or_else(|| {
            format!("workers `{text}` is not allowed; write a whole number from 1 to {MOST_WORKERS}")
        })
    }
}
/// The zone of an IANA name like `America/New_York`, or of an offset like `-05:00`.
///
/// ```
/// assert!(barloom::config::time_zone("America/New_York").is_ok());
/// assert!(barloom::config::time_zone("newyork").is_err_and(|error| error.contains("is not a time zone")));
/// ```
///
/// # Errors
/// Says what is allowed, and the nearest name.
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    if let Some(offset) = fixed_offset(name) {
        return Ok(TimeZone::fixed(offset));
    }
    // The bundled database, so that the host's can't make a difference.
    let zones = TimeZoneDatabase::bundled();
    zones.get(name).map_err(|_| {
        let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let city =
            |zone: &&String| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
        let near = nearest(name, names.iter().map(String::as_str));
        let near = did_you_mean(near.or_else(|| names.iter().find(city).map(String::as_str)));
        format!("tz `{name}` is not a time zone; write an IANA name like America/New_York or UTC, or an offset like -05:00{near}")
    })
}

/// The offset that `-05:00` is.
fn fixed_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes() {
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let part = |text: &str, below: i32| {
        let is_whole = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|part| is_whole && *part < below)
    };
    Offset::from_seconds(sign * (part(hours, 24)? * 3600 + part(minutes, 60)? * 60)).ok()
}

/// The name of an instrument.
pub(super) fn symbol<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |text| Symbol::new(text).map(drop))
}

/// The name of a calendar.
pub(super) fn calendar<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |text| Calendar::named(text).map(drop))
}

/// The name of a zone.
pub(super) fn tz<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, |text| time_zone(text).map(drop))
}

/// A text that `check` takes.
fn checked<'de, D: Deserializer<'de>, E: fmt::Display>(
    from: D,
    check: impl Fn(&str) -> Result<(), E>,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.as_deref().map_or(Ok(()), check).map_err(D::Error::custom)?;
    Ok(text)
}
