//! One symbol of the market: its character, and its next row.

use barloom_core::{Label, Record};

use super::profile::Slot;
use super::random::Random;

/// Ticks of 0.01 in a unit of price.
const TICKS: f64 = 100.0;
/// No price falls below it.
const LOWEST: f64 = 1.0;
/// How much of the way back to its first price a symbol goes in a session, on average.
const PULL: f64 = 0.02;

/// A symbol. All it ever does follows from its own random numbers.
#[derive(Debug, Clone)]
pub(super) struct Instrument {
    random: Random,
    /// Where the price is, not rounded.
    price: f64,
    /// Where it began.
    anchor: f64,
    /// The deviation of a session's move.
    daily: f64,
    /// The mean volume of a base bar.
    volume: f64,
    /// The mean volume of a trade.
    lot: f64,
    /// The share of base bars with a trade where activity is 1; `None` trades in each.
    trades: Option<f64>,
    /// The deviation of a base bar's move in this session where activity is 1.
    move_of: f64,
    /// The drift of a base bar in this session.
    drift: f64,
}

impl Instrument {
    /// Symbol `number` of `seed`.
    pub(super) fn new(seed: u64, number: u32, is_thin: bool) -> Self {
        let mut random = Random::of_stream(seed, u64::from(number) << 1);
        let (price, size) = (random.unit(), random.unit());
        let anchor = 5.0 + 495.0 * price * price * price;
        let volume = 200.0 + 20_000.0 * size * size * size;
        let daily = 0.01 + 0.02 * random.unit();
        let lot = 40.0 + 160.0 * random.unit();
        let trades = 0.2 + 0.3 * random.unit();
        Self {
            random,
            price: anchor,
            anchor,
            daily,
            volume: if is_thin { volume / 20.0 } else { volume },
            lot,
            trades: is_thin.then_some(trades),
            move_of: 0.0,
            drift: 0.0,
        }
    }

    /// A session begins: the price jumps from where the last one left it.
    #[inline]
    pub(super) fn open(&mut self, scale: f64, is_first: bool) {
        if !is_first {
            let gap = 0.5 * self.daily * self.random.normal();
            self.shift(gap);
        }
        self.move_of = self.daily * scale;
        self.drift = PULL * (self.anchor / self.price - 1.0).min(1.0) * scale * scale;
    }

    #[inline]
    fn shift(&mut self, by: f64) {
        self.price = (self.price * (1.0 + by)).max(LOWEST);
    }

    /// The row of `slot`; `None` if nothing traded in it.
    #[inline]
    pub(super) fn row(&mut self, slot: &Slot) -> Option<Record> {
        if let Some(share) = self.trades
            && self.random.unit() >= share * slot.activity
        {
            return None;
        }
        let deviation = self.move_of * slot.spread;
        let dice = self.random.bits();
        // An open is mostly where the last close was, now and then a tick off.
        let off = [0, 0, 0, 0, 0, 1, -1, 0][(dice & 7) as usize];
        let open = ticks(self.price) + off;
        let by = self.drift + deviation * self.random.normal();
        self.shift(by);
        let close = ticks(self.price);
        // Two halves of one random number are enough for the wicks.
        let wicks = self.random.bits();
        let reach = deviation * self.price * TICKS * (1.0 / (1_u64 << 32) as f64);
        let high = open.max(close) + ((wicks >> 32) as f64 * reach) as i64;
        let low = (open.min(close) - ((wicks & 0xffff_ffff) as f64 * reach) as i64).max(1);
        let (open, close) = (open.max(1), close.max(1));
        let share = (dice >> 11) as f64 * (1.0 / (1_u64 << 53) as f64);
        let size = self.random.unit();
        // Most are ordinary, a few several times as large.
        let size = 0.4 + 0.8 * size + 2.0 * size * size * size * size * size * size * size * size;
        let volume = (self.volume * slot.activity * size).floor() + 1.0;
        let trade_count = 1 + (volume / self.lot) as i64;
        let vwap = low * 100 + ((high - low) as f64 * 100.0 * share) as i64;
        Some(Record {
            label: Label::Open(slot.opens),
            open: open as f64 / TICKS,
            high: high.max(open) as f64 / TICKS,
            low: low as f64 / TICKS,
            close: close as f64 / TICKS,
            volume: Some(volume),
            vwap: Some(vwap as f64 / (TICKS * 100.0)),
            trade_count: Some(trade_count),
        })
    }
}

/// A price in ticks, at least one.
#[inline]
fn ticks(price: f64) -> i64 {
    // Prices are positive, so this rounds; `f64::round` is a call on most machines.
    (price * TICKS + 0.5) as i64
}
