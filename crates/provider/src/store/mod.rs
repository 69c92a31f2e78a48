//! The provider's own store: clients, log-ins under way, what was granted.
//!
//! Each method that changes something is one act: done whole and durable when it returns, or not at
//! all. Methods block on the medium.

mod error;
mod records;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::TransactionId;
use inrou_relying::Taken;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::clients::{
    Client, ClientFault, ClientId, Decision, NewClient, Reached, Renewal, Standing, Use,
};
use crate::secrets::Digest;
use crate::signing::SignTransaction;

pub use crate::authorize::{Again, AuthorizationRequest, Scope};
pub use crate::events::{Event, What};
pub(crate) use error::problem;
pub use error::{StoreError, Unmet};
pub use records::{
    AccessToken, Authorization, ClientToken, CodeFault, Confirmation, Exchange, Forgotten, Grant,
    Outcome, Pushed, Refresh, RefreshFault, Repeat, Revocation, Seen, Settlement, Token,
    TokenForClient, TokenKind,
};
pub use sqlite::SqliteStore;

/// A store: clients, log-ins, grants.
pub trait Store: Send + Sync {
    /// The secret from which codes and identifiers are derived: drawn once, the same for good.
    ///
    /// # Errors
    /// [`StoreError`].
    fn secret(&self) -> Result<Zeroizing<[u8; 32]>, StoreError>;

    /// Registers a client under the next number; or says why not.
    ///
    /// # Errors
    /// [`StoreError`].
    fn register(&self, new: &NewClient) -> Result<Result<Client, ClientFault>, StoreError>;

    /// The client of that name whose registration this token opens.
    ///
    /// # Errors
    /// [`StoreError`].
    fn opened_client(&self, id: &ClientId, token: &Digest) -> Result<Option<Client>, StoreError>;

