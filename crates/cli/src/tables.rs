//! The sink that writes files: a table an interval, the warnings, the rejects. None shows its name before all are
//! whole.

use std::fmt::Write as _;
use std::path::Path;

use barloom_core::derive::{ClosedBar, DeriveRules, TradingHours, Warning};
use barloom_core::{Hours, Interval, SymbolId, Symbols, Timestamp};
use barloom_io::{
    BarRow, BarTable, OutputDir, OutputError, PendingFile, RejectRow, RejectTable, WarningRow, WarningTable,
    commit_all,
};

/// The order of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As bars become visible; those of one instant by symbol.
    Visible,
    /// By open time, then symbol; held in memory until the end.
    OpenTime,
}

/// The tables of one run.
#[derive(Debug)]
pub(crate) struct Tables {
    bars: Vec<Table>,
    warnings: WarningTable<PendingFile>,
    order: Order,
    label: String,
}

#[derive(Debug)]
struct Table {
    interval: Interval,
    rows: BarTable<PendingFile>,
    /// Bars that close at one instant, until one that closes at another comes.
    held: Vec<ClosedBar>,
}

impl Tables {
    /// Begins a table for each interval of `rules`, and one for warnings, in the folder at `path`.
    ///
    /// # Errors
    /// When the folder or a file can't be created.
    pub(crate) fn create(path: &Path, rules: &DeriveRules, order: Order) -> Result<Self, OutputError> {
        let dir = OutputDir::create(path)?;
        let hours = rules.hours == TradingHours::Extended;
        let table = |interval: Interval| -> Result<Table, OutputError> {
            let file = dir.file(&format!("{interval}.csv"))?;
            let name = file.path().to_owned();
            let rows = BarTable::new(file, &[], hours).map_err(written(&name))?;
            Ok(Table { interval, rows, held: Vec::new() })
        };
        let bars = rules.intervals.iter().map(|rule| table(rule.interval)).collect::<Result<_, _>>()?;
        let file = dir.file("warnings.csv")?;
        let name = file.path().to_owned();
        let warnings = WarningTable::new(file).map_err(written(&name))?;
        Ok(Self { bars, warnings, order, label: String::new() })
    }

    /// Takes a bar.
    ///
    /// # Errors
    /// When its file can't be written.
    pub(crate) fn bar(&mut self, bar: &ClosedBar, symbols: &Symbols) -> Result<(), OutputError> {
        let Some(table) = self.bars.iter_mut().find(|table| table.interval == bar.interval) else {
            return Ok(());
        };
        if self.order == Order::Visible
            && table.held.last().is_some_and(|held| held.close_time != bar.close_time)
        {
            table.flush(self.order, symbols, &mut self.label)?;
        }
        table.held.push(*bar);
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
        for table in &mut self.bars {
            table.flush(self.order, symbols, &mut self.label)?;
        }
        let bars = self.bars.into_iter().map(|table| table.rows.into_inner());
        let notes = [self.warnings.into_inner()].into_iter().chain(rejects.map(Rejects::into_inner));
        commit_all(bars.chain(notes))
    }
}

impl Table {
    fn flush(&mut self, order: Order, symbols: &Symbols, label: &mut String) -> Result<(), OutputError> {
        let name = |bar: &ClosedBar| symbols.name(bar.symbol).as_str();
        // Unstable sorts need no memory; a symbol has one bar of an interval at an open time.
        match order {
            Order::Visible => self.held.sort_unstable_by(|a, b| {
                name(a).cmp(name(b)).then(a.bar.open_time().cmp(&b.bar.open_time()))
            }),
            Order::OpenTime => self.held.sort_unstable_by(|a, b| {
                a.bar.open_time().cmp(&b.bar.open_time()).then_with(|| name(a).cmp(name(b)))
            }),
        }
        for closed in self.held.drain(..) {
            let ClosedBar { interval, bar, close_time, n_base, n_expected, .. } = closed;
            label.clear();
            // Writing to memory does not fail.
            let _ = write!(label, "{}", closed.session);
            let row = BarRow {
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
            };
            let done = self.rows.write(&row, &[]);
            done.map_err(|error| written(self.rows.get_mut().path())(error))?;
        }
        Ok(())
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

    fn into_inner(self) -> PendingFile {
        self.0.into_inner()
    }
}

fn written(path: &Path) -> impl Fn(std::io::Error) -> OutputError {
    let file = path.to_owned();
    move |source| OutputError { file: file.clone(), action: "written", source }
}
