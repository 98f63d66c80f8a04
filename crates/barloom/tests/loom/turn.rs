//! Cells that loom watches: a read and a write that no step keeps apart are found.
#![allow(unsafe_code, reason = "loom looks at every access, and fails where two meet")]

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use loom::cell::{ConstPtr, MutPtr, UnsafeCell};

#[derive(Debug, Default)]
pub(crate) struct Padded<T>(pub(crate) T);

pub(crate) struct TurnCell<T>(UnsafeCell<T>);

// SAFETY: loom reports accesses that are not ordered.
unsafe impl<T: Send> Sync for TurnCell<T> {}
// SAFETY: the value goes with it.
unsafe impl<T: Send> Send for TurnCell<T> {}

impl<T> TurnCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(crate) fn read(&self) -> Reading<'_, T> {
        Reading(self.0.get(), PhantomData)
    }

    pub(crate) fn write(&self) -> Writing<'_, T> {
        Writing(self.0.get_mut(), PhantomData)
    }
}

pub(crate) struct Reading<'a, T>(ConstPtr<T>, PhantomData<&'a T>);

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: loom fails where somebody writes.
        unsafe { self.0.deref() }
    }
}

pub(crate) struct Writing<'a, T>(MutPtr<T>, PhantomData<&'a T>);

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: loom fails where somebody else reads or writes.
        unsafe { self.0.deref() }
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { self.0.deref() }
    }
}
