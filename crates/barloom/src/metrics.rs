//! How long each stage of a run takes and how often it runs; what waits; where rows went. Readable while the run goes on.
//!
//! Counts are exact. A data-driven run takes the time of one step in [`SAMPLED`], as a clock read for each would cost more than
//! the step; a clock-driven one of every step.
//!
//! Each thread records its stages for itself; [`PerformanceMetrics`] puts them together when it is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use barloom_core::derive::Counts;
use hdrhistogram::Histogram;

use crate::clock::Stopwatch;
use crate::subscription::Opener;

/// One step in so many is timed in a data-driven run; a prime, so that no minute of the hour is left out.
pub const SAMPLED: u64 = 61;

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Merging sources into an input.
    Coordinator,
    /// From the coordinator's opening a step until a worker takes it; on one thread there is none.
    ToProcessor,
    /// Derivation, indicators and store.
    Processor,
    /// From the last worker's end of a step until a subscriber's thread takes it; on one thread there is none.
    ToAnalysis,
    /// The subscribers.
    Analysis,
}

impl Stage {
    /// Every stage with its name in summaries.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::Coordinator, "coordinator"),
        (Self::ToProcessor, "coordinator_to_processor"),
        (Self::Processor, "processor"),
        (Self::ToAnalysis, "processor_to_analysis"),
        (Self::Analysis, "analysis"),
    ];

    /// Its name in summaries.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }
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

/// The longest duration told apart, in nanoseconds: a minute.
const LONGEST: u64 = 60_000_000_000;

/// Times that wait while somebody reads those that were taken before.
const WAITING: usize = 64;

/// What a recorder and its readers share.
#[derive(Debug)]
struct Recorded {
    stage: Stage,
    count: AtomicU64,
    /// `None` where no histogram could be made.
    taken: Mutex<Option<Histogram<u64>>>,
}

impl Recorded {
    fn taken(&self) -> MutexGuard<'_, Option<Histogram<u64>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Times one stage on one thread.
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Recorded>,
    count: u64,
    /// One run in so many is timed; the next one of those after `skip` more.
    every: u64,
    skip: u64,
    waiting: [u64; WAITING],
    waits: usize,
}

impl Recorder {
    /// A stopwatch for the next run, if it is one of those timed; counts it.
    #[inline]
    pub(crate) fn start(&mut self) -> Option<Stopwatch> {
        self.note().then(Stopwatch::start)
    }

    /// Counts a run; whether it is one of those timed.
    #[inline]
    fn note(&mut self) -> bool {
        self.count += 1;
        // Relaxed: it is the only writer, and readers want no more than a count.
        self.shared.count.store(self.count, Ordering::Relaxed);
        match self.skip.checked_sub(1) {
            Some(left) => {
                self.skip = left;
                false
            }
            None => {
                self.skip = self.every - 1;
                true
            }
        }
    }

    /// The run that `watch` was started for is done.
    #[inline]
    pub(crate) fn stop(&mut self, watch: Option<Stopwatch>) {
        if let Some(watch) = watch {
            self.take(watch);
        }
    }

    /// Counts a run; takes its time where `watch` was started for it.
    #[inline]
    pub(crate) fn record(&mut self, watch: Option<Stopwatch>) {
        self.note();
        self.stop(watch);
    }

    #[cold]
    fn take(&mut self, watch: Stopwatch) {
        self.waiting[self.waits] = u64::try_from(watch.elapsed().as_nanos()).unwrap_or(LONGEST);
        self.waits += 1;
        // Who reads is not waited for, unless it takes as long as all those steps.
        if self.waits == WAITING {
            self.flush(&mut self.shared.clone().taken());
        } else if let Ok(mut taken) = self.shared.clone().taken.try_lock() {
            self.flush(&mut taken);
        }
    }

    fn flush(&mut self, taken: &mut Option<Histogram<u64>>) {
        for &time in &self.waiting[..self.waits] {
            taken.iter_mut().for_each(|taken| taken.saturating_record(time));
        }
        self.waits = 0;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush(&mut self.shared.clone().taken());
    }
}

/// Where a shard's rows went, as of the last input that was timed, and in the end.
#[derive(Debug, Default)]
pub(crate) struct ShardCounts([AtomicU64; 6]);

impl ShardCounts {
    /// Writes what `counts` says.
    #[inline]
    pub(crate) fn set(&self, counts: &Counts) {
        let Counts { accepted, corrected, duplicate, late, invalid, out_of_session } = *counts;
        let now = [accepted, corrected, duplicate, late, invalid, out_of_session];
        // Relaxed: there is one writer, and a reader may see them in the middle of an input.
        self.0.iter().zip(now).for_each(|(own, now)| own.store(now, Ordering::Relaxed));
    }

    fn get(&self) -> Counts {
        let [accepted, corrected, duplicate, late, invalid, out_of_session] =
            std::array::from_fn(|place| self.0[place].load(Ordering::Relaxed));
        Counts { accepted, corrected, duplicate, late, invalid, out_of_session }
    }
}

/// What is counted of steps on their way.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Overruns.
    pub(crate) overruns: AtomicU64,
    /// Steps that were opened, or had to wait, while a subscriber that may lag was as far behind as it may be.
    pub(crate) backpressure: AtomicU64,
    /// Steps that were published.
    pub(crate) published: AtomicU64,
    /// The most that were not finished.
    pub(crate) deepest: AtomicU64,
}

/// The metrics of a run. A clone reads the same run.
#[derive(Clone, Default)]
pub struct PerformanceMetrics(Arc<All>);

#[derive(Default)]
struct All {
    stages: Mutex<Vec<Arc<Recorded>>>,
    shards: Mutex<Vec<Arc<ShardCounts>>>,
    flow: Flow,
    /// Those who finish steps.
    parts: Mutex<Vec<(Stage, Opener)>>,
    /// Whether every step is timed.
    is_every: std::sync::atomic::AtomicBool,
}

