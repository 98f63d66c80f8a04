//! A header becomes columns: which cell of a row means what.
//!
//! Columns go by name, in any order and case. Of several time columns one is taken: `open_time` and its kin,
//! then `close_time`, then `timestamp`, `datetime`, `ts`, `t`, `time`, `date`; with a stated stamp, columns
//! that agree with it come first and those that contradict it last. Any other meaning there twice is an error.

use barloom_core::Stamp;

use crate::column::{CLOSE_TIMES, Field, OPEN_TIMES, PLAIN_TIMES, is_spelling, slip};
use crate::options::Options;

/// Which column means what, and how its times are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub(crate) width: usize,
    pub(crate) time: usize,
    pub(crate) symbol: Option<usize>,
    /// Open, high, low, close.
    pub(crate) prices: [usize; 4],
    pub(crate) volume: Option<usize>,
    pub(crate) vwap: Option<usize>,
    pub(crate) trade_count: Option<usize>,
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
        "date and time in two columns (`{date}` and `{time}`) are not read yet; join them into one column `timestamp`"
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

    /// The layout of a table whose metadata says the stamp `own`.
    pub(crate) fn resolve_with(
        names: &[String],
        options: &Options,
        own: Option<Stamp>,
    ) -> Result<Self, LayoutError> {
        use Field::{Close, High, Low, Open, Symbol, Time, TradeCount, Volume, Vwap};
        let time = time_column(names, options.stamp)?;
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
        let own = own.or_else(|| Some((own_stamp(&names[time])?, StampSource::Column)));
        let stamp = options.stamp.map(|stamp| (stamp, StampSource::Stated)).or(own);
        if stamp.is_none() && !options.is_daily() {
            return Err(LayoutError::StampUnknown { column: names[time].clone() });
        }
        Ok(Self {
            width: names.len(),
            time,
            symbol,
            prices: [open, high, low, close],
            volume: find(names, Volume)?,
            vwap: find(names, Vwap)?,
            trade_count: find(names, TradeCount)?,
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

    /// The header's name of the column `field` is read from; `None` where the input has none.
    pub fn column(&self, field: Field) -> Option<&str> {
        let at = match field {
            Field::Time => Some(self.time),
            Field::Symbol => self.symbol,
            Field::Open => Some(self.prices[0]),
            Field::High => Some(self.prices[1]),
            Field::Low => Some(self.prices[2]),
            Field::Close => Some(self.prices[3]),
            Field::Volume => self.volume,
            Field::Vwap => self.vwap,
            Field::TradeCount => self.trade_count,
        };
        at.map(|at| self.names[at].as_str())
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

/// The best of the time columns.
fn time_column(names: &[String], stated: Option<Stamp>) -> Result<Option<usize>, LayoutError> {
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
        let date = names.iter().find(|name| is_spelling(name, "date"));
        if let ("time", Some(date)) = (*alias, date) {
            return Err(LayoutError::DateAndTime { date: date.clone(), time: names[first].clone() });
        }
        return Ok(Some(first));
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
mod tests {
    use super::*;
    use barloom_core::{Interval, Symbol};

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    fn resolve(header: &str, options: &Options) -> Result<Layout, LayoutError> {
        Layout::resolve(&names(header), options)
    }

    fn one_symbol(stamp: Option<Stamp>) -> Options {
        Options { stamp, symbol: Some(Symbol::new("X").unwrap()), ..Options::default() }
    }

    fn refused(header: &str, options: &Options) -> String {
        resolve(header, options).unwrap_err().to_string()
    }

    #[test]
    fn columns_go_by_name_in_any_order_case_and_spelling() {
        let layout = resolve("N,VW,v,C,Low,H,o,Ticker,Open Time,extra", &Options::default()).unwrap();
        assert_eq!((layout.prices, layout.time, layout.symbol), ([6, 5, 4, 3], 8, Some(7)));
        assert_eq!((layout.volume, layout.vwap, layout.trade_count), (Some(2), Some(1), Some(0)));
        assert_eq!(layout.column(Field::Time), Some("Open Time"));
        assert_eq!(layout.column(Field::TradeCount), Some("N"));
    }

    #[test]
    fn a_time_column_may_say_its_own_stamp_and_the_user_wins() {
        let own = |header: &str, stated| {
            let layout = resolve(header, &one_symbol(stated)).unwrap();
            (layout.stamp().unwrap(), layout.stamp_source().unwrap())
        };
        for column in ["open_time", "window_start", "ts_event"] {
            assert_eq!(own(&format!("{column},o,h,l,c"), None), (Stamp::Open, StampSource::Column));
        }
        assert_eq!(own("close_time,o,h,l,c", None), (Stamp::Close, StampSource::Column));
        assert_eq!(own("timestamp,o,h,l,c", Some(Stamp::Close)), (Stamp::Close, StampSource::Stated));
        assert_eq!(own("open_time,o,h,l,c", Some(Stamp::Close)), (Stamp::Close, StampSource::Stated));
    }

    #[test]
    fn of_several_time_columns_the_best_is_taken() {
        let taken = |header: &str, stated| resolve(header, &one_symbol(stated)).unwrap().time;
        assert_eq!(taken("date,timestamp,close_time,open_time,o,h,l,c", None), 3);
        assert_eq!(taken("date,timestamp,close_time,o,h,l,c", None), 2);
        assert_eq!(taken("date,time,timestamp,o,h,l,c", Some(Stamp::Open)), 2);
        assert_eq!(taken("date,timestamp,close_time,open_time,o,h,l,c", Some(Stamp::Close)), 2);
        assert_eq!(taken("close_time,timestamp,o,h,l,c", Some(Stamp::Open)), 1);
    }

    #[test]
    fn a_stamp_that_nothing_says_is_asked_for_unless_rows_are_days() {
        let text = refused("timestamp,o,h,l,c", &one_symbol(None));
        assert!(text.starts_with("`timestamp` does not say"), "{text}");
        assert!(text.ends_with("state it: `--stamp open` or `--stamp close`"), "{text}");
        let daily = Options { base: Interval::DAY, ..one_symbol(None) };
        assert_eq!(resolve("date,o,h,l,c", &daily).unwrap().stamp(), None);
    }

    #[test]
    fn a_missing_column_lists_what_is_there_and_the_nearest_word() {
        let text = refused("timestamp,opne,high,low", &one_symbol(Some(Stamp::Open)));
        assert_eq!(
            text,
            "no column for open (looked for `open`, `o`); `opne` perhaps means `open`; \
             no column for close (looked for `close`, `c`); \
             the header has `timestamp`, `opne`, `high`, `low`"
        );
        let text = refused(",open,high,low,close", &one_symbol(Some(Stamp::Open)));
        assert!(text.starts_with("no column for timestamp (looked for `open_time`"), "{text}");
        assert!(text.contains("the header has `(no name)`, `open`"), "{text}");
    }

    #[test]
    fn a_file_without_header_is_recognised() {
        let text = refused("1499040000000,0.0163,0.8,0.01,0.015", &one_symbol(None));
        assert!(text.ends_with("It holds numbers: is the line with the names missing?"), "{text}");
    }

    #[test]
    fn one_meaning_in_two_columns_names_both() {
        let text = refused("open_time,open,h,l,c,o", &one_symbol(None));
        assert_eq!(text, "`open` and `o` both mean open; rename or remove one");
        assert!(refused("ts,TS,o,h,l,c", &one_symbol(None)).starts_with("`ts` and `TS` both mean timestamp"));
        assert!(refused("open_time,o,h,l,c,n,trades", &one_symbol(None)).contains("both mean trade_count"));
    }

    #[test]
    fn date_and_time_in_two_columns_is_refused_by_name() {
        let text = refused("Date,Time,o,h,l,c", &one_symbol(Some(Stamp::Open)));
        assert!(text.contains("(`Date` and `Time`) are not read yet; join them"), "{text}");
    }

    #[test]
    fn the_symbol_is_named_once() {
        let text = refused("open_time,o,h,l,c,tikcer", &Options::default());
        assert!(text.contains("`tikcer` perhaps means `ticker`"), "{text}");
        assert!(text.ends_with("name the instrument: `--symbol NAME`"), "{text}");
        let text = refused("open_time,o,h,l,c,ticker", &one_symbol(None));
        assert_eq!(
            text,
            "the column `ticker` names the instrument, and so does `--symbol X`; leave out one of them"
        );
    }
}
