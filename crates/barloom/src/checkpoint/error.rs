//! What can be wrong with a checkpoint or a part.

use std::io;
use std::path::{Path, PathBuf};

use barloom_core::snapshot::SnapshotError;

/// Why a checkpoint can't be written, read or gone on from.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .file.display())]
pub struct CheckpointError {
    /// Its file, or the folder.
    pub file: PathBuf,
    /// What is wrong.
    pub fault: CheckpointFault,
}

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFault {
    /// The system failed.
    #[error("can't be {action}: {source}")]
    Io {
        /// What was tried: `written`, `read`, `removed`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What it holds can't be, or is of another configuration or a newer Barloom.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The journal that it belongs to can't be written.
    #[error("is not written: its journal isn't either")]
    Journal,
    /// The run that is to go on from it is laid out otherwise.
    #[error("has {saved} {what}; the run that is to go on from it has {own}")]
    Unfit {
        /// What differs.
        what: &'static str,
        /// How many the checkpoint has.
        saved: u64,
        /// How many the run has.
        own: u64,
    },
}

impl CheckpointError {
    /// That the run's state can't be saved.
    #[cold]
    pub(crate) fn unsaved(error: SnapshotError) -> Self {
        CheckpointFault::Snapshot(error).of(Path::new("checkpoint"))
    }
}

impl CheckpointFault {
    /// The fault as an error about `file`.
    #[cold]
    pub(crate) fn of(self, file: &Path) -> CheckpointError {
        CheckpointError { file: file.to_owned(), fault: self }
    }

    pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}
