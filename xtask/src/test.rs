//! The sections of CI, in order: what is quick comes first.

use std::process::Command;

use crate::checks::{self, Tree};
use crate::report::{Outcome, Report};
use crate::run::{cargo, run};
use crate::{fuzz, setup};

/// `cargo xtask setup`.
pub(crate) fn setup() -> bool {
    let mut report = Report::default();
    report.section("setup", setup::setup);
    report.close()
}

/// `cargo xtask check`.
pub(crate) fn quick() -> bool {
    let mut report = Report::default();
    quick_sections(&mut report);
    report.close()
}

/// `cargo xtask test`. Without set-up or without a build the rest would fail for that reason alone,
/// so it is not run.
pub(crate) fn all() -> bool {
    let mut report = Report::default();
    if !(report.section("setup", setup::setup) && builds(&mut report)) {
        report.stop();
        return report.close();
    }
    report.section("tests", tests);
    report.section("documentation", documentation);
    report.section("fuzz", fuzz::smoke);
    report.close()
}

/// What can be judged without running anything, and the build, which decides whether to go on.
fn builds(report: &mut Report) -> bool {
    quick_sections(report);
    report.section("licences", checks::licences);
    let lint = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-Dwarnings"];
    report.section("lint", || program(&lint));
    let build = ["build", "--locked", "--workspace", "--all-targets"];
    report.section("build", || program(&build))
}

fn quick_sections(report: &mut Report) {
    report.section("format", || program(&["fmt", "--all", "--check", "--", "--files-with-diff"]));
    report.section("repository", repository);
}

/// `cargo` for a run from nothing, which what is kept for the next change only slows, and fills the disk.
fn whole(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.env("CARGO_INCREMENTAL", "0");
    command
}

fn program(arguments: &[&str]) -> Outcome {
    Outcome::of_program(&run(&mut whole(arguments)))
}

fn repository() -> Outcome {
    match Tree::read() {
        Ok(tree) => checks::all(&tree),
        Err(what) => Outcome::of_findings(vec![what]),
    }
}

fn tests() -> Outcome {
    let arguments = ["test", "--locked", "--workspace", "--no-fail-fast"];
    Outcome::of_tests(&run(&mut whole(&arguments)))
}

fn documentation() -> Outcome {
    let mut command = whole(&["doc", "--locked", "--workspace", "--no-deps"]);
    Outcome::of_program(&run(command.env("RUSTDOCFLAGS", "-Dwarnings")))
}
