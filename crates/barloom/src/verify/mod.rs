//! Proof on the user's own data that numbers don't depend on the way they were computed.
//!
//! [`Rows`] takes the input as `derive` does and becomes a [`Market`], which verifies each [`Subject`] on each interval: the
//! laws of [`Law`], a verdict each, in a [`Report`]. A lane of one's own is a subject like those of the catalogue.
//!
//! ```
//! use barloom::core::derive::{DeriveConfig, DeriveRules};
//! use barloom::core::indicators::Spec;
//! use barloom::core::{Calendar, Label, Record, Symbols, Timestamp};
//! use barloom::verify::{Law, Rows, Subject, Verdict};
//!
//! let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("24/7")?, &["5m".parse()?]))?;
//! let (mut rows, mut symbols) = (Rows::new(rules), Symbols::new());
//! let symbol = symbols.intern("AAA")?;
//! for minute in 0..600 {
//!     let (at, price) = (Timestamp::from_nanos(minute * 60_000_000_000), (minute % 17) as f64 + 1.0);
//!     let row = Record { label: Label::Open(at), open: price, high: price, low: price, close: price,
//!                        volume: None, vwap: None, trade_count: None };
//!     rows.row(symbol, &symbols, &row)??;
//! }
//! let spec: Spec = "sma:20".parse()?;
//! let report = rows.finish(symbols)?.verify(&[Subject::from(&spec)])?;
//! assert!(report.is_sound());
//! assert_eq!(report.rows[1].verdict(Law::StartedLater), Verdict::Held);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The sound rows and all derived bars are held in memory, about 90 bytes a row and 110 a bar, and the values of one indicator at a time.
//! The work is the number of points at which the data is cut, two dozen, times the data.

mod bars;
mod found;
mod later;
mod market;
mod report;
mod subject;
mod trial;

use std::panic::{AssertUnwindSafe, catch_unwind};

use barloom_core::Interval;
use barloom_core::calendar::CalendarError;
use barloom_core::error::panic_message;
use barloom_core::plan::PlanError;

pub use market::{Market, Rows};
pub use report::{Caveat, Failure, Law, Report, Row, Shown, Verdict};
pub use subject::{Known, Subject};

use found::{Broken, Found};
use trial::Trial;

/// The name of the rows that are of bars.
pub const BARS: &str = "bars";

/// Why nothing can be verified.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// A subject is for an interval that is not derived, or is there twice.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A row's date is not in the calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// What a law came to by symbol: `None` where it does not apply as values depend on their start for ever.
type Outcome = Option<Vec<Found>>;

impl Market {
    /// Verifies the bars of every interval, and each subject on its interval, or on all.
    ///
    /// # Errors
    /// [`VerifyError`] when a subject's interval is not derived, or a name is there twice on one.
    pub fn verify(&self, subjects: &[Subject]) -> Result<Report, VerifyError> {
        self.refuse(subjects)?;
        let (mut cuts, mut report) = (self.cut()?, Report::default());
        for (place, rule) in self.rules.intervals.iter().enumerate() {
            let mut judge = Judge::new(self, place, BARS, &mut report);
            judge.conclude(Law::NoLookAhead, Some(std::mem::take(&mut cuts.found[place])));
            if self.rules.intervals.len() > 1 {
                judge.conclude(Law::Alone, Some(self.alone(place)?));
            }
            judge.finish();
            for subject in subjects.iter().filter(|subject| subject.is_on(rule.interval)) {
                let mut judge = Judge::new(self, place, &subject.name, &mut report);
                judge.indicator(subject, cuts.ends.iter().map(|by_place| by_place[place].as_slice()));
                judge.finish();
            }
        }
        Ok(report)
    }

    /// That each subject's interval is derived, and no name is twice on one.
    fn refuse(&self, subjects: &[Subject]) -> Result<(), PlanError> {
        for (n, subject) in subjects.iter().enumerate() {
            let spec = || subject.name.clone();
            if let Some(interval) = subject.interval.filter(|&own| self.rules.index_of(own).is_none()) {
                return Err(PlanError::NotDerived { spec: spec(), interval });
            }
            let same = subjects[..n].iter().filter(|other| other.name == subject.name);
            let mut both = same.flat_map(|other| {
                let intervals = self.rules.intervals.iter().map(|rule| rule.interval);
                intervals.filter(|&interval| other.is_on(interval) && subject.is_on(interval))
            });
            if let Some(interval) = both.next() {
                return Err(PlanError::Twice { spec: spec(), interval });
            }
        }
        Ok(())
    }
}

impl Subject {
    fn is_on(&self, interval: Interval) -> bool {
        self.interval.is_none_or(|own| own == interval)
    }
}

/// Judges one row.
struct Judge<'a> {
    market: &'a Market,
    place: usize,
    row: Row,
    /// From which bar on an indicator has settled.
    settled: Option<u32>,
    report: &'a mut Report,
}

