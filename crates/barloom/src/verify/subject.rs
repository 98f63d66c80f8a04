//! What is verified: a lane by name, and how it is made.

use std::fmt;

use barloom_core::indicators::{Lane, Slot, Spec};
use barloom_core::{Bars, Interval};

use super::market::Series;

/// Makes a lane for a run that has the bars shown to it.
type Make = dyn Fn(&Known<'_>) -> Box<dyn Lane>;

/// An indicator to verify: of the catalogue, or one's own.
pub struct Subject {
    pub(super) name: String,
    pub(super) interval: Option<Interval>,
    make: Box<Make>,
}

/// The bars that a run has from its first to its last, which is not the last of the data where the input is cut.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub(super) series: &'a [Series],
    /// By symbol, how many bars it has.
    pub(super) ends: &'a [usize],
}

impl Subject {
    /// An indicator named `name`, on every interval, whose lanes `make` makes: as new, for the bars that it is shown.
    ///
    /// `make` is shown them because that is where parameters may have been fitted to them: what it makes for a cut input
    /// must not know what comes after. A table that it brings along from elsewhere can't be told from knowledge.
    pub fn new(name: &str, make: impl Fn(&Known<'_>) -> Box<dyn Lane> + 'static) -> Self {
        Self { name: name.to_owned(), interval: None, make: Box::new(make) }
    }

    /// The same on `interval` alone.
    #[must_use]
    pub fn on(self, interval: Interval) -> Self {
        Self { interval: Some(interval), ..self }
    }

    pub(super) fn lane(&self, known: &Known<'_>) -> Box<dyn Lane> {
        (self.make)(known)
    }
}

impl From<&Spec> for Subject {
    fn from(spec: &Spec) -> Self {
        let own = spec.clone();
        let subject = Self::new(&spec.to_string(), move |_| own.lane());
        Self { interval: spec.interval(), ..subject }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, interval, .. } = self;
        f.debug_struct("Subject").field("name", name).field("interval", interval).finish_non_exhaustive()
    }
}

impl<'a> Known<'a> {
    /// How many symbols there are; their slots are the first so many.
    pub fn symbols(&self) -> usize {
        self.series.len()
    }

    /// A symbol's bars of the interval; none of a slot without one.
    pub fn bars(&self, slot: Slot) -> Bars<'a> {
        match (self.series.get(slot.index()), self.ends.get(slot.index())) {
            (Some(series), Some(&end)) => series.columns.bars().rows(0..end),
            _ => Bars::default(),
        }
    }
}
