//! `barloom check`: what a session would run, without running it; what is odd about data files is [`lint`]'s.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use barloom::config::{Historical, MemoryLimit, SessionConfig, Window};
use barloom::engine::Threads;
use barloom::source::Source as _;
use barloom_core::derive::{DeriveConfig, DeriveRules, Deriver, IntervalRule, Policy, Refusal};
use barloom_core::indicators::{Spec, WarmUp};
use barloom_core::plan::Plan;
use barloom_core::store::{SeriesSize, StoreConfig};
use barloom_core::{Interval, Symbols, Timestamp};
use barloom_io::{Field, FileSource, Options, TableFormat};
use clap::Args;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use crate::args::DataArgs;
use crate::calendar::Format;
use crate::failure::{Failure, Kind, failed};
use crate::indicators::settled;
use crate::run::print;
use crate::summary::{grouped, plain_table};
use crate::{inputs, lint};

/// Check session files (configuration, inputs, calendar, indicators, memory) or data files, without running
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct CheckArgs {
    /// Session files, TOML or JSON, each by itself; data files, folders or patterns, together and in this order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    /// table, or json: an object a session, and one for the data
    #[arg(long, default_value = "table", value_name = "FORMAT", hide_default_value = true)]
    format: Format,
}

const HELP: &str = "\
A data file is read once and nothing is derived. Findings, the first five of each listed, all counted:
  unreadable, off_grid, not_finite, ohlc, negative   rows that a run rejects
  not_positive      a price of zero or less
  out_of_order      a row that opens before one of its symbol that came earlier
  grouped           a symbol begins where time was long ago: `derive` takes such a file, `run` does not
  duplicate, corrected   a minute that was there already, with the same values or others
  out_of_session    a row outside the calendar's hours
  gap               minutes of a session without a bar, between a symbol's first row and its last
  missing_session   sessions without a bar, between them
  possible_split    a session opens off the last close by a split's ratio (3:2, 2:1, 3:1 ... 100:1, or the other way),
                    to 3 %, and by five times the range of the session before
  stamp             four of five sessions begin a bar after trading does, or before
  zone              four of five sessions lie whole half hours beside trading hours
  closed_stretch    a part of the day without bars under 24/7
Findings are no failure. Exit code 4 when no run could read the data, 3 when something must be stated.

Examples:
  barloom check examples/demo.toml
  barloom check bars.csv.gz --calendar XNYS --stamp open --tz America/New_York";

/// Rows of each input that are looked at.
const PREFIX: u64 = 10_000;

/// Runs the command.
pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut failure: Option<Failure> = None;
    let (sessions, data): (Vec<_>, Vec<_>) = args.files.iter().cloned().partition(|path| is_session(path));
    if data.is_empty() && args.data.is_stated() {
        return Err(Failure::new(
            Kind::Config,
            "a session file states its own fields; flags are for data files",
        ));
    }
    let mut note = |done: Result<(), Failure>| {
        if let Err(next) = done
            && let Some(before) = failure.replace(next)
        {
            before.report();
        }
    };
    sessions.iter().for_each(|path| note(check_session(path, args.format)));
    if !data.is_empty() {
        note(lint::lint(&args.data, &data, args.format));
    }
    failure.map_or(Ok(()), Err)
}

/// How much of a JSON file shows whether it is a page of bars.
const HEAD: u64 = 1 << 12;

/// Whether the name says a session file. JSON that begins with bars is data.
fn is_session(path: &Path) -> bool {
    let named = |word: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(word));
    let has_bars = || {
        let mut head = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        read.is_ok() && String::from_utf8_lossy(&head).contains("\"bars\"")
    };
    named("toml") || (named("json") && !has_bars())
}

fn check_session(path: &Path, format: Format) -> Result<(), Failure> {
    let checked = Checked::new(path)?;
    match format {
        Format::Table => print(&checked.table())?,
        Format::Json => print(&checked.json().to_string())?,
    }
    checked.refuse_too_much()
}

/// A session that holds together.
struct Checked {
    path: PathBuf,
    config: SessionConfig,
    rules: DeriveRules,
    window: Window,
    inputs: Vec<Input>,
    indicators: Vec<Planned>,
    /// Different symbols among the rows that were looked at.
    symbols: u64,
    /// A symbol's series; none where no row was looked at.
    sizes: Vec<SeriesSize>,
}

