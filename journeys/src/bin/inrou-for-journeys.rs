//! The command, as a program of this package: a test finds only those of its own package built.

use std::process::ExitCode;

fn main() -> ExitCode {
    inrou::command()
}
