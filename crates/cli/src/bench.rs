//! `barloom bench`: the main figures, measured on the machine at hand.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use barloom::clock::Stopwatch;
use barloom::synth::{Market, SynthConfig};
use barloom_core::derive::{
    Clocks, ClosedBar, DeriveConfig, DeriveRules, Deriver, FileFeed, Revision, Sink, Warning,
};
use barloom_core::indicators::Spec;
use barloom_core::plan::Plan;
use barloom_core::{Calendar, Interval, Record, SymbolId, Symbols};
use barloom_io::{BaseRow, BaseSheet, Facts, Options, OutputDir, RowReader, TableFormat};
use clap::Args;
use comfy_table::CellAlignment;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::calendar::Format;
use crate::failure::{Failure, Kind, failed};
use crate::run::print;
use crate::summary::{grouped, plain_table};
use crate::{interrupt, tell};

/// Measure this machine: deriving, indicators, reading
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct BenchArgs {
    /// How many rows; they are held in memory, 112 bytes each
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    rows: u64,

    /// table, or json: one object
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

const HELP: &str = "\
Rows are those of `barloom synth`, made before the time is taken. One thread. Deriving is from memory, to 5m, 15m, 30m, 1h and 1d,
each row checked and its clock moved; files are read to rows from the temporary folder, where the system has them cached.
Each figure is taken 3 to 9 times, for 3 seconds; other programs that run make it worse, so the best counts.
What needs another program for comparison is in benches/README.md.

--format json prints {\"version\", \"rows\", \"figures\": [{\"name\", \"runs\", \"best\", \"median\"}]}, in rows a second.

Example:
  barloom bench --rows 10000000";

/// Fewest and most runs of a figure, and how long they take before no other begins.
const RUNS: (usize, usize, Duration) = (3, 9, Duration::from_secs(3));

/// What rows are derived to.
const INTERVALS: [&str; 5] = ["5m", "15m", "30m", "1h", "1d"];

/// The indicators, on each of the intervals.
const INDICATORS: [&str; 6] = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "bbands:20,2", "atr:14"];

/// Runs the command.
pub(crate) fn bench(args: &BenchArgs) -> Result<(), Failure> {
    // A signal is heeded between two runs, so that no file is left behind.
    interrupt::ask_first(|| {})?;
    let mut figures = Vec::new();
    let always = Rows::new("24/7", args.rows)?;
    figures.push(Figure::of("derive five intervals, 24/7", || always.derive(&[]))?);
    figures.push(Figure::of("the same with six indicators on each", || always.derive(&INDICATORS))?);
    for format in [TableFormat::Csv, TableFormat::Parquet, TableFormat::Arrow] {
        let file = always.written(format)?;
        let figure = Figure::of(&format!("read {format}"), || file.read())?;
        figures.push(Figure { bytes: Some(file.bytes_a_row(args.rows)?), ..figure });
    }
    drop(always);
    let rows = Rows::new("XNYS", args.rows)?;
    figures.insert(1, Figure::of("derive five intervals, XNYS", || rows.derive(&[]))?);
    match args.format {
        Format::Table => print(&table(&figures, args.rows)),
        Format::Json => print(&json_of(&figures, args.rows).to_string()),
    }
}

/// What was measured.
struct Figure {
    name: String,
    /// Rows a second of each run, the fastest first.
    rates: Vec<f64>,
    /// Bytes a row, of what reads a file.
    bytes: Option<f64>,
}

impl Figure {
    /// Takes a figure of what gives the rows that it took.
    fn of(name: &str, run: impl Fn() -> Result<u64, Failure>) -> Result<Self, Failure> {
        let (least, most, time) = RUNS;
        let (whole, mut rates) = (Stopwatch::start(), Vec::new());
        while rates.len() < least || rates.len() < most && whole.elapsed() < time {
            interrupt::check("nothing was measured")?;
            let stopwatch = Stopwatch::start();
            let rows = run()?;
            rates.push(rows as f64 / stopwatch.elapsed().as_secs_f64().max(1e-9));
        }
        rates.sort_by(|a, b| b.total_cmp(a));
        Ok(Self { name: name.to_owned(), rates, bytes: None })
    }

    fn best(&self) -> f64 {
        self.rates.first().copied().unwrap_or_default()
    }

    fn median(&self) -> f64 {
        self.rates.get(self.rates.len() / 2).copied().unwrap_or_default()
    }

    /// Megabytes a second of the best run.
    fn megabytes(&self) -> Option<f64> {
        Some(self.best() * self.bytes? / 1e6)
    }
}

fn table(figures: &[Figure], rows: u64) -> String {
    let mut table = plain_table(["rows a second, one thread", "best", "median", "ns a row", "MB/s", "runs"]);
    for figure in figures {
        let (best, median) = (grouped(figure.best() as u64), grouped(figure.median() as u64));
        let each = format!("{:.1}", 1e9 / figure.best());
        let megabytes = figure.megabytes().map_or_else(String::new, |rate| format!("{rate:.0}"));
        table.add_row([figure.name.clone(), best, median, each, megabytes, figure.rates.len().to_string()]);
    }
    table.column_iter_mut().skip(1).for_each(|column| {
        column.set_cell_alignment(CellAlignment::Right);
    });
    format!("{}\n\n{} rows, barloom {}", table.trim_fmt(), grouped(rows), env!("CARGO_PKG_VERSION"))
}

fn json_of(figures: &[Figure], rows: u64) -> Value {
    let of = |figure: &Figure| json!({ "name": figure.name, "runs": figure.rates.len(), "best": figure.best(), "median": figure.median(), "megabytes": figure.megabytes() });
    let figures: Vec<Value> = figures.iter().map(of).collect();
    json!({ "version": env!("CARGO_PKG_VERSION"), "rows": rows, "figures": figures })
}

/// Rows in memory, those of a symbol together.
struct Rows {
    calendar: Calendar,
    symbols: Symbols,
    rows: Vec<(SymbolId, Record)>,
}

/// The dates of the rows; what they do not hold comes from more symbols.
const DATES: (Date, Date) = (Date::constant(2020, 1, 1), Date::constant(2023, 12, 31));

impl Rows {
    fn new(calendar: &str, rows: u64) -> Result<Self, Failure> {
        let calendar = Calendar::named(calendar).map_err(config)?;
        let market = |symbols| {
            let config = SynthConfig::new(calendar.clone(), DATES.0, DATES.1);
            Market::new(SynthConfig { symbols, seed: 7, by_symbol: true, ..config }).map_err(self::config)
        };
        let of_one = market(1)?.count() as u64;
        let mut market = market(u32::try_from(rows.div_ceil(of_one)).unwrap_or(u32::MAX))?;
        let mut symbols = Symbols::new();
        let mut held = Vec::with_capacity(usize::try_from(rows).unwrap_or_default());
        while let Some(row) = market.next().filter(|_| (held.len() as u64) < rows) {
            held.push((symbols.intern(market.name(row.symbol)).map_err(config)?, row.record));
        }
        Ok(Self { calendar, symbols, rows: held })
    }

    /// Derives every interval of all rows, with indicators on each; gives the rows taken.
    fn derive(&self, indicators: &[&str]) -> Result<u64, Failure> {
        let intervals = INTERVALS.map(str::parse).into_iter().collect::<Result<Vec<Interval>, _>>();
        let intervals = intervals.map_err(config)?;
        let rules = DeriveRules::new(DeriveConfig::new(self.calendar.clone(), &intervals)).map_err(config)?;
        let specs = indicators.iter().map(|text| text.parse()).collect::<Result<Vec<Spec>, _>>();
        let plan = Plan::new(&specs.map_err(config)?, &intervals).map_err(config)?;
        let mut sink = Values { plan, sum: 0.0 };
        let mut feed = FileFeed::new(Clocks::PerSymbol, &rules);
        let mut deriver = Deriver::new(rules);
        for (symbol, record) in &self.rows {
            let taken = feed.row(&mut deriver, *symbol, self.symbols.by_name(), record, &mut sink);
            taken.map_err(failed(Kind::Run))?.map_err(failed(Kind::Run))?;
        }
        feed.finish(&mut deriver, self.symbols.by_name(), &mut sink).map_err(failed(Kind::Run))?;
        // So that no value is left uncomputed.
        std::hint::black_box(sink.sum);
        Ok(deriver.counts().rows())
    }

    /// The rows as a file, which is removed when it is dropped.
    fn written(&self, format: TableFormat) -> Result<Temporary, Failure> {
        let folder = std::env::temp_dir().join(format!("barloom-bench-{}", std::process::id()));
        let temporary = Temporary { file: folder.join(format!("rows.{format}")), folder };
        let file = OutputDir::create(&temporary.folder)
            .and_then(|folder| folder.file(&format!("rows.{format}")))
            .map_err(failed(Kind::Run))?;
        let mut sheet = BaseSheet::new(file, format, Interval::MINUTE, Facts::default());
        for (symbol, record) in &self.rows {
            let row = BaseRow { symbol: self.symbols.name(*symbol).as_str(), record: *record };
            sheet.write(&row).map_err(failed(Kind::Run))?;
        }
        sheet.finish().and_then(barloom_io::PendingFile::commit).map_err(failed(Kind::Run))?;
        Ok(temporary)
    }
}

/// What the bench asks for is sound, so this is not seen; it is no reason to panic.
fn config(error: impl Display) -> Failure {
    Failure::new(Kind::Config, error)
}

/// Takes bars and computes their values.
struct Values {
    plan: Plan,
    sum: f64,
}

impl Sink for Values {
    fn bar(&mut self, bar: &ClosedBar) {
        self.sum += bar.bar.close() + self.plan.update(bar).first().copied().unwrap_or_default();
    }
    /// Not under the default of `late`.
    fn revised(&mut self, _: Revision) {}
    fn warning(&mut self, _: &Warning) {}
}

/// A file in a folder of its own that is removed in the end.
struct Temporary {
    folder: PathBuf,
    file: PathBuf,
}

impl Temporary {
    fn bytes_a_row(&self, rows: u64) -> Result<f64, Failure> {
        let found = self.file.metadata().map_err(|error| Failure::new(Kind::Run, error))?;
        Ok(found.len() as f64 / rows as f64)
    }

    /// Reads all rows; gives how many there were.
    fn read(&self) -> Result<u64, Failure> {
        let mut reader = RowReader::open(&self.file, Options::default()).map_err(failed(Kind::Run))?;
        while let Some(row) = reader.next_row().map_err(failed(Kind::Run))? {
            std::hint::black_box(row);
        }
        Ok(reader.rows())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if std::fs::remove_file(&self.file).and_then(|()| std::fs::remove_dir(&self.folder)).is_err() {
            tell::line(&format!("{}: can't be removed", self.folder.display()));
        }
    }
}
