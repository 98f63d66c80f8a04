//! A user's changes to a calendar, as TOML text.
//!
//! ```
//! use barloom_core::{Calendar, Overlay};
//!
//! let overlay = Overlay::parse(r#"
//!     calendar = "XNYS"                # an id or alias; the overlay fits no other calendar
//!     valid_to = "2028-12-31"          # optional: the rules are trusted up to here
//!
//!     [[closed]]                       # a session that does not take place
//!     date = "2027-06-14"
//!     reason = "national day of mourning"
//!
//!     [[open]]                         # a session that takes place after all, or at other hours
//!     date = "2027-07-05"
//!     open = "10:00"                   # optional; the usual hours where left out
//!     close = "13:00"                  # optional, on the venue's clock, up to 24:00
//!     reason = "trades in spite of the holiday"
//! "#)?;
//! let calendar = Calendar::named("XNYS")?.with_overlay(&overlay)?;
//! assert!(calendar.on("2027-06-14".parse()?)?.is_none());
//! let session = calendar.session(calendar.on("2027-07-05".parse()?)?.unwrap());
//! assert_eq!(session.close().to_string(), "2027-07-05T17:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An entry decides its date alone, whatever rules say. `open = "18:00-1d"` is the evening before the
//! session's date. Extending `valid_to` takes the responsibility for holidays no rule can know, such as
//! lunar ones.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::OverlayError;
use super::rules::{DAY, Minute, at};
use super::{OVERLAY, nearest_id, venue_named, venues};

const FIELDS: &[&str] = &["calendar", "valid_to", "closed", "open"];
const CLOSED_FIELDS: &[&str] = &["date", "reason"];
const OPEN_FIELDS: &[&str] = &["date", "open", "close", "reason"];

const DATE: &str = "a date like \"2027-06-14\"";
const OPENS: &str = "a time like \"10:00\", or \"18:00-1d\" for the evening before";
const CLOSES: &str = "a time like \"13:00\", up to \"24:00\"";
const TEXT: &str = "text in quotes";
const TABLES: &str = "tables headed [[closed]] or [[open]]";

/// Sessions added, removed or given other hours, and a later `valid_to`: see [the format](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    pub(super) calendar: &'static str,
    pub(super) valid_to: Option<(Date, usize)>,
    pub(super) changes: BTreeMap<Date, Change>,
}

/// What is to happen on a date; `line` is where its entry begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Closed { reason: String, line: usize },
    Open { open: Option<Minute>, close: Option<Minute>, reason: String, line: usize },
}

impl Change {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Closed { reason, .. } | Self::Open { reason, .. } => reason,
        }
    }

    pub(super) fn line(&self) -> usize {
        match self {
            Self::Closed { line, .. } | Self::Open { line, .. } => *line,
        }
    }
}

impl Overlay {
    /// Reads an overlay.
    ///
    /// # Errors
    /// [`OverlayError`] with the line: no TOML, an unknown or missing field, a value that can't be read, a
    /// close that is not after its open, two entries for one date.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let source = Source { text };
        let document = DeTable::parse(text).map_err(|e| OverlayError::Syntax {
            line: source.line(e.span().map_or(0, |span| span.start)),
            reason: e.message().to_owned(),
        })?;
        let root = Table { source, name: "the overlay", line: 1, table: document.get_ref() };
        root.known_fields(FIELDS)?;

        let (id, id_line) = root.text("calendar", TEXT)?.ok_or_else(|| root.missing("calendar"))?;
        let venue = venue_named(&id).ok_or_else(|| OverlayError::UnknownCalendar {
            line: id_line,
            nearest: nearest_id(&id),
            got: id,
            known: venues::IDS,
        })?;
        let mut changes = BTreeMap::new();
        let mut add = |date, change: Change| match changes.entry(date) {
            Entry::Vacant(entry) => {
                entry.insert(change);
                Ok(())
            }
            Entry::Occupied(entry) => {
                let (a, b) = (entry.get().line(), change.line());
                Err(OverlayError::Twice { line: a.max(b), date, first: a.min(b) })
            }
        };
        for table in root.tables("closed", "[[closed]]")? {
            table.known_fields(CLOSED_FIELDS)?;
            add(table.date()?, Change::Closed { reason: table.reason()?, line: table.line })?;
        }
        for table in root.tables("open", "[[open]]")? {
            table.known_fields(OPEN_FIELDS)?;
            add(table.date()?, table.opening()?)?;
        }
        Ok(Self { calendar: venue.id, valid_to: root.dated("valid_to")?, changes })
    }

    /// The id of the calendar it is for.
    pub fn calendar(&self) -> &'static str {
        self.calendar
    }
}

#[derive(Clone, Copy)]
struct Source<'t> {
    text: &'t str,
}

impl Source<'_> {
    /// The line of a byte, from 1.
    fn line(self, byte: usize) -> usize {
        1 + self.text.bytes().take(byte).filter(|&b| b == b'\n').count()
    }
}

