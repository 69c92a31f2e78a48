//! Messages, each in its phone's sequence, of which the latest are kept.

use inrou_rules::ChipId;
use rusqlite::{Connection, params};

use crate::store::{MESSAGES, Message, NewMessage, StoreError};
use inrou_store::columns::{Json, Moment, Number, change, row, rows};

pub(super) fn send(connection: &Connection, message: &NewMessage) -> Result<u64, StoreError> {
    let chip = message.chip.as_bytes();
    let sequence = row(
        connection,
        "INSERT INTO outbox (chip, sequence, code, params, at)
         VALUES (?1, (SELECT coalesce(max(sequence), 0) + 1 FROM outbox WHERE chip = ?1), ?2, ?3, ?4)
         RETURNING sequence",
        params![chip, message.code, Json(&message.params), Moment(message.at)],
        |row| Ok(row.get::<_, Number>(0)?.0),
    )?;
    let sequence = sequence.unwrap_or_default();
    if let Some(last) = sequence.checked_sub(MESSAGES).filter(|last| *last > 0) {
        let sql = "DELETE FROM outbox WHERE chip = ?1 AND sequence <= ?2";
        change(connection, sql, params![chip, Number(last)])?;
    }
    Ok(sequence)
}

pub(super) fn list(
    connection: &Connection,
    chip: ChipId,
    since: u64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    rows(
        connection,
        "SELECT sequence, code, params, at FROM outbox
         WHERE chip = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        params![chip.as_bytes(), Number(since), limit],
        |row| {
            let (Number(sequence), Json(params), Moment(at)) =
                (row.get(0)?, row.get(2)?, row.get(3)?);
            let message = NewMessage { chip, code: row.get(1)?, params, at };
            Ok(Message { sequence, message })
        },
    )
}
