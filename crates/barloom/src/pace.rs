//! When each step of a clock-driven run is due.

use barloom_core::derive::{DeriveRules, TradingHours};
use barloom_core::{Calendar, CalendarError, Segment, SessionIndex, Timestamp};

/// Due times of instants that ascend, of a replay or live.
#[derive(Debug)]
pub enum Pace {
    /// The start, and the trading time since it over the speed; hours in which nothing trades are skipped, and so are sessions in
    /// which nothing came.
    Replay(TradingTime, Speed),
    /// The instant itself, and a grace for bars that are on their way.
    Live {
        /// Nanoseconds after the instant.
        grace: i64,
    },
}

/// How fast a replay goes, from when on.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// Trading time over wall time; above 0.
    pub factor: f64,
    /// When it started, on the wall clock.
    pub started: Timestamp,
}

impl Pace {
    /// A replay under `rules` at `speed`, whose trading time begins at the instant `from`.
    ///
    /// ```
    /// use barloom::core::{Calendar, Interval, Timestamp, derive::{DeriveConfig, DeriveRules}};
    /// use barloom::pace::{Pace, Speed};
    /// let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS")?, &[Interval::MINUTE]))?;
    /// let at = |text: &str| text.parse::<Timestamp>();
    /// let speed = Speed { factor: 60.0, started: at("2030-01-01T00:00:00Z")? };
    /// let mut pace = Pace::replay(&rules, speed, at("2024-11-29T17:58:00Z")?)?;
    /// // The half day after Thanksgiving closes at 18:00 UTC; Monday opens at 14:30.
    /// assert_eq!(pace.due(at("2024-11-29T18:00:00Z")?), at("2030-01-01T00:00:02Z")?);
    /// assert_eq!(pace.due(at("2024-12-02T14:31:00Z")?), at("2030-01-01T00:00:03Z")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not know `from`.
    pub fn replay(rules: &DeriveRules, speed: Speed, from: Timestamp) -> Result<Self, CalendarError> {
        Ok(Self::Replay(TradingTime::new(&rules.calendar, rules.hours, from)?, speed))
    }

    /// When the step at `at` is due, which is not before the one asked for last.
    pub fn due(&mut self, at: Timestamp) -> Timestamp {
        match self {
            Self::Replay(time, Speed { factor, started }) => {
                // From the whole time each time, so that nothing adds up.
                let passed = time.until(at) as f64 / *factor;
                started.saturating_add(passed as i64)
            }
            Self::Live { grace } => at.saturating_add(*grace),
        }
    }
}

/// How long a market has traded since an instant, in the sessions that were asked for.
#[derive(Debug)]
pub struct TradingTime {
    calendar: Calendar,
    hours: TradingHours,
    /// The session that holds the instant asked for last, or the one after it.
    index: SessionIndex,
    from: Timestamp,
    /// Nanoseconds traded from there until that session.
    before: i64,
    /// Whether it has traded by the instant asked for last.
    has_traded: bool,
}

impl TradingTime {
    /// Since `from`, in `hours` of `calendar`.
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not know `from`.
    pub fn new(calendar: &Calendar, hours: TradingHours, from: Timestamp) -> Result<Self, CalendarError> {
        let index = calendar.at_or_after(from)?;
        Ok(Self { calendar: calendar.clone(), hours, index, from, before: 0, has_traded: false })
    }

    /// Nanoseconds traded until `at`; no less than was said of an instant before. A session counts whole when another one follows,
    /// and not at all when no instant of it was asked for; after the calendar's last one nothing trades.
    pub fn until(&mut self, at: Timestamp) -> i64 {
        while at > self.calendar.session(self.index).ends()
            && let Ok(next) = self.calendar.next(self.index)
        {
            let whole = if self.has_traded { self.traded(Timestamp::MAX) } else { 0 };
            self.before = self.before.saturating_add(whole);
            (self.index, self.has_traded) = (next, false);
        }
        let traded = self.traded(at);
        self.has_traded = traded > 0;
        self.before.saturating_add(traded)
    }

