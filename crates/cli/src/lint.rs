//! `barloom check` on data files: what is odd about their rows, without deriving.

use std::path::{Path, PathBuf};

use barloom::config::SessionConfig;
use barloom::lint::{Finding, Found, Lint, LintReport};
use barloom_core::derive::{Counts, FileError};
use barloom_core::{Interval, Stamp, Symbols};
use barloom_io::{CsvError, Options, ReadError, RowReader, symbol_of};
use comfy_table::CellAlignment;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::calendar::Format;
use crate::failure::{Failure, Kind};
use crate::inputs;
use crate::run::print;
use crate::summary::{grouped, plain_table};

/// Looks at the rows of data files, folders and patterns, in this order.
pub(crate) fn lint(mut config: SessionConfig, named: &[PathBuf], format: Format) -> Result<(), Failure> {
    let paths = inputs::found(named)?;
    // Nothing is derived; the rules want an interval.
    config.derived_intervals = vec![Interval::DAY];
    let rules = inputs::rules(&config)?;
    let options = inputs::options(&config)?;
    let mut linted = Linted { lint: Lint::new(rules), symbols: Symbols::new(), files: Vec::new() };
    let mut failure = None;
    let mut unstated = Vec::new();
    for path in &paths {
        match linted.file(path, &options, &mut unstated) {
            Ok(()) => {}
            Err(Stop::Read(error)) => {
                failure.get_or_insert(Failure::new(inputs::kind_of(&error), error));
            }
            // A run would end here.
            Err(Stop::File { text, error }) => {
                let Linted { lint, symbols, files } = linted;
                let report = lint.fail(&symbols, error);
                show(&report, &files, &symbols, format)?;
                return Err(Failure::new(Kind::Data, text));
            }
        }
    }
    let Linted { lint, symbols, files } = linted;
    let report = lint.finish(&symbols);
    show(&report, &files, &symbols, format)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if !unstated.is_empty() {
        return Err(Failure::new(Kind::Config, unstated.join("\nerror: ") + &seems(&report)));
    }
    report.error.map_or(Ok(()), |error| Err(Failure::new(Kind::Data, error)))
}

/// What the rows themselves say of a stamp that nothing states.
fn seems(report: &LintReport) -> String {
    let places = &report.places;
    if report.found.iter().any(|found| found.kind == barloom::lint::Kind::Stamp) || !places.fits() {
        return String::new();
    }
    let (at, all) = (places.at_open, places.blocks);
    format!("; read as opens, {at} of {all} sessions begin where trading does")
}

/// Why reading ended.
enum Stop {
    Read(ReadError),
    File { text: String, error: FileError },
}

/// Files that were looked at.
struct Linted {
    lint: Lint,
    symbols: Symbols,
    files: Vec<Seen>,
}

/// A file that was read.
struct Seen {
    file: String,
    rows: u64,
    layout: Option<String>,
    unit: &'static str,
}

impl Linted {
    /// Looks at a file. A stamp or zone that is not known is assumed, so that the rows can tell; what is asked for is told in the end.
    fn file(&mut self, path: &Path, options: &Options, unstated: &mut Vec<String>) -> Result<(), Stop> {
        let mut options = options.clone();
        loop {
            match self.read(path, &options) {
                Err((0, Stop::Read(error))) if assume(path, &error, &mut options) => {
                    unstated.push(error.to_string())
                }
                read => return read.map_err(|(_, stop)| stop),
            }
        }
    }

    /// Reads a file to its end; an error comes with the rows that were read before.
    fn read(&mut self, path: &Path, options: &Options) -> Result<(), (u64, Stop)> {
        let mut own = options.clone();
        // As a run takes it.
        own.symbol = own.symbol.or_else(|| symbol_of(path));
        let mut reader = RowReader::open(path, own).map_err(|error| (0, Stop::Read(error)))?;
        let name = reader.name().to_owned();
        self.lint.begin(&name);
        loop {
            let before = reader.rows();
            let read = match reader.next_row() {
                Ok(read) => read,
                Err(error) => {
                    if before > 0 {
                        self.files.push(Seen::of(&reader));
                    }
                    return Err((before, Stop::Read(error)));
                }
            };
            let Some(decoded) = read else { break };
            let row = inputs::source_row(decoded, options.base, &mut self.symbols);
            if let Err(error) = self.lint.row(&row, &self.symbols) {
                self.files.push(Seen::of(&reader));
                let text = format!("{name}, {} {}: {error}", reader.unit(), row.number);
                return Err((reader.rows(), Stop::File { text, error }));
            }
        }
        self.files.push(Seen::of(&reader));
        Ok(())
    }
}

