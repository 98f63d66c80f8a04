//! Words to people, on stderr.

use std::io::{IsTerminal, Write};

use barloom_io::FileSource;

use crate::progress;

/// Writes a line to stderr; one that nobody can read is not an error.
pub(crate) fn line(text: &str) {
    progress::clear();
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says what a file turned out to be, once it was read.
pub(crate) fn resolved(source: &FileSource) {
    let reader = source.reader();
    if let Some(resolved) = reader.resolved() {
        line(&format!("{}: {} rows, {resolved}", reader.name(), reader.rows()));
    }
}

/// Whether stderr is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}
