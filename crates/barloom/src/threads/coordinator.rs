//! The coordinator's thread: it opens steps, and waits for those who work on them, or for the clock.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use barloom_core::{Symbols, Timestamp};

use super::Ring;
use super::slot::{Saved, StepInput};
use crate::checkpoint::Due;
use crate::clock::{Stopwatch, Timer};
use crate::config::OnOverrun;
use crate::coordinator::{Inputs, Next};
use crate::engine::{Intake, OVERRUNS_LISTED, Outcome, RunError, Shared, Threads};
use crate::journal::JournalError;
use crate::metrics::{Flow, SAMPLED, Stage};
use crate::overrun::OverrunError;
use crate::pace::{Pace, Speed};
use crate::subscription::{Ended, Opener, StreamSubscription};

/// Those who tell.
#[derive(Default)]
pub(super) struct Gates {
    pub(super) lockstep: Vec<StreamSubscription>,
    pub(super) following: Vec<StreamSubscription>,
}

impl Gates {
    fn iter(&self) -> impl Iterator<Item = &StreamSubscription> {
        self.lockstep.iter().chain(&self.following)
    }

    pub(super) fn openers(&self) -> Vec<Opener> {
        self.iter().map(StreamSubscription::opener).collect()
    }
}

pub(super) struct Coordinator<'r, I> {
    intake: Intake<I>,
    threads: Threads,
    timer: Box<dyn Timer>,
    workers: Vec<StreamSubscription>,
    gates: Gates,
    ring: Ring,
    shared: &'r Shared,
    /// Those met, divided into the shards.
    symbols: Arc<Symbols>,
    /// Made at the first step that is due.
    pace: Option<Pace>,
    /// When the last step was due.
    due: Option<Timestamp>,
    /// The last step that was published, and the last one that was opened: what lies between waits for a slot.
    published: u64,
    opened: u64,
    waiting: VecDeque<StepInput>,
    spare: Vec<StepInput>,
    /// Of published steps that are not finished, behind `done`.
    times: VecDeque<Times>,
    done: u64,
    overruns: Vec<OverrunError>,
}

/// How it went.
pub(super) struct Coordinated<I: Inputs> {
    pub(super) intake: Intake<I>,
    pub(super) symbols: Arc<Symbols>,
    pub(super) overruns: Vec<OverrunError>,
    pub(super) outcome: Result<Outcome, RunError<I::Error>>,
}

/// When a step is due.
#[derive(Clone, Copy)]
struct Times {
    /// Its instant.
    at: Timestamp,
    due: Timestamp,
    /// When it was published, which is when it was due unless this thread was held up.
    published: Timestamp,
}

/// The last step that all of `parts` have finished.
fn finished(parts: &[StreamSubscription]) -> u64 {
    parts.iter().map(StreamSubscription::done).min().unwrap_or_default()
}

impl<'r, I: Inputs> Coordinator<'r, I> {
    pub(super) fn new(
        intake: Intake<I>,
        threads: Threads,
        timer: Box<dyn Timer>,
        workers: Vec<StreamSubscription>,
        gates: Gates,
        ring: Ring,
        shared: &'r Shared,
    ) -> Self {
        Self {
            intake,
            threads,
            timer,
            workers,
            gates,
            ring,
            shared,
            symbols: Arc::clone(&shared.begins.symbols),
            pace: None,
            due: None,
            published: 0,
            opened: 0,
            waiting: VecDeque::new(),
            spare: Vec::new(),
            times: VecDeque::new(),
            done: 0,
            overruns: Vec::new(),
        }
    }

    /// Publishes all inputs, or until the run ends otherwise. What was published is opened, all of it, and nothing after it.
    pub(super) fn run(mut self) -> Coordinated<I> {
        let mut outcome = match self.publish_all() {
            Err(RunError::Ended(Ended::Stopped)) => Ok(Outcome::Stopped),
            outcome => outcome,
        };
        // Where a part died it is said already, or by what follows.
        if let Err(ended) = self.drain()
            && outcome.is_ok()
        {
            outcome = Err(ended.into());
        }
        self.workers.iter().chain(self.gates.iter()).for_each(|part| part.close(self.opened));
        if let Ok(Outcome::Ended) = outcome
            && self.shared.stopper.is_ended()
        {
            outcome = Ok(Outcome::Stopped);
        }
        let Self { intake, symbols, overruns, .. } = self;
        Coordinated { intake, symbols, overruns, outcome }
    }

