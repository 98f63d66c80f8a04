//! The order of time: many sources, one sequence of inputs.
//!
//! A row travels at its own close, or, out of order, at the close of its predecessor in the source (§2.2). An input is
//! all rows that travel at one instant; instants ascend.

use barloom_core::derive::{DeriveRules, FileError, FileTrial, Refusal, RowCheck};
use barloom_core::input::{Input, InputRow};
use barloom_core::{Bar, CalendarError, SymbolId, Symbols, Timestamp};

use crate::source::{RowPlace, Source, Unreadable};

/// A refused row of an input: what a journal keeps of it, and what is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place among the input's rows.
    pub row: usize,
    /// The place of its source among the sources.
    pub source: usize,
    /// Its number in the source.
    pub number: u64,
    /// Its symbol, open time and the reason.
    pub why: Unreadable,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Rows that travel at this instant: [`Inputs::rows`].
    Bars(Timestamp),
    /// The clock, without rows.
    Clock(Timestamp),
    /// Nothing more.
    End,
    /// What was recorded stops here, as the run did.
    Stop,
}

impl Next {
    /// The input that it is, with the rows of `inputs`; none where a run stops.
    pub fn input<I: Inputs>(self, inputs: &I) -> Option<Input<'_>> {
        match self {
            Self::Bars(at) => Some(Input::Bars { at, rows: inputs.rows() }),
            Self::Clock(at) => Some(Input::Clock(at)),
            Self::End => Some(Input::End),
            Self::Stop => None,
        }
    }

    /// Its instant; the last there is where it has none.
    pub(crate) fn at(self) -> Timestamp {
        if let Self::Bars(at) | Self::Clock(at) = self { at } else { Timestamp::MAX }
    }
}

/// Hands over inputs in ascending time: the coordinator's, or those that a journal recorded.
pub trait Inputs {
    /// What can make it fail in the middle.
    type Error;

    /// Goes on to the next input.
    ///
    /// # Errors
    /// When it can't go on; the inputs before stand.
    fn advance(&mut self) -> Result<Next, Self::Error>;

    /// The input's rows, source by source, in each source's order.
    fn rows(&self) -> &[InputRow];

    /// The rows among them that were refused.
    fn refused(&self) -> &[Refused];

    /// Where the row at a place of the input comes from: its source's place and its number there.
    fn origin(&self, row: usize) -> (usize, u64);

    /// The name of the source at a place.
    fn source(&self, place: usize) -> &str;

    /// What the numbers of its rows count.
    fn unit(&self, place: usize) -> &'static str;

    /// The symbols met so far.
    fn symbols(&self) -> &Symbols;

    /// What was noticed about the rows as a whole; `None` where nothing was looked for.
    fn trial(&self) -> Option<&FileTrial>;

    /// Whether the run's journal has the input already.
    fn is_recorded(&self) -> bool;

    /// How many inputs lie before the first that is given: those of a checkpoint.
    fn before(&self) -> u64;

    /// The instant of the rows that follow the input at hand, where they are known and not recorded.
    fn following(&self) -> Option<Timestamp>;
}

/// Why the sources can't be brought into the order of time.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError<E> {
    /// A source failed.
    #[error(transparent)]
    Source(E),
    /// The input as a whole can't be right.
    #[error("{0}")]
    Input(FileError),
    /// A row's date is not in the calendar.
    #[error("{place}: {error}")]
    Calendar {
        /// The row.
        place: Box<RowPlace>,
        /// What the calendar says.
        error: CalendarError,
    },
    /// A symbol begins where the source's time was long ago: the source is grouped by symbol.
    #[error(
        "{place}: {symbol} begins at {begins}, but the rows before it have reached {reached}: the file is grouped by symbol. `run` merges sources by time; give it one file a symbol, or a file sorted by time (`derive` takes grouped files)"
    )]
    Grouped {
        /// The row.
        place: Box<RowPlace>,
        /// The symbol.
        symbol: String,
        /// The open time of its first row.
        begins: Timestamp,
        /// The newest close before.
        reached: Timestamp,
    },
}

