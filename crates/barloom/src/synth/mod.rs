//! A market that was never there: deterministic, seeded, for demos, benches and soak tests.
//!
//! A [`Market`] gives the base bars of a calendar's regular sessions, early closes as the calendar has them. Volume and moves are a
//! U over the session, prices jump overnight, some symbols are thin and skip base bars, and [`Faults`] are planted where they
//! are asked for, in numbers that [`Market::planted`] tells.
//!
//! ```
//! use barloom::core::Calendar;
//! use barloom::synth::{Market, SynthConfig};
//!
//! let (from, to) = ("2024-11-29".parse()?, "2024-11-29".parse()?);
//! let config = SynthConfig { symbols: 2, seed: 7, ..SynthConfig::new(Calendar::named("XNYS")?, from, to) };
//! let market = Market::new(config)?;
//! // The day after Thanksgiving closes at 13:00.
//! assert_eq!(market.count(), 2 * 210);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Equal configurations give equal bits on every machine: additions, multiplications, divisions and square roots, which IEEE 754
//! fixes, and no transcendentals. A symbol's rows depend on the seed, its number and the dates, not on how many other symbols there
//! are, on the order, or on faults: a correction restores what was there.

mod faults;
mod instrument;
mod profile;
mod random;

use barloom_core::{Calendar, CalendarError, Interval, Record, SessionIndex};
use jiff::civil::Date;

use faults::{Fate, MOST_CORRECTIONS, Planter};
pub use faults::{Faults, FaultsError, Planted};
use instrument::Instrument;
use profile::Profile;

/// The most symbols: their names have five digits, so that they sort as numbers do.
pub const MOST_SYMBOLS: u32 = 99_999;

/// What a market is made of.
#[derive(Debug, Clone)]
pub struct SynthConfig {
    /// When it trades.
    pub calendar: Calendar,
    /// The first session date, inclusive.
    pub from: Date,
    /// The last session date, inclusive.
    pub to: Date,
    /// How many symbols, from 1 to [`MOST_SYMBOLS`].
    pub symbols: u32,
    /// The length of a bar: 1s, 1m or 1d.
    pub base: Interval,
    /// What the random numbers follow from.
    pub seed: u64,
    /// The share of symbols that are thin, from 0 to 1: they trade in a part of their base bars.
    pub thin: f64,
    /// Faults.
    pub faults: Faults,
    /// Whether the rows of a symbol lie together; otherwise those of a base bar do.
    pub by_symbol: bool,
}

impl SynthConfig {
    /// One symbol in minutes by `calendar` from `from` to `to`, none thin, without faults, of seed 0.
    pub fn new(calendar: Calendar, from: Date, to: Date) -> Self {
        let (faults, base) = (Faults::default(), Interval::MINUTE);
        Self { calendar, from, to, symbols: 1, base, seed: 0, thin: 0.0, faults, by_symbol: false }
    }
}

/// Why there is no such market.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SynthError {
    /// Too many symbols, or none.
    #[error("symbols {got} is not allowed; allowed are 1 to {MOST_SYMBOLS}")]
    Symbols {
        /// How many were asked for.
        got: u32,
    },
    /// A base that no file has.
    #[error("base {got} is not allowed; allowed are 1s, 1m, 1d")]
    Base {
        /// What was asked for.
        got: Interval,
    },
    /// A share that is none.
    #[error("{what} {got} is not allowed; allowed is a share from 0 to {most}")]
    Share {
        /// Of what.
        what: &'static str,
        /// What was asked for.
        got: f64,
        /// The largest.
        most: f64,
    },
    /// A fault that the base does not have.
    #[error("corrections of 1d rows are not built: a day is closed by its first row; leave them out")]
    DailyCorrections,
    /// The dates are the wrong way round.
    #[error("from {from} is after to {to}")]
    Backward {
        /// The first date.
        from: Date,
        /// The last.
        to: Date,
    },
    /// The calendar has no session in the dates.
    #[error("{calendar} has no session from {from} to {to}")]
    NoSession {
        /// The calendar's id.
        calendar: String,
        /// The first date.
        from: Date,
        /// The last.
        to: Date,
    },
    /// The calendar does not know the dates.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// One row of a [`Market`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynthRow {
    /// The symbol's number, from 0; [`Market::name`] names it.
    pub symbol: u32,
    /// When and what; labelled by its open, a daily one by midnight on the calendar's clock.
    pub record: Record,
}

