//! `barloom.derive`: tables or files in, a table an interval out, as `barloom derive` does.

use barloom::engine::{OnInvalid, RunSummary};
use barloom_core::derive::{
    Clocks, ClosedBar, Deriver, FileFeed, IntervalRule, Late, Revision, Sink, TradingHours, Warning,
};
use barloom_core::indicators::Spec;
use barloom_core::plan::Plan;
use barloom_core::source::{Grouping, Source, SourceRow, Unreadable};
use barloom_core::{Interval, Record, SymbolId, Symbols};
use barloom_io::{FileSource, MOST_ROWS};
use pyo3::prelude::*;

use crate::collect::{Bars, Order, Rejects, Warnings};
use crate::errors::{bad_data, unread};
use crate::gather::Gather;
use crate::indicator::Raised;
use crate::output::{Made, Output};
use crate::settings::Settings;
use crate::source::opened;

/// Rows that memory is reserved for at most.
const MOST_RESERVED: usize = 1 << 24;

/// Rows between two looks at whether Ctrl-C was pressed.
const LOOK: u64 = 1 << 16;

/// Derives what `fields`, a session file as JSON, asks for from `data`; `sort` orders rows by open time and symbol.
#[pyfunction]
#[pyo3(signature = (data, fields, own, sort))]
pub(crate) fn derive(
    py: Python<'_>,
    data: Vec<Bound<'_, PyAny>>,
    fields: &str,
    own: Vec<Bound<'_, PyAny>>,
    sort: bool,
) -> PyResult<Output> {
    let settings = Settings::read(fields, &own, &data)?;
    let plan = settings.plan(py)?;
    let sources = opened(&data, &settings.options)?;
    let rows = rows_said(&data);
    py.detach(|| {
        let mut derivation = Derivation::new(&settings, plan, sort, rows);
        for source in sources {
            let source = source.read_ahead().map_err(|error| unread(&error))?;
            derivation.read(source.with(derivation.needs_volume.as_deref(), settings.adjuster.as_ref()))?;
        }
        derivation.finish()
    })
}

/// How many rows the tables of `data` say they have, up to what is reserved on a word; 0 where that would cost a query.
fn rows_said(data: &[Bound<'_, PyAny>]) -> usize {
    let of = |one: &Bound<'_, PyAny>| {
        let said = ["num_rows", "height"].iter().find_map(|name| one.getattr(name).ok()?.extract().ok());
        // A pandas frame; DuckDB would run the query of a relation to tell.
        said.or_else(|| one.hasattr("iloc").ok()?.then(|| one.len().ok())?)
    };
    data.iter().filter_map(of).fold(0, usize::saturating_add).min(MOST_RESERVED)
}

/// One call on its way.
struct Derivation {
    deriver: Deriver,
    feed: FileFeed,
    symbols: Symbols,
    told: Told,
    /// The indicator that the input's volume is for.
    needs_volume: Option<String>,
    rejects: Rejects,
    order: Order,
    grouping: Grouping,
    on_invalid: OnInvalid,
    specs: Vec<Spec>,
    raised: Raised,
}

/// What the deriver tells.
struct Told {
    bars: Gather,
    warnings: Warnings,
    summary: RunSummary,
}

impl Sink for Told {
    #[inline]
    fn bar(&mut self, bar: &ClosedBar) {
        self.bars.push(bar);
    }

    fn revised(&mut self, revision: Revision) {
        self.bars.revise(&revision);
    }

    fn warning(&mut self, warning: &Warning) {
        self.summary.warning(warning);
        self.warnings.push(warning);
    }
}

