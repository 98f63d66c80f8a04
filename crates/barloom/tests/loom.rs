//! Under every interleaving: the memory of a series, and the hand-over of steps. The files themselves, `column.rs` and `latest.rs`
//! of `core/src/store`, `subscription.rs` and `queue.rs` of this crate, over loom's cells, atomics, threads and `Arc`.
//!
//! They are taken as they are, and broken: publishing without an ordering, waking nobody; the same models must catch that. Slices
//! are lent of the rows below the length that one `Acquire` load returned, as a word is; the models read words, since loom's cells
//! are no numbers side by side. The cells of the ring are loom's, without a lock, so that the steps alone must keep its readers and
//! writers apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::duplicate_mod, reason = "the files are taken twice, over other parts")]

#[path = "loom/turn.rs"]
mod turn;

use std::panic::catch_unwind;

// The folder is this file's, not one named like the module.
#[path = "."]
mod released {
    mod sync {
        pub(super) use loom::cell::UnsafeCell;
        pub(super) use loom::sync::Arc;
        pub(super) use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

        pub(super) const PUBLISH: Ordering = Ordering::Release;
    }

    #[path = "../../core/src/store/column.rs"]
    #[allow(
        dead_code,
        clippy::cast_slice_different_sizes,
        reason = "what is for std's cells alone is not called"
    )]
    mod column;

    #[path = "../../core/src/store/latest.rs"]
    mod latest;

    #[path = "loom/models.rs"]
    pub(crate) mod models;
}

#[path = "."]
mod relaxed {
    mod sync {
        pub(super) use loom::cell::UnsafeCell;
        pub(super) use loom::sync::Arc;
        pub(super) use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

        /// Broken on purpose: who sees what was published need not see what was written before.
        pub(super) const PUBLISH: Ordering = Ordering::Relaxed;
    }

    #[path = "../../core/src/store/column.rs"]
    #[allow(
        dead_code,
        clippy::cast_slice_different_sizes,
        reason = "what is for std's cells alone is not called"
    )]
    mod column;

    #[path = "../../core/src/store/latest.rs"]
    mod latest;

    #[path = "loom/models.rs"]
    #[allow(dead_code, reason = "recycling does not depend on how a length is published")]
    pub(crate) mod models;
}

/// The hand-over, as it is and broken.
macro_rules! hand_over {
    ($name:ident, $doc:literal, publish: $publish:ident, finish: $finish:ident, wake: $wake:expr) => {
        #[doc = $doc]
        #[path = "."]
        #[allow(dead_code, unreachable_pub, reason = "each is run through the models that it is for")]
        mod $name {
            pub(crate) mod sync {
                pub(crate) use crate::turn::{Padded, Reading, TurnCell, Writing};
                pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
                pub(crate) use loom::sync::{Arc, Mutex};
                pub(crate) use loom::thread::{Thread, park, yield_now};

                pub(crate) const PUBLISH: Ordering = Ordering::$publish;
                pub(crate) const FINISH: Ordering = Ordering::$finish;

                pub(crate) fn wake(thread: &Thread) {
                    let wake: fn(&Thread) = $wake;
                    wake(thread);
                }
            }

            #[path = "../src/queue.rs"]
            pub(crate) mod queue;

            #[path = "../src/subscription.rs"]
            pub(crate) mod subscription;

            #[path = "loom/steps.rs"]
            pub(crate) mod steps;
        }
    };
}

hand_over!(sound, "As it is.", publish: Release, finish: AcqRel, wake: crate::unpark);
hand_over!(unordered, "Who sees a step need not see what was written before.", publish: Relaxed, finish: AcqRel, wake: crate::unpark);
hand_over!(alone, "The last shard does not see what the others wrote.", publish: Release, finish: Relaxed, wake: crate::unpark);
hand_over!(silent, "Nobody is woken.", publish: Release, finish: AcqRel, wake: |_| {});

