//! The suite that every store has to pass, over SQLite: in a file, and on a disk in memory.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod support {
    pub mod conformance;
    pub mod samples;
}

use std::cell::Cell;

use inrou_authority::store::testing::{Disk, PowerCut, open_sqlite};
use inrou_authority::store::{SqliteSettings, SqliteStore};
use support::conformance;

#[test]
fn sqlite_in_a_file_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let made = Cell::new(0);
    conformance::run(|| {
        made.set(made.get() + 1);
        let file = folder.path().join(format!("{}.db", made.get()));
        SqliteStore::open(&file, SqliteSettings::default()).unwrap()
    });
}

/// The file layer that the tests of durability stand on behaves as the system's.
#[test]
fn sqlite_on_a_disk_in_memory_conforms() {
    conformance::run(|| {
        let disk = Disk::new(PowerCut::never());
        let settings = SqliteSettings { checkpoint_pages: 8, ..SqliteSettings::default() };
        open_sqlite(&disk, "store.db", settings).unwrap()
    });
}
