//! Nanoseconds an indicator update, beside the crates `ta-lib`, `wickra-core` and `quantedge-ta`, in thread CPU time.
//!
//! `cargo run --release --bin indicators [RUNS [SPEC]]` in `benches/`; with a spec, for a profiler, its `run` alone. First
//! one symbol, every name of the catalogue, those that have a goal apart; then market minutes.

mod market;
mod one;

/// Bars before the clock starts; every indicator has values by then.
const WARM: usize = 128;

fn main() {
    let runs: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(15);
    match std::env::args().nth(2) {
        Some(spec) => one::alone(runs, &spec),
        None => {
            one::all(runs);
            market::minutes(runs);
        }
    }
}
