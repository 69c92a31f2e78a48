//! The rows of the store, and the acts that change them.

use std::collections::BTreeMap;
use std::fmt;

use inrou_api::problem::Code;
use inrou_api::wire::portal::{Decision, EvidenceKind, OfficeState, Procedure};
use inrou_api::wire::transaction::{LoginOrigin, TransactionId};
use inrou_relying::{AnswerDigest, TransactionRecord};
use inrou_rules::{Municipality, japan};
use jiff::Timestamp;

use super::Request;

/// SHA-256 of a secret or of an answer.
pub type Digest = [u8; 32];

/// A resident who is logged in, or was.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the bearer token.
    pub token: Digest,
    /// By what others may call it.
    pub id: String,
    /// The resident.
    pub subject: String,
    /// The certificate that logged in, DER.
    pub certificate: Vec<u8>,
    /// On what it was begun, where that was noted.
    pub origin: Option<LoginOrigin>,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// Whether the token has been used.
    pub used: bool,
    /// When it was ended.
    pub ended: Option<Timestamp>,
}

impl Session {
    /// Whether it is neither ended nor expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires
    }
}

/// The end of an open transaction, with all that follows from it.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which transaction.
    pub transaction: TransactionId,
    /// By what a repetition of the answer is recognised.
    pub answer: AnswerDigest,
    /// When.
    pub at: Timestamp,
    /// What the answer led to.
    pub outcome: Outcome,
    /// What the history says of it.
    pub entry: Option<Entry>,
}

/// What the answer to a transaction led to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The resident is logged in.
    LoggedIn(Box<Session>),
    /// The application is signed and with the office.
    Received(Box<Receipt>),
    /// The person refused.
    Refused,
    /// The answer did not pass, for this reason.
    Failed(Code),
}

/// An application to be drawn up, or to be drawn up anew.
#[derive(Clone)]
pub struct NewApplication {
    /// The request that asks for it.
    pub request: Request,
    /// Which application.
    pub id: String,
    /// The resident.
    pub subject: String,
    /// Which procedure.
    pub procedure: Procedure,
    /// The form's fields, as typed.
    pub fields: BTreeMap<String, String>,
    /// To whom it is addressed.
    pub municipality: Municipality,
    /// When.
    pub at: Timestamp,
    /// The transaction in which it is signed; its text is the document.
    pub transaction: TransactionRecord,
    /// What the history says of it.
    pub entry: Entry,
}

/// An application.
#[derive(Clone)]
pub struct Application {
    /// Grows with every application.
    pub sequence: u64,
    /// Which.
    pub id: String,
    /// The resident.
    pub subject: String,
    /// Which procedure.
    pub procedure: Procedure,
    /// The form's fields, as typed.
    pub fields: BTreeMap<String, String>,
    /// To whom it is addressed.
    pub municipality: Municipality,
    /// The text.
    pub document: String,
    /// When it was drawn up last.
    pub drawn_up: Timestamp,
    /// The transaction in which it is signed, or was.
    pub transaction: TransactionRecord,
    /// What the office has, once it is signed.
    pub received: Option<Received>,
}

impl Application {
    /// The number under which the office has it (受付番号): the day of receipt in Japan, and a
    /// counter.
    pub fn reference(&self) -> Option<String> {
        let Received { number, at, .. } = self.received.as_ref()?;
        Some(format!("{}-{number:06}", japan::day(*at).strftime("%Y%m%d")))
    }

    /// The procedure's name in the family `procedure`.
    pub fn procedure_name(&self) -> &'static str {
        procedure_name(self.procedure)
    }
}

/// A procedure's name in the family `procedure`.
pub fn procedure_name(procedure: Procedure) -> &'static str {
    match procedure {
        Procedure::MovingOut => "moving-out",
        Procedure::ChildAllowance => "child-allowance",
    }
}

/// A signed application on its way to the office.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which application.
    pub application: String,
    /// The detached CMS SignedData, DER.
    pub cms: Vec<u8>,
    /// The signer's certificate, DER.
    pub certificate: Vec<u8>,
    /// What told its status.
    pub evidence_kind: EvidenceKind,
    /// The OCSP response or CRL, DER.
    pub evidence: Vec<u8>,
    /// The moment at which it was taken for true.
    pub checked_at: Timestamp,
}

/// A signed application at the office.
#[derive(Clone)]
pub struct Received {
    /// Grows with every application received.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What came.
    pub receipt: Receipt,
    /// Where it stands.
    pub state: OfficeState,
    /// When it was decided.
    pub decided: Option<Timestamp>,
    /// Why it was returned.
    pub reason: Option<String>,
}

/// Which applications an office asks for.
#[derive(Clone, Debug)]
pub struct OfficeQuery {
    /// Those addressed to this municipality; `None`: to any.
    pub municipality: Option<Municipality>,
    /// Those in this state; `None`: in any.
    pub state: Option<OfficeState>,
    /// Those after this number.
    pub after: u64,
    /// How many at most.
    pub limit: usize,
}

/// A clerk's decision, with all that follows from it.
#[derive(Clone)]
pub struct Verdict {
    /// The request that brings it.
    pub request: Request,
    /// About which application.
    pub application: String,
    /// What was decided.
    pub decision: Decision,
    /// When.
    pub at: Timestamp,
    /// What the history says of it.
    pub entry: Entry,
    /// The notice's parameters.
    pub params: BTreeMap<String, String>,
}

/// What was typed into a form and not sent yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who typed it: a resident's subject, or `clerk:` and the municipality.
    pub owner: String,
    /// Into which form: the procedure's name, or the application.
    pub form: String,
    /// The fields, as typed.
    pub fields: BTreeMap<String, String>,
    /// Until when it is kept.
    pub expires: Timestamp,
}

/// A notice that is due by the clock, given once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What it is about.
    pub about: String,
    /// From when on.
    pub at: Timestamp,
    /// What it says: a notice's code.
    pub code: &'static str,
    /// Its parameters; never attribute values.
    pub params: BTreeMap<String, String>,
}

/// An act, as a resident's history has it (USE-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose history.
    pub subject: String,
    /// Names the act: it is entered once.
    pub act: String,
    /// When.
    pub at: Timestamp,
    /// What: a text of the family `history`.
    pub code: &'static str,
    /// Its parameters; never attribute values.
    pub params: BTreeMap<String, String>,
    /// Who acted: a text of the family `actor`.
    pub actor: &'static str,
}

/// An entry of the history as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Grows with every entry.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub code: String,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Who acted.
    pub actor: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({})", self.form)
    }
}

impl fmt::Debug for NewApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewApplication({})", self.id)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application({})", self.id)
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({})", self.application)
    }
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