impl<'a> Judge<'a> {
    /// Of what is named `name`, on the interval at `place`; no law applies yet.
    fn new(market: &'a Market, place: usize, name: &str, report: &'a mut Report) -> Self {
        let bars = market.series[place].iter().map(|series| series.len() as u64).sum();
        let (spec, interval) = (name.to_owned(), market.rules.intervals[place].interval);
        let verdicts = [Verdict::NotApplied; Law::ALL.len()];
        Self { market, place, row: Row { spec, interval, bars, verdicts }, settled: None, report }
    }

    fn finish(self) {
        self.report.rows.push(self.row);
    }

    /// The laws of an indicator, each on its own: one that panics leaves the others.
    fn indicator<'c>(&mut self, subject: &Subject, ends: impl Iterator<Item = &'c [usize]> + Clone) {
        let series = &self.market.series[self.place];
        let Some(trial) = self.caught(Law::Ways, || Trial::new(subject, series)) else { return };
        if trial.width() == 0 {
            return;
        }
        self.settled = trial.settled;
        for law in Law::ALL.into_iter().filter(|law| law.is_of_indicators()) {
            let outcome = self.caught(law, || match law {
                Law::Ways => Some(trial.ways()),
                Law::Peek => Some(trial.peeks()),
                Law::Restore => Some(trial.restores()),
                Law::Reset => Some(trial.resets()),
                Law::NoLookAhead => Some(trial.look_aheads(ends.clone())),
                Law::StartedLater => trial.started_later(),
                Law::Alone => None,
            });
            if let Some(outcome) = outcome {
                self.conclude(law, outcome);
            }
        }
    }

    /// What `work` gives; a panic breaks the law.
    fn caught<T>(&mut self, law: Law, work: impl FnOnce() -> T) -> Option<T> {
        // Whatever a panic leaves half done is of that lane, which is not looked at again.
        let panic = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => return Some(done),
            Err(panic) => panic,
        };
        let broken = Broken {
            open_time: None,
            output: String::new(),
            expected: Shown::Words("values".to_owned()),
            got: Shown::Words("a panic".to_owned()),
            how: panic_message(&*panic).to_owned(),
        };
        self.fail(law, String::new(), broken);
        None
    }

    fn fail(&mut self, law: Law, symbol: String, broken: Broken) {
        let Broken { open_time, output, expected, got, how } = broken;
        let (spec, interval) = (self.row.spec.clone(), self.row.interval);
        self.row.verdicts[law as usize] = Verdict::Failed;
        self.report.failures.push(Failure {
            spec,
            interval,
            law,
            symbol,
            open_time,
            output,
            expected,
            got,
            how,
        });
    }

    /// Says something of a law; what is said of several is said once.
    fn caution(&mut self, law: Law, text: String) {
        let (spec, interval) = (self.row.spec.clone(), self.row.interval);
        let is_same = |own: &&mut Caveat| own.spec == spec && own.interval == interval && own.text == text;
        match self.report.caveats.iter_mut().find(is_same) {
            Some(own) => own.laws.push(law),
            None => self.report.caveats.push(Caveat { spec, interval, laws: vec![law], text }),
        }
    }

    /// The verdict of a law, from what it came to by symbol.
    fn conclude(&mut self, law: Law, outcome: Outcome) {
        let Some(mut found) = outcome else {
            self.row.verdicts[law as usize] = Verdict::Endless;
            return;
        };
        let (market, mut short) = (self.market, Vec::new());
        let excused: u64 = found.iter().map(|found| found.excused).sum();
        let is_short = found.iter().all(|found| found.compared == 0);
        self.row.verdicts[law as usize] = if is_short { Verdict::TooShort } else { Verdict::Held };
        for &symbol in market.symbols.by_name() {
            let Some(found) = found.get_mut(symbol.index()) else { continue };
            let name = market.symbols.name(symbol).as_str();
            if let Some(broken) = found.broken.take() {
                self.fail(law, name.to_owned(), broken);
            } else if found.compared == 0 {
                let bars = market.series[self.place][symbol.index()].len();
                let ending = if bars == 1 { "" } else { "s" };
                short.push(format!("{name} has {bars} bar{ending}"));
            }
        }
        if !short.is_empty() {
            let why = match self.settled {
                Some(settled) if law == Law::StartedLater => {
                    format!("no later start leaves a bar behind {settled}, where it has settled")
                }
                _ => "there is no value to compare".to_owned(),
            };
            self.caution(law, format!("too short: {why} ({})", listed(&short)));
        }
        if excused > 0 {
            let text = format!("{excused} values differ where the data hardly moves, and were passed over");
            self.caution(law, text);
        }
    }
}

/// The first few of `names`.
fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let more = names.len().saturating_sub(MOST);
    let ending = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{ending}", names[..names.len() - more].join(", "))
}
