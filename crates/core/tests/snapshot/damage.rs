//! Bytes that are not those that were saved, and runs that they are not of.

use barloom_core::derive::{DeriveConfig, DeriveRules, Deriver};
use barloom_core::snapshot::{Fingerprint, Read, Snapshot, SnapshotError, SnapshotPart, SnapshotWriter, Tag};
use barloom_core::store::Keep;
use barloom_core::{Calendar, Overlay, Symbols};
use proptest::prelude::*;

use crate::kept::{KEPT, kept_events, kept_setup};
use crate::run::{OF, Run, Setup};

/// Bytes before the sections, and of a section before its payload.
const HEADER: usize = 28;
const SECTION_HEADER: usize = 20;

/// Where the payloads of the sections lie.
fn payloads(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut from, mut all) = (HEADER, Vec::new());
    while let Some(length) = bytes.get(from + 8..).and_then(<[u8]>::first_chunk) {
        let start = from + SECTION_HEADER;
        from = start + u64::from_le_bytes(*length) as usize;
        all.push(start..from);
    }
    all
}

/// The snapshot with another payload in the section at `place`, its length and checksum right.
fn with_payload(bytes: &[u8], place: usize, payload: &[u8]) -> Vec<u8> {
    let own = payloads(bytes)[place].clone();
    let head = own.start - SECTION_HEADER;
    let mut header = bytes[head..head + 8].to_vec();
    header.extend((payload.len() as u64).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header);
    hasher.update(payload);
    header.extend(hasher.finalize().to_le_bytes());
    [&bytes[..head], &header, payload, &bytes[own.end..]].concat()
}

fn read(bytes: &[u8]) -> Result<(), SnapshotError> {
    Snapshot::read(bytes, OF).map(drop)
}

#[test]
fn any_bit_that_is_not_as_it_was_is_an_error() {
    let mut bytes = KEPT.to_vec();
    assert_eq!(read(&bytes), Ok(()));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let error = read(&bytes).unwrap_err();
            let expected = match at {
                0..8 => matches!(error, SnapshotError::NotASnapshot { .. }),
                8..12 => matches!(error, SnapshotError::Version { .. }),
                12..HEADER => matches!(error, SnapshotError::Checksum { part: SnapshotPart::Header, .. }),
                // A length that is damaged leads anywhere.
                _ => matches!(error, SnapshotError::Checksum { .. } | SnapshotError::Short { .. }),
            };
            assert!(expected && !error.to_string().is_empty(), "byte {at}, bit {bit}: {error:?}");
            bytes[at] ^= 1 << bit;
        }
    }
}

#[test]
fn what_is_cut_or_goes_on_is_an_error() {
    for end in 0..KEPT.len() {
        let error = read(&KEPT[..end]).unwrap_err();
        assert!(matches!(error, SnapshotError::Short { .. }), "{end} bytes: {error:?}");
    }
    let longer = [KEPT, b"\0"].concat();
    assert_eq!(read(&longer), Err(SnapshotError::Long { left: 1 }));
}

#[test]
fn each_kind_of_other_bytes_says_what_they_are() {
    let said = |bytes: &[u8], of| Snapshot::read(bytes, of).unwrap_err().to_string();
    assert_eq!(
        said(b"BLOOMJNL\x01\0\0\0", OF),
        "is not a snapshot: it begins with `BLOOMJNL` where a snapshot has `BLOOMSNP`"
    );
    let mut newer = KEPT.to_vec();
    newer[8] = 9;
    assert_eq!(said(&newer, OF), "is a snapshot of version 9; this Barloom reads versions 1 to 1");
    assert_eq!(
        said(KEPT, Fingerprint(1)),
        "is a snapshot of another configuration: its fingerprint is 0123456789abcdef, this one's 0000000000000001"
    );
    let mut damaged = KEPT.to_vec();
    damaged[200] ^= 1;
    let text = said(&damaged, OF);
    assert!(text.starts_with("section deri 0 is damaged: its checksum is "), "{text}");
    assert_eq!(
        said(&KEPT[..100], OF),
        format!("the saved state ends early: {} bytes wanted, {} left", wanted(), left())
    );
    fn wanted() -> usize {
        payloads(KEPT)[1].len()
    }
    fn left() -> usize {
        100 - payloads(KEPT)[1].start
    }
}

#[test]
fn sections_are_there_once_and_are_asked_for_by_name() {
    let mut writer = SnapshotWriter::new(OF);
    let put = |writer: &mut SnapshotWriter, number| {
        writer.section(Tag(*b"mine"), number, |to| {
            to.u32(number);
            Ok(())
        })
    };
    put(&mut writer, 0).unwrap();
    put(&mut writer, 7).unwrap();
    let part = |number| SnapshotPart::Section { tag: Tag(*b"mine"), number };
    assert_eq!(put(&mut writer, 7), Err(SnapshotError::Twice(part(7))));
    // What fails leaves nothing behind.
    let refused = |_: &mut _| Err(SnapshotError::Unsaved { reason: "no".to_owned() });
    assert!(writer.section(Tag(*b"none"), 0, refused).is_err());
    let bytes = writer.finish();
    let snapshot = Snapshot::read(&bytes, OF).unwrap();
    assert_eq!(snapshot.section(Tag(*b"mine"), 7, Read::u32), Ok(7));
    assert_eq!(snapshot.section(Tag(*b"mine"), 1, Read::u32), Err(SnapshotError::Missing(part(1))));
    assert!(!snapshot.has(Tag(*b"none"), 0) && snapshot.has(Tag(*b"mine"), 0));
    let left = snapshot.section(Tag(*b"mine"), 0, |_| Ok(())).unwrap_err();
    assert_eq!(
        left.to_string(),
        "section mine 0: the saved state goes on where it should end: 4 bytes are left"
    );
}

