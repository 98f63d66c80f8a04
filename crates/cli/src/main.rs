//! The `barloom` binary.

fn main() -> std::process::ExitCode {
    barloom_cli::command(std::env::args_os())
}
