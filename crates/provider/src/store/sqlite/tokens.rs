//! Codes and tokens, by which what was granted is fetched.

use inrou_store::columns::{Moment, Word, change, row};
use inrou_store::is_unique_violation;
use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::events;
use super::grants::{self, revoke};
use super::signing;
use crate::events::What;
use crate::secrets::Digest;
use crate::store::{
    AccessToken, CodeFault, Exchange, Grant, Refresh, RefreshFault, Revocation, Seen, StoreError,
    Token, TokenKind, Unmet,
};

/// What is judged of a code.
struct Held {
    grant: Grant,
    redirect_uri: String,
    challenge: String,
    jkt: Option<String>,
    code_expires: Option<Timestamp>,
    exchanged: bool,
    revoked: bool,
}

/// Exchanges a code for tokens.
pub(super) fn exchange(
    connection: &Connection,
    exchange: &Exchange,
) -> Result<Result<Grant, CodeFault>, StoreError> {
    take(connection, &exchange.assertion)?;
    let held = row(connection, "SELECT * FROM grants WHERE code = ?1", [exchange.code], read_held)?;
    let Some(held) = held.filter(|held| held.grant.client == exchange.client) else {
        return Ok(Err(CodeFault::Unknown));
    };
    let id = &held.grant.id;
    if held.exchanged || held.revoked {
        revoke(connection, id, exchange.at)?;
        return Ok(Err(CodeFault::Spent));
    }
    if let Some(fault) = fault(&held, exchange) {
        return Ok(Err(fault));
    }
    let sql = "UPDATE grants SET exchanged = ?2 WHERE id = ?1";
    change(connection, sql, (id, Moment(exchange.at)))?;
    for token in &exchange.tokens {
        put(connection, id, token)?;
    }
    events::of_grant(connection, &held.grant, What::Exchanged, exchange.at)?;
    Ok(Ok(held.grant))
}

/// Why a code that is still good does not suit whoever brings it.
fn fault(held: &Held, exchange: &Exchange) -> Option<CodeFault> {
    if held.code_expires.is_none_or(|end| end <= exchange.at) {
        return Some(CodeFault::Expired);
    }
    if held.redirect_uri != exchange.redirect_uri {
        return Some(CodeFault::RedirectUri);
    }
    if held.challenge != exchange.challenge {
        return Some(CodeFault::Verifier);
    }
    (held.jkt.is_some() && held.jkt != exchange.jkt).then_some(CodeFault::Key)
}

/// Uses a refresh token.
pub(super) fn refresh(
    connection: &Connection,
    refresh: &Refresh,
) -> Result<Result<Grant, RefreshFault>, StoreError> {
    take(connection, &refresh.assertion)?;
    let kind = TokenKind::Refresh;
    let found = find(connection, &refresh.token, kind, refresh.at)?;
    let found = found.filter(|found| found.grant.client == refresh.client);
    let Some(AccessToken { mut grant, .. }) = found else { return Ok(Err(RefreshFault::Unknown)) };
    if let Some(scope) = refresh.issued.scope {
        if !scope.is_within(grant.scope) {
            return Ok(Err(RefreshFault::Scope));
        }
        grant.scope = scope;
    }
    put(connection, &grant.id, &refresh.issued)?;
    events::of_grant(connection, &grant, What::Refreshed, refresh.at)?;
    Ok(Ok(grant))
}

/// Takes a token back. Whether it is not another client's.
pub(super) fn give_back(
    connection: &Connection,
    revocation: &Revocation,
) -> Result<bool, StoreError> {
    take(connection, &revocation.assertion)?;
    let found = row(
        connection,
        "SELECT grants.*, kind FROM tokens JOIN grants ON grants.id = grant_id WHERE hash = ?1",
        [revocation.token],
        |row| {
            let Word(kind) = row.get("kind")?;
            Ok((grants::read(row)?, kind))
        },
    )?;
    let Some((grant, kind)) = found else {
        return signing::give_back_token(connection, revocation);
    };
    if revocation.client != grant.client {
        return Ok(false);
    }
    match kind {
        TokenKind::Refresh => revoke(connection, &grant.id, revocation.at)?,
        TokenKind::Access => {
            change(connection, "DELETE FROM tokens WHERE hash = ?1", [revocation.token])?;
        }
    }
    events::of_grant(connection, &grant, What::GivenBack, revocation.at)?;
    Ok(true)
}

/// What an access token opens.
pub(super) fn access(
    connection: &Connection,
    token: &Digest,
    now: Timestamp,
) -> Result<Option<AccessToken>, StoreError> {
    find(connection, token, TokenKind::Access, now)
}

/// Takes what serves once.
pub(super) fn take(connection: &Connection, seen: &Seen) -> Result<(), StoreError> {
    let sql = "INSERT INTO seen (what, until) VALUES (?1, ?2)";
    let taken = connection.prepare_cached(sql)?.execute((&seen.what, Moment(seen.until)));
    match taken {
        Err(error) if is_repeated(&error) => Err(Unmet::Replayed.into()),
        taken => Ok(taken.map(drop)?),
    }
}

/// Whether the row was there: the key of a table without row numbers is a primary one.
fn is_repeated(error: &rusqlite::Error) -> bool {
    is_unique_violation(error)
        || error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
}

fn put(connection: &Connection, grant: &str, token: &Token) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO tokens (hash, grant_id, kind, scope, jkt, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            token.hash,
            grant,
            Word(token.kind),
            token.scope.map(Word),
            &token.jkt,
            Moment(token.expires),
        ),
    )
    .map(drop)
}

/// A token that is still good.
fn find(
    connection: &Connection,
    token: &Digest,
    kind: TokenKind,
    now: Timestamp,
) -> Result<Option<AccessToken>, StoreError> {
    row(
        connection,
        "SELECT grants.*, tokens.scope AS token_scope, tokens.jkt AS token_jkt
         FROM tokens JOIN grants ON grants.id = grant_id
         WHERE hash = ?1 AND kind = ?2 AND tokens.expires > ?3 AND grants.expires > ?3
               AND revoked IS NULL",
        (token, Word(kind), Moment(now)),
        |row| {
            let grant = grants::read(row)?;
            let scope: Option<Word<_>> = row.get("token_scope")?;
            let scope = scope.map_or(grant.scope, |Word(scope)| scope);
            Ok(AccessToken { grant, scope, jkt: row.get("token_jkt")? })
        },
    )
}

fn read_held(row: &Row<'_>) -> rusqlite::Result<Held> {
    let moment = |name| -> rusqlite::Result<Option<Timestamp>> {
        let moment: Option<Moment> = row.get(name)?;
        Ok(moment.map(|Moment(at)| at))
    };
    Ok(Held {
        grant: grants::read(row)?,
        redirect_uri: row.get("redirect_uri")?,
        challenge: row.get("challenge")?,
        jkt: row.get("jkt")?,
        code_expires: moment("code_expires")?,
        exchanged: moment("exchanged")?.is_some(),
        revoked: moment("revoked")?.is_some(),
    })
}
