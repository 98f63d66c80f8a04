//! The store's memory as read-only NumPy arrays: the one file of the crate with `unsafe`.
//!
//! Published rows never change and live as long as someone holds them, so an array may show them where they lie. It holds
//! them itself, as its base, and can't be written to.
#![allow(unsafe_code, reason = "the one place: the store's published rows are lent to NumPy")]

use barloom_core::store::PublishedRows;
use numpy::ndarray::ArrayView1;
use numpy::{Element, PyArray1};
use pyo3::prelude::*;

/// What an array of lent rows holds.
#[pyclass(frozen, module = "barloom")]
struct Held(PublishedRows);

/// A column of `rows` as an array over the store's own memory.
pub(crate) fn lent<'py, T: Element>(
    py: Python<'py>,
    rows: &PublishedRows,
    column: impl for<'r> Fn(&'r PublishedRows) -> &'r [T],
) -> PyResult<Bound<'py, PyAny>> {
    let held = Bound::new(py, Held(rows.clone()))?;
    let view = ArrayView1::from(column(&held.get().0));
    // SAFETY: the words are published, so nobody writes them any more, and `held`, a frozen object that owns a share of their memory, becomes
    // the array's base, so they live as long as the array and every view of it. The array is made read-only below before anyone else
    // sees it, and NumPy does not let a user undo that, as its base is no writable buffer.
    let array = unsafe { PyArray1::borrow_from_array(&view, held.clone().into_any()) };
    array.call_method1("setflags", (false,))?;
    Ok(array.into_any())
}