/// How many base bars back a symbol's first row may lie and still be a row out of order.
pub(crate) const OUT_OF_ORDER_BARS: i64 = 10;

/// Nanoseconds of a daily bar, for that.
pub(crate) const DAY: i64 = 24 * 3600 * barloom_core::time::NANOS_PER_SECOND;

/// A row on its way: checked when it was pulled.
#[derive(Debug)]
struct Head {
    /// The instant at which it travels.
    at: Timestamp,
    number: u64,
    content: Result<(SymbolId, Bar), Unreadable>,
}

#[derive(Debug)]
struct Feed<S> {
    source: S,
    head: Option<Head>,
    /// The newest close among the rows so far.
    newest: Timestamp,
    /// Which symbols it has named.
    met: Vec<bool>,
}

/// Merges sources by time.
#[derive(Debug)]
pub struct SessionCoordinator<S> {
    feeds: Vec<Feed<S>>,
    check: RowCheck,
    base: i64,
    trial: FileTrial,
    symbols: Symbols,
    rows: Vec<InputRow>,
    /// By row: its source and number.
    origins: Vec<(usize, u64)>,
    refused: Vec<Refused>,
    has_started: bool,
    /// Whether the clock was moved to the end.
    has_ended: bool,
    /// No row that travels later is taken; the clock ends there.
    end: Option<Timestamp>,
    /// Whether it is to stop: sources may then end early.
    is_stopped: fn() -> bool,
}

impl<S: Source> SessionCoordinator<S> {
    /// A coordinator of `sources` under `rules`; nothing is pulled yet.
    pub fn new(rules: &DeriveRules, sources: Vec<S>) -> Self {
        let feed = |source| Feed { source, head: None, newest: Timestamp::MIN, met: Vec::new() };
        Self {
            feeds: sources.into_iter().map(feed).collect(),
            check: RowCheck::new(rules.clone()),
            base: rules.base.nanos().unwrap_or(DAY),
            trial: FileTrial::new(rules),
            symbols: Symbols::new(),
            rows: Vec::new(),
            origins: Vec::new(),
            refused: Vec::new(),
            has_started: false,
            has_ended: false,
            end: None,
            is_stopped: || false,
        }
    }

    /// Takes nothing that travels after `end`, and moves the clock to it.
    #[must_use]
    pub fn until(mut self, end: Option<Timestamp>) -> Self {
        self.end = end;
        self
    }

    /// Stops, and does not come to its end, as soon as `is_stopped`: a source that waits for rows is to say that it has none left then.
    #[must_use]
    pub fn while_not(mut self, is_stopped: fn() -> bool) -> Self {
        self.is_stopped = is_stopped;
        self
    }

    /// Goes on where another coordinator ended, which had met `symbols` and been at `last`; nothing may be pulled yet.
    pub(crate) fn go_on(&mut self, symbols: Symbols, last: Timestamp) {
        for feed in &mut self.feeds {
            (feed.newest, feed.met) = (last, vec![true; symbols.len()]);
        }
        self.symbols = symbols;
    }

    /// The sources.
    pub fn sources(&self) -> impl Iterator<Item = &S> {
        self.feeds.iter().map(|feed| &feed.source)
    }

    fn pull(&mut self, place: usize) -> Result<(), CoordinatorError<S::Error>> {
        let Self { feeds, check, trial, symbols, base, .. } = self;
        let Some(feed) = feeds.get_mut(place) else { return Ok(()) };
        let Some(row) = feed.source.next_row(symbols).map_err(CoordinatorError::Source)? else {
            return Ok(());
        };
        let number = row.number;
        let content = match row.content {
            Err(unreadable) => {
                trial.unreadable(&unreadable.reason);
                Err(unreadable)
            }
            Ok((symbol, record)) => match check.check(&record) {
                Ok(minute) => {
                    let begins = minute.bar.open_time();
                    trial.sound(begins);
                    if feed.is_new(symbol)
                        && minute.close.saturating_add(OUT_OF_ORDER_BARS * *base) < feed.newest
                    {
                        return Err(CoordinatorError::Grouped {
                            place: place_of(&feed.source, number),
                            symbol: symbols.name(symbol).to_string(),
                            begins,
                            reached: feed.newest,
                        });
                    }
                    feed.newest = feed.newest.max(minute.close);
                    Ok((symbol, minute.bar))
                }
                // An invalid row has no close of its own; it travels with its predecessor.
                Err(Refusal::Invalid(reason)) => {
                    trial.invalid(&reason, check.rules().base).map_err(CoordinatorError::Input)?;
                    let time = check.open_time(record.label);
                    Err(Unreadable { symbol: Some(symbol), time, reason: reason.to_string() })
                }
                Err(Refusal::Calendar(error)) => {
                    let place = place_of(&feed.source, number);
                    return Err(CoordinatorError::Calendar { place, error });
                }
            },
        };
        feed.head = Some(Head { at: feed.newest, number, content });
        Ok(())
    }
}

