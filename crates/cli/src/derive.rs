//! `barloom derive`: files in, a table an interval out.

use std::path::{Path, PathBuf};

use barloom::clock::Stopwatch;
use barloom::config::SessionConfig;
use barloom::engine::RunSummary;
use barloom::source::{Grouping, Source as _, SourceRow, Unreadable};
use barloom_core::adjust::Adjuster;
use barloom_core::derive::{Clocks, ClosedBar, Deriver, FileFeed, Late, Revision, Sink, Warning};
use barloom_core::plan::Plan;
use barloom_core::{Record, SymbolId, Symbols};
use barloom_io::{FileSource, MOST_ROWS, Options, TableFormat};
use clap::Args;

use crate::args::SharedArgs;
use crate::failure::{Failure, Kind, failed};
use crate::one_stream::OneStream;
use crate::progress::Progress;
use crate::summary::Report;
use crate::tables::{Order, RejectLog, Rejects, Tables};
use crate::{inputs, interrupt, outputs, progress, tell};

/// Derive longer bars from files of base bars
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  barloom derive btc_1m.csv.gz -i 5m,1h,1d --symbol BTC --stamp open --tz UTC --out out"
)]
pub(crate) struct DeriveArgs {
    /// CSV (plain, .gz or .zst), Parquet or Arrow: files, folders or patterns, read in this order
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    shared: SharedArgs,

    /// The folder for DIR/5m.csv and the like, and DIR/warnings.csv; - writes all bars as one Arrow stream to stdout
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Write over what an earlier run left in the folder
    #[arg(long)]
    force: bool,

    /// Format of the tables: csv, parquet or arrow [default: the first input's]
    #[arg(long, value_name = "FORMAT")]
    to: Option<TableFormat>,

    /// Show no progress; it shows on stderr where that is a terminal
    #[arg(long)]
    no_progress: bool,

    /// Order rows by open time and symbol; holds the tables in memory
    #[arg(long)]
    sort: bool,
}

const NOTHING_WRITTEN: &str = "nothing was written";

/// Runs the command.
pub(crate) fn derive(args: DeriveArgs) -> Result<(), Failure> {
    interrupt::end_at_once(NOTHING_WRITTEN)?;
    let base = args.shared.base();
    let mut config = args.shared.into_config();
    config.inputs = inputs::found(&args.inputs)?;
    config.base = inputs::base(base, &config.inputs);
    config.out = (args.out.as_os_str() != "-").then_some(args.out);
    if config.out.is_none() {
        refuse_unfit(args.to, args.sort, config.late)?;
    }
    outputs::refuse_outputs(config.out.as_deref(), args.force)?;
    let order = if args.sort { Order::OpenTime } else { Order::Grouped };
    let stopwatch = Stopwatch::start();
    let summary = outputs::or_no_folder(config.out.as_deref(), || {
        Derivation::new(&config, args.to, order)?.run(&config, !args.no_progress)
    })?;
    tell::line(
        &Report { summary: &summary, metrics: None, given_up: &[], wall: stopwatch.elapsed() }.table(),
    );
    Ok(())
}

/// # Errors
/// When something was asked for that one stream can't give.
fn refuse_unfit(to: Option<TableFormat>, sort: bool, late: Late) -> Result<(), Failure> {
    let refuse = |what| Err(Failure::new(Kind::Config, format!("--out - writes one Arrow stream; {what}")));
    match to {
        Some(TableFormat::Csv | TableFormat::Parquet) => refuse("leave out --to, or name a folder"),
        _ if sort => refuse("its rows come as bars do; leave out --sort, or name a folder"),
        _ if late == Late::Revise => {
            refuse("a row that went out can't be taken back; leave out --late revise, or name a folder")
        }
        _ => Ok(()),
    }
}

/// One `derive` on its way.
struct Derivation {
    deriver: Deriver,
    feed: FileFeed,
    symbols: Symbols,
    out: Out,
    /// The first input, which was opened to see what it is.
    first: Option<FileSource>,
    progress: Option<Progress>,
    /// Bytes of the files that were read.
    passed: u64,
    grouping: Grouping,
    options: Options,
    /// What rows are adjusted by.
    adjuster: Option<Adjuster>,
}

