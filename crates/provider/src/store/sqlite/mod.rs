//! The store in one SQLite file.

mod authorizations;
mod clients;
mod events;
mod grants;
mod pushed;
mod signing;
mod tokens;
mod uses;

use std::path::Path;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::TransactionId;
use inrou_pki::Entropy;
use inrou_relying::Taken;
use inrou_store::columns::{Moment, change, row};
use inrou_store::{Database, Opening, Schema, Settings};
use jiff::Timestamp;
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::{
    AccessToken, Authorization, ClientToken, CodeFault, Confirmation, Exchange, Forgotten, Grant,
    Pushed, Refresh, RefreshFault, Repeat, Revocation, Seen, Settlement, Store, StoreError,
    TokenForClient, Unmet,
};
use crate::clients::{
    Client, ClientFault, ClientId, Decision, NewClient, Reached, Renewal, Standing, Use,
};
use crate::events::Event;
use crate::secrets::Digest;
use crate::signing::SignTransaction;

/// Each form of the schema, from an empty file on. What was released is never changed.
const SCHEMA: Schema = &[include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql")];

/// A store in a file.
pub struct SqliteStore {
    database: Database<Unmet>,
}

impl SqliteStore {
    /// Opens the file, or makes it for its owner alone; the secret of a new one is drawn from `entropy`.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        Self::start(Opening::new(file, SCHEMA, Settings::default()), entropy)
    }

    /// Opens a store on another file layer than the system's, which has no locks between processes.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn open_on(
        (layer, file): (&str, &str),
        settings: Settings,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        Self::start(Opening::through(layer, file, SCHEMA, settings), entropy)
    }

    fn start(opening: Opening, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let database = Database::open(opening, |connection| found(connection, entropy))?;
        Ok(Self { database })
    }

    /// Has the clients that are registered in the store `from`, and nothing else of it, be in a new store
    /// `to`. Blocks; nobody works with either.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    pub fn carry_registrations(
        from: &Path,
        to: &Path,
        entropy: &dyn Entropy,
    ) -> Result<(), StoreError> {
        let all = Self::open(from, entropy)?.read(clients::registrations)?;
        let new = Self::open(to, entropy)?;
        new.write(move |connection| all.iter().try_for_each(|one| clients::enter(connection, one)))
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

/// Draws the secret, once in a store's life.
fn found(connection: &Connection, entropy: &dyn Entropy) -> Result<(), StoreError> {
    if row(connection, "SELECT 1 FROM provider", [], |_| Ok(()))?.is_none() {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        change(
            connection,
            "INSERT OR IGNORE INTO provider (id, secret) VALUES (1, ?1)",
            [secret.as_slice()],
        )?;
    }
    Ok(())
}

impl Store for SqliteStore {
    fn secret(&self) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        self.read(|connection| {
            let secret = row(connection, "SELECT secret FROM provider", [], |row| row.get(0))?;
            let secret = secret.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(Zeroizing::new(secret))
        })
    }

    fn register(&self, new: &NewClient) -> Result<Result<Client, ClientFault>, StoreError> {
        let new = new.clone();
        self.write(move |connection| clients::register(connection, &new))
    }

    fn opened_client(&self, id: &ClientId, token: &Digest) -> Result<Option<Client>, StoreError> {
        self.read(|connection| clients::opened(connection, id, token))
    }

    fn clients(
        &self,
        after: u64,
        standing: Option<Standing>,
        limit: usize,
    ) -> Result<Vec<Client>, StoreError> {
        self.read(|connection| clients::list(connection, after, standing, limit))
    }

    fn renew_client(&self, renewal: &Renewal) -> Result<Result<Client, ClientFault>, StoreError> {
        let renewal = renewal.clone();
        self.write(move |connection| clients::renew(connection, &renewal))
    }

    fn decide(&self, decision: &Decision) -> Result<Result<Client, ClientFault>, StoreError> {
        let decision = decision.clone();
        self.write(move |connection| clients::decide(connection, &decision))
    }

    fn remove_client(&self, id: &ClientId, token: Option<&Digest>) -> Result<bool, StoreError> {
        let (id, token) = (id.clone(), token.copied());
        self.write(move |connection| clients::remove(connection, &id, token.as_ref()))
    }

    fn acts(&self, client: &ClientId, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read(|connection| events::acts(connection, client, limit))
    }

    fn note_limit(
        &self,
        client: &ClientId,
        reached: Reached,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let client = client.clone();
        self.write(move |connection| uses::note_reached(connection, &client, reached, now))
    }

    fn take_once(&self, seen: &Seen) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO seen (what, until) VALUES (?1, ?2)";
            Ok(change(connection, sql, (&seen.what, Moment(seen.until)))? == 1)
        })
    }

    fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.read(|connection| clients::find(connection, id))
    }

    fn push(&self, pushed: &Pushed, assertion: &Seen, one_more: &Use) -> Result<(), StoreError> {
        let (pushed, assertion, one_more) = (pushed.clone(), assertion.clone(), one_more.clone());
        self.write(move |connection| {
            tokens::take(connection, &assertion)?;
            uses::count(connection, &one_more)?;
            pushed::put(connection, &pushed)
        })
    }

    fn pushed(&self, name: &Digest) -> Result<Option<Pushed>, StoreError> {
        self.read(|connection| pushed::find(connection, name))
    }

    fn begin(&self, authorization: &Authorization, one_more: &Use) -> Result<(), StoreError> {
        let (authorization, one_more) = (authorization.clone(), one_more.clone());
        self.write(move |connection| {
            if authorization.pushed.is_none() {
                uses::count(connection, &one_more)?;
            }
            authorizations::begin(connection, &authorization)
        })
    }

    fn authorization(&self, id: &TransactionId) -> Result<Option<Authorization>, StoreError> {
        self.read(|connection| authorizations::find(connection, id))
    }

    fn take(
        &self,
        id: &TransactionId,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<Option<Authorization>, StoreError> {
        let (id, taken) = (id.clone(), taken.clone());
        self.write(move |connection| authorizations::take(connection, &id, &taken, now))
    }

    fn confirm(
        &self,
        id: &TransactionId,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |connection| authorizations::confirm(connection, &id, confirmation, now))
    }

    fn end(&self, id: &TransactionId, now: Timestamp) -> Result<Option<Authorization>, StoreError> {
        let id = id.clone();
        self.write(move |connection| authorizations::end(connection, &id, now))
    }

    fn take_back(&self, id: &TransactionId, why: Code, now: Timestamp) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |connection| authorizations::take_back(connection, &id, why, now))
    }

    fn settle(&self, settlement: &Settlement) -> Result<Option<Authorization>, StoreError> {
        let settlement = settlement.clone();
        self.write(move |connection| authorizations::settle(connection, &settlement))
    }

    fn give_code(
        &self,
        id: &TransactionId,
        code: &Digest,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<bool, StoreError> {
        let (id, code) = (id.clone(), *code);
        self.write(move |connection| grants::give_code(connection, &id, &code, (now, until)))
    }

    fn exchange(&self, exchange: &Exchange) -> Result<Result<Grant, CodeFault>, StoreError> {
        let exchange = exchange.clone();
        self.write(move |connection| tokens::exchange(connection, &exchange))
    }

    fn latest(
        &self,
        browser: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError> {
        self.read(|connection| grants::latest(connection, browser, client, now))
    }

    fn repeat(&self, repeat: &Repeat, one_more: &Use) -> Result<bool, StoreError> {
        let (repeat, one_more) = (repeat.clone(), one_more.clone());
        self.write(move |connection| {
            if repeat.pushed.is_none() {
                uses::count(connection, &one_more)?;
            }
            grants::repeat(connection, &repeat)
        })
    }

    fn refresh(&self, refresh: &Refresh) -> Result<Result<Grant, RefreshFault>, StoreError> {
        let refresh = refresh.clone();
        self.write(move |connection| tokens::refresh(connection, &refresh))
    }

    fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let revocation = revocation.clone();
        self.write(move |connection| tokens::give_back(connection, &revocation))
    }

    fn log_out(
        &self,
        browser: &Digest,
        client: Option<&ClientId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (browser, client) = (*browser, client.cloned());
        self.write(move |connection| grants::log_out(connection, &browser, client.as_ref(), at))
    }

    fn access(&self, token: &Digest, now: Timestamp) -> Result<Option<AccessToken>, StoreError> {
        self.read(|connection| tokens::access(connection, token, now))
    }

    fn order(&self, new: &SignTransaction, one_more: &Use) -> Result<(), StoreError> {
        let (new, one_more) = (new.clone(), one_more.clone());
        self.write(move |connection| {
            uses::count(connection, &one_more)?;
            signing::order(connection, &new, one_more.at)
        })
    }

    fn sign_transaction(&self, id: &str) -> Result<Option<SignTransaction>, StoreError> {
        self.read(|connection| signing::find(connection, id))
    }

    fn give_client_token(&self, given: &TokenForClient) -> Result<(), StoreError> {
        let given = given.clone();
        self.write(move |connection| signing::give_token(connection, &given))
    }

    fn client_token(
        &self,
        token: &Digest,
        now: Timestamp,
    ) -> Result<Option<ClientToken>, StoreError> {
        self.read(|connection| signing::token(connection, token, now))
    }

    fn note(&self, event: &Event) -> Result<(), StoreError> {
        let event = event.clone();
        self.write(move |connection| events::note(connection, &event))
    }

    fn note_ends(&self, client: &ClientId, now: Timestamp) -> Result<(), StoreError> {
        let client = client.clone();
        self.write(move |connection| events::note_ends(connection, Some(&client), now))
    }

    fn events(
        &self,
        client: &ClientId,
        transaction: Option<&str>,
        before: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        self.read(|connection| events::list(connection, client, transaction, before, limit))
    }

    fn transaction_of(
        &self,
        client: &ClientId,
        code: &Digest,
    ) -> Result<Option<(TransactionId, Option<String>)>, StoreError> {
        self.read(|connection| events::transaction_of(connection, client, code))
    }

    fn forget(&self, forgotten: Forgotten) -> Result<(), StoreError> {
        let Forgotten { now, ended, events: logged, unapproved } = forgotten;
        self.write(move |connection| {
            clients::forget_unapproved(connection, unapproved)?;
            events::note_ends(connection, None, now)?;
            events::forget(connection, logged)?;
            for sql in [
                "DELETE FROM authorizations WHERE expires < ?1",
                "DELETE FROM pushed WHERE expires < ?1",
                "DELETE FROM tokens WHERE expires < ?1",
                "DELETE FROM grants WHERE expires < ?1",
                "DELETE FROM seen WHERE until < ?1",
                "DELETE FROM client_tokens WHERE expires < ?1",
                "DELETE FROM sign_transactions WHERE expires < ?1",
            ] {
                change(connection, sql, [Moment(ended)])?;
            }
            Ok(())
        })
    }
}
