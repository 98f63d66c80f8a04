//! Alpaca's bars as JSON: bytes in, in pieces of any size, rows out.
//!
//! ```text
//! {"bars":[{"t":"2024-11-26T14:30:00Z","o":100,"h":102,"l":99,"c":101,"v":10,"n":7,"vw":100.5}],"symbol":"AAA","next_page_token":null}
//! {"bars":{"AAA":[{"t":…}],"BBB":[…]},"next_page_token":null}
//! ```
//! Pages may follow one another. What is no bar is walked past, held to be JSON; a bar is read once it is whole. Where the symbol
//! comes behind its bars, those of that page are held until then; nothing else grows with the input. Rows are numbered by bar.

use std::collections::VecDeque;

use barloom_core::{Record, Stamp};

use crate::cells::Known;
use crate::column::Field;
use crate::csv::LONGEST_ROW;
use crate::fault::{Fault, shown};
use crate::json::Json;
use crate::layout::{Layout, LayoutError};
use crate::number::{count, float, whole};
use crate::options::Options;
use crate::pages::{JsonFault, Met, Walker};
use crate::resolved::Resolved;
use crate::row::{Decoded, Reject, Row};
use crate::time::{Moment, TimeFault, TimeReader};
use crate::vendor::Vendor;

/// Names of a page without bars that its error lists.
const LISTED: usize = 8;

/// Reads Alpaca's JSON without doing I/O; used like a [`CsvDecoder`](crate::CsvDecoder).
#[derive(Debug)]
pub struct AlpacaDecoder {
    options: Options,
    layout: Layout,
    time: TimeReader,
    walker: Walker,
    page: Page,
    /// Bars that can be given, all of `symbol`.
    ready: VecDeque<Bar>,
    symbol: String,
    current: Bar,
    /// Bars met.
    bars: u64,
    pages: u64,
    /// The last page names one that follows.
    is_partial: bool,
}

/// What is known of the page that is being read.
#[derive(Debug, Default)]
struct Page {
    names: Vec<String>,
    symbol: Option<String>,
    has_bars: bool,
    has_next: bool,
    /// Bars whose symbol is not known yet.
    held: VecDeque<Bar>,
}

#[derive(Debug)]
struct Bar {
    number: u64,
    known: Known,
    values: Result<Record, Fault>,
}

/// Why an input of JSON can't be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlpacaError {
    /// Not JSON, or not where it would have to be.
    #[error("line {line}: not_json: {what}")]
    NotJson {
        /// The line of the file.
        line: u64,
        /// What does not fit.
        what: String,
    },
    /// A page without bars.
    #[error("line {line}: no bars: expected Alpaca's {{\"bars\": …}}, and the object has {}", listed(.names))]
    NoBars {
        /// The line of the file that it ends on.
        line: u64,
        /// The names that are there, the first of them.
        names: Vec<String>,
    },
    /// The input ends in the middle.
    #[error("the JSON ends early, after {rows} whole bars; is the copy complete?")]
    EndsEarly {
        /// Bars before.
        rows: u64,
    },
    /// The columns name no bars, or not whose they are.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A time without offset, and no zone is stated.
    #[error("bar {row}: {source}")]
    ZoneUnknown {
        /// The bar, from 1.
        row: u64,
        /// The time.
        source: TimeFault,
    },
}

