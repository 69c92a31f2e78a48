//! Nonces, idempotency records, and the pruning of what has expired.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::store::{IdempotencyRecord, Nonce, Opaque, Precondition, StoreError};
use inrou_store::columns::{Moment, change, row};

pub(super) fn spend_nonce(connection: &Connection, nonce: &Nonce) -> Result<(), StoreError> {
    let inserted = change(
        connection,
        "INSERT INTO nonces (caller, value, expires) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![nonce.caller, nonce.value, Moment(nonce.expires)],
    )?;
    if inserted == 1 { Ok(()) } else { Err(Precondition::NonceSpent.into()) }
}

pub(super) fn put_idempotency(
    connection: &Connection,
    record: &IdempotencyRecord,
) -> Result<(), StoreError> {
    let IdempotencyRecord { caller, key, fingerprint, status, body, expires } = record;
    let inserted = change(
        connection,
        "INSERT INTO idempotency (caller, key, fingerprint, status, body, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        params![caller, key, fingerprint, status, body.0, Moment(*expires)],
    )?;
    if inserted == 1 { Ok(()) } else { Err(Precondition::IdempotencyKeyUsed.into()) }
}

pub(super) fn idempotency(
    connection: &Connection,
    caller: &str,
    key: &str,
) -> Result<Option<IdempotencyRecord>, StoreError> {
    row(
        connection,
        "SELECT caller, key, fingerprint, status, body, expires FROM idempotency
         WHERE caller = ?1 AND key = ?2",
        params![caller, key],
        |row| {
            Ok(IdempotencyRecord {
                caller: row.get(0)?,
                key: row.get(1)?,
                fingerprint: row.get(2)?,
                status: row.get(3)?,
                body: Opaque(row.get(4)?),
                expires: row.get::<_, Moment>(5)?.0,
            })
        },
    )
}

pub(super) fn prune(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut pruned = 0;
    for sql in [
        "DELETE FROM nonces WHERE (caller, value) IN
             (SELECT caller, value FROM nonces WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        "DELETE FROM idempotency WHERE (caller, key) IN
             (SELECT caller, key FROM idempotency WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        "DELETE FROM documents WHERE (kind, id) IN
             (SELECT kind, id FROM documents WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    ] {
        pruned += change(connection, sql, params![Moment(now), limit])?;
    }
    Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
}
