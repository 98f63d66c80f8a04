//! Whether a run had the history that its indicators need to have settled, looked at once, at the first step that is told.

use std::collections::VecDeque;

use barloom_core::Symbols;
use barloom_core::derive::DeriveRules;
use barloom_core::indicators::Spec;
use barloom_core::notice::Notice;

use crate::config::{Historical, Origin};

/// Counts closed bars up to the start of a run.
#[derive(Debug)]
pub(crate) struct History {
    rules: DeriveRules,
    origin: Origin,
    needs: Vec<Need>,
    /// Closed bars, symbol by symbol, of each interval.
    seen: Vec<u32>,
    /// What was seen before each of the last sessions, where they are what indicators start from; oldest first.
    marks: VecDeque<Vec<u32>>,
}

/// An indicator on an interval, and how many bars it takes to settle.
#[derive(Debug)]
struct Need {
    name: String,
    place: usize,
    bars: u32,
    is_historical: bool,
}

impl History {
    /// Looks after `specs`, those without an interval on each that is told, and after the historical indicators.
    pub(crate) fn new(
        rules: &DeriveRules,
        origin: Origin,
        specs: &[Spec],
        historical: &[Historical],
    ) -> Self {
        let need = |spec: &Spec, place: usize, is_historical| {
            // What depends on its start for ever never settles.
            let bars = spec.lane().warm_up().settled?.saturating_add(1);
            let name = format!("{spec}@{}", rules.intervals.get(place)?.interval);
            Some(Need { name, place, bars, is_historical })
        };
        let mut needs = Vec::new();
        for (place, rule) in rules.intervals.iter().enumerate() {
            let is_on = |spec: &&Spec| spec.interval().map_or(rule.is_asked, |own| own == rule.interval);
            needs.extend(specs.iter().filter(is_on).filter_map(|spec| need(spec, place, false)));
            let own = historical.iter().filter(|own| own.interval == rule.interval);
            needs.extend(own.filter_map(|own| need(&own.spec, place, true)));
        }
        Self { rules: rules.clone(), origin, needs, seen: Vec::new(), marks: VecDeque::new() }
    }

    /// A session begins.
    pub(crate) fn open(&mut self) {
        if let Origin::Sessions(sessions) = self.origin {
            self.marks.push_back(self.seen.clone());
            while self.marks.len() > sessions as usize + 1 {
                self.marks.pop_front();
            }
        }
    }

    /// Counts what a step closed.
    pub(crate) fn see<'n>(&mut self, notices: impl Iterator<Item = Notice<'n>>) {
        for notice in notices {
            let Notice::Bar(bar, _) = notice else { continue };
            let Some(place) = self.rules.index_of(bar.interval) else { continue };
            let at = self.at(bar.symbol.index(), place);
            if self.seen.len() <= at {
                self.seen.resize(at + 1, 0);
            }
            self.seen[at] += 1;
        }
    }

    fn at(&self, symbol: usize, place: usize) -> usize {
        symbol * self.rules.intervals.len() + place
    }

    /// How many bars an indicator has taken in.
    fn taken(&self, need: &Need, symbol: usize) -> u32 {
        let at = self.at(symbol, need.place);
        let of = |counts: &Vec<u32>| counts.get(at).copied().unwrap_or(0);
        let seen = of(&self.seen);
        match self.origin {
            Origin::Run => seen,
            // They take so many days, or weeks.
            Origin::Sessions(sessions) if need.is_historical => seen.min(sessions),
            Origin::Sessions(_) => seen - self.marks.front().map_or(0, of),
        }
    }

    /// What to know where an indicator has too few bars, in a line.
    pub(crate) fn shortage(&self, symbols: &Symbols) -> Option<String> {
        let of_symbol = |&symbol| self.needs.iter().map(move |need| (symbol, need));
        let pairs = symbols.by_name().iter().flat_map(of_symbol);
        let mut short = pairs.filter_map(|(symbol, need)| {
            let taken = self.taken(need, symbol.index());
            (taken < need.bars).then_some((symbol, need, taken))
        });
        let (symbol, Need { name, bars, .. }, taken) = short.next()?;
        let more = short.count();
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let symbol = symbols.name(symbol);
        Some(format!("history is short: {name} has {taken} of {bars} bars for {symbol}{more}"))
    }
}
