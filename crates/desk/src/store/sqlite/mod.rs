//! The store in one SQLite file.

mod calls;
mod journal;
mod members;

use std::path::Path;

use inrou_rules::{MemberId, Municipality, ResidentId};
use inrou_store::columns::{Moment, change};
use inrou_store::{Database, Opening, Schema, Settings};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    Call, Digest, Entry, Invitation, JournalQuery, Logged, Outcome, Passkey, Report, SignIn, Store,
    StoreError, Taken,
};
use crate::staff::{Member, Office};

/// Each form of the schema, from an empty file on. What was released is never changed.
const SCHEMA: Schema = &[include_str!("v1.sql")];

/// A store in a file.
pub struct SqliteStore {
    database: Database<Taken>,
}

impl SqliteStore {
    /// Opens the file, or makes it for its owner alone.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let opening = Opening::new(file, SCHEMA, Settings::default());
        Ok(Self { database: Database::open(opening, |_| Ok(()))? })
    }

    /// Does work whole, or not at all if it fails. Blocks until it is durable.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database.write(work).wait()
    }

    /// Reads. Blocks.
    fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.read(look)
    }
}

impl Store for SqliteStore {
    fn put_member(&self, member: &Member) -> Result<(), StoreError> {
        let member = member.clone();
        self.write(move |connection| members::put(connection, &member))
    }

    fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.read(|connection| members::one(connection, id))
    }

    fn members(&self, of: Option<Office>) -> Result<Vec<Member>, StoreError> {
        self.read(|connection| members::list(connection, of))
    }

    fn invite(&self, invitation: &Invitation) -> Result<(), StoreError> {
        let invitation = invitation.clone();
        self.write(move |connection| members::invite(connection, &invitation))
    }

    fn invitation(&self, token: &Digest) -> Result<Option<Invitation>, StoreError> {
        self.read(|connection| members::invitation(connection, token))
    }

    fn add_passkey(&self, passkey: &Passkey, by: Option<&Digest>) -> Result<(), StoreError> {
        let (passkey, by) = (passkey.clone(), by.copied());
        self.write(move |connection| members::add_passkey(connection, &passkey, by.as_ref()))
    }

    fn passkeys(&self, of: MemberId) -> Result<Vec<Passkey>, StoreError> {
        self.read(|connection| members::passkeys(connection, of))
    }

    fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.read(|connection| members::passkey(connection, credential))
    }

    fn remove_passkey(&self, of: MemberId, credential: &[u8]) -> Result<(), StoreError> {
        let credential = credential.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM passkeys WHERE member = ?1 AND credential = ?2";
            change(connection, sql, (of.as_bytes(), &credential)).map(drop)
        })
    }

    fn sign_in(&self, sign_in: &SignIn) -> Result<(), StoreError> {
        let sign_in = sign_in.clone();
        self.write(move |connection| members::sign_in(connection, &sign_in))
    }

    fn signed_in(&self, token: &Digest) -> Result<Option<(SignIn, Member)>, StoreError> {
        self.read(|connection| members::signed_in(connection, token))
    }

    fn put_off(&self, token: &Digest, until: Timestamp) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            let sql = "UPDATE sign_ins SET until = MAX(until, ?2) WHERE token = ?1";
            change(connection, sql, (token, Moment(until))).map(drop)
        })
    }

    fn sign_out(&self, token: &Digest) -> Result<(), StoreError> {
        let token = *token;
        self.write(move |connection| {
            change(connection, "DELETE FROM sign_ins WHERE token = ?1", [token]).map(drop)
        })
    }

    fn begin(&self, entry: &Entry) -> Result<u64, StoreError> {
        let entry = entry.clone();
        self.write(move |connection| journal::begin(connection, &entry))
    }

    fn end(&self, number: u64, outcome: &Outcome) -> Result<(), StoreError> {
        let outcome = outcome.clone();
        self.write(move |connection| journal::end(connection, number, &outcome))
    }

    fn journal(&self, query: &JournalQuery) -> Result<Vec<Logged>, StoreError> {
        self.read(|connection| journal::list(connection, query))
    }

    fn failures(&self, of: &Digest, since: Timestamp) -> Result<u64, StoreError> {
        self.read(|connection| calls::failures(connection, of, since))
    }

    fn note_failure(&self, of: &Digest, at: Timestamp) -> Result<(), StoreError> {
        let of = *of;
        self.write(move |connection| {
            let sql = "INSERT INTO failures (caller, at) VALUES (?1, ?2)";
            change(connection, sql, (of, Moment(at))).map(drop)
        })
    }

    fn put_call(&self, call: &Call) -> Result<(), StoreError> {
        let call = call.clone();
        self.write(move |connection| calls::put(connection, &call))
    }

    fn call(&self, id: &str) -> Result<Option<Call>, StoreError> {
        self.read(|connection| calls::one(connection, id))
    }

    fn report(&self, report: &Report) -> Result<(), StoreError> {
        let report = report.clone();
        self.write(move |connection| calls::report(connection, &report))
    }

    fn reports(&self, of: Municipality) -> Result<Vec<Report>, StoreError> {
        self.read(|connection| calls::reports(connection, of))
    }

    fn close_reports(&self, resident: ResidentId, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            let sql = "UPDATE reports SET closed = ?2 WHERE resident = ?1 AND closed IS NULL";
            change(connection, sql, (resident.as_bytes(), Moment(at))).map(drop)
        })
    }

    fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            for sql in [
                "DELETE FROM sign_ins WHERE until < ?1",
                "DELETE FROM invitations WHERE expires < ?1",
                "DELETE FROM calls WHERE expires < ?1",
                "DELETE FROM failures WHERE at < ?1",
            ] {
                change::<Taken>(connection, sql, [Moment(before)])?;
            }
            Ok(())
        })
    }
}
