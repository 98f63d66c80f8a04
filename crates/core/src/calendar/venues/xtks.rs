//! `XTKS`: the Tokyo Stock Exchange, which rests on national holidays and from 31 December to 3 January.
//!
//! Checked against exchange_calendars 4.13.2: every session date and close from 1997-01-06 to 2027-11-22,
//! breaks from 2011-11-21 (it carries today's break for all years). Not carried, as there: morning-only
//! sessions on the year's first and last trading day up to 2009, the later afternoon opens of early 2006.

use jiff::civil::Weekday::{Monday, Tuesday, Wednesday};

use crate::calendar::rules::When::{AutumnalEquinox, Dates, Fixed, FixedOn, Nth, VernalEquinox};
use crate::calendar::rules::{Observed, Period, Rule, Venue, WORKING_WEEK, at, stretch};

const HOLIDAY_LAW: &str =
    "Cabinet Office of Japan, Act on National Holidays; cross-checked: exchange_calendars 4.13.2";
const OLYMPICS: &str =
    "Cabinet Office of Japan, moved for the Olympic Games; cross-checked: exchange_calendars";
const JPX: &str = "JPX business days; cross-checked: exchange_calendars 4.13.2";
const SUNDAY_ON_MONDAY: Observed = Observed::SUNDAY_ON_MONDAY;

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "XTKS",
    aliases: &[],
    hints: &["TSE", "JPX", "TOKYO", "XJPX", "JP"],
    description: "Tokyo Stock Exchange: 09:00 to 11:30 and 12:30 to 15:30 Tokyo",
    zone: "Asia/Tokyo",
    valid: (19970101, 20271231),
    week: WORKING_WEEK,
    hours: &[
        Period { from: 19970101, stretches: &[stretch(at(9, 0), at(11, 0)), stretch(at(12, 30), at(15, 0))] },
        Period {
            from: 20111121,
            stretches: &[stretch(at(9, 0), at(11, 30)), stretch(at(12, 30), at(15, 0))],
        },
        Period {
            from: 20241105,
            stretches: &[stretch(at(9, 0), at(11, 30)), stretch(at(12, 30), at(15, 30))],
        },
    ],
    extended: None,
    rules: &[
        Rule::closed("New Year's Day", Fixed(1, 1), HOLIDAY_LAW),
        Rule::closed("New Year's holiday", Fixed(1, 2), JPX),
        Rule::closed("New Year's holiday", Fixed(1, 3), JPX),
        Rule::closed("Coming of Age Day", Fixed(1, 15), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).until(1999),
        Rule::closed("Coming of Age Day", Nth(1, Monday, 2), HOLIDAY_LAW).since(2000),
        Rule::closed("National Foundation Day", Fixed(2, 11), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY),
        Rule::closed("Emperor's Birthday", Fixed(12, 23), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).until(2018),
        Rule::closed("Emperor's Birthday", Fixed(2, 23), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).since(2020),
        Rule::closed("Vernal Equinox Day", VernalEquinox, HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY),
        Rule::closed("Greenery Day", Fixed(4, 29), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).until(2006),
        Rule::closed("Showa Day", Fixed(4, 29), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).since(2007),
        Rule::closed("Constitution Memorial Day", Fixed(5, 3), HOLIDAY_LAW),
        Rule::closed("holiday between holidays", Fixed(5, 4), HOLIDAY_LAW).until(2006),
        Rule::closed("Greenery Day", Fixed(5, 4), HOLIDAY_LAW).since(2007),
        Rule::closed("Children's Day", Fixed(5, 5), HOLIDAY_LAW),
        // A Sunday among 3 to 5 May is made up on the next day that is no holiday; before 2007 only on a
        // Monday.
        Rule::closed("substitute holiday", FixedOn(5, 6, &[Monday]), HOLIDAY_LAW).until(2006),
        Rule::closed("substitute holiday", FixedOn(5, 6, &[Monday, Tuesday, Wednesday]), HOLIDAY_LAW)
            .since(2007),
        Rule::closed(
            "substitute holiday",
            Dates(&[19980506]),
            "exchange_calendars 4.13.2 alone; the holiday law of 1998 made Sunday 3 May up on Monday 4 May",
        ),
        Rule::closed("Marine Day", Fixed(7, 20), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY).until(2002),
        Rule::closed("Marine Day", Nth(7, Monday, 3), HOLIDAY_LAW).since(2003).except(&[2020, 2021]),
        Rule::closed("Marine Day", Dates(&[20200723, 20210722]), OLYMPICS),
        Rule::closed("Mountain Day", Fixed(8, 11), HOLIDAY_LAW)
            .observed(SUNDAY_ON_MONDAY)
            .since(2016)
            .except(&[2020, 2021]),
        Rule::closed("Mountain Day", Dates(&[20200810, 20210809]), OLYMPICS),
        Rule::closed("Respect for the Aged Day", Fixed(9, 15), HOLIDAY_LAW)
            .observed(SUNDAY_ON_MONDAY)
            .until(2002),
        Rule::closed("Respect for the Aged Day", Nth(9, Monday, 3), HOLIDAY_LAW).since(2003),
        Rule::closed("holiday between holidays", Dates(&[20090922, 20150922, 20260922]), HOLIDAY_LAW),
        Rule::closed("Autumnal Equinox Day", AutumnalEquinox, HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY),
        Rule::closed("Health and Sports Day", Fixed(10, 10), HOLIDAY_LAW)
            .observed(SUNDAY_ON_MONDAY)
            .until(1999),
        Rule::closed("Sports Day", Nth(10, Monday, 2), HOLIDAY_LAW).since(2000).except(&[2020, 2021]),
        Rule::closed("Sports Day", Dates(&[20200724, 20210723]), OLYMPICS),
        Rule::closed("Culture Day", Fixed(11, 3), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY),
        Rule::closed("Labour Thanksgiving Day", Fixed(11, 23), HOLIDAY_LAW).observed(SUNDAY_ON_MONDAY),
        Rule::closed("New Year's Eve", Fixed(12, 31), JPX),
        Rule::closed("abdication and accession", Dates(&[20190430, 20190501, 20190502]), HOLIDAY_LAW),
        Rule::closed("enthronement ceremony", Dates(&[20191022]), HOLIDAY_LAW),
        Rule::closed("failure of the trading system", Dates(&[20201001]), JPX),
    ],
};
