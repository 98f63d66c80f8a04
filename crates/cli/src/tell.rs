//! Words to people, on stderr.

use std::io::{IsTerminal, Write};

use crate::progress;

/// Writes a line to stderr; one that nobody can read is not an error.
pub(crate) fn line(text: &str) {
    progress::clear();
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether stderr is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}
