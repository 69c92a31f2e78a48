//! Snapshots, reset and scenarios by the command, and a sandbox that is killed in the midst of a restore.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use inrou::residents::BUILT_IN;
use inrou_api::clock::{Clock, SandboxClock};
use jiff::{SignedDuration, Timestamp};
use support::{command, inrou, inrou_alone, said, shown};

/// A sandbox in a process of its own.
struct Process(Child);

impl Process {
    fn start(folder: &Path) -> Self {
        let mut up = command(folder, &["up", "--port", "0", "--at", "2026-11-21T10:00:00+09:00"]);
        let mut child = up.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.unwrap().contains("The sandbox runs at"));
        assert!(ready, "it starts");
        // It says one more thing, which somebody has to hear.
        thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    /// `kill -9`.
    fn die(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A data folder whose sandbox has Hana alone.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut file: serde_json::Value = serde_json::from_str(BUILT_IN).unwrap();
    file["residents"].as_array_mut().unwrap().truncate(1);
    std::fs::write(folder.path().join("residents.json"), file.to_string()).unwrap();
    folder
}

fn now(folder: &Path) -> Timestamp {
    SandboxClock::open(folder).unwrap().now()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = inrou(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    shown(&output)
}

#[test]
fn the_commands_save_restore_reset_and_play_and_say_what_they_cannot() {
    let folder = folder();
    let folder = folder.path();
    let refused = |arguments: &[&str], code: &str| {
        let output = inrou(folder, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said(&output).contains(&format!("[{code}]")), "{arguments:?}: {}", said(&output));
    };
    refused(&["reset"], "data-folder-missing");
    let mut up = Process::start(folder);
    assert!(done(folder, &["snapshot", "save", "before"]).contains("“before”"));
    done(folder, &["clock", "+5d"]);
    let list = done(folder, &["snapshot", "list"]);
    assert!(list.contains("before") && list.contains("21 November 2026"), "{list}");
    for (arguments, code) in [
        (&["snapshot", "save", "before"][..], "snapshot-name-taken"),
        (&["snapshot", "save", "../before"], "snapshot-name-malformed"),
        (&["snapshot", "restore", "after"], "snapshot-unknown"),
        (&["snapshot", "delete", "after"], "snapshot-unknown"),
        (&["scenario", "play", "none"], "scenario-unknown"),
        (&["scenario", "play", "near-expiry"], "scenario-needs-resident"),
    ] {
        refused(arguments, code);
    }
    let start: Timestamp = "2026-11-21T10:00:00+09:00".parse().unwrap();
    assert!(now(folder).duration_since(start) >= SignedDuration::from_hours(5 * 24));
    done(folder, &["snapshot", "restore", "before"]);
    assert!(now(folder).duration_since(start) < SignedDuration::from_hours(24));
    done(folder, &["snapshot", "delete", "before"]);
    assert!(!done(folder, &["snapshot", "list"]).contains("before"));
    done(folder, &["reset"]);
    assert!(done(folder, &["scenario", "play", "fresh"]).contains("Everything fresh"));
    assert!(done(folder, &["card", "list"]).contains("hana"));
    up.die();
    refused(&["reset"], "sandbox-not-running");
    refused(&["snapshot", "list"], "sandbox-not-running");
    let scenarios = shown(&inrou_alone(&["scenario", "list"]));
    assert!(scenarios.contains("applied-at-night"), "{scenarios}");
}

/// Whichever state it is that a killed sandbox comes back with, it is whole: its clock and its phones are
/// of one time.
#[test]
fn a_sandbox_that_is_killed_in_the_midst_of_a_restore_has_the_old_state_or_the_new() {
    let folder = folder();
    let folder = folder.path();
    let mut up = Process::start(folder);
    done(folder, &["snapshot", "save", "before"]);
    let saved = now(folder);
    let later = |folder: &Path| now(folder).duration_since(saved) >= SignedDuration::from_hours(24);
    for moment in [".prepared", ".replacing", ".moving-in", ".replacing", ".moving-in"] {
        if !later(folder) {
            done(folder, &["clock", "+5d"]);
            let new = folder.join("new-phone.json");
            std::fs::write(
                &new,
                r#"{"name": "another", "platform": "android", "model": "Sandbox Phone 8"}"#,
            )
            .unwrap();
            let new = new.to_str().unwrap();
            let buy = ["call", "--as", "clerk", "POST", "/phone/v1/phones", "--body", new];
            done(folder, &buy);
        }
        let mut restore = command(folder, &["snapshot", "restore", "before"]);
        let mut restore = restore.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !folder.join(moment).exists() && restore.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        up.die();
        restore.wait().unwrap();
        up = Process::start(folder);
        let list = done(folder, &["card", "list"]);
        assert!(list.contains("hana-phone"), "{moment}: {list}");
        assert_eq!(list.contains("another"), later(folder), "{moment}: {list}");
        let look = ["call", "--as", "clerk", "GET", "/phone/v1/phones/hana-phone"];
        assert!(done(folder, &look).contains("Sandbox Phone 8"), "{moment}");
        for draft in [".replacing", ".moving-in"] {
            assert!(!folder.join(draft).exists(), "{moment}: {draft}");
        }
    }
}
