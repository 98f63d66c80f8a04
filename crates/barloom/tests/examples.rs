//! The examples do what they say: each asserts it.

#[path = "../examples/own_indicator.rs"]
mod own_indicator;
#[path = "../examples/strategy.rs"]
mod strategy;

#[test]
fn an_indicator_of_ones_own_counts() -> Result<(), Box<dyn std::error::Error>> {
    own_indicator::main()
}

#[test]
fn the_strategy_enters() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    strategy::main()
}
