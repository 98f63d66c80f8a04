//! Calendars against outside libraries, known facts and the laws every calendar keeps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "witnesses are files; core itself reads none"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use barloom_core::calendar::{Asked, OverlayError};
use barloom_core::{Calendar, CalendarError, Hours, Overlay, Session, SessionIndex, Timestamp};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;

fn named(id: &str) -> Calendar {
    Calendar::named(id).unwrap()
}

fn session(calendar: &Calendar, day: Date) -> Session {
    *calendar.session(calendar.on(day).unwrap().unwrap_or_else(|| panic!("{calendar:?}: none on {day}")))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The regular stretches of a day on the venue's clock.
fn hours(id: &str, day: Date) -> String {
    let calendar = named(id);
    let clock = |at: Timestamp| calendar.zone().to_datetime(at.to_jiff()).strftime("%H:%M").to_string();
    let stretches = session(&calendar, day).regular().to_vec();
    stretches.iter().map(|s| format!("{}-{}", clock(s.open), clock(s.close))).collect::<Vec<_>>().join(",")
}

mod witnesses {
    use super::*;

    /// Packed witness, calendar, oracle, and the date from which its breaks are trusted.
    const WITNESSES: [(&str, &str, Date); 7] = [
        ("XNYS", "XNYS", Date::MIN),
        ("XLON", "XLON", Date::MIN),
        ("XHKG", "XHKG", date(2012, 3, 5)),
        ("XTKS", "XTKS", date(2011, 11, 21)),
        ("CME_EQ", "CME_EQ_pmc", Date::MIN),
        ("CME_FX", "CME_FX_pmc", Date::MIN),
        ("FX", "FX_24x5_ny17", Date::MIN),
    ];

    /// A session as a witness has it: its date and its stretches.
    type Witnessed = (Date, Vec<(Timestamp, Timestamp)>);

    #[test]
    fn every_packed_session_is_reproduced() {
        for (id, _, breaks_from) in WITNESSES {
            let path = repository().join(format!("testdata/calendars/{id}.txt"));
            let witnessed = unpack(&std::fs::read_to_string(&path).unwrap());
            assert!(witnessed.len() > 5_000, "{id}");
            compare(id, &witnessed, breaks_from);
        }
    }

    #[test]
    fn every_session_of_the_full_oracles_is_reproduced() {
        let oracles = repository().join("../shared/oracles/calendars");
        if !oracles.is_dir() {
            eprintln!(
                "skipped: the full oracles do not stand beside this repository; their packed form is tested"
            );
            return;
        }
        for (id, oracle, breaks_from) in WITNESSES {
            let file = std::fs::File::open(oracles.join(format!("{oracle}.csv.gz"))).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            let witnessed: Vec<Witnessed> = text.lines().skip(1).map(row).collect();
            compare(id, &witnessed, breaks_from);
        }
    }

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn compare(id: &str, witnessed: &[Witnessed], breaks_from: Date) {
        let calendar = named(id);
        let mut i = calendar.on(witnessed[0].0).unwrap();
        for (n, (day, stretches)) in witnessed.iter().enumerate() {
            let index = i.unwrap_or_else(|| panic!("{id}: no session on {day}"));
            let session = calendar.session(index);
            assert_eq!(session.date(), *day, "{id}: session {n}");
            let mut expected = stretches.clone();
            if id == "CME_EQ" && *day == date(2025, 1, 9) {
                // Shortened for the national day of mourning; the library has the full session.
                expected[0].1 = at("2025-01-09T08:30:00-06:00");
            }
            let ends = (expected[0].0, expected[expected.len() - 1].1);
            assert_eq!((session.open(), session.close()), ends, "{id} {day}");
            if *day >= breaks_from {
                let stretches: Vec<_> = session.regular().iter().map(|s| (s.open, s.close)).collect();
                assert_eq!(stretches, expected, "{id} {day}");
            }
            i = calendar.next(index).ok();
        }
        // Before the first witnessed session the year has none either.
        let first = calendar.on(witnessed[0].0).unwrap().unwrap();
        if let Ok(earlier) = calendar.previous(first) {
            assert!(calendar.session(earlier).date().year() < witnessed[0].0.year(), "{id}");
        }
    }

    /// A row of a full oracle: session, open, close, break start, break end.
    fn row(line: &str) -> Witnessed {
        let fields: Vec<&str> = line.split(',').collect();
        let (open, close) = (at(fields[1]), at(fields[2]));
        let stretches = match fields[3] {
            "" => vec![(open, close)],
            lunch => vec![(open, at(lunch)), (at(fields[4]), close)],
        };
        (fields[0].parse().unwrap(), stretches)
    }

    /// The packed form, see `testdata/calendars/README.md`.
    fn unpack(text: &str) -> Vec<Witnessed> {
        let mut zone = TimeZone::UTC;
        let mut ends = (Date::MAX, Date::MIN);
        let mut usual: BTreeMap<Date, &str> = BTreeMap::new();
        let mut special: BTreeMap<Date, &str> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[0] {
                "zone" => zone = TimeZoneDatabase::bundled().get(words[1]).unwrap(),
                "sessions" => ends = (words[1].parse().unwrap(), words[2].parse().unwrap()),
                "hours" => drop(usual.insert(words[1].parse().unwrap(), words[2])),
                year => special.extend(
                    words[2..].iter().map(|day| (format!("{year}-{day}").parse::<Date>().unwrap(), words[1])),
                ),
            }
        }
        let weekday = |day: &Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let days = ends.0.series(1.day()).take_while(|&day| day <= ends.1).filter(weekday);
        let shaped = days.map(|day| {
            (day, special.get(&day).copied().unwrap_or_else(|| usual.range(..=day).next_back().unwrap().1))
        });
        shaped
            .filter(|(_, shape)| *shape != "closed")
            .map(|(day, shape)| (day, stretches(&zone, day, shape)))
            .collect()
    }

    fn stretches(zone: &TimeZone, day: Date, shape: &str) -> Vec<(Timestamp, Timestamp)> {
        let instant = |text: &str| {
            let (day, text) = match text.strip_prefix('^') {
                Some(text) => (day.yesterday().unwrap(), text),
                None => (day, text),
            };
            let time: Time = text.parse().unwrap();
            Timestamp::from_jiff(zone.to_timestamp(day.to_datetime(time)).unwrap()).unwrap()
        };
        shape.split(',').map(|s| s.split_once('-').unwrap()).map(|(a, b)| (instant(a), instant(b))).collect()
    }
}

