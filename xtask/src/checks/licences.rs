//! Licences, sources and bans of every dependency, by cargo-deny and `deny.toml`.

use std::process::Command;

use crate::report::Outcome;
use crate::run::{root, run};
use crate::setup;

/// Runs cargo-deny. Advisories are left to `cargo deny check advisories` by hand: their data base
/// has to be fetched, and a test must not depend on that.
pub(crate) fn licences() -> Outcome {
    let mut command = Command::new(setup::deny());
    command.args(["--workspace", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    Outcome::of_program(&run(command.current_dir(root())))
}
