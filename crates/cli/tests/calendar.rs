//! `calendar`: what a market's month looks like.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod common;

use common::{Desk, run};
use serde_json::Value;

fn json(args: &[&str]) -> Value {
    let done = run(&[&["calendar", "--format", "json"], args].concat()).ok();
    serde_json::from_str(&done.stdout).unwrap()
}

/// The day of `date` among those of `month`.
fn day<'a>(month: &'a Value, date: &str) -> &'a Value {
    month["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap()
}

#[test]
fn a_month_shows_half_days_offsets_and_holidays() {
    let month = json(&["XNYS", "2024-11"]);
    assert_eq!((&month["calendar"], &month["zone"]), (&"XNYS".into(), &"America/New_York".into()));
    let sessions = month["days"].as_array().unwrap().iter().filter(|day| !day["session"].is_null());
    assert_eq!(sessions.count(), 20);

    let half = &day(&month, "2024-11-29")["session"];
    assert_eq!(
        (&half["open"], &half["close"]),
        (&"2024-11-29T14:30:00Z".into(), &"2024-11-29T18:00:00Z".into())
    );
    assert_eq!(half["close_local"], "13:00-05:00");
    // Daylight saving ended on Sunday the 3rd.
    assert_eq!(day(&month, "2024-11-01")["session"]["open_local"], "09:30-04:00");
    assert_eq!(day(&month, "2024-11-04")["session"]["open_local"], "09:30-05:00");

    let closed = day(&month, "2024-11-28");
    assert!(closed["session"].is_null());
    assert!(closed["note"]["name"].as_str().unwrap().contains("Thanksgiving"), "{closed}");
}

#[test]
fn the_table_says_the_same_to_people() {
    let text = run(&["calendar", "XNYS", "2024-11"]).ok().stdout;
    let line = |date: &str| text.lines().find(|line| line.contains(date)).unwrap().to_owned();
    assert!(line("2024-11-28").contains("closed: Thanksgiving"), "{text}");
    assert!(line("2024-11-29").contains("13:00-05:00") && line("2024-11-29").contains("3:30"), "{text}");
    assert!(text.contains("20 sessions"), "{text}");
}

#[test]
fn a_day_of_hong_kong_has_two_segments() {
    let found = json(&["XHKG", "2024-11-26"]);
    let segments = found["days"][0]["session"]["segments"].as_array().unwrap().clone();
    let times: Vec<_> =
        segments.iter().map(|s| format!("{} {}", s["open"], s["close"]).replace('"', "")).collect();
    assert_eq!(
        times,
        ["2024-11-26T01:30:00Z 2024-11-26T04:00:00Z", "2024-11-26T05:00:00Z 2024-11-26T08:00:00Z"]
    );
}

#[test]
fn the_next_session_from_a_date_skips_holidays() {
    let found = json(&["XNYS", "2024-11-28", "--next"]);
    assert_eq!(found["days"][0]["date"], "2024-11-29");
    assert_eq!(found["days"].as_array().unwrap().len(), 1);
}

#[test]
fn an_unknown_calendar_names_the_nearest() {
    run(&["calendar", "XNSY", "2024-11"]).refused(3, &["XNSY", "did you mean `XNYS`?", "XHKG"]);
}

#[test]
fn a_date_beyond_what_is_known_is_an_error() {
    run(&["calendar", "XNYS", "2099-01"]).refused(3, &["XNYS is known to", "valid_to"]);
    run(&["calendar", "XNYS", "1899-01-01"]).refused(3, &["XNYS is known from"]);
}

#[test]
fn what_is_no_month_is_a_usage_error() {
    run(&["calendar", "XNYS", "2024-13"]).refused(2, &["2024-13", "like 2024-11"]);
}

#[test]
fn an_overlay_adds_and_removes_sessions() {
    let desk = Desk::new();
    let overlay = desk.put(
        "overlay.toml",
        "calendar = \"XNYS\"\n[[closed]]\ndate = \"2024-11-26\"\nreason = \"test\"\n\
         [[open]]\ndate = \"2024-11-28\"\nclose = \"13:00\"\nreason = \"test\"\n",
    );
    let month = json(&["XNYS", "2024-11", "--overlay", &overlay]);
    assert!(day(&month, "2024-11-26")["session"].is_null());
    assert_eq!(day(&month, "2024-11-28")["session"]["close"], "2024-11-28T18:00:00Z");
}

#[test]
fn a_wrong_overlay_is_named_with_its_line() {
    let desk = Desk::new();
    let overlay = desk.put("overlay.toml", "calendar = \"XNYS\"\n\n[[close]]\ndate = \"2024-11-26\"\n");
    run(&["calendar", "XNYS", "--overlay", &overlay])
        .refused(3, &["overlay.toml", "line 3", "`close`", "closed"]);
}
