//! What was asked of derivation: the intervals and the options of P2 to P15, checked once.

use std::str::FromStr;

use crate::calendar::Calendar;
use crate::error::{WordError, word};
use crate::interval::Interval;
use crate::time::NANOS_PER_SECOND;

/// Where N-minute buckets start (P2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// At each segment's open.
    #[default]
    Session,
    /// On the exchange's wall clock, from local midnight, cut to the segment.
    Midnight,
}

/// What happens to a bucket that has fewer base bars than the calendar has in it (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Emitted with what is there; the counts on the bar say how much.
    #[default]
    Coverage,
    /// Skipped with `incomplete_bar`.
    Strict,
}

/// What happens to a bucket that is cut short, by its segment or by the midnight grid (P3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stub {
    /// It is a bar like any other, complete when its own minutes are there.
    #[default]
    Emit,
    /// It takes its minutes and gives no bar.
    Drop,
}

/// Which parts of the day are traded (P12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TradingHours {
    /// Regular hours; other minutes are out of session.
    #[default]
    Regular,
    /// Pre-market, regular and post-market as segments of their own; `1d` and longer stay regular.
    Extended,
}

/// What happens to a minute whose bucket was emitted, skipped or passed, while its session is current (P9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Late {
    /// It is dropped with `late_bar`.
    #[default]
    Drop,
    /// The bucket is given as it stands now, with a revision more, and its session's indicators are computed again.
    Revise,
}

impl Late {
    /// The word in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Revise => "revise",
        }
    }
}

impl FromStr for Late {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("late", text, &[("drop", Self::Drop), ("revise", Self::Revise)])
    }
}

impl FromStr for Align {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("align", text, &[("session", Self::Session), ("midnight", Self::Midnight)])
    }
}

impl FromStr for Policy {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("policy", text, &[("coverage", Self::Coverage), ("strict", Self::Strict)])
    }
}

impl FromStr for Stub {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("stub", text, &[("emit", Self::Emit), ("drop", Self::Drop)])
    }
}

impl FromStr for TradingHours {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("hours", text, &[("regular", Self::Regular), ("extended", Self::Extended)])
    }
}

/// One derived interval and how complete its bars must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalRule {
    /// The interval.
    pub interval: Interval,
    /// Its policy.
    pub policy: Policy,
    /// Below this share of the expected base bars, in (0, 1], a bucket is skipped; unset: never.
    pub min_coverage: Option<f64>,
    /// Whether it was asked for. Bars of one that was not are given to the sink all the same; but it warns of nothing, and a
    /// row that it alone would take counts as if it were not there.
    pub is_asked: bool,
}

impl IntervalRule {
    /// `interval` under the default policy.
    pub fn new(interval: Interval) -> Self {
        Self { interval, policy: Policy::default(), min_coverage: None, is_asked: true }
    }

    /// Whether a bucket with `n_base` of `n_expected` base bars becomes a bar.
    pub(crate) fn emits(&self, n_base: u32, n_expected: u32) -> bool {
        n_base == n_expected
            || self.policy == Policy::Coverage
                && self.min_coverage.is_none_or(|least| f64::from(n_base) / f64::from(n_expected) >= least)
    }
}

/// Everything that decides a derived bar besides the input; [`DeriveRules::new`] checks it.
#[derive(Debug, Clone)]
pub struct DeriveConfig {
    /// The sessions.
    pub calendar: Calendar,
    /// The input's interval: `1s`, `1m` or `1d`.
    pub base: Interval,
    /// The intervals to derive, in any order.
    pub intervals: Vec<IntervalRule>,
    /// Bucket alignment.
    pub align: Align,
    /// Short buckets.
    pub stub: Stub,
    /// Parts of the day.
    pub hours: TradingHours,
    /// Nanoseconds after a close during which its bucket still takes bars, up to [`LONGEST_GRACE`].
    pub grace: i64,
    /// Minutes that come too late for a bucket.
    pub late: Late,
    /// Whether open buckets are emitted at the end of the input, as far as their policy lets them.
    pub flush_on_stop: bool,
}

impl DeriveConfig {
    /// The defaults of every option, for a base of 1m.
    pub fn new(calendar: Calendar, intervals: &[Interval]) -> Self {
        Self {
            calendar,
            base: Interval::MINUTE,
            intervals: intervals.iter().map(|&i| IntervalRule::new(i)).collect(),
            align: Align::default(),
            stub: Stub::default(),
            hours: TradingHours::default(),
            grace: 0,
            late: Late::default(),
            flush_on_stop: false,
        }
    }
}

/// A [`DeriveConfig`] that holds together; intervals ascend.
#[derive(Debug, Clone)]
pub struct DeriveRules(DeriveConfig);

impl std::ops::Deref for DeriveRules {
    type Target = DeriveConfig;

    fn deref(&self) -> &DeriveConfig {
        &self.0
    }
}

/// The longest grace, in nanoseconds: a day. It decides how many sessions stay open.
pub const LONGEST_GRACE: i64 = 24 * 3600 * NANOS_PER_SECOND;

