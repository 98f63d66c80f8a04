//! The input lines of `barloom stream`: one JSON object a line, a bar or a move of the clock.
//!
//! ```text
//! {"bar":{"symbol":"AAA","ts":"2024-11-26T14:30:00Z","open":100,"high":102,"low":99,"close":101}}
//! {"clock":"2024-11-26T14:35:00Z"}
//! ```
//! `ts` is ISO 8601 or whole nanoseconds since 1970; `volume`, `vwap`, `trade_count` may be absent or null.

use barloom_core::error::{did_you_mean, nearest};
use barloom_core::{Record, Stamp, Symbol, SymbolError, Timestamp};

use crate::excerpt::Excerpt;
use crate::fault::shown;
use crate::json::Json;
use crate::number::whole;
use crate::options::Options;
use crate::time::{Moment, TimeFault, TimeReader};

const LINE_FIELDS: &[&str; 2] = &["bar", "clock"];
const BAR_FIELDS: &[&str; 9] =
    &["symbol", "ts", "open", "high", "low", "close", "volume", "vwap", "trade_count"];

/// One line of the input.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A base bar as the line says it; its values are not checked.
    Bar {
        /// The instrument.
        symbol: Symbol,
        /// When and what.
        record: Record,
    },
    /// The clock moves to this instant.
    Clock(Timestamp),
    /// Nothing but blanks.
    Blank,
}

/// Reads lines without doing I/O; one for each input.
#[derive(Debug, Clone)]
pub struct LineDecoder {
    time: TimeReader,
    stamp: Stamp,
    symbol: Option<Symbol>,
}

