//! The `barloom` command line: reads flags and files, runs core and engine, writes tables and text.
//!
//! Results go to stdout or files, everything else to stderr. No rule about bars is made here. The crate is a library
//! so that its tests can run the very path that the binary runs.

mod args;
mod bench;
mod calendar;
mod check;
mod completions;
mod convert;
mod derive;
mod failure;
mod given_up;
mod indicators;
mod inputs;
mod interrupt;
mod lint;
mod man;
mod one_stream;
mod outputs;
mod pipe;
mod progress;
mod replay;
mod resume;
mod run;
mod schema;
mod stream;
mod summary;
mod synth;
mod tables;
mod tell;
mod told;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

/// One-minute bars in, every timeframe out: a closed bar is the only bar you can see, and every number can be
/// reproduced bit for bit.
#[derive(Debug, Parser)]
#[command(name = "barloom", version, propagate_version = true)]
enum Command {
    Run(run::RunArgs),
    Replay(replay::ReplayArgs),
    Derive(derive::DeriveArgs),
    Stream(stream::StreamArgs),
    Check(check::CheckArgs),
    Verify(verify::VerifyArgs),
    Calendar(calendar::CalendarArgs),
    Indicators(indicators::IndicatorsArgs),
    Synth(synth::SynthArgs),
    Convert(convert::ConvertArgs),
    Bench(bench::BenchArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// All commands with their flags and help, for the manual, for shells and for tests that walk through them.
pub fn program() -> clap::Command {
    Command::command()
}

/// Runs the command that `args` spell, the program's name first, and says how it ended.
///
/// Words that make no command end the process, with exit code 2 and the reason on stderr.
pub fn command(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match Command::parse_from(args) {
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Derive(args) => derive::derive(args),
        Command::Stream(args) => stream::stream(args),
        Command::Check(args) => check::check(&args),
        Command::Verify(args) => verify::verify(args),
        Command::Calendar(args) => calendar::calendar(&args),
        Command::Indicators(args) => indicators::indicators(&args),
        Command::Synth(args) => synth::synth(args),
        Command::Convert(args) => convert::convert(args),
        Command::Bench(args) => bench::bench(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
