//! `barloom calendar`: the sessions of a month or day, half days and offsets.

use std::path::PathBuf;

use barloom::clock;
use barloom_core::error::{WordError, word};
use barloom_core::{Calendar, Segment, Session, SessionIndex, Timestamp};
use clap::Args;
use comfy_table::{Table, presets};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind, failed};
use crate::inputs;
use crate::run::print;

/// Show a calendar's sessions: of a month, of a day, or the next one
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  barloom calendar XNYS 2024-11\n  barloom calendar CME_EQ 2024-11-28 --format json\n  barloom calendar XHKG 2025-01-29 --next"
)]
pub(crate) struct CalendarArgs {
    /// XNYS, 24/7, FX, CME_EQ, CME_FX, XLON, XHKG or XTKS
    #[arg(value_name = "ID")]
    id: String,

    /// A month like 2024-11 or a day like 2024-11-29; this month when not given
    #[arg(value_name = "MONTH|DATE")]
    when: Option<When>,

    /// The first session that ends after now, or that is dated on or after DATE
    #[arg(long)]
    next: bool,

    /// A TOML file that adds sessions or removes them
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,

    /// table or json
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
}

impl std::str::FromStr for Format {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("format", text, &[("table", Self::Table), ("json", Self::Json)])
    }
}

/// The dates asked for, inclusive.
#[derive(Debug, Clone, Copy)]
struct When {
    from: Date,
    to: Date,
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(date) = text.parse::<Date>() {
            return Ok(Self { from: date, to: date });
        }
        let month = || format!("{text}-01").parse::<Date>().ok().filter(|_| text.len() == 7);
        let from = month()
            .ok_or_else(|| format!("`{text}` is neither a month like 2024-11 nor a day like 2024-11-29"))?;
        Ok(Self { from, to: from.last_of_month() })
    }
}

/// Runs the command.
pub(crate) fn calendar(args: &CalendarArgs) -> Result<(), Failure> {
    let mut calendar = Calendar::named(&args.id).map_err(failed(Kind::Config))?;
    if let Some(path) = &args.overlay {
        calendar = inputs::with_overlay(&calendar, path)?;
    }
    let days = if args.next { vec![next(&calendar, args.when)?] } else { listed(&calendar, args.when)? };
    match args.format {
        Format::Table => print(&table(&calendar, &days)),
        Format::Json => {
            let (from, to) = calendar.valid();
            let days: Vec<Value> = days.iter().map(|day| day.json(&calendar)).collect();
            let zone = calendar.zone().iana_name();
            let valid = [from.to_string(), to.to_string()];
            print(
                &json!({ "calendar": calendar.id(), "zone": zone, "valid": valid, "days": days }).to_string(),
            )
        }
    }
}

/// A date with its session, if it has one.
struct Day {
    date: Date,
    session: Option<SessionIndex>,
}

fn next(calendar: &Calendar, when: Option<When>) -> Result<Day, Failure> {
    let index = match when {
        None => calendar.at_or_after(clock::now()).map_err(failed(Kind::Config))?,
        Some(When { from, .. }) => {
            let mut date = from;
            loop {
                match calendar.on(date).map_err(failed(Kind::Config))? {
                    Some(index) => break index,
                    None => date = date.tomorrow().map_err(failed(Kind::Config))?,
                }
            }
        }
    };
    Ok(Day { date: calendar.session(index).date(), session: Some(index) })
}

/// Every date asked for that has a session, or that a note tells about.
fn listed(calendar: &Calendar, when: Option<When>) -> Result<Vec<Day>, Failure> {
    let When { from, to } = when.unwrap_or_else(|| {
        let today = calendar.zone().to_datetime(clock::now().to_jiff()).date();
        When { from: today.first_of_month(), to: today.last_of_month() }
    });
    let mut days = Vec::new();
    let mut date = from;
    loop {
        let session = calendar.on(date).map_err(failed(Kind::Config))?;
        let is_weekend = calendar.note(date).is_some_and(|note| note.name == "weekend");
        if session.is_some() || !is_weekend || from == to {
            days.push(Day { date, session });
        }
        match date.tomorrow() {
            Ok(tomorrow) if tomorrow <= to => date = tomorrow,
            _ => return Ok(days),
        }
    }
}