/// What the first rows of an input showed.
#[derive(Default)]
struct Input {
    file: String,
    rows: u64,
    /// Whether these were all.
    is_whole: bool,
    rejected: u64,
    /// Line and reason of the first that was.
    first_rejected: Option<String>,
    symbols: u64,
    /// What the header and the first row said; none of a pipe, which is not read.
    resolved: Option<String>,
    columns: Vec<(Field, String)>,
    /// The format of tables that are written for it.
    format: Option<TableFormat>,
    /// The open of the first sound row.
    first: Option<Timestamp>,
}

/// An indicator on an interval.
struct Planned {
    name: String,
    interval: Interval,
    warm_up: WarmUp,
    is_historical: bool,
}

impl Input {
    /// The first row that was rejected, with the file.
    fn first_rejected(&self) -> Option<String> {
        self.first_rejected.as_ref().map(|first| format!("{}, {first}", self.file))
    }

    fn reject(&mut self, unit: &str, number: u64, reason: impl std::fmt::Display) {
        self.rejected += 1;
        self.first_rejected.get_or_insert_with(|| format!("{unit} {number}: {reason}"));
    }
}

impl Checked {
    fn new(path: &Path) -> Result<Self, Failure> {
        let (config, _) = inputs::session(path)?;
        let rules = inputs::rules(&config)?;
        let options = inputs::options(&config)?;
        inputs::adjuster(&config, &rules)?;
        let plan = inputs::plan(&config, &rules)?;
        let window = config.window(&rules.calendar).map_err(failed(Kind::Config))?;
        let historical = config.historical.iter().map(|one| &one.spec).find(|spec| spec.needs_volume());
        let needs_volume = plan.needs_volume().map(str::to_owned).or_else(|| historical.map(Spec::to_string));
        let deriver = Deriver::new(rules.clone());
        let mut symbols = Symbols::new();
        let mut look = |path| look_at(path, &options, needs_volume.as_deref(), &deriver, &mut symbols);
        let inputs = config.inputs.iter().map(|path| look(path)).collect::<Result<Vec<_>, _>>()?;
        let format = inputs.first().and_then(|input| input.format).unwrap_or(TableFormat::Csv);
        inputs::refuse_overlaps(&config, &rules, format)?;
        let first = inputs.iter().filter_map(|input| input.first).min();
        if first.is_none() && inputs.iter().all(|input| input.resolved.is_some()) {
            let rejected = inputs.iter().find_map(Input::first_rejected);
            let why = rejected.map(|first| format!("; {first}")).unwrap_or_default();
            return Err(Failure::new(
                Kind::Data,
                format!("{}: no input has a sound row{why}", path.display()),
            ));
        }
        let has_extra = inputs.iter().any(|input| {
            input.columns.iter().any(|(field, _)| matches!(field, Field::Vwap | Field::TradeCount))
        });
        let sizes = first.map(|at| sizes(&config, &rules, &plan, at, has_extra)).transpose()?;
        Ok(Self {
            path: path.to_owned(),
            indicators: indicators(&config, &rules),
            symbols: symbols.len() as u64,
            sizes: sizes.unwrap_or_default(),
            config,
            rules,
            window,
            inputs,
        })
    }

    /// Bytes that all symbols seen take.
    fn bytes(&self) -> u64 {
        self.sizes.iter().map(|size| size.bytes).sum::<u64>().saturating_mul(self.symbols)
    }

    /// That the bytes are within the limit.
    fn refuse_too_much(&self) -> Result<(), Failure> {
        match self.config.memory_limit {
            Some(MemoryLimit(limit)) if self.bytes() > limit => {
                let text = format!(
                    "{}: {} need {} bytes, more than the memory_limit of {} bytes",
                    self.path.display(),
                    self.symbols(),
                    grouped(self.bytes()),
                    grouped(limit)
                );
                Err(Failure::new(Kind::Config, text))
            }
            _ => Ok(()),
        }
    }

    /// How many, in words.
    fn symbols(&self) -> String {
        let ending = if self.symbols == 1 { "" } else { "s" };
        format!("{} symbol{ending}", grouped(self.symbols))
    }

    /// Rows looked at, and whether those were all of every input.
    fn looked_at(&self) -> String {
        if self.inputs.iter().all(|input| input.is_whole) {
            "all rows".to_owned()
        } else {
            format!("the first {} rows of each input", grouped(PREFIX))
        }
    }