    /// So many clients after that number, in the order of their registration: all, or those that stand so.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clients(
        &self,
        after: u64,
        standing: Option<Standing>,
        limit: usize,
    ) -> Result<Vec<Client>, StoreError>;

    /// A site changes its registration; gives the client as it is then, or says why not.
    ///
    /// # Errors
    /// [`StoreError`].
    fn renew_client(&self, renewal: &Renewal) -> Result<Result<Client, ClientFault>, StoreError>;

    /// The staff decides about a client; gives it as it is then, or says why not.
    ///
    /// # Errors
    /// [`StoreError`].
    fn decide(&self, decision: &Decision) -> Result<Result<Client, ClientFault>, StoreError>;

    /// Deletes the client whose registration this token opens, if it was not shown before, with all that it
    /// asked for and was granted; whether it was there.
    ///
    /// # Errors
    /// [`StoreError`].
    fn remove_client(&self, id: &ClientId, token: Option<&Digest>) -> Result<bool, StoreError>;

    /// So many events of a client's registration, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn acts(&self, client: &ClientId, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Notes that a client has reached a limit, once in its window.
    ///
    /// # Errors
    /// [`StoreError`].
    fn note_limit(
        &self,
        client: &ClientId,
        reached: Reached,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes what serves once; whether it had not been taken.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take_once(&self, seen: &Seen) -> Result<bool, StoreError>;

    /// A client.
    ///
    /// # Errors
    /// [`StoreError`].
    fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Takes a request that its client pushed.
    ///
    /// # Errors
    /// [`Unmet::Replayed`] if the assertion was used before; [`Unmet::LimitReached`].
    fn push(&self, pushed: &Pushed, assertion: &Seen, one_more: &Use) -> Result<(), StoreError>;

    /// A request that was pushed under that name, and by which nobody has logged in.
    ///
    /// # Errors
    /// [`StoreError`].
    fn pushed(&self, name: &Digest) -> Result<Option<Pushed>, StoreError>;

    /// Begins a log-in. It is counted as one more, unless it was when its request was pushed.
    ///
    /// # Errors
    /// [`Unmet::LimitReached`].
    fn begin(&self, authorization: &Authorization, one_more: &Use) -> Result<(), StoreError>;

    /// A log-in.
    ///
    /// # Errors
    /// [`StoreError`].
    fn authorization(&self, id: &TransactionId) -> Result<Option<Authorization>, StoreError>;

    /// A phone takes a log-in; gives it as it stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take(
        &self,
        id: &TransactionId,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<Option<Authorization>, StoreError>;

    /// The browser that began shows that the answer is its own, or fails to: after the last failure
    /// nothing is left of what was granted.
    ///
    /// # Errors
    /// [`StoreError`].
    fn confirm(
        &self,
        id: &TransactionId,
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Settles a log-in with what is granted, if it is open at that time; gives it as it stands
    /// afterwards. A pushed request serves one log-in: what another would grant is refused.
    ///
    /// # Errors
    /// [`StoreError`].
    fn settle(&self, settlement: &Settlement) -> Result<Option<Authorization>, StoreError>;

    /// Ends a log-in whose time is over, for the answer or for what is checked after it: what was granted is
    /// taken back, nothing counts as signed, and an answer that comes later finds it so. Gives it as it
    /// stands afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end(&self, id: &TransactionId, now: Timestamp) -> Result<Option<Authorization>, StoreError>;

    /// Takes back what a log-in granted, for that reason, unless it has led back to the site.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take_back(&self, id: &TransactionId, why: Code, now: Timestamp) -> Result<(), StoreError>;

    /// Notes the code under which what a log-in granted may be fetched, unless it was given before. Whether
    /// it serves: it was not exchanged yet.
    ///
    /// # Errors
    /// [`StoreError`].
    fn give_code(
        &self,
        id: &TransactionId,
        code: &Digest,
        now_and_until: (Timestamp, Timestamp),
    ) -> Result<bool, StoreError>;

    /// Exchanges a code for tokens, once; or says why not. A code that comes a second time takes back what
    /// it gave (RFC 6749 §4.1.2).
    ///
    /// # Errors
    /// [`Unmet::Replayed`] if the assertion was used before.
    fn exchange(&self, exchange: &Exchange) -> Result<Result<Grant, CodeFault>, StoreError>;

    /// The latest log-in of a browser to a client that is still good.
    ///
    /// # Errors
    /// [`StoreError`].
    fn latest(
        &self,
        browser: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Grant>, StoreError>;

    /// Grants anew what was granted before, with a code; whether the pushed request, if it is one, had not
    /// served yet. It is counted as a log-in that begins.
    ///
    /// # Errors
    /// [`Unmet::LimitReached`].
    fn repeat(&self, repeat: &Repeat, one_more: &Use) -> Result<bool, StoreError>;

    /// Uses a refresh token; or says why not.
    ///
    /// # Errors
    /// [`Unmet::Replayed`] if the assertion was used before.
    fn refresh(&self, refresh: &Refresh) -> Result<Result<Grant, RefreshFault>, StoreError>;

    /// Takes a token back: an access token alone, a refresh token with all that was granted with it (RFC
    /// 7009 §2.1). Whether it is not another client's.
    ///
    /// # Errors
    /// [`Unmet::Replayed`] if the assertion was used before.
    fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError>;

    /// Ends the log-ins of a browser, to one client or to all: what they granted is taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    fn log_out(
        &self,
        browser: &Digest,
        client: Option<&ClientId>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// What an access token opens.
    ///
    /// # Errors
    /// [`StoreError`].
    fn access(&self, token: &Digest, now: Timestamp) -> Result<Option<AccessToken>, StoreError>;

    /// Takes down what a client wants signed, as one more.
    ///
    /// # Errors
    /// [`Unmet::LimitReached`].
    fn order(&self, new: &SignTransaction, one_more: &Use) -> Result<(), StoreError>;

    /// What a client wants signed, or has had signed.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sign_transaction(&self, id: &str) -> Result<Option<SignTransaction>, StoreError>;

    /// Gives a client a token for itself.
    ///
    /// # Errors
    /// [`Unmet::Replayed`] if the assertion was used before.
    fn give_client_token(&self, given: &TokenForClient) -> Result<(), StoreError>;

    /// What a client's own token opens.
    ///
    /// # Errors
    /// [`StoreError`].
    fn client_token(
        &self,
        token: &Digest,
        now: Timestamp,
    ) -> Result<Option<ClientToken>, StoreError>;

    /// Notes something that anybody can make happen; a transaction has only so many events.
    ///
    /// # Errors
    /// [`StoreError`].
    fn note(&self, event: &Event) -> Result<(), StoreError>;

    /// Notes the end of a client's log-ins that nobody has ended in time.
    ///
    /// # Errors
    /// [`StoreError`].
    fn note_ends(&self, client: &ClientId, now: Timestamp) -> Result<(), StoreError>;

    /// So many events of a client, or of one of its transactions by either of its names, before the one of
    /// that number: the latest first, with their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    fn events(
        &self,
        client: &ClientId,
        transaction: Option<&str>,
        before: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Event)>, StoreError>;

    /// To which transaction of a client a code belongs, and what was signed by it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn transaction_of(
        &self,
        client: &ClientId,
        code: &Digest,
    ) -> Result<Option<(TransactionId, Option<String>)>, StoreError>;

    /// Drops what was over, and what happened, before that.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forget(&self, forgotten: Forgotten) -> Result<(), StoreError>;
}
