//! The catalogue's formulas, with their default parameters.

use super::state::{adx, kama, pivots, sar, supertrend, vwap};
use super::{
    Dd, Market, Series, add, change, div, ema, highest, lag, location, lowest, map, mul, obv_step, place,
    pvt_step, ratio, rma, rolling, sigma, sma, squares, sub, sum, times, traded_with, wma, zip,
};

/// Every output of the spec, by bar.
///
/// # Panics
/// When there is no formula for the name.
pub fn exact(spec: &str, m: &Market) -> Vec<Series> {
    let c = &m.close;
    let one = match spec {
        "ad" => ad(m),
        "adosc" => {
            let ad = ad(m);
            let from_first = |n: usize| recursive(&ad, Dd::from(2.0) / (n + 1) as f64);
            sub(&from_first(3), &from_first(10))
        }
        "adx" => return adx(m, 14),
        "alma" => alma(c, 9, 0.85, 6.0),
        "apo" => sub(&ema(c, 12), &ema(c, 26)),
        "aroon" => {
            let (up, down) = (since(&m.high, 14, |a, b| a >= b), since(&m.low, 14, |a, b| a <= b));
            let osc = sub(&up, &down);
            return vec![up, down, osc];
        }
        "atr" | "atr_daily" => rma(&m.true_range(), 14),
        "avg_range" => sma(&m.range(), 10),
        "avg_volume" | "volume_sma" => sma(&m.volume, 20),
        "awesome" => sub(&sma(&m.hl2(), 5), &sma(&m.hl2(), 34)),
        "bbands" => return bbands(c),
        "bop" => div(&sub(c, &m.open), &m.range(), 0.0),
        "cci" => {
            let p = m.hlc3();
            let mean = sma(&p, 20);
            let deviation = rolling(&p, 20, |w| {
                let mean = w.iter().copied().sum::<Dd>() / 20.0;
                w.iter().map(|&x| (x - mean).abs()).sum::<Dd>() / 20.0
            });
            div(&sub(&p, &mean), &map(&deviation, |d| d * 15.0 / 1000.0), 0.0)
        }
        "choppiness" => {
            let range = sub(&highest(&m.high, 14), &lowest(&m.low, 14));
            let of = |tr: Dd, range: Dd| {
                if range == Dd::ZERO {
                    Dd::from(100.0)
                } else {
                    (tr / range).ln() * 100.0 / Dd::from(14.0).ln()
                }
            };
            zip(&sum(&m.true_range(), 14), &range, of)
        }
        "cmf" => div(&sum(&flow(m), 20), &sum(&m.volume, 20), 0.0),
        "cmo" => {
            let [gain, loss] = gains(c, 14);
            times(&div(&sub(&gain, &loss), &add(&gain, &loss), 0.0), 100.0)
        }
        "coppock" => wma(&add(&roc(c, 11), &roc(c, 14)), 10),
        "correl" => correl(&m.high, &m.low, 30),
        "dema" => {
            let e = ema(c, 20);
            sub(&times(&e, 2.0), &ema(&e, 20))
        }
        "donchian" => {
            let (h, l) = (highest(&m.high, 20), lowest(&m.low, 20));
            let middle = zip(&h, &l, |h, l| (h + l) / 2.0);
            return vec![h, middle, l];
        }
        "dpo" => sub(&lag(c, 11), &sma(c, 20)),
        "efficiency_ratio" | "efficiency_ratio:10,exact=true" => efficiency(c, 10),
        "ema" => ema(c, 20),
        "force_index" => ema(&mul(&change(c), &m.volume), 13),
        "gap_stats" => return gap_stats(m, 30),
        "garman_klass" => {
            let two_ln2 = Dd::from(2.0).ln() * 2.0 - 1.0;
            let range = map(&div(&m.high, &m.low, 1.0), |x| x.ln() * x.ln() / 2.0);
            let body = map(&div(c, &m.open, 1.0), |x| x.ln() * x.ln() * two_ln2);
            root_of_mean(&sub(&range, &body))
        }
        "high_low" => return vec![highest(&m.high, 20), lowest(&m.low, 20)],
        "hma" => wma(&sub(&times(&wma(c, 8), 2.0), &wma(c, 16)), 4),
        "ichimoku" => return ichimoku(m),
        "kama" | "kama:10,2,30,exact=true" => kama(c, &efficiency(c, 10)),
        "keltner" => return channel(&ema(c, 20), &rma(&m.true_range(), 10)),
        "keltner_talib" => return channel(&ema(&m.hlc3(), 20), &rma(&m.true_range(), 10)),
        "linreg" => return linreg(c, 14),
        "macd" | "macd_tv" => {
            let line = sub(&ema(c, 12), &ema(c, 26));
            let signal = ema(&line, 9);
            let histogram = sub(&line, &signal);
            return vec![line, signal, histogram];
        }
        "median" => rolling(c, 21, |w| {
            let mut w = w.to_vec();
            w.sort_by(|a, b| a.partial_cmp(b).expect("values"));
            w[10]
        }),
        "mfi" => mfi(m, 14),
        "midpoint" => zip(&highest(c, 14), &lowest(c, 14), |h, l| (h + l) / 2.0),
        "momentum" => sub(c, &lag(c, 10)),
        "natr" => times(&div(&rma(&m.true_range(), 14), c, 0.0), 100.0),
        "obv" => endless(m.before.obv, &steps(m, obv_step)),
        "parkinson" => {
            let ln2 = Dd::from(2.0).ln() * 4.0;
            root_of_mean(&map(&div(&m.high, &m.low, 1.0), |x| x.ln() * x.ln() / ln2))
        }
        "percent_rank" => rolling(c, 101, |w| {
            let below = w[..100].iter().filter(|x| **x < w[100]).count();
            Dd::from(below as f64)
        }),
        "pivot_points" => return pivots(m),
        "ppo" => times(&div(&sub(&ema(c, 12), &ema(c, 26)), &ema(c, 26), 0.0), 100.0),
        "pvt" => endless(m.before.pvt, &steps(m, pvt_step)),
        "range_ratio" => div(&m.range(), &sma(&m.range(), 20), 1.0),
        "realized_vol" => sigma(&map(&div(c, &lag(c, 1), 1.0), Dd::ln), 20, 19),
        "rma" => rma(c, 14),
        "roc" => roc(c, 10),
        "rogers_satchell" => {
            let ln = |a: &[Dd], b: &[Dd]| map(&div(a, b, 1.0), Dd::ln);
            let above = mul(&ln(&m.high, c), &ln(&m.high, &m.open));
            root_of_mean(&add(&above, &mul(&ln(&m.low, c), &ln(&m.low, &m.open))))
        }
        "rsi" => rsi(c, 14),
        "rvol" => {
            let mean = lag(&sma(&m.volume, 20), 1);
            zip(&m.volume, &mean, |v, mean| if mean == Dd::ZERO { Dd::NONE } else { v / mean })
        }
        "sar" => sar(m),
        "sma" => sma(c, 20),
        "stddev" => sigma(c, 20, 20),
        "stddev:20,sample=true" => sigma(c, 20, 19),
        "stoch_rsi" => {
            let r = rsi(c, 14);
            let k = sma(&place(&r, &highest(&r, 14), &lowest(&r, 14)), 3);
            let d = sma(&k, 3);
            return vec![k, d];
        }
        "stoch_rsi_talib" => {
            let r = rsi(c, 14);
            let k = place(&r, &highest(&r, 5), &lowest(&r, 5));
            let d = sma(&k, 3);
            return vec![k, d];
        }
        "stochastic" => {
            let k = sma(&place(c, &highest(&m.high, 14), &lowest(&m.low, 14)), 3);
            let d = sma(&k, 3);
            return vec![k, d];
        }
        "stochastic_fast" => {
            let k = place(c, &highest(&m.high, 14), &lowest(&m.low, 14));
            let d = sma(&k, 3);
            return vec![k, d];
        }
        "supertrend" => return supertrend(m, 10, 3.0),
        "swing_high" => rolling(&m.high, 11, |w| if w.iter().all(|&x| x <= w[5]) { w[5] } else { Dd::NONE }),
        "swing_low" => rolling(&m.low, 11, |w| if w.iter().all(|&x| x >= w[5]) { w[5] } else { Dd::NONE }),
        "t3" => t3(c),
        "tema" => {
            let e = ema(c, 20);
            let (ee, eee) = (ema(&e, 20), ema(&ema(&e, 20), 20));
            add(&times(&sub(&e, &ee), 3.0), &eee)
        }
        "trima" => sma(&sma(c, 10), 11),
        "trix" => roc(&ema(&ema(&ema(c, 15), 15), 15), 1),
        "true_range" => m.true_range(),
        "tsi" => {
            let change = change(c);
            let twice = |x: &[Dd]| ema(&ema(x, 25), 13);
            times(&div(&twice(&change), &twice(&map(&change, Dd::abs)), 0.0), 100.0)
        }
        "ultimate" => ultimate(m),
        "variance" => map(&squares(c, 20), |m2| m2 / 20.0),
        "variance:20,sample=true" => map(&squares(c, 20), |m2| m2 / 19.0),
        "volume_ratio" => div(&m.volume, &sma(&m.volume, 20), 1.0),
        "vortex" => {
            let tr = sum(&m.true_range(), 14);
            let moved = |a: &[Dd], b: &[Dd]| div(&sum(&map(&sub(a, &lag(b, 1)), Dd::abs), 14), &tr, 0.0);
            return vec![moved(&m.high, &m.low), moved(&m.low, &m.high)];
        }
        "vwap" => return vwap(m, true),
        "vwap:anchor=none" => return vwap(m, false),
        "vwma" => {
            let money = sum(&mul(c, &m.volume), 20);
            zip(&money, &sum(&m.volume, 20), |x, v| if v == Dd::ZERO { Dd::NONE } else { x / v })
        }
        "williams_r" => {
            let (h, l) = (highest(&m.high, 14), lowest(&m.low, 14));
            times(&div(&sub(c, &h), &sub(&h, &l), 0.0), 100.0)
        }
        "wma" => wma(c, 20),
        "zlema" => ema(&sub(&times(c, 2.0), &lag(c, 9)), 20),
        "zscore" => div(&sub(c, &sma(c, 20)), &sigma(c, 20, 20), 0.0),
        _ => panic!("{spec}: write its formula in {}", file!()),
    };
    vec![one]
}

