//! Jumps that look like splits.
//!
//! The rule: from the last close of a session to the first open of the symbol's next one the price changes by a ratio that is within
//! 3 % of a usual split's, one way or the other, and by at least five times the range of the session before. A market that moves as
//! much by itself is left alone; a split below 3:2 is not found, for markets move by that.

/// Usual splits, new shares for old ones.
const RATIOS: [(u32, u32); 15] = [
    (3, 2),
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (6, 1),
    (7, 1),
    (8, 1),
    (10, 1),
    (15, 1),
    (20, 1),
    (25, 1),
    (30, 1),
    (50, 1),
    (100, 1),
];
const NEAR: f64 = 0.03;
const TIMES_THE_RANGE: f64 = 5.0;

/// The prices that a session left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
}

/// The split that an `open` after `left` looks like, as new shares for old ones.
pub(super) fn like(left: &Left, open: f64) -> Option<(u32, u32)> {
    let Left { high, low, close } = *left;
    if !(low > 0.0 && close > 0.0 && open > 0.0) {
        return None;
    }
    let (change, is_reverse) = if open < close { (close / open, false) } else { (open / close, true) };
    let is_more = change - 1.0 >= TIMES_THE_RANGE * (high / low - 1.0);
    let near = |&(new, old): &(u32, u32)| {
        let ratio = f64::from(new) / f64::from(old);
        is_more && (change / ratio - 1.0).abs() <= NEAR
    };
    let found = RATIOS.iter().copied().find(near);
    found.map(|(new, old)| if is_reverse { (old, new) } else { (new, old) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_near_a_ratio_and_beyond_the_range_is_one() {
        let left = Left { high: 102.0, low: 99.0, close: 100.0 };
        for (open, split) in [
            (50.5, (2, 1)),
            (33.0, (3, 1)),
            (67.0, (3, 2)),
            (25.1, (4, 1)),
            (10.0, (10, 1)),
            (1010.0, (1, 10)),
        ] {
            assert_eq!(like(&left, open), Some(split), "{open}");
        }
        for open in [100.0, 80.0, 44.0, 55.0, 125.0, 0.0, -50.0] {
            assert_eq!(like(&left, open), None, "{open}");
        }
        // The session before moved by a third itself.
        assert_eq!(like(&Left { high: 130.0, ..left }, 50.0), None);
    }
}
