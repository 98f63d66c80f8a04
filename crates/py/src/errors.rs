//! Failures as Python's exceptions, with the text of the command line.

use std::fmt::Display;

use barloom_io::SourceError;
use pyo3::create_exception;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    barloom,
    DataError,
    PyValueError,
    "The rows are not what they must be: unreadable, refused with on_invalid=\"stop\", or wrong as a whole."
);

create_exception!(
    barloom,
    OverrunError,
    PyRuntimeError,
    "A part of a clock-driven run had not finished a step when the next one was due, and on_overrun=\"error\"."
);

/// What was asked for does not hold together.
pub(crate) fn wrong(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The rows are not what they must be.
pub(crate) fn bad_data(error: impl Display) -> PyErr {
    DataError::new_err(error.to_string())
}

/// No file is called so.
pub(crate) fn missing(error: impl Display) -> PyErr {
    PyFileNotFoundError::new_err(error.to_string())
}

/// A source can't be read.
pub(crate) fn unread(error: &SourceError) -> PyErr {
    match error {
        SourceError::Read(barloom_io::ReadError::Io { source, .. }) => match source.kind() {
            std::io::ErrorKind::NotFound => missing(error),
            _ => PyOSError::new_err(error.to_string()),
        },
        error if error.is_unstated() => wrong(error),
        error => bad_data(error),
    }
}
