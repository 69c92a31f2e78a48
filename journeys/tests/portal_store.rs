//! The power fails at every step at which the portal's store is brought to a new form: it is of the old
//! form or of the new one then, and has lost nothing.
#![allow(clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "../../crates/portal/tests/support/forms.rs"]
mod forms;

use inrou_authority::store::testing::{Disk, Loss, PowerCut, vfs_path};
use inrou_pki::SeededEntropy;
use inrou_portal::store::{SqliteStore, StoreError};
use rusqlite::{Connection, OpenFlags};

use forms::{FIXTURES, read_and_go_on, restore_to};

const FILE: &str = "portal.db";

#[test]
fn a_store_that_is_cut_off_while_it_is_brought_to_a_new_form_loses_nothing() {
    for form in 1..FIXTURES.len() {
        let base = Disk::new(PowerCut::never());
        let (vfs, file) = vfs_path(&base, FILE).unwrap();
        let connection =
            Connection::open_with_flags_and_vfs(file, OpenFlags::default(), vfs).unwrap();
        // That the journal is gone is durable as well.
        connection.pragma_update(None, "synchronous", "EXTRA").unwrap();
        restore_to(&connection, form);
        drop(connection);
        for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1)] {
            for step in 1.. {
                let power = PowerCut::at(step, loss);
                let disk = base.fork(power.clone());
                let opened = open(&disk).is_ok();
                let was_cut = power.is_off();
                power.restore();
                read_and_go_on(&open(&disk).unwrap());
                if !was_cut {
                    assert!(opened && step > 10, "form {form}, {loss:?}: {step}");
                    break;
                }
            }
        }
    }
}

fn open(disk: &Disk) -> Result<SqliteStore, StoreError> {
    let (vfs, file) = vfs_path(disk, FILE).unwrap();
    SqliteStore::open_through(vfs, &file, &SeededEntropy::new(1))
}
