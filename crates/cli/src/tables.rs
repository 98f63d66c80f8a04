//! The sink that writes files: a table an interval, the warnings, the rejects. None shows its name before all are
//! whole.
//!
//! Rows lie in the order in which bars become visible, those of one instant by symbol. In `derive` each symbol has its own
//! clock, so a bar may come when younger ones of other symbols are written: it is kept and put in its place at the end.
//! Input that is grouped by symbol gives tables that are: bars that were open when their group ended are put in where it
//! ended.

use std::fmt::Write as _;
use std::path::Path;

use barloom::config::SessionConfig;
use barloom::engine::{OnInvalid, Reject};
use barloom::source::{Source as _, Unreadable};
use barloom_core::derive::{ClosedBar, DeriveRules, IntervalRule, Policy, TradingHours, Warning};
use barloom_core::plan::Plan;
use barloom_core::{Hours, Interval, SymbolId, Symbols, Timestamp};
use barloom_io::{
    BarRow, BarSheet, Facts, OutputDir, OutputError, PendingFile, Place, RejectRow, RejectTable, Segment,
    TableFormat, WarningRow, WarningTable, commit_all,
};

use crate::failure::{Failure, Kind, failed};
use crate::source::FileSource;
use crate::tell;

/// The order of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As bars become visible; those of one instant by symbol.
    Visible,
    /// As they become visible within a symbol, symbols one after the other, as the input has them.
    Grouped,
    /// By open time, then symbol; held in memory until the end.
    OpenTime,
}

/// The tables of one run.
#[derive(Debug)]
pub(crate) struct Tables {
    bars: Vec<Table>,
    warnings: WarningTable<PendingFile>,
    order: Order,
    /// The input ended; what comes now was open.
    ending: bool,
    label: String,
}

#[derive(Debug)]
struct Table {
    interval: Interval,
    rows: BarSheet,
    /// How many outputs the interval's indicators have.
    outputs: usize,
    /// Bars that close at one instant, until one that closes at another comes.
    held: Rows,
    /// Bars that were open when the input ended.
    left: Rows,
    /// Bars that came after younger ones were written.
    laggards: Rows,
    /// Where the last written row lies, and whether all before it do in order.
    newest: Option<Place>,
    in_order: bool,
    /// By symbol, where its last row ends.
    ends: Vec<u64>,
}

/// How tables are written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The format.
    pub(crate) format: TableFormat,
    /// The order of rows.
    pub(crate) order: Order,
    /// What files say about themselves where their format has room for it.
    pub(crate) facts: Facts,
}

/// Bars with the values of their indicators.
#[derive(Debug, Default)]
struct Rows {
    /// Each with where its values begin.
    bars: Vec<(ClosedBar, usize)>,
    values: Vec<f64>,
}

impl Rows {
    fn push(&mut self, bar: &ClosedBar, values: &[f64]) {
        self.bars.push((*bar, self.values.len()));
        self.values.extend_from_slice(values);
    }
}

impl Tables {
    /// Begins a table for each interval of `rules`, and one for warnings, in the folder at `path`.
    ///
    /// # Errors
    /// When the folder or a file can't be created.
    pub(crate) fn create(
        path: &Path,
        rules: &DeriveRules,
        plan: &Plan,
        how: &Written,
    ) -> Result<Self, OutputError> {
        let Written { format, order, facts } = how;
        let dir = OutputDir::create(path)?;
        let hours = rules.hours == TradingHours::Extended;
        let table = |rule: &IntervalRule| -> Result<Table, OutputError> {
            let interval = rule.interval;
            let file = dir.file(&table_name(interval, *format))?;
            let columns: Vec<&str> = plan.columns(interval).iter().map(String::as_str).collect();
            let policy = match rule.policy {
                Policy::Coverage => "coverage",
                Policy::Strict => "strict",
            };
            let mut facts = facts.clone().with("base", interval.to_string()).with("policy", policy);
            if let Some(share) = rule.min_coverage {
                facts = facts.with("min_coverage", share.to_string());
            }
            let rows = BarSheet::new(file, *format, &columns, hours, &facts)?;
            let (held, left, laggards, ends) =
                (Rows::default(), Rows::default(), Rows::default(), Vec::new());
            let (outputs, newest, in_order) = (columns.len(), None, true);
            Ok(Table { interval, rows, outputs, held, left, laggards, newest, in_order, ends })
        };
        let bars = rules.intervals.iter().map(table).collect::<Result<_, _>>()?;
        let file = dir.file(WARNINGS)?;
        let name = file.path().to_owned();
        let warnings = WarningTable::new(file).map_err(written(&name))?;
        Ok(Self { bars, warnings, order: *order, ending: false, label: String::new() })
    }

