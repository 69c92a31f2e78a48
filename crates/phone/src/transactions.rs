//! Hand-over: a site asks for a log-in or a signature, and the person consents on the phone (USE-1).

use std::sync::Arc;

use aws_lc_rs::hmac;
use inrou_api::client::Client;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::{Consent, ShownTransaction, Typed};
use inrou_api::wire::transaction::{
    Answering, Flow, Hindrance, PhoneSecret, Purpose, Taking, Transaction, TransactionAnswer,
    TransactionId, TransactionState,
};
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};
use jiff::Timestamp;

use crate::answer::{self, usage_of, uses_of};
use crate::fleet::Fleet;
use crate::hindrance;
use crate::phone::Phone;
use crate::problem::of_chip;
use crate::secrets::{PinName, password, pin};
use crate::stored::Seed;

/// How many transactions a phone has open at a time; past that the one shown first is given up.
const MOST_OPENED: usize = 100;

/// A site that the app answers (REG-4).
#[derive(Clone)]
pub(crate) struct Asker {
    /// The address under which its transactions lie, without a slash at its end.
    pub(crate) base: String,
    /// Calls it.
    pub(crate) client: Client,
}

/// A link of a site, as it is pressed or read from a QR code.
#[derive(Clone)]
pub(crate) struct Link {
    asker: Asker,
    /// The transaction.
    pub(crate) id: TransactionId,
    second: Option<u32>,
    mac: String,
}

/// A transaction that was shown to the person.
#[derive(Clone)]
pub(crate) struct Opened {
    link: Link,
    shown: Transaction,
    /// What was answered last: it may turn out to have arrived.
    sent: Option<Sent>,
    /// Whether a wrong PIN was typed for it.
    mistyped: bool,
    /// How it stood after the answer.
    done: Option<Transaction>,
}

/// What was answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Approval,
    Refusal,
    Hindrance,
}

impl Fleet {
    /// Who asks by this link, and what: `{address}/transactions/{id}?t={second}&m={mac}` of a site that is
    /// registered as safe (REG-4).
    ///
    /// # Errors
    /// `asker-not-safe` for any other site, `transaction-unknown` for a link that is none.
    pub(crate) fn link(&self, link: &str) -> Result<Link, Problem> {
        let found = self.askers.iter().find_map(|asker| {
            let path = link.strip_prefix(asker.base.as_str())?;
            Some((asker, path.strip_prefix('/')?))
        });
        let (asker, path) =
            found.ok_or_else(|| Problem::new(Code::ASKER_NOT_SAFE).by_rule("REG-4"))?;
        Link::parse(asker, path).ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))
    }
}

impl Link {
    fn parse(asker: &Asker, path: &str) -> Option<Self> {
        let (id, query) = path.strip_prefix("transactions/")?.split_once('?')?;
        let (second, mac) = match query.strip_prefix("t=") {
            Some(rest) => {
                let (second, mac) = rest.split_once("&m=")?;
                (Some(second.parse().ok()?), mac)
            }
            None => (None, query.strip_prefix("m=")?),
        };
        let is_plain = mac.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        let id = TransactionId::try_from(id.to_owned()).ok()?;
        is_plain.then(|| Self { asker: asker.clone(), id, second, mac: mac.to_owned() })
    }

    fn flow(&self) -> Flow {
        if self.second.is_some() { Flow::Qr } else { Flow::SameDevice }
    }

    /// Takes the transaction; looks at it again, if this phone has taken it.
    async fn take(&self, phone: &PhoneSecret) -> Result<Transaction, Problem> {
        let path = format!("/transactions/{}/taking", self.id.as_str());
        let taking = Taking { second: self.second, mac: self.mac.clone(), phone: phone.clone() };
        let transaction: Transaction = self.asker.client.post(&path).json(&taking).answer().await?;
        // What is signed says how it came here.
        if transaction.id != self.id || transaction.flow != Some(self.flow()) {
            return Err(Problem::new(Code::TRANSACTION_UNKNOWN));
        }
        if !self.asker.is_named(&transaction.asker) {
            return Err(Problem::new(Code::ASKER_NOT_SAFE).by_rule("REG-4"));
        }
        Ok(transaction)
    }
}