/// Loom takes a store and the wake-up behind it as one, and lets a woken thread see all that went before; giving way between them
/// parts them, as threads do.
fn unpark(thread: &loom::thread::Thread) {
    loom::thread::yield_now();
    thread.unpark();
}

/// Runs a model of several threads through the interleavings with at most so many preemptions.
fn explore(preemptions: usize, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// That loom finds an execution in which `model` fails, with `fault` in its message.
fn assert_is_caught(model: fn(), fault: &str) {
    let panic = catch_unwind(|| loom::model(model)).expect_err("what is broken must be caught");
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    assert!(text.contains(fault), "caught, but not for that: {text}");
}

#[test]
fn a_row_is_whole_once_its_length_is_seen() {
    loom::model(released::models::one_row);
}

#[test]
fn rows_published_one_by_one_are_whole_as_far_as_seen() {
    loom::model(released::models::two_rows);
}

#[test]
fn readers_do_not_touch_each_other() {
    loom::model(released::models::two_readers);
}

#[test]
fn memory_is_used_again_only_after_its_last_reader() {
    loom::model(released::models::recycled);
}

#[test]
fn a_length_without_ordering_is_caught() {
    // A reader that may touch a word while, as far as it can know, it is written.
    assert_is_caught(relaxed::models::one_row, "Causality violation");
    assert_is_caught(relaxed::models::two_rows, "Causality violation");
}

#[test]
fn a_latest_value_is_its_bars_or_none() {
    loom::model(released::models::overwritten);
}

#[test]
fn a_bars_number_without_ordering_is_caught() {
    assert_is_caught(relaxed::models::overwritten, "another bar's value");
}

#[test]
fn a_step_hands_over_what_was_written_before_and_back() {
    explore(3, sound::steps::handshake);
}

#[test]
fn a_dropped_step_ends_its_producers_wait() {
    explore(3, sound::steps::abandoned);
}

#[test]
fn a_stop_ends_a_wait() {
    explore(3, sound::steps::stopped);
}

#[test]
fn a_producer_that_goes_ends_its_consumer() {
    explore(3, sound::steps::closed);
}

#[test]
fn a_reader_sees_what_every_shard_wrote() {
    explore(2, sound::steps::shards);
}

#[test]
fn a_slot_is_used_again_in_its_turn() {
    explore(2, sound::steps::reuse);
}

/// Models of what is broken: how, which, and what loom says of it.
const BROKEN: [(&str, fn(), &str); 10] = [
    ("unordered handshake", unordered::steps::handshake, "Causality violation"),
    ("unordered shards", unordered::steps::shards, "Causality violation"),
    ("unordered slot", unordered::steps::reuse, "Causality violation"),
    ("last shard alone", alone::steps::shards, "Causality violation"),
    ("silent handshake", silent::steps::handshake, "deadlock"),
    ("silent abandonment", silent::steps::abandoned, "deadlock"),
    ("silent stop", silent::steps::stopped, "deadlock"),
    ("silent close", silent::steps::closed, "deadlock"),
    ("silent shards", silent::steps::shards, "deadlock"),
    ("silent slot", silent::steps::reuse, "deadlock"),
];

#[test]
fn a_hand_over_without_an_ordering_or_a_wake_up_is_caught() {
    for (name, _, fault) in BROKEN {
        let own = std::env::current_exe().unwrap();
        let args = ["--exact", "one_broken_model_in_a_process_of_its_own", "--nocapture"];
        let run = std::process::Command::new(own).args(args).env(MODEL, name).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && said.contains(fault), "{name} was not caught: {said}");
    }
}

/// Names the model that a process is started for.
const MODEL: &str = "BARLOOM_LOOM_MODEL";

/// What is dropped where a model fails goes through loom again, which ends the process; so each has one of its own.
#[test]
fn one_broken_model_in_a_process_of_its_own() {
    let asked = std::env::var(MODEL).unwrap_or_default();
    if let Some((_, model, _)) = BROKEN.iter().find(|(name, ..)| *name == asked) {
        explore(3, *model);
    }
}
