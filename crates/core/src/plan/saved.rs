//! A plan's state as bytes and back: by interval and symbol, the session it is in, and each indicator's state behind its length.

use super::{IntervalPlan, Plan};
use crate::derive::SessionLabel;
use crate::indicators::Slot;
use crate::snapshot::{Bytes, Read, SnapshotError};
use crate::symbol::{SymbolId, Symbols};

/// The fewest bytes of an indicator's state: whether it has begun, and its length.
const LEAST_STATE: usize = 1 + 4;

impl Plan {
    /// Writes the state of every indicator. `symbols` are those of the plan, in the order of their names.
    ///
    /// # Errors
    /// [`SnapshotError::Indicator`] names one of one's own whose state can't be written down.
    pub fn save(&self, table: &Symbols, symbols: &[SymbolId], to: &mut Bytes) -> Result<(), SnapshotError> {
        to.count(self.intervals.len());
        for (plan, outputs) in self.intervals.iter().zip(&self.outputs.intervals) {
            to.text(&plan.interval.to_string());
            to.count(plan.lanes.len());
            outputs.indicators.iter().for_each(|(name, _)| to.text(name));
            to.count(plan.sessions.len());
            for (symbol, &session) in plan.sessions.iter().enumerate() {
                SessionLabel::save(session, to);
                plan.save_opened(symbol, to);
                for (own, (name, _)) in plan.lanes.iter().zip(&outputs.indicators) {
                    to.flag(own.begun[symbol]);
                    to.framed(|to| own.lane.save(Slot(symbol as u32), to))
                        .map_err(|error| failed(error, name, plan, table, symbols, symbol))?;
                }
            }
        }
        Ok(())
    }

    /// Takes over the state that a plan of the same indicators saved. After an error the plan is as it was.
    ///
    /// # Errors
    /// [`SnapshotError::Differs`] when it was another plan; [`SnapshotError::Indicator`] names an indicator whose state the bytes are
    /// not; [`SnapshotError`] when they are no plan's at all.
    pub fn restore(
        &mut self,
        table: &Symbols,
        symbols: &[SymbolId],
        from: &mut Read<'_>,
    ) -> Result<(), SnapshotError> {
        let mut new = self.fresh();
        from.same_count("the number of intervals", new.intervals.len())?;
        for (plan, outputs) in new.intervals.iter_mut().zip(&new.outputs.intervals) {
            from.same("an interval", &plan.interval.to_string())?;
            from.same_count("the number of indicators", plan.lanes.len())?;
            outputs.indicators.iter().try_for_each(|(name, _)| from.same("an indicator", name))?;
            let least = 2 + plan.lanes.len() * LEAST_STATE;
            let count = from.count("symbols", least)?;
            if count > symbols.len() {
                let allowed = format!("0 to {}", symbols.len());
                return Err(SnapshotError::value("symbols", count as u64, allowed));
            }
            for symbol in 0..count {
                // One by one: a damaged count gets no more room than there are states.
                plan.reserve(symbol);
                plan.sessions[symbol] = SessionLabel::restore(from)?;
                plan.restore_opened(symbol, from)?;
                for (at, (name, _)) in outputs.indicators.iter().enumerate() {
                    let own = &mut plan.lanes[at];
                    own.begun[symbol] = from.flag("whether an indicator has begun")?;
                    plan.waiting[symbol] -= u32::from(own.begun[symbol]);
                    from.framed(|from| own.lane.restore(Slot(symbol as u32), from))
                        .map_err(|error| failed(error, name, plan, table, symbols, symbol))?;
                }
            }
        }
        *self = new;
        Ok(())
    }
}

/// What went wrong with the state of the indicator named `spec` for the symbol in `slot`.
#[cold]
fn failed(
    error: SnapshotError,
    spec: &str,
    plan: &IntervalPlan,
    table: &Symbols,
    symbols: &[SymbolId],
    slot: usize,
) -> SnapshotError {
    let known = symbols.iter().find(|symbol| symbol.slot() == slot);
    let symbol = known.map_or_else(|| format!("symbol {slot}"), |&symbol| table.name(symbol).to_string());
    SnapshotError::Indicator {
        spec: spec.to_owned(),
        interval: plan.interval,
        symbol,
        error: Box::new(error),
    }
}
