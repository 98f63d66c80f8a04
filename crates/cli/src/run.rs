//! `barloom run`: a session file in, tables or notifications and a summary out.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use barloom::analysis::{Attendance, Pattern, Subscriber, SubscriberError};
use barloom::checkpoint::{self, Checkpoint, PartWriter, Told};
use barloom::clock::Stopwatch;
use barloom::config::{Checkpoints, OnOutputError, OnOverrun, Runtime, SessionConfig, Speed, Workers};
use barloom::coordinator::{CoordinatorError, Inputs, SessionCoordinator};
use barloom::engine::{Engine, EngineConfig, Finished, Reject, RunError};
use barloom::journal::{ConfigKind, JournalConfig, JournalError, JournalSync, JournalWriter};
use barloom::source::Source as _;
use barloom_core::adjust::{Adjuster, Adjustments};
use barloom_core::derive::{DeriveRules, TradingHours};
use barloom_core::error::{WordError, word};
use barloom_core::notice::Notice;
use barloom_core::plan::Plan;
use barloom_core::snapshot::Fingerprint;
use barloom_core::store::View;
use barloom_core::{Symbols, Timestamp};
use barloom_io::{Excerpt, FileSource, OutputError, RowReader, SourceError, TableFormat};
use clap::Args;

use crate::failure::{Failure, Kind, failed};
use crate::given_up::{GivenUp, Lines, Output};
use crate::pipe::{self, Pipe};
use crate::progress::{Extent, Watched};
use crate::resume::{self, Recovery};
use crate::summary::Report;
use crate::tables::{Order, RejectLog, Rejects, Tables, Written};
use crate::told::Told as Line;
use crate::{given_up, inputs, interrupt, outputs, progress, tell};

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

    /// The folder for the journal of every input, which `barloom replay` runs again
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,

    /// Go on with the run whose journal is in that folder, and which was cut short: its outputs are written as if it never was
    #[arg(long)]
    resume: bool,

    /// Trading time over wall time, like 60; 0 is as fast as it goes; wins over the file's `speed`
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    speed: Option<Speed>,

    /// auto, inline (one thread) or threads; wins over the file's `runtime`
    #[arg(long, value_name = "RUNTIME")]
    runtime: Option<Runtime>,

    /// How many threads derive; wins over the file's `workers`
    #[arg(long, value_name = "N")]
    workers: Option<Workers>,

    /// warn, or error: an overrun ends the run with exit code 5; wins over the file's `on_overrun`
    #[arg(long, value_name = "WHAT")]
    on_overrun: Option<OnOverrun>,

    /// stop, or continue: an output that can't be written is given up, and the run goes on; wins over the file's `on_output_error`
    #[arg(long, value_name = "WHAT")]
    on_output_error: Option<OnOutputError>,

    /// Format of the tables: csv, parquet or arrow [default: the first input's]
    #[arg(long, value_name = "FORMAT")]
    to: Option<TableFormat>,

    /// Write over what an earlier run left in the folder
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    shown: Shown,
}

/// What people and programs get to see of a run.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Shown {
    /// table: the summary for people; json: the summary as one object; ndjson: every notification
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,

    /// Show no progress; it shows on stderr where that is a terminal
    #[arg(long)]
    no_progress: bool,
}

