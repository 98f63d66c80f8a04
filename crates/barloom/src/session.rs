//! What happens between sessions: priming indicators from those before it, and the historical
//! indicators, which are constant through a session.

use std::collections::VecDeque;

use crate::clock::TimeManager;
use crate::config::{self, Origin};
use barloom_core::derive::DeriveRules;
use barloom_core::indicators::{Lane, NULL, Reset, Slot};
use barloom_core::notice::Notice;
use barloom_core::processor::Processor;
use barloom_core::snapshot::{Bytes, Read, SnapshotError};
use barloom_core::store::{SessionData, SessionWriter};
use barloom_core::{Bar, BarColumns, Bars, CalendarError, Interval, SymbolId, Symbols, Timestamp};

/// A historical indicator: a lane over closed bars of 1d or 1w.
struct Historical {
    interval: Interval,
    lane: Box<dyn Lane>,
    width: usize,
    /// By slot, a symbol's newest values.
    values: Vec<f64>,
}

/// Says when a session is entered, as told instants go on.
#[derive(Debug)]
pub(crate) struct Entrance {
    time: TimeManager,
    grace: i64,
}

impl Entrance {
    pub(crate) fn new(rules: &DeriveRules) -> Self {
        Self { time: TimeManager::replay(rules.calendar.clone()), grace: rules.grace }
    }

    /// Whether the step at `at` is the first of a session: all of the one before is closed by then.
    pub(crate) fn enters(&mut self, at: Timestamp) -> bool {
        let opened = at.saturating_add(-1).saturating_add(-self.grace);
        at < Timestamp::MAX && self.time.enters(opened).is_some()
    }

    /// As [`Entrance::enters`], but session by session: whether one more is entered on the way to `at`. The first one is that of
    /// the first `at`.
    fn enters_next(&mut self, at: Timestamp) -> bool {
        let opened = at.saturating_add(-1).saturating_add(-self.grace);
        if opened < self.time.session_ends() || at == Timestamp::MAX {
            return false;
        }
        let calendar = self.time.calendar();
        let next =
            calendar.at_or_after(self.time.session_ends()).map(|index| calendar.session(index).starts());
        match next {
            // The step that follows its start by the grace is in it.
            Ok(starts) if self.time.has_entered() => {
                let first = starts.saturating_add(self.grace).saturating_add(1);
                self.enters(first.min(at))
            }
            _ => self.enters(at),
        }
    }

    /// Whether a session was entered.
    pub(crate) fn has_entered(&self) -> bool {
        self.time.has_entered()
    }

    /// Whether no other session begins on the way to the step at `at`.
    fn is_last_until(&self, at: Timestamp) -> bool {
        let mut ahead = Self { time: self.time.clone(), grace: self.grace };
        !ahead.enters_next(at)
    }

    /// The first instant that can be told of the session at hand.
    fn first(&self) -> Timestamp {
        self.time.session_starts().saturating_add(self.grace).saturating_add(1)
    }
}

/// Follows sessions as they come, for the symbols of one shard.
pub(crate) struct Sessions {
    rules: DeriveRules,
    origin: Origin,
    historical: Vec<Historical>,
    names: Vec<String>,
    entrance: Entrance,
    /// By slot, the base bars of sessions that are over, oldest first.
    past: Vec<VecDeque<BarColumns>>,
}

impl Sessions {
    pub(crate) fn new(rules: &DeriveRules, origin: Origin, historical: &[config::Historical]) -> Self {
        // Of days alone, as most are, a name goes without its interval.
        let name = |interval: Interval, column: String| match interval {
            Interval::DAY => column,
            interval => format!("{column}@{interval}"),
        };
        let columns = |own: &config::Historical| {
            let interval = own.interval;
            own.spec.columns().into_iter().map(move |column| name(interval, column))
        };
        let names = historical.iter().flat_map(columns).collect();
        let lane = |own: &config::Historical| {
            let lane = own.spec.lane();
            let width = lane.outputs().len();
            Historical { interval: own.interval, lane, width, values: Vec::new() }
        };
        let historical = historical.iter().map(lane).collect();
        Self {
            rules: rules.clone(),
            origin,
            historical,
            names,
            entrance: Entrance::new(rules),
            past: Vec::new(),
        }
    }

