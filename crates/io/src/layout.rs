//! A header becomes columns: which cell of a row means what. A layout that a vendor documents may do without.
//!
//! Columns go by name, in any order and case. Of several time columns one is taken: `open_time` and its kin,
//! then `close_time`, then `timestamp`, `datetime`, `ts`, `t`, `time`, `date`; with a stated stamp, columns
//! that agree with it come first and those that contradict it last. `date` and `time` are read together. Any other meaning there
//! twice is an error.

use barloom_core::Stamp;

use crate::column::{CLOSE_TIMES, Field, OPEN_TIMES, PLAIN_TIMES, is_spelling, slip};
use crate::databento;
use crate::options::Options;
use crate::vendor::Vendor;

/// Which column means what, and how its times are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub(crate) width: usize,
    pub(crate) time: usize,
    /// The column of the day, where `time` is one of the time of day.
    pub(crate) date: Option<usize>,
    pub(crate) symbol: Option<usize>,
    /// Open, high, low, close.
    pub(crate) prices: [usize; 4],
    pub(crate) volume: Option<usize>,
    pub(crate) vwap: Option<usize>,
    pub(crate) trade_count: Option<usize>,
    pub(crate) databento: Option<databento::Columns>,
    vendor: Option<Vendor>,
    names: Vec<String>,
    stamp: Option<(Stamp, StampSource)>,
}

/// Where the stamp is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampSource {
    /// The user stated it.
    Stated,
    /// The file says it in its metadata.
    Metadata,
    /// The vendor's layout defines it.
    Layout,
    /// The time column's name says it.
    Column,
}

/// A column that rows need and the header lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it would mean.
    pub field: Field,
    /// A header name that is perhaps a slip, and the name it was perhaps meant to be.
    pub nearest: Option<(String, &'static str)>,
}

/// Why a header names no bars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Columns that every row needs are not there.
    #[error("{}; the header has {}{}", each(.missing), listed(.columns), headless(.columns))]
    Missing {
        /// What was looked for.
        missing: Vec<Missing>,
        /// What is there.
        columns: Vec<String>,
    },
    /// Two columns have one meaning.
    #[error("`{first}` and `{second}` both mean {field}; rename or remove one")]
    Twice {
        /// The meaning.
        field: Field,
        /// The column further left.
        first: String,
        /// The column further right.
        second: String,
    },
    /// The date and the time of day are in columns of their own.
    #[error(
        "date and time in two columns (`{date}` and `{time}`) are read from text alone; join them into one column `timestamp`"
    )]
    DateAndTime {
        /// The date's column.
        date: String,
        /// The time's column.
        time: String,
    },
    /// Nothing says whether rows are labelled by open or close.
    #[error(
        "`{column}` does not say whether it is the time a bar opens or closes; state it: `--stamp open` or `--stamp close`"
    )]
    StampUnknown {
        /// The time column.
        column: String,
    },
    /// Nothing names the instrument.
    #[error("no column for symbol (looked for {}){}; the header has {}; name the instrument: `--symbol NAME`", quoted(Field::Symbol.aliases()), perhaps(.nearest), listed(.columns))]
    SymbolUnknown {
        /// What is there.
        columns: Vec<String>,
        /// A header name that is perhaps a slip, and the name it was perhaps meant to be.
        nearest: Option<(String, &'static str)>,
    },
    /// The vendor's layout names no instrument.
    #[error("{vendor}: no column names the instrument; name it: `--symbol NAME`")]
    SymbolOfVendor {
        /// Whose layout it is.
        vendor: Vendor,
    },
    /// A publisher is chosen where no column tells publishers apart.
    #[error(
        "`--publisher {stated}` chooses among a Databento file's publishers, and this is none; leave it out"
    )]
    NoPublishers {
        /// The chosen publisher.
        stated: u16,
    },
    /// Both a column and the user name the instrument.
    #[error(
        "the column `{column}` names the instrument, and so does `--symbol {stated}`; leave out one of them"
    )]
    SymbolTwice {
        /// The symbol column.
        column: String,
        /// The stated symbol.
        stated: String,
    },
}

impl Layout {
    /// The layout of a header whose cells are `names`.
    ///
    /// # Errors
    /// [`LayoutError`] when a column is missing or there twice, or a fact is neither said nor stated.
    pub fn resolve(names: &[String], options: &Options) -> Result<Self, LayoutError> {
        Self::resolve_with(names, options, None)
    }

