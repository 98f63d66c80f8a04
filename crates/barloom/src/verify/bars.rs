//! The laws of bars: none depends on a later row, and none on the other intervals.

use barloom_core::calendar::CalendarError;
use barloom_core::derive::{ClosedBar, DeriveConfig, DeriveRules, DeriveRulesError, Revision, Sink, Warning};

use super::found::{Broken, Found, POINTS, point};
use super::market::{Market, Series};
use super::report::Shown;

/// What came of the input cut at every point.
pub(super) struct Cuts {
    /// By point, by place of the interval, by symbol: how many bars had come out.
    pub(super) ends: Vec<Vec<Vec<usize>>>,
    /// By place, by symbol: whether they were those of the whole input.
    pub(super) found: Vec<Vec<Found>>,
}

/// Holds the bars of another derivation against those of the whole.
struct Against<'a> {
    /// By place of the other derivation, by symbol.
    whole: &'a [Vec<Series>],
    /// Bars that came, likewise.
    ends: Vec<Vec<usize>>,
    found: &'a mut [Vec<Found>],
    how: &'a str,
}

impl Market {
    /// Cuts every symbol's rows at each of the points. What only the end of the input would emit is not looked at: a bucket
    /// that was open then may still take rows.
    ///
    /// # Errors
    /// When the calendar does not know a row's date.
    pub(super) fn cut(&self) -> Result<Cuts, CalendarError> {
        let mut found: Vec<Vec<Found>> = self.series.iter().map(|own| fresh(own.len())).collect();
        let mut ends = Vec::with_capacity(POINTS);
        for k in 1..=POINTS {
            let upto: Vec<usize> = self.counted.iter().map(|&rows| point(rows, k)).collect();
            let how = format!("input cut after {k}/{} of the rows", POINTS + 1);
            let mut against = Against::new(&self.series, &mut found, &how);
            self.derive(self.rules.clone(), &upto, &mut against)?;
            ends.push(against.ends);
        }
        Ok(Cuts { ends, found })
    }

    /// Derives the interval at `place` alone, to the end of the input.
    ///
    /// # Errors
    /// When the calendar does not know a row's date.
    pub(super) fn alone(&self, place: usize) -> Result<Vec<Found>, CalendarError> {
        let whole = &self.series[place..=place];
        let mut found = vec![fresh(self.symbols.len())];
        // One interval of rules that hold together holds together.
        let Ok(rules) = self.rules_of(place) else { return Ok(found.remove(0)) };
        let mut against = Against::new(whole, &mut found, "derived alone");
        let (mut deriver, mut feed) = self.derive(rules, &self.counted, &mut against)?;
        // That the input has accepted rows is known.
        let _ = feed.finish(&mut deriver, self.symbols.by_name(), &mut against);
        against.end();
        Ok(found.remove(0))
    }

    fn rules_of(&self, place: usize) -> Result<DeriveRules, DeriveRulesError> {
        let intervals = vec![self.rules.intervals[place]];
        DeriveRules::new(DeriveConfig { intervals, ..DeriveConfig::clone(&self.rules) })
    }
}

/// Nothing found yet, of `symbols` symbols.
fn fresh(symbols: usize) -> Vec<Found> {
    (0..symbols).map(|_| Found::default()).collect()
}

impl<'a> Against<'a> {
    fn new(whole: &'a [Vec<Series>], found: &'a mut [Vec<Found>], how: &'a str) -> Self {
        Self { ends: whole.iter().map(|own| vec![0; own.len()]).collect(), whole, found, how }
    }

    /// The input ended: what did not come is missing.
    fn end(&mut self) {
        for ((whole, ends), found) in self.whole.iter().zip(&self.ends).zip(&mut *self.found) {
            for ((series, &end), found) in whole.iter().zip(ends).zip(found) {
                if end < series.len() {
                    found.break_with(|| Broken {
                        open_time: series.open_time(end),
                        output: "bar".to_owned(),
                        expected: Shown::Words("the bar".to_owned()),
                        got: Shown::Words("none".to_owned()),
                        how: self.how.to_owned(),
                    });
                }
            }
        }
    }
}

