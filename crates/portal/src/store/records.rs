//! The rows of the store, and the acts that change them.

use std::collections::BTreeMap;
use std::fmt;

use inrou_api::problem::Code;
use inrou_api::wire::Base64;
use inrou_api::wire::portal::{Decision, EvidenceKind, LoginOrigin, OfficeState, Procedure};
use inrou_api::wire::transaction::{Purpose, Transaction, TransactionId, TransactionState};
use inrou_rules::{Municipality, japan};
use jiff::Timestamp;

use super::Request;

/// SHA-256 of a secret or of an answer.
pub type Digest = [u8; 32];

/// What was asked of a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Which.
    pub id: TransactionId,
    /// What is asked.
    pub purpose: Purpose,
    /// Who asks.
    pub asker: String,
    /// The asker's name.
    pub asker_name: String,
    /// The text shown; for signing, the document.
    pub text: String,
    /// Random bytes that make the answer fresh.
    pub challenge: Vec<u8>,
    /// Until when it may be answered.
    pub expires: Timestamp,
    /// On what a log-in was begun, where that was noted.
    pub origin: Option<LoginOrigin>,
    /// How it was answered.
    pub answered: Option<Answered>,
}

/// How a transaction was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Done, refused or failed.
    pub state: TransactionState,
    /// The result code, unless done.
    pub result: Option<String>,
    /// SHA-256 of the answer, by which a repetition is recognised.
    pub answer: Digest,
}

impl TransactionRecord {
    /// Where it stands at a time: nobody has to note that it expired.
    pub fn state(&self, now: Timestamp) -> TransactionState {
        match &self.answered {
            Some(answered) => answered.state,
            None if now >= self.expires => TransactionState::Expired,
            None => TransactionState::Open,
        }
    }

    /// The result code, once it is neither open nor done.
    pub fn result(&self, now: Timestamp) -> Option<String> {
        match &self.answered {
            Some(answered) => answered.result.clone(),
            None => (now >= self.expires).then(|| "transaction-expired".to_owned()),
        }
    }

    /// As the phone sees it.
    pub fn view(&self, now: Timestamp) -> Transaction {
        Transaction {
            id: self.id.clone(),
            asker: self.asker.clone(),
            asker_name: self.asker_name.clone(),
            purpose: self.purpose,
            text: self.text.clone(),
            challenge: Base64(self.challenge.clone()),
            expires: self.expires,
            state: self.state(now),
            result: self.result(now),
        }
    }
}

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
    /// SHA-256 of the answer.
    pub answer: Digest,
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

impl fmt::Debug for TransactionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionRecord({})", self.id.as_str())
    }
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