mod facts {
    use super::*;

    #[test]
    fn the_day_after_thanksgiving_ends_at_13_and_its_post_market_at_17() {
        let session = session(&named("XNYS"), date(2024, 11, 29));
        let ends: Vec<_> =
            session.segments().iter().map(|s| (s.hours, s.open.to_string(), s.close.to_string())).collect();
        let segment = |hours, open: &str, close: &str| {
            (hours, format!("2024-11-29T{open}:00Z"), format!("2024-11-29T{close}:00Z"))
        };
        assert_eq!(
            ends,
            [
                segment(Hours::Pre, "09:00", "14:30"),
                segment(Hours::Regular, "14:30", "18:00"),
                segment(Hours::Post, "18:00", "22:00"),
            ]
        );
        assert!(session.is_early_close() && !session.is_late_open());
    }

    #[test]
    fn an_ordinary_post_market_ends_at_20_which_is_the_next_utc_day() {
        let session = session(&named("XNYS"), date(2024, 11, 26));
        assert_eq!(session.ends(), at("2024-11-27T01:00:00Z"));
        assert_eq!(session.regular().len(), 1);
        assert!(!session.is_early_close());
    }

    #[test]
    fn daylight_saving_moves_the_utc_open() {
        let xnys = named("XNYS");
        assert_eq!(session(&xnys, date(2024, 3, 8)).open(), at("2024-03-08T14:30:00Z"));
        assert_eq!(session(&xnys, date(2024, 3, 11)).open(), at("2024-03-11T13:30:00Z"));
        assert_eq!(session(&xnys, date(2024, 11, 1)).open(), at("2024-11-01T13:30:00Z"));
        assert_eq!(session(&xnys, date(2024, 11, 4)).open(), at("2024-11-04T14:30:00Z"));
    }

