//! `barloom completions`: what a shell needs to complete the command line.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::failure::Failure;
use crate::run::print;

/// Print what a shell completes commands and flags by
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  barloom completions bash > ~/.local/share/bash-completion/completions/barloom"
)]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    generate(args.shell, &mut crate::program(), "barloom", &mut text);
    print(String::from_utf8_lossy(&text).trim_end())
}
