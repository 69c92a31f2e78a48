//! Hand-over: a site asks for a log-in or a signature, and the person consents on the phone (USE-1).

use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::phone::{Consent, ShownTransaction, Typed};
use inrou_api::wire::transaction::{
    Purpose, Transaction, TransactionAnswer, TransactionId, TransactionState,
    authentication_message,
};
use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::transport::Transport;
use inrou_pki::Certificate;
use inrou_rules::{SignaturePassword, Use, UserAuthenticationPin};
use jiff::Timestamp;

use crate::card;
use crate::fleet::Fleet;
use crate::phone::Phone;
use crate::problem::of_chip;
use crate::secrets::{PinName, password, pin};

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

/// A transaction that was shown to the person.
#[derive(Clone)]
pub(crate) struct Opened {
    asker: Asker,
    shown: Transaction,
    /// Whether the answer that was sent last approves: it may turn out to have arrived.
    approved: Option<bool>,
}

impl Fleet {
    /// Who asks by this link, and what: `{address}/transactions/{id}` of a site that is registered as
    /// safe (REG-4).
    ///
    /// # Errors
    /// `asker-not-safe` for any other site, `transaction-unknown` for a link that is none.
    pub(crate) fn asker(&self, link: &str) -> Result<(Asker, TransactionId), Problem> {
        let found = self.askers.iter().find_map(|asker| {
            let path = link.strip_prefix(asker.base.as_str())?;
            Some((asker, path.strip_prefix('/')?))
        });
        let (asker, path) =
            found.ok_or_else(|| Problem::new(Code::ASKER_NOT_SAFE).by_rule("REG-4"))?;
        let id = path.strip_prefix("transactions/").map(str::to_owned);
        let id = id.and_then(|id| TransactionId::try_from(id).ok());
        let id = id.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        Ok((asker.clone(), id))
    }

    /// What is asked for by this link, if that can be known.
    pub(crate) async fn purpose(&self, link: &str) -> Option<Purpose> {
        let (asker, id) = self.asker(link).ok()?;
        Some(asker.fetch(&id).await.ok()?.purpose)
    }
}

impl Phone {
    /// Fetches a transaction, to be shown.
    ///
    /// # Errors
    /// It is not open, names another asker (`asker-not-safe`), or its asker does not answer.
    pub(crate) async fn open_transaction(
        self: Arc<Self>,
        asker: Asker,
        id: TransactionId,
    ) -> Result<ShownTransaction, Problem> {
        let transaction = asker.fetch(&id).await?;
        let now = self.parts.clock.now();
        check_open(&transaction, now)?;
        let opened = Opened { asker, shown: transaction.clone(), approved: None };
        {
            let mut live = self.live();
            live.opened.retain(|other| other.shown.id != id && other.shown.expires > now);
            let too_many = (live.opened.len() + 1).saturating_sub(MOST_OPENED);
            live.opened.drain(..too_many);
            live.opened.push(opened);
        }
        self.blocking(move |phone| {
            let usage = usage_of(transaction.purpose);
            let tries_left = phone.chip.jpki(|client| client.tries_left(usage));
            let tries_left = tries_left.ok().and_then(Result::ok);
            Ok(ShownTransaction { transaction, tries_left })
        })
        .await
    }

