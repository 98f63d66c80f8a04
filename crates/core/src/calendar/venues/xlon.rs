//! `XLON`: the London Stock Exchange, continuous trading without the auctions.
//!
//! Checked against exchange_calendars 4.13.2: every session date, open and close from 1990-01-02 to
//! 2027-11-22. Regular hours are today's for all years, as there; those of the 1990s were not
//! looked up.

use jiff::civil::Weekday::Monday;

use crate::calendar::rules::When::{Dates, Easter, Fixed, Nth};
use crate::calendar::rules::{Observed, Period, Rule, Venue, WORKING_WEEK, at, stretch};

const BANK_HOLIDAYS: &str =
    "Bank holidays of England and Wales (gov.uk, Act of 1971); cross-checked: exchange_calendars 4.13.2";
const PROCLAIMED: &str =
    "royal proclamation (gov.uk, bank holidays); cross-checked: exchange_calendars 4.13.2";
const HALF_DAYS: &str = "LSE trading half days; cross-checked: exchange_calendars 4.13.2";

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "XLON",
    aliases: &[],
    hints: &["LSE", "LONDON", "UK"],
    description: "London Stock Exchange: 08:00 to 16:30 London",
    zone: "Europe/London",
    valid: (19900101, 20271231),
    week: WORKING_WEEK,
    hours: &[Period { from: 19900101, stretches: &[stretch(at(8, 0), at(16, 30))] }],
    extended: None,
    rules: &[
        Rule::closed("New Year's Day", Fixed(1, 1), BANK_HOLIDAYS).observed(Observed::ON_MONDAY),
        Rule::closed("Good Friday", Easter(-2), BANK_HOLIDAYS),
        Rule::closed("Easter Monday", Easter(1), BANK_HOLIDAYS),
        Rule::closed("Early May bank holiday", Nth(5, Monday, 1), BANK_HOLIDAYS).except(&[1995, 2020]),
        Rule::closed("Early May bank holiday, on VE Day", Dates(&[19950508, 20200508]), PROCLAIMED),
        Rule::closed("Spring bank holiday", Nth(5, Monday, -1), BANK_HOLIDAYS).except(&[2002, 2012, 2022]),
        Rule::closed("Spring bank holiday, moved", Dates(&[20020604, 20120604, 20220602]), PROCLAIMED),
        Rule::closed("Golden Jubilee", Dates(&[20020603]), PROCLAIMED),
        Rule::closed("Diamond Jubilee", Dates(&[20120605]), PROCLAIMED),
        Rule::closed("Platinum Jubilee", Dates(&[20220603]), PROCLAIMED),
        Rule::closed("Summer bank holiday", Nth(8, Monday, -1), BANK_HOLIDAYS),
        Rule::closed("Christmas Day", Fixed(12, 25), BANK_HOLIDAYS).observed(Observed::TWO_LATER),
        Rule::closed("Boxing Day", Fixed(12, 26), BANK_HOLIDAYS).observed(Observed::TWO_LATER),
        Rule::closed("millennium", Dates(&[19991231]), PROCLAIMED),
        Rule::closed("wedding of Prince William", Dates(&[20110429]), PROCLAIMED),
        Rule::closed("funeral of Elizabeth II", Dates(&[20220919]), PROCLAIMED),
        Rule::closed("coronation of Charles III", Dates(&[20230508]), PROCLAIMED),
        Rule::early(at(12, 30), "early close (last session before Christmas)", Fixed(12, 24), HALF_DAYS)
            .observed(Observed::FRIDAY_BEFORE),
        Rule::early(at(12, 30), "early close (last session of the year)", Fixed(12, 31), HALF_DAYS)
            .observed(Observed::FRIDAY_BEFORE),
    ],
};
