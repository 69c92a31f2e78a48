//! The fuzz targets: their seeds, and a short run of each, enough to find what breaks at once.

use std::fs;
use std::process::Command;

use crate::report::Outcome;
use crate::run::{Finished, ask, cargo, root, run};

/// How long each target runs.
const SECONDS: u32 = 60;

/// Shows that the seeds of `fuzz/` reach what they are for.
pub(crate) fn seeds() -> Outcome {
    let seeds = ["test", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--test", "seeds"];
    Outcome::of_tests(&run(&mut cargo(seeds)))
}

/// Runs every target of `fuzz/`. Each counts as one test.
pub(crate) fn smoke() -> Outcome {
    let Some(list) = ask(&mut fuzz(&["list"])) else {
        return Outcome::of_findings(vec![
            "cargo fuzz cannot list the targets of fuzz/".to_owned(),
        ]);
    };
    // Without a sanitizer, which the stable compiler does not have: the targets look for panics.
    let built = run(&mut fuzz(&["build", "--sanitizer", "none"]));
    if !built.success {
        return Outcome::of_program(&built);
    }
    list.lines().fold(Outcome::none(), |outcome, target| {
        outcome.and(Outcome::of_program(&run_target(target)))
    })
}

fn run_target(target: &str) -> Finished {
    let mut command = fuzz(&["run", "--sanitizer", "none", target]);
    let seeds = format!("fuzz/seeds/{target}");
    if root().join(&seeds).is_dir() {
        // What is found goes to the first folder, what was written by hand stays as it is.
        let found = format!("fuzz/corpus/{target}");
        if let Err(error) = fs::create_dir_all(root().join(&found)) {
            return Finished { success: false, lines: vec![format!("{found}: {error}")] };
        }
        command.args([found, seeds]);
    }
    let limit = format!("-max_total_time={SECONDS}");
    run(command.args(["--", &limit, "-timeout=10", "-verbosity=0", "-print_final_stats=1"]))
}

fn fuzz(arguments: &[&str]) -> Command {
    let mut command = cargo(["fuzz"]);
    command.args(arguments);
    command
}
