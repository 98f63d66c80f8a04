//! A column of times, whatever type it has.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, TimeUnit};

use crate::time::{Moment, TimeFault, TimeReader};

use super::numbers::{is_text, texts};

/// A column of times.
#[derive(Debug)]
pub(super) enum Times {
    /// Counts of a unit since 1970, of a type that says a zone: these are instants; or of one that says none.
    Typed {
        values: Int64Array,
        nanos: i64,
        has_zone: bool,
    },
    Dates(Date32Array),
    /// Integers, of which nothing says what they count.
    Counts(Int64Array),
    Texts(StringArray),
}

/// Whether a column of this type can hold times.
pub(super) fn is_time(of: &DataType) -> bool {
    matches!(of, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64)
        || of.is_integer()
        || is_text(of)
}

impl Times {
    pub(super) fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let counts =
            || Ok::<_, ArrowError>(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone());
        Ok(match column.data_type() {
            DataType::Timestamp(unit, zone) => {
                let nanos = match unit {
                    TimeUnit::Second => 1_000_000_000,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                };
                Self::Typed { values: counts()?, nanos, has_zone: zone.is_some() }
            }
            DataType::Date32 | DataType::Date64 => {
                Self::Dates(cast(column, &DataType::Date32)?.as_primitive::<Date32Type>().clone())
            }
            of if is_text(of) => Self::Texts(texts(column)?),
            _ => Self::Counts(counts()?),
        })
    }

    /// The moment at `row`.
    #[inline(always)]
    pub(super) fn get(&self, row: usize, time: &mut TimeReader) -> Result<Moment, TimeFault> {
        match self {
            Self::Typed { values, nanos: 1, has_zone: true } if values.is_valid(row) => {
                Ok(time.read_instant(values.value(row)))
            }
            _ => self.other(row, time),
        }
    }

    /// Out of line, as it would fill the registers of the most frequent type, which is ours.
    #[inline(never)]
    fn other(&self, row: usize, time: &mut TimeReader) -> Result<Moment, TimeFault> {
        let is_null = match self {
            Self::Typed { values, .. } | Self::Counts(values) => values.is_null(row),
            Self::Dates(values) => values.is_null(row),
            Self::Texts(values) => values.is_null(row),
        };
        if is_null {
            return Err(TimeFault::Empty);
        }
        match self {
            Self::Typed { values, nanos, has_zone } => {
                let (count, fault) = (values.value(row), |text| TimeFault::OutOfRange { text });
                let at = count.checked_mul(*nanos).ok_or_else(|| fault(count.to_string()))?;
                if *has_zone { Ok(time.read_instant(at)) } else { time.read_local(at) }
            }
            Self::Dates(values) => time.read_day(values.value(row)),
            Self::Counts(values) => time.read_count(values.value(row)),
            Self::Texts(values) => time.read(values.value(row).trim().as_bytes()),
        }
    }
}
