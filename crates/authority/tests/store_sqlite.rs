//! What only a store in a file does: one owner, reopening, damage, shutdown, overload.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support {
    pub mod samples;
}

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use inrou_authority::store::{
    SqliteSettings, SqliteStore, Store, StoreError, Unit, Version, Write,
};
use inrou_rules::RecordVersion;
use rusqlite::Connection;
use support::samples::*;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    (folder, file)
}

fn open(file: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(file, SqliteSettings::default())
}

fn admit(n: u8) -> Unit {
    Unit::from_iter([
        Write::PutResident { expected: None, resident: Box::new(resident(n)) },
        Write::PutAttributes(attributes(n)),
        Write::AppendEvent(admitted(n)),
    ])
}

#[test]
fn what_is_committed_is_there_after_reopening() {
    let (_folder, file) = folder();
    open(&file).unwrap().commit(admit(1)).unwrap();
    let store = open(&file).unwrap();
    let found = store.resident(resident_id(1)).unwrap().unwrap();
    assert_eq!((found.version, found.value), (Version(1), resident(1)));
    assert_eq!(store.log(0, 9).unwrap()[0].entry, admitted(1));
}

#[test]
fn a_store_has_one_owner() {
    let (_folder, file) = folder();
    let first = open(&file).unwrap();
    let second = open(&file).err().unwrap();
    assert!(matches!(second, StoreError::InUse));
    drop(first);
    open(&file).unwrap();
}

#[test]
fn leases_end_with_the_process_that_held_them() {
    let (_folder, file) = folder();
    let lease = || Write::LeaseJobs { now: at(1), until: at(1_000), limit: 9 };
    let store = open(&file).unwrap();
    store.commit(Write::AddJob(job("a", 1)).into()).unwrap();
    store.commit(lease().into()).unwrap();
    drop(store);
    let store = open(&file).unwrap();
    let leased = store.commit(lease().into()).unwrap().leased_jobs;
    assert_eq!(leased[0].attempts, 2);
}

#[test]
fn closing_commits_what_was_handed_in() {
    let (_folder, file) = folder();
    let store = open(&file).unwrap();
    store.commit(admit(1)).unwrap();
    let pending: Vec<_> = (0..2_000)
        .map(|seconds| store.commit_async(Write::AppendEvent(deletion(1, seconds)).into()))
        .collect();
    drop(store);
    for unit in pending {
        unit.wait().unwrap();
    }
    assert_eq!(open(&file).unwrap().log_size().unwrap(), 2_001);
}

#[test]
fn closing_leaves_one_file_with_everything() {
    let (folder, file) = folder();
    let store = open(&file).unwrap();
    store.commit(admit(1)).unwrap();
    store.resident(resident_id(1)).unwrap();
    drop(store);
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["store.db", "store.db.lock"]);
}

#[test]
fn data_of_a_newer_form_is_left_alone() {
    let (_folder, file) = folder();
    drop(open(&file).unwrap());
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = open(&file).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }));
}

#[test]
fn what_is_no_store_is_called_damaged() {
    let (_folder, file) = folder();
    fs::write(&file, "not a store, and longer than the header of one: ".repeat(99)).unwrap();
    assert!(matches!(open(&file).err().unwrap(), StoreError::Corrupt(_)));
}

#[test]
fn an_entry_that_was_altered_is_found_out() {
    let (_folder, file) = folder();
    open(&file).unwrap().commit(admit(1)).unwrap();
    let connection = Connection::open(&file).unwrap();
    let alter = "UPDATE journal SET entry = replace(entry, '13221', '13222')";
    assert_eq!(connection.execute(alter, []).unwrap(), 1);
    drop(connection);
    let store = open(&file).unwrap();
    for read in [store.log(0, 9), store.journal(resident_id(1), 0, 9)] {
        assert!(matches!(read.unwrap_err(), StoreError::Corrupt(_)));
    }
}

/// What cannot be read is not shown: it may be somebody's name.
#[test]
fn damaged_attributes_do_not_reach_messages() {
    let (_folder, file) = folder();
    open(&file).unwrap().commit(admit(1)).unwrap();
    let connection = Connection::open(&file).unwrap();
    let alter = "UPDATE attributes SET attributes = '{\"name\":\"架空\",\"sex\":\"架空\"}'";
    assert_eq!(connection.execute(alter, []).unwrap(), 1);
    drop(connection);
    let store = open(&file).unwrap();
    let error = store.attributes(resident_id(1), RecordVersion(0)).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)));
    let mut texts = vec![format!("{error:?}"), error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.extend([format!("{cause:?}"), cause.to_string()]);
        source = cause.source();
    }
    assert!(texts.len() > 2, "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains("架空")), "{texts:?}");
}

#[test]
fn debug_shows_no_attributes_and_no_bodies() {
    let unit = format!("{:?}", admit(1));
    assert!(!unit.contains("架空") && !unit.contains("清瀬"), "{unit}");
    let document = document(SETTING, "1", b"the body");
    assert!(format!("{document:?}").contains("Opaque(8 bytes)"));
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = folder();
    let _store = open(&file).unwrap();
    let entries: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(entries.len() >= 4, "{entries:?}");
    for entry in entries {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn more_reads_than_connections_take_turns() {
    let (_folder, file) = folder();
    let settings = SqliteSettings { readers: 2, ..SqliteSettings::default() };
    let store = SqliteStore::open(&file, settings).unwrap();
    store.commit(admit(1)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert!(store.resident(resident_id(1)).unwrap().is_some());
                }
            });
        }
    });
}

/// A waker that stops whoever calls it until the test lets go.
struct Brake {
    reached: Mutex<Sender<()>>,
    released: Mutex<Receiver<()>>,
}

impl Wake for Brake {
    fn wake(self: Arc<Self>) {
        self.reached.lock().unwrap().send(()).unwrap();
        self.released.lock().unwrap().recv().unwrap();
    }
}

#[test]
fn an_overloaded_store_says_so_at_once_and_recovers() {
    let (_folder, file) = folder();
    let store = open(&file).unwrap();
    let (reached, is_reached) = channel();
    let (release, released) = channel();
    let brake = Brake { reached: Mutex::new(reached), released: Mutex::new(released) };
    let waker = Waker::from(Arc::new(brake));
    // The writer may answer before the first unit is polled: then nothing is woken, and the next
    // unit is tried.
    let mut stopped = store.commit_async(Unit::new());
    while Pin::new(&mut stopped).poll(&mut Context::from_waker(&waker)).is_ready() {
        stopped = store.commit_async(Unit::new());
    }
    is_reached.recv().unwrap();

    let mut pending = Vec::new();
    let refused = loop {
        let mut unit = store.commit_async(Unit::new());
        match Pin::new(&mut unit).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(result) => break result.unwrap_err(),
            std::task::Poll::Pending => pending.push(unit),
        }
    };
    assert!(matches!(refused, StoreError::Busy));
    assert!(pending.len() >= 1_000);
    release.send(()).unwrap();
    for unit in pending {
        unit.wait().unwrap();
    }
    store.commit(admit(1)).unwrap();
}
