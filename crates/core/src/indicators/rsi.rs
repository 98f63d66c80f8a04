//! Relative strength index: the share of rising in all movement, by Wilder's averages.

use super::contract::WarmUp;
use super::parts::{Filter, Last, lane_of};
use super::spec::{Entry, Inputs, Param, anything};
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Wilder's averages of rises and falls, in the order of TA-Lib's operations: where nothing moves, both fade, and what is left
/// of their ratio's rounding is told apart by indicators of the RSI.
#[derive(Debug, Clone)]
pub struct Moves {
    n: u32,
    /// Changes seen, up to n.
    seen: u32,
    /// n − 1 and 1/n.
    weights: [f64; 2],
    /// Sums until n changes are seen, then averages.
    gain: f64,
    loss: f64,
    before: Last,
}

impl Moves {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        let n = n.max(1);
        let weights = [f64::from(n - 1), 1.0 / f64::from(n)];
        Self { n, seen: 0, weights, gain: 0.0, loss: 0.0, before: Last::default() }
    }

    /// Both with the change from `before` to `value`: of a rise and a fall one is 0.
    #[inline(always)]
    fn next(&self, before: f64, value: f64) -> [f64; 2] {
        let change = value - before;
        let rise = if change > 0.0 { change } else { 0.0 };
        let (sums, n) = ([self.gain, self.loss], f64::from(self.n));
        let next = |sum: f64, new: f64| {
            if self.seen == self.n {
                (sum * self.weights[0] + new) * self.weights[1]
            } else if self.seen + 1 == self.n {
                (sum + new) / n
            } else {
                sum + new
            }
        };
        [next(sums[0], rise), next(sums[1], rise - change)]
    }
}

impl Filter for Moves {
    type Value = [f64; 2];

    #[inline(always)]
    fn push(&mut self, value: f64) -> Option<[f64; 2]> {
        let before = self.before.push(value)?;
        let next = self.next(before, value);
        [self.gain, self.loss] = next;
        self.seen += u32::from(self.seen < self.n);
        (self.seen == self.n).then_some(next)
    }

    #[inline(always)]
    fn peek(&self, value: f64) -> Option<[f64; 2]> {
        let before = self.before.value()?;
        (self.seen + 1 >= self.n).then(|| self.next(before, value))
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::fading(self.n, 1.0 - self.weights[1])
    }

    fn reset(&mut self) {
        (self.seen, self.gain, self.loss) = (0, 0.0, 0.0);
        self.before.reset();
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.f64s(&[self.gain, self.loss]);
        self.before.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("changes seen", self.n as usize)? as u32;
        (self.gain, self.loss) = (from.f64()?, from.f64()?);
        self.before.restore(from)
    }
}

/// 100·gain/(gain + loss) of the averages of rises and falls.
#[derive(Debug, Clone)]
pub struct Rsi(Moves);

impl Rsi {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32) -> Self {
        Self(Moves::new(n))
    }
}

#[inline]
fn index([gain, loss]: [f64; 2]) -> f64 {
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
    told_by!(index);
}
