//! What is odd about the rows of files, found without deriving.
//!
//! ```
//! use barloom::lint::{Kind, Lint};
//! use barloom::source::SourceRow;
//! use barloom_core::derive::{DeriveConfig, DeriveRules};
//! use barloom_core::{Calendar, Interval, Label, Record, Symbols, Timestamp};
//!
//! let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS")?, &[Interval::DAY]))?;
//! let (mut lint, mut symbols) = (Lint::new(rules), Symbols::new());
//! let aaa = symbols.intern("AAA")?;
//! lint.begin("aaa.csv");
//! for (number, minute) in [(2, "14:30"), (3, "14:31"), (4, "14:31")] {
//!     let at: Timestamp = format!("2024-11-26T{minute}:00Z").parse()?;
//!     let row = Record { label: Label::Open(at), open: 1.0, high: 2.0, low: 1.0, close: 2.0,
//!                        volume: None, vwap: None, trade_count: None };
//!     lint.row(&SourceRow { number, content: Ok((aaa, row)) }, &symbols)?;
//! }
//! let report = lint.finish(&symbols);
//! assert_eq!(report.count(Kind::Duplicate), 1);
//! assert_eq!(report.found[0].first[0].row, Some(4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows are looked at once, in the order in which `derive` reads them. A symbol takes a word for each base bar of the session that it
//! is in; the first few findings of a kind are kept, all are counted.
//!
//! Minutes without a bar are told by session, between a symbol's first row and its last. Hints look at stretches of rows without a
//! pause of four hours, which begin where trading begins and end where it ends if stamp and zone are right.

mod blocks;
mod finding;
mod split;
mod track;

pub use blocks::Places;
pub use finding::{Finding, Found, Kind, LISTED};

use barloom_core::derive::{Counts, DeriveRules, FileError, FileTrial, Refusal, RowCheck};
use barloom_core::{Record, SymbolId, Symbols, Timestamp};

use crate::coordinator::{DAY, OUT_OF_ORDER_BARS};
use crate::source::{SourceRow, Unreadable};
use blocks::Blocks;
use finding::Findings;
use track::{Place, Track};

/// Looks at rows.
#[derive(Debug)]
pub struct Lint {
    check: RowCheck,
    trial: FileTrial,
    tracks: Vec<Track>,
    findings: Findings,
    blocks: Blocks,
    counts: Counts,
    file: String,
    /// Files begun.
    files: u32,
    /// The newest close of the file.
    reached: Timestamp,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct LintReport {
    /// Where the rows would go, as far as no grace or policy decides it.
    pub counts: Counts,
    /// What is odd, by kind, in the order of [`Kind::ALL`]; kinds that were not found are not there.
    pub found: Vec<Found>,
    /// Where stretches of rows begin beside their sessions.
    pub places: Places,
    /// Why a run would fail.
    pub error: Option<FileError>,
}

impl LintReport {
    /// How many findings there are of `kind`.
    pub fn count(&self, kind: Kind) -> u64 {
        self.found.iter().find(|found| found.kind == kind).map_or(0, |found| found.count)
    }
}

impl Lint {
    /// A look at rows for `rules`, of which calendar, hours and base count.
    pub fn new(rules: DeriveRules) -> Self {
        Self {
            trial: FileTrial::new(&rules),
            blocks: Blocks::new(&rules),
            check: RowCheck::new(rules),
            tracks: Vec::new(),
            findings: Findings::default(),
            counts: Counts::default(),
            file: String::new(),
            files: 0,
            reached: Timestamp::MIN,
        }
    }

