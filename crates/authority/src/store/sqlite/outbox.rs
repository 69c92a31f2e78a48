//! Messages, each in its addressee's sequence.

use rusqlite::{Connection, Row, params};

use super::columns::{Json, Moment, Number, Text, change, row, rows};
use crate::store::{Addressee, Message, NewMessage, StoreError};

pub(super) fn send(connection: &Connection, message: &NewMessage) -> Result<u64, StoreError> {
    let sequence = row(
        connection,
        "INSERT INTO outbox (addressee, sequence, code, params, at, delivered)
         VALUES (?1, (SELECT coalesce(max(sequence), 0) + 1 FROM outbox WHERE addressee = ?1),
                 ?2, ?3, ?4, 0)
         RETURNING sequence",
        params![Text(message.addressee), message.code, Json(&message.params), Moment(message.at)],
        |row| Ok(row.get::<_, Number>(0)?.0),
    )?;
    Ok(sequence.unwrap_or_default())
}

pub(super) fn mark_delivered(
    connection: &Connection,
    addressee: Addressee,
    up_to: u64,
) -> Result<(), StoreError> {
    change(
        connection,
        "UPDATE outbox INDEXED BY outbox_undelivered SET delivered = 1
         WHERE addressee = ?1 AND sequence <= ?2 AND delivered = 0",
        params![Text(addressee), Number(up_to)],
    )?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    addressee: Addressee,
    since: u64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    rows(
        connection,
        "SELECT addressee, sequence, code, params, at, delivered FROM outbox
         WHERE addressee = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        params![Text(addressee), Number(since), limit],
        read_message,
    )
}

pub(super) fn undelivered(
    connection: &Connection,
    after: Option<(Addressee, u64)>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let (addressee, sequence) = match after {
        Some((addressee, sequence)) => (addressee.to_string(), sequence),
        None => (String::new(), 0),
    };
    rows(
        connection,
        "SELECT addressee, sequence, code, params, at, delivered FROM outbox
         WHERE delivered = 0 AND (addressee, sequence) > (?1, ?2)
         ORDER BY addressee, sequence LIMIT ?3",
        params![addressee, Number(sequence), limit],
        read_message,
    )
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let (Text(addressee), Number(sequence), Json(params), Moment(at)) =
        (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
    Ok(Message {
        sequence,
        message: NewMessage { addressee, code: row.get(2)?, params, at },
        delivered: row.get(5)?,
    })
}