    #[test]
    fn new_york_was_closed_on_these_days() {
        let xnys = named("XNYS");
        for (day, why) in [
            (date(1994, 4, 27), "funeral of Richard Nixon"),
            (date(2001, 9, 11), "attacks of September 11"),
            (date(2001, 9, 14), "attacks of September 11"),
            (date(2004, 6, 11), "funeral of Ronald Reagan"),
            (date(2007, 1, 2), "mourning for Gerald Ford"),
            (date(2012, 10, 29), "Hurricane Sandy"),
            (date(2012, 10, 30), "Hurricane Sandy"),
            (date(2018, 12, 5), "mourning for George H. W. Bush"),
            (date(2024, 11, 28), "Thanksgiving Day"),
            (date(2025, 1, 9), "mourning for Jimmy Carter"),
            (date(2027, 12, 24), "Christmas Day"),
            (date(2024, 11, 30), "weekend"),
        ] {
            assert_eq!(xnys.on(day), Ok(None), "{day}");
            assert_eq!(xnys.note(day).unwrap().name, why);
        }
        assert!(xnys.on(date(2022, 1, 3)).unwrap().is_some());
        assert_eq!(xnys.note(date(2022, 1, 3)), None);
    }

    #[test]
    fn hong_kong_changed_its_hours_twice() {
        assert_eq!(hours("XHKG", date(2011, 3, 4)), "10:00-12:30,14:30-16:00");
        assert_eq!(hours("XHKG", date(2011, 3, 7)), "09:30-12:00,13:30-16:00");
        assert_eq!(hours("XHKG", date(2012, 3, 2)), "09:30-12:00,13:30-16:00");
        assert_eq!(hours("XHKG", date(2012, 3, 5)), "09:30-12:00,13:00-16:00");
        assert_eq!(hours("XHKG", date(2024, 12, 24)), "09:30-12:00");
        assert_eq!(hours("XHKG", date(2010, 12, 31)), "10:00-12:30");
    }

    #[test]
    fn tokyo_lengthened_its_morning_and_its_afternoon() {
        assert_eq!(hours("XTKS", date(2011, 11, 18)), "09:00-11:00,12:30-15:00");
        assert_eq!(hours("XTKS", date(2011, 11, 21)), "09:00-11:30,12:30-15:00");
        assert_eq!(hours("XTKS", date(2024, 11, 1)), "09:00-11:30,12:30-15:00");
        assert_eq!(hours("XTKS", date(2024, 11, 5)), "09:00-11:30,12:30-15:30");
        assert!(!session(&named("XTKS"), date(2024, 11, 1)).is_early_close());
    }

    #[test]
    fn sunday_evening_in_chicago_belongs_to_monday() {
        let cme = named("CME_EQ");
        let sunday = at("2024-11-24T17:30:00-06:00");
        let monday = cme.session(cme.at_or_after(sunday).unwrap());
        assert_eq!(monday.date(), date(2024, 11, 25));
        assert_eq!(monday.open(), at("2024-11-24T17:00:00-06:00"));
        assert_eq!(monday.close(), at("2024-11-25T16:00:00-06:00"));
    }

    #[test]
    fn a_session_across_new_year_is_dated_by_its_close() {
        let cme = named("CME_EQ");
        let second = cme.at_or_after(at("2024-01-01T18:00:00-06:00")).unwrap();
        assert_eq!(cme.session(second).date(), date(2024, 1, 2));
        assert_eq!(cme.session(cme.previous(second).unwrap()).date(), date(2023, 12, 29));
    }

    #[test]
    fn chicago_shortened_its_equity_session_for_the_mourning_of_january_2025() {
        assert_eq!(hours("CME_EQ", date(2025, 1, 9)), "17:00-08:30");
        assert_eq!(hours("CME_FX", date(2025, 1, 9)), "17:00-16:00");
    }

    #[test]
    fn currencies_roll_at_17_new_york_and_are_dated_by_the_closing_roll() {
        let fx = named("FX");
        let before = fx.at_or_after(at("2024-11-25T16:59:59-05:00")).unwrap();
        let after = fx.at_or_after(at("2024-11-25T17:00:00-05:00")).unwrap();
        assert_eq!(fx.session(before).date(), date(2024, 11, 25));
        assert_eq!(fx.session(after).date(), date(2024, 11, 26));
        assert_eq!(fx.next(before), Ok(after));
        let weekend = fx.at_or_after(at("2024-11-29T17:00:00-05:00")).unwrap();
        assert_eq!(fx.session(weekend).open(), at("2024-12-01T17:00:00-05:00"));
        assert!(fx.on(date(2024, 12, 25)).unwrap().is_some());
    }