    /// The names of the files that [`Tables::create`] begins.
    pub(crate) fn names(rules: &DeriveRules, format: TableFormat) -> impl Iterator<Item = String> + '_ {
        let tables = rules.intervals.iter().map(move |rule| table_name(rule.interval, format));
        tables.chain([WARNINGS.to_owned()])
    }

    /// The input turned out not to be grouped by symbol.
    pub(crate) fn not_grouped(&mut self) {
        if self.order == Order::Grouped {
            self.order = Order::Visible;
        }
    }

    /// The input ended: bars that come now were still open.
    pub(crate) fn ending(&mut self) {
        self.ending = true;
    }

    /// Takes a bar with the values of its indicators.
    ///
    /// # Errors
    /// When its file can't be written.
    pub(crate) fn bar(
        &mut self,
        bar: &ClosedBar,
        values: &[f64],
        symbols: &Symbols,
    ) -> Result<(), OutputError> {
        let Some(table) = self.bars.iter_mut().find(|table| table.interval == bar.interval) else {
            return Ok(());
        };
        if self.ending {
            table.left.push(bar, values);
            return Ok(());
        }
        let is_new_instant =
            table.held.bars.last().is_some_and(|(held, _)| held.close_time != bar.close_time);
        if is_new_instant && self.order != Order::OpenTime {
            table.flush(self.order, symbols, &mut self.label)?;
        }
        table.held.push(bar, values);
        Ok(())
    }

    /// Writes a warning.
    ///
    /// # Errors
    /// When its file can't be written.
    pub(crate) fn warning(&mut self, warning: &Warning, symbols: &Symbols) -> Result<(), OutputError> {
        let symbol = warning.symbol.map_or("", |id| symbols.name(id).as_str());
        let Warning { interval, kind, time, counts, .. } = *warning;
        let row = WarningRow { symbol, interval, kind: kind.as_str(), time, counts };
        let done = self.warnings.write(&row);
        done.map_err(|error| written(self.warnings.get_mut().path())(error))
    }

    /// Writes what is held and puts all files, and `rejects`, in place.
    ///
    /// # Errors
    /// When a file can't be written or renamed; no table is in place then, unless a rename failed midway.
    pub(crate) fn commit(mut self, symbols: &Symbols, rejects: Option<Rejects>) -> Result<(), OutputError> {
        let (order, label) = (self.order, &mut self.label);
        let bars = self.bars.into_iter().map(|table| table.finish(order, symbols, label));
        let bars = bars.collect::<Result<Vec<_>, _>>()?;
        let notes = [self.warnings.into_inner()].into_iter().chain(rejects.map(Rejects::into_inner));
        commit_all(bars.into_iter().chain(notes))
    }
}

const WARNINGS: &str = "warnings.csv";

fn table_name(interval: Interval, format: TableFormat) -> String {
    format!("{interval}.{format}")
}

impl Table {
    /// Writes the held bars in their order.
    fn flush(&mut self, order: Order, symbols: &Symbols, label: &mut String) -> Result<(), OutputError> {
        sort(&mut self.held.bars, order, symbols);
        for (bar, values) in self.held.bars.drain(..) {
            let values = &self.held.values[values..values + self.outputs];
            let name = symbols.name(bar.symbol).as_str();
            let is_behind = |(close, symbol): &Place| (bar.close_time, name) < (*close, symbol.as_str());
            if self.newest.as_ref().is_some_and(is_behind) {
                // While the input may be grouped, symbols follow each other and closes go back.
                if order == Order::Visible && self.in_order {
                    self.laggards.push(&bar, values);
                    continue;
                }
                self.in_order = false;
            }
            self.rows.write(&row_of(&bar, symbols, label), values)?;
            let (close, symbol) = self.newest.get_or_insert_with(|| (Timestamp::MIN, String::new()));
            *close = bar.close_time;
            symbol.clear();
            symbol.push_str(name);
            let symbol = bar.symbol.index();
            if self.ends.len() <= symbol {
                self.ends.resize(symbol + 1, 0);
            }
            self.ends[symbol] = self.rows.position();
        }
        self.held.values.clear();
        Ok(())
    }

