//! What the columns and the latest values are made of; the loom model puts loom's parts in their place and breaks [`PUBLISH`] on purpose.

pub(super) use std::sync::Arc;
pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// How a length is published: everything written before it is seen by whoever sees the length.
pub(super) const PUBLISH: Ordering = Ordering::Release;

/// A cell that hands out pointers, as loom's does.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    #[inline(always)]
    pub(super) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    #[inline(always)]
    pub(super) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
