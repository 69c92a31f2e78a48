//! Counters that never go back and skip nothing: what is rolled back was not given out.

use rusqlite::{Connection, params};

use crate::store::StoreError;
use inrou_store::columns::{Number, row};

/// Takes `count` numbers; answers the first.
pub(super) fn take(connection: &Connection, name: &str, count: u32) -> Result<u64, StoreError> {
    let last = row(
        connection,
        "INSERT INTO counters (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
         RETURNING value",
        params![name, count],
        |row| Ok(row.get::<_, Number>(0)?.0),
    )?;
    Ok(last.unwrap_or_default().saturating_sub(count.into()) + 1)
}

/// Sets a counter to a value, unless it is higher already.
pub(super) fn raise(connection: &Connection, name: &str, value: u64) -> Result<(), StoreError> {
    inrou_store::columns::change(
        connection,
        "INSERT INTO counters (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        params![name, Number(value)],
    )?;
    Ok(())
}

/// The last number that was given out; 0 if none was.
pub(super) fn last(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let value = row(connection, "SELECT value FROM counters WHERE name = ?1", [name], |row| {
        Ok(row.get::<_, Number>(0)?.0)
    })?;
    Ok(value.unwrap_or_default())
}
