//! `FX`: spot currencies, Sunday to Friday, rolled at 17:00 New York.
//!
//! A session is labelled by the New York date of its closing roll, so Sunday evening belongs to Monday.
//! There is no exchange and so no holiday: brokers that stop on 25 December or 1 January say so in an
//! overlay.

use crate::calendar::rules::{Period, Venue, WORKING_WEEK, at, evening, stretch};

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "FX",
    aliases: &[],
    hints: &["FOREX", "24/5", "24x5", "CURRENCY", "OANDA"],
    description: "spot currencies: Sunday to Friday, rolled at 17:00 New York, no holidays",
    zone: "America/New_York",
    valid: (19000101, 21991231),
    week: WORKING_WEEK,
    hours: &[Period { from: 19000101, stretches: &[stretch(evening(17, 0), at(17, 0))] }],
    extended: None,
    rules: &[],
};