/// An instant on the venue's clock: `09:30-05:00`, with the date where it is not `date`.
fn local(calendar: &Calendar, at: Timestamp, date: Date) -> String {
    let zoned = at.to_jiff().to_zoned(calendar.zone().clone());
    let time =
        if zoned.date() == date { zoned.strftime("%H:%M%:z") } else { zoned.strftime("%Y-%m-%d %H:%M%:z") };
    time.to_string()
}

fn duration(segments: &[Segment]) -> String {
    let minutes = segments.iter().map(|s| s.close.since(s.open)).sum::<i64>() / 60_000_000_000;
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

fn weekday(date: Date) -> String {
    date.strftime("%a").to_string()
}

fn table(calendar: &Calendar, days: &[Day]) -> String {
    let (from, to) = calendar.valid();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let extended = if calendar.has_extended() { Some("pre and post") } else { None };
    let columns = ["session", "", "open", "close", "UTC", "break", "hours"];
    table.set_header(columns.into_iter().chain(extended).chain(["note"]));
    for day in days {
        let session = day.session.map(|index| calendar.session(index));
        let note = calendar.note(day.date).map(|note| note.name.into_owned()).unwrap_or_default();
        let cells = session.map_or_else(|| vec![String::new(); 5], |session| cells(calendar, session));
        let closed = if session.is_none() { format!("closed: {note}") } else { note };
        let around = extended.map(|_| session.map(|s| around(calendar, s)).unwrap_or_default());
        let row = [day.date.to_string(), weekday(day.date)].into_iter().chain(cells);
        table.add_row(row.chain(around).chain([closed]));
    }
    let sessions = days.iter().filter(|day| day.session.is_some()).count();
    format!(
        "{}: {}\nknown from {from} to {to}\n\n{}\n\n{sessions} sessions",
        calendar.id(),
        calendar.description(),
        table.trim_fmt()
    )
}

fn cells(calendar: &Calendar, session: &Session) -> Vec<String> {
    let at = |instant| local(calendar, instant, session.date());
    let regular = session.regular();
    let utc = |instant: Timestamp| instant.to_jiff().strftime("%H:%M").to_string();
    let breaks: Vec<String> = regular
        .windows(2)
        .map(|pair| format!("{}-{}", clock_time(calendar, pair[0].close), clock_time(calendar, pair[1].open)))
        .collect();
    let in_utc = format!("{}-{}", utc(session.open()), utc(session.close()));
    vec![at(session.open()), at(session.close()), in_utc, breaks.join(" "), duration(regular)]
}

/// `12:00`, on the venue's clock.
fn clock_time(calendar: &Calendar, at: Timestamp) -> String {
    at.to_jiff().to_zoned(calendar.zone().clone()).strftime("%H:%M").to_string()
}

/// `04:00-09:30 16:00-20:00`: the segments outside regular hours.
fn around(calendar: &Calendar, session: &Session) -> String {
    let outer = session.segments().iter().filter(|s| s.hours != barloom_core::Hours::Regular);
    let texts: Vec<String> = outer
        .map(|s| format!("{}-{}", clock_time(calendar, s.open), clock_time(calendar, s.close)))
        .collect();
    texts.join(" ")
}

impl Day {
    fn json(&self, calendar: &Calendar) -> Value {
        let note = calendar.note(self.date).map(|note| json!({ "name": note.name, "source": note.source }));
        let Some(session) = self.session.map(|index| calendar.session(index)) else {
            return json!({ "date": self.date.to_string(), "weekday": weekday(self.date), "session": null, "note": note });
        };
        let at = |instant| local(calendar, instant, session.date());
        let segments: Vec<Value> = session
            .segments()
            .iter()
            .map(|s| json!({ "hours": s.hours.as_str(), "open": s.open.to_string(), "close": s.close.to_string() }))
            .collect();
        let session = json!({
            "open": session.open().to_string(),
            "close": session.close().to_string(),
            "open_local": at(session.open()),
            "close_local": at(session.close()),
            "early_close": session.is_early_close(),
            "late_open": session.is_late_open(),
            "segments": segments,
        });
        json!({ "date": self.date.to_string(), "weekday": weekday(self.date), "session": session, "note": note })
    }
}
