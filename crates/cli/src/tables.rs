//! The sink that writes files: a table an interval, the warnings, the rejects. None shows its name before all are
//! whole.
//!
//! Rows lie in the order in which bars become visible, those of one instant by symbol. In `derive` each symbol has its own
//! clock, so a bar may come after younger ones of other symbols: rows are held back a while before they are written, and
//! one that comes later still is kept and put in its place at the end.
//! Input that is grouped by symbol gives tables that are: bars that were open when their group ended are put in where it
//! ended.

use std::fmt::Write as _;
use std::path::Path;

use barloom::config::SessionConfig;
use barloom::engine::{OnInvalid, Reject};
use barloom::source::{Source as _, Unreadable};
use barloom_core::derive::{
    ClosedBar, DeriveRules, IntervalRule, Policy, SessionLabel, TradingHours, Warning,
};
use barloom_core::plan::Plan;
use barloom_core::{Interval, SymbolId, Symbols, Timestamp};
use barloom_io::{
    BarRow, BarSheet, Facts, FileSource, OutputDir, OutputError, PendingFile, Place, RejectRow, RejectTable,
    Segment, TableFormat, WarningRow, WarningTable, commit_all,
};

use crate::failure::{Failure, Kind, failed};
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

impl Order {
    /// The instant by which a bar is put in order.
    fn instant(self, bar: &ClosedBar) -> Timestamp {
        if self == Self::OpenTime { bar.bar.open_time() } else { bar.close_time }
    }
}

/// The tables of one run.
#[derive(Debug)]
pub(crate) struct Tables {
    bars: Vec<Table>,
    warnings: WarningTable<PendingFile>,
    order: Order,
    /// The input ended; what comes now was open.
    ending: bool,
    scratch: Scratch,
}

/// Memory that all tables use in turn.
#[derive(Debug, Default)]
struct Scratch {
    label: Label,
    /// By symbol, its place in the order of names.
    ranks: Vec<u32>,
    /// The rows being written: instant, rank, place among those held.
    keys: Vec<(Timestamp, u32, u32)>,
    closes: Vec<Timestamp>,
}

impl Scratch {
    /// Ranks the symbols, if there are new ones.
    fn rank(&mut self, symbols: &Symbols) {
        if self.ranks.len() != symbols.len() {
            self.ranks.resize(symbols.len(), 0);
            for (rank, symbol) in (0..).zip(symbols.by_name()) {
                self.ranks[symbol.index()] = rank;
            }
        }
    }
}

/// How many rows are held back for late ones, of which the older half is written.
const HELD: usize = 1 << 14;
/// How many for each symbol, where that is more: some instants of all of them.
const HELD_A_SYMBOL: usize = 8;

#[derive(Debug)]
struct Table {
    interval: Interval,
    rows: BarSheet,
    /// Bars that are not written yet.
    held: Rows,
    /// How many are held before the older ones are written.
    limit: usize,
    /// Bars that were open when the input ended.
    left: Rows,
    /// Bars that came after younger ones were written.
    laggards: Rows,
    /// The last written row, and whether it and all before it lie in order.
    newest: Option<(Timestamp, SymbolId)>,
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
#[derive(Debug)]
struct Rows {
    bars: Vec<ClosedBar>,
    /// How many values each has.
    outputs: usize,
    values: Vec<f64>,
}

impl Rows {
    /// None, each of which will have `outputs` values.
    fn new(outputs: usize) -> Self {
        Self { bars: Vec::new(), outputs, values: Vec::new() }
    }

    fn reserve(&mut self, rows: usize) {
        self.bars.reserve(rows);
        self.values.reserve(rows * self.outputs);
    }

    fn push(&mut self, bar: &ClosedBar, values: &[f64]) {
        self.bars.push(*bar);
        self.values.extend_from_slice(values);
    }

    fn values(&self, row: usize) -> &[f64] {
        &self.values[row * self.outputs..][..self.outputs]
    }

    fn iter(&self) -> impl Iterator<Item = (&ClosedBar, &[f64])> {
        self.bars.iter().enumerate().map(|(row, bar)| (bar, self.values(row)))
    }

