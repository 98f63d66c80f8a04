//! What a run gives: a table an interval, warnings, rejected rows, the counts; and all of it joined onto one interval.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{ArrowError, Field, Schema};
use barloom::engine::RunSummary;
use barloom::metrics::{PerformanceMetrics, Stage};
use barloom_core::derive::{DeriveRules, WarningKind};
use barloom_core::error::{did_you_mean, nearest};
use barloom_core::indicators::Spec;
use barloom_core::{Interval, Symbols};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::collect::{Bars, Order, Rejects, Warnings};
use crate::errors::{bad_data, wrong};
use crate::table::{Indicator, Table};

/// The tables of a run by interval, like `out["5m"]`, with `warnings`, `rejects` and the counts of `summary`.
#[pyclass(frozen, mapping, module = "barloom")]
#[derive(Debug)]
pub(crate) struct Output {
    /// In ascending order of intervals.
    tables: Vec<(Interval, Table)>,
    /// Symbol, interval, kind, time, and base bars there and expected.
    #[pyo3(get)]
    warnings: Table,
    /// File, row, symbol, time, and the reason of each rejected row.
    #[pyo3(get)]
    rejects: Table,
    summary: RunSummary,
    metrics: Option<PerformanceMetrics>,
}

/// What a run made, to be put into tables.
pub(crate) struct Made {
    /// By place among the rules.
    pub(crate) bars: Vec<Bars>,
    pub(crate) order: Order,
    pub(crate) warnings: Warnings,
    pub(crate) rejects: Rejects,
    pub(crate) summary: RunSummary,
    /// Of an engine's run.
    pub(crate) metrics: Option<PerformanceMetrics>,
}

impl Output {
    pub(crate) fn new(rules: &DeriveRules, specs: &[Spec], made: Made, symbols: &Symbols) -> PyResult<Self> {
        let Made { bars, order, warnings, rejects, summary, metrics } = made;
        let made = |error: ArrowError| bad_data(error);
        let mut tables = Vec::with_capacity(bars.len());
        for (rule, bars) in rules.intervals.iter().zip(bars) {
            let interval = rule.interval;
            let batch = bars.finish(&interval.to_string(), order, symbols).map_err(made)?;
            let own = specs.iter().filter(|spec| spec.interval().is_none_or(|own| own == interval));
            let indicators = own.map(Indicator::of).collect();
            tables.push((interval, Table::new(Some(interval.to_string()), indicators, batch)));
        }
        let plain = |batch: RecordBatch| Table::new(None, Vec::new(), batch);
        Ok(Self {
            tables,
            warnings: plain(warnings.finish(symbols).map_err(made)?),
            rejects: plain(rejects.finish(symbols).map_err(made)?),
            summary,
            metrics,
        })
    }

    fn place(&self, interval: &str) -> Option<usize> {
        let interval: Interval = interval.parse().ok()?;
        self.tables.iter().position(|(own, _)| *own == interval)
    }

    fn none_of(&self, interval: &str) -> String {
        let names: Vec<String> = self.intervals();
        let hint = did_you_mean(nearest(interval, names.iter().map(String::as_str)));
        format!("no interval `{interval}`; there are {}{hint}", names.join(", "))
    }
}

#[pymethods]
impl Output {
    /// The intervals, shortest first.
    #[getter]
    fn intervals(&self) -> Vec<String> {
        self.tables.iter().map(|(interval, _)| interval.to_string()).collect()
    }

