//! The cells of one row, and the record that they are.

use barloom_core::{Label, Record, Stamp};

use crate::civil::Iso;
use crate::column::Field;
use crate::databento::Databento;
use crate::fault::{Fault, shown};
use crate::layout::Layout;
use crate::number::{count, float, is_null};
use crate::time::{Moment, TimeFault, TimeReader};
use crate::vendor::Vendor;

/// What could be read of a row, whether or not the rest could.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) symbol: bool,
    pub(crate) label: Option<Label>,
}

/// The cells of one row.
pub(crate) struct Cells<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ends: &'a [usize],
}

impl Cells<'_> {
    /// The cell at `at`, without outer blanks.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.bytes[start..self.ends[at]].trim_ascii()
    }

    #[inline]
    fn price(&self, at: usize, field: Field) -> Result<f64, Fault> {
        let cell = self.get(at);
        float(cell).ok_or_else(|| no_number(cell, field))
    }

    #[inline]
    fn optional(&self, at: Option<usize>, field: Field) -> Result<Option<f64>, Fault> {
        let Some(cell) = at.map(|at| self.get(at)).filter(|cell| !is_null(cell)) else { return Ok(None) };
        float(cell).map(Some).ok_or_else(|| no_number(cell, field))
    }
}

#[cold]
fn no_number(cell: &[u8], field: Field) -> Fault {
    if cell.is_empty() { Fault::Empty { field } } else { Fault::NotANumber { field, text: shown(cell) } }
}

/// Reads symbol and time first, so that a reject can say whose minute it was.
pub(crate) fn read_row(
    cells: &Cells<'_>,
    layout: &Layout,
    time: &mut TimeReader,
    symbol: &mut String,
    known: &mut Known,
    databento: Option<&mut Databento>,
) -> Result<Record, Fault> {
    if let Some(at) = layout.symbol {
        read_symbol(cells.get(at), symbol)?;
        known.symbol = true;
    }
    // Only days have no stamp, and the instant that stands for a day is its midnight.
    let stamp = layout.stamp().unwrap_or(Stamp::Open);
    let label = read_time(cells, layout, time)?.label(stamp);
    known.label = Some(label);
    let [open, high, low, close] = read_prices(cells, layout.prices, databento)?;
    Ok(Record {
        label,
        open,
        high,
        low,
        close,
        volume: cells.optional(layout.volume, Field::Volume)?,
        vwap: cells.optional(layout.vwap, Field::Vwap)?,
        trade_count: match layout.trade_count.map(|at| cells.get(at)).filter(|cell| !is_null(cell)) {
            Some(cell) => {
                let fault = || Fault::NotACount { field: Field::TradeCount, text: shown(cell) };
                Some(count(cell).ok_or_else(fault)?)
            }
            None => None,
        },
    })
}

#[inline]
fn read_prices(
    cells: &Cells<'_>,
    [open, high, low, close]: [usize; 4],
    databento: Option<&mut Databento>,
) -> Result<[f64; 4], Fault> {
    if let Some(file) = databento {
        let mut price = |at, field| file.price(cells.get(at), field);
        return Ok([
            price(open, Field::Open)?,
            price(high, Field::High)?,
            price(low, Field::Low)?,
            price(close, Field::Close)?,
        ]);
    }
    Ok([
        cells.price(open, Field::Open)?,
        cells.price(high, Field::High)?,
        cells.price(low, Field::Low)?,
        cells.price(close, Field::Close)?,
    ])
}

#[inline]
fn read_time(cells: &Cells<'_>, layout: &Layout, time: &mut TimeReader) -> Result<Moment, TimeFault> {
    let cell = cells.get(layout.time);
    match (layout.date, layout.vendor()) {
        (Some(date), vendor) => read_civil(cells.get(date), cell, vendor, time),
        (None, Some(Vendor::Kibot)) => read_civil(cell, b"", layout.vendor(), time),
        (None, Some(Vendor::HistData)) => {
            let (date, clock) = cell.split_at(cell.len().min(8));
            read_civil(date, clock.trim_ascii_start(), layout.vendor(), time)
        }
        _ => time.read(cell),
    }
}

/// A day and the time of day on it.
fn read_civil(
    date: &[u8],
    clock: &[u8],
    vendor: Option<Vendor>,
    time: &mut TimeReader,
) -> Result<Moment, TimeFault> {
    match Iso::of(date, clock, vendor == Some(Vendor::Kibot)) {
        Some(iso) => time.read(iso.as_bytes()),
        None if date.is_empty() => Err(TimeFault::Empty),
        None => Err(TimeFault::Unreadable { text: shown(&[date, b" ", clock].concat()) }),
    }
}

/// Keeps the text of the last symbol, since rows of one instrument follow each other.
#[inline]
fn read_symbol(cell: &[u8], symbol: &mut String) -> Result<(), Fault> {
    if cell.is_empty() {
        return Err(Fault::Empty { field: Field::Symbol });
    }
    if symbol.as_bytes() != cell {
        let text = std::str::from_utf8(cell).map_err(|_| Fault::NotUtf8 { text: shown(cell) })?;
        symbol.clear();
        symbol.push_str(text);
    }
    Ok(())
}
