//! A process that works with the store is killed, again and again: nothing that it was answered is
//! lost, no act is half done, what serves once does not serve again, and the file opens each time.
//!
//! Has a `main` of its own, since the process that is killed is this program too.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod support {
    pub mod samples;
}

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use inrou_pki::SystemEntropy;
use inrou_provider::store::{CodeFault, Exchange, SqliteStore, Store, StoreError};
use support::samples::{
    NOW, UNTIL, begun, client, exchange, given_back, log_in, name, new_client, pushed, refresh,
    seen, settled, transaction,
};

/// Acts that make one log-in's whole story: pushed, begun, granted, exchanged, refreshed, given back.
const ACTS: u64 = 6;

const KILLS: usize = 10;

fn main() {
    match std::env::var_os("INROU_STORE_TO_FILL") {
        Some(file) => fill(Path::new(&file)),
        None => nothing_answered_is_lost(),
    }
}

fn nothing_answered_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provider.db");
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
        let store = open(&file);
        let done = acts_done(&store);
        assert!(done >= answered, "{answered} acts were answered, {done} are there");
        (0..done / ACTS).for_each(|number| serves_once(&store, number, round));
    }
    println!("{answered} acts were answered, {KILLS} kills lost none");
}

/// A story that is over: neither its assertion nor its code, nor what was given for it, serves again.
fn serves_once(store: &SqliteStore, number: u64, round: usize) {
    let repeated = store.exchange(&exchange(number));
    assert!(matches!(repeated, Err(StoreError::Precondition(_))), "the assertion");
    let assertion = seen(&format!("round-{round}"), number);
    let fresh = store.exchange(&Exchange { assertion, ..exchange(number) });
    assert!(matches!(fresh, Ok(Err(CodeFault::Spent))), "the code");
    assert!(!opens(store, "access", number) && !opens(store, "refreshed", number), "the tokens");
}

/// How many acts have been done, one after the other; each with all that follows from it.
fn acts_done(store: &SqliteStore) -> u64 {
    let mut done = 0;
    for number in 0.. {
        let here = acts_of(store, number);
        done += here;
        if here < ACTS {
            assert_eq!(acts_of(store, number + 1), 0, "nothing is done before what precedes it");
            return done;
        }
    }
    done
}

/// How far one log-in's story has come.
fn acts_of(store: &SqliteStore, number: u64) -> u64 {
    let pushed = store.pushed(&name("pushed", number)).unwrap().is_some();
    let begun = store.authorization(&transaction(number)).unwrap();
    let granted = begun.as_ref().is_some_and(|begun| begun.grant.is_some());
    let latest = store.latest(&name("browser", number), &client(), NOW).unwrap();
    assert!(granted || latest.is_none(), "a grant without its log-in");
    assert!(!(granted && pushed), "a pushed request serves one log-in");
    let (exchanged, refreshed) =
        (opens(store, "access", number), opens(store, "refreshed", number));
    match (&begun, granted, latest.is_some()) {
        (None, ..) => u64::from(pushed),
        (Some(_), false, _) => 2,
        (Some(_), true, false) => {
            assert!(!exchanged && !refreshed, "given back, and still open");
            if is_given_back(store, number) { 6 } else { 3 }
        }
        (Some(_), true, true) => 3 + u64::from(exchanged) + u64::from(refreshed),
    }
}

/// Whether a code was spent: a log-in that has led back nowhere yet has none.
fn is_given_back(store: &SqliteStore, number: u64) -> bool {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let look = format!("look-{}-{}", std::process::id(), LOOKS.fetch_add(1, Ordering::Relaxed));
    let look = Exchange { assertion: seen(&look, number), ..exchange(number) };
    match store.exchange(&look).unwrap() {
        Err(CodeFault::Unknown) => false,
        Err(CodeFault::Spent) => true,
        other => panic!("{:?}", other.map(|grant| grant.id)),
    }
}

fn opens(store: &SqliteStore, token: &str, number: u64) -> bool {
    store.access(&name(token, number), NOW).unwrap().is_some()
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
    let store = open(file);
    if store.client(&client()).unwrap().is_none() {
        store.register(&new_client()).unwrap().unwrap();
    }
    let mut done = acts_done(&store);
    let mut out = std::io::stdout();
    loop {
        let number = done / ACTS;
        match done % ACTS {
            0 => store.push(&pushed(number), &seen("push", number), &log_in()).unwrap(),
            1 => store.begin(&begun(number), &log_in()).unwrap(),
            2 => drop(store.settle(&settled(number)).unwrap()),
            3 => {
                store.give_code(&transaction(number), &name("code", number), (NOW, UNTIL)).unwrap();
                store.exchange(&exchange(number)).unwrap().unwrap();
            }
            4 => drop(store.refresh(&refresh(number)).unwrap().unwrap()),
            _ => assert!(store.revoke(&given_back(number)).unwrap()),
        }
        done += 1;
        // The line is whole only with its full stop.
        writeln!(out, "{done}.").and_then(|()| out.flush()).unwrap();
    }
}

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, &SystemEntropy).unwrap()
}
