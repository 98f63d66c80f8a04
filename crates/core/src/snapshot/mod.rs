//! State as bytes and back: little-endian, every read checked.

mod bytes;
mod container;
mod error;

pub use bytes::{Bytes, Read};
pub use container::{Fingerprint, Snapshot, SnapshotWriter, Tag};
pub use error::{SnapshotError, SnapshotPart};

/// What a snapshot begins with.
pub const MAGIC: [u8; 8] = *b"BLOOMSNP";
/// The version of the format that is written; it and all before it are read.
pub const VERSION: u32 = 1;