    /// Writes what is held and what was left open; the file is whole then.
    fn finish(
        mut self,
        order: Order,
        symbols: &Symbols,
        label: &mut String,
    ) -> Result<PendingFile, OutputError> {
        let left = std::mem::take(&mut self.left);
        match order {
            Order::Grouped => {
                self.flush(order, symbols, label)?;
                self.finish_grouped(left, symbols, label)
            }
            Order::OpenTime => {
                self.hold(&left);
                self.flush(order, symbols, label)?;
                self.rows.finish()
            }
            Order::Visible => {
                self.flush(order, symbols, label)?;
                self.hold(&left);
                self.flush(order, symbols, label)?;
                if self.in_order {
                    return self.finish_merged(symbols, label);
                }
                // Groups that came back: rare, and the one table that is sorted in memory.
                self.rows.finish_sorted()
            }
        }
    }

    /// Puts the laggards where they became visible.
    fn finish_merged(self, symbols: &Symbols, label: &mut String) -> Result<PendingFile, OutputError> {
        let Rows { mut bars, values } = self.laggards;
        sort(&mut bars, Order::Visible, symbols);
        let place = |bar: &ClosedBar| (bar.close_time, symbols.name(bar.symbol).as_str().to_owned());
        let places: Vec<Place> = bars.iter().map(|(bar, _)| place(bar)).collect();
        self.rows.finish_merged(&places, |number, segment| {
            let (bar, at) = &bars[number];
            segment.write(&row_of(bar, symbols, label), &values[*at..at + self.outputs])
        })
    }

    /// Holds what was left open.
    fn hold(&mut self, left: &Rows) {
        for (bar, values) in &left.bars {
            self.held.push(bar, &left.values[*values..values + self.outputs]);
        }
    }

    /// Puts what was left open where each symbol's group ends.
    fn finish_grouped(
        self,
        mut left: Rows,
        symbols: &Symbols,
        label: &mut String,
    ) -> Result<PendingFile, OutputError> {
        // Symbols are numbered as the input has them, so each group ends where the one before it does, or later.
        left.bars.sort_by_key(|(bar, _)| bar.symbol);
        let (mut segments, mut end) = (Vec::new(), self.rows.start());
        let mut next = 0;
        for group in left.bars.chunk_by(|(a, _), (b, _)| a.symbol == b.symbol) {
            let symbol = group.first().map_or(0, |(bar, _)| bar.symbol.index());
            end = self.ends.iter().take(symbol + 1).skip(next).copied().fold(end, u64::max);
            next = symbol + 1;
            let mut rows = self.rows.segment();
            for (bar, values) in group {
                hold(&mut rows, bar, &left.values[*values..values + self.outputs], symbols, label);
            }
            segments.push((end, rows));
        }
        self.rows.finish_with(segments)
    }
}

/// Puts a bar into rows that are held in memory.
fn hold(rows: &mut Segment, bar: &ClosedBar, values: &[f64], symbols: &Symbols, label: &mut String) {
    // It has one value for each output column, and writing to memory does not fail.
    let _ = rows.write(&row_of(bar, symbols, label), values);
}

/// Unstable sorts need no memory; a symbol has one bar of an interval at an open time.
fn sort(bars: &mut [(ClosedBar, usize)], order: Order, symbols: &Symbols) {
    let name = |bar: &ClosedBar| symbols.name(bar.symbol).as_str();
    match order {
        Order::Grouped => {}
        Order::Visible => bars.sort_unstable_by(|(a, _), (b, _)| {
            let by_close = a.close_time.cmp(&b.close_time);
            by_close.then_with(|| name(a).cmp(name(b))).then(a.bar.open_time().cmp(&b.bar.open_time()))
        }),
        Order::OpenTime => bars.sort_unstable_by(|(a, _), (b, _)| {
            a.bar.open_time().cmp(&b.bar.open_time()).then_with(|| name(a).cmp(name(b)))
        }),
    }
}

/// The row of a bar; its session is written to `label`.
pub(crate) fn row_of<'a>(closed: &ClosedBar, symbols: &'a Symbols, label: &'a mut String) -> BarRow<'a> {
    let ClosedBar { interval, bar, close_time, n_base, n_expected, .. } = *closed;
    label.clear();
    // Writing to memory does not fail.
    let _ = write!(label, "{}", closed.session);
    BarRow {
        symbol: symbols.name(closed.symbol).as_str(),
        interval,
        session: label,
        open_time: bar.open_time(),
        close_time,
        open: bar.open(),
        high: bar.high(),
        low: bar.low(),
        close: bar.close(),
        volume: bar.volume(),
        vwap: bar.vwap(),
        trade_count: bar.trade_count(),
        n_base,
        n_expected,
        hours: Some(hours_word(closed.hours)),
    }
}

