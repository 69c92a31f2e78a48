//! What was granted.

use inrou_api::wire::transaction::TransactionId;
use inrou_store::columns::{Json, Moment, Word, change, row, rows};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};

use super::{events, pushed};
use crate::authorize::AuthorizationRequest;
use crate::clients::ClientId;
use crate::events::What;
use crate::secrets::Digest;
use crate::store::{Grant, Repeat, StoreError};

/// Enters what was granted for a request.
pub(super) fn put(
    connection: &Connection,
    grant: &Grant,
    request: &AuthorizationRequest,
    browser: &Digest,
) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO grants (id, client, subject, scope, nonce, at, medium, flow, attributes,
                             sign_transaction, transaction_id, browser,
                             redirect_uri, challenge, jkt, expires)
         VALUES (:id, :client, :subject, :scope, :nonce, :at, :medium, :flow, :attributes,
                 :sign_transaction, :transaction, :browser,
                 :redirect_uri, :challenge, :jkt, :expires)",
        named_params! {
            ":id": grant.id,
            ":client": grant.client.as_str(),
            ":subject": grant.subject,
            ":scope": Word(grant.scope),
            ":nonce": grant.nonce,
            ":at": Moment(grant.at),
            ":medium": Word(grant.medium),
            ":flow": Word(grant.flow),
            ":attributes": grant.attributes.as_ref().map(Json),
            ":sign_transaction": grant.sign_transaction,
            ":transaction": grant.transaction.as_str(),
            ":browser": browser,
            ":redirect_uri": request.redirect_uri,
            ":challenge": request.code_challenge,
            ":jkt": request.dpop_jkt,
            ":expires": Moment(grant.expires),
        },
    )
    .map(drop)
}

/// Notes a code, unless one was given before. Whether it was not exchanged yet.
pub(super) fn give_code(
    connection: &Connection,
    id: &TransactionId,
    code: &Digest,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, StoreError> {
    let is_new = change(
        connection,
        "UPDATE grants SET code = ?2, code_expires = ?3
         WHERE code IS NULL AND revoked IS NULL AND id = (SELECT grant_id FROM authorizations WHERE id = ?1)",
        (id.as_str(), code, Moment(until)),
    )? > 0;
    if is_new
        && let Some(grant) = row(connection, "SELECT * FROM grants WHERE code = ?1", [code], read)?
    {
        events::of_grant(connection, &grant, What::LedBack, now)?;
    }
    let serves = "SELECT 1 FROM grants WHERE code = ?1 AND exchanged IS NULL";
    Ok(row(connection, serves, [code], |_| Ok(()))?.is_some())
}

/// Whether no code was given for it.
pub(super) fn has_no_code(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM grants WHERE id = ?1 AND code IS NULL";
    Ok(row(connection, sql, [id], |_| Ok(()))?.is_some())
}

/// The latest log-in of a browser to a client that is still good, and has led back to it.
pub(super) fn latest(
    connection: &Connection,
    browser: &Digest,
    client: &ClientId,
    now: Timestamp,
) -> Result<Option<Grant>, StoreError> {
    row(
        connection,
        "SELECT * FROM grants
         WHERE browser = ?1 AND client = ?2 AND code IS NOT NULL AND revoked IS NULL AND expires > ?3
         ORDER BY at DESC LIMIT 1",
        (browser, client.as_str(), Moment(now)),
        read,
    )
}

/// Grants anew, with a code.
pub(super) fn repeat(connection: &Connection, repeat: &Repeat) -> Result<bool, StoreError> {
    if !pushed::take(connection, repeat.pushed.as_ref())? {
        return Ok(false);
    }
    put(connection, &repeat.grant, &repeat.request, &repeat.browser)?;
    let sql = "UPDATE grants SET code = ?2, code_expires = ?3 WHERE id = ?1";
    change(connection, sql, (&repeat.grant.id, repeat.code, Moment(repeat.until)))?;
    events::of_grant(connection, &repeat.grant, What::Repeated, repeat.at)?;
    Ok(true)
}

/// Takes back what was granted.
pub(super) fn revoke(connection: &Connection, id: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE grants SET revoked = COALESCE(revoked, ?2), attributes = NULL WHERE id = ?1";
    change(connection, sql, (id, Moment(at)))?;
    change(connection, "DELETE FROM tokens WHERE grant_id = ?1", [id]).map(drop)
}

/// Takes back what a browser's log-ins granted, to one client or to all.
pub(super) fn log_out(
    connection: &Connection,
    browser: &Digest,
    client: Option<&ClientId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let of_them = rows(
        connection,
        "SELECT * FROM grants
         WHERE browser = ?1 AND client = COALESCE(?2, client) AND revoked IS NULL",
        (browser, client.map(ClientId::as_str)),
        read,
    )?;
    of_them.iter().try_for_each(|grant| {
        events::of_grant(connection, grant, What::LoggedOut, at)?;
        revoke(connection, &grant.id, at)
    })
}

/// Reads a row of the table.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let (Word(client), Word(scope), Word(medium)) =
        (row.get("client")?, row.get("scope")?, row.get("medium")?);
    let (Word(flow), Word(transaction)) = (row.get("flow")?, row.get("transaction_id")?);
    let (Moment(at), Moment(expires)) = (row.get("at")?, row.get("expires")?);
    let attributes: Option<Json<_>> = row.get("attributes")?;
    Ok(Grant {
        id: row.get("id")?,
        client,
        subject: row.get("subject")?,
        scope,
        nonce: row.get("nonce")?,
        at,
        medium,
        flow,
        attributes: attributes.map(|Json(attributes)| attributes),
        sign_transaction: row.get("sign_transaction")?,
        transaction,
        expires,
    })
}
