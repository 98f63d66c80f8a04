//! A table of bars as Python has it: columns by the Arrow interface, NumPy, or another library's frame.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use barloom_core::error::{did_you_mean, nearest};
use barloom_core::indicators::Spec;
use numpy::PyArray1;
use numpy::datetime::{Datetime, units};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};

/// An indicator of a table: which columns are its outputs.
#[pyclass(frozen, module = "barloom")]
#[derive(Debug, Clone)]
pub(crate) struct Indicator {
    /// Its name, like `macd_12_26_9`.
    #[pyo3(get)]
    name: String,
    /// Its columns.
    #[pyo3(get)]
    outputs: Vec<String>,
    /// Those of them whose values are prices.
    #[pyo3(get)]
    prices: Vec<String>,
}

#[pymethods]
impl Indicator {
    fn __repr__(&self) -> String {
        format!("Indicator({:?}, outputs={:?})", self.name, self.outputs)
    }
}

impl Indicator {
    /// That of `spec`.
    pub(crate) fn of(spec: &Spec) -> Self {
        let (entry, outputs) = (spec.entry(), spec.columns());
        let named = entry.outputs.iter().zip(&outputs);
        let prices =
            named.filter(|(output, _)| entry.is_price(output)).map(|(_, column)| column.clone()).collect();
        Self { name: spec.to_string(), outputs, prices }
    }
}

/// Columns of equal length, read-only.
///
/// Any library with the Arrow PyCapsule interface takes it as it is: `polars.DataFrame(table)`, `pyarrow.table(table)`,
/// `duckdb.from_arrow(table)`. Times are nanoseconds UTC; a value that is not there is null, never NaN.
#[pyclass(frozen, module = "barloom")]
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The interval of its bars; `None` where its rows are no bars.
    #[pyo3(get)]
    interval: Option<String>,
    /// The indicators that have columns in it.
    #[pyo3(get)]
    indicators: Vec<Indicator>,
    batch: RecordBatch,
}

impl Table {
    pub(crate) fn new(interval: Option<String>, indicators: Vec<Indicator>, batch: RecordBatch) -> Self {
        Self { interval, indicators, batch }
    }

    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    pub(crate) fn indicators(&self) -> Vec<Indicator> {
        self.indicators.clone()
    }

    fn named(&self, name: &str) -> PyResult<&ArrayRef> {
        self.batch.column_by_name(name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            let hint = did_you_mean(nearest(name, names.iter().copied()));
            PyKeyError::new_err(format!("no column `{name}`; there are {}{hint}", names.join(", ")))
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().as_str())
    }
}

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __repr__(&self) -> String {
        let of = self.interval.as_deref().map(|interval| format!("{interval}, ")).unwrap_or_default();
        format!("<barloom.Table {of}{} rows, {} columns>", self.batch.num_rows(), self.batch.num_columns())
    }

    /// The columns' names, in their order.
    #[getter]
    fn column_names(&self) -> Vec<&str> {
        self.names().collect()
    }

    /// The symbols in it, in the order of their first rows.
    #[getter]
    fn symbols(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let Some(column) = self.batch.column_by_name("symbol").and_then(|column| column.as_string_view_opt())
        else {
            return found;
        };
        for name in column.iter().flatten() {
            if found.last().is_none_or(|last| last != name) && !found.iter().any(|own| own == name) {
                found.push(name.to_owned());
            }
        }
        found
    }

    /// The schema, by the Arrow PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(pyo3_arrow::ffi::to_schema_pycapsule(py, self.batch.schema_ref().as_ref())?)
    }

    /// The rows, by the Arrow PyCapsule interface, without a copy.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.batch.schema();
        let field = Arc::new(arrow_schema::Field::new_struct("", schema.fields().clone(), false));
        let rows: ArrayRef = Arc::new(arrow_array::StructArray::from(self.batch.clone()));
        let reader = pyo3_arrow::ffi::ArrayIterator::new(std::iter::once(Ok(rows)), field);
        Ok(pyo3_arrow::ffi::to_stream_pycapsule(py, Box::new(reader), requested_schema)?)
    }

    /// A column as a NumPy array: float64, NaN where it is null; datetime64[ns] in UTC, NaT where it is null; integers; or texts as objects.
    /// Its own memory. Raises KeyError where there is no such column.
    fn to_numpy<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let column = self.named(name)?;
        Ok(match column.data_type() {
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>();
                floats(py, values.iter(), values.null_count() == 0, values.values())
            }
            DataType::Int64 => {
                let values = column.as_primitive::<Int64Type>();
                if values.null_count() == 0 {
                    PyArray1::from_slice(py, values.values()).into_any()
                } else {
                    // As pandas has counts with gaps.
                    PyArray1::from_iter(py, values.iter().map(|value| value.map_or(f64::NAN, |n| n as f64)))
                        .into_any()
                }
            }
            DataType::Int32 => {
                let values = column.as_primitive::<Int32Type>();
                if values.null_count() == 0 {
                    PyArray1::from_slice(py, values.values()).into_any()
                } else {
                    PyArray1::from_iter(py, values.iter().map(|value| value.map_or(f64::NAN, f64::from)))
                        .into_any()
                }
            }
            DataType::Timestamp(..) => {
                // NumPy's NaT.
                let values = column.as_primitive::<TimestampNanosecondType>().iter();
                let times =
                    values.map(|value| Datetime::<units::Nanoseconds>::from(value.unwrap_or(i64::MIN)));
                PyArray1::from_iter(py, times).into_any()
            }
            _ => {
                let texts = PyList::new(py, column.as_string_view().iter())?;
                let kwargs = pyo3::types::PyDict::new(py);
                kwargs.set_item("dtype", "object")?;
                py.import("numpy")?.call_method("array", (texts,), Some(&kwargs))?
            }
        })
    }

    /// As `polars.DataFrame`, without a copy.
    fn to_polars<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("polars")?.call_method1("DataFrame", (slf,))
    }

    /// As `pandas.DataFrame`. Needs pandas 3.
    fn to_pandas<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pandas")?.getattr("DataFrame")?.call_method1("from_arrow", (slf,))
    }

    /// As `pyarrow.Table`, without a copy.
    fn to_arrow<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    /// Candles, overlays and a pane an oscillator: see `barloom.plot`.
    #[pyo3(signature = (**kwargs))]
    fn plot<'py>(
        slf: Bound<'py, Self>,
        kwargs: Option<&Bound<'py, pyo3::types::PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("barloom._plot")?.call_method("plot", (slf,), kwargs)
    }
}

fn floats<'py>(
    py: Python<'py>,
    values: impl Iterator<Item = Option<f64>>,
    is_whole: bool,
    memory: &[f64],
) -> Bound<'py, PyAny> {
    if is_whole {
        return PyArray1::from_slice(py, memory).into_any();
    }
    PyArray1::from_iter(py, values.map(|value| value.unwrap_or(f64::NAN))).into_any()
}
