//! `inrou demo` as a process of its own: what it says, how it ends, and that it leaves nothing behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The command, in English, with a folder of its own for temporary files, in which it works as well.
fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inrou"));
    command.args(["--lang", "en", "demo"]).env("TMPDIR", folder).current_dir(folder);
    command
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn a_demo_that_held_tells_each_step_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let [begins, steps @ .., held] = lines.as_slice() else { panic!("{said}") };
    assert!(begins.ends_with("10:00."), "{begins}");
    assert!(steps.iter().all(|line| line.starts_with("10:0")), "{said}");
    for rule in ["APPLY-4", "HOURS-1", "REG-1", "USE-1", "USE-7", "END-2", "END-3"] {
        assert!(steps.iter().any(|line| line.contains(rule)), "{rule}: {said}");
    }
    assert_eq!(*held, "All of it held, in 17 steps.");
    assert!(is_empty(folder.path()));
}

#[test]
fn a_folder_with_other_things_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("thesis.txt");
    fs::write(&mine, "mine").unwrap();
    let output = demo(folder.path()).arg("--out").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint.lines().count(), 2, "{complaint}");
    assert!(complaint.contains("--out"), "{complaint}");
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_demo_that_is_interrupted_fails_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(folder.path());
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(running.stdout.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("On a throw-away sandbox"));
    let kill = Command::new("kill").arg(running.id().to_string()).status().unwrap();
    assert!(kill.success());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.starts_with("The command was interrupted"), "{complaint}");
    assert!(is_empty(folder.path()));
}