impl Shown {
    /// Whether progress shows: a line among notifications on the same terminal would be in their way.
    fn progress(self) -> bool {
        let is_in_the_way = self.format == Format::Ndjson && io::stdout().is_terminal();
        !self.no_progress && !is_in_the_way && progress::can_be_shown()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
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
    interrupt::ask_first(pipe::wake_all)?;
    let (mut config, text) = inputs::session(&args.session)?;
    config.out = args.out.clone().or(config.out);
    config.journal = args.journal.clone().or(config.journal);
    config.speed = args.speed.unwrap_or(config.speed);
    config.runtime = args.runtime.unwrap_or(config.runtime);
    config.workers = args.workers.unwrap_or(config.workers);
    config.on_overrun = args.on_overrun.unwrap_or(config.on_overrun);
    config.on_output_error = args.on_output_error.unwrap_or(config.on_output_error);
    if args.resume && config.journal.is_none() {
        return Err(Failure::new(
            Kind::Config,
            "--resume goes on with a journal; name its folder with --journal DIR",
        ));
    }
    outputs::refuse_outputs(config.out.as_deref(), args.force || args.resume)?;
    outputs::or_no_folder(config.out.as_deref(), || run_config(&config, args, &text))
}

/// Runs the files of `config`, which is the session file of `args`, of that text.
fn run_config(config: &SessionConfig, args: &RunArgs, text: &str) -> Result<(), Failure> {
    let overlay = inputs::overlay(config)?;
    let rules = inputs::rules_with(config, overlay.as_deref())?;
    let options = inputs::options(config)?;
    let plan = inputs::plan(config, &rules)?;
    let historical = config.historical.iter().map(|own| &own.spec).find(|spec| spec.needs_volume());
    let needs_volume =
        plan.needs_volume().map(str::to_owned).or_else(|| historical.map(|spec| spec.to_string()));
    let adjuster = inputs::adjuster(config, &rules)?;
    let open = |path: &PathBuf| {
        let source = if pipe::is_pipe(path) {
            let from = Pipe::open(path).map_err(failed(Kind::Run))?;
            let reader = RowReader::new(&path.display().to_string(), from, options.clone());
            FileSource::of(reader.map_err(SourceError::from)?, options.base)
        } else {
            FileSource::open(path, &options)?
        };
        Ok(source.with(needs_volume.as_deref(), adjuster.as_ref()))
    };
    let sources = config.inputs.iter().map(open).collect::<Result<Vec<_>, Failure>>();
    // A pipe that was waited for reads as empty once a signal came.
    interrupt::check("nothing was written")?;
    let sources = sources?;
    let first = sources.first().map(|source| source.reader().format());
    let format = args.to.or(first).unwrap_or(TableFormat::Csv);
    inputs::refuse_overlaps(config, &rules, format)?;
    let names = sources.iter().map(|source| source.name().to_owned()).collect();
    let is_json = SessionConfig::is_json(&args.session, text);
    let kind = if is_json { ConfigKind::Json } else { ConfigKind::Toml };
    // Rows that can be read again are not lost with what was not written.
    let is_lost = sources.iter().any(|source| source.reader().size().is_none()) || config.speed.0 > 0.0;
    let sync = config.journal_sync.unwrap_or(if is_lost { JournalSync::Input } else { JournalSync::Chunk });
    let own = JournalConfig { kind, text: text.to_owned(), overlay, sources: names };
    let is_kept =
        config.checkpoints.unwrap_or(if is_lost { Checkpoints::Session } else { Checkpoints::None });
    let is_kept = is_kept == Checkpoints::Session;
    let has_tables = config.out.is_some() || config.rejects.is_some();
    let is_read_again = sources.iter().all(|source| source.reader().size().is_some());
    let resumed = match config.journal.as_deref().filter(|_| args.resume) {
        Some(dir) => resume::recovered(dir, &own, has_tables, is_read_again)?,
        None => None,
    };
    let end = config.window(&rules.calendar).map_err(failed(Kind::Config))?.end;
    let coordinator = SessionCoordinator::new(&rules, sources).until(end).while_not(interrupt::asked);
    let written = inputs::written(config, &rules, format, Order::Visible);
    let (how, adjustments) = ((&written, args.shown), adjuster.as_ref().map(Adjuster::adjustments));
    let Some(dir) = config.journal.clone() else {
        return run_inputs(config, rules, plan, coordinator, None, how, adjustments);
    };
    let keeping = |writer: JournalWriter, of, from| {
        let writer = writer.with_sync(sync).map_err(failed(Kind::Run))?;
        Ok::<_, Failure>(Some(Keeping { dir: dir.clone(), of, writer, is_kept, from }))
    };
    if let Some(Recovery { journal, recording, found, of, from }) = resumed {
        let inputs = resume::inputs(coordinator, recording, &found, from.as_ref())?;
        return run_inputs(config, rules, plan, inputs, keeping(journal, of, from)?, how, adjustments);
    }
    let journal = JournalWriter::create(&dir, &own).map_err(failed(Kind::Run))?;
    let keeping = keeping(journal, checkpoint::fingerprint(&own), None)?;
    run_inputs(config, rules, plan, coordinator, keeping, how, adjustments)
}

/// What is kept of a run, and from where it goes on.
pub(crate) struct Keeping {
    dir: PathBuf,
    /// What its checkpoints are bound to.
    of: Fingerprint,
    writer: JournalWriter,
    /// Whether checkpoints are.
    is_kept: bool,
    from: Option<Checkpoint>,
}

/// Runs `inputs` under `config` and writes what it asks for. Warns of symbols of `adjustments` that have no row.
pub(crate) fn run_inputs<I: Inputs<Error: InputsFailure + Send> + Extent + Send>(
    config: &SessionConfig,
    rules: DeriveRules,
    plan: Plan,
    inputs: I,
    keeping: Option<Keeping>,
    (written, shown): (&Written, Shown),
    adjustments: Option<&Adjustments>,
) -> Result<(), Failure> {
    let stopwatch = Stopwatch::start();
    let tables = config.out.as_deref().map(|dir| Tables::create(dir, &rules, &plan, written)).transpose();
    let rejects = RejectLog::create(config, "`rejects` in the session file");
    let ndjson = (shown.format == Format::Ndjson).then(Lines::to_stdout).transpose();
    let mut out = Out {
        tables: tables.map_err(failed(Kind::Run))?,
        rejects: rejects.map_err(failed(Kind::Run))?,
        ndjson: ndjson.map_err(|error| Failure::stdout(&error))?,
        hours: rules.hours == TradingHours::Extended,
        is_live: config.speed.0 > 0.0 || config.inputs.iter().any(|path| pipe::is_pipe(path)),
        part: None,
        on_error: config.on_output_error,
        failed: None,
        given_up: Vec::new(),
        rows: 0,
        told: 0,
        at: None,
    };
    let from = keeping.as_ref().and_then(|keeping| keeping.from.as_ref());
    if let (Some(from), Some(Keeping { dir, of, .. })) = (from, &keeping) {
        resume::tell_again(&mut out, dir, *of, from, &rules)?;
    }
    let mut engine = EngineConfig::of(config, rules, plan).map_err(failed(Kind::Config))?;
    if let Some(from) = from {
        engine = engine.from_checkpoint(from);
    }
    let mut engine = Engine::new(engine, Watched::new(inputs, shown.progress()));
    if let Some(from) = from {
        engine.restore(from).map_err(failed(Kind::Data))?;
    }
    let journal_dir = config.journal.as_deref().filter(|_| keeping.is_some());
    if let Some(Keeping { dir, of, writer, is_kept, from }) = keeping {
        engine.keep_journal(writer);
        if is_kept {
            engine.keep_checkpoints(&dir, of).map_err(failed(Kind::Run))?;
            let last = from.as_ref().map_or(0, Checkpoint::number);
            checkpoint::remove_parts(&dir, last).map_err(failed(Kind::Run))?;
            let part = out.has_tables().then(|| PartWriter::begin(&dir, last + 1, of)).transpose();
            out.part = part.map_err(failed(Kind::Run))?;
        }
    }
    if config.on_output_error == OnOutputError::Continue {
        engine.go_on_without_journal(|lost| given_up::tell("run", Output::Journal, &lost.reason));
        engine.go_on_without_checkpoints(|lost| given_up::tell("run", Output::Checkpoints, &lost.reason));
    }
    // Tables have what indicators say beside their bars.
    let pattern = if out.ndjson.is_some() { Pattern::all() } else { Pattern::rows() };
    engine.subscribe_apart("outputs", pattern, Attendance::Follow, &mut out);
    let stopper = engine.stopper();
    // A signal that came before is seen with the first step.
    interrupt::ask_first(move || {
        stopper.stop();
        pipe::wake_all();
    })?;
    let done = engine.run();
    progress::clear();
    let Finished { mut summary, metrics, inputs, .. } =
        done.map_err(|error| run_failed(&error, config, &mut out))?;
    let mut given_up = out.finish(inputs.symbols())?;
    given_up.extend(summary.journal_lost.take().map(GivenUp::from));
    given_up.extend(summary.checkpoints_lost.take().map(GivenUp::from));
    inputs::tell_unknown(adjustments, inputs.symbols());
    if let Some(short) = &summary.unsettled {
        tell::line(&format!("warning: {short}"));
    }
    if summary.stopped && !interrupt::asked() {
        tell::line("warning: the journal has no end: the run that wrote it was stopped or failed here");
    }
    if let Some(stretch) = &summary.closed_stretch {
        tell::line(&format!("warning: {stretch}"));
    }
    let (metrics, wall) = (Some(&metrics), stopwatch.elapsed());
    let report = Report { summary: &summary, metrics, given_up: &given_up, wall };
    let printed = match shown.format {
        Format::Ndjson => Ok(()),
        Format::Table => print(&report.table()),
        Format::Json => print(&report.json().to_string()),
    };
    let ended = printed.and_then(|()| interrupt::check("what was told before stands and is written"));
    let ended = ended.and_then(|()| match summary.overruns.first() {
        Some(first) if summary.overran => {
            Err(Failure::new(Kind::Overrun, format!("{first}; what was published is told and written")))
        }
        _ => Ok(()),
    });
    given_up::ending(ended, &given_up, journal_dir, config)
}

/// Writes a line to stdout.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut to = io::stdout().lock();
    let done = writeln!(to, "{text}").and_then(|()| to.flush());
    done.map_err(|error| Failure::stdout(&error))
}

