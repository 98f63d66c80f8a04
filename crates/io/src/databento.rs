//! What a Databento file asks for besides its columns: one publisher a symbol, records of the base, one scale of prices.
//!
//! Prices are text with a point, or integers in units of 1e-9: the documented encodings, told apart by the point alone. The first
//! price decides for the file, and a row of the other form is rejected, so that a table that lost its points on the way is no guess.

use std::collections::{BTreeSet, HashMap};

use barloom_core::Interval;

use crate::column::Field;
use crate::fault::{Fault, shown};
use crate::number::float;

/// Units of a fixed-point price in one.
const UNITS: i64 = 1_000_000_000;
/// Up to here the units are an f64.
const EXACT: u64 = 1 << 53;
/// Rows that are read on for more publishers once a second one was met.
const LOOK_ON: u64 = 10_000;

/// How a Databento file writes prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// With a decimal point.
    Decimal,
    /// Integers in units of 1e-9.
    Fixed,
}

/// Where in a Databento row its own columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) rtype: usize,
    pub(crate) publisher: usize,
    /// Told apart where no column names the symbol.
    pub(crate) instrument: Option<usize>,
}

/// What may not be decided for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Choice {
    /// A symbol's rows come from several publishers.
    #[error(
        "`{symbol}` has rows of several publishers ({}): each has bars of its own; choose one: `--publisher ID`",
        listed(.found)
    )]
    Publishers {
        /// The symbol.
        symbol: String,
        /// The ids that were found, ascending.
        found: Vec<u64>,
    },
    /// The chosen publisher has no row.
    #[error("no row is of publisher {stated}; there are {}", listed(.found))]
    NoPublisher {
        /// The chosen id.
        stated: u16,
        /// The ids that were found, ascending.
        found: Vec<u64>,
    },
    /// Several instruments, and no column names their symbols.
    #[error(
        "there is no symbol column, and the rows are of several instruments ({}); ask for the data with symbols, or for one instrument",
        listed(.found)
    )]
    Instruments {
        /// The ids that were found, ascending.
        found: Vec<u64>,
    },
}

fn listed(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is read.
    Taken,
    /// It is of a publisher that was not chosen, or behind a choice that is open.
    Passed,
}

/// Holds the rows of one file to the rules.
#[derive(Debug)]
pub(crate) struct Databento {
    base: Interval,
    stated: Option<u16>,
    scale: Option<Scale>,
    /// The publisher of each symbol met.
    of: HashMap<String, u64>,
    publishers: BTreeSet<u64>,
    instruments: BTreeSet<u64>,
    passed: u64,
    /// A choice that is open, and the rows that were read on for it.
    open: Option<(Choice, u64)>,
}

impl Databento {
    pub(crate) fn new(base: Interval, stated: Option<u16>) -> Self {
        Self {
            base,
            stated,
            scale: None,
            of: HashMap::new(),
            publishers: BTreeSet::new(),
            instruments: BTreeSet::new(),
            passed: 0,
            open: None,
        }
    }

    /// How prices are written; `None` until a row was read.
    pub(crate) fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// The chosen publisher, and how many rows of others were passed over.
    pub(crate) fn chosen(&self) -> Option<(u16, u64)> {
        self.stated.map(|stated| (stated, self.passed))
    }

