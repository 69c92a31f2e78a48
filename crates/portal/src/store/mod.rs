//! The portal's own store: what was asked of phones, who is logged in, what was applied for.
//!
//! Each method that changes something is one act: done whole and durable when it returns, or not at
//! all. Acts are repeatable; what was done before is found done. Methods block on the medium.

mod error;
mod records;
mod sqlite;

use std::collections::BTreeMap;

use inrou_api::idempotency::Keyed;
use inrou_api::wire::authority::Notice;
use inrou_api::wire::transaction::TransactionId;
use inrou_relying::{Taken, TransactionRecord};
use inrou_rules::Municipality;
use jiff::Timestamp;
use zeroize::Zeroizing;

pub(crate) use error::problem;
pub use error::{Reused, StoreError};
pub use records::{
    Application, Confirmation, Digest, Draft, Due, Entry, Logged, NewApplication, OfficeQuery,
    Outcome, Receipt, Received, Session, Settlement, Verdict, procedure_name,
};
pub use sqlite::SqliteStore;

/// A store: log-ins, applications, records, visits.
pub trait Store: Logins + Applications + Records + Visits {}

impl<S: Logins + Applications + Records + Visits> Store for S {}

/// Transactions, log-ins, sessions.
pub trait Logins: Send + Sync {
    /// The secret from which identifiers and tokens are derived: drawn once, the same for good.
    ///
    /// # Errors
    /// [`StoreError`].
    fn secret(&self) -> Result<Zeroizing<[u8; 32]>, StoreError>;

    /// Begins a log-in, unless one of that secret has begun; gives its transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn begin_login(
        &self,
        login: &Digest,
        transaction: &TransactionRecord,
    ) -> Result<TransactionRecord, StoreError>;

    /// Drops log-ins, sessions, drafts and clerks' sign-ins that were over before that.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forget(&self, before: Timestamp) -> Result<(), StoreError>;

    /// A log-in's transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn login(&self, login: &Digest) -> Result<Option<TransactionRecord>, StoreError>;

    /// A transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn transaction(&self, id: &TransactionId) -> Result<Option<TransactionRecord>, StoreError>;

    /// A phone takes a transaction; gives it as it stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take(
        &self,
        id: &TransactionId,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<Option<TransactionRecord>, StoreError>;

    /// The browser that began shows that the answer is its own, or fails to: the last failure ends the
    /// session to which the answer led.
    ///
    /// # Errors
    /// [`StoreError`].
    fn confirm(
        &self,
        id: &TransactionId,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Settles a transaction with all that follows from it, if it is open at that time; gives it as
    /// it stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn settle(&self, settlement: &Settlement) -> Result<Option<TransactionRecord>, StoreError>;

    /// Ends a transaction whose time is over, for the answer or for what is checked after it: the session to
    /// which it led ends, and an answer that comes later finds it so. Gives it as it stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end(
        &self,
        id: &TransactionId,
        now: Timestamp,
    ) -> Result<Option<TransactionRecord>, StoreError>;

    /// The session of a token, whether ended or not.
    ///
    /// # Errors
    /// [`StoreError`].
    fn session(&self, token: &Digest) -> Result<Option<Session>, StoreError>;

    /// Notes that a session's token has been used.
    ///
    /// # Errors
    /// [`StoreError`].
    fn use_session(&self, token: &Digest) -> Result<(), StoreError>;

    /// Has a session that is neither ended nor expired last until then, if that is longer; gives it as it
    /// stands afterwards. `None` if it is over.
    ///
    /// # Errors
    /// [`StoreError`].
    fn extend_session(
        &self,
        token: &Digest,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// A resident's sessions that are neither ended nor expired, the newest 200 first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sessions(&self, subject: &str, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// Ends a session of a resident, unless it has ended. Whether there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_session(
        &self,
        subject: &str,
        id: &str,
        now: Timestamp,
        entry: &Entry,
    ) -> Result<bool, StoreError>;
}