impl AlpacaError {
    /// Whether its text begins with a line or bar.
    pub(crate) fn has_row(&self) -> bool {
        matches!(self, Self::NotJson { .. } | Self::NoBars { .. } | Self::ZoneUnknown { .. })
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no field".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

impl AlpacaDecoder {
    /// A decoder at the start of an input.
    ///
    /// # Errors
    /// [`AlpacaError::Layout`] when an option is stated that can't be of such an input.
    pub fn new(options: Options) -> Result<Self, AlpacaError> {
        let names = ["t", "o", "h", "l", "c", "v", "n", "vw", "symbol"].map(str::to_owned);
        // That a symbol is stated too is an error only where a page names another one.
        let unnamed = Options { symbol: None, ..options.clone() };
        Ok(Self {
            layout: Layout::of_vendor(Vendor::Alpaca, &names, &unnamed)?,
            time: TimeReader::new(options.tz.clone(), options.is_daily()),
            options,
            walker: Walker::default(),
            page: Page::default(),
            ready: VecDeque::new(),
            symbol: String::new(),
            current: Bar { number: 0, known: Known::default(), values: Err(TimeFault::Empty.into()) },
            bars: 0,
            pages: 0,
            is_partial: false,
        })
    }

    /// The next row of `input`, which moves past what was read; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`AlpacaError`] when the input as a whole can't be read; a bar that can't is a [`Reject`].
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Decoded<'_>>, AlpacaError> {
        Ok(if self.advance(input)? { Some(self.current()) } else { None })
    }

    /// The row that the end of the input completes; `None` when there is no more.
    ///
    /// # Errors
    /// [`AlpacaError`] when the input ends in the middle.
    pub fn finish(&mut self) -> Result<Option<Decoded<'_>>, AlpacaError> {
        Ok(if self.advance_to_end()? { Some(self.current()) } else { None })
    }

    /// What the layout and the first row said.
    pub fn resolved(&self) -> Resolved<'_> {
        Resolved {
            layout: &self.layout,
            separator: ',',
            time_form: self.time.form(),
            zone: self.time.zone(),
            scale: None,
            publisher: None,
            is_partial: self.is_partial,
        }
    }

    pub(crate) fn advance(&mut self, input: &mut &[u8]) -> Result<bool, AlpacaError> {
        loop {
            if let Some(bar) = self.ready.pop_front() {
                self.current = bar;
                return Ok(true);
            }
            let met = self.walker.walk(input, LONGEST_ROW).map_err(|fault| self.not_json(&fault))?;
            let Some(met) = met else { return Ok(false) };
            self.take(met)?;
        }
    }

    pub(crate) fn advance_to_end(&mut self) -> Result<bool, AlpacaError> {
        if let Some(bar) = self.ready.pop_front() {
            self.current = bar;
            return Ok(true);
        }
        match self.walker.is_between() && self.pages > 0 {
            true => Ok(false),
            false => Err(AlpacaError::EndsEarly { rows: self.bars }),
        }
    }

    pub(crate) fn current(&self) -> Decoded<'_> {
        let (Bar { number, known, values }, symbol) = (&self.current, self.symbol.as_str());
        match values {
            Ok(record) => Decoded::Row(Row { number: *number, symbol, record: *record }),
            Err(reason) => {
                let time = known.label.and_then(|label| label.open_time(self.options.base));
                Decoded::Reject(Reject { number: *number, symbol: Some(symbol), time, reason })
            }
        }
    }

    #[cold]
    fn not_json(&self, fault: &JsonFault) -> AlpacaError {
        AlpacaError::NotJson { line: self.walker.line(), what: fault.to_string() }
    }

    fn take(&mut self, met: Met) -> Result<(), AlpacaError> {
        match met {
            Met::Name(name) if self.page.names.len() < LISTED => self.page.names.push(shown(name.as_bytes())),
            Met::Name(_) => {}
            Met::Bars => {
                if std::mem::replace(&mut self.page.has_bars, true) {
                    return Err(self.not_json(&JsonFault::Twice { name: "bars" }));
                }
            }
            Met::Symbol(symbol) => {
                if self.page.symbol.is_some() {
                    return Err(self.not_json(&JsonFault::Twice { name: "symbol" }));
                }
                self.refuse_other(&symbol)?;
                self.symbol.clone_from(&symbol);
                self.page.symbol = Some(symbol);
                self.ready.append(&mut self.page.held);
            }
            Met::Next { is_named } => self.page.has_next = is_named,
            Met::Bar { of, text } => {
                let bar = self.bar(&text)?;
                let own = of.as_deref().or(self.page.symbol.as_deref());
                let own = own.or(self.options.symbol.as_ref().map(|symbol| symbol.as_str()));
                match own {
                    Some(own) => {
                        if self.symbol != own {
                            self.symbol = own.to_owned();
                        }
                        self.ready.push_back(bar);
                    }
                    None => self.page.held.push_back(bar),
                }
                if let Some(own) = of {
                    self.refuse_other(&own)?;
                }
            }
            Met::End => {
                let page = std::mem::take(&mut self.page);
                self.pages += 1;
                self.is_partial = page.has_next;
                if !page.has_bars {
                    return Err(AlpacaError::NoBars { line: self.walker.line(), names: page.names });
                }
                if !page.held.is_empty() {
                    return Err(LayoutError::SymbolOfVendor { vendor: Vendor::Alpaca }.into());
                }
            }
        }
        Ok(())
    }

    /// That the stated symbol is the one of the page.
    fn refuse_other(&self, named: &str) -> Result<(), AlpacaError> {
        match &self.options.symbol {
            Some(stated) if stated.as_str() != named => {
                let (column, stated) = (format!("symbol, {named}"), stated.to_string());
                Err(LayoutError::SymbolTwice { column, stated }.into())
            }
            _ => Ok(()),
        }
    }

    fn bar(&mut self, text: &[u8]) -> Result<Bar, AlpacaError> {
        self.bars += 1;
        let (number, mut known) = (self.bars, Known { symbol: true, label: None });
        let fields = match serde_json::from_slice(text) {
            Ok(Json::Object(fields)) => fields,
            Ok(_) => return Err(self.not_json(&JsonFault::NoBar)),
            Err(error) => return Err(self.not_json(&JsonFault::Bar { reason: error.to_string() })),
        };
        let stamp = self.layout.stamp().unwrap_or(Stamp::Open);
        let values = read(&fields, &mut self.time, stamp, &mut known);
        match &values {
            Err(Fault::Time(source @ TimeFault::NoZone { .. })) => {
                Err(AlpacaError::ZoneUnknown { row: number, source: source.clone() })
            }
            _ => Ok(Bar { number, known, values }),
        }
    }
}

