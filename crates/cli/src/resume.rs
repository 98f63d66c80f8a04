//! `run --resume`: a run that was cut short goes on where its journal ends.

use std::path::Path;

use barloom::checkpoint::{self, Checkpoint, CheckpointError, CheckpointFault, PartReader};
use barloom::config::SessionConfig;
use barloom::coordinator::SessionCoordinator;
use barloom::journal::{
    ConfigKind, FILE_NAME, Gap, JournalConfig, JournalError, JournalFault, JournalWriter, Recording,
    Recovered, ResumeError, Resumed,
};
use barloom::source::Source as _;
use barloom_core::derive::DeriveRules;
use barloom_core::snapshot::{Fingerprint, SnapshotError};
use barloom_io::{Excerpt, FileSource, SourceError};

use crate::failure::{Failure, Kind, failed};
use crate::progress::Extent;
use crate::run::{InputsFailure, Out};
use crate::tell;

/// What a run goes on with.
pub(crate) struct Recovery {
    pub(crate) journal: JournalWriter,
    pub(crate) recording: Recording,
    pub(crate) found: Recovered,
    /// What its checkpoints are bound to.
    pub(crate) of: Fingerprint,
    pub(crate) from: Option<Checkpoint>,
}

/// What the journal in the folder `dir` holds of a run under `own`, and the newest checkpoint beside it that is good for a run with tables or
/// without; `None` where the run was cut short before it held anything. Of inputs that are read again all of the journal is, too.
///
/// # Errors
/// When there is none, it is damaged or of another configuration, or the checkpoint is.
pub(crate) fn recovered(
    dir: &Path,
    own: &JournalConfig,
    has_tables: bool,
    is_read_again: bool,
) -> Result<Option<Recovery>, Failure> {
    let file = dir.join(FILE_NAME);
    if !file.exists() {
        let text =
            format!("{}: there is no journal to go on with; leave --resume out to begin one", file.display());
        return Err(Failure::new(Kind::Config, text));
    }
    let (mut recording, recorded) = match Recording::open(dir) {
        Ok(opened) => opened,
        // Its run ended while it wrote down how it was set up, and before it took a row.
        Err(JournalError { fault: JournalFault::Cut { .. }, .. }) => {
            std::fs::remove_file(&file).map_err(failed(Kind::Run))?;
            return Ok(None);
        }
        Err(error @ JournalError { fault: JournalFault::Io { .. }, .. }) => {
            return Err(Failure::new(Kind::Run, error));
        }
        Err(error) => return Err(Failure::new(Kind::Data, error)),
    };
    if let Some(what) = difference(own, &recorded) {
        let text = format!("{}: the journal is of another configuration: {what}", file.display());
        return Err(Failure::new(Kind::Config, text));
    }
    let of = checkpoint::fingerprint(&recorded);
    let from = newest(dir, of, has_tables)?;
    let mark = from.as_ref().map(|from| (from.mark(), from.symbols())).filter(|_| !is_read_again);
    let (journal, _, found) = JournalWriter::resume_from(dir, mark).map_err(|error| match error.fault {
        JournalFault::InUse | JournalFault::Io { .. } => Failure::new(Kind::Run, error),
        _ => Failure::new(Kind::Data, error),
    })?;
    if let Some((mark, symbols)) = mark {
        recording = Recording::open_from(dir, mark, symbols).map_err(failed(Kind::Data))?;
    }
    let after = if found.was_cut { ", after which it was cut" } else { "" };
    let end = if found.has_ended { "the end among them".to_owned() } else { format!("up to {}", found.last) };
    let state = from
        .as_ref()
        .map(|from| format!("; its state is that of {}, after {}", from.at(), from.mark().inputs));
    let state = state.unwrap_or_default();
    if found.inputs > 0 {
        tell::line(&format!(
            "{}: goes on after {} inputs, {end}{after}{state}",
            file.display(),
            found.inputs
        ));
    }
    Ok(Some(Recovery { journal, recording, found, of, from }))
}

/// The newest checkpoint in the folder `dir` that has all that was told before it, where tables are to have that.
fn newest(dir: &Path, of: Fingerprint, has_tables: bool) -> Result<Option<Checkpoint>, Failure> {
    let numbers = checkpoint::numbers(dir).map_err(failed(Kind::Run))?;
    let is_good = |&number: &u64| !has_tables || (1..=number).all(|part| PartReader::is_there(dir, part));
    let number = numbers.into_iter().find(is_good);
    let opened = number.map(|number| Checkpoint::open(dir, number, of)).transpose();
    opened.map_err(wrong)
}