    /// The layout of a vendor's table that has no header; its columns are `names`.
    pub(crate) fn of_vendor(
        vendor: Vendor,
        names: &[String],
        options: &Options,
    ) -> Result<Self, LayoutError> {
        Self::of(names, options, None, Some(vendor))
    }

    /// The layout of a table whose metadata says the stamp `own`.
    pub(crate) fn resolve_with(
        names: &[String],
        options: &Options,
        own: Option<Stamp>,
    ) -> Result<Self, LayoutError> {
        Self::of(names, options, own, Vendor::of_header(names))
    }

    fn of(
        names: &[String],
        options: &Options,
        own: Option<Stamp>,
        vendor: Option<Vendor>,
    ) -> Result<Self, LayoutError> {
        use Field::{Close, High, Low, Open, Symbol, Time, TradeCount, Volume, Vwap};
        let times = time_column(names, options.stamp)?;
        let (time, date) = (times.map(|(time, _)| time), times.and_then(|(_, date)| date));
        let required = [Open, High, Low, Close].map(|field| (field, find(names, field)));
        let missing: Vec<_> = std::iter::once((Time, Ok(time)))
            .chain(required.iter().cloned())
            .filter(|(_, found)| matches!(found, Ok(None)))
            .map(|(field, _)| Missing { field, nearest: nearest(names, field) })
            .collect();
        let [open, high, low, close] = required.map(|(_, found)| found);
        let prices = (time, open?, high?, low?, close?);
        let (Some(time), Some(open), Some(high), Some(low), Some(close)) = prices else {
            return Err(LayoutError::Missing { missing, columns: names.to_vec() });
        };
        let symbol = find(names, Symbol)?;
        match (symbol, &options.symbol) {
            (None, None) => {
                if let Some(vendor) = vendor {
                    return Err(LayoutError::SymbolOfVendor { vendor });
                }
                let nearest = nearest(names, Symbol);
                return Err(LayoutError::SymbolUnknown { columns: names.to_vec(), nearest });
            }
            (Some(at), Some(stated)) => {
                let (column, stated) = (names[at].clone(), stated.to_string());
                return Err(LayoutError::SymbolTwice { column, stated });
            }
            _ => {}
        }
        let own = own.map(|stamp| (stamp, StampSource::Metadata));
        let own = own.or(vendor.map(|_| (Stamp::Open, StampSource::Layout)));
        let own = own.or_else(|| Some((own_stamp(&names[time])?, StampSource::Column)));
        let stamp = options.stamp.map(|stamp| (stamp, StampSource::Stated)).or(own);
        if stamp.is_none() && !options.is_daily() {
            return Err(LayoutError::StampUnknown { column: names[time].clone() });
        }
        let at = |alias: &str| names.iter().position(|name| is_spelling(name, alias));
        let databento = vendor.filter(|vendor| *vendor == Vendor::Databento).and_then(|_| {
            let instrument = at("instrument_id").filter(|_| symbol.is_none());
            Some(databento::Columns { rtype: at("rtype")?, publisher: at("publisher_id")?, instrument })
        });
        if let Some(stated) = options.publisher.filter(|_| databento.is_none()) {
            return Err(LayoutError::NoPublishers { stated });
        }
        Ok(Self {
            width: names.len(),
            time,
            date,
            symbol,
            prices: [open, high, low, close],
            volume: find(names, Volume)?,
            vwap: find(names, Vwap)?,
            trade_count: find(names, TradeCount)?,
            databento,
            vendor,
            names: names.to_vec(),
            stamp,
        })
    }

    /// Whether rows are labelled by open or close; `None` only for daily rows, whose dates need no stamp.
    pub fn stamp(&self) -> Option<Stamp> {
        self.stamp.map(|(stamp, _)| stamp)
    }

    /// Where the stamp is known from.
    pub fn stamp_source(&self) -> Option<StampSource> {
        self.stamp.map(|(_, source)| source)
    }

    /// Whose layout it is, where that was recognised.
    pub fn vendor(&self) -> Option<Vendor> {
        self.vendor
    }

    /// The header's name of the day's column, where day and time of day are apart.
    pub fn date_column(&self) -> Option<&str> {
        self.date.map(|at| self.names[at].as_str())
    }

    /// The header's name of the column `field` is read from; `None` where the input has none.
    pub fn column(&self, field: Field) -> Option<&str> {
        self.place(field).map(|at| self.names[at].as_str())
    }