#[test]
fn what_another_run_saved_is_refused_by_name_and_changes_nothing() {
    let refused = |setup: &Setup| {
        let mut run = setup.run();
        let snapshot = Snapshot::read(KEPT, OF).unwrap();
        run.symbols = Symbols::restored(&snapshot).unwrap();
        kept_events().iter().take(9).for_each(|event| run.take(event));
        let before = run.save();
        let error = run.processor.restore(&run.symbols, &mut run.writer, &snapshot).unwrap_err();
        assert!(run.save() == before, "{error}");
        error.to_string()
    };
    let kept = kept_setup();
    let texts = [
        refused(&Setup { intervals: &["1m", "5m", "1d", "1w"], ..kept.clone() }),
        refused(&Setup { intervals: &["1m", "5m", "2h", "1d", "1w"], ..kept.clone() }),
        refused(&Setup { specs: &["sma:4"], ..kept.clone() }),
        refused(&Setup { keep: Keep::Last(3), ..kept }),
    ];
    assert_eq!(
        texts,
        [
            "section deri 0: the number of intervals is 5 in the saved state and 4 here",
            "section deri 0: an interval is 1h in the saved state and 2h here",
            "section plan 0: the number of indicators is 8 in the saved state and 2 here",
            "section stor 0: keep is session in the saved state and 3 here",
        ]
    );
}

#[test]
fn a_session_that_the_calendar_no_longer_has_is_an_error() {
    let closed = "calendar = 'XNYS'\n[[closed]]\ndate = '2024-11-29'\nreason = 'a storm'\n";
    let short = "calendar = 'XNYS'\n[[open]]\ndate = '2024-11-29'\nopen = '09:31'\nclose = '10:00'\n";
    let restored = |overlay: &str| {
        let overlay = Overlay::parse(overlay).unwrap();
        let rules = kept_setup().rules();
        let calendar = Calendar::named("XNYS").unwrap().with_overlay(&overlay).unwrap();
        let rules = DeriveRules::new(DeriveConfig { calendar, ..DeriveConfig::clone(&rules) }).unwrap();
        let snapshot = Snapshot::read(KEPT, OF).unwrap();
        let restored = snapshot.section(Tag::DERIVER, 0, |from| Deriver::restore(rules, from));
        restored.unwrap_err().to_string()
    };
    let text = restored(closed);
    assert!(text.ends_with("the saved state has a session of 2024-11-29; the calendar has none"), "{text}");
    let text = restored(short);
    assert!(text.contains("has a bar of 1m at 2024-11-29T14:30:00Z; the calendar has none there"), "{text}");
}

/// An edit of a payload: where, what kind, a number.
type Edit = (prop::sample::Index, u8, u64);

fn edited(payload: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    for &(at, kind, number) in edits {
        let at = at.index(bytes.len() + 1);
        let put = |bytes: &mut Vec<u8>, new: &[u8]| {
            let end = bytes.len().min(at + new.len());
            bytes[at..end].copy_from_slice(&new[..end - at]);
        };
        match kind {
            0 => put(&mut bytes, &[number as u8]),
            1 => put(&mut bytes, &(number as u32).to_le_bytes()),
            2 => put(&mut bytes, &number.to_le_bytes()),
            3 => drop(bytes.drain(at..(at + number as usize % 40).min(bytes.len()))),
            4 => drop(bytes.splice(at..at, vec![number as u8; number as usize % 40])),
            _ => {
                let end = (at + number as usize % 200).min(bytes.len());
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let special = prop::sample::select(vec![
        0,
        1,
        2,
        u64::MAX,
        u64::from(u32::MAX),
        i64::MAX as u64,
        i64::MIN as u64,
        f64::NAN.to_bits(),
        f64::INFINITY.to_bits(),
        (-1e300_f64).to_bits(),
    ]);
    let number = prop_oneof![3 => special, 1 => any::<u64>(), 2 => 0..400_u64];
    prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, number), 1..4)
}

/// Restores what it can and goes on with it.
fn go_on(bytes: &[u8], setup: &Setup) -> bool {
    let restored: Result<Run, SnapshotError> = setup.restored(bytes, 40);
    match restored {
        Ok(mut run) => {
            kept_events().iter().skip(30).for_each(|event| run.take(event));
            run.seen();
            run.save();
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn behind_a_checksum_that_is_right_damage_is_read_or_refused(place in 0..4_usize, edits in edits()) {
        let payload = edited(&KEPT[payloads(KEPT)[place].clone()], &edits);
        go_on(&with_payload(KEPT, place, &payload), &kept_setup());
    }

    #[test]
    fn any_payload_is_read_or_refused(place in 0..4_usize, payload in prop::collection::vec(any::<u8>(), 0..300)) {
        go_on(&with_payload(KEPT, place, &payload), &kept_setup());
    }
}