    /// What becomes of a row of `symbol`; `instrument` is given where no column names the symbol.
    ///
    /// # Errors
    /// A fault of the row in the inner result; a choice, once it was read on for all that can be chosen from.
    pub(crate) fn turn(
        &mut self,
        symbol: &[u8],
        [rtype, publisher]: [&[u8]; 2],
        instrument: Option<&[u8]>,
    ) -> Result<Result<Turn, Fault>, Choice> {
        let id = match number(publisher, "publisher_id") {
            Ok(id) => id,
            Err(fault) => return Ok(Err(fault)),
        };
        if self.publishers.len() < usize::from(u16::MAX) {
            self.publishers.insert(id);
        }
        if let Some((choice, rows)) = &mut self.open {
            *rows += 1;
            let own = String::from_utf8_lossy(symbol);
            match choice {
                Choice::Publishers { symbol, found } if *symbol == own => add(found, id),
                Choice::Instruments { found } => {
                    instrument
                        .and_then(|cell| number(cell, "").ok())
                        .into_iter()
                        .for_each(|id| add(found, id));
                }
                _ => {}
            }
            return if *rows >= LOOK_ON { Err(choice.clone()) } else { Ok(Ok(Turn::Passed)) };
        }
        if self.stated.is_some_and(|stated| u64::from(stated) != id) {
            self.passed += 1;
            return Ok(Ok(Turn::Passed));
        }
        if let Some(cell) = instrument {
            match number(cell, "instrument_id") {
                Ok(own) => self.instruments.insert(own),
                Err(fault) => return Ok(Err(fault)),
            };
            if self.instruments.len() > 1 {
                let found = self.instruments.iter().copied().collect();
                self.open = Some((Choice::Instruments { found }, 0));
                return Ok(Ok(Turn::Passed));
            }
        }
        let name = String::from_utf8_lossy(symbol);
        match self.of.get(name.as_ref()) {
            Some(first) if *first != id => {
                let mut found = vec![*first];
                add(&mut found, id);
                self.open = Some((Choice::Publishers { symbol: name.into_owned(), found }, 0));
                return Ok(Ok(Turn::Passed));
            }
            Some(_) => {}
            None => drop(self.of.insert(name.into_owned(), id)),
        }
        Ok(self.record(rtype))
    }

    /// That a record is one of the base's.
    fn record(&self, rtype: &[u8]) -> Result<Turn, Fault> {
        let (id, expected) = (number(rtype, "rtype")?, rtype_of(self.base));
        if Some(id) == expected {
            return Ok(Turn::Taken);
        }
        let means = match id {
            32 => "bars of 1s",
            33 => "bars of 1m",
            34 => "bars of 1h",
            35 => "bars of 1d",
            _ => "no bars",
        };
        Err(Fault::OtherRecord { rtype: id, means, base: self.base })
    }

    /// The price that a cell is.
    pub(crate) fn price(&mut self, cell: &[u8], field: Field) -> Result<f64, Fault> {
        let digits = cell.strip_prefix(b"-").unwrap_or(cell);
        let is_fixed = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let not_a_number = || Fault::NotANumber { field, text: shown(cell) };
        let units = match is_fixed {
            true => {
                Some(std::str::from_utf8(cell).ok().and_then(|t| t.parse().ok()).ok_or_else(not_a_number)?)
            }
            false => None,
        };
        let value = match units {
            // How a price that is not there is written.
            Some(i64::MAX) => return Err(Fault::Empty { field }),
            Some(units) => fixed(units),
            None if cell.is_empty() => return Err(Fault::Empty { field }),
            None => float(cell).ok_or_else(not_a_number)?,
        };
        let own = if is_fixed { Scale::Fixed } else { Scale::Decimal };
        if *self.scale.get_or_insert(own) != own {
            return Err(Fault::OtherScale { field, text: shown(cell), scale: self.scale.unwrap_or(own) });
        }
        Ok(value)
    }

    /// The file ended.
    ///
    /// # Errors
    /// A choice that is open.
    pub(crate) fn end(&self) -> Result<(), Choice> {
        if let Some((choice, _)) = &self.open {
            return Err(choice.clone());
        }
        match self.stated {
            Some(stated) if !self.publishers.is_empty() && !self.publishers.contains(&stated.into()) => {
                Err(Choice::NoPublisher { stated, found: self.publishers.iter().copied().collect() })
            }
            _ => Ok(()),
        }
    }
}

/// The record type of bars of `base`.
fn rtype_of(base: Interval) -> Option<u64> {
    match base {
        Interval::SECOND => Some(32),
        Interval::MINUTE => Some(33),
        Interval::DAY => Some(35),
        _ => None,
    }
}

