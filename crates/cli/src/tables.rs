//! The sink that writes files: a table an interval, the warnings, the rejects. None shows its name before all are
//! whole.
//!
//! Rows lie in the order in which bars become visible, those of one instant by symbol. In `derive` each symbol has its own
//! clock, so a bar may come after younger ones of other symbols: rows are held back a while before they are written, and
//! one that comes later still is kept and put in its place at the end.
//! Input that is grouped by symbol gives tables that are: bars that were open when their group ended are put in where it
//! ended.
//!
//! A bar that was revised takes the place of the one told before: where that is still held back when it is written, otherwise at the end, as
//! those that are late do. Of the revised ones only the last of each is kept, so a table is the same bytes as if it had been right at once.

use std::collections::BTreeMap;
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
    BarRow, BarSheet, Facts, FileSource, OutputDir, OutputError, PendingFile, RejectRow, RejectTable,
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

    /// By what the rows of a file ascend that others are merged into, of a bar that closes at `close`. Symbols are numbered as the input has
    /// them, and so are the groups of a table.
    fn place(self, close: Timestamp, symbol: SymbolId, ranks: &[u32]) -> Place {
        let close = close.as_nanos();
        match self {
            Self::Grouped => (symbol.index() as i64, close),
            Self::Visible | Self::OpenTime => (close, ranks[symbol.index()].into()),
        }
    }
}

/// The place of a row in its table.
type Place = (i64, i64);

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
    /// How many are held before the older ones are written, at least and now.
    least: usize,
    limit: usize,
    /// Bars that were open when the input ended.
    left: Rows,
    /// Bars that came after younger ones were written.
    laggards: Rows,
    /// Revised bars as they were told last, until those that they replace are written.
    revised: BTreeMap<(SymbolId, Timestamp), Revised>,
    /// The last written row, and whether it and all before it lie in order.
    newest: Option<(Timestamp, SymbolId)>,
    in_order: bool,
    /// By symbol, where its last row ends and when that closes.
    ends: Vec<(u64, Timestamp)>,
}