/// The rows of a market, in order of time and then of symbol, or of symbol and then of time. Late rows stand where they came.
#[derive(Debug)]
pub struct Market {
    config: SynthConfig,
    names: Vec<String>,
    first: SessionIndex,
    last: SessionIndex,
    instruments: Vec<Instrument>,
    /// Empty without faults.
    planters: Vec<Planter>,
    at: Place,
    profile: Profile,
    /// Rows that follow the one given last, the next one last.
    behind: Vec<SynthRow>,
    planted: Planted,
    is_over: bool,
}

/// Where a market is.
#[derive(Debug, Clone, Copy)]
struct Place {
    session: SessionIndex,
    /// The session's number, from 0.
    number: u32,
    slot: usize,
    symbol: u32,
}

impl Market {
    /// The market that `config` describes, before its first row.
    ///
    /// # Errors
    /// [`SynthError`] says what is not allowed.
    pub fn new(config: SynthConfig) -> Result<Self, SynthError> {
        let (first, last) = check(&config)?;
        let SynthConfig { seed, thin, symbols, .. } = config;
        // Spread evenly, and by number: more symbols change none.
        let thin_before = |number: u32| (f64::from(number) * thin).floor();
        let instrument = |n| Instrument::new(seed, n, thin_before(n + 1) > thin_before(n));
        let planters = if config.faults.is_none() { 0 } else { symbols };
        let mut market = Self {
            names: (0..symbols).map(|number| format!("S{:05}", number + 1)).collect(),
            instruments: (0..symbols).map(instrument).collect(),
            planters: (0..planters).map(|number| Planter::new(seed, number)).collect(),
            at: Place { session: first, number: 0, slot: 0, symbol: 0 },
            profile: Profile::default(),
            behind: Vec::new(),
            planted: Planted::default(),
            is_over: false,
            config,
            first,
            last,
        };
        market.lay_out();
        Ok(market)
    }

    /// What it is made of.
    pub fn config(&self) -> &SynthConfig {
        &self.config
    }

    /// The names of the symbols, `S00001` on, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of the symbol numbered `symbol`; empty where there is none.
    pub fn name(&self, symbol: u32) -> &str {
        self.names.get(symbol as usize).map_or("", String::as_str)
    }

    /// The rows given so far, and the faults among them.
    pub fn planted(&self) -> Planted {
        self.planted
    }

    fn lay_out(&mut self) {
        let SynthConfig { calendar, base, .. } = &self.config;
        self.profile.lay_out(calendar.session(self.at.session), *base, calendar.zone());
    }

    /// Goes on to the next session; `false` after the last.
    fn next_session(&mut self) -> bool {
        let next = self.config.calendar.next(self.at.session).ok().filter(|next| *next <= self.last);
        let Some(next) = next else { return false };
        (self.at.session, self.at.number, self.at.slot) = (next, self.at.number + 1, 0);
        self.lay_out();
        true
    }

    /// Goes on to the next place; `false` after the last.
    #[inline]
    fn advance(&mut self) -> bool {
        if self.config.by_symbol {
            self.at.slot += 1;
            if self.at.slot < self.profile.slots.len() || self.next_session() {
                return true;
            }
            self.at = Place { session: self.first, number: 0, slot: 0, symbol: self.at.symbol + 1 };
            self.lay_out();
            return self.at.symbol < self.config.symbols;
        }
        self.at.symbol += 1;
        if self.at.symbol < self.config.symbols {
            return true;
        }
        self.at.symbol = 0;
        self.at.slot += 1;
        self.at.slot < self.profile.slots.len() || self.next_session()
    }

