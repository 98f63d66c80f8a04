//! What a failed command leaves of its outputs: nothing. And what it finds of earlier ones: it asks.

use std::path::{Path, PathBuf};

use barloom_core::Interval;

use crate::failure::{Failure, Kind};

/// That no earlier run left tables in the folder, unless they may be written over.
///
/// # Errors
/// Names one of them.
pub(crate) fn refuse_outputs(folder: Option<&Path>, may_replace: bool) -> Result<(), Failure> {
    let Some(folder) = folder.filter(|_| !may_replace) else { return Ok(()) };
    // A folder that is not there yet, or can't be listed, is found out when it is written to.
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_table = |name: &str| {
        let (stem, end) = name.rsplit_once('.').unwrap_or_default();
        let is_bars = stem.parse::<Interval>().is_ok() && ["csv", "parquet", "arrow"].contains(&end);
        is_bars || name == "warnings.csv"
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    match names.filter(|name| is_table(name)).min() {
        Some(name) => {
            let path = folder.join(name);
            let text = format!("{}: an earlier run left it; --force writes over it", path.display());
            Err(Failure::new(Kind::Config, text))
        }
        None => Ok(()),
    }
}

/// That none of `files` is there, unless they may be written over.
///
/// # Errors
/// Names one of them.
pub(crate) fn refuse_files(files: &[PathBuf], may_replace: bool) -> Result<(), Failure> {
    match files.iter().find(|file| !may_replace && file.is_file()) {
        Some(file) => {
            let text = format!("{}: is there already; --force writes over it", file.display());
            Err(Failure::new(Kind::Config, text))
        }
        None => Ok(()),
    }
}

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
