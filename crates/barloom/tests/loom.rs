//! The memory of a series under every interleaving: the files `column.rs` and `latest.rs` of `core/src/store` themselves, over
//! loom's cells, atomics and `Arc`.
//!
//! They are taken twice: as they are, and publishing without an ordering, which the same models must catch. Slices are lent of
//! the rows below the length that one `Acquire` load returned, as a word is; the models read words, since loom's cells are no
//! numbers side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::duplicate_mod, reason = "the files are taken twice, over other parts")]

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

/// That loom finds an execution in which `model` fails, with `fault` in its message.
fn assert_is_caught(model: fn(), fault: &str) {
    let panic =
        catch_unwind(|| loom::model(model)).expect_err("publishing without an ordering must be caught");
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    assert!(text.contains(fault), "caught, but not for the ordering: {text}");
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
