//! What the hand-over between threads is made of; the loom model puts loom's parts in their place and breaks them on purpose.

use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex};
pub(crate) use std::thread::{Thread, park, yield_now};

/// How a finished step is published: everything done before it is seen by whoever sees it finished.
pub(crate) const PUBLISH: Ordering = Ordering::Release;

/// How a shard's end of a step is noted: the last one sees what all the others wrote.
pub(crate) const FINISH: Ordering = Ordering::AcqRel;

/// Ends a thread's [`park`], also one that is yet to come.
pub(crate) fn wake(thread: &Thread) {
    thread.unpark();
}

/// A number alone on its cache line, so that who waits for it is not disturbed by its neighbours.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// A place that one writes and others read, in turn.
///
/// Whose turn it is follows from the steps that were opened and finished, as the loom model proves of cells without any lock; so
/// this one is never found taken. It is there because the crate has no `unsafe`.
#[derive(Debug, Default)]
pub(crate) struct TurnCell<T>(RwLock<T>);

impl<T> TurnCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    /// For one of its readers, in their turn.
    pub(crate) fn read(&self) -> Reading<'_, T> {
        Reading(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// For its writer, in its turn.
    pub(crate) fn write(&self) -> Writing<'_, T> {
        Writing(self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A [`TurnCell`] that is read.
#[derive(Debug)]
pub(crate) struct Reading<'a, T>(RwLockReadGuard<'a, T>);

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A [`TurnCell`] that is written.
#[derive(Debug)]
pub(crate) struct Writing<'a, T>(RwLockWriteGuard<'a, T>);

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
