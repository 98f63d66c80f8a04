//! The columns a row is read from, and the names they go by.

use std::fmt;

use barloom_core::error::nearest;

/// A meaning that a column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// When.
    Time,
    /// Which instrument.
    Symbol,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded volume.
    Volume,
    /// Volume-weighted average price.
    Vwap,
    /// Number of trades.
    TradeCount,
}

/// Time columns whose name says that rows are labelled by their open.
pub(crate) const OPEN_TIMES: &[&str] = &["open_time", "window_start", "ts_event"];
/// Time columns whose name says that rows are labelled by their close.
pub(crate) const CLOSE_TIMES: &[&str] = &["close_time"];
/// Time columns that leave the label open.
pub(crate) const PLAIN_TIMES: &[&str] = &["timestamp", "datetime", "ts", "t", "time", "date"];

impl Field {
    /// The name in Barloom's own tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "timestamp",
            Self::Symbol => "symbol",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::Vwap => "vwap",
            Self::TradeCount => "trade_count",
        }
    }

    /// Every name the column is known by; for [`Field::Time`] the best first.
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Time => &[
                "open_time",
                "window_start",
                "ts_event",
                "close_time",
                "timestamp",
                "datetime",
                "ts",
                "t",
                "time",
                "date",
            ],
            Self::Symbol => &["symbol", "ticker", "sym", "instrument"],
            Self::Open => &["open", "o"],
            Self::High => &["high", "h"],
            Self::Low => &["low", "l"],
            Self::Close => &["close", "c"],
            Self::Volume => &["volume", "vol", "v"],
            Self::Vwap => &["vwap", "vw", "average"],
            Self::TradeCount => &["trade_count", "transactions", "trades", "number_of_trades", "count", "n"],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name without what spellings differ in: `Open Time`, `open-time`, `openTime` and `open_time` are one.
pub(crate) fn folded(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether `name` is a spelling of `alias`.
pub(crate) fn is_spelling(name: &str, alias: &str) -> bool {
    folded(name) == folded(alias)
}

/// The name of `field` that a header's `name` was perhaps meant to be.
pub(crate) fn slip(name: &str, field: Field) -> Option<&'static str> {
    // One letter off a name of one or two letters is every other such name.
    nearest(&folded(name), field.aliases().iter().copied().filter(|alias| alias.len() > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_aliases_are_the_three_kinds_in_order() {
        let kinds = [OPEN_TIMES, CLOSE_TIMES, PLAIN_TIMES].concat();
        assert_eq!(kinds, Field::Time.aliases());
    }

    #[test]
    fn spellings_fold_to_one_name() {
        for name in ["open_time", "Open Time", "openTime", "OPEN-TIME", "open.time"] {
            assert!(is_spelling(name, "open_time"), "{name}");
        }
        assert!(!is_spelling("open", "o"));
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(slip("opne", Field::Open), Some("open"));
        assert_eq!(slip("Trade Cuont", Field::TradeCount), Some("trade_count"));
        assert_eq!(slip("price", Field::Open), None);
        assert_eq!(slip("x", Field::Open), None);
    }
}
