//! A transaction as its asker keeps it: what was asked of a phone, how it was handed over, and how it was
//! answered.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{
    Attribute, Flow, LoginOrigin, PhoneSecret, Purpose, Transaction, TransactionAnswer,
    TransactionId, TransactionState,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long after the answer the person may type the number, or come back.
pub const CONFIRMATION_LIFE: SignedDuration = SignedDuration::from_mins(2);

/// How many wrong numbers end a hand-over.
pub const NUMBER_TRIES: u8 = 3;

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
    /// The host of the site for which the asker asks; absent where it asks for itself.
    pub site: Option<String>,
    /// The text shown; for signing, the document.
    pub text: String,
    /// What is signed, where that is a digest: SHA-256.
    pub digest: Option<[u8; 32]>,
    /// What a signature is for, in the words of the site.
    pub reason: Option<String>,
    /// Which attributes the asker is given.
    pub shares: Vec<Attribute>,
    /// Random bytes that make the answer fresh.
    pub challenge: Vec<u8>,
    /// Until when it may be answered.
    pub expires: Timestamp,
    /// On what a log-in was begun, where that was noted.
    pub origin: Option<LoginOrigin>,
    /// How it is handed over to a phone.
    pub handover: Handover,
    /// How it was answered.
    pub answered: Option<Answered>,
}

/// How a transaction is handed over to a phone, and back. *This type is stored*: fields are only ever
/// added, with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// When it was begun.
    pub begun: Timestamp,
    /// Names the page that began: SHA-256 of its secret.
    #[serde(default)]
    pub session: [u8; 32],
    /// What is checked after the answer.
    #[serde(default)]
    pub checks: Checks,
    /// Which phone has taken it.
    #[serde(default)]
    pub taken: Option<Taken>,
    /// Whether another phone came after that.
    #[serde(default)]
    pub contested: bool,
    /// When it was answered.
    #[serde(default)]
    pub answered: Option<Timestamp>,
    /// Whether the browser that began has shown that the answer is its own.
    #[serde(default)]
    pub confirmed: bool,
    /// How many wrong numbers were typed.
    #[serde(default)]
    pub wrong_numbers: u8,
}

/// What is checked of and after the answer, so that nobody goes on from another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// After a QR code, the number that the phone shows is typed on the page that began.
    #[serde(default)]
    pub number: bool,
    /// After a link on the same device, the person comes back to the browser that began.
    #[serde(default)]
    pub comes_back: bool,
    /// With a signature, the user-authentication key proves who signs what, for whom, now.
    #[serde(default)]
    pub proof: bool,
}

/// The phone that has taken a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// SHA-256 of its secret.
    pub phone: [u8; 32],
    /// How the transaction came to it.
    pub flow: Flow,
}

/// Where a transaction stands for the page that began it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No phone has taken it.
    Waits,
    /// A phone has taken it; another one came after that, if so it says.
    Taken {
        /// Whether another one came.
        contested: bool,
    },
    /// It was answered: the page asks for the number that the phone shows. So many tries are left.
    AsksNumber {
        /// From 1 to [`NUMBER_TRIES`].
        left: u8,
        /// Whether none was typed yet.
        first: bool,
    },
    /// It was answered: the person comes back from the phone's app.
    AwaitsReturn,
    /// It was answered, and all that is checked has passed.
    Done,
    /// It ended otherwise, with this result.
    Over(String),
}

/// How a transaction was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Done, refused or failed.
    pub state: TransactionState,
    /// The result code, unless done.
    pub result: Option<String>,
    /// By what a repetition of the answer is recognised.
    pub answer: AnswerDigest,
}

/// SHA-256 of an answer in JSON.
pub type AnswerDigest = [u8; 32];

/// The digest of an answer.
pub fn answer_digest(answer: &TransactionAnswer) -> AnswerDigest {
    sha256(&serde_json::to_vec(answer).unwrap_or_default())
}

