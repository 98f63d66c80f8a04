//! Relative strength index: the share of rising in all movement, by Wilder's averages.

use super::contract::{NULL, WarmUp};
use super::parts::{Average, Filter, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// 100·gain/(gain + loss) of Wilder's averages of rises and falls.
#[derive(Debug, Clone)]
pub struct Rsi {
    gain: Average,
    loss: Average,
    /// The value before; the null at the start.
    before: f64,
}

impl Rsi {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        Self { gain: Average::wilder(n), loss: Average::wilder(n), before: NULL }
    }
}

/// The rise and the fall from one value to the next; one of them is 0.
#[inline]
fn moves(before: f64, value: f64) -> (f64, f64) {
    let change = value - before;
    if change > 0.0 { (change, 0.0) } else { (0.0, -change) }
}

#[inline]
fn index(gain: f64, loss: f64) -> f64 {
    let all = gain + loss;
    if all > 0.0 { 100.0 * (gain / all) } else { 0.0 }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "rsi",
    title: "relative strength index",
    inputs: Inputs::Source,
    params: &[Param::count("period", 1, 14), Param::SOURCE],
    outputs: &[""],
    formula: "100·g/(g+l), g and l Wilder's averages of rises and falls: y = (y·(n-1)+x)/n",
    conventions: "seeded with the means of the first n changes, at row n; no movement at all gives 0",
    reference: "TA-Lib RSI; J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| lane_of(args.source("source"), Rsi::new(args.count("period"))),
};

impl Filter for Rsi {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<f64> {
        let before = std::mem::replace(&mut self.before, value);
        if before.is_nan() {
            return None;
        }
        let (rise, fall) = moves(before, value);
        let (gain, loss) = (self.gain.push(rise), self.loss.push(fall));
        Some(index(gain?, loss?))
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<f64> {
        if self.before.is_nan() {
            return None;
        }
        let (rise, fall) = moves(self.before, value);
        Some(index(self.gain.peek(rise)?, self.loss.peek(fall)?))
    }

    fn warm_up(&self) -> WarmUp {
        self.gain.warm_up().after(1)
    }

    fn reset(&mut self) {
        self.gain.reset();
        self.loss.reset();
        self.before = NULL;
    }

    fn save(&self, to: &mut Bytes) {
        self.gain.save(to);
        self.loss.save(to);
        to.f64(self.before);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.gain.restore(from)?;
        self.loss.restore(from)?;
        self.before = from.f64()?;
        Ok(())
    }
}
