//! What a failed command leaves of its outputs: nothing.

use std::path::Path;

use crate::failure::Failure;

/// Runs `command`; if it fails, the folder that it made for its outputs is gone again.
///
/// # Errors
/// Those of `command`.
pub(crate) fn or_no_folder<T>(
    folder: Option<&Path>,
    command: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let made = folder.filter(|folder| !folder.exists());
    command().inspect_err(|_| {
        // One that is not empty stays: it is not ours alone.
        let _ = made.map(std::fs::remove_dir);
    })
}
