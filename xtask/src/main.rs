//! The project's own tasks. `cargo xtask test` is all of CI; `cargo xtask help` lists the rest.
#![allow(clippy::print_stdout, reason = "these tasks talk to a person at a terminal")]

mod checks;
mod docs;
mod fuzz;
mod gallery;
mod output;
mod report;
mod run;
mod setup;
mod test;

use std::env;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask setup   install what the tests need, and say so
cargo xtask check   the quick part of the tests: format and the repository's own checks
cargo xtask test    all of CI
cargo xtask docs    write the generated documents anew
cargo xtask gallery [FOLDER]  every screen of every journey, as pages to walk through (target/gallery)
cargo xtask help    this list";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let success = match arguments.as_slice() {
        ["setup"] => test::setup(),
        ["check"] => test::quick(),
        ["test"] => test::all(),
        ["docs"] => docs::write(),
        ["gallery"] => gallery::make(None),
        ["gallery", folder] => gallery::make(Some(folder)),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            true
        }
        [] => {
            println!("Which task?\n{HELP}");
            false
        }
        [other, ..] => {
            println!("There is no task `{other}`, or it takes no arguments.\n{HELP}");
            false
        }
    };
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