fn place_of<S: Source>(source: &S, number: u64) -> Box<RowPlace> {
    Box::new(RowPlace::new(source.name(), source.unit(), number))
}

impl<S: Source> Inputs for SessionCoordinator<S> {
    type Error = CoordinatorError<S::Error>;

    fn advance(&mut self) -> Result<Next, Self::Error> {
        self.rows.clear();
        self.origins.clear();
        self.refused.clear();
        if !self.has_started {
            self.has_started = true;
            (0..self.feeds.len()).try_for_each(|place| self.pull(place))?;
        }
        if (self.is_stopped)() {
            return Ok(Next::Stop);
        }
        let heads = self.feeds.iter().filter_map(|feed| feed.head.as_ref().map(|head| head.at));
        let is_taken = |&now: &Timestamp| !self.has_ended && self.end.is_none_or(|end| now <= end);
        let Some(now) = heads.min().filter(is_taken) else {
            let last = self.end.filter(|_| !std::mem::replace(&mut self.has_ended, true));
            return Ok(last.map_or(Next::End, Next::Clock));
        };
        for place in 0..self.feeds.len() {
            while let Some(Head { number, content, .. }) =
                self.feeds[place].head.take_if(|head| head.at == now)
            {
                self.origins.push((place, number));
                match content {
                    Ok((symbol, bar)) => self.rows.push(InputRow::Bar { symbol, bar }),
                    Err(why) => {
                        self.rows.push(InputRow::Refused { symbol: why.symbol, time: why.time });
                        self.refused.push(Refused { row: self.rows.len() - 1, source: place, number, why });
                    }
                }
                match self.pull(place) {
                    // A source that was ended in the middle may call that damage.
                    Err(_) if (self.is_stopped)() => break,
                    pulled => pulled?,
                }
            }
        }
        Ok(Next::Bars(now))
    }

    fn rows(&self) -> &[InputRow] {
        &self.rows
    }

    fn refused(&self) -> &[Refused] {
        &self.refused
    }

    fn origin(&self, row: usize) -> (usize, u64) {
        self.origins.get(row).copied().unwrap_or_default()
    }

    fn source(&self, place: usize) -> &str {
        self.feeds.get(place).map_or("", |feed| feed.source.name())
    }

    fn unit(&self, place: usize) -> &'static str {
        self.feeds.get(place).map_or("row", |feed| feed.source.unit())
    }

    fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    fn trial(&self) -> Option<&FileTrial> {
        Some(&self.trial)
    }

    fn is_recorded(&self) -> bool {
        false
    }

    fn before(&self) -> u64 {
        0
    }

    fn following(&self) -> Option<Timestamp> {
        let heads = self.feeds.iter().filter_map(|feed| feed.head.as_ref().map(|head| head.at));
        heads.min().filter(|&at| self.end.is_none_or(|end| at <= end))
    }
}

impl<S> Feed<S> {
    /// Whether the source names the symbol for the first time.
    fn is_new(&mut self, symbol: SymbolId) -> bool {
        if self.met.len() <= symbol.index() {
            self.met.resize(symbol.index() + 1, false);
        }
        !std::mem::replace(&mut self.met[symbol.index()], true)
    }
}
