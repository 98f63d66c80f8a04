//! How near to exact Barloom promises to be.

use super::{Dd, Market, Series, add, lag, map, sma, sub, times, wma};

/// 2⁻⁵³.
const UNIT: f64 = f64::EPSILON / 2.0;

/// A promise: in words, and in the output's units by output and bar.
pub struct Bound {
    /// In a few characters.
    pub label: &'static str,
    /// An output without a promise has none.
    pub of: Vec<Option<Series>>,
}

/// The promise for a spec whose exact outputs are given; `None` where there is none.
pub fn bound(spec: &str, m: &Market, exact: &[Series]) -> Option<Bound> {
    let c = &m.close;
    let mean = |x: &[Dd], n: usize| times(&sma(&map(x, Dd::abs), n), n as f64 * UNIT);
    let one = |label, of: Series| Some(Bound { label, of: vec![Some(of)] });
    let means = "n·u·mean(abs)";
    // An output that is one rounding of what is exact.
    let rounded = |x: &Series| map(x, |x| x.abs() * UNIT);
    let nothing = |x: &Series| map(x, |_| Dd::ZERO);
    let sigma = |x: &Series| map(x, |x| x * 1e-12);
    match spec {
        "sma" => one(means, mean(c, 20)),
        "avg_volume" | "volume_sma" => one(means, mean(&m.volume, 20)),
        "avg_range" => one(means, mean(&m.range(), 10)),
        "wma" => one("n·u·mean(abs)", times(&wma(&map(c, Dd::abs), 20), 20.0 * UNIT)),
        "awesome" => one("both means'", add(&mean(&m.hl2(), 5), &mean(&m.hl2(), 34))),
        "dpo" => one("its mean's", add(&mean(c, 20), &rounded(&exact[0]))),
        "trima" => one("both means'", times(&sma(&sma(&map(c, Dd::abs), 10), 11), 21.0 * UNIT)),
        "gap_stats" => {
            let gaps = sub(&m.open, &lag(c, 1));
            let counts = exact[1..].iter().map(|x| Some(nothing(x)));
            Some(Bound { label: means, of: [Some(mean(&gaps, 30))].into_iter().chain(counts).collect() })
        }
        "stddev" | "stddev:20,sample=true" | "realized_vol" => one("1e-12 σ", sigma(&exact[0])),
        "variance" | "variance:20,sample=true" => one("1e-12 of σ", map(&exact[0], |x| x * 2e-12)),
        "bbands" => {
            let spread = map(&sub(&exact[0], &exact[1]), |x| x * 1e-12);
            let edge = |x: &Series| add(&add(&spread, &mean(c, 20)), &rounded(x));
            let of = [Some(edge(&exact[0])), Some(mean(c, 20)), Some(edge(&exact[2])), None, None];
            Some(Bound { label: "mean's, 1e-12 σ", of: of.into() })
        }
        "donchian" => {
            let of = [nothing(&exact[0]), rounded(&exact[1]), nothing(&exact[2])];
            Some(Bound { label: "exact, rounded", of: of.map(Some).into() })
        }
        "high_low" => Some(Bound { label: "exact", of: exact.iter().map(|x| Some(nothing(x))).collect() }),
        "median" | "swing_high" | "swing_low" => one("exact", nothing(&exact[0])),
        // A share, then percent.
        "percent_rank" => one("exact, 2 roundings", map(&exact[0], |x| x * (2.0 * UNIT))),
        "midpoint" | "momentum" => one("exact, rounded", rounded(&exact[0])),
        "stochastic" | "stochastic_fast" => {
            let percent = |x: &Series| Some(map(x, |_| Dd::from(1e-7)));
            Some(Bound { label: "1e-7 of 0 … 100", of: exact.iter().map(percent).collect() })
        }
        _ => None,
    }
}
