//! The store's earlier forms are brought to today's, with what they have.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use inrou_pki::SeededEntropy;
use inrou_provider::clients::{Change, Client, ClientId, Limits, Renewal, Standing};
use inrou_provider::store::{Forgotten, SqliteStore, Store};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

/// What each form adds to the one before.
const FORMS: [&str; 2] =
    [include_str!("../src/store/sqlite/v1.sql"), include_str!("../src/store/sqlite/v2.sql")];

const BANK: &str = r#"{"client_name": "見本銀行", "redirect_uris": ["https://bank.example/callback"],
    "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]},
    "scope": "openid", "sector": "bank.example"}"#;

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

/// What is registered, with these limits.
fn registered(limits: Option<Limits>) -> Value {
    let mut bank: Value = serde_json::from_str(BANK).unwrap();
    if let Some(limits) = limits {
        bank["limits"] = serde_json::to_value(limits).unwrap();
    }
    bank
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

/// Which events a client of the second form has, its limits and those that were approved, and how it stands.
type Before<'a> = (&'a [&'a str], Option<Limits>, Option<Option<Limits>>, &'a str);

#[test]
fn reg_4_limits_that_the_staff_had_set_in_the_second_form_are_the_staffs() {
    let folder = tempfile::tempdir().unwrap();
    let (set, own) = (Some(LIMITS), Some(Limits { log_ins_a_day: 50, ..LIMITS }));
    let (pending, approved, suspended) = ("pending", "approved", "suspended");
    // What there was; what the staff lets it do; what the site registers, and what was approved of that.
    let cases: [(Before<'_>, _, _, _); 10] = [
        ((&["limits-set"], set, Some(set), approved), set, None, Some(None)),
        ((&["limits-set"], set, None, pending), set, None, None),
        ((&["limits-set", "approved"], set, Some(set), approved), set, None, Some(None)),
        ((&["limits-set", "key-added"], set, Some(set), approved), set, None, Some(None)),
        ((&["limits-set", "suspended"], set, Some(set), suspended), set, None, Some(None)),
        // The site asks for others.
        ((&["limits-set", "changed"], own, Some(set), pending), set, own, Some(None)),
        // It was given others; others of nobody's decision, where none is needed; asked before it was approved.
        ((&["limits-set", "changed", "approved"], own, Some(own), approved), None, own, Some(own)),
        ((&["limits-set", "changed"], own, Some(own), approved), None, own, Some(own)),
        ((&["limits-set", "changed"], own, None, pending), None, own, None),
        // The staff never set any.
        ((&["approved"], own, Some(own), approved), None, own, Some(own)),
    ];
    let store = of_form(folder.path(), 2, |connection| {
        for (number, ((events, limits, approved, standing), ..)) in (1..).zip(&cases) {
            let id = ClientId::numbered(number);
            let sql = "INSERT INTO clients (number, id, registration, version, approved, standing,
                                            reason, since, token)
                       VALUES (?1, ?2, ?3, 5, ?4, ?5, 'So.', 7, zeroblob(32))";
            let approved = approved.map(|approved| registered(approved).to_string());
            let registration = registered(*limits).to_string();
            let columns = (number as i64, id.as_str(), registration, approved, standing);
            connection.execute(sql, columns).unwrap();
            for what in *events {
                let sql = "INSERT INTO events (at, client, what) VALUES (7, ?1, ?2)";
                connection.execute(sql, (id.as_str(), what)).unwrap();
            }
        }
    });
    let parsed = |limits| serde_json::from_value(registered(limits)).unwrap();
    for (number, (before, limits, own, approved)) in (1..).zip(&cases) {
        let expected = Client {
            id: ClientId::numbered(number),
            registration: parsed(*own),
            version: 5,
            approved: approved.map(parsed),
            standing: serde_json::from_value(before.3.into()).unwrap(),
            reason: Some("So.".to_owned()),
            since: Timestamp::from_microsecond(7).ok(),
            limits: *limits,
        };
        assert_eq!(client(&store, number), expected, "{before:?}");
    }
}

#[test]
fn reg_4_who_asks_for_what_the_staff_has_set_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = of_form(folder.path(), 2, |connection| {
        let sql = "INSERT INTO clients (number, id, registration, approved, standing, since, token)
                   VALUES (1, 'RP00000001', ?1, ?1, 'approved', 7, zeroblob(32))";
        connection.execute(sql, [registered(Some(LIMITS)).to_string()]).unwrap();
        let sql = "INSERT INTO events (at, client, what) VALUES (7, 'RP00000001', 'limits-set')";
        connection.execute(sql, []).unwrap();
    });
    let sends = |limits| {
        let renewal = Renewal {
            client: ClientId::numbered(1),
            token: None,
            change: Change::Whole(serde_json::from_value(registered(limits)).unwrap(), None),
            is_sandbox: false,
            at: "2026-11-22T08:42:30Z".parse().unwrap(),
        };
        let renewed = store.renew_client(&renewal).unwrap().unwrap();
        (renewed.standing, renewed.registration.limits, renewed.limits)
    };
    // What it read in the second form, and registers again.
    let same = Some(LIMITS);
    assert_eq!(sends(same), (Standing::Approved, same, same));
    let more = Some(Limits { log_ins_a_day: 50, ..LIMITS });
    assert_eq!(sends(more), (Standing::Pending, more, same));
    assert_eq!(sends(same), (Standing::Approved, same, same), "it was approved as that");
}

#[test]
fn every_form_is_brought_to_the_form_of_a_new_store() {
    let schema = |folder: &Path| {
        let connection = Connection::open(folder.join("store.db")).unwrap();
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let text = |column| row.get::<_, Option<String>>(column);
            Ok([text(0)?, text(1)?, text(2)?, text(3)?])
        });
        let schema: Vec<[Option<String>; 4]> = rows.unwrap().map(Result::unwrap).collect();
        let form = connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
        (schema, form.unwrap())
    };
    let new = tempfile::tempdir().unwrap();
    drop(of_form(new.path(), 0, |_| {}));
    for form in 1..=FORMS.len() {
        let folder = tempfile::tempdir().unwrap();
        drop(of_form(folder.path(), form, |_| {}));
        assert_eq!(schema(folder.path()), schema(new.path()), "form {form}");
    }
}
