//! Why a command failed, its exit code, and how it is told.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use barloom::config::ConfigError;
use barloom_io::{Excerpt, FileSource, SourceError};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, MietteSpanContents,
    NamedSource, Report, SourceCode, SourceSpan, SpanContents,
};

use crate::tell;

/// What went wrong, by the exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The run could not be carried out.
    Run = 1,
    /// What was asked for does not hold together.
    Config = 3,
    /// The input is not what it must be.
    Data = 4,
    /// A part of a clock-driven run was late, and that is an error.
    Overrun = 5,
    /// Ctrl-C or a termination signal.
    Interrupted = 130,
}

impl Kind {
    /// What the user did not state is configuration.
    pub(crate) fn of(error: &SourceError) -> Self {
        if error.is_unstated() { Self::Config } else { Self::Data }
    }
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    /// The text that is wrong, with a caret at the place.
    excerpt: Option<Report>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), excerpt: None }
    }

    /// That the row which `source` gave last, and which has that number, can't be.
    pub(crate) fn at_row(source: &FileSource, number: u64, reason: &dyn fmt::Display) -> Self {
        let excerpt = source.reader().excerpt();
        Self::new(Kind::Data, format!("{}: {reason}", source.place(number)))
            .showing(excerpt.as_ref().map(|excerpt| (source.reader().name(), excerpt)))
    }

    /// The same with a line of a file below it, and a caret at what is wrong.
    pub(crate) fn showing(self, shown: Option<(&str, &Excerpt)>) -> Self {
        let Some((file, excerpt)) = shown else { return self };
        let caret = LabeledSpan::new_with_span(None, excerpt.wrong.clone());
        let diagnostic = MietteDiagnostic::new(String::new()).with_label(caret);
        let line = OneLine { file: file.to_owned(), number: excerpt.line, text: excerpt.text.clone() };
        Self { excerpt: Some(Report::new(diagnostic).with_source_code(line)), ..self }
    }

    /// The same with a note behind the message.
    pub(crate) fn noting(self, note: &str) -> Self {
        Self { message: format!("{}; {note}", self.message), ..self }
    }

    /// What went wrong, in a line.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// A fault at a place of a session file, shown with a caret.
    pub(crate) fn in_config(path: &Path, text: &str, error: &ConfigError) -> Self {
        let message = format!("{}, line {}: {}", path.display(), error.line, error.message);
        let caret = LabeledSpan::new_with_span(None, error.span.clone());
        let diagnostic = MietteDiagnostic::new(String::new()).with_label(caret);
        let source = NamedSource::new(path.display().to_string(), text.to_owned());
        Self { kind: Kind::Config, message, excerpt: Some(Report::new(diagnostic).with_source_code(source)) }
    }

    /// Stdout could not be written; that its reader went away is the usual reason.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::Run, "stdout: its reader went away"),
            _ => Self::new(Kind::Run, format!("stdout: can't be written: {error}")),
        }
    }

    /// Tells it on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        tell::line(&format!("error: {}", self.message));
        if let Some(excerpt) = &self.excerpt {
            let theme = if tell::is_terminal() { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
            let handler = GraphicalReportHandler::new_themed(theme).with_wrap_lines(false).with_links(false);
            let mut text = String::new();
            if handler.render_report(&mut text, excerpt.as_ref()).is_ok() {
                let lines = text.lines().filter(|line| !line.trim_matches([' ', 'x', '×']).is_empty());
                tell::line(&lines.collect::<Vec<_>>().join("\n"));
            }
        }
        ExitCode::from(self.kind as u8)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(Kind::of(&error), &error).showing(error.excerpt())
    }
}

/// A line of a file that is not held as a whole.
#[derive(Debug)]
struct OneLine {
    file: String,
    /// From 1.
    number: u64,
    text: String,
}

impl SourceCode for OneLine {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.clone(),
            found.data(),
            *found.span(),
            usize::try_from(self.number).unwrap_or(usize::MAX).saturating_sub(1),
            found.column(),
            found.line_count(),
        )))
    }
}

/// Makes failures of one kind out of errors: `.map_err(failed(Kind::Data))`.
pub(crate) fn failed<E: fmt::Display>(kind: Kind) -> impl Fn(E) -> Failure {
    move |error| Failure::new(kind, error)
}
