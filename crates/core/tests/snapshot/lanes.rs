//! Indicators of one's own, whose state may be anything: what can't be saved is named, and nothing of it is lost in silence.

use barloom_core::derive::{ClosedBar, SessionLabel};
use barloom_core::indicators::{Each, Indicator, Lane, NULL, Reset, Rows, Slot, WarmUp};
use barloom_core::plan::Plan;
use barloom_core::snapshot::{Bytes, Read, SnapshotError};
use barloom_core::{Bar, Bars, Hours, Interval, SymbolId, Symbols};

use crate::run::{Row, at, bar};

/// What is wrong with an indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    UpdatePanics,
    SavePanics,
    RestorePanics,
    RestoreLeaves,
    RestoreWants,
}

/// Counts bars, as long as nothing is wrong.
#[derive(Debug, Clone)]
struct Count(f64, Wrong);

impl Indicator for Count {
    const OUTPUTS: &'static [&'static str] = &[""];
    fn update(&mut self, _: &Bar, out: &mut [f64]) {
        assert!(self.1 != Wrong::UpdatePanics || self.0 < 2.0, "no more than two");
        self.0 += 1.0;
        out[0] = self.0;
    }
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(0)
    }
    fn reset(&mut self, _: Reset) {}
    fn save(&self, to: &mut Bytes) {
        assert!(self.1 != Wrong::SavePanics, "not to be saved");
        to.f64(self.0);
    }
    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        match self.1 {
            Wrong::RestorePanics => panic!("not to be restored"),
            Wrong::RestoreLeaves => return Ok(()),
            Wrong::RestoreWants => drop(from.f64()?),
            _ => {}
        }
        from.f64().map(|count| self.0 = count)
    }
}

/// A lane as one in another language: its state is an object that may not be written down.
struct Foreign(Each<Count>);