/// A revised bar with the values of its indicators.
type Revised = (ClosedBar, Box<[f64]>);

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
            let (least, limit, revised, newest, in_order) = (HELD, HELD, BTreeMap::new(), None, true);
            Ok(Table { interval, rows, held, least, limit, left, laggards, revised, newest, in_order, ends })
        };
        let bars = rules.intervals.iter().map(table).collect::<Result<_, _>>()?;
        let file = dir.file(WARNINGS)?;
        let name = file.path().to_owned();
        let warnings = WarningTable::new(file).map_err(OutputError::written(&name))?;
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

    /// Takes a bar with the values of its indicators: a new one, or one that was revised.
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
        if bar.revision > 0 {
            table.revise(bar, values);
            return Ok(());
        }
        if self.ending {
            table.left.push(bar, values);
            return Ok(());
        }
        let last = table.held.bars.last();
        match self.order {
            Order::Grouped if last.is_some_and(|last| last.close_time != bar.close_time) => {
                if last.is_some_and(|last| last.symbol == bar.symbol && last.close_time > bar.close_time) {
                    table.laggards.push(bar, values);
                    return Ok(());
                }
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
        done.map_err(|error| OutputError::written(self.warnings.get_mut().path())(error))
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
    /// Keeps a revised bar, and none that it was before.
    #[cold]
    fn revise(&mut self, bar: &ClosedBar, values: &[f64]) {
        self.revised.insert((bar.symbol, bar.bar.open_time()), (*bar, values.into()));
    }

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
        self.limit = self.least.max(HELD_A_SYMBOL * symbols.len()).max(2 * self.held.bars.len());
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
        if order == Order::OpenTime {
            // All are here, and of a bar that was revised the last one counts.
            keys.dedup_by(|later, earlier| {
                let is_same = (later.0, later.1) == (earlier.0, earlier.1);
                if is_same {
                    *earlier = *later;
                }
                is_same
            });
        }
        for &(_, _, row) in &*keys {
            let (mut bar, mut values) = (&self.held.bars[row as usize], self.held.values(row as usize));
            // Where nothing was revised, nothing is searched for.
            let may_be = !self.revised.is_empty();
            let revised = may_be.then(|| self.revised.remove(&(bar.symbol, bar.bar.open_time()))).flatten();
            if let Some(revised) = &revised {
                (bar, values) = (&revised.0, &revised.1);
            }
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
                self.ends.resize(symbol + 1, (0, Timestamp::MIN));
            }
            self.ends[symbol] = (self.rows.position(), bar.close_time);
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
                let end = |symbol: SymbolId| self.ends.get(symbol.index()).map(|(_, close)| *close);
                let is_late = |bar: &ClosedBar| end(bar.symbol).is_some_and(|close| bar.close_time <= close);
                let are_last = !left.bars.iter().any(is_late);
                if are_last && self.revised.is_empty() && self.laggards.bars.is_empty() {
                    return self.finish_grouped(&left, symbols, &mut scratch.label);
                }
                left.iter().for_each(|(bar, values)| self.laggards.push(bar, values));
            }
            Order::OpenTime => {
                left.iter().for_each(|(bar, values)| self.held.push(bar, values));
                let revised = std::mem::take(&mut self.revised);
                revised.into_values().for_each(|(bar, values)| self.held.push(&bar, &values));
                self.flush(order, symbols, scratch)?;
                return self.rows.finish();
            }
            Order::Visible => {
                left.iter().for_each(|(bar, values)| self.held.push(bar, values));
                self.flush(order, symbols, scratch)?;
            }
        }
        self.finish_merged(order, symbols, scratch)
    }

    /// Puts the laggards, and revised bars that are still there, where they became visible.
    fn finish_merged(
        mut self,
        order: Order,
        symbols: &Symbols,
        scratch: &mut Scratch,
    ) -> Result<PendingFile, OutputError> {
        let Scratch { label, ranks, .. } = scratch;
        let revised = std::mem::take(&mut self.revised);
        let Self { rows, mut laggards, in_order, .. } = self;
        revised.into_values().for_each(|(bar, values)| laggards.push(&bar, &values));
        let place = |bar: &ClosedBar| order.place(bar.close_time, bar.symbol, ranks);
        let mut late: Vec<(Place, usize)> = laggards.bars.iter().map(place).zip(0..).collect();
        late.sort_unstable();
        // Of a laggard that was revised the last one counts.
        late.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                *earlier = *later;
            }
            is_same
        });
        let places: Vec<Place> = late.iter().map(|(place, _)| *place).collect();
        // The groups of a table lie in order even where its rows do not become visible in turn. Rows of groups that came back are rare, and
        // sorted in memory.
        let is_in_order = in_order || order == Order::Grouped;
        if is_in_order && places.is_empty() {
            return rows.finish();
        }
        let key = |close, name: &str| {
            symbols.id(name).map_or((i64::MAX, i64::MAX), |symbol| order.place(close, symbol, ranks))
        };
        rows.finish_merged(is_in_order, &places, key, |number, segment| {
            let row = late[number].1;
            segment.write(&row_of(&laggards.bars[row], symbols, label), laggards.values(row))
        })
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
        rows.sort_by_key(|(bar, _)| (bar.symbol, bar.close_time));
        let (mut segments, mut end) = (Vec::new(), self.rows.start());
        let mut next = 0;
        for group in rows.chunk_by(|(a, _), (b, _)| a.symbol == b.symbol) {
            let symbol = group.first().map_or(0, |(bar, _)| bar.symbol.index());
            end = self.ends.iter().take(symbol + 1).skip(next).map(|end| end.0).fold(end, u64::max);
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
        Ok(Self(RejectTable::new(file).map_err(OutputError::written(path))?))
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
        done.map_err(|error| OutputError::written(self.0.get_mut().path())(error))
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
        if self.count < TOLD_REJECTS {
            tell::line(&format!("{}: rejected: {}", reject.place(), reject.reason));
        } else if self.count == TOLD_REJECTS {
            tell::line(&format!("further rejected rows are counted; {} keeps them all", self.keep));
        }
        self.take_again(reject, symbols)
    }

    /// Takes a rejected row that was told before.
    ///
    /// # Errors
    /// When the table can't be written.
    #[cold]
    pub(crate) fn take_again(&mut self, reject: &Reject<'_>, symbols: &Symbols) -> Result<(), OutputError> {
        let Reject { source, number, symbol, time, reason, .. } = *reject;
        self.count += 1;
        let table = self.table.as_mut();
        table.map_or(Ok(()), |table| table.write(source, number, symbol, time, &reason, symbols))
    }

    /// Whether all are kept.
    pub(crate) fn has_table(&self) -> bool {
        self.table.is_some()
    }

    /// The table; without it, rejected rows are told and counted as before.
    pub(crate) fn take_table(&mut self) -> Option<Rejects> {
        self.table.take()
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The table, to be committed.
    pub(crate) fn into_table(self) -> Option<Rejects> {
        self.table
    }
}

