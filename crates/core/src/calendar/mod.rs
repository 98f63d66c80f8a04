//! Trading calendars: which dates have a session, and when it trades.
//!
//! [`Calendar::named`] gives a calendar, [`Calendar::at_or_after`] the session an instant belongs to,
//! [`Calendar::session`] its [`Session`]: a date and its [`Segment`]s in UTC.
//!
//! ```
//! use barloom_core::{Calendar, Timestamp};
//! let xnys = Calendar::named("XNYS")?;
//! let at: Timestamp = "2024-11-29T09:30:00-05:00".parse()?;
//! let friday = xnys.session(xnys.at_or_after(at)?);
//! assert_eq!(friday.close().to_string(), "2024-11-29T18:00:00Z");
//! assert_eq!(xnys.note(friday.date()).unwrap().name, "early close (day after Thanksgiving)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No list of sessions exists: a calendar is regular hours by date range plus rules and dated exceptions,
//! each with its source. To find one, open `venues/` (one market a file) and read its `rules` from top to
//! bottom; `rules.rs` is the vocabulary, `schedule.rs` turns rules into the sessions of a year, which are
//! made when first asked for and kept. Users change a calendar with an [`Overlay`].
//!
//! Beyond the dates it is known for a calendar answers with an error, never with a guess. Time zones come
//! from the database bundled with jiff, never from the host.

mod error;
pub mod overlay;
mod rules;
mod schedule;
mod session;
mod venues;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

pub use error::{Asked, CalendarError, OverlayError};
pub use overlay::Overlay;
pub use session::{Hours, MOST_SEGMENTS, Segment, Session};

use crate::time::Timestamp;
use overlay::Change;
use rules::{Venue, from_number};
use schedule::Schedule;

/// The last date any calendar can be extended to; within it every session fits a [`Timestamp`].
const LATEST: Date = Date::constant(2199, 12, 31);
/// What a note names as the source of a user's change, and its reason where none is given.
const OVERLAY: &str = "overlay";

/// When a market trades. A clone is cheap and shares the sessions already made.
#[derive(Clone)]
pub struct Calendar {
    inner: Arc<Inner>,
}

struct Inner {
    schedule: Schedule,
    /// The sessions of each year of the validity, made when first asked for.
    years: Box<[OnceLock<Box<[Session]>>]>,
}

/// A session of one calendar, in the order of time. It means nothing in another calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionIndex(u32); // year, then place in the year: neighbours and order need no search

/// Bits of a [`SessionIndex`] for the place in the year: a year has at most 366 sessions.
const PLACE_BITS: u32 = 9;

impl SessionIndex {
    fn new(year: i16, place: usize) -> Self {
        // Invariant: years are 1900 to 2199 and places below 366, see `LATEST`.
        let part = |n: usize| u32::try_from(n).unwrap_or(0);
        Self(part(usize::try_from(year).unwrap_or(0)) << PLACE_BITS | part(place))
    }

    fn year(self) -> i16 {
        i16::try_from(self.0 >> PLACE_BITS).unwrap_or(0)
    }

    fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }
}

/// Why a date has no session, or an unusual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `Thanksgiving Day`, `early close (Christmas Eve)`, `weekend`, or the reason an overlay gives.
    pub name: Cow<'static, str>,
    /// Who says so and what it was checked against; `overlay` for a user's change.
    pub source: Cow<'static, str>,
}

impl Calendar {
    /// The calendar with this id or alias, in any case.
    ///
    /// # Errors
    /// [`CalendarError::Unknown`] lists the ids and the nearest one.
    pub fn named(id: &str) -> Result<Self, CalendarError> {
        let venue = venue_named(id).ok_or_else(|| CalendarError::Unknown {
            got: id.to_owned(),
            known: venues::IDS,
            nearest: nearest_id(id),
        })?;
        let zone = zone_of(venue);
        let valid =
            (from_number(venue.valid.0).unwrap_or(LATEST), from_number(venue.valid.1).unwrap_or(LATEST));
        Ok(Self::from_schedule(Schedule { venue, zone, valid, changes: Default::default() }))
    }

