//! What a run did, as a table for people or one JSON object.

use std::time::Duration;

use barloom::engine::{IntervalSummary, RunSummary};
use barloom::metrics::{PerformanceMetrics, SAMPLED, Stage, StageSummary};
use barloom::overrun::OverrunError;
use barloom_core::derive::WarningKind;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value, json};

use crate::given_up::GivenUp;

/// A finished run.
pub(crate) struct Report<'a> {
    pub(crate) summary: &'a RunSummary,
    /// The stages' latencies, of a run.
    pub(crate) metrics: Option<&'a PerformanceMetrics>,
    /// The outputs that a run went on without.
    pub(crate) given_up: &'a [GivenUp],
    pub(crate) wall: Duration,
}

impl Report<'_> {
    fn rows_per_second(&self) -> f64 {
        self.summary.counts.rows() as f64 / self.wall.as_secs_f64().max(1e-9)
    }

    /// The counters with the names of the contract; they add up to `rows`.
    fn counters(&self) -> [(&'static str, u64); 8] {
        let c = &self.summary.counts;
        [
            ("rows", c.rows()),
            ("accepted", c.accepted),
            ("duplicate", c.duplicate),
            ("corrected", c.corrected),
            ("late", c.late),
            ("invalid", c.invalid),
            ("out_of_session", c.out_of_session),
            ("unfinished", self.summary.unfinished),
        ]
    }

    /// The stages of a run by name.
    fn stages(&self) -> impl Iterator<Item = (&'static str, StageSummary)> + '_ {
        let stages = Stage::NAMES.into_iter().filter(|_| self.metrics.is_some());
        stages.map(|(stage, name)| {
            (name, self.metrics.map(|metrics| metrics.summary(stage)).unwrap_or_default())
        })
    }

    fn warnings(&self) -> impl Iterator<Item = (WarningKind, u64)> + '_ {
        WarningKind::ALL
            .into_iter()
            .map(|kind| (kind, self.summary.warnings.get(&kind).copied().unwrap_or(0)))
    }

    /// Tables for people.
    pub(crate) fn table(&self) -> String {
        let mut rows = plain_table(["rows in", ""]);
        for (name, count) in self.counters() {
            rows.add_row([name.to_owned(), grouped(count)]);
        }
        let mut bars = plain_table(["interval", "bars", "indicator values", "empty"]);
        for (interval, IntervalSummary { bars: n, values, empty }) in &self.summary.intervals {
            bars.add_row([interval.to_string(), grouped(*n), grouped(*values), grouped(*empty)]);
        }
        let mut warnings = plain_table(["warnings", ""]);
        for (kind, count) in self.warnings() {
            warnings.add_row([kind.to_string(), grouped(count)]);
        }
        let mut stages = plain_table(["stage, ns", "count", "min", "mean", "p50", "p99", "max"]);
        // On one thread nothing is handed over.
        let is_shown = |(name, stage): &(&str, StageSummary)| stage.count > 0 || !name.contains("_to_");
        for (name, StageSummary { count, min, mean, p50, p99, max, .. }) in self.stages().filter(is_shown) {
            let cells = [count, min, mean as u64, p50, p99, max].map(grouped);
            stages.add_row(std::iter::once(name.to_owned()).chain(cells));
        }
        for table in [&mut rows, &mut bars, &mut warnings, &mut stages] {
            table.column_iter_mut().skip(1).for_each(|column| {
                column.set_cell_alignment(CellAlignment::Right);
            });
        }
        let [rows, bars, warnings, stages] = [rows, bars, warnings, stages].map(|table| table.trim_fmt());
        let rate = grouped(self.rows_per_second() as u64);
        let memory =
            peak_rss().map(|bytes| format!(", peak memory {:.1} MB", bytes as f64 / 1e6)).unwrap_or_default();
        let stages = match self.metrics {
            Some(metrics) if metrics.is_every_timed() => {
                format!("{stages}\n\n{}\n\n", self.lateness(metrics))
            }
            Some(_) => format!("{stages}\ntimed: one step in {SAMPLED}; counts are exact\n\n"),
            None => String::new(),
        };
        let given_up: String = self.given_up.iter().map(|own| format!("{}\n", own.line())).collect();
        format!(
            "{bars}\n\n{warnings}\n\n{rows}\n\n{stages}{given_up}{:.3} s, {rate} rows a second{memory}",
            self.wall.as_secs_f64()
        )
    }

    /// What was late in a clock-driven run: how much, and the first of it.
    fn lateness(&self, metrics: &PerformanceMetrics) -> String {
        let count = self.summary.overrun_count;
        let mut text = format!(
            "overruns {}, backpressure {}, at most {} steps behind",
            grouped(count),
            grouped(metrics.backpressure()),
            grouped(metrics.deepest_queue().saturating_sub(1)),
        );
        for overrun in self.summary.overruns.iter().take(OVERRUNS_SHOWN) {
            text.push_str(&format!("\n{overrun}"));
        }
        if count > OVERRUNS_SHOWN as u64 {
            text.push_str(&format!("\n(and {} more)", grouped(count - OVERRUNS_SHOWN as u64)));
        }
        text
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> Value {
        let mut object: Map<String, Value> =
            self.counters().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
        let intervals =
            self.summary.intervals.iter().map(|(interval, IntervalSummary { bars, values, empty })| {
                (interval.to_string(), json!({ "bars": bars, "values": values, "empty": empty }))
            });
        object.insert("intervals".to_owned(), Value::Object(intervals.collect()));
        let warnings = self.warnings().map(|(kind, count)| (kind.to_string(), count.into()));
        object.insert("warnings".to_owned(), Value::Object(warnings.collect()));
        object.insert("steps".to_owned(), self.summary.steps.into());
        if let Some(metrics) = self.metrics {
            let stages = self.stages().map(|(name, s)| {
                let StageSummary { count, timed, min, mean, p50, p99, p999, max } = s;
                let stage = json!({ "count": count, "timed": timed, "min": min, "mean": mean, "p50": p50, "p99": p99,
                                    "p999": p999, "max": max });
                (name.to_owned(), stage)
            });
            object.insert("latency_ns".to_owned(), Value::Object(stages.collect()));
            let every = if metrics.is_every_timed() { 1 } else { SAMPLED };
            object.insert("timed_one_step_in".to_owned(), every.into());
            object.insert("given_up".to_owned(), self.given_up.iter().map(GivenUp::json).collect());
            object.insert("overruns".to_owned(), self.summary.overrun_count.into());
            let listed = self.summary.overruns.iter().map(overrun_json);
            object.insert("first_overruns".to_owned(), listed.collect());
            object.insert("backpressure".to_owned(), metrics.backpressure().into());
            object.insert("deepest_queue".to_owned(), metrics.deepest_queue().into());
        }
        object.insert("wall_seconds".to_owned(), self.wall.as_secs_f64().into());
        object.insert("rows_per_second".to_owned(), self.rows_per_second().into());
        object.insert("peak_rss_bytes".to_owned(), peak_rss().into());
        Value::Object(object)
    }
}

/// How many overruns a table for people shows.
const OVERRUNS_SHOWN: usize = 10;

fn overrun_json(overrun: &OverrunError) -> Value {
    let OverrunError { stage, step, symbol, interval, time, due, lateness, pending } = overrun;
    json!({
        "stage": stage.name(),
        "step": step,
        "symbol": symbol.as_ref().map(|symbol| symbol.as_str()),
        "interval": interval.to_string(),
        "time": time.to_string(),
        "due": due.to_string(),
        "lateness_ns": lateness,
        "pending": pending,
    })
}

pub(crate) fn plain_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// `45,031`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The most memory the process held, in bytes, where the system tells.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