/// What kind of failure it is that inputs end with.
pub(crate) trait InputsFailure: std::error::Error {
    /// The kind.
    fn kind(&self) -> Kind;

    /// The line that is wrong, with its file.
    fn shown(&self) -> Option<(&str, &Excerpt)> {
        None
    }
}

impl InputsFailure for CoordinatorError<SourceError> {
    fn kind(&self) -> Kind {
        match self {
            Self::Source(error) => Kind::of(error),
            _ => Kind::Data,
        }
    }

    fn shown(&self) -> Option<(&str, &Excerpt)> {
        if let Self::Source(error) = self { error.excerpt() } else { None }
    }
}

impl InputsFailure for JournalError {
    fn kind(&self) -> Kind {
        Kind::Data
    }
}

fn run_failed<E: InputsFailure>(error: &RunError<E>, config: &SessionConfig, out: &mut Out) -> Failure {
    if let Some(failed) = out.failed.take() {
        return failed;
    }
    let written = if out.tables.is_some() { "; nothing was written" } else { "" };
    let kind = match error {
        RunError::Inputs(error) => error.kind(),
        RunError::Subscriber(_)
        | RunError::Journal(_)
        | RunError::Checkpoint(_)
        | RunError::Ended(_)
        | RunError::Worker(_)
        | RunError::Thread(_) => Kind::Run,
        _ => Kind::Data,
    };
    let failure = Failure::new(kind, format!("{error}{written}"));
    match error {
        RunError::Inputs(error) => failure.showing(error.shown()),
        RunError::Invalid { place, .. } => {
            let excerpt = inputs::excerpt(config, place);
            failure.showing(excerpt.as_ref().map(|excerpt| (place.source.as_str(), excerpt)))
        }
        _ => failure,
    }
}

