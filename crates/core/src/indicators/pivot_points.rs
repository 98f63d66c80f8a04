//! Pivot points: levels of support and resistance from the session before.

use super::contract::{Indicator, NULL, Reset, WarmUp};
use super::lane::Each;
use super::spec::{Entry, Inputs, Param, anything};
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// How levels follow from a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// Floor traders' levels.
    Classic,
    /// Shares of the range around the close.
    Camarilla,
    /// Shares 0.382, 0.618 and 1 of the range around the mean.
    Fibonacci,
    /// Classic, with the close counted twice.
    Woodie,
}

impl Levels {
    const NAMES: &'static [&'static str] = &["classic", "camarilla", "fibonacci", "woodie"];

    /// The levels of that name; classic where there is none.
    fn named(name: &str) -> Self {
        match name {
            "camarilla" => Self::Camarilla,
            "fibonacci" => Self::Fibonacci,
            "woodie" => Self::Woodie,
            _ => Self::Classic,
        }
    }

    /// pp, r1 to r3, s1 to s3.
    fn of(self, session: Session) -> [f64; 7] {
        let Session { high, low, close } = session;
        let mean = (high + low + close) / 3.0;
        let range = high - low;
        let around = |centre: f64, near: f64, mid: f64, far: f64| {
            [mean, centre + near, centre + mid, centre + far, centre - near, centre - mid, centre - far]
        };
        let floor = |pp: f64| {
            let (r3, s3) = (high + 2.0 * (pp - low), low - 2.0 * (high - pp));
            [pp, 2.0 * pp - low, pp + range, r3, 2.0 * pp - high, pp - range, s3]
        };
        match self {
            Self::Classic => floor(mean),
            Self::Woodie => floor((high + low + close + close) / 4.0),
            Self::Fibonacci => around(mean, 0.382 * range, 0.618 * range, range),
            Self::Camarilla => around(close, 1.1 * range / 12.0, 1.1 * range / 6.0, 1.1 * range / 4.0),
        }
    }
}

/// What a session has come to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Session {
    high: f64,
    low: f64,
    close: f64,
}

impl Session {
    const NONE: Self = Self { high: f64::NEG_INFINITY, low: f64::INFINITY, close: 0.0 };

    #[inline]
    fn take(&mut self, bar: &Bar) {
        self.high = if bar.high > self.high { bar.high } else { self.high };
        self.low = if bar.low < self.low { bar.low } else { self.low };
        self.close = bar.close;
    }
}

/// Levels from the high, low and close of the session before.
#[derive(Debug, Clone)]
pub struct PivotPoints {
    kind: Levels,
    session: Session,
    levels: [f64; 7],
}

impl PivotPoints {
    /// Levels of that kind.
    pub fn new(kind: Levels) -> Self {
        Self { kind, session: Session::NONE, levels: [NULL; 7] }
    }

    fn enter_session(&mut self) {
        if self.session != Session::NONE {
            self.levels = self.kind.of(self.session);
            self.session = Session::NONE;
        }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "pivot_points",
    title: "pivot points",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::word("kind", Levels::NAMES)],
    outputs: PivotPoints::OUTPUTS,
    formula: "of the session before: pp = (h+l+c)/3, r1 = 2pp-l, r2 = pp+(h-l), r3 = h+2(pp-l), s1 = \
              2pp-h, s2 = pp-(h-l), s3 = l-2(h-pp); woodie: the same with pp = (h+l+2c)/4; fibonacci: pp \
              ± 0.382, 0.618, 1 of h-l; camarilla: c ± 1.1(h-l)/12, /6, /4",
    conventions: "constant through a session; no value in the first session, however many bars it has; a \
                  session without bars leaves the levels",
    reference: "J. Person, A Complete Guide to Technical Trading Tactics, 2004; TradingView Pivot Points \
                Standard",
    peers: "wickra-core gives the levels of the bar it is given: one bar a session",
    has_gaps: true,
    check: anything,
    build: |args| Box::new(Each::new(PivotPoints::new(Levels::named(args.word("kind"))))),
};

impl Indicator for PivotPoints {
    const OUTPUTS: &'static [&'static str] = &["pp", "r1", "r2", "r3", "s1", "s2", "s3"];

    #[inline(always)]
    fn update(&mut self, closed: &Bar, out: &mut [f64]) {
        self.session.take(closed);
        out.copy_from_slice(&self.levels);
    }

    #[inline(always)]
    fn peek(&self, _: &Bar, out: &mut [f64]) {
        out.copy_from_slice(&self.levels);
    }

    /// Row 1 at the earliest: how many bars the first session has is the calendar's.
    fn warm_up(&self) -> WarmUp {
        WarmUp::endless(1)
    }

    fn reset(&mut self, why: Reset) {
        match why {
            Reset::Start => *self = Self::new(self.kind),
            Reset::SessionStart => self.enter_session(),
        }
    }

    fn save(&self, to: &mut Bytes) {
        to.f64s(&[self.session.high, self.session.low, self.session.close]);
        to.f64s(&self.levels);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.session = Session { high: from.f64()?, low: from.f64()?, close: from.f64()? };
        from.f64s(&mut self.levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_hand() {
        let session = Session { high: 112.0, low: 100.0, close: 109.0 };
        let near = |kind: Levels, want: [f64; 7]| {
            let levels = kind.of(session);
            assert!(
                levels.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9),
                "{levels:?}, expected {want:?}"
            );
        };
        near(Levels::Classic, [107.0, 114.0, 119.0, 126.0, 102.0, 95.0, 90.0]);
        near(Levels::Woodie, [107.5, 115.0, 119.5, 127.0, 103.0, 95.5, 91.0]);
        near(Levels::Fibonacci, [107.0, 111.584, 114.416, 119.0, 102.416, 99.584, 95.0]);
        near(Levels::Camarilla, [107.0, 110.1, 111.2, 112.3, 107.9, 106.8, 105.7]);
    }

    #[test]
    fn a_session_without_bars_leaves_the_levels() {
        let mut pivots = PivotPoints::new(Levels::Classic);
        pivots.session = Session { high: 3.0, low: 1.0, close: 2.0 };
        pivots.reset(Reset::SessionStart);
        pivots.reset(Reset::SessionStart);
        assert_eq!(pivots.levels[0], 2.0);
    }
}
