//! The arithmetic of a derived bar: base bars folded one by one, in minute order (P14).

use crate::bar::{Bar, NULL, NULL_COUNT};
use crate::time::Timestamp;

/// The running aggregate of base bars; sums are taken in the order of [`Fold::add`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fold {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    // A null volume is NaN, and so is every sum that holds one.
    pub(super) volume: f64,
    pub(super) vwap_volume: f64,
    pub(super) trade_count: i64,
    /// Every base bar has a count, and their sum fits.
    pub(super) counted: bool,
    pub(crate) n_base: u32,
}

impl Fold {
    /// The aggregate of nothing.
    pub(crate) const EMPTY: Self = Self {
        open: NULL,
        high: f64::NEG_INFINITY,
        low: f64::INFINITY,
        close: NULL,
        volume: 0.0,
        vwap_volume: 0.0,
        trade_count: 0,
        counted: true,
        n_base: 0,
    };

    /// Takes the next base bar in minute order.
    #[inline]
    pub(crate) fn add(&mut self, bar: &Bar) {
        if self.n_base == 0 {
            self.open = bar.open;
        }
        // By comparison, so that the bits don't depend on an instruction's idea of signed zeros.
        self.high = if bar.high > self.high { bar.high } else { self.high };
        self.low = if bar.low < self.low { bar.low } else { self.low };
        self.close = bar.close;
        self.volume += bar.volume;
        self.weigh(bar);
        self.count(bar.trade_count);
        self.n_base += 1;
    }

    /// Takes base bars in minute order, as [`Fold::add`] would one by one.
    ///
    /// Extremes and sums each in a loop of their own: together the compiler pairs high with low and makes both slower.
    pub(crate) fn add_all(&mut self, bars: &[Bar]) {
        let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
        if self.n_base == 0 {
            self.open = first.open;
        }
        self.close = last.close;
        self.high = bars.iter().fold(self.high, |high, bar| if bar.high > high { bar.high } else { high });
        self.low = bars.iter().fold(self.low, |low, bar| if bar.low < low { bar.low } else { low });
        self.volume = bars.iter().fold(self.volume, |volume, bar| volume + bar.volume);
        for bar in bars {
            // Once null, always null.
            if self.vwap_volume.is_nan() {
                break;
            }
            self.weigh(bar);
        }
        if self.counted {
            bars.iter().for_each(|bar| self.count(bar.trade_count));
        }
        self.n_base += bars.len() as u32;
    }

    /// Takes `bars`, whose extremes and counts are those of `newer`, as [`Fold::add_all`] would.
    ///
    /// Extremes and counts don't depend on how bars are grouped; sums do, and are taken bar by bar.
    #[inline]
    pub(crate) fn append(&mut self, newer: &Self, bars: &[Bar]) {
        if newer.n_base == 0 {
            return;
        }
        if self.n_base == 0 {
            self.open = newer.open;
        }
        self.high = if newer.high > self.high { newer.high } else { self.high };
        self.low = if newer.low < self.low { newer.low } else { self.low };
        self.close = newer.close;
        self.volume = bars.iter().fold(self.volume, |volume, bar| volume + bar.volume);
        if !self.vwap_volume.is_nan() {
            bars.iter().for_each(|bar| self.weigh(bar));
        }
        let (sum, overflows) = self.trade_count.overflowing_add(newer.trade_count);
        self.counted &= newer.counted && !overflows;
        self.trade_count = sum;
        self.n_base += newer.n_base;
    }

    #[inline]
    fn weigh(&mut self, bar: &Bar) {
        // A minute without volume has no say in the average, not even a null one.
        self.vwap_volume += if bar.volume == 0.0 { 0.0 } else { bar.vwap * bar.volume };
    }

    #[inline]
    fn count(&mut self, trades: i64) {
        let (sum, overflows) = self.trade_count.overflowing_add(trades);
        self.counted &= trades != NULL_COUNT && !overflows;
        self.trade_count = sum;
    }