impl Phone {
    /// Takes a transaction, to be shown: once it has, no other phone can.
    ///
    /// # Errors
    /// It is not open, names another asker (`asker-not-safe`), or its asker does not let it be taken.
    pub(crate) async fn open_transaction(
        self: Arc<Self>,
        link: Link,
    ) -> Result<ShownTransaction, Problem> {
        let secret = self.secret_for(&link.id).await?;
        let transaction = link.take(&secret).await?;
        let now = self.parts.clock.now();
        check_open(&transaction, now)?;
        let id = link.id.clone();
        let shown = transaction.clone();
        let opened = Opened { link, shown, sent: None, mistyped: false, done: None };
        {
            let mut live = self.live();
            live.opened.retain(|other| other.shown.id != id && other.is_kept(now));
            let too_many = (live.opened.len() + 1).saturating_sub(MOST_OPENED);
            live.opened.drain(..too_many);
            live.opened.push(opened);
        }
        self.blocking(move |phone| {
            let tries_left = phone.tries_of(usage_of(transaction.purpose));
            let proof = uses_of(&transaction).nth(1);
            let proof_tries_left = proof.and_then(|usage| phone.tries_of(usage));
            Ok(ShownTransaction { transaction, tries_left, proof_tries_left })
        })
        .await
    }

    /// Answers a transaction that was shown. The PIN is tried only if it still stands as it was shown.
    ///
    /// # Errors
    /// `transaction-unknown` if it was not shown; it is no longer open, or no longer what was shown
    /// (`conflict`); `pin-form`, `wrong-pin`, `pin-blocked`, `phone-carries-none`; `conflict` too if it is
    /// to be said that it cannot be done, and it can; the asker's.
    pub(crate) async fn consent(
        self: Arc<Self>,
        id: TransactionId,
        consent: Consent,
    ) -> Result<Transaction, Problem> {
        let opened = self.live().opened.iter().find(|opened| opened.shown.id == id).cloned();
        let opened = opened.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        let Opened { link, shown, sent, mistyped, .. } = opened;
        let (sends, typed) = match consent {
            Consent::Approve { pin, proof } => {
                (Sent::Approval, Some(Approval::parse(&shown, &pin, proof.as_ref())?))
            }
            Consent::Refuse => (Sent::Refusal, None),
            Consent::Cannot => (Sent::Hindrance, None),
        };
        let phone = self.secret_for(&id).await?;
        let present = link.take(&phone).await?;
        if sent == Some(sends) && present.state != TransactionState::Open {
            self.is_done(&present);
            return Ok(present);
        }
        check_open(&present, self.parts.clock.now())?;
        if present != shown {
            return Err(Problem::new(Code::CONFLICT));
        }
        let (asked, works) = (present.clone(), self.clone());
        let answer = works.blocking(move |phone| match (sends, typed) {
            (_, Some(approval)) => phone.answer(&asked, &approval),
            (Sent::Hindrance, None) => phone.hindered(&asked, mistyped),
            (_, None) => Ok(TransactionAnswer::Refused),
        });
        let answer = match answer.await {
            Err(problem) if problem.is(Code::WRONG_PIN) => {
                self.remember(&id, |opened| opened.mistyped = true);
                return Err(problem);
            }
            answer => answer?,
        };
        self.remember(&id, |opened| opened.sent = Some(sends));
        let key = IdempotencyKey::new(&*self.parts.entropy);
        let path = format!("/transactions/{}/answer", id.as_str());
        let hindrance = match &answer {
            TransactionAnswer::Cannot { reason } => Some(reason.code()),
            _ => None,
        };
        let answering = Answering { phone, answer };
        let client = &link.asker.client;
        let done = client.post(&path).json(&answering).once(&key).answer::<Transaction>().await;
        let done = match (done.map_err(Problem::from), hindrance) {
            // The asker tells what it was told.
            (Err(problem), Some(code)) if problem.is(code) => {
                let result = Some(code.to_string());
                Transaction { state: TransactionState::Failed, result, ..present }
            }
            (done, _) => done?,
        };
        self.is_done(&done);
        Ok(done)
    }

    /// How a transaction stood after this phone had answered it; `None` if that is not known any more.
    pub(crate) fn answered(&self, id: &TransactionId) -> Option<Transaction> {
        let live = self.live();
        live.opened.iter().find(|opened| opened.shown.id == *id)?.done.clone()
    }

    fn is_done(&self, done: &Transaction) {
        self.remember(&done.id, |opened| opened.done = Some(done.clone()));
    }

    fn remember(&self, id: &TransactionId, what: impl Fn(&mut Opened)) {
        self.live().opened.iter_mut().filter(|opened| opened.shown.id == *id).for_each(what);
    }

