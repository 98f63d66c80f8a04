//! Average directional index: how much of all movement goes one way, and what it is made of.

use super::contract::{NULL, WarmUp};
use super::lane::Each;
use super::parts::{BarFilter, Lag, OfBar};
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

/// What there is after a bar.
#[derive(Debug, Clone, Copy, Default)]
struct Now {
    sums: Sums,
    lines: [f64; 2],
    /// The last one that there was; 0 before.
    dx: f64,
    /// The sum of n DX while it grows, their average after.
    adx: f64,
}

/// ADX with +DI, −DI, DX and ADXR.
#[derive(Debug, Clone)]
pub struct Adx {
    n: u32,
    /// 1/n.
    share: f64,
    /// Bars seen, up to the first of ADXR.
    seen: u32,
    before: Before,
    now: Now,
    /// ADX, for ADXR.
    averages: Lag,
}

/// A sum of true ranges that is none: what is left of one after thousands of bars that did not move.
const FADED: f64 = 1e-290;

impl Sums {
    /// The movement from one bar to the next.
    #[inline(always)]
    fn of(before: Before, bar: &Bar) -> Self {
        let (up, down) = (bar.high - before.high, before.low - bar.low);
        // Without a branch: which way a market goes can't be predicted.
        let larger = |of: f64, other: f64| if of > other { of } else { 0.0 };
        let positive = |of: f64| if of > 0.0 { of } else { 0.0 };
        Self {
            up: positive(larger(up, down)),
            down: positive(larger(down, up)),
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

    /// +DI and −DI, in percent; one division for both.
    #[inline(always)]
    fn lines(self) -> [f64; 2] {
        let scale = if self.range > FADED { 100.0 / self.range } else { 0.0 };
        [self.up, self.down].map(|sum| {
            let percent = sum * scale;
            if percent < 100.0 { percent } else { 100.0 }
        })
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
            now: Now::default(),
            averages: Lag::new(n as usize - 1),
        }
    }

    /// The row of the first ADX.
    #[inline(always)]
    fn first(&self) -> u32 {
        2 * self.n - 1
    }

    /// What there will be after the bar. Compiled once more for when all has begun and nothing needs to be asked.
    #[inline(always)]
    fn next<const HAS_BEGUN: bool>(&self, bar: &Bar) -> Now {
        let (row, new) = (self.seen, Sums::of(self.before, bar));
        let sums = if HAS_BEGUN || row >= self.n {
            self.now.sums.faded_plus(self.share, new)
        } else if row > 0 {
            self.now.sums.plus(new)
        } else {
            Sums::default()
        };
        let (lines, before) = (sums.lines(), self.now.adx);
        if !HAS_BEGUN && row < self.n {
            return Now { sums, ..self.now };
        }
        let dx = dx(lines);
        let adx = if HAS_BEGUN || row > self.first() {
            dx.map_or(before, |dx| (dx - before) * self.share + before)
        } else {
            let sum = before + dx.unwrap_or(0.0);
            if row == self.first() { sum / f64::from(self.n) } else { sum }
        };
        Now { sums, lines, dx: dx.unwrap_or(self.now.dx), adx }
    }

    /// The outputs of the bar's row, `before` the ADX that ADXR needs.
    #[inline(always)]
    fn tell(&self, now: Now, before: Option<f64>) -> Option<[f64; 5]> {
        let Now { lines: [plus, minus], dx, adx, .. } = now;
        if let Some(before) = before {
            return Some([adx, plus, minus, dx, (adx + before) * 0.5]);
        }
        let adx = if self.seen >= self.first() { adx } else { NULL };
        (self.seen >= self.n).then_some([adx, plus, minus, dx, NULL])
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
    peers: "wickra-core and quantedge-ta seed otherwise (wickra-core with n movements): ADX apart by 4 % at \
            row 27, equal after 300 bars",
    has_gaps: false,
    check: anything,
    build: |args| Box::new(Each::new(OfBar(Adx::new(args.count("period"))))),
};

impl BarFilter for Adx {
    type Value = [f64; 5];
    const OUTPUTS: &'static [&'static str] = &["adx", "plus_di", "minus_di", "dx", "adxr"];

    #[inline(always)]
    fn push(&mut self, bar: &Bar) -> Option<[f64; 5]> {
        let has_begun = self.averages.before().is_some();
        self.now = if has_begun { self.next::<true>(bar) } else { self.next::<false>(bar) };
        self.before = Before { high: bar.high, low: bar.low, close: bar.close };
        if has_begun {
            let before = self.averages.push(self.now.adx);
            return self.tell(self.now, before);
        }
        let told = self.tell(self.now, None);
        if self.seen >= self.first() {
            self.averages.push(self.now.adx);
        }
        self.seen += 1;
        told
    }

    #[inline(always)]
    fn peek(&self, bar: &Bar) -> Option<[f64; 5]> {
        self.tell(self.next::<false>(bar), self.averages.before())
    }

    fn warm_up(&self) -> WarmUp {
        let fading = |first| WarmUp::fading(first, 1.0 - self.share);
        let all = fading(self.n - 1).on(fading(self.n)).after(self.n - 1);
        WarmUp { first: self.n, ..all }
    }

    fn reset(&mut self) {
        (self.seen, self.before, self.now) = (0, Before::default(), Now::default());
        self.averages.reset();
    }

    fn save(&self, to: &mut Bytes) {
        let Now { sums, lines, dx, adx } = self.now;
        to.u32(self.seen);
        to.f64s(&[self.before.high, self.before.low, self.before.close]);
        to.f64s(&[sums.up, sums.down, sums.range, lines[0], lines[1], dx, adx]);
        self.averages.save(to);
    }

    fn restore(&mut self, from: &mut Read<'_>) -> Result<(), SnapshotError> {
        self.seen = from.at_most("bars seen", 3 * self.n as usize - 2)? as u32;
        self.before = Before { high: from.f64()?, low: from.f64()?, close: from.f64()? };
        let sums = Sums { up: from.f64()?, down: from.f64()?, range: from.f64()? };
        let lines = [from.f64()?, from.f64()?];
        self.now = Now { sums, lines, dx: from.f64()?, adx: from.f64()? };
        self.averages.restore(from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bar_of;
    use super::*;

    #[test]
    fn one_way_is_100_and_what_does_not_move_keeps_it() {
        let mut adx = Adx::new(2);
        let given = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|x| adx.push(&bar_of(x, x, x, x)));
        let bits = |row: Option<[f64; 5]>| row.map(|row| row.map(|x| if x.is_nan() { -1.0 } else { x }));
        assert_eq!(given[1], None);
        assert_eq!(bits(given[2]), Some([-1.0, 100.0, 0.0, 100.0, -1.0]));
        assert_eq!(bits(given[3]), Some([100.0, 100.0, 0.0, 100.0, -1.0]));
        assert_eq!(given[5], Some([100.0, 100.0, 0.0, 100.0, 100.0]));
        // The sums fade to the smallest numbers that there are.
        for _ in 0..3000 {
            let [adx, plus, minus, dx, adxr] = adx.push(&bar_of(6.0, 6.0, 6.0, 6.0)).unwrap();
            assert_eq!([adx, minus, dx, adxr], [100.0, 0.0, 100.0, 100.0]);
            assert!((0.0..=100.0).contains(&plus), "{plus}");
        }
    }
}
