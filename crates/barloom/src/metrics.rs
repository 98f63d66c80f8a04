//! How long each stage of a run takes, and how often.
//!
//! Counts are exact. A data-driven run takes durations of one step in [`SAMPLED`], as a clock read for each would cost more than
//! the step.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::Stopwatch;

/// One step in so many is timed in a data-driven run.
pub const SAMPLED: u64 = 64;

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Merging sources into an input.
    Coordinator,
    /// Derivation, indicators and store.
    Processor,
    /// The subscribers.
    Analysis,
}

impl Stage {
    /// Every stage with its name in summaries.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Coordinator, "coordinator"), (Self::Processor, "processor"), (Self::Analysis, "analysis")];
}

/// The durations of one stage, in nanoseconds.
#[derive(Debug, Clone)]
struct Latency {
    count: u64,
    /// `None` where no histogram could be made.
    taken: Option<Histogram<u64>>,
}

/// What is known of a stage: times in nanoseconds, of the steps that were timed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StageSummary {
    /// How often it ran; exact.
    pub count: u64,
    /// How often it was timed.
    pub timed: u64,
    /// The shortest.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// Half took no longer.
    pub p50: u64,
    /// 99 in 100 took no longer.
    pub p99: u64,
    /// 999 in 1,000 took no longer.
    pub p999: u64,
    /// The longest.
    pub max: u64,
}

/// The metrics of a run.
#[derive(Debug, Clone)]
pub struct PerformanceMetrics {
    stages: [Latency; 3],
}

/// The longest duration told apart, in nanoseconds: a minute.
const LONGEST: u64 = 60_000_000_000;

impl Default for PerformanceMetrics {
    fn default() -> Self {
        let latency = || Latency { count: 0, taken: Histogram::new_with_bounds(1, LONGEST, 3).ok() };
        Self { stages: [latency(), latency(), latency()] }
    }
}

impl PerformanceMetrics {
    /// A stopwatch for the next run of `stage`, if it is one of those timed; counts it.
    #[inline]
    pub fn start(&mut self, stage: Stage) -> Option<Stopwatch> {
        let count = &mut self.stages[stage as usize].count;
        *count += 1;
        (*count % SAMPLED == 1).then(Stopwatch::start)
    }

    /// The run of `stage` that `watch` was started for is done.
    #[inline]
    pub fn stop(&mut self, stage: Stage, watch: Option<Stopwatch>) {
        if let Some(watch) = watch {
            self.record(stage, watch.elapsed());
        }
    }

    fn record(&mut self, stage: Stage, took: Duration) {
        if let Some(taken) = &mut self.stages[stage as usize].taken {
            taken.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(LONGEST));
        }
    }

    /// What is known of `stage`.
    pub fn summary(&self, stage: Stage) -> StageSummary {
        let Latency { count, taken } = &self.stages[stage as usize];
        let Some(taken) = taken.as_ref().filter(|taken| !taken.is_empty()) else {
            return StageSummary { count: *count, ..StageSummary::default() };
        };
        StageSummary {
            count: *count,
            timed: taken.len(),
            min: taken.min(),
            mean: taken.mean(),
            p50: taken.value_at_quantile(0.5),
            p99: taken.value_at_quantile(0.99),
            p999: taken.value_at_quantile(0.999),
            max: taken.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_and_one_in_sixty_four_is_timed() {
        let mut metrics = PerformanceMetrics::default();
        for _ in 0..129 {
            let watch = metrics.start(Stage::Processor);
            metrics.stop(Stage::Processor, watch);
        }
        let summary = metrics.summary(Stage::Processor);
        assert_eq!((summary.count, summary.timed), (129, 3));
        assert!(summary.min <= summary.p50 && summary.p50 <= summary.p99 && summary.p99 <= summary.max);
        assert_eq!(metrics.summary(Stage::Analysis), StageSummary::default());
    }
}
