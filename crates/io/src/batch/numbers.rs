//! A column of numbers, whatever type it has.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};

use crate::column::Field;
use crate::fault::{Fault, shown};
use crate::number::{count, float, is_null};

/// A column as floats, or as the text that numbers are written in.
#[derive(Debug)]
pub(super) enum Floats {
    Numbers(Float64Array),
    Texts(StringArray),
}

/// A column as whole numbers.
#[derive(Debug)]
pub(super) enum Counts {
    Integers(Int64Array),
    Numbers(Float64Array),
    Texts(StringArray),
}

/// Whether a column of this type holds text.
pub(super) fn is_text(of: &DataType) -> bool {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether a column of this type can hold prices or volumes.
pub(super) fn is_number(of: &DataType) -> bool {
    of.is_numeric() || is_text(of)
}

pub(super) fn texts(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn floats(column: &ArrayRef) -> Result<Float64Array, ArrowError> {
    Ok(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

impl Floats {
    pub(super) fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(if is_text(column.data_type()) {
            Self::Texts(texts(column)?)
        } else {
            Self::Numbers(floats(column)?)
        })
    }

    /// The value at `row`; `None` where it is null.
    #[inline(always)]
    pub(super) fn get(&self, row: usize, field: Field) -> Result<Option<f64>, Fault> {
        match self {
            Self::Numbers(values) => Ok(values.is_valid(row).then(|| values.value(row))),
            Self::Texts(values) => text(values, row, field),
        }
    }

    /// The value at `row`, which a bar needs.
    #[inline]
    pub(super) fn price(&self, row: usize, field: Field) -> Result<f64, Fault> {
        self.get(row, field)?.ok_or(Fault::Empty { field })
    }
}

/// Out of line, as it would fill the registers of those that are numbers.
#[inline(never)]
fn text(values: &StringArray, row: usize, field: Field) -> Result<Option<f64>, Fault> {
    let cell = if values.is_valid(row) { values.value(row).trim().as_bytes() } else { b"" };
    if is_null(cell) {
        return Ok(None);
    }
    let value = float(cell);
    value.map(Some).ok_or_else(|| Fault::NotANumber { field, text: shown(cell) })
}

impl Counts {
    pub(super) fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(match column.data_type() {
            of if is_text(of) => Self::Texts(texts(column)?),
            of if of.is_integer() => {
                Self::Integers(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            _ => Self::Numbers(floats(column)?),
        })
    }

    /// The value at `row`; `None` where it is null.
    #[inline]
    pub(super) fn get(&self, row: usize, field: Field) -> Result<Option<i64>, Fault> {
        match self {
            Self::Integers(values) => Ok(values.is_valid(row).then(|| values.value(row))),
            Self::Numbers(values) if !values.is_valid(row) => Ok(None),
            Self::Numbers(values) => whole(&values.value(row).to_string(), field),
            Self::Texts(values) if !values.is_valid(row) => Ok(None),
            Self::Texts(values) => whole(values.value(row).trim(), field),
        }
    }
}

fn whole(text: &str, field: Field) -> Result<Option<i64>, Fault> {
    if is_null(text.as_bytes()) {
        return Ok(None);
    }
    let value = count(text.as_bytes());
    value.map(Some).ok_or_else(|| Fault::NotACount { field, text: shown(text.as_bytes()) })
}
