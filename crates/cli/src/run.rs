//! `barloom run`: a session file in, tables or notifications and a summary out.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use barloom::clock::Stopwatch;
use barloom::config::SessionConfig;
use barloom::coordinator::CoordinatorError;
use barloom::engine::{Engine, Reject, RunError, Subscriber};
use barloom::source::{Source, SourceRow};
use barloom_core::derive::{ClosedBar, TradingHours, Warning};
use barloom_core::error::{WordError, word};
use barloom_core::plan::Plan;
use barloom_core::{Interval, Symbols, Timestamp};
use barloom_io::{ReadError, RowReader};
use clap::Args;

use crate::failure::{Failure, Kind, failed};
use crate::inputs::NoVolume;
use crate::summary::Report;
use crate::tables::{Order, RejectLog, Tables};
use crate::told::Told;
use crate::{inputs, interrupt, outputs, tell};

/// Run a session file: its inputs merged by time, one clock, every notification in order
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  barloom run examples/demo.toml --format json")]
pub(crate) struct RunArgs {
    /// The session file, TOML or JSON
    #[arg(value_name = "SESSION")]
    session: PathBuf,

    /// The folder for tables; wins over the file's `out`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// table: the summary for people; json: the summary as one object; ndjson: every notification
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    Json,
    Ndjson,
}

impl std::str::FromStr for Format {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("format", text, &[("table", Self::Table), ("json", Self::Json), ("ndjson", Self::Ndjson)])
    }
}

/// Runs the command.
pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    interrupt::ask_first(|| {})?;
    let mut config = inputs::session(&args.session)?;
    config.out = args.out.clone().or(config.out);
    outputs::or_no_folder(config.out.as_deref(), || run_config(&config, args.format))
}

fn run_config(config: &SessionConfig, format: Format) -> Result<(), Failure> {
    let stopwatch = Stopwatch::start();
    let rules = inputs::rules(config)?;
    let options = inputs::options(config)?;
    let plan = inputs::plan(config, &rules)?;
    let needs_volume = plan.needs_volume();
    let open = |path: &PathBuf| {
        let reader = inputs::open(path, &options)?;
        Ok(FileSource { reader, base: config.base, needs_volume: needs_volume.map(str::to_owned) })
    };
    let sources = config.inputs.iter().map(open).collect::<Result<Vec<_>, Failure>>()?;
    inputs::refuse_overlaps(config, &rules)?;
    let tables =
        config.out.as_deref().map(|dir| Tables::create(dir, &rules, &plan, Order::Visible)).transpose();
    let rejects = RejectLog::create(config.rejects.as_deref(), "`rejects` in the session file");
    let mut out = Out {
        tables: tables.map_err(failed(Kind::Run))?,
        rejects: rejects.map_err(failed(Kind::Run))?,
        ndjson: (format == Format::Ndjson).then(|| BufWriter::new(io::stdout().lock())),
        hours: rules.hours == TradingHours::Extended,
        plan,
        failed: None,
    };
    let done = Engine::new(rules, config.on_invalid, sources).run(&mut out);
    let (summary, symbols) = done.map_err(|error| run_failed(&error, &out))?;
    out.finish(&symbols)?;
    if let Some(stretch) = &summary.closed_stretch {
        tell::line(&format!("warning: {stretch}"));
    }
    let report = Report { summary: &summary, wall: stopwatch.elapsed() };
    match format {
        Format::Ndjson => {}
        Format::Table => print(&report.table())?,
        Format::Json => print(&report.json().to_string())?,
    }
    interrupt::check("what was told before stands and is written")
}

/// Writes a line to stdout.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut to = io::stdout().lock();
    let done = writeln!(to, "{text}").and_then(|()| to.flush());
    done.map_err(|error| Failure::stdout(&error))
}

/// Why a file can't go on.
#[derive(Debug, thiserror::Error)]
enum FileFailure {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    NoVolume(#[from] NoVolume),
}

fn run_failed(error: &RunError<FileFailure>, out: &Out) -> Failure {
    let written = if out.tables.is_some() { "; nothing was written" } else { "" };
    let kind = match error {
        RunError::Coordinator(CoordinatorError::Source(FileFailure::Read(error))) => inputs::kind_of(error),
        RunError::Coordinator(CoordinatorError::Source(FileFailure::NoVolume(_))) => Kind::Config,
        _ => Kind::Data,
    };
    Failure::new(kind, format!("{error}{written}"))
}

/// A file as a source of rows.
struct FileSource {
    reader: RowReader,
    base: Interval,
    needs_volume: Option<String>,
}

impl Source for FileSource {
    type Error = FileFailure;

    fn name(&self) -> &str {
        self.reader.name()
    }

    fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, FileFailure> {
        let Some(decoded) = self.reader.next_row()? else { return Ok(None) };
        let row = inputs::source_row(decoded, self.base, symbols);
        if self.reader.rows() == 1 {
            inputs::check_volume(&self.reader, self.needs_volume.as_deref())?;
        }
        Ok(Some(row))
    }
}

/// Where what is told goes.
struct Out {
    tables: Option<Tables>,
    rejects: RejectLog,
    ndjson: Option<BufWriter<StdoutLock<'static>>>,
    hours: bool,
    plan: Plan,
    failed: Option<Failure>,
}

impl Out {
    fn note<E: std::fmt::Display>(&mut self, done: Result<(), E>) {
        if let Err(error) = done {
            self.failed.get_or_insert_with(|| Failure::new(Kind::Run, error));
        }
    }

    fn told(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.failed.get_or_insert_with(|| Failure::stdout(&error));
        }
    }

    fn finish(self, symbols: &Symbols) -> Result<(), Failure> {
        let Self { tables, rejects, ndjson, failed: failure, .. } = self;
        failure.map_or(Ok(()), Err)?;
        match (tables, rejects.into_table()) {
            (Some(tables), rejects) => tables.commit(symbols, rejects),
            (None, Some(rejects)) => rejects.commit(),
            (None, None) => Ok(()),
        }
        .map_err(failed(Kind::Run))?;
        let flushed = ndjson.map_or(Ok(()), |mut to| to.flush());
        flushed.map_err(|error| Failure::stdout(&error))
    }
}

impl Subscriber for Out {
    fn bar(&mut self, bar: &ClosedBar, symbols: &Symbols) {
        let values = self.plan.update(bar);
        if let Some(tables) = &mut self.tables {
            let done = tables.bar(bar, values, symbols);
            self.note(done);
        }
        if let Some(to) = &mut self.ndjson {
            let mut readings = self.plan.readings(bar.interval, bar.symbol.index());
            let done = Told::bar(None, bar, symbols, self.hours).write(to).and_then(|()| {
                readings.try_for_each(|reading| Told::indicator(None, bar, reading, symbols).write(to))
            });
            drop(readings);
            self.told(done);
        }
    }

    fn warning(&mut self, warning: &Warning, symbols: &Symbols) {
        if let Some(tables) = &mut self.tables {
            let done = tables.warning(warning, symbols);
            self.note(done);
        }
        if let Some(to) = &mut self.ndjson {
            let done = Told::warning(None, warning, symbols).write(to);
            self.told(done);
        }
    }

    fn rejected(&mut self, reject: &Reject<'_>, symbols: &Symbols) {
        let done = self.rejects.take(reject, symbols);
        self.note(done);
    }

    fn step_done(&mut self, _: Timestamp) -> ControlFlow<()> {
        if self.failed.is_some() || interrupt::asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
