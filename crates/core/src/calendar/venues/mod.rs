//! The shipped calendars, one market a file.

mod always;
mod cme_eq;
mod cme_fx;
mod fx;
mod xhkg;
mod xlon;
mod xnys;
mod xtks;

use super::rules::Venue;

/// All of them, in the order they are listed to users.
pub(super) static VENUES: [&Venue; 8] = [
    &xnys::VENUE,
    &always::VENUE,
    &fx::VENUE,
    &cme_eq::VENUE,
    &cme_fx::VENUE,
    &xlon::VENUE,
    &xhkg::VENUE,
    &xtks::VENUE,
];

/// Their ids, in the same order.
pub(super) const IDS: &[&str] = &["XNYS", "24/7", "FX", "CME_EQ", "CME_FX", "XLON", "XHKG", "XTKS"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_venues_are_the_same_list() {
        assert!(VENUES.iter().map(|v| &v.id).eq(IDS));
    }
}