/// The word of a part of the trading day in outputs.
pub(crate) fn hours_word(hours: Hours) -> &'static str {
    match hours {
        Hours::Pre => "pre",
        Hours::Regular => "regular",
        Hours::Post => "post",
    }
}

/// The table of rejected rows.
#[derive(Debug)]
pub(crate) struct Rejects(RejectTable<PendingFile>);

impl Rejects {
    /// Begins the table at `path`.
    ///
    /// # Errors
    /// When the file can't be created.
    pub(crate) fn create(path: &Path) -> Result<Self, OutputError> {
        let file = PendingFile::create(path)?;
        Ok(Self(RejectTable::new(file).map_err(written(path))?))
    }

    /// Writes a rejected row.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write(
        &mut self,
        file: &str,
        row: u64,
        symbol: Option<SymbolId>,
        time: Option<Timestamp>,
        reason: &dyn std::fmt::Display,
        symbols: &Symbols,
    ) -> Result<(), OutputError> {
        let symbol = symbol.map(|id| symbols.name(id).as_str());
        let done = self.0.write(&RejectRow { file, row, symbol, time, reason });
        done.map_err(|error| written(self.0.get_mut().path())(error))
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// When it can't be written or renamed.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        self.into_inner().commit()
    }

    /// The file, to be committed with others.
    pub(crate) fn into_inner(self) -> PendingFile {
        self.0.into_inner()
    }
}

/// How many rejected rows are told one by one; all are counted.
const TOLD_REJECTS: u64 = 10;

/// What becomes of rejected rows: the first are told, and all are kept where a table was asked for.
#[derive(Debug)]
pub(crate) struct RejectLog {
    table: Option<Rejects>,
    /// How the user gets them all.
    keep: &'static str,
    count: u64,
    on_invalid: OnInvalid,
}

impl RejectLog {
    /// A log that also writes the table that `config` asks for, if it does; `keep` says how to.
    ///
    /// # Errors
    /// When the table can't be created.
    pub(crate) fn create(config: &SessionConfig, keep: &'static str) -> Result<Self, OutputError> {
        let table = config.rejects.as_deref().map(Rejects::create).transpose()?;
        Ok(Self { table, keep, count: 0, on_invalid: config.on_invalid })
    }

    /// Takes the row that `source` gave last.
    ///
    /// # Errors
    /// When it ends the command, and when the table can't be written.
    #[cold]
    pub(crate) fn refuse(
        &mut self,
        source: &FileSource,
        number: u64,
        why: &Unreadable,
        symbols: &Symbols,
    ) -> Result<(), Failure> {
        let Unreadable { symbol, time, reason } = why;
        if self.on_invalid == OnInvalid::Stop {
            return Err(source.failure_at(number, reason));
        }
        let (name, unit) = (source.name(), source.unit());
        let reject = Reject { source: name, unit, number, symbol: *symbol, time: *time, reason };
        self.take(&reject, symbols).map_err(failed(Kind::Run))
    }

    /// Takes a rejected row.
    ///
    /// # Errors
    /// When the table can't be written.
    #[cold]
    pub(crate) fn take(&mut self, reject: &Reject<'_>, symbols: &Symbols) -> Result<(), OutputError> {
        // It ends the command, and is its error.
        if self.on_invalid == OnInvalid::Stop {
            return Ok(());
        }
        let Reject { source, number, symbol, time, reason, .. } = *reject;
        self.count += 1;
        if self.count <= TOLD_REJECTS {
            tell::line(&format!("{}: rejected: {reason}", reject.place()));
        } else if self.count == TOLD_REJECTS + 1 {
            tell::line(&format!("further rejected rows are counted; {} keeps them all", self.keep));
        }
        self.table
            .as_mut()
            .map_or(Ok(()), |table| table.write(source, number, symbol, time, &reason, symbols))
    }

    /// The table, to be committed.
    pub(crate) fn into_table(self) -> Option<Rejects> {
        self.table
    }
}

fn written(path: &Path) -> impl Fn(std::io::Error) -> OutputError {
    let file = path.to_owned();
    move |source| OutputError { file: file.clone(), action: "written", source }
}
