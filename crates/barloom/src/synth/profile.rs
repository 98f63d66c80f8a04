//! A session laid out: when its base bars open, and how busy each is.

use barloom_core::{Interval, Session, Timestamp};
use jiff::tz::TimeZone;

/// One base bar of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// What its row is labelled by.
    pub(super) opens: Timestamp,
    /// Its activity; the mean over a session is about 1.
    pub(super) activity: f64,
    /// The square root of that: how much further prices move.
    pub(super) spread: f64,
    /// Whether no interval of 2, 3 or 5 of anything ends with it, so that a correction finds every bucket open.
    pub(super) is_inner: bool,
}

/// The base bars of a session's regular hours.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) slots: Vec<Slot>,
    /// 1 over the square root of their number.
    pub(super) scale: f64,
}

impl Profile {
    /// Lays `session` out anew.
    pub(super) fn lay_out(&mut self, session: &Session, base: Interval, zone: &TimeZone) {
        self.slots.clear();
        let Some(step) = base.nanos() else {
            let midnight = session.date().to_zoned(zone.clone()).ok();
            let opens = midnight.and_then(|at| Timestamp::from_jiff(at.timestamp()));
            let opens = opens.unwrap_or(session.open());
            self.slots.push(Slot { opens, activity: 1.0, spread: 1.0, is_inner: false });
            self.scale = 1.0;
            return;
        };
        for segment in session.regular() {
            let n = segment.close.since(segment.open) / step;
            self.slots.extend((0..n).map(|k| {
                let nth = k + 1;
                Slot {
                    opens: segment.open.saturating_add(k * step),
                    activity: 1.0,
                    spread: 1.0,
                    is_inner: nth < n && nth % 2 != 0 && nth % 3 != 0 && nth % 5 != 0,
                }
            }));
        }
        let n = self.slots.len() as f64;
        for (k, slot) in self.slots.iter_mut().enumerate() {
            slot.activity = activity((k as f64 + 0.5) / n);
            slot.spread = slot.activity.sqrt();
        }
        self.scale = 1.0 / n.sqrt();
    }
}

/// How busy a session is when the share `x` of it has passed: a U, steep at the open, less so at the close.
fn activity(x: f64) -> f64 {
    let from_middle = 2.0 * x - 1.0;
    let (u, left) = (from_middle * from_middle, 1.0 - x);
    let (open, close) = (left * left * left * left, x * x * x * x);
    0.45 + 0.9 * u + 3.0 * open * open * open * open * open + 1.5 * close * close * close * close * close
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_is_busiest_then_the_close_and_noon_is_quiet() {
        let n = 390;
        let all: Vec<f64> = (0..n).map(|k| activity((f64::from(k) + 0.5) / f64::from(n))).collect();
        let mean = all.iter().sum::<f64>() / f64::from(n);
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
        assert!(all[0] > 3.0 && all[389] > 2.0 && all[0] > all[389] && all[195] < 0.5);
    }
}
