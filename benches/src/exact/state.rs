//! The formulas that walk: each bar decides what the next one starts from.

use super::formulas::traded;
use super::{Dd, Market, Series, change, div, lag, map, rma, times, zip};

/// ADX with DI lines, DX and ADXR. Which movement counts is decided by both as they are rounded.
pub(super) fn adx(m: &Market, n: usize) -> Vec<Series> {
    let (up, down) = (change(&m.high), map(&change(&m.low), |x| -x));
    let larger = |a: Dd, b: Dd| if a.to_f64() > b.to_f64() && a > Dd::ZERO { a } else { Dd::ZERO };
    let fading = |x: &[Dd]| -> Series {
        let (mut seen, mut y) = (0, Dd::ZERO);
        let mut take = |x: Dd| {
            seen += 1;
            if seen < n {
                y = y + x;
                return Dd::NONE;
            }
            y = y - y / n as f64 + x;
            y
        };
        x.iter().map(|&x| if x.is_none() { Dd::NONE } else { take(x) }).collect()
    };
    let range = fading(&m.true_range());
    let line = |x: &[Dd]| times(&div(&fading(x), &range, 0.0), 100.0);
    let (plus, minus) = (line(&zip(&up, &down, larger)), line(&zip(&down, &up, larger)));
    let mut last = Dd::ZERO;
    let dx =
        zip(&plus, &minus, |p, m| if p + m == Dd::ZERO { Dd::NONE } else { (p - m).abs() * 100.0 / (p + m) });
    let dx: Series = dx
        .iter()
        .zip(&plus)
        .map(|(&dx, plus)| {
            last = dx.or(last);
            if plus.is_none() { Dd::NONE } else { last }
        })
        .collect();
    let adx = rma(&dx, n);
    let adxr = zip(&adx, &lag(&adx, n - 1), |a, b| (a + b) / 2.0);
    vec![adx, plus, minus, dx, adxr]
}

/// From the value before the first efficiency ratio.
pub(super) fn kama(x: &[Dd], efficiency: &[Dd]) -> Series {
    let (fast, slow) = (Dd::from(2.0) / 3.0, Dd::from(2.0) / 31.0);
    let mut y = Dd::NONE;
    let next = |i: usize| {
        if efficiency[i].is_none() {
            return Dd::NONE;
        }
        let c = efficiency[i] * (fast - slow) + slow;
        y = y.or(x[i - 1]);
        y = y + (x[i] - y) * c * c;
        y
    };
    (0..x.len()).map(next).collect()
}

/// The classic levels of the session before.
pub(super) fn pivots(m: &Market) -> Vec<Series> {
    let mut out = vec![Series::new(); 7];
    for i in 0..m.close.len() {
        let start = i - i % m.session;
        if start == 0 {
            out.iter_mut().for_each(|out| out.push(Dd::NONE));
            continue;
        }
        let session = start - m.session..start;
        let h = m.high[session.clone()].iter().copied().fold(m.high[session.start], Dd::max);
        let l = m.low[session.clone()].iter().copied().fold(m.low[session.start], Dd::min);
        let p = (h + l + m.close[start - 1]) / 3.0;
        let levels =
            [p, p * 2.0 - l, p + (h - l), h + (p - l) * 2.0, p * 2.0 - h, p - (h - l), l - (h - p) * 2.0];
        out.iter_mut().zip(levels).for_each(|(out, level)| out.push(level));
    }
    out
}

/// TA-Lib's, with acceleration 0.02 up to 0.2.
pub(super) fn sar(m: &Market) -> Series {
    let (accel, most) = (Dd::from(0.02), Dd::from(0.2));
    let (h, l) = (&m.high, &m.low);
    let (up, down) = (h[1] - h[0], l[0] - l[1]);
    let mut rises = !(down > Dd::ZERO && down > up);
    let (mut stop, mut extreme) = if rises { (l[0], h[1]) } else { (h[0], l[1]) };
    let mut factor = accel;
    let mut out = vec![Dd::NONE];
    for i in 1..h.len() {
        let before = if i == 1 { 1 } else { i - 1 };
        let outside = |stop: Dd, rises: bool| {
            if rises { stop.min(l[before]).min(l[i]) } else { stop.max(h[before]).max(h[i]) }
        };
        let touched = if rises { l[i] <= stop } else { h[i] >= stop };
        if touched {
            rises = !rises;
            stop = outside(extreme, rises);
            factor = accel;
            extreme = if rises { h[i] } else { l[i] };
            out.push(stop);
        } else {
            out.push(stop);
            let reaches = if rises { h[i] > extreme } else { l[i] < extreme };
            if reaches {
                extreme = if rises { h[i] } else { l[i] };
                factor = (factor + accel).min(most);
            }
        }
        stop = outside(stop + (extreme - stop) * factor, rises);
    }
    out
}

/// Bands that only tighten until a close beyond them, and the trend.
pub(super) fn supertrend(m: &Market, n: usize, k: f64) -> Vec<Series> {
    let (middle, width) = (m.hl2(), times(&rma(&m.true_range(), n), k));
    let (mut upper, mut lower, mut rises) = (Dd::NONE, Dd::NONE, true);
    let (mut stops, mut trends) = (Series::new(), Series::new());
    for i in 0..middle.len() {
        if width[i].is_none() {
            stops.push(Dd::NONE);
            trends.push(Dd::NONE);
            continue;
        }
        let (up, low) = (middle[i] + width[i], middle[i] - width[i]);
        if upper.is_none() {
            (upper, lower) = (up, low);
        } else {
            let before = m.close[i - 1];
            upper = if up < upper || before > upper { up } else { upper };
            lower = if low > lower || before < lower { low } else { lower };
            rises = if rises { m.close[i] >= lower } else { m.close[i] > upper };
        }
        stops.push(if rises { lower } else { upper });
        trends.push(if rises { Dd::ONE } else { -Dd::ONE });
    }
    vec![stops, trends]
}

/// The average with its bands of one σ.
pub(super) fn vwap(m: &Market, is_anchored: bool) -> Vec<Series> {
    let price = m.hlc3();
    let mut out = vec![Series::new(); 3];
    for ([volume, money, squares], price) in traded(m, is_anchored).into_iter().zip(price) {
        let (mean, sigma) = if volume == Dd::ZERO {
            (price, Dd::ZERO)
        } else {
            let mean = money / volume;
            (mean, (squares / volume - mean * mean).sqrt())
        };
        out.iter_mut().zip([mean, mean + sigma, mean - sigma]).for_each(|(out, x)| out.push(x));
    }
    out
}
