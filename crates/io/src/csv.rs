//! CSV as a state machine: bytes in, in pieces of any size, rows out.
//!
//! The first line is the header and decides the [`Layout`]; a header without commas may be separated by
//! semicolons, tabs or bars instead. Then each line is a row or a reject. What comes out does not depend on
//! where the pieces were cut, buffers are reused, and a row allocates nothing.

use barloom_core::{Label, Record, Stamp};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::column::Field;
use crate::fault::{Fault, shown};
use crate::layout::{Layout, LayoutError};
use crate::number::{count, float, is_null};
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::{Decoded, Reject, Row};
use crate::time::{TimeFault, TimeReader};

/// The longest row in bytes; a longer one is a quote that was never closed.
pub const LONGEST_ROW: usize = 1 << 20;
/// The most columns a row can have.
pub const MOST_COLUMNS: usize = 1 << 14;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads CSV without doing I/O.
///
/// Feed it with [`decode`](Self::decode) until that gives `None`, again with the next bytes, and end with
/// [`finish`](Self::finish) until that gives `None`. After an error the decoder is of no more use.
#[derive(Debug)]
pub struct CsvDecoder {
    options: Options,
    reader: Reader,
    separator: u8,
    /// The cells of the row being read, end to end, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    used: (usize, usize),
    place: Place,
    /// Bytes of the byte order mark met so far; all of them once it is behind.
    mark: usize,
    layout: Option<Layout>,
    time: TimeReader,
    /// The symbol of the last row, or the stated one.
    symbol: String,
    known: Known,
    values: Result<Record, Fault>,
}

/// Where in the file the decoder is.
#[derive(Debug, Default)]
struct Place {
    /// The line of the next byte, from 1.
    line: u64,
    /// The line the row being read begins on.
    row: u64,
    in_row: bool,
    /// The last byte was a carriage return: a line feed belongs to it.
    after_return: bool,
}

/// What could be read of a row, whether or not the rest could.
#[derive(Debug, Default)]
struct Known {
    symbol: bool,
    label: Option<Label>,
}

/// Why an input can't be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// No bytes, or blank lines only.
    #[error("the input is empty; expected a line with the column names, then rows")]
    Empty,
    /// The header names no bars.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A time without offset, and no zone is stated.
    #[error("line {row}: {source}")]
    ZoneUnknown {
        /// The line of the file.
        row: u64,
        /// The time.
        source: TimeFault,
    },
    /// A row beyond [`LONGEST_ROW`] or [`MOST_COLUMNS`].
    #[error(
        "line {row}: the row is longer than {LONGEST_ROW} bytes or {MOST_COLUMNS} columns; is a quote left open?"
    )]
    RowTooLong {
        /// The line of the file the row begins on.
        row: u64,
    },
}

impl CsvDecoder {
    /// A decoder at the start of an input.
    pub fn new(options: Options) -> Self {
        let time = TimeReader::new(options.tz.clone(), options.is_daily());
        let symbol = options.symbol.as_ref().map(|s| s.as_str().to_owned()).unwrap_or_default();
        Self {
            time,
            symbol,
            options,
            reader: reader(b','),
            separator: b',',
            cells: vec![0; 1024],
            ends: vec![0; 32],
            used: (0, 0),
            place: Place { line: 1, ..Place::default() },
            mark: 0,
            layout: None,
            known: Known::default(),
            values: Err(TimeFault::Empty.into()),
        }
    }

