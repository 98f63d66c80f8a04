//! What makes a table of columns unreadable as a whole.

use std::io;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use crate::column::Field;
use crate::databento::Choice;
use crate::layout::LayoutError;
use crate::time::TimeFault;

/// Why a table of columns can't be read on.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The system refused.
    #[error("can't be read: {0}")]
    Io(io::Error),
    /// The file is damaged, or uses what is not supported.
    #[error("not readable as {format}: {what}")]
    Damaged {
        /// What it seemed to be.
        format: &'static str,
        /// What does not fit.
        what: String,
    },
    /// The schema names no bars.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Something that is the user's to choose.
    #[error(transparent)]
    Choice(#[from] Choice),
    /// A column has a type that its meaning does not.
    #[error("column `{column}` ({field}) is of type {found}; allowed are {allowed}")]
    Type {
        /// The column.
        column: String,
        /// What it would mean.
        field: Field,
        /// Its type.
        found: String,
        /// The types it may have.
        allowed: &'static str,
    },
    /// A time without zone, and none is stated.
    #[error("row {row}: {source}")]
    ZoneUnknown {
        /// The row, from 1.
        row: u64,
        /// The time.
        source: TimeFault,
    },
    /// The rows are of another interval than stated.
    #[error("the file says that its rows are of {found}, and --base says {stated}")]
    Base {
        /// What the file says.
        found: String,
        /// What was stated.
        stated: String,
    },
}

impl BatchError {
    /// Whether its text begins with a row.
    pub(crate) fn has_row(&self) -> bool {
        matches!(self, Self::ZoneUnknown { .. })
    }
}

impl From<ArrowError> for BatchError {
    fn from(error: ArrowError) -> Self {
        Self::Damaged { format: "Arrow", what: error.to_string() }
    }
}

impl From<ParquetError> for BatchError {
    fn from(error: ParquetError) -> Self {
        Self::Damaged { format: "Parquet", what: error.to_string() }
    }
}
