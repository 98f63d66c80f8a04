//! A snapshot of each version of the format, kept as a file: what an older Barloom saved goes on in this one.

use barloom_core::derive::Late;
use barloom_core::snapshot::VERSION;
use barloom_core::store::Keep;

use crate::run::{EVERY, Event, OPENS, Row, Run, Setup, parting};

/// Of version 1.
pub(crate) const KEPT: &[u8] = include_bytes!("../../../../testdata/snapshots/v1.snapshot");

/// The run that was saved.
pub(crate) fn kept_setup() -> Setup {
    Setup {
        intervals: EVERY,
        specs: &["sma:3", "vwap", "macd:3,5,2", "bbands:4,2", "obv", "percent_rank:5", "pivot_points"],
        extended: false,
        strict: false,
        has_base: false,
        grace: 0,
        flush: false,
        late: Late::Drop,
        keep: Keep::Session,
        retain: 1,
        ahead: 0,
    }
}

/// Its events, of which [`SAVED_AT`] came before it was saved: two symbols up to a close, and the minutes of a half day, some late,
/// corrected, again or refused.
pub(crate) fn kept_events() -> Vec<Event> {
    let mut events = vec![Event::Historical];
    let days = [(6..20, 19), (OPENS[0]..OPENS[0] + 40, OPENS[0] + 39)];
    for (minutes, last) in days {
        for minute in minutes {
            let row = |symbol, minute, value| Row { symbol, minute, value };
            let mut rows = vec![row(0, minute, 0)];
            if minute % 3 != 1 {
                rows.push(row(1, minute, 0));
            }
            match minute % 11 {
                2 => rows.push(row(0, minute - 1, 1)),
                3 => rows.push(row(1, minute - 7, 0)),
                4 => rows.push(row(0, minute, 3)),
                5 => rows.push(row(0, minute, 0)),
                _ => {}
            }
            events.push(Event::Rows { at: minute + 1, rows });
        }
        events.push(Event::Clock(last + 5));
        events.push(Event::Historical);
    }
    events
}

/// In the middle of buckets, and of rows that follow one another.
const SAVED_AT: usize = 36;

fn run_to(events: &[Event]) -> Run {
    let mut run = kept_setup().run();
    events.iter().for_each(|event| run.take(event));
    run
}

#[test]
fn what_version_1_saved_goes_on() {
    let events = kept_events();
    let (mut whole, told) = (run_to(&events[..SAVED_AT]), |run: &Run| run.told.join("\n"));
    let mut restored = kept_setup().restored(KEPT, whole.step).unwrap();
    assert_eq!(parting(&restored.seen(), &whole.seen()), None);
    let before = told(&whole).len();
    let memory =
        |run: &Run| run.data.series(run.symbols.by_name()[0], 0, u32::MAX).unwrap().bars().close().as_ptr();
    let held = memory(&restored);
    for event in &events[SAVED_AT..] {
        whole.take(event);
        restored.take(event);
    }
    assert_eq!(memory(&restored), held, "a session that goes on has room where it was restored");
    assert_eq!(parting(told(&whole)[before..].trim(), &told(&restored)), None);
    assert_eq!(parting(&restored.seen(), &whole.seen()), None);
}

/// A format that changes gets a version, and a file of its own beside the others; then this holds for that one.
#[test]
fn this_version_writes_what_is_kept_of_it() {
    assert_eq!(VERSION, 1);
    assert!(run_to(&kept_events()[..SAVED_AT]).save() == KEPT, "the format is not what it was");
}

/// Writes the file: `cargo test -p barloom-core --test snapshot -- --ignored`, once for each version.
#[test]
#[ignore = "writes a file of the repository"]
#[expect(clippy::disallowed_methods, reason = "fixtures are files")]
fn write_what_is_kept() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/snapshots/v1.snapshot");
    std::fs::write(file, run_to(&kept_events()[..SAVED_AT]).save()).unwrap();
}