    fn publish_all(&mut self) -> Result<Outcome, RunError<I::Error>> {
        loop {
            self.shared.stopper.check()?;
            let next = self.intake.next()?;
            if next == Next::Stop {
                return Ok(Outcome::Stopped);
            }
            let is_told = self.shared.start.is_none_or(|start| next.at() > start);
            // What a journal has went by already.
            let is_paced = self.threads.speed > 0.0 && is_told && !self.intake.inputs.is_recorded();
            // While no trading time passes, steps wait for each other.
            let mut waits = !is_paced;
            if is_paced && next != Next::End {
                let due = self.due_of(next.at())?;
                waits = self.due.replace(due) == Some(due);
                self.wait_until(due)?;
            }
            self.intake.write_down(next)?;
            let mut input = self.prepare(next, is_told)?;
            let is_late = match self.due {
                Some(due) if is_paced => self.note_late(due, &mut input),
                _ => false,
            };
            let fatal = self.intake.fatal();
            if fatal.is_some() {
                input.take_nothing();
            }
            self.publish(input);
            if let Some(error) = fatal {
                return Err(error);
            }
            if is_late && self.threads.on_overrun == OnOverrun::Error {
                return Ok(Outcome::Overran);
            }
            if next == Next::End {
                return Ok(Outcome::Ended);
            }
            if !waits {
                continue;
            }
            self.open_all(StreamSubscription::wait)?;
            for gate in &self.gates.lockstep {
                gate.wait(self.published)?;
            }
            self.times.clear();
            self.done = self.published;
        }
    }

    /// Copies the input `next`, with its rows by shard.
    ///
    /// # Errors
    /// When the journal can't be marked for a checkpoint that is due.
    fn prepare(&mut self, next: Next, is_told: bool) -> Result<StepInput, JournalError> {
        let met = self.intake.inputs.symbols();
        if met.len() != self.symbols.len() {
            // The first names that are met say where shards begin; that stays, so that a symbol never changes its shard.
            if self.symbols.is_empty() {
                self.symbols = Arc::new(Symbols::divided(met, self.ring.shards()));
            }
            Arc::make_mut(&mut self.symbols).catch_up(met);
        }
        let mut input = self.spare.pop().unwrap_or_default();
        input.fill(next, &self.intake, &self.symbols, self.ring.shards());
        input.number = self.shared.begins.inputs + (self.published + 1) as u32;
        let due = if is_told { self.intake.checkpoint(next)? } else { None };
        let saved = |due: Due, of| Saved { number: due.number, of, due: Mutex::new(Some(due)) };
        input.saved = due.zip(self.intake.fingerprint()).map(|(due, of)| saved(due, of));
        Ok(input)
    }

    /// From here on the input arrives. It is opened as soon as there is a slot for it.
    fn publish(&mut self, input: StepInput) {
        self.published += 1;
        let has_room =
            |gate: &StreamSubscription| self.published <= gate.done() + u64::from(self.threads.lag.max(1));
        if !self.gates.following.iter().all(has_room) {
            self.flow().backpressure.fetch_add(1, Ordering::Relaxed);
        }
        let behind = self.published - finished(&self.gates.lockstep);
        self.flow().published.store(self.published, Ordering::Relaxed);
        self.flow().deepest.fetch_max(behind, Ordering::Relaxed);
        self.waiting.push_back(input);
        self.open_waiting();
    }

    fn flow(&self) -> &Flow {
        self.shared.metrics.flow()
    }

    /// Opens what waits for a slot, as far as there are any.
    fn open_waiting(&mut self) {
        while !self.waiting.is_empty()
            && self.gates.iter().all(|gate| self.opened < gate.done() + self.ring.slots())
        {
            self.open_next();
        }
    }

    /// Opens the input that waits longest; its slot is free.
    fn open_next(&mut self) {
        let Some(mut input) = self.waiting.pop_front() else { return };
        self.opened += 1;
        let is_timed = self.shared.metrics.is_every_timed() || self.opened % SAMPLED == 1;
        input.opened = is_timed.then(Stopwatch::start);
        std::mem::swap(&mut *self.ring.fill(self.opened), &mut input);
        if self.spare.len() < self.ring.slots() as usize {
            self.spare.push(input);
        }
        self.workers.iter().for_each(|worker| worker.open(self.opened));
    }