/// y += (x - y)·k, from the first value.
fn recursive(x: &[Dd], k: Dd) -> Series {
    let mut y = Dd::NONE;
    let mut take = |x: Dd| {
        y = if y.is_none() { x } else { y + (x - y) * k };
        y
    };
    x.iter().map(|&x| take(x)).collect()
}

fn steps(m: &Market, step: fn(Dd, Dd, Dd) -> Dd) -> Series {
    let mut before = m.before.close;
    let next = |i: usize| step(std::mem::replace(&mut before, m.close[i]), m.close[i], m.volume[i]);
    (0..m.close.len()).map(next).collect()
}

fn endless(from: Dd, steps: &[Dd]) -> Series {
    let mut y = from;
    let mut take = |step| {
        y = y + step;
        y
    };
    steps.iter().map(|&step| take(step)).collect()
}

fn flow(m: &Market) -> Series {
    (0..m.close.len()).map(|i| location(m.high[i], m.low[i], m.close[i]) * m.volume[i]).collect()
}

fn ad(m: &Market) -> Series {
    endless(m.before.ad, &flow(m))
}

fn roc(x: &[Dd], n: usize) -> Series {
    zip(x, &lag(x, n), |x, before| ratio(x - before, before, 0.0) * 100.0)
}

fn gains(x: &[Dd], n: usize) -> [Series; 2] {
    let change = change(x);
    [map(&change, |x| x.max(Dd::ZERO)), map(&change, |x| (-x).max(Dd::ZERO))].map(|x| rma(&x, n))
}