    /// The next row of `input`, which moves past what was read; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`CsvError`] when the input as a whole can't be read; a row that can't is a [`Reject`].
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Decoded<'_>>, CsvError> {
        Ok(if self.advance(input)? { Some(self.current()) } else { None })
    }

    /// The row that the end of the input completes; `None` when there is no more.
    ///
    /// # Errors
    /// [`CsvError`], as for [`decode`](Self::decode), and when there was no header at all.
    pub fn finish(&mut self) -> Result<Option<Decoded<'_>>, CsvError> {
        Ok(if self.advance_to_end()? { Some(self.current()) } else { None })
    }

    /// What the header and the first row said; `None` before the header was read.
    pub fn resolved(&self) -> Option<Resolved<'_>> {
        let (time_form, zone) = (self.time.form(), self.time.zone());
        let separator = char::from(self.separator);
        self.layout.as_ref().map(|layout| Resolved { layout, separator, time_form, zone })
    }

    /// Reads on to the next row or reject; `false` when more bytes are needed.
    pub(crate) fn advance(&mut self, input: &mut &[u8]) -> Result<bool, CsvError> {
        self.skip_mark(input)?;
        while self.pull(input)? {
            if self.take()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// As [`advance`](Self::advance) once there are no more bytes; `false` at the end.
    pub(crate) fn advance_to_end(&mut self) -> Result<bool, CsvError> {
        if (1..BYTE_ORDER_MARK.len()).contains(&self.mark) {
            let mut met = &BYTE_ORDER_MARK[..std::mem::replace(&mut self.mark, BYTE_ORDER_MARK.len())];
            self.pull(&mut met)?;
        }
        while self.place.in_row {
            if self.read_record(&mut &[][..])? && self.take()? {
                return Ok(true);
            }
        }
        if self.layout.is_none() { Err(CsvError::Empty) } else { Ok(false) }
    }

    /// The row that [`advance`](Self::advance) stopped at.
    pub(crate) fn current(&self) -> Decoded<'_> {
        let (number, symbol) = (self.place.row, self.symbol.as_str());
        match &self.values {
            Ok(record) => Decoded::Row(Row { number, symbol, record: *record }),
            Err(reason) => {
                let time = self.known.label.and_then(|label| label.open_time(self.options.base));
                Decoded::Reject(Reject { number, symbol: self.known.symbol.then_some(symbol), time, reason })
            }
        }
    }

    /// Passes over the byte order mark, which may come in pieces.
    fn skip_mark(&mut self, input: &mut &[u8]) -> Result<(), CsvError> {
        while self.mark < BYTE_ORDER_MARK.len() {
            match input.split_first() {
                Some((byte, rest)) if *byte == BYTE_ORDER_MARK[self.mark] => {
                    (self.mark, *input) = (self.mark + 1, rest);
                }
                Some(_) => {
                    // Not a mark after all: what was held back belongs to the header.
                    let mut met =
                        &BYTE_ORDER_MARK[..std::mem::replace(&mut self.mark, BYTE_ORDER_MARK.len())];
                    self.pull(&mut met)?;
                }
                None => break,
            }
        }
        Ok(())
    }

    /// Reads on to the end of a row; `false` when more bytes are needed.
    fn pull(&mut self, input: &mut &[u8]) -> Result<bool, CsvError> {
        if !self.place.in_row {
            if !self.place.skip_line_ends(input) {
                return Ok(false);
            }
            self.used = (0, 0);
        }
        // csv-core takes an empty input for the end of the file.
        while !input.is_empty() {
            if self.read_record(input)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One call of csv-core; `true` when it completed a row.
    fn read_record(&mut self, input: &mut &[u8]) -> Result<bool, CsvError> {
        let (cells, ends) = (&mut self.cells[self.used.0..], &mut self.ends[self.used.1..]);
        let before = self.reader.line();
        let (result, read, cell_bytes, cell_ends) = self.reader.read_record(input, cells, ends);
        self.place.pass(self.reader.line() - before, read.checked_sub(1).map(|last| input[last]));
        *input = &input[read..];
        self.used = (self.used.0 + cell_bytes, self.used.1 + cell_ends);
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => grow(&mut self.cells, LONGEST_ROW, self.place.row)?,
            ReadRecordResult::OutputEndsFull => grow(&mut self.ends, MOST_COLUMNS, self.place.row)?,
            ReadRecordResult::Record => self.place.end_row(),
            ReadRecordResult::End => self.place.in_row = false,
        }
        Ok(matches!(result, ReadRecordResult::Record))
    }

    /// Takes the row that was pulled; `false` when it was the header.
    fn take(&mut self) -> Result<bool, CsvError> {
        let Some(layout) = &self.layout else {
            self.take_header()?;
            return Ok(false);
        };
        let cells = Cells { bytes: &self.cells[..self.used.0], ends: &self.ends[..self.used.1] };
        self.known = Known { symbol: layout.symbol.is_none(), label: None };
        self.values = if cells.ends.len() == layout.width {
            read_row(&cells, layout, &mut self.time, &mut self.symbol, &mut self.known)
        } else {
            // The file's last row may lack its line end.
            let lines = (self.place.line - self.place.row).max(1);
            Err(Fault::FieldCount { found: cells.ends.len(), expected: layout.width, lines })
        };
        match &self.values {
            Err(Fault::Time(source @ TimeFault::NoZone { .. })) => {
                Err(CsvError::ZoneUnknown { row: self.place.row, source: source.clone() })
            }
            _ => Ok(true),
        }
    }

    fn take_header(&mut self) -> Result<(), CsvError> {
        let cells = Cells { bytes: &self.cells[..self.used.0], ends: &self.ends[..self.used.1] };
        let mut names: Vec<String> = (0..self.used.1).map(|at| name(cells.get(at))).collect();
        if let [only] = names.as_slice()
            && let Some(separator) = [';', '\t', '|'].into_iter().find(|&separator| only.contains(separator))
        {
            names =
                only.split(separator).map(|cell| name(cell.trim().trim_matches('"').as_bytes())).collect();
            self.separator = separator as u8;
            self.reader = reader(self.separator);
        }
        self.layout = Some(Layout::resolve(&names, &self.options)?);
        Ok(())
    }
}

impl Place {
    /// Passes over line ends and begins a row at the first other byte; `false` if there is none.
    fn skip_line_ends(&mut self, input: &mut &[u8]) -> bool {
        while let Some((&byte, rest)) = input.split_first() {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' => self.line += 1,
                b'\r' => (self.line, self.after_return) = (self.line + 1, true),
                _ => {
                    (self.row, self.in_row, self.after_return) = (self.line, true, false);
                    return true;
                }
            }
            *input = rest;
        }
        false
    }

    /// Counts `feeds` line feeds that lie behind, of which `last` may be one.
    fn pass(&mut self, feeds: u64, last: Option<u8>) {
        self.line += feeds;
        if let Some(last) = last {
            self.after_return = last == b'\r';
        }
    }

    /// The row ended with a line feed, counted already, with a carriage return, or with the file.
    fn end_row(&mut self) {
        self.in_row = false;
        self.line += u64::from(self.after_return);
    }
}