    /// The bar that opens at `open_time` and holds what was added; at least one base bar must have been.
    /// A sum that its type can't hold is null.
    pub(crate) fn bar(&self, open_time: Timestamp) -> Bar {
        let or_null = |x: f64| if x.is_finite() { x } else { NULL };
        let vwap = if self.volume > 0.0 { self.vwap_volume / self.volume } else { NULL };
        Bar {
            open_time,
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: or_null(self.volume),
            vwap: or_null(vwap),
            trade_count: if self.counted { self.trade_count } else { NULL_COUNT },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::{Label, Record};

    const AT: Timestamp = Timestamp::from_nanos(0);

    fn bar(volume: Option<f64>, vwap: Option<f64>, trade_count: Option<i64>) -> Bar {
        let row = Record {
            label: Label::Open(AT),
            open: 2.0,
            high: 3.0,
            low: 1.0,
            close: 2.5,
            volume,
            vwap,
            trade_count,
        };
        Bar::new(AT, &row).unwrap()
    }

    fn fold(bars: &[Bar]) -> Bar {
        let (mut fold, mut at_once) = (Fold::EMPTY, Fold::EMPTY);
        bars.iter().for_each(|b| fold.add(b));
        at_once.add_all(bars);
        assert!(fold.bar(AT).is_same(&at_once.bar(AT)) && fold.n_base == at_once.n_base);
        for cut in 0..=bars.len() {
            let mut appended = Fold::EMPTY;
            for part in [&bars[..cut], &bars[cut..]] {
                let mut newer = Fold::EMPTY;
                newer.add_all(part);
                appended.append(&newer, part);
            }
            assert!(fold.bar(AT).is_same(&appended.bar(AT)) && fold.n_base == appended.n_base);
        }
        fold.bar(AT)
    }

    #[test]
    fn vwap_is_weighted_by_volume() {
        // (100·10 + 103·20) / 30 = 102
        let out = fold(&[bar(Some(10.0), Some(100.0), Some(3)), bar(Some(20.0), Some(103.0), Some(4))]);
        assert_eq!((out.vwap(), out.volume(), out.trade_count()), (Some(102.0), Some(30.0), Some(7)));
    }

    #[test]
    fn one_missing_value_makes_the_column_null() {
        let full = bar(Some(10.0), Some(2.0), Some(3));
        assert_eq!(fold(&[full, bar(None, Some(2.0), Some(1))]).volume(), None);
        assert_eq!(fold(&[full, bar(None, Some(2.0), Some(1))]).vwap(), None);
        assert_eq!(fold(&[full, bar(Some(1.0), None, Some(1))]).vwap(), None);
        assert_eq!(fold(&[full, bar(Some(1.0), Some(2.0), None)]).trade_count(), None);
        assert_eq!(fold(&[bar(None, None, None), full]).trade_count(), None);
    }

    #[test]
    fn a_minute_without_volume_does_not_null_vwap() {
        let out = fold(&[bar(Some(10.0), Some(2.0), Some(3)), bar(Some(0.0), None, Some(0))]);
        assert_eq!((out.vwap(), out.volume()), (Some(2.0), Some(10.0)));
        assert_eq!(fold(&[bar(Some(0.0), Some(2.0), Some(0))]).vwap(), None);
    }

    #[test]
    fn a_sum_that_can_not_be_held_is_null() {
        let huge = bar(Some(1e308), Some(1e200), Some(i64::MAX));
        let out = fold(&[huge, huge]);
        assert_eq!((out.volume(), out.vwap(), out.trade_count()), (None, None, None));
    }

    #[test]
    fn sums_are_taken_bar_by_bar() {
        let out = fold(&[0.1, 0.2, 0.3, 0.4, 0.6].map(|volume| bar(Some(volume), Some(1.0), None)));
        assert_eq!(out.volume(), Some(0.1 + 0.2 + 0.3 + 0.4 + 0.6));
        // Halves that are summed apart say something else.
        assert_ne!(out.volume(), Some((0.1 + 0.2) + (0.3 + 0.4 + 0.6)));
    }

    #[test]
    fn nulls_have_one_bit_pattern() {
        let out = fold(&[bar(None, None, None), bar(Some(1.0), None, None)]);
        assert_eq!(out.volume.to_bits(), NULL.to_bits());
        assert_eq!(out.vwap.to_bits(), NULL.to_bits());
    }
}