/// Online applications and the receiving office.
pub trait Applications: Send + Sync {
    /// Draws an application up, once a request; gives it as it stands. One that is not signed and
    /// whose transaction is over is drawn up anew; while its phone is asked it is left as it is.
    /// `None` if it is signed.
    ///
    /// # Errors
    /// [`StoreError`].
    fn draw_up(&self, new: &NewApplication) -> Result<Option<Application>, StoreError>;

    /// The application of an identifier.
    ///
    /// # Errors
    /// [`StoreError`].
    fn application(&self, id: &str) -> Result<Option<Application>, StoreError>;

    /// A resident's applications, newest first, from the one before `before` on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn applications(
        &self,
        subject: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Application>, StoreError>;

    /// The application that a transaction is to sign.
    ///
    /// # Errors
    /// [`StoreError`].
    fn application_of(&self, id: &TransactionId) -> Result<Option<Application>, StoreError>;

    /// Received applications, in the order of receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    fn received(&self, query: &OfficeQuery) -> Result<Vec<Application>, StoreError>;

    /// How many received applications each municipality has to decide about; without those that have
    /// none.
    ///
    /// # Errors
    /// [`StoreError`].
    fn undecided(&self) -> Result<BTreeMap<Municipality, u64>, StoreError>;

    /// Decides about a received application that is not decided, with all that follows, once a
    /// request; gives it as it stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn decide(&self, verdict: &Verdict) -> Result<Option<Application>, StoreError>;
}

/// Notices, history, and what signed requests leave behind.
pub trait Records: Send + Sync {
    /// A resident's notices after `since`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn notices(&self, subject: &str, since: u64, limit: usize) -> Result<Vec<Notice>, StoreError>;

    /// A resident's notices, newest first, from the one before `before` on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn latest_notices(
        &self,
        subject: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError>;

    /// Gives a resident a notice about something, unless there was one about it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn notify_once(&self, subject: &str, due: &Due) -> Result<(), StoreError>;

    /// Whether a resident was given a notice about something.
    ///
    /// # Errors
    /// [`StoreError`].
    fn has_notice(&self, subject: &str, about: &str) -> Result<bool, StoreError>;

    /// Enters an act into a resident's history, once.
    ///
    /// # Errors
    /// [`StoreError`].
    fn enter(&self, entry: &Entry) -> Result<(), StoreError>;

    /// A resident's history up to `until`, newest first, from the entry before `before` on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn history(
        &self,
        subject: &str,
        before: Option<u64>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError>;

    /// Whether a request under this key was made before.
    ///
    /// # Errors
    /// [`StoreError`].
    fn is_repeated(&self, request: &Keyed) -> Result<bool, StoreError>;

    /// Takes a nonce of a key, to be remembered until `until`. Whether it was new. What ended before
    /// `now` is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take_nonce(
        &self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// What was typed and not sent yet, and the clerks who are signed in.
pub trait Visits: Send + Sync {
    /// Keeps what was typed into a form, in place of what was kept before.
    ///
    /// # Errors
    /// [`StoreError`].
    fn keep_draft(&self, draft: &Draft) -> Result<(), StoreError>;

    /// What is kept of somebody's, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn drafts(&self, owner: &str, now: Timestamp) -> Result<Vec<Draft>, StoreError>;

    /// Forgets what was typed into a form.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forget_draft(&self, owner: &str, form: &str) -> Result<(), StoreError>;

    /// Signs a clerk in, by a new token.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sign_in(
        &self,
        token: &Digest,
        municipality: Municipality,
        expires: Timestamp,
    ) -> Result<(), StoreError>;

    /// Whose clerk shows a token, and until when, whether that is over or not.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clerk(&self, token: &Digest) -> Result<Option<(Municipality, Timestamp)>, StoreError>;

    /// Has a clerk's sign-in that is not over last until then, if that is longer.
    ///
    /// # Errors
    /// [`StoreError`].
    fn extend_sign_in(
        &self,
        token: &Digest,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError>;

    /// Signs the clerk of a token out.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sign_out(&self, token: &Digest) -> Result<(), StoreError>;
}

/// A request under an idempotency key, remembered until `expires`.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks what.
    pub keyed: Keyed,
    /// Until when a repetition is recognised.
    pub expires: Timestamp,
}
