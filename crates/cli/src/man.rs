//! `barloom man`: the manual, written from what the command line says of itself.

use std::io::{self, Write};
use std::path::PathBuf;

use barloom_io::{OutputDir, PendingFile, commit_all};
use clap::Args;
use clap_mangen::Man;

use crate::failure::{Failure, Kind, failed};
use crate::run::print;

/// Print the manual page, or write one a command
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  barloom man | man -l -\n  barloom man --out man1")]
pub(crate) struct ManArgs {
    /// The folder for barloom.1, barloom-derive.1 and so on
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut program = crate::program();
    program.build();
    let Some(folder) = &args.out else {
        let text = page(program).map_err(failed(Kind::Run))?;
        return print(String::from_utf8_lossy(&text).trim_end());
    };
    let folder = OutputDir::create(folder).map_err(failed(Kind::Run))?;
    let names = program.get_subcommands().filter(|command| command.get_name() != "help");
    let commands = names.map(|command| (format!("barloom-{}.1", command.get_name()), command.clone()));
    let mut files: Vec<PendingFile> = Vec::new();
    for (name, command) in commands.chain([("barloom.1".to_owned(), program.clone())]) {
        let mut file = folder.file(&name).map_err(failed(Kind::Run))?;
        page(command).and_then(|text| file.write_all(&text)).map_err(failed(Kind::Run))?;
        files.push(file);
    }
    commit_all(files).map_err(failed(Kind::Run))
}

/// A page in troff.
fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    Man::new(command.display_name(name)).render(&mut text)?;
    Ok(text)
}
