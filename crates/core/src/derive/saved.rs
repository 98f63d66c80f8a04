//! A deriver as bytes and back: what was counted, and every symbol's open sessions. What the calendar says is not written; it is laid
//! out anew, and what no longer fits it is an error.

use super::aggregator::Aggregator;
use super::rules::DeriveRules;
use super::{Counts, Deriver, SessionLabel};
use crate::calendar::SessionIndex;
use crate::snapshot::{Bytes, Read, SnapshotError};

impl Deriver {
    /// Writes what it has seen. What it tells afterwards does not depend on it.
    ///
    /// ```
    /// use barloom_core::derive::{DeriveConfig, DeriveRules, Deriver};
    /// use barloom_core::snapshot::{Bytes, Read};
    /// use barloom_core::Calendar;
    /// let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS")?, &["5m".parse()?]))?;
    /// let mut bytes = Bytes::new();
    /// Deriver::new(rules.clone()).save(&mut bytes);
    /// let again = Deriver::restore(rules, &mut Read::new(bytes.as_slice()))?;
    /// assert_eq!(again.counts().rows(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&mut self, to: &mut Bytes) {
        let Self { shared, symbols, counts, clocks_ignored, clock, .. } = self;
        put_rules(&shared.rules, to);
        to.time(*clock);
        to.u64(*clocks_ignored);
        let Counts { accepted, corrected, duplicate, late, invalid, out_of_session } = *counts;
        for count in [accepted, corrected, duplicate, late, invalid, out_of_session, shared.unfinished] {
            to.u64(count);
        }
        shared.empty.iter().for_each(|&empty| to.u64(empty));
        to.count(symbols.len());
        for own in symbols {
            own.save(*clock, shared, to);
        }
    }

    /// The deriver under `rules` that was saved.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no deriver's, or one's of other intervals, or hold what the calendar has no place for.
    pub fn restore(rules: DeriveRules, from: &mut Read<'_>) -> Result<Self, SnapshotError> {
        check_rules(&rules, from)?;
        let mut own = Self::new(rules);
        own.clock = from.time()?;
        own.clocks_ignored = from.tally("clocks ignored")?;
        let mut count = || from.tally("rows or buckets");
        own.counts = Counts {
            accepted: count()?,
            corrected: count()?,
            duplicate: count()?,
            late: count()?,
            invalid: count()?,
            out_of_session: count()?,
        };
        own.shared.unfinished = count()?;
        for empty in &mut own.shared.empty {
            *empty = from.tally("empty buckets")?;
        }
        for _ in 0..from.count("symbols", Aggregator::least_bytes(&own.shared))? {
            let symbol = Aggregator::restore(&mut own.shared, from)?;
            own.due = own.due.min(symbol.due());
            own.symbols.push(symbol);
        }
        Ok(own)
    }

    /// How many symbols it has room for: those that were met up to the last one of which it has seen a row.
    pub(crate) fn symbols(&self) -> usize {
        self.symbols.len()
    }
}

/// Writes what the bytes that follow are read by.
fn put_rules(rules: &DeriveRules, to: &mut Bytes) {
    to.text(&rules.base.to_string());
    to.text(rules.late.as_str());
    to.count(rules.intervals.len());
    rules.intervals.iter().for_each(|rule| to.text(&rule.interval.to_string()));
}

/// That `rules` can read what follows.
fn check_rules(rules: &DeriveRules, from: &mut Read<'_>) -> Result<(), SnapshotError> {
    from.same("the base interval", &rules.base.to_string())?;
    from.same("what becomes of late bars", rules.late.as_str())?;
    from.same_count("the number of intervals", rules.intervals.len())?;
    rules.intervals.iter().try_for_each(|rule| from.same("an interval", &rule.interval.to_string()))
}

/// Reads a date that has a session.
pub(super) fn read_session(rules: &DeriveRules, from: &mut Read<'_>) -> Result<SessionIndex, SnapshotError> {
    let date = from.date()?;
    let found = rules.calendar.on(date).map_err(SnapshotError::Calendar)?;
    found.ok_or(SnapshotError::NoSession { date })
}

/// Writes the date of a session.
pub(super) fn put_session(rules: &DeriveRules, index: SessionIndex, to: &mut Bytes) {
    to.date(rules.calendar.session(index).date());
}

impl SessionLabel {
    /// Writes a label that may be missing.
    pub(crate) fn save(label: Option<Self>, to: &mut Bytes) {
        let (kind, year, number) = match label {
            None => (0, 0, 0),
            Some(Self::Date(date)) => {
                to.u8(1);
                return to.date(date);
            }
            Some(Self::Week { year, week }) => (2, year, week),
            Some(Self::Month { year, month }) => (3, year, month),
        };
        to.u8(kind);
        if kind > 0 {
            to.u32(u32::from(year as u16) | u32::from(number as u8) << 16);
        }
    }

    /// Reads a label that may be missing.
    pub(crate) fn restore(from: &mut Read<'_>) -> Result<Option<Self>, SnapshotError> {
        let kind = from.u8()?;
        let mut of_year = || {
            let packed = from.u32()?;
            Ok::<_, SnapshotError>((packed as u16 as i16, (packed >> 16) as u8 as i8))
        };
        Ok(match kind {
            0 => None,
            1 => Some(Self::Date(from.date()?)),
            2 => of_year().map(|(year, week)| Some(Self::Week { year, week }))?,
            3 => of_year().map(|(year, month)| Some(Self::Month { year, month }))?,
            got => return Err(SnapshotError::value("the kind of a session", got, "0 to 3")),
        })
    }
}
