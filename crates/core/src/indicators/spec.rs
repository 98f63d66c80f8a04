//! From text to a lane: `rsi:14@5m`, `macd:12,26,9`, `sma:20,source=hl2@1h`.
//!
//! A [`Spec`] is a name of the catalogue with its parameters, checked, and the interval it is for. It prints as its one
//! canonical name, `rsi_14`, and its outputs as `rsi_14` or `macd_12_26_9.signal`.

use std::fmt;
use std::str::FromStr;

use super::CATALOGUE;
use super::lane::Lane;
use super::source::Source;
use crate::error::{did_you_mean, nearest};
use crate::interval::{Interval, IntervalError};

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number of bars, both ends allowed.
    Count {
        /// The fewest.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A number, both ends allowed.
    Real {
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// One of some words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A price of the bar: `close`, `hl2` …
    Source,
}

/// The value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number of bars.
    Count(u32),
    /// A number.
    Real(f64),
    /// A word.
    Word(&'static str),
    /// Yes or no.
    Flag(bool),
    /// A price of the bar.
    Source(Source),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => write!(f, "{n}"),
            Self::Real(x) => write!(f, "{x}"),
            Self::Word(word) => f.write_str(word),
            Self::Flag(yes) => write!(f, "{yes}"),
            Self::Source(source) => write!(f, "{source}"),
        }
    }
}

/// A parameter of an indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name in spec text.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when not given.
    pub default: Value,
}

impl Param {
    /// A number of bars from `least` to 100,000.
    pub const fn count(name: &'static str, least: u32, default: u32) -> Self {
        Self { name, kind: Kind::Count { least, most: 100_000 }, default: Value::Count(default) }
    }

    /// A number from `least` to `most`.
    pub const fn real(name: &'static str, least: f64, most: f64, default: f64) -> Self {
        Self { name, kind: Kind::Real { least, most }, default: Value::Real(default) }
    }

    /// One of `words`, the first when not given.
    pub const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Word(words), default: Value::Word(words[0]) }
    }

    /// Yes or no, no when not given.
    pub const fn flag(name: &'static str) -> Self {
        Self { name, kind: Kind::Flag, default: Value::Flag(false) }
    }

    /// A price of the bar, the close when not given.
    pub const SOURCE: Self =
        Self { name: "source", kind: Kind::Source, default: Value::Source(Source::Close) };

    /// Whether it stands in the text by its place; the others need their name.
    pub const fn is_positional(&self) -> bool {
        !matches!(self.kind, Kind::Flag | Kind::Source)
    }

    /// What it may be, in words.
    pub fn allowed(&self) -> String {
        match self.kind {
            Kind::Count { least, most } => format!("a whole number from {least} to {most}"),
            Kind::Real { least, most } => format!("a number from {least} to {most}"),
            Kind::Word(words) => words.join(", "),
            Kind::Flag => "true or false".to_owned(),
            Kind::Source => Source::NAMES.map(|(name, _)| name).join(", "),
        }
    }

    fn read(&self, text: &str) -> Option<Value> {
        match self.kind {
            Kind::Count { least, most } => {
                text.parse().ok().filter(|n| (least..=most).contains(n)).map(Value::Count)
            }
            Kind::Real { least, most } => {
                text.parse().ok().filter(|x| (least..=most).contains(x)).map(Value::Real)
            }
            Kind::Word(words) => words.iter().find(|word| **word == text).map(|word| Value::Word(word)),
            Kind::Flag => text.parse().ok().map(Value::Flag),
            Kind::Source => text.parse().ok().map(Value::Source),
        }
    }
}

/// Which columns of a bar an indicator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// The `source` parameter's price.
    Source,
    /// These columns, by their letters: `HL`, `HLC`, `HLCV` …
    Columns(&'static str),
}

