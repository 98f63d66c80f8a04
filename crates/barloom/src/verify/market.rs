//! The user's rows, held, and every bar that they give.

use barloom_core::calendar::CalendarError;
use barloom_core::derive::{
    Clocks, ClosedBar, ClosedStretch, Counts, DeriveRules, Deriver, FileError, FileFeed, Minute, Outcome,
    Revision, SessionLabel, Sink, Warning,
};
use barloom_core::plan::enters_session;
use barloom_core::{Bar, BarColumns, Hours, InvalidBar, Record, SymbolId, Symbols, Timestamp};

use super::report::Shown;

/// Rows as they are read: derived on the way as `derive` does, and kept.
#[derive(Debug)]
pub struct Rows {
    held: HeldRows,
    deriver: Deriver,
    feed: FileFeed,
    whole: Whole,
}

/// The sound rows, in the order in which they came.
#[derive(Debug, Default)]
struct HeldRows {
    symbols: Vec<SymbolId>,
    bars: BarColumns,
    closes: Vec<Timestamp>,
}

/// The bars that rows give: by place of the interval, by symbol.
#[derive(Debug)]
struct Whole(Vec<Vec<Series>>);

/// Data to verify on: rows that are all in, and the bars that they give.
#[derive(Debug)]
pub struct Market {
    pub(super) rules: DeriveRules,
    pub(super) symbols: Symbols,
    held: HeldRows,
    /// Rows of each symbol.
    pub(super) counted: Vec<usize>,
    pub(super) series: Vec<Vec<Series>>,
    counts: Counts,
    closed_stretch: Option<ClosedStretch>,
}

/// One symbol's bars of one interval.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) columns: BarColumns,
    facts: Vec<Facts>,
    /// The session of the last regular bar.
    session: Option<SessionLabel>,
}

/// What a closed bar says beside its values.
#[derive(Debug, Clone, Copy)]
struct Facts {
    session: SessionLabel,
    close_time: Timestamp,
    n_base: u32,
    n_expected: u32,
    revision: u16,
    hours: Hours,
    /// Whether it is the first bar of its session.
    enters: bool,
}

impl Rows {
    /// No rows yet, of data under `rules`.
    pub fn new(rules: DeriveRules) -> Self {
        Self {
            held: HeldRows::default(),
            feed: FileFeed::new(Clocks::PerSymbol, &rules),
            whole: Whole(rules.intervals.iter().map(|_| Vec::new()).collect()),
            deriver: Deriver::new(rules),
        }
    }

    /// Takes the next row, as [`FileFeed::row`].
    ///
    /// # Errors
    /// As there.
    pub fn row(
        &mut self,
        symbol: SymbolId,
        symbols: &Symbols,
        row: &Record,
    ) -> Result<Result<Outcome, InvalidBar>, FileError> {
        let Self { held, deriver, feed, whole } = self;
        let minute = match feed.check(deriver, symbol, row, whole)? {
            Ok(minute) => minute,
            Err(reason) => return Ok(Err(reason)),
        };
        let outcome = feed.minute(deriver, symbol, symbols.by_name(), &minute, whole)?;
        held.symbols.push(symbol);
        held.bars.push(&minute.bar);
        held.closes.push(minute.close);
        Ok(Ok(outcome))
    }

    /// Counts a row that could not even be read, as [`FileFeed::unreadable`].
    pub fn unreadable(&mut self, symbol: Option<SymbolId>, time: Option<Timestamp>, reason: &str) {
        self.feed.unreadable(&mut self.deriver, symbol, time, reason, &mut self.whole);
    }

    /// When the row's bar opens, as far as its label says.
    pub fn open_time(&self, row: &Record) -> Option<Timestamp> {
        self.deriver.open_time(row.label)
    }

    /// The rows are all in.
    ///
    /// # Errors
    /// [`FileError::NothingAccepted`] when no row was.
    pub fn finish(self, symbols: Symbols) -> Result<Market, FileError> {
        let Self { held, mut deriver, mut feed, mut whole } = self;
        feed.finish(&mut deriver, symbols.by_name(), &mut whole)?;
        let mut counted = vec![0; symbols.len()];
        held.symbols.iter().for_each(|symbol| counted[symbol.index()] += 1);
        let Whole(mut series) = whole;
        series.iter_mut().for_each(|by_symbol| by_symbol.resize_with(symbols.len(), Series::default));
        Ok(Market {
            rules: deriver.rules().clone(),
            symbols,
            held,
            counted,
            series,
            counts: *deriver.counts(),
            closed_stretch: feed.trial().closed_stretch(),
        })
    }
}

impl Market {
    /// Where every row went.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A part of the day in which a market under `24/7` never trades, if there is one.
    pub fn closed_stretch(&self) -> Option<&ClosedStretch> {
        self.closed_stretch.as_ref()
    }

    /// Gives the first `upto` rows of each symbol, in the order in which they came, to a deriver under `rules`; the input
    /// is then not ended yet.
    ///
    /// # Errors
    /// When the calendar does not know a row's whole week or month.
    pub(super) fn derive(
        &self,
        rules: DeriveRules,
        upto: &[usize],
        sink: &mut impl Sink,
    ) -> Result<(Deriver, FileFeed), CalendarError> {
        let mut feed = FileFeed::new(Clocks::PerSymbol, &rules);
        let (mut deriver, mut taken) = (Deriver::new(rules), vec![0; upto.len()]);
        let rows = self.held.symbols.iter().zip(&self.held.closes).zip(self.held.bars.bars().iter());
        for ((&symbol, &close), bar) in rows {
            let taken = &mut taken[symbol.index()];
            if *taken < upto[symbol.index()] {
                *taken += 1;
                let minute = Minute { bar, close };
                feed.minute(&mut deriver, symbol, self.symbols.by_name(), &minute, sink)?;
            }
        }
        Ok((deriver, feed))
    }
}

