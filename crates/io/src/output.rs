//! Output that is whole or not there.
//!
//! A [`PendingFile`] is written under a temporary name in the folder it is for, synced, and renamed when it
//! is committed; dropped before that, it leaves nothing. Several files are committed together: all are synced
//! before the first is renamed, so only a rename that fails can leave some new and some old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes gathered before the system is asked to write.
const BUFFER: usize = 1 << 16;

/// Numbers the temporary names of this process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The temporary names in use. Held while names change, so that nobody sees half of a commit.
static PENDING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn pending() -> MutexGuard<'static, Vec<PathBuf>> {
    // A panic elsewhere leaves a list of names, which is as good as before.
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every file that is pending, for a process that is about to end: from now on nothing can be committed.
///
/// Waits for a commit that is under way. Files that are created later are not removed.
pub fn abandon_all() {
    let mut names = pending();
    for name in names.drain(..) {
        let _ = fs::remove_file(name);
    }
    // Never given back: a commit that comes now waits until the process is gone.
    std::mem::forget(names);
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: can't be {action}: {source}", .file.display())]
pub struct OutputError {
    /// The file under its final name.
    pub file: PathBuf,
    /// What was tried: `created`, `written`, `put in place`.
    pub action: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl OutputError {
    /// That `file` can't be written, for what the system says.
    pub fn written(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| match source.downcast::<Self>() {
            // A pending file has named itself already.
            Ok(named) => named,
            Err(source) => Self { file: file.to_owned(), action: "written", source },
        }
    }
}

/// A folder for output files.
#[derive(Debug, Clone)]
pub struct OutputDir(PathBuf);

impl OutputDir {
    /// The folder at `path`, made if it is not there.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be made.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        fs::create_dir_all(path).map_err(failed(path, "created"))?;
        Ok(Self(path.to_owned()))
    }

    /// A new file of the name `name`, not visible before it is committed.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be created.
    pub fn file(&self, name: &str) -> Result<PendingFile, OutputError> {
        PendingFile::create(&self.0.join(name))
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A file being written that nobody can see yet. Its write errors name the file.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    temporary: Temporary,
    file: BufWriter<File>,
}

/// A name that is removed unless it was given up.
#[derive(Debug)]
struct Temporary(Option<PathBuf>);

impl Temporary {
    fn new(path: PathBuf) -> Self {
        pending().push(path.clone());
        Self(Some(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            pending().retain(|other| *other != path);
            // Nothing is left to do about a file that can't be removed.
            let _ = fs::remove_file(path);
        }
    }
}

/// Removes what processes left that were killed while they wrote a file of that name: temporary files that nobody has locked.
fn remove_abandoned(path: &Path, name: &std::ffi::OsStr) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What can't be listed or opened stays, and is in nobody's way.
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_ours = |other: &str| name.to_str().is_some_and(|name| is_temporary(other, name));
    for entry in entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        let file = OpenOptions::new().write(true).open(entry.path());
        if file.is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether `other` is a temporary name of the file `name`: `.name.tmp-PROCESS-NUMBER`.
fn is_temporary(other: &str, name: &str) -> bool {
    let numbers = other.strip_prefix('.').and_then(|rest| rest.strip_prefix(name)?.strip_prefix(".tmp-"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.and_then(|numbers| numbers.split_once('-')).is_some_and(|(a, b)| is_number(a) && is_number(b))
}

impl PendingFile {
    /// Begins a file that will be at `path`; an old one stays until then.
    ///
    /// # Errors
    /// [`OutputError`] when the folder can't be written to, or `path` has no file name.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let failed = failed(path, "created");
        if path.is_dir() {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        let Some(name) = path.file_name() else { return Err(failed(ErrorKind::InvalidInput.into())) };
        remove_abandoned(path, name);
        loop {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            hidden.push(format!(".tmp-{}-{number}", std::process::id()));
            let temporary = path.with_file_name(hidden);
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => {
                    // So that others know that somebody writes it; a system that can't is trusted.
                    let _ = file.try_lock();
                    let (path, temporary) = (path.to_owned(), Temporary::new(temporary));
                    return Ok(Self { path, temporary, file: BufWriter::with_capacity(BUFFER, file) });
                }
                // A process with our number died here before: the next name is free.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Shows the file under its name, whole and on disk.
    ///
    /// # Errors
    /// [`OutputError`] when it can't be written out or renamed; the temporary file is removed then.
    pub fn commit(self) -> Result<(), OutputError> {
        commit_all([self])
    }

    fn sync(&mut self) -> Result<(), OutputError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(failed(&self.path, "written"))
    }

    /// Puts texts into the file, each at its offset; offsets ascend and count bytes as they are now.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be copied.
    pub fn insert(self, texts: &[(u64, Vec<u8>)]) -> Result<Self, OutputError> {
        if texts.is_empty() {
            return Ok(self);
        }
        self.copied(|from, to| {
            let mut at = 0;
            for (offset, text) in texts {
                io::copy(&mut from.take(offset - at), to)?;
                to.write_all(text)?;
                at = *offset;
            }
            io::copy(from, to).map(drop)
        })
    }

    /// Puts lines between those of the file, whose lines after the first ascend by `key`, as `lines` do; no two of them are equal. A line
    /// of the file gives way to one of `lines` with an equal key.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be copied.
    pub fn merge<K: Ord>(
        self,
        lines: &[(K, Vec<u8>)],
        key: impl Fn(&[u8]) -> K,
    ) -> Result<Self, OutputError> {
        if lines.is_empty() {
            return Ok(self);
        }
        self.copied(|from, to| {
            let (mut from, mut own, mut rest) = (BufReader::new(from), Vec::new(), lines);
            from.read_until(b'\n', &mut own)?;
            to.write_all(&own)?;
            loop {
                own.clear();
                if from.read_until(b'\n', &mut own)? == 0 {
                    return rest.iter().try_for_each(|(_, line)| to.write_all(line));
                }
                let own_key = key(&own);
                let before = rest.iter().take_while(|(key, _)| *key < own_key).count();
                for (_, line) in &rest[..before] {
                    to.write_all(line)?;
                }
                rest = &rest[before..];
                if rest.first().is_none_or(|(key, _)| *key != own_key) {
                    to.write_all(&own)?;
                }
            }
        })
    }

    /// Sorts the lines after the first by `key`, in memory; lines of equal keys stay in their order.
    ///
    /// # Errors
    /// [`OutputError`] when the file can't be copied.
    pub fn sort_lines<K: Ord>(self, key: impl Fn(&[u8]) -> K) -> Result<Self, OutputError> {
        self.copied(|from, to| {
            let (mut from, mut first, mut text) = (BufReader::new(from), Vec::new(), Vec::new());
            from.read_until(b'\n', &mut first)?;
            to.write_all(&first)?;
            from.read_to_end(&mut text)?;
            let mut lines: Vec<(K, &[u8])> =
                text.split_inclusive(|&byte| byte == b'\n').map(|line| (key(line), line)).collect();
            lines.sort_by(|(a, _), (b, _)| a.cmp(b));
            lines.iter().try_for_each(|(_, line)| to.write_all(line))
        })
    }

    /// A new pending file of the same name, written by `copy` from the text of this one.
    pub(crate) fn copied(
        mut self,
        copy: impl FnOnce(&mut File, &mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<Self, OutputError> {
        self.sync_buffer()?;
        let mut to = Self::create(&self.path)?;
        let from = File::open(self.temporary.0.as_deref().unwrap_or(&self.path));
        let done = from.and_then(|mut from| copy(&mut from, &mut to.file));
        done.map_err(failed(&self.path, "written"))?;
        Ok(to)
    }

    fn sync_buffer(&mut self) -> Result<(), OutputError> {
        self.file.flush().map_err(failed(&self.path, "written"))
    }

    /// Gives the file its name; `names` are the pending ones.
    fn rename(mut self, names: &mut Vec<PathBuf>) -> Result<(), OutputError> {
        let Some(temporary) = self.temporary.0.take() else { return Ok(()) };
        names.retain(|other| *other != temporary);
        fs::rename(&temporary, &self.path).map_err(|error| {
            let _ = fs::remove_file(&temporary);
            failed(&self.path, "put in place")(error)
        })
    }

    fn named(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        io::Error::new(kind, failed(&self.path, "written")(error))
    }
}

impl Write for PendingFile {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.named(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.named(error))
    }
}

/// Commits several files: first all are written out, then all renamed.
///
/// # Errors
/// [`OutputError`] of the first file that fails. If that is in writing out, no name has changed; if it is in
/// renaming, files before it are new and those from it on are as they were.
pub fn commit_all(files: impl IntoIterator<Item = PendingFile>) -> Result<(), OutputError> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.iter_mut().try_for_each(PendingFile::sync)?;
    let mut folders: Vec<PathBuf> =
        files.iter().filter_map(|file| file.path.parent()).map(Path::to_owned).collect();
    let mut names = pending();
    let mut files = files.into_iter();
    let renamed = files.try_for_each(|file| file.rename(&mut names));
    drop(names);
    // The rest drop here, and remove their temporary names.
    drop(files);
    renamed?;
    folders.sort();
    folders.dedup();
    // The names are on disk when their folder is; systems that can't sync a folder do so on their own.
    let here =
        |folder: &PathBuf| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.clone() };
    for folder in folders.iter().filter_map(|folder| File::open(here(folder)).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn failed(file: &Path, action: &'static str) -> impl Fn(io::Error) -> OutputError {
    let file = file.to_owned();
    move |source| OutputError { file: file.clone(), action, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn texts_are_put_in_at_their_offsets() {
        let folder = tempfile::tempdir().unwrap();
        let dir = OutputDir::create(folder.path()).unwrap();
        let mut file = dir.file("a").unwrap();
        file.write_all(b"onethree").unwrap();
        file.insert(&[(3, b"two".to_vec()), (8, b"four".to_vec())]).unwrap().commit().unwrap();
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"onetwothreefour");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn lines_are_put_between_those_of_the_file_or_in_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let dir = OutputDir::create(folder.path()).unwrap();
        let mut file = dir.file("a").unwrap();
        file.write_all(b"key\nb\nd\nf\n").unwrap();
        let lines =
            ["a", "c", "d", "g"].map(|key| (key.as_bytes().to_vec(), format!("{key}!\n").into_bytes()));
        file.merge(&lines, |line| line.trim_ascii_end().to_vec()).unwrap().commit().unwrap();
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"key\na!\nb\nc!\nd!\nf\ng!\n");
    }

    #[test]
    fn a_file_shows_when_it_is_committed_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let dir = OutputDir::create(&folder.path().join("a/b")).unwrap();
        let mut file = dir.file("5m.csv").unwrap();
        file.write_all(b"rows").unwrap();
        assert!(!dir.path().join("5m.csv").exists());
        assert!(names(dir.path())[0].starts_with(".5m.csv.tmp-"));
        file.commit().unwrap();
        assert_eq!(names(dir.path()), ["5m.csv"]);
        assert_eq!(fs::read(dir.path().join("5m.csv")).unwrap(), b"rows");
    }

    #[test]
    fn a_dropped_file_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("5m.csv");
        fs::write(&path, "old").unwrap();
        let mut file = PendingFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(
            (names(folder.path()), fs::read(&path).unwrap()),
            (vec!["5m.csv".to_owned()], b"old".to_vec())
        );
    }

    #[test]
    fn a_rename_that_fails_names_its_file_and_removes_what_is_pending() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["5m.csv", "1h.csv"].map(|name| PendingFile::create(&folder.path().join(name)).unwrap());
        // A folder that is not empty can't be replaced by a file.
        fs::create_dir_all(folder.path().join("5m.csv/in")).unwrap();
        let error = commit_all(files).unwrap_err();
        assert!(error.to_string().contains("5m.csv: can't be put in place"), "{error}");
        assert_eq!(names(folder.path()), ["5m.csv"]);
    }

    #[test]
    fn a_place_that_can_not_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = PendingFile::create(&folder.path().join("no/5m.csv")).unwrap_err();
        assert!(error.to_string().contains("no/5m.csv: can't be created"), "{error}");
        let error = PendingFile::create(folder.path()).unwrap_err();
        assert_eq!(error.source.kind(), ErrorKind::IsADirectory);
    }
}
