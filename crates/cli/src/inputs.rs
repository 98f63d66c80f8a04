//! From a configuration to what core and io need: rules, reading options, open files.

use std::path::{Path, PathBuf};

use barloom::config::{SessionConfig, time_zone};
use barloom::source::{RowPlace, Source as _};
use barloom_core::adjust::{Adjuster, Adjustments};
use barloom_core::calendar::{CalendarError, OverlayError};
use barloom_core::derive::DeriveRules;
use barloom_core::plan::Plan;
use barloom_core::{Calendar, Interval, Overlay, Symbol, Symbols};
use barloom_io::{Excerpt, Facts, FileSource, Options, TableFormat};

use crate::failure::{Failure, Kind, failed};
use crate::tables::{Order, Tables, Written};
use crate::tell;

/// Reads the session file at `path`, and gives its text too; its paths become relative to the folder that it lies in.
pub(crate) fn session(path: &Path) -> Result<(SessionConfig, String), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Kind::Config, format!("{}: can't be read: {error}", path.display())))?;
    let mut config =
        SessionConfig::read(path, &text).map_err(|error| Failure::in_config(path, &text, &error))?;
    config.relate_to(path.parent().unwrap_or_else(|| Path::new("")));
    if config.inputs.is_empty() {
        return Err(Failure::new(Kind::Config, format!("{}: `inputs` names no file", path.display())));
    }
    config.inputs = found(&config.inputs)?;
    Ok((config, text))
}

/// The calendar that was asked for; one that was not is said.
pub(crate) fn calendar(config: &SessionConfig, overlay: Option<&str>) -> Result<Calendar, Failure> {
    if config.calendar.is_none() {
        tell::line("calendar: 24/7 (none was stated)");
    }
    let calendar =
        Calendar::named(config.calendar.as_deref().unwrap_or("24/7")).map_err(failed(Kind::Config))?;
    match (overlay, &config.overlay) {
        (Some(text), Some(path)) => overlaid(&calendar, text, path),
        (Some(text), None) => overlaid(&calendar, text, Path::new("overlay")),
        (None, _) => Ok(calendar),
    }
}

/// The text of the overlay that was asked for.
pub(crate) fn overlay(config: &SessionConfig) -> Result<Option<String>, Failure> {
    config.overlay.as_deref().map(read_overlay).transpose()
}

fn read_overlay(path: &Path) -> Result<String, Failure> {
    let unread = |error| Failure::new(Kind::Config, format!("{}: can't be read: {error}", path.display()));
    std::fs::read_to_string(path).map_err(unread)
}

/// `calendar` with the overlay file at `path`.
pub(crate) fn with_overlay(calendar: &Calendar, path: &Path) -> Result<Calendar, Failure> {
    overlaid(calendar, &read_overlay(path)?, path)
}

/// `calendar` with the overlay of that text, which came from `path`.
fn overlaid(calendar: &Calendar, text: &str, path: &Path) -> Result<Calendar, Failure> {
    let name = path.display().to_string();
    let refused = |error: &OverlayError| {
        let excerpt =
            error.line().and_then(|line| Excerpt::of_line(text, line, error.word().unwrap_or_default()));
        // With a line it begins with that.
        let message = format!("{name}{} {error}", if error.line().is_some() { "," } else { ":" });
        Failure::new(Kind::Config, message).showing(excerpt.as_ref().map(|excerpt| (name.as_str(), excerpt)))
    };
    let overlay = Overlay::parse(text).map_err(|error| refused(&error))?;
    calendar.with_overlay(&overlay).map_err(|error| match &error {
        CalendarError::Overlay(own) => refused(own),
        other => Failure::new(Kind::Config, format!("{name}: {other}")),
    })
}

/// The rules of derivation.
pub(crate) fn rules(config: &SessionConfig) -> Result<DeriveRules, Failure> {
    rules_with(config, overlay(config)?.as_deref())
}

/// The rules of derivation, with the text of the overlay, if there is one.
pub(crate) fn rules_with(config: &SessionConfig, overlay: Option<&str>) -> Result<DeriveRules, Failure> {
    let calendar = calendar(config, overlay)?;
    if config.hours == barloom_core::derive::TradingHours::Extended && !calendar.has_extended() {
        tell::line(&format!(
            "hours: {} has no pre- or post-market; extended is the same as regular",
            calendar.id()
        ));
    }
    config.rules(calendar).map_err(failed(Kind::Config))
}

/// The indicators on the intervals of `rules`.
pub(crate) fn plan(config: &SessionConfig, rules: &DeriveRules) -> Result<Plan, Failure> {
    config.plan(rules).map_err(failed(Kind::Config))
}

/// What was stated about the files.
pub(crate) fn options(config: &SessionConfig) -> Result<Options, Failure> {
    let symbol = config.symbol.as_deref().map(Symbol::new).transpose().map_err(failed(Kind::Config))?;
    let tz = config.tz.as_deref().map(time_zone).transpose().map_err(failed(Kind::Config))?;
    Ok(Options { stamp: config.stamp, tz, symbol, base: config.base, publisher: config.publisher })
}

/// What rows are adjusted by as they are read; none where nothing was asked for.
pub(crate) fn adjuster(config: &SessionConfig, rules: &DeriveRules) -> Result<Option<Adjuster>, Failure> {
    let Some(path) = &config.adjustments else { return Ok(None) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Kind::Config, format!("{name}: can't be read: {error}")))?;
    let adjustments = barloom_io::adjustments(&name, &text).map_err(|error| {
        let excerpt = error.excerpt(&text);
        Failure::new(Kind::Config, &error).showing(excerpt.as_ref().map(|excerpt| (name.as_str(), excerpt)))
    })?;
    Ok(Some(Adjuster::new(adjustments, rules.calendar.clone(), rules.base)))
}

