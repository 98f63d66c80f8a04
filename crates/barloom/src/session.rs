//! What happens between sessions: sealing the one before, priming indicators from those before it, and the historical
//! indicators, which are constant through a session.

use crate::clock::TimeManager;
use crate::config::{self, Origin};
use barloom_core::derive::DeriveRules;
use barloom_core::indicators::{Lane, NULL, Reset, Slot};
use barloom_core::input::InputRow;
use barloom_core::notice::Notice;
use barloom_core::processor::Processor;
use barloom_core::store::{SessionData, SessionWriter};
use barloom_core::{BarColumns, Bars, CalendarError, Interval, Symbols, Timestamp};

/// A historical indicator: a lane over closed bars of 1d or 1w.
struct Historical {
    interval: Interval,
    lane: Box<dyn Lane>,
    width: usize,
    /// By symbol, its newest values.
    values: Vec<f64>,
}

/// Follows sessions as they come.
pub(crate) struct Sessions {
    rules: DeriveRules,
    origin: Origin,
    historical: Vec<Historical>,
    names: Vec<String>,
    time: TimeManager,
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
            time: TimeManager::replay(rules.calendar.clone()),
        }
    }

    /// The historical values' names.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many sessions must stay readable.
    pub(crate) fn retained(&self) -> usize {
        if let Origin::Sessions(n) = self.origin { n as usize } else { 0 }
    }

    fn is_idle(&self) -> bool {
        self.origin == Origin::Run && self.historical.is_empty()
    }

    /// When an input begins a session: the instant at which the one before is sealed.
    pub(crate) fn begins(&mut self, rows: &[InputRow]) -> Option<Timestamp> {
        if self.is_idle() {
            return None;
        }
        let newest = rows.iter().filter_map(|row| match row {
            InputRow::Bar { bar, .. } => Some(bar.open_time()),
            InputRow::Refused { .. } => None,
        });
        let sealed = self.time.enters(newest.max()?)?;
        Some(sealed.saturating_add(self.rules.grace))
    }

    /// The clock stands at `at`.
    pub(crate) fn advance(&mut self, at: Timestamp) {
        self.time.advance(at);
    }

    /// Opens the session that begins: indicators are primed, historical values published, from step `step` on.
    pub(crate) fn open(
        &mut self,
        processor: &mut Processor,
        writer: &mut SessionWriter,
        data: &SessionData,
        symbols: &Symbols,
        step: u32,
    ) -> Result<(), CalendarError> {
        if let Origin::Sessions(sessions) = self.origin {
            self.prime(sessions as usize, processor, data, symbols, step)?;
            self.prime_historical(sessions as usize, data, symbols, step);
        }
        if !self.historical.is_empty() {
            let mut values = Vec::with_capacity(symbols.len() * self.names.len());
            for symbol in 0..symbols.len() {
                for historical in &self.historical {
                    let own =
                        historical.values.get(symbol * historical.width..(symbol + 1) * historical.width);
                    match own {
                        Some(own) => values.extend_from_slice(own),
                        None => values.extend(std::iter::repeat_n(NULL, historical.width)),
                    }
                }
            }
            writer.publish_historical(step, values);
        }
        Ok(())
    }

    /// Every symbol's indicators start over from the last `sessions` sessions' base bars.
    fn prime(
        &mut self,
        sessions: usize,
        processor: &mut Processor,
        data: &SessionData,
        symbols: &Symbols,
        step: u32,
    ) -> Result<(), CalendarError> {
        let Some(base) = data.place(self.rules.base) else { return Ok(()) };
        let mut history = BarColumns::default();
        for &symbol in symbols.by_name() {
            history.clear();
            let Some(series) = data.series(symbol, base, step) else { continue };
            for bars in series.sessions(sessions) {
                bars.iter().for_each(|bar| history.push(&bar));
            }
            processor.run(symbol, history.bars(), self.time.session_starts(), None)?;
        }
        Ok(())
    }

    /// Every symbol's historical indicators start over from the last `sessions` closed days, or weeks.
    fn prime_historical(&mut self, sessions: usize, data: &SessionData, symbols: &Symbols, step: u32) {
        for historical in &mut self.historical {
            let width = historical.width;
            historical.values.clear();
            historical.values.resize(symbols.len() * width, NULL);
            historical.lane.resize(symbols.len());
            let place = data.place(historical.interval);
            for &symbol in symbols.by_name() {
                let slot = Slot(symbol.index() as u32);
                historical.lane.reset(slot, Reset::Start);
                let series = place.and_then(|place| data.series(symbol, place, step));
                let Some(series) = series else { continue };
                for bar in series.last(sessions).flat_map(Bars::iter) {
                    let values = &mut historical.values[symbol.index() * width..][..width];
                    historical.lane.step(slot, &bar, values);
                }
            }
        }
    }

    /// Sees what a step tells: closed days and weeks go to the historical indicators.
    pub(crate) fn see<'n>(&mut self, notices: impl Iterator<Item = Notice<'n>>) {
        if self.historical.is_empty() || self.origin != Origin::Run {
            return;
        }
        for notice in notices {
            let Notice::Bar(bar, _) = notice else { continue };
            let symbol = bar.symbol.index();
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
