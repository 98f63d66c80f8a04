//! Tables in columns: Parquet, and Arrow IPC as a file or a stream.
//!
//! A batch of columns is read row by row by the same rules as a line of CSV: columns go by name, times say their zone or
//! the user does, and a row that can't be read is a reject. Row groups come one after the other, so memory does not grow with
//! the file. What a file of our own says about itself stands in the metadata of its schema, see [`Facts`].

mod ahead;
mod base;
mod databento;
mod error;
mod facts;
mod format;
mod numbers;
mod read;
pub(crate) mod rewrite;
mod times;
mod write;

pub(crate) use base::{BaseBatches, BaseRows};
pub use error::BatchError;
pub use facts::Facts;
pub(crate) use format::BatchFormat;
pub(crate) use read::BatchReader;
pub use write::{BarColumns, BatchTable, ColumnFormat};
pub(crate) use write::{Gather, Rows};
