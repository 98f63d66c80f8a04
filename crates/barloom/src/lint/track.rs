//! One symbol: the session that it is in, base bar by base bar.

use barloom_core::calendar::{Segment, SessionIndex};
use barloom_core::derive::{DeriveRules, Minute};
use barloom_core::{Calendar, CalendarError, Record, Timestamp};

use super::blocks::{Block, part_of, traded};
use super::finding::Kind;
use super::split::{Left, like};

/// What is known of a symbol.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// The file that its last row was in, from 1.
    file: u32,
    /// The newest open.
    newest: Option<Timestamp>,
    block: Option<Block>,
    current: Option<Current>,
    /// What the session before left.
    left: Option<Left>,
}

/// The session that a symbol is in.
#[derive(Debug)]
struct Current {
    index: SessionIndex,
    starts: Timestamp,
    ends: Timestamp,
    date: jiff::civil::Date,
    segments: Vec<Segment>,
    /// Nanoseconds of a base bar; none where it is the session.
    base: Option<i64>,
    /// A digest of each base bar's values; 0 where it is missing.
    slots: Vec<u64>,
    /// The first slot that counts: the symbol's first session begins with its first row.
    from: usize,
    left: Left,
    newest: Timestamp,
}

/// What a row is to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its bar is new.
    New,
    /// It says the same again.
    Same,
    /// It says something else.
    Other,
    /// Its session is over.
    Past,
    /// It is in no traded hours.
    Outside,
}

impl Track {
    /// The newest open so far.
    pub(super) fn newest(&self) -> Timestamp {
        self.newest.unwrap_or(Timestamp::MIN)
    }

    /// Whether its next row, of that file, is the first one there.
    pub(super) fn enters(&mut self, file: u32) -> bool {
        std::mem::replace(&mut self.file, file) != file
    }

    pub(super) fn block(&mut self) -> &mut Option<Block> {
        &mut self.block
    }

    /// Takes a sound row; `tell` is told what is odd about it.
    pub(super) fn take(
        &mut self,
        rules: &DeriveRules,
        minute: &Minute,
        record: &Record,
        mut tell: impl FnMut(Kind, Timestamp, &dyn Fn() -> String),
    ) -> Result<Place, CalendarError> {
        let open = minute.bar.open_time();
        self.newest = self.newest.max(Some(open));
        if self.current.as_ref().is_some_and(|current| open < current.starts) {
            return Ok(Place::Past);
        }
        if self.current.as_ref().is_none_or(|current| open >= current.ends) {
            let calendar = &rules.calendar;
            let index = calendar.at_or_after(open)?;
            let session = calendar.session(index);
            if !traded(session, rules.hours).iter().any(|segment| segment.contains(open)) {
                tell(Kind::OutOfSession, open, &|| part_of(session, open).to_owned());
                return Ok(Place::Outside);
            }
            let is_first = self.current.is_none();
            if let Some(over) = self.current.take() {
                over.end(over.slots.len(), &mut tell);
                missing(calendar, over.index, index, &mut tell)?;
                self.left = Some(over.left);
            }
            if let Some(left) = self.left
                && let Some((new, old)) = like(&left, record.open)
            {
                tell(Kind::PossibleSplit, open, &|| split_text(&left, record.open, new, old));
            }
            self.current = Some(Current::new(rules, index, minute, is_first));
        }
        let Some(current) = &mut self.current else { return Ok(Place::Outside) };
        let Some(slot) = current.slot(open) else {
            tell(Kind::OutOfSession, open, &|| {
                part_of(rules.calendar.session(current.index), open).to_owned()
            });
            return Ok(Place::Outside);
        };
        let digest = digest(record);
        let place = match current.slots[slot] {
            0 => Place::New,
            own if own == digest => Place::Same,
            _ => Place::Other,
        };
        match place {
            Place::Same => tell(Kind::Duplicate, open, &|| "is there already, with these values".to_owned()),
            Place::Other => tell(Kind::Corrected, open, &|| "is there already, with other values".to_owned()),
            _ => {}
        }
        current.slots[slot] = digest;
        current.fold(open, record);
        Ok(place)
    }

    /// There are no more rows. What would follow the last one is not missing.
    pub(super) fn end(&mut self, mut tell: impl FnMut(Kind, Timestamp, &dyn Fn() -> String)) {
        if let Some(current) = self.current.take() {
            let behind = current.slots.iter().rposition(|digest| *digest != 0).map_or(0, |last| last + 1);
            current.end(behind, &mut tell);
        }
    }
}

