//! What is wrong with a session file's text, and where.

use std::ops::Range;

use barloom_core::error::{did_you_mean, nearest};

/// What is wrong with a session file's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes of the text that are wrong.
    pub span: Range<usize>,
    /// What was got, what is allowed and the nearest word.
    pub message: String,
}

/// What people call fields by the flags' names.
const FLAGS: &[(&str, &str)] = &[
    ("interval", "derived_intervals"),
    ("intervals", "derived_intervals"),
    ("indicator", "realtime_indicators"),
    ("indicators", "realtime_indicators"),
    ("input", "inputs"),
];

impl ConfigError {
    /// `message` is serde's; what it says of a field that is not known gets the nearest that is.
    pub(super) fn new(text: &str, span: Range<usize>, message: &str) -> Self {
        let mut span = span;
        // Of a list, the item that the message quotes first.
        if let (Some(got), Some(list)) = (message.split('`').nth(1), text.get(span.clone()))
            && list.starts_with('[')
            && let [(at, _)] = list.match_indices(got).collect::<Vec<_>>()[..]
        {
            span = span.start + at..span.start + at + got.len();
        }
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let mut message = message.to_owned();
        // serde quotes the unknown field first and then those it knows.
        let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let unknown = words.split_first().filter(|_| message.starts_with(UNKNOWN));
        let near = unknown.and_then(|(got, known)| {
            let flag = FLAGS.iter().find(|(flag, _)| flag == got).map(|&(_, field)| field);
            flag.or_else(|| nearest(got, known.iter().copied()))
        });
        message += &did_you_mean(near);
        Self { line, column, span, message }
    }
}

/// How serde begins what it says of a field that is not known.
pub(super) const UNKNOWN: &str = "unknown field";
