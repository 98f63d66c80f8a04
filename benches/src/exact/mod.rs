//! What every indicator of the catalogue should be, in numbers of 106 bits: straight from the formulas, each window summed
//! anew. Against 53 bits that is exact for window sums, means, σ, averages and sums without end.

mod bounds;
mod dd;
mod formulas;
mod state;

pub use bounds::{Bound, bound};
pub use dd::Dd;
pub use formulas::exact;

use barloom_core::Bar;

/// A number a bar, or none.
pub type Series = Vec<Dd>;

/// What sums without end had come to before the first bar.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    close: Dd,
    obv: Dd,
    ad: Dd,
    pvt: Dd,
    /// Σv, Σv·x, Σv·x² of hlc3.
    traded: [Dd; 3],
}

impl Default for Before {
    fn default() -> Self {
        Self { close: Dd::NONE, obv: Dd::ZERO, ad: Dd::ZERO, pvt: Dd::ZERO, traded: [Dd::ZERO; 3] }
    }
}

impl Before {
    /// With one bar more.
    pub fn take(&mut self, bar: &Bar) {
        let Row { high, low, close, volume, .. } = Row::of(bar);
        self.obv = self.obv + obv_step(self.close, close, volume);
        self.ad = self.ad + location(high, low, close) * volume;
        self.pvt = self.pvt + pvt_step(self.close, close, volume);
        self.traded = traded_with(self.traded, hlc3(high, low, close), volume);
        self.close = close;
    }
}

/// A bar's numbers.
#[derive(Debug, Clone, Copy)]
struct Row {
    open: Dd,
    high: Dd,
    low: Dd,
    close: Dd,
    volume: Dd,
}

impl Row {
    fn of(bar: &Bar) -> Self {
        Self {
            open: bar.open().into(),
            high: bar.high().into(),
            low: bar.low().into(),
            close: bar.close().into(),
            volume: bar.volume().map_or(Dd::NONE, Dd::from),
        }
    }
}

/// Bars by column, in sessions of equal length.
#[derive(Debug, Clone)]
pub struct Market {
    open: Series,
    high: Series,
    low: Series,
    close: Series,
    volume: Series,
    session: usize,
    before: Before,
}

impl Market {
    /// Of bars, the first of which opens one of the sessions of so many bars.
    pub fn new(bars: &[Bar], session: usize, before: Before) -> Self {
        let column = |of: fn(Row) -> Dd| bars.iter().map(|bar| of(Row::of(bar))).collect();
        Self {
            open: column(|row| row.open),
            high: column(|row| row.high),
            low: column(|row| row.low),
            close: column(|row| row.close),
            volume: column(|row| row.volume),
            session,
            before,
        }
    }

    fn hl2(&self) -> Series {
        zip(&self.high, &self.low, |h, l| (h + l) / 2.0)
    }

    fn hlc3(&self) -> Series {
        (0..self.close.len()).map(|i| hlc3(self.high[i], self.low[i], self.close[i])).collect()
    }

    fn range(&self) -> Series {
        zip(&self.high, &self.low, |h, l| h - l)
    }

    fn true_range(&self) -> Series {
        let before = lag(&self.close, 1);
        let of = |i: usize| self.high[i].max(before[i]) - self.low[i].min(before[i]);
        (0..self.close.len()).map(|i| if before[i].is_none() { Dd::NONE } else { of(i) }).collect()
    }
}

fn hlc3(high: Dd, low: Dd, close: Dd) -> Dd {
    (high + low + close) / 3.0
}

/// Where in its range a bar closed, from -1 to 1.
fn location(high: Dd, low: Dd, close: Dd) -> Dd {
    ratio((close - low) - (high - close), high - low, 0.0)
}

fn obv_step(before: Dd, close: Dd, volume: Dd) -> Dd {
    if before.is_none() || close > before {
        volume
    } else if close < before {
        -volume
    } else {
        Dd::ZERO
    }
}

fn pvt_step(before: Dd, close: Dd, volume: Dd) -> Dd {
    if before.is_none() { Dd::ZERO } else { ratio(close - before, before, 0.0) * volume }
}

fn traded_with([v, vx, vxx]: [Dd; 3], price: Dd, volume: Dd) -> [Dd; 3] {
    [v + volume, vx + volume * price, vxx + volume * price * price]
}

