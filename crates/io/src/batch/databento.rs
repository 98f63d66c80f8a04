//! The columns that a Databento table has besides, as the text that its CSV would hold.

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};

use crate::column::Field;
use crate::databento::{Choice, Databento, Turn};
use crate::fault::Fault;
use crate::layout::Layout;

/// Of one batch. An integer has no point as text, a float always has one.
pub(super) struct Own {
    ids: [StringArray; 2],
    instrument: Option<StringArray>,
    prices: [StringArray; 4],
}

impl Own {
    /// Those of a batch whose `column` is given by its place; `None` where the layout is another one.
    pub(super) fn of<'a>(
        layout: &Layout,
        column: impl Fn(usize) -> Result<&'a ArrayRef, ArrowError>,
    ) -> Result<Option<Self>, ArrowError> {
        let Some(columns) = layout.databento else { return Ok(None) };
        let text = |at: usize| {
            let text = cast(column(at)?, &DataType::Utf8)?;
            text.as_any()
                .downcast_ref::<StringArray>()
                .cloned()
                .ok_or_else(|| ArrowError::CastError("a column that can't be written as text".to_owned()))
        };
        let [open, high, low, close] = layout.prices;
        Ok(Some(Self {
            ids: [text(columns.rtype)?, text(columns.publisher)?],
            instrument: columns.instrument.map(text).transpose()?,
            prices: [text(open)?, text(high)?, text(low)?, text(close)?],
        }))
    }

    /// What becomes of a row of `symbol`.
    pub(super) fn turn(
        &self,
        row: usize,
        symbol: &str,
        file: &mut Databento,
    ) -> Result<Result<Turn, Fault>, Choice> {
        let [rtype, publisher] = &self.ids;
        let instrument = self.instrument.as_ref().map(|column| cell(column, row));
        file.turn(symbol.as_bytes(), [cell(rtype, row), cell(publisher, row)], instrument)
    }

    /// The prices of a row.
    pub(super) fn prices(&self, row: usize, file: &mut Databento) -> Result<[f64; 4], Fault> {
        let [open, high, low, close] = &self.prices;
        let mut price = |column, field| file.price(cell(column, row), field);
        Ok([
            price(open, Field::Open)?,
            price(high, Field::High)?,
            price(low, Field::Low)?,
            price(close, Field::Close)?,
        ])
    }
}

/// The text at `row`, empty where it is null.
fn cell(column: &StringArray, row: usize) -> &[u8] {
    if column.is_valid(row) { column.value(row).trim().as_bytes() } else { b"" }
}
