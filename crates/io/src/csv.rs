//! CSV as a state machine: bytes in, in pieces of any size, rows out.
//!
//! The first line is the header and decides the [`Layout`], or a row of a vendor's layout that has no header. A first line without
//! commas may be separated by semicolons, tabs or bars instead. Then each line is a row or a reject. What comes out does not depend on
//! where the pieces were cut, buffers are reused, and a row allocates nothing.

use barloom_core::Record;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::cells::{Cells, Known, read_row};
use crate::databento::{Choice, Databento, Turn};
use crate::excerpt::Excerpt;
use crate::fault::Fault;
use crate::layout::{Layout, LayoutError};
use crate::options::Options;
use crate::resolved::Resolved;
use crate::row::{Decoded, Reject, Row};
use crate::time::{TimeFault, TimeReader};
use crate::vendor::Vendor;

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
    databento: Option<Databento>,
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
    #[error("line {row}: {source}{}", hint(*.vendor))]
    ZoneUnknown {
        /// The line of the file.
        row: u64,
        /// The time.
        source: TimeFault,
        /// Whose layout it is, where that was recognised.
        vendor: Option<Vendor>,
    },
    /// Something that is the user's to choose.
    #[error(transparent)]
    Choice(#[from] Choice),
    /// A row beyond [`LONGEST_ROW`] or [`MOST_COLUMNS`].
    #[error(
        "line {row}: the row is longer than {LONGEST_ROW} bytes or {MOST_COLUMNS} columns; is a quote left open?"
    )]
    RowTooLong {
        /// The line of the file the row begins on.
        row: u64,
    },
}

impl CsvError {
    /// Whether its text begins with a line.
    pub(crate) fn has_row(&self) -> bool {
        matches!(self, Self::ZoneUnknown { .. } | Self::RowTooLong { .. })
    }
}

fn hint(vendor: Option<Vendor>) -> String {
    vendor.and_then(Vendor::usual_zone).map(|zone| format!(" ({zone})")).unwrap_or_default()
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
            databento: None,
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
        let scale = self.databento.as_ref().and_then(Databento::scale);
        let publisher = self.databento.as_ref().and_then(Databento::chosen);
        self.layout.as_ref().map(|layout| Resolved {
            layout,
            separator,
            time_form,
            zone,
            scale,
            publisher,
            is_partial: false,
        })
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
        if self.layout.is_none() {
            return Err(CsvError::Empty);
        }
        self.databento.as_ref().map_or(Ok(()), Databento::end)?;
        Ok(false)
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

    /// The row that was read last, with what `error`, or else its own fault, finds wrong in it. `None` where the error is of no row.
    #[cold]
    pub(crate) fn excerpt(&self, error: Option<&CsvError>) -> Option<Excerpt> {
        let cells = Cells { bytes: &self.cells[..self.used.0], ends: &self.ends[..self.used.1] };
        // A header that commas don't divide is one cell still.
        let whole = if self.layout.is_none() && cells.ends.len() == 1 { Some(cells.get(0)) } else { None };
        let cells: Vec<&[u8]> = match whole {
            Some(whole) => whole.split(|byte| *byte == self.separator).collect(),
            None => (0..cells.ends.len()).map(|at| cells.get(at)).collect(),
        };
        let (layout, all) = (self.layout.as_ref(), 0..cells.len());
        let wrong = match (error, &self.values) {
            (Some(CsvError::Layout(error)), _) => {
                let named = |name: &str| cells.iter().position(|cell| cell.trim_ascii() == name.as_bytes());
                error.name().and_then(named).map_or(all, |at| at..at + 1)
            }
            (Some(CsvError::ZoneUnknown { .. }), _) => {
                let places =
                    layout.map_or(all.clone(), |layout| layout.date.unwrap_or(layout.time)..layout.time + 1);
                if places.is_empty() { all } else { places }
            }
            (Some(CsvError::Empty | CsvError::Choice(_) | CsvError::RowTooLong { .. }), _) => return None,
            (None, Err(Fault::FieldCount { expected, found, .. })) if found > expected => *expected..*found,
            (None, Err(fault)) => {
                let place = fault.field().and_then(|field| layout?.place(field));
                place.map_or(all, |at| at..at + 1)
            }
            (None, Ok(_)) => all,
        };
        Some(Excerpt::of_cells(self.place.row, self.separator.into(), cells.into_iter(), wrong))
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

    /// Takes the row that was pulled; `false` when it was the header, or none that was chosen.
    fn take(&mut self) -> Result<bool, CsvError> {
        if self.layout.is_none() && !self.take_header()? {
            return Ok(false);
        }
        let Some(layout) = &self.layout else { return Ok(false) };
        let cells = Cells { bytes: &self.cells[..self.used.0], ends: &self.ends[..self.used.1] };
        self.known = Known { symbol: layout.symbol.is_none(), label: None };
        let mut fault = None;
        self.values = if cells.ends.len() == layout.width {
            if let (Some(file), Some(columns)) = (&mut self.databento, layout.databento) {
                let symbol = layout.symbol.map_or(self.symbol.as_bytes(), |at| cells.get(at));
                let ids = [cells.get(columns.rtype), cells.get(columns.publisher)];
                match file.turn(symbol, ids, columns.instrument.map(|at| cells.get(at)))? {
                    Ok(Turn::Taken) => {}
                    Ok(Turn::Passed) => return Ok(false),
                    Err(own) => fault = Some(own),
                }
            }
            let file = self.databento.as_mut();
            let read = read_row(&cells, layout, &mut self.time, &mut self.symbol, &mut self.known, file);
            match fault {
                Some(fault) => Err(fault),
                None => read,
            }
        } else {
            // The file's last row may lack its line end.
            let lines = (self.place.line - self.place.row).max(1);
            Err(Fault::FieldCount { found: cells.ends.len(), expected: layout.width, lines })
        };
        match &self.values {
            Err(Fault::Time(source @ TimeFault::NoZone { .. })) => {
                let (row, vendor) = (self.place.row, layout.vendor());
                Err(CsvError::ZoneUnknown { row, source: source.clone(), vendor })
            }
            _ => Ok(true),
        }
    }

    /// The layout of the first line; `true` when it is a row itself.
    fn take_header(&mut self) -> Result<bool, CsvError> {
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
        let row: Vec<&[u8]> = names.iter().map(|name| name.trim().as_bytes()).collect();
        let headless = Vendor::of_first_row(&row, self.separator);
        let layout = match headless {
            Some((vendor, columns)) => {
                let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
                self.divide(&names);
                Layout::of_vendor(vendor, &columns, &self.options)?
            }
            None => Layout::resolve(&names, &self.options)?,
        };
        self.databento = layout.databento.map(|_| Databento::new(self.options.base, self.options.publisher));
        self.layout = Some(layout);
        Ok(headless.is_some())
    }

    /// Makes `cells` those of the row that was pulled, which was not divided by their separator.
    fn divide(&mut self, cells: &[String]) {
        self.used = (0, 0);
        for cell in cells {
            let (from, end) = (self.used.0, self.used.0 + cell.len());
            if let (Some(bytes), Some(place)) =
                (self.cells.get_mut(from..end), self.ends.get_mut(self.used.1))
            {
                bytes.copy_from_slice(cell.as_bytes());
                *place = end;
                self.used = (end, self.used.1 + 1);
            }
        }
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
