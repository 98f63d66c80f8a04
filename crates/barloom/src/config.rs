//! A session file: what the user asked for, in TOML.
//!
//! The fields are the command line's flags with underscores. A field that is not known is an error with the line and
//! the nearest one that is; so is a word that is not allowed.
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
//! # Ok::<(), barloom::config::ConfigError>(())
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;

use barloom_core::derive::{
    Align, DeriveConfig, DeriveRules, DeriveRulesError, IntervalRule, LONGEST_GRACE, Policy, Stub,
    TradingHours,
};
use barloom_core::error::{WordError, nearest, word};
use barloom_core::indicators::Spec;
use barloom_core::plan::{Plan, PlanError};
use barloom_core::{Calendar, Interval, Stamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use crate::engine::OnInvalid;

/// Everything a session file can say. Paths are relative to the file that names them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionConfig {
    /// The files to run, each in its own order; merged by time.
    #[serde(default)]
    pub inputs: Vec<PathBuf>,
    /// The symbol of files that have no symbol column.
    pub symbol: Option<String>,
    /// The trading calendar; `24/7` when not stated.
    pub calendar: Option<String>,
    /// A file that adds sessions to the calendar or removes them.
    pub overlay: Option<PathBuf>,
    /// `regular` or `extended`.
    #[serde(default, deserialize_with = "parsed")]
    pub hours: TradingHours,
    /// `session` or `midnight`.
    #[serde(default, deserialize_with = "parsed")]
    pub align: Align,
    /// `coverage` or `strict`, also by interval: `["coverage", "strict@1h"]`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub policy: Vec<ForInterval<Policy>>,
    /// Below this share of its base bars a bar is skipped, also by interval: `[0.5, "0.9@1h"]`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub min_coverage: Vec<ForInterval<Share>>,
    /// `emit` or `drop`: bars that their segment cuts short.
    #[serde(default, deserialize_with = "parsed")]
    pub stub: Stub,
    /// `open` or `close`: what the rows' times label; not needed where the layout says it.
    #[serde(default, deserialize_with = "parsed_option")]
    pub stamp: Option<Stamp>,
    /// The zone of times without offset, like `America/New_York`.
    pub tz: Option<String>,
    /// `drop`: what happens to a correction after its bar was emitted.
    #[serde(default, deserialize_with = "parsed")]
    pub late: Late,
    /// How long after its close a bar still takes minutes, like `2s`.
    #[serde(default, deserialize_with = "parsed")]
    pub grace: Grace,
    /// Whether bars still open at the end are emitted.
    #[serde(default)]
    pub flush_on_stop: bool,
    /// The interval of the input: `1s`, `1m` or `1d`.
    #[serde(default = "minute", deserialize_with = "parsed")]
    pub base: Interval,
    /// `reject` or `stop`.
    #[serde(default, deserialize_with = "parsed")]
    pub on_invalid: OnInvalid,
    /// The file that rejected rows are written to.
    pub rejects: Option<PathBuf>,
    /// The intervals to derive.
    #[serde(default, deserialize_with = "one_or_many")]
    pub derived_intervals: Vec<Interval>,
    /// Indicators on closed bars, like `rsi:14@5m`; without `@`: on every interval.
    #[serde(default, deserialize_with = "one_or_many")]
    pub realtime_indicators: Vec<Spec>,
    /// Whether intervals that only an indicator names are derived too; if not, they are an error.
    #[serde(default = "yes")]
    pub auto_compute_derived: bool,
    /// The folder that tables are written to; none are written without it.
    pub out: Option<PathBuf>,
}

fn minute() -> Interval {
    Interval::MINUTE
}

fn yes() -> bool {
    true
}

impl SessionConfig {
    /// Reads a session file's text.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, what was got, what is allowed and the nearest word.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::new(text, &error))
    }

    /// The intervals to derive: those asked for and, with `auto_compute_derived`, those that indicators name.
    fn intervals(&self) -> Vec<Interval> {
        let mut intervals = self.derived_intervals.clone();
        let named = self.realtime_indicators.iter().filter_map(Spec::interval);
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
        Plan::new(&self.realtime_indicators, &intervals)
    }

    /// The rules of derivation under `calendar`.
    ///
    /// # Errors
    /// [`RulesError`] when the options contradict each other.
    pub fn rules(&self, calendar: Calendar) -> Result<DeriveRules, RulesError> {
        let derived = self.intervals();
        let mut config = DeriveConfig::new(calendar, &derived);
        for rule in &mut config.intervals {
            rule.policy = last_for(&self.policy, rule).unwrap_or_default();
            rule.min_coverage = last_for(&self.min_coverage, rule).map(|Share(share)| share);
        }
        let named = self.policy.iter().filter_map(|p| p.interval);
        let named = named.chain(self.min_coverage.iter().filter_map(|c| c.interval));
        for interval in named {
            if !derived.contains(&interval) {
                return Err(RulesError::NotDerived { interval, derived });
            }
        }
        (config.base, config.align, config.stub) = (self.base, self.align, self.stub);
        (config.hours, config.grace, config.flush_on_stop) = (self.hours, self.grace.0, self.flush_on_stop);
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
    /// The rules of derivation don't hold together.
    #[error(transparent)]
    Derive(#[from] DeriveRulesError),
}

fn list(intervals: &[Interval]) -> String {
    intervals.iter().map(Interval::to_string).collect::<Vec<_>>().join(", ")
}

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

/// What happens to a correction after its bar was emitted (P9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Late {
    /// It is dropped with `late_bar`.
    #[default]
    Drop,
}