    /// Nanoseconds that the session at hand traded between the start and `at`.
    fn traded(&self, at: Timestamp) -> i64 {
        let session = self.calendar.session(self.index);
        let segments = match self.hours {
            TradingHours::Regular => session.regular(),
            TradingHours::Extended => session.segments(),
        };
        let within = |segment: &Segment| {
            let (open, close) = (segment.open.max(self.from), segment.close.min(at));
            if open < close { close.since(open) } else { 0 }
        };
        segments.iter().map(within).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use barloom_core::Interval;
    use barloom_core::derive::DeriveConfig;

    const HOUR: i64 = 3_600_000_000_000;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rules(calendar: &str, hours: TradingHours) -> DeriveRules {
        let config = DeriveConfig::new(Calendar::named(calendar).unwrap(), &[Interval::MINUTE]);
        DeriveRules::new(DeriveConfig { hours, ..config }).unwrap()
    }

    #[test]
    fn nights_weekends_holidays_and_lunch_are_skipped() {
        let traded = |calendar: &str, hours, from: &str, to: &str| {
            let mut time = TradingTime::new(&Calendar::named(calendar).unwrap(), hours, at(from)).unwrap();
            let minutes = (at(from).as_nanos()..at(to).as_nanos()).step_by(1_800_000_000_000);
            minutes.map(Timestamp::from_nanos).for_each(|now| {
                time.until(now);
            });
            time.until(at(to)) as f64 / HOUR as f64
        };
        let regular = TradingHours::Regular;
        // Wednesday's close, Thanksgiving, the half day, the weekend, Monday's first half hour.
        let (from, to) = ("2024-11-27T20:00:00Z", "2024-12-02T15:00:00Z");
        assert_eq!(traded("XNYS", regular, from, to), 1.0 + 3.5 + 0.5);
        assert_eq!(traded("24/7", regular, from, to), 5.0 * 24.0 - 5.0);
        assert_eq!(
            traded("XNYS", TradingHours::Extended, "2024-11-26T12:00:00Z", "2024-11-26T15:00:00Z"),
            3.0
        );
        // 9:30 to 12:00 and 13:00 to 16:00 in Hong Kong.
        assert_eq!(traded("XHKG", regular, "2024-11-26T01:00:00Z", "2024-11-26T06:00:00Z"), 3.5);
        assert_eq!(traded("XNYS", regular, "2024-11-30T00:00:00Z", "2024-12-01T00:00:00Z"), 0.0);
    }

    #[test]
    fn sessions_in_which_nothing_came_are_skipped_and_others_are_whole() {
        let calendar = Calendar::named("XNYS").unwrap();
        let mut time =
            TradingTime::new(&calendar, TradingHours::Regular, at("2024-11-25T15:30:00Z")).unwrap();
        let mut hours = |text: &str| time.until(at(text)) as f64 / HOUR as f64;
        assert_eq!(hours("2024-11-25T16:00:00Z"), 0.5);
        // Post-market of the same day, then midnight, then the 25th of December: nothing trades.
        assert_eq!(hours("2024-11-25T21:30:00Z"), 5.5);
        assert_eq!((hours("2024-11-26T05:00:00Z"), hours("2024-12-25T16:00:00Z")), (5.5, 5.5));
        // Thirteen sessions lie between.
        assert_eq!(hours("2025-01-15T16:30:00Z"), 5.5 + 2.0);
        assert_eq!(hours("2025-01-16T15:30:00Z"), 5.5 + 6.5 + 1.0);
    }

    #[test]
    fn no_drift_in_years_of_steps() {
        // A speed that no step divides by, and 1,500,000 of them.
        let speed = Speed { factor: 7.3, started: at("2030-01-01T00:00:00Z") };
        let from = at("2022-01-01T00:00:00Z");
        let mut pace = Pace::replay(&rules("24/7", TradingHours::Regular), speed, from).unwrap();
        let mut worst = 0.0_f64;
        for minute in 1..=1_500_000_i64 {
            let passed = minute * 60_000_000_000;
            let due = pace.due(from.saturating_add(passed));
            let exact = (i128::from(passed) * 10 / 73) as f64;
            worst = worst.max((due.since(speed.started) as f64 - exact).abs());
        }
        assert!(worst <= 16.0, "{worst} ns");
    }

    #[test]
    fn live_is_due_after_its_grace() {
        let mut pace = Pace::Live { grace: 2_000_000_000 };
        assert_eq!(pace.due(at("2024-11-26T15:00:00Z")), at("2024-11-26T15:00:02Z"));
    }

    #[test]
    fn after_the_last_session_nothing_trades() {
        let speed = Speed { factor: 1.0, started: at("2030-01-01T00:00:00Z") };
        let rules = rules("XNYS", TradingHours::Regular);
        let mut pace = Pace::replay(&rules, speed, at("2024-11-26T15:00:00Z")).unwrap();
        let ever = [at("2200-01-01T00:00:00Z"), Timestamp::MAX].map(|at| pace.due(at));
        assert!(ever[0] == ever[1] && ever[0] > speed.started);
        assert!(Pace::replay(&rules, speed, at("2200-01-01T00:00:00Z")).is_err());
    }
}
