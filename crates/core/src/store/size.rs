//! How much memory a store takes, known before it exists.

use super::StoreConfig;
use super::latest::latest_rows;
use super::series::{first_output, room};
use crate::calendar::CalendarError;
use crate::interval::Interval;
use crate::store::Keep;
use crate::time::Timestamp;

/// The memory of one symbol's series on one interval, as soon as every session that stays readable is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesSize {
    /// The interval.
    pub interval: Interval,
    /// Rows: those of a session, of 1d and longer those of a year, times the sessions or years that are kept.
    pub rows: u64,
    /// Bytes of a row: 64, or 80 with vwap and trade_count, and 8 for each output that is kept beside it.
    pub row_bytes: u64,
    /// Bytes of rows, and of the last few values where no more are kept.
    pub bytes: u64,
}

/// Sessions that are looked at for the longest: past a week, holidays or not.
const LOOKED_AT: usize = 10;

impl StoreConfig {
    /// How many sessions before the one being written are kept, as long as a session has more steps than are open: readers that
    /// are behind see as many before theirs.
    fn retained(&self) -> usize {
        self.retain.max(1) + usize::from(self.ahead > 0)
    }

    /// How many rows of a series on the interval at `place` a writer may be ahead of a reader of its latest values.
    pub(super) fn rows_ahead(&self, place: usize) -> u32 {
        let length = self.rules.intervals.get(place).and_then(|rule| rule.interval.nanos());
        // An input ends what lies within the grace, and what was open before that.
        let an_input = self.rules.grace / length.unwrap_or(i64::MAX).max(1) + 2;
        if self.ahead == 0 { 1 } else { (self.ahead - 1).saturating_add(an_input as u32) }
    }

    /// A symbol's series, interval by interval, for sessions as long as the longest of the ten from `at` on. `has_extra`:
    /// the input has vwap or trade_count.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] when the calendar does not know the session at `at`.
    pub fn sizes(&self, at: Timestamp, has_extra: bool) -> Result<Vec<SeriesSize>, CalendarError> {
        let calendar = &self.rules.calendar;
        let first = calendar.at_or_after(at)?;
        let sessions: Vec<_> =
            std::iter::successors(Some(first), |&index| calendar.next(index).ok()).take(LOOKED_AT).collect();
        let sizes = self.rules.intervals.iter().enumerate().map(|(place, rule)| {
            let rows = |&index| room(&self.rules, rule.interval, index);
            let rows = sessions.iter().map(rows).max().unwrap_or(1) * (1 + self.retained());
            let width = self.outputs.get(place).map_or(0, Vec::len);
            let (kept, latest) = match self.keep {
                Keep::Session => (width, 0),
                // Each of the last few has its bar's number beside it.
                Keep::Last(n) => (0, 8 * (1 + width) * latest_rows(n, self.rows_ahead(place))),
            };
            let row_bytes = 8 * (first_output(has_extra) + kept);
            SeriesSize {
                interval: rule.interval,
                rows: rows as u64,
                row_bytes: row_bytes as u64,
                bytes: (rows * row_bytes + latest) as u64,
            }
        });
        Ok(sizes.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Calendar;
    use crate::derive::{DeriveConfig, DeriveRules};

    fn sizes(keep: Keep, has_extra: bool) -> Vec<SeriesSize> {
        let intervals = ["1m", "5m", "1d"].map(|text| text.parse().unwrap());
        let rules = DeriveConfig::new(Calendar::named("XNYS").unwrap(), &intervals);
        let outputs = [0, 3, 1].map(|width| vec!["x".to_owned(); width]).to_vec();
        let config = StoreConfig {
            rules: DeriveRules::new(rules).unwrap(),
            outputs,
            keep,
            retain: 1,
            ahead: 0,
            historical: vec![],
        };
        // A half day; the sessions after it are whole.
        config.sizes("2024-11-29T15:00:00Z".parse().unwrap(), has_extra).unwrap()
    }

    #[test]
    fn a_row_is_64_bytes_80_with_vwap_and_8_for_each_kept_output() {
        let rows =
            |sizes: Vec<SeriesSize>| sizes.iter().map(|size| (size.rows, size.row_bytes)).collect::<Vec<_>>();
        // Three more than the buckets of a segment, and twice: the session before stays.
        assert_eq!(rows(sizes(Keep::Session, false)), [(786, 64), (162, 88), (732, 72)]);
        assert_eq!(rows(sizes(Keep::Session, true)), [(786, 80), (162, 104), (732, 88)]);
        assert_eq!(rows(sizes(Keep::Last(9), false)), [(786, 64), (162, 64), (732, 64)]);
    }

    #[test]
    fn the_last_few_values_take_memory_of_their_own() {
        let bytes: Vec<u64> = sizes(Keep::Last(9), false).iter().map(|size| size.bytes).collect();
        assert_eq!(bytes[1], 162 * 64 + 16 * 8 * 4);
        let bytes: Vec<u64> = sizes(Keep::Session, false).iter().map(|size| size.bytes).collect();
        assert_eq!(bytes[1], 162 * 88);
    }
}