/// a/b, `instead` where b is 0.
fn ratio(a: Dd, b: Dd, instead: f64) -> Dd {
    if b == Dd::ZERO { Dd::from(instead) } else { a / b }
}

fn map(x: &[Dd], f: impl Fn(Dd) -> Dd) -> Series {
    x.iter().map(|&x| if x.is_none() { Dd::NONE } else { f(x) }).collect()
}

fn zip(a: &[Dd], b: &[Dd], f: impl Fn(Dd, Dd) -> Dd) -> Series {
    let both = |(&a, &b): (&Dd, &Dd)| if a.is_none() || b.is_none() { Dd::NONE } else { f(a, b) };
    a.iter().zip(b).map(both).collect()
}

fn add(a: &[Dd], b: &[Dd]) -> Series {
    zip(a, b, |a, b| a + b)
}

fn sub(a: &[Dd], b: &[Dd]) -> Series {
    zip(a, b, |a, b| a - b)
}

fn mul(a: &[Dd], b: &[Dd]) -> Series {
    zip(a, b, |a, b| a * b)
}

fn div(a: &[Dd], b: &[Dd], instead: f64) -> Series {
    zip(a, b, |a, b| ratio(a, b, instead))
}

fn times(x: &[Dd], k: f64) -> Series {
    map(x, |x| x * k)
}

fn lag(x: &[Dd], k: usize) -> Series {
    let k = k.min(x.len());
    std::iter::repeat_n(Dd::NONE, k).chain(x[..x.len() - k].iter().copied()).collect()
}

/// `f` of each last n values.
fn rolling(x: &[Dd], n: usize, f: impl Fn(&[Dd]) -> Dd) -> Series {
    let none = std::iter::repeat_n(Dd::NONE, (n - 1).min(x.len()));
    let of = |w: &[Dd]| if w.iter().any(|x| x.is_none()) { Dd::NONE } else { f(w) };
    none.chain(x.windows(n).map(of)).collect()
}

fn sum(x: &[Dd], n: usize) -> Series {
    rolling(x, n, |w| w.iter().copied().sum())
}

fn sma(x: &[Dd], n: usize) -> Series {
    map(&sum(x, n), |x| x / n as f64)
}

fn wma(x: &[Dd], n: usize) -> Series {
    let weight = (n * (n + 1) / 2) as f64;
    rolling(x, n, |w| w.iter().enumerate().map(|(i, &x)| x * (i + 1) as f64).sum::<Dd>() / weight)
}

fn highest(x: &[Dd], n: usize) -> Series {
    rolling(x, n, |w| w.iter().copied().fold(w[0], Dd::max))
}

fn lowest(x: &[Dd], n: usize) -> Series {
    rolling(x, n, |w| w.iter().copied().fold(w[0], Dd::min))
}

/// Σ(x - m)² of the last n values, in two passes.
fn squares(x: &[Dd], n: usize) -> Series {
    rolling(x, n, |w| {
        let mean = w.iter().copied().sum::<Dd>() / n as f64;
        w.iter().map(|&x| (x - mean) * (x - mean)).sum()
    })
}

fn sigma(x: &[Dd], n: usize, of: usize) -> Series {
    map(&squares(x, n), |m2| (m2 / of as f64).sqrt())
}

/// y += (x - y)·k, from the mean of the first n values.
fn seeded(x: &[Dd], n: usize, k: Dd) -> Series {
    let (mut seen, mut y) = (0, Dd::ZERO);
    let mut take = |x: Dd| {
        seen += 1;
        if seen <= n {
            y = y + x;
            if seen < n {
                return Dd::NONE;
            }
            y = y / n as f64;
        } else {
            y = y + (x - y) * k;
        }
        y
    };
    x.iter().map(|&x| if x.is_none() { Dd::NONE } else { take(x) }).collect()
}

fn ema(x: &[Dd], n: usize) -> Series {
    seeded(x, n, Dd::from(2.0) / (n + 1) as f64)
}

fn rma(x: &[Dd], n: usize) -> Series {
    seeded(x, n, Dd::ONE / n as f64)
}

fn change(x: &[Dd]) -> Series {
    sub(x, &lag(x, 1))
}

/// (x - L)/(H - L) in percent, 0 of no range.
fn place(x: &[Dd], high: &[Dd], low: &[Dd]) -> Series {
    times(&div(&sub(x, low), &sub(high, low), 0.0), 100.0)
}