/// `units` of 1e-9, correctly rounded.
fn fixed(units: i64) -> f64 {
    if units.unsigned_abs() <= EXACT {
        return units as f64 / UNITS as f64;
    }
    let (sign, size) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    let text = format!("{sign}{}.{:09}", size / UNITS as u64, size % UNITS as u64);
    float(text.as_bytes()).unwrap_or(units as f64 / UNITS as f64)
}

fn add(found: &mut Vec<u64>, id: u64) {
    if let Err(place) = found.binary_search(&id) {
        found.insert(place, id);
    }
}

fn number(cell: &[u8], column: &'static str) -> Result<u64, Fault> {
    let parsed = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Fault::NotAnId { column, text: shown(cell) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(file: &mut Databento, cell: &str) -> Result<f64, String> {
        file.price(cell.as_bytes(), Field::Open).map_err(|fault| fault.to_string())
    }

    #[test]
    fn fixed_and_decimal_are_the_same_price_and_don_t_mix() {
        let new = || Databento::new(Interval::MINUTE, None);
        let (mut fixed, mut decimal) = (new(), new());
        for (units, text) in [
            ("100250000000", "100.250000000"),
            ("-37630000001", "-37.630000001"),
            ("9007199254740993001", "9007199254.740993001"),
        ] {
            assert_eq!(price(&mut fixed, units), price(&mut decimal, text), "{text}");
        }
        assert!(price(&mut decimal, "100").unwrap_err().starts_with("other_price_scale: open is `100`"));
        assert!(price(&mut fixed, "100.5").unwrap_err().starts_with("other_price_scale: open is `100.5`"));
        assert_eq!(price(&mut fixed, "9223372036854775807"), Err("missing_value: open is empty".to_owned()));
        assert!(price(&mut fixed, "9223372036854775808").unwrap_err().starts_with("not_a_number"));
    }

    #[test]
    fn all_publishers_of_a_symbol_are_listed() {
        let mut file = Databento::new(Interval::MINUTE, None);
        let mut turn = |symbol: &str, id: &str| file.turn(symbol.as_bytes(), [b"33", id.as_bytes()], None);
        assert_eq!(turn("A", "2"), Ok(Ok(Turn::Taken)));
        assert_eq!(turn("B", "39"), Ok(Ok(Turn::Taken)));
        for id in ["1", "2", "40"] {
            assert_eq!(turn("A", id), Ok(Ok(Turn::Passed)));
        }
        let text = file.end().unwrap_err().to_string();
        assert!(text.starts_with("`A` has rows of several publishers (1, 2, 40)"), "{text}");
    }

    #[test]
    fn a_chosen_publisher_must_be_there() {
        let mut file = Databento::new(Interval::MINUTE, Some(2));
        assert_eq!(file.turn(b"A", [b"33", b"1"], None), Ok(Ok(Turn::Passed)));
        assert_eq!(file.end().unwrap_err().to_string(), "no row is of publisher 2; there are 1");
        assert_eq!(file.turn(b"A", [b"33", b"2"], None), Ok(Ok(Turn::Taken)));
        assert_eq!((file.end(), file.chosen()), (Ok(()), Some((2, 1))));
    }

    #[test]
    fn records_of_another_interval_are_rejected() {
        let mut file = Databento::new(Interval::MINUTE, None);
        let fault = file.turn(b"A", [b"34", b"1"], None).unwrap().unwrap_err().to_string();
        assert_eq!(fault, "other_record: rtype 34 is bars of 1h, and the base is 1m");
        assert!(file.turn(b"A", [b"x", b"1"], None).unwrap().is_err());
    }

    #[test]
    fn instruments_without_symbols_are_told_apart() {
        let mut file = Databento::new(Interval::MINUTE, None);
        for id in [b"7", b"8", b"7"] {
            assert!(file.turn(b"X", [b"33", b"1"], Some(id)).unwrap().is_ok());
        }
        assert!(file.end().unwrap_err().to_string().contains("several instruments (7, 8)"));
    }
}
