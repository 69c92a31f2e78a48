//! A process that works with the store is killed, again and again: nothing that it was answered is
//! lost, no act is half done, and the file opens each time.
//!
//! Has a `main` of its own, since the process that is killed is this program too.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod support {
    pub mod samples;
}

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use inrou_api::wire::portal::OfficeState;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::SystemEntropy;
use inrou_portal::store::{Applications, Logins, Records, SqliteStore};
use support::samples::*;

/// Acts that make one resident's whole story.
const ACTS: u64 = 5;

const KILLS: usize = 10;

fn main() {
    match std::env::var_os("INROU_STORE_TO_FILL") {
        Some(file) => fill(Path::new(&file)),
        None => nothing_answered_is_lost(),
    }
}

fn nothing_answered_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.db");
    let mut answered = 0;
    for round in 0..KILLS {
        let mut child = start(&file);
        // Killed after another number of answers each time; those already on their way count too.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 7 + 11 * round;
        let first: Vec<_> = lines.by_ref().take(wanted).map(Result::unwrap).collect();
        assert_eq!(first.len(), wanted, "the process ended by itself");
        child.kill().unwrap();
        // The last line may have been cut off.
        let rest = lines.map_while(Result::ok).filter(|line| line.ends_with('.'));
        for line in first.into_iter().chain(rest) {
            answered = answered.max(line.trim_end_matches('.').parse().unwrap());
        }
        child.wait().unwrap();
        let done = acts_done(&file);
        assert!(done >= answered, "{answered} acts were answered, {done} are there");
    }
    println!("{answered} acts were answered, {KILLS} kills lost none");
}

/// How many acts have been done, one after the other; each with all that follows from it.
fn acts_done(file: &Path) -> u64 {
    let store = SqliteStore::open(file, &SystemEntropy).unwrap();
    let mut done = 0;
    for number in 0.. {
        let here = acts_of(&store, number);
        done += here;
        if here < ACTS {
            assert_eq!(acts_of(&store, number + 1), 0, "nothing is done before what precedes it");
            return done;
        }
    }
    done
}

/// How far one resident's story has come.
fn acts_of(store: &SqliteStore, number: u64) -> u64 {
    let begun = store.login(&digest("login", number)).unwrap().is_some();
    let session = store.session(&session(number).token).unwrap().is_some();
    let application = store.application(&format!("application-{number}")).unwrap();
    let received = application.as_ref().and_then(|found| found.received.as_ref());
    let decided = received.is_some_and(|received| received.state == OfficeState::Accepted);
    let stages = [begun, session, application.is_some(), received.is_some(), decided];
    assert!(stages.is_sorted_by(|earlier, later| earlier >= later), "{stages:?}");
    // The first act has no entry of its own; the last two have a notice each.
    let acts = stages.iter().filter(|done| **done).count();
    let history = store.history(&subject(number), None, later(9), 10).unwrap().len();
    let notices = store.notices(&subject(number), 0, 10).unwrap().len();
    assert_eq!((history, notices), (acts.saturating_sub(1), acts.saturating_sub(3)));
    acts as u64
}

fn start(file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env("INROU_STORE_TO_FILL", file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Goes on where the process before was killed; says how many acts are done after each.
fn fill(file: &Path) {
    let mut done = acts_done(file);
    let store = SqliteStore::open(file, &SystemEntropy).unwrap();
    let mut out = std::io::stdout();
    loop {
        let number = done / ACTS;
        match done % ACTS {
            0 => {
                let new = transaction(Purpose::LogIn, number);
                store.begin_login(&digest("login", number), &new).map(drop)
            }
            1 => store.settle(&logged_in(number)).map(drop),
            2 => store.draw_up(&application(number)).map(drop),
            3 => store.settle(&received(number)).map(drop),
            _ => store.decide(&accepted(number)).map(drop),
        }
        .unwrap();
        done += 1;
        // The line is whole only with its full stop.
        writeln!(out, "{done}.").and_then(|()| out.flush()).unwrap();
    }
}
