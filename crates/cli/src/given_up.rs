//! Outputs that a run goes on without, where `on_output_error` says so: which, since when, and what they lack.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use barloom::checkpoint::CheckpointsLost;
use barloom::config::SessionConfig;
use barloom::journal::JournalLost;
use barloom_core::Timestamp;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind};
use crate::summary::grouped;
use crate::tell;

/// What a run writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Notifications on stdout.
    Stdout,
    /// The tables, which are put in place together.
    Tables,
    /// The table of rejected rows.
    Rejects,
    /// The journal.
    Journal,
    /// The checkpoints beside it, or what of them has the rows of tables.
    Checkpoints,
}

impl Output {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Tables => "tables",
            Self::Rejects => "rejects",
            Self::Journal => "journal",
            Self::Checkpoints => "checkpoints",
        }
    }

    /// The same in a sentence.
    fn noun(self) -> &'static str {
        match self {
            Self::Stdout => "notifications on stdout",
            Self::Tables => "the tables",
            Self::Rejects => "the table of rejected rows",
            Self::Journal => "the journal",
            Self::Checkpoints => "further checkpoints",
        }
    }

    /// What it consists of.
    fn unit(self) -> &'static str {
        match self {
            Self::Stdout => "notifications",
            Self::Tables | Self::Rejects => "rows",
            Self::Journal => "inputs",
            Self::Checkpoints => "checkpoints",
        }
    }
}

/// An output that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenUp {
    pub(crate) output: Output,
    /// The file, and what the system said.
    pub(crate) reason: String,
    /// Where that was found out: the instant of a run, the line of a stream; `None` before its first.
    pub(crate) at: Option<String>,
    /// How many it lacks, of all that it would have.
    pub(crate) lost: u64,
}

impl GivenUp {
    /// For people, without its reason.
    fn short(&self) -> String {
        let Self { output, at, lost, .. } = self;
        let at = at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        format!("{}{at}, {} {} lost", output.name(), grouped(*lost), output.unit())
    }

    /// A line of the summary for people.
    pub(crate) fn line(&self) -> String {
        format!("given up: {}: {}", self.short(), self.reason)
    }

    /// Its object in the summary.
    pub(crate) fn json(&self) -> Value {
        let Self { output, reason, at, lost } = self;
        json!({
            "output": output.name(),
            "reason": reason,
            "at": at,
            "lost": lost,
            "unit": output.unit(),
        })
    }
}

/// Says at once that `what` goes on without an output.
pub(crate) fn tell(what: &str, output: Output, reason: &str) {
    tell::line(&format!("warning: {reason}; the {what} goes on without {}", output.noun()));
}

impl From<JournalLost> for GivenUp {
    fn from(JournalLost { reason, at, inputs, .. }: JournalLost) -> Self {
        let at = (at != Timestamp::MIN).then(|| at.to_string());
        Self { output: Output::Journal, reason, at, lost: inputs }
    }
}

impl From<CheckpointsLost> for GivenUp {
    fn from(CheckpointsLost { reason, at, count }: CheckpointsLost) -> Self {
        let at = (at != Timestamp::MAX).then(|| at.to_string());
        Self { output: Output::Checkpoints, reason, at, lost: count }
    }
}

/// How a command ends that would end so, and gave outputs up: with how to get what is lost. `journal` is the folder of its journal, if it
/// kept one.
///
/// # Errors
/// When it gave any up, and as it would have ended.
pub(crate) fn ending(
    ended: Result<(), Failure>,
    given_up: &[GivenUp],
    journal: Option<&Path>,
    config: &SessionConfig,
) -> Result<(), Failure> {
    // Without checkpoints all outputs are whole, and so is the journal.
    let lost = || given_up.iter().filter(|own| own.output != Output::Checkpoints);
    if lost().next().is_none() {
        return ended;
    }
    let short: Vec<String> = lost().map(GivenUp::short).collect();
    let remedy = remedy(given_up, journal, config);
    let lost = Failure::new(Kind::Run, format!("outputs were given up: {}; {remedy}", short.join("; ")));
    Err(match ended {
        Ok(()) => lost,
        Err(also) => lost.noting(also.message()),
    })
}

/// How to get what is lost.
fn remedy(given_up: &[GivenUp], journal: Option<&Path>, config: &SessionConfig) -> String {
    let is_lost = |output| given_up.iter().any(|own| own.output == output);
    let Some(journal) = journal else {
        return "without a journal only the same input once more gives it again".to_owned();
    };
    let mut command = format!("barloom replay {}", journal.display());
    if is_lost(Output::Journal) {
        return format!("the journal ends where it was given up: `{command}` runs what is before");
    }
    if is_lost(Output::Stdout) {
        command.push_str(" --format ndjson");
    }
    let folder = config.out.as_deref().filter(|_| is_lost(Output::Tables));
    let rejects = config.rejects.as_deref().filter(|_| is_lost(Output::Rejects));
    for (flag, path) in [("--out", folder), ("--rejects", rejects)] {
        command.extend(path.map(|path| format!(" {flag} {}", path.display())));
    }
    format!("`{command}` gives it again")
}

/// Notifications to stdout, counted as the system takes them.
#[derive(Debug)]
pub(crate) struct Lines(BufWriter<Taken>);

/// Stdout without a buffer of its own, so that what was taken is known.
#[derive(Debug)]
struct Taken {
    to: File,
    lines: u64,
}

impl Lines {
    /// # Errors
    /// When the system has no more files.
    pub(crate) fn to_stdout() -> io::Result<Self> {
        Ok(Self(BufWriter::new(Taken { to: stdout()?, lines: 0 })))
    }

    /// Writes no more, not even what it holds; says how many whole lines the system took.
    pub(crate) fn give_up(self) -> u64 {
        self.0.into_parts().0.lines
    }
}

impl Write for Lines {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(bytes)?;
        self.lines += bytes[..taken].iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}
