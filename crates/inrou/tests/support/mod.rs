//! A sandbox of one resident, and the command in processes of its own.

#![allow(dead_code, reason = "not every test file needs everything")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use inrou::sandbox::{DataFolder, Options, Sandbox};

/// A sandbox with Hana alone.
pub async fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::start(Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    })
    .await
    .unwrap()
}

/// Runs the command to its end.
pub fn inrou(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// The same on no data folder.
pub fn inrou_alone(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_inrou"))
        .args(["--lang", "en"])
        .args(arguments)
        .output()
        .unwrap()
}

/// As [`inrou`], with `input` on standard input.
pub fn inrou_told(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = command(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The command on a data folder, in English.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inrou"));
    command.args(["--lang", "en", "--data"]).arg(folder).args(arguments);
    command
}

/// What it showed.
pub fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it complained of.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