#[cfg(test)]
mod tests {
    use barloom_core::calendar::Calendar;
    use barloom_core::derive::DeriveConfig;
    use barloom_core::{Bar, Hours, Label as RowLabel, Record};
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [TableFormat; 3] = [TableFormat::Csv, TableFormat::Parquet, TableFormat::Arrow];

    /// A bar that is told: its symbol, which bucket it is, how often it was told before.
    type Given = (usize, i64, u16);

    /// What is told, and when the input turns out not to be grouped, and ends.
    #[derive(Debug, Clone)]
    struct Arrival {
        given: Vec<Given>,
        order: Order,
        comes_back: Option<usize>,
        ends: usize,
    }

    /// Symbols whose names are in another order than their numbers.
    fn symbols() -> (Symbols, Vec<SymbolId>) {
        let mut symbols = Symbols::new();
        let ids = ["C", "A\",\"B", "D", "B"].map(|name| symbols.intern(name).unwrap());
        (symbols, ids.into())
    }

    fn bar(id: SymbolId, (symbol, bucket, revision): Given) -> (ClosedBar, [f64; 2]) {
        let at = |bucket: i64| Timestamp::from_nanos(bucket * 300_000_000_000);
        let price = (symbol * 1000) as f64 + bucket as f64 + f64::from(revision) / 10.0;
        let known = bucket % 3 != i64::from(revision % 3);
        let record = Record {
            label: RowLabel::Open(at(bucket)),
            open: price,
            high: price + 1.0,
            low: price,
            close: price,
            volume: known.then_some(7.0),
            vwap: None,
            trade_count: (!known).then_some(bucket),
        };
        let closed = ClosedBar {
            symbol: id,
            interval: Interval::from_seconds(300).unwrap(),
            place: 0,
            session: SessionLabel::Date(Date::constant(1970, 1, 1)),
            bar: Bar::new(at(bucket), &record).unwrap(),
            close_time: at(bucket + 1),
            n_base: 5,
            n_expected: 5,
            revision,
            hours: Hours::Regular,
        };
        (closed, [if known { f64::NAN } else { price }, price / 3.0])
    }

    /// The table that `arrival` gives; rows are held back from `least` on.
    fn table(arrival: &Arrival, format: TableFormat, least: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let interval = Interval::from_seconds(300).unwrap();
        let rules = DeriveConfig::new(Calendar::named("24/7").unwrap(), &[interval]);
        let rules = DeriveRules::new(rules).unwrap();
        let specs = ["rsi:14", "sma:3"].map(|spec| spec.parse().unwrap());
        let plan = Plan::new(&specs, &[interval]).unwrap();
        let written = Written { format, order: arrival.order, facts: Facts::default().with("stamp", "open") };
        let mut tables = Tables::create(folder.path(), &rules, &plan, &written).unwrap();
        (tables.bars[0].least, tables.bars[0].limit) = (least, least);
        let (symbols, ids) = symbols();
        for (number, given) in arrival.given.iter().enumerate() {
            if arrival.comes_back == Some(number) {
                tables.not_grouped();
            }
            if arrival.ends == number {
                tables.ending();
            }
            let (bar, values) = bar(ids[given.0], *given);
            tables.bar(&bar, &values, &symbols).unwrap();
        }
        let path = folder.path().join(table_name(interval, format));
        tables.commit(&symbols, None).unwrap();
        std::fs::read(path).unwrap()
    }

    /// What was told last of each bar, in the order of the table and once only.
    fn settled(arrival: &Arrival) -> Arrival {
        let last: BTreeMap<_, _> =
            arrival.given.iter().map(|&(symbol, bucket, revision)| ((symbol, bucket), revision)).collect();
        let mut given: Vec<Given> =
            last.into_iter().map(|((symbol, bucket), revision)| (symbol, bucket, revision)).collect();
        let order = if arrival.comes_back.is_some() { Order::Visible } else { arrival.order };
        if order != Order::Grouped {
            let (symbols, ids) = symbols();
            given.sort_by_key(|&(symbol, bucket, _)| (bucket, symbols.name(ids[symbol]).clone()));
        }
        Arrival { ends: given.len(), given, order, comes_back: None }
    }

