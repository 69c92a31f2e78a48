//! What sites want signed, and the tokens by which their servers say so.

use inrou_api::wire::transaction::TransactionId;
use inrou_store::columns::{Json, Moment, Word, change, row};
use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::events;
use super::tokens::take;
use crate::clients::ClientId;
use crate::events::{Event, What};
use crate::secrets::Digest;
use crate::signing::{SignTransaction, Signed};
use crate::store::{ClientToken, Revocation, StoreError, TokenForClient};

/// Takes down what is to be signed.
pub(super) fn order(
    connection: &Connection,
    new: &SignTransaction,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sign_transaction = Some(new.id.clone());
    let ordered = Event::new(new.client.clone(), What::Ordered, at);
    events::put(connection, &Event { sign_transaction, ..ordered })?;
    change(
        connection,
        "INSERT INTO sign_transactions (id, client, content, purpose, expires)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (&new.id, new.client.as_str(), Json(&new.content), &new.purpose, Moment(new.expires)),
    )
    .map(drop)
}

/// What is to be signed, or was.
pub(super) fn find(
    connection: &Connection,
    id: &str,
) -> Result<Option<SignTransaction>, StoreError> {
    row(connection, "SELECT * FROM sign_transactions WHERE id = ?1", [id], read)
}

/// It is asked by this log-in, and by none of before.
pub(super) fn ask(connection: &Connection, id: &str, by: &TransactionId) -> Result<(), StoreError> {
    let sql = "UPDATE sign_transactions SET asked = ?2 WHERE id = ?1 AND signature IS NULL";
    change(connection, sql, (id, by.as_str())).map(drop)
}

/// It is signed, if it is this log-in that asks for it, and its time is not over. Whether it was.
pub(super) fn sign(
    connection: &Connection,
    id: &str,
    by: &TransactionId,
    signed: &Signed,
) -> Result<bool, StoreError> {
    let changed = change(
        connection,
        "UPDATE sign_transactions SET signature = ?3, certificate = ?4, signed_at = ?5
         WHERE id = ?1 AND asked = ?2 AND signature IS NULL AND expires > ?5",
        (id, by.as_str(), &signed.signature, &signed.certificate, Moment(signed.at)),
    )?;
    Ok(changed == 1)
}

/// What was signed, and was not confirmed, is as good as not signed.
pub(super) fn unsign(connection: &Connection, by: &TransactionId) -> Result<(), StoreError> {
    let sql = "UPDATE sign_transactions SET signature = NULL, certificate = NULL, signed_at = NULL
               WHERE asked = ?1";
    change(connection, sql, [by.as_str()]).map(drop)
}

/// Gives a token to a client for itself.
pub(super) fn give_token(
    connection: &Connection,
    given: &TokenForClient,
) -> Result<(), StoreError> {
    take(connection, &given.assertion)?;
    change(
        connection,
        "INSERT INTO client_tokens (hash, client, jkt, expires) VALUES (?1, ?2, ?3, ?4)",
        (given.hash, given.client.as_str(), &given.jkt, Moment(given.expires)),
    )
    .map(drop)
}

/// Takes a client's own token back. Whether it is not another client's.
pub(super) fn give_back_token(
    connection: &Connection,
    revocation: &Revocation,
) -> Result<bool, StoreError> {
    let sql = "SELECT client FROM client_tokens WHERE hash = ?1";
    let of: Option<Word<ClientId>> = row(connection, sql, [revocation.token], |row| row.get(0))?;
    let Some(Word(of)) = of else { return Ok(true) };
    if of != revocation.client {
        return Ok(false);
    }
    change(connection, "DELETE FROM client_tokens WHERE hash = ?1", [revocation.token])?;
    events::put(connection, &Event::new(of, What::GivenBack, revocation.at))?;
    Ok(true)
}

/// Whose token that is.
pub(super) fn token(
    connection: &Connection,
    hash: &Digest,
    now: Timestamp,
) -> Result<Option<ClientToken>, StoreError> {
    let sql = "SELECT client, jkt FROM client_tokens WHERE hash = ?1 AND expires > ?2";
    row(connection, sql, (hash, Moment(now)), |row| {
        let Word(client) = row.get("client")?;
        Ok(ClientToken { client, jkt: row.get("jkt")? })
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<SignTransaction> {
    let (Word(client), Json(content)) = (row.get("client")?, row.get("content")?);
    let Moment(expires) = row.get("expires")?;
    let signature: Option<Vec<u8>> = row.get("signature")?;
    let signed = match signature {
        Some(signature) => {
            let Moment(at) = row.get("signed_at")?;
            Some(Signed { signature, certificate: row.get("certificate")?, at })
        }
        None => None,
    };
    Ok(SignTransaction {
        id: row.get("id")?,
        client,
        content,
        purpose: row.get("purpose")?,
        expires,
        asked: row.get("asked")?,
        signed,
    })
}
