//! Layouts that vendors document: what each is recognised by, and what is known of it then.
//!
//! | layout | recognised by | times | more |
//! |---|---|---|---|
//! | Polygon, now Massive, flat files | `ticker`, `window_start`, `open`, `close`, `high`, `low`, besides them at most `volume`, `transactions` | ns, open | |
//! | Databento OHLCV | `ts_event`, `rtype`, `publisher_id`, `instrument_id` and the values | ns or ISO, open | one publisher a symbol, records of the base, prices with a point or in 1e-9: `databento.rs` |
//! | Binance klines | the 12 columns of the header, or of a first row of that shape | ms or µs, open | names no instrument |
//! | Alpaca bars | `t,o,h,l,c,v,n,vw`, besides them at most `symbol`; JSON by its first brace | ISO, open | |
//! | Kibot | a first row `MM/DD/YYYY,HH:MM,` and five numbers; daily without the time | without zone, open | names no instrument |
//! | HistData, generic ASCII M1 | a first row `YYYYMMDD HHMMSS;` and five numbers | without zone, open | names no instrument |
//!
//! Anything else is generic: its columns go by name, and what they don't say is asked for. Polygon's other aggregates
//! have Alpaca's letters, with counts for times; they are labelled by their open too.

use std::fmt;

use crate::column::{Field, is_spelling};
use crate::number::float;

/// A vendor whose layout is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Polygon, now Massive: aggregates of its flat files.
    Polygon,
    /// Databento: OHLCV records as CSV or columns.
    Databento,
    /// Binance: klines of its public data.
    Binance,
    /// Alpaca: bars as JSON or CSV.
    Alpaca,
    /// Kibot: intraday or daily text files.
    Kibot,
    /// HistData: generic ASCII one-minute bars.
    HistData,
}

const POLYGON: &[&str] =
    &["ticker", "window_start", "open", "close", "high", "low", "volume", "transactions"];
const DATABENTO: &[&str] =
    &["ts_event", "rtype", "publisher_id", "instrument_id", "open", "high", "low", "close", "volume"];
const BINANCE: &[&str] = &[
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
];
const ALPACA: &[&str] = &["t", "o", "h", "l", "c", "v", "n", "vw", "symbol"];
const KIBOT: &[&str] = &["date", "time", "open", "high", "low", "close", "volume"];
const KIBOT_DAILY: &[&str] = &["date", "open", "high", "low", "close", "volume"];
const HISTDATA: &[&str] = &["timestamp", "open", "high", "low", "close", "volume"];

