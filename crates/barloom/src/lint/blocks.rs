//! Where stretches of rows begin and end beside their sessions: what stamp and zone show.

use barloom_core::calendar::{Hours, Segment, Session};
use barloom_core::derive::{DeriveRules, Minute, TradingHours};
use barloom_core::time::NANOS_PER_SECOND;
use barloom_core::{Calendar, CalendarError, Timestamp};

use super::finding::Kind;

const MINUTE: i64 = 60 * NANOS_PER_SECOND;
/// A pause that ends a block.
const PAUSE: i64 = 4 * 60 * MINUTE;
/// Zones differ by multiples of this, and by up to so many.
const STEP: i64 = 30 * MINUTE;
const STEPS: i64 = 28;
/// How far from a step a block of another zone begins, and ends: thin markets begin late and end early.
const NEAR_OPEN: i64 = 2 * MINUTE;
const NEAR_CLOSE: i64 = 10 * MINUTE;
/// Fewer blocks show nothing.
const ENOUGH: u64 = 3;

/// Rows of a symbol without a long pause: the first open and the last close.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    from: Timestamp,
    to: Timestamp,
}

/// Where blocks of rows begin beside the session that they are next to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// All blocks.
    pub blocks: u64,
    /// Those that begin with the session.
    pub at_open: u64,
    /// Those that begin a base bar later.
    pub after_open: u64,
    /// Those that begin a base bar earlier.
    pub before_open: u64,
    /// Those that lie by whole half hours beside trading, at both ends.
    pub shifted: u64,
    /// By how many minutes the most of them do; negative where they come too early.
    pub shift: i64,
}

#[derive(Debug)]
pub(super) struct Blocks {
    /// None where sessions have no open that could be seen.
    calendar: Option<Calendar>,
    hours: TradingHours,
    base: i64,
    places: Places,
    shifts: [u64; 2 * STEPS as usize + 1],
}

/// The segments that are traded.
pub(super) fn traded(session: &Session, hours: TradingHours) -> &[Segment] {
    if hours == TradingHours::Extended { session.segments() } else { session.regular() }
}

impl Blocks {
    pub(super) fn new(rules: &DeriveRules) -> Self {
        let seen = rules.calendar.id() != "24/7";
        let base = rules.base.nanos();
        Self {
            calendar: base.filter(|_| seen).map(|_| rules.calendar.clone()),
            hours: rules.hours,
            base: base.unwrap_or(0),
            places: Places::default(),
            shifts: [0; 2 * STEPS as usize + 1],
        }
    }

    /// A row of a symbol that has `block` follows.
    pub(super) fn see(&mut self, block: &mut Option<Block>, minute: &Minute) -> Result<(), CalendarError> {
        if self.calendar.is_none() {
            return Ok(());
        }
        let (open, close) = (minute.bar.open_time(), minute.close);
        match block {
            Some(block) if open.since(block.to) < PAUSE => block.to = block.to.max(close),
            _ => {
                self.end(block)?;
                *block = Some(Block { from: open, to: close });
            }
        }
        Ok(())
    }

    /// A block is over.
    pub(super) fn end(&mut self, block: &mut Option<Block>) -> Result<(), CalendarError> {
        let (Some(Block { from, to }), Some(calendar)) = (block.take(), &self.calendar) else {
            return Ok(());
        };
        let open = |session: &Session| traded(session, self.hours).first().map(|first| first.open);
        let close = |session: &Session| traded(session, self.hours).last().map(|last| last.close);
        let begins = nearest(calendar, from, open)?;
        let ends = nearest(calendar, to, close)?;
        let (Some(begins), Some(ends)) = (begins, ends) else { return Ok(()) };
        self.places.blocks += 1;
        let count = match begins {
            0 => Some(&mut self.places.at_open),
            _ if begins == self.base => Some(&mut self.places.after_open),
            _ if begins == -self.base => Some(&mut self.places.before_open),
            _ => None,
        };
        if let Some(count) = count {
            *count += 1;
        }
        let steps = (begins + STEP / 2).div_euclid(STEP);
        let is_near = (begins - steps * STEP).abs() <= NEAR_OPEN && (ends - steps * STEP).abs() <= NEAR_CLOSE;
        if is_near && steps != 0 && steps.abs() <= STEPS {
            self.places.shifted += 1;
            self.shifts[(steps + STEPS) as usize] += 1;
        }
        Ok(())
    }

    pub(super) fn places(&self) -> Places {
        let most = self.shifts.iter().enumerate().max_by_key(|(_, count)| **count);
        let shift = most.filter(|(_, count)| **count > 0).map_or(0, |(at, _)| at as i64 - STEPS);
        Places { shift: shift * STEP / MINUTE, ..self.places }
    }
}

/// From the nearest of the sessions' instants to `at`, in nanoseconds.
fn nearest(
    calendar: &Calendar,
    at: Timestamp,
    of: impl Fn(&Session) -> Option<Timestamp>,
) -> Result<Option<i64>, CalendarError> {
    let index = calendar.at_or_after(at)?;
    let around = [calendar.previous(index).ok(), Some(index), calendar.next(index).ok()];
    let distances =
        around.into_iter().flatten().filter_map(|index| Some(at.since(of(calendar.session(index))?)));
    Ok(distances.min_by_key(|distance| distance.abs()))
}

impl Places {
    /// Whether `count` is four of five blocks, and those are enough.
    fn is_most(&self, count: u64) -> bool {
        self.blocks >= ENOUGH && 5 * count >= 4 * self.blocks
    }

    /// Whether rows begin where trading begins.
    pub fn fits(&self) -> bool {
        self.is_most(self.at_open)
    }

    /// That the times look like the other end of their bars.
    pub fn stamp_hint(&self) -> Option<(Kind, String)> {
        let all = self.blocks;
        let say = |count: u64, when: &str, what: &str, flag: &str| {
            let text = format!(
                "{count} of {all} sessions begin a bar {when} trading does: the times look like {what}, `--stamp {flag}`"
            );
            Some((Kind::Stamp, text))
        };
        match () {
            () if self.is_most(self.after_open) => {
                say(self.after_open, "after", "closes read as opens", "close")
            }
            () if self.is_most(self.before_open) => {
                say(self.before_open, "before", "opens read as closes", "open")
            }
            () => None,
        }
    }

    /// That the times look like another zone's.
    pub fn zone_hint(&self) -> Option<(Kind, String)> {
        let (hours, minutes) = (self.shift.abs() / 60, self.shift.abs() % 60);
        let by = if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") };
        let when = if self.shift < 0 { "before" } else { "after" };
        self.is_most(self.shifted).then(|| {
            let text = format!(
                "{} of {} sessions lie {by} {when} trading hours: the times look like another zone's, `--tz ZONE`, or the calendar is another market's",
                self.shifted, self.blocks
            );
            (Kind::Zone, text)
        })
    }
}

/// The parts of a session that are named where a row lies outside the traded ones.
pub(super) fn part_of(session: &Session, at: Timestamp) -> &'static str {
    match session.segments().iter().find(|segment| segment.contains(at)).map(|segment| segment.hours) {
        Some(Hours::Pre) => "in the pre-market",
        Some(Hours::Post) => "in the post-market",
        Some(Hours::Regular) | None => "outside trading hours",
    }
}
