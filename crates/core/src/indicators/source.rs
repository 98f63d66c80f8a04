//! The price of a bar that an indicator is computed on.

use std::fmt;
use std::str::FromStr;

use crate::bar::Bar;
use crate::error::{WordError, word};

/// A price of the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// The first price.
    Open,
    /// The highest.
    High,
    /// The lowest.
    Low,
    /// The last.
    #[default]
    Close,
    /// The traded volume.
    Volume,
    /// (high + low) / 2.
    Hl2,
    /// (high + low + close) / 3.
    Hlc3,
    /// (open + high + low + close) / 4.
    Ohlc4,
    /// (high + low + close + close) / 4.
    Hlcc4,
}

impl Source {
    /// Every source by its name.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("open", Self::Open),
        ("high", Self::High),
        ("low", Self::Low),
        ("close", Self::Close),
        ("volume", Self::Volume),
        ("hl2", Self::Hl2),
        ("hlc3", Self::Hlc3),
        ("ohlc4", Self::Ohlc4),
        ("hlcc4", Self::Hlcc4),
    ];

    /// The price of `bar`; NaN where the bar has no volume.
    #[inline]
    pub fn of(self, bar: &Bar) -> f64 {
        match self {
            Self::Open => bar.open,
            Self::High => bar.high,
            Self::Low => bar.low,
            Self::Close => bar.close,
            Self::Volume => bar.volume,
            Self::Hl2 => (bar.high + bar.low) / 2.0,
            Self::Hlc3 => (bar.high + bar.low + bar.close) / 3.0,
            Self::Ohlc4 => (bar.open + bar.high + bar.low + bar.close) / 4.0,
            Self::Hlcc4 => (bar.high + bar.low + bar.close + bar.close) / 4.0,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, source)| source == self).map_or("close", |(name, _)| name);
        f.write_str(name)
    }
}

impl FromStr for Source {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        word("source", text, &Self::NAMES)
    }
}
