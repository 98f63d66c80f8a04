//! The names of a session: what events and bars are called by.

use std::sync::{Arc, RwLock};

use barloom_core::derive::DeriveRules;
use barloom_core::error::{did_you_mean, nearest};
use barloom_core::outputs::Outputs;
use barloom_core::plan::Plan;
use barloom_core::{SymbolId, Symbols};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::errors::wrong;

/// Intervals, indicators and their columns, fixed for a session, and the symbols met so far.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) rules: DeriveRules,
    pub(crate) outputs: Outputs,
    intervals: Vec<Py<PyString>>,
    /// By symbol.
    symbols: RwLock<Vec<(SymbolId, Py<PyString>)>>,
}

impl Catalogue {
    /// Of `rules` and `plan`, which both have the base then, told or not, as the engine has them.
    pub(crate) fn of(py: Python<'_>, rules: &DeriveRules, plan: &mut Plan) -> Arc<Self> {
        let rules = rules.clone().with_base();
        if let Some(base) = rules.intervals.first().filter(|rule| !rule.is_asked) {
            plan.add_untold(base.interval);
        }
        Self::asked(py, &rules, plan)
    }

    /// Of the intervals that `rules` ask for alone.
    pub(crate) fn asked(py: Python<'_>, rules: &DeriveRules, plan: &Plan) -> Arc<Self> {
        let (rules, outputs) = (rules.clone(), plan.outputs().clone());
        let name = |text: String| PyString::intern(py, &text).unbind();
        let intervals = rules.intervals.iter().map(|rule| name(rule.interval.to_string())).collect();
        Arc::new(Self { rules, outputs, intervals, symbols: RwLock::default() })
    }

    /// Learns the symbols that were met since.
    pub(crate) fn learn(&self, py: Python<'_>, symbols: &Symbols) {
        let known = self.symbols.read().map_or(0, |known| known.len());
        if known == symbols.len() {
            return;
        }
        let Ok(mut own) = self.symbols.write() else { return };
        let mut all: Vec<SymbolId> = symbols.by_name().to_vec();
        all.sort_by_key(|symbol| symbol.index());
        for symbol in all.into_iter().skip(own.len()) {
            own.push((symbol, PyString::intern(py, symbols.name(symbol).as_str()).unbind()));
        }
    }

    /// A symbol's name.
    pub(crate) fn symbol(&self, py: Python<'_>, symbol: SymbolId) -> Option<Py<PyString>> {
        self.symbols.read().ok()?.get(symbol.index()).map(|(_, name)| name.clone_ref(py))
    }

    /// The symbol called so, if it was met.
    pub(crate) fn named(&self, py: Python<'_>, name: &str) -> Option<SymbolId> {
        let symbols = self.symbols.read().ok()?;
        let is_it = |(_, own): &&(SymbolId, Py<PyString>)| own.bind(py) == name;
        symbols.iter().find(is_it).map(|(symbol, _)| *symbol)
    }

    /// The names of all symbols met.
    pub(crate) fn symbols(&self, py: Python<'_>) -> Vec<Py<PyString>> {
        self.symbols
            .read()
            .map_or_else(|_| Vec::new(), |all| all.iter().map(|(_, name)| name.clone_ref(py)).collect())
    }

    /// The name of the interval at `place`.
    pub(crate) fn interval(&self, py: Python<'_>, place: usize) -> Option<Py<PyString>> {
        self.intervals.get(place).map(|name| name.clone_ref(py))
    }

    /// The place of an interval by its name.
    pub(crate) fn place(&self, interval: &str) -> PyResult<usize> {
        let place = interval.parse().ok().and_then(|interval| self.rules.index_of(interval));
        place.ok_or_else(|| {
            let names: Vec<String> =
                self.rules.intervals.iter().map(|rule| rule.interval.to_string()).collect();
            PyKeyError::new_err(format!("no interval `{interval}`; there are {}", names.join(", ")))
        })
    }

    /// The place of an indicator on the interval at `place`, by its name.
    pub(crate) fn lane(&self, place: usize, name: &str) -> PyResult<usize> {
        let lanes = 0..self.outputs.indicators(place);
        let names: Vec<&str> =
            lanes.filter_map(|lane| Some(self.outputs.indicator(place, lane)?.0)).collect();
        names.iter().position(|own| *own == name).ok_or_else(|| {
            let hint = did_you_mean(nearest(name, names.iter().copied()));
            let interval = self.rules.intervals.get(place).map(|rule| rule.interval.to_string());
            let (interval, there) = (interval.unwrap_or_default(), names.join(", "));
            wrong(format!("no indicator `{name}` on {interval}; there are {there}{hint}"))
        })
    }

    /// The names of the outputs at `place`.
    pub(crate) fn columns(&self, place: usize) -> &[String] {
        self.rules.intervals.get(place).map_or(&[], |rule| self.outputs.columns(rule.interval))
    }
}
