//! The rows of the store, and the acts that change them.

use std::fmt;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::{Flow, TransactionId};
use inrou_relying::{AnswerDigest, TransactionRecord};
use inrou_rules::{Attributes, Medium};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorize::{AuthorizationRequest, Scope};
use crate::clients::ClientId;
use crate::secrets::Digest;
use crate::signing::Signed;

/// A log-in that a site asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// What the phone is asked.
    pub transaction: TransactionRecord,
    /// For which client.
    pub client: ClientId,
    /// SHA-256 of the browser's secret.
    pub browser: Digest,
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// Under which name the request was pushed, if it was.
    pub pushed: Option<Digest>,
    /// What was granted, once it was.
    pub grant: Option<String>,
}

/// A request that its client pushed (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// SHA-256 of its name.
    pub name: Digest,
    /// Whose.
    pub client: ClientId,
    /// The request.
    pub request: AuthorizationRequest,
    /// Until when a browser may come with it.
    pub expires: Timestamp,
}

/// What a resident granted a client by one log-in.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub id: String,
    /// To whom.
    pub client: ClientId,
    /// What the client calls the resident.
    pub subject: String,
    /// What was asked for.
    pub scope: Scope,
    /// Of the request.
    pub nonce: Option<String>,
    /// When the resident proved who one is.
    pub at: Timestamp,
    /// By what.
    pub medium: Medium,
    /// How the request came to the phone.
    pub flow: Flow,
    /// The attributes as they were then, if any was asked for.
    pub attributes: Option<Attributes>,
    /// What was signed by it, if something was.
    pub sign_transaction: Option<String>,
    /// By which transaction it was granted first.
    pub transaction: TransactionId,
    /// Until when.
    pub expires: Timestamp,
}

/// The end of an open log-in.
#[derive(Clone)]
pub struct Settlement {
    /// Which log-in.
    pub transaction: TransactionId,
    /// By what a repetition of the answer is recognised.
    pub answer: AnswerDigest,
    /// When.
    pub at: Timestamp,
    /// What the answer led to.
    pub outcome: Outcome,
}

/// What an answer led to.
#[derive(Clone)]
pub enum Outcome {
    /// The resident granted this.
    Granted(Box<Grant>),
    /// The resident signed what the request names, and granted this by it.
    Signed(Box<Grant>, Box<Signed>),
    /// The person refused.
    Refused,
    /// The person could not, for this reason, and said so.
    Hindered(Code),
    /// Nobody will answer.
    Expired,
    /// The answer did not pass, for this reason.
    Failed(Code),
}

/// What the browser that began a log-in shows after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// A number was typed.
    Number {
        /// Whether it is the one that the phone shows.
        is_right: bool,
    },
    /// The person came back from the app.
    Return,
}

/// A token that a client is given for itself.
#[derive(Clone, Debug)]
pub struct TokenForClient {
    /// SHA-256 of it.
    pub hash: Digest,
    /// To whom.
    pub client: ClientId,
    /// The assertion by which the client proved itself.
    pub assertion: Seen,
    /// The thumbprint of the key to which it is bound.
    pub jkt: Option<String>,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// What a client's own token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientToken {
    /// Whose.
    pub client: ClientId,
    /// The thumbprint of the key to which it is bound.
    pub jkt: Option<String>,
}

/// What is forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Forgotten {
    /// The time that it is.
    pub now: Timestamp,
    /// What was over before that.
    pub ended: Timestamp,
    /// Events of before that.
    pub events: Timestamp,
    /// Registrations that were never approved and stand as they do since before that.
    pub unapproved: Timestamp,
}

/// Something that must not come twice.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What.
    pub what: String,
    /// Until when a repetition is recognised.
    pub until: Timestamp,
}

/// A code that is exchanged for tokens.
#[derive(Clone)]
pub struct Exchange {
    /// SHA-256 of the code.
    pub code: Digest,
    /// Who exchanges it.
    pub client: ClientId,
    /// The assertion by which the client proved itself.
    pub assertion: Seen,
    /// Where the code was sent, as the client says.
    pub redirect_uri: String,
    /// SHA-256 of the code verifier, base64url.
    pub challenge: String,
    /// The thumbprint of the key that the client proved to have.
    pub jkt: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What is given for it.
    pub tokens: Vec<Token>,
}

/// A code that is given without asking anybody: a log-in is used again.
#[derive(Clone)]
pub struct Repeat {
    /// What is granted anew.
    pub grant: Grant,
    /// For which request.
    pub request: AuthorizationRequest,
    /// SHA-256 of the browser's secret.
    pub browser: Digest,
    /// SHA-256 of the code.
    pub code: Digest,
    /// When.
    pub at: Timestamp,
    /// Until when it may be exchanged.
    pub until: Timestamp,
    /// Under which name the request was pushed, if it was.
    pub pushed: Option<Digest>,
}

/// A refresh token that is used for an access token.
#[derive(Clone)]
pub struct Refresh {
    /// SHA-256 of the refresh token.
    pub token: Digest,
    /// Who uses it.
    pub client: ClientId,
    /// The assertion by which the client proved itself.
    pub assertion: Seen,
    /// When.
    pub at: Timestamp,
    /// What is given; its `scope` is what is asked for.
    pub issued: Token,
}

/// Why a refresh token is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshFault {
    /// It is none of this client's, or is over.
    Unknown,
    /// More is asked for than was granted.
    Scope,
}

/// A token that its client gives back (RFC 7009).
#[derive(Clone)]
pub struct Revocation {
    /// SHA-256 of the token.
    pub token: Digest,
    /// Who gives it back.
    pub client: ClientId,
    /// The assertion by which the client proved itself.
    pub assertion: Seen,
    /// When.
    pub at: Timestamp,
}

/// Why a code is not exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFault {
    /// It is none of this client's, or was forgotten.
    Unknown,
    /// It came too late.
    Expired,
    /// It came before: what it gave is taken back.
    Spent,
    /// It was sent to another address.
    RedirectUri,
    /// The code verifier is another.
    Verifier,
    /// The code is bound to another key (RFC 9449 §10).
    Key,
}

/// A token, as it is kept.
#[derive(Clone)]
pub struct Token {
    /// SHA-256 of it.
    pub hash: Digest,
    /// What it is for.
    pub kind: TokenKind,
    /// What it opens, if that is less than what was granted.
    pub scope: Option<Scope>,
    /// The thumbprint of the key to which it is bound (RFC 9449 §6).
    pub jkt: Option<String>,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// Opens a resource.
    Access,
    /// Is used for access tokens.
    Refresh,
}

/// What an access token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// What was granted.
    pub grant: Grant,
    /// What of it the token opens.
    pub scope: Scope,
    /// The thumbprint of the key to which it is bound.
    pub jkt: Option<String>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorization({:?})", self.transaction)
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({})", self.id)
    }
}