impl PerformanceMetrics {
    /// Times every step from now on.
    pub(crate) fn time_every(&self) {
        self.0.is_every.store(true, Ordering::Relaxed);
    }

    /// Whether every step is timed, or one in [`SAMPLED`].
    pub fn is_every_timed(&self) -> bool {
        self.0.is_every.load(Ordering::Relaxed)
    }

    /// One more recorder of `stage`, for a thread.
    pub(crate) fn recorder(&self, stage: Stage) -> Recorder {
        let taken = Mutex::new(Histogram::new_with_bounds(1, LONGEST, 3).ok());
        let shared = Arc::new(Recorded { stage, count: AtomicU64::new(0), taken });
        self.0.stages.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&shared));
        let every = if self.is_every_timed() { 1 } else { SAMPLED };
        Recorder { shared, count: 0, every, skip: 0, waiting: [0; WAITING], waits: 0 }
    }

    /// One more shard's counts.
    pub(crate) fn shard(&self) -> Arc<ShardCounts> {
        let counts = Arc::new(ShardCounts::default());
        self.0.shards.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counts));
        counts
    }

    /// One more part that finishes the steps of `stage`.
    pub(crate) fn watch(&self, stage: Stage, part: Opener) {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner).push((stage, part));
    }

    pub(crate) fn flow(&self) -> &Flow {
        &self.0.flow
    }

    /// What is known of `stage`, over all its threads.
    pub fn summary(&self, stage: Stage) -> StageSummary {
        let all = self.0.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut count, mut merged) = (0, None::<Histogram<u64>>);
        for own in all.iter().filter(|own| own.stage == stage) {
            count += own.count.load(Ordering::Relaxed);
            let Some(taken) = own.taken().clone() else { continue };
            match &mut merged {
                // Invariant: all have the same bounds.
                Some(merged) => drop(merged.add(taken)),
                None => merged = Some(taken),
            }
        }
        let Some(taken) = merged.filter(|taken| !taken.is_empty()) else {
            return StageSummary { count, ..StageSummary::default() };
        };
        StageSummary {
            count,
            timed: taken.len(),
            min: taken.min(),
            mean: taken.mean(),
            p50: taken.value_at_quantile(0.5),
            p99: taken.value_at_quantile(0.99),
            p999: taken.value_at_quantile(0.999),
            max: taken.max(),
        }
    }

    /// Where the rows went that were taken up to the last step that was timed, and in the end all of them.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let shards = self.0.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.iter().for_each(|shard| counts.merge(&shard.get()));
        counts
    }

    /// Overruns of a clock-driven run.
    pub fn overruns(&self) -> u64 {
        self.flow().overruns.load(Ordering::Relaxed)
    }

    /// Steps at which a subscriber that may lag was as far behind as it may be.
    pub fn backpressure(&self) -> u64 {
        self.flow().backpressure.load(Ordering::Relaxed)
    }

    /// The last step, an input's number from 1, that all of a stage have finished: [`Stage::Processor`] or [`Stage::Analysis`], of
    /// which those that follow are no part. 0 for any other, and for a run on one thread.
    pub fn finished(&self, stage: Stage) -> u64 {
        let parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = parts.iter().filter(|(of, _)| *of == stage);
        own.map(|(_, part)| part.done()).min().unwrap_or_default()
    }

    /// Steps that were published and are not finished.
    pub fn queue_depth(&self) -> u64 {
        let finished = self.finished(Stage::Analysis);
        self.flow().published.load(Ordering::Relaxed).saturating_sub(finished)
    }

    /// The most steps that were published and not finished at once.
    pub fn deepest_queue(&self) -> u64 {
        self.flow().deepest.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for PerformanceMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(Stage::NAMES.map(|(stage, name)| (name, self.summary(stage)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_and_one_in_sixty_one_is_timed() {
        let metrics = PerformanceMetrics::default();
        let mut recorder = metrics.recorder(Stage::Processor);
        for _ in 0..123 {
            let watch = recorder.start();
            recorder.stop(watch);
        }
        let summary = metrics.summary(Stage::Processor);
        assert_eq!((summary.count, summary.timed), (123, 3));
        assert!(summary.min <= summary.p50 && summary.p50 <= summary.p99 && summary.p99 <= summary.max);
        assert_eq!(metrics.summary(Stage::Analysis), StageSummary::default());
    }

    #[test]
    fn the_threads_of_a_stage_are_put_together_and_nothing_is_lost_to_a_reader() {
        let metrics = PerformanceMetrics::default();
        metrics.time_every();
        let mut recorders =
            [Stage::Processor, Stage::Processor, Stage::Analysis].map(|stage| metrics.recorder(stage));
        for recorder in &mut recorders {
            let shared = Arc::clone(&recorder.shared);
            // Somebody reads all the while.
            let reading = shared.taken();
            for _ in 0..WAITING - 1 {
                let watch = recorder.start();
                recorder.stop(watch);
            }
            drop(reading);
            assert_eq!(shared.taken().as_ref().map(Histogram::len), Some(0));
            let watch = recorder.start();
            recorder.stop(watch);
        }
        let summaries =
            [Stage::Processor, Stage::Analysis, Stage::Coordinator].map(|stage| metrics.summary(stage));
        assert_eq!(summaries.map(|stage| (stage.count, stage.timed)), [(128, 128), (64, 64), (0, 0)]);
    }

    #[test]
    fn names_are_in_the_order_of_stages() {
        assert!(
            Stage::NAMES
                .iter()
                .enumerate()
                .all(|(place, (stage, name))| *stage as usize == place && stage.name() == *name)
        );
    }
}
