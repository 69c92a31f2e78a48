//! Stores of each form that was ever released.
#![allow(dead_code, clippy::unwrap_used)]

use inrou_portal::store::{Applications, Draft, Logins, Records, SqliteStore, Visits};
use jiff::Timestamp;
use rusqlite::Connection;

/// `sqlite3 FILE .dump` of a store of each form, which has a row in every table. Its blobs are cut short.
pub const FIXTURES: &[&str] = &[
    include_str!("../fixtures/v1.sql"),
    include_str!("../fixtures/v2.sql"),
    include_str!("../fixtures/v3.sql"),
    include_str!("../fixtures/v4.sql"),
    include_str!("../fixtures/v5.sql"),
];

/// The resident of the fixtures.
const SUBJECT: &str = "b1d3361fff016dbfe3815281268a8a21";

/// Has an empty database be of form `form`, as its fixture has it.
pub fn restore_to(connection: &Connection, form: usize) {
    connection.execute_batch(FIXTURES[form - 1]).unwrap();
    connection.pragma_update(None, "user_version", form as u32).unwrap();
}

/// What was in the fixture is there, and the store goes on from it. May be done again.
pub fn read_and_go_on(store: &SqliteStore) {
    let now: Timestamp = "2026-11-22T08:42:30Z".parse().unwrap();
    assert_eq!(*store.secret().unwrap(), [1; 32]);
    let sessions = store.sessions(SUBJECT, now).unwrap();
    assert_eq!(sessions.len(), 2);
    let login =
        store.login(&hex("80c44fd2bcd604d88b42640f036df60141636da74d84bda81d2b1185d7e560e3"));
    assert!(login.unwrap().unwrap().answered.is_some());
    let application = store.application("b047d7d892a960394457dc8e4ef014f5").unwrap().unwrap();
    assert_eq!(application.fields["moving_date"], "2026-12-01");
    assert_eq!(application.reference().unwrap(), "20261122-000001");
    assert!(application.document.starts_with("転出届\n"));
    let notice = &store.notices(SUBJECT, 0, 9).unwrap()[0];
    assert_eq!(
        (notice.code.as_str(), &*notice.params["reference"]),
        ("application-received", "20261122-000001")
    );
    assert_eq!(store.history(SUBJECT, None, now, 9).unwrap().len(), 4);
    let (noted, until) = ("a-nonce", "2026-11-23T08:00:00Z".parse().unwrap());
    assert!(!store.take_nonce("role:clerk", noted, now, until).unwrap());

    let draft = Draft {
        owner: SUBJECT.to_owned(),
        form: "moving-out".to_owned(),
        fields: [("reason".to_owned(), "typed".to_owned())].into(),
        expires: until,
    };
    store.keep_draft(&draft).unwrap();
    let kept = store.drafts(SUBJECT, now).unwrap();
    assert!(kept.contains(&draft));
    let due = inrou_portal::store::Due {
        about: "vaccination:measles-rubella:2026-11-29".to_owned(),
        at: now,
        code: "vaccination-due",
        params: [("vaccine".to_owned(), "measles-rubella".to_owned())].into(),
    };
    store.notify_once(SUBJECT, &due).unwrap();
    store.notify_once(SUBJECT, &due).unwrap();
    assert_eq!(store.notices(SUBJECT, 0, 9).unwrap().len(), 2);
}

fn hex(digits: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
}
