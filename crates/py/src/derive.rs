//! `barloom.derive`: tables or files in, a table an interval out, as `barloom derive` does.

use barloom::engine::{OnInvalid, RunSummary};
use barloom_core::derive::{Clocks, ClosedBar, Deriver, FileFeed, Sink, TradingHours, Warning};
use barloom_core::indicators::Spec;
use barloom_core::plan::Plan;
use barloom_core::source::Source;
use barloom_core::{Interval, Symbols};
use barloom_io::FileSource;
use pyo3::prelude::*;

use crate::collect::{Bars, Order, Rejects, Warnings};
use crate::errors::{bad_data, unread};
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
            derivation.read(source.with(derivation.told.plan.needs_volume(), settings.adjuster.as_ref()))?;
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
    rejects: Rejects,
    order: Order,
    /// The symbol of the row before.
    current: Option<barloom_core::SymbolId>,
    on_invalid: OnInvalid,
    specs: Vec<Spec>,
    raised: Raised,
}

/// What the deriver tells.
struct Told {
    plan: Plan,
    /// By place among the rules.
    bars: Vec<Bars>,
    warnings: Warnings,
    summary: RunSummary,
}

impl Sink for Told {
    fn bar(&mut self, bar: &ClosedBar) {
        let values = self.plan.update(bar);
        if let Some(table) = self.bars.get_mut(usize::from(bar.place)) {
            table.push(bar, values);
        }
        let readings = self.plan.readings(bar.interval, bar.symbol.slot()).count();
        self.summary.bar(bar.interval, readings as u64);
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
        let table = |rule: &barloom_core::derive::IntervalRule| {
            Bars::with_rows(plan.columns(rule.interval), has_hours, bars_of(rule.interval))
        };
        let bars = rules.intervals.iter().map(table).collect();
        let summary = RunSummary::new(rules);
        Self {
            feed: FileFeed::new(Clocks::PerSymbol, rules),
            symbols: Symbols::new(),
            told: Told { plan, bars, warnings: Warnings::default(), summary },
            rejects: Rejects::default(),
            order: if sort { Order::OpenTime } else { Order::Grouped },
            current: None,
            on_invalid: settings.config.on_invalid,
            raised: settings.raised.clone(),
            specs: settings.config.realtime_indicators.clone(),
            deriver: Deriver::new(rules.clone()),
        }
    }

    fn read(&mut self, mut source: FileSource) -> PyResult<()> {
        loop {
            let known = self.symbols.len();
            let Some(row) = source.next_row(&mut self.symbols).map_err(|error| unread(&error))? else {
                return Ok(());
            };
            if source.reader().rows().is_multiple_of(LOOK) {
                self.raised.check()?;
                Python::attach(|py| py.check_signals())?;
            }
            if let Some(symbol) = row.symbol().filter(|symbol| self.current != Some(*symbol)) {
                // A symbol that comes back after another one: the input is not grouped.
                if symbol.index() < known && self.order == Order::Grouped {
                    self.order = Order::Visible;
                }
                self.current = Some(symbol);
            }
            let Self { deriver, feed, symbols, told, .. } = self;
            let taken = feed.source_row(deriver, symbols.by_name(), &row, told);
            let place = || source.place(row.number);
            if let Some(why) = taken.map_err(|error| bad_data(format!("{}: {error}", place())))? {
                if self.on_invalid == OnInvalid::Stop {
                    return Err(bad_data(format!("{}: {}", place(), why.reason)));
                }
                self.rejects.push(source.name(), row.number, why.symbol, why.time, why.reason);
            }
        }
    }

    fn finish(self) -> PyResult<Output> {
        let Self { mut deriver, mut feed, symbols, mut told, rejects, order, specs, raised, .. } = self;
        feed.finish(&mut deriver, symbols.by_name(), &mut told).map_err(bad_data)?;
        raised.check()?;
        told.summary.close(&deriver, Some(feed.trial()));
        let Told { bars, warnings, summary, .. } = told;
        let made = Made { bars, order, warnings, rejects, summary, metrics: None };
        Output::new(deriver.rules(), &specs, made, &symbols)
    }
}
