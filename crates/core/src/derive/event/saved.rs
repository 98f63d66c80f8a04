//! What derivation tells as bytes and back, for those who keep what was told.

use super::{ClosedBar, Warning, WarningKind};
use crate::bar::Bar;
use crate::calendar::Hours;
use crate::derive::{DeriveRules, SessionLabel};
use crate::interval::Interval;
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::symbol::{SymbolId, Symbols};

const HOURS: [Hours; 3] = [Hours::Pre, Hours::Regular, Hours::Post];

impl ClosedBar {
    /// Writes it, its symbol and interval by their numbers.
    ///
    /// ```
    /// # use barloom_core::derive::{ClosedBar, DeriveConfig, DeriveRules, SessionLabel};
    /// # use barloom_core::snapshot::{Bytes, Read};
    /// # use barloom_core::{Bar, Calendar, Hours, Label, Record, Symbols, Timestamp};
    /// # let open: Timestamp = "2024-11-26T14:30:00Z".parse()?;
    /// # let record = Record { label: Label::Open(open), open: 1.0, high: 1.0, low: 1.0, close: 1.0,
    /// #                       volume: None, vwap: None, trade_count: None };
    /// # let mut symbols = Symbols::new();
    /// # let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS")?, &["5m".parse()?]))?;
    /// # let bar = ClosedBar { symbol: symbols.intern("AAA")?, interval: "5m".parse()?, place: 0,
    /// #     session: SessionLabel::Date(jiff::civil::date(2024, 11, 26)), bar: Bar::new(open, &record)?,
    /// #     close_time: open.saturating_add(300_000_000_000), n_base: 4, n_expected: 5, revision: 2, hours: Hours::Regular };
    /// let mut bytes = Bytes::new();
    /// bar.save(&mut bytes);
    /// let again = ClosedBar::restore(&rules, &symbols, &mut Read::new(bytes.as_slice()))?;
    /// assert!(again.bar.is_same(&bar.bar) && again.revision == 2 && again.symbol == bar.symbol);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, to: &mut Bytes) {
        let Self { symbol, place, session, close_time, n_base, n_expected, revision, hours, .. } = *self;
        to.u32(symbol.index() as u32);
        to.u32(u32::from(place) | u32::from(revision) << 16);
        to.u8(hours as u8);
        SessionLabel::save(Some(session), to);
        to.time(close_time);
        to.u32(n_base);
        to.u32(n_expected);
        self.bar.save(to);
    }

    /// Reads one that was told under `rules` of one of `symbols`.
    ///
    /// # Errors
    /// [`SnapshotError`] when they don't know its symbol or interval, or the bytes are no such bar's.
    pub fn restore(
        rules: &DeriveRules,
        symbols: &Symbols,
        from: &mut Read<'_>,
    ) -> Result<Self, SnapshotError> {
        let symbol = read_symbol(symbols, from)?;
        let packed = from.u32()?;
        let (place, revision) = (packed as u16, (packed >> 16) as u16);
        let interval = read_interval(rules, place)?;
        let number = from.u8()?;
        let hours = HOURS.get(usize::from(number)).copied();
        let hours =
            hours.ok_or_else(|| SnapshotError::value("a part of the trading day", number, "0 to 2"))?;
        let session = SessionLabel::restore(from)?;
        let session = session.ok_or_else(|| SnapshotError::value("the kind of a session", 0_u8, "1 to 3"))?;
        let close_time = from.time()?;
        let (n_base, n_expected) = (from.u32()?, from.u32()?);
        let bar = Bar::restore_derived(from)?;
        Ok(Self { symbol, interval, place, session, bar, close_time, n_base, n_expected, revision, hours })
    }
}

impl Warning {
    /// Writes it, its symbol and interval by their numbers.
    pub fn save(&self, to: &mut Bytes) {
        let Self { symbol, interval, place, kind, time, counts } = *self;
        to.flag(symbol.is_some());
        symbol.iter().for_each(|symbol| to.u32(symbol.index() as u32));
        to.u32(u32::from(place));
        // A base that is not among the rules has no place of its own.
        to.text(&interval.to_string());
        to.u32(kind as u32);
        to.flag(time.is_some());
        time.iter().for_each(|&time| to.time(time));
        to.flag(counts.is_some());
        if let Some((n_base, n_expected)) = counts {
            to.u32(n_base);
            to.u32(n_expected);
        }
    }

    /// Reads one that was told under `rules` of one of `symbols`.
    ///
    /// # Errors
    /// As [`ClosedBar::restore`].
    pub fn restore(
        rules: &DeriveRules,
        symbols: &Symbols,
        from: &mut Read<'_>,
    ) -> Result<Self, SnapshotError> {
        let has_symbol = from.flag("whether a warning has a symbol")?;
        let symbol = has_symbol.then(|| read_symbol(symbols, from)).transpose()?;
        let place = from.at_most("the place of an interval", rules.intervals.len().saturating_sub(1))? as u16;
        let text = from.text("an interval")?;
        let known = rules.intervals.iter().map(|rule| rule.interval).chain([rules.base]);
        let interval = { known }.find(|known| known.to_string() == text);
        let interval = interval.ok_or_else(|| SnapshotError::Differs {
            what: "an interval",
            saved: text.to_owned(),
            own: "none that is told".to_owned(),
        })?;
        let number = from.at_most("the kind of a warning", WarningKind::ALL.len() - 1)?;
        let kind = WarningKind::ALL[number];
        let time = from.flag("whether a warning has a time")?.then(|| from.time()).transpose()?;
        let counts = from.flag("whether a warning has counts")?;
        let counts = counts.then(|| Ok::<_, SnapshotError>((from.u32()?, from.u32()?))).transpose()?;
        Ok(Self { symbol, interval, place, kind, time, counts })
    }
}

fn read_symbol(symbols: &Symbols, from: &mut Read<'_>) -> Result<SymbolId, SnapshotError> {
    let number = from.u32()?;
    let unknown = || SnapshotError::value("a symbol's number", number, format!("below {}", symbols.len()));
    symbols.nth(number as usize).ok_or_else(unknown)
}

fn read_interval(rules: &DeriveRules, place: u16) -> Result<Interval, SnapshotError> {
    let known = rules.intervals.get(usize::from(place)).map(|rule| rule.interval);
    let allowed = || format!("below {}", rules.intervals.len());
    known.ok_or_else(|| SnapshotError::value("the place of an interval", place, allowed()))
}