impl Sink for Whole {
    fn bar(&mut self, bar: &ClosedBar) {
        let Some(by_symbol) = self.0.get_mut(usize::from(bar.place)) else { return };
        let at = bar.symbol.index();
        if by_symbol.len() <= at {
            by_symbol.resize_with(at + 1, Series::default);
        }
        by_symbol[at].push(bar);
    }

    /// Not here: what is verified drops what comes late.
    fn revised(&mut self, _: Revision) {}

    fn warning(&mut self, _: &Warning) {}
}

impl Series {
    pub(super) fn push(&mut self, closed: &ClosedBar) {
        let &ClosedBar { session, close_time, n_base, n_expected, revision, hours, .. } = closed;
        let enters = enters_session(closed, self.session);
        if enters {
            self.session = Some(session);
        }
        self.columns.push(&closed.bar);
        self.facts.push(Facts { session, close_time, n_base, n_expected, revision, hours, enters });
    }

    /// The bars as they were told, of the first symbol and interval.
    #[cfg(test)]
    pub(super) fn closed(&self) -> impl Iterator<Item = ClosedBar> + '_ {
        let symbol = Symbols::new().intern("AAA").unwrap();
        self.facts.iter().zip(self.columns.bars().iter()).map(move |(facts, bar)| {
            let &Facts { session, close_time, n_base, n_expected, revision, hours, .. } = facts;
            let (interval, place) = (barloom_core::Interval::MINUTE, 0);
            ClosedBar {
                symbol,
                interval,
                place,
                session,
                bar,
                close_time,
                n_base,
                n_expected,
                revision,
                hours,
            }
        })
    }

    /// How many bars.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether the bar at `row` is the first of its session.
    pub(super) fn enters(&self, row: usize) -> bool {
        self.facts.get(row).is_some_and(|facts| facts.enters)
    }

    /// Whether the bar at `row` lies in regular hours.
    pub(super) fn is_regular(&self, row: usize) -> bool {
        self.facts.get(row).is_some_and(|facts| facts.hours == Hours::Regular)
    }

    /// When the bar at `row` opens.
    pub(super) fn open_time(&self, row: usize) -> Option<Timestamp> {
        self.columns.bars().open_time().get(row).map(|&at| Timestamp::from_nanos(at))
    }

    /// The first field in which `closed` is not the bar at `row`: its name, what stands there, what came.
    pub(super) fn difference(&self, row: usize, closed: &ClosedBar) -> Option<(&'static str, Shown, Shown)> {
        let (Some(bar), Some(facts)) = (self.columns.bars().at(row), self.facts.get(row)) else {
            let got = Shown::Words(format!("a bar at {}", closed.bar.open_time()));
            return Some(("bar", Shown::Words("none".to_owned()), got));
        };
        if !facts.is_same(closed) || bar.open_time() != closed.bar.open_time() {
            let mut words = facts.words(&bar).into_iter().zip(Facts::of(closed).words(&closed.bar));
            let word = words.find(|((_, own), (_, other))| own != other);
            return word.map(|((name, own), (_, other))| (name, Shown::Words(own), Shown::Words(other)));
        }
        let mut numbers = numbers(&bar).into_iter().zip(numbers(&closed.bar));
        let number = numbers.find(|((_, own), (_, other))| own.to_bits() != other.to_bits());
        number.map(|((name, own), (_, other))| (name, Shown::Number(own), Shown::Number(other)))
    }
}

impl Facts {
    fn of(closed: &ClosedBar) -> Self {
        let &ClosedBar { session, close_time, n_base, n_expected, revision, hours, .. } = closed;
        Self { session, close_time, n_base, n_expected, revision, hours, enters: false }
    }

    fn is_same(&self, closed: &ClosedBar) -> bool {
        let Self { session, close_time, n_base, n_expected, revision, hours, .. } = *self;
        (session, close_time, hours) == (closed.session, closed.close_time, closed.hours)
            && (n_base, n_expected, revision) == (closed.n_base, closed.n_expected, closed.revision)
    }

    /// What is no number of `bar`, as text.
    fn words(&self, bar: &Bar) -> [(&'static str, String); 7] {
        [
            ("open_time", bar.open_time().to_string()),
            ("close_time", self.close_time.to_string()),
            ("session", self.session.to_string()),
            ("n_base", self.n_base.to_string()),
            ("n_expected", self.n_expected.to_string()),
            ("revision", self.revision.to_string()),
            ("hours", format!("{:?}", self.hours)),
        ]
    }
}

/// The numbers of a bar; a null is NaN.
fn numbers(bar: &Bar) -> [(&'static str, f64); 7] {
    [
        ("open", bar.open()),
        ("high", bar.high()),
        ("low", bar.low()),
        ("close", bar.close()),
        ("volume", bar.volume().unwrap_or(f64::NAN)),
        ("vwap", bar.vwap().unwrap_or(f64::NAN)),
        ("trade_count", bar.trade_count().map_or(f64::NAN, |count| count as f64)),
    ]
}