impl Vendor {
    /// What the layout is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polygon => "Polygon flat file",
            Self::Databento => "Databento OHLCV",
            Self::Binance => "Binance klines",
            Self::Alpaca => "Alpaca bars",
            Self::Kibot => "Kibot",
            Self::HistData => "HistData",
        }
    }

    /// The zone that its times are usually in, where they don't say it: a hint, never assumed.
    pub const fn usual_zone(self) -> Option<&'static str> {
        match self {
            Self::Kibot => Some("Kibot's are usually Eastern Time: `--tz America/New_York`"),
            Self::HistData => Some("HistData's are usually Eastern Standard Time all year: `--tz -05:00`"),
            _ => None,
        }
    }

    /// The vendor whose layout has a header of `names`.
    pub(crate) fn of_header(names: &[String]) -> Option<Self> {
        let has = |alias: &&str| names.iter().any(|name| is_spelling(name, alias));
        let all = |of: &[&str]| of.iter().all(&has);
        let no_other = |of: &[&str]| names.iter().all(|name| of.iter().any(|alias| is_spelling(name, alias)));
        // Quote and taker columns are spelt in several ways.
        let klines = |of: &[&str]| {
            names.len() == of.len()
                && (0..7).chain([11]).all(|at| is_spelling(&names[at], of[at]))
                && Field::TradeCount.aliases().iter().any(|alias| is_spelling(&names[8], alias))
        };
        match () {
            () if all(&POLYGON[..6]) && no_other(POLYGON) => Some(Self::Polygon),
            () if all(DATABENTO) => Some(Self::Databento),
            () if klines(BINANCE) => Some(Self::Binance),
            () if all(&ALPACA[..8]) && no_other(ALPACA) => Some(Self::Alpaca),
            () => None,
        }
    }

    /// The vendor whose layout has no header and a first row of `cells`, with the names of its columns.
    pub(crate) fn of_first_row(cells: &[&[u8]], separator: u8) -> Option<(Self, &'static [&'static str])> {
        let numbers = |cells: &[&[u8]]| cells.iter().all(|cell| float(cell).is_some_and(f64::is_finite));
        match (separator, cells) {
            (b',', [open, prices @ .., _]) if cells.len() == BINANCE.len() => {
                let close = cells[6];
                let counts = |cell: &[u8]| cell.iter().all(u8::is_ascii_digit);
                // 13 digits are ms, 16 are µs, from 2001 to 2286.
                let times = open.len() == close.len() && matches!(open.len(), 13 | 16) && open < &close;
                (times && counts(open) && counts(close) && counts(cells[8]) && numbers(prices))
                    .then_some((Self::Binance, BINANCE))
            }
            (b',', [date, clock, values @ ..]) if values.len() == 5 => {
                let found = is_us_date(date) && is_clock(clock) && numbers(values);
                found.then_some((Self::Kibot, KIBOT))
            }
            (b',', [date, values @ ..]) if values.len() == 5 => {
                (is_us_date(date) && numbers(values)).then_some((Self::Kibot, KIBOT_DAILY))
            }
            (b';', [time, values @ ..]) if values.len() == 5 => {
                let found = is_shaped(time, b"dddddddd dddddd") && numbers(values);
                found.then_some((Self::HistData, HISTDATA))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_us_date(text: &[u8]) -> bool {
    is_shaped(text, b"dd/dd/dddd")
}

fn is_clock(text: &[u8]) -> bool {
    is_shaped(text, b"dd:dd")
}

/// Whether `text` has digits where `shape` has a `d`, and is `shape` elsewhere.
pub(crate) fn is_shaped(text: &[u8], shape: &[u8]) -> bool {
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.iter().zip(shape).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<Vendor> {
        Vendor::of_header(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    fn row(text: &str, separator: u8) -> Option<Vendor> {
        let cells: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == separator).collect();
        Vendor::of_first_row(&cells, separator).map(|(vendor, names)| {
            assert_eq!(names.len(), cells.len());
            vendor
        })
    }

    #[test]
    fn a_header_is_recognised_whole_and_by_nothing_less() {
        use Vendor::{Alpaca, Binance, Databento, Polygon};
        assert_eq!(header("ticker,volume,open,close,high,low,window_start,transactions"), Some(Polygon));
        assert_eq!(header("ticker,open,close,high,low,window_start"), Some(Polygon));
        assert_eq!(header("ticker,open,close,high,low,window_start,spread"), None);
        let databento = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume";
        assert_eq!(header(databento), Some(Databento));
        assert_eq!(header(&format!("{databento},symbol")), Some(Databento));
        assert_eq!(header("ts_event,open,high,low,close,volume,symbol"), None);
        assert_eq!(header(&BINANCE.join(",")), Some(Binance));
        assert_eq!(
            header(
                "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,Taker buy base asset volume,Taker buy quote asset volume,Ignore"
            ),
            Some(Binance)
        );
        assert_eq!(header("open_time,open,high,low,close,volume,close_time"), None);
        assert_eq!(header("t,o,h,l,c,v,n,vw"), Some(Alpaca));
        assert_eq!(header("symbol,t,o,h,l,c,v,n,vw"), Some(Alpaca));
        assert_eq!(header("t,o,h,l,c,v"), None);
    }

    #[test]
    fn a_first_row_is_recognised_by_its_shape_and_by_nothing_less() {
        use Vendor::{Binance, HistData, Kibot};
        let klines = "1735689600000,4.1,4.2,4.0,4.1,539.2,1735689659999,2240.3,13,401.8,1669.9,0";
        assert_eq!(row(klines, b','), Some(Binance));
        assert_eq!(
            row(&klines.replace("00000,", "00000000,").replace("59999,", "59999999,"), b','),
            Some(Binance)
        );
        assert_eq!(row(&klines.replace("1735689600000", "1735689660000"), b','), None);
        assert_eq!(row(&klines.replace("539.2", "x"), b','), None);
        assert_eq!(row(klines.rsplit_once(',').unwrap().0, b','), None);
        assert_eq!(row("11/26/2024,09:30,1,2,1,2,100", b','), Some(Kibot));
        assert_eq!(row("11/26/2024,1,2,1,2,100", b','), Some(Kibot));
        assert_eq!(row("2024.11.26,09:30,1,2,1,2,100", b','), None);
        assert_eq!(row("11/26/2024,09:30:00,1,2,1,2,100", b','), None);
        assert_eq!(row("20241126 093000;1;2;1;2;0", b';'), Some(HistData));
        assert_eq!(row("20241126 093000123;1;2;1;2;0", b';'), None);
        assert_eq!(row("20241126 093000,1,2,1,2,0", b','), None);
    }
}
