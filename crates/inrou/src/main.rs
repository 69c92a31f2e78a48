//! `inrou`, the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    inrou::command()
}
