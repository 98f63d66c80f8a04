//! A run's state between two inputs, in a file beside its journal: a run that was cut short goes on from there, and reads of the journal only
//! what follows.
//!
//! Walk one: the row that comes next is the first of another session. The coordinator marks the journal behind the input at hand and has that
//! input say so; each shard, once it has computed the input, writes its state to memory; those who tell it have their subscribers
//! [make sure](crate::analysis::Subscriber::checkpoint) of what they were told; and the one that keeps the books hands all of it to a thread that
//! writes the file, waits until the journal is on disk up to its mark, and only then gives the file its name.
//!
//! What was told up to there and is not in the file, such as the rows of tables, is kept in [parts](PartWriter): one sealed part for each
//! checkpoint. A checkpoint is good for a run that writes tables when the parts up to its own are there.
//!
//! ```
//! # use std::convert::Infallible;
//! # use barloom::core::derive::{DeriveConfig, DeriveRules};
//! # use barloom::core::plan::Plan;
//! # use barloom::core::{Calendar, Interval, Label, Record, Symbols};
//! # use barloom::engine::EngineConfig;
//! # use barloom::source::{Source, SourceRow};
//! use barloom::checkpoint::{self, Checkpoint};
//! use barloom::coordinator::SessionCoordinator;
//! use barloom::engine::Engine;
//! use barloom::journal::{ConfigKind, JournalConfig, JournalWriter, Recording, Resumed};
//! # /// A minute of each of three sessions.
//! # struct Minutes(std::vec::IntoIter<&'static str>, u64);
//! # impl Source for Minutes {
//! #     type Error = Infallible;
//! #     fn name(&self) -> &str { "minutes" }
//! #     fn next_row(&mut self, symbols: &mut Symbols) -> Result<Option<SourceRow>, Infallible> {
//! #         let Some(open) = self.0.next() else { return Ok(None) };
//! #         let label = Label::Open(open.parse().unwrap());
//! #         let record = Record { label, open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: Some(1.0), vwap: None, trade_count: None };
//! #         self.1 += 1;
//! #         Ok(Some(SourceRow { number: self.1, content: Ok((symbols.intern("AAA").unwrap(), record)) }))
//! #     }
//! # }
//! # fn config() -> EngineConfig {
//! #     let rules = DeriveRules::new(DeriveConfig::new(Calendar::named("XNYS").unwrap(), &[Interval::MINUTE])).unwrap();
//! #     let plan = Plan::new(&["sma:2".parse().unwrap()], &[Interval::MINUTE]).unwrap();
//! #     EngineConfig::new(rules, plan)
//! # }
//! # fn inputs(config: &EngineConfig) -> SessionCoordinator<Minutes> {
//! #     let minutes = vec!["2024-11-25T15:00:00Z", "2024-11-26T15:00:00Z", "2024-11-27T15:00:00Z"];
//! #     SessionCoordinator::new(&config.rules, vec![Minutes(minutes.into_iter(), 0)])
//! # }
//!
//! let dir = tempfile::tempdir()?;
//! let own = JournalConfig { kind: ConfigKind::Toml, text: "calendar = 'XNYS'".into(), overlay: None, sources: vec!["minutes".into()] };
//! let of = checkpoint::fingerprint(&own);
//! // A minute of each of three sessions: a state is saved behind the first and the second.
//! let mut engine = Engine::new(config(), inputs(&config()));
//! engine.keep_journal(JournalWriter::create(dir.path(), &own)?);
//! engine.keep_checkpoints(dir.path(), of)?;
//! engine.run()?;
//! assert_eq!(checkpoint::numbers(dir.path())?, [2, 1]);
//!
//! // Later, elsewhere: from the second on, with the rows of the third.
//! let from = Checkpoint::open(dir.path(), 2, of)?;
//! let (journal, _, found) = JournalWriter::resume(dir.path())?;
//! let config = config().from_checkpoint(&from);
//! let inputs = Resumed::again(inputs(&config), Recording::open(dir.path())?.0, &found).from_mark(from.mark());
//! let mut engine = Engine::new(config, inputs);
//! engine.restore(&from)?;
//! engine.keep_journal(journal);
//! let done = engine.run()?;
//! // All three are counted, and one was told by this run.
//! assert_eq!((done.summary.counts.accepted, done.summary.steps), (3, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//! - A file that has its name is whole, and so is the journal before its mark. Until then the one before it stands; the newest two stay.
//! - Its [`Fingerprint`] is that of the journal's configuration; what was damaged, cut, or written by a Barloom that is newer is an error. The
//!   journal is whole in any case: without checkpoints a run goes on from its first input.
//! - A run that went on from it tells, publishes and saves what one that never stopped does, bit for bit.
//!
//! # The format
//! A [snapshot](barloom_core::snapshot) with three sections more. `mark`, number 0: number of the checkpoint u64, inputs before it u32, the last
//! one's instant, the journal's bytes before it u64, shards u32. `told`, number 0: steps published u32, steps told u64, list by interval of
//! bars u64 and values u64, list by kind of warnings u64, flag whether history was short, then text. `past`, by shard: when the session at hand
//! began, list of symbols, each a list of sessions before it, each a list of bars; list of historical indicators, each a list of symbols and
//! their values f64, then the state of each behind its length.

mod error;
mod part;
mod writer;

use std::path::{Path, PathBuf};

use barloom_core::snapshot::{Fingerprint, Snapshot, SnapshotError, Tag};
use barloom_core::{Symbols, Timestamp};

use crate::journal::{ConfigKind, JournalConfig, JournalMark};
use crate::telling::{Ledger, MOST_STEPS};

