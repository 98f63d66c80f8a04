//! Random runs, saved anywhere.

use barloom_core::derive::Late;
use barloom_core::store::Keep;
use proptest::prelude::*;

use crate::run::{EVERY, Event, MINUTE, NAMES, OPENS, Row, SPECS, Setup, parting};

/// Rows mostly minute by minute, some again, late, far ahead or refused; clocks; sessions that begin.
fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        14 => Just(1_i64),
        2 => 2_i64..7,
        2 => -6_i64..1,
        1 => 30_i64..400,
        1 => -700_i64..0,
        1 => Just(i64::MAX),
    ];
    // Which symbols have a row of it, what it says, how many follow it at once; and what else happens.
    let one = (step, 1_u8..16, prop_oneof![8 => Just(0_u8), 1 => 1_u8..4], 1_i64..9, 0_u8..60);
    (prop::collection::vec(one, 1..most), prop::sample::select(vec![0_i64, 2400, 2520])).prop_map(
        |(steps, first)| {
            let (mut minute, mut clock, mut events) = (first, 0, Vec::new());
            for (step, symbols, value, run, other) in steps {
                match other {
                    0..3 => events.push(Event::Clock(minute + i64::from(other) * 40)),
                    3 => events.push(Event::Historical),
                    4 => events.push(Event::End),
                    _ => {}
                }
                minute = match step {
                    i64::MAX => OPENS.into_iter().find(|&open| open > minute).unwrap_or(minute),
                    step => (minute + step).clamp(0, 9000),
                };
                let mut rows = Vec::new();
                // Sometimes several minutes come at once.
                for minute in minute..minute + if other > 45 { run } else { 1 } {
                    for symbol in (0..NAMES.len()).filter(|symbol| symbols >> symbol & 1 == 1) {
                        rows.push(Row { symbol, minute, value });
                    }
                }
                minute = rows.last().map_or(minute, |row| row.minute);
                clock = clock.max(minute + 1);
                events.push(Event::Rows { at: if other == 6 { minute } else { clock }, rows });
            }
            events
        },
    )
}

fn setup() -> impl Strategy<Value = Setup> {
    let intervals = prop_oneof![
        4 => Just(EVERY),
        1 => Just(&["5m", "1d"][..]),
        1 => Just(&["1m"][..]),
        1 => Just(&["2m", "30m", "1w", "1M"][..]),
        1 => Just(&["1w"][..]),
    ];
    let keep = prop_oneof![Just(Keep::Session), (0_u32..9).prop_map(Keep::Last)];
    let grace = prop_oneof![3 => Just(0), 1 => Just(2_000_000_000), 1 => Just(90 * MINUTE)];
    let late = prop_oneof![Just(Late::Drop), Just(Late::Revise)];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), late);
    (intervals, keep, grace, flags, 1..3_usize, prop_oneof![Just(0), 1..4_u32]).prop_map(
        |(intervals, keep, grace, (extended, strict, has_base, flush, late), retain, ahead)| Setup {
            intervals,
            specs: SPECS,
            extended,
            strict,
            has_base,
            grace,
            flush,
            late,
            keep,
            retain,
            ahead,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_run_goes_on_as_if_nothing_had_happened(
        setup in setup(),
        events in events(220),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(events.len() + 1);
        let (mut whole, mut saved) = (setup.run(), setup.run());
        for event in &events[..cut] {
            whole.take(event);
            saved.take(event);
        }
        let before = saved.seen();
        let bytes = saved.save();
        let mut restored = setup.restored(&bytes, saved.step).unwrap();
        prop_assert_eq!(parting(&restored.seen(), &before), None);
        prop_assert!(restored.save() == bytes, "saved again at once, it has the same bytes");
        let told = whole.told.len();
        for event in &events[cut..] {
            for run in [&mut whole, &mut saved, &mut restored] {
                run.take(event);
            }
        }
        prop_assert_eq!(parting(&whole.told[told..].join("\n"), &restored.told.join("\n")), None);
        prop_assert_eq!(parting(&whole.told.join("\n"), &saved.told.join("\n")), None);
        let seen = whole.seen();
        prop_assert_eq!(parting(&saved.seen(), &seen), None);
        prop_assert_eq!(parting(&restored.seen(), &seen), None);
        let bytes = whole.save();
        prop_assert!(saved.save() == bytes, "the run that was saved saves the same");
        prop_assert!(restored.save() == bytes, "the run that was restored saves the same");
    }
}