impl Current {
    fn new(rules: &DeriveRules, index: SessionIndex, minute: &Minute, is_first: bool) -> Self {
        let session = rules.calendar.session(index);
        let (segments, base) = (traded(session, rules.hours).to_vec(), rules.base.nanos());
        let slots = match base {
            Some(base) => segments.iter().map(|segment| segment.close.since(segment.open) / base).sum(),
            None => 1,
        };
        let bar = &minute.bar;
        let mut current = Self {
            index,
            starts: session.starts(),
            ends: session.ends(),
            date: session.date(),
            segments,
            base,
            slots: vec![0; usize::try_from(slots).unwrap_or(0)],
            from: 0,
            left: Left { high: bar.high(), low: bar.low(), close: bar.close() },
            newest: bar.open_time(),
        };
        if is_first {
            current.from = current.slot(bar.open_time()).unwrap_or(0);
        }
        current
    }

    /// The place of a bar that opens at `open`.
    fn slot(&self, open: Timestamp) -> Option<usize> {
        let mut before = 0;
        for segment in &self.segments {
            if segment.contains(open) {
                let within = self.base.map_or(0, |base| open.since(segment.open) / base);
                return usize::try_from(before + within).ok().filter(|slot| *slot < self.slots.len());
            }
            before += self.base.map_or(0, |base| segment.close.since(segment.open) / base);
        }
        None
    }

    /// When the bar at `slot` opens.
    fn open_of(&self, slot: usize) -> Timestamp {
        let mut rest = slot as i64;
        for segment in &self.segments {
            let Some(base) = self.base else { return segment.open };
            let own = segment.close.since(segment.open) / base;
            if rest < own {
                return segment.open.saturating_add(rest * base);
            }
            rest -= own;
        }
        self.ends
    }

    fn fold(&mut self, open: Timestamp, record: &Record) {
        self.left.high = if record.high > self.left.high { record.high } else { self.left.high };
        self.left.low = if record.low < self.left.low { record.low } else { self.left.low };
        if open >= self.newest {
            (self.newest, self.left.close) = (open, record.close);
        }
    }

    /// The session is over; slots from `behind` on don't count.
    fn end(&self, behind: usize, tell: &mut impl FnMut(Kind, Timestamp, &dyn Fn() -> String)) {
        let from = self.from.min(behind);
        let counted = &self.slots[from..behind];
        let missing = counted.iter().filter(|digest| **digest == 0).count();
        if missing == 0 {
            return;
        }
        let (mut longest, mut length, mut first) = ((0, 0), 0, None);
        for (at, digest) in counted.iter().chain([&1]).enumerate() {
            if *digest == 0 {
                first = first.or(Some(at));
                length += 1;
            } else {
                if length > longest.0 {
                    longest = (length, at - length);
                }
                length = 0;
            }
        }
        let at = self.open_of(from + first.unwrap_or(0));
        tell(Kind::Gap, at, &|| {
            let (length, start) = (longest.0, self.open_of(from + longest.1));
            let (all, date) = (counted.len(), self.date);
            format!(
                "{missing} of {all} bars of session {date} are missing, the longest stretch {length} from {start}"
            )
        });
    }
}

/// Tells the sessions between `from` and `to`, in which the symbol has no row.
fn missing(
    calendar: &Calendar,
    from: SessionIndex,
    to: SessionIndex,
    tell: &mut impl FnMut(Kind, Timestamp, &dyn Fn() -> String),
) -> Result<(), CalendarError> {
    let (mut at, mut dates) = (calendar.next(from)?, None);
    let (first, mut count) = (at, 0);
    while at < to {
        count += 1;
        dates = Some(calendar.session(at).date());
        at = calendar.next(at)?;
    }
    if let Some(last) = dates {
        let session = calendar.session(first);
        tell(Kind::MissingSession, session.open(), &|| match count {
            1 => format!("no bar in session {last}"),
            _ => format!("no bar in {count} sessions, {} to {last}", session.date()),
        });
    }
    Ok(())
}

fn split_text(left: &Left, open: f64, new: u32, old: u32) -> String {
    format!(
        "opens at {open} after a close of {}: looks like a split of {new}:{old}; `--adjustments FILE` adjusts for one",
        left.close
    )
}

/// A word for the values, never 0.
fn digest(record: &Record) -> u64 {
    let Record { open, high, low, close, volume, vwap, trade_count, label: _ } = *record;
    let bits = |value: Option<f64>| value.map_or(u64::MAX, f64::to_bits);
    let count = trade_count.map_or(u64::MAX, |count| count as u64);
    let words = [
        bits(Some(open)),
        bits(Some(high)),
        bits(Some(low)),
        bits(Some(close)),
        bits(volume),
        bits(vwap),
        count,
    ];
    let mixed = words.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, word| {
        (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    mixed.max(1)
}