    /// The counts: where each row went, buckets left open, bars, values and empty buckets by interval, warnings by kind.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let summary = &self.summary;
        let told = counts_of(py, summary)?;
        let intervals = PyDict::new(py);
        for (interval, own) in &summary.intervals {
            let counts = PyDict::new(py);
            for (name, count) in [("bars", own.bars), ("values", own.values), ("empty", own.empty)] {
                counts.set_item(name, count)?;
            }
            intervals.set_item(interval.to_string(), counts)?;
        }
        told.set_item("intervals", intervals)?;
        let warnings = PyDict::new(py);
        for kind in WarningKind::ALL {
            warnings.set_item(kind.as_str(), summary.warnings.get(&kind).copied().unwrap_or(0))?;
        }
        told.set_item("warnings", warnings)?;
        told.set_item("overruns", summary.overrun_count)?;
        told.set_item("closed_stretch", summary.closed_stretch.as_ref().map(ToString::to_string))?;
        Ok(told)
    }

    /// Of an engine's run, by stage ("coordinator", "processor", "analysis" …): how often it ran, and of the steps that were timed min, mean, p50, p99
    /// and max in ns; strategies are in "analysis". Empty of `derive`.
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let told = PyDict::new(py);
        for (stage, name) in Stage::NAMES.iter().filter(|_| self.metrics.is_some()) {
            let Some(summary) = self.metrics.as_ref().map(|metrics| metrics.summary(*stage)) else {
                continue;
            };
            let own = PyDict::new(py);
            own.set_item("count", summary.count)?;
            own.set_item("mean", summary.mean)?;
            let times =
                [("min", summary.min), ("p50", summary.p50), ("p99", summary.p99), ("max", summary.max)];
            times.iter().try_for_each(|(name, time)| own.set_item(*name, time))?;
            told.set_item(*name, own)?;
        }
        Ok(told)
    }

    /// Who was late first in a clock-driven run, a line each; `summary["overruns"]` counts them all.
    #[getter]
    fn overruns(&self) -> Vec<String> {
        self.summary.overruns.iter().map(ToString::to_string).collect()
    }

    fn __getitem__(&self, interval: &str) -> PyResult<Table> {
        let place = self.place(interval).ok_or_else(|| PyKeyError::new_err(self.none_of(interval)))?;
        Ok(self.tables[place].1.clone())
    }

    fn __contains__(&self, interval: &str) -> bool {
        self.place(interval).is_some()
    }

    fn __len__(&self) -> usize {
        self.tables.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.intervals().into_pyobject(py)?.try_iter()?.into_any())
    }

    /// The intervals, as a mapping has keys.
    fn keys(&self) -> Vec<String> {
        self.intervals()
    }

    fn __repr__(&self) -> String {
        let rows: Vec<String> = self
            .tables
            .iter()
            .map(|(interval, table)| format!("{interval}: {} bars", table.batch().num_rows()))
            .collect();
        format!("<barloom.Output {}>", rows.join(", "))
    }

    /// Every other interval joined onto the bars of `onto`: of each, the last bar and values that were closed when the row's bar closed. Columns of
    /// an interval are called like `close@1h` and `rsi_14@5m`, and are null before its first bar. Raises ValueError where `onto` is none of
    /// the intervals.
    fn align(&self, py: Python<'_>, onto: &str) -> PyResult<Table> {
        let hint = "; to align onto base bars, derive their interval too, as in intervals=[\"1m\", \"5m\"]";
        let place = self.place(onto).ok_or_else(|| wrong(self.none_of(onto) + hint))?;
        let batch = py.detach(|| aligned(&self.tables, place)).map_err(bad_data)?;
        let indicators = self.tables[place].1.indicators();
        Ok(Table::new(Some(onto.to_owned()), indicators, batch))
    }
}

/// Where each row went, and buckets left open.
pub(crate) fn counts_of<'py>(py: Python<'py>, summary: &RunSummary) -> PyResult<Bound<'py, PyDict>> {
    let (counts, told) = (&summary.counts, PyDict::new(py));
    told.set_item("rows", counts.rows())?;
    for (name, count) in [
        ("accepted", counts.accepted),
        ("duplicate", counts.duplicate),
        ("corrected", counts.corrected),
        ("late", counts.late),
        ("invalid", counts.invalid),
        ("out_of_session", counts.out_of_session),
        ("unfinished", summary.unfinished),
    ] {
        told.set_item(name, count)?;
    }
    Ok(told)
}

/// The columns of a bar that every row of an aligned table has already.
const SHARED: [&str; 3] = ["symbol", "interval", "session"];

/// The table at `place` with the columns of the others, as they were visible when its bars closed.
fn aligned(tables: &[(Interval, Table)], place: usize) -> Result<RecordBatch, ArrowError> {
    let onto = tables[place].1.batch();
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in onto.schema_ref().fields().iter().zip(onto.columns()) {
        fields.push(field.as_ref().clone());
        columns.push(Arc::clone(column));
    }
    for (interval, table) in tables.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, own)| own) {
        let from = table.batch();
        let rows = visible(onto, from)?;
        for (field, column) in from.schema_ref().fields().iter().zip(from.columns()) {
            if SHARED.contains(&field.name().as_str()) {
                continue;
            }
            let taken = arrow_select::take::take(column, &rows, None)?;
            fields.push(Field::new(format!("{}@{interval}", field.name()), taken.data_type().clone(), true));
            columns.push(taken);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// By row of `onto`, the row of `from` that closed last by its close, of the same symbol; null where there is none.
fn visible(onto: &RecordBatch, from: &RecordBatch) -> Result<UInt32Array, ArrowError> {
    let (on, of) = (Keys::of(onto)?, Keys::of(from)?);
    // Each symbol's rows by their close, so that one walk finds them all.
    let (on_order, of_order) = (on.order(), of.order());
    let mut rows = vec![None; onto.num_rows()];
    let (mut at, mut last) = (0, None);
    for &row in &on_order {
        let (symbol, close) = on.key(row);
        while let Some(&next) = of_order.get(at).filter(|&&next| of.key(next) <= (symbol, close)) {
            (at, last) = (at + 1, Some(next));
        }
        rows[row as usize] = last.filter(|&last| of.key(last).0 == symbol);
    }
    Ok(UInt32Array::from(rows))
}

/// Symbol and close of each row.
struct Keys<'a> {
    symbols: &'a arrow_array::StringViewArray,
    closes: &'a [i64],
}

impl<'a> Keys<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let named = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))
        };
        let closes = named("close_time")?.as_primitive::<TimestampNanosecondType>().values();
        Ok(Self { symbols: named("symbol")?.as_string_view(), closes })
    }

    fn key(&self, row: u32) -> (&'a str, i64) {
        (self.symbols.value(row as usize), self.closes[row as usize])
    }

    /// Rows by symbol and close; those that are in this order already cost no sort.
    fn order(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.closes.len() as u32).collect();
        rows.sort_by_key(|&row| self.key(row));
        rows
    }
}
