//! The store of the desk: who works here, who is signed in, what was done.

mod error;
mod records;
mod sqlite;

use inrou_rules::{MemberId, Municipality, ResidentId};
use jiff::Timestamp;

use crate::staff::{Member, Office};

pub(crate) use error::problem;
pub use error::{StoreError, Taken};
pub use records::{
    Call, Digest, Entry, Invitation, JournalQuery, Logged, Outcome, Passkey, Report, SignIn,
};
pub use sqlite::SqliteStore;

/// A store. Calls block on the medium; what was answered with `Ok` is durable.
///
/// # Errors
/// Every act fails with [`StoreError`] if the medium does.
#[allow(clippy::missing_errors_doc, reason = "said once for all")]
pub trait Store: Send + Sync {
    /// Adds a member, if there is none of that id; or what is known of one is replaced.
    fn put_member(&self, member: &Member) -> Result<(), StoreError>;

    /// The member of an id.
    fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError>;

    /// The members, by office and name; those of one office alone, if one is named.
    fn members(&self, of: Option<Office>) -> Result<Vec<Member>, StoreError>;

    /// Invites: what was sent to the member before opens nothing any more.
    fn invite(&self, invitation: &Invitation) -> Result<(), StoreError>;

    /// The invitation that a token opens.
    fn invitation(&self, token: &Digest) -> Result<Option<Invitation>, StoreError>;

    /// Adds a passkey, and ends the invitation by which it came, if it came by one; the member, if invited,
    /// is active from then on. [`Taken`] if the credential is known.
    fn add_passkey(&self, passkey: &Passkey, by: Option<&Digest>) -> Result<(), StoreError>;

    /// A member's passkeys, oldest first.
    fn passkeys(&self, of: MemberId) -> Result<Vec<Passkey>, StoreError>;

    /// The passkey of a credential.
    fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>, StoreError>;

    /// Removes a member's passkey.
    fn remove_passkey(&self, of: MemberId, credential: &[u8]) -> Result<(), StoreError>;

    /// Signs a member in, by a new token.
    fn sign_in(&self, sign_in: &SignIn) -> Result<(), StoreError>;

    /// The sign-in of a token, over or not, with its member.
    fn signed_in(&self, token: &Digest) -> Result<Option<(SignIn, Member)>, StoreError>;

    /// Has a sign-in last until then.
    fn put_off(&self, token: &Digest, until: Timestamp) -> Result<(), StoreError>;

    /// Signs out.
    fn sign_out(&self, token: &Digest) -> Result<(), StoreError>;

    /// Begins an entry of the journal; gives its number.
    fn begin(&self, entry: &Entry) -> Result<u64, StoreError>;

    /// Says how an entry's act ended.
    fn end(&self, number: u64, outcome: &Outcome) -> Result<(), StoreError>;

    /// The journal, newest first.
    fn journal(&self, query: &JournalQuery) -> Result<Vec<Logged>, StoreError>;

    /// How often callers were not recognised who gave a name and birth date of that digest, since then.
    fn failures(&self, of: &Digest, since: Timestamp) -> Result<u64, StoreError>;

    /// Notes that a caller was not recognised.
    fn note_failure(&self, of: &Digest, at: Timestamp) -> Result<(), StoreError>;

    /// Keeps a call whose caller is recognised.
    fn put_call(&self, call: &Call) -> Result<(), StoreError>;

    /// A call.
    fn call(&self, id: &str) -> Result<Option<Call>, StoreError>;

    /// Tells a municipality of a loss, once while it is open.
    fn report(&self, report: &Report) -> Result<(), StoreError>;

    /// What a municipality was told and has not closed, oldest first.
    fn reports(&self, of: Municipality) -> Result<Vec<Report>, StoreError>;

    /// Closes what a municipality was told about a resident.
    fn close_reports(&self, resident: ResidentId, at: Timestamp) -> Result<(), StoreError>;

    /// Forgets what was over at that time. The journal stays.
    fn forget(&self, before: Timestamp) -> Result<(), StoreError>;
}
