//! What a law came to for one symbol, and at which points of the data laws look.

use barloom_core::Timestamp;

use super::report::Shown;

/// How many points of the data are looked at: the input cut, state saved.
pub(super) const POINTS: usize = 24;

/// The point numbered `k`, from 1 to [`POINTS`], of `n` rows: how many lie before it. They are spread evenly, a little
/// off, so that they fall into buckets and sessions and not only between them.
pub(super) fn point(n: usize, k: usize) -> usize {
    (k * n / (POINTS + 1) + k % 7).min(n)
}

/// The points with a row before and behind them, ascending.
pub(super) fn points(n: usize) -> Vec<usize> {
    let mut points: Vec<usize> = (1..=POINTS).map(|k| point(n, k)).filter(|&at| at > 0 && at < n).collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// What a law came to for one symbol.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Values that were compared, nulls on both sides not counted.
    pub(super) compared: u64,
    /// Values that differ where the data hardly moves, which says nothing.
    pub(super) excused: u64,
    /// The first that broke it.
    pub(super) broken: Option<Broken>,
}

/// A bar on which a law is broken.
#[derive(Debug)]
pub(super) struct Broken {
    /// When it opens.
    pub(super) open_time: Option<Timestamp>,
    /// The output, or the field; empty where neither is to blame.
    pub(super) output: String,
    pub(super) expected: Shown,
    pub(super) got: Shown,
    pub(super) how: String,
}

impl Found {
    /// Keeps the first that broke it.
    pub(super) fn break_with(&mut self, broken: impl FnOnce() -> Broken) {
        self.broken.get_or_insert_with(broken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_inside_and_ascend() {
        for n in [0, 1, 2, 5, 24, 25, 100, 3_000, 45_031] {
            let points = points(n);
            assert!(points.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(points.iter().all(|&at| at > 0 && at < n), "{n}: {points:?}");
            assert!(points.len() >= n.saturating_sub(1).min(POINTS) / 3, "{n}: {points:?}");
        }
    }

    #[test]
    fn most_points_lie_inside_buckets() {
        let inside = points(3_000).iter().filter(|&at| !at.is_multiple_of(5)).count();
        assert!(inside > POINTS / 2, "{inside}");
    }
}
