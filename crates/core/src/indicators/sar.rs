//! Parabolic SAR: a stop that follows a trend faster the further it goes, and turns when it is touched.

use super::contract::WarmUp;
use super::lane::Each;
use super::parts::{BarFilter, OfBar};
use super::spec::{Args, Entry, Inputs, Param};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// How far the stop has come, in the direction of the trend: falling ones are looked at upside down.
#[derive(Debug, Clone, Copy, Default)]
struct Trend {
    is_rising: bool,
    stop: f64,
    extreme: f64,
    factor: f64,
}

/// A bar's high and low.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    high: f64,
    low: f64,
}

impl Range {
    fn of(bar: &Bar) -> Self {
        Self { high: bar.high, low: bar.low }
    }

    /// As a trend in this direction sees it.
    #[inline(always)]
    fn seen(self, is_rising: bool) -> Self {
        if is_rising { self } else { Self { high: -self.low, low: -self.high } }
    }
}

/// The stop of each bar.
#[derive(Debug, Clone)]
pub struct Sar {
    accel: f64,
    most: f64,
    /// Bars seen, up to 2: the first gives the start, the second the direction.
    seen: u32,
    before: Range,
    trend: Trend,
}

impl Sar {
    /// The factor begins with `accel`, grows by it with each new extreme, and ends at `most`.
    pub fn new(accel: f64, most: f64) -> Self {
        Self { accel, most, seen: 0, before: Range::default(), trend: Trend::default() }
    }

    /// The trend that the second bar begins, before it is looked at.
    fn begun(&self, now: Range) -> Trend {
        let (up, down) = (now.high - self.before.high, self.before.low - now.low);
        let is_rising = !(down > 0.0 && down > up);
        let (before, now) = (self.before.seen(is_rising), now.seen(is_rising));
        Trend { is_rising, stop: before.low, extreme: now.high, factor: self.accel }
    }

    /// The bar's stop, and the trend after it.
    #[inline(always)]
    fn next(&self, now: Range) -> (f64, Trend) {
        let (before, trend) = match self.seen {
            1 => (now, self.begun(now)),
            _ => (self.before, self.trend),
        };
        let Trend { is_rising, stop, extreme, factor } = trend;
        let (before, now) = (before.seen(is_rising), now.seen(is_rising));
        let sign = if is_rising { 1.0 } else { -1.0 };
        if now.low <= stop {
            // Turned: the stop is the extreme, outside of this bar and the one before.
            let stop = extreme.max(before.high).max(now.high);
            let next = ((now.low - stop) * self.accel + stop).max(before.high).max(now.high);
            let turned = Trend { is_rising: !is_rising, stop: -next, extreme: -now.low, factor: self.accel };
            return (sign * stop, turned);
        }
        let (extreme, factor) = if now.high > extreme {
            (now.high, (factor + self.accel).min(self.most))
        } else {
            (extreme, factor)
        };
        let next = ((extreme - stop) * factor + stop).min(before.low).min(now.low);
        (sign * stop, Trend { stop: next, extreme, factor, is_rising })
    }
}

fn accel_not_above_max(args: &Args<'_>) -> Result<(), String> {
    let (accel, most) = (args.real("accel"), args.real("max"));
    if accel <= most { Ok(()) } else { Err(format!("accel `{accel}` must not be above max `{most}`")) }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "sar",
    title: "parabolic stop and reverse",
    inputs: Inputs::Columns("HL"),
    params: &[Param::real("accel", 0.0, 1.0, 0.02), Param::real("max", 0.0, 1.0, 0.2)],
    outputs: &[""],
    formula: "stop += (extreme - stop)·factor, factor += accel with each new extreme up to max; touched, the stop becomes the \
              extreme and the trend turns",
    conventions: "first value at row 1; the direction is that of the larger movement from bar 0 to bar 1, rising when they are \
                  equal, the first stop bar 0's low or high; a stop lies outside of its bar and the one before; depends on its \
                  start until the trend has turned, so for ever",
    reference: "TA-Lib SAR; J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    peers: "quantedge-ta starts otherwise: apart by up to 0.3 % until the trend has turned (row 37)",
    has_gaps: false,
    check: accel_not_above_max,
    build: |args| Box::new(Each::new(OfBar(Sar::new(args.real("accel"), args.real("max"))))),
};

impl BarFilter for Sar {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<f64> {
        let now = Range::of(bar);
        let given = (self.seen > 0).then(|| self.next(now));
        self.before = now;
        self.seen = 2.min(self.seen + 1);
        let (stop, trend) = given?;
        self.trend = trend;
        Some(stop)
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<f64> {
        (self.seen > 0).then(|| self.next(Range::of(bar)).0)
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(1)
    }

    fn reset(&mut self) {
        *self = Self::new(self.accel, self.most);
    }

    fn save(&self, to: &mut Bytes) {
        let Trend { is_rising, stop, extreme, factor } = self.trend;
        to.u32(self.seen);
        to.u32(is_rising.into());
        to.f64s(&[self.before.high, self.before.low, stop, extreme, factor]);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("bars seen", 2)? as u32;
        let is_rising = from.at_most("direction", 1)? == 1;
        self.before = Range { high: from.f64()?, low: from.f64()? };
        self.trend = Trend { is_rising, stop: from.f64()?, extreme: from.f64()?, factor: from.f64()? };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_and_turns() {
        let mut sar = Sar::new(0.5, 1.0);
        let range = |high: f64, low: f64| Range { high, low };
        let mut push = |now: Range| {
            let given = (sar.seen > 0).then(|| sar.next(now));
            (sar.before, sar.seen) = (now, 2.min(sar.seen + 1));
            given.map(|(stop, trend)| {
                sar.trend = trend;
                (stop, trend.is_rising)
            })
        };
        assert_eq!(push(range(10.0, 8.0)), None);
        // Rising from the first low, halfway to 12 but not above a low.
        assert_eq!(push(range(12.0, 9.0)), Some((8.0, true)));
        assert_eq!(push(range(14.0, 11.0)), Some((9.0, true)));
        // Touched: the stop is the extreme, and it falls from there on.
        assert_eq!(push(range(13.0, 8.5)), Some((14.0, false)));
    }
}