    /// Which cell of a row `field` is read from.
    pub(crate) fn place(&self, field: Field) -> Option<usize> {
        match field {
            Field::Time => Some(self.time),
            Field::Symbol => self.symbol,
            Field::Open => Some(self.prices[0]),
            Field::High => Some(self.prices[1]),
            Field::Low => Some(self.prices[2]),
            Field::Close => Some(self.prices[3]),
            Field::Volume => self.volume,
            Field::Vwap => self.vwap,
            Field::TradeCount => self.trade_count,
        }
    }
}

impl LayoutError {
    /// The name in the header that is wrong, where it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Missing { missing, .. } => {
                missing.iter().find_map(|missing| missing.nearest.as_ref()).map(|(there, _)| there.as_str())
            }
            Self::SymbolUnknown { nearest, .. } => nearest.as_ref().map(|(there, _)| there.as_str()),
            Self::Twice { second, .. } => Some(second),
            Self::DateAndTime { time: column, .. }
            | Self::StampUnknown { column }
            | Self::SymbolTwice { column, .. } => Some(column),
            Self::SymbolOfVendor { .. } | Self::NoPublishers { .. } => None,
        }
    }
}

/// The one column that means `field`.
fn find(names: &[String], field: Field) -> Result<Option<usize>, LayoutError> {
    let means = |name: &String| field.aliases().iter().any(|alias| is_spelling(name, alias));
    let mut found = (0..names.len()).filter(|&at| means(&names[at]));
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(twice(names, field, first, second)),
        (found, _) => Ok(found),
    }
}

fn twice(names: &[String], field: Field, first: usize, second: usize) -> LayoutError {
    LayoutError::Twice { field, first: names[first].clone(), second: names[second].clone() }
}

/// The best of the time columns, and the one of the day where that is apart.
fn time_column(
    names: &[String],
    stated: Option<Stamp>,
) -> Result<Option<(usize, Option<usize>)>, LayoutError> {
    let order = match stated {
        None => [OPEN_TIMES, CLOSE_TIMES, PLAIN_TIMES],
        Some(Stamp::Open) => [OPEN_TIMES, PLAIN_TIMES, CLOSE_TIMES],
        Some(Stamp::Close) => [CLOSE_TIMES, PLAIN_TIMES, OPEN_TIMES],
    };
    for alias in order.into_iter().flatten() {
        let mut found = (0..names.len()).filter(|&at| is_spelling(&names[at], alias));
        let Some(first) = found.next() else { continue };
        if let Some(second) = found.next() {
            return Err(twice(names, Field::Time, first, second));
        }
        // `time` outranks `date`, so a pair of them shows here.
        let date = || names.iter().position(|name| is_spelling(name, "date"));
        return Ok(Some((first, if *alias == "time" { date() } else { None })));
    }
    Ok(None)
}

fn own_stamp(name: &str) -> Option<Stamp> {
    let is_one_of = |aliases: &[&str]| aliases.iter().any(|alias| is_spelling(name, alias));
    match () {
        () if is_one_of(OPEN_TIMES) => Some(Stamp::Open),
        () if is_one_of(CLOSE_TIMES) => Some(Stamp::Close),
        () => None,
    }
}

/// The header name that is perhaps a slip of one of the field's names.
fn nearest(names: &[String], field: Field) -> Option<(String, &'static str)> {
    names.iter().find_map(|name| Some((name.clone(), slip(name, field)?)))
}

fn each(missing: &[Missing]) -> String {
    let one = |m: &Missing| {
        format!("no column for {} (looked for {}){}", m.field, quoted(m.field.aliases()), perhaps(&m.nearest))
    };
    missing.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn perhaps(nearest: &Option<(String, &'static str)>) -> String {
    nearest.as_ref().map(|(there, meant)| format!("; `{there}` perhaps means `{meant}`")).unwrap_or_default()
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn listed(columns: &[String]) -> String {
    quoted(&columns.iter().map(|c| if c.is_empty() { "(no name)" } else { c }).collect::<Vec<_>>())
}

fn headless(columns: &[String]) -> &'static str {
    let numbers = columns.iter().any(|column| column.parse::<f64>().is_ok());
    if numbers { ". It holds numbers: is the line with the names missing?" } else { "" }
}

#[cfg(test)]
#[path = "tests/layout.rs"]
mod tests;
