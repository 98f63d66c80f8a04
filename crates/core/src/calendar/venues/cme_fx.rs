//! `CME_FX`: CME currency futures on Globex. A session is labelled by its trade date, the date it closes.
//!
//! Checked against pandas_market_calendars 5.5.0 (CME currencies): every session date and time from
//! 2005-01-03 to 2027-11-22. One library is a weak witness: look at CME's own notice before money depends on
//! a holiday.

use jiff::civil::Weekday::{Monday, Thursday};

use crate::calendar::rules::When::{Dates, DayAfterNth, Easter, Fixed, Nth};
use crate::calendar::rules::{Observed, Period, Rule, Venue, WORKING_WEEK, at, evening, stretch};

const GLOBEX: &str = "CME Group holiday calendar; cross-checked: pandas_market_calendars 5.5.0";

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "CME_FX",
    aliases: &[],
    hints: &["CME_CURRENCY", "CME_GLOBEX_FX", "6E"],
    description: "CME currency futures: 17:00 the evening before to 16:00 Chicago, by trade date",
    zone: "America/Chicago",
    valid: (20050101, 20271231),
    week: WORKING_WEEK,
    hours: &[Period { from: 20050101, stretches: &[stretch(evening(17, 0), at(16, 0))] }],
    extended: None,
    rules: &[
        Rule::closed("New Year's Day", Fixed(1, 1), GLOBEX).observed(Observed::SUNDAY_ON_MONDAY),
        Rule::closed("Christmas Day", Fixed(12, 25), GLOBEX).observed(Observed::NEAREST),
        Rule::closed("Good Friday", Easter(-2), GLOBEX).except(&[2021, 2023, 2024, 2025, 2026, 2027]),
        Rule::early(
            at(10, 15),
            "early close (Good Friday)",
            Dates(&[20210402, 20230407, 20240329, 20250418, 20260403, 20270326]),
            GLOBEX,
        ),
        // From 2022 these holidays are full sessions.
        Rule::early(at(12, 0), "early close (Martin Luther King Jr. Day)", Nth(1, Monday, 3), GLOBEX)
            .until(2021),
        Rule::early(at(12, 0), "early close (Presidents Day)", Nth(2, Monday, 3), GLOBEX).until(2021),
        Rule::early(at(12, 0), "early close (Memorial Day)", Nth(5, Monday, -1), GLOBEX).until(2021),
        Rule::early(at(12, 0), "early close (Independence Day)", Fixed(7, 4), GLOBEX)
            .observed(Observed::NEAREST)
            .until(2021),
        Rule::early(at(12, 0), "early close (Labor Day)", Nth(9, Monday, 1), GLOBEX).until(2021),
        Rule::early(at(12, 0), "early close (Thanksgiving Day)", Nth(11, Thursday, 4), GLOBEX).until(2021),
        Rule::early(at(12, 15), "early close (day after Thanksgiving)", DayAfterNth(11, Thursday, 4), GLOBEX),
        Rule::early(at(12, 15), "early close (Christmas Eve)", Fixed(12, 24), GLOBEX),
    ],
};