    /// How many tries the PIN or password of a use has left, where that can be known. Blocks.
    fn tries_of(&self, usage: Use) -> Option<u8> {
        self.chip.jpki(|client| client.tries_left(usage)).ok()?.ok()
    }

    /// What keeps this phone from answering. Blocks.
    fn hindered(&self, asked: &Transaction, mistyped: bool) -> Result<TransactionAnswer, Problem> {
        let (state, now) = (self.state(), self.parts.clock.now());
        let hindrance = uses_of(asked)
            .find_map(|usage| hindrance::of_answer(&state, usage, self.tries_of(usage), now));
        let hindrance = hindrance.or(mistyped.then_some(Hindrance::WrongPin));
        let reason = hindrance.ok_or_else(|| Problem::new(Code::CONFLICT))?;
        Ok(TransactionAnswer::Cannot { reason })
    }

    /// By which this phone is told from others that come with the same link: the same after a restart.
    async fn secret_for(self: &Arc<Self>, id: &TransactionId) -> Result<PhoneSecret, Problem> {
        let known = self.live().stored.taking;
        let seed = match known {
            Some(seed) => seed,
            None => {
                let mut drawn = [0; 32];
                self.parts.entropy.fill(&mut drawn);
                // Whoever was faster has drawn it.
                let seed = *self.live().stored.taking.get_or_insert(Seed(drawn));
                self.clone().save().await?;
                seed
            }
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.0);
        let mut secret = [0; 32];
        secret.copy_from_slice(hmac::sign(&key, id.as_str().as_bytes()).as_ref());
        Ok(PhoneSecret(secret))
    }

    /// Signs what is asked for. Blocks.
    fn answer(
        &self,
        transaction: &Transaction,
        approval: &Approval,
    ) -> Result<TransactionAnswer, Problem> {
        let now = self.parts.clock.now();
        let by = |usage| move |error| of_chip(error, PinName::Phone(usage));
        let (proves, signs) = (by(Use::UserAuthentication), by(Use::Signature));
        match approval {
            Approval::LogIn(pin) => {
                self.chip.jpki(|client| answer::log_in(client, pin, transaction))?.map_err(proves)
            }
            Approval::Sign { password, proof } => {
                // First, so that nothing is signed for who cannot say who signs.
                let proof = proof.as_ref().map(|pin| {
                    self.chip
                        .jpki(|client| answer::prove(client, pin, transaction))?
                        .map_err(proves)
                });
                let proof = proof.transpose()?;
                self.chip
                    .jpki(|client| answer::sign(client, password, transaction, proof, now))?
                    .map_err(signs)
            }
        }
    }
}

impl Opened {
    /// What has expired is given up, unless the person is told how it ended.
    fn is_kept(&self, now: Timestamp) -> bool {
        self.done.is_some() || self.shown.expires > now
    }
}

impl Asker {
    /// Whether it is called so in what is signed: by its address, or one above it. A site that is safe
    /// must not pass on what another one asks.
    fn is_named(&self, name: &str) -> bool {
        let name = name.strip_suffix('/').unwrap_or(name);
        let below = self.base.strip_prefix(name);
        name.split_once("://").is_some_and(|(_, host)| !host.is_empty())
            && below.is_some_and(|path| path.is_empty() || path.starts_with('/'))
    }
}

/// Consent, by the secrets of the keys that it needs.
enum Approval {
    LogIn(UserAuthenticationPin),
    Sign { password: SignaturePassword, proof: Option<UserAuthenticationPin> },
}

impl Approval {
    fn parse(shown: &Transaction, typed: &Typed, proof: Option<&Typed>) -> Result<Self, Problem> {
        if shown.purpose == Purpose::LogIn {
            return pin(typed).map(Self::LogIn);
        }
        let none = Typed::new("");
        let password = password(typed, PinName::Phone(Use::Signature))?;
        let proof = shown.proof.then(|| pin(proof.unwrap_or(&none))).transpose()?;
        Ok(Self::Sign { password, proof })
    }
}

fn check_open(transaction: &Transaction, now: Timestamp) -> Result<(), Problem> {
    let code = match transaction.state {
        TransactionState::Open if transaction.expires > now => return Ok(()),
        TransactionState::Open | TransactionState::Expired => Code::TRANSACTION_EXPIRED,
        TransactionState::Refused => Code::TRANSACTION_REFUSED,
        TransactionState::Done | TransactionState::Failed => Code::TRANSACTION_DONE,
    };
    Err(Problem::new(code))
}