    #[test]
    fn every_utc_day_is_a_session_of_24_7() {
        let always = named("24/7");
        assert_eq!(always.zone(), &TimeZone::UTC);
        let leap = session(&always, date(2024, 2, 29));
        assert_eq!((leap.open(), leap.close()), (at("2024-02-29T00:00:00Z"), at("2024-03-01T00:00:00Z")));
        assert!(always.on(date(2024, 12, 25)).unwrap().is_some() && !always.has_extended());
    }

    #[test]
    fn an_instant_in_the_post_market_belongs_to_that_session() {
        let xnys = named("XNYS");
        let date_at = |text| xnys.session(xnys.at_or_after(at(text)).unwrap()).date();
        assert_eq!(date_at("2024-11-26T19:59:59-05:00"), date(2024, 11, 26));
        assert_eq!(date_at("2024-11-26T20:00:00-05:00"), date(2024, 11, 27));
        assert_eq!(date_at("2024-11-29T17:00:00-05:00"), date(2024, 12, 2));
    }
}

mod names {
    use super::*;

    #[test]
    fn aliases_and_case_lead_to_the_canonical_id() {
        for (given, id) in
            [("XNAS", "XNYS"), ("arcx", "XNYS"), ("Bats", "XNYS"), ("fx", "FX"), ("cme_eq", "CME_EQ")]
        {
            assert_eq!(named(given).id(), id);
        }
        assert!(Calendar::ids().iter().all(|id| named(id).id() == *id));
        assert_eq!(format!("{:?}", named("XNAS")), "Calendar(XNYS)");
    }

    #[test]
    fn an_unknown_name_lists_what_exists_and_the_nearest() {
        let error = Calendar::named("NYSE").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`NYSE` is no calendar; there are XNYS, 24/7, FX, CME_EQ, CME_FX, XLON, XHKG, XTKS; \
             did you mean `XNYS`?"
        );
        let nearest = |got: &str| match Calendar::named(got) {
            Err(CalendarError::Unknown { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("XNY"), Some("XNYS"));
        assert_eq!(nearest("crypto"), Some("24/7"));
        assert_eq!(nearest("quarterly"), None);
    }

    #[test]
    fn a_calendar_is_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>(_: &T) {}
        shared(&named("XNYS"));
    }
}

mod validity {
    use super::*;

    #[test]
    fn a_date_past_the_end_is_an_error_that_says_so() {
        let error = named("XNYS").on(date(2028, 3, 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "XNYS is known to 2027-12-31, not for 2028-03-01; an overlay can extend it (`valid_to`)"
        );
        let error = named("XTKS").on(date(1996, 12, 30)).unwrap_err();
        assert_eq!(error.to_string(), "XTKS is known from 1997-01-01, not for 1996-12-30");
    }

    #[test]
    fn the_last_session_has_no_next_and_the_first_no_previous() {
        for id in Calendar::ids() {
            let calendar = named(id);
            let all = sessions(&calendar);
            let (first, last) = (all[0], all[all.len() - 1]);
            let (first_date, last_date) = (calendar.session(first).date(), calendar.session(last).date());
            let asked = |error| match error {
                CalendarError::OutOfRange { asked, .. } => asked,
                other => panic!("{other:?}"),
            };
            assert_eq!(asked(calendar.next(last).unwrap_err()), Asked::After(last_date));
            assert_eq!(asked(calendar.previous(first).unwrap_err()), Asked::Before(first_date));
            // The last instant is answered, the next is not.
            let end = calendar.session(last).ends();
            assert_eq!(calendar.at_or_after(end.saturating_add(-1)), Ok(last), "{id}");
            assert_eq!(asked(calendar.at_or_after(end).unwrap_err()), Asked::Instant(end), "{id}");
            // So is the first of an overnight session, though its evening lies before the first date.
            let start = calendar.session(first).starts();
            assert_eq!(calendar.at_or_after(start), Ok(first), "{id}");
        }
    }

    #[test]
    fn before_the_first_evening_nothing_is_known() {
        let fx = named("FX");
        let first = fx.at_or_after(at("1899-12-31T22:00:00Z")).unwrap();
        assert_eq!(fx.session(first).date(), date(1900, 1, 1));
        assert!(
            fx.at_or_after(at("1899-12-31T21:59:59Z"))
                .unwrap_err()
                .to_string()
                .starts_with("FX is known from")
        );
        assert!(named("XNYS").at_or_after(at("1989-12-31T23:00:00-05:00")).is_err());
        assert!(named("XNYS").at_or_after(at("1990-01-01T00:00:00-05:00")).is_ok());
    }
}

mod overlays {
    use super::*;