    /// Rows of the file called `name` follow.
    pub fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.file);
        (self.files, self.reached) = (self.files + 1, Timestamp::MIN);
    }

    /// Looks at the next row, whose symbol `symbols` numbered.
    ///
    /// # Errors
    /// [`FileError`] where a run would fail; no row after it is looked at by one.
    pub fn row(&mut self, row: &SourceRow, symbols: &Symbols) -> Result<(), FileError> {
        match &row.content {
            Ok((symbol, record)) => self.record(row.number, *symbol, record, symbols),
            Err(Unreadable { symbol, time, reason }) => {
                self.counts.invalid += 1;
                self.trial.unreadable(reason);
                let file = &self.file;
                self.findings.add(Kind::Unreadable, || Finding {
                    symbol: symbol.map(|symbol| symbols.name(symbol).to_string()),
                    time: *time,
                    ..Finding::new(file, row.number, reason.clone())
                });
                Ok(())
            }
        }
    }

    fn record(
        &mut self,
        number: u64,
        symbol: SymbolId,
        record: &Record,
        symbols: &Symbols,
    ) -> Result<(), FileError> {
        let (file, base) = (self.file.as_str(), self.check.rules().base);
        let finding = |time: Option<Timestamp>, text: String| Finding {
            symbol: Some(symbols.name(symbol).to_string()),
            time,
            ..Finding::new(file, number, text)
        };
        let minute = match self.check.check(record) {
            Ok(minute) => minute,
            Err(Refusal::Calendar(error)) => return Err(error.into()),
            Err(Refusal::Invalid(reason)) => {
                self.counts.invalid += 1;
                let time = self.check.open_time(record.label);
                self.findings.add(Kind::of_invalid(&reason), || finding(time, reason.to_string()));
                return self.trial.invalid(&reason, base);
            }
        };
        let open = minute.bar.open_time();
        self.trial.sound(open);
        let prices = [record.open, record.high, record.low, record.close];
        if prices.iter().any(|price| *price <= 0.0) {
            let text = || format!("a price is {} or less", if record.low < 0.0 { "below 0" } else { "0" });
            self.findings.add(Kind::NotPositive, || finding(Some(open), text()));
        }
        if self.tracks.len() <= symbol.index() {
            self.tracks.resize_with(symbol.index() + 1, Track::default);
        }
        let track = &mut self.tracks[symbol.index()];
        let span = OUT_OF_ORDER_BARS * base.nanos().unwrap_or(DAY);
        if track.enters(self.files) && minute.close.saturating_add(span) < self.reached {
            let text = || {
                format!(
                    "begins after {} was reached: `derive` takes a file that is grouped by symbol, `run` does not",
                    self.reached
                )
            };
            self.findings.add(Kind::Grouped, || finding(Some(open), text()));
        }
        self.reached = self.reached.max(minute.close);
        if open < track.newest() {
            let before = track.newest();
            let text = || format!("comes after {before}");
            self.findings.add(Kind::OutOfOrder, || finding(Some(open), text()));
        } else {
            self.blocks.see(track.block(), &minute)?;
        }
        let findings = &mut self.findings;
        let place = track.take(self.check.rules(), &minute, record, |kind, time, text| {
            findings.add(kind, || finding(Some(time), text()));
        })?;
        *match place {
            Place::New => &mut self.counts.accepted,
            Place::Same => &mut self.counts.duplicate,
            Place::Other => &mut self.counts.corrected,
            Place::Past => &mut self.counts.late,
            Place::Outside => &mut self.counts.out_of_session,
        } += 1;
        Ok(())
    }

    /// What was found, once there are no more rows.
    pub fn finish(self, symbols: &Symbols) -> LintReport {
        self.end(symbols, None)
    }

    /// What was found before the `error` that [`row`](Self::row) gave.
    pub fn fail(self, symbols: &Symbols, error: FileError) -> LintReport {
        self.end(symbols, Some(error))
    }

    fn end(mut self, symbols: &Symbols, error: Option<FileError>) -> LintReport {
        let mut error = error;
        for &symbol in symbols.by_name() {
            let Some(track) = self.tracks.get_mut(symbol.index()) else { continue };
            let (findings, name) = (&mut self.findings, symbols.name(symbol));
            track.end(|kind, time, text| {
                findings.add(kind, || Finding {
                    symbol: Some(name.to_string()),
                    time: Some(time),
                    ..Finding::of_all(text())
                });
            });
            if let Err(unknown) = self.blocks.end(track.block()) {
                error.get_or_insert(unknown.into());
            }
        }
        let places = self.blocks.places();
        let closed = self.trial.closed_stretch().map(|stretch| (Kind::ClosedStretch, stretch.to_string()));
        let hints = [places.stamp_hint(), places.zone_hint(), closed];
        for (kind, text) in hints.into_iter().flatten() {
            self.findings.add(kind, || Finding::of_all(text));
        }
        let error = error.or_else(|| self.trial.end(&self.counts).err());
        LintReport { counts: self.counts, found: self.findings.into_found(), places, error }
    }
}

#[cfg(test)]
mod tests;
