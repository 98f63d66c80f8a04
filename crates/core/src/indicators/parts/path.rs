//! The way that values went over the last n changes: the sum of their sizes.

use crate::indicators::contract::WarmUp;
use crate::snapshot::{Bytes, Read, SnapshotError};

use super::filter::Filter;
use super::lag::Lag;
use super::window::{Sum, Window};

/// Σ|change| over the last n changes; fed with |change|.
#[derive(Debug, Clone)]
pub enum Path {
    /// A window that never subtracts.
    Exact(Window<Sum>),
    /// TA-Lib's running sum.
    Running(Running),
}

/// What leaves is subtracted, so the rounding of a large change stays until n changes in a row were none.
#[derive(Debug, Clone)]
pub struct Running {
    sum: f64,
    changes: Lag,
    /// Changes in a row that were none, up to n.
    still: u32,
}

impl Running {
    fn new(n: u32) -> Self {
        Self { sum: 0.0, changes: Lag::new(n as usize), still: 0 }
    }

    /// The sum, and how many changes in a row were none, with `change` the next.
    #[inline(always)]
    fn next(&self, change: f64) -> (f64, u32) {
        let n = self.changes.span() as u32;
        let still = if change == 0.0 { n.min(self.still + 1) } else { 0 };
        let rest = self.changes.before().map_or(self.sum, |oldest| self.sum - oldest);
        (if still == n { 0.0 } else { rest + change }, still)
    }
}

impl Path {
    /// Over `n` changes, at least 1.
    pub fn new(n: u32, is_exact: bool) -> Self {
        let n = n.max(1);
        if is_exact { Self::Exact(Window::new(n as usize)) } else { Self::Running(Running::new(n)) }
    }
}

impl Filter for Path {
    type Value = f64;

    #[inline(always)]
    fn push(&mut self, change: f64) -> Option<f64> {
        match self {
            Self::Exact(window) => {
                let sum = window.push(change);
                window.is_full().then_some(sum)
            }
            Self::Running(running) => {
                (running.sum, running.still) = running.next(change);
                running.changes.push(change);
                running.changes.before().map(|_| running.sum)
            }
        }
    }

    #[inline(always)]
    fn peek(&self, change: f64) -> Option<f64> {
        match self {
            Self::Exact(window) => window.would_be_full().then(|| window.peek(change)),
            Self::Running(running) => running.changes.is_full_with_next().then(|| running.next(change).0),
        }
    }

    fn warm_up(&self) -> WarmUp {
        let n = match self {
            Self::Exact(window) => window.span(),
            Self::Running(running) => running.changes.span(),
        };
        WarmUp::exact(n as u32 - 1)
    }

    fn reset(&mut self) {
        match self {
            Self::Exact(window) => window.reset(),
            Self::Running(running) => {
                (running.sum, running.still) = (0.0, 0);
                running.changes.reset();
            }
        }
    }

    fn save(&self, to: &mut Bytes) {
        match self {
            Self::Exact(window) => window.save(to),
            Self::Running(running) => {
                to.f64(running.sum);
                to.u32(running.still);
                running.changes.save(to);
            }
        }
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        match self {
            Self::Exact(window) => window.restore(from),
            Self::Running(running) => {
                running.sum = from.f64()?;
                running.still = from.at_most("still changes", running.changes.span())? as u32;
                running.changes.restore(from)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_change_stays_in_a_running_sum_until_all_is_still() {
        let (mut exact, mut running) = (Path::new(2, true), Path::new(2, false));
        let changes = [1.0, 0.1, 1e17, 0.3, 0.4, 0.0, 0.0];
        let sums = changes.map(|change| (exact.push(change), running.push(change)));
        assert_eq!(sums[0], (None, None));
        assert_eq!(sums[1], (Some(1.1), Some(1.1)));
        assert_eq!(sums[4], (Some(0.7), Some(0.4)));
        assert_eq!(sums[6], (Some(0.0), Some(0.0)));
    }
}
