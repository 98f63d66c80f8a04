//! The memory of a series: columns of 8-byte words side by side in one allocation, one writer, any number of readers.
//!
//! Rows below the length are published and never change; the writer alone touches those from the length on. One
//! `Release` store of the length publishes what was written before it, one `Acquire` load of it makes that readable: so
//! a reader never waits and never sees a row that is not whole. This is the only file of the crate with `unsafe`; its
//! ordering is modelled in `tests/loom.rs` of the crate `barloom`.
#![allow(unsafe_code, reason = "the one place: published rows are lent as slices while the writer appends")]

use super::sync::{Arc, AtomicUsize, Ordering, PUBLISH, UnsafeCell};

/// The words and how many rows of them are published.
struct Memory {
    /// Column after column, each of `capacity` words.
    words: Box<[UnsafeCell<u64>]>,
    capacity: usize,
    published: AtomicUsize,
}

// SAFETY: words of published rows are only read; the others are touched by the one `ColumnWriter` alone, which is not
// `Clone`. Readers reach no word before they have loaded a length that covers its row.
unsafe impl Sync for Memory {}
// SAFETY: words are plain numbers; nothing is bound to the thread that made them.
unsafe impl Send for Memory {}

/// What a cell holds.
pub(super) trait Word: Copy {
    /// Its bits.
    fn bits(self) -> u64;
}

impl Word for u64 {
    #[inline(always)]
    fn bits(self) -> u64 {
        self
    }
}

impl Word for f64 {
    #[inline(always)]
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// The one who appends rows. Not `Clone`.
pub(super) struct ColumnWriter {
    /// Where `memory` has its words, `capacity` a column: a row is written without a look at anything else.
    words: *const UnsafeCell<u64>,
    columns: u32,
    capacity: u32,
    published: u32,
    memory: Arc<Memory>,
}

// SAFETY: `words` points into `memory`, which goes with it; see there.
unsafe impl Send for ColumnWriter {}
// SAFETY: through a shared reference nothing is written.
unsafe impl Sync for ColumnWriter {}

/// One who reads published rows; as many as there is need for.
#[derive(Clone)]
pub(super) struct ColumnReader {
    memory: Arc<Memory>,
}

impl ColumnWriter {
    /// `columns` columns of `capacity` rows each, none published. The system hands out the memory as it is touched.
    pub(super) fn new(columns: usize, capacity: usize) -> Self {
        let zeros = vec![0_u64; columns * capacity].into_boxed_slice();
        // SAFETY: the cell is `repr(transparent)` over `u64`, so the allocation has the same layout; it changes owner here.
        let words = unsafe { Box::from_raw(Box::into_raw(zeros) as *mut [UnsafeCell<u64>]) };
        Self::over(words, capacity)
    }

    /// Over cells that exist: columns of `capacity` rows, none published.
    pub(super) fn over(words: Box<[UnsafeCell<u64>]>, capacity: usize) -> Self {
        let memory = Arc::new(Memory { words, capacity, published: AtomicUsize::new(0) });
        let columns = memory.words.len() / capacity.max(1);
        Self {
            words: memory.words.as_ptr(),
            columns: columns as u32,
            capacity: capacity as u32,
            published: 0,
            memory,
        }
    }

    /// Another reader.
    pub(super) fn reader(&self) -> ColumnReader {
        ColumnReader { memory: Arc::clone(&self.memory) }
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns as usize
    }

    /// How many rows there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Writes words of a row that is not published, one a column from `first` on.
    ///
    /// # Panics
    /// When the row is published, or there is no such row or column.
    #[inline(always)]
    pub(super) fn write<W: Word>(&mut self, first: usize, row: usize, words: &[W]) {
        let (columns, capacity) = (self.columns as usize, self.capacity as usize);
        assert!(self.published as usize <= row && row < capacity, "a row that is not published");
        assert!(first <= columns && words.len() <= columns - first, "no more words than columns");
        let mut at = first * capacity + row;
        for &word in words {
            // SAFETY: `at` is in `row` of a column from `first` on, and no more words than columns follow, so the cell is one of the
            // memory's, which lives as long as `self`. The row is not published, so no reader reaches the word, and `&mut self` is
            // the only writer.
            unsafe { (*self.words.add(at)).with_mut(|word_at| *word_at = word.bits()) };
            at += capacity;
        }
    }

    /// Publishes the rows below `rows`; what was published stays so.
    ///
    /// # Panics
    /// When there are not as many rows.
    #[inline(always)]
    pub(super) fn publish(&mut self, rows: usize) {
        assert!(rows <= self.capacity as usize, "no more rows than there is room for");
        if rows > self.published as usize {
            self.published = rows as u32;
            self.memory.published.store(rows, PUBLISH);
        }
    }

    /// Takes every row back for a new use, unless a reader is left that could look at them.
    pub(super) fn recycle(&mut self) -> bool {
        let Some(memory) = Arc::get_mut(&mut self.memory) else { return false };
        memory.published = AtomicUsize::new(0);
        self.published = 0;
        true
    }
}

impl ColumnReader {
    /// How many rows are published. They are whole, and stay as they are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.memory.published.load(Ordering::Acquire)
    }

    /// The word of a published row; `None` while it is not.
    #[inline(always)]
    pub(super) fn word(&self, column: usize, row: usize) -> Option<u64> {
        if row >= self.len() {
            return None;
        }
        let cell = self.memory.words.get(column * self.memory.capacity + row)?;
        // SAFETY: the row is below the length just loaded, so it is written and will not be again.
        Some(cell.with(|word_at| unsafe { *word_at }))
    }

    /// The first `rows` words of a column as numbers; fewer when fewer are published, none of a column there is not.
    #[inline]
    pub(super) fn f64s(&self, column: usize, rows: usize) -> &[f64] {
        let (first, rows) = self.column(column, rows);
        // SAFETY: `rows` words from `first` are published: written, never again written, and alive as long as `self`
        // keeps the memory. The cell is `repr(transparent)` over `u64`, `f64` has its size and alignment, and any bits are a
        // number.
        unsafe { std::slice::from_raw_parts(first.cast(), rows) }
    }

    /// The first `rows` words of a column as integers, like [`ColumnReader::f64s`].
    #[inline]
    pub(super) fn i64s(&self, column: usize, rows: usize) -> &[i64] {
        let (first, rows) = self.column(column, rows);
        // SAFETY: as in `f64s`; `i64` has the size and alignment of the cell, and any bits are an integer.
        unsafe { std::slice::from_raw_parts(first.cast(), rows) }
    }

    /// Where a column begins, and how many of `rows` are published.
    #[inline(always)]
    fn column(&self, column: usize, rows: usize) -> (*const UnsafeCell<u64>, usize) {
        let rows = rows.min(self.len());
        let from = column * self.memory.capacity;
        let words = self.memory.words.get(from..from + rows).unwrap_or_default();
        (words.as_ptr(), words.len())
    }
}

impl std::fmt::Debug for ColumnWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ColumnWriter({} of {} rows)", self.published, self.capacity)
    }
}

impl std::fmt::Debug for ColumnReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ColumnReader({} of {} rows)", self.len(), self.memory.capacity)
    }
}
