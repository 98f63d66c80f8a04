//! `barloom synth`: a market that was never there, as a file.

use std::path::PathBuf;

use barloom::clock::Stopwatch;
use barloom::synth::{Faults, Market, SynthConfig};
use barloom_core::{Calendar, Interval};
use barloom_io::{BaseRow, BaseSheet, Facts, PendingFile, TableFormat};
use clap::Args;
use jiff::civil::Date;

use crate::failure::{Failure, Kind, failed};
use crate::summary::grouped;
use crate::{inputs, interrupt, tell};

/// Write a synthetic market: seeded, by a calendar, with the faults of feeds on demand
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct SynthArgs {
    /// How many symbols: S00001, S00002, …
    #[arg(long, default_value_t = 1, value_name = "N")]
    symbols: u32,

    /// The first session date
    #[arg(long, value_name = "DATE")]
    from: Date,

    /// The last session date
    #[arg(long, value_name = "DATE")]
    to: Date,

    /// Trading calendar: XNYS, 24/7, FX, CME_EQ, CME_FX, XLON, XHKG, XTKS
    #[arg(long, default_value = "24/7", value_name = "ID")]
    calendar: String,

    /// A TOML file that adds sessions to the calendar or removes them
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,

    /// What the random numbers follow from: equal seeds give equal files
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// Interval of the rows: 1s, 1m or 1d
    #[arg(long, default_value = "1m", value_name = "INTERVAL")]
    base: Interval,

    /// The share of symbols that trade in a part of their minutes only, from 0 to 1
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    thin: f64,

    /// Which shares of rows are sent twice, corrected, or late: duplicates=0.001,corrections=0.001,late=0.001
    #[arg(long, value_name = "FAULTS")]
    faults: Option<Faults>,

    /// Put the rows of a symbol together; otherwise rows go by time, then symbol
    #[arg(long)]
    by_symbol: bool,

    /// The file, .csv, .parquet or .arrow
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Its format: csv, parquet or arrow [default: by the end of its name]
    #[arg(long = "to-format", value_name = "FORMAT")]
    format: Option<TableFormat>,
}

const HELP: &str = "\
Volume and moves are a U over the session, prices jump overnight, sessions and early closes are the calendar's. A symbol's
rows depend on the seed, its number and the dates, not on how many symbols there are; the market is the same with faults.
A duplicate and a correction follow the row that they repeat; a late row comes in the next session of its symbol. `derive`
counts them so; a correction counts where an interval longer than the base is asked for.
The file says stamp, zone and base itself, so reading it takes no flag.

Example:
  barloom synth --symbols 50 --from 2024-11-01 --to 2024-12-31 --calendar XNYS --seed 7 --out demo.parquet
  barloom derive demo.parquet -i 5m,1h,1d --indicator rsi:14@5m --calendar XNYS --out out";

/// Runs the command.
pub(crate) fn synth(args: SynthArgs) -> Result<(), Failure> {
    interrupt::end_at_once("nothing was written")?;
    let format = inputs::format_of(&args.out, args.format, "--to-format")?;
    let mut calendar = Calendar::named(&args.calendar).map_err(failed(Kind::Config))?;
    if let Some(path) = &args.overlay {
        calendar = inputs::with_overlay(&calendar, path)?;
    }
    let (symbols, seed, from, to) = (args.symbols, args.seed, args.from, args.to);
    let (base, thin, faults) = (args.base, args.thin, args.faults.unwrap_or_default());
    let facts = Facts::default()
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("calendar", calendar.id())
        .with("zone", "UTC")
        .with("seed", seed.to_string());
    let by_symbol = args.by_symbol;
    let config = SynthConfig { calendar, from, to, symbols, base, seed, thin, faults, by_symbol };
    let mut market = Market::new(config).map_err(failed(Kind::Config))?;

    let stopwatch = Stopwatch::start();
    let file = PendingFile::create(&args.out).map_err(failed(Kind::Run))?;
    let mut sheet = BaseSheet::new(file, format, base, facts);
    while let Some(row) = market.next() {
        let row = BaseRow { symbol: market.name(row.symbol), record: row.record };
        sheet.write(&row).map_err(failed(Kind::Run))?;
    }
    sheet.finish().and_then(PendingFile::commit).map_err(failed(Kind::Run))?;
    let (planted, seconds) = (market.planted(), stopwatch.elapsed().as_secs_f64());
    let faults = if faults.is_none() { String::new() } else { format!(", {planted}") };
    tell::line(&format!(
        "{}: {} rows of {base}, {} symbols by {}{faults}; {seconds:.3} s, {} rows a second",
        args.out.display(),
        grouped(planted.rows),
        grouped(u64::from(symbols)),
        market.config().calendar.id(),
        grouped((planted.rows as f64 / seconds.max(1e-9)) as u64),
    ));
    Ok(())
}
