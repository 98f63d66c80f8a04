#![no_main]
#[path = "../targets.rs"]
#[allow(dead_code, reason = "each wrapper uses one of the targets")]
mod targets;

use std::sync::Once;

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The libraries that decode columns panic on some damaged files, which is caught: only what comes out of here is a fault.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    targets::columns(bytes);
});