impl Sink for Against<'_> {
    fn bar(&mut self, bar: &ClosedBar) {
        let (place, symbol) = (usize::from(bar.place), bar.symbol.index());
        let (series, end) = (&self.whole[place][symbol], &mut self.ends[place][symbol]);
        let (row, found) = (*end, &mut self.found[place][symbol]);
        *end += 1;
        found.compared += 1;
        if let Some((field, expected, got)) = series.difference(row, bar) {
            let open_time = series.open_time(row).or(Some(bar.bar.open_time()));
            let (output, how) = (field.to_owned(), self.how.to_owned());
            found.break_with(|| Broken { open_time, output, expected, got, how });
        }
    }

    /// Not here: what is verified drops what comes late.
    fn revised(&mut self, _: Revision) {}

    fn warning(&mut self, _: &Warning) {}
}

#[cfg(test)]
mod tests {
    use barloom_core::{Calendar, Interval, Label, Record, Symbols, Timestamp};

    use super::*;
    use crate::verify::{Law, Report, Rows, Verdict};

    /// Minutes of two symbols, one behind the other, as 5m and 1h.
    fn market() -> Market {
        let intervals = ["5m", "1h"].map(|text| text.parse::<Interval>().unwrap());
        let calendar = Calendar::named("24/7").unwrap();
        let rules = DeriveRules::new(DeriveConfig::new(calendar, &intervals)).unwrap();
        let (mut rows, mut symbols) = (Rows::new(rules), Symbols::new());
        for name in ["BBB", "AAA"] {
            let symbol = symbols.intern(name).unwrap();
            for minute in (0..1_000).filter(|minute| minute % 9 != 4) {
                let at = Timestamp::from_nanos(minute * 60_000_000_000);
                let price = 100.0 + (minute % 37) as f64;
                let row = Record {
                    label: Label::Open(at),
                    open: price,
                    high: price + 1.0,
                    low: price - 1.0,
                    close: price + 0.5,
                    volume: Some(3.0),
                    vwap: None,
                    trade_count: None,
                };
                rows.row(symbol, &symbols, &row).unwrap().unwrap();
            }
        }
        rows.finish(symbols).unwrap()
    }

    fn verdicts(report: &Report, row: usize) -> [Verdict; 2] {
        [Law::NoLookAhead, Law::Alone].map(|law| report.rows[row].verdict(law))
    }

    #[test]
    fn bars_of_sound_rules_hold() {
        let report = market().verify(&[]).unwrap();
        assert_eq!([0, 1].map(|row| verdicts(&report, row)), [[Verdict::Held; 2]; 2]);
    }

    #[test]
    fn bars_that_the_whole_has_otherwise_are_named() {
        let (mut market, other) = (market(), self::market());
        // As if the whole had known of a row that came later: its third hour of BBB is what the fourth became.
        let hours = &mut market.series[1][0];
        *hours = Series::default();
        let own = &other.series[1][0];
        own.closed().enumerate().for_each(|(row, mut bar)| {
            if row == 2 {
                bar.bar = own.columns.bars().at(3).unwrap();
                bar.n_base += 1;
            }
            hours.push(&bar);
        });
        let report = market.verify(&[]).unwrap();
        assert_eq!(verdicts(&report, 0), [Verdict::Held; 2]);
        assert_eq!(verdicts(&report, 1), [Verdict::Failed; 2]);
        let told: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("bars@1h, no look-ahead: BBB 1970-01-01T03:00:00Z open_time: expected"));
        assert!(told[1].starts_with("bars@1h, alone=among: BBB") && told[1].ends_with("(derived alone)"));
    }

    #[test]
    fn a_bar_that_does_not_come_is_missing() {
        let (mut market, other) = (market(), self::market());
        let last = other.series[0][1].closed().last().unwrap();
        market.series[0][1].push(&last);
        let report = market.verify(&[]).unwrap();
        assert_eq!(verdicts(&report, 0), [Verdict::Held, Verdict::Failed]);
        assert!(report.failures[0].to_string().contains("AAA"));
        assert!(report.failures[0].to_string().contains("bar: expected the bar, got none"));
    }
}
