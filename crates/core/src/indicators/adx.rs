//! Average directional index: how much of all movement goes one way, and what it is made of.

use super::contract::{NULL, WarmUp};
use super::lane::Each;
use super::parts::{Average, BarFilter, Filter, Lag, OfBar};
use super::spec::{Entry, Inputs, Param, anything};
use super::true_range::range;
use crate::bar::Bar;
use crate::snapshot::{Bytes, Read, SnapshotError};

/// Wilder's sums of upward and downward movement and of the true range, fading with 1/n a bar.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    up: f64,
    down: f64,
    range: f64,
}

/// A bar as far as the next one needs it.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    high: f64,
    low: f64,
    close: f64,
}

/// ADX with +DI, −DI, DX and ADXR.
#[derive(Debug, Clone)]
pub struct Adx {
    n: u32,
    /// 1/n.
    share: f64,
    /// Bars seen, up to n + 1: from then on there are sums of n movements.
    seen: u32,
    before: Before,
    sums: Sums,
    /// The last one that there was; 0 before.
    dx: f64,
    average: Average,
    /// Averages, for ADXR.
    averages: Lag,
}

impl Sums {
    /// The movement from one bar to the next.
    #[inline(always)]
    fn of(before: Before, bar: &Bar) -> Self {
        let (up, down) = (bar.high - before.high, before.low - bar.low);
        Self {
            up: if up > down && up > 0.0 { up } else { 0.0 },
            down: if down > up && down > 0.0 { down } else { 0.0 },
            range: range(before.close, bar),
        }
    }

    /// With a movement more.
    #[inline(always)]
    fn plus(self, new: Self) -> Self {
        Self { up: self.up + new.up, down: self.down + new.down, range: self.range + new.range }
    }

    /// With a movement more, after a share of the sums has faded.
    #[inline(always)]
    fn faded_plus(self, share: f64, new: Self) -> Self {
        let next = |sum: f64, new: f64| sum - sum * share + new;
        Self {
            up: next(self.up, new.up),
            down: next(self.down, new.down),
            range: next(self.range, new.range),
        }
    }

    /// +DI and −DI, in percent.
    #[inline(always)]
    fn lines(self) -> [f64; 2] {
        if self.range > 0.0 { [self.up, self.down].map(|sum| 100.0 * (sum / self.range)) } else { [0.0; 2] }
    }
}

/// DX of the two lines; none where nothing moves.
#[inline(always)]
fn dx([up, down]: [f64; 2]) -> Option<f64> {
    // TA-Lib's bound for a sum of percentages that is none.
    (up + down >= 1e-14).then(|| 100.0 * ((up - down).abs() / (up + down)))
}

impl Adx {
    /// Over `n` bars, at least 2.
    pub fn new(n: u32) -> Self {
        let n = n.max(2);
        Self {
            n,
            share: 1.0 / f64::from(n),
            seen: 0,
            before: Before::default(),
            sums: Sums::default(),
            dx: 0.0,
            average: Average::wilder(n),
            averages: Lag::new(n as usize - 1),
        }
    }

    /// The sums with the bar's movement, while the first n − 1 movements only add up.
    #[inline(always)]
    fn next(&self, bar: &Bar) -> Sums {
        let new = Sums::of(self.before, bar);
        match self.seen {
            0 => Sums::default(),
            seen if seen < self.n => self.sums.plus(new),
            _ => self.sums.faded_plus(self.share, new),
        }
    }
}

/// The catalogue's entry.
pub static ENTRY: Entry = Entry {
    name: "adx",
    title: "average directional index",
    inputs: Inputs::Columns("HLC"),
    params: &[Param::count("period", 2, 14)],
    outputs: Adx::OUTPUTS,
    formula: "plus_di, minus_di = 100·sum of upward, downward movement / sum of true ranges, s = s - s/n + x; dx = \
              100·|plus_di - minus_di|/(plus_di + minus_di); adx = Wilder's average of dx; adxr = (adx + adx[n-1 bars ago])/2",
    conventions: "sums of the first n-1 movements, then fading; plus_di, minus_di, dx from row n, adx from row 2n-1, \
                  seeded with the mean of n dx, adxr from row 3n-2; where nothing moves dx and adx stay what they were, \
                  0 at the start",
    reference: "TA-Lib ADX, PLUS_DI, MINUS_DI, DX, ADXR; J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    peers: "",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Adx::new(args.count("period"))))),
};

impl BarFilter for Adx {
    type Value = [f64; 5];
    const OUTPUTS: &'static [&'static str] = &["adx", "plus_di", "minus_di", "dx", "adxr"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 5]> {
        self.sums = self.next(bar);
        self.before = Before { high: bar.high, low: bar.low, close: bar.close };
        if self.seen < self.n {
            self.seen += 1;
            return None;
        }
        let [plus, minus] = self.sums.lines();
        let adx = match dx([plus, minus]) {
            Some(dx) => {
                self.dx = dx;
                self.average.push(dx)
            }
            None => self.average.value().or_else(|| self.average.push(0.0)),
        };
        let Some(adx) = adx else { return Some([NULL, plus, minus, self.dx, NULL]) };
        let adxr = self.averages.push(adx).map_or(NULL, |before| (adx + before) / 2.0);
        Some([adx, plus, minus, self.dx, adxr])
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 5]> {
        if self.seen < self.n {
            return None;
        }
        let [plus, minus] = self.next(bar).lines();
        let dx = dx([plus, minus]);
        let adx = match dx {
            Some(dx) => self.average.peek(dx),
            None => self.average.value().or_else(|| self.average.peek(0.0)),
        };
        let before = adx.and_then(|_| self.averages.before());
        let adxr = adx.zip(before).map_or(NULL, |(adx, before)| (adx + before) / 2.0);
        Some([adx.unwrap_or(NULL), plus, minus, dx.unwrap_or(self.dx), adxr])
    }

    fn warm_up(&self) -> WarmUp {
        let lines = WarmUp::fading(self.n, 1.0 - self.share);
        let all = self.average.warm_up().on(lines).after(self.n - 1);
        WarmUp { first: self.n, ..all }
    }

    fn reset(&mut self) {
        (self.seen, self.before, self.sums, self.dx) = (0, Before::default(), Sums::default(), 0.0);
        self.average.reset();
        self.averages.reset();
    }

    fn save(&self, to: &mut Bytes) {
        to.u32(self.seen);
        to.f64s(&[self.before.high, self.before.low, self.before.close]);
        to.f64s(&[self.sums.up, self.sums.down, self.sums.range, self.dx]);
        self.average.save(to);
        self.averages.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("bars seen", self.n as usize)? as u32;
        self.before = Before { high: from.f64()?, low: from.f64()?, close: from.f64()? };
        self.sums = Sums { up: from.f64()?, down: from.f64()?, range: from.f64()? };
        self.dx = from.f64()?;
        self.average.restore(from)?;
        self.averages.restore(from)
    }
}