fn rsi(x: &[Dd], n: usize) -> Series {
    let [gain, loss] = gains(x, n);
    times(&div(&gain, &add(&gain, &loss), 0.0), 100.0)
}

fn root_of_mean(x: &[Dd]) -> Series {
    map(&sma(x, 20), Dd::sqrt)
}

fn efficiency(x: &[Dd], n: usize) -> Series {
    let way = sum(&map(&change(x), Dd::abs), n);
    div(&map(&sub(x, &lag(x, n)), Dd::abs), &way, 1.0)
}

fn alma(x: &[Dd], n: usize, offset: f64, sigma: f64) -> Series {
    let (centre, width) = (Dd::from(offset) * (n - 1) as f64, Dd::from(n as f64) / sigma);
    let weight = |i: usize| {
        let distance = Dd::from(i as f64) - centre;
        (-(distance * distance) / (width * width * 2.0)).exp()
    };
    let weights: Series = (0..n).map(weight).collect();
    let all: Dd = weights.iter().copied().sum();
    rolling(x, n, |w| w.iter().zip(&weights).map(|(&x, &w)| x * w).sum::<Dd>() / all)
}

fn t3(x: &[Dd]) -> Series {
    let mut e = vec![ema(x, 5)];
    for i in 0..5 {
        e.push(ema(&e[i], 5));
    }
    let v = Dd::from(0.7);
    let (v2, v3) = (v * v, v * v * v);
    let part = |i: usize, weight: Dd| map(&e[i - 1], |x| x * weight);
    let high = add(&part(6, -v3), &part(5, (v2 + v3) * 3.0));
    let low = add(&part(4, -(v2 * 6.0 + (v + v3) * 3.0)), &part(3, v3 + v * 3.0 + v2 * 3.0 + 1.0));
    add(&high, &low)
}