impl Extent for SessionCoordinator<FileSource> {
    fn size(&self) -> Option<u64> {
        self.sources().map(|source| source.reader().size()).sum()
    }

    fn position(&self) -> u64 {
        self.sources().map(|source| source.reader().position()).sum()
    }
}

/// Where what is told goes.
pub(crate) struct Out {
    tables: Option<Tables>,
    rejects: RejectLog,
    ndjson: Option<Lines>,
    hours: bool,
    /// Whether notifications go out with their step: somebody may wait for them.
    is_live: bool,
    /// What the next checkpoint's part has of it.
    part: Option<PartWriter>,
    on_error: OnOutputError,
    failed: Option<Failure>,
    given_up: Vec<GivenUp>,
    /// Bars and warnings told, which are rows of tables, and all notifications.
    rows: u64,
    told: u64,
    /// The instant of the last step.
    at: Option<Timestamp>,
}

impl Out {
    /// An output failed: the run ends by it, or goes on without.
    #[cold]
    fn fail(&mut self, output: Output, failure: Failure) {
        if self.on_error == OnOutputError::Stop {
            self.failed.get_or_insert(failure);
            return;
        }
        given_up::tell("run", output, failure.message());
        let at = self.at.map(|at| at.to_string());
        // Until the end it is what of an output stays.
        let lost = match output {
            Output::Stdout => self.ndjson.take().map_or(0, Lines::give_up),
            Output::Tables => {
                self.tables = None;
                0
            }
            Output::Rejects => {
                drop(self.rejects.take_table());
                0
            }
            Output::Checkpoints => {
                self.part = None;
                0
            }
            Output::Journal => 0,
        };
        self.given_up.push(GivenUp { output, reason: failure.message().to_owned(), at, lost });
    }

    fn note<E: std::fmt::Display>(&mut self, output: Output, done: Result<(), E>) {
        if let Err(error) = done {
            self.fail(output, Failure::new(Kind::Run, error));
        }
    }

