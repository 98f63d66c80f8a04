//! Tables out: derived and base bars, warnings and rejected rows as CSV.
//!
//! A table writes its header when it is made and then a line a row, to anything that takes bytes. Times are
//! `2024-11-25T14:30:00Z`, numbers the shortest text that reads back to the same bits, null is empty.

mod bars;
mod base;
mod line;
mod notes;
mod number;

pub use bars::{BarRow, BarTable};
pub use base::{BaseRow, RowTime};
pub(crate) use base::{BaseTable, mixed_times};
pub use notes::{RejectRow, RejectTable, WarningRow, WarningTable};
