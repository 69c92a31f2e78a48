//! Snapshots, reset and scenarios by the command, and a sandbox that is killed in the midst of a restore.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use inrou::residents::BUILT_IN;
use inrou_api::clock::{Clock, SandboxClock};
use jiff::{SignedDuration, Timestamp};
use support::{command, inrou, inrou_alone, said, shown};

/// A sandbox in a process of its own.
struct Process {
    child: Child,
    /// Where its home is.
    base: String,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut up = command(folder, &["up", "--port", "0", "--at", "2026-11-21T10:00:00+09:00"]);
        let mut child = up.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = lines.by_ref().map(Result::unwrap);
        let told = told.find(|line| line.contains("The sandbox runs at")).expect("it starts");
        let base = told.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let base = base.trim_end_matches(['.', '/']).to_owned();
        // It says one more thing, which somebody has to hear.
        thread::spawn(move || lines.for_each(drop));
        Self { child, base }
    }

    /// `kill -9`.
    fn die(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its home, in English.
    fn home(&self) -> String {
        let host = self.base.trim_start_matches("http://");
        let port = host.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\naccept-language: en\r\n\
             connection: close\r\n\r\n"
        );
        stream.set_read_timeout(Some(LONGEST_LOOK)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        page
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long, in real time, a sandbox may take to show its home.
const LONGEST_LOOK: Duration = Duration::from_secs(60);

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
/// of one time. What lies in the folder once it is dead says in the midst of what it was killed.
#[test]
fn a_sandbox_that_is_killed_in_the_midst_of_a_restore_has_the_old_state_or_the_new() {
    let folder = folder();
    let folder = folder.path();
    let mut up = Process::start(folder);
    done(folder, &["snapshot", "save", "before"]);
    let saved = now(folder);
    for moment in [".prepared", ".replacing", ".moving-in"] {
        let mut hits = 0;
        for _ in 0..TRIES {
            begin_what_is_restored(folder, saved);
            let mut restore = command(folder, &["snapshot", "restore", "before"]);
            let mut restore = restore.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while !folder.join(moment).exists() && restore.try_wait().unwrap().is_none() {
                thread::yield_now();
            }
            up.die();
            restore.wait().unwrap();
            hits += usize::from(folder.join(moment).exists());
            up = Process::start(folder);
            is_whole(folder, saved, moment);
            if hits > 0 {
                break;
            }
        }
        assert!(hits > 0, "{TRIES} times it was not killed at {moment}");
    }
}

/// How often a kill at a moment is tried: some of these are short.
const TRIES: usize = 30;

/// Whether it is a day or more after that.
fn is_later(folder: &Path, saved: Timestamp) -> bool {
    now(folder).duration_since(saved) >= SignedDuration::from_hours(24)
}

/// Lets five days pass, and another phone be bought, unless that is so already.
fn begin_what_is_restored(folder: &Path, saved: Timestamp) {
    if is_later(folder, saved) {
        return;
    }
    done(folder, &["clock", "+5d"]);
    let new = folder.join("new-phone.json");
    let phone = r#"{"name": "another", "platform": "android", "model": "Sandbox Phone 8"}"#;
    std::fs::write(&new, phone).unwrap();
    let new = new.to_str().unwrap();
    done(folder, &["call", "--as", "clerk", "POST", "/phone/v1/phones", "--body", new]);
}

fn is_whole(folder: &Path, saved: Timestamp, moment: &str) {
    let list = done(folder, &["card", "list"]);
    assert!(list.contains("hana-phone"), "{moment}: {list}");
    assert_eq!(list.contains("another"), is_later(folder, saved), "{moment}: {list}");
    let look = ["call", "--as", "clerk", "GET", "/phone/v1/phones/hana-phone"];
    assert!(done(folder, &look).contains("Sandbox Phone 8"), "{moment}");
    for draft in [".replacing", ".moving-in"] {
        assert!(!folder.join(draft).exists(), "{moment}: {draft}");
    }
}

/// Each of its steps is whole, and the home says that they are not all done, until the state is another one.
#[test]
fn a_sandbox_that_is_killed_in_the_midst_of_a_scenario_says_so_until_it_begins_anew() {
    let folder = folder();
    let folder = folder.path();
    let mut up = Process::start(folder);
    let unfinished = |up: &Process| up.home().contains("data-code=\"scenario-unfinished\"");
    assert!(!unfinished(&up));
    let mut play = command(folder, &["scenario", "play", "registered"]);
    let mut play = play.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The residents have their cards: now the steps are taken.
    while !(folder.join("playing").exists() && folder.join("ready").exists()) {
        assert!(play.try_wait().unwrap().is_none(), "it has come to its end");
        thread::yield_now();
    }
    up.die();
    play.wait().unwrap();
    assert!(folder.join("playing").exists(), "it was killed on the way");

    up = Process::start(folder);
    assert!(unfinished(&up), "{}", up.home());
    assert!(done(folder, &["card", "list"]).contains("hana-phone"), "it can be used");
    done(folder, &["snapshot", "save", "half"]);
    done(folder, &["reset"]);
    assert!(!unfinished(&up), "it is another state");
    done(folder, &["snapshot", "restore", "half"]);
    assert!(unfinished(&up), "the half one is kept as what it is");
    done(folder, &["scenario", "play", "registered"]);
    assert!(!unfinished(&up) && up.home().contains("carries certificates"), "{}", up.home());
}