    fn table(&self) -> String {
        let mut files = plain_table(["input", "rows", "rejected", "symbols", "layout"]);
        for input in &self.inputs {
            let more = if input.is_whole { "" } else { "+" };
            files.add_row([
                input.file.clone(),
                format!("{}{more}", grouped(input.rows)),
                grouped(input.rejected),
                grouped(input.symbols),
                input.resolved.clone().unwrap_or_else(|| "a pipe: not read".to_owned()),
            ]);
        }
        let mut intervals = plain_table(["interval", "policy", "rows kept", "bytes a row", "bytes"]);
        for size in &self.sizes {
            intervals.add_row([
                size.interval.to_string(),
                self.policy(size.interval),
                grouped(size.rows),
                grouped(size.row_bytes),
                grouped(size.bytes.saturating_mul(self.symbols)),
            ]);
        }
        let mut indicators = plain_table(["indicator", "interval", "first", "settled"]);
        for one in &self.indicators {
            let on = if one.is_historical { " (historical)" } else { "" };
            indicators.add_row([
                one.name.clone(),
                format!("{}{on}", one.interval),
                one.warm_up.first.to_string(),
                settled(one.warm_up),
            ]);
        }
        right(&mut files, 1..4);
        right(&mut intervals, 2..5);
        right(&mut indicators, 2..4);
        let word = if self.refuse_too_much().is_ok() { "sound" } else { "too large" };
        let mut parts = vec![format!("{}: {word}", self.path.display()), files.trim_fmt()];
        let rejected: Vec<String> = self.inputs.iter().filter_map(Input::first_rejected).collect();
        let tables = [(self.sizes.is_empty(), intervals), (self.indicators.is_empty(), indicators)];
        parts.extend((!rejected.is_empty()).then(|| rejected.join("\n")));
        parts.push(self.calendar());
        parts.extend(tables.iter().filter(|(is_empty, _)| !is_empty).map(|(_, table)| table.trim_fmt()));
        parts.push(self.memory());
        parts.join("\n\n")
    }

    fn calendar(&self) -> String {
        let calendar = &self.rules.calendar;
        let (from, to) = calendar.valid();
        let mut text =
            format!("calendar {}: {}, known from {from} to {to}", calendar.id(), calendar.description());
        let sides = [("start", self.window.start), ("end", self.window.end)];
        for (name, at) in sides.into_iter().filter_map(|(name, at)| Some((name, at?))) {
            text = format!("{text}\n{name} {at}");
        }
        text
    }

    fn memory(&self) -> String {
        let limit = self.config.memory_limit;
        let limit =
            limit.map(|MemoryLimit(limit)| format!(", memory_limit {}", grouped(limit))).unwrap_or_default();
        if self.sizes.is_empty() {
            return format!("memory: not known, as no sound row was read{limit}");
        }
        format!(
            "memory: {} bytes for {} in {}{limit}",
            grouped(self.bytes()),
            self.symbols(),
            self.looked_at()
        )
    }

    /// The interval's policy; the base's bars, where they are not asked for, have none.
    fn policy(&self, interval: Interval) -> String {
        let rule = self.rules.index_of(interval).and_then(|place| self.rules.intervals.get(place));
        rule.map_or_else(|| "base".to_owned(), policy)
    }

    fn json(&self) -> Value {
        let inputs = self.inputs.iter().map(|input| {
            let columns: serde_json::Map<String, Value> = input
                .columns
                .iter()
                .map(|(field, column)| (field.name().to_owned(), column.as_str().into()))
                .collect();
            json!({
                "file": input.file,
                "rows": input.rows,
                "whole": input.is_whole,
                "rejected": input.rejected,
                "first_rejected": input.first_rejected,
                "symbols": input.symbols,
                "layout": input.resolved,
                "columns": columns,
            })
        });
        let intervals = self.sizes.iter().map(|size| {
            json!({
                "interval": size.interval.to_string(),
                "policy": self.policy(size.interval),
                "rows": size.rows,
                "row_bytes": size.row_bytes,
                "bytes": size.bytes.saturating_mul(self.symbols),
            })
        });
        let indicators = self.indicators.iter().map(|one| {
            json!({
                "name": one.name,
                "interval": one.interval.to_string(),
                "first": one.warm_up.first,
                "settled": one.warm_up.settled,
                "historical": one.is_historical,
            })
        });
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let (from, to) = self.rules.calendar.valid();
        json!({
            "session": self.path.display().to_string(),
            "inputs": inputs.collect::<Vec<_>>(),
            "calendar": self.rules.calendar.id(),
            "valid": [from.to_string(), to.to_string()],
            "start": text(self.window.start),
            "end": text(self.window.end),
            "intervals": intervals.collect::<Vec<_>>(),
            "indicators": indicators.collect::<Vec<_>>(),
            "memory": {
                "symbols": self.symbols,
                "symbols_from": self.looked_at(),
                "bytes": (!self.sizes.is_empty()).then(|| self.bytes()),
                "limit": self.config.memory_limit.map(|MemoryLimit(limit)| limit),
            },
        })
    }
}

