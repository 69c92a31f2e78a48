//! What the screens keep.

use inrou_rules::Municipality;
use inrou_store::columns::{Json, Moment, Word, change, row, rows};
use jiff::Timestamp;

use super::SqliteStore;
use crate::store::{Digest, Draft, StoreError, Visits};

impl Visits for SqliteStore {
    fn keep_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        let draft = draft.clone();
        self.write(move |connection| {
            change(
                connection,
                "INSERT OR REPLACE INTO drafts (owner, form, fields, expires) VALUES (?1, ?2, ?3, ?4)",
                (&draft.owner, &draft.form, Json(&draft.fields), Moment(draft.expires)),
            )
            .map(drop)
        })
    }

    fn drafts(&self, owner: &str, now: Timestamp) -> Result<Vec<Draft>, StoreError> {
        self.read(|connection| {
            rows(
                connection,
                "SELECT owner, form, fields, expires FROM drafts WHERE owner = ?1 AND expires > ?2
                 ORDER BY expires DESC, form",
                (owner, Moment(now)),
                |row| {
                    let (Json(fields), Moment(expires)) = (row.get(2)?, row.get(3)?);
                    Ok(Draft { owner: row.get(0)?, form: row.get(1)?, fields, expires })
                },
            )
        })
    }

    fn forget_draft(&self, owner: &str, form: &str) -> Result<(), StoreError> {
        let (owner, form) = (owner.to_owned(), form.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM drafts WHERE owner = ?1 AND form = ?2";
            change(connection, sql, (&owner, &form)).map(drop)
        })
    }

    fn sign_in(
        &self,
        token: &Digest,
        municipality: Municipality,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            let sql = "INSERT INTO clerks (token, municipality, expires) VALUES (?1, ?2, ?3)";
            change(connection, sql, (token, Word(municipality), Moment(expires))).map(drop)
        })
    }

    fn clerk(&self, token: &Digest) -> Result<Option<(Municipality, Timestamp)>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT municipality, expires FROM clerks WHERE token = ?1";
            row(connection, sql, [token], |row| {
                let (Word(municipality), Moment(expires)) = (row.get(0)?, row.get(1)?);
                Ok((municipality, expires))
            })
        })
    }

    fn extend_sign_in(
        &self,
        token: &Digest,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            let sql =
                "UPDATE clerks SET expires = MAX(expires, ?3) WHERE token = ?1 AND expires > ?2";
            change(connection, sql, (token, Moment(now), Moment(expires))).map(drop)
        })
    }

    fn sign_out(&self, token: &Digest) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            change(connection, "DELETE FROM clerks WHERE token = ?1", [token]).map(drop)
        })
    }
}