/// 100·(n - bars since the latest extreme of n+1)/n.
fn since(x: &[Dd], n: usize, beats: fn(Dd, Dd) -> bool) -> Series {
    rolling(x, n + 1, |w| {
        let extreme = (1..w.len()).fold(0, |best, i| if beats(w[i], w[best]) { i } else { best });
        Dd::from(100.0) * extreme as f64 / n as f64
    })
}

fn bbands(c: &[Dd]) -> Vec<Series> {
    let (middle, width) = (sma(c, 20), times(&sigma(c, 20, 20), 2.0));
    let (upper, lower) = (add(&middle, &width), sub(&middle, &width));
    let whole = sub(&upper, &lower);
    let percent_b = div(&sub(c, &lower), &whole, 0.5);
    let bandwidth = div(&whole, &middle, 0.0);
    vec![upper, middle, lower, percent_b, bandwidth]
}

fn channel(middle: &[Dd], width: &[Dd]) -> Vec<Series> {
    let width = times(width, 2.0);
    vec![add(middle, &width), zip(middle, &width, |x, _| x), sub(middle, &width)]
}

fn gap_stats(m: &Market, n: usize) -> Vec<Series> {
    // Large or not is decided by the gap as it is rounded.
    let gap = sub(&m.open, &lag(&m.close, 1));
    let count = |is: fn(f64) -> bool| {
        rolling(&gap, n, |w| Dd::from(w.iter().filter(|x| is(x.to_f64())).count() as f64))
    };
    vec![sma(&gap, n), count(|x| x.abs() > 0.01), count(|x| x > 0.0), count(|x| x < 0.0)]
}

