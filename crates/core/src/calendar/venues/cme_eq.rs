//! `CME_EQ`: CME equity-index futures on Globex. A session is labelled by its trade date, the date it closes.
//!
//! Checked against pandas_market_calendars 5.5.0 (CME equities): every session date and time from 2005-01-03
//! to 2027-11-22, except 2025-01-09, which it shows in full. One library is a weak witness: Good Friday
//! above all (open to 08:15 there when it calls the day one of the jobs report) deserves a look at CME's own
//! notice before money depends on it. The halts of 15:15 to 15:30 that existed before 2021 are not carried.

use jiff::civil::Weekday::{Monday, Thursday, Tuesday, Wednesday};

use crate::calendar::rules::When::{Dates, DayAfterNth, Easter, Fixed, FixedOn, Nth};
use crate::calendar::rules::{Minute, Observed, Period, Rule, Venue, WORKING_WEEK, at, evening, stretch};

const GLOBEX: &str = "CME Group holiday calendar; cross-checked: pandas_market_calendars 5.5.0";

/// On holidays that shorten the day, trading stopped at 10:30 up to Presidents Day 2014 and at 12:00 since.
const THEN: Minute = at(10, 30);
const NOW: Minute = at(12, 0);

const MLK: &str = "early close (Martin Luther King Jr. Day)";
const PRESIDENTS: &str = "early close (Presidents Day)";
const MEMORIAL: &str = "early close (Memorial Day)";
const JUNETEENTH: &str = "early close (Juneteenth)";
const INDEPENDENCE: &str = "early close (Independence Day)";
const INDEPENDENCE_EVE: &str = "early close (eve of Independence Day)";
const LABOR: &str = "early close (Labor Day)";
const THANKSGIVING: &str = "early close (Thanksgiving Day)";

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "CME_EQ",
    aliases: &[],
    hints: &["CME", "GLOBEX", "CME_GLOBEX_EQUITY", "ES", "NQ"],
    description: "CME equity-index futures: 17:00 the evening before to 16:00 Chicago, by trade date",
    zone: "America/Chicago",
    valid: (20050101, 20271231),
    week: WORKING_WEEK,
    hours: &[Period { from: 20050101, stretches: &[stretch(evening(17, 0), at(16, 0))] }],
    extended: None,
    rules: &[
        Rule::closed("New Year's Day", Fixed(1, 1), GLOBEX).observed(Observed::SUNDAY_ON_MONDAY),
        Rule::closed("Christmas Day", Fixed(12, 25), GLOBEX).observed(Observed::NEAREST),
        Rule::closed("Good Friday", Easter(-2), GLOBEX)
            .except(&[2010, 2012, 2015, 2021, 2023, 2024, 2025, 2026, 2027]),
        Rule::early(
            at(8, 15),
            "early close (Good Friday)",
            Dates(&[
                20100402, 20120406, 20150403, 20210402, 20230407, 20240329, 20250418, 20260403, 20270326,
            ]),
            GLOBEX,
        ),
        Rule::early(THEN, MLK, Nth(1, Monday, 3), GLOBEX).until(2014),
        Rule::early(NOW, MLK, Nth(1, Monday, 3), GLOBEX).since(2015),
        Rule::early(THEN, PRESIDENTS, Nth(2, Monday, 3), GLOBEX).until(2014),
        Rule::early(NOW, PRESIDENTS, Nth(2, Monday, 3), GLOBEX).since(2015),
        Rule::early(THEN, MEMORIAL, Nth(5, Monday, -1), GLOBEX).until(2013),
        Rule::early(NOW, MEMORIAL, Nth(5, Monday, -1), GLOBEX).since(2014),
        Rule::early(NOW, JUNETEENTH, Fixed(6, 19), GLOBEX).observed(Observed::NEAREST).since(2022),
        Rule::early(THEN, INDEPENDENCE, Fixed(7, 4), GLOBEX).observed(Observed::NEAREST).until(2013),
        Rule::early(NOW, INDEPENDENCE, Fixed(7, 4), GLOBEX).observed(Observed::NEAREST).since(2014),
        Rule::early(THEN, LABOR, Nth(9, Monday, 1), GLOBEX).until(2013),
        Rule::early(NOW, LABOR, Nth(9, Monday, 1), GLOBEX).since(2014),
        Rule::early(THEN, THANKSGIVING, Nth(11, Thursday, 4), GLOBEX).until(2013),
        Rule::early(NOW, THANKSGIVING, Nth(11, Thursday, 4), GLOBEX).since(2014),
        // Eves follow the stock market's early closes.
        Rule::early(at(12, 15), "early close (day after Thanksgiving)", DayAfterNth(11, Thursday, 4), GLOBEX),
        Rule::early(at(12, 15), "early close (Christmas Eve)", Fixed(12, 24), GLOBEX),
        Rule::early(at(12, 15), INDEPENDENCE_EVE, FixedOn(7, 3, &[Monday, Tuesday, Thursday]), GLOBEX),
        Rule::early(at(12, 15), INDEPENDENCE_EVE, FixedOn(7, 3, &[Wednesday]), GLOBEX).since(2013),
        Rule::early(
            at(8, 30),
            "early close (mourning for Jimmy Carter)",
            Dates(&[20250109]),
            "CME Group notice of January 2025; pandas_market_calendars 5.5.0 has a full session",
        ),
    ],
};
