//! `barloom check` on data files: what is odd about their rows, without deriving.

use std::path::{Path, PathBuf};

use barloom::lint::{Finding, Found, Lint, LintReport};
use barloom::source::Source as _;
use barloom_core::adjust::Adjuster;
use barloom_core::derive::{Counts, FileError};
use barloom_core::{Interval, Stamp, Symbols};
use barloom_io::{CsvError, FileSource, Options, ReadError, RowReader, SourceError};
use comfy_table::CellAlignment;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::args::DataArgs;
use crate::calendar::Format;
use crate::failure::{Failure, Kind};
use crate::inputs;
use crate::run::print;
use crate::summary::{grouped, plain_table};

/// Looks at the rows of data files, folders and patterns, in this order.
pub(crate) fn lint(data: &DataArgs, named: &[PathBuf], format: Format) -> Result<(), Failure> {
    let (paths, mut config) = (inputs::found(named)?, data.to_config());
    config.base = inputs::base(data.base(), &paths);
    // Nothing is derived; the rules want an interval.
    config.derived_intervals = vec![Interval::DAY];
    let rules = inputs::rules(&config)?;
    let options = inputs::options(&config)?;
    let adjuster = inputs::adjuster(&config, &rules)?;
    let mut linted = Linted { lint: Lint::new(rules), symbols: Symbols::new(), files: Vec::new(), adjuster };
    let mut failure = None;
    let mut unstated = Vec::new();
    for path in &paths {
        match linted.file(path, &options, &mut unstated) {
            Ok(()) => {}
            Err(Stop::Read { error, .. }) => {
                failure.get_or_insert((*error).into());
            }
            // A run would end here.
            Err(Stop::File { failure, error }) => {
                let Linted { lint, symbols, files, .. } = linted;
                let report = lint.fail(&symbols, error);
                show(&report, &files, &symbols, format)?;
                return Err(*failure);
            }
        }
    }
    // Of what could not be read there is nothing to say.
    if let Some(failure) = failure.take_if(|_| linted.files.is_empty()) {
        return Err(failure);
    }
    let Linted { lint, symbols, files, adjuster } = linted;
    inputs::tell_unknown(adjuster.as_ref().map(Adjuster::adjustments), &symbols);
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
    /// After so many rows.
    Read {
        rows: u64,
        error: Box<SourceError>,
    },
    File {
        failure: Box<Failure>,
        error: FileError,
    },
}

/// Files that were looked at.
struct Linted {
    lint: Lint,
    symbols: Symbols,
    files: Vec<Seen>,
    /// What rows are adjusted by.
    adjuster: Option<Adjuster>,
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
                Err(Stop::Read { rows: 0, error }) if assume(path, &error, &mut options) => {
                    unstated.push(error.to_string())
                }
                read => return read,
            }
        }
    }

    /// Reads a file to its end.
    fn read(&mut self, path: &Path, options: &Options) -> Result<(), Stop> {
        let unread = |rows, error| Stop::Read { rows, error: Box::new(error) };
        let source = FileSource::open(path, options).map_err(|error| unread(0, error))?;
        let source = source.read_ahead().map_err(|error| unread(0, error))?;
        let mut source = source.with(None, self.adjuster.as_ref());
        self.lint.begin(source.name());
        loop {
            let before = source.reader().rows();
            let read = match source.next_row(&mut self.symbols) {
                Ok(read) => read,
                Err(error) => {
                    if before > 0 {
                        self.files.push(Seen::of(source.reader()));
                    }
                    return Err(unread(before, error));
                }
            };
            let Some(row) = read else { break };
            if let Err(error) = self.lint.row(&row, &self.symbols) {
                self.files.push(Seen::of(source.reader()));
                let failure = Box::new(Failure::at_row(&source, row.number, &error));
                return Err(Stop::File { failure, error });
            }
        }
        self.files.push(Seen::of(source.reader()));
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
fn assume(path: &Path, error: &SourceError, options: &mut Options) -> bool {
    let SourceError::Read(error) = error else { return false };
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
    let mut parts = vec![inputs.trim_fmt()];
    if report.found.is_empty() {
        let (rows, names) = (grouped(report.counts.rows()), symbols.len());
        let ending = if names == 1 { "" } else { "s" };
        parts.push(format!("no finding in {rows} rows of {} symbol{ending}", grouped(names as u64)));
    } else {
        parts.push(kinds.trim_fmt());
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
