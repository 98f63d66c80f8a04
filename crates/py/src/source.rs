//! What rows are read from: tables by the Arrow interface, or files by their paths.

use std::path::PathBuf;

use barloom_io::{FileSource, Options, ReadError, RowReader, SourceError};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::errors::{missing, unread};

/// Opens what `data` names: paths, folders and patterns as on the command line, and tables.
pub(crate) fn opened(data: &[Bound<'_, PyAny>], options: &Options) -> PyResult<Vec<FileSource>> {
    let mut sources = Vec::with_capacity(data.len());
    for (at, one) in data.iter().enumerate() {
        if let Ok(path) = one.extract::<PathBuf>() {
            for path in barloom_io::found(&path).map_err(missing)? {
                sources.push(FileSource::open(&path, options).map_err(|error| unread(&error))?);
            }
            continue;
        }
        let name = if data.len() == 1 { "table".to_owned() } else { format!("table {}", at + 1) };
        let is_table = one.hasattr("__arrow_c_stream__")? || one.hasattr("__arrow_c_array__")?;
        if !is_table {
            let kind = one.get_type().qualname()?;
            return Err(PyTypeError::new_err(format!(
                "{name} is of type {kind}; allowed are tables with the Arrow interface (polars, pyarrow, pandas 3, DuckDB), and paths"
            )));
        }
        let batches = one.extract::<AnyRecordBatch>()?.into_reader()?;
        sources.push(of_batches(&name, batches, options).map_err(|error| unread(&error))?);
    }
    Ok(sources)
}

fn of_batches(
    name: &str,
    batches: Box<dyn arrow_array::RecordBatchReader + Send>,
    options: &Options,
) -> Result<FileSource, SourceError> {
    let reader: Result<RowReader, ReadError> = RowReader::of_batches(name, batches, options.clone());
    Ok(FileSource::of(reader?, options.base))
}
