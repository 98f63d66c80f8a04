//! `barloom convert`: base rows from any format into any other.

use std::path::{Path, PathBuf};

use barloom::clock::Stopwatch;
use barloom::config::SessionConfig;
use barloom::source::Source as _;
use barloom_core::{Record, SymbolId, Symbols};
use barloom_io::{
    BaseRow, BaseSheet, Facts, FileSource, Options, OutputDir, OutputError, PendingFile, RowTime,
    TableFormat, commit_all,
};
use clap::Args;

use crate::args::ReadingArgs;
use crate::failure::{Failure, Kind, failed};
use crate::summary::grouped;
use crate::tables::RejectLog;
use crate::{inputs, interrupt, outputs, tell};

/// Write base rows in another format, as they are
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct ConvertArgs {
    /// CSV (plain, .gz or .zst), Parquet or Arrow: files, folders or patterns, read in this order
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,

    /// The file for all rows, .csv, .parquet or .arrow; or a folder for a file an input
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,

    /// Format: csv, parquet or arrow [default: by the end of the file's name]
    #[arg(long, value_name = "FORMAT")]
    to: Option<TableFormat>,

    /// Write over what is there
    #[arg(long)]
    force: bool,

    /// Order rows by open time and symbol; holds them in memory
    #[arg(long)]
    sort: bool,
}

const HELP: &str = "\
Rows are written in their order and as they stand, with their open time in UTC: prices are not checked, and nothing is merged
or dropped. A row that can't be read is rejected and counted. What is written is read without --stamp and --tz.