    /// Opens everything published, and waits by `wait` for those whose slots it takes.
    ///
    /// # Errors
    /// [`Ended`] when the wait does.
    fn open_all(
        &mut self,
        wait: impl Fn(&StreamSubscription, u64) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        while !self.waiting.is_empty() {
            let taken = (self.opened + 1).saturating_sub(self.ring.slots());
            self.gates.iter().try_for_each(|gate| wait(gate, taken))?;
            self.open_next();
        }
        Ok(())
    }

    /// Opens everything published and waits until all of it was told, also after a stop.
    ///
    /// # Errors
    /// When a part died.
    fn drain(&mut self) -> Result<(), Ended> {
        self.open_all(StreamSubscription::drain)?;
        self.gates.iter().try_for_each(|gate| gate.drain(self.opened))
    }

    /// When the step at `at` is due.
    fn due_of(&mut self, at: Timestamp) -> Result<Timestamp, RunError<I::Error>> {
        if let Some(pace) = &mut self.pace {
            return Ok(pace.due(at));
        }
        let Shared { rules, start, .. } = self.shared;
        // Without a start the first minute takes its time as every other does.
        let from = start.unwrap_or_else(|| at.saturating_add(-rules.base.nanos().unwrap_or(0)));
        let speed = Speed { factor: self.threads.speed, started: self.timer.now() };
        let pace = Pace::replay(rules, speed, from);
        let origin = self.intake.inputs.origin(0);
        let pace = pace.map_err(|error| self.intake.out_of_range(origin, error))?;
        Ok(self.pace.insert(pace).due(at))
    }

    /// Waits until `due`, and opens meanwhile what waits for a slot.
    ///
    /// # Errors
    /// [`Ended`] when the run is.
    fn wait_until(&mut self, due: Timestamp) -> Result<(), Ended> {
        loop {
            self.shared.stopper.check()?;
            self.open_waiting();
            if self.timer.now() >= due {
                return Ok(());
            }
            self.timer.wait(due);
        }
    }

    /// The step that follows is due: puts an overrun into `input` for each stage that has not finished what was due earlier;
    /// whether there is one.
    fn note_late(&mut self, due: Timestamp, input: &mut StepInput) -> bool {
        let now = self.timer.now();
        let told = finished(&self.gates.lockstep);
        let stages = [(Stage::Processor, finished(&self.workers)), (Stage::Analysis, told)];
        // What has no due time was waited for, with all before it.
        while self.done < told && self.times.pop_front().is_some() {
            self.done += 1;
        }
        let earlier = self.done + self.times.partition_point(|own| own.due < due) as u64;
        for (stage, done) in stages {
            // A stage is not late with what waits for one that follows.
            let place = done.saturating_sub(self.done) as usize;
            let Some(&oldest) = self.times.get(place).filter(|_| done < self.opened.min(earlier)) else {
                continue;
            };
            // Each step has the time until the next one, also one that came late.
            let next = self.times.get(place + 1).map_or(due, |next| next.due);
            if now.since(oldest.published) < next.since(oldest.due) {
                continue;
            }
            let overrun = OverrunError {
                stage,
                step: u64::from(self.shared.begins.inputs) + self.published + 1,
                symbol: self.first_symbol(done + 1),
                interval: self.shared.rules.base,
                time: oldest.at,
                due: oldest.due,
                lateness: now.since(oldest.due),
                pending: earlier - done,
            };
            self.flow().overruns.fetch_add(1, Ordering::Relaxed);
            if self.overruns.len() < OVERRUNS_LISTED {
                self.overruns.push(overrun.clone());
            }
            input.overruns.push(overrun);
        }
        self.times.push_back(Times { at: input.at, due, published: now });
        !input.overruns.is_empty()
    }

    /// The symbol of the first entry of a step that is not finished.
    fn first_symbol(&self, step: u64) -> Option<barloom_core::Symbol> {
        let name = |input: &StepInput| input.first_symbol().map(|symbol| input.symbols.name(symbol).clone());
        match step.checked_sub(self.opened + 1) {
            Some(behind) => self.waiting.get(behind as usize).and_then(name),
            None => name(&self.ring.input(step)),
        }
    }
}
