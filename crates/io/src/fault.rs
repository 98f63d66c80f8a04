//! Why one row can't be read. Each reason begins with a code, as core's refusals do.

use barloom_core::Interval;

use crate::column::Field;
use crate::databento::Scale;
use crate::time::TimeFault;

/// The longest piece of an input that a message quotes, in characters.
const LONGEST_QUOTE: usize = 60;

/// Why a row was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The row has more or fewer cells than the header.
    #[error("wrong_field_count: {found} fields where the header has {expected}{}", spans(*.lines))]
    FieldCount {
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
        /// Lines of the file the row covers; more than 1 when a quoted cell holds line breaks.
        lines: u64,
    },
    /// A cell that a bar needs is empty.
    #[error("missing_value: {field} is empty")]
    Empty {
        /// The column.
        field: Field,
    },
    /// A field of a bar that is there twice.
    #[error("duplicate_field: {field} is there twice")]
    Twice {
        /// The field.
        field: Field,
    },
    /// A cell that must be a number is none.
    #[error("not_a_number: {field} is `{text}`; write it like 46319.5")]
    NotANumber {
        /// The column.
        field: Field,
        /// What was read.
        text: String,
    },
    /// A count with a fraction or beyond 2^53.
    #[error("not_a_count: {field} is `{text}`; allowed are whole numbers")]
    NotACount {
        /// The column.
        field: Field,
        /// What was read.
        text: String,
    },
    /// A symbol that is not UTF-8.
    #[error("not_utf8: symbol is `{text}`; save the input as UTF-8")]
    NotUtf8 {
        /// What was read, with replacement characters.
        text: String,
    },
    /// An id of a Databento row that is none.
    #[error("not_an_id: {column} is `{text}`; allowed are whole numbers from 0 on")]
    NotAnId {
        /// The column.
        column: &'static str,
        /// What was read.
        text: String,
    },
    /// A Databento record that is no bar of the base.
    #[error("other_record: rtype {rtype} is {means}, and the base is {base}")]
    OtherRecord {
        /// The record's type.
        rtype: u64,
        /// What that is.
        means: &'static str,
        /// The base.
        base: Interval,
    },
    /// A price in another form than the file's first.
    #[error("other_price_scale: {field} is `{text}`, and the file's first price is {}", form(*.scale))]
    OtherScale {
        /// The column.
        field: Field,
        /// What was read.
        text: String,
        /// The form of the first.
        scale: Scale,
    },
    /// The time can't be read.
    #[error(transparent)]
    Time(#[from] TimeFault),
}

impl Fault {
    /// The column whose cell is wrong, where it is one that bars are read from.
    pub(crate) fn field(&self) -> Option<Field> {
        match self {
            Self::Empty { field }
            | Self::Twice { field }
            | Self::NotANumber { field, .. }
            | Self::NotACount { field, .. }
            | Self::OtherScale { field, .. } => Some(*field),
            Self::NotUtf8 { .. } => Some(Field::Symbol),
            Self::Time(_) => Some(Field::Time),
            Self::FieldCount { .. } | Self::NotAnId { .. } | Self::OtherRecord { .. } => None,
        }
    }
}

fn form(scale: Scale) -> &'static str {
    match scale {
        Scale::Decimal => "written with a point",
        Scale::Fixed => "an integer in units of 1e-9",
    }
}

fn spans(lines: u64) -> String {
    if lines > 1 { format!("; the row covers {lines} lines: is a quote left open?") } else { String::new() }
}

/// A piece of the input as a message shows it: printable and short.
pub(crate) fn shown(text: &[u8]) -> String {
    // Four bytes a character at most: what is cut here would be cut below.
    let head = &text[..text.len().min(4 * LONGEST_QUOTE + 4)];
    let printable: String = String::from_utf8_lossy(head).chars().flat_map(char::escape_debug).collect();
    match printable.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &printable[..end]),
        None => printable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_piece_is_printable_and_short() {
        assert_eq!(shown(b"46319,0"), "46319,0");
        assert_eq!(shown(b"a\nb\x00"), "a\\nb\\0");
        assert_eq!(shown("ä".repeat(1000).as_bytes()), format!("{}…", "ä".repeat(60)));
        assert_eq!(shown(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn each_reason_begins_with_its_code_and_says_what_is_allowed() {
        let text = "abc".to_owned();
        let count = Fault::FieldCount { found: 5, expected: 6, lines: 1 };
        assert_eq!(count.to_string(), "wrong_field_count: 5 fields where the header has 6");
        let quote = Fault::FieldCount { found: 1, expected: 6, lines: 9 };
        assert!(quote.to_string().ends_with("covers 9 lines: is a quote left open?"));
        assert_eq!(Fault::Empty { field: Field::Close }.to_string(), "missing_value: close is empty");
        let number = Fault::NotANumber { field: Field::Open, text: text.clone() };
        assert_eq!(number.to_string(), "not_a_number: open is `abc`; write it like 46319.5");
        let whole = Fault::NotACount { field: Field::TradeCount, text: text.clone() };
        assert_eq!(whole.to_string(), "not_a_count: trade_count is `abc`; allowed are whole numbers");
        assert!(Fault::NotUtf8 { text }.to_string().ends_with("save the input as UTF-8"));
    }
}