    /// Drops the rows that close before `bound`; all where there is none.
    fn drop_before(&mut self, bound: Option<Timestamp>) {
        let mut kept = 0;
        if let Some(bound) = bound {
            for row in 0..self.bars.len() {
                if self.bars[row].close_time >= bound {
                    self.bars[kept] = self.bars[row];
                    self.values
                        .copy_within(row * self.outputs..(row + 1) * self.outputs, kept * self.outputs);
                    kept += 1;
                }
            }
        }
        self.bars.truncate(kept);
        self.values.truncate(kept * self.outputs);
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
            let none = || Rows::new(columns.len());
            let (held, left, laggards, ends) = (none(), none(), none(), Vec::new());
            let (limit, newest, in_order) = (HELD, None, true);
            Ok(Table { interval, rows, held, limit, left, laggards, newest, in_order, ends })
        };
        let bars = rules.intervals.iter().map(table).collect::<Result<_, _>>()?;
        let file = dir.file(WARNINGS)?;
        let name = file.path().to_owned();
        let warnings = WarningTable::new(file).map_err(written(&name))?;
        let mut tables = Self { bars, warnings, order: *order, ending: false, scratch: Scratch::default() };
        tables.reserve();
        Ok(tables)
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
            self.reserve();
        }
    }

    /// Makes room for the rows that are held back; what is not used is not resident.
    fn reserve(&mut self) {
        if self.order == Order::Visible {
            self.bars.iter_mut().for_each(|table| table.held.reserve(HELD));
            self.scratch.keys.reserve(HELD);
            self.scratch.closes.reserve(HELD);
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
        let last = table.held.bars.last();
        match self.order {
            Order::Grouped if last.is_some_and(|last| last.close_time != bar.close_time) => {
                table.flush(self.order, symbols, &mut self.scratch)?;
            }
            Order::Visible if table.held.bars.len() >= table.limit => {
                table.flush_older(symbols, &mut self.scratch)?;
            }
            _ => {}
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
        let (order, scratch) = (self.order, &mut self.scratch);
        let bars = self.bars.into_iter().map(|table| table.finish(order, symbols, scratch));
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
    fn flush(&mut self, order: Order, symbols: &Symbols, scratch: &mut Scratch) -> Result<(), OutputError> {
        self.write_before(None, order, symbols, scratch)
    }

    /// Writes the held bars of the older instants, about half of them. An instant is written whole, so that its symbols lie in order:
    /// where one instant is half of all, more are held.
    #[cold]
    fn flush_older(&mut self, symbols: &Symbols, scratch: &mut Scratch) -> Result<(), OutputError> {
        scratch.closes.clear();
        scratch.closes.extend(self.held.bars.iter().map(|bar| bar.close_time));
        let middle = scratch.closes.len() / 2;
        let (_, &mut middle, _) = scratch.closes.select_nth_unstable(middle);
        self.write_before(Some(middle), Order::Visible, symbols, scratch)?;
        self.limit = HELD.max(HELD_A_SYMBOL * symbols.len()).max(2 * self.held.bars.len());
        Ok(())
    }

    /// Writes the held bars that close before `bound`, all where there is none.
    fn write_before(
        &mut self,
        bound: Option<Timestamp>,
        order: Order,
        symbols: &Symbols,
        scratch: &mut Scratch,
    ) -> Result<(), OutputError> {
        scratch.rank(symbols);
        let Scratch { label, ranks, keys, .. } = scratch;
        keys.clear();
        let held = (0..).zip(&self.held.bars);
        let due = held.filter(|(_, bar)| bound.is_none_or(|bound| bar.close_time < bound));
        keys.extend(due.map(|(row, bar)| (order.instant(bar), ranks[bar.symbol.index()], row)));
        if order != Order::Grouped {
            keys.sort_unstable();
        }
        for &(_, _, row) in &*keys {
            let (bar, values) = (&self.held.bars[row as usize], self.held.values(row as usize));
            let place = |close, symbol: SymbolId| (close, ranks[symbol.index()]);
            let own = place(bar.close_time, bar.symbol);
            if self.newest.is_some_and(|(close, symbol)| own < place(close, symbol)) {
                // While the input may be grouped, symbols follow each other and closes go back.
                if order == Order::Visible && self.in_order {
                    self.laggards.push(bar, values);
                    continue;
                }
                self.in_order = false;
            }
            self.rows.write(&row_of(bar, symbols, label), values)?;
            self.newest = Some((bar.close_time, bar.symbol));
            let symbol = bar.symbol.index();
            if self.ends.len() <= symbol {
                self.ends.resize(symbol + 1, 0);
            }
            self.ends[symbol] = self.rows.position();
        }
        self.held.drop_before(bound);
        Ok(())
    }

    /// Writes what is held and what was left open; the file is whole then.
    fn finish(
        mut self,
        order: Order,
        symbols: &Symbols,
        scratch: &mut Scratch,
    ) -> Result<PendingFile, OutputError> {
        let left = std::mem::replace(&mut self.left, Rows::new(0));
        match order {
            Order::Grouped => {
                self.flush(order, symbols, scratch)?;
                self.finish_grouped(&left, symbols, &mut scratch.label)
            }
            Order::OpenTime => {
                self.hold(&left);
                self.flush(order, symbols, scratch)?;
                self.rows.finish()
            }
            Order::Visible => {
                self.hold(&left);
                self.flush(order, symbols, scratch)?;
                if self.in_order {
                    return self.finish_merged(symbols, scratch);
                }
                // Groups that came back: rare, and the one table that is sorted in memory.
                self.rows.finish_sorted()
            }
        }
    }

    /// Puts the laggards where they became visible.
    fn finish_merged(self, symbols: &Symbols, scratch: &mut Scratch) -> Result<PendingFile, OutputError> {
        let Scratch { label, ranks, keys, .. } = scratch;
        let laggards = &self.laggards;
        keys.clear();
        let late = (0..).zip(&laggards.bars);
        keys.extend(late.map(|(row, bar)| (bar.close_time, ranks[bar.symbol.index()], row)));
        keys.sort_unstable();
        let row = |number: usize| keys[number].2 as usize;
        let place = |bar: &ClosedBar| (bar.close_time, symbols.name(bar.symbol).as_str().to_owned());
        let places: Vec<Place> = (0..keys.len()).map(|number| place(&laggards.bars[row(number)])).collect();
        self.rows.finish_merged(&places, |number, segment| {
            let (bar, values) = (&laggards.bars[row(number)], laggards.values(row(number)));
            segment.write(&row_of(bar, symbols, label), values)
        })
    }

    /// Holds what was left open.
    fn hold(&mut self, left: &Rows) {
        for (bar, values) in left.iter() {
            self.held.push(bar, values);
        }
    }

    /// Puts what was left open where each symbol's group ends.
    fn finish_grouped(
        self,
        left: &Rows,
        symbols: &Symbols,
        label: &mut Label,
    ) -> Result<PendingFile, OutputError> {
        // Symbols are numbered as the input has them, so each group ends where the one before it does, or later.
        let mut rows: Vec<_> = left.iter().collect();
        rows.sort_by_key(|(bar, _)| bar.symbol);
        let (mut segments, mut end) = (Vec::new(), self.rows.start());
        let mut next = 0;
        for group in rows.chunk_by(|(a, _), (b, _)| a.symbol == b.symbol) {
            let symbol = group.first().map_or(0, |(bar, _)| bar.symbol.index());
            end = self.ends.iter().take(symbol + 1).skip(next).copied().fold(end, u64::max);
            next = symbol + 1;
            let mut segment = self.rows.segment();
            for (bar, values) in group {
                hold(&mut segment, bar, values, symbols, label);
            }
            segments.push((end, segment));
        }
        self.rows.finish_with(segments)
    }
}

/// Puts a bar into rows that are held in memory.
fn hold(rows: &mut Segment, bar: &ClosedBar, values: &[f64], symbols: &Symbols, label: &mut Label) {
    // It has one value for each output column, and writing to memory does not fail.
    let _ = rows.write(&row_of(bar, symbols, label), values);
}

/// The session's label of the bar before, as text.
#[derive(Debug, Default)]
pub(crate) struct Label {
    session: Option<SessionLabel>,
    text: String,
}

/// The row of a bar; its session is written to `label`.
pub(crate) fn row_of<'a>(closed: &ClosedBar, symbols: &'a Symbols, label: &'a mut Label) -> BarRow<'a> {
    let ClosedBar { interval, session, bar, close_time, n_base, n_expected, .. } = *closed;
    if label.session != Some(session) {
        label.session = Some(session);
        label.text.clear();
        // Writing to memory does not fail.
        let _ = write!(label.text, "{session}");
    }
    BarRow {
        symbol: symbols.name(closed.symbol).as_str(),
        interval,
        session: &label.text,
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
        hours: Some(closed.hours.as_str()),
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
            return Err(Failure::at_row(source, number, reason));
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
