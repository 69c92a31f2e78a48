//! The command where no terminal is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::process::{Command, Stdio};

use inrou::sandbox::DataFolder;

#[test]
fn a_reader_who_has_heard_enough_is_no_fault() {
    let root = tempfile::tempdir().unwrap();
    drop(DataFolder::create(root.path()).unwrap().lock().unwrap());
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_inrou"));
    command.args(["clock", "--data"]).arg(root.path()).stdout(writer).stderr(Stdio::piped());
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_log_that_goes_to_no_terminal_has_no_colours() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inrou"));
    command.args(["verify", "Cargo.toml", "--anchors", "Cargo.toml"]).env("RUST_LOG", "debug");
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("DEBUG"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}