/// A table with where it stands.
struct Table<'t> {
    source: Source<'t>,
    name: &'static str,
    line: usize,
    table: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    fn known_fields(&self, known: &'static [&'static str]) -> Result<(), OverlayError> {
        // In the order of the text, so that the first mistake is the one reported.
        let unknown = self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let field = key.get_ref().as_ref();
        Err(OverlayError::UnknownField {
            line: self.source.line(key.span().start),
            table: self.name,
            field: field.to_owned(),
            known,
            nearest: crate::error::nearest(field, known.iter().copied()),
        })
    }

    fn missing(&self, field: &'static str) -> OverlayError {
        OverlayError::MissingField { line: self.line, table: self.name, field }
    }

    fn refuse(
        &self,
        field: &'static str,
        value: &Spanned<DeValue<'_>>,
        allowed: &'static str,
    ) -> OverlayError {
        let got = match value.get_ref() {
            DeValue::String(text) => format!("\"{text}\""),
            DeValue::Integer(n) => n.to_string(),
            DeValue::Float(x) => x.to_string(),
            DeValue::Boolean(b) => b.to_string(),
            DeValue::Datetime(when) => when.to_string(),
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        OverlayError::BadValue { line: self.source.line(value.span().start), field, got, allowed }
    }

    /// A text, or a TOML date or time as its text, with its line.
    fn text(
        &self,
        field: &'static str,
        allowed: &'static str,
    ) -> Result<Option<(String, usize)>, OverlayError> {
        let Some(value) = self.table.get(field) else {
            return Ok(None);
        };
        let text = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Datetime(when) if allowed != TEXT => when.to_string(),
            _ => return Err(self.refuse(field, value, allowed)),
        };
        Ok(Some((text, self.source.line(value.span().start))))
    }

    /// A text that `read` understands, with its line.
    fn read<T>(
        &self,
        field: &'static str,
        allowed: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<(T, usize)>, OverlayError> {
        let Some((got, line)) = self.text(field, allowed)? else {
            return Ok(None);
        };
        match read(&got) {
            Some(value) => Ok(Some((value, line))),
            None => Err(OverlayError::BadValue { line, field, got: format!("\"{got}\""), allowed }),
        }
    }

    fn dated(&self, field: &'static str) -> Result<Option<(Date, usize)>, OverlayError> {
        // Exactly a date: jiff alone would take a date-time too and drop its time.
        self.read(field, DATE, |text| if text.len() == 10 { text.parse().ok() } else { None })
    }

    fn date(&self) -> Result<Date, OverlayError> {
        self.dated("date")?.map(|(date, _)| date).ok_or_else(|| self.missing("date"))
    }

    fn reason(&self) -> Result<String, OverlayError> {
        Ok(self.text("reason", TEXT)?.map_or_else(|| OVERLAY.to_owned(), |(reason, _)| reason))
    }

    fn opening(&self) -> Result<Change, OverlayError> {
        let open = self.read("open", OPENS, open_minute)?.map(|(open, _)| open);
        let close = self.read("close", CLOSES, minute)?.map(|(close, _)| close);
        if let (Some(open), Some(close)) = (open, close)
            && close <= open
        {
            return Err(OverlayError::CloseNotAfterOpen {
                line: self.line,
                date: self.date()?,
                open: clock(open),
                close: clock(close),
            });
        }
        Ok(Change::Open { open, close, reason: self.reason()?, line: self.line })
    }

    /// The tables of an array; none where the field is absent.
    fn tables(&self, field: &'static str, name: &'static str) -> Result<Vec<Table<'t>>, OverlayError> {
        let Some(value) = self.table.get(field) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.refuse(field, value, TABLES));
        };
        let table = |entry: &'t Spanned<DeValue<'t>>| match entry.get_ref() {
            DeValue::Table(table) => {
                Ok(Table { source: self.source, name, line: self.source.line(entry.span().start), table })
            }
            _ => Err(self.refuse(field, entry, TABLES)),
        };
        entries.iter().map(table).collect()
    }
}

/// `HH:MM`, 00:00 to 24:00; whole minutes only (`HH:MM:00` is what a TOML time prints).
fn minute(text: &str) -> Option<Minute> {
    let text = if text.len() == 8 { text.strip_suffix(":00")? } else { text };
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let sound = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if sound { part.parse::<Minute>().ok() } else { None }
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    (minute < 60 && at(hour, minute) <= DAY).then(|| at(hour, minute))
}

/// A time of the date, or with `-1d` of the evening before.
fn open_minute(text: &str) -> Option<Minute> {
    match text.strip_suffix("-1d") {
        Some(evening) => minute(evening.trim_end()).map(|m| m - DAY),
        None => minute(text).filter(|&m| m < DAY),
    }
}

/// A minute as it is written.
fn clock(minute: Minute) -> String {
    let of_day = if minute == DAY { DAY } else { minute.rem_euclid(DAY) };
    format!("{:02}:{:02}{}", of_day / 60, of_day % 60, if minute < 0 { "-1d" } else { "" })
}
