//! `XNYS`: United States equities, with the same days at NYSE, Nasdaq, Arca and Cboe BZX.
//!
//! Checked against exchange_calendars 4.13.2: every session date, open and close from 1990-01-02 to
//! 2027-11-22. It and pandas_market_calendars agree on every date; before 2007 they differ on a few closes
//! and late opens (2001-09-17, 2002-09-11, the storms of 1994 and 1996), and here those sessions open at
//! 09:30. Pre-market and post-market are the hours of today's electronic venues and are carried back to 1990,
//! when they did not exist.

use jiff::civil::Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};

use crate::calendar::rules::When::{Dates, DayAfterNth, Easter, Fixed, FixedOn, Nth};
use crate::calendar::rules::{Extended, Observed, Period, Rule, Venue, WORKING_WEEK, at, stretch};

const RULE_7_2: &str = "NYSE Rule 7.2, Holidays; cross-checked: exchange_calendars 4.13.2";
const EARLY: &str = "NYSE early closings; cross-checked: exchange_calendars 4.13.2";
const ONE_OFF: &str = "NYSE special closings; cross-checked: exchange_calendars and pandas_market_calendars";

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "XNYS",
    aliases: &["XNAS", "ARCX", "BATS"],
    hints: &["NYSE", "NASDAQ", "ARCA", "AMEX", "US", "USA"],
    description: "New York Stock Exchange, Nasdaq, Arca, Cboe BZX: 09:30 to 16:00 New York; \
                  pre-market from 04:00, post-market to 20:00",
    zone: "America/New_York",
    valid: (19900101, 20271231),
    week: WORKING_WEEK,
    hours: &[Period { from: 19900101, stretches: &[stretch(at(9, 30), at(16, 0))] }],
    extended: Some(Extended { pre_open: at(4, 0), post_close: at(20, 0), post_close_early: at(17, 0) }),
    rules: &[
        // A Saturday New Year's Day is not made up: the Friday before ends the accounting year.
        Rule::closed("New Year's Day", Fixed(1, 1), RULE_7_2).observed(Observed::SUNDAY_ON_MONDAY),
        Rule::closed("Martin Luther King Jr. Day", Nth(1, Monday, 3), RULE_7_2).since(1998),
        Rule::closed("Washington's Birthday", Nth(2, Monday, 3), RULE_7_2),
        Rule::closed("Good Friday", Easter(-2), RULE_7_2),
        Rule::closed("Memorial Day", Nth(5, Monday, -1), RULE_7_2),
        Rule::closed("Juneteenth", Fixed(6, 19), RULE_7_2).observed(Observed::NEAREST).since(2022),
        Rule::closed("Independence Day", Fixed(7, 4), RULE_7_2).observed(Observed::NEAREST),
        Rule::closed("Labor Day", Nth(9, Monday, 1), RULE_7_2),
        Rule::closed("Thanksgiving Day", Nth(11, Thursday, 4), RULE_7_2),
        Rule::closed("Christmas Day", Fixed(12, 25), RULE_7_2).observed(Observed::NEAREST),
        // Early closes. On a Friday, 3 July and 24 December are the holiday itself, observed.
        Rule::early(at(14, 0), "early close (day after Thanksgiving)", DayAfterNth(11, Thursday, 4), EARLY)
            .since(1992)
            .until(1992),
        Rule::early(at(13, 0), "early close (day after Thanksgiving)", DayAfterNth(11, Thursday, 4), EARLY)
            .since(1993),
        Rule::early(at(14, 0), "early close (Christmas Eve)", Fixed(12, 24), EARLY).until(1992),
        Rule::early(at(13, 0), "early close (Christmas Eve)", Fixed(12, 24), EARLY).since(1993),
        Rule::early(at(13, 0), INDEPENDENCE_EVE, FixedOn(7, 3, &[Monday, Tuesday, Thursday]), EARLY)
            .since(1995),
        Rule::early(at(13, 0), INDEPENDENCE_EVE, FixedOn(7, 3, &[Wednesday]), EARLY).since(2013),
        // When the Fourth was a Thursday, the Friday was cut instead of the Wednesday.
        Rule::early(at(13, 0), "early close (after Independence Day)", FixedOn(7, 5, &[Friday]), EARLY)
            .since(1995)
            .until(2012),
        Rule::early(at(13, 0), "early close (after Christmas)", Dates(&[19971226, 20031226]), EARLY),
        Rule::early(at(13, 0), "early close (millennium)", Dates(&[19991231]), EARLY),
        // One-off closures.
        Rule::closed("funeral of Richard Nixon", Dates(&[19940427]), ONE_OFF),
        Rule::closed("attacks of September 11", Dates(&[20010911, 20010912, 20010913, 20010914]), ONE_OFF),
        Rule::closed("funeral of Ronald Reagan", Dates(&[20040611]), ONE_OFF),
        Rule::closed("mourning for Gerald Ford", Dates(&[20070102]), ONE_OFF),
        Rule::closed("Hurricane Sandy", Dates(&[20121029, 20121030]), ONE_OFF),
        Rule::closed("mourning for George H. W. Bush", Dates(&[20181205]), ONE_OFF),
        Rule::closed("mourning for Jimmy Carter", Dates(&[20250109]), ONE_OFF),
    ],
};

const INDEPENDENCE_EVE: &str = "early close (eve of Independence Day)";
