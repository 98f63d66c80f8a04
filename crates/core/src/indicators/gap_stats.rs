//! Gaps between a close and the next open: their mean, and how many went which way.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::parts::{Lag, Sum, Window};
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Mean and counts of the last n gaps.
#[derive(Debug, Clone)]
pub struct GapStats {
    before: Option<f64>,
    sum: Window<Sum>,
    gaps: Lag,
    counts: Counts,
    n: f64,
    threshold: f64,
}

/// How many gaps were large, up and down.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    large: u32,
    up: u32,
    down: u32,
}

impl Counts {
    #[inline]
    fn one(gap: f64, threshold: f64) -> Self {
        Self { large: (gap.abs() > threshold).into(), up: (gap > 0.0).into(), down: (gap < 0.0).into() }
    }

    #[inline(always)]
    fn plus(self, gap: Self) -> Self {
        Self { large: self.large + gap.large, up: self.up + gap.up, down: self.down + gap.down }
    }

    /// Never more than was added; damaged bytes may say otherwise.
    #[inline]
    fn less(self, gap: Self) -> Self {
        Self {
            large: self.large.saturating_sub(gap.large),
            up: self.up.saturating_sub(gap.up),
            down: self.down.saturating_sub(gap.down),
        }
    }
}

impl GapStats {
    /// Over `n` gaps, at least 1; those of more than `threshold` are large.
    pub fn new(n: u32, threshold: f64) -> Self {
        let (n, span) = (n.max(1), n.max(1) as usize);
        Self {
            before: None,
            sum: Window::new(span),
            gaps: Lag::new(span),
            counts: Counts::default(),
            n: n.into(),
            threshold,
        }
    }

    /// The counts with `gap` and without the one that leaves for it.
    #[inline]
    fn counts_after(&self, gap: f64) -> Counts {
        let counts = self.counts.plus(Counts::one(gap, self.threshold));
        self.gaps.before().map_or(counts, |leaves| counts.less(Counts::one(leaves, self.threshold)))
    }

    #[inline]
    fn write(&self, sum: f64, counts: Counts, out: &mut [f64]) {
        out.copy_from_slice(&[sum / self.n, counts.large.into(), counts.up.into(), counts.down.into()]);
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "gap_stats",
    title: "gaps between close and open",
    inputs: Inputs::Columns("OC"),
    params: &[Param::count("period", 1, 30), Param::real("threshold", 0.0, 1e12, 0.01)],
    outputs: GapStats::OUTPUTS,
    formula: "gap = open - close before; of the last n gaps avg_gap is the mean, gap_count how many are \
              larger than threshold either way, up and down how many are above and below 0",
    conventions: "first value at row n; the threshold is in units of price; historical: on closed days \
                  of prior sessions",
    reference: "exact",
    peers: "none has it",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(GapStats::new(args.count("period"), args.real("threshold")))),
};

impl Indicator for GapStats {
    const OUTPUTS: &'static [&'static str] = &["avg_gap", "gap_count", "up", "down"];

    #[inline(always)]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        let Some(before) = self.before.replace(closed.close) else {
            out.fill(NULL);
            return;
        };
        let gap = closed.open - before;
        self.counts = self.counts_after(gap);
        self.gaps.push(gap);
        let sum = self.sum.push(gap);
        if self.sum.is_full() { self.write(sum, self.counts, out) } else { out.fill(NULL) }
    }

    #[inline(always)]
    fn peek(&self, forming: &Bar, out: &mut [f64]) {
        match self.before {
            Some(before) if self.sum.would_be_full() => {
                let gap = forming.open - before;
                self.write(self.sum.peek(gap), self.counts_after(gap), out);
            }
            _ => out.fill(NULL),
        }
    }

    fn warm_up(&self) -> WarmUp {
        WarmUp::exact(self.sum.span() as u32)
    }

    fn reset(&mut self, why: Reset) {
        if why == Reset::Start {
            self.before = None;
            self.sum.reset();
            self.gaps.reset();
            self.counts = Counts::default();
        }
    }

    fn save(&self, to: &mut Bytes) {
        to.option(self.before);
        self.sum.save(to);
        self.gaps.save(to);
        for count in [self.counts.large, self.counts.up, self.counts.down] {
            to.u32(count);
        }
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.before = from.option()?;
        self.sum.restore(from)?;
        self.gaps.restore(from)?;
        let mut count = || from.at_most("gap count", self.sum.span()).map(|count| count as u32);
        self.counts = Counts { large: count()?, up: count()?, down: count()? };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_that_leaves_the_window_is_no_longer_counted() {
        let mut stats = GapStats::new(2, 0.5);
        let mut told = Vec::new();
        for gap in [1.0, 0.25, -2.0, 0.0] {
            stats.counts = stats.counts_after(gap);
            stats.gaps.push(gap);
            told.push((stats.counts.large, stats.counts.up, stats.counts.down));
        }
        assert_eq!(told, [(1, 1, 0), (1, 2, 0), (1, 1, 1), (1, 0, 1)]);
    }
}