/// Where what is told goes.
struct Out {
    sheets: Sheets,
    plan: Plan,
    rejects: RejectLog,
    summary: RunSummary,
    failed: Option<Failure>,
}

/// Where bars go.
enum Sheets {
    Files(Box<Tables>),
    Stdout(Box<OneStream>),
}

impl Sheets {
    /// Takes a bar with the values of its indicators.
    fn bar(&mut self, bar: &ClosedBar, values: &[f64], symbols: &Symbols) -> Result<(), Failure> {
        match self {
            Self::Files(tables) => tables.bar(bar, values, symbols).map_err(failed(Kind::Run)),
            Self::Stdout(stream) => stream.bar(bar, values, symbols).map_err(|error| Failure::stdout(&error)),
        }
    }

    /// Takes a warning; beside a stream they are counted in the summary alone.
    fn warning(&mut self, warning: &Warning, symbols: &Symbols) -> Result<(), Failure> {
        match self {
            Self::Files(tables) => tables.warning(warning, symbols).map_err(failed(Kind::Run)),
            Self::Stdout(_) => Ok(()),
        }
    }

    /// The input ended: bars that come now were still open.
    fn ending(&mut self) {
        if let Self::Files(tables) = self {
            tables.ending();
        }
    }

    /// The input turned out not to be grouped by symbol.
    fn not_grouped(&mut self) {
        if let Self::Files(tables) = self {
            tables.not_grouped();
        }
    }

    /// Writes what is held, and puts files in place.
    fn commit(self, symbols: &Symbols, rejects: Option<Rejects>) -> Result<(), Failure> {
        match self {
            Self::Files(tables) => tables.commit(symbols, rejects).map_err(failed(Kind::Run)),
            Self::Stdout(stream) => {
                stream.finish().map_err(|error| Failure::stdout(&error))?;
                rejects.map_or(Ok(()), Rejects::commit).map_err(failed(Kind::Run))
            }
        }
    }
}

impl Derivation {
    fn new(config: &SessionConfig, to: Option<TableFormat>, order: Order) -> Result<Self, Failure> {
        let rules = inputs::rules(config)?;
        let options = inputs::options(config)?;
        inputs::refuse_missing(config, &options)?;
        let first = config.inputs.first().map(|path| FileSource::open(path, &options)).transpose()?;
        let format = to.or(first.as_ref().map(|first| first.reader().format())).unwrap_or(TableFormat::Csv);
        inputs::refuse_overlaps(config, &rules, format)?;
        let plan = inputs::plan(config, &rules)?;
        let written = inputs::written(config, &rules, format, order);
        let sheets = match config.out.as_deref() {
            Some(path) => {
                let tables = Tables::create(path, &rules, &plan, &written);
                Sheets::Files(Box::new(tables.map_err(failed(Kind::Run))?))
            }
            None => {
                let stream = OneStream::new(&rules, &plan, &written.facts);
                Sheets::Stdout(Box::new(stream.map_err(|error| Failure::stdout(&error))?))
            }
        };
        let rejects = RejectLog::create(config, "--rejects FILE").map_err(failed(Kind::Run))?;
        let summary = RunSummary::new(&rules);
        Ok(Self {
            feed: FileFeed::new(Clocks::PerSymbol, &rules),
            symbols: Symbols::new(),
            out: Out { sheets, plan, rejects, summary, failed: None },
            first,
            progress: None,
            passed: 0,
            grouping: Grouping::default(),
            options,
            adjuster: inputs::adjuster(config, &rules)?,
            deriver: Deriver::new(rules),
        })
    }

    fn run(mut self, config: &SessionConfig, is_watched: bool) -> Result<RunSummary, Failure> {
        if is_watched {
            self.progress = Progress::of_files(config.inputs.iter().map(PathBuf::as_path));
        }
        for path in &config.inputs {
            self.read(path).map_err(|failure| failure.noting(NOTHING_WRITTEN))?;
        }
        progress::clear();
        let Self { mut deriver, mut feed, symbols, mut out, adjuster, .. } = self;
        inputs::tell_unknown(adjuster.as_ref().map(Adjuster::adjustments), &symbols);
        out.sheets.ending();
        let finished =
            feed.finish(&mut deriver, symbols.by_name(), &mut Telling { out: &mut out, symbols: &symbols });
        finished.map_err(|error| Failure::new(Kind::Data, error).noting(NOTHING_WRITTEN))?;
        let Out { sheets, rejects, mut summary, failed: failure, .. } = out;
        failure.map_or(Ok(()), Err)?;
        sheets.commit(&symbols, rejects.into_table())?;
        summary.close(&deriver, Some(feed.trial()));
        if let Some(stretch) = &summary.closed_stretch {
            tell::line(&format!("warning: {stretch}"));
        }
        Ok(summary)
    }

    fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let source = self.first.take().map_or_else(|| FileSource::open(path, &self.options), Ok)?;
        let mut source = source.read_ahead()?.with(self.out.plan.needs_volume(), self.adjuster.as_ref());
        let mut plain = Vec::with_capacity(MOST_ROWS);
        while self.out.failed.is_none() {
            let number = source.plain_rows(&mut self.symbols, &mut plain)?;
            for (row, number) in plain.iter().zip(number..) {
                self.row(&source, number, Ok(row))?;
            }
            if plain.is_empty() {
                let Some(SourceRow { number, content }) = source.next_row(&mut self.symbols)? else { break };
                self.row(&source, number, content.as_ref())?;
            }
        }
        self.passed += source.reader().size().unwrap_or(0);
        tell::resolved(&source);
        Ok(())
    }

    #[inline]
    fn row(
        &mut self,
        source: &FileSource,
        number: u64,
        row: Result<&(SymbolId, Record), &Unreadable>,
    ) -> Result<(), Failure> {
        if let Some(progress) = &mut self.progress {
            let open = |(_, record): &(SymbolId, Record)| record.label.open_time(self.options.base);
            let passed = self.passed;
            progress.row(row.ok().and_then(open), || passed + source.reader().position());
        }
        let symbol = row.map_or_else(|unreadable| unreadable.symbol, |(symbol, _)| Some(*symbol));
        if symbol.is_some_and(|symbol| self.grouping.comes_back(symbol)) {
            self.out.sheets.not_grouped();
        }
        let Self { deriver, feed, symbols, out, .. } = self;
        let taken = feed.source_row(deriver, symbols.by_name(), row, &mut Telling { out, symbols });
        match taken.map_err(|error| Failure::at_row(source, number, &error))? {
            Some(why) => out.rejects.refuse(source, number, &why, symbols),
            None => Ok(()),
        }
    }
}

/// The sink of one row, with the names at hand.
struct Telling<'a> {
    out: &'a mut Out,
    symbols: &'a Symbols,
}

impl Sink for Telling<'_> {
    fn bar(&mut self, bar: &ClosedBar) {
        let Out { summary, plan, sheets, failed, .. } = &mut *self.out;
        if let Err(error) = sheets.bar(bar, plan.update(bar), self.symbols) {
            failed.get_or_insert(error);
        }
        let readings = plan.readings(bar.interval, bar.symbol.slot()).count();
        summary.bars(bar.interval, 1, readings as u64);
    }
    fn revised(&mut self, revision: Revision) {
        let Out { summary, plan, sheets, failed, .. } = &mut *self.out;
        for row in plan.revise(&revision).rows() {
            if let Err(error) = sheets.bar(row.bar, row.values, self.symbols) {
                failed.get_or_insert(error);
            }
            summary.bars(row.bar.interval, 1, row.readings(plan).count() as u64);
        }
    }
    fn warning(&mut self, warning: &Warning) {
        self.out.summary.warning(warning);
        if let Err(error) = self.out.sheets.warning(warning, self.symbols) {
            self.out.failed.get_or_insert(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stream_can_not_give_is_refused() {
        let (arrow, csv) = (Some(TableFormat::Arrow), Some(TableFormat::Csv));
        for (to, sort, late, leave_out) in [
            (None, false, Late::Drop, None),
            (arrow, false, Late::Drop, None),
            (csv, false, Late::Drop, Some("--to")),
            (None, true, Late::Drop, Some("--sort")),
            (arrow, false, Late::Revise, Some("--late revise")),
        ] {
            let refused = refuse_unfit(to, sort, late).err().map(|failure| format!("{failure:?}"));
            match (&refused, leave_out) {
                (Some(text), Some(what)) => assert!(text.contains(what) && text.contains("Config"), "{text}"),
                _ => assert_eq!(refused.as_deref(), leave_out),
            }
        }
    }
}
