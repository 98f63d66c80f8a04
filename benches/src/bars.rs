//! The same bars as each crate likes them.

use barloom_core::{Bar, BarColumns};
use quantedge_ta::Ohlcv;
use wickra_core::Candle;

/// Nanoseconds of a millisecond and of a microsecond.
const MILLI: i64 = 1_000_000;
const MICRO: i64 = 1_000;

/// Bars by row, by column, and as the peers' own types.
#[derive(Debug)]
pub struct Bars {
    /// Barloom's.
    pub bars: Vec<Bar>,
    /// Barloom's, by column.
    pub columns: BarColumns,
    /// Opens.
    pub open: Vec<f64>,
    /// Highs.
    pub high: Vec<f64>,
    /// Lows.
    pub low: Vec<f64>,
    /// Closes.
    pub close: Vec<f64>,
    /// Volumes.
    pub volume: Vec<f64>,
    /// Of `wickra-core`, in milliseconds.
    pub candles: Vec<Candle>,
    /// Of `quantedge-ta`, in microseconds.
    pub ohlcv: Vec<Ohlcv>,
}

impl Bars {
    /// Of bars with volume.
    pub fn new(bars: Vec<Bar>) -> Self {
        let column = |of: fn(&Bar) -> f64| bars.iter().map(of).collect::<Vec<_>>();
        let candle = |bar: &Bar| {
            let at = bar.open_time().as_nanos() / MILLI;
            Candle::new(bar.open(), bar.high(), bar.low(), bar.close(), volume(bar), at).expect("a sound bar")
        };
        let ohlcv = |bar: &Bar| Ohlcv {
            open: bar.open(),
            high: bar.high(),
            low: bar.low(),
            close: bar.close(),
            open_time: (bar.open_time().as_nanos() / MICRO) as u64,
            volume: volume(bar),
        };
        Self {
            columns: bars.iter().collect(),
            open: column(Bar::open),
            high: column(Bar::high),
            low: column(Bar::low),
            close: column(Bar::close),
            volume: column(volume),
            candles: bars.iter().map(candle).collect(),
            ohlcv: bars.iter().map(ohlcv).collect(),
            bars,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }
}

fn volume(bar: &Bar) -> f64 {
    bar.volume().expect("every bar has one")
}