    /// The historical values' names.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether indicators are primed from the sessions before.
    pub(crate) fn primes(&self) -> bool {
        self.origin != Origin::Run
    }

    /// Whether there is nothing to do between sessions.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.origin == Origin::Run && self.historical.is_empty()
    }

    /// Keeps the base bars of sessions that are over.
    pub(crate) fn keep(&mut self, over: impl Iterator<Item = (SymbolId, BarColumns)>) {
        let Origin::Sessions(sessions) = self.origin else { return };
        for (symbol, bars) in over {
            if self.past.len() <= symbol.slot() {
                self.past.resize_with(symbol.slot() + 1, VecDeque::new);
            }
            let past = &mut self.past[symbol.slot()];
            past.push_back(bars);
            if past.len() > sessions as usize {
                past.pop_front();
            }
        }
    }

    /// Whether a session begins on the way to the step at `at`, which is the one at hand then.
    pub(crate) fn enters_next(&mut self, at: Timestamp) -> bool {
        self.entrance.enters_next(at)
    }

    /// When the session that lies `sessions` before the one at hand begins.
    fn since(&self, sessions: u32) -> Timestamp {
        let calendar = &self.rules.calendar;
        let Ok(mut index) = calendar.at_or_after(self.entrance.time.session_starts()) else {
            return Timestamp::MIN;
        };
        for _ in 0..sessions {
            match calendar.previous(index) {
                Ok(before) => index = before,
                Err(_) => return Timestamp::MIN,
            }
        }
        calendar.session(index).starts()
    }

    /// Opens the session that begins: indicators are primed, historical values published. `step` is the one
    /// that is computed, at `at`.
    pub(crate) fn open(
        &mut self,
        processor: &mut Processor,
        writer: &mut SessionWriter,
        data: &SessionData,
        symbols: &Symbols,
        step: u32,
        at: Timestamp,
    ) -> Result<(), CalendarError> {
        if let Origin::Sessions(sessions) = self.origin {
            let since = self.since(sessions);
            let own = symbols.by_name_in(processor.shard());
            // Of a session that is passed over nothing is computed.
            if self.entrance.is_last_until(at) {
                self.prime(since, processor, own)?;
            }
            self.prime_historical(since, data, own, step);
        }
        if !self.historical.is_empty() {
            let count = symbols.by_name_in(processor.shard()).len();
            let mut values = Vec::with_capacity(count * self.names.len());
            for symbol in 0..count {
                for historical in &self.historical {
                    let own =
                        historical.values.get(symbol * historical.width..(symbol + 1) * historical.width);
                    match own {
                        Some(own) => values.extend_from_slice(own),
                        None => values.extend(std::iter::repeat_n(NULL, historical.width)),
                    }
                }
            }
            writer.publish_historical(self.entrance.first(), values, step);
        }
        Ok(())
    }

    /// Every symbol's indicators start over from its base bars since `since`.
    fn prime(
        &mut self,
        since: Timestamp,
        processor: &mut Processor,
        symbols: &[SymbolId],
    ) -> Result<(), CalendarError> {
        let mut history = BarColumns::default();
        for &symbol in symbols {
            history.clear();
            let past = self.past.get(symbol.slot()).into_iter().flatten();
            for bar in past.flat_map(|session| session.bars().iter()).filter(|bar| bar.open_time() >= since) {
                history.push(&bar);
            }
            processor.run(symbol, history.bars(), self.entrance.time.session_starts(), None)?;
        }
        Ok(())
    }

    /// Every symbol's historical indicators start over from its days, or weeks, that began since `since`.
    fn prime_historical(&mut self, since: Timestamp, data: &SessionData, symbols: &[SymbolId], step: u32) {
        for historical in &mut self.historical {
            let width = historical.width;
            historical.values.clear();
            historical.values.resize(symbols.len() * width, NULL);
            historical.lane.resize(symbols.len());
            let place = data.place(historical.interval);
            for &symbol in symbols {
                let slot = Slot(symbol.slot() as u32);
                historical.lane.reset(slot, Reset::Start);
                let series = place.and_then(|place| data.series(symbol, place, step));
                let Some(series) = series else { continue };
                for bar in series.last(usize::MAX).flat_map(Bars::iter).filter(|bar| bar.open_time() >= since)
                {
                    let values = &mut historical.values[symbol.slot() * width..][..width];
                    historical.lane.step(slot, &bar, values);
                }
            }
        }
    }

    /// Writes what it has seen.
    ///
    /// # Errors
    /// [`SnapshotError::Unsaved`] of a historical indicator that can't be saved.
    pub(crate) fn save(&self, to: &mut Bytes) -> Result<(), SnapshotError> {
        to.time(self.entrance.time.session_starts());
        to.count(self.past.len());
        for sessions in &self.past {
            to.count(sessions.len());
            for bars in sessions {
                to.count(bars.bars().len());
                bars.bars().iter().for_each(|bar| bar.save(to));
            }
        }
        to.count(self.historical.len());
        for own in &self.historical {
            let symbols = own.values.len() / own.width.max(1);
            to.count(symbols);
            to.f64s(&own.values);
            for symbol in 0..symbols {
                to.framed(|to| own.lane.save(Slot(symbol as u32), to))?;
            }
        }
        Ok(())
    }

    /// Takes over what sessions of the same rules and indicators saw, of `most` symbols at most. After an error it is good for nothing.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no such.
    pub(crate) fn restore(&mut self, most: usize, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        let known = |count: usize| match count <= most {
            true => Ok(()),
            false => Err(SnapshotError::value("symbols", count as u64, format!("0 to {most}"))),
        };
        self.entrance.time.enters(from.time()?);
        let count = from.count("symbols", 4)?;
        known(count)?;
        self.past.clear();
        for _ in 0..count {
            let mut sessions = VecDeque::new();
            for _ in 0..from.count("sessions", 4)? {
                let mut bars = BarColumns::default();
                for _ in 0..from.count("bars of a session", Bar::LEAST_SAVED)? {
                    bars.push(&Bar::restore(from)?);
                }
                sessions.push_back(bars);
            }
            self.past.push(sessions);
        }
        from.at_most("historical indicators", self.historical.len())?;
        for own in &mut self.historical {
            let symbols = from.count("symbols", 8 * own.width + 4)?;
            known(symbols)?;
            own.values = vec![NULL; symbols * own.width];
            from.f64s(&mut own.values)?;
            own.lane.resize(symbols);
            for symbol in 0..symbols {
                from.framed(|from| own.lane.restore(Slot(symbol as u32), from))?;
            }
        }
        Ok(())
    }

    /// Sees what a step tells: closed days and weeks go to the historical indicators.
    pub(crate) fn see<'n>(&mut self, notices: impl Iterator<Item = Notice<'n>>) {
        if self.historical.is_empty() || self.origin != Origin::Run {
            return;
        }
        for notice in notices {
            let Notice::Bar(bar, _) = notice else { continue };
            let symbol = bar.symbol.slot();
            for historical in self.historical.iter_mut().filter(|own| own.interval == bar.interval) {
                let width = historical.width;
                if historical.values.len() <= symbol * width {
                    historical.values.resize((symbol + 1) * width, NULL);
                    historical.lane.resize(symbol + 1);
                }
                let slot = Slot(symbol as u32);
                historical.lane.step(slot, &bar.bar, &mut historical.values[symbol * width..][..width]);
            }
        }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("origin", &self.origin).field("historical", &self.names).finish()
    }
}
