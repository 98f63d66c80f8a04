//! `24/7`: crypto and anything else that never closes. One session a UTC day.

use jiff::civil::Weekday;

use crate::calendar::rules::{DAY, Period, Venue, stretch};

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "24/7",
    aliases: &[],
    hints: &["24x7", "247", "ALWAYS", "CRYPTO", "UTC", "BINANCE", "COINBASE"],
    description: "always open: one session a UTC day",
    zone: "UTC",
    valid: (19000101, 21991231),
    week: &[
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ],
    hours: &[Period { from: 19000101, stretches: &[stretch(0, DAY)] }],
    extended: None,
    rules: &[],
};