/// Warns of symbols that have adjustments and no row.
pub(crate) fn tell_unknown(adjustments: Option<&Adjustments>, symbols: &Symbols) {
    for symbol in adjustments.into_iter().flat_map(|all| all.unknown(symbols)) {
        tell::line(&format!("warning: {symbol} has adjustments, and no row"));
    }
}

/// The interval of the input: the one stated, else what the first file says of itself, else a minute.
pub(crate) fn base(stated: Option<Interval>, inputs: &[PathBuf]) -> Interval {
    let said = || inputs.first().and_then(|path| Facts::of_file(path).input_base());
    stated.or_else(said).unwrap_or(Interval::MINUTE)
}

/// The files that `named` names: files, folders, patterns.
pub(crate) fn found(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let files = named.iter().map(|path| barloom_io::found(path)).collect::<Result<Vec<_>, _>>();
    Ok(files.map_err(failed(Kind::Data))?.concat())
}

/// That every input is there, before anything is made. A pipe is not opened twice.
pub(crate) fn refuse_missing(config: &SessionConfig, options: &Options) -> Result<(), Failure> {
    let mut missing = config.inputs.iter().filter(|path| !path.exists());
    Ok(missing.try_for_each(|path| FileSource::open(path, options).map(drop))?)
}

/// The row that stands there, read once more; `None` where that can't be.
#[cold]
pub(crate) fn excerpt(config: &SessionConfig, place: &RowPlace) -> Option<Excerpt> {
    let is_it = |path: &&PathBuf| path.is_file() && path.display().to_string() == place.source;
    let path = config.inputs.iter().find(is_it)?;
    let (mut source, mut symbols) = (FileSource::open(path, &options(config).ok()?).ok()?, Symbols::new());
    while let Ok(Some(row)) = source.next_row(&mut symbols) {
        if row.number == place.number {
            return source.reader().excerpt();
        }
    }
    None
}

/// How tables are written: what is not a row of theirs stands in the metadata, where the format has room for it.
pub(crate) fn written(
    config: &SessionConfig,
    rules: &DeriveRules,
    format: TableFormat,
    order: Order,
) -> Written {
    let word = |debug: &dyn std::fmt::Debug| format!("{debug:?}").to_lowercase();
    let facts = Facts::default()
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("calendar", rules.calendar.id())
        .with("hours", word(&config.hours))
        .with("align", word(&config.align))
        .with("stub", word(&config.stub))
        .with("origin", config.origin.to_string())
        .with("source_base", config.base.to_string())
        // Rows are labelled by both ends of their bar, in UTC; the one that is read first is the open.
        .with("stamp", "open");
    let facts = if config.adjustments.is_some() { facts.with("adjusted", "true") } else { facts };
    Written { format, order, facts }
}

/// The format of the output at `path`: the one stated, else by the end of its name.
///
/// # Errors
/// When neither says one; `flag` would.
pub(crate) fn format_of(
    path: &Path,
    stated: Option<TableFormat>,
    flag: &str,
) -> Result<TableFormat, Failure> {
    stated.or_else(|| TableFormat::of_path(path)).ok_or_else(|| {
        let allowed = "end it in .csv, .parquet or .arrow, or say one with";
        let text = format!("{}: the name does not say a format; {allowed} {flag}", path.display());
        Failure::new(Kind::Config, text)
    })
}

/// Where a file is; one that is not there yet is known by its folder.
fn place(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some(folder.unwrap_or_else(|| ".".as_ref()).canonicalize().ok()?.join(path.file_name()?))
    })
}

fn refuse(path: &Path, what: &str) -> Result<(), Failure> {
    Err(Failure::new(Kind::Config, format!("{}: would be written over {what}", path.display())))
}

/// That no output would replace an input or another output.
///
/// # Errors
/// Names the file.
pub(crate) fn refuse_overlaps(
    config: &SessionConfig,
    rules: &DeriveRules,
    format: TableFormat,
) -> Result<(), Failure> {
    let tables =
        config.out.iter().flat_map(|dir| Tables::names(rules, format).map(move |name| dir.join(name)));
    let tables: Vec<PathBuf> = tables.collect();
    if cfg!(any(windows, target_os = "macos")) {
        let folded: Vec<String> = Tables::names(rules, format).map(|name| name.to_lowercase()).collect();
        if let Some(name) = folded.iter().enumerate().find(|(i, name)| folded[..*i].contains(name)) {
            return refuse(name.1.as_ref(), "the table of another interval on this system; use two folders");
        }
    }
    let outputs: Vec<&Path> = tables.iter().chain(&config.rejects).map(PathBuf::as_path).collect();
    let read = config.inputs.iter().chain(&config.overlay).chain(&config.adjustments);
    refuse_replacing(&read.cloned().collect::<Vec<_>>(), &outputs)
}

/// That none of `outputs` is one of `inputs` or another of them.
///
/// # Errors
/// Names the file.
pub(crate) fn refuse_replacing(inputs: &[PathBuf], outputs: &[&Path]) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> = inputs.iter().filter_map(|path| place(path)).collect();
    // A folder that is not there yet holds no input, but two outputs may still be one.
    let places: Vec<PathBuf> =
        outputs.iter().map(|path| place(path).unwrap_or_else(|| path.to_path_buf())).collect();
    for (i, (path, own)) in outputs.iter().zip(&places).enumerate() {
        if inputs.contains(own) {
            return refuse(path, "an input");
        }
        if places[..i].contains(own) {
            return refuse(path, "a table");
        }
    }
    Ok(())
}
