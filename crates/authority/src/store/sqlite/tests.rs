//! What cannot be seen from outside: forms of the schema.
#![allow(clippy::unwrap_used)]

use inrou_rules::{Attributes, Medium, RevocationReason};
use rusqlite::Connection;

use super::*;
use crate::store::testing::{Disk, Loss, PowerCut, open_sqlite, vfs_path};
use crate::store::{Committed, IntentSubject, Lease, Opaque, Status, Version, Write};

const SETTINGS: SqliteSettings = SqliteSettings { readers: 1, checkpoint_pages: 1000 };

/// One for each form that was ever released, made by the program of that time.
const FIXTURES: &[&str] = &[
    include_str!("fixtures/v1.sql"),
    include_str!("fixtures/v2.sql"),
    include_str!("fixtures/v3.sql"),
];

/// A database of form `form`, as its fixture has it.
fn restore(form: usize, file: &Path) {
    restore_to(&Connection::open(file).unwrap(), form);
}

fn restore_to(connection: &Connection, form: usize) {
    connection.execute_batch(FIXTURES[form - 1]).unwrap();
    connection.pragma_update(None, "user_version", form as u32).unwrap();
}

/// Name and text of everything in the schema.
fn schema(file: &Path) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(file).unwrap();
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_form_has_a_fixture_with_a_row_in_every_table() {
    assert_eq!(FIXTURES.len(), SCHEMA.len());
    let folder = tempfile::tempdir().unwrap();
    for form in 1..=FIXTURES.len() {
        let file = folder.path().join(form.to_string());
        restore(form, &file);
        let connection = Connection::open(&file).unwrap();
        for (name, sql) in schema(&file) {
            if sql.is_some_and(|sql| sql.starts_with("CREATE TABLE")) {
                let query = format!("SELECT count(*) FROM {name}");
                let rows: u32 = connection.query_row(&query, [], |row| row.get(0)).unwrap();
                assert!(rows > 0, "{name} of form {form}");
            }
        }
    }
}

#[test]
fn every_form_is_brought_to_the_form_of_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    drop(SqliteStore::open(&new, SETTINGS).unwrap());
    for form in 1..=FIXTURES.len() {
        let file = folder.path().join(form.to_string());
        restore(form, &file);
        drop(SqliteStore::open(&file, SETTINGS).unwrap());
        assert_eq!(schema(&file), schema(&new), "form {form}");
    }
}

#[test]
fn a_store_of_any_form_is_read_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    for form in 1..=FIXTURES.len() {
        let file = folder.path().join(form.to_string());
        restore(form, &file);
        read_and_go_on(&SqliteStore::open(&file, SETTINGS).unwrap());
    }
}

#[test]
fn a_store_that_is_cut_off_while_it_is_brought_to_a_new_form_loses_nothing() {
    for form in 1..FIXTURES.len() {
        let base = Disk::new(PowerCut::never());
        let (vfs, file) = vfs_path(&base, "store.db").unwrap();
        let flags = rusqlite::OpenFlags::default();
        let connection = Connection::open_with_flags_and_vfs(file, flags, vfs).unwrap();
        // That the journal is gone is durable as well.
        connection.pragma_update(None, "synchronous", "EXTRA").unwrap();
        restore_to(&connection, form);
        drop(connection);
        for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1)] {
            for step in 1.. {
                let power = PowerCut::at(step, loss);
                let disk = base.fork(power.clone());
                let opened = open_sqlite(&disk, "store.db", SETTINGS).is_ok();
                let was_cut = power.is_off();
                power.restore();
                read_and_go_on(&open_sqlite(&disk, "store.db", SETTINGS).unwrap());
                if !was_cut {
                    assert!(opened && step > 10, "form {form}, {loss:?}: {step}");
                    break;
                }
            }
        }
    }
}

fn read_and_go_on(store: &SqliteStore) {
    let id = ResidentId::from_bytes([1; 16]);
    let chip = ChipId::from_bytes([1; 16]);
    let signature = |serial| CertificateId { usage: Use::Signature, serial: Serial(serial) };
    let found = store.resident(id).unwrap().unwrap();
    assert_eq!(found.version, Version(9));
    let attributes = store.attributes(id, RecordVersion(0)).unwrap().unwrap();
    assert_eq!(attributes.attributes.name, "架空\u{3000}1郎");
    let Attributes { name, birth_date, .. } = attributes.attributes;
    let called = store.residents_called(NameKey::of(&name, birth_date), None, 9).unwrap();
    assert!(called.iter().any(|found| found.value.id == id), "those of before are found, too");
    let log = store.log(0, 99).unwrap();
    assert_eq!(log.len() as u64, store.log_size().unwrap());
    assert_eq!(log.len(), 53);
    assert_eq!(store.phone(chip).unwrap().unwrap().value.resident, Some(id));
    assert_eq!(store.last_serial(Use::Signature).unwrap(), Serial(3));
    let partition = Partition::Residents {
        usage: Use::Signature,
        medium: Medium::Phone,
        municipality: "13221".parse().unwrap(),
    };
    assert_eq!(store.certificate(signature(2)).unwrap().unwrap().partition, partition);
    let status = store.status(signature(2)).unwrap().unwrap().status;
    assert!(matches!(status, Status::Revoked { reason: RevocationReason::Superseded, .. }));
    assert_eq!(store.crl(partition).unwrap().unwrap().number, 1);
    let key = IntentKey {
        subject: IntentSubject::Card(inrou_rules::CardId::from_bytes([2; 16])),
        usage: Use::Signature,
    };
    assert_eq!(store.intent(key).unwrap().unwrap().id, signature(3));
    assert_eq!(store.messages(chip, 0, 9).unwrap()[0].message.code, "registration-ready");
    assert_eq!(store.idempotency("phone", "application").unwrap().unwrap().status, 201);
    assert_eq!(
        store.document(DocumentKind("enrolment"), "1").unwrap().unwrap().value.body.0,
        b"signed"
    );
    let job = store.jobs(None, 9).unwrap().remove(0);
    assert_eq!((job.job.key.as_str(), job.leased_until), ("2", None));

    let reserve = Write::ReserveSerials { partition, count: 1, not_after: Timestamp::UNIX_EPOCH };
    let again = crate::store::Nonce {
        caller: "phone".to_owned(),
        value: "application".to_owned(),
        expires: Timestamp::UNIX_EPOCH,
    };
    let stale = Lease { job: JobId(1), attempt: 1 };
    assert_eq!(store.commit(reserve.into()).unwrap().serials[0].first, Serial(4));
    for (write, precondition) in [
        (Write::SpendNonce(again), Precondition::NonceSpent),
        (Write::CompleteJob(stale), Precondition::LeaseLost),
    ] {
        let refused: Result<Committed, _> = store.commit(write.into());
        assert!(matches!(refused, Err(StoreError::Precondition(found)) if found == precondition));
    }
}

#[test]
fn what_expires_with_the_calendar_is_read_back() {
    let store = open_sqlite(&Disk::new(PowerCut::never()), "store.db", SETTINGS).unwrap();
    let record = IdempotencyRecord {
        caller: "c".to_owned(),
        key: "k".to_owned(),
        fingerprint: [1; 32],
        status: 200,
        body: Opaque(Vec::new()),
        expires: Timestamp::MAX,
    };
    store.commit(Write::PutIdempotency(record).into()).unwrap();
    let read = store.idempotency("c", "k").unwrap().unwrap();
    assert_eq!(read.expires.as_second(), Timestamp::MAX.as_second());
}
