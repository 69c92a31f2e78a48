//! Requests that clients pushed.

use inrou_store::columns::{Json, Moment, Word, change, row};
use rusqlite::{Connection, Row};

use crate::secrets::Digest;
use crate::store::{Pushed, StoreError};

/// Enters a request.
pub(super) fn put(connection: &Connection, pushed: &Pushed) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO pushed (name, client, request, expires) VALUES (?1, ?2, ?3, ?4)",
        (pushed.name, pushed.client.as_str(), Json(&pushed.request), Moment(pushed.expires)),
    )
    .map(drop)
}

/// A request.
pub(super) fn find(connection: &Connection, name: &Digest) -> Result<Option<Pushed>, StoreError> {
    row(connection, "SELECT * FROM pushed WHERE name = ?1", [name], read)
}

/// Takes a request for the one log-in that it serves; whether it was there. One that was not pushed is.
pub(super) fn take(connection: &Connection, name: Option<&Digest>) -> Result<bool, StoreError> {
    let Some(name) = name else { return Ok(true) };
    Ok(change(connection, "DELETE FROM pushed WHERE name = ?1", [name])? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Pushed> {
    let (Word(client), Json(request), Moment(expires)) =
        (row.get("client")?, row.get("request")?, row.get("expires")?);
    Ok(Pushed { name: row.get("name")?, client, request, expires })
}
