//! The table of adjustments: `symbol,session,price_factor,volume_factor`.

use barloom_core::Symbol;
use barloom_core::adjust::{Adjustment, Adjustments};
use csv_core::{ReadFieldResult, Reader};

use crate::column::is_spelling;
use crate::excerpt::Excerpt;
use crate::fault::shown;

/// The columns, in any order and case.
const COLUMNS: [&str; 4] = ["symbol", "session", "price_factor", "volume_factor"];

/// Why a file gives no adjustments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustmentsError {
    /// A column is not there.
    #[error("{file}: no column `{column}`; needed are {}, there are {}", COLUMNS.join(", "), .found.join(", "))]
    Column {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// A value that can't stand there.
    #[error("{file}, line {line}: {column} `{got}` is not allowed; allowed is {allowed}")]
    Value {
        /// The file.
        file: String,
        /// The line that the row begins on, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What stands there.
        got: String,
        /// What may.
        allowed: &'static str,
    },
}

impl AdjustmentsError {
    /// The line of `text`, which is what was read, with what is wrong in it.
    pub fn excerpt(&self, text: &str) -> Option<Excerpt> {
        match self {
            Self::Column { .. } => excerpt_of(text, None, None),
            Self::Value { line, column, .. } => excerpt_of(text, Some(*line), Some(column)),
        }
    }
}

/// Reads the text of a table of adjustments; errors call it `file`. Blank lines are passed over.
///
/// ```
/// let text = "symbol,session,price_factor,volume_factor\nNVDA,2024-06-10,0.1,10\n";
/// let adjustments = barloom_io::adjustments("splits.csv", text)?;
/// assert_eq!(adjustments.factors("NVDA", "2024-06-07".parse()?).volume, 10.0);
/// let error = barloom_io::adjustments("splits.csv", &text.replace("0.1", "0")).unwrap_err();
/// assert!(error.to_string().starts_with("splits.csv, line 2: price_factor `0` is not allowed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AdjustmentsError`] names the line, the value and what is allowed.
pub fn adjustments(file: &str, text: &str) -> Result<Adjustments, AdjustmentsError> {
    let mut rows = Rows::new(text);
    let header = rows.next().map(|(_, names)| names).unwrap_or_default();
    let mut places = [0; 4];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|name| is_spelling(name, column)).ok_or_else(|| {
            AdjustmentsError::Column { file: file.to_owned(), column, found: header.clone() }
        })?;
    }
    let one = |(line, cells): (u64, Vec<String>)| {
        let cell = |column: usize| cells.get(places[column]).map_or("", String::as_str);
        let wrong = |column: usize, allowed| AdjustmentsError::Value {
            file: file.to_owned(),
            line,
            column: COLUMNS[column],
            got: shown(cell(column).as_bytes()),
            allowed,
        };
        let factor = |column: usize| {
            let factor = cell(column).parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
            factor.ok_or_else(|| wrong(column, "a finite number above 0"))
        };
        Ok(Adjustment {
            symbol: Symbol::new(cell(0)).map_err(|_| wrong(0, "the name of an instrument"))?,
            session: cell(1).parse().map_err(|_| wrong(1, "a date like 2024-06-10"))?,
            price_factor: factor(2)?,
            volume_factor: factor(3)?,
        })
    };
    let all = rows.map(one).collect::<Result<Vec<_>, _>>()?;
    // Factors were looked at above.
    Ok(Adjustments::new(all).unwrap_or_default())
}

/// The row on that line, else the header, with the cell of that column marked, else all.
fn excerpt_of(text: &str, line: Option<u64>, column: Option<&str>) -> Option<Excerpt> {
    let mut rows = Rows::new(text);
    let header = rows.next()?;
    let at = column.and_then(|column| header.1.iter().position(|name| is_spelling(name, column)));
    let (line, cells) = line.map_or_else(|| Some(header), |line| rows.find(|(own, _)| *own == line))?;
    // A row may be too short for its cell.
    let wrong = at.filter(|at| *at < cells.len()).map_or(0..cells.len(), |at| at..at + 1);
    Some(Excerpt::of_cells(line, ',', cells.iter().map(String::as_bytes), wrong))
}

/// The rows of a CSV text that have a cell, each with its line.
struct Rows<'a> {
    reader: Reader,
    rest: &'a [u8],
}

impl<'a> Rows<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { reader: Reader::new(), rest: text.as_bytes() }
    }
}

impl Iterator for Rows<'_> {
    type Item = (u64, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut cells, mut cell, mut out) = (Vec::new(), Vec::new(), [0; 256]);
        let mut line = None;
        loop {
            // The reader passes over line ends before a row when it reads the row's first byte.
            let before = self.rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
            if cells.is_empty() && cell.is_empty() && line.is_none() {
                let ends = before.filter(|byte| **byte == b'\n').count() as u64;
                line = Some(self.reader.line() + ends);
            }
            let (result, read, written) = self.reader.read_field(self.rest, &mut out);
            self.rest = self.rest.get(read..).unwrap_or_default();
            cell.extend_from_slice(out.get(..written).unwrap_or_default());
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::End => return None,
                ReadFieldResult::Field { record_end } => {
                    cells.push(String::from_utf8_lossy(&cell).trim().to_owned());
                    cell.clear();
                    if record_end {
                        return Some((line.unwrap_or_default(), cells));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "symbol,session,price_factor,volume_factor\n";

    fn said(text: &str) -> String {
        adjustments("a.csv", text).unwrap_err().to_string()
    }

    #[test]
    fn columns_go_by_name_in_any_order_and_quotes_are_read() {
        let text =
            "Volume Factor,note,SESSION,Symbol,price_factor\r\n4,split,2024-06-10,\"A,B\",0.25\r\n\r\n";
        let all = adjustments("a.csv", text).unwrap();
        let before = all.factors("A,B", "2024-06-09".parse().unwrap());
        assert_eq!((before.price, before.volume), (0.25, 4.0));
        assert!(adjustments("a.csv", HEADER).unwrap().is_empty());
        // A last line without an end.
        assert!(!adjustments("a.csv", &format!("{HEADER}A,2024-06-10,1,1")).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_what_is_allowed() {
        let missing = said("symbol,session,price\nA,2024-06-10,1\n");
        assert_eq!(
            missing,
            "a.csv: no column `price_factor`; needed are symbol, session, price_factor, volume_factor, there are symbol, session, price"
        );
        for (row, expected) in [
            (",2024-06-10,1,1", "symbol `` is not allowed; allowed is the name of an instrument"),
            ("A,10.6.2024,1,1", "session `10.6.2024` is not allowed; allowed is a date like 2024-06-10"),
            ("A,2024-06-10,x,1", "price_factor `x` is not allowed; allowed is a finite number above 0"),
            ("A,2024-06-10,1,inf", "volume_factor `inf` is not allowed; allowed is a finite number above 0"),
            ("A,2024-06-10,1", "volume_factor `` is not allowed; allowed is a finite number above 0"),
        ] {
            let text = format!("{HEADER}A,2024-06-10,1,1\n\n{row}\n");
            assert_eq!(said(&text), format!("a.csv, line 4: {expected}"));
        }
        assert!(said("").starts_with("a.csv: no column `symbol`"));
    }
}
