//! Notices, history, and what requests leave behind.

use std::collections::BTreeMap;

use inrou_api::idempotency::{KeyReused, Keyed};
use inrou_api::wire::authority::Notice;
use inrou_store::columns::{Json, Moment, Number, change, row, rows};
use jiff::Timestamp;
use rusqlite::Connection;

use super::SqliteStore;
use crate::store::{Digest, Due, Entry, Logged, Records, Request, Reused, StoreError};

impl Records for SqliteStore {
    fn notices(&self, subject: &str, since: u64, limit: usize) -> Result<Vec<Notice>, StoreError> {
        self.read(|connection| {
            rows(
                connection,
                "SELECT sequence, at, code, params FROM notices
                 WHERE subject = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
                (subject, Number(since), Number(limit as u64)),
                notice,
            )
        })
    }

    fn latest_notices(
        &self,
        subject: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        self.read(|connection| {
            rows(
                connection,
                "SELECT sequence, at, code, params FROM notices
                 WHERE subject = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3",
                (subject, Number(before.unwrap_or(u64::MAX)), Number(limit as u64)),
                notice,
            )
        })
    }

    fn notify_once(&self, subject: &str, due: &Due) -> Result<(), StoreError> {
        let (subject, due) = (subject.to_owned(), due.clone());
        self.write(move |connection| {
            change(
                connection,
                "INSERT OR IGNORE INTO notices (subject, sequence, at, code, params, about)
                 SELECT ?1, COALESCE(MAX(sequence), 0) + 1, ?2, ?3, ?4, ?5 FROM notices
                 WHERE subject = ?1",
                (&subject, Moment(due.at), due.code, Json(&due.params), &due.about),
            )
            .map(drop)
        })
    }

    fn has_notice(&self, subject: &str, about: &str) -> Result<bool, StoreError> {
        self.read(|connection| {
            let sql = "SELECT 1 FROM notices WHERE subject = ?1 AND about = ?2";
            Ok(row(connection, sql, (subject, about), |_| Ok(()))?.is_some())
        })
    }

    fn enter(&self, entry: &Entry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.write(move |connection| enter(connection, &entry))
    }

    fn history(
        &self,
        subject: &str,
        before: Option<u64>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        self.read(|connection| {
            rows(
                connection,
                "SELECT sequence, at, code, params, actor FROM history
                 WHERE subject = ?1 AND sequence < ?2 AND at <= ?3 ORDER BY sequence DESC LIMIT ?4",
                (subject, Number(before.unwrap_or(u64::MAX)), Moment(until), Number(limit as u64)),
                |row| {
                    let (Moment(at), Json(params)) = (row.get(1)?, row.get(3)?);
                    Ok(Logged {
                        sequence: row.get::<_, i64>(0)?.unsigned_abs(),
                        at,
                        code: row.get(2)?,
                        params,
                        actor: row.get(4)?,
                    })
                },
            )
        })
    }

    fn is_repeated(&self, request: &Keyed) -> Result<bool, StoreError> {
        self.read(|connection| is_known(connection, request))
    }

    fn take_nonce(
        &self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let (key_id, nonce) = (key_id.to_owned(), nonce.to_owned());
        self.write(move |connection| {
            change(connection, "DELETE FROM nonces WHERE until < ?1", [Moment(now)])?;
            let taken = change(
                connection,
                "INSERT OR IGNORE INTO nonces (key_id, nonce, until) VALUES (?1, ?2, ?3)",
                (&key_id, &nonce, Moment(until)),
            )?;
            Ok(taken > 0)
        })
    }
}

fn notice(row: &rusqlite::Row<'_>) -> rusqlite::Result<Notice> {
    let (Moment(at), Json(params)) = (row.get(1)?, row.get(3)?);
    let sequence = row.get::<_, i64>(0)?.unsigned_abs();
    Ok(Notice { sequence, at, code: row.get(2)?, params })
}

/// Enters an act, once.
pub(super) fn enter(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT OR IGNORE INTO history (subject, act, at, code, params, actor)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            &entry.subject,
            &entry.act,
            Moment(entry.at),
            entry.code,
            Json(&entry.params),
            entry.actor,
        ),
    )
    .map(drop)
}

/// Gives a resident a notice.
pub(super) fn notify(
    connection: &Connection,
    subject: &str,
    at: Timestamp,
    code: &str,
    params: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    change(
        connection,
        "INSERT INTO notices (subject, sequence, at, code, params)
         SELECT ?1, COALESCE(MAX(sequence), 0) + 1, ?2, ?3, ?4 FROM notices WHERE subject = ?1",
        (subject, Moment(at), code, Json(params)),
    )
    .map(drop)
}

/// Remembers a request; whether it is new. Requests whose time is over are forgotten.
pub(super) fn remember(
    connection: &Connection,
    request: &Request,
    now: Timestamp,
) -> Result<bool, StoreError> {
    change(connection, "DELETE FROM requests WHERE expires < ?1", [Moment(now)])?;
    if is_known(connection, &request.keyed)? {
        return Ok(false);
    }
    change(
        connection,
        "INSERT INTO requests (caller, key, fingerprint, expires) VALUES (?1, ?2, ?3, ?4)",
        (
            &request.keyed.caller,
            request.keyed.key.as_str(),
            request.keyed.fingerprint.as_bytes(),
            Moment(request.expires),
        ),
    )
    .map(|_| true)
}

/// Whether a request was made before; another one under its key is an error.
fn is_known(connection: &Connection, request: &Keyed) -> Result<bool, StoreError> {
    let sql = "SELECT fingerprint FROM requests WHERE caller = ?1 AND key = ?2";
    let params = (&request.caller, request.key.as_str());
    let found: Option<Digest> = row(connection, sql, params, |row| row.get(0))?;
    match found {
        Some(found) if found != *request.fingerprint.as_bytes() => {
            Err(Reused::from(KeyReused).into())
        }
        found => Ok(found.is_some()),
    }
}
