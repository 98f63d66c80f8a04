//! The last few values of each output, for series that keep no more.
//!
//! Its ordering is modelled beside that of the columns, in `tests/loom.rs` of the crate `barloom`.

use super::sync::{AtomicU64, Ordering, PUBLISH, fence};

/// Rows of values, one an output, used in turn.
///
/// Each row has the number of the bar it is of, 0 while it is written: who reads looks at it before and after (Boehm,
/// *Can Seqlocks Get Along with Programming Language Memory Models?*, 2012).
#[derive(Debug)]
pub(super) struct Latest {
    width: usize,
    /// A power of two.
    rows: usize,
    /// Row by row: the number, and the values.
    cells: Box<[AtomicU64]>,
}

/// How many rows there are for the last `keep` values, where the writer may be `ahead` rows ahead of a reader.
pub(super) fn latest_rows(keep: u32, ahead: u32) -> usize {
    (keep.max(1) as usize + ahead as usize).next_power_of_two()
}

impl Latest {
    pub(super) fn new(width: usize, keep: u32, ahead: u32) -> Self {
        let rows = latest_rows(keep, ahead);
        let cells = (0..rows * (1 + width)).map(|_| AtomicU64::new(0)).collect();
        Self { width, rows, cells }
    }

    /// The row of the bar numbered `number`: its number, and its values.
    #[inline]
    fn row(&self, number: u64) -> (&AtomicU64, &[AtomicU64]) {
        let from = (number as usize & (self.rows - 1)) * (1 + self.width);
        (&self.cells[from], &self.cells[from + 1..][..self.width])
    }

    #[inline]
    pub(super) fn write(&self, number: u64, values: &[f64]) {
        let (mark, cells) = self.row(number);
        mark.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        for (cell, value) in cells.iter().zip(values) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
        mark.store(number + 1, PUBLISH);
    }

    /// An output's value in the bar numbered `number`; `None` once it was overwritten.
    #[inline]
    pub(super) fn read(&self, number: u64, output: usize) -> Option<f64> {
        let (mark, cells) = self.row(number);
        if mark.load(Ordering::Acquire) != number + 1 {
            return None;
        }
        let bits = cells.get(output)?.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        (mark.load(Ordering::Relaxed) == number + 1).then(|| f64::from_bits(bits))
    }
}