fn ichimoku(m: &Market) -> Vec<Series> {
    let middle = |n| zip(&highest(&m.high, n), &lowest(&m.low, n), |h, l| (h + l) / 2.0);
    let (tenkan, kijun) = (middle(9), middle(26));
    let span = zip(&tenkan, &kijun, |a, b| (a + b) / 2.0);
    vec![tenkan, kijun, span, middle(52), m.close.clone()]
}

fn linreg(x: &[Dd], n: usize) -> Vec<Series> {
    let centre = Dd::from((n - 1) as f64) / 2.0;
    let from_centre = |i: usize| Dd::from(i as f64) - centre;
    let spread: Dd = (0..n).map(|i| from_centre(i) * from_centre(i)).sum();
    let slope =
        rolling(x, n, |w| w.iter().enumerate().map(|(i, &x)| x * from_centre(i)).sum::<Dd>() / spread);
    let mean = sma(x, n);
    let at = |t: f64| zip(&mean, &slope, |mean, slope| mean + slope * (Dd::from(t) - centre));
    let angle = map(&slope, |slope| slope.atan() * 180.0 / Dd::PI);
    vec![at((n - 1) as f64), slope.clone(), at(0.0), at(n as f64), angle]
}

fn correl(x: &[Dd], y: &[Dd], n: usize) -> Series {
    let both = rolling_both(x, y, n, |x, y| {
        let mean = |x: &[Dd]| x.iter().copied().sum::<Dd>() / n as f64;
        let (mx, my) = (mean(x), mean(y));
        x.iter().zip(y).map(|(&x, &y)| (x - mx) * (y - my)).sum()
    });
    let root = zip(&squares(x, n), &squares(y, n), |x, y| (x * y).sqrt());
    div(&both, &root, 0.0)
}

fn rolling_both(x: &[Dd], y: &[Dd], n: usize, f: impl Fn(&[Dd], &[Dd]) -> Dd) -> Series {
    let none = std::iter::repeat_n(Dd::NONE, (n - 1).min(x.len()));
    none.chain(x.windows(n).zip(y.windows(n)).map(|(x, y)| f(x, y))).collect()
}

fn mfi(m: &Market, n: usize) -> Series {
    // Which way the price went is decided by the price as it is rounded.
    let rounded = |i: usize| (m.high[i].to_f64() + m.low[i].to_f64() + m.close[i].to_f64()) / 3.0;
    let price = m.hlc3();
    let side = |rises: bool| -> Series {
        let of = |i: usize| {
            let (before, now) = (rounded(i - 1), rounded(i));
            let counts = if rises { now > before } else { now < before };
            if counts { price[i] * m.volume[i] } else { Dd::ZERO }
        };
        std::iter::once(Dd::NONE).chain((1..m.close.len()).map(of)).collect()
    };
    let (rising, falling) = (sum(&side(true), n), sum(&side(false), n));
    times(&div(&rising, &add(&rising, &falling), 0.0), 100.0)
}

fn ultimate(m: &Market) -> Series {
    let pressure = zip(&sub(&m.close, &m.low), &change(&m.close), |a, b| a.max(b));
    let part = |n: usize, weight: f64| times(&div(&sum(&pressure, n), &sum(&m.true_range(), n), 0.0), weight);
    map(&add(&add(&part(7, 4.0), &part(14, 2.0)), &part(28, 1.0)), |x| x * 100.0 / 7.0)
}

/// Σv, Σv·x, Σv·x² after each bar, since its session's open or the beginning.
pub(super) fn traded(m: &Market, is_anchored: bool) -> Vec<[Dd; 3]> {
    let price = m.hlc3();
    let mut all = if is_anchored { [Dd::ZERO; 3] } else { m.before.traded };
    let next = |i: usize| {
        if is_anchored && i.is_multiple_of(m.session) {
            all = [Dd::ZERO; 3];
        }
        all = traded_with(all, price[i], m.volume[i]);
        all
    };
    (0..price.len()).map(next).collect()
}
