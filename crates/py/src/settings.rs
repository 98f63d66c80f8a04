//! Keyword arguments as the fields of a session file: the same names, meanings and errors.

use std::path::{Path, PathBuf};

use barloom::config::{SessionConfig, time_zone};
use barloom_core::adjust::Adjuster;
use barloom_core::derive::DeriveRules;
use barloom_core::plan::Plan;
use barloom_core::{Calendar, Interval, Overlay, Symbol};
use barloom_io::{Facts, Options};
use pyo3::prelude::*;
use pyo3_arrow::PySchema;

use crate::errors::wrong;
use crate::indicator::{Own, Raised};

/// What was asked for, checked.
pub(crate) struct Settings {
    pub(crate) config: SessionConfig,
    pub(crate) rules: DeriveRules,
    pub(crate) options: Options,
    pub(crate) adjuster: Option<Adjuster>,
    /// Indicators in Python.
    pub(crate) own: Vec<Own>,
    /// What an indicator in Python raised.
    pub(crate) raised: Raised,
}

impl Settings {
    /// Reads `fields`, a JSON object with the fields of a session file; where they do not state the base, the first of `data` may say it.
    pub(crate) fn read(fields: &str, own: &[Bound<'_, PyAny>], data: &[Bound<'_, PyAny>]) -> PyResult<Self> {
        // A place in text that nobody wrote says nothing.
        let mut config = SessionConfig::from_json(fields).map_err(|error| wrong(error.message))?;
        if !fields.contains("\"base\":") {
            config.base = base_said(data).unwrap_or(config.base);
        }
        if config.derived_intervals.is_empty() && config.realtime_indicators.is_empty() {
            return Err(wrong("intervals names none; write them like [\"5m\", \"1h\"]"));
        }
        let calendar = Calendar::named(config.calendar.as_deref().unwrap_or("24/7")).map_err(wrong)?;
        let calendar = match &config.overlay {
            Some(path) => {
                let of = |error: &dyn std::fmt::Display| wrong(format!("{}: {error}", path.display()));
                let overlay = Overlay::parse(&text_of(path)?).map_err(|error| of(&error))?;
                calendar.with_overlay(&overlay).map_err(|error| of(&error))?
            }
            None => calendar,
        };
        let rules = config.rules(calendar).map_err(wrong)?;
        let adjuster = match &config.adjustments {
            Some(path) => {
                let name = path.display().to_string();
                let adjustments = barloom_io::adjustments(&name, &text_of(path)?).map_err(wrong)?;
                Some(Adjuster::new(adjustments, rules.calendar.clone(), rules.base))
            }
            None => None,
        };
        let options = Options {
            stamp: config.stamp,
            tz: config.tz.as_deref().map(time_zone).transpose().map_err(wrong)?,
            symbol: config.symbol.as_deref().map(Symbol::new).transpose().map_err(wrong)?,
            base: config.base,
            publisher: config.publisher,
        };
        let raised = Raised::default();
        let own = own.iter().map(|own| Own::of(own, &raised)).collect::<PyResult<_>>()?;
        Ok(Self { config, rules, options, adjuster, own, raised })
    }

    /// The indicators on their intervals, those in Python behind the others.
    pub(crate) fn plan(&self, py: Python<'_>) -> PyResult<Plan> {
        let mut plan = self.config.plan(&self.rules).map_err(wrong)?;
        for own in &self.own {
            let intervals: Vec<Interval> = match own.interval {
                Some(interval) => vec![interval],
                None => self.rules.intervals.iter().map(|rule| rule.interval).collect(),
            };
            for interval in intervals {
                plan.add(interval, &own.name, own.lane(py)).map_err(wrong)?;
            }
        }
        Ok(plan)
    }
}

/// The base that the first table or file says its rows are of.
fn base_said(data: &[Bound<'_, PyAny>]) -> Option<Interval> {
    let first = data.first()?;
    let facts = match first.extract::<PathBuf>() {
        Ok(path) => Facts::of_file(barloom_io::found(&path).ok()?.first()?),
        Err(_) => {
            // What a file said stays in the schema of a pyarrow table, which is no schema itself.
            let own = first.extract::<PySchema>();
            let schema = own.ok().or_else(|| first.getattr("schema").ok()?.extract().ok())?;
            Facts::of(schema.as_ref().metadata())
        }
    };
    facts.input_base()
}

fn text_of(path: &Path) -> PyResult<String> {
    std::fs::read_to_string(path).map_err(|error| {
        pyo3::exceptions::PyOSError::new_err(format!("{}: can't be read: {error}", path.display()))
    })
}
