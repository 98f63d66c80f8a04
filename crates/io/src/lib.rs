//! Tables in and out of Barloom.
//!
//! Data goes one way through the crate: bytes → [`CsvDecoder`] or [`LineDecoder`] → rows of core's
//! [`Record`](barloom_core::Record) → (the engine) → [`BarTable`] → [`PendingFile`].
//!
//! The decoders are state machines without I/O: they are fed bytes in pieces of any size and give rows, so a
//! file, a pipe and a socket read by the same rules. [`RowReader`] is the thin shell that opens a file for
//! one, compressed or not. The tables write to anything that takes bytes; a [`PendingFile`] shows its name
//! only when it is whole.
//!
//! ```
//! use barloom_io::{CsvDecoder, Decoded, Options};
//!
//! let mut input: &[u8] = b"symbol,open_time,open,high,low,close\nAAA,2024-11-29T14:30:00Z,1,3,1,2\n";
//! let mut decoder = CsvDecoder::new(Options::default());
//! let Some(Decoded::Row(row)) = decoder.decode(&mut input)? else { unreachable!() };
//! assert_eq!((row.number, row.symbol, row.record.high), (2, "AAA", 3.0));
//! assert!(decoder.decode(&mut input)?.is_none() && decoder.finish()?.is_none());
//! # Ok::<(), barloom_io::CsvError>(())
//! ```
//!
//! Tables of columns, Parquet and Arrow IPC, are read row by row by the same rules, and written by [`BarSheet`].
//!
//! What a layout that a vendor documents says of itself is known once it is recognised: [`Vendor`]. What it does not do: check
//! prices (core does), guess a zone, a stamp, a symbol, a scale or a publisher.

mod adjustments;
mod alpaca;
mod base_sheet;
mod batch;
mod cells;
mod civil;
mod column;
mod compression;
mod csv;
mod databento;
mod excerpt;
mod fault;
mod file;
mod found;
mod json;
mod layout;
mod ndjson;
mod number;
mod options;
mod output;
mod pages;
mod resolved;
mod row;
mod sheet;
mod source;
mod table;
mod text;
mod time;
mod vendor;

pub use adjustments::{AdjustmentsError, adjustments};
pub use alpaca::{AlpacaDecoder, AlpacaError};
pub use base_sheet::BaseSheet;
pub use batch::{BarColumns, BatchError, BatchTable, ColumnFormat, Facts};
pub use column::Field;
pub use compression::Compression;
pub use csv::{CsvDecoder, CsvError, LONGEST_ROW, MOST_COLUMNS};
pub use databento::{Choice, Scale};
pub use excerpt::Excerpt;
pub use fault::Fault;
pub use file::{ReadError, RowReader};
pub use found::{FoundError, found, symbol_of};
pub use layout::{Layout, LayoutError, Missing, StampSource};
pub use ndjson::{Line, LineDecoder, LineError};
pub use options::Options;
pub use output::{OutputDir, OutputError, PendingFile, abandon_all, commit_all};
pub use resolved::Resolved;
pub use row::{Decoded, Reject, Row};
pub use sheet::{BarSheet, Segment, TableFormat};
pub use source::{FileSource, MOST_ROWS, SourceError};
pub use table::{BarRow, BarTable, BaseRow, RejectRow, RejectTable, RowTime, WarningRow, WarningTable};
pub use time::{TimeFault, TimeForm, Unit};
pub use vendor::Vendor;
