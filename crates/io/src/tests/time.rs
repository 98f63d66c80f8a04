//! Times that are read, and times that are refused with what to write instead.

use super::*;
use proptest::prelude::*;

fn reader(zone: Option<&str>) -> TimeReader {
    TimeReader::new(zone.map(|name| jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()), false)
}

fn utc(text: &str) -> Result<Moment, TimeFault> {
    Ok(Moment::Instant(text.parse().unwrap()))
}

fn refused(zone: Option<&str>, text: &str) -> String {
    reader(zone).read(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_time_with_an_offset_is_what_it_says_whatever_the_zone() {
    for text in [
        "2024-11-26T14:30:00Z",
        "2024-11-26 14:30:00+00:00",
        "2024-11-26T09:30:00-05:00",
        "2024-11-26 14:30:00.000000 UTC",
        "2024-11-26T20:00:00.000+05:30",
        "2024-11-26T14:30:00.000000000+0000",
        "2024-11-26T14:30Z",
        "2024-11-26t14:30:00z",
        "2024-11-26T09:30:00-05:00[America/New_York]",
    ] {
        for zone in [None, Some("Asia/Tokyo")] {
            assert_eq!(reader(zone).read(text.as_bytes()), utc("2024-11-26T14:30:00Z"), "{text}");
        }
    }
    assert_eq!(reader(None).read(b"2024-11-26T14:30:00.123456789Z"), utc("2024-11-26T14:30:00.123456789Z"));
}

#[test]
fn a_local_time_is_read_in_its_zone_on_either_side_of_a_change() {
    let mut reader = reader(Some("America/New_York"));
    for (text, instant) in [
        ("2024-03-10 01:59:59", "2024-03-10T06:59:59Z"),
        ("2024-03-10 03:00:00", "2024-03-10T07:00:00Z"),
        ("2024-11-03 00:59:59.5", "2024-11-03T04:59:59.5Z"),
        ("2024-11-03 02:00:00", "2024-11-03T07:00:00Z"),
        ("2024-11-03T02:00", "2024-11-03T07:00:00Z"),
    ] {
        assert_eq!(reader.read(text.as_bytes()), utc(instant), "{text}");
    }
    assert_eq!(reader.form(), Some(TimeForm::Local));
}

#[test]
fn a_local_time_that_is_skipped_or_repeated_is_refused() {
    let text = refused(Some("America/New_York"), "2024-11-03 01:30:00");
    assert_eq!(
        text,
        "ambiguous_time: `2024-11-03 01:30:00` happens twice in America/New_York (-04 and -05); give it an offset"
    );
    let text = refused(Some("America/New_York"), "2024-03-10 02:30:00");
    assert!(
        text.starts_with("nonexistent_time: `2024-03-10 02:30:00` does not exist in America/New_York"),
        "{text}"
    );
    // The slow path, and a change in the middle of an hour.
    assert!(refused(Some("America/New_York"), "2024-11-03 01:30").starts_with("ambiguous_time"));
    assert!(refused(Some("Australia/Lord_Howe"), "2024-04-07 01:45:00").starts_with("ambiguous_time"));
    let mut howe = reader(Some("Australia/Lord_Howe"));
    assert_eq!(howe.read(b"2024-04-07 01:15:00"), utc("2024-04-06T14:15:00Z"));
    assert!(howe.read(b"2024-04-07 01:45:00").is_err());
}

#[test]
fn a_local_time_without_zone_says_how_to_state_it() {
    let text = refused(None, "2021-12-31 23:01:00");
    assert!(text.starts_with("`2021-12-31 23:01:00` has no offset"), "{text}");
    assert!(text.ends_with("`--tz America/New_York` or `--tz UTC`"), "{text}");
}

#[test]
fn a_date_stays_a_date_and_a_days_midnight_names_it() {
    let date = Ok(Moment::Date(Date::constant(2024, 11, 26)));
    assert_eq!(reader(None).read(b"2024-11-26"), date);
    let mut daily = TimeReader::new(None, true);
    assert_eq!(daily.read(b"2024-11-26 00:00:00"), date);
    assert_eq!(daily.read(b"2024-11-26T00:00"), date);
    assert!(matches!(daily.read(b"2024-11-26 09:30:00"), Err(TimeFault::NoZone { .. })));
}

#[test]
fn a_count_is_told_by_its_magnitude() {
    for text in ["1732631400", "1732631400000", "1732631400000000", "1732631400000000000", "1732631400.0"] {
        assert_eq!(reader(None).read(text.as_bytes()), utc("2024-11-26T14:30:00Z"), "{text}");
    }
    assert_eq!(reader(None).read(b"-60"), utc("1969-12-31T23:59:00Z"));
}

#[test]
fn the_unit_of_the_first_count_is_kept() {
    let mut reader = reader(None);
    reader.read(b"1732631400000").unwrap();
    let text = reader.read(b"1732631460").unwrap_err().to_string();
    assert_eq!(text, "other_time_unit: `1732631460` looks like s, but the input counts in ms");
    assert_eq!(reader.read(b"1732631460000"), utc("2024-11-26T14:31:00Z"));
    assert_eq!(reader.form(), Some(TimeForm::Count(Unit::Millis)));
}

#[test]
fn what_is_no_time_is_refused_with_what_to_write() {
    for text in
        ["11/26/2024", "26.11.2024 14:30", "timestamp", "2024-02-30T00:00:00Z", "2024-11-26T25:00:00Z", "1.5"]
    {
        let error = refused(Some("UTC"), text);
        assert!(
            error.starts_with("unreadable_time") && error.contains("write it like 2024-11-26T14:30:00Z"),
            "{error}"
        );
    }
    assert_eq!(refused(None, ""), "missing_value: the time is empty");
    assert!(refused(None, "20241126").starts_with("ambiguous_time: `20241126` may be a date or a count"));
    assert!(refused(None, "202411261430").starts_with("ambiguous_time"));
    for text in ["20241126143000", "1500-01-01T00:00:00Z", "99999999999999999999"] {
        assert!(refused(None, text).starts_with("time_out_of_range"), "{text}");
    }
}

proptest! {
    #[test]
    fn the_fast_path_reads_as_jiff_reads(
        seconds in -9_000_000_000_i64..9_000_000_000,
        nanos in 0..1_000_000_000_i64,
    ) {
        let at = Timestamp::from_nanos(seconds * NANOS_PER_SECOND + nanos);
        let mut reader = reader(None);
        prop_assert_eq!(reader.read(at.to_string().as_bytes()), Ok(Moment::Instant(at)));
        let offset = at.to_jiff().display_with_offset(jiff::tz::offset(-5)).to_string();
        prop_assert_eq!(reader.read(offset.as_bytes()), Ok(Moment::Instant(at)));
    }

    #[test]
    fn a_cached_hour_changes_no_answer(
        seconds in prop::collection::vec(1_600_000_000_i64..1_800_000_000, 1..40),
        near in 0_i64..4,
    ) {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").unwrap();
        let mut one = TimeReader::new(Some(zone.clone()), false);
        for at in seconds {
            // Every second instant is moved into the hours around a change of clocks.
            let at = if at % 2 == 0 { 1_730_610_000 + near * 1800 + at % 1800 } else { at };
            let local = Timestamp::from_nanos(at * NANOS_PER_SECOND).to_string().replace('Z', "");
            let mut fresh = TimeReader::new(Some(zone.clone()), false);
            prop_assert_eq!(one.read(local.as_bytes()), fresh.read(local.as_bytes()));
            let slow = fresh.slow(local.as_bytes()).ok().map(|(moment, _)| moment);
            prop_assert_eq!(one.read(local.as_bytes()).ok(), slow);
        }
    }
}