impl Derivation {
    fn new(settings: &Settings, plan: Plan, sort: bool, rows: usize) -> Self {
        let rules = &settings.rules;
        let has_hours = rules.hours == TradingHours::Extended;
        // Bars of a gapless input; where there are more, the columns grow.
        let bars_of = |interval: Interval| {
            let ratio = interval.nanos().zip(rules.base.nanos()).map_or(1_440, |(own, base)| own / base);
            rows / usize::try_from(ratio.max(1)).unwrap_or(1)
        };
        let table = |rule: &IntervalRule| {
            Bars::with_rows(plan.columns(rule.interval), has_hours, bars_of(rule.interval))
        };
        let bars = rules.intervals.iter().map(table).collect();
        let (warnings, summary) = (Warnings::default(), RunSummary::new(rules));
        let is_in_turn = !settings.own.is_empty() || rules.late == Late::Revise;
        Self {
            feed: FileFeed::new(Clocks::PerSymbol, rules),
            symbols: Symbols::new(),
            needs_volume: plan.needs_volume().map(str::to_owned),
            told: Told { bars: Gather::new(plan, bars, is_in_turn), warnings, summary },
            rejects: Rejects::default(),
            order: if sort { Order::OpenTime } else { Order::Grouped },
            grouping: Grouping::default(),
            on_invalid: settings.config.on_invalid,
            raised: settings.raised.clone(),
            specs: settings.config.realtime_indicators.clone(),
            deriver: Deriver::new(rules.clone()),
        }
    }

    fn read(&mut self, mut source: FileSource) -> PyResult<()> {
        let (mut plain, mut looked) = (Vec::with_capacity(MOST_ROWS), 0);
        loop {
            let number = source.plain_rows(&mut self.symbols, &mut plain).map_err(|error| unread(&error))?;
            for (row, number) in plain.iter().zip(number..) {
                self.row(&source, number, Ok(row))?;
            }
            if plain.is_empty() {
                let row = source.next_row(&mut self.symbols).map_err(|error| unread(&error))?;
                let Some(SourceRow { number, content }) = row else { return Ok(()) };
                self.row(&source, number, content.as_ref())?;
            }
            if source.reader().rows() - looked >= LOOK {
                looked = source.reader().rows();
                self.raised.check()?;
                Python::attach(|py| py.check_signals())?;
            }
        }
    }

    #[inline]
    fn row(
        &mut self,
        source: &FileSource,
        number: u64,
        row: Result<&(SymbolId, Record), &Unreadable>,
    ) -> PyResult<()> {
        let symbol = row.map_or_else(|unreadable| unreadable.symbol, |(symbol, _)| Some(*symbol));
        if symbol.is_some_and(|symbol| self.grouping.comes_back(symbol)) && self.order == Order::Grouped {
            self.order = Order::Visible;
        }
        let Self { deriver, feed, symbols, told, .. } = self;
        match feed.source_row(deriver, symbols.by_name(), row, told) {
            Ok(None) => Ok(()),
            Ok(Some(why)) => self.refused(source, number, &why),
            Err(error) => Err(bad_data(format!("{}: {error}", source.place(number)))),
        }
    }

    #[cold]
    fn refused(&mut self, source: &FileSource, number: u64, why: &Unreadable) -> PyResult<()> {
        if self.on_invalid == OnInvalid::Stop {
            return Err(bad_data(format!("{}: {}", source.place(number), why.reason)));
        }
        self.rejects.push(source.name(), number, why.symbol, why.time, &why.reason);
        Ok(())
    }

    fn finish(self) -> PyResult<Output> {
        let Self { mut deriver, mut feed, symbols, mut told, rejects, order, specs, raised, .. } = self;
        feed.finish(&mut deriver, symbols.by_name(), &mut told).map_err(bad_data)?;
        let Told { bars, warnings, mut summary } = told;
        let mut tables = Vec::new();
        for (table, rule) in bars.finish().into_iter().zip(&deriver.rules().intervals) {
            summary.bars(rule.interval, table.bars.told() as u64, table.readings);
            tables.push(table.bars);
        }
        raised.check()?;
        summary.close(&deriver, Some(feed.trial()));
        let made = Made { bars: tables, order, warnings, rejects, summary, metrics: None };
        Output::new(deriver.rules(), &specs, made, &symbols)
    }
}