/// Why a line is refused. The lines after it can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not one JSON object.
    #[error("not_json: {reason}; expected one object a line, `{{\"bar\":{{…}}}}` or `{{\"clock\":\"…\"}}`")]
    NotJson {
        /// What the JSON parser said.
        reason: String,
    },
    /// An object that is neither a bar nor a clock, or both.
    #[error("unknown_line: the object has {found}; expected either `bar` or `clock`")]
    NotALine {
        /// What is there.
        found: &'static str,
    },
    /// A field that no line has.
    #[error("unknown_field: `{name}`{}; allowed are {}", did_you_mean(*.nearest), .allowed.join(", "))]
    UnknownField {
        /// The field.
        name: String,
        /// What it perhaps means.
        nearest: Option<&'static str>,
        /// The fields allowed there.
        allowed: &'static [&'static str],
    },
    /// A field that is there twice.
    #[error("duplicate_field: `{name}` is there twice")]
    Twice {
        /// The field.
        name: &'static str,
    },
    /// A field that a bar needs is absent or null.
    #[error("missing_value: no `{field}`")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field whose value is of another type.
    #[error("wrong_type: `{field}` is {found}; write {wanted}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What is there.
        found: String,
        /// What is allowed.
        wanted: &'static str,
    },
    /// Neither the bar nor the user names the instrument.
    #[error("missing_value: the bar has no `symbol`; it may be stated: `--symbol NAME`")]
    SymbolUnknown,
    /// The symbol can't name an instrument.
    #[error("bad_symbol: {0}")]
    Symbol(#[from] SymbolError),
    /// The time can't be read.
    #[error(transparent)]
    Time(#[from] TimeFault),
}

impl LineError {
    /// The field that is wrong, where it is one.
    fn field(&self) -> Option<&str> {
        match self {
            Self::UnknownField { name, .. } => Some(name),
            Self::Twice { name: field } | Self::WrongType { field, .. } => Some(field),
            Self::Symbol(_) => Some("symbol"),
            Self::Time(_) => Some("ts"),
            Self::NotJson { .. } | Self::NotALine { .. } | Self::Missing { .. } | Self::SymbolUnknown => None,
        }
    }

    /// The line that was read, which has that number, with what is wrong in it.
    pub fn excerpt(&self, number: u64, line: &[u8]) -> Option<Excerpt> {
        let field = self.field().map(|field| format!("\"{field}\"")).unwrap_or_default();
        let excerpt = Excerpt::of_line(&String::from_utf8_lossy(line), 1, &field)?;
        Some(Excerpt { line: number, ..excerpt })
    }
}

impl LineDecoder {
    /// A decoder that reads times without offset in the stated zone, takes `ts` for what the stated stamp
    /// says (open when none is), and gives the stated symbol to bars without one.
    pub fn new(options: &Options) -> Self {
        let time = TimeReader::new(options.tz.clone(), options.is_daily());
        Self { time, stamp: options.stamp.unwrap_or(Stamp::Open), symbol: options.symbol.clone() }
    }

    /// What one line, with or without its line end, says.
    ///
    /// # Errors
    /// [`LineError`] when it can't be read; the next line can.
    pub fn decode(&mut self, line: &[u8]) -> Result<Line, LineError> {
        if line.trim_ascii().is_empty() {
            return Ok(Line::Blank);
        }
        let not_json = |error: serde_json::Error| LineError::NotJson { reason: error.to_string() };
        let value = serde_json::from_slice(line).map_err(not_json)?;
        let Json::Object(fields) = value else {
            return Err(LineError::NotJson { reason: format!("the line is {value}") });
        };
        match sorted(fields, LINE_FIELDS)? {
            [Some(Json::Object(fields)), None] => self.bar(sorted(fields, BAR_FIELDS)?),
            [Some(value), None] => Err(wrong("bar", &value, "an object")),
            [None, Some(value)] => match self.moment("clock", &value)? {
                Moment::Instant(at) => Ok(Line::Clock(at)),
                Moment::Date(_) => {
                    Err(wrong("clock", &value, "a time of day too, like \"2024-11-26T14:30:00Z\""))
                }
            },
            [None, None] => Err(LineError::NotALine { found: "neither" }),
            [Some(_), Some(_)] => Err(LineError::NotALine { found: "both" }),
        }
    }

    /// The bar whose fields are in the order of [`BAR_FIELDS`].
    fn bar(&mut self, fields: [Option<Json>; 9]) -> Result<Line, LineError> {
        let [symbol, ts, open, high, low, close, volume, vwap, trade_count] = fields;
        let symbol = match (symbol, &self.symbol) {
            (Some(Json::Text(name)), _) => Symbol::new(&name)?,
            (None | Some(Json::Null), Some(stated)) => stated.clone(),
            (None | Some(Json::Null), None) => return Err(LineError::SymbolUnknown),
            (Some(other), _) => return Err(wrong("symbol", &other, "a text")),
        };
        let record = Record {
            label: self.moment("ts", &ts.unwrap_or(Json::Null))?.label(self.stamp),
            open: price("open", open)?,
            high: price("high", high)?,
            low: price("low", low)?,
            close: price("close", close)?,
            volume: optional("volume", volume)?,
            vwap: optional("vwap", vwap)?,
            trade_count: match trade_count.unwrap_or(Json::Null) {
                Json::Null => None,
                Json::Integer(n) => Some(n),
                Json::Float(value) if whole(value).is_some() => whole(value),
                other => return Err(wrong("trade_count", &other, "a whole number")),
            },
        };
        Ok(Line::Bar { symbol, record })
    }

    fn moment(&mut self, field: &'static str, value: &Json) -> Result<Moment, LineError> {
        match value {
            // Digits in quotes would be read as a file's column is, by magnitude; here a count is nanoseconds.
            Json::Text(text) if text.trim().parse::<f64>().is_err() => {
                Ok(self.time.read(text.trim().as_bytes())?)
            }
            Json::Integer(nanos) => Ok(Moment::Instant(Timestamp::from_nanos(*nanos))),
            Json::Null => Err(LineError::Missing { field }),
            _ => Err(wrong(
                field,
                value,
                "a time like \"2024-11-26T14:30:00Z\" or whole nanoseconds since 1970",
            )),
        }
    }
}

fn price(field: &'static str, value: Option<Json>) -> Result<f64, LineError> {
    optional(field, value)?.ok_or(LineError::Missing { field })
}

fn optional(field: &'static str, value: Option<Json>) -> Result<Option<f64>, LineError> {
    match value.unwrap_or(Json::Null) {
        Json::Null => Ok(None),
        Json::Integer(n) => Ok(Some(n as f64)),
        Json::Float(value) => Ok(Some(value)),
        other => Err(wrong(field, &other, "a number")),
    }
}

#[cold]
fn wrong(field: &'static str, value: &Json, wanted: &'static str) -> LineError {
    LineError::WrongType { field, found: value.to_string(), wanted }
}

/// The values of an object in the order of its `allowed` fields.
fn sorted<const N: usize>(
    fields: Vec<(String, Json)>,
    allowed: &'static [&'static str; N],
) -> Result<[Option<Json>; N], LineError> {
    let mut values = [const { None }; N];
    for (name, value) in fields {
        let Some(at) = allowed.iter().position(|field| *field == name) else {
            let nearest = nearest(&name, allowed.iter().copied());
            return Err(LineError::UnknownField { name: shown(name.as_bytes()), nearest, allowed });
        };
        if values[at].replace(value).is_some() {
            return Err(LineError::Twice { name: allowed[at] });
        }
    }
    Ok(values)
}

#[cfg(test)]
#[path = "tests/ndjson.rs"]
mod tests;
