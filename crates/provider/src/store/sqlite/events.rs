//! What happened to transactions.

use inrou_api::wire::transaction::TransactionId;
use inrou_store::columns::{Moment, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};

use super::authorizations;
use crate::clients::ClientId;
use crate::events::{Event, What};
use crate::secrets::Digest;
use crate::store::{Authorization, Grant, StoreError};

/// How many events a transaction has at most, so that nobody fills the log.
const MOST: i64 = 100;

/// What is known of an event beside whose it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Why<'a> {
    pub(super) code: Option<&'a str>,
    pub(super) detail: Option<&'a str>,
}

/// Something happened to a log-in.
pub(super) fn of_log_in(
    connection: &Connection,
    of: &Authorization,
    (what, why): (What, Why<'_>),
    at: Timestamp,
) -> Result<(), StoreError> {
    put(
        connection,
        &Event {
            at,
            client: of.client.clone(),
            transaction: Some(of.transaction.id.clone()),
            sign_transaction: of.request.sign_transaction.clone(),
            what,
            code: why.code.map(str::to_owned),
            detail: why.detail.map(str::to_owned),
            by: None,
        },
    )
}

/// Something happened to what was granted.
pub(super) fn of_grant(
    connection: &Connection,
    of: &Grant,
    what: What,
    at: Timestamp,
) -> Result<(), StoreError> {
    put(
        connection,
        &Event {
            transaction: Some(of.transaction.clone()),
            sign_transaction: of.sign_transaction.clone(),
            ..Event::new(of.client.clone(), what, at)
        },
    )
}

/// Something happened that anybody can make happen: a transaction has only so many.
pub(super) fn note(connection: &Connection, event: &Event) -> Result<(), StoreError> {
    if let Some(transaction) = &event.transaction {
        let sql = "SELECT COUNT(*) FROM events WHERE transaction_id = ?1";
        let there: Option<i64> = row(connection, sql, [transaction.as_str()], |row| row.get(0))?;
        if there.is_some_and(|there| there >= MOST) {
            return Ok(());
        }
    }
    put(connection, event)
}

/// Enters an event.
pub(super) fn put(connection: &Connection, event: &Event) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO events (at, client, transaction_id, sign_transaction, what, code, detail, done_by)
         VALUES (:at, :client, :transaction, :sign_transaction, :what, :code, :detail, :by)",
        named_params! {
            ":at": Moment(event.at),
            ":client": event.client.as_str(),
            ":transaction": event.transaction.as_ref().map(TransactionId::as_str),
            ":sign_transaction": event.sign_transaction,
            ":what": Word(event.what),
            ":code": event.code,
            ":detail": event.detail,
            ":by": event.by,
        },
    )
    .map(drop)
}

/// So many events of a client before that one, the latest first, with their numbers.
pub(super) fn list(
    connection: &Connection,
    client: &ClientId,
    transaction: Option<&str>,
    before: i64,
    limit: usize,
) -> Result<Vec<(i64, Event)>, StoreError> {
    let (client, limit) = (client.as_str(), limit as i64);
    match transaction {
        None => rows(
            connection,
            "SELECT * FROM events WHERE client = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            (client, before, limit),
            read,
        ),
        Some(name) => rows(
            connection,
            "SELECT * FROM events
             WHERE client = ?1 AND number < ?2 AND (transaction_id = ?4 OR sign_transaction = ?4)
             ORDER BY number DESC LIMIT ?3",
            (client, before, limit, name),
            read,
        ),
    }
}

/// So many events of a client's registration, the latest first.
pub(super) fn acts(
    connection: &Connection,
    client: &ClientId,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    // The list is that of the index.
    let sql = "SELECT * FROM events WHERE client = ?1 AND what IN
        ('registered', 'changed', 'key-added', 'key-removed', 'approved', 'not-approved', 'suspended',
         'resumed', 'limits-set') ORDER BY number DESC LIMIT ?2";
    let found = rows(connection, sql, (client.as_str(), limit as i64), read)?;
    Ok(found.into_iter().map(|(_, event)| event).collect())
}

/// Ends the log-ins whose time is over, of one client or of all.
pub(super) fn note_ends(
    connection: &Connection,
    client: Option<&ClientId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let open = rows(
        connection,
        "SELECT * FROM authorizations WHERE ended = 0 AND client = COALESCE(?1, client)",
        [client.map(ClientId::as_str)],
        authorizations::read,
    )?;
    let overdue = open.iter().filter(|of| of.transaction.is_overdue(now));
    overdue
        .into_iter()
        .try_for_each(|of| authorizations::end(connection, &of.transaction.id, now).map(drop))
}

/// To which transaction of a client a code belongs, and what was signed by it.
pub(super) fn transaction_of(
    connection: &Connection,
    client: &ClientId,
    code: &Digest,
) -> Result<Option<(TransactionId, Option<String>)>, StoreError> {
    let sql = "SELECT transaction_id, sign_transaction FROM grants WHERE code = ?1 AND client = ?2";
    row(connection, sql, (code, client.as_str()), |row| {
        let Word(transaction) = row.get(0)?;
        Ok((transaction, row.get(1)?))
    })
}

/// Drops what happened before that, all but what the staff did.
pub(super) fn forget(connection: &Connection, before: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM events WHERE number < COALESCE(
        (SELECT number FROM events WHERE at >= ?1 ORDER BY number LIMIT 1),
        (SELECT MAX(number) + 1 FROM events)) AND done_by IS NULL";
    change(connection, sql, [Moment(before)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Event)> {
    let (Moment(at), Word(client), Word(what)) =
        (row.get("at")?, row.get("client")?, row.get("what")?);
    let transaction: Option<Word<TransactionId>> = row.get("transaction_id")?;
    let event = Event {
        at,
        client,
        transaction: transaction.map(|Word(transaction)| transaction),
        sign_transaction: row.get("sign_transaction")?,
        what,
        code: row.get("code")?,
        detail: row.get("detail")?,
        by: row.get("done_by")?,
    };
    Ok((row.get("number")?, event))
}
