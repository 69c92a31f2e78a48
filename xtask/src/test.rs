//! The sections of CI, in order: what is quick comes first.

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
    let ready = report.section("setup", setup::setup);
    if ready {
        quick_sections(&mut report);
        report.section("licences", checks::licences);
        report.section("lint", || {
            program(&[
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--",
                "-Dwarnings",
            ])
        });
        let built = report.section("build", || {
            program(&["build", "--locked", "--workspace", "--all-targets"])
        });
        if built {
            report.section("tests", tests);
            report.section("documentation", documentation);
            report.section("fuzz", fuzz::smoke);
        }
    }
    report.close()
}

fn quick_sections(report: &mut Report) {
    report.section("format", || {
        program(&["fmt", "--all", "--check", "--", "--files-with-diff"])
    });
    report.section("repository", repository);
}

fn program(arguments: &[&str]) -> Outcome {
    Outcome::of_program(&run(&mut cargo(arguments)))
}

fn repository() -> Outcome {
    match Tree::read() {
        Ok(tree) => checks::all(&tree),
        Err(what) => Outcome::of_findings(vec![what]),
    }
}

fn tests() -> Outcome {
    let arguments = ["test", "--locked", "--workspace", "--no-fail-fast"];
    Outcome::of_tests(&run(&mut cargo(arguments)))
}

fn documentation() -> Outcome {
    let mut command = cargo(["doc", "--locked", "--workspace", "--no-deps"]);
    Outcome::of_program(&run(command.env("RUSTDOCFLAGS", "-Dwarnings")))
}
