//! What the benches share: a seeded market, and the peers' indicators.

pub mod bars;
pub mod exact;
pub mod peers;

use barloom_core::{Bar, Label, Record, Timestamp};

/// The base and what is derived from it in the benches of the whole step.
pub const INTERVALS: [&str; 5] = ["1m", "5m", "15m", "30m", "1h"];
/// The indicators on each of them.
pub const SPECS: [&str; 6] = ["sma:20", "ema:20", "rsi:14", "macd:12,26,9", "atr:14", "bbands:20,2"];

/// Nanoseconds of a minute.
pub const MINUTE: i64 = 60_000_000_000;

/// A seeded walk in cents, with gaps between a close and the next open.
#[derive(Debug)]
pub struct Walk {
    state: u64,
    price: i64,
    at: Timestamp,
}

impl Walk {
    /// The walk of that seed.
    pub fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { state, price: 10_000, at: Timestamp::from_nanos(0) }
    }

    fn draw(&mut self, below: u64) -> i64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        ((self.state >> 11) % below) as i64
    }

    /// The next minute's bar.
    #[allow(clippy::should_implement_trait, reason = "it has no end")]
    pub fn next(&mut self) -> Bar {
        let record = self.next_record();
        Bar::new(self.at, &record).expect("a sound bar")
    }

    /// The next minute's row.
    pub fn next_record(&mut self) -> Record {
        let open = (self.price + self.draw(9) - 4).max(100);
        self.price = (self.price + self.draw(41) - 20).max(100);
        let (high, low) = (open.max(self.price) + self.draw(12), open.min(self.price) - self.draw(12));
        let [open, high, low, close] = [open, high, low, self.price].map(|cents| cents as f64 / 100.0);
        let volume = Some(self.draw(10_000) as f64);
        self.at = self.at.saturating_add(MINUTE);
        let label = Label::Open(self.at);
        Record { label, open, high, low, close, volume, vwap: None, trade_count: None }
    }
}

#[cfg(test)]
mod tests {
    use barloom_core::indicators::{CATALOGUE, Spec};

    use super::Walk;
    use super::exact::{Before, Market, bound, exact};
    use super::peers::peers;

    #[test]
    fn every_name_of_the_catalogue_is_known() {
        let mut walk = Walk::new(1);
        let market = Market::new(&(0..400).map(|_| walk.next()).collect::<Vec<_>>(), 100, Before::default());
        for entry in CATALOGUE {
            let exact = exact(entry.name, &market);
            assert_eq!(exact.len(), entry.outputs.len(), "{}", entry.name);
            if let Some(bound) = bound(entry.name, &market, &exact) {
                assert_eq!(bound.of.len(), entry.outputs.len(), "{}", entry.name);
            }
            let spec: Spec = entry.name.parse().expect("a spec");
            let outputs = spec.lane().outputs().len();
            for peer in peers(entry.name).into_iter().flatten() {
                assert!(peer.outputs.iter().all(|&output| output < outputs), "{}", entry.name);
            }
        }
    }
}