impl Lane for Foreign {
    fn outputs(&self) -> &'static [&'static str] {
        self.0.outputs()
    }
    fn warm_up(&self) -> WarmUp {
        self.0.warm_up()
    }
    fn fresh(&self) -> Box<dyn Lane> {
        Box::new(Self(Each::new(Count(0.0, Wrong::Nothing))))
    }
    fn resize(&mut self, slots: usize) {
        self.0.resize(slots);
    }
    fn step(&mut self, slot: Slot, bar: &Bar, out: &mut [f64]) {
        self.0.step(slot, bar, out);
    }
    fn run(&mut self, slot: Slot, bars: Bars<'_>, out: Rows<'_>) {
        self.0.run(slot, bars, out);
    }
    fn sweep(&mut self, slots: &[Slot], bars: Bars<'_>, out: Rows<'_>) {
        self.0.sweep(slots, bars, out);
    }
    fn peek(&self, slot: Slot, forming: &Bar, out: &mut [f64]) {
        self.0.peek(slot, forming, out);
    }
    fn reset(&mut self, slot: Slot, why: Reset) {
        self.0.reset(slot, why);
    }
    fn save(&self, _: Slot, _: &mut Bytes) -> Result<(), SnapshotError> {
        Err(SnapshotError::Unsaved { reason: "cannot pickle a lock".to_owned() })
    }
    fn restore(&mut self, _: Slot, _: &mut Read<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// A plan of it, with two symbols, and a bar of each.
struct Planned {
    plan: Plan,
    symbols: Symbols,
}

impl Planned {
    fn of(lane: Box<dyn Lane>) -> Self {
        let mut plan = Plan::new(&["sma:2".parse().unwrap()], &[Interval::MINUTE]).unwrap();
        plan.add(Interval::MINUTE, "own", lane).unwrap();
        let mut symbols = Symbols::new();
        for name in ["B", "A"] {
            symbols.intern(name).unwrap();
        }
        Self { plan, symbols }
    }

    fn counting(wrong: Wrong) -> Self {
        Self::of(Box::new(Each::new(Count(0.0, wrong))))
    }

    fn update(&mut self, name: &str, minute: i64) -> Vec<f64> {
        let symbol: SymbolId = self.symbols.intern(name).unwrap();
        let bar = bar(Row { symbol: 0, minute, value: 0 });
        let closed = ClosedBar {
            symbol,
            interval: Interval::MINUTE,
            place: 0,
            session: SessionLabel::Date(jiff::civil::date(2024, 11, 27)),
            bar,
            close_time: at(minute + 1),
            n_base: 1,
            n_expected: 1,
            revision: 0,
            hours: Hours::Regular,
        };
        self.plan.update(&closed).to_vec()
    }

    fn save(&self) -> Result<Bytes, SnapshotError> {
        let mut to = Bytes::new();
        self.plan.save(&self.symbols, self.symbols.by_name(), &mut to).map(|()| to)
    }

    fn restore(&mut self, from: &Bytes) -> Result<(), SnapshotError> {
        let mut from = Read::new(from.as_slice());
        self.plan.restore(&self.symbols, self.symbols.by_name(), &mut from)?;
        from.end()
    }

    fn failures(&self) -> Vec<String> {
        let failures = self.plan.failures(&self.symbols, self.symbols.by_name());
        failures.into_iter().map(|(_, failure)| failure.to_string()).collect()
    }
}

#[test]
fn one_whose_state_can_not_be_written_down_is_named() {
    let mut foreign = Planned::of(Box::new(Foreign(Each::new(Count(0.0, Wrong::Nothing)))));
    foreign.update("A", 1);
    let error = foreign.save().unwrap_err();
    // The one of the first slot, which is there once a later one is.
    assert_eq!(error.to_string(), "own@1m of B: its state can't be saved or restored: cannot pickle a lock");
    let mut panics = Planned::counting(Wrong::SavePanics);
    panics.update("B", 1);
    let error = panics.save().unwrap_err();
    assert_eq!(error.to_string(), "own@1m of B: its state can't be saved or restored: not to be saved");
}

#[test]
fn one_that_has_failed_has_failed_after_a_restore_and_the_others_go_on() {
    let mut planned = Planned::counting(Wrong::UpdatePanics);
    for minute in 1..4 {
        planned.update("B", minute);
    }
    planned.update("A", 1);
    let said = ["own@1m failed for B and has no value from there on: no more than two"];
    assert_eq!(planned.failures(), said);
    let bytes = planned.save().unwrap();
    let mut again = Planned::counting(Wrong::UpdatePanics);
    again.restore(&bytes).unwrap();
    assert_eq!(again.failures(), said);
    assert!(again.save().unwrap() == bytes);
    for (name, minute, own) in [("B", 4, NULL), ("A", 2, 2.0)] {
        let (told, expected) = (again.update(name, minute), planned.update(name, minute));
        assert!(told.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()), "{told:?} {expected:?}");
        assert!(told[1] == own || told[1].is_nan() && own.is_nan());
    }
}

#[test]
fn one_that_reads_otherwise_than_it_wrote_is_named_and_the_plan_is_as_it_was() {
    let mut planned = Planned::counting(Wrong::Nothing);
    planned.update("A", 1);
    let bytes = planned.save().unwrap();
    let cases = [
        (Wrong::RestorePanics, "its state can't be saved or restored: not to be restored"),
        (Wrong::RestoreLeaves, "the saved state goes on where it should end: 8 bytes are left"),
        (Wrong::RestoreWants, "the saved state ends early: 8 bytes wanted, 0 left"),
    ];
    for (wrong, said) in cases {
        let mut other = Planned::counting(wrong);
        other.update("B", 1);
        let before = other.save().unwrap();
        assert_eq!(other.restore(&bytes).unwrap_err().to_string(), format!("own@1m of B: {said}"));
        assert!(other.save().unwrap() == before);
    }
}