/// Why a [`DeriveConfig`] does not hold together.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeriveRulesError {
    /// No interval was asked for.
    #[error("no interval was asked for; name at least one, like 5m")]
    NoInterval,
    /// An interval was asked for twice.
    #[error("{interval} is asked for twice")]
    Twice {
        /// The interval.
        interval: Interval,
    },
    /// A base that is not supported.
    #[error("base {base} is not supported; allowed are 1s, 1m, 1d")]
    Base {
        /// What was asked for.
        base: Interval,
    },
    /// The base does not divide an interval.
    #[error("{interval} can't be derived from {base} bars: {base} does not divide it")]
    NotDivisible {
        /// The interval.
        interval: Interval,
        /// The base.
        base: Interval,
    },
    /// A coverage outside (0, 1].
    #[error("min_coverage {got} of {interval} is not allowed; it is a share above 0 and up to 1, like 0.9")]
    MinCoverage {
        /// The interval it was set for.
        interval: Interval,
        /// What was asked for.
        got: f64,
    },
    /// A grace that is negative or longer than a day.
    #[error("grace of {nanos} ns is not allowed; it is 0 to 24h")]
    Grace {
        /// What was asked for.
        nanos: i64,
    },
}

impl DeriveRules {
    /// Checks `config` and puts its intervals in ascending order.
    ///
    /// # Errors
    /// [`DeriveRulesError`], which names the offending value and what is allowed.
    pub fn new(mut config: DeriveConfig) -> Result<Self, DeriveRulesError> {
        let base = config.base;
        if ![Interval::SECOND, Interval::MINUTE, Interval::DAY].contains(&base) {
            return Err(DeriveRulesError::Base { base });
        }
        if !(0..=LONGEST_GRACE).contains(&config.grace) {
            return Err(DeriveRulesError::Grace { nanos: config.grace });
        }
        config.intervals.sort_by_key(|rule| rule.interval);
        if config.intervals.is_empty() {
            return Err(DeriveRulesError::NoInterval);
        }
        for rule in &config.intervals {
            let interval = rule.interval;
            if !base.divides(interval) {
                return Err(DeriveRulesError::NotDivisible { interval, base });
            }
            if let Some(got) = rule.min_coverage.filter(|&c| !(c > 0.0 && c <= 1.0)) {
                return Err(DeriveRulesError::MinCoverage { interval, got });
            }
        }
        if let Some(pair) = config.intervals.windows(2).find(|pair| pair[0].interval == pair[1].interval) {
            return Err(DeriveRulesError::Twice { interval: pair[0].interval });
        }
        Ok(Self(config))
    }

    /// The rules with the base among the intervals, so that its bars are given too; not of a daily base.
    #[must_use]
    pub fn with_base(mut self) -> Self {
        if self.base != Interval::DAY && !self.has_base() {
            self.0.intervals.insert(0, IntervalRule { is_asked: false, ..IntervalRule::new(self.base) });
        }
        self
    }

    /// Whether the first interval is the base itself, of an intraday base: its bars are the rows.
    #[inline]
    pub(crate) fn has_base(&self) -> bool {
        self.base != Interval::DAY && self.intervals.first().is_some_and(|rule| rule.interval == self.base)
    }

    /// The place of `interval` among the rules.
    pub fn index_of(&self, interval: Interval) -> Option<usize> {
        self.intervals.iter().position(|rule| rule.interval == interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base: &str, intervals: &[&str]) -> DeriveConfig {
        let intervals: Vec<Interval> = intervals.iter().map(|i| i.parse().unwrap()).collect();
        let calendar = Calendar::named("24/7").unwrap();
        DeriveConfig { base: base.parse().unwrap(), ..DeriveConfig::new(calendar, &intervals) }
    }

    #[test]
    fn intervals_ascend_whatever_order_they_came_in() {
        let rules = DeriveRules::new(config("1m", &["1d", "5m", "1h"])).unwrap();
        assert_eq!(
            rules.intervals.iter().map(|r| r.interval.to_string()).collect::<Vec<_>>(),
            ["5m", "1h", "1d"]
        );
    }

    #[test]
    fn what_can_not_be_derived_is_refused_by_name() {
        let refused = |c| DeriveRules::new(c).unwrap_err().to_string();
        assert!(refused(config("1m", &[])).contains("at least one"));
        assert!(refused(config("1m", &["5m", "300s"])).contains("5m is asked for twice"));
        assert!(refused(config("5m", &["15m"])).contains("allowed are 1s, 1m, 1d"));
        assert!(refused(config("1m", &["90s"])).contains("1m does not divide it"));
        assert!(refused(config("1d", &["1h"])).contains("1d does not divide it"));
        let mut thin = config("1m", &["5m"]);
        thin.intervals[0].min_coverage = Some(90.0);
        assert!(refused(thin).contains("min_coverage 90"));
        assert!(
            refused(DeriveConfig { grace: LONGEST_GRACE + 1, ..config("1m", &["5m"]) }).contains("0 to 24h")
        );
        assert!(refused(DeriveConfig { grace: -1, ..config("1m", &["5m"]) }).contains("grace"));
    }

    #[test]
    fn coverage_at_the_limit_is_enough() {
        let rule = IntervalRule { min_coverage: Some(0.8), ..IntervalRule::new(Interval::DAY) };
        assert!(rule.emits(4, 5) && !rule.emits(3, 5));
        let strict = IntervalRule { policy: Policy::Strict, ..rule };
        assert!(strict.emits(5, 5) && !strict.emits(4, 5));
    }
}