    fn overlay(text: &str) -> Overlay {
        Overlay::parse(text).unwrap()
    }

    fn refused(text: &str) -> String {
        Overlay::parse(text).unwrap_err().to_string()
    }

    fn misfit(id: &str, text: &str) -> OverlayError {
        match named(id).with_overlay(&overlay(text)) {
            Err(CalendarError::Overlay(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sessions_are_removed_added_and_changed() {
        let text = r#"
            calendar = "xnas"
            closed = [{ date = 2027-06-14, reason = "storm" }]
            [[open]]
            date = "2027-12-24"
            [[open]]
            date = "2027-11-24"
            open = 10:00:00
            close = "12:00"
        "#;
        let xnys = named("XNYS").with_overlay(&overlay(text)).unwrap();
        assert_eq!(xnys.on(date(2027, 6, 14)), Ok(None));
        let note = xnys.note(date(2027, 6, 14)).unwrap();
        assert_eq!((note.name.as_ref(), note.source.as_ref()), ("storm", "overlay"));
        assert!(!session(&xnys, date(2027, 12, 24)).is_early_close());
        let short = session(&xnys, date(2027, 11, 24));
        assert_eq!((short.open(), short.close()), (at("2027-11-24T15:00:00Z"), at("2027-11-24T17:00:00Z")));
        assert!(short.is_early_close() && short.is_late_open());
        assert_eq!(short.ends(), at("2027-11-24T22:00:00Z"));
        // The calendar it was made from stays as it is.
        assert!(named("XNYS").on(date(2027, 6, 14)).unwrap().is_some());
    }

    #[test]
    fn validity_is_extended_and_rules_go_on() {
        let xnys =
            named("XNYS").with_overlay(&overlay("calendar = 'XNYS'\nvalid_to = '2028-12-31'")).unwrap();
        assert_eq!(xnys.valid().1, date(2028, 12, 31));
        assert_eq!(xnys.note(date(2028, 11, 23)).unwrap().name, "Thanksgiving Day");
        let last = xnys.on(date(2027, 12, 31)).unwrap().unwrap();
        assert_eq!(xnys.session(xnys.next(last).unwrap()).date(), date(2028, 1, 3));
        let same =
            named("XNYS").with_overlay(&overlay("calendar = 'XNYS'\nvalid_to = '2020-12-31'")).unwrap();
        assert_eq!(same.valid().1, date(2027, 12, 31));
    }

    #[test]
    fn a_saturday_session_and_an_evening_open_are_possible() {
        let text = "calendar = 'XTKS'\n[[open]]\ndate = '2025-02-08'\nclose = '11:00'";
        let xtks = named("XTKS").with_overlay(&overlay(text)).unwrap();
        assert_eq!(session(&xtks, date(2025, 2, 8)).regular().len(), 1);
        let text = "calendar = 'CME_EQ'\n[[open]]\ndate = '2025-02-10'\nopen = '18:00-1d'";
        let cme = named("CME_EQ").with_overlay(&overlay(text)).unwrap();
        assert_eq!(session(&cme, date(2025, 2, 10)).open(), at("2025-02-09T18:00:00-06:00"));
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_line_and_the_nearest() {
        assert_eq!(
            refused("calendar = \"XNYS\"\n[[closed]]\ndate = \"2027-06-14\"\nreson = \"x\"\n"),
            "line 4: `reson` is no field of [[closed]]; there are date, reason; did you mean `reason`?"
        );
        assert_eq!(
            refused("calender = \"XNYS\""),
            "line 1: `calender` is no field of the overlay; there are calendar, valid_to, closed, open; \
             did you mean `calendar`?"
        );
    }

    #[test]
    fn every_mistake_says_what_was_read_and_what_is_allowed() {
        for (text, said) in [
            ("", "line 1: the overlay needs `calendar`"),
            ("calendar = 'NYSE'", "did you mean `XNYS`?"),
            ("calendar = 5", "line 1: `calendar` is 5; write text in quotes"),
            (
                "calendar = 'FX'\nvalid_to = '2027-02-30'",
                "line 2: `valid_to` is \"2027-02-30\"; write a date",
            ),
            ("calendar = 'FX'\n[closed]\ndate = '2027-06-14'", "write tables headed [[closed]] or [[open]]"),
            ("calendar = 'FX'\nclosed = [1]", "line 2: `closed` is 1"),
            ("calendar = 'FX'\n[[closed]]", "line 2: [[closed]] needs `date`"),
            ("calendar = 'FX'\n[[open]]\ndate = 2027-06-14T10:00:00", "line 3: `date` is"),
            ("calendar = 'FX'\n[[open]]\ndate = 2027-06-14\nclose = '24:01'", "line 4: `close` is \"24:01\""),
            ("calendar = 'FX'\n[[open]]\ndate = 2027-06-14\nopen = '9:00'", "line 4: `open` is \"9:00\""),
            (
                "calendar = 'FX'\n[[open]]\ndate = 2027-06-14\nopen = '13:00'\nclose = '10:00'",
                "line 2: the session of 2027-06-14 would close at 10:00, not after its open at 13:00",
            ),
            (
                "calendar = 'FX'\n[[closed]]\ndate = 2027-06-14\n[[open]]\ndate = 2027-06-14",
                "line 4: 2027-06-14 has an entry in line 2 already",
            ),
            ("calendar = 'FX'\n]", "line 2: not TOML"),
        ] {
            assert!(refused(text).contains(said), "{text:?} gave {}", refused(text));
        }
    }

    #[test]
    fn an_overlay_fits_its_own_calendar_only() {
        let error = misfit("XLON", "calendar = 'XNYS'");
        assert_eq!(error, OverlayError::OtherCalendar { overlay: "XNYS", calendar: "XLON" });
    }

    #[test]
    fn changes_that_cannot_be_meant_are_refused() {
        for (id, text, said) in [
            ("XNYS", "[[closed]]\ndate = 2028-06-14", "line 2: 2028-06-14 lies outside XNYS"),
            ("XNYS", "[[closed]]\ndate = 2027-06-12", "line 2: 2027-06-12 is a Saturday"),
            (
                "XNYS",
                "[[open]]\ndate = 2027-06-14\nopen = '16:00'",
                "nothing is left of the session of 2027-06-14",
            ),
            ("XNYS", "valid_to = '2200-01-01'", "write a date up to 2199-12-31"),
            (
                "CME_EQ",
                "[[open]]\ndate = 2027-06-15\nopen = '15:00-1d'",
                "the session of 2027-06-15 would overlap that of 2027-06-14",
            ),
            (
                "FX",
                "[[open]]\ndate = 2027-06-15\nclose = '18:00'",
                "the session of 2027-06-15 would overlap that of 2027-06-16",
            ),
        ] {
            let error = misfit(id, &format!("calendar = '{id}'\n{text}")).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}

/// All sessions of a calendar.
fn sessions(calendar: &Calendar) -> Vec<SessionIndex> {
    let days = calendar.valid().0.series(1.day()).take_while(|&day| day <= calendar.valid().1);
    days.filter_map(|day| calendar.on(day).unwrap()).collect()
}

/// The sessions of a few calendars whose laws are tried at random places.
fn calendars() -> &'static [(Calendar, Vec<SessionIndex>)] {
    static ALL: std::sync::OnceLock<Vec<(Calendar, Vec<SessionIndex>)>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let listed = |id: &&'static str| {
            let calendar = named(id);
            let all = sessions(&calendar);
            (calendar, all)
        };
        Calendar::ids().iter().map(listed).collect()
    })
}

mod laws {
    use super::*;

    #[test]
    fn sessions_are_ordered_and_never_overlap() {
        for (calendar, all) in calendars() {
            for pair in all.windows(2) {
                let (a, b) = (calendar.session(pair[0]), calendar.session(pair[1]));
                assert!(
                    pair[0] < pair[1] && a.date() < b.date() && a.ends() <= b.starts(),
                    "{calendar:?} {a:?} {b:?}"
                );
            }
            for session in all.iter().map(|&i| calendar.session(i)) {
                let mut segments = session.segments().windows(2);
                assert!(segments.all(|s| s[0].close <= s[1].open && s[0].hours <= s[1].hours), "{session:?}");
                assert!(session.segments().iter().all(|s| s.open < s.close), "{session:?}");
                assert!(!session.regular().is_empty());
            }
        }
    }

    #[test]
    fn next_and_previous_walk_the_same_sessions() {
        for (calendar, all) in calendars() {
            for pair in all.windows(2) {
                assert_eq!(calendar.next(pair[0]), Ok(pair[1]));
                assert_eq!(calendar.previous(pair[1]), Ok(pair[0]));
            }
        }
    }

    #[test]
    fn a_date_without_a_session_has_a_note() {
        for (calendar, _) in calendars() {
            let (from, to) = calendar.valid();
            for day in from.series(1.day()).take_while(|&day| day <= to) {
                let on = calendar.on(day).unwrap();
                let special = on.is_none_or(|i| calendar.session(i).is_early_close());
                assert_eq!(calendar.note(day).is_some(), special, "{calendar:?} {day}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn at_or_after_is_what_a_linear_scan_finds(
            which in 0..8_usize,
            place in any::<prop::sample::Index>(),
            offset in -200_000_000_000_000_i64..200_000_000_000_000, // two days
            edge in 0..4_usize,
        ) {
            let (calendar, all) = &calendars()[which];
            let session = calendar.session(all[place.index(all.len())]);
            let edges = [session.starts(), session.open(), session.close(), session.ends()];
            for at in [edges[edge].saturating_add(offset), edges[edge], edges[edge].saturating_add(-1)] {
                let scanned = all.iter().copied().find(|&i| at < calendar.session(i).ends());
                match calendar.at_or_after(at) {
                    Ok(found) => prop_assert_eq!(Some(found), scanned),
                    Err(_) => {
                        let first = calendar.session(all[0]).starts();
                        prop_assert!(scanned.is_none() || at < first, "{:?} {}", calendar, at);
                    }
                }
            }
        }

        #[test]
        fn no_instant_panics(which in 0..8_usize, nanos: i64) {
            let (calendar, _) = &calendars()[which];
            for at in [Timestamp::from_nanos(nanos), Timestamp::MIN, Timestamp::MAX] {
                match calendar.at_or_after(at) {
                    Ok(found) => prop_assert!(at < calendar.session(found).ends()),
                    Err(error) => prop_assert!(error.to_string().contains(calendar.id())),
                }
            }
        }

        #[test]
        fn no_date_panics(
            which in 0..8_usize,
            year in prop_oneof![-9999..=9999_i16, 1980..=2040_i16],
            month in 1..=12_i8,
            day in 1..=28_i8,
        ) {
            let (calendar, _) = &calendars()[which];
            let day = Date::new(year, month, day).unwrap();
            match calendar.on(day) {
                Ok(Some(i)) => prop_assert_eq!(calendar.session(i).date(), day),
                Ok(None) => prop_assert!(calendar.note(day).is_some()),
                Err(_) => prop_assert_eq!(calendar.note(day), None),
            }
        }

        #[test]
        fn any_bytes_are_an_overlay_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Overlay::parse(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn a_mutated_overlay_is_read_or_refused(
            cuts in prop::collection::vec(
                (any::<prop::sample::Index>(), "[-0-9:\"'\\[\\]={}a-z\n ]{0,3}"),
                0..4,
            ),
            id in prop::sample::select(Calendar::ids()),
        ) {
            let mut text = format!(
                "calendar = '{id}'\nvalid_to = '2199-12-31'\n[[closed]]\ndate = '2027-06-14'\n\
                 reason = 'x'\n\
                 [[open]]\ndate = 2027-07-05\nopen = '10:00'\nclose = '13:00'\n\
                 [[open]]\ndate = '2027-07-06'\n"
            );
            for (place, with) in cuts {
                let place = place.index(text.len());
                if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                    text.replace_range(place..=place, &with);
                }
            }
            if let Ok(overlay) = Overlay::parse(&text) {
                let changed = Calendar::named(overlay.calendar()).unwrap().with_overlay(&overlay);
                if let Ok(changed) = changed {
                    let noon = at("2027-07-05T12:00:00Z");
                    prop_assert!(noon < changed.session(changed.at_or_after(noon).unwrap()).ends());
                }
            }
        }
    }
}
