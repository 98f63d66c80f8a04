//! `barloom schema`: the JSON Schema of a session file.

use barloom::config::SessionConfig;
use clap::Args;

use crate::failure::Failure;
use crate::run::print;

/// Print the JSON Schema of a session file, for editors
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  barloom schema > barloom.schema.json")]
pub(crate) struct SchemaArgs {}

/// Runs the command.
pub(crate) fn schema(_: &SchemaArgs) -> Result<(), Failure> {
    print(&format!("{:#}", SessionConfig::schema()))
}
