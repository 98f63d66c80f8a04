//! A run that began later: from `settled` on its start is not felt.
//!
//! The law is DESIGN §4's: agreement to 1e-6 of the output's scale, the largest magnitude that the output has in the
//! symbol's data. What begins anew with a session is started with sessions alone: half a session is another session. Which
//! lanes do is asked of them, by entering a session and looking at the state that is saved.
//!
//! What fades counts to `settled` until a start is forgotten by a factor of 1e9, a thousand more than is demanded: a margin for a
//! start that was far from what came after. Where a stretch of the data moves a thousand times less than some bar since shortly
//! before the start, that margin is used up: in a flat stretch, or behind a bad print, a ratio of two fading averages keeps what
//! it was, however small both are, and what averages the ratio remembers it until it has settled anew. A value of what fades
//! that differs there is passed over, and counted. All that agrees is compared, and what forgets too slowly differs in other
//! stretches as well. A window has no such excuse: once it has passed on, nothing of the start may be left. Nor has what makes
//! values of rounding within a few bars that stand still: which values those are, the start decides.

use barloom_core::Bars;
use barloom_core::indicators::{Lane, NULL, Reset, Slot};
use barloom_core::snapshot::Bytes;

use super::found::{Found, points};
use super::market::Series;
use super::trial::Trial;

/// How many starts are tried.
const STARTS: usize = 8;
/// Of the output's scale.
const TOLERANCE: f64 = 1e-6;
/// The least scale.
const LEAST: f64 = 1e-12;
/// How many times less a stretch moves that says nothing of the start.
const MARGIN: f64 = 1e3;

impl Trial<'_> {
    /// [`Law::StartedLater`](super::Law::StartedLater); `None` where values depend on their start for ever.
    pub(super) fn started_later(&self) -> Option<Vec<Found>> {
        let settled = self.settled? as usize;
        let symbols = 0..self.series.len();
        Some(symbols.map(|symbol| self.started_later_of(symbol, settled)).collect())
    }

    fn started_later_of(&self, symbol: usize, settled: usize) -> Found {
        let (series, mut found) = (&self.series[symbol], Found::default());
        let limits: Vec<f64> = (0..self.width()).map(|output| self.limit(symbol, output)).collect();
        let (mut got, is_fading) = (self.nulls(1), settled > self.first as usize);
        for start in self.starts(series, settled) {
            let mut lane = self.lane();
            let (mut moves, mut has_entered) = (Moves::new(series, start, settled), false);
            let bars = series.columns.bars().rows(start..series.len());
            for (row, bar) in (start..).zip(bars.iter()) {
                if series.enters(row) || (!has_entered && series.is_regular(row)) {
                    lane.reset(Slot(0), Reset::SessionStart);
                    has_entered = true;
                }
                got.fill(NULL);
                lane.step(Slot(0), &bar, &mut got);
                moves.take(row);
                if row - start < settled {
                    continue;
                }
                let at = row * self.width();
                for (output, (&got, &limit)) in got.iter().zip(&limits).enumerate() {
                    let expected = self.whole[symbol][at + output];
                    if expected.is_nan() && got.is_nan() {
                        continue;
                    }
                    if expected == got || (expected - got).abs() <= limit {
                        found.compared += 1;
                    } else if is_fading && moves.had_ceased(row, settled) {
                        found.excused += 1;
                    } else {
                        found.break_with(|| {
                            let at_time =
                                series.open_time(start).map(|time| time.to_string()).unwrap_or_default();
                            let how = format!(
                                "started at {at_time}, {} bars before; settled is {settled}, allowed a difference of {limit:e}",
                                row - start
                            );
                            self.broken(symbol, at + output, expected, got, how)
                        });
                        return found;
                    }
                }
            }
        }
        found
    }

    /// How far a value may be off.
    fn limit(&self, symbol: usize, output: usize) -> f64 {
        let values = self.whole[symbol].iter().skip(output).step_by(self.width());
        let scale = values.map(|value| value.abs()).filter(|value| value.is_finite()).fold(LEAST, f64::max);
        TOLERANCE * scale
    }

    /// The rows at which a later run starts, so early that bars are left to compare.
    fn starts(&self, series: &Series, settled: usize) -> Vec<usize> {
        let Some(last) = series.len().checked_sub(settled + 1) else { return Vec::new() };
        let able: Vec<usize> = if self.is_anchored(series) {
            (1..=last).filter(|&row| series.enters(row)).collect()
        } else {
            (1..=last).collect()
        };
        let mut starts: Vec<usize> =
            (0..STARTS).filter_map(|k| able.get(k * able.len() / STARTS).copied()).collect();
        starts.dedup();
        starts
    }

    /// Whether entering a session changes a lane's state, at any of the points.
    fn is_anchored(&self, series: &Series) -> bool {
        let (mut lane, mut out) = (self.lane(), self.nulls(1));
        let mut points = points(series.len()).into_iter().peekable();
        for (row, bar) in series.columns.bars().iter().enumerate() {
            if series.enters(row) {
                lane.reset(Slot(0), Reset::SessionStart);
            }
            lane.step(Slot(0), &bar, &mut out);
            if points.next_if_eq(&row).is_some() {
                let before = saved(&*lane);
                lane.reset(Slot(0), Reset::SessionStart);
                if saved(&*lane) != before {
                    return true;
                }
            }
        }
        false
    }
}