Examples:
  barloom convert btc_1m.csv.gz --symbol BTC --stamp open --tz UTC --out btc.parquet
  barloom convert 2024/*.csv --stamp close --tz America/New_York --out packed --to parquet --sort";

const NOTHING_WRITTEN: &str = "nothing was written";

/// Runs the command.
pub(crate) fn convert(args: ConvertArgs) -> Result<(), Failure> {
    interrupt::end_at_once(NOTHING_WRITTEN)?;
    let base = args.reading.base();
    let mut config = args.reading.into_config();
    config.inputs = inputs::found(&args.inputs)?;
    config.base = inputs::base(base, &config.inputs);
    let options = inputs::options(&config)?;
    inputs::refuse_missing(&config, &options)?;
    let (folder, format) = target(&args.out, args.to)?;
    let names = match &folder {
        Some(folder) => config.inputs.iter().map(|path| folder.join(renamed(path, format))).collect(),
        None => vec![args.out],
    };
    let written: Vec<&Path> = names.iter().chain(&config.rejects).map(PathBuf::as_path).collect();
    inputs::refuse_replacing(&config.inputs, &written)?;
    outputs::refuse_files(&names, args.force)?;
    let stopwatch = Stopwatch::start();
    let (rows, rejected) = outputs::or_no_folder(folder.as_deref(), || {
        if let Some(folder) = &folder {
            OutputDir::create(folder).map_err(failed(Kind::Run))?;
        }
        let rejects = RejectLog::create(&config, "--rejects FILE").map_err(failed(Kind::Run))?;
        let how = How { format, sort: args.sort, options };
        let conversion =
            Conversion { config: &config, how, symbols: Symbols::new(), rejects, rows: 0, rejected: 0 };
        conversion.run(&names)
    })?;
    let seconds = stopwatch.elapsed().as_secs_f64();
    let (read, rate) = (grouped(rows), grouped((rows as f64 / seconds.max(1e-9)) as u64));
    let rejected = if rejected == 0 { String::new() } else { format!(", {} rejected", grouped(rejected)) };
    tell::line(&format!("{read} rows written{rejected}; {seconds:.3} s, {rate} rows a second"));
    Ok(())
}

/// The folder, if `out` is one, and the format.
fn target(out: &Path, to: Option<TableFormat>) -> Result<(Option<PathBuf>, TableFormat), Failure> {
    let ends_as_folder = out.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    let is_folder = out.is_dir() || ends_as_folder || out.extension().is_none();
    match to {
        None if is_folder => Err(Failure::new(
            Kind::Config,
            format!("{}: a folder says no format; say one with --to csv, parquet or arrow", out.display()),
        )),
        _ => Ok((is_folder.then(|| out.to_owned()), inputs::format_of(out, to, "--to")?)),
    }
}

/// `bars.csv.gz` as `bars.parquet`.
fn renamed(path: &Path, format: TableFormat) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let known = [".gz", ".zst", ".csv", ".parquet", ".arrow"];
    let stem = known.iter().fold(name.as_str(), |name, end| name.strip_suffix(end).unwrap_or(name));
    format!("{stem}.{format}")
}

/// How files are read and written.
struct How {
    format: TableFormat,
    sort: bool,
    options: Options,
}

/// One `convert` on its way.
struct Conversion<'a> {
    config: &'a SessionConfig,
    how: How,
    symbols: Symbols,
    rejects: RejectLog,
    rows: u64,
    rejected: u64,
}

/// A file on its way.
struct Sheet {
    sheet: BaseSheet,
    /// Rows that wait to be sorted.
    held: Vec<(RowTime, SymbolId, Record)>,
}

impl Conversion<'_> {
    /// Writes one file for all inputs, or one for each: as many as there are names. Gives the rows written and rejected.
    fn run(mut self, names: &[PathBuf]) -> Result<(u64, u64), Failure> {
        let mut files = Vec::with_capacity(names.len());
        let config = self.config;
        let groups = match names {
            [_] => vec![config.inputs.as_slice()],
            _ => config.inputs.chunks(1).collect(),
        };
        for (name, inputs) in names.iter().zip(groups) {
            let file = PendingFile::create(name).map_err(failed(Kind::Run))?;
            let facts = Facts::default().with("version", env!("CARGO_PKG_VERSION")).with("zone", "UTC");
            let sheet = BaseSheet::new(file, self.how.format, config.base, facts);
            let mut sheet = Sheet { sheet, held: Vec::new() };
            for input in inputs {
                self.read(input, &mut sheet).map_err(|failure| failure.noting(NOTHING_WRITTEN))?;
            }
            files.push(sheet.finish(&self.symbols).map_err(failed(Kind::Run))?);
        }
        let rejects = self.rejects.into_table().map(|table| table.into_inner());
        commit_all(files.into_iter().chain(rejects)).map_err(failed(Kind::Run))?;
        Ok((self.rows, self.rejected))
    }

    fn read(&mut self, path: &Path, to: &mut Sheet) -> Result<(), Failure> {
        let mut source = FileSource::open(path, &self.how.options)?.read_ahead()?;
        while let Some(row) = source.next_row(&mut self.symbols)? {
            match row.content {
                Ok((symbol, record)) => {
                    self.rows += 1;
                    if self.how.sort {
                        let time = RowTime::of(record.label, self.config.base);
                        let time = time.map_err(|error| Failure::at_row(&source, row.number, &error))?;
                        to.held.push((time, symbol, record));
                    } else {
                        let symbol = self.symbols.name(symbol).as_str();
                        to.sheet.write(&BaseRow { symbol, record }).map_err(failed(Kind::Run))?;
                    }
                }
                Err(why) => {
                    self.rejected += 1;
                    self.rejects.refuse(&source, row.number, &why, &self.symbols)?;
                }
            }
        }
        tell::resolved(&source);
        Ok(())
    }
}

impl Sheet {
    /// Writes what waits, in its order; the file is whole then.
    fn finish(mut self, symbols: &Symbols) -> Result<PendingFile, OutputError> {
        let mut rank = vec![0; symbols.len()];
        symbols.by_name().iter().zip(0_u32..).for_each(|(symbol, at)| rank[symbol.index()] = at);
        // Stable: a duplicate stays behind its row.
        self.held.sort_by_key(|(time, symbol, _)| (*time, rank[symbol.index()]));
        for (_, symbol, record) in &self.held {
            self.sheet.write(&BaseRow { symbol: symbols.name(*symbol).as_str(), record: *record })?;
        }
        self.sheet.finish()
    }
}
