//! Every indicator of the catalogue on state that no indicator has: it is refused, or goes on without a panic.

use barloom_core::indicators::{CATALOGUE, Lane, NULL, Reset, Slot};
use barloom_core::snapshot::{Bytes, Read};

use crate::run::{Row, bar};

const FIRST: Slot = Slot(0);

fn feed(lane: &mut dyn Lane, minutes: std::ops::Range<i64>) {
    let mut out = vec![NULL; lane.outputs().len()];
    for minute in minutes {
        if minute % 40 == 0 {
            lane.reset(FIRST, Reset::SessionStart);
        }
        let bar = bar(Row { symbol: 0, minute, value: 0 });
        lane.peek(FIRST, &bar, &mut out);
        lane.step(FIRST, &bar, &mut out);
    }
}

#[test]
fn state_that_no_indicator_has_is_refused_or_goes_on() {
    let (mut state, mut restored) = (0x9e37_79b9_7f4a_7c15_u64, [0; 2]);
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let words = [
        0,
        1,
        5,
        u64::MAX,
        u64::from(u32::MAX),
        1 << 63,
        f64::NAN.to_bits(),
        f64::INFINITY.to_bits(),
        (-1e300_f64).to_bits(),
        1e18_f64.to_bits(),
    ];
    for entry in CATALOGUE {
        for text in [entry.name.to_owned(), format!("{}:3", entry.name)] {
            let Ok(spec) = text.parse::<barloom_core::indicators::Spec>() else { continue };
            for fed in [0, 2, 30, 300] {
                let (mut lane, mut bytes) = (spec.lane(), Bytes::new());
                feed(&mut *lane, 0..fed);
                lane.save(FIRST, &mut bytes).unwrap();
                for _ in 0..30 {
                    let mut bytes = bytes.as_slice().to_vec();
                    for _ in 0..1 + random(3) {
                        let at = random(bytes.len() + 1) / 4 * 4;
                        let word = words[random(words.len())].to_le_bytes();
                        let end = bytes.len().min(at + if random(2) == 0 { 4 } else { 8 });
                        if at < end {
                            bytes[at..end].copy_from_slice(&word[..end - at]);
                        }
                    }
                    let mut again = spec.lane();
                    let is_restored = again.restore(FIRST, &mut Read::new(&bytes)).is_ok();
                    restored[usize::from(is_restored)] += 1;
                    if is_restored {
                        feed(&mut *again, fed..fed + 90);
                    }
                }
            }
        }
    }
    assert!(restored.iter().all(|&count| count > 100), "{restored:?}");
}