impl Standing {
    /// By which a page says what it shows.
    pub fn name(&self) -> &'static str {
        match self {
            Standing::Waits => "waits",
            Standing::Taken { contested: false } => "taken",
            Standing::Taken { contested: true } => "contested",
            Standing::AsksNumber { .. } => "asks-number",
            Standing::AwaitsReturn => "awaits-return",
            Standing::Done => "done",
            Standing::Over(_) => "over",
        }
    }
}

impl Handover {
    /// One that begins now, by the page that `session` names.
    pub fn new(begun: Timestamp, session: [u8; 32], checks: Checks) -> Self {
        Self {
            begun,
            session,
            checks,
            taken: None,
            contested: false,
            answered: None,
            confirmed: false,
            wrong_numbers: 0,
        }
    }

    /// How many whole seconds have passed since it began.
    pub fn second(&self, now: Timestamp) -> u32 {
        now.duration_since(self.begun).as_secs().try_into().unwrap_or(0)
    }

    /// Whether the phone with this secret has taken it.
    pub fn is_taken_by(&self, phone: &PhoneSecret) -> bool {
        self.taken.as_ref().is_some_and(|taken| taken.phone == sha256(&phone.0))
    }

    /// What is left to be checked after an answer.
    fn awaits(&self) -> Option<Standing> {
        let flow = self.taken.as_ref()?.flow;
        match flow {
            _ if self.confirmed => None,
            Flow::Qr if self.checks.number => {
                let left = NUMBER_TRIES.saturating_sub(self.wrong_numbers);
                Some(Standing::AsksNumber { left, first: self.wrong_numbers == 0 })
            }
            Flow::SameDevice if self.checks.comes_back => Some(Standing::AwaitsReturn),
            Flow::Qr | Flow::SameDevice => None,
        }
    }
}

impl Taken {
    /// By the phone with this secret.
    pub fn by(phone: &PhoneSecret, flow: Flow) -> Self {
        Self { phone: sha256(&phone.0), flow }
    }
}

impl TransactionRecord {
    /// Where it stands at a time for the phone: nobody has to note that it expired.
    pub fn state(&self, now: Timestamp) -> TransactionState {
        match &self.answered {
            Some(answered) => answered.state,
            None if now >= self.expires => TransactionState::Expired,
            None => TransactionState::Open,
        }
    }

