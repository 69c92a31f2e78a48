//! What the store keeps. None of it holds a resident's attributes.

use inrou_api::acting::Reason;
use inrou_rules::{Medium, MemberId, Municipality, ResidentId};
use jiff::Timestamp;

use crate::callers::About;
use crate::journal::Act;
use crate::staff::Office;

/// SHA-256.
pub type Digest = [u8; 32];

/// A link by which a member registers a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The hash of what the link holds.
    pub token: Digest,
    /// Who is invited.
    pub member: MemberId,
    /// Until when.
    pub expires: Timestamp,
}

/// A member's passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id.
    pub credential: Vec<u8>,
    /// Whose.
    pub member: MemberId,
    /// Its public key, `SubjectPublicKeyInfo`.
    pub key: Vec<u8>,
    /// Since when.
    pub since: Timestamp,
}

/// A member who is signed in, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The hash of the token in the cookie.
    pub token: Digest,
    /// Who.
    pub member: MemberId,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless a page is looked at.
    pub until: Timestamp,
    /// Whether it was without a passkey, to practise.
    pub practice: bool,
}

/// What a member begins to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: MemberId,
    /// In which office.
    pub office: Office,
    /// What.
    pub act: Act,
    /// To which resident.
    pub resident: Option<ResidentId>,
    /// To which colleague.
    pub of: Option<MemberId>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else was said. Never a resident's attributes.
    pub note: String,
}

/// How it ended: a fixed word or an error's code; nothing while it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was begun; whether it was done is not known if this stays.
    Begun,
    /// It was done.
    Done,
    /// It was refused, by the problem of that code.
    Refused(String),
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub number: u64,
    /// What was begun.
    pub entry: Entry,
    /// How it ended.
    pub outcome: Outcome,
}

/// What of the journal is asked for.
#[derive(Clone, Debug)]
pub struct JournalQuery {
    /// Of which office.
    pub office: Office,
    /// By which member alone.
    pub by: Option<MemberId>,
    /// About which resident alone.
    pub resident: Option<ResidentId>,
    /// Before which number.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

/// A call whose caller is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub id: String,
    /// Who answered it.
    pub member: MemberId,
    /// Who calls.
    pub resident: ResidentId,
    /// What it is about.
    pub about: About,
    /// Why the caller calls.
    pub reason: Reason,
    /// What else was said.
    pub note: String,
    /// How often the caller was not recognised before.
    pub failures: u64,
    /// Until when something can be done for the caller.
    pub expires: Timestamp,
    /// Whether it was done.
    pub done: bool,
}

/// A loss that a municipality is told of (CARD-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose.
    pub resident: ResidentId,
    /// Which municipality.
    pub municipality: Municipality,
    /// What was lost.
    pub medium: Medium,
    /// How.
    pub reason: Reason,
    /// When the hotline was told.
    pub at: Timestamp,
}