    /// This calendar with a user's changes on top; on a date with several changes the newest overlay counts.
    ///
    /// `valid_to` extends the calendar and never shortens it.
    ///
    /// # Errors
    /// [`CalendarError::Overlay`] when the overlay is for another calendar, names a date outside the
    /// (extended) validity, closes a weekend, or gives hours that leave nothing or run into the next session.
    pub fn with_overlay(&self, overlay: &Overlay) -> Result<Self, CalendarError> {
        let mut schedule = self.inner.schedule.clone();
        let calendar = schedule.venue.id;
        if overlay.calendar != calendar {
            return Err(OverlayError::OtherCalendar { overlay: overlay.calendar, calendar }.into());
        }
        let (from, known_to) = schedule.valid;
        if let Some((to, line)) = overlay.valid_to {
            if to > LATEST {
                let error = OverlayError::BadValue {
                    line,
                    field: "valid_to",
                    got: to.to_string(),
                    allowed: "a date up to 2199-12-31",
                };
                return Err(error.into());
            }
            schedule.valid.1 = known_to.max(to);
        }
        let to = schedule.valid.1;
        for (&date, change) in &overlay.changes {
            let line = change.line();
            if date < from || to < date {
                let error = OverlayError::OutOfRange { line, date, calendar, valid_from: from, valid_to: to };
                return Err(error.into());
            }
            let weekend = !schedule.venue.week.contains(&date.weekday());
            if weekend && matches!(change, Change::Closed { .. }) && !schedule.changes.contains_key(&date) {
                let weekday = weekday_name(date);
                return Err(OverlayError::NothingToClose { line, date, weekday, calendar }.into());
            }
            schedule.changes.insert(date, change.clone());
        }
        let changed = Self::from_schedule(schedule);
        for (&date, change) in &overlay.changes {
            changed.check_opening(date, change)?;
        }
        Ok(changed)
    }