fn policy(rule: &IntervalRule) -> String {
    let word = match rule.policy {
        Policy::Coverage => "coverage",
        Policy::Strict => "strict",
    };
    rule.min_coverage.map_or_else(|| word.to_owned(), |least| format!("{word}, at least {least}"))
}

fn right(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in table.column_iter_mut().skip(columns.start).take(columns.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// Opens an input as a run does and reads its first rows. A pipe, whose rows would be gone, is left alone.
fn look_at(
    path: &Path,
    options: &Options,
    needs_volume: Option<&str>,
    deriver: &Deriver,
    symbols: &mut Symbols,
) -> Result<Input, Failure> {
    let mut input = Input { file: path.display().to_string(), ..Input::default() };
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(input);
    }
    let mut source = FileSource::open(path, options)?.with(needs_volume, None);
    input.format = Some(source.reader().format());
    let mut own = BTreeSet::new();
    while source.reader().rows() < PREFIX {
        let Some(row) = source.next_row(symbols)? else {
            input.is_whole = true;
            break;
        };
        let unit = source.unit();
        match row.content.map(|(symbol, record)| (symbol, deriver.check(&record))) {
            Ok((symbol, Ok(minute))) => {
                own.insert(symbol);
                let open = minute.bar.open_time();
                input.first = Some(input.first.map_or(open, |first| first.min(open)));
            }
            Ok((_, Err(Refusal::Calendar(error)))) => {
                return Err(Failure::at_row(&source, row.number, &error));
            }
            Ok((_, Err(Refusal::Invalid(reason)))) => input.reject(unit, row.number, reason),
            Err(unreadable) => input.reject(unit, row.number, unreadable.reason),
        }
    }
    let reader = source.reader();
    (input.rows, input.symbols) = (reader.rows(), own.len() as u64);
    if let Some(resolved) = reader.resolved() {
        input.resolved = Some(resolved.to_string());
        let column = |&field: &Field| Some((field, resolved.layout.column(field)?.to_owned()));
        input.columns = FIELDS.iter().filter_map(column).collect();
    }
    Ok(input)
}

const FIELDS: [Field; 9] = [
    Field::Time,
    Field::Symbol,
    Field::Open,
    Field::High,
    Field::Low,
    Field::Close,
    Field::Volume,
    Field::Vwap,
    Field::TradeCount,
];

/// Every indicator on every interval it runs on, and the historical ones.
fn indicators(config: &SessionConfig, rules: &DeriveRules) -> Vec<Planned> {
    let planned = |spec: &Spec, interval, is_historical| Planned {
        name: spec.to_string(),
        interval,
        warm_up: spec.lane().warm_up(),
        is_historical,
    };
    let on_intervals = config.realtime_indicators.iter().flat_map(|spec| {
        let intervals = rules.intervals.iter().map(|rule| rule.interval);
        intervals
            .filter(|&interval| spec.interval().is_none_or(|own| own == interval))
            .map(move |interval| planned(spec, interval, false))
    });
    let historical =
        config.historical.iter().map(|Historical { spec, interval }| planned(spec, *interval, true));
    on_intervals.chain(historical).collect()
}

/// The memory of a symbol's series, the base's included.
fn sizes(
    config: &SessionConfig,
    rules: &DeriveRules,
    plan: &Plan,
    at: Timestamp,
    has_extra: bool,
) -> Result<Vec<SeriesSize>, Failure> {
    let mut with_base = DeriveConfig::clone(rules);
    if rules.base != Interval::DAY && rules.index_of(rules.base).is_none() {
        with_base.intervals.push(IntervalRule::new(rules.base));
    }
    let rules = DeriveRules::new(with_base).map_err(failed(Kind::Config))?;
    let outputs = rules.intervals.iter().map(|rule| plan.columns(rule.interval).to_vec()).collect();
    let store = StoreConfig {
        outputs,
        keep: config.keep,
        retain: config.retain_sessions as usize,
        ahead: config.threads().as_ref().map_or(0, Threads::slots),
        historical: Vec::new(),
        rules,
    };
    store.sizes(at, has_extra).map_err(failed(Kind::Config))
}
