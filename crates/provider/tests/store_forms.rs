//! The store's earlier forms are brought to today's, with what they have.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use inrou_pki::SeededEntropy;
use inrou_provider::clients::{Client, ClientId, Limits, Standing};
use inrou_provider::store::{Forgotten, SqliteStore, Store};
use jiff::Timestamp;
use rusqlite::Connection;

/// What each form adds to the one before.
const FORMS: [&str; 2] =
    [include_str!("../src/store/sqlite/v1.sql"), include_str!("../src/store/sqlite/v2.sql")];

const BANK: &str = r#"{"client_name": "見本銀行", "redirect_uris": ["https://bank.example/callback"],
    "jwks": {"keys": []}, "scope": "openid", "sector": "bank.example"}"#;

const LIMITS: Limits =
    Limits { log_ins_a_minute: 1, log_ins_a_day: 2, signatures_a_minute: 3, signatures_a_day: 4 };

/// A store of form `form` in a new file, with what `rows` enters.
fn of_form(folder: &Path, form: usize, rows: impl FnOnce(&Connection)) -> SqliteStore {
    let file = folder.join("store.db");
    let connection = Connection::open(&file).unwrap();
    FORMS[..form].iter().for_each(|sql| connection.execute_batch(sql).unwrap());
    connection.pragma_update(None, "user_version", form as u32).unwrap();
    rows(&connection);
    drop(connection);
    SqliteStore::open(&file, &SeededEntropy::new(1)).unwrap()
}

fn client(store: &SqliteStore, number: u64) -> Client {
    store.client(&ClientId::numbered(number)).unwrap().unwrap()
}

fn limited(limits: &Limits) -> String {
    let mut bank: serde_json::Value = serde_json::from_str(BANK).unwrap();
    bank["limits"] = serde_json::to_value(limits).unwrap();
    bank.to_string()
}

#[test]
fn reg_4_since_when_a_client_of_the_first_form_stands_so_is_not_known_and_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = of_form(folder.path(), 1, |connection| {
        for (number, standing) in [(1, "pending"), (2, "approved")] {
            let sql = "INSERT INTO clients (number, id, registration, standing, token)
                       VALUES (?1, ?2, ?3, ?4, zeroblob(32))";
            let id = ClientId::numbered(number as u64);
            connection.execute(sql, (number, id.as_str(), BANK, standing)).unwrap();
        }
    });
    let now: Timestamp = "2026-11-22T08:42:30Z".parse().unwrap();
    store.forget(Forgotten { now, ended: now, events: now, unapproved: now }).unwrap();
    let (pending, approved) = (client(&store, 1), client(&store, 2));
    assert_eq!((pending.standing, pending.since), (Standing::Pending, None));
    assert_eq!((approved.standing, approved.since), (Standing::Approved, None));
    assert_eq!(approved.approved.as_ref(), Some(&approved.registration));
}

#[test]
fn reg_4_limits_that_the_staff_had_set_in_the_second_form_are_the_staffs() {
    let folder = tempfile::tempdir().unwrap();
    let own = Limits { log_ins_a_day: 50, ..LIMITS };
    let store = of_form(folder.path(), 2, |connection| {
        let none = None::<String>;
        let rows = [
            // Set by the staff; and then another asked for by the site; for one that waits; the site's own.
            (1, limited(&LIMITS), Some(limited(&LIMITS)), "approved"),
            (2, limited(&own), Some(limited(&LIMITS)), "pending"),
            (3, limited(&LIMITS), none, "pending"),
            (4, limited(&own), Some(limited(&own)), "approved"),
        ];
        for (number, registration, approved, standing) in rows {
            let id = ClientId::numbered(number as u64);
            let sql =
                "INSERT INTO clients (number, id, registration, approved, standing, since, token)
                       VALUES (?1, ?2, ?3, ?4, ?5, 7, zeroblob(32))";
            let columns = (number, id.as_str(), registration, approved, standing);
            connection.execute(sql, columns).unwrap();
            if number < 4 {
                let sql = "INSERT INTO events (at, client, what) VALUES (7, ?1, 'limits-set')";
                connection.execute(sql, [id.as_str()]).unwrap();
            }
        }
    });
    let found = [1, 2, 3, 4].map(|number| client(&store, number));
    let of = found.each_ref().map(|client| {
        let approved = client.approved.as_ref().map(|approved| approved.limits);
        (client.limits, client.registration.limits, approved)
    });
    assert_eq!(
        of,
        [
            (Some(LIMITS), None, Some(None)),
            (Some(LIMITS), Some(own), Some(None)),
            (Some(LIMITS), None, None),
            (None, Some(own), Some(Some(own))),
        ]
    );
    let since = Timestamp::from_microsecond(7).ok();
    assert!(found.iter().all(|client| client.since == since));
}

#[test]
fn every_form_is_brought_to_the_form_of_a_new_store() {
    let schema = |folder: &Path| {
        let connection = Connection::open(folder.join("store.db")).unwrap();
        let mut names = Vec::new();
        for sql in
            ["SELECT name FROM sqlite_schema", "SELECT name FROM pragma_table_info('clients')"]
        {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0));
            names.extend(rows.unwrap().map(Result::unwrap));
        }
        names.sort();
        names
    };
    let new = tempfile::tempdir().unwrap();
    drop(of_form(new.path(), 0, |_| {}));
    for form in 1..=FORMS.len() {
        let folder = tempfile::tempdir().unwrap();
        drop(of_form(folder.path(), form, |_| {}));
        assert_eq!(schema(folder.path()), schema(new.path()), "form {form}");
    }
}