    fn told(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.fail(Output::Stdout, Failure::stdout(&error));
        }
    }

    /// Whether anything is written that is to have all that was told.
    pub(crate) fn has_tables(&self) -> bool {
        self.tables.is_some() || self.rejects.has_table()
    }

    /// Takes what was told before the checkpoint that the run goes on from: it is in tables and nowhere else.
    pub(crate) fn take_again(&mut self, told: &Told<'_>, symbols: &Symbols) -> Result<(), OutputError> {
        self.rows += u64::from(!matches!(told, Told::Refused(_)));
        match (told, &mut self.tables) {
            (Told::Bar(bar, values), Some(tables)) => tables.bar(bar, values, symbols),
            (Told::Warning(warning), Some(tables)) => tables.warning(warning, symbols),
            (Told::Refused(reject), _) => self.rejects.take_again(reject, symbols),
            _ => Ok(()),
        }
    }

    /// Puts everything in place; gives what was given up.
    fn finish(mut self, symbols: &Symbols) -> Result<Vec<GivenUp>, Failure> {
        self.failed.take().map_or(Ok(()), Err)?;
        let (tables, mut rejects) = (self.tables.take(), self.rejects.take_table());
        if let Some(tables) = tables {
            // Where the run goes on without one, the other is put in place by itself.
            let with = if self.on_error == OnOutputError::Stop { rejects.take() } else { None };
            self.note(Output::Tables, tables.commit(symbols, with));
        }
        self.note(Output::Rejects, rejects.map_or(Ok(()), Rejects::commit));
        let flushed = self.ndjson.as_mut().map_or(Ok(()), Write::flush);
        self.told(flushed);
        self.failed.map_or(Ok(()), Err)?;
        for GivenUp { output, lost, .. } in &mut self.given_up {
            *lost = match output {
                Output::Stdout => self.told - *lost,
                Output::Tables => self.rows,
                Output::Rejects => self.rejects.count(),
                Output::Journal | Output::Checkpoints => *lost,
            };
        }
        Ok(self.given_up)
    }
}

impl Subscriber for &mut Out {
    fn notice(&mut self, notice: &Notice<'_>, view: &View<'_>) -> Result<(), SubscriberError> {
        let symbols = view.symbols();
        self.at = Some(view.now());
        self.told += 1;
        self.rows += u64::from(!matches!(notice, Notice::Indicator(..)));
        if let Some(tables) = &mut self.tables {
            let done = match notice {
                Notice::Bar(bar, values) => tables.bar(bar, values, symbols),
                Notice::Warning(warning) => tables.warning(warning, symbols),
                Notice::Indicator(..) => Ok(()),
            };
            self.note(Output::Tables, done);
        }
        if let Some(part) = &mut self.part {
            let done = match notice {
                Notice::Bar(bar, values) => part.bar(bar, values),
                Notice::Warning(warning) => part.warning(warning),
                Notice::Indicator(..) => Ok(()),
            };
            self.note(Output::Checkpoints, done);
        }
        if let Some(to) = &mut self.ndjson {
            let told = match notice {
                Notice::Bar(bar, _) => Line::bar(None, bar, symbols, self.hours),
                Notice::Indicator(bar, reading) => Line::indicator(None, bar, *reading, symbols),
                Notice::Warning(warning) => Line::warning(None, warning, symbols),
            };
            let done = told.write(to);
            self.told(done);
        }
        Ok(())
    }

    fn refused(&mut self, reject: &Reject<'_>, symbols: &Symbols) {
        let done = self.rejects.take(reject, symbols);
        self.note(Output::Rejects, done);
        if let Some(part) = &mut self.part {
            let done = part.refused(reject);
            self.note(Output::Checkpoints, done);
        }
    }

    fn checkpoint(&mut self, number: u64) -> Result<(), SubscriberError> {
        // One without its part is none.
        self.given_up
            .iter_mut()
            .filter(|own| own.output == Output::Checkpoints)
            .for_each(|own| own.lost += 1);
        if let Some(part) = self.part.as_mut().filter(|part| part.number() == number) {
            let done = part.seal();
            self.note(Output::Checkpoints, done);
        }
        Ok(())
    }

    fn step_done(&mut self, _: &View<'_>) -> ControlFlow<()> {
        if self.is_live {
            let flushed = self.ndjson.as_mut().map_or(Ok(()), Write::flush);
            self.told(flushed);
        }
        if self.failed.is_some() || interrupt::asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
