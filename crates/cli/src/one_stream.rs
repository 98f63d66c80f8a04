//! `derive --out -`: every bar of every interval in one Arrow stream on stdout.

use std::io::{self, Stdout};

use barloom_core::derive::{ClosedBar, DeriveRules, TradingHours};
use barloom_core::plan::Plan;
use barloom_core::{Interval, Symbols};
use barloom_io::{BarColumns, BatchTable, ColumnFormat, Facts};

use crate::tables::{Label, row_of};

/// One table of all intervals: its columns are the union of theirs, null where an interval has no such indicator.
#[derive(Debug)]
pub(crate) struct OneStream {
    table: BatchTable<Stdout>,
    /// By interval, which column each of its outputs is.
    places: Vec<(Interval, Vec<usize>)>,
    values: Vec<f64>,
    label: Label,
}

impl OneStream {
    /// A stream of the intervals of `rules`, with `facts` in its schema's metadata.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn new(rules: &DeriveRules, plan: &Plan, facts: &Facts) -> io::Result<Self> {
        let mut columns: Vec<&str> = Vec::new();
        let mut places = Vec::new();
        for rule in &rules.intervals {
            let mut own = Vec::new();
            for name in plan.columns(rule.interval) {
                let at = columns.iter().position(|column| column == name).unwrap_or_else(|| {
                    columns.push(name);
                    columns.len() - 1
                });
                own.push(at);
            }
            places.push((rule.interval, own));
        }
        let hours = rules.hours == TradingHours::Extended;
        let values = vec![f64::NAN; columns.len()];
        let columns = BarColumns::new(&columns, hours, facts);
        let table = BatchTable::new(io::stdout(), ColumnFormat::ArrowStream, columns)?;
        Ok(Self { table, places, values, label: Label::default() })
    }

    /// Takes a bar with the values of its indicators.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn bar(&mut self, bar: &ClosedBar, values: &[f64], symbols: &Symbols) -> io::Result<()> {
        let Some((_, places)) = self.places.iter().find(|(interval, _)| *interval == bar.interval) else {
            return Ok(());
        };
        self.values.fill(f64::NAN);
        for (place, value) in places.iter().zip(values) {
            self.values[*place] = *value;
        }
        self.table.write(&row_of(bar, symbols, &mut self.label), &self.values)
    }

    /// Writes what is left, and the end.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn finish(self) -> io::Result<()> {
        io::Write::flush(&mut self.table.finish()?)
    }
}