    /// The row at the place, if there is one, with what follows it behind.
    #[inline]
    fn row(&mut self) -> Option<SynthRow> {
        let Place { number, slot, symbol, .. } = self.at;
        let instrument = self.instruments.get_mut(symbol as usize)?;
        let place = self.profile.slots.get(slot)?;
        if slot == 0 {
            instrument.open(self.profile.scale, number == 0);
            if let Some(planter) = self.planters.get_mut(symbol as usize) {
                planter.open();
            }
        }
        let record = instrument.row(place)?;
        let row = SynthRow { symbol, record };
        if self.planters.is_empty() { Some(row) } else { self.plant(row, number, place.is_inner) }
    }

    /// What comes of a row where faults are planted.
    fn plant(&mut self, row: SynthRow, session: u32, is_inner: bool) -> Option<SynthRow> {
        let SynthRow { symbol, record } = row;
        let planter = self.planters.get_mut(symbol as usize)?;
        let first = match planter.fate(&self.config.faults, is_inner, self.at.session < self.last) {
            Fate::Late => {
                planter.withhold(session, record);
                return None;
            }
            Fate::Sound => row,
            Fate::Duplicate => {
                self.behind.push(row);
                self.planted.duplicates += 1;
                row
            }
            Fate::Correction => {
                self.behind.push(row);
                self.planted.corrections += 1;
                SynthRow { symbol, record: planter.spoilt(&record) }
            }
        };
        if let Some(record) = planter.given(session) {
            self.planted.late += 1;
            self.behind.insert(0, SynthRow { symbol, record });
        }
        Some(first)
    }
}

/// The first session and the last.
fn check(config: &SynthConfig) -> Result<(SessionIndex, SessionIndex), SynthError> {
    let &SynthConfig { ref calendar, from, to, symbols, base, thin, faults, .. } = config;
    if !(1..=MOST_SYMBOLS).contains(&symbols) {
        return Err(SynthError::Symbols { got: symbols });
    }
    if ![Interval::SECOND, Interval::MINUTE, Interval::DAY].contains(&base) {
        return Err(SynthError::Base { got: base });
    }
    let shares = [
        ("thin", thin, 1.0),
        ("duplicates", faults.duplicates, 1.0),
        ("corrections", faults.corrections, MOST_CORRECTIONS),
        ("late", faults.late, 1.0),
        ("duplicates and late rows", faults.duplicates + faults.late, 1.0),
    ];
    if let Some((what, got, most)) = shares.into_iter().find(|(_, got, most)| !(0.0..=*most).contains(got)) {
        return Err(SynthError::Share { what, got, most });
    }
    if base == Interval::DAY && faults.corrections > 0.0 {
        return Err(SynthError::DailyCorrections);
    }
    if to < from {
        return Err(SynthError::Backward { from, to });
    }
    // Both ends must be dates that the calendar knows, sessions or not.
    let mut first = calendar.on(from)?;
    let mut last = calendar.on(to)?;
    let (mut earlier, mut later) = (from, to);
    while first.is_none() && earlier < to {
        earlier = earlier.tomorrow().unwrap_or(to);
        first = calendar.on(earlier)?;
    }
    while last.is_none() && from < later {
        later = later.yesterday().unwrap_or(from);
        last = calendar.on(later)?;
    }
    first.zip(last).ok_or_else(|| SynthError::NoSession { calendar: calendar.id().to_owned(), from, to })
}

impl Iterator for Market {
    type Item = SynthRow;

    #[inline]
    fn next(&mut self) -> Option<SynthRow> {
        if let Some(row) = self.behind.pop() {
            self.planted.rows += 1;
            return Some(row);
        }
        while !self.is_over {
            let row = self.row();
            self.is_over = !self.advance();
            if let Some(row) = row {
                self.planted.rows += 1;
                return Some(row);
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "../tests/synth.rs"]
mod tests;
