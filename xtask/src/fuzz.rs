//! The fuzz targets: a short run of each, enough to find what breaks at once.

use std::fs;
use std::process::Command;
use std::thread;

use crate::report::Outcome;
use crate::run::{Finished, ask, cargo, root, run};

/// How long each target runs.
const SECONDS: u32 = 30;

/// How many run at once: a target keeps one core busy.
const AT_ONCE: usize = 2;

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
    let targets: Vec<&str> = list.lines().collect();
    targets.chunks(AT_ONCE).flat_map(side_by_side).fold(Outcome::none(), Outcome::and)
}

fn side_by_side(targets: &[&str]) -> Vec<Outcome> {
    thread::scope(|scope| {
        let running: Vec<_> =
            targets.iter().map(|target| scope.spawn(|| run_target(target))).collect();
        let ended = running.into_iter().map(|one| match one.join() {
            Ok(finished) => Outcome::of_program(&finished),
            Err(_) => Outcome::of_findings(vec!["a target could not be run".to_owned()]),
        });
        ended.collect()
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
