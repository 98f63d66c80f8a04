//! From what a user names to files: a file, a pattern, or a folder of them.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use barloom_core::Symbol;

/// The ends of names that files of a folder are taken by.
const ENDS: &[&str] = &[".csv", ".csv.gz", ".csv.zst", ".parquet", ".arrow", ".feather", ".json", ".json.gz"];

/// Why a name leads to no files.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// A folder or what a pattern leads through can't be read.
    #[error("{}: can't be read: {source}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder holds no file that is read, or nothing matches a pattern.
    #[error("{}: {}", .path.display(), nothing(*.is_folder))]
    Nothing {
        /// The folder or the pattern.
        path: PathBuf,
        /// Whether it is a folder.
        is_folder: bool,
    },
    /// A pattern is none.
    #[error("{}: {what}; allowed are *, ?, [ab] and **", .path.display())]
    Pattern {
        /// The pattern.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

fn nothing(is_folder: bool) -> String {
    if is_folder {
        format!("no file in it ends in {}", ENDS.join(", "))
    } else {
        "no file matches".to_owned()
    }
}

/// The files that `path` names, in the order of their paths: itself, all below a folder, or all that match a pattern.
///
/// Of a folder, files that end in `.csv`, `.csv.gz`, `.csv.zst`, `.parquet`, `.arrow`, `.feather`, `.json` or `.json.gz`; what
/// begins with a dot or an underscore is passed over.
///
/// # Errors
/// [`FoundError`] when there is none, or a folder can't be read. What is no folder and no pattern is given as it is.
pub fn found(path: &Path) -> Result<Vec<PathBuf>, FoundError> {
    let is_pattern = || path.to_str().is_some_and(|text| text.contains(['*', '?', '[']));
    let mut files = Vec::new();
    let is_folder = path.is_dir();
    if is_folder {
        below(path, &mut files)?;
    } else if !path.exists() && is_pattern() {
        let text = path.to_str().unwrap_or_default();
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let matches = glob::glob_with(text, options)
            .map_err(|error| FoundError::Pattern { path: path.to_owned(), what: error.msg })?;
        for entry in matches {
            let entry = entry
                .map_err(|error| FoundError::Io { path: error.path().to_owned(), source: error.into() })?;
            if entry.is_dir() {
                below(&entry, &mut files)?;
            } else {
                files.push(entry);
            }
        }
    } else {
        return Ok(vec![path.to_owned()]);
    }
    if files.is_empty() {
        return Err(FoundError::Nothing { path: path.to_owned(), is_folder });
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FoundError> {
    let failed = |source| FoundError::Io { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (name, path) = (entry.file_name().to_string_lossy().to_lowercase(), entry.path());
        if name.starts_with(['.', '_']) {
            continue;
        }
        // A link to a folder is not followed: it could lead back.
        if entry.file_type().map_err(failed)?.is_dir() {
            below(&path, files)?;
        } else if ENDS.iter().any(|end| name.ends_with(end)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The symbol that a path says, as `…/symbol=AAA/…` does.
///
/// ```
/// let symbol = barloom_io::symbol_of("bars/symbol=AAA/date=2024-11-25/0.parquet".as_ref());
/// assert_eq!(symbol.unwrap().as_str(), "AAA");
/// assert!(barloom_io::symbol_of("bars/AAA.parquet".as_ref()).is_none());
/// ```
pub fn symbol_of(path: &Path) -> Option<Symbol> {
    let folders = path.parent()?.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    folders.rev().find_map(|name| {
        let (key, value) = name.split_once('=')?;
        let is_symbol = ["symbol", "ticker"].iter().any(|own| key.eq_ignore_ascii_case(own));
        if is_symbol { Symbol::new(value).ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, path: &str) -> Result<Vec<String>, String> {
        let files = found(&folder.join(path)).map_err(|error| error.to_string())?;
        let short = |path: PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        Ok(files.into_iter().map(short).collect())
    }

    #[test]
    fn a_file_a_folder_and_a_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for file in [
            "b.csv",
            "a.parquet",
            "x/symbol=B/1.csv.gz",
            "x/symbol=A/1.csv.gz",
            "x/note.txt",
            "x/_SUCCESS.csv",
            ".h/a.csv",
        ] {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(folder.join("empty")).unwrap();
        let all = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(folder, "b.csv"), all(&["b.csv"]));
        assert_eq!(names(folder, "gone.csv"), all(&["gone.csv"]), "left to who opens it");
        assert_eq!(names(folder, "x"), all(&["x/symbol=A/1.csv.gz", "x/symbol=B/1.csv.gz"]));
        assert_eq!(names(folder, "*.*"), all(&["a.parquet", "b.csv"]));
        assert_eq!(names(folder, "x/symbol=?"), names(folder, "x"));
        assert_eq!(names(folder, "**/*.gz"), names(folder, "x"));
        assert!(names(folder, "empty").unwrap_err().contains("no file in it ends in .csv, "));
        assert!(names(folder, "*.zst").unwrap_err().ends_with("*.zst: no file matches"));
        assert!(names(folder, "[a.csv").unwrap_err().contains("allowed are *, ?, [ab] and **"));
    }
}
