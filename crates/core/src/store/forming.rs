//! The bar that is not closed yet: folded on demand from the base bars a view shows, so it costs nothing until asked for.

use super::view::View;
use crate::bar::Bar;
use crate::derive::{BucketAt, Fold, bucket_at};
use crate::interval::Interval;
use crate::symbol::SymbolId;
use crate::time::Timestamp;

/// A bar on its way, as far as its base bars are visible.
#[derive(Debug, Clone, Copy)]
pub struct FormingBar {
    /// Open time and values so far.
    pub bar: Bar,
    /// First instant after the bar; later than the view's now.
    pub close_time: Timestamp,
    /// Base bars in it so far.
    pub n_base: u32,
    /// Base bars that the calendar has in it.
    pub n_expected: u32,
}

impl FormingBar {
    pub(super) fn of(view: &View<'_>, symbol: SymbolId, interval: Interval) -> Option<Self> {
        let rules = view.data().rules();
        // A week's finished sessions are not all retained.
        if matches!(interval, Interval::WEEK | Interval::MONTH) || interval == rules.base {
            return None;
        }
        // A base bar would lie in two buckets.
        if !rules.base.divides(interval) {
            return None;
        }
        let base = view.series(symbol, rules.base)?;
        let bars = base.bars();
        let last = Timestamp::from_nanos(*bars.open_time().last()?);
        let BucketAt { open, close, expected, .. } = bucket_at(rules, interval, last)?;
        if close <= view.now() {
            return None;
        }
        let from = bars.open_time().partition_point(|&at| at < open.as_nanos());
        let mut fold = Fold::EMPTY;
        bars.rows(from..bars.len()).iter().for_each(|bar| fold.add(&bar));
        Some(Self { bar: fold.bar(open), close_time: close, n_base: fold.n_base, n_expected: expected })
    }
}
