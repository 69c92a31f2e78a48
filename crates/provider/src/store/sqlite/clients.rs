//! Clients.

use inrou_store::columns::{Json, Word, change, row, rows};
use rusqlite::{Connection, Row};

use crate::clients::{Client, ClientId, Registration, Standing};
use crate::secrets::Digest;
use crate::store::StoreError;

/// Registers a client under the next number.
pub(super) fn register(
    connection: &Connection,
    registration: &Registration,
    standing: Standing,
    token: &Digest,
) -> Result<Client, StoreError> {
    let sql = "INSERT INTO clients (registration, standing, token) VALUES (?1, ?2, ?3)";
    change(connection, sql, (Json(registration), Word(standing), token))?;
    let number = connection.last_insert_rowid();
    let id = ClientId::numbered(number.unsigned_abs());
    change(connection, "UPDATE clients SET id = ?2 WHERE number = ?1", (number, id.as_str()))?;
    Ok(Client { id, registration: registration.clone(), standing, reason: None })
}

/// A client.
pub(super) fn find(connection: &Connection, id: &ClientId) -> Result<Option<Client>, StoreError> {
    row(connection, "SELECT * FROM clients WHERE id = ?1", [id.as_str()], read)
}

/// The client of that name whose registration this token opens.
pub(super) fn opened(
    connection: &Connection,
    id: &ClientId,
    token: &Digest,
) -> Result<Option<Client>, StoreError> {
    let sql = "SELECT * FROM clients WHERE id = ?1 AND token = ?2";
    row(connection, sql, (id.as_str(), token), read)
}

/// So many clients after that one.
pub(super) fn list(
    connection: &Connection,
    after: &str,
    limit: usize,
) -> Result<Vec<Client>, StoreError> {
    let sql = "SELECT * FROM clients
               WHERE number > COALESCE((SELECT number FROM clients WHERE id = ?1), 0)
               ORDER BY number LIMIT ?2";
    rows(connection, sql, (after, limit as i64), read)
}

/// Replaces what is known of a client.
pub(super) fn replace(connection: &Connection, client: &Client) -> Result<(), StoreError> {
    let sql = "UPDATE clients SET registration = ?2, standing = ?3, reason = ?4 WHERE id = ?1";
    let values =
        (client.id.as_str(), Json(&client.registration), Word(client.standing), &client.reason);
    change(connection, sql, values).map(drop)
}

/// Deletes a client, with all that is its own.
pub(super) fn remove(connection: &Connection, id: &ClientId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM authorizations WHERE client = ?1",
        "DELETE FROM pushed WHERE client = ?1",
        "DELETE FROM grants WHERE client = ?1",
        "DELETE FROM sign_transactions WHERE client = ?1",
        "DELETE FROM client_tokens WHERE client = ?1",
        "DELETE FROM events WHERE client = ?1",
        "DELETE FROM clients WHERE id = ?1",
    ] {
        change(connection, sql, [id.as_str()])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Client> {
    let (Word(id), Json(registration), Word(standing)) =
        (row.get("id")?, row.get("registration")?, row.get("standing")?);
    Ok(Client { id, registration, standing, reason: row.get("reason")? })
}