/// The cells of one row.
struct Cells<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl Cells<'_> {
    /// The cell at `at`, without outer blanks.
    #[inline]
    fn get(&self, at: usize) -> &[u8] {
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
fn read_row(
    cells: &Cells<'_>,
    layout: &Layout,
    time: &mut TimeReader,
    symbol: &mut String,
    known: &mut Known,
) -> Result<Record, Fault> {
    if let Some(at) = layout.symbol {
        read_symbol(cells.get(at), symbol)?;
        known.symbol = true;
    }
    // Only days have no stamp, and the instant that stands for a day is its midnight.
    let stamp = layout.stamp().unwrap_or(Stamp::Open);
    let label = time.read(cells.get(layout.time))?.label(stamp);
    known.label = Some(label);
    let [open, high, low, close] = layout.prices;
    Ok(Record {
        label,
        open: cells.price(open, Field::Open)?,
        high: cells.price(high, Field::High)?,
        low: cells.price(low, Field::Low)?,
        close: cells.price(close, Field::Close)?,
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

fn name(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

fn reader(separator: u8) -> Reader {
    let mut reader = ReaderBuilder::new().delimiter(separator).build();
    // csv-core drops a byte order mark if its first piece holds all of it. After a line feed it looks no
    // more, so that pieces don't matter.
    reader.read_record(b"\n", &mut [0], &mut [0]);
    reader
}

#[cold]
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, longest: usize, row: u64) -> Result<(), CsvError> {
    if buffer.len() >= longest {
        return Err(CsvError::RowTooLong { row });
    }
    buffer.resize(buffer.len() * 2, T::default());
    Ok(())
}

#[cfg(test)]
#[path = "tests/csv.rs"]
mod tests;
