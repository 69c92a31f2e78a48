//! A process that commits under load is killed, again and again: nothing that it was answered is
//! lost, and the file opens each time. (What the power can do beside is in `store_power_cut.rs`.)
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
use std::thread;

use inrou_authority::store::{SqliteSettings, SqliteStore, Store, Unit, Write};
use inrou_rules::{Medium, Serial, Use};
use support::samples::*;

const THREADS: usize = 4;
const KILLS: usize = 12;
/// More units than are committed until the last kill.
const ALL: u32 = 1_000_000;

fn main() {
    match std::env::var_os("INROU_STORE_TO_FILL") {
        Some(file) => fill(Path::new(&file)),
        None => nothing_answered_is_lost(),
    }
}

fn nothing_answered_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let mut answered = Vec::new();
    for round in 0..KILLS {
        let mut child = start(&file);
        // Killed after another number of answers each time; those already on their way count too.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 20 + 37 * round;
        let first: Vec<_> = lines.by_ref().take(wanted).map(Result::unwrap).collect();
        assert_eq!(first.len(), wanted, "the process ended by itself");
        child.kill().unwrap();
        // The last line may have been cut off.
        let rest = lines.map_while(Result::ok).filter(|line| line.ends_with('.'));
        answered.extend(first.into_iter().chain(rest).map(|line| number(&line)));
        child.wait().unwrap();
        check(&file, &answered);
    }
    println!("{} units were answered, {KILLS} kills lost none", answered.len());
}

/// The units are numbered by their event; each did all that a unit does.
fn check(file: &Path, answered: &[u64]) {
    let store = SqliteStore::open(file, SqliteSettings::default()).unwrap();
    let log = store.log(0, ALL).unwrap();
    let documents = store.documents(SETTING, None, None, ALL).unwrap();
    let jobs = store.jobs(None, ALL).unwrap();
    assert!(log.len() < ALL as usize);
    assert!(log.iter().enumerate().all(|(index, entry)| entry.sequence == index as u64));
    for sequence in answered {
        assert!(*sequence < log.len() as u64, "event {sequence} was answered and is lost");
    }
    // The first event is the admission's.
    let units = log.len() - 1;
    assert_eq!((documents.len(), jobs.len()), (units, units));
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(units as u64));
}

fn start(file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env("INROU_STORE_TO_FILL", file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn number(line: &str) -> u64 {
    line.trim_end_matches('.').parse().unwrap()
}

/// Commits units from several threads until killed; says the number of each that was answered.
fn fill(file: &Path) {
    let store = SqliteStore::open(file, SqliteSettings::default()).unwrap();
    if store.log_size().unwrap() == 0 {
        let admit = [
            Write::PutResident { expected: None, resident: Box::new(resident(1)) },
            Write::AppendEvent(admitted(1)),
        ];
        store.commit(Unit::from_iter(admit)).unwrap();
    }
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let key = next.fetch_add(1, Ordering::Relaxed);
                    let unit = unit(&format!("{}/{key}", std::process::id()));
                    let committed = store.commit(unit).unwrap();
                    let line = format!("{}.\n", committed.events[0]);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn unit(key: &str) -> Unit {
    Unit::from_iter([
        Write::ReserveSerials {
            partition: partition(Use::Signature, Medium::Card),
            count: 1,
            not_after: at(1),
        },
        Write::PutDocument { expected: None, document: document(SETTING, key, &[7; 500]) },
        Write::AppendEvent(deletion(1, 1)),
        Write::AddJob(job(key, 1)),
    ])
}