/// The state of a lane's first slot.
fn saved(lane: &dyn Lane) -> Bytes {
    let mut bytes = Bytes::new();
    // Where it can't be saved, what was written before that has to do.
    let _ = lane.save(Slot(0), &mut bytes);
    bytes
}

/// How far prices and volume move, since shortly before a start.
struct Moves<'a> {
    /// Those that move at all, each with its farthest move.
    columns: Vec<(&'a [f64], f64)>,
    /// Bars that stand for the present: half of what is remembered by what settles in forty times as many.
    recent: usize,
    /// Rows from the start that were looked at, and the last of them at which movement had ceased.
    looked: usize,
    ceased: Option<usize>,
}

impl<'a> Moves<'a> {
    /// Of a run that starts at `start`, from as many bars before it as it takes to settle.
    fn new(series: &'a Series, start: usize, settled: usize) -> Self {
        const LEAST_RECENT: usize = 8;
        let bars: Bars<'a> = series.columns.bars();
        let columns = [bars.open(), bars.high(), bars.low(), bars.close(), bars.volume()];
        // A column that stands still from end to end is no stretch that does.
        let is_moving = |column: &&[f64]| (0..series.len()).any(|row| change(column, row) > 0.0);
        let columns = columns.into_iter().filter(is_moving).map(|column| (column, 0.0)).collect();
        let recent = (settled / 40).max(LEAST_RECENT);
        let mut moves = Self { columns, recent, looked: start, ceased: None };
        (start.saturating_sub(settled)..start).for_each(|row| moves.take(row));
        moves
    }

    fn take(&mut self, row: usize) {
        for (column, most) in &mut self.columns {
            *most = most.max(change(column, row));
        }
    }

    /// Whether movement had ceased at a row since the start that was at most `settled` before `row`. Rows ascend.
    fn had_ceased(&mut self, row: usize, settled: usize) -> bool {
        let from = self.looked.max(row.saturating_sub(settled));
        self.ceased = (from..=row).rev().find(|&row| self.have_ceased(row)).or(self.ceased);
        self.looked = row + 1;
        self.ceased.is_some_and(|ceased| row - ceased <= settled)
    }

    /// Whether something moves so little up to the bar at `row` that nothing can be said of the start there.
    fn have_ceased(&self, row: usize) -> bool {
        self.columns.iter().any(|&(column, most)| {
            let from = (row + 1).saturating_sub(self.recent);
            let recent: f64 = (from..=row).map(|row| change(column, row)).sum();
            MARGIN * recent <= most * self.recent as f64
        })
    }
}

/// How far a column moves with a row; nothing with the first, and nothing where a value is missing.
fn change(column: &[f64], row: usize) -> f64 {
    let Some(before) = row.checked_sub(1) else { return 0.0 };
    let moved = (column[row] - column[before]).abs();
    if moved.is_nan() { 0.0 } else { moved }
}