    /// Answers a transaction that was shown. The PIN is tried only if it still stands as it was shown.
    ///
    /// # Errors
    /// `transaction-unknown` if it was not shown; it is no longer open, or no longer what was shown
    /// (`conflict`); `pin-form`, `wrong-pin`, `pin-blocked`, `phone-carries-none`; the asker's.
    pub(crate) async fn consent(
        self: Arc<Self>,
        id: TransactionId,
        consent: Consent,
    ) -> Result<Transaction, Problem> {
        let opened = self.live().opened.iter().find(|opened| opened.shown.id == id).cloned();
        let opened = opened.ok_or_else(|| Problem::new(Code::TRANSACTION_UNKNOWN))?;
        let Opened { asker, shown, approved } = opened;
        let typed = match consent {
            Consent::Approve { pin } => Some(Approval::parse(shown.purpose, &pin)?),
            Consent::Refuse => None,
        };
        let approves = typed.is_some();
        let present = asker.fetch(&id).await?;
        if approved == Some(approves) && present.state != TransactionState::Open {
            return Ok(present);
        }
        check_open(&present, self.parts.clock.now())?;
        if present != shown {
            return Err(Problem::new(Code::CONFLICT));
        }
        let answer = match typed {
            Some(approval) => self.blocking(move |phone| phone.answer(&present, &approval)).await?,
            None => TransactionAnswer::Refused,
        };
        for opened in self.live().opened.iter_mut().filter(|opened| opened.shown.id == id) {
            opened.approved = Some(approves);
        }
        let key = IdempotencyKey::new(&*self.parts.entropy);
        let path = format!("/transactions/{}/answer", id.as_str());
        Ok(asker.client.post(&path).json(&answer).once(&key).answer().await?)
    }

    /// Signs what is asked for. Blocks.
    fn answer(
        &self,
        transaction: &Transaction,
        approval: &Approval,
    ) -> Result<TransactionAnswer, Problem> {
        let now = self.parts.clock.now();
        let answer = self.chip.jpki(|client| match approval {
            Approval::LogIn(pin) => log_in(client, pin, transaction),
            Approval::Sign(password) => {
                let text = transaction.text.as_bytes();
                let cms = card::sign(client, password, text, false, now)?;
                Ok(TransactionAnswer::Sign { cms: Base64(cms) })
            }
        })?;
        answer.map_err(|error| of_chip(error, PinName::Phone(usage_of(transaction.purpose))))
    }
}

impl Asker {
    async fn fetch(&self, id: &TransactionId) -> Result<Transaction, Problem> {
        let path = format!("/transactions/{}", id.as_str());
        let transaction: Transaction = self.client.get(&path).answer().await?;
        if transaction.id != *id {
            return Err(Problem::new(Code::TRANSACTION_UNKNOWN));
        }
        if !self.is_named(&transaction.asker) {
            return Err(Problem::new(Code::ASKER_NOT_SAFE).by_rule("REG-4"));
        }
        Ok(transaction)
    }

    /// Whether it is called so in what is signed: by its address, or one above it. A site that is safe
    /// must not pass on what another one asks.
    fn is_named(&self, name: &str) -> bool {
        let name = name.strip_suffix('/').unwrap_or(name);
        let below = self.base.strip_prefix(name);
        name.split_once("://").is_some_and(|(_, host)| !host.is_empty())
            && below.is_some_and(|path| path.is_empty() || path.starts_with('/'))
    }
}

/// Consent, by the secret of the key that the purpose needs.
enum Approval {
    LogIn(UserAuthenticationPin),
    Sign(SignaturePassword),
}

impl Approval {
    fn parse(purpose: Purpose, typed: &Typed) -> Result<Self, Problem> {
        match purpose {
            Purpose::LogIn => pin(typed).map(Self::LogIn),
            Purpose::Sign => password(typed, PinName::Phone(Use::Signature)).map(Self::Sign),
        }
    }
}

fn log_in<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    pin: &UserAuthenticationPin,
    transaction: &Transaction,
) -> Result<TransactionAnswer, CardError> {
    let usage = Use::UserAuthentication;
    client.verify(Pin::UserAuthentication(pin))?;
    let der = client.certificate(usage)?;
    let certificate = Certificate::from_der(&der).map_err(|_| CardError::Malformed)?;
    let key = certificate.public_key().map_err(|_| CardError::Malformed)?;
    let hash = key.algorithm().signature().hash();
    let signature = client.sign(usage, &hash.digest(&authentication_message(transaction)))?;
    Ok(TransactionAnswer::LogIn { certificate: Base64(der), signature: Base64(signature) })
}

/// The use of the certificate that a purpose needs.
pub(crate) fn usage_of(purpose: Purpose) -> Use {
    match purpose {
        Purpose::LogIn => Use::UserAuthentication,
        Purpose::Sign => Use::Signature,
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