impl FromStr for Late {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("late (`revise` is not built yet)", text, &[("drop", Self::Drop)])
    }
}

impl FromStr for OnInvalid {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("on_invalid", text, &[("reject", Self::Reject), ("stop", Self::Stop)])
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn parsed_option<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    parsed(from).map(Some)
}

/// One value or a list of them, each text or a number.
fn one_or_many<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_any(Values(PhantomData))
}

/// A value as the text it would be written as.
struct Item(String);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text).map(Self)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

struct Values<T>(PhantomData<T>);

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for Values<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, or a list of them")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        Ok(vec![text.parse().map_err(E::custom)?])
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Vec<T>, E> {
        self.visit_str(&number.to_string())
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Vec<T>, E> {
        self.visit_str(&number.to_string())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(Item(text)) = seq.next_element()? {
            values.push(text.parse().map_err(A::Error::custom)?);
        }
        Ok(values)
    }
}

/// What is wrong with a session file's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes of the text that are wrong.
    pub span: std::ops::Range<usize>,
    /// What was got, what is allowed and the nearest word.
    pub message: String,
}

impl ConfigError {
    fn new(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let mut message = error.message().to_owned();
        // serde quotes the unknown field first and then those it knows.
        let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let unknown = words.split_first().filter(|_| message.starts_with("unknown field"));
        if let Some(word) = unknown.and_then(|(got, known)| nearest(got, known.iter().copied())) {
            message = format!("{message}; did you mean `{word}`?");
        }
        Self { line, column, span, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> String {
        SessionConfig::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_field_names_the_place_and_the_nearest() {
        let message = refused("inputs = [\"a.csv\"]\ncalender = \"XNYS\"\n");
        assert!(message.starts_with("line 2, column 1: unknown field `calender`"), "{message}");
        assert!(message.ends_with("did you mean `calendar`?"), "{message}");
    }

    #[test]
    fn a_wrong_word_names_what_is_allowed() {
        let message = refused("policy = \"strct\"");
        assert!(message.starts_with("line 1, column 10: policy `strct` is not allowed"), "{message}");
        assert!(message.contains("did you mean `strict`?"), "{message}");
        assert!(refused("derived_intervals = [\"5min\"]").contains("did you mean `5m`?"));
        assert!(refused("late = \"revise\"").contains("not built yet"));
        assert!(refused("grace = \"-2s\"").contains("like 2s or 500ms"));
        assert!(refused("grace = \"25h\"").contains("from 0s to 24h"));
        assert!(refused("min_coverage = [\"x@5m\"]").contains("min_coverage `x` is not allowed"));
        assert!(refused("policy = [[\"strict\"]]").contains("text or a number"));
    }

    #[test]
    fn an_interval_of_its_own_wins_over_all() {
        let config = SessionConfig::from_toml(
            "derived_intervals = [\"5m\", \"1h\"]\npolicy = [\"strict@1h\", \"coverage\"]\nmin_coverage = [0.5, \"0.9@1h\"]",
        );
        let rules = config.unwrap().rules(Calendar::named("24/7").unwrap()).unwrap();
        let of = |i: usize| (rules.intervals[i].policy, rules.intervals[i].min_coverage);
        assert_eq!([of(0), of(1)], [(Policy::Coverage, Some(0.5)), (Policy::Strict, Some(0.9))]);
    }

    #[test]
    fn a_policy_for_an_interval_that_is_not_derived_is_an_error() {
        let config = SessionConfig::from_toml("derived_intervals = \"5m\"\npolicy = \"strict@1h\"").unwrap();
        let error = config.rules(Calendar::named("24/7").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "`@1h` names an interval that is not derived; derived are 5m");
    }

    fn config_text(bytes: &[u8]) {
        let _ = SessionConfig::from_toml(&String::from_utf8_lossy(bytes));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(bytes: Vec<u8>) {
            config_text(&bytes);
        }

        #[test]
        fn any_damage_to_a_sound_file_is_read_or_refused(at in 0_usize..120, byte: u8) {
            let mut text = b"inputs = ['a']\npolicy = ['strict@1h', 'coverage']\nmin_coverage = 0.5\ngrace = '2s'\nderived_intervals = ['5m','1h']\n".to_vec();
            let at = at % text.len();
            text[at] = byte;
            config_text(&text);
        }
    }
}