    /// The ids of all calendars.
    pub fn ids() -> &'static [&'static str] {
        venues::IDS
    }

    /// The canonical id: `XNAS` gives `XNYS`.
    pub fn id(&self) -> &str {
        self.inner.schedule.venue.id
    }

    /// The zone of the venue's clock; UTC for `24/7`.
    pub fn zone(&self) -> &TimeZone {
        &self.inner.schedule.zone
    }

    /// First and last session date the calendar knows, inclusive.
    pub fn valid(&self) -> (Date, Date) {
        self.inner.schedule.valid
    }

    /// From the first instant of the first session to the last of the last: between them [`at_or_after`] always has
    /// an answer. An empty span where there is no session.
    ///
    /// [`at_or_after`]: Self::at_or_after
    pub fn known(&self) -> (Timestamp, Timestamp) {
        let (from, to) = self.valid();
        let first = self.place_or_later(from.year(), 0);
        let mut years = (from.year()..=to.year()).rev();
        let last = years.find_map(|year| self.year(year).last());
        match (first, last) {
            (Some(first), Some(last)) => (self.session(first).starts(), last.ends()),
            _ => (Timestamp::MAX, Timestamp::MIN),
        }
    }

    /// The market and its hours in a line.
    pub fn description(&self) -> &str {
        self.inner.schedule.venue.description
    }

    /// Whether sessions have pre- or post-market segments.
    pub fn has_extended(&self) -> bool {
        self.inner.schedule.venue.extended.is_some()
    }

    /// The first session whose last segment, post-market included, closes after `at`: the one `at` lies in,
    /// or the next. O(log n).
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] when that session is not known: `at` lies before the first date (except
    /// in the evening its session opens) or after the last session.
    pub fn at_or_after(&self, at: Timestamp) -> Result<SessionIndex, CalendarError> {
        let unknown = || self.out_of_range(Asked::Instant(at));
        let (from, _) = self.valid();
        let date = self.zone().to_datetime(at.to_jiff()).date();
        // A session ends by midnight of its date, so none dated before `date` can be the answer.
        let year = date.max(from).year();
        let place = self.year(year).partition_point(|session| session.ends() <= at);
        let found = self.place_or_later(year, place).ok_or_else(unknown)?;
        if date < from && at < self.session(found).starts() { Err(unknown()) } else { Ok(found) }
    }

    /// The session after `i`. O(1).
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] after the last session the calendar knows.
    pub fn next(&self, i: SessionIndex) -> Result<SessionIndex, CalendarError> {
        self.place_or_later(i.year(), i.place() + 1)
            .ok_or_else(|| self.out_of_range(Asked::After(self.session(i).date())))
    }

    /// The session before `i`. O(1).
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] before the first session the calendar knows.
    pub fn previous(&self, i: SessionIndex) -> Result<SessionIndex, CalendarError> {
        if let Some(place) = i.place().checked_sub(1) {
            return Ok(SessionIndex::new(i.year(), place));
        }
        let earlier = (self.valid().0.year()..i.year()).rev();
        let mut last =
            earlier.filter_map(|y| self.year(y).len().checked_sub(1).map(|p| SessionIndex::new(y, p)));
        last.next().ok_or_else(|| self.out_of_range(Asked::Before(self.session(i).date())))
    }

    /// The session `i`. O(1).
    ///
    /// # Panics
    /// May panic when `i` came from another calendar.
    pub fn session(&self, i: SessionIndex) -> &Session {
        &self.year(i.year())[i.place()]
    }

    /// The session of `date`, `None` if it has none. O(log n).
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a date outside [`valid`](Self::valid).
    pub fn on(&self, date: Date) -> Result<Option<SessionIndex>, CalendarError> {
        let (from, to) = self.valid();
        if date < from || to < date {
            return Err(self.out_of_range(Asked::Date(date)));
        }
        let place = self.year(date.year()).binary_search_by_key(&date, Session::date);
        Ok(place.ok().map(|place| SessionIndex::new(date.year(), place)))
    }

    /// Why `date` has no session or an unusual one; `None` for an ordinary session and for a date outside
    /// [`valid`](Self::valid).
    pub fn note(&self, date: Date) -> Option<Note> {
        let (from, to) = self.valid();
        if date < from || to < date { None } else { self.inner.schedule.note(date) }
    }

    fn from_schedule(schedule: Schedule) -> Self {
        let years = schedule.valid.0.year()..=schedule.valid.1.year();
        let years = years.map(|_| OnceLock::new()).collect();
        Self { inner: Arc::new(Inner { schedule, years }) }
    }

    /// The sessions dated in `year`; none outside the validity.
    fn year(&self, year: i16) -> &[Session] {
        let Inner { schedule, years } = &*self.inner;
        let place = usize::try_from(i32::from(year) - i32::from(schedule.valid.0.year()));
        let slot = place.ok().and_then(|place| years.get(place));
        slot.map_or(&[], |slot| slot.get_or_init(|| schedule.year(year)))
    }

    /// The session at `place` of `year`, or the first of a later year when that year has no such place.
    fn place_or_later(&self, year: i16, place: usize) -> Option<SessionIndex> {
        if place < self.year(year).len() {
            return Some(SessionIndex::new(year, place));
        }
        let mut later = year + 1..=self.valid().1.year();
        later.find(|&year| !self.year(year).is_empty()).map(|year| SessionIndex::new(year, 0))
    }

    fn out_of_range(&self, asked: Asked) -> CalendarError {
        let (valid_from, valid_to) = self.valid();
        CalendarError::OutOfRange { calendar: self.inner.schedule.venue.id, asked, valid_from, valid_to }
    }

    /// That an overlay's opening gives a session, and one that leaves its neighbours alone.
    fn check_opening(&self, date: Date, change: &Change) -> Result<(), CalendarError> {
        if matches!(change, Change::Closed { .. }) {
            return Ok(());
        }
        let line = change.line();
        let schedule = &self.inner.schedule;
        let session = schedule.day(date).ok_or(OverlayError::NothingLeft { line, date })?;
        // A session lies in its date and the day before, so only these dates can touch it.
        let near = |days: i32| schedule.day(date.saturating_add(days.days()));
        for other in [near(-1), near(1)].into_iter().flatten() {
            if other.starts() < session.ends() && session.starts() < other.ends() {
                return Err(OverlayError::Overlap { line, date, other: other.date() }.into());
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calendar").field(&format_args!("{}", self.id())).finish()
    }
}

fn venue_named(id: &str) -> Option<&'static Venue> {
    let named = |venue: &&Venue| {
        venue.id.eq_ignore_ascii_case(id) || venue.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
    };
    venues::VENUES.iter().copied().find(|venue| named(venue))
}

/// The id `got` was perhaps meant to be: names people try count as much as near spellings.
fn nearest_id(got: &str) -> Option<&'static str> {
    let names = |venue: &'static Venue| {
        [venue.id].into_iter().chain(venue.aliases.iter().copied()).chain(venue.hints.iter().copied())
    };
    let near = crate::error::nearest(got, venues::VENUES.iter().copied().flat_map(names))?;
    venues::VENUES.iter().copied().find(|venue| names(venue).any(|name| name == near)).map(|venue| venue.id)
}

/// The venue's zone from the bundled database.
#[expect(
    clippy::expect_used,
    reason = "zone names are constants of this crate; a test builds every calendar"
)]
fn zone_of(venue: &Venue) -> TimeZone {
    static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    if venue.zone == "UTC" {
        return TimeZone::UTC;
    }
    BUNDLED.get(venue.zone).expect("the bundled database has the zones of the shipped calendars")
}

fn weekday_name(date: Date) -> &'static str {
    use jiff::civil::Weekday;
    match date.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}