/// An indicator of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Its name in spec text.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// What it reads.
    pub inputs: Inputs,
    /// Its parameters, in the order of spec text.
    pub params: &'static [Param],
    /// Its outputs; a single empty name stands for the indicator itself.
    pub outputs: &'static [&'static str],
    /// The formula.
    pub formula: &'static str,
    /// Seed, first row, and what flat, zero-volume and zero-range windows give.
    pub conventions: &'static str,
    /// Where formula and conventions come from.
    pub reference: &'static str,
    /// Which peers differ, and how; empty where those that were run agree.
    pub peers: &'static str,
    /// Whether rows after the first value may have none.
    pub has_gaps: bool,
    /// What else the parameters must hold, as an error text; most hold nothing.
    pub check: fn(&Args<'_>) -> Result<(), String>,
    /// A lane of it.
    pub build: fn(&Args<'_>) -> Box<dyn Lane>,
}

/// The check of an entry whose parameters hold nothing together.
///
/// # Errors
/// None.
pub(super) fn anything(_: &Args<'_>) -> Result<(), String> {
    Ok(())
}

impl Entry {
    /// Whether an output is a price, so that it can be drawn over the bars it is of.
    pub fn is_price(&self, output: &str) -> bool {
        match self.name {
            "alma" | "dema" | "donchian" | "ema" | "high_low" | "hma" | "ichimoku" | "kama" | "keltner"
            | "keltner_talib" | "median" | "midpoint" | "pivot_points" | "rma" | "sar" | "sma"
            | "swing_high" | "swing_low" | "t3" | "tema" | "trima" | "vwap" | "vwma" | "wma" | "zlema" => {
                true
            }
            "bbands" => matches!(output, "upper" | "middle" | "lower"),
            "linreg" => matches!(output, "value" | "intercept" | "forecast"),
            "supertrend" => output == "supertrend",
            _ => false,
        }
    }
}

/// The values of an entry's parameters, in their order.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    entry: &'static Entry,
    values: &'a [Value],
}

impl Args<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let place = self.entry.params.iter().position(|param| param.name == name)?;
        self.values.get(place).copied()
    }

    /// The count named `name`; 1 when the entry has none.
    pub fn count(&self, name: &str) -> u32 {
        if let Some(Value::Count(n)) = self.value(name) { n } else { 1 }
    }

    /// The number named `name`; 0 when the entry has none.
    pub fn real(&self, name: &str) -> f64 {
        if let Some(Value::Real(x)) = self.value(name) { x } else { 0.0 }
    }

    /// The word named `name`; empty when the entry has none.
    pub fn word(&self, name: &str) -> &'static str {
        if let Some(Value::Word(word)) = self.value(name) { word } else { "" }
    }

    /// The flag named `name`; no when the entry has none.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Flag(true)))
    }

    /// The price named `name`; the close when the entry has none.
    pub fn source(&self, name: &str) -> Source {
        if let Some(Value::Source(source)) = self.value(name) { source } else { Source::Close }
    }
}

/// An indicator with its parameters and the interval it is for.
///
/// ```
/// use barloom_core::indicators::Spec;
/// let spec: Spec = "macd:12,26,signal=9@15m".parse()?;
/// assert_eq!(spec.to_string(), "macd_12_26_9");
/// assert_eq!(spec.columns(), ["macd_12_26_9.macd", "macd_12_26_9.signal", "macd_12_26_9.histogram"]);
/// assert!("rsi:0".parse::<Spec>().unwrap_err().to_string().contains("period"));
/// # Ok::<(), barloom_core::indicators::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Spec {
    entry: &'static Entry,
    values: Vec<Value>,
    interval: Option<Interval>,
}

/// Why text names no indicator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No indicator has the name.
    #[error("`{got}` is not an indicator{}; `barloom indicators` lists them", did_you_mean(*.nearest))]
    Unknown {
        /// What was read.
        got: String,
        /// The name it was perhaps meant to be.
        nearest: Option<&'static str>,
    },
    /// A parameter is not what it may be.
    #[error("{indicator}: {param} `{got}` is not allowed; allowed is {allowed}")]
    Value {
        /// The indicator.
        indicator: &'static str,
        /// The parameter.
        param: &'static str,
        /// What was read.
        got: String,
        /// What it may be.
        allowed: String,
    },
    /// The indicator has no parameter of that name.
    #[error("{indicator} has no parameter `{got}`{}; it has {}", did_you_mean(*.nearest), params(.known))]
    UnknownParam {
        /// The indicator.
        indicator: &'static str,
        /// What was read.
        got: String,
        /// Those it has.
        known: Vec<&'static str>,
        /// The one it was perhaps meant to be.
        nearest: Option<&'static str>,
    },
    /// A parameter is given twice.
    #[error("{indicator}: {param} is given twice")]
    Twice {
        /// The indicator.
        indicator: &'static str,
        /// The parameter.
        param: &'static str,
    },
    /// More values than parameters.
    #[error("{indicator} takes {}; `{got}` is one too many", params(.known))]
    TooMany {
        /// The indicator.
        indicator: &'static str,
        /// Those it has.
        known: Vec<&'static str>,
        /// The value too many.
        got: String,
    },
    /// The parameters contradict each other.
    #[error("{indicator}: {reason}")]
    Contradiction {
        /// The indicator.
        indicator: &'static str,
        /// How.
        reason: String,
    },
    /// The interval after `@` is none.
    #[error(transparent)]
    Interval(#[from] IntervalError),
}

