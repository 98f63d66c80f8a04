//! State as bytes and back: little-endian, every read checked, the same on every machine.
//!
//! A [`Snapshot`] holds a run between two inputs, whole: read into a run of the same configuration, that run goes on as if it had
//! never stopped, bit for bit. [`Processor::save`] writes its sections, [`Processor::restore`] reads them; a caller adds sections of its
//! own under other [`Tag`]s, such as the number of the last step, which rows that follow must not fall behind.
//!
//! ```
//! use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotError, SnapshotWriter, Tag};
//! let configuration = Fingerprint::of([b"calendar = 'XNYS'".as_slice()]);
//! let mut writer = SnapshotWriter::new(configuration);
//! writer.section(Tag(*b"step"), 0, |to| {
//!     to.u32(390);
//!     Ok(())
//! })?;
//! let mut bytes = writer.finish();
//!
//! let snapshot = Snapshot::read(&bytes, configuration)?;
//! assert_eq!(snapshot.section(Tag(*b"step"), 0, |from| from.u32())?, 390);
//!
//! // One bit that is not as it was.
//! bytes[50] ^= 1;
//! assert!(matches!(Snapshot::read(&bytes, configuration), Err(SnapshotError::Checksum { .. })));
//! # Ok::<(), SnapshotError>(())
//! ```
//!
//! # What is promised
//! - [`Snapshot::read`] checks everything before it gives anything out. What was cut short, damaged, written by a version that is not
//!   known, of another configuration, or is no snapshot at all, is each an error of its own.
//! - No count makes room for more than the bytes behind it hold. Behind a checksum that is right there may still be anything: it is read
//!   or refused, and nothing that was restored from it makes a run panic or hang. An error leaves a run as it was.
//! - What follows from the calendar is not written but laid out anew, by dates: a session that it no longer has is an error. So are
//!   other intervals, indicators or outputs, by their names; the rest of a configuration is for the [`Fingerprint`] to tell.
//! - Bytes are a function of what a run has been given: a run that was restored saves the same ones as one that never stopped.
//! - An indicator of one's own is saved as it saves itself. Where that can't be done the error names it; one that has failed has failed
//!   after a restore too. Whoever takes in state of one written in Python runs what is in it, as pickle does: a checksum is no signature.
//! - Every version up to [`VERSION`] is read. [`Read::version`] says which one wrote; `testdata/snapshots/` keeps a file of each.
//!
//! # The format
//!
//! | Part | Bytes |
//! |---|---|
//! | snapshot | magic `BLOOMSNP`, version u32 = 1, fingerprint u64, count of sections u32, CRC-32 (IEEE) of all of these u32, sections |
//! | section | tag 4 bytes, number u32, length of the payload u64, CRC-32 of these and the payload u32, payload |
//! | text | length in bytes u64, UTF-8 |
//! | flag | u8: 0 no, 1 yes |
//! | time | nanoseconds since 1970-01-01T00:00:00Z i64 |
//! | date | year i16, month u8, day u8 |
//! | f64 | the eight bytes of its bits |
//! | list | count u32, its parts |
//!
//! `symb`, number 0, the symbols: list of texts, the first name of each shard after the first; list of texts, the names in the order of
//! their numbers. The other sections have the number of their shard.
//!
//! `deri`, derivation:
//!
//! | Part | Bytes |
//! |---|---|
//! | deriver | base text; intervals, list of texts; clock time; clocks ignored u64; rows accepted, corrected, duplicate, late, invalid, out of session u64; unfinished buckets u64; by interval, empty buckets u64; list of symbols, in the order of their slots |
//! | symbol | clock time; by interval, up to when buckets were given time; by interval, span; list of open sessions; by interval longer than a day, list of periods |
//! | span | flag whether a bucket held a bar; then the first and the last that did, each the date of its session and its number there u32 |
//! | open session | date; flag whether it is counted into weeks and months; by interval, buckets closed u32; list of bars, in time order |
//! | bar | flags u8: bit 0 volume, bit 1 vwap, bit 2 count; open time; open, high, low, close f64; volume f64, vwap f64, count i64 where the flags say so |
//! | period | date of its first session; base bars u32; those that are counted in u32, and unless 0: open, high, low, close, Σvolume, Σ(vwap·volume) f64, Σcount i64, flag whether every bar has a count |
//!
//! `plan`, indicators:
//!
//! | Part | Bytes |
//! |---|---|
//! | plan | list of intervals |
//! | interval | its name text; indicators, list of texts; list of symbols, in the order of their slots |
//! | symbol | the session it is in: kind u8 (0 none, 1 date: date, 2 week, 3 month: year i16, number u8, 0 u8); by indicator, state |
//! | state | flag whether it has had a value; length u32; what [`Lane::save`] wrote |
//!
//! `stor`, what was published:
//!
//! | Part | Bytes |
//! |---|---|
//! | store | list of intervals, each a text and its outputs u32; keep text; historical values, list of texts; list of tables; list of symbols, in the order of their slots, each a series by interval |
//! | table | from when on time; step u32; list of f64, by symbol, by value |
//! | series | flag whether it has rows; then by output, flag whether it has started; rows by when all had u64; number of the first row u64; list of segments, oldest first; where the latest values alone are kept, list of rows of f64, oldest first |
//! | segment | step at which it began u32; flag whether it has vwaps and counts; rows u32; column by column eight bytes a row: open time, open, high, low, close, volume, base bars and those expected above them, the step and above it the revision and the hours, vwap and count where it has them, outputs where they are kept beside the bars |
//!
//! Not written are cursors, what is due, what buckets were folded to on their way, and rows that are counted together: they follow from
//! the rest, or change no number.
//!
//! [`Processor::save`]: crate::processor::Processor::save
//! [`Processor::restore`]: crate::processor::Processor::restore
//! [`Lane::save`]: crate::indicators::Lane::save

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
