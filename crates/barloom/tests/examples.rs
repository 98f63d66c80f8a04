//! The examples do what they say: each asserts it.

#[path = "../examples/own_indicator.rs"]
mod own_indicator;
#[path = "../../../examples/slow_subscriber.rs"]
mod slow_subscriber;
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

#[test]
fn the_slow_subscriber_overruns_unless_it_is_waited_for()
-> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let late = slow_subscriber::run(10_000)?;
    assert!(late.overran && late.overrun_count > 0 && late.steps < 120);
    let waited_for = slow_subscriber::run(0)?;
    assert_eq!((waited_for.overran, waited_for.overrun_count, waited_for.steps), (false, 0, 120));
    Ok(())
}