/// The record of a bar's fields; those it does not know are passed over.
fn read(
    fields: &[(String, Json)],
    time: &mut TimeReader,
    stamp: Stamp,
    known: &mut Known,
) -> Result<Record, Fault> {
    let find = |name: &str, field: Field| {
        let mut found = fields.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Fault::Twice { field }),
            (value, None) => Ok(value.unwrap_or(&Json::Null)),
        }
    };
    let label = moment(find("t", Field::Time)?, time)?.label(stamp);
    known.label = Some(label);
    let optional = |name, field| number(find(name, field)?, field);
    let price = |name, field| optional(name, field)?.ok_or(Fault::Empty { field });
    Ok(Record {
        label,
        open: price("o", Field::Open)?,
        high: price("h", Field::High)?,
        low: price("l", Field::Low)?,
        close: price("c", Field::Close)?,
        volume: optional("v", Field::Volume)?,
        vwap: optional("vw", Field::Vwap)?,
        trade_count: match find("n", Field::TradeCount)? {
            Json::Null => None,
            Json::Integer(n) => Some(*n),
            other => Some(
                whole_of(other)
                    .ok_or_else(|| Fault::NotACount { field: Field::TradeCount, text: other.to_string() })?,
            ),
        },
    })
}

fn moment(value: &Json, time: &mut TimeReader) -> Result<Moment, TimeFault> {
    match value {
        Json::Null => Err(TimeFault::Empty),
        Json::Text(text) => time.read(text.trim().as_bytes()),
        Json::Integer(count) => time.read_count(*count),
        other => Err(TimeFault::Unreadable { text: other.to_string() }),
    }
}

fn number(value: &Json, field: Field) -> Result<Option<f64>, Fault> {
    match value {
        Json::Null => Ok(None),
        Json::Integer(n) => Ok(Some(*n as f64)),
        Json::Float(value) => Ok(Some(*value)),
        Json::Text(text) if float(text.trim().as_bytes()).is_some() => Ok(float(text.trim().as_bytes())),
        other => Err(Fault::NotANumber { field, text: other.to_string() }),
    }
}

fn whole_of(value: &Json) -> Option<i64> {
    match value {
        Json::Float(value) => whole(*value),
        Json::Text(text) => count(text.trim().as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/alpaca.rs"]
mod tests;