    /// Where it stands at a time for the page that began it.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.state(now) {
            TransactionState::Open if self.handover.taken.is_some() => {
                Standing::Taken { contested: self.handover.contested }
            }
            TransactionState::Open => Standing::Waits,
            TransactionState::Done => match self.handover.awaits() {
                None => Standing::Done,
                Some(_) if now >= self.confirmation_ends() => {
                    Standing::Over(Code::HANDOVER_TIMED_OUT.to_string())
                }
                Some(awaits) => awaits,
            },
            _ => Standing::Over(self.result(now).unwrap_or_default()),
        }
    }

    /// When its standing changes next although nobody does anything.
    pub fn turns(&self, now: Timestamp) -> Timestamp {
        match self.state(now) {
            TransactionState::Open => self.expires,
            _ => self.confirmation_ends(),
        }
    }

    fn confirmation_ends(&self) -> Timestamp {
        let answered = self.handover.answered.unwrap_or(self.expires);
        answered.saturating_add(CONFIRMATION_LIFE).unwrap_or(Timestamp::MAX)
    }

    /// A phone takes it, if it is open and no other has; one that comes after another is noted.
    pub fn take(&mut self, taken: Taken, now: Timestamp) {
        match &self.handover.taken {
            Some(before) if *before == taken => {}
            Some(_) => self.handover.contested = true,
            None if self.state(now) == TransactionState::Open => self.handover.taken = Some(taken),
            None => {}
        }
    }

    /// Whether its time is over, for the answer or for what is checked after it, and nobody has noted that.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        match self.answered.as_ref().map(|answered| answered.state) {
            None => now >= self.expires,
            Some(TransactionState::Done) => matches!(self.standing(now), Standing::Over(_)),
            Some(_) => false,
        }
    }

    /// Notes that its time is over, if it is: when that was. What comes later finds it so, whatever the
    /// clock says.
    pub fn end(&mut self, now: Timestamp) -> Option<Timestamp> {
        if !self.is_overdue(now) {
            return None;
        }
        let (at, state, code) = match &self.answered {
            None => (self.expires, TransactionState::Expired, Code::TRANSACTION_EXPIRED),
            Some(_) => {
                (self.confirmation_ends(), TransactionState::Failed, Code::HANDOVER_TIMED_OUT)
            }
        };
        let answer = self.answered.as_ref().map(|answered| answered.answer).unwrap_or_default();
        self.answered = Some(Answered { state, result: Some(code.to_string()), answer });
        Some(at)
    }

    /// It is answered.
    pub fn settle(&mut self, answered: Answered, at: Timestamp) {
        self.answered = Some(answered);
        self.handover.answered = Some(at);
    }

    /// The number that was typed is right, or not. The last wrong one ends the hand-over.
    pub fn confirm_number(&mut self, is_right: bool, now: Timestamp) {
        if !matches!(self.standing(now), Standing::AsksNumber { .. }) {
            return;
        }
        if is_right {
            self.handover.confirmed = true;
            return;
        }
        self.handover.wrong_numbers += 1;
        if let Some(answered) = &mut self.answered
            && self.handover.wrong_numbers >= NUMBER_TRIES
        {
            answered.state = TransactionState::Failed;
            answered.result = Some(Code::HANDOVER_NUMBER_WRONG.to_string());
        }
    }

    /// The person has come back to the browser that began.
    pub fn confirm_return(&mut self, now: Timestamp) {
        if self.standing(now) == Standing::AwaitsReturn {
            self.handover.confirmed = true;
        }
    }

    /// The result code, once it is neither open nor done.
    pub fn result(&self, now: Timestamp) -> Option<String> {
        match &self.answered {
            Some(answered) => answered.result.clone(),
            None => (now >= self.expires).then(|| Code::TRANSACTION_EXPIRED.to_string()),
        }
    }

    /// As the phone sees it.
    pub fn view(&self, now: Timestamp) -> Transaction {
        Transaction {
            id: self.id.clone(),
            asker: self.asker.clone(),
            asker_name: self.asker_name.clone(),
            site: self.site.clone(),
            purpose: self.purpose,
            text: self.text.clone(),
            digest: self.digest.map(|digest| Base64(digest.to_vec())),
            reason: self.reason.clone(),
            shares: self.shares.clone(),
            proof: self.handover.checks.proof,
            challenge: Base64(self.challenge.clone()),
            flow: self.handover.taken.as_ref().map(|taken| taken.flow),
            begun: self.handover.begun,
            origin: self.origin.clone(),
            expires: self.expires,
            state: self.state(now),
            result: self.result(now),
            afterwards: None,
        }
    }

    /// What is told to who sent this answer, once the transaction is no longer open.
    ///
    /// # Errors
    /// `transaction-expired`; `transaction-done` if it was answered otherwise; why the answer failed.
    pub fn told(&self, answer: &AnswerDigest, now: Timestamp) -> Result<Transaction, Problem> {
        let in_time = |answered: &&Answered| answered.state != TransactionState::Expired;
        let Some(answered) = self.answered.as_ref().filter(in_time) else {
            return Err(Problem::new(Code::TRANSACTION_EXPIRED));
        };
        if answered.answer != *answer {
            return Err(Problem::new(Code::TRANSACTION_DONE));
        }
        if answered.state != TransactionState::Failed {
            return Ok(self.view(now));
        }
        let result = answered.result.as_deref();
        let code = Code::ALL.iter().find(|code| Some(code.as_str()) == result);
        Err(Problem::new(*code.unwrap_or(&Code::TRANSACTION_DONE)))
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The text may be a document with attribute values: it is left out.
impl fmt::Debug for TransactionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionRecord({})", self.id.as_str())
    }
}