pub use error::{CheckpointError, CheckpointFault};
pub use part::{PartReader, PartWriter, Told, remove_parts};
pub(crate) use writer::{CheckpointWriter, Due, Saving};

/// Where a checkpoint stands.
const MARK: Tag = Tag(*b"mark");
/// What was told by then.
pub(crate) const TOLD: Tag = Tag(*b"told");

/// The most shards of a run.
const MOST_SHARDS: usize = crate::engine::MOST_WORKERS;

/// What of a configuration a checkpoint is bound to: that which its journal begins with.
pub fn fingerprint(config: &JournalConfig) -> Fingerprint {
    let kind: &[u8] = match config.kind {
        ConfigKind::Toml => b"toml",
        ConfigKind::Json => b"json",
    };
    Fingerprint::of([kind, config.text.as_bytes(), config.overlay.as_deref().unwrap_or_default().as_bytes()])
}

/// Checkpoints that a run went on without, since one could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointsLost {
    /// What the system said, with the file.
    pub reason: String,
    /// The instant at which the next one was due; the last there is, where that was never.
    pub at: Timestamp,
    /// How many were due from then on; 1 while the run goes on.
    pub count: u64,
}

/// A checkpoint that was read and found whole.
#[derive(Debug)]
pub struct Checkpoint {
    file: PathBuf,
    of: Fingerprint,
    bytes: Vec<u8>,
    number: u64,
    mark: JournalMark,
    shards: usize,
    symbols: Symbols,
}

/// The numbers of the checkpoints in the folder `dir`, the newest first.
///
/// # Errors
/// When the folder can't be read.
pub fn numbers(dir: &Path) -> Result<Vec<u64>, CheckpointError> {
    let io = |source| CheckpointFault::io("read")(source).of(dir);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        numbers.extend(name.to_str().and_then(|name| numbered(name, "checkpoint", "snapshot")));
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

/// Removes every checkpoint and part in the folder `dir`.
pub(crate) fn remove_all(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let (entry, is_kept) = (entry?, |name: &str| {
            numbered(name, "checkpoint", "snapshot").or(numbered(name, "part", "told")).is_some()
        });
        if entry.file_name().to_str().is_some_and(is_kept) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The number in a file's name, as [`name_of`] makes it.
fn numbered(name: &str, kind: &str, ending: &str) -> Option<u64> {
    let digits = name.strip_prefix(kind)?.strip_prefix('-')?.strip_suffix(ending)?.strip_suffix('.')?;
    let number = digits.parse().ok()?;
    (name_of(kind, number, ending) == name).then_some(number)
}

/// The name of a file that has a number.
fn name_of(kind: &str, number: u64, ending: &str) -> String {
    format!("{kind}-{number:06}.{ending}")
}

impl Checkpoint {
    /// Reads the checkpoint `number` in the folder `dir`, of a run whose journal has the configuration that `of` stands for.
    ///
    /// # Errors
    /// [`CheckpointError`] when it can't be read, is damaged, newer, or of another configuration.
    pub fn open(dir: &Path, number: u64, of: Fingerprint) -> Result<Self, CheckpointError> {
        let file = dir.join(name_of("checkpoint", number, "snapshot"));
        let bytes = std::fs::read(&file).map_err(|error| CheckpointFault::io("read")(error).of(&file))?;
        Self::of_bytes(file, bytes, of)
    }

    /// The checkpoint that `bytes`, those of `file`, are.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn of_bytes(file: PathBuf, bytes: Vec<u8>, of: Fingerprint) -> Result<Self, CheckpointError> {
        let read = || {
            let snapshot = Snapshot::read(&bytes, of)?;
            let symbols = Symbols::restored(&snapshot)?;
            let mark = snapshot.section(MARK, 0, |from| {
                let (number, inputs) =
                    (from.tally("a checkpoint's number")?, from.at_most("inputs", MOST_STEPS)? as u64);
                let mark =
                    JournalMark { inputs, last: from.time()?, offset: from.tally("a journal's bytes")? };
                Ok((number, mark, from.at_most("shards", MOST_SHARDS)?.max(1)))
            })?;
            Ok((mark, symbols))
        };
        let ((number, mark, shards), symbols) =
            read().map_err(|error| CheckpointFault::Snapshot(error).of(&file))?;
        Ok(Self { file, of, bytes, number, mark, shards, symbols })
    }

    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its place in the journal: how many inputs lie before it, and when the last of them was.
    pub fn mark(&self) -> &JournalMark {
        &self.mark
    }

    /// The instant of the last input before it.
    pub fn at(&self) -> Timestamp {
        self.mark.last
    }

    /// How many shards its run had, which is how many that one has which goes on from it.
    pub fn shards(&self) -> usize {
        self.shards
    }

    /// The symbols that were met.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Its sections.
    pub(crate) fn snapshot(&self) -> Result<Snapshot<'_>, CheckpointError> {
        Snapshot::read(&self.bytes, self.of).map_err(|error| self.wrong(error))
    }

    /// What was told by then.
    pub(crate) fn books(&self, snapshot: &Snapshot<'_>) -> Result<Ledger, CheckpointError> {
        snapshot.section(TOLD, 0, Ledger::read).map_err(|error| self.wrong(error))
    }

    /// That something in it can't be.
    pub(crate) fn wrong(&self, error: SnapshotError) -> CheckpointError {
        CheckpointFault::Snapshot(error).of(&self.file)
    }

    /// That it can't be gone on from as was asked for.
    pub(crate) fn unfit(&self, what: &'static str, saved: u64, own: u64) -> CheckpointError {
        CheckpointFault::Unfit { what, saved, own }.of(&self.file)
    }
}