/// Hands what was told before the checkpoint `from` to the tables of `out`, which will have it again.
///
/// # Errors
/// When a part can't be read, or a table not be written.
pub(crate) fn tell_again(
    out: &mut Out,
    dir: &Path,
    of: Fingerprint,
    from: &Checkpoint,
    rules: &DeriveRules,
) -> Result<(), Failure> {
    if !out.has_tables() {
        return Ok(());
    }
    let rules = rules.clone().with_base();
    for number in 1..=from.number() {
        let mut part = PartReader::open(dir, number, of).map_err(wrong)?;
        while let Some(told) = part.next(&rules, from.symbols()).map_err(wrong)? {
            out.take_again(&told, from.symbols()).map_err(failed(Kind::Run))?;
        }
    }
    Ok(())
}

/// What was kept beside the journal can't be used; the journal can.
fn wrong(error: CheckpointError) -> Failure {
    let kind = match &error.fault {
        CheckpointFault::Snapshot(SnapshotError::OtherConfiguration { .. }) => Kind::Config,
        CheckpointFault::Io { .. } => Kind::Run,
        _ => Kind::Data,
    };
    Failure::new(
        kind,
        format!(
            "{error}; without the checkpoints, which can be removed, the run goes on from its journal alone"
        ),
    )
}

/// The first thing in which two configurations differ that can change a number.
fn difference(own: &JournalConfig, recorded: &JournalConfig) -> Option<String> {
    if own.overlay != recorded.overlay {
        return Some("its overlay says otherwise".to_owned());
    }
    let deciding = |config: &JournalConfig| {
        let read = match config.kind {
            ConfigKind::Toml => SessionConfig::from_toml(&config.text),
            ConfigKind::Json => SessionConfig::from_json(&config.text),
        };
        read.map(|config| format!("{:?}", config.deciding())).unwrap_or_default()
    };
    if deciding(own) == deciding(recorded) {
        return None;
    }
    // The first line that is another, as its writer knows it.
    let lines = own.text.lines().zip(recorded.text.lines()).find(|(own, recorded)| own != recorded);
    let shown =
        |(own, recorded): (&str, &str)| format!("the session file says `{own}`, there it says `{recorded}`");
    Some(lines.map_or_else(|| "one of the session files says more".to_owned(), shown))
}

/// The inputs that go on: files are read again, pipes go on.
///
/// # Errors
/// When some are files and some are pipes.
pub(crate) fn inputs(
    coordinator: SessionCoordinator<FileSource>,
    recording: Recording,
    found: &Recovered,
    from: Option<&Checkpoint>,
) -> Result<Resumed<FileSource>, Failure> {
    let from = |inputs: Resumed<FileSource>| match from {
        Some(from) => inputs.from_mark(from.mark()),
        None => inputs,
    };
    let is_file = |source: &FileSource| source.reader().size().is_some();
    let files = coordinator.sources().filter(|source| is_file(source)).count();
    if files == coordinator.sources().count() {
        return Ok(from(Resumed::again(coordinator, recording, found)));
    }
    if let Some(file) = coordinator.sources().find(|source| is_file(source)) {
        let text = format!(
            "{}: is a file among pipes; a run goes on with files, which are read again, or with pipes, which are not",
            file.name()
        );
        return Err(Failure::new(Kind::Config, text));
    }
    Ok(from(Resumed::going_on(coordinator, recording, found, tell_gap)))
}

fn tell_gap(gap: Gap) {
    let Gap { from, to } = gap;
    tell::line(&format!(
        "warning: the journal ends at {from}, the pipe goes on at {to}: what came between, if anything did, is not in this run"
    ));
}

impl Extent for Resumed<FileSource> {
    fn size(&self) -> Option<u64> {
        self.sources().map(|source| source.reader().size()).sum()
    }

    fn position(&self) -> u64 {
        self.sources().map(|source| source.reader().position()).sum()
    }
}

impl InputsFailure for ResumeError<SourceError> {
    fn kind(&self) -> Kind {
        match self {
            Self::Inputs(error) => error.kind(),
            Self::Journal(_) | Self::Differs { .. } => Kind::Data,
        }
    }

    fn shown(&self) -> Option<(&str, &Excerpt)> {
        if let Self::Inputs(error) = self { error.shown() } else { None }
    }
}