fn params(names: &[&str]) -> String {
    if names.is_empty() { "no parameters".to_owned() } else { names.join(", ") }
}

impl Spec {
    /// The entry of the catalogue.
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// The interval it is for; `None`: every interval asked for.
    pub fn interval(&self) -> Option<Interval> {
        self.interval
    }

    fn args(&self) -> Args<'_> {
        Args { entry: self.entry, values: &self.values }
    }

    /// A lane of it, with room for one symbol.
    pub fn lane(&self) -> Box<dyn Lane> {
        (self.entry.build)(&self.args())
    }

    /// Whether it needs volume.
    pub fn needs_volume(&self) -> bool {
        match self.entry.inputs {
            Inputs::Columns(columns) => columns.contains('V'),
            Inputs::Source => self.values.contains(&Value::Source(Source::Volume)),
        }
    }

    /// The names of its outputs in tables.
    pub fn columns(&self) -> Vec<String> {
        let column =
            |output: &&str| if output.is_empty() { self.to_string() } else { format!("{self}.{output}") };
        self.entry.outputs.iter().map(column).collect()
    }
}

impl fmt::Display for Spec {
    /// The canonical name: what stands by its place and prices of their own names always, the rest where it is not the default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        for (param, value) in self.entry.params.iter().zip(&self.values) {
            match (param.kind, value) {
                (Kind::Count { .. } | Kind::Real { .. }, _) => write!(f, "_{value}")?,
                (Kind::Flag, Value::Flag(true)) => write!(f, "_{}", param.name)?,
                (Kind::Source, _) if *param != Param::SOURCE => write!(f, "_{value}")?,
                _ if *value != param.default => write!(f, "_{value}")?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let (text, interval) = match text.split_once('@') {
            Some((text, interval)) => (text, Some(interval.parse()?)),
            None => (text, None),
        };
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let entry =
            CATALOGUE.iter().copied().find(|entry| entry.name == name).ok_or_else(|| SpecError::Unknown {
                got: name.to_owned(),
                nearest: nearest(name, CATALOGUE.iter().map(|entry| entry.name)),
            })?;
        let given = rest.split(',').map(str::trim).filter(|_| !rest.is_empty());
        let values = read_values(entry, given)?;
        let spec = Self { entry, values, interval };
        (entry.check)(&spec.args())
            .map_err(|reason| SpecError::Contradiction { indicator: entry.name, reason })?;
        Ok(spec)
    }
}

fn read_values<'a>(
    entry: &'static Entry,
    given: impl Iterator<Item = &'a str>,
) -> Result<Vec<Value>, SpecError> {
    let indicator = entry.name;
    let known = || entry.params.iter().map(|param| param.name).collect::<Vec<_>>();
    let mut values: Vec<Option<Value>> = vec![None; entry.params.len()];
    let mut positional = entry.params.iter().enumerate().filter(|(_, param)| param.is_positional());
    for text in given {
        let (place, param, text) = match text.split_once('=') {
            Some((name, value)) => {
                let place = entry.params.iter().position(|param| param.name == name.trim());
                let place = place.ok_or_else(|| SpecError::UnknownParam {
                    indicator,
                    got: name.trim().to_owned(),
                    known: known(),
                    nearest: nearest(name.trim(), entry.params.iter().map(|param| param.name)),
                })?;
                (place, &entry.params[place], value.trim())
            }
            None => {
                let next = positional.next();
                let too_many = || SpecError::TooMany { indicator, known: known(), got: text.to_owned() };
                let (place, param) = next.ok_or_else(too_many)?;
                (place, param, text)
            }
        };
        let value = param.read(text).ok_or_else(|| SpecError::Value {
            indicator,
            param: param.name,
            got: text.to_owned(),
            allowed: param.allowed(),
        })?;
        if values[place].replace(value).is_some() {
            return Err(SpecError::Twice { indicator, param: param.name });
        }
    }
    Ok(values.into_iter().zip(entry.params).map(|(value, param)| value.unwrap_or(param.default)).collect())
}