impl Seen {
    fn of(reader: &RowReader) -> Self {
        let layout = reader.resolved().map(|resolved| resolved.to_string());
        Self { file: reader.name().to_owned(), rows: reader.rows(), layout, unit: reader.unit() }
    }
}

/// States in `options` what the file lacks, where rows can show whether that is right. A pipe is not read twice.
fn assume(path: &Path, error: &ReadError, options: &mut Options) -> bool {
    if !path.is_file() {
        return false;
    }
    match error {
        error if error.is_stamp_unknown() && options.stamp.is_none() => options.stamp = Some(Stamp::Open),
        ReadError::Csv { error: CsvError::ZoneUnknown { .. }, .. } if options.tz.is_none() => {
            options.tz = Some(TimeZone::UTC);
        }
        _ => return false,
    }
    true
}

fn show(report: &LintReport, files: &[Seen], symbols: &Symbols, format: Format) -> Result<(), Failure> {
    match format {
        Format::Table => print(&table(report, files, symbols)),
        Format::Json => print(&json_of(report, files, symbols).to_string()),
    }
}

/// For people: files, counts, and the first findings of each kind below.
fn table(report: &LintReport, files: &[Seen], symbols: &Symbols) -> String {
    let mut inputs = plain_table(["file", "rows", "layout"]);
    for seen in files {
        inputs.add_row([seen.file.clone(), grouped(seen.rows), seen.layout.clone().unwrap_or_default()]);
    }
    let mut kinds = plain_table(["finding", "count"]);
    for found in &report.found {
        kinds.add_row([found.kind.to_string(), grouped(found.count)]);
    }
    for table in [&mut inputs, &mut kinds] {
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut parts = vec![inputs.to_string()];
    if report.found.is_empty() {
        let (rows, names) = (grouped(report.counts.rows()), symbols.len());
        let ending = if names == 1 { "" } else { "s" };
        parts.push(format!("no finding in {rows} rows of {} symbol{ending}", grouped(names as u64)));
    } else {
        parts.push(kinds.to_string());
        parts.extend(report.found.iter().map(|found| listed(found, files)));
    }
    parts.join("\n\n")
}

/// The findings of a kind that were kept, a line each.
fn listed(found: &Found, files: &[Seen]) -> String {
    let line = |finding: &Finding| {
        let Finding { symbol, file, row, time, text } = finding;
        let unit = |file: &str| files.iter().find(|seen| seen.file == file).map_or("line", |seen| seen.unit);
        let place = file.as_ref().zip(*row).map(|(file, row)| format!("{file}, {} {row}", unit(file)));
        let time = time.map(|time| time.to_string());
        let whose: Vec<String> = [place, symbol.clone(), time].into_iter().flatten().collect();
        let whose = if whose.is_empty() { String::new() } else { format!(" {}:", whose.join(", ")) };
        format!("{}:{whose} {text}", found.kind)
    };
    let mut lines: Vec<String> = found.first.iter().map(line).collect();
    let more = found.count - found.first.len() as u64;
    lines.extend((more > 0).then(|| format!("{}: {} more", found.kind, grouped(more))));
    lines.join("\n")
}

fn json_of(report: &LintReport, files: &[Seen], symbols: &Symbols) -> Value {
    let Counts { accepted, corrected, duplicate, late, invalid, out_of_session } = report.counts;
    let findings = report.found.iter().map(|found| {
        let first = found.first.iter().map(|finding| {
            json!({
                "symbol": finding.symbol,
                "file": finding.file,
                "row": finding.row,
                "time": finding.time.map(|time| time.to_string()),
                "text": finding.text,
            })
        });
        json!({
            "kind": found.kind.as_str(),
            "count": found.count,
            "first": first.collect::<Vec<_>>(),
        })
    });
    let files =
        files.iter().map(|seen| json!({ "file": seen.file, "rows": seen.rows, "layout": seen.layout }));
    json!({
        "files": files.collect::<Vec<_>>(),
        "symbols": symbols.len(),
        "counts": {
            "rows": report.counts.rows(),
            "accepted": accepted,
            "duplicate": duplicate,
            "corrected": corrected,
            "late": late,
            "invalid": invalid,
            "out_of_session": out_of_session,
        },
        "findings": findings.collect::<Vec<_>>(),
        "error": report.error.as_ref().map(ToString::to_string),
    })
}