    /// The file of `settled`, written row by row: nothing that is tested here has a part in it.
    fn written_straight(settled: &Arrival, format: TableFormat) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = OutputDir::create(folder.path()).unwrap().file("bars").unwrap();
        let path = file.path().to_owned();
        let facts = Facts::default().with("stamp", "open").with("base", "5m").with("policy", "coverage");
        let mut sheet = BarSheet::new(file, format, &["rsi_14", "sma_3"], false, &facts).unwrap();
        let ((symbols, ids), mut label) = (symbols(), Label::default());
        for given in &settled.given {
            let (bar, values) = bar(ids[given.0], *given);
            sheet.write(&row_of(&bar, &symbols, &mut label), &values).unwrap();
        }
        sheet.finish().unwrap().commit().unwrap();
        std::fs::read(path).unwrap()
    }

    /// Numbers what is told of each bar.
    fn arrival(
        mut told: Vec<(usize, i64, i64)>,
        order: Order,
        comes_back: Option<usize>,
        ends: usize,
    ) -> Arrival {
        // Late by some buckets.
        told.sort_by_key(|&(_, bucket, late)| bucket + late);
        if order == Order::Grouped {
            let grouped = comes_back.unwrap_or(ends).min(ends).min(told.len());
            told[..grouped].sort_by_key(|&(symbol, ..)| symbol);
        }
        let mut times = BTreeMap::new();
        let number = |&(symbol, bucket, _): &(usize, i64, i64)| {
            let revision = times.entry((symbol, bucket)).and_modify(|times| *times += 1).or_default();
            (symbol, bucket, *revision)
        };
        let given: Vec<Given> = told.iter().map(number).collect();
        let comes_back = comes_back.filter(|at| order == Order::Grouped && *at < given.len().min(ends));
        Arrival { given, order, comes_back, ends }
    }

    prop_compose! {
        fn arrivals()(latest in prop::sample::select(vec![1_i64, 4, 60]))(
            told in prop::collection::vec((0..4_usize, 0..60_i64, 0..latest), 0..300),
            order in prop::sample::select(vec![Order::Visible, Order::Grouped, Order::OpenTime]),
            comes_back in prop::option::of(0..300_usize),
            ends in 0..400_usize,
        ) -> Arrival {
            arrival(told, order, comes_back, ends)
        }
    }

    proptest! {
        // Each case syncs its files.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_table_is_the_same_whenever_its_rows_became_what_they_are(arrival in arrivals(), least in 1..40_usize) {
            let settled = settled(&arrival);
            for format in FORMATS {
                let is_same = table(&arrival, format, least) == written_straight(&settled, format);
                prop_assert!(is_same, "{format}");
            }
        }
    }

    /// A bar that was never told, older than what its symbol's group ends with, and told when the input had ended.
    #[test]
    fn what_was_left_open_goes_where_it_belongs_in_its_group() {
        let given =
            vec![(0, 1, 0), (0, 4, 0), (1, 1, 0), (1, 2, 0), (2, 8, 0), (1, 3, 0), (0, 3, 0), (0, 2, 0)];
        let arrival = Arrival { given, order: Order::Grouped, comes_back: None, ends: 5 };
        let settled = settled(&arrival);
        for format in FORMATS {
            assert!(table(&arrival, format, HELD) == written_straight(&settled, format), "{format}");
        }
    }

    /// More rows than a batch has and than are held back, every seventh of them told again much later.
    #[test]
    fn rows_of_many_batches_are_replaced_in_the_file() {
        let first = (0..12_000).flat_map(|bucket| (0..4).map(move |symbol| (symbol, bucket, 0)));
        let again = (0..12_000).step_by(7).map(|bucket| ((bucket % 4) as usize, bucket, 11_000));
        let told: Vec<_> =
            first.filter(|(symbol, bucket, _)| bucket % 5 != 3 || *symbol != 2).chain(again).collect();
        for order in [Order::Visible, Order::Grouped, Order::OpenTime] {
            for ends in [told.len() - 500, told.len()] {
                let arrival = arrival(told.clone(), order, None, ends);
                let settled = settled(&arrival);
                for format in FORMATS {
                    let expected = written_straight(&settled, format);
                    assert!(table(&settled, format, HELD) == expected, "{order:?} {format} at once");
                    assert!(table(&arrival, format, HELD) == expected, "{order:?} {format} {ends}");
                }
            }
        }
    }
}
